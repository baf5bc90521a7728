//! Networks with exits on the golden model.

use crate::ee::convert_ee_to_scf::{ConvertEeToScf, Options};
use atheena_dialects::{
    ee::{Exit, Profile},
    ir::{Failure, Op},
    pass::Pass,
};
use atheena_runtime::{
    dataset::DataSet,
    golden::{Evaluation, Golden},
};
use std::ops::Range;

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

/// Runs samples of a data set through a network, and gives each exit its counts. `progress` gets the number of samples
/// done, from several threads.
pub fn profile_exits(
    function: Op<'_>,
    data: &DataSet,
    samples: Range<usize>,
    threads: usize,
    progress: impl Fn(usize) + Sync,
) -> Result<Evaluation, Failure> {
    let golden = golden_of(function, true)?;
    if golden.input().len() != data.image_size() {
        let (wanted, found) = (golden.input(), data.image_shape());
        let message =
            format!("has an argument of type {wanted}, but the data set's images have the shape {found:?}");
        return Err(function.error(message, &[]));
    }
    let evaluation =
        golden.evaluate(data, samples, threads, progress).map_err(|error| function.error(error, &[]))?;
    for (index, exit) in Exit::all_in(function).into_iter().enumerate() {
        let (taken, of) = (evaluation.taken(index) as i64, evaluation.reached(index) as i64);
        exit.set_profile(Profile { taken, of });
    }
    Ok(evaluation)
}
