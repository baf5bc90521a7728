//! Runs a network on a data set: its golden model, on all cores.

use crate::{error::Error, session::Session};
use atheena_dialects::{ee::Exit, ir::Op};
use atheena_passes::{
    classifiers::{Classifiers, Verdict},
    ee::tune_thresholds::tuning::Decision,
};
use atheena_runtime::{
    dataset::DataSet,
    golden::{Golden, Outputs, Tensor},
};
use std::ops::Range;

/// What a network says of a sample.
pub struct Answer {
    /// Logits as integers; empty of a float network.
    pub logits: Vec<i32>,
    /// The exit at which the sample left; the last classifier's index is the number of exits.
    pub exit: usize,
}

/// A network, ready to run.
pub struct Evaluator(Golden);

impl Evaluator {
    /// Compiles a function with or without exits.
    pub fn new(session: &Session, function: Op<'_>) -> Result<Self, Error> {
        Ok(Self(session.checked(|| atheena_passes::golden::golden_of(function, true).ok())?))
    }

    /// Runs samples; the answers are in their order. `progress` gets the number of samples done.
    pub fn run(
        &self,
        data: &DataSet,
        samples: Range<usize>,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<Answer>, Error> {
        let outputs = self.0.run_all(data, samples, threads(), progress)?;
        Ok(outputs.iter().map(answer).collect())
    }
}

/// Runs samples through every layer of a network: what each classifier says of each of them, in their order.
pub fn verdicts(
    session: &Session,
    function: Op<'_>,
    data: &DataSet,
    samples: Range<usize>,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Verdict>, Error> {
    let classifiers = session.checked(|| Classifiers::of(function).ok())?;
    Ok(classifiers.run(data, samples, threads(), progress)?)
}

/// How each exit of a network decides.
pub fn decisions(session: &Session, function: Op<'_>) -> Result<Vec<Decision>, Error> {
    let decisions = || Exit::all_in(function).into_iter().map(Decision::of).collect::<Result<_, _>>();
    Ok(session.checked(|| decisions().ok())?)
}

/// One thread a core.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}

fn answer(outputs: &Outputs) -> Answer {
    let logits = match outputs.0.first() {
        Some(Tensor::I8(v)) => v.iter().map(|&x| x.into()).collect(),
        Some(Tensor::I16(v)) => v.iter().map(|&x| x.into()).collect(),
        Some(Tensor::I32(v)) => v.clone(),
        _ => vec![],
    };
    Answer { logits, exit: outputs.exit_index().unwrap_or_default() }
}

/// Is the class of the largest logit, the first of equals, a sample's label?
pub fn correct(logits: &[i32], data: &DataSet, sample: usize) -> bool {
    let best = (0..logits.len()).rev().max_by_key(|&i| logits[i]);
    best.is_some() && best == data.label(sample)
}
