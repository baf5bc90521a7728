//! What a network with exits does on a data set: predictions, exits taken, accuracy.

use std::ops::Range;

use super::{Golden, GoldenError};
use crate::dataset::DataSet;

/// What a network did on the samples of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evaluation {
    /// The predicted class of each sample.
    pub predictions: Vec<usize>,
    /// The number of the exit that each sample took; the final classifier's is the number of exits.
    pub exits: Vec<usize>,
    /// How many samples the labels of the data set agree with; None without labels.
    pub correct: Option<usize>,
}

impl Evaluation {
    /// How many samples left at exit `index`.
    pub fn taken(&self, index: usize) -> usize {
        self.exits.iter().filter(|&&exit| exit == index).count()
    }

    /// How many samples reached exit `index`.
    pub fn reached(&self, index: usize) -> usize {
        self.exits.iter().filter(|&&exit| exit >= index).count()
    }

    /// The part of the samples that is classified as their labels say, 0..=1.
    pub fn accuracy(&self) -> Option<f64> {
        Some(self.correct? as f64 / self.predictions.len().max(1) as f64)
    }
}

impl Golden {
    /// Runs samples of a data set through a network that returns logits, and behind them perhaps the number of the
    /// exit taken (else it is 0). `progress` gets the number of samples done, from several threads.
    pub fn evaluate(
        &self,
        data: &DataSet,
        samples: Range<usize>,
        threads: usize,
        progress: impl Fn(usize) + Sync,
    ) -> Result<Evaluation, GoldenError> {
        let outputs = self.run_all(data, samples.clone(), threads, progress)?;
        let predictions: Vec<_> = outputs.iter().map(|o| o.prediction().unwrap_or(0)).collect();
        let exits = outputs.iter().map(|o| o.exit_index().unwrap_or(0)).collect();
        let right = |(sample, &prediction)| data.label(sample) == Some(prediction);
        let correct =
            data.has_labels().then(|| samples.zip(&predictions).filter(|&pair| right(pair)).count());
        Ok(Evaluation { predictions, exits, correct })
    }
}
