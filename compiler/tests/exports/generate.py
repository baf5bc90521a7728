#!/usr/bin/env python3
"""Writes what ONNX Runtime says that the networks of ../shared/models/exports compute, for compiler/tests/exports.rs.

The networks are not part of the repository; answers.json beside this script holds their outputs for images that the test makes by the
same formula. QDQ networks run without ONNX Runtime's fusions, as the operators are defined.

Made with onnxruntime 1.32.0 and numpy 2.4.6.  Usage: generate.py [FOLDER]
"""
import json
import pathlib
import sys

import numpy as np
import onnxruntime

here = pathlib.Path(__file__).parent
folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here.parents[3] / "shared/models/exports"


def image(shape, sample):
    """Pixels of noise, [1, C, H, W] as float32 / 255; pixel i in the order [H, W, C]."""
    _, channels, height, width = shape
    i = np.arange(channels * height * width, dtype=np.uint64) + np.uint64(1000003 * sample)
    pixels = ((i * np.uint64(2654435761)) % np.uint64(2**32) ^ (i * np.uint64(40503))) >> np.uint64(9) & np.uint64(255)
    hwc = pixels.reshape(1, height, width, channels).astype(np.float32) / np.float32(255)
    return np.ascontiguousarray(hwc.transpose(0, 3, 1, 2))


answers = {}
for path in sorted(folder.glob("*.onnx")):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        run = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception:
        answers[path.name] = None  # An invalid file.
        continue
    info = run.get_inputs()[0]
    shape = [1, *info.shape[1:]]
    outputs = [run.run(None, {info.name: image(shape, sample)})[0].ravel() for sample in range(24)]
    answers[path.name] = [[float(f"{v:.7g}") for v in output] for output in outputs]
text = ",\n".join(f"{json.dumps(name)}: {json.dumps(rows)}" for name, rows in answers.items())
(here / "answers.json").write_text("{" + text + "}\n")
