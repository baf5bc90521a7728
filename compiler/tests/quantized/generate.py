#!/usr/bin/env python3
"""Makes the quantised networks of compiler/tests/quantized.rs, and what they compute by ONNX's own definition.

Each NAME.onnx is a small network of QuantizeLinear and DequantizeLinear (qdq_*) or of quantised operators (qop_*); NAME.json holds
pixels in the order [H, W, C], what a step of the logits stands for, the logits as numbers of steps, and for networks with an exit the index of the
classifier that answered. The evaluation is that of onnx.reference: floats, operator by operator. Random but seeded: running it again writes
the same files.

Made with onnx 1.23.2 and numpy 2.4.6.  Usage: generate.py
"""
import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(7)
node = helper.make_node


class Net:
    """A network in the making; values have the scale and zero point that they are quantised with."""

    def __init__(self, name, shape):
        self.name, self.shape = name, shape
        self.nodes, self.constants, self.formats = [], [], {}
        self.outer = self

    def constant(self, name, values, dtype=np.float32):
        self.outer.constants.append(numpy_helper.from_array(np.array(values, dtype), name))
        return name

    def format(self, value, scale, zero, dtype):
        self.outer.formats[value] = (
            self.constant(f"{value}_scale", scale), self.constant(f"{value}_zero", zero, dtype), scale)

    def quantize(self, value, scale, zero=0, dtype=np.int8):
        """QuantizeLinear and DequantizeLinear behind `value`; returns the result."""
        self.format(value, scale, zero, dtype)
        pair = list(self.outer.formats[value][:2])
        self.nodes.append(node("QuantizeLinear", [value, *pair], [f"{value}_q"], name=f"{value}_quantize"))
        self.nodes.append(node("DequantizeLinear", [f"{value}_q", *pair], [f"{value}_d"], name=f"{value}_dequantize"))
        return f"{value}_d"

    def weights(self, name, shape, by_channel=False, spread=40):
        """int8 weights behind DequantizeLinear."""
        codes = np.clip(np.round(rng.standard_normal(shape) * spread), -127, 127)
        scales = (rng.random(shape[0]) * 0.01 + 0.005).astype(np.float32) if by_channel else np.float32(0.01)
        self.constant(f"{name}_codes", codes, np.int8)
        self.constant(f"{name}_scales", scales)
        self.constant(f"{name}_zeros", np.zeros(np.shape(scales)), np.int8)
        axis = {"axis": 0} if by_channel else {}
        self.nodes.append(node("DequantizeLinear", [f"{name}_codes", f"{name}_scales", f"{name}_zeros"], [name], name=f"{name}_dequantize", **axis))
        self.outer.formats[name] = (f"{name}_scales", f"{name}_zeros", scales)
        return name

    def bias(self, name, count, scales):
        """An int32 bias of the product of both scales."""
        scales = np.asarray(scales, np.float32)
        self.constant(f"{name}_codes", rng.integers(-2000, 2000, count), np.int32)
        self.constant(f"{name}_scales", scales)
        axis = {"axis": 0} if scales.ndim else {}
        self.nodes.append(node("DequantizeLinear", [f"{name}_codes", f"{name}_scales"], [name], name=f"{name}_dequantize", **axis))
        return name

    def op(self, op, inputs, output, **attributes):
        self.nodes.append(node(op, inputs, [output], name=output, **attributes))
        return output

    def conv(self, value, scale, output, channels, inputs, size=3, by_channel=False, group=1, bias=True, **attributes):
        """A convolution of `value`, whose steps are of `scale`."""
        weights = self.weights(f"{output}_w", (channels, inputs // group, size, size), by_channel)
        operands = [value, weights]
        if bias:
            operands.append(self.bias(f"{output}_b", channels, np.float32(scale) * self.outer.formats[weights][2]))
        return self.op("Conv", operands, output, group=group, **attributes)

    def dense(self, value, scale, output, classes, size):
        flat = self.op("Flatten", [value], f"{output}_flat")
        weights = self.weights(f"{output}_w", (classes, size), spread=60)
        bias = self.bias(f"{output}_b", classes, np.float32(scale * np.float32(0.01)))
        return self.op("Gemm", [flat, weights, bias], output, transB=1)

    def branch(self):
        inner = Net(self.name, self.shape)
        inner.outer = self.outer
        return inner

    def write(self, result, probe=None, scale=None, opset=19, extra=(), samples=12):
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, self.shape)
        out = helper.make_tensor_value_info(result, TensorProto.FLOAT, [None, None])
        graph = helper.make_graph(self.nodes, self.name, [image], [out], self.constants)
        opsets = [helper.make_opsetid("", opset)] + [helper.make_opsetid(domain, 1) for domain in extra]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        model.producer_name = ""
        onnx.checker.check_model(model)
        onnx.save(model, here / f"{self.name}.onnx")
        run = ReferenceEvaluator(model)
        if probe:
            probe = ReferenceEvaluator(helper.make_model(
                helper.make_graph(self.nodes[: probe[1]], "probe", [image], [helper.make_tensor_value_info(probe[0], TensorProto.FLOAT, [None, None])], self.constants),
                opset_imports=opsets, ir_version=8))
        cases = []
        for _ in range(samples):
            pixels = rng.integers(0, 256, self.shape)
            pixels = (pixels * rng.choice([0.3, 1.0])).astype(np.uint8)
            values = {"image": (pixels.astype(np.float32) / np.float32(255))}
            (logits,) = run.run(None, values)
            steps = np.round(logits / np.float32(scale)).astype(int)
            case = {"pixels": np.transpose(pixels, (0, 2, 3, 1)).ravel().tolist(), "steps": steps.ravel().tolist()}
            if probe:
                case["exit"] = 0 if np.array_equal(probe.run(None, values)[0], logits) else 1
            cases.append(case)
        (here / f"{self.name}.json").write_text(json.dumps({"scale": float(np.float32(scale)), "cases": cases}) + "\n")


PIXEL = 1 / 255

# Convolutions with a scale a channel, asymmetric activations, ReLU, max-pooling, dense.
net = Net("qdq_layers", [1, 2, 8, 8])
x = net.quantize("image", PIXEL, 0, np.uint8)
x = net.conv(x, PIXEL, "c1", 6, 2, by_channel=True, pads=[1, 1, 1, 1])
x = net.op("Relu", [x], "r1")
x = net.quantize(x, 0.02, 0, np.uint8)
x = net.op("MaxPool", [x], "m1", kernel_shape=[2, 2], strides=[2, 2])
x = net.conv(x, 0.02, "c2", 6, 6, group=6, pads=[1, 1, 1, 1])
x = net.quantize(x, 0.05, -10)
x = net.dense(x, 0.05, "y", 5, 96)
net.write(net.quantize(x, 0.25, 3), scale=0.25)

# A residual link of two scales, and a clamp.
net = Net("qdq_add", [1, 2, 6, 6])
x = net.quantize("image", PIXEL, 0, np.uint8)
start = net.quantize(net.conv(x, PIXEL, "c1", 4, 2), 0.0317, 5)
body = net.quantize(net.conv(start, 0.0317, "c2", 4, 4, pads=[1, 1, 1, 1]), 0.0523, -20)
total = net.op("Add", [start, body], "sum")
total = net.quantize(net.op("Clip", [total, net.constant("low", 0.0), net.constant("high", 2.0)], "clip"), 0.0611, -128)
x = net.dense(total, 0.0611, "y", 4, 64)
net.write(net.quantize(x, 0.2, 0), scale=0.2)

# Branches with one scale side by side; the mean of windows, with one scale before and behind, and of all pixels.
net = Net("qdq_concat_pools", [1, 1, 8, 8])
x = net.quantize("image", PIXEL, 0, np.uint8)
one = net.quantize(net.conv(x, PIXEL, "c1", 3, 1, size=1), 0.02, -7)
net.format("c2", 0.02, -7, np.int8)
two = net.quantize(net.conv(x, PIXEL, "c2_raw", 3, 1, pads=[1, 1, 1, 1]), 0.02, -7)
x = net.quantize(net.op("Concat", [one, two], "joined", axis=1), 0.02, -7)
x = net.quantize(net.op("AveragePool", [x], "a1", kernel_shape=[3, 3], strides=[2, 2]), 0.02, -7)
x = net.conv(x, 0.02, "c3", 6, 6, size=1)
x = net.quantize(x, 0.04, 0)
x = net.quantize(net.op("GlobalAveragePool", [x], "a2"), 0.04, 0)
x = net.dense(x, 0.04, "y", 4, 6)
net.write(net.quantize(x, 0.1, 0), scale=0.1)

# An exit: quantised logits decide by their softmax.
net = Net("qdq_exit", [1, 2, 6, 6])
x = net.quantize("image", PIXEL, 0, np.uint8)
features = net.quantize(net.op("Relu", [net.conv(x, PIXEL, "c1", 4, 2)], "r1"), 0.02, -128)
early = net.quantize(net.dense(features, 0.02, "early", 4, 64), 0.15, 0)
probe = (early, len(net.nodes))
net.op("Softmax", [early], "p", axis=1)
net.op("ReduceMax", ["p", net.constant("axes", [1], np.int64)], "largest", keepdims=0)
net.constant("threshold", [0.38])
net.op("Greater", ["largest", "threshold"], "sure")
leave, stay = net.branch(), net.branch()
leave.op("Identity", [early], "leave_logits")
late = stay.quantize(stay.conv(features, 0.02, "c2", 4, 4), 0.05, 0)
late = stay.quantize(stay.dense(late, 0.05, "late", 4, 16), 0.15, 0)
info = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, None])
net.nodes.append(node(
    "If", ["sure"], ["y"], name="exit",
    then_branch=helper.make_graph(leave.nodes, "leave", [], [info("leave_logits")]),
    else_branch=helper.make_graph(stay.nodes, "stay", [], [info(late)])))
net.write("y", probe=probe, scale=0.15, samples=24)

# Quantised operators: codes all the way, floats at the ends alone.
net = Net("qop_layers", [1, 2, 6, 6])
net.format("image", PIXEL, 0, np.uint8)
net.nodes.append(node("QuantizeLinear", ["image", "image_scale", "image_zero"], ["image_q"], name="quantize"))
codes = lambda name, shape, spread, dtype=np.int8: net.constant(name, np.clip(np.round(rng.standard_normal(shape) * spread), -127, 127), dtype)
net.constant("w1_scales", (rng.random(4) * 0.01 + 0.005))
net.constant("w1_zeros", np.zeros(4), np.int8)
net.constant("b1", rng.integers(-2000, 2000, 4), np.int32)
net.format("c1", 0.02, 128, np.uint8)
net.nodes.append(node(
    "QLinearConv", ["image_q", "image_scale", "image_zero", codes("w1", (4, 2, 3, 3), 40), "w1_scales", "w1_zeros", "c1_scale", "c1_zero", "b1"],
    ["c1_q"], name="conv", pads=[1, 1, 1, 1]))
net.nodes.append(node("MaxPool", ["c1_q"], ["m1_q"], name="pool", kernel_shape=[2, 2], strides=[2, 2]))
net.nodes.append(node("Flatten", ["m1_q"], ["flat_q"], name="flatten"))
net.constant("w2_scale", 0.01)
net.constant("w2_zero", 0, np.int8)
net.format("y", 0.2, 120, np.uint8)
net.nodes.append(node(
    "QLinearMatMul", ["flat_q", "c1_scale", "c1_zero", codes("w2", (36, 4), 60), "w2_scale", "w2_zero", "y_scale", "y_zero"], ["y_q"], name="dense"))
net.nodes.append(node("DequantizeLinear", ["y_q", "y_scale", "y_zero"], ["y"], name="dequantize"))
net.write("y", scale=0.2)

# Functions, which become tables; a limit behind one.
net = Net("qdq_functions", [1, 2, 5, 5])
x = net.quantize("image", PIXEL, 0, np.uint8)
x = net.quantize(net.conv(x, PIXEL, "c1", 4, 2), 0.0317, 5)
x = net.quantize(net.op("LeakyRelu", [x], "f1", alpha=0.1), 0.0211, -90)
x = net.quantize(net.op("HardSwish", [x], "f2"), 0.0223, -120)
x = net.quantize(net.conv(x, 0.0223, "c2", 4, 4, size=1), 0.0417, 0)
x = net.quantize(net.op("Clip", [net.op("Tanh", [x], "f3"), net.constant("low", -0.5), net.constant("high", 0.75)], "clip"), 0.0079, 0)
x = net.quantize(net.op("Sigmoid", [x], "f4"), 0.0039, -128)
x = net.dense(x, 0.0039, "y", 4, 36)
net.write(net.quantize(x, 0.05, 0), scale=0.05)

# Products of a map and a pixel, as squeeze-and-excitation has them, and of two maps.
net = Net("qdq_products", [1, 2, 6, 6])
x = net.quantize("image", PIXEL, 0, np.uint8)
features = net.quantize(net.conv(x, PIXEL, "c1", 4, 2), 0.0317, 5)
few = net.quantize(net.op("GlobalAveragePool", [features], "mean"), 0.0213, -9)
few = net.quantize(net.op("Relu", [net.conv(few, 0.0213, "c2", 3, 4, size=1)], "r2"), 0.0189, -128)
gate = net.quantize(net.op("Sigmoid", [net.quantize(net.conv(few, 0.0189, "c3", 4, 3, size=1), 0.0307, 0)], "f3"), 0.0039, -128)
scaled = net.quantize(net.op("Mul", [gate, features], "scaled"), 0.0211, 3)
other = net.quantize(net.conv(scaled, 0.0211, "c4", 4, 4, pads=[1, 1, 1, 1]), 0.0437, 0)
x = net.quantize(net.op("Mul", [scaled, other], "product"), 0.0529, -11)
x = net.dense(x, 0.0529, "y", 4, 64)
net.write(net.quantize(x, 0.2, 0), scale=0.2)
