//! The dialects and passes as a plugin of the stock `mlir-opt`:
//! `mlir-opt --load-dialect-plugin=X.so --load-pass-plugin=X.so ...`.

use std::ffi::{c_char, c_void};

/// `mlir::DialectPluginLibraryInfo` and `mlir::PassPluginLibraryInfo`.
#[repr(C)]
pub struct PluginInfo<F> {
    api_version: u32,
    name: *const c_char,
    version: *const c_char,
    register: F,
}

impl<F> PluginInfo<F> {
    fn new(register: F) -> Self {
        Self { api_version: 1, name: c"atheena".as_ptr(), version: c"0.1.0".as_ptr(), register }
    }
}

extern "C" fn register_dialects(registry: *mut c_void) {
    atheena_dialects::insert_own_dialects(mlir_sys::MlirDialectRegistry { ptr: registry });
}

extern "C" fn register_passes() {
    atheena_passes::register_all();
}

/// MLIR's entry point for the dialects.
// SAFETY: the name is MLIR's, and nothing else in this library has it.
#[unsafe(no_mangle)]
pub extern "C" fn mlirGetDialectPluginInfo() -> PluginInfo<extern "C" fn(*mut c_void)> {
    PluginInfo::new(register_dialects)
}

/// MLIR's entry point for the passes.
// SAFETY: the name is MLIR's, and nothing else in this library has it.
#[unsafe(no_mangle)]
pub extern "C" fn mlirGetPassPluginInfo() -> PluginInfo<extern "C" fn()> {
    PluginInfo::new(register_passes)
}
