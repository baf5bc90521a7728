#!/usr/bin/env python3
"""Trains the built-in example: a convolutional network with two classifiers, on scikit-learn's digits.

    python3 -m venv venv && venv/bin/pip install --require-hashes -r requirements.txt && venv/bin/python train.py

Writes digits.onnx, digits_calib.npz and digits_test.npz beside this file; ten seconds on one core. Running it again
gives the same bytes, on any processor: sums are taken in double precision and every step's weights and
moments are rounded to a grid much coarser than what the order of a sum changes.

Arrays are [N, H, W, C] here; the ONNX file has [N, C, H, W] as its operators want.
"""

import os
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # the matrices are too small for more

import numpy
import onnx
import sklearn.datasets
from onnx import TensorProto, helper, numpy_helper

SEED = 1
TRAIN, CALIBRATION = 1000, 200  # images; the rest, 597, is the test set
EPOCHS, BATCH, RATE, DECAY = 100, 25, 4e-3, 2e-4
EXIT_WEIGHT = 0.3  # of the first classifier's loss, the last one's is 1
THRESHOLD = 0.95  # of the first classifier's largest probability; above it a sample leaves
GRID = 2.0**20  # weights are multiples of 1/GRID

LAYERS = {  # name: shape, [kernel height, kernel width, input channels, output channels] or [inputs, outputs]
    "conv1": (3, 3, 1, 8),
    "exit1": (4 * 4 * 8, 10),
    "conv2": (3, 3, 8, 16),
    "conv3": (3, 3, 16, 16),
    "exit2": (2 * 2 * 16, 10),
}


# --- data ---------------------------------------------------------------------------------------------------------------


def read_data():
    """Images uint8 [N, 8, 8, 1] and labels, in three parts that share no image."""
    digits = sklearn.datasets.load_digits()
    images = ((digits.images.astype(numpy.int64) * 255 + 8) // 16).astype(numpy.uint8)[..., None]
    labels = digits.target.astype(numpy.uint8)
    order = numpy.random.RandomState(SEED).permutation(len(labels))
    parts = numpy.split(order, [TRAIN, TRAIN + CALIBRATION])
    return [(images[part], labels[part]) for part in parts]


# --- layers: forward returns (output, what backward needs), backward returns (input gradient, weight gradients) ----------


def conv(x, weights, bias):
    """3x3, stride 1, zero padding 1, as one matrix product."""
    n, h, w, c = x.shape
    padded = numpy.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    columns = numpy.stack([padded[:, i : i + h, j : j + w] for i in range(3) for j in range(3)], axis=3)
    columns = columns.reshape(n * h * w, 9 * c)
    y = columns @ weights.reshape(9 * c, -1) + bias
    return y.reshape(n, h, w, -1), (x.shape, columns, weights)


def conv_backward(dy, saved):
    (n, h, w, c), columns, weights = saved
    flat = dy.reshape(n * h * w, -1)
    dcolumns = (flat @ weights.reshape(9 * c, -1).T).reshape(n, h, w, 9, c)
    dx = numpy.zeros((n, h + 2, w + 2, c))
    for k in range(9):
        dx[:, k // 3 : k // 3 + h, k % 3 : k % 3 + w] += dcolumns[:, :, :, k]
    return dx[:, 1:-1, 1:-1], ((columns.T @ flat).reshape(weights.shape), flat.sum(0))


def relu(x):
    return numpy.maximum(x, 0), x > 0


def pool(x):
    """Maximum of 2x2, stride 2. On a tie the first of the four gets the gradient."""
    n, h, w, c = x.shape
    four = x.reshape(n, h // 2, 2, w // 2, 2, c).transpose(0, 1, 3, 5, 2, 4).reshape(n, h // 2, w // 2, c, 4)
    return four.max(-1), (x.shape, four.argmax(-1))


def pool_backward(dy, saved):
    (n, h, w, c), chosen = saved
    four = (chosen[..., None] == numpy.arange(4)) * dy[..., None]
    return four.reshape(n, h // 2, w // 2, c, 2, 2).transpose(0, 1, 4, 2, 5, 3).reshape(n, h, w, c)


def chw(x):
    """Flattens in the order of an NCHW network."""
    return x.transpose(0, 3, 1, 2).reshape(len(x), -1)


def chw_backward(dy, shape):
    n, h, w, c = shape
    return dy.reshape(n, c, h, w).transpose(0, 2, 3, 1)


def softmax(logits):
    e = numpy.exp(logits - logits.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


# --- the network --------------------------------------------------------------------------------------------------------


def forward(p, x):
    """Logits of both classifiers for x in 0..1, and what backward needs."""
    y, conv1 = conv(x, *p["conv1"])
    y, relu1 = relu(y)
    shared, pool1 = pool(y)
    early = chw(shared) @ p["exit1"][0] + p["exit1"][1]
    y, conv2 = conv(shared, *p["conv2"])
    y, relu2 = relu(y)
    y, conv3 = conv(y, *p["conv3"])
    y, relu3 = relu(y)
    last, pool3 = pool(y)
    late = chw(last) @ p["exit2"][0] + p["exit2"][1]
    return early, late, (conv1, relu1, pool1, shared, conv2, relu2, conv3, relu3, pool3, last)


def gradients(p, x, labels):
    """Gradients of the two classifiers' cross entropies, weighted and averaged over the batch."""
    early, late, saved = forward(p, x)
    conv1, relu1, pool1, shared, conv2, relu2, conv3, relu3, pool3, last = saved
    right = numpy.eye(10)[labels]
    dearly = EXIT_WEIGHT * (softmax(early) - right) / len(x)
    dlate = (softmax(late) - right) / len(x)
    g = {"exit1": (chw(shared).T @ dearly, dearly.sum(0)), "exit2": (chw(last).T @ dlate, dlate.sum(0))}
    d = pool_backward(chw_backward(dlate @ p["exit2"][0].T, last.shape), pool3) * relu3
    d, g["conv3"] = conv_backward(d, conv3)
    d, g["conv2"] = conv_backward(d * relu2, conv2)
    d = d + chw_backward(dearly @ p["exit1"][0].T, shared.shape)
    _, g["conv1"] = conv_backward(pool_backward(d, pool1) * relu1, conv1)
    return g


def augment(x, random):
    """Moves each image by up to a pixel and dims it by up to 30 %, lest the first classifier be sure of everything."""
    padded = numpy.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    moves = random.randint(0, 3, (len(x), 2))
    moved = numpy.stack([image[i : i + 8, j : j + 8] for image, (i, j) in zip(padded, moves)])
    return moved * random.uniform(0.7, 1.0, (len(x), 1, 1, 1))


def train(images, labels):
    """Adam with decoupled weight decay, its rate falling along half a cosine."""
    random = numpy.random.RandomState(SEED)
    grid = lambda a: numpy.round(a * GRID) / GRID
    p = {}
    for name, shape in LAYERS.items():
        inputs = numpy.prod(shape[:-1])
        p[name] = [grid(random.uniform(-1, 1, shape) * (6 / inputs) ** 0.5), numpy.zeros(shape[-1])]
    first = {name: [numpy.zeros_like(a) for a in pair] for name, pair in p.items()}
    second = {name: [numpy.zeros_like(a) for a in pair] for name, pair in p.items()}
    x = images / 255.0
    steps = EPOCHS * (len(x) // BATCH)
    step = 0
    for _ in range(EPOCHS):
        order = random.permutation(len(x))
        for batch in order.reshape(-1, BATCH):
            step += 1
            rate = RATE * 0.5 * (1 + numpy.cos(numpy.pi * step / steps))
            for name, pair in gradients(p, augment(x[batch], random), labels[batch]).items():
                for k, g in enumerate(pair):
                    m, v = first[name], second[name]
                    m[k] = grid(0.9 * m[k] + 0.1 * g)
                    v[k] = grid(GRID * (0.99 * v[k] + 0.01 * g * g)) / GRID  # squares are small: a finer grid
                    update = m[k] / (1 - 0.9**step) / (numpy.sqrt(v[k] / (1 - 0.99**step)) + 1e-4)
                    p[name][k] = grid(p[name][k] - rate * (update + DECAY * p[name][k]))
    return p


# --- exits --------------------------------------------------------------------------------------------------------------


def with_exits(p, images, labels, threshold=THRESHOLD):
    """(accuracy, fraction that leaves early) at a threshold on the first classifier's largest probability."""
    early, late, _ = forward(p, images / 255.0)
    leaves = softmax(early).max(1) > threshold
    answers = numpy.where(leaves, early.argmax(1), late.argmax(1))
    return (answers == labels).mean(), leaves.mean()


# --- ONNX ---------------------------------------------------------------------------------------------------------------


def to_onnx(p):
    """The pattern in which PyTorch writes an early exit: weights in the main graph, captured by the branches of the If."""
    initialisers = []
    for name, (weights, bias) in p.items():
        weights = weights.transpose(3, 2, 0, 1) if weights.ndim == 4 else weights.T
        initialisers.append(numpy_helper.from_array(numpy.ascontiguousarray(weights, numpy.float32), f"{name}.weight"))
        initialisers.append(numpy_helper.from_array(bias.astype(numpy.float32), f"{name}.bias"))

    def conv_relu(name, source):
        return [
            helper.make_node(
                "Conv",
                [source, f"{name}.weight", f"{name}.bias"],
                [f"{name}.out"],
                name=name,
                dilations=[1, 1],
                group=1,
                kernel_shape=[3, 3],
                pads=[1, 1, 1, 1],
                strides=[1, 1],
            ),
            helper.make_node("Relu", [f"{name}.out"], [f"{name}.relu"], name=f"{name}_relu"),
        ]

    def max_pool(name, source):
        return helper.make_node(
            "MaxPool", [source], [f"{name}.out"], name=name, kernel_shape=[2, 2], pads=[0, 0, 0, 0], strides=[2, 2]
        )

    def classifier(name, source, out):
        dense = [f"{name}.flat", f"{name}.weight", f"{name}.bias"]
        return [
            helper.make_node("Flatten", [source], [f"{name}.flat"], name=f"{name}_flatten", axis=1),
            helper.make_node("Gemm", dense, [out], name=f"{name}_dense", alpha=1.0, beta=1.0, transB=1),
        ]

    def logits(name):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 10])

    stay = [*conv_relu("conv2", "pool1.out"), *conv_relu("conv3", "conv2.relu"), max_pool("pool3", "conv3.relu")]
    stay += classifier("exit2", "pool3.out", "exit2.logits")
    leave = [helper.make_node("Identity", ["exit1.logits"], ["exit1.answer"], name="exit1_identity")]
    limit = numpy_helper.from_array(numpy.array([THRESHOLD], numpy.float32))
    nodes = [*conv_relu("conv1", "image"), max_pool("pool1", "conv1.relu")]
    nodes += classifier("exit1", "pool1.out", "exit1.logits")
    nodes += [
        helper.make_node("Softmax", ["exit1.logits"], ["exit1.probabilities"], name="exit1_softmax", axis=1),
        helper.make_node("ReduceMax", ["exit1.probabilities"], ["exit1.confidence"], name="exit1_confidence", keepdims=0),
        helper.make_node("Constant", [], ["exit1.threshold"], name="exit1_threshold", value=limit),
        helper.make_node("Greater", ["exit1.confidence", "exit1.threshold"], ["exit1.greater"], name="exit1_greater"),
        helper.make_node("Cast", ["exit1.greater"], ["exit1.leaves"], name="exit1_cast", to=TensorProto.BOOL),
        helper.make_node(
            "If",
            ["exit1.leaves"],
            ["logits"],
            name="exit1",
            then_branch=helper.make_graph(leave, "leave", [], [logits("exit1.answer")]),
            else_branch=helper.make_graph(stay, "stay", [], [logits("exit2.logits")]),
        ),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 8, 8])
    graph = helper.make_graph(nodes, "digits", [image], [logits("logits")], initialisers)
    model = helper.make_model(
        graph, producer_name="atheena examples", ir_version=7, opset_imports=[helper.make_opsetid("", 13)]
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def check(model, p, images, labels):
    """The file says what was trained: ONNX's reference evaluator agrees on every answer."""
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(model)
    inputs = (images.astype(numpy.float32) / 255).transpose(0, 3, 1, 2)
    answers = numpy.array([evaluator.run(None, {"image": x[None]})[0].argmax() for x in inputs])
    expected, _ = with_exits(p, images, labels)
    assert (answers == labels).mean() == expected, "the ONNX file computes something else than what was trained"


# --- files --------------------------------------------------------------------------------------------------------------


def write(path, save):
    """Whole or not at all."""
    scratch = path.with_suffix(".new" + path.suffix)
    save(scratch)
    os.replace(scratch, path)


def main():
    here = Path(__file__).resolve().parent
    (train_images, train_labels), calibration, test = read_data()
    p = train(train_images, train_labels)
    model = to_onnx(p)
    check(model, p, *test)

    write(here / "digits.onnx", lambda path: path.write_bytes(model.SerializeToString(deterministic=True)))
    for name, (images, labels) in (("calib", calibration), ("test", test)):
        # numpy gives the members of its archives a fixed date; not compressed, so no zlib's version shows either.
        write(here / f"digits_{name}.npz", lambda path: numpy.savez(path, images=images, labels=labels))

    early, late, _ = forward(p, test[0] / 255.0)
    accuracy, leaves = with_exits(p, *test)
    print(f"threshold {THRESHOLD}, test images {len(test[1])}")
    print(f"accuracy: exit 1 {(early.argmax(1) == test[1]).mean():.4f}, exit 2 {(late.argmax(1) == test[1]).mean():.4f}")
    print(f"with exits {accuracy:.4f}, {leaves:.4f} leave at exit 1")
    for t in (0.6, 0.8, 0.9, 0.95, 0.98, 0.99):
        print("  threshold %.2f: accuracy %.4f, %.4f leave" % (t, *with_exits(p, *test, t)))


if __name__ == "__main__":
    main()
