"""What quantisation costs, network by network and scheme by scheme, on whole test sets: writes docs/accuracy.md.

Networks and data of ../shared (or $ATHEENA_SHARED); does nothing where it is absent. Needs a release build.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("ATHEENA_SHARED", ROOT.parent / "shared"))
ATHEENA = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "atheena"

NETWORKS = [
    ("B-LeNet", "stock/branchy_lenet_20220902.onnx", "mnist"),
    ("Triple Wins", "retrained/TripleWins_SmallCNN_230103.retrained.onnx", "mnist"),
    ("B-AlexNet", "retrained/branchy-alexnet_230109.retrained.onnx", "cifar10"),
]

SCHEMES = [
    "",
    "--weights-bits 8",
    "--weights-bits 7",
    "--weights-bits 6",
    "--weights-bits 5",
    "--weights-bits 4",
    "--weights-bits 35dB",
    "--weights-bits 28dB",
    "--weights-bits least",
    "--weights-bits 20dB",
    "--logits-bits 8",
    "--activation-bits 16",
    "--scales arbitrary",
    "--scales arbitrary --weights-bits 4",
]

HEADER = """# Accuracy of integer networks

Made by `benches/accuracy.py` from `atheena profile --against-float --json` on the full test sets, 10 000 images each. An empty
scheme is the default: scales that are powers of two, one for each tensor, ranges of least squared error, weights whose rounding leaves 31 dB of
signal to noise of the layers on the way to a classifier together, activations of 8 bits, logits of 16. `--weights-bits 8` rounds each by itself. The last two columns are the parts of the samples
that leave at the exit, and get the class, that the float network gives them.

Other weights are rounded one after the other, and each time those to come make up for what that did to a layer's sums on the calibration samples
(`passes/src/ee/quantize/rounding.rs`). With each rounded by itself, `--scales arbitrary --weights-bits 4` left B-AlexNet 73.21 %.

| network | scheme | float | integer | leave early | same exit | same class |
|---|---|---|---|---|---|---|
"""


def profile(network, data, scheme):
    """The answer of `atheena profile`."""
    data = SHARED / "data" / data
    command = [ATHEENA, "profile", SHARED / "models" / network, "--data", f"{data}_test.npz"]
    command += ["--calibration", f"{data}_calib.npz", "--against-float", "--json", *scheme.split()]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def row(name, network, data, scheme):
    """A line of the table."""
    found = profile(network, data, scheme)
    float_ = found["against_float"]
    parts = [found["exits"][0]["taken"], float_["same_exit"], float_["same_prediction"]]
    figures = [float_["float_accuracy"], found["accuracy"], *(part / found["samples"] for part in parts)]
    scheme = f"`{scheme}`" if scheme else ""
    return f"| {name} | {scheme} | " + " | ".join(f"{100 * figure:.2f} %" for figure in figures) + " |\n"


def main():
    """Writes the page."""
    if not SHARED.is_dir():
        print(f"skipped: {SHARED} is absent")
        return
    rows = [row(*network, scheme) for network in NETWORKS for scheme in SCHEMES]
    (ROOT / "docs" / "accuracy.md").write_text(HEADER + "".join(rows), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
