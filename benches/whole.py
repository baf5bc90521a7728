"""The fastest designs on a ZC706, simulated and synthesised: writes a table of docs/balancing.md.

Compiles each network within a budget, simulates the SystemVerilog on images of its test set of which the expected part goes on, compares every
output, and synthesises the whole design with Yosys. Networks and data of ../shared (or $ATHEENA_SHARED); does nothing where it is absent. Needs
a release build. Ends with exit code 1 where an output differs, a design is slower than it must be, or does not fit as synthesised.

    benches/whole.py                   all rows: synthesis takes hours and some GB of memory
    benches/whole.py "Triple Wins"     the rows of one network: prints them and writes nothing
    benches/whole.py "40 % of a ZC706" those within one budget, also with a network
    benches/whole.py --no-synthesis    all rows but for what Yosys says: prints them and writes nothing
"""

import os
import sys
import tempfile

from gains import NETWORKS, ROOT, SHARED, write
from matrix import run

ZC706 = {"lut": 218_600, "ff": 437_200, "dsp": 900, "bram18": 1090}
# What ATHEENA's fastest design of B-LeNet takes.
PUBLISHED = {"lut": 122_014, "ff": 149_724, "dsp": 738, "bram18": 956}

TWO_FIFTHS = {kind: most * 2 // 5 for kind, most in ZC706.items()}
LIMITS = [(PUBLISHED, "what ATHEENA's takes"), (ZC706, "a ZC706"), (TWO_FIFTHS, "40 % of a ZC706")]

# network, the budget, bits of weights, images, images a second that it must take; docs/accuracy.md has what the bits cost
ROWS = [
    ("B-LeNet", PUBLISHED, "auto", 1024, 1_900_000),
    ("B-LeNet", PUBLISHED, "least", 1024, 1_900_000),
    ("B-LeNet", ZC706, "auto", 1024, 2_500_000),
    ("Triple Wins", TWO_FIFTHS, "auto", 512, 200_000),
    ("Triple Wins", ZC706, "auto", 512, 200_000),
    ("B-AlexNet", TWO_FIFTHS, "auto", 256, 24_000),
    ("B-AlexNet", ZC706, "auto", 256, 24_000),
]
KINDS = ["lut", "ff", "dsp", "bram18"]


def row(name, budget, bits, images, least, synthesise):
    """A row of the table, and whether it holds."""
    network, data, late = next(rest for other, *rest in NETWORKS if other == name)
    with tempfile.TemporaryDirectory() as folder:
        out = f"{folder}/out"
        within = ",".join(f"{kind}={most}" for kind, most in budget.items())
        common = ["--device", "zc706", "--clock-mhz", 125, "--within", within, "--late-fraction", late]
        common += ["--weights-bits", bits]
        calibration = SHARED / "data" / f"{data}_calib.npz"
        compiled = run("compile", SHARED / "models" / network, "--calibration", calibration, *common, "-o", out)
        test = SHARED / "data" / f"{data}_test.npz"
        simulated = compiled and run("simulate", out, "--data", test, "--samples", images, "--late-fraction", late)
        synthesised = simulated and synthesise and run("synth", out)
        if not simulated or (synthesise and not synthesised):
            return f"| {name}, q = {late} | {bits} | fails |", False
    rate, differ = simulated["throughput_samples_per_s"], simulated["mismatches"]
    predicted, found = compiled["resources"], synthesised["resources"] if synthesised else None
    counts = [f"{predicted[kind]} / {found[kind] if found else '?'}" for kind in KINDS]
    fits = found is None or all(found[kind] <= budget[kind] for kind in KINDS)
    limit = next(text for other, text in LIMITS if other is budget)
    figures = [f"{simulated['cycles_per_sample']:.1f}", f"{rate:,.0f}".replace(",", " "), *counts, f"{differ} of {simulated['samples']}"]
    return f"| {name}, q = {late} | {limit} | {bits} | {' | '.join(figures)} |", rate >= least and differ == 0 and fits


def main(chosen):
    """Writes the table, or prints the chosen rows."""
    if not SHARED.is_dir():
        print(f"skipped: {SHARED} is absent")
        return 0
    synthesise = "--no-synthesis" not in chosen
    words = {word for word in chosen if not word.startswith("--")}
    budgets = [budget for budget, text in LIMITS if text in words]
    names = words - {text for _, text in LIMITS}
    table = "Simulated on test images at 125 MHz; resources predicted / by Yosys of the whole design; by `benches/whole.py`.\n\n"
    table += "| network | within | bits of weights | cycles an image | images/s | LUT | FF | DSP | BRAM18 | outputs that differ |\n|---|---|---|---|---|---|---|---|---|---|\n"
    all_hold = True
    for name, *rest in ROWS:
        if (not names or name in names) and (not budgets or rest[0] in budgets):
            line, holds = row(name, *rest, synthesise)
            table += f"{line}\n"
            print(line, flush=True)
            all_hold &= holds
    if chosen:
        print(table)
    else:
        write("whole", table)
    return 0 if all_hold else 1


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
