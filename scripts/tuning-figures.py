#!/usr/bin/env python3
"""The table of tuned thresholds in docs/profiling.md: tuning-figures.py ATHEENA SHARED, both paths.

SHARED is the folder of networks and data sets that are too large for the repository.
"""

import json
import subprocess
import sys

NETWORKS = [
    ("B-LeNet", "stock/branchy_lenet_20220902.onnx", "mnist"),
    ("Triple Wins", "retrained/TripleWins_SmallCNN_230103.retrained.onnx", "mnist"),
    ("B-AlexNet", "retrained/branchy-alexnet_230109.retrained.onnx", "cifar10"),
]


def row(name, accuracy, point, products):
    left = point["held_out"]["left"]
    thresholds = ", ".join(f"{threshold:g}" for threshold in point["thresholds"]) or "–"
    loss = 100 * (accuracy - point["held_out"]["accuracy"])
    return (
        f"| {name} | {thresholds} | {100 * sum(left[:-1]):.2f} % | {100 * point['tuning']['accuracy']:.2f} % "
        f"| {100 * point['held_out']['accuracy']:.2f} % | {loss:+.2f} | {point['held_out']['products'] / products:.3f} |"
    )


def main():
    atheena, shared = sys.argv[1:]
    print("| network | threshold | leave early | accuracy where chosen | accuracy held out | points lost | products |")
    print("|---|---|---|---|---|---|---|")
    for name, model, data in NETWORKS:
        command = [atheena, "profile", f"{shared}/models/{model}", "--data", f"{shared}/data/{data}_test.npz"]
        command += ["--calibration", f"{shared}/data/{data}_calib.npz", "--tune", "--max-accuracy-drop", "0.2", "--json"]
        tuning = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["tuning"]
        alone = tuning["no_exits"]["held_out"]
        for key, what in [("no_exits", "without exits"), ("given", "as trained"), ("chosen", "tuned")]:
            print(row(f"{name}, {what}", alone["accuracy"], tuning[key], alone["products"]))


main()
