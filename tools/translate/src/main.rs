//! `mlir-translate` with the front ends of this project.

fn main() {
    std::process::exit(atheena_dialects::translate_main("atheena translation driver\n"));
}
