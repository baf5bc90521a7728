#!/usr/bin/env bash
# The whole line on the built-in example: ONNX to SystemVerilog, simulated on real images, against the float network.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$root"

example=examples/digits
target=${CARGO_TARGET_DIR:-target}
out=$target/demo
figures=$target/demo-figures
atheena=$target/release/atheena

say "building atheena (release)"
cargo build --release --locked --quiet -p atheena --bin atheena
mkdir -p "$figures"

say "float network on the test images"
"$atheena" profile $example/digits.onnx --data $example/digits_test.npz --json >"$figures/float.json"
say "compiling $example/digits.onnx for a ZC706 into $out"
"$atheena" compile $example/digits.onnx --calibration $example/digits_calib.npz --device zc706 -o "$out" --json >"$figures/compile.json"
say "simulating the SystemVerilog with Verilator on the test images, and comparing each bit with the golden model"
# Where bits differ the command fails, but has printed what it found.
"$atheena" simulate "$out" --data $example/digits_test.npz --json >"$figures/simulation.json" ||
    [ -s "$figures/simulation.json" ]

"$venv/bin/python" - "$out" "$figures" <<'PYTHON'
import json, sys

out, figures = sys.argv[1:]
real, compiled, simulated = (json.load(open(f"{figures}/{name}.json")) for name in ("float", "compile", "simulation"))


def percent(part, whole=1):
    return f"{100 * part / whole:.2f} %" if whole else "-"


rows = [
    ("images simulated", simulated["samples"]),
    ("mismatches", f"{simulated['mismatches']}  (logits, tags and exits, against the golden model)"),
    ("accuracy", f"{percent(simulated['accuracy'])}  (float network: {percent(real['accuracy'])})"),
]
for k, counts in enumerate(simulated["exits"]):
    float_counts = real["exits"][k] if k < len(real["exits"]) else None
    also = f"  (float network: {percent(float_counts['taken'], float_counts['of'])})" if float_counts else ""
    rows.append((f"leave at {counts['name']}", f"{counts['taken']} of {counts['of']}, {percent(counts['taken'], counts['of'])}{also}"))
rows += [
    ("cycles an image", f"{simulated['cycles_per_sample']:.1f}  (predicted: {compiled['cycles_per_sample']:.1f})"),
    ("SystemVerilog", f"{out}/rtl"),
    ("weights", f"{out}/weights"),
    ("IR after each pass", f"{out}/ir"),
    ("report", f"{out}/report.json"),
]
width = max(len(name) for name, _ in rows) + 2
print()
for name, value in rows:
    print(f"  {name:{width}}{value}")
print()
sys.exit(0 if simulated["mismatches"] == 0 else 1)
PYTHON
