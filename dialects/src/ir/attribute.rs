//! Attributes.

use super::{Ctx, Type, handle};
use crate::ffi::{self, owned, printed, string_ref};
use mlir_sys::*;
use std::fmt;

handle! {
    /// An attribute.
    Attr, MlirAttribute
}

impl<'c> Attr<'c> {
    /// The attribute that `text` writes, if it is well-formed. Emits a diagnostic otherwise.
    pub fn parse(ctx: Ctx<'c>, text: &str) -> Option<Self> {
        // SAFETY: the context is alive; null is turned into None.
        unsafe { Self::from_nullable(mlirAttributeParseGet(ctx.to_raw(), string_ref(text))) }
    }

    /// A string.
    pub fn string(ctx: Ctx<'c>, value: &str) -> Self {
        // SAFETY: MLIR copies the string.
        unsafe { Self::from_raw(mlirStringAttrGet(ctx.to_raw(), string_ref(value))) }
    }

    /// A reference to a symbol, `@name`.
    pub fn symbol(ctx: Ctx<'c>, name: &str) -> Self {
        // SAFETY: MLIR copies the string.
        unsafe { Self::from_raw(mlirFlatSymbolRefAttrGet(ctx.to_raw(), string_ref(name))) }
    }

    /// A Boolean.
    pub fn bool(ctx: Ctx<'c>, value: bool) -> Self {
        // SAFETY: the context is alive.
        unsafe { Self::from_raw(mlirBoolAttrGet(ctx.to_raw(), value.into())) }
    }

    /// The unit attribute, whose presence is its value.
    pub fn unit(ctx: Ctx<'c>) -> Self {
        // SAFETY: the context is alive.
        unsafe { Self::from_raw(mlirUnitAttrGet(ctx.to_raw())) }
    }

    /// An integer of an integer or index type.
    pub fn int(ty: Type<'c>, value: i64) -> Self {
        // SAFETY: the type is alive.
        unsafe { Self::from_raw(mlirIntegerAttrGet(ty.to_raw(), value)) }
    }

    /// An `i64`.
    pub fn i64(ctx: Ctx<'c>, value: i64) -> Self {
        Self::int(Type::integer(ctx, 64), value)
    }

    /// An `i32`.
    pub fn i32(ctx: Ctx<'c>, value: i32) -> Self {
        Self::int(Type::integer(ctx, 32), value.into())
    }

    /// An `f64`.
    pub fn f64(ctx: Ctx<'c>, value: f64) -> Self {
        // SAFETY: the context is alive.
        unsafe { Self::from_raw(mlirFloatAttrDoubleGet(ctx.to_raw(), mlirF64TypeGet(ctx.to_raw()), value)) }
    }

    /// An `f32`.
    pub fn f32(ctx: Ctx<'c>, value: f32) -> Self {
        // SAFETY: the context is alive.
        unsafe {
            Self::from_raw(mlirFloatAttrDoubleGet(ctx.to_raw(), mlirF32TypeGet(ctx.to_raw()), value.into()))
        }
    }

    /// A type.
    pub fn ty(ty: Type<'c>) -> Self {
        // SAFETY: the type is alive.
        unsafe { Self::from_raw(mlirTypeAttrGet(ty.to_raw())) }
    }

    /// A list of attributes.
    pub fn array(ctx: Ctx<'c>, items: &[Attr<'c>]) -> Self {
        let items: Vec<_> = items.iter().map(|a| a.to_raw()).collect();
        // SAFETY: MLIR copies the list.
        unsafe { Self::from_raw(mlirArrayAttrGet(ctx.to_raw(), items.len() as isize, items.as_ptr())) }
    }

    /// `array<i64: …>`.
    pub fn i64s(ctx: Ctx<'c>, values: &[i64]) -> Self {
        // SAFETY: MLIR copies the list.
        unsafe { Self::from_raw(mlirDenseI64ArrayGet(ctx.to_raw(), values.len() as isize, values.as_ptr())) }
    }

    /// `array<i32: …>`.
    pub fn i32s(ctx: Ctx<'c>, values: &[i32]) -> Self {
        // SAFETY: MLIR copies the list.
        unsafe { Self::from_raw(mlirDenseI32ArrayGet(ctx.to_raw(), values.len() as isize, values.as_ptr())) }
    }

    /// `dense<…> : tensor<SHAPExT>` with T the element type of `values`; in row-major order, and as many
    /// as the shape says.
    pub fn dense<T: DenseElement>(ctx: Ctx<'c>, shape: &[i64], values: &[T]) -> Self {
        debug_assert_eq!(shape.iter().product::<i64>(), values.len() as i64);
        let ty = Type::tensor(shape, T::ty(ctx));
        // SAFETY: the buffer has the size that the type asks for.
        unsafe {
            Self::from_raw(mlirDenseElementsAttrRawBufferGet(
                ty.to_raw(),
                std::mem::size_of_val(values),
                values.as_ptr().cast(),
            ))
        }
    }

    /// `dense<…> : tensor<Nxindex>`.
    pub fn dense_index(ctx: Ctx<'c>, values: &[i64]) -> Self {
        let ty = Type::tensor(&[values.len() as i64], Type::index(ctx));
        // SAFETY: an index takes 64 bits in a dense attribute.
        unsafe {
            Self::from_raw(mlirDenseElementsAttrRawBufferGet(
                ty.to_raw(),
                std::mem::size_of_val(values),
                values.as_ptr().cast(),
            ))
        }
    }

    /// The text of a string.
    pub fn to_string_value(self) -> Option<String> {
        // SAFETY: the accessor follows the check of its kind.
        unsafe { mlirAttributeIsAString(self.raw).then(|| owned(mlirStringAttrGetValue(self.raw))) }
    }

    /// The value of an integer, sign-extended unless its type is unsigned.
    pub fn to_i64(self) -> Option<i64> {
        // SAFETY: the accessors follow the check of their kind.
        unsafe {
            mlirAttributeIsAInteger(self.raw).then(|| {
                let ty = Type::from_raw(mlirAttributeGetType(self.raw));
                if ty.is_unsigned() {
                    mlirIntegerAttrGetValueUInt(self.raw) as i64
                } else {
                    mlirIntegerAttrGetValueInt(self.raw)
                }
            })
        }
    }

    /// The value of a Boolean.
    pub fn to_bool(self) -> Option<bool> {
        // SAFETY: the accessor follows the check of its kind.
        unsafe { mlirAttributeIsABool(self.raw).then(|| mlirBoolAttrGetValue(self.raw)) }
    }

    /// The value of a float.
    pub fn to_f64(self) -> Option<f64> {
        // SAFETY: the accessor follows the check of its kind.
        unsafe { mlirAttributeIsAFloat(self.raw).then(|| mlirFloatAttrGetValueDouble(self.raw)) }
    }

    /// The type that a type attribute holds.
    pub fn to_type(self) -> Option<Type<'c>> {
        // SAFETY: the accessor follows the check of its kind.
        unsafe { mlirAttributeIsAType(self.raw).then(|| Type::from_raw(mlirTypeAttrGetValue(self.raw))) }
    }

    /// The values of `array<i64: …>`, `array<i32: …>` or a list of integers.
    pub fn to_i64s(self) -> Option<Vec<i64>> {
        // SAFETY: each accessor follows the check of its kind; indices are in range.
        unsafe {
            if mlirAttributeIsADenseI64Array(self.raw) {
                let n = mlirDenseArrayGetNumElements(self.raw);
                Some((0..n).map(|i| mlirDenseI64ArrayGetElement(self.raw, i)).collect())
            } else if mlirAttributeIsADenseI32Array(self.raw) {
                let n = mlirDenseArrayGetNumElements(self.raw);
                Some((0..n).map(|i| mlirDenseI32ArrayGetElement(self.raw, i).into()).collect())
            } else {
                self.to_attrs()?.into_iter().map(Attr::to_i64).collect()
            }
        }
    }

    /// The items of a list.
    pub fn to_attrs(self) -> Option<Vec<Attr<'c>>> {
        // SAFETY: the accessors follow the check of their kind; indices are in range.
        unsafe {
            mlirAttributeIsAArray(self.raw).then(|| {
                let n = mlirArrayAttrGetNumElements(self.raw);
                (0..n).map(|i| Attr::from_raw(mlirArrayAttrGetElement(self.raw, i))).collect()
            })
        }
    }

    /// The entry of a dictionary.
    pub fn entry(self, name: &str) -> Option<Attr<'c>> {
        // SAFETY: the accessor follows the check of its kind; null is turned into None.
        unsafe {
            mlirAttributeIsADictionary(self.raw)
                .then(|| Attr::from_nullable(mlirDictionaryAttrGetElementByName(self.raw, string_ref(name))))
                .flatten()
        }
    }

    /// The type of a typed attribute, such as the tensor type of `dense`.
    pub fn attr_type(self) -> Option<Type<'c>> {
        // SAFETY: null is turned into None.
        unsafe { Type::from_nullable(mlirAttributeGetType(self.raw)) }
    }

    /// The elements of `dense<…>` or `dense_resource<…>` whose element type is T's (index counts as i64), splats spread out.
    pub fn to_dense<T: DenseElement>(self) -> Option<Vec<T>> {
        // SAFETY: the kind and the element type are checked; the raw buffer of a dense attribute of
        // byte-sized elements holds them in row-major order, a splat's holds one.
        unsafe {
            if !mlirAttributeIsADenseElements(self.raw) {
                return Self::from_nullable(ffi::atheenaResourceToDense(self.raw))?.to_dense();
            }
            let ty = Type::from_raw(mlirAttributeGetType(self.raw));
            let element = ty.element()?;
            let index = element == Type::index(ty.ctx()) && size_of::<T>() == 8;
            if element != T::ty(ty.ctx()) && !index {
                return None;
            }
            let n = mlirElementsAttrGetNumElements(self.raw) as usize;
            let data = mlirDenseElementsAttrGetRawData(self.raw).cast::<T>();
            Some(if mlirDenseElementsAttrIsSplat(self.raw) {
                vec![data.read_unaligned(); n]
            } else {
                (0..n).map(|i| data.add(i).read_unaligned()).collect()
            })
        }
    }

    /// The integers of `dense<…>` of i8, i16, i32, i48, i64 or index, widened.
    pub fn to_dense_ints(self) -> Option<Vec<i64>> {
        let wide = |v: Vec<i32>| v.into_iter().map(i64::from).collect();
        self.to_dense::<i64>()
            .or_else(|| self.to_dense::<i32>().map(wide))
            .or_else(|| self.to_dense::<i8>().map(|v| v.into_iter().map(i64::from).collect()))
            .or_else(|| self.to_dense::<i16>().map(|v| v.into_iter().map(i64::from).collect()))
            .or_else(|| self.to_dense::<I48>().map(|v| v.into_iter().map(i64::from).collect()))
    }
}

/// An integer of 48 bits, in which TOSA sums products of 16 and 8 bits: little-endian, as MLIR stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct I48([u8; 6]);

impl From<I48> for i64 {
    fn from(I48([a, b, c, d, e, f]): I48) -> Self {
        i64::from_le_bytes([0, 0, a, b, c, d, e, f]) >> 16
    }
}

impl I48 {
    /// A number; None if it takes more than 48 bits.
    pub fn new(value: i64) -> Option<Self> {
        let [a, b, c, d, e, f, _, _] = value.to_le_bytes();
        let narrow = Self([a, b, c, d, e, f]);
        (i64::from(narrow) == value).then_some(narrow)
    }
}

/// A Rust type that a dense attribute can hold.
pub trait DenseElement: Copy {
    /// The MLIR type of the elements.
    fn ty(ctx: Ctx<'_>) -> Type<'_>;
}

macro_rules! dense_element {
    ($($rust:ty => $make:expr;)*) => {
        $(impl DenseElement for $rust {
            fn ty(ctx: Ctx<'_>) -> Type<'_> {
                let make: fn(Ctx<'_>) -> Type<'_> = $make;
                make(ctx)
            }
        })*
    };
}
dense_element! {
    f64 => |ctx| Type::f64(ctx);
    f32 => |ctx| Type::f32(ctx);
    i8 => |ctx| Type::integer(ctx, 8);
    i16 => |ctx| Type::integer(ctx, 16);
    i32 => |ctx| Type::integer(ctx, 32);
    I48 => |ctx| Type::integer(ctx, 48);
    i64 => |ctx| Type::integer(ctx, 64);
}

impl fmt::Display for Attr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the callback and its data live through the call.
        f.write_str(&printed(|callback, user| unsafe { mlirAttributePrint(self.raw, callback, user) }))
    }
}

impl fmt::Debug for Attr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
