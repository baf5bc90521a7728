"""Predicted against simulated cycles: writes the table of docs/balancing.md.

Compiles each network within parts of a ZC706, simulates the SystemVerilog on samples of its test set of which the expected part goes on, and
compares cycles a sample and every output bit. `compile` predicts over 1 024 images; where fewer are simulated, its model (the simulation of tokens) predicts over these. Networks and data of ../shared (or $ATHEENA_SHARED); does
nothing where it is absent. Needs a release build. Ends with exit code 1 where a prediction is off by more than 1 %, or an output differs.

    benches/matrix.py                        all of it: about half an hour on an idle machine
    benches/matrix.py B-LeNet 0.2            one network, or one budget, or one cell: prints it and writes nothing
"""

import json
import os
import subprocess
import sys
import tempfile
import time

from gains import ATHEENA, NETWORKS, ROOT, SHARED, write

# The parts of the device: of the two larger networks the weights alone take more than 10 %.
BUDGETS = {"B-LeNet": [0.1, 0.2, 0.4], "Triple Wins": [0.2, 0.4, 1.0], "B-AlexNet": [0.2, 0.4, 1.0]}
SAMPLES = {"B-LeNet": 1024, "Triple Wins": 1024, "B-AlexNet": 128}
# Of the prediction of `compile`.
COMPILE_SAMPLES = 1024
MOST_OFF = 0.01


def run(*arguments):
    """What a command prints as JSON; none if it fails, which it says."""
    done = subprocess.run([ATHEENA, *map(str, arguments), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        print(done.stderr.strip(), file=sys.stderr)
        return None
    return json.loads(done.stdout)


def cell(name, network, data, late, budget):
    """A row of the table, and whether it holds."""
    with tempfile.TemporaryDirectory() as folder:
        out = f"{folder}/out"
        source, calibration = SHARED / "models" / network, SHARED / "data" / f"{data}_calib.npz"
        common = ["--device", "zc706", "--clock-mhz", 125, "--budget", budget, "--late-fraction", late]
        compiled = run("compile", source, "--calibration", calibration, *common, "-o", out)
        if compiled is None:
            return [name, late, budget, "does not fit", "", "", "", ""], True
        started = time.monotonic()
        images = ["--data", SHARED / "data" / f"{data}_test.npz", "--samples", SAMPLES[name], "--late-fraction", late]
        model = run("simulate", out, "--token", *images) if SAMPLES[name] < COMPILE_SAMPLES else compiled
        simulated = run("simulate", out, *images)
        if simulated is None or model is None:
            return [name, late, budget, "fails", "", "", "", ""], False
    predicted, cycles = model["cycles_per_sample"], simulated["cycles_per_sample"]
    off = predicted / cycles - 1
    holds = abs(off) <= MOST_OFF and simulated["mismatches"] == 0
    print(f"{name} at {budget}: predicted {predicted:.2f}, simulated {cycles:.2f} in {time.monotonic() - started:.0f} s", flush=True)
    row = [name, late, budget, f"{simulated['throughput_samples_per_s']:,.0f}".replace(",", " ")]
    differ = f"{simulated['mismatches']} of {simulated['samples']}"
    return [*row, f"{predicted:.1f}", f"{cycles:.1f}", f"{100 * off:+.2f} %", differ], holds


def main(chosen):
    """Writes the table, or prints the chosen cells."""
    if not SHARED.is_dir():
        print(f"skipped: {SHARED} is absent")
        return 0
    names = {word for word in chosen if not word.replace(".", "").isdigit()}
    budgets = {float(word) for word in chosen} if not names else {float(word) for word in chosen if word not in names}
    table = "Cycles a sample as `atheena compile` predicts them (its model, over the same images), and in simulation of the SystemVerilog on test images, by `benches/matrix.py`.\n\n"
    table += "| network | budget | samples/s | predicted | simulated | off | outputs that differ |\n|---|---|---|---|---|---|---|\n"
    all_hold = True
    for name, network, data, late in NETWORKS:
        for budget in BUDGETS[name]:
            if (names and name not in names) or (budgets and budget not in budgets):
                continue
            (_, _, _, *rest), holds = cell(name, network, data, late, budget)
            all_hold &= holds
            table += f"| {name}, q = {late} | {100 * budget:.0f} % | {' | '.join(rest)} |\n"
    if chosen:
        print(table)
    else:
        write("matrix", table)
    return 0 if all_hold else 1


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
