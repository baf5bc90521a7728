"""How long the line takes, network by network: ONNX to SystemVerilog, and the golden model's speed.

`make bench` builds and runs it. Networks of ../shared (or $ATHEENA_SHARED) are left out where it is absent. Ends with
exit code 1 where a figure misses its limit; the limits are those that the project promises on two cores.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("ATHEENA_SHARED", ROOT.parent / "shared"))
ATHEENA = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "atheena"
MEMORY_LIMIT_MIB = 4096

# name, network, calibration, data, most seconds to compile, least images/s of the golden model
NETWORKS = [
    ("digits", ROOT / "examples/digits/digits.onnx", ROOT / "examples/digits/digits_calib.npz", ROOT / "examples/digits/digits_test.npz", 10, 5000),
    ("B-LeNet", SHARED / "models/stock/branchy_lenet_20220902.onnx", SHARED / "data/mnist_calib.npz", SHARED / "data/mnist_test.npz", 10, 5000),
    ("Triple Wins", SHARED / "models/retrained/TripleWins_SmallCNN_230103.retrained.onnx", SHARED / "data/mnist_calib.npz", SHARED / "data/mnist_test.npz", 60, 0),
    ("B-AlexNet", SHARED / "models/retrained/branchy-alexnet_230109.retrained.onnx", SHARED / "data/cifar10_calib.npz", SHARED / "data/cifar10_test.npz", 60, 0),
]


def run(*arguments):
    """(seconds, of them on a processor, peak MiB, what the command printed) of one command."""
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen([ATHEENA, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    output, errors = process.communicate()
    seconds = time.monotonic() - start
    if process.returncode != 0:
        sys.exit(f"atheena {' '.join(map(str, arguments))} failed:\n{errors}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # The largest child so far: enough to see that none is above the limit.
    return seconds, busy, after.ru_maxrss / 1024, json.loads(output)


def main():
    missed = []
    print(f"{'network':14}{'compile':>10}{'processor':>12}{'golden model':>18}{'peak so far':>14}")
    for name, network, calibration, data, most_seconds, least_rate in NETWORKS:
        if not network.exists():
            print(f"{name:14}absent")
            continue
        with tempfile.TemporaryDirectory() as out:
            seconds, busy, _, _ = run("compile", network, "--calibration", calibration, "--device", "zc706", "-o", out, "--json")
        _, _, peak, profile = run("profile", network, "--calibration", calibration, "--data", data, "--json")
        rate = profile["samples"] / profile["seconds"]
        print(f"{name:14}{seconds:8.1f} s{busy:10.1f} s{rate:11.0f} images/s{peak:10.0f} MiB", flush=True)
        for figure, bad in ((f"compile {seconds:.1f} s, at most {most_seconds} s", seconds > most_seconds),
                            (f"golden model {rate:.0f} images/s, at least {least_rate}", rate < least_rate),
                            (f"memory {peak:.0f} MiB, at most {MEMORY_LIMIT_MIB}", peak > MEMORY_LIMIT_MIB)):
            if bad:
                missed.append(f"{name}: {figure}")
    print("\n".join(["", *missed]) if missed else "\nall within their limits")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
