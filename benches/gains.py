"""What exits are worth at equal resources, and how long it takes to know: writes the table of docs/balancing.md.

Throughputs are of designs of `atheena compile`, by the simulation of tokens over 1 024 test images; the number of designs and how long they take from
`atheena explore --json`; with and without exits, on a ZC706 at 125 MHz. What resources a rate takes is the smallest budget that `atheena compile`
reaches it in. Networks and data of ../shared (or $ATHEENA_SHARED); does nothing where it is absent. Needs a release build. Ends with exit code 1
where an exploration takes longer than it may.
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
SAMPLES = 1024
# Of the smallest budget.
PRECISION = 0.001

# name, network, data, part of the samples that goes on
NETWORKS = [
    ("B-LeNet", "stock/branchy_lenet_20220902.onnx", "mnist", 0.25),
    ("Triple Wins", "retrained/TripleWins_SmallCNN_230103.retrained.onnx", "mnist", 0.25),
    ("B-AlexNet", "retrained/branchy-alexnet_230109.retrained.onnx", "cifar10", 0.34),
]


# Cycles a sample, at which designs are compared.
SPEEDS = {
    "B-LeNet": [1024, 512, 256, 192, 128, 96, 64],
    "Triple Wins": [16384, 8192, 4096, 2048, 1024, 512],
    "B-AlexNet": [32768, 16384, 8192, 4096, 2048],
}


def write(marker, text, page=PAGE):
    """Replaces what stands between a marker and the next end."""
    old = page.read_text(encoding="utf-8")
    pattern = rf"(<!-- {marker}: [^>]*-->\n).*?(<!-- end -->)"
    new, found = re.subn(pattern, lambda match: match[1] + text + match[2], old, count=1, flags=re.DOTALL)
    if not found:
        sys.exit(f"{page} has no marker {marker}")
    page.write_text(new, encoding="utf-8")


def run(*words):
    """What a command of the compiler says as JSON; none if nothing fits."""
    done = subprocess.run([ATHEENA, *map(str, words), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode and ("does not fit" in done.stderr or "do not fit" in done.stderr):
        return None
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def atheena(command, network, data, folder, *options):
    """What a command says of a network, with what it writes in a folder."""
    words = [command, SHARED / "models" / network, "--calibration", SHARED / "data" / f"{data}_calib.npz"]
    return run(*words, "--device", "zc706", "--clock-mhz", "125", "-o", folder, *options)


def compiled(network, data, budget, late=None, measure=True):
    """The samples a second of the best design within a share of the device, and the share that it takes; none if nothing fits."""
    chosen = ["--no-exits"] if late is None else ["--late-fraction", late]
    with tempfile.TemporaryDirectory() as folder:
        report = atheena("compile", network, data, f"{folder}/x", "--budget", budget, *chosen)
        if report is None:
            return None
        used, device = report["resources"], report["device_resources"]
        share = max(used[kind] / device[kind] for kind in device)
        if not measure:
            return report["throughput_samples_per_s"], share
        images = ["--data", SHARED / "data" / f"{data}_test.npz", "--samples", SAMPLES]
        measured = run("simulate", f"{folder}/x", "--token", *images, *([] if late is None else chosen))
        return 125e6 / measured["cycles_per_sample"], share


def smallest(network, data, late, wanted, budget):
    """The smallest share of the device, up to a budget, with which `compile` promises a rate."""
    low, high, needed = 0.0, budget, budget
    while high - low > PRECISION:
        middle = (low + high) / 2
        design = compiled(network, data, middle, late, measure=False)
        if design and design[0] >= wanted:
            high, needed = middle, design[1]
        else:
            low = middle
    return needed


def rate(value):
    return "does not fit" if value is None else f"{value:,.0f}".replace(",", " ")


def figures(network, data, late):
    """Rows of one network: budget, rates without and with exits, gain; and the mean of the gains."""
    rows, gains = [], []
    for budget in [*BUDGETS, 1.0]:
        designs = compiled(network, data, budget), compiled(network, data, budget, late)
        without, with_exits = (design and design[0] for design in designs)
        gain = with_exits / without if without and with_exits else None
        if gain and budget in BUDGETS:
            gains.append(gain)
        rows.append((budget, without, with_exits, gain))
    mean = math.exp(sum(map(math.log, gains)) / len(gains)) if gains else None
    return rows, mean, len(gains)


def equal_speeds(name, points):
    """Rows of one network: the smallest shares of the device for a speed, without and with exits, by the points of `explore`."""
    rows = ""
    for cycles in SPEEDS[name]:
        fast = [point for point in points if point["cycles"] <= cycles]
        shares = [min((p["share"] for p in fast if p["exits"] == exits), default=None) for exits in (False, True)]
        if None not in shares:
            rows += f"| {name} | {cycles} | {' | '.join(f'{100 * share:.1f} %' for share in shares)} | {100 * shares[1] / shares[0]:.0f} % |\n"
    return rows


def main():
    """Writes the tables."""
    if not SHARED.is_dir():
        print(f"skipped: {SHARED} is absent")
        return 0
    table = "Samples a second on a ZC706 at 125 MHz, by `benches/gains.py` over 1 024 test images; `q` is the part of the samples that goes on at the exit.\n\n"
    table += "| network | budget | without exits | with exits | gain |\n|---|---|---|---|---|\n"
    summary = "\n| network | mean gain at 5, 10, 20, 40 % | resources for what no exits have at 20 % | designs | proved optimal | seconds for both curves |\n"
    summary += "|---|---|---|---|---|---|\n"
    speeds = "| network | cycles a sample | without exits | with exits | part |\n|---|---|---|---|---|\n"
    slow = []
    for name, network, data, late in NETWORKS:
        with tempfile.TemporaryDirectory() as folder:
            explored = atheena("explore", network, data, f"{folder}/x", "--late-fraction", late)
        points, seconds = explored["points"], explored["seconds"]
        speeds += equal_speeds(name, points)
        rows, mean, counted = figures(network, data, late)
        for budget, without, with_exits, gain in rows:
            shown = f"{gain:.2f}" if gain else "–"
            table += f"| {name}, q = {late} | {100 * budget:.0f} % | {rate(without)} | {rate(with_exits)} | {shown} |\n"
        reference = compiled(network, data, 0.2, measure=False)
        needed = reference and smallest(network, data, late, *reference)
        needed = f"{100 * needed / reference[1]:.0f} %" if needed else "–"
        shown = f"{mean:.2f}" if mean else "–"
        shown += "" if counted == len(BUDGETS) else f" (of the {counted} that fit)"
        proved = sum(point["gap"] == 0 for point in points)
        summary += f"| {name} | {shown} | {needed} | {len(points)} | {proved} | {seconds:.2f} |\n"
        print(f"{name}: mean gain {shown}, resources {needed}, {proved} of {len(points)} proved, {seconds:.2f} s", flush=True)
        if seconds > MOST_SECONDS:
            slow.append(f"{name}: {seconds:.2f} s, at most {MOST_SECONDS}")
    write("gains", table + summary)
    write("speeds", speeds)
    print("\n".join(slow))
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
