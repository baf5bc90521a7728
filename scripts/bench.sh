#!/usr/bin/env bash
# Measures the line on the networks that are there, see benches/line.py.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$root"

say "building atheena (release)"
cargo build --release --locked --quiet -p atheena --bin atheena
"$venv/bin/python" benches/line.py
