//! The main functions of MLIR's tools, with the project's dialects, passes and front ends.

use crate::{ffi, insert_all_dialects, ir};
use melior::dialect::DialectRegistry;
use mlir_sys::*;
use std::{
    ffi::{CString, c_char, c_int, c_void},
    os::unix::ffi::OsStringExt,
    path::Path,
};

/// Calls a main function with the process's arguments. An argument with a NUL byte can't come from an
/// operating system.
fn with_arguments(main: impl FnOnce(c_int, *mut *mut c_char) -> c_int) -> i32 {
    let arguments: Vec<CString> =
        std::env::args_os().filter_map(|a| CString::new(a.into_vec()).ok()).collect();
    let mut argv: Vec<*mut c_char> = arguments.iter().map(|a| a.as_ptr().cast_mut()).collect();
    argv.push(std::ptr::null_mut());
    main(arguments.len() as c_int, argv.as_mut_ptr())
}

fn all_dialects() -> DialectRegistry {
    let registry = DialectRegistry::new();
    insert_all_dialects(registry.to_raw());
    registry
}

/// `mlir-opt`'s main function with all dialects, and all passes that are registered. Returns the exit code.
pub fn opt_main(tool: &str) -> i32 {
    let registry = all_dialects();
    // SAFETY: argv is a list of C strings that ends with null, and outlives the call.
    with_arguments(|argc, argv| unsafe {
        ffi::atheenaOptMain(argc, argv, ffi::string_ref(tool), registry.to_raw())
    })
}

/// `mlir-lsp-server`'s main function with all dialects. Returns the exit code.
pub fn lsp_main() -> i32 {
    let registry = all_dialects();
    // SAFETY: as above.
    with_arguments(|argc, argv| unsafe { ffi::atheenaLspMain(argc, argv, registry.to_raw()) })
}

/// `mlir-translate`'s main function with the front ends that are registered. Returns the exit code.
pub fn translate_main(tool: &str) -> i32 {
    // SAFETY: as above.
    with_arguments(|argc, argv| unsafe { ffi::atheenaTranslateMain(argc, argv, ffi::string_ref(tool)) })
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
            // A front end makes operations of dialects that the driver has only registered.
            mlirContextLoadAllAvailableDialects(context);
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

/// The way back from a module to a text of another format.
pub trait Export {
    /// The flag, without dashes: `export-eenet`.
    const FLAG: &'static str;
    /// One line for `--help`.
    const SUMMARY: &'static str;
    /// The text of a module, or a failure after a diagnostic. `output` is the file that the text goes to, None for the
    /// standard output; what does not fit into the text goes beside it.
    fn export(module: ir::Op<'_>, output: Option<&Path>) -> Result<String, ir::Failure>;
}

/// Registers the way to another format with [`translate_main`].
pub fn register_export<E: Export>() {
    extern "C" fn export<E: Export>(
        module: MlirModule,
        output: MlirStringRef,
        write: MlirStringCallback,
        user: *mut c_void,
    ) -> bool {
        // SAFETY: MLIR hands out a live module, and a string that outlives the call.
        let (module, output) =
            unsafe { (ir::Op::from_raw(mlirModuleGetOperation(module)), ffi::owned(output)) };
        let file = (output != "-").then(|| Path::new(&output));
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| E::export(module, file))) {
            Ok(Ok(text)) => {
                if let Some(write) = write {
                    // SAFETY: the callback takes any text, and what it was handed out with.
                    unsafe { write(ffi::string_ref(&text), user) };
                }
                true
            }
            Ok(Err(ir::Failure)) => false,
            Err(_) => {
                module.error(
                    format!("internal error in {}: this is a defect of the compiler", E::FLAG),
                    &["please report it with the input that shows it"],
                );
                false
            }
        }
    }
    // SAFETY: the strings are copied.
    unsafe {
        ffi::atheenaRegisterExport(
            ffi::string_ref(E::FLAG),
            ffi::string_ref(E::SUMMARY),
            insert_all_dialects,
            export::<E>,
        );
    }
}
