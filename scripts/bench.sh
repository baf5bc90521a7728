#!/usr/bin/env bash
# Measures the line and its designs on the networks that are there, see benches/line.py, gains.py, closest.py, widths.py, layers.py, matrix.py and,
# with hours of synthesis, whole.py.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$root"

say "building atheena (release)"
cargo build --release --locked --quiet -p atheena --bin atheena
status=0
for bench in line gains closest widths layers matrix whole; do
    say "benches/$bench.py"
    "$venv/bin/python" "benches/$bench.py" || status=1
done
exit $status
