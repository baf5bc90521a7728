# The commands of README.md. The work is in scripts/, one file each.

.PHONY: bench demo fmt setup test

setup:
	@scripts/setup.sh

demo: setup
	@scripts/demo.sh

test: setup
	@scripts/test.sh

bench: setup
	@scripts/bench.sh

fmt:
	cargo fmt --all
	find dialects tools -name '*.cpp' -o -name '*.h' | xargs -r clang-format-22 -i
