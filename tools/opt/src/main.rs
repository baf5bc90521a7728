//! `mlir-opt` with the `ee` and `dataflow` dialects and all passes of this project.

fn main() {
    atheena_dialects::register_upstream_passes();
    atheena_passes::register_all();
    std::process::exit(atheena_dialects::opt_main("atheena optimizer driver\n"));
}
