//! `mlir-translate` with the front ends of this project.

fn main() {
    atheena_dialects::register_import::<atheena::onnx::ImportOnnx>();
    atheena_dialects::register_import::<atheena::eenet::ImportEenet>();
    atheena_dialects::register_export::<atheena::eenet::ExportEenet>();
    std::process::exit(atheena_dialects::translate_main("atheena translation driver\n"));
}
