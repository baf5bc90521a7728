//! Passes on the `ee` dialect and TOSA.

use atheena_dialects::pass::register as add;

pub mod convert_ee_to_scf;
pub mod convert_ee_to_tosa;

/// Registers the passes of this folder.
pub(crate) fn register() {
    add::<convert_ee_to_scf::ConvertEeToScf>();
    add::<convert_ee_to_tosa::ConvertEeToTosa>();
}
