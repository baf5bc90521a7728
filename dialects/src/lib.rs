//! The `ee` and `dataflow` dialects, typed access to the TOSA operations that networks use, and a safe
//! layer to read and rewrite MLIR.
//!
//! Knows MLIR, and what each operation means, costs and allows. Never knows passes, files or devices.

pub mod dataflow;
pub mod ee;
mod ffi;
pub mod ir;
pub mod pass;
pub mod tosa;

use mlir_sys::*;
use std::{
    ffi::{CString, c_char, c_int},
    os::unix::ffi::OsStringExt,
};

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

/// The process's arguments as C strings. An argument with a NUL byte can't come from an operating system.
fn arguments() -> Vec<CString> {
    std::env::args_os().filter_map(|a| CString::new(a.into_vec()).ok()).collect()
}

/// `mlir-opt`'s main function with all dialects, and all passes that are registered. Returns the exit code.
pub fn opt_main(tool: &str) -> i32 {
    let registry = melior::dialect::DialectRegistry::new();
    insert_all_dialects(registry.to_raw());
    let arguments = arguments();
    let mut argv: Vec<*mut c_char> = arguments.iter().map(|a| a.as_ptr().cast_mut()).collect();
    argv.push(std::ptr::null_mut());
    // SAFETY: argv is a list of C strings that ends with null, and outlives the call.
    unsafe {
        ffi::atheenaOptMain(
            arguments.len() as c_int,
            argv.as_mut_ptr(),
            ffi::string_ref(tool),
            registry.to_raw(),
        )
    }
}

/// A front end: makes a module of a file's bytes, or fails after a diagnostic.
///
/// The module must be one of the context.
pub trait Import {
    /// The flag, without dashes: `import-onnx`.
    const FLAG: &'static str;
    /// One line for `--help`.
    const SUMMARY: &'static str;
    /// Imports `bytes`; `file` is their file's name, for diagnostics.
    fn import<'c>(
        context: ir::Ctx<'c>,
        bytes: &[u8],
        file: &str,
    ) -> Result<melior::ir::Module<'c>, ir::Failure>;
}

/// Registers a front end with [`translate_main`].
pub fn register_import<I: Import>() {
    extern "C" fn import<I: Import>(
        context: MlirContext,
        buffer: MlirStringRef,
        file: MlirStringRef,
    ) -> MlirModule {
        // SAFETY: MLIR hands out a live context, and buffers that outlive the call.
        let (context, bytes, file) = unsafe {
            let bytes = std::slice::from_raw_parts(buffer.data.cast::<u8>(), buffer.length);
            (ir::Ctx::from_raw(context), bytes, ffi::owned(file))
        };
        let run = || {
            I::import(context, bytes, &file).map(|module| {
                let raw = module.to_raw();
                // MLIR's driver owns it from here on.
                std::mem::forget(module);
                raw
            })
        };
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {
            Ok(Ok(module)) => module,
            Ok(Err(ir::Failure)) => MlirModule { ptr: std::ptr::null_mut() },
            Err(_) => {
                ir::Loc::unknown(context).error(
                    format!("internal error in {}: this is a defect of the compiler", I::FLAG),
                    &["please report it with the input that shows it"],
                );
                MlirModule { ptr: std::ptr::null_mut() }
            }
        }
    }
    // SAFETY: the strings are copied.
    unsafe {
        ffi::atheenaRegisterImport(
            ffi::string_ref(I::FLAG),
            ffi::string_ref(I::SUMMARY),
            insert_all_dialects,
            import::<I>,
        );
    }
}

/// `mlir-translate`'s main function with the front ends that are registered. Returns the exit code.
pub fn translate_main(tool: &str) -> i32 {
    let arguments = arguments();
    let mut argv: Vec<*mut c_char> = arguments.iter().map(|a| a.as_ptr().cast_mut()).collect();
    argv.push(std::ptr::null_mut());
    // SAFETY: argv is a list of C strings that ends with null, and outlives the call.
    unsafe { ffi::atheenaTranslateMain(arguments.len() as c_int, argv.as_mut_ptr(), ffi::string_ref(tool)) }
}
