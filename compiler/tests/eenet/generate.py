"""Writes weights.npz, and expected.json with what net.eenet returns, computed by plain loops from PyTorch's definitions
of its layers. By hand: python3 generate.py (numpy)."""

import json
import os

import numpy

os.chdir(os.path.dirname(os.path.abspath(__file__)))
rng = numpy.random.default_rng(1)


def draw(*shape, low=-1.0, high=1.0):
    # A few bits, so that sums are nearly exact.
    return (numpy.round(rng.uniform(low, high, shape) * 64) / 64).astype(numpy.float32)


weights = {
    "features.0.weight": draw(2, 1, 3, 3),
    "features.0.bias": draw(2),
    "features.1.weight": draw(2, low=0.5),
    "features.1.bias": draw(2),
    "features.1.running_mean": draw(2),
    "features.1.running_var": draw(2, low=0.5),
    "exits.0.weight": draw(2, 32, low=-0.25, high=0.25),
    "exits.0.bias": draw(2),
    # Two groups of one channel, each with two outputs.
    "features.2.weight": draw(4, 1, 2, 3),
    "dense1.weight": draw(3, 16),
    "dense1.bias": draw(3),
    "dense2.weight": draw(2, 3),
    "dense2.bias": draw(2),
}


def conv(x, weight, bias, stride, groups):
    """x [C, H, W], padded; weight [O, C / groups, KH, KW]."""
    outputs, inputs, rows, columns = weight.shape
    height = (x.shape[1] - rows) // stride[0] + 1
    width = (x.shape[2] - columns) // stride[1] + 1
    result = numpy.zeros((outputs, height, width))
    for o in range(outputs):
        first = o // (outputs // groups) * inputs
        for i in range(height):
            for j in range(width):
                window = x[first : first + inputs, i * stride[0] :, j * stride[1] :][:, :rows, :columns]
                result[o, i, j] = bias[o] + (window * weight[o]).sum()
    return result


def network(image):
    w = weights
    x = numpy.pad(image, ((0, 0), (1, 1), (1, 1)))
    x = conv(x, w["features.0.weight"], w["features.0.bias"], (1, 1), 1)
    per_channel = lambda name: w["features.1." + name].astype(float)[:, None, None]
    x = (x - per_channel("running_mean")) / numpy.sqrt(per_channel("running_var") + 1e-5)
    x = numpy.maximum(x * per_channel("weight") + per_channel("bias"), 0)
    early = w["exits.0.weight"] @ x.reshape(-1) + w["exits.0.bias"]
    if (1 / numpy.exp(early - early.max()).sum()) > 0.7:
        return 0, early
    x = conv(x, w["features.2.weight"], numpy.zeros(4), (2, 1), 2)
    x = w["dense1.weight"] @ x.reshape(-1) + w["dense1.bias"]
    return 1, w["dense2.weight"] @ x + w["dense2.bias"]


cases = []
for _ in range(8):
    image = draw(1, 4, 4, low=0)
    taken, logits = network(image.astype(float))
    cases.append({"input": image.reshape(-1).tolist(), "exit": taken, "output": logits.tolist()})
assert {case["exit"] for case in cases} == {0, 1}

# What net.eenet does not read: the errors' examples.
weights["plain.weight"] = draw(2, 1, 3, 3)
weights["double.weight"] = draw(2, 1, 3, 3).astype(numpy.float64)
weights["fortran.weight"] = numpy.asfortranarray(draw(2, 1, 3, 3))
weights["nan.weight"] = numpy.full((2, 1, 3, 3), numpy.nan, numpy.float32)
for part in ["weight", "bias", "running_mean"]:
    weights["bn.negative." + part] = draw(1)
weights["bn.negative.running_var"] = numpy.float32([-0.5])
numpy.savez("weights.npz", **weights)
with open("expected.json", "w") as file:
    json.dump(cases, file, indent=1)
    file.write("\n")
