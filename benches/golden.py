"""The golden model's speed against ONNX Runtime's on the CPU, network by network in one run: writes docs/golden-speed.md.

Run it by the Python of a virtual environment with benches/golden-requirements.txt, outside the repository. Needs a release build, and
the networks and data of ../shared (or $ATHEENA_SHARED); does nothing where these are absent.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
import onnx
import onnxruntime
from onnxruntime import quantization

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("ATHEENA_SHARED", ROOT.parent / "shared"))
ATHEENA = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "atheena"
ROUNDS = 3

# Runs a command by a process that is small itself: Linux counts the memory of the one that forks as the command's.
MEASURED = """
import json, os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)
samples = json.load(process.stdout)["samples"]
usage = os.wait4(process.pid, 0)[2]
print(json.dumps([usage.ru_utime + usage.ru_stime, samples, usage.ru_maxrss]))
"""

# Without exits, so that all run the same layers for every image.
NETWORKS = [
    ("LeNet", "models/stock/lenet_backbone.onnx", "mnist", 10000),
    ("Triple Wins", "models/retrained/TripleWins_backbone_221230.retrained.onnx", "mnist", 10000),
    ("AlexNet", "models/retrained/alexnet_backbone_221214.retrained.onnx", "cifar10", 10000),
    ("wide", None, "cifar10", 1000),
]

HEADER = """# Speed of the golden model

Made by `benches/golden.py`: images a second of processor time on one core, the best of {rounds} rounds, batch 1, on networks without
exits so that all run the same layers. ONNX Runtime {ort} runs the float network, and an int8 network of its own quantiser (QDQ, per-channel
weights), on one thread. The golden model runs the integer network of `ee-quantize`,
compiling it not counted. `wide` has convolutions of 3x3 with 128 to 256 channels on 32x32 to 8x8 pixels. Memory is the largest resident set of
`atheena profile`. The machine: {machine}.

| network | golden model, int8 | golden model, float | ONNX Runtime, float | ONNX Runtime, int8 | int8 against the better | memory |
|---|---|---|---|---|---|---|
"""


def wide(path):
    """Writes a network of wide layers, with random weights."""
    random = numpy.random.default_rng(1)
    nodes, weights, last, channels = [], [], "x", 3
    for index, (outputs, pool) in enumerate([(128, True), (256, False), (256, True), (256, False)]):
        values = random.normal(0, (2 / (9 * channels)) ** 0.5, (outputs, channels, 3, 3)).astype(numpy.float32)
        weights.append(onnx.numpy_helper.from_array(values, f"w{index}"))
        weights.append(onnx.numpy_helper.from_array(numpy.zeros(outputs, numpy.float32), f"b{index}"))
        node = onnx.helper.make_node("Conv", [last, f"w{index}", f"b{index}"], [f"c{index}"], f"conv{index}", pads=[1] * 4)
        nodes += [node, onnx.helper.make_node("Relu", [f"c{index}"], [f"r{index}"], f"relu{index}")]
        last, channels = f"r{index}", outputs
        if pool:
            options = {"kernel_shape": [2, 2], "strides": [2, 2]}
            nodes.append(onnx.helper.make_node("MaxPool", [last], [f"p{index}"], f"pool{index}", **options))
            last = f"p{index}"
    values = random.normal(0, 0.01, (10, 256 * 8 * 8)).astype(numpy.float32)
    weights.append(onnx.numpy_helper.from_array(values, "w"))
    weights.append(onnx.numpy_helper.from_array(numpy.zeros(10, numpy.float32), "b"))
    nodes.append(onnx.helper.make_node("Flatten", [last], ["flat"], "flat"))
    nodes.append(onnx.helper.make_node("Gemm", ["flat", "w", "b"], ["y"], "dense", transB=1))
    floats = onnx.TensorProto.FLOAT
    inputs = [onnx.helper.make_tensor_value_info("x", floats, [1, 3, 32, 32])]
    outputs = [onnx.helper.make_tensor_value_info("y", floats, [1, 10])]
    graph = onnx.helper.make_graph(nodes, "wide", inputs, outputs, weights)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8), path)


class Samples(quantization.CalibrationDataReader):
    """Calibration samples, as ONNX Runtime's quantiser takes them."""

    def __init__(self, name, images):
        self.samples = iter([{name: image} for image in images])

    def get_next(self):
        return next(self.samples, None)


def images_of(path, count):
    """Images [1, C, H, W] in 0..1."""
    images = numpy.load(path)["images"][:count].transpose(0, 3, 1, 2)
    return [image[None] for image in images.astype(numpy.float32) / 255]


def quantised(network, calibration, folder):
    """The int8 network of ONNX Runtime's quantiser."""
    name = onnxruntime.InferenceSession(network).get_inputs()[0].name
    prepared, integer = folder / "prepared.onnx", folder / "integer.onnx"
    quantization.quant_pre_process(network, prepared)
    reader = Samples(name, images_of(calibration, 100))
    quantization.quantize_static(prepared, integer, reader, per_channel=True)
    return integer


def onnx_rate(network, images):
    """Images a second of ONNX Runtime, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    runner = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    name = runner.get_inputs()[0].name
    runner.run(None, {name: images[0]})
    started = time.process_time()
    for image in images:
        runner.run(None, {name: image})
    return len(images) / (time.process_time() - started)


def golden_run(network, data, images, options):
    """Seconds of processor time of a profile, how many images it ran, and its largest resident set in KiB."""
    shards = max(1, len(numpy.load(data)["images"]) // images)
    command = [ATHEENA, "profile", network, "--data", data, "--json", "--shard", f"1/{shards}", *options]
    found = subprocess.run([sys.executable, "-c", MEASURED, *command], check=True, stdout=subprocess.PIPE).stdout
    return json.loads(found)


def golden_rate(network, data, count, options):
    """Images a second of the golden model, what a run of many images takes longer than one of a single image; its memory in KiB."""
    runs = [[golden_run(network, data, images, options) for images in (count, 1)] for _ in range(ROUNDS)]
    (many, images, _), (one, _, _) = (min(run[part] for run in runs) for part in (0, 1))
    return (images - 1) / max(many - one, 1e-9), max(memory for run in runs for _, _, memory in run)


def row(name, network, data, count, folder):
    """A line of the table."""
    if network is None:
        network = folder / "wide.onnx"
        wide(network)
    else:
        network = SHARED / network
    test, calibration = (SHARED / "data" / f"{data}_{part}.npz" for part in ("test", "calib"))
    integer, images = quantised(network, calibration, folder), images_of(test, count)
    integer_rate, integer_memory = golden_rate(network, test, count, ["--calibration", calibration])
    float_rate, float_memory = golden_rate(network, test, count, [])
    rates = [
        integer_rate,
        float_rate,
        max(onnx_rate(network, images) for _ in range(ROUNDS)),
        max(onnx_rate(integer, images) for _ in range(ROUNDS)),
    ]
    gain = rates[0] / max(rates[2:])
    memory = max(integer_memory, float_memory) / 1024
    figures = " | ".join(f"{rate:.0f}" for rate in rates)
    return f"| {name} | {figures} | {gain:.2f} | {memory:.0f} MiB |\n"


def machine():
    """The processor, and which instructions it has of those that golden models use."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    found = dict(reversed([[part.strip() for part in line.split(":", 1)] for line in lines if ":" in line]))
    used = [flag for flag in ("avx2", "avx512bw", "avx512_vnni", "amx_int8") if flag in found["flags"].split()]
    return f"{found['model name']} with {', '.join(used) or 'none of the vectors that golden models use'}"


def main():
    """Writes the page."""
    if not SHARED.is_dir():
        print(f"skipped: {SHARED} is absent")
        return
    page = HEADER.format(rounds=ROUNDS, ort=onnxruntime.__version__, machine=machine())
    for network in NETWORKS:
        with tempfile.TemporaryDirectory() as folder:
            line = row(*network, Path(folder))
        print(line, end="", flush=True)
        page += line
    (ROOT / "docs" / "golden-speed.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
