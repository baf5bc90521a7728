#!/usr/bin/env bash
# Every check of the repository, one stage after the other, going on where one fails. Ends with the time of each stage
# and one line `N passed, N failed, N skipped` over the Rust and the lit tests; a stage without tests of its own
# (formatting, lints, the build) counts only where it fails.
#
# Everything is built once, in release: the Rust tests, the tools that lit runs and the demo share it, and simulations
# and whole-data-set runs are too slow without optimisation.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$root" || exit 1

logs=${CARGO_TARGET_DIR:-target}/test
mkdir -p "$logs"
passed=0 failed=0 skipped=0 times=()

# stage NAME COMMAND…: its output goes to a log, of which the end is shown where it fails.
stage() {
    local name=$1 start=$SECONDS status=0
    log=$logs/$name.log
    shift
    say "$name"
    "$@" >"$log" 2>&1 || status=$?
    times+=("$(printf '%-12s %4d s  %s' "$name" $((SECONDS - start)) "$([ $status -eq 0 ] && echo passed || echo FAILED)")")
    [ $status -eq 0 ] || { failures | tail -n 300; say "$name failed (whole output in $log)"; }
    return $status
}

# What of the log tells why: of the Rust tests the reports of those that failed and the compiler's errors, else its end.
failures() {
    if grep -q '^failures:' "$log"; then
        awk '/^failures:/ { show = 1 } /^test result:/ { show = 0 } /^error/ { print } show' "$log"
    else
        tail -n 150 "$log"
    fi
}

# A stage that is one check.
check() { stage "$@" || failed=$((failed + 1)); }

rust_tests() {
    # --show-output, since a test says `skipped: …` when what it needs is absent.
    cargo test --release --locked --workspace --no-fail-fast -- --show-output
}

clang_format() {
    find dialects passes runtime compiler tools \( -name '*.cpp' -o -name '*.h' \) -not -path '*/target/*' -print0 |
        xargs -0r clang-format-22 --dry-run --Werror
}

lit_tests() { "$venv/bin/lit" -v --no-progress-bar lit-tests; }

# sum REGEX: adds the number that the regular expression's first group finds in each line of the log.
sum() { sed -nE "s/$1.*/\1/p" "$log" | awk '{ n += $1 } END { print n + 0 }'; }

check format cargo fmt --all --check
check clang-format clang_format
check clippy cargo clippy --release --locked --workspace --all-targets -- -D warnings
check build cargo build --release --locked --workspace

status=0
stage rust-tests rust_tests || status=1
absent=$(grep -c '^skipped: ' "$log")
bad=$(sum '^test result: .* ([0-9]+) failed;')
# A test binary that did not build or that died is a failure which no result line counts.
[ $status -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
passed=$((passed + $(sum '^test result: .* ([0-9]+) passed;') - absent))
failed=$((failed + bad))
skipped=$((skipped + absent + $(sum '^test result: .* ([0-9]+) ignored;')))
grep '^skipped: ' "$log" | sort | uniq -c

status=0
stage lit-tests lit_tests || status=1
bad=$(sed -nE 's/^ +(Failed|Unresolved|Timed Out|Unexpectedly Passed) *: *([0-9]+).*/\2/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
[ $status -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
found=$(sum '^Total Discovered Tests: *([0-9]+)')
[ "$found" -gt 0 ] || bad=1
passed=$((passed + $(sum '^ +Passed *: *([0-9]+)') + $(sum '^ +Expectedly Failed *: *([0-9]+)')))
failed=$((failed + bad))
skipped=$((skipped + $(sum '^ +Unsupported *: *([0-9]+)')))

printf '\n'
printf '%s\n' "${times[@]}"
printf '%-12s %4d s\n\n' total $SECONDS
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
