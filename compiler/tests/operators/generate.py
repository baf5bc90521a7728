#!/usr/bin/env python3
"""Makes the networks of compiler/tests/operators.rs, and what ONNX Runtime says they compute.

Each NAME.onnx is a small network for one behaviour of the ONNX front end; NAME.json holds inputs in the order
[H, W, C], the outputs, and for networks with an exit the index of the classifier that answered. Random
but seeded: running it again writes the same files.

Made with onnx 1.23.2, onnxruntime 1.32.0 and numpy 2.4.6.  Usage: generate.py
"""
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(3)


def weight(name, *shape, scale=1.0):
    return numpy_helper.from_array((rng.standard_normal(shape) * scale).astype(np.float32), name)


def constant(name, values, dtype=np.float32):
    return numpy_helper.from_array(np.array(values, dtype), name)


node = helper.make_node


def write(name, shape, nodes, weights, opset=13, samples=4, rank=2, probe=None):
    """Writes a network x -> y. `probe` computes the logits of its exit."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * rank)
    graph = helper.make_graph(nodes, name.replace("_", "-"), [x], [y], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=7)
    model.producer_name = ""
    onnx.checker.check_model(model)
    onnx.save(model, here / f"{name}.onnx")
    run = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    cases = []
    for _ in range(samples):
        image = rng.standard_normal(shape).astype(np.float32)
        (out,) = run.run(None, {"x": image})
        order = {4: (0, 2, 3, 1), 3: (0, 2, 1), 2: (0, 1)}[len(shape)]
        case = {"input": rounded(np.transpose(image, order)), "output": rounded(out)}
        if probe:
            # The early classifier answered if the result is its logits.
            case["exit"] = 0 if np.array_equal(out, probe(image)) else 1
        cases.append(case)
    (here / f"{name}.json").write_text(json.dumps(cases) + "\n")


def rounded(values):
    return [float(f"{v:.8g}") for v in values.ravel()]


def layer(name, shape, layers, weights, **options):
    """Writes a network whose last value, `last`, is flattened."""
    write(name, shape, [*layers, node("Flatten", ["last"], ["y"], name="flatten")], weights, **options)


# Convolutions.
conv = lambda **attributes: [node("Conv", ["x", "w", "b"], ["last"], name="conv", **attributes)]
small = lambda: [weight("w", 3, 2, 3, 3), weight("b", 3)]
layer("conv_pads", [1, 2, 6, 5], conv(pads=[1, 0, 2, 1]), small())
layer("conv_stride_drops_rows", [1, 2, 8, 7], conv(strides=[2, 3]), small())
layer("conv_stride_drops_padding", [1, 2, 8, 8], conv(strides=[2, 2], pads=[1, 1, 1, 1]), small())
layer("conv_dilations", [1, 2, 8, 7], conv(dilations=[2, 1], pads=[1, 1, 1, 1]), small())
layer("conv_same_upper", [1, 2, 8, 7], conv(auto_pad="SAME_UPPER", strides=[2, 2]), small())
layer("conv_same_lower", [1, 2, 8, 7], conv(auto_pad="SAME_LOWER", strides=[2, 2]), small())
layer("conv_valid", [1, 2, 6, 5], conv(auto_pad="VALID"), small())
layer("conv_depthwise", [1, 2, 6, 5], conv(group=2, pads=[1, 1, 1, 1]), [weight("w", 4, 1, 3, 3), weight("b", 4)])
layer("conv_no_bias", [1, 2, 6, 5], [node("Conv", ["x", "w"], ["last"], name="conv")], [weight("w", 3, 2, 2, 3)])

# Poolings.
for op, extra in [("MaxPool", {}), ("AveragePool", {}), ("AveragePool", {"count_include_pad": 1})]:
    what = op.lower() + ("_counting" if extra else "")
    pool = lambda **attributes: [node(op, ["x"], ["last"], name="pool", **attributes, **extra)]
    layer(f"{what}_floor", [1, 2, 8, 6], pool(kernel_shape=[3, 3], strides=[2, 2]), [])
    layer(f"{what}_pads", [1, 2, 8, 7], pool(kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]), [])
    layer(f"{what}_ceil", [1, 2, 8, 6], pool(kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1, pads=[1, 0, 0, 1]), [], opset=19)
layer("globalaveragepool", [1, 3, 5, 4], [node("GlobalAveragePool", ["x"], ["last"], name="pool")], [])

# Element-wise.
normal = lambda n: [weight("s", n), weight("o", n), weight("m", n), constant("v", rng.uniform(0.5, 2, n))]
layer("batchnormalization", [1, 3, 4, 3], [node("BatchNormalization", ["x", "s", "o", "m", "v"], ["last"], name="norm", epsilon=1e-3)], normal(3))
layer("batchnormalization_after_conv", [1, 2, 5, 4],
      [node("Conv", ["x", "w", "b"], ["c"], name="conv"), node("BatchNormalization", ["c", "s", "o", "m", "v"], ["last"], name="norm")], small() + normal(3))
layer("batchnormalization_after_depthwise", [1, 2, 5, 4],
      [node("Conv", ["x", "w"], ["c"], name="conv", group=2), node("BatchNormalization", ["c", "s", "o", "m", "v"], ["last"], name="norm")],
      [weight("w", 4, 1, 2, 2)] + normal(4))
layer("residual", [1, 3, 5, 4],
      [node("Conv", ["x", "w", "b"], ["c"], name="conv", pads=[1, 1, 1, 1]), node("Add", ["c", "x"], ["a"], name="add"), node("Relu", ["a"], ["last"], name="relu")],
      [weight("w", 3, 3, 3, 3), weight("b", 3)])
layer("scale_by_channel", [1, 3, 4, 3],
      [node("Sub", ["x", "m"], ["d"], name="sub"), node("Div", ["d", "s"], ["q"], name="div"), node("Mul", ["k", "q"], ["p"], name="mul"),
       node("Sub", ["one", "p"], ["last"], name="rsub")],
      [weight("m", 3, 1, 1), constant("s", rng.uniform(1, 2, (1, 3, 1, 1))), constant("k", 2.5), constant("one", [1])])
layer("clip_inputs", [1, 2, 4, 3], [node("Clip", ["x", "low", "high"], ["last"], name="clip")], [constant("low", -0.5), constant("high", 0.7)])
layer("clip_open", [1, 2, 4, 3], [node("Clip", ["x", "", "high"], ["last"], name="clip")], [constant("high", 0.3)])
layer("clip_attributes", [1, 2, 4, 3], [node("Clip", ["x"], ["last"], name="clip", min=-0.5, max=0.7)], [], opset=10)

# Dense layers and shapes.
flat = node("Flatten", ["x"], ["f"], name="flatten")
write("gemm", [1, 2, 3, 2], [flat, node("Gemm", ["f", "w", "b"], ["y"], name="gemm", alpha=0.5, beta=2.0)], [weight("w", 12, 4), weight("b", 1, 4)])
write("gemm_transposed", [1, 2, 3, 2], [flat, node("Gemm", ["f", "w", "b"], ["y"], name="gemm", transB=1)], [weight("w", 4, 12), weight("b", 1)])
write("matmul_add", [1, 2, 3, 2],
      [flat, node("MatMul", ["f", "w"], ["m"], name="matmul"), node("Add", ["b", "m"], ["y"], name="add")], [weight("w", 12, 4), weight("b", 4)])
write("vector_input", [1, 6], [node("Gemm", ["x", "w"], ["y"], name="gemm", transB=1)], [weight("w", 4, 6)])
write("unflatten", [1, 2, 3, 2],
      [flat, node("Gemm", ["f", "w", "b"], ["g"], name="gemm", transB=1), node("Reshape", ["g", "to"], ["r"], name="reshape"),
       node("Conv", ["r", "k"], ["c"], name="conv"), node("Reshape", ["c", "flat"], ["y"], name="back")],
      [weight("w", 24, 12), weight("b", 24), constant("to", [0, 2, -1, 4], np.int64), weight("k", 3, 2, 2, 2), constant("flat", [1, -1], np.int64)])
write("shape_arithmetic", [1, 2, 3, 2],
      [node("Shape", ["x"], ["s"], name="shape"), node("Gather", ["s", "zero"], ["n"], name="gather", axis=0), node("Unsqueeze", ["n", "axes"], ["u"], name="unsqueeze"),
       node("Concat", ["u", "minus"], ["to"], name="concat", axis=0), node("Reshape", ["x", "to"], ["y"], name="reshape")],
      [constant("zero", 0, np.int64), constant("axes", [0], np.int64), constant("minus", [-1], np.int64)])
write("conv_classifier", [1, 2, 6, 5],
      [node("Conv", ["x", "w"], ["c"], name="conv"), node("GlobalAveragePool", ["c"], ["y"], name="pool")], [weight("w", 4, 2, 3, 3)], rank=4)


# Exits. Section 1 is a convolution, each classifier a dense layer.
def exits_network(name, condition, swap=False, opset=13, where=False, threshold=0.5, wrapped=False):
    weights = [weight("w", 3, 2, 3, 3), weight("early", 5, 36, scale=0.1), weight("w2", 3, 3, 3, 3), weight("late", 5, 12, scale=0.2)]
    first = [node("Conv", ["x", "w"], ["c"], name="conv"), node("Relu", ["c"], ["features"], name="relu"),
             node("Flatten", ["features"], ["f"], name="flatten"), node("Gemm", ["f", "early"], ["logits"], name="early", transB=1)]
    stay = [node("Conv", ["features", "w2"], ["c2"], name="conv2", pads=[0, 1, 0, 0]), node("Flatten", ["c2"], ["f2"], name="flatten2"),
            node("Gemm", ["f2", "late"], ["late_logits"], name="late", transB=1)]
    nodes, extra = condition(threshold)
    if where:
        last = [*stay, node("Where", ["cond", "logits", "late_logits"], ["y"], name="where")]
    else:
        out = lambda n: [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None, None])]
        if wrapped:
            # The constants of the classifier that stays live in its branch.
            inner, weights = weights[2:], weights[:2]
        else:
            inner = []
        leave_graph = helper.make_graph([node("Identity", ["logits"], ["mine"], name="identity")], "leave", [], out("mine"))
        stay_graph = helper.make_graph(stay, "stay", [], out("late_logits"), inner)
        yes, no = (stay_graph, leave_graph) if swap else (leave_graph, stay_graph)
        last = [node("If", ["cond"], ["y"], name="exit", then_branch=yes, else_branch=no)]
    values = {w.name: numpy_helper.to_array(w) for w in weights}

    def logits(image):
        graph = helper.make_graph(first, "probe", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, 6, 5])],
                                  [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [None, None])],
                                  [numpy_helper.from_array(values[n], n) for n in ("w", "early")])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
        run = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        return run.run(None, {"x": image})[0]

    write(name, [1, 2, 6, 5], [*first, *nodes, *last], [*weights, *extra], opset=opset, samples=8, probe=logits)


def confidence(threshold, reduce=(), attributes=None, compare="Greater", axes=None, shape=(), squeeze=False, cast=False, invert=False, swapped=False):
    """The nodes from logits to `cond`, and their constants."""
    reduce_node = node("ReduceMax", ["p", *reduce], ["m"], name="max", **(attributes or {}))
    nodes, extra = [node("Softmax", ["logits"], ["p"], name="softmax", axis=1), reduce_node], []
    if axes is not None:
        extra.append(constant("axes", axes, np.int64))
    value, last = "m", "cond"
    if squeeze:
        nodes.append(node("Squeeze", ["m"], ["s"], name="squeeze"))
        value = "s"
    extra.append(constant("t", np.full(shape, threshold)))
    operands = ["t", value] if swapped else [value, "t"]
    nodes.append(node(compare, operands, ["d"], name="compare"))
    value = "d"
    if cast:
        nodes.append(node("Cast", [value], ["b"], name="cast", to=TensorProto.BOOL))
        value = "b"
    if invert:
        nodes.append(node("Not", [value], ["n"], name="not"))
        value = "n"
    nodes.append(node("Identity", [value], [last], name="condition"))
    return nodes, extra


exits_network("exit_greater", lambda t: confidence(t, attributes={"keepdims": 0}, cast=True, shape=[1]))
exits_network("exit_axes_attribute", lambda t: confidence(t, attributes={"axes": [1], "keepdims": 1}, squeeze=True))
exits_network("exit_axes_input", lambda t: confidence(t, reduce=["axes"], axes=[-1], shape=[1, 1]), opset=18)
exits_network("exit_less", lambda t: confidence(t, attributes={"keepdims": 0}, compare="Less"), swap=True)
exits_network("exit_less_swapped", lambda t: confidence(t, attributes={"keepdims": 0}, compare="Less", swapped=True))
exits_network("exit_not", lambda t: confidence(t, attributes={"keepdims": 0}, compare="GreaterOrEqual", invert=True), swap=True)
exits_network("exit_where", lambda t: confidence(t), where=True)
exits_network("exit_branch_constants", lambda t: confidence(t, attributes={"keepdims": 0}), wrapped=True)


def nested():
    """A second exit in the branch of those that stay at the first; it reads features from before both."""
    leave = lambda name, value: helper.make_graph(
        [node("Identity", [value], [f"{name}_out"], name=f"{name}_identity")], name, [], [helper.make_tensor_value_info(f"{name}_out", TensorProto.FLOAT, [None, None])])
    condition = lambda n, logits: [
        node("Softmax", [logits], [f"p{n}"], name=f"softmax{n}", axis=1), node("ReduceMax", [f"p{n}"], [f"m{n}"], name=f"max{n}", keepdims=0),
        node("Greater", [f"m{n}", "t"], [f"cond{n}"], name=f"greater{n}")]
    dense = lambda n, x: [node("Flatten", [x], [f"f{n}"], name=f"flatten{n}"), node("Gemm", [f"f{n}", f"d{n}"], [f"logits{n}"], name=f"dense{n}", transB=1)]
    out = lambda n: [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None, None])]
    last = helper.make_graph([node("Conv", ["c2", "w3"], ["c3"], name="conv3"), node("Add", ["c3", "features"], ["sum"], name="residual"), *dense(3, "sum")], "last", [], out("logits3"))
    middle = helper.make_graph(
        [node("Conv", ["features", "w2"], ["c2"], name="conv2", pads=[1, 1, 1, 1]), *dense(2, "c2"), *condition(2, "logits2"),
         node("If", ["cond2"], ["inner"], name="exit2", then_branch=leave("leave2", "logits2"), else_branch=last)], "middle", [], out("inner"))
    nodes = [node("Conv", ["x", "w1"], ["features"], name="conv1"), *dense(1, "features"), *condition(1, "logits1"),
             node("If", ["cond1"], ["y"], name="exit1", then_branch=leave("leave1", "logits1"), else_branch=middle)]
    weights = [weight("w1", 3, 2, 3, 3), weight("w2", 3, 3, 3, 3), weight("w3", 3, 3, 1, 1), constant("t", 0.6)]
    weights += [weight(f"d{n}", 5, 36, scale=0.08) for n in (1, 2, 3)]
    write("exits_nested", [1, 2, 6, 5], nodes, weights, samples=12)


nested()

# Groups, concatenation and parts.
layer("conv_grouped", [1, 4, 6, 5], conv(group=2, pads=[0, 1, 1, 1], strides=[1, 2]), [weight("w", 6, 2, 3, 2), weight("b", 6)])
layer("conv_grouped_norm", [1, 6, 4, 3],
      [node("Conv", ["x", "w"], ["c"], name="conv", group=3), node("BatchNormalization", ["c", "s", "o", "m", "v"], ["last"], name="norm")],
      [weight("w", 3, 2, 2, 2)] + normal(3))
layer("concat_channels", [1, 2, 5, 4],
      [node("Conv", ["x", "w", "b"], ["c"], name="conv", pads=[1, 1, 1, 1]), node("Concat", ["c", "x", "c"], ["last"], name="concat", axis=-3)], small())
layer("concat_rows", [1, 2, 3, 4], [node("Relu", ["x"], ["r"], name="relu"), node("Concat", ["x", "r"], ["last"], name="concat", axis=2)], [])
layer("split_channels", [1, 5, 3, 4],
      [node("Split", ["x", "sizes"], ["a", "b"], name="split", axis=1), node("Relu", ["b"], ["r"], name="relu"), node("Concat", ["r", "a"], ["last"], name="concat", axis=1)],
      [constant("sizes", [2, 3], np.int64)])
layer("split_equal", [1, 5, 3, 4],
      [node("Split", ["x"], ["a", "b", "c"], name="split", axis=1, num_outputs=3), node("Concat", ["c", "a", "b"], ["last"], name="concat", axis=1)], [], opset=18)
layer("slice_channels", [1, 5, 4, 3], [node("Slice", ["x", "from", "to", "axes"], ["last"], name="slice")],
      [constant("from", [1, -3], np.int64), constant("to", [-1, 2**31], np.int64), constant("axes", [1, 2], np.int64)])
layer("pad_frame", [1, 2, 3, 4], [node("Pad", ["x", "pads", "value"], ["last"], name="pad")],
      [constant("pads", [0, 0, 1, 0, 0, 1, 0, 2], np.int64), constant("value", 0.25)])

# Element-wise.
for op, attributes, opset in [
    ("LeakyRelu", {}, 13), ("LeakyRelu", {"alpha": 1.5}, 13), ("LeakyRelu", {"alpha": -0.5}, 13), ("Sigmoid", {}, 13), ("Tanh", {}, 13),
    ("HardSigmoid", {}, 13), ("HardSwish", {}, 14), ("Elu", {"alpha": 0.5}, 13), ("Selu", {}, 13), ("Celu", {"alpha": 2.0}, 13), ("Gelu", {}, 20),
    ("Gelu", {"approximate": "tanh"}, 20), ("Mish", {}, 18), ("Softplus", {}, 13), ("Softsign", {}, 13), ("Exp", {}, 13), ("Abs", {}, 13), ("Neg", {}, 13),
    ("Erf", {}, 13), ("Floor", {}, 13), ("Ceil", {}, 13)]:
    what = "_".join([op.lower(), *(str(value).replace("-", "minus_").replace(".", "_") for value in attributes.values())])
    layer(f"function_{what}", [1, 3, 4, 5], [node(op, ["x"], ["last"], name="function", **attributes)], [], opset=opset, samples=2)
layer("function_prelu", [1, 3, 4, 5], [node("PRelu", ["x", "slope"], ["last"], name="prelu")], [constant("slope", [[[0.2]], [[-0.5]], [[1.5]]])])
layer("function_positive", [1, 3, 4, 5],
      [node("Abs", ["x"], ["a"], name="abs"), node("Sqrt", ["a"], ["r"], name="sqrt"), node("Pow", ["r", "cube"], ["p"], name="pow"), node("Add", ["p", "one"], ["s"], name="add"),
       node("Log", ["s"], ["l"], name="log"), node("Reciprocal", ["s"], ["i"], name="reciprocal"), node("Sub", ["l", "i"], ["last"], name="sub")],
      [constant("cube", 3), constant("one", 1)])
layer("silu", [1, 2, 3, 4], [node("Sigmoid", ["x"], ["s"], name="sigmoid"), node("Mul", ["x", "s"], ["last"], name="mul")], [])
layer("squeeze_and_excite", [1, 3, 4, 5],
      [node("ReduceMean", ["x"], ["m"], name="mean", axes=[2, 3], keepdims=1), node("Conv", ["m", "w"], ["c"], name="conv"), node("HardSigmoid", ["c"], ["g"], name="gate"),
       node("Mul", ["g", "x"], ["last"], name="mul")], [weight("w", 3, 3, 1, 1)])
layer("max_min", [1, 2, 3, 4],
      [node("Max", ["x", "low"], ["a"], name="max"), node("Min", ["high", "a"], ["b"], name="min"), node("Neg", ["x"], ["n"], name="neg"),
       node("Max", ["b", "n"], ["c"], name="max_of_two"), node("Min", ["c", "x"], ["last"], name="min_of_two")],
      [constant("low", -0.5), constant("high", 0.7)])
layer("constant_maps", [1, 2, 3, 4],
      [node("Add", ["x", "position"], ["a"], name="add"), node("Sub", ["a", "row"], ["s"], name="sub"), node("Mul", ["column", "s"], ["last"], name="mul")],
      [weight("position", 1, 2, 3, 4), weight("row", 4), weight("column", 3, 1)])

# Pools of everything.
layer("globalmaxpool", [1, 3, 5, 4], [node("GlobalMaxPool", ["x"], ["last"], name="pool")], [])
write("reducemean_attribute", [1, 3, 5, 4], [node("ReduceMean", ["x"], ["y"], name="mean", axes=[-1, -2], keepdims=0)], [])
write("reducemean_input", [1, 3, 5, 4], [node("ReduceMean", ["x", "axes"], ["m"], name="mean"), node("Flatten", ["m"], ["y"], name="flatten")],
      [constant("axes", [2, 3], np.int64)], opset=18)
write("reducemax_pixels", [1, 3, 5, 4], [node("ReduceMax", ["x"], ["y"], name="max", axes=[2, 3], keepdims=0)], [])

# Sequences.
layer("sequence_conv", [1, 3, 9], conv(pads=[1, 2], strides=[2], dilations=[2]), [weight("w", 4, 3, 3), weight("b", 4)])
layer("sequence_depthwise", [1, 3, 9], conv(group=3, auto_pad="SAME_UPPER"), [weight("w", 6, 1, 2), weight("b", 6)])
layer("sequence_maxpool", [1, 3, 9], [node("MaxPool", ["x"], ["last"], name="pool", kernel_shape=[2], strides=[2], ceil_mode=1)], [])
layer("sequence_averagepool", [1, 3, 9], [node("AveragePool", ["x"], ["last"], name="pool", kernel_shape=[3], strides=[2], pads=[1, 1], count_include_pad=1)], [])
layer("sequence_norm", [1, 3, 5], [node("BatchNormalization", ["x", "s", "o", "m", "v"], ["n"], name="norm"), node("PRelu", ["n", "slope"], ["last"], name="prelu")],
      normal(3) + [constant("slope", [[0.5], [0.25], [0.125]])])
write("sequence_mean", [1, 3, 5], [node("GlobalAveragePool", ["x"], ["g"], name="pool"), node("Squeeze", ["g", "axes"], ["y"], name="squeeze")], [constant("axes", [2], np.int64)])
layer("sequence_of_image", [1, 2, 3, 4],
      [node("Reshape", ["x", "to"], ["s"], name="reshape"), node("Conv", ["s", "w"], ["c"], name="conv"), node("Transpose", ["c"], ["t"], name="transpose", perm=[0, 2, 1]),
       node("Unsqueeze", ["t", "axis"], ["u"], name="unsqueeze"), node("Concat", ["u", "u"], ["last"], name="concat", axis=1)],
      [constant("to", [1, 2, 12], np.int64), weight("w", 3, 2, 2), constant("axis", [1], np.int64)])

# Movement.
layer("transpose_image", [1, 2, 3, 4], [node("Transpose", ["x"], ["last"], name="transpose", perm=[0, 3, 1, 2])], [])
layer("channel_shuffle", [1, 6, 2, 3],
      [node("Reshape", ["x", "split"], ["r"], name="split"), node("Transpose", ["r"], ["t"], name="transpose", perm=[0, 2, 1, 3, 4]), node("Reshape", ["t", "join"], ["last"], name="join")],
      [constant("split", [1, 2, 3, 2, 3], np.int64), constant("join", [1, 6, 2, 3], np.int64)])
write("flatten_by_shape", [1, 2, 3, 4],
      [node("Shape", ["x"], ["s"], name="shape"), node("Slice", ["s", "zero", "one"], ["n"], name="slice"), node("Concat", ["n", "minus"], ["to"], name="concat", axis=0),
       node("Reshape", ["x", "to"], ["y"], name="reshape", allowzero=1)],
      [constant("zero", [0], np.int64), constant("one", [1], np.int64), constant("minus", [-1], np.int64)], opset=14)
write("gemm_column", [1, 2, 3, 2],
      [node("Reshape", ["x", "column"], ["c"], name="column"), node("Gemm", ["c", "w", "b"], ["y"], name="gemm", transA=1, alpha=2.0)],
      [constant("column", [-1, 1], np.int64), weight("w", 12, 4), weight("b", 4)])
write("constants_folded", [1, 2, 3, 2],
      [flat, node("Transpose", ["w"], ["t"], name="transpose"), node("Add", ["v", "eps"], ["e"], name="add"), node("Sqrt", ["e"], ["r"], name="sqrt"), node("Div", ["t", "r"], ["k"], name="div"),
       node("MatMul", ["f", "k"], ["m"], name="matmul"), node("ConstantOfShape", ["four"], ["fill"], name="fill", value=constant("half", [0.5])), node("Add", ["m", "fill"], ["y"], name="bias")],
      [weight("w", 4, 12), constant("v", rng.uniform(0.5, 2, 4)), constant("eps", 1e-3), constant("four", [4], np.int64)])
write("multilayer_perceptron", [1, 6],
      [node("Gemm", ["x", "w1", "b1"], ["h"], name="hidden", transB=1), node("BatchNormalization", ["h", "s", "o", "m", "v"], ["n"], name="norm"), node("Tanh", ["n"], ["t"], name="tanh"),
       node("Gemm", ["t", "w2"], ["y"], name="last", transB=1)],
      [weight("w1", 5, 6), weight("b1", 5), weight("w2", 3, 5)] + normal(5))


# Margins: the two largest probabilities as TopK gives them, picked in the ways in which exporters pick.
def margin(threshold, pick, count=2):
    extra = [constant("k", [count], np.int64), constant("t", [threshold])]
    nodes = [node("Softmax", ["logits"], ["p"], name="softmax", axis=1), node("TopK", ["p", "k"], ["top", "places"], name="top", axis=-1)]
    if pick == "gather":
        extra += [constant("zero", 0, np.int64), constant("one", 1, np.int64)]
        nodes += [node("Gather", ["top", "zero"], ["first"], name="first", axis=1), node("Gather", ["top", "one"], ["second"], name="second", axis=1)]
    elif pick == "slice":
        extra += [constant(f"n{i}", [i], np.int64) for i in range(3)]
        nodes += [node("Slice", ["top", "n0", "n1", "n1"], ["first"], name="first"), node("Slice", ["top", "n1", "n2", "n1"], ["second"], name="second")]
    elif pick == "split":
        nodes += [node("Split", ["top"], ["first", "second"], name="split", axis=1)]
    else:
        # The sample first, then the class: a row without a batch.
        extra += [constant("zero", 0, np.int64), constant("one", 1, np.int64)]
        nodes += [node("Gather", ["top", "zero"], ["row"], name="row", axis=0)]
        nodes += [node("Gather", ["row", "zero"], ["first"], name="first", axis=0), node("Gather", ["row", "one"], ["second"], name="second", axis=0)]
    nodes += [node("Sub", ["first", "second"], ["m"], name="margin"), node("Greater", ["m", "t"], ["d"], name="compare")]
    nodes += [node("Identity", ["d"], ["cond"], name="condition")]
    return nodes, extra


exits_network("exit_margin_gather", lambda t: margin(t, "gather"), threshold=0.25)
exits_network("exit_margin_sort", lambda t: margin(t, "slice", count=5), threshold=0.25)
exits_network("exit_margin_split", lambda t: margin(t, "split"), threshold=0.25)
exits_network("exit_margin_row", lambda t: margin(t, "row"), threshold=0.25)
