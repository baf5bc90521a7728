//! Networks with exits on the golden model.

use crate::ee::convert_ee_to_scf::{ConvertEeToScf, Options};
use atheena_dialects::{
    ir::{Failure, Op},
    pass::Pass,
};
use atheena_runtime::golden::Golden;

/// Compiles a function with exits for this machine, and leaves the function as it is. With `exit_index` its last
/// result is the number of the exit at which a sample left, `tensor<1xi32>`.
pub fn golden_of(function: Op<'_>, exit_index: bool) -> Result<Golden, Failure> {
    let copy = function.duplicate();
    let converted = ConvertEeToScf::run(copy, &Options { exit_index });
    let text = converted.map(|()| copy.to_text_with_locations());
    copy.erase();
    let name = function.symbol().unwrap_or_default();
    Golden::compile(&text?, &name).map_err(|error| function.error(error, &[]))
}
