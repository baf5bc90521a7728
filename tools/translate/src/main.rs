//! `mlir-translate` with the front ends of this project.

fn main() {
    atheena_dialects::register_import::<atheena::onnx::ImportOnnx>();
    atheena_dialects::register_import::<atheena::eenet::ImportEenet>();
    std::process::exit(atheena_dialects::translate_main("atheena translation driver\n"));
}
