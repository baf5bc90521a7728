#!/usr/bin/env bash
# Installs what the build, the tests and the demo use, and says what it does. Everything is pinned by
# version and sha256. Running it again changes nothing and takes about a second.
#
#   Debian packages        LLVM and MLIR 22, Verilator, Yosys, g++, make, Python's venv
#   the user's cache       CIRCT's shared object (from its PyPI wheel) and the Python environment of the tests
#
# It needs neither git nor a checkout, so it works in an unpacked archive too.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

# Oldest Rust that knows everything the sources use (let chains of edition 2024).
rust_needed=1.88

libraries=(llvm-22-dev libmlir-22-dev libclang-22-dev libpolly-22-dev libzstd-dev zlib1g-dev libxml2-dev)
# package:command; a command that is there already, from wherever, is good enough.
commands=(mlir-22-tools:mlir-opt-22 llvm-22-tools:FileCheck-22 clang-22:clang-22 lld-22:ld.lld-22
    clang-format-22:clang-format-22 verilator:verilator yosys:yosys g++:g++ make:make)

check_machine() {
    [ "$(uname -sm)" = "Linux x86_64" ] ||
        die "the pinned tools are for Linux on x86-64, and this is $(uname -sm)"
    command -v cargo >/dev/null && command -v rustc >/dev/null ||
        die "no Rust compiler found: install Rust $rust_needed or newer with rustup (see rust-lang.org), then run this again"
    local version
    version=$(rustc --version | cut -d' ' -f2)
    [ "$(printf '%s\n' "$rust_needed" "${version%%-*}" | sort -V | head -n 1)" = "$rust_needed" ] ||
        die "Rust $version is too old: at least $rust_needed is needed; with rustup, run \`rustup update stable\`"
}

missing_packages() {
    local pair package installed
    for pair in "${commands[@]}"; do
        command -v "${pair#*:}" >/dev/null || echo "${pair%%:*}"
    done
    [ -e /usr/bin/python3 ] && /usr/bin/python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${libraries[@]}" 2>/dev/null || true)
    for package in "${libraries[@]}"; do
        grep -qx "installed $package" <<<"$installed" || echo "$package"
    done
}

install_packages() {
    local missing root_with=()
    command -v dpkg-query >/dev/null || die "this is no Debian system; the packages needed are those of Debian 12: \
${libraries[*]} ${commands[*]%%:*} python3-venv"
    mapfile -t missing < <(missing_packages)
    if [ ${#missing[@]} -eq 0 ]; then
        say "Debian packages: all there"
        return
    fi
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
            root_with=(sudo)
        else
            die "these Debian packages are missing, and only an administrator can install them:
    apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
        fi
    fi
    say "Debian packages: installing ${missing[*]}"
    "${root_with[@]}" apt-get update -q ||
        say "apt-get update failed; trying with the package lists as they are"
    "${root_with[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=600 install -q -y --no-install-recommends "${missing[@]}" ||
        die "apt-get could not install ${missing[*]}; LLVM 22 is in Debian 12's security archive (bookworm-security)"
    mapfile -t missing < <(missing_packages)
    [ ${#missing[@]} -eq 0 ] || die "still missing after the installation: ${missing[*]}"
}

make_python_environment() {
    # The stamp is written last, so an interrupted run leaves no environment that looks whole.
    if [ -e "$venv/complete" ] && "$venv/bin/python" -c '' 2>/dev/null; then
        say "Python environment: there ($venv)"
        return
    fi
    say "Python environment: making $venv"
    rm -rf "$venv"
    /usr/bin/python3 -m venv "$venv"
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps --only-binary=:all: \
        --require-hashes -r "$requirements" ||
        die "pip could not install $requirements (it is pinned for Python 3.11; this one is \
$("$venv/bin/python" -c 'import platform; print(platform.python_version())'))"
    touch "$venv/complete"
}

is_sha256() { [ -f "$1" ] && [ "$(sha256sum "$1" | cut -d' ' -f1)" = "$2" ]; }

download_circt() {
    if is_sha256 "$circt" "$circt_sha256"; then
        say "CIRCT $circt_version: there, checksum right ($circt)"
        return
    fi
    say "CIRCT $circt_version: downloading its wheel (31 MB)"
    mkdir -p "$(dirname "$circt")"
    scratch=$(mktemp -d "$atheena_cache/download-XXXXXX")
    trap 'rm -rf "$scratch"' EXIT
    echo "circt==$circt_version --hash=sha256:$circt_wheel_sha256" >"$scratch/requirements.txt"
    # Only the shared object is used, which needs no Python: so whichever Python the wheel is for will do.
    "$venv/bin/python" -m pip download -q --disable-pip-version-check --no-deps --require-hashes \
        --only-binary=:all: --python-version 3.13 --implementation cp --abi cp313 \
        --platform manylinux2014_x86_64 --platform manylinux_2_17_x86_64 \
        -r "$scratch/requirements.txt" -d "$scratch" || die "pip could not download circt $circt_version"
    "$venv/bin/python" - "$scratch" <<'PYTHON'
import glob, shutil, sys, zipfile
wheel = zipfile.ZipFile(glob.glob(sys.argv[1] + "/circt-*.whl")[0])
with wheel.open("circt/_mlir_libs/libCIRCTBindingsPythonCAPI.so") as packed, open(sys.argv[1] + "/circt.so", "wb") as out:
    shutil.copyfileobj(packed, out)
PYTHON
    is_sha256 "$scratch/circt.so" "$circt_sha256" ||
        die "the shared object in circt's wheel has another sha256 than the one this project was tested with"
    mv "$scratch/circt.so" "$circt"
    say "CIRCT $circt_version: checksum right, now at $circt"
}

check_machine
mkdir -p "$atheena_cache" || die "cannot write to $atheena_cache; XDG_CACHE_HOME moves it"
# Two setups at once (two clones, or two terminals) take turns.
exec 9>"$atheena_cache/setup.lock"
flock -n 9 || { say "waiting for another setup to end"; flock 9; }
install_packages
make_python_environment
download_circt
say "done"
