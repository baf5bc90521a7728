"""Adders of constant layers against da4ml's on the same matrices in the same run: writes docs/adders.md.

Run it by the Python of a virtual environment with benches/adders-requirements.txt, outside the repository. Needs a release build; of the
networks of ../shared (or $ATHEENA_SHARED) only where they are there. Ends with exit code 1 where a layer takes more adders, bits or
time than da4ml's.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import da4ml
import numpy
from da4ml.cmvm import solve

from gains import ATHEENA, ROOT, SHARED

PAGE = ROOT / "docs" / "adders.md"
ROUNDS = 3

# name, network, calibration samples
NETWORKS = [
    ("digits", ROOT / "examples" / "digits" / "digits.onnx", ROOT / "examples" / "digits" / "digits_calib.npz"),
    ("B-LeNet", SHARED / "models" / "stock" / "branchy_lenet_20220902.onnx", SHARED / "data" / "mnist_calib.npz"),
]

HEADER = """# Adders of constant layers

Made by `benches/adders.py`. A layer with all its products at once is a graph of adders (`passes/src/hw/hdl/adder_graph.rs`). These are
the convolutions of networks, quantised as `atheena compile` does, against da4ml {version} (`da4ml.cmvm.solve` with its own
defaults), on the same matrices and ranges of inputs in the same run. Both graphs are multiplied out and compared with the
matrix. Bits are those of all sums, each as wide as its least and greatest value need, without zeros at its low end. Levels are adders behind one
another. Seconds of wall clock time, the best of {rounds}.

| layer | products | adders | da4ml | bits | da4ml | levels | da4ml | seconds | da4ml |
|---|---|---|---|---|---|---|---|---|---|
"""


def layers(network, calibration):
    """The convolutions of a network and our adders, as the bench in Rust prints them."""
    with tempfile.TemporaryDirectory() as folder:
        command = [ATHEENA, "compile", network, "--calibration", calibration, "--device", "zc706", "-o", f"{folder}/x", "--json"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (graph,) = Path(folder, "x", "ir").glob("*-convert-ee-to-dataflow.mlir")
        command = ["cargo", "bench", "--quiet", "-p", "atheena-passes", "--bench", "adders", "--", graph]
        lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT, text=True).stdout.splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


class Nodes:
    """Nodes of a graph of adders as the weights of the inputs in them, and their levels."""

    def __init__(self, inputs):
        self.weights = list(numpy.identity(inputs))
        self.levels = [0] * inputs

    def add(self, terms):
        """Another node: a sum of nodes times factors. Its number."""
        self.weights.append(sum(factor * self.weights[node] for node, factor in terms))
        self.levels.append(max(self.levels[node] for node, _ in terms) + (len(terms) > 1))
        return len(self.weights) - 1


def ours(layer):
    """Our adders: the nodes, which of them are adders, and the matrix that they make."""
    nodes = Nodes(len(layer["weights"][0]))
    factor = lambda shift, negative: (-1 if negative else 1) * 2.0**shift
    adders = [nodes.add([(node, factor(*rest)) for node, *rest in terms]) for terms in layer["adders"]]
    zero = numpy.zeros(len(layer["weights"][0]))
    rows = [zero if output is None else nodes.weights[output[0]] * factor(*output[1:]) for output in layer["outputs"]]
    return nodes, adders, rows


def theirs(solution, inputs):
    """The same of da4ml's stages, one behind the other."""
    nodes, adders = Nodes(inputs), []
    given = [(node, 1.0) for node in range(inputs)]
    for stage in solution.solutions:
        buffer = []
        for op in stage.ops:
            if op.opcode == -1:
                node, factor = given[op.id0]
                buffer.append((node, factor * 2.0 ** stage.inp_shifts[op.id0]))
            elif op.opcode in (0, 1):
                (a, factor_a), (b, factor_b) = buffer[op.id0], buffer[op.id1]
                adders.append(nodes.add([(a, factor_a), (b, factor_b * 2.0**op.data * (-1 if op.opcode else 1))]))
                buffer.append((adders[-1], 1.0))
            else:
                sys.exit(f"da4ml gave an operation that is no adder: {op}")
        nothing = (0, 0.0)
        outputs = zip(stage.out_idxs, stage.out_shifts, stage.out_negs)
        scaled = lambda term, factor: (term[0], term[1] * factor)
        given = [scaled(buffer[index], 2.0**shift * (-1 if negative else 1)) if index >= 0 else nothing for index, shift, negative in outputs]
    return nodes, adders, [factor * nodes.weights[node] for node, factor in given]


def bits(weights, low, high):
    """Of a sum of inputs in a range, without zeros at its low end."""
    used = weights[weights != 0]
    while numpy.any(used % 1):
        used = used * 2
    while used.size and not numpy.any(used % 2):
        used = used / 2
    least = int(numpy.minimum(used * low, used * high).sum())
    most = int(numpy.maximum(used * low, used * high).sum())
    return max(most.bit_length(), (~least).bit_length()) + 1 if least < 0 else max(most.bit_length(), 1)


def figures(layer, graph):
    """Adders, bits and levels of a graph, which must be that of the layer's matrix."""
    nodes, adders, rows = graph
    if not numpy.array_equal(numpy.array(rows), numpy.array(layer["weights"])):
        sys.exit(f"the adders of {layer['layer']} make another matrix")
    width = sum(bits(nodes.weights[adder], *layer["range"]) for adder in adders)
    return len(adders), width, max(nodes.levels)


def compare(layer):
    """Our figures and da4ml's: adders, bits, levels, seconds."""
    matrix = numpy.array(layer["weights"], dtype=numpy.float32).T.copy()
    intervals = [(float(layer["range"][0]), float(layer["range"][1]), 1.0)] * matrix.shape[0]
    seconds = float("inf")
    for _ in range(ROUNDS if matrix.size < 2000 else 1):
        start = time.perf_counter()
        solution = solve(matrix, qintervals=intervals)
        seconds = min(seconds, time.perf_counter() - start)
    return (*figures(layer, ours(layer)), layer["seconds"]), (*figures(layer, theirs(solution, matrix.shape[0])), seconds)


def main():
    """Writes the page."""
    table, worse = "", []
    for name, network, calibration in NETWORKS:
        if not network.is_file():
            print(f"skipped: {network} is absent")
            continue
        for layer in layers(network, calibration):
            pair = compare(layer)
            count = len(layer["weights"]) * len(layer["weights"][0])
            label = layer["layer"].removesuffix("_matvec")
            shown = [f"{value:.3f}" if isinstance(value, float) else str(value) for both in zip(*pair) for value in both]
            row = f"| {name} `{label}` | {count} | " + " | ".join(shown) + " |\n"
            print(row, end="", flush=True)
            table += row
            for figure in (0, 1, 3):
                if pair[0][figure] > pair[1][figure]:
                    worse.append(f"{name} {label}: {pair[0][figure]} against {pair[1][figure]}")
    PAGE.write_text(HEADER.format(version=da4ml.__version__, rounds=ROUNDS) + table, encoding="utf-8")
    print("\n".join(worse))
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
