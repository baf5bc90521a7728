//! The thresholds of all exits at once: what accuracy they leave and how many products a sample they cost.
//!
//! Every sample runs every classifier once. Which samples leave where, for any thresholds, then follows from how strict
//! a threshold each sample passes at each exit. docs/profiling.md has the formulas.

use super::{
    candidates::Ladder,
    margin::{self, Bound},
    search::{self, Choice, Cost, Sample},
};
use crate::classifiers::{Classifiers, Verdict, leaves};
use atheena_dialects::{
    ee::{Confidence, Exit},
    ir::{Attr, Block, Failure, Op},
    tosa::Convolution,
};
use atheena_runtime::{dataset::DataSet, golden::Tensor};
use serde::{Deserialize, Serialize};

/// How an exit decides, for any threshold.
#[derive(Debug, Clone)]
pub struct Decision {
    pub(super) confidence: Confidence,
    /// The real number that a one in the logits stands for, their bits and classes; of integer logits only.
    integer: Option<(f64, u32, usize)>,
}

impl Decision {
    /// Of an exit on float logits, or on integer logits whose scale `ee-quantize` has left.
    pub fn of(exit: Exit<'_>) -> Result<Self, Failure> {
        let confidence = exit.confidence();
        let Some(_) = &confidence.integer else { return Ok(Self { confidence, integer: None }) };
        let ty = exit.logits().ty();
        let scale = exit.0.attr("ee.logits_scale").and_then(Attr::to_f64);
        let bits = ty.element().and_then(|element| element.int_width());
        let classes = ty.shape().and_then(|shape| usize::try_from(*shape.last()?).ok());
        let integer = scale.zip(bits).zip(classes).map(|((scale, bits), classes)| (scale, bits, classes));
        if integer.is_none() {
            let cure = "ee-quantize leaves ee.logits_scale on every exit: quantise the network with it, or keep the attribute";
            return Err(exit.0.error("can't get another threshold: its logits have no scale", &[cure]));
        }
        Ok(Self { confidence, integer })
    }

    /// What a sample's logits are compared with the threshold by.
    pub(super) fn confidence_of(&self, logits: &Tensor) -> f64 {
        let scale = self.integer.map_or(1.0, |(scale, ..)| scale);
        let logits: Vec<_> = logits.to_f64().into_iter().map(|x| x * scale).collect();
        self.confidence.kind.of_logits(&logits)
    }

    /// The decision with a threshold, as hardware computes it where the logits are integers.
    pub(super) fn at(&self, threshold: f64) -> Confidence {
        match self.integer {
            Some((scale, bits, classes)) => self.confidence.with_threshold(threshold, scale, bits, classes),
            None => Confidence::new(self.confidence.kind, threshold),
        }
    }
}

/// Decides anew for all samples, with other thresholds.
pub fn decide(decisions: &[Decision], thresholds: &[f64], verdicts: &mut [Verdict]) {
    let confidences: Vec<_> = decisions.iter().zip(thresholds).map(|(d, &t)| d.at(t)).collect();
    for verdict in verdicts {
        let logits = verdict.logits.iter().zip(&confidences);
        verdict.leaves = logits.map(|(logits, confidence)| leaves(confidence, logits)).collect();
    }
}

/// What the samples run, in products (multiply-accumulates) a sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Products {
    /// From the exit before, or the input, to each exit and to the end.
    pub sections: Vec<u64>,
    /// In each exit's classifier.
    pub classifiers: Vec<u64>,
}

impl Products {
    /// Of a network whose exits nest.
    pub fn of(function: Op<'_>) -> Self {
        let mut products = Self { sections: vec![], classifiers: vec![] };
        products.add(function.body());
        products
    }

    fn add(&mut self, block: Block<'_>) {
        self.sections.push(of_block(block));
        for exit in block.ops().into_iter().filter_map(Exit::cast) {
            self.classifiers.push(of_block(exit.classify()));
            self.add(exit.otherwise());
        }
    }

    /// Of the network without its exits.
    pub fn no_exits(&self) -> u64 {
        self.sections.iter().sum()
    }

    /// Of a sample between one exit and the next: the section and the classifier at its end.
    fn steps(&self) -> Vec<u64> {
        let classifiers = self.classifiers.iter().copied().chain([0]);
        self.sections.iter().zip(classifiers).map(|(section, classifier)| section + classifier).collect()
    }
}

fn of_block(block: Block<'_>) -> u64 {
    block.ops().into_iter().filter_map(Convolution::cast).map(Convolution::products).sum()
}

/// What to tune for.
#[derive(Debug, Clone, Copy)]
pub struct Goal {
    /// The accuracy that may be lost to the last classifier alone, in percentage points.
    pub max_accuracy_drop: f64,
    /// The probability that no more is lost on other data, in 0.5..1.
    pub drop_confidence: f64,
    /// The part of the samples that the choice does not see, in 0..1.
    pub holdout: f64,
}

/// Thresholds that were tuned, and what they were chosen from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tuning {
    /// The exits' names.
    pub exits: Vec<String>,
    /// The accuracy that may be lost to the last classifier alone, in percentage points.
    pub max_accuracy_drop: f64,
    /// The probability that no more is lost on other data.
    pub drop_confidence: f64,
    /// The samples that the choice has seen, and those that it has not.
    pub samples: [usize; 2],
    /// Products a sample.
    pub products: Products,
    /// The network without its exits.
    pub no_exits: Point,
    /// The network with the thresholds that it had.
    pub given: Point,
    /// The network with those that were chosen.
    pub chosen: Point,
    /// Thresholds of which no others have both less products and more accuracy, from the least products on.
    pub frontier: Vec<Point>,
    /// By how much the products of any of them are above their bound, at most, in parts of the bound: 0 if all are proved.
    pub gap: f64,
}

impl Tuning {
    /// What is proved of the frontier, for people.
    pub fn proof(&self) -> String {
        let proved = |point: &&Point| point.products_bound == Some(point.tuning.products);
        match (self.frontier.iter().rev().take_while(proved).last(), 100.0 * self.gap) {
            (_, 0.0) => "the frontier is proved: on the samples seen no thresholds are better".to_owned(),
            (Some(Point { tuning, .. }), gap) => format!(
                "the frontier is proved from {:.2} % right on; below, there may be thresholds of {gap:.2} % less products",
                100.0 * tuning.accuracy
            ),
            (None, gap) => {
                format!("the frontier is not proved: there may be thresholds of {gap:.2} % less products")
            }
        }
    }
}

/// A choice of thresholds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The exits' thresholds; empty of the network without exits.
    pub thresholds: Vec<f64>,
    /// On the samples that the choice has seen.
    pub tuning: Figures,
    /// On the others, if there are any.
    pub held_out: Option<Figures>,
    /// Of the frontier: products a sample that no thresholds with as many right of the samples seen are below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub products_bound: Option<f64>,
}

/// What thresholds do on some samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The part of the samples that is classified right.
    pub accuracy: f64,
    /// The part of the samples that leaves at each exit, and at the end.
    pub left: Vec<f64>,
    /// Products a sample.
    pub products: f64,
}

/// Why no thresholds were chosen.
#[derive(Debug, thiserror::Error)]
pub enum TuneError {
    /// There is nothing to tune.
    #[error("has no exits, and so no thresholds")]
    NoExits,
    /// There are too few samples.
    #[error("can't be tuned with {samples} samples, of which {held_out} are held out")]
    TooFew {
        /// All samples.
        samples: usize,
        /// Those of them that are held out.
        held_out: usize,
    },
    /// The samples don't tell.
    #[error(
        "has no thresholds of which {samples} samples show, with {percent} % confidence, that they cost at most {allowed} points of \
         accuracy{}",
        enough(*samples, *needed)
    )]
    NotShown {
        /// In percentage points.
        allowed: f64,
        /// The confidence.
        percent: f64,
        /// Those that the choice sees.
        samples: usize,
        /// As many would do if no answer changed.
        needed: usize,
    },
    /// The exits cost too much accuracy.
    #[error(
        "has no thresholds that cost at most {allowed} points of accuracy: the least that they cost is {least:.2}"
    )]
    OutOfReach {
        /// In percentage points.
        allowed: f64,
        /// In percentage points.
        least: f64,
    },
}

/// What number of samples could show anything.
fn enough(samples: usize, needed: usize) -> String {
    match needed {
        usize::MAX => "; no number of samples shows a loss of nothing".to_owned(),
        needed if needed > samples => format!("; it takes {needed} at least"),
        _ => String::new(),
    }
}

/// The most points of a frontier that are reported.
const POINTS: usize = 96;

/// Chooses the thresholds of least products among those that keep the accuracy.
pub fn tune(
    function: Op<'_>,
    decisions: &[Decision],
    data: &DataSet,
    verdicts: &[Verdict],
    goal: Goal,
) -> Result<Tuning, TuneError> {
    let exits = Exit::all_in(function);
    if exits.is_empty() {
        return Err(TuneError::NoExits);
    }
    let (seen, held_out) = split(verdicts.len(), goal.holdout);
    if seen.is_empty() || (goal.holdout > 0.0 && held_out.is_empty()) {
        return Err(TuneError::TooFew { samples: verdicts.len(), held_out: held_out.len() });
    }
    let products = Products::of(function);
    let right = |i: usize| verdicts[i].predictions.iter().map(|&p| data.label(i) == Some(p)).collect();
    let rights: Vec<Vec<bool>> = (0..verdicts.len()).map(right).collect();
    let ladders: Vec<Ladder> =
        (0..exits.len()).map(|e| Ladder::of(&decisions[e], e, verdicts, &seen)).collect();
    let sample = |&i: &usize| Sample {
        levels: ladders.iter().map(|ladder| ladder.levels[i]).collect(),
        right: rights[i].clone(),
    };
    let samples: Vec<Sample> = seen.iter().map(sample).collect();
    let rungs: Vec<usize> = ladders.iter().map(|ladder| ladder.thresholds.len()).collect();
    let cost = Cost { steps: products.steps() };

    let last = samples.iter().filter(|s| s.right[exits.len()]).count();
    let allowed = (goal.max_accuracy_drop * samples.len() as f64 / 100.0 + 1e-9).floor() as usize;
    let needed = last.saturating_sub(allowed);
    let frontier = search::search(&samples, &rungs, &cost, needed);
    let Some(chosen) = frontier.iter().find(|choice| choice.correct >= needed) else {
        let best = frontier.last().map_or(0, |choice| choice.correct);
        let least = 100.0 * (last as f64 - best as f64) / samples.len() as f64;
        return Err(TuneError::OutOfReach { allowed: goal.max_accuracy_drop, least });
    };
    let chosen = match goal.drop_confidence > 0.5 {
        true => with_confidence(&samples, &rungs, &cost, goal)?,
        false => chosen.rungs.clone(),
    };
    let point = |thresholds: Vec<f64>| {
        let mut decided = verdicts.to_vec();
        decide(decisions, &thresholds, &mut decided);
        let exit_of: Vec<usize> = decided.iter().map(Verdict::exit).collect();
        let figures = |samples: &[usize]| figures(samples, &exit_of, &rights, &cost);
        let held_out = (!held_out.is_empty()).then(|| figures(&held_out));
        Point { thresholds, tuning: figures(&seen), held_out, products_bound: None }
    };
    let of_rungs = |rungs: &[usize]| {
        rungs.iter().zip(&ladders).map(|(&rung, ladder)| ladder.thresholds[rung]).collect::<Vec<f64>>()
    };
    let of_frontier = |choice: &Choice| {
        let products_bound = Some(choice.bound as f64 / samples.len() as f64);
        Point { products_bound, ..point(of_rungs(&choice.rungs)) }
    };
    let step = frontier.len().div_ceil(POINTS).max(1);
    let mut shown: Vec<_> = frontier.iter().step_by(step).collect();
    shown.extend(frontier.last().filter(|_| !(frontier.len() - 1).is_multiple_of(step)));
    let no_exits = |samples: &[usize]| {
        let last = vec![exits.len(); verdicts.len()];
        let figures = figures(samples, &last, &rights, &cost);
        Figures { products: products.no_exits() as f64, ..figures }
    };
    Ok(Tuning {
        exits: exits.iter().map(|exit| exit.label()).collect(),
        max_accuracy_drop: goal.max_accuracy_drop,
        drop_confidence: goal.drop_confidence,
        samples: [seen.len(), held_out.len()],
        no_exits: Point {
            thresholds: vec![],
            tuning: no_exits(&seen),
            held_out: (!held_out.is_empty()).then(|| no_exits(&held_out)),
            products_bound: None,
        },
        given: point(exits.iter().map(|exit| exit.confidence().threshold).collect()),
        chosen: point(of_rungs(&chosen)),
        frontier: shown.into_iter().map(of_frontier).collect(),
        gap: frontier.iter().map(Choice::gap).fold(0.0, f64::max),
        products,
    })
}

/// The choice that keeps the accuracy on other data too.
fn with_confidence(
    samples: &[Sample],
    rungs: &[usize],
    cost: &Cost,
    goal: Goal,
) -> Result<Vec<usize>, TuneError> {
    let bound = Bound { loss: goal.max_accuracy_drop / 100.0, confidence: goal.drop_confidence };
    margin::choose(samples, rungs, cost, bound).ok_or(TuneError::NotShown {
        allowed: goal.max_accuracy_drop,
        percent: 100.0 * goal.drop_confidence,
        samples: samples.len(),
        needed: margin::samples_needed(rungs, bound),
    })
}

/// Runs a data set through a network and chooses its thresholds.
pub fn tune_on(function: Op<'_>, data: &DataSet, threads: usize, goal: Goal) -> Result<Tuning, Failure> {
    let exits = Exit::all_in(function);
    let decisions = exits.iter().map(|&exit| Decision::of(exit)).collect::<Result<Vec<_>, _>>()?;
    let verdicts = Classifiers::of(function)?
        .run(data, 0..data.len(), threads, |_| ())
        .map_err(|error| function.error(error, &[]))?;
    tune(function, &decisions, data, &verdicts, goal).map_err(|error| {
        let cure = "allow more accuracy to go, ask for less confidence, give more samples, or remove the exits with ee-strip-exits";
        function.error(error, &[cure])
    })
}

/// The samples that a choice sees and those that it does not: the same of every run with as many samples.
fn split(samples: usize, holdout: f64) -> (Vec<usize>, Vec<usize>) {
    // The splitmix64 generator: neighbours in the data set are independent.
    let hash = |i: usize| {
        let mut z = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let mut order: Vec<usize> = (0..samples).collect();
    order.sort_by_key(|&i| hash(i));
    let mut seen = order.split_off((samples as f64 * holdout).floor() as usize);
    seen.sort_unstable();
    order.sort_unstable();
    (seen, order)
}

fn figures(samples: &[usize], exit_of: &[usize], rights: &[Vec<bool>], cost: &Cost) -> Figures {
    let n = samples.len().max(1) as f64;
    let mut left = vec![0usize; cost.steps.len()];
    samples.iter().for_each(|&i| left[exit_of[i]] += 1);
    let correct = samples.iter().filter(|&&i| rights[i][exit_of[i]]).count();
    let up_to = |exit: usize| cost.steps[..=exit].iter().sum::<u64>();
    let products: u64 = left.iter().enumerate().map(|(exit, &count)| count as u64 * up_to(exit)).sum();
    Figures {
        accuracy: correct as f64 / n,
        left: left.iter().map(|&count| count as f64 / n).collect(),
        products: products as f64 / n,
    }
}
