# What the lit tests run with. `scripts/test.sh` builds the tools and calls lit; by hand, from the root:
#   cargo build --release --workspace && lit -v lit-tests      (ATHEENA_PROFILE=debug for a debug build)
import os
import sys

import lit.formats

here = os.path.abspath(os.path.dirname(__file__))
root = os.path.dirname(here)
profile = os.environ.get("ATHEENA_PROFILE", "release")
target = os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(root, "target")), profile)
llvm = os.environ.get("MLIR_SYS_220_PREFIX", "/usr/lib/llvm-22")
shared = os.environ.get("ATHEENA_SHARED", os.path.join(os.path.dirname(root), "shared"))

config.name = "atheena"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["inputs"]
config.test_source_root = here
config.test_exec_root = os.path.join(target, "lit")

# atheena, atheena-opt and atheena-translate first, then mlir-opt, FileCheck and not of LLVM 22.
config.environment["PATH"] = os.pathsep.join([target, os.path.join(llvm, "bin"), os.environ["PATH"]])
for name in ("HOME", "XDG_CACHE_HOME", "ATHEENA_CIRCT"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

plugin = os.path.join(target, "libatheena_plugin.so")
config.substitutions += [
    # For the stock tool: mlir-opt %plugin --pass-pipeline=…
    ("%plugin", f"--load-dialect-plugin={plugin} --load-pass-plugin={plugin}"),
    ("%example", os.path.join(root, "examples", "digits")),
    ("%devices", os.path.join(root, "devices")),
    ("%root", root),
    ("%shared", shared),
    # The interpreter of the pinned environment: it has numpy and the TOSA reference model.
    ("%python", sys.executable),
]

# Networks and data too large for the repository; a test that needs them says `REQUIRES: shared`.
if os.path.isdir(os.path.join(shared, "models")):
    config.available_features.add("shared")
