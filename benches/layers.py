"""How the time to compile grows with the number of layers: writes the table of docs/balancing.md.

Compiles and explores generated networks of up to 200 layers, with an exit in the middle. Needs a release build. Ends with exit code 1 where
the time a layer of the longest network is more than twice that of the shortest.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gains import ATHEENA, ROOT, write

LAYERS = [25, 50, 100, 200]
DIGITS = ROOT / "examples" / "digits" / "digits_calib.npz"


def network(layers):
    """A network of so many convolutions, some with an activation."""
    lines = ["network deep", "input 8x8x1", "weights random seed 1", ""]
    for index in range(layers - 1):
        # With a rectifier behind each of them, nothing would get through so many layers.
        lines += ["conv 4 kernel 3 pad 1", *(["relu"] if index % 8 == 0 else [])]
        if index == layers // 2:
            lines += ["exit early when max_softmax > 0.3 {", "  global_avg_pool", "  dense 10", "}"]
    return "\n".join([*lines, "dense 10", ""])


def seconds(*arguments):
    """The wall clock time of a command, and what it prints."""
    start = time.monotonic()
    output = subprocess.run([ATHEENA, *map(str, arguments)], check=True, stdout=subprocess.PIPE).stdout
    return time.monotonic() - start, json.loads(output)


def main():
    """Writes the table."""
    table = "Seconds to compile generated networks to SystemVerilog, and to find both curves, by `benches/layers.py`.\n\n"
    table += "| layers | compile | compile, a layer | curves |\n|---|---|---|---|\n"
    each = []
    with tempfile.TemporaryDirectory() as folder:
        for layers in LAYERS:
            path = Path(folder) / f"deep{layers}.eenet"
            path.write_text(network(layers), encoding="utf-8")
            common = [path, "--calibration", DIGITS, "--device", "u250", "--late-fraction", "0.25", "--json"]
            took, _ = seconds("compile", *common, "--budget", "0.3", "-o", f"{folder}/out")
            _, explored = seconds("explore", *common, "-o", f"{folder}/x")
            each.append(took / layers)
            table += f"| {layers} | {took:.1f} | {1000 * took / layers:.0f} ms | {explored['seconds']:.2f} |\n"
            print(table.splitlines()[-1], flush=True)
    write("layers", table)
    return 1 if each[-1] > 2 * each[0] else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
