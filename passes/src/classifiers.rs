//! All classifiers of a network on every sample, whether it leaves before them or not: what profiles and
//! thresholds are made of.

use crate::exits;
use atheena_dialects::{
    ee::{Confidence, Exit},
    ir::{Failure, Op},
};
use atheena_runtime::{
    dataset::DataSet,
    golden::{Golden, GoldenError, Outputs, Tensor},
};
use std::ops::Range;

/// A network whose samples run every layer, ready to run.
pub struct Classifiers {
    golden: Golden,
    exits: usize,
}

/// What the classifiers say of a sample: those of the exits in order, then the last one.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The class of each classifier's largest logit, the first of equals.
    pub predictions: Vec<usize>,
    /// Is the sample confident enough at each exit, should it come there?
    pub leaves: Vec<bool>,
    /// The logits of each exit.
    pub logits: Vec<Tensor>,
}

impl Verdict {
    /// The classifier at which the sample leaves.
    pub fn exit(&self) -> usize {
        self.leaves.iter().position(|&leaves| leaves).unwrap_or(self.leaves.len())
    }

    /// The class that the network with its exits gives.
    pub fn prediction(&self) -> usize {
        self.predictions[self.exit()]
    }

    fn of(outputs: Outputs, exits: usize) -> Self {
        let mut results = outputs.0.into_iter();
        let last = results.next();
        let mut verdict = Self { predictions: vec![], leaves: vec![], logits: vec![] };
        while let (Some(logits), true) = (results.next(), verdict.leaves.len() < exits) {
            verdict.leaves.push(results.next() == Some(Tensor::I32(vec![1])));
            verdict.predictions.push(logits.largest().unwrap_or(0));
            verdict.logits.push(logits);
        }
        verdict.predictions.push(last.and_then(|logits| logits.largest()).unwrap_or(0));
        verdict
    }
}

/// Does a sample with these logits leave?
pub fn leaves(confidence: &Confidence, logits: &Tensor) -> bool {
    match (&confidence.integer, logits) {
        (Some(integer), Tensor::I8(logits)) => integer.leaves(logits),
        (Some(integer), Tensor::I16(logits)) => integer.leaves(logits),
        (Some(integer), Tensor::I32(logits)) => integer.leaves(logits),
        _ => {
            let value = confidence.kind.of_logits(&logits.to_f64());
            if confidence.kind.leaves_above() {
                value > confidence.threshold
            } else {
                value < confidence.threshold
            }
        }
    }
}

impl Classifiers {
    /// Compiles a network, and leaves the function as it is. Its exits nest, and its result is the last classifier's.
    pub fn of(function: Op<'_>) -> Result<Self, Failure> {
        let exits = Exit::all_in(function).len();
        let copy = function.duplicate();
        let opened = exits::open(copy);
        let text = opened.map(|()| copy.to_text_with_locations());
        copy.erase();
        let name = function.symbol().unwrap_or_default();
        let golden = Golden::compile(&text?, &name).map_err(|error| function.error(error, &[]))?;
        Ok(Self { golden, exits })
    }

    /// Runs samples of a data set; the verdicts are in their order. `progress` gets the number of samples done, from
    /// several threads.
    pub fn run(
        &self,
        data: &DataSet,
        samples: Range<usize>,
        threads: usize,
        progress: impl Fn(usize) + Sync,
    ) -> Result<Vec<Verdict>, GoldenError> {
        let outputs = self.golden.run_all(data, samples, threads, progress)?;
        Ok(outputs.into_iter().map(|outputs| Verdict::of(outputs, self.exits)).collect())
    }
}
