//! Passes on the `dataflow` dialect.

pub mod convert_ee_to_dataflow;

use atheena_dialects::pass::register as add;

/// Registers the passes of this folder.
pub(crate) fn register() {
    add::<convert_ee_to_dataflow::ConvertEeToDataflow>();
}
