# Sourced by the other scripts: where the tools are that neither Debian nor Cargo brings.
#
# All clones of a user share them. Names carry a version or a hash, so clones of different ages do not
# disturb each other. The Rust side (runtime) looks in the same places.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
llvm=/usr/lib/llvm-22/bin

atheena_cache=${XDG_CACHE_HOME:-$HOME/.cache}/atheena

circt_version=1.139.0
circt_wheel_sha256=b54acd70ba437aee0bf7a45bb0d61ec05c48ae7c0a16bfc060c3e6b6a42afdcb
circt_sha256=3097ab1ad2f42b116861ab429966468d395d783f8720e02403e2ff544d72f10b
circt=$atheena_cache/circt-$circt_version/libCIRCTBindingsPythonCAPI.so

# The first 16 digits of the sha256 of requirements.txt name the environment made from it.
requirements=$root/requirements.txt
venv=$atheena_cache/venv-$(sha256sum "$requirements" | cut -c1-16)

say() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*"; }
die() { printf '%s: error: %s\n' "$(basename "$0" .sh)" "$*" >&2; exit 1; }
