//! The `ee` and `dataflow` dialects, typed access to the TOSA operations that networks use, and a safe
//! layer to read and rewrite MLIR.
//!
//! Knows MLIR, and what each operation means, costs and allows. Never knows passes, files or devices.

pub mod dataflow;
mod driver;
pub mod ee;
mod ffi;
pub mod ir;
pub mod pass;
pub mod tosa;

pub use driver::{Export, Import, lsp_main, opt_main, register_export, register_import, translate_main};

use mlir_sys::*;

/// Adds the project's dialects to a registry (raw, as C callbacks hand it out).
pub extern "C" fn insert_own_dialects(registry: MlirDialectRegistry) {
    // SAFETY: the registry is alive; the handles are static.
    unsafe {
        mlirDialectHandleInsertDialect(ffi::mlirGetDialectHandle__ee__(), registry);
        mlirDialectHandleInsertDialect(ffi::mlirGetDialectHandle__dataflow__(), registry);
    }
}

extern "C" fn insert_all_dialects(registry: MlirDialectRegistry) {
    // SAFETY: the registry is alive.
    unsafe { ffi::atheenaRegisterUpstreamDialects(registry) };
    insert_own_dialects(registry);
}

/// Puts all passes of MLIR into its global registry, once a process.
pub fn register_upstream_passes() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    // SAFETY: the C++ side has no preconditions but to be called once.
    ONCE.call_once(|| unsafe { ffi::atheenaRegisterUpstreamPasses() });
}

/// A context that knows all dialects of MLIR and of this project, and lets operations of others pass.
pub fn context() -> melior::Context {
    let registry = melior::dialect::DialectRegistry::new();
    insert_all_dialects(registry.to_raw());
    let context = melior::Context::new();
    context.append_dialect_registry(&registry);
    context.load_all_available_dialects();
    context.set_allow_unregistered_dialects(true);
    context
}
