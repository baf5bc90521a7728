//! `ee-tune-thresholds`: chooses the thresholds of all exits for the least products a sample within a loss of accuracy.
//!
//! The loss is what the network with its exits may have less right than its last classifier alone, on other data too: a
//! one-sided test of the samples seen has to show it, with `drop-confidence`. Part of the samples is
//! held out: the choice does not see it, and the remark says how it does there.
//!
//! Requires: a network whose exits nest, float or behind `ee-quantize`; labelled images of its argument's shape.
//! Ensures: each exit has the threshold that was chosen, and the integer form of its condition is that
//! threshold's; profiles, which were counted with the old ones, are gone.
//!
//!     ee.exit "exit1" on … when #ee.max_softmax<threshold = 0.5>
//! becomes
//!     ee.exit "exit1" on … when #ee.max_softmax<threshold = 0.82>
//!
//! The frontier of accuracy and products, and how it is searched: docs/profiling.md.

use atheena_dialects::{
    ee::Exit,
    ir::{Failure, Op},
    pass::Pass,
};
use atheena_runtime::dataset::DataSet;

mod candidates;
mod margin;
mod search;
pub mod tuning;

use tuning::{Goal, Tuning};

/// The pass.
pub struct TuneThresholds;

atheena_dialects::pass_options! {
    /// Options of `ee-tune-thresholds`.
    pub struct Options {
        /// The data set: an npz file with `images`, uint8 [N, H, W, C], and `labels`.
        pub data: String = String::new(),
        /// The accuracy that may be lost to the last classifier alone, in percentage points.
        pub max_accuracy_drop: f64 = 0.2,
        /// The probability that no more is lost on other data, in 0.5..1; 0.5 only looks at the samples seen.
        pub drop_confidence: f64 = 0.95,
        /// The part of the samples that the choice does not see, in 0..1.
        pub holdout: f64 = 0.5,
        /// How many threads run samples.
        pub threads: i64 = 2,
        /// A file to write the frontier to, as JSON; none if empty.
        pub frontier: String = String::new(),
    }
}

impl Pass for TuneThresholds {
    const FLAG: &'static str = "ee-tune-thresholds";
    const SUMMARY: &'static str = "Choose the thresholds of all exits within a loss of accuracy";
    const ANCHOR: &'static str = "func.func";
    type Options = Options;

    fn run(function: Op<'_>, options: &Options) -> Result<(), Failure> {
        let Options { max_accuracy_drop, drop_confidence, holdout, .. } = *options;
        if options.data.is_empty() {
            let cure = "name an npz file: ee-tune-thresholds{data=images.npz}";
            return Err(function.error("cannot be tuned without data", &[cure]));
        }
        if !(max_accuracy_drop >= 0.0 && max_accuracy_drop.is_finite() && (0.0..1.0).contains(&holdout)) {
            let problem =
                format!("cannot be tuned with max-accuracy-drop {max_accuracy_drop} and holdout {holdout}");
            return Err(function.error(problem, &["give percentage points from 0 on, and a part in 0..1"]));
        }
        if !(0.5..1.0).contains(&drop_confidence) {
            let problem = format!("cannot be tuned with drop-confidence {drop_confidence}");
            return Err(function.error(problem, &["give a probability from 0.5 on and below 1"]));
        }
        let data = DataSet::read(&options.data).map_err(|error| function.error(error, &[]))?;
        let threads = usize::try_from(options.threads).unwrap_or(0).max(1);
        let tuning =
            tuning::tune_on(function, &data, threads, Goal { max_accuracy_drop, drop_confidence, holdout })?;
        for (exit, &threshold) in Exit::all_in(function).into_iter().zip(&tuning.chosen.thresholds) {
            exit.set_threshold(threshold)?;
            exit.0.remove_attr("profile");
        }
        if !options.frontier.is_empty() {
            let text = serde_json::to_string_pretty(&tuning).expect("figures hold nothing that JSON can't");
            let written = std::fs::write(&options.frontier, text + "\n");
            let problem = |error| format!("cannot write {}: {error}", options.frontier);
            written.map_err(|error| function.error(problem(error), &["name a file that you may write"]))?;
        }
        function.remark(summary(&tuning));
        Ok(())
    }
}

/// The choice in a line.
fn summary(tuning: &Tuning) -> String {
    let chosen = tuning.exits.iter().zip(&tuning.chosen.thresholds);
    let chosen: Vec<_> = chosen.map(|(name, threshold)| format!("{name}={threshold}")).collect();
    let figures = tuning.chosen.held_out.as_ref().unwrap_or(&tuning.chosen.tuning);
    let alone = tuning.no_exits.held_out.as_ref().unwrap_or(&tuning.no_exits.tuning);
    let samples = if tuning.chosen.held_out.is_some() { "samples held out" } else { "samples seen" };
    format!(
        "thresholds {}: on {samples} {:.2} % right and {:.0} products a sample, without exits {:.2} % and {:.0}; {}",
        chosen.join(","),
        100.0 * figures.accuracy,
        figures.products,
        100.0 * alone.accuracy,
        alone.products,
        tuning.proof()
    )
}
