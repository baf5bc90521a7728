//! Passes written in Rust, in MLIR's own registry.
//!
//! A pass is a unit struct that implements [`Pass`]. Its options are a struct made by
//! [`pass_options!`](crate::pass_options), from which MLIR's `--help` and pipeline parser know them.

use crate::{
    ffi::{self, owned, string_ref},
    ir::{Failure, Op},
};
use mlir_sys::*;
use std::ffi::c_void;

/// A pass of the compiler.
pub trait Pass {
    /// The flag, without dashes: `ee-profile-exits`.
    const FLAG: &'static str;
    /// One line for `--help`.
    const SUMMARY: &'static str;
    /// The operation to run on: `func.func`, `builtin.module` or `dataflow.graph`.
    const ANCHOR: &'static str;
    /// The options; [`NoOptions`] if there are none.
    type Options: PassOptions;

    /// Rewrites `op`, or fails after a diagnostic. May run on several threads at once, on different operations.
    fn run(op: Op<'_>, options: &Self::Options) -> Result<(), Failure>;
}

/// The options of a pass, see [`pass_options!`](crate::pass_options).
pub trait PassOptions: Sized {
    /// Name, help and default of each option, in order.
    fn declare() -> Vec<OptionSpec>;
    /// Reads the values that a pipeline gave.
    fn read(values: &OptionValues) -> Self;
}

/// No options.
pub struct NoOptions;

impl PassOptions for NoOptions {
    fn declare() -> Vec<OptionSpec> {
        vec![]
    }
    fn read(_: &OptionValues) -> Self {
        Self
    }
}

/// The declaration of an option.
pub struct OptionSpec {
    /// The name in a pipeline, with dashes.
    pub name: String,
    /// The line for `--help`.
    pub help: &'static str,
    kind: u32,
    init: String,
}

impl OptionSpec {
    /// Declares an option; `name` may have underscores for dashes.
    pub fn new<T: OptionValue>(name: &str, help: &'static str, default: T) -> Self {
        Self { name: name.replace('_', "-"), help: help.trim(), kind: T::KIND, init: default.text() }
    }
}

/// The values of the options of a running pass.
pub struct OptionValues(*const c_void);

/// A type that an option can have.
pub trait OptionValue {
    #[doc(hidden)]
    const KIND: u32;
    #[doc(hidden)]
    fn text(&self) -> String;
    /// Reads option `index`.
    fn get(values: &OptionValues, index: usize) -> Self;
}

macro_rules! option_value {
    ($ty:ty, $kind:expr, $get:expr) => {
        impl OptionValue for $ty {
            const KIND: u32 = $kind;
            fn text(&self) -> String {
                self.to_string()
            }
            fn get(values: &OptionValues, index: usize) -> Self {
                // SAFETY: the index and the kind are those of the declaration, in its order.
                unsafe { $get(values.0, index) }
            }
        }
    };
}
option_value!(bool, 0, ffi::atheenaOptionBool);
option_value!(i64, 1, ffi::atheenaOptionInt);
option_value!(f64, 2, ffi::atheenaOptionFloat);
option_value!(String, 3, |pass, index| owned(ffi::atheenaOptionStr(pass, index)));

/// Declares the options of a pass: a struct whose fields have a doc comment (the help) and a default.
///
/// ```
/// atheena_dialects::pass_options! {
///     /// Options of `ee-example`.
///     pub struct Options {
///         /// Samples to look at.
///         pub samples: i64 = 100,
///         /// Where the data is.
///         pub data: String = String::new(),
///     }
/// }
/// assert_eq!(Options::default().samples, 100);
/// ```
#[macro_export]
macro_rules! pass_options {
    ($(#[$doc:meta])* pub struct $name:ident {
        $($(#[doc = $help:expr])+ pub $field:ident : $ty:ty = $default:expr,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name { $($(#[doc = $help])+ pub $field: $ty,)* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $crate::pass::PassOptions for $name {
            fn declare() -> Vec<$crate::pass::OptionSpec> {
                vec![$($crate::pass::OptionSpec::new::<$ty>(
                    stringify!($field), concat!($($help),+), $default)),*]
            }
            fn read(values: &$crate::pass::OptionValues) -> Self {
                let mut index = 0..;
                Self { $($field: $crate::pass::OptionValue::get(
                    values, index.next().expect("the range has no end")),)* }
            }
        }
    };
}

extern "C" fn trampoline<P: Pass>(op: MlirOperation, pass: *const c_void, _: *const c_void) -> bool {
    // SAFETY: MLIR runs the pass on a live operation.
    let op = unsafe { Op::from_raw(op) };
    // A panic must not unwind into C++: report it, fail.
    let run = || P::run(op, &P::Options::read(&OptionValues(pass))).is_ok();
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let message = format!("internal error in {}: this is a defect of the compiler", P::FLAG);
        op.loc().error(message, &["please report it with the input that shows it"]);
        false
    })
}

/// Puts a pass into MLIR's global registry, so that pipelines can name it.
pub fn register<P: Pass>() {
    // Leaked on purpose: registrations are for the life of the process, and the address of the entry is
    // the TypeID of the pass.
    let keep = |s: String| string_ref(s.leak());
    let options: Vec<_> = P::Options::declare()
        .into_iter()
        .map(|o| ffi::Option {
            name: keep(o.name),
            help: string_ref(o.help),
            init: keep(o.init),
            kind: o.kind,
        })
        .collect();
    let options = options.leak();
    let entry = Box::leak(Box::new(ffi::Pass {
        argument: string_ref(P::FLAG),
        description: string_ref(P::SUMMARY),
        anchor: string_ref(P::ANCHOR),
        options: options.as_ptr(),
        num_options: options.len(),
        own_dialects: crate::insert_own_dialects,
        run: trampoline::<P>,
        rust: std::ptr::null(),
    }));
    // SAFETY: the entry lives for ever.
    unsafe { ffi::atheenaRegisterPass(entry) }
}
