"""What exits are worth at equal resources, and how long it takes to know: writes the table of docs/balancing.md.

Throughputs are from `atheena compile --json`, by the simulation of tokens; the number of designs, what resources they need and how long they take
from `atheena explore --json`; with and without exits, on a ZC706 at 125 MHz. Networks and data of ../shared (or $ATHEENA_SHARED); does nothing
where it is absent. Needs a release build. Ends with exit code 1 where an exploration takes longer than it may.
"""

import json
import math
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("ATHEENA_SHARED", ROOT.parent / "shared"))
ATHEENA = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "atheena"
PAGE = ROOT / "docs" / "balancing.md"
MOST_SECONDS = 2
BUDGETS = [0.05, 0.1, 0.2, 0.4]

# name, network, data, part of the samples that goes on
NETWORKS = [
    ("B-LeNet", "stock/branchy_lenet_20220902.onnx", "mnist", 0.25),
    ("Triple Wins", "retrained/TripleWins_SmallCNN_230103.retrained.onnx", "mnist", 0.25),
    ("B-AlexNet", "retrained/branchy-alexnet_230109.retrained.onnx", "cifar10", 0.34),
]


def write(marker, text, page=PAGE):
    """Replaces what stands between a marker and the next end."""
    old = page.read_text(encoding="utf-8")
    pattern = rf"(<!-- {marker}: [^>]*-->\n).*?(<!-- end -->)"
    new, found = re.subn(pattern, lambda match: match[1] + text + match[2], old, count=1, flags=re.DOTALL)
    if not found:
        sys.exit(f"{page} has no marker {marker}")
    page.write_text(new, encoding="utf-8")


def atheena(command, network, data, *options):
    """What a command of the compiler says as JSON; none if nothing fits."""
    with tempfile.TemporaryDirectory() as folder:
        words = [ATHEENA, command, SHARED / "models" / network, "--calibration", SHARED / "data" / f"{data}_calib.npz"]
        words += ["--device", "zc706", "--clock-mhz", "125", "-o", f"{folder}/x", "--json", *options]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode and ("does not fit" in done.stderr or "do not fit" in done.stderr):
            return None
        if done.returncode:
            sys.exit(done.stderr)
        return json.loads(done.stdout)


def compiled(network, data, budget, *options):
    """The samples a second of the best design within a share of the device; none if nothing fits."""
    report = atheena("compile", network, data, "--budget", str(budget), *options)
    return report and report["throughput_samples_per_s"]


def fastest(points, exits, budget):
    """The most samples a second of a curve within a share of the device; none if nothing fits."""
    return max((p["samples_per_s"] for p in points if p["exits"] == exits and p["share"] <= budget), default=None)


def smallest(points, exits, rate):
    """The smallest share with which a rate can be had."""
    return min((p["share"] for p in points if p["exits"] == exits and p["samples_per_s"] >= rate), default=None)


def rate(value):
    return "does not fit" if value is None else f"{value:,.0f}".replace(",", " ")


def figures(network, data, late):
    """Rows of one network: budget, rates without and with exits, gain; and the mean of the gains."""
    rows, gains = [], []
    for budget in [*BUDGETS, 1.0]:
        without = compiled(network, data, budget, "--no-exits")
        with_exits = compiled(network, data, budget, "--late-fraction", str(late))
        gain = with_exits / without if without and with_exits else None
        if gain and budget in BUDGETS:
            gains.append(gain)
        rows.append((budget, without, with_exits, gain))
    mean = math.exp(sum(map(math.log, gains)) / len(gains)) if gains else None
    return rows, mean, len(gains)


def main():
    """Writes the tables."""
    if not SHARED.is_dir():
        print(f"skipped: {SHARED} is absent")
        return 0
    table = "Samples a second on a ZC706 at 125 MHz, by `benches/gains.py`; `q` is the part of the samples that goes on at the exit.\n\n"
    table += "| network | budget | without exits | with exits | gain |\n|---|---|---|---|---|\n"
    summary = "\n| network | mean gain at 5, 10, 20, 40 % | resources for what no exits have at 20 % | designs | proved optimal | seconds for both curves |\n"
    summary += "|---|---|---|---|---|---|\n"
    slow = []
    for name, network, data, late in NETWORKS:
        explored = atheena("explore", network, data, "--late-fraction", str(late))
        points, seconds = explored["points"], explored["seconds"]
        rows, mean, counted = figures(network, data, late)
        for budget, without, with_exits, gain in rows:
            shown = f"{gain:.2f}" if gain else "–"
            table += f"| {name}, q = {late} | {100 * budget:.0f} % | {rate(without)} | {rate(with_exits)} | {shown} |\n"
        reference = fastest(points, False, 0.2)
        needed = reference and smallest(points, True, reference)
        own = reference and smallest(points, False, reference)
        needed = f"{100 * needed / own:.0f} %" if needed and own else "–"
        shown = f"{mean:.2f}" if mean else "–"
        shown += "" if counted == len(BUDGETS) else f" (of the {counted} that fit)"
        proved = sum(point["gap"] == 0 for point in points)
        summary += f"| {name} | {shown} | {needed} | {len(points)} | {proved} | {seconds:.2f} |\n"
        print(f"{name}: mean gain {shown}, resources {needed}, {proved} of {len(points)} proved, {seconds:.2f} s", flush=True)
        if seconds > MOST_SECONDS:
            slow.append(f"{name}: {seconds:.2f} s, at most {MOST_SECONDS}")
    write("gains", table + summary)
    print("\n".join(slow))
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
