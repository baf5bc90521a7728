//! CIRCT's C API, loaded at run time, and a safe layer over the few functions in use.
//!
//! The shared object holds an MLIR of its own, other than the one this process links. `RTLD_DEEPBIND` makes it
//! find its own symbols first; the two exchange text, never pointers.

use std::ffi::{c_char, c_void};
use std::path::Path;
use std::sync::Mutex;

use libloading::os::unix::{Library as Loader, RTLD_LOCAL, RTLD_NOW};

use super::{Diagnostic, Severity};

/// glibc's flag; libloading has no constant for it.
const RTLD_DEEPBIND: i32 = 8;

const DIALECTS: [&str; 10] = ["hw", "comb", "seq", "sv", "om", "emit", "verif", "sim", "ltl", "debug"];

/// A handle of the C API: each of its types is a struct that holds one pointer.
#[repr(C)]
#[derive(Clone, Copy)]
struct Handle(*mut c_void);

/// `MlirStringRef`.
#[repr(C)]
#[derive(Clone, Copy)]
struct StringRef {
    data: *const c_char,
    length: usize,
}

impl StringRef {
    fn new(text: &str) -> Self {
        Self { data: text.as_ptr().cast(), length: text.len() }
    }
}

/// `MlirLogicalResult`.
#[repr(C)]
#[derive(Clone, Copy)]
struct LogicalResult(i8);

impl LogicalResult {
    const SUCCESS: Self = Self(1);

    fn succeeded(self) -> bool {
        self.0 != 0
    }
}

type StringCallback = extern "C" fn(StringRef, *mut c_void);
type DiagnosticHandler = extern "C" fn(Handle, *mut c_void) -> LogicalResult;

/// Declares the table of functions and how it is filled.
macro_rules! functions {
    ($($name:ident: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        #[allow(non_snake_case)]
        #[derive(Clone, Copy)]
        struct Functions {
            $($name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl Functions {
            /// # Safety
            /// The library must declare each function with this signature.
            unsafe fn load(library: &Loader) -> Result<Self, libloading::Error> {
                Ok(Self { $(
                    // SAFETY: the caller warrants the signature.
                    $name: unsafe { *library.get(concat!(stringify!($name), "\0").as_bytes())? },
                )* })
            }
        }
    };
}

functions! {
    mlirContextAttachDiagnosticHandler:
        fn(Handle, DiagnosticHandler, *mut c_void, Option<extern "C" fn(*mut c_void)>) -> u64;
    mlirContextCreateWithRegistry: fn(Handle, bool) -> Handle;
    mlirContextDestroy: fn(Handle);
    mlirContextLoadAllAvailableDialects: fn(Handle);
    mlirDiagnosticGetLocation: fn(Handle) -> Handle;
    mlirDiagnosticGetNote: fn(Handle, isize) -> Handle;
    mlirDiagnosticGetNumNotes: fn(Handle) -> isize;
    mlirDiagnosticGetSeverity: fn(Handle) -> i32;
    mlirDiagnosticPrint: fn(Handle, StringCallback, *mut c_void);
    mlirDialectHandleInsertDialect: fn(Handle, Handle);
    mlirDialectRegistryCreate: fn() -> Handle;
    mlirDialectRegistryDestroy: fn(Handle);
    mlirExportSplitVerilog: fn(Handle, StringRef) -> LogicalResult;
    mlirLocationPrint: fn(Handle, StringCallback, *mut c_void);
    mlirModuleCreateParse: fn(Handle, StringRef) -> Handle;
    mlirModuleDestroy: fn(Handle);
    mlirModuleGetOperation: fn(Handle) -> Handle;
    mlirOpPrintingFlagsCreate: fn() -> Handle;
    mlirOpPrintingFlagsDestroy: fn(Handle);
    mlirOpPrintingFlagsPrintGenericOpForm: fn(Handle);
    mlirOperationGetAttributeByName: fn(Handle, StringRef) -> Handle;
    mlirOperationPrintWithFlags: fn(Handle, Handle, StringCallback, *mut c_void);
    mlirOperationSetAttributeByName: fn(Handle, StringRef, Handle);
    mlirParsePassPipeline: fn(Handle, StringRef, StringCallback, *mut c_void) -> LogicalResult;
    mlirPassManagerCreate: fn(Handle) -> Handle;
    mlirPassManagerDestroy: fn(Handle);
    mlirPassManagerEnableVerifier: fn(Handle, bool);
    mlirPassManagerGetAsOpPassManager: fn(Handle) -> Handle;
    mlirPassManagerRunOnOp: fn(Handle, Handle) -> LogicalResult;
    mlirRegisterCIRCTConversionPasses: fn();
    mlirRegisterCIRCTTransformsPasses: fn();
    mlirRegisterTransformsPasses: fn();
    mlirStringAttrGet: fn(Handle, StringRef) -> Handle;
    registerCombPasses: fn();
    registerHWPasses: fn();
    registerSVPasses: fn();
    registerSeqPasses: fn();
}

/// The loaded library. It stays loaded until the process ends: MLIR's global registries do not survive
/// being unloaded.
pub(super) struct Library {
    functions: Functions,
    dialects: Vec<unsafe extern "C" fn() -> Handle>,
}

impl Library {
    pub fn open(path: &Path) -> Result<Library, libloading::Error> {
        static REGISTRATION: Mutex<()> = Mutex::new(());
        // SAFETY: the library's initialisers only fill LLVM's global tables.
        let loader = unsafe { Loader::open(Some(path), RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND)? };
        // SAFETY: the signatures are those of mlir-c and circt-c in CIRCT 1.139.0, where each handle is a struct
        // of one pointer.
        let functions = unsafe { Functions::load(&loader)? };
        let dialect = |name| {
            let symbol = format!("mlirGetDialectHandle__{name}__\0");
            // SAFETY: MLIR_DECLARE_CAPI_DIALECT_REGISTRATION declares it so.
            unsafe { loader.get::<unsafe extern "C" fn() -> Handle>(symbol.as_bytes()).map(|symbol| *symbol) }
        };
        let dialects = DIALECTS.into_iter().map(dialect).collect::<Result<_, _>>()?;
        std::mem::forget(loader);
        // A poisoned lock only says that another thread panicked; the registry itself is idempotent.
        let _guard = REGISTRATION.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        for register in [
            functions.registerHWPasses,
            functions.registerCombPasses,
            functions.registerSVPasses,
            functions.registerSeqPasses,
            functions.mlirRegisterCIRCTConversionPasses,
            functions.mlirRegisterCIRCTTransformsPasses,
            functions.mlirRegisterTransformsPasses,
        ] {
            // SAFETY: registering twice is harmless, and the lock keeps it from happening at the same time.
            unsafe { register() };
        }
        Ok(Library { functions, dialects })
    }
}

/// What a diagnostic handler needs: the functions to read a diagnostic and where to put it.
struct Listener {
    functions: Functions,
    diagnostics: Vec<Diagnostic>,
}

/// An MLIR context of CIRCT that keeps its diagnostics.
pub(super) struct Session {
    functions: Functions,
    registry: Handle,
    context: Handle,
    /// Owned; a raw pointer because the context's handler writes through it.
    listener: *mut Listener,
}

impl Session {
    pub fn new(library: &Library) -> Session {
        let functions = library.functions;
        let listener = Box::into_raw(Box::new(Listener { functions, diagnostics: Vec::new() }));
        // SAFETY: the handles come from the functions that make them and live until `drop`; the listener outlives
        // the context, whose threads hand it one diagnostic at a time.
        unsafe {
            let registry = (functions.mlirDialectRegistryCreate)();
            for dialect in &library.dialects {
                (functions.mlirDialectHandleInsertDialect)(dialect(), registry);
            }
            let context = (functions.mlirContextCreateWithRegistry)(registry, true);
            (functions.mlirContextLoadAllAvailableDialects)(context);
            (functions.mlirContextAttachDiagnosticHandler)(context, listen, listener.cast(), None);
            Session { functions, registry, context, listener }
        }
    }

    /// The diagnostics since the last call.
    pub fn take_diagnostics(&self) -> Vec<Diagnostic> {
        // SAFETY: the handler only runs inside calls of this session, of which none is under way.
        unsafe { std::mem::take(&mut (*self.listener).diagnostics) }
    }

    /// Parses and verifies a module; `None` after error diagnostics.
    pub fn parse(&self, text: &str) -> Option<Module<'_>> {
        // The lexer reads one byte past the end, which must be NUL.
        let terminated = [text.as_bytes(), b"\0"].concat();
        let source = StringRef { data: terminated.as_ptr().cast(), length: text.len() };
        // SAFETY: the context lives, and the text outlives the call.
        let module = unsafe { (self.functions.mlirModuleCreateParse)(self.context, source) };
        (!module.0.is_null()).then_some(Module { session: self, module })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: made in `new`, destroyed once; modules borrow the session, so none is left.
        unsafe {
            (self.functions.mlirContextDestroy)(self.context);
            (self.functions.mlirDialectRegistryDestroy)(self.registry);
            drop(Box::from_raw(self.listener));
        }
    }
}

/// A module of a session.
pub(super) struct Module<'session> {
    session: &'session Session,
    module: Handle,
}

impl Module<'_> {
    fn operation(&self) -> Handle {
        // SAFETY: the module lives.
        unsafe { (self.session.functions.mlirModuleGetOperation)(self.module) }
    }

    /// Sets a string attribute of the module unless it has one of that name.
    pub fn set_attribute_if_absent(&self, name: &str, value: &str) {
        let functions = &self.session.functions;
        // SAFETY: operation and context live, and the API copies the strings.
        unsafe {
            let name = StringRef::new(name);
            if (functions.mlirOperationGetAttributeByName)(self.operation(), name).0.is_null() {
                let value = (functions.mlirStringAttrGet)(self.session.context, StringRef::new(value));
                (functions.mlirOperationSetAttributeByName)(self.operation(), name, value);
            }
        }
    }

    /// Runs a pass pipeline; the error is the text of a malformed one, or empty after diagnostics.
    pub fn run(&self, pipeline: &str) -> Result<(), String> {
        let functions = &self.session.functions;
        let mut error = Vec::<u8>::new();
        // SAFETY: the pass manager is made and destroyed here; the callback's data is the buffer that it expects.
        let succeeded = unsafe {
            let manager = (functions.mlirPassManagerCreate)(self.session.context);
            // What comes in is verified, and what the passes do is CIRCT's own: between them takes as long as they do.
            (functions.mlirPassManagerEnableVerifier)(manager, false);
            let nest = (functions.mlirPassManagerGetAsOpPassManager)(manager);
            let target = (&raw mut error).cast();
            let parsed =
                (functions.mlirParsePassPipeline)(nest, StringRef::new(pipeline), append, target).succeeded();
            let ran = parsed && (functions.mlirPassManagerRunOnOp)(manager, self.operation()).succeeded();
            (functions.mlirPassManagerDestroy)(manager);
            ran
        };
        if succeeded { Ok(()) } else { Err(String::from_utf8_lossy(&error).into_owned()) }
    }

    /// The module in generic form.
    pub fn to_generic(&self) -> String {
        let functions = &self.session.functions;
        let mut text = Vec::<u8>::new();
        // SAFETY: the flags are made and destroyed here; the callback's data is the buffer that it expects.
        unsafe {
            let flags = (functions.mlirOpPrintingFlagsCreate)();
            (functions.mlirOpPrintingFlagsPrintGenericOpForm)(flags);
            (functions.mlirOperationPrintWithFlags)(self.operation(), flags, append, (&raw mut text).cast());
            (functions.mlirOpPrintingFlagsDestroy)(flags);
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Writes a file a module and `filelist.f`; false after error diagnostics.
    pub fn export_split_verilog(&self, directory: &str) -> bool {
        // SAFETY: the module lives, and the string outlives the call.
        unsafe {
            (self.session.functions.mlirExportSplitVerilog)(self.module, StringRef::new(directory))
                .succeeded()
        }
    }
}

impl Drop for Module<'_> {
    fn drop(&mut self) {
        // SAFETY: made by the parser, destroyed once, before its context.
        unsafe { (self.session.functions.mlirModuleDestroy)(self.module) }
    }
}

/// Appends to the `Vec<u8>` that `buffer` points to.
extern "C" fn append(text: StringRef, buffer: *mut c_void) {
    if text.length > 0 {
        // SAFETY: callers pass a pointer to a `Vec<u8>` that nothing else uses during the call, and MLIR a
        // valid string.
        unsafe {
            let bytes = std::slice::from_raw_parts(text.data.cast::<u8>(), text.length);
            (*buffer.cast::<Vec<u8>>()).extend_from_slice(bytes);
        }
    }
}

/// Keeps a diagnostic in the `Listener` that `listener` points to.
extern "C" fn listen(diagnostic: Handle, listener: *mut c_void) -> LogicalResult {
    // SAFETY: `Session::new` passes its listener, which lives as long as the context.
    unsafe {
        let listener = &mut *listener.cast::<Listener>();
        let read = read_diagnostic(&listener.functions, diagnostic);
        listener.diagnostics.push(read);
    }
    LogicalResult::SUCCESS
}

/// # Safety
/// `diagnostic` must be the diagnostic, or a note of the one, that a handler is being called with.
unsafe fn read_diagnostic(functions: &Functions, diagnostic: Handle) -> Diagnostic {
    let mut location = Vec::<u8>::new();
    let mut message = Vec::<u8>::new();
    // SAFETY: the caller warrants the diagnostic; the callbacks' data are the buffers that they expect.
    unsafe {
        let place = (functions.mlirDiagnosticGetLocation)(diagnostic);
        (functions.mlirLocationPrint)(place, append, (&raw mut location).cast());
        (functions.mlirDiagnosticPrint)(diagnostic, append, (&raw mut message).cast());
        let notes = (0..(functions.mlirDiagnosticGetNumNotes)(diagnostic))
            .map(|index| read_diagnostic(functions, (functions.mlirDiagnosticGetNote)(diagnostic, index)))
            .collect();
        let location = String::from_utf8_lossy(&location);
        let location =
            location.strip_prefix("loc(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(&location);
        Diagnostic {
            severity: match (functions.mlirDiagnosticGetSeverity)(diagnostic) {
                0 => Severity::Error,
                1 => Severity::Warning,
                2 => Severity::Note,
                _ => Severity::Remark,
            },
            location: location.to_owned(),
            message: String::from_utf8_lossy(&message).into_owned(),
            notes,
        }
    }
}
