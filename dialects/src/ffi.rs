//! The functions of `cpp/` as Rust sees them.

use mlir_sys::*;
use std::ffi::{c_char, c_int, c_void};

/// Mirrors `AtheenaOption` in `cpp/Shim.cpp`.
#[repr(C)]
pub struct Option {
    pub name: MlirStringRef,
    pub help: MlirStringRef,
    pub init: MlirStringRef,
    pub kind: u32,
}

/// Mirrors `AtheenaPass` in `cpp/Shim.cpp`.
#[repr(C)]
pub struct Pass {
    pub argument: MlirStringRef,
    pub description: MlirStringRef,
    pub anchor: MlirStringRef,
    pub options: *const Option,
    pub num_options: usize,
    pub own_dialects: extern "C" fn(MlirDialectRegistry),
    pub run: extern "C" fn(MlirOperation, *const c_void, *const c_void) -> bool,
    pub rust: *const c_void,
}

/// Mirrors `AtheenaConfidence` in `cpp/Ee.cpp`.
#[repr(C)]
pub struct Confidence {
    pub kind: u32,
    pub threshold: f64,
    pub shift: i64,
    pub table: *const i32,
    pub table_size: usize,
    pub terms: *const i32,
    pub terms_size: usize,
    pub limits: *const i32,
    pub limits_size: usize,
    pub limit_shift: i64,
}

pub type Import = extern "C" fn(MlirContext, MlirStringRef, MlirStringRef) -> MlirModule;

pub type Export = extern "C" fn(MlirModule, MlirStringRef, MlirStringCallback, *mut c_void) -> bool;

unsafe extern "C" {
    pub fn mlirGetDialectHandle__ee__() -> MlirDialectHandle;
    pub fn mlirGetDialectHandle__dataflow__() -> MlirDialectHandle;

    pub fn atheenaConfidenceGet(context: MlirContext, from: *const Confidence) -> MlirAttribute;
    pub fn atheenaConfidenceOf(attribute: MlirAttribute, to: *mut Confidence) -> bool;
    pub fn atheenaProfileGet(context: MlirContext, taken: i64, of: i64) -> MlirAttribute;
    pub fn atheenaProfileCounts(attribute: MlirAttribute, taken: *mut i64, of: *mut i64) -> bool;

    pub fn atheenaStreamGet(
        context: MlirContext,
        shape: *const i64,
        rank: usize,
        element: MlirType,
        lanes: i64,
    ) -> MlirType;
    pub fn atheenaStreamIsA(ty: MlirType) -> bool;
    pub fn atheenaStreamShape(ty: MlirType, shape: *mut *const i64) -> usize;
    pub fn atheenaStreamElement(ty: MlirType) -> MlirType;
    pub fn atheenaStreamLanes(ty: MlirType) -> i64;

    pub fn atheenaRegisterPass(pass: *const Pass);
    pub fn atheenaOptionBool(pass: *const c_void, index: usize) -> bool;
    pub fn atheenaOptionInt(pass: *const c_void, index: usize) -> i64;
    pub fn atheenaOptionFloat(pass: *const c_void, index: usize) -> f64;
    pub fn atheenaOptionStr(pass: *const c_void, index: usize) -> MlirStringRef;
    pub fn atheenaRegisterUpstreamPasses();
    pub fn atheenaRegisterUpstreamDialects(registry: MlirDialectRegistry);
    pub fn atheenaOptMain(
        argc: c_int,
        argv: *mut *mut c_char,
        tool: MlirStringRef,
        registry: MlirDialectRegistry,
    ) -> c_int;
    pub fn atheenaLspMain(argc: c_int, argv: *mut *mut c_char, registry: MlirDialectRegistry) -> c_int;
    pub fn atheenaRegisterImport(
        name: MlirStringRef,
        description: MlirStringRef,
        dialects: extern "C" fn(MlirDialectRegistry),
        import: Import,
    );
    pub fn atheenaRegisterExport(
        name: MlirStringRef,
        description: MlirStringRef,
        dialects: extern "C" fn(MlirDialectRegistry),
        translate: Export,
    );
    pub fn atheenaTranslateMain(argc: c_int, argv: *mut *mut c_char, tool: MlirStringRef) -> c_int;
    pub fn atheenaResourceToDense(attribute: MlirAttribute) -> MlirAttribute;
    pub fn atheenaEmit(
        location: MlirLocation,
        severity: u32,
        message: MlirStringRef,
        notes: *const MlirStringRef,
        num_notes: usize,
    );
}

/// A string as the C API takes it; MLIR copies what it keeps.
pub fn string_ref(s: &str) -> MlirStringRef {
    MlirStringRef { data: s.as_ptr().cast(), length: s.len() }
}

/// A string that MLIR owns.
///
/// # Safety
/// `s` must be valid UTF-8 or at least readable for `'a`.
pub unsafe fn owned(s: MlirStringRef) -> String {
    if s.length == 0 {
        return String::new();
    }
    // SAFETY: MLIR's string references point at `length` readable bytes.
    let bytes = unsafe { std::slice::from_raw_parts(s.data.cast::<u8>(), s.length) };
    String::from_utf8_lossy(bytes).into_owned()
}

/// Appends a printed piece to the `String` behind `user`.
pub unsafe extern "C" fn append(piece: MlirStringRef, user: *mut c_void) {
    // SAFETY: every caller of `printed` passes a `&mut String`.
    let out = unsafe { &mut *user.cast::<String>() };
    // SAFETY: MLIR hands out readable bytes.
    out.push_str(&unsafe { owned(piece) });
}

/// What a C printing function prints.
pub fn printed(print: impl FnOnce(MlirStringCallback, *mut c_void)) -> String {
    let mut out = String::new();
    print(Some(append), (&raw mut out).cast());
    out
}
