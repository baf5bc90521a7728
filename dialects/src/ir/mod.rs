//! A safe layer to read and rewrite MLIR: handles that are cheap to copy, typed access to attributes and
//! types, a builder with locations, diagnostics with notes.
//!
//! Handles are pointers into the IR of a context, as they are in C++: a handle of an erased operation must
//! not be used again. `'c` is the life of the context.

mod attribute;
mod builder;
mod operation;
mod types;

pub use attribute::{Attr, DenseElement, I48};
pub use builder::{Builder, OpBuilder};
pub use operation::{Block, Op, Region, Value, new_module};
pub use types::Type;

use crate::ffi::{self, owned, printed, string_ref};
use mlir_sys::*;
use std::fmt;

/// Defines a handle: a copyable, comparable pointer into MLIR.
macro_rules! handle {
    ($(#[$doc:meta])* $name:ident, $raw:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name<'c> {
            raw: $raw,
            context: std::marker::PhantomData<&'c ()>,
        }

        impl<'c> $name<'c> {
            /// Wraps what the C API returns.
            ///
            /// # Safety
            /// `raw` must not be null and must live in a context that outlives `'c`.
            pub unsafe fn from_raw(raw: $raw) -> Self {
                debug_assert!(!raw.ptr.is_null());
                Self { raw, context: std::marker::PhantomData }
            }

            /// The same for a handle that may be null.
            ///
            /// # Safety
            /// As of `from_raw`, but for null.
            #[allow(dead_code)]
            pub(crate) unsafe fn from_nullable(raw: $raw) -> Option<Self> {
                (!raw.ptr.is_null()).then_some(Self { raw, context: std::marker::PhantomData })
            }

            /// The handle of the C API.
            pub fn to_raw(self) -> $raw {
                self.raw
            }
        }

        impl PartialEq for $name<'_> {
            fn eq(&self, other: &Self) -> bool {
                self.raw.ptr == other.raw.ptr
            }
        }

        impl Eq for $name<'_> {}

        impl std::hash::Hash for $name<'_> {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                (self.raw.ptr as usize).hash(state);
            }
        }
    };
}
pub(crate) use handle;

handle! {
    /// A context: owns types, attributes and locations.
    Ctx, MlirContext
}

impl<'c> Ctx<'c> {
    /// The context of melior's wrapper.
    pub fn of(context: &'c melior::Context) -> Self {
        // SAFETY: melior's context is not null and outlives the borrow.
        unsafe { Self::from_raw(context.to_raw()) }
    }

    /// Lets operations of dialects that this process does not know pass the verifier, such as CIRCT's.
    pub fn allow_unregistered_dialects(self) {
        // SAFETY: the context is alive.
        unsafe { mlirContextSetAllowUnregisteredDialects(self.raw, true) }
    }
}

handle! {
    /// Where an operation comes from.
    Loc, MlirLocation
}

impl<'c> Loc<'c> {
    /// No location.
    pub fn unknown(ctx: Ctx<'c>) -> Self {
        // SAFETY: the context is alive; the C API returns a location of it.
        unsafe { Self::from_raw(mlirLocationUnknownGet(ctx.raw)) }
    }

    /// The location of a named thing, such as a node of an ONNX graph.
    pub fn name(ctx: Ctx<'c>, name: &str) -> Self {
        // SAFETY: as above; MLIR copies the name.
        unsafe { Self::from_raw(mlirLocationNameGet(ctx.raw, string_ref(name), Loc::unknown(ctx).raw)) }
    }

    /// A named thing at a place, such as a layer in a text.
    pub fn name_at(name: &str, place: Loc<'c>) -> Self {
        // SAFETY: the place's context is alive; MLIR copies the name.
        unsafe { Self::from_raw(mlirLocationNameGet(place.ctx().raw, string_ref(name), place.raw)) }
    }

    /// The location of melior's wrapper.
    pub fn of(location: melior::ir::Location<'c>) -> Self {
        // SAFETY: a location is not null and lives as long as its context.
        unsafe { Self::from_raw(location.to_raw()) }
    }

    /// A place in a file.
    pub fn file(ctx: Ctx<'c>, file: &str, line: u32, column: u32) -> Self {
        // SAFETY: as above; MLIR copies the name.
        unsafe { Self::from_raw(mlirLocationFileLineColGet(ctx.raw, string_ref(file), line, column)) }
    }

    /// The name of a named location.
    pub fn to_name(self) -> Option<String> {
        // SAFETY: the kind is checked before its accessor is called.
        unsafe {
            mlirLocationIsAName(self.raw).then(|| owned(mlirIdentifierStr(mlirLocationNameGetName(self.raw))))
        }
    }

    /// The context.
    pub fn ctx(self) -> Ctx<'c> {
        // SAFETY: a location has a context.
        unsafe { Ctx::from_raw(mlirLocationGetContext(self.raw)) }
    }

    /// Emits an error with notes; the caller stops.
    pub fn error(self, message: impl fmt::Display, notes: &[&str]) -> Failure {
        self.emit(2, &message.to_string(), notes);
        Failure
    }

    /// Emits a remark: something worth knowing that is not wrong.
    pub fn remark(self, message: impl fmt::Display) {
        self.emit(3, &message.to_string(), &[]);
    }

    /// Emits a warning.
    pub fn warning(self, message: impl fmt::Display, notes: &[&str]) {
        self.emit(1, &message.to_string(), notes);
    }

    /// Severities are those of `mlir::DiagnosticSeverity`: note 0, warning 1, error 2, remark 3.
    fn emit(self, severity: u32, message: &str, notes: &[&str]) {
        let notes: Vec<_> = notes.iter().map(|n| string_ref(n)).collect();
        // SAFETY: MLIR copies the strings, which outlive the call.
        unsafe { ffi::atheenaEmit(self.raw, severity, string_ref(message), notes.as_ptr(), notes.len()) }
    }
}

impl fmt::Display for Loc<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the callback and its data live through the call.
        f.write_str(&printed(|callback, user| unsafe { mlirLocationPrint(self.raw, callback, user) }))
    }
}

/// Something failed, and a diagnostic says what: nothing is left but to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed; the diagnostics say why")
    }
}

impl std::error::Error for Failure {}

/// An iterator over a linked list of the C API.
fn list<'c, T: Copy + 'c>(first: Option<T>, next: impl Fn(T) -> Option<T>) -> Vec<T> {
    std::iter::successors(first, |&item| next(item)).collect()
}
