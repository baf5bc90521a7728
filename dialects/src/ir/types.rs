//! Types.

use super::{Ctx, handle};
use crate::ffi::{self, printed, string_ref};
use mlir_sys::*;
use std::fmt;

handle! {
    /// A type.
    Type, MlirType
}

impl<'c> Type<'c> {
    /// The type that `text` writes, if it is well-formed. Emits a diagnostic otherwise.
    pub fn parse(ctx: Ctx<'c>, text: &str) -> Option<Self> {
        // SAFETY: the context is alive; null is turned into None.
        unsafe { Self::from_nullable(mlirTypeParseGet(ctx.to_raw(), string_ref(text))) }
    }

    /// The signless integer `iN`.
    pub fn integer(ctx: Ctx<'c>, width: u32) -> Self {
        // SAFETY: the context is alive.
        unsafe { Self::from_raw(mlirIntegerTypeGet(ctx.to_raw(), width)) }
    }

    /// The unsigned integer `uiN`.
    pub fn unsigned(ctx: Ctx<'c>, width: u32) -> Self {
        // SAFETY: the context is alive.
        unsafe { Self::from_raw(mlirIntegerTypeUnsignedGet(ctx.to_raw(), width)) }
    }

    /// `f32`.
    pub fn f32(ctx: Ctx<'c>) -> Self {
        // SAFETY: the context is alive.
        unsafe { Self::from_raw(mlirF32TypeGet(ctx.to_raw())) }
    }

    /// `f64`.
    pub fn f64(ctx: Ctx<'c>) -> Self {
        // SAFETY: the context is alive.
        unsafe { Self::from_raw(mlirF64TypeGet(ctx.to_raw())) }
    }

    /// `index`.
    pub fn index(ctx: Ctx<'c>) -> Self {
        // SAFETY: the context is alive.
        unsafe { Self::from_raw(mlirIndexTypeGet(ctx.to_raw())) }
    }

    /// `tensor<SHAPExELEMENT>`, ranked.
    pub fn tensor(shape: &[i64], element: Type<'c>) -> Self {
        // SAFETY: the element is alive, and the C API copies the shape.
        unsafe {
            let none = MlirAttribute { ptr: std::ptr::null_mut() };
            Self::from_raw(mlirRankedTensorTypeGet(
                shape.len() as isize,
                shape.as_ptr(),
                element.to_raw(),
                none,
            ))
        }
    }

    /// The type of a function.
    pub fn function(ctx: Ctx<'c>, inputs: &[Type<'c>], results: &[Type<'c>]) -> Self {
        let raw = |types: &[Type<'c>]| types.iter().map(|t| t.to_raw()).collect::<Vec<_>>();
        let (inputs, results) = (raw(inputs), raw(results));
        // SAFETY: the C API copies the lists.
        unsafe {
            Self::from_raw(mlirFunctionTypeGet(
                ctx.to_raw(),
                inputs.len() as isize,
                inputs.as_ptr(),
                results.len() as isize,
                results.as_ptr(),
            ))
        }
    }

    /// `!dataflow.stream<SHAPExELEMENT, lanes = LANES>`; emits a diagnostic if that is no legal stream.
    pub fn stream(shape: &[i64], element: Type<'c>, lanes: i64) -> Option<Self> {
        // SAFETY: the C API copies the shape; null is turned into None.
        unsafe {
            Self::from_nullable(ffi::atheenaStreamGet(
                element.ctx().to_raw(),
                shape.as_ptr(),
                shape.len(),
                element.to_raw(),
                lanes,
            ))
        }
    }

    /// The context.
    pub fn ctx(self) -> Ctx<'c> {
        // SAFETY: a type has a context.
        unsafe { Ctx::from_raw(mlirTypeGetContext(self.raw)) }
    }

    /// Is this a `dataflow.stream`?
    pub fn is_stream(self) -> bool {
        // SAFETY: the type is alive.
        unsafe { ffi::atheenaStreamIsA(self.raw) }
    }

    /// The sizes of a ranked tensor or memref (dynamic ones are negative) or of a stream; None of other types.
    pub fn shape(self) -> Option<Vec<i64>> {
        // SAFETY: each accessor follows the check of its kind.
        unsafe {
            if self.is_stream() {
                let mut data = std::ptr::null();
                let rank = ffi::atheenaStreamShape(self.raw, &mut data);
                return Some(std::slice::from_raw_parts(data, rank).to_vec());
            }
            (mlirTypeIsARankedTensor(self.raw) || mlirTypeIsAMemRef(self.raw)).then(|| {
                (0..mlirShapedTypeGetRank(self.raw) as isize)
                    .map(|i| {
                        if mlirShapedTypeIsDynamicDim(self.raw, i) {
                            -1
                        } else {
                            mlirShapedTypeGetDimSize(self.raw, i)
                        }
                    })
                    .collect()
            })
        }
    }

    /// The element type of a ranked tensor or stream.
    pub fn element(self) -> Option<Type<'c>> {
        // SAFETY: each accessor follows the check of its kind.
        unsafe {
            if self.is_stream() {
                Some(Type::from_raw(ffi::atheenaStreamElement(self.raw)))
            } else if mlirTypeIsAShaped(self.raw) {
                Some(Type::from_raw(mlirShapedTypeGetElementType(self.raw)))
            } else {
                None
            }
        }
    }

    /// The lanes of a stream.
    pub fn lanes(self) -> Option<i64> {
        // SAFETY: the accessor follows the check of its kind.
        self.is_stream().then(|| unsafe { ffi::atheenaStreamLanes(self.raw) })
    }

    /// The width in bits of an integer.
    pub fn int_width(self) -> Option<u32> {
        // SAFETY: the accessor follows the check of its kind.
        unsafe { mlirTypeIsAInteger(self.raw).then(|| mlirIntegerTypeGetWidth(self.raw)) }
    }

    /// Is this an unsigned integer, `uiN`?
    pub fn is_unsigned(self) -> bool {
        // SAFETY: the accessor follows the check of its kind.
        unsafe { mlirTypeIsAInteger(self.raw) && mlirIntegerTypeIsUnsigned(self.raw) }
    }

    /// Is this a floating-point type?
    pub fn is_float(self) -> bool {
        // SAFETY: the type is alive.
        unsafe { mlirTypeIsAFloat(self.raw) }
    }

    /// The width in bits of a floating-point type.
    pub fn float_width(self) -> Option<u32> {
        // SAFETY: the accessor follows the check of its kind.
        unsafe { self.is_float().then(|| mlirFloatTypeGetWidth(self.raw)) }
    }

    /// A function's inputs and results.
    pub fn signature(self) -> Option<(Vec<Type<'c>>, Vec<Type<'c>>)> {
        // SAFETY: the accessors follow the check of their kind; indices are in range.
        unsafe {
            mlirTypeIsAFunction(self.raw).then(|| {
                let inputs = (0..mlirFunctionTypeGetNumInputs(self.raw))
                    .map(|i| Type::from_raw(mlirFunctionTypeGetInput(self.raw, i)));
                let results = (0..mlirFunctionTypeGetNumResults(self.raw))
                    .map(|i| Type::from_raw(mlirFunctionTypeGetResult(self.raw, i)));
                (inputs.collect(), results.collect())
            })
        }
    }
}

impl fmt::Display for Type<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the callback and its data live through the call.
        f.write_str(&printed(|callback, user| unsafe { mlirTypePrint(self.raw, callback, user) }))
    }
}

impl fmt::Debug for Type<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
