//! MLIR's language server with the `ee` and `dataflow` dialects: diagnostics, types and definitions in an editor.

fn main() {
    std::process::exit(atheena_dialects::lsp_main());
}
