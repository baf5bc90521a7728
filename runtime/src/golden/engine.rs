//! MLIR's execution engine, and the call of a compiled function.

use std::ffi::c_void;

use atheena_dialects::ir::Op;
use melior::StringRef;
use mlir_sys::{
    MlirExecutionEngine, mlirExecutionEngineCreate, mlirExecutionEngineDestroy,
    mlirExecutionEngineLookupPacked,
};

use super::TensorType;

/// The machine code of a function `(input, results…, scratch)`.
pub struct Engine {
    raw: MlirExecutionEngine,
    function: unsafe extern "C" fn(*mut *mut c_void),
    input: Vec<i64>,
    results: Vec<Vec<i64>>,
    scratch: Vec<i64>,
}

// SAFETY: the engine is only read after it is made, and the code it holds keeps no state.
unsafe impl Send for Engine {}
// SAFETY: as above.
unsafe impl Sync for Engine {}

impl Engine {
    /// Generates code of a module in the LLVM dialect; None if LLVM cannot. MLIR prints why.
    pub fn new(
        module: Op<'_>,
        function: &str,
        input: &TensorType,
        results: &[TensorType],
        scratch_bytes: usize,
    ) -> Option<Engine> {
        // SAFETY: the module is alive, and the engine holds nothing of it. The C interface of a function is
        // called `_mlir_ciface_NAME`, and has the packed form, an array of pointers to the arguments.
        unsafe {
            let module = mlir_sys::mlirModuleFromOperation(module.to_raw());
            let (level, libraries) = (2, std::ptr::null());
            let raw = mlirExecutionEngineCreate(module, level, 0, libraries, false, false);
            if raw.ptr.is_null() {
                return None;
            }
            let name = format!("_mlir_ciface_{function}");
            let address = mlirExecutionEngineLookupPacked(raw, StringRef::new(&name).to_raw());
            if address.is_null() {
                mlirExecutionEngineDestroy(raw);
                return None;
            }
            Some(Engine {
                raw,
                function: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(*mut *mut c_void)>(address),
                input: descriptor(&input.shape),
                results: results.iter().map(|ty| descriptor(&ty.shape)).collect(),
                scratch: descriptor(&[scratch_bytes]),
            })
        }
    }

    /// Calls the function.
    ///
    /// # Safety
    /// `input` must be readable and each of `results` writable for a tensor of the type that [`Engine::new`] got, and
    /// `scratch` for the bytes that it got, at an address that is a multiple of 64.
    pub unsafe fn call(&self, input: *const u8, results: &[*mut u8], scratch: *mut u8) {
        assert_eq!(results.len(), self.results.len(), "one place for each result");
        let place = |template: &[i64], data: *const u8| {
            let mut words = template.to_vec();
            words[..2].fill(data as i64);
            words
        };
        let mut memrefs = Vec::with_capacity(results.len() + 2);
        memrefs.push(place(&self.input, input));
        memrefs.extend(self.results.iter().zip(results).map(|(template, data)| place(template, *data)));
        memrefs.push(place(&self.scratch, scratch));
        let mut pointers: Vec<*mut c_void> = memrefs.iter_mut().map(|m| m.as_mut_ptr().cast()).collect();
        let mut arguments: Vec<*mut c_void> =
            pointers.iter_mut().map(|p| std::ptr::from_mut(p).cast()).collect();
        // SAFETY: each argument points to a pointer to a memref descriptor, as the packed form of the C interface
        // wants; the caller vouches for the memory. The function does not write to its input.
        unsafe { (self.function)(arguments.as_mut_ptr()) }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // SAFETY: the engine is alive, and nobody runs its code any more.
        unsafe { mlirExecutionEngineDestroy(self.raw) }
    }
}

/// A memref's descriptor as MLIR lays it out, for row-major data: two pointers (here null), offset, sizes, strides.
fn descriptor(shape: &[usize]) -> Vec<i64> {
    let mut words = vec![0; 3];
    words.extend(shape.iter().map(|&size| size as i64));
    words.extend((0..shape.len()).map(|i| shape[i + 1..].iter().product::<usize>() as i64));
    words
}
