//! `atheena profile`: accuracy, how many samples leave at each exit, and what each exit is worth.

use super::{compile::warn_of_integers, percent, print_json};
use crate::{
    cli::ProfileArgs,
    counts::{ClassifierCounts, Confusion, Counts, Estimate, INTERVAL},
    error::Error,
    evaluate, frontier, model,
    pipeline::{self, Way},
    progress, quantization,
    session::Session,
};
use atheena_dialects::ee::Exit;
use atheena_passes::{
    classifiers::Verdict,
    ee::quantize::report::{LayerReport, Report as Quantization},
    ee::tune_thresholds::tuning::{self, Goal, Point, Tuning},
};
use atheena_runtime::dataset::DataSet;
use serde::Serialize;
use std::{
    ops::Range,
    path::{Path, PathBuf},
    time::Instant,
};

/// What `--json` prints: the counts, and what follows from them.
#[derive(Debug, Serialize)]
struct Outcome<'a> {
    accuracy: f64,
    samples: usize,
    correct: usize,
    exits: Vec<ExitOutcome<'a>>,
    /// Of the last classifier alone: the network without its exits.
    accuracy_no_exits: f64,
    last: ClassifierOutcome<'a>,
    interval: &'static str,
    network: &'a str,
    ranges: &'a [[usize; 2]],
    #[serde(flatten)]
    speed: Option<Speed>,
    /// With --tune.
    #[serde(skip_serializing_if = "Option::is_none")]
    tuning: Option<&'a Tuning>,
    /// With --against-float.
    #[serde(skip_serializing_if = "Option::is_none")]
    against_float: Option<Agreement>,
    /// With --against-float, of the calibration samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    quantization: Option<&'a Quantization>,
}

/// What quantisation changed: of the same samples, through the float network too.
#[derive(Debug, Clone, Copy, Serialize)]
struct Agreement {
    /// Of the float network, in 0..=1.
    float_accuracy: f64,
    /// Samples that left where they leave in the float network.
    same_exit: usize,
    /// Samples that got the class that the float network gives.
    same_prediction: usize,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Speed {
    samples_per_s: f64,
    seconds: f64,
}

#[derive(Debug, Serialize)]
struct ExitOutcome<'a> {
    name: &'a str,
    threshold: f64,
    #[serde(flatten)]
    classifier: ClassifierOutcome<'a>,
    against_last: Confusion,
}

#[derive(Debug, Serialize)]
struct ClassifierOutcome<'a> {
    #[serde(flatten)]
    counts: &'a ClassifierCounts,
    /// Of the samples that left here; none of no samples.
    accuracy: Option<f64>,
    /// Of all samples, wherever they left.
    accuracy_of_all: f64,
    /// The probability that a sample comes here.
    reach: Estimate,
}

/// Runs a network on a data set, or adds the counts of several runs.
pub fn run(args: &ProfileArgs) -> Result<(), Error> {
    args.frontier.iter().try_for_each(|path| frontier::check_name(path))?;
    let Ran { counts, speed, tuning, against_float, quantization } = match (&args.model, &args.data) {
        (Some(model), Some(data)) => count(args, model, data)?,
        _ => {
            let read = |path: &PathBuf| Ok::<_, Error>((path.clone(), Counts::read(path)?));
            let parts = args.merge.iter().map(read).collect::<Result<_, _>>()?;
            let counts = Counts::merge(parts)?;
            Ran { counts, speed: None, tuning: None, against_float: None, quantization: None }
        }
    };
    if let Some(path) = &args.output {
        counts.write(path)?;
    }
    if let Some(tuning) = &tuning {
        args.frontier.iter().try_for_each(|path| frontier::write(tuning, path))?;
    }
    for warning in counts.warnings() {
        eprintln!("warning: {warning}");
    }
    if args.json {
        let (tuning, quantization) = (tuning.as_ref(), quantization.as_ref());
        print_json(&Outcome { tuning, against_float, quantization, ..outcome(&counts, speed) });
    } else {
        if let Some(tuning) = &tuning {
            print_tuning(tuning);
        }
        print_table(&counts, speed);
        if let Some(float) = against_float {
            out!();
            out!("float accuracy       {:.2} %", 100.0 * float.float_accuracy);
            out!("same exit as float   {}", percent(float.same_exit, counts.samples));
            out!("same class as float  {}", percent(float.same_prediction, counts.samples));
        }
        if let Some(quantization) = &quantization {
            print_layers(quantization);
        }
    }
    Ok(())
}

/// What a run finds.
struct Ran {
    counts: Counts,
    speed: Option<Speed>,
    tuning: Option<Tuning>,
    against_float: Option<Agreement>,
    quantization: Option<Quantization>,
}

/// Runs a network on a data set.
fn count(args: &ProfileArgs, model: &Path, data: &Path) -> Result<Ran, Error> {
    let session = Session::new();
    let mut module = model::load(&session, model)?;
    let samples = DataSet::read(data)?;
    model::check_images(model::function(&module), &samples, data)?;
    model::check_labels(model::function(&module), &samples, data)?;
    let spinner = progress::steps();
    // A network that is integer already keeps its scales.
    let float = model::is_float(model::function(&module));
    if let (Some(path), false) = (&args.calibration, float) {
        warn_of_integers(path, "are not used");
    }
    let folder = tempfile::tempdir().map_err(|source| Error::Read { path: std::env::temp_dir(), source })?;
    let report = folder.path().join("quantization.json");
    let way = Way {
        quantization_report: args.against_float.then(|| report.clone()),
        calibration: args.calibration.as_deref().filter(|_| float),
        quantize: args.quantize.clone(),
        thresholds: args.thresholds.clone(),
        ..Way::default()
    };
    for step in pipeline::steps(&way) {
        spinner.set_message(step.pass);
        for line in
            session.run(&mut module, &step.pipeline)?.iter().filter_map(|told| told.shown(args.verbose))
        {
            spinner.suspend(|| eprintln!("{line}"));
        }
    }
    spinner.finish_and_clear();
    let quantization = quantization::take_report(&report)?;

    let function = model::function(&module);
    let (i, n) = args.shard.unwrap_or((1, 1));
    // Parts that differ by at most one sample, and together are all.
    let range = samples.len() * (i - 1) / n..samples.len() * i / n;
    let bar = progress::samples(range.len(), "images");
    let started = Instant::now();
    let mut verdicts = evaluate::verdicts(&session, function, &samples, range.clone(), &|done| {
        bar.set_position(done as u64);
    })?;
    let seconds = started.elapsed().as_secs_f64();
    bar.finish_and_clear();
    let speed = Speed { samples_per_s: range.len() as f64 / seconds.max(1e-9), seconds };
    let mut tuning = None;
    if args.tune {
        let goal = Goal {
            max_accuracy_drop: args.max_accuracy_drop,
            drop_confidence: args.drop_confidence,
            holdout: args.holdout,
        };
        let decisions = evaluate::decisions(&session, function)?;
        let tuned = tuning::tune(function, &decisions, &samples, &verdicts, goal)
            .map_err(|problem| Error::Tune(model.into(), problem))?;
        let chosen = &tuned.chosen.thresholds;
        tuning::decide(&decisions, chosen, &mut verdicts);
        for (exit, &threshold) in Exit::all_in(function).into_iter().zip(chosen) {
            session.checked(|| exit.set_threshold(threshold).ok())?;
        }
        tuning = Some(tuned);
    }
    let against_float = match args.against_float {
        true => Some(against_float(args, model, &samples, range.clone(), &verdicts)?),
        false => None,
    };
    let counts = Counts::of(function, &samples, range, &verdicts);
    Ok(Ran { counts, speed: Some(speed), tuning, against_float, quantization })
}

/// Runs the same samples through the network before quantisation, with the same thresholds.
fn against_float(
    args: &ProfileArgs,
    model: &Path,
    samples: &DataSet,
    range: Range<usize>,
    verdicts: &[Verdict],
) -> Result<Agreement, Error> {
    let session = Session::new();
    let mut module = model::load(&session, model)?;
    let way = Way { thresholds: args.thresholds.clone(), ..Way::default() };
    for step in pipeline::steps(&way) {
        session.run(&mut module, &step.pipeline)?;
    }
    let float = evaluate::verdicts(&session, model::function(&module), samples, range.clone(), &|_| ())?;
    let count = |same: fn(&Verdict, &Verdict) -> bool| {
        float.iter().zip(verdicts).filter(|(float, integer)| same(float, integer)).count()
    };
    let right = float.iter().zip(range).filter(|(v, i)| samples.label(*i) == Some(v.prediction())).count();
    Ok(Agreement {
        float_accuracy: right as f64 / float.len().max(1) as f64,
        same_exit: count(|float, integer| float.exit() == integer.exit()),
        same_prediction: count(|float, integer| float.prediction() == integer.prediction()),
    })
}

fn outcome(counts: &Counts, speed: Option<Speed>) -> Outcome<'_> {
    let part = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    let samples = counts.samples;
    let classifier = |c| classifier(c, samples);
    let exits = counts.exits.iter().map(|exit| ExitOutcome {
        name: &exit.name,
        threshold: exit.threshold,
        classifier: classifier(&exit.classifier),
        against_last: exit.against_last,
    });
    Outcome {
        accuracy: part(counts.correct, samples),
        samples,
        correct: counts.correct,
        exits: exits.collect(),
        accuracy_no_exits: part(counts.last.correct_of_all, samples),
        last: classifier(&counts.last),
        interval: INTERVAL,
        network: &counts.network.name,
        ranges: &counts.ranges,
        speed,
        tuning: None,
        against_float: None,
        quantization: None,
    }
}

fn classifier(counts: &ClassifierCounts, samples: usize) -> ClassifierOutcome<'_> {
    let ClassifierCounts { taken, correct, correct_of_all, .. } = *counts;
    ClassifierOutcome {
        counts,
        accuracy: (taken > 0).then(|| correct as f64 / taken as f64),
        accuracy_of_all: correct_of_all as f64 / samples.max(1) as f64,
        reach: reach(counts, samples),
    }
}

/// The probability that a sample comes to a classifier; the first one sees them all.
fn reach(counts: &ClassifierCounts, samples: usize) -> Estimate {
    if counts.of == samples && samples > 0 {
        Estimate::certain()
    } else {
        Estimate::wilson(counts.of, samples)
    }
}

fn print_table(counts: &Counts, speed: Option<Speed>) {
    let samples = counts.samples;
    out!("images               {samples}");
    out!("accuracy             {}", percent(counts.correct, samples));
    out!("without exits        {}", percent(counts.last.correct_of_all, samples));
    out!();
    out!(
        "{:<20} {:>9} {:>7} {:>9} {:>9} {:>9} {:>9} {:>20}",
        "classifier",
        "threshold",
        "left",
        "of",
        "",
        "right",
        "right*",
        "reach [95 %]"
    );
    let exits = counts.exits.iter().map(|e| (e.name.as_str(), e.threshold.to_string(), &e.classifier));
    for (name, threshold, c) in exits.chain([("last", String::new(), &counts.last)]) {
        let reach = reach(c, samples);
        let interval =
            format!("{:.2} % [{:.2}, {:.2}]", 100.0 * reach.value, 100.0 * reach.low, 100.0 * reach.high);
        out!(
            "{name:<20} {threshold:>9} {:>7} {:>9} {:>9} {:>9} {:>9} {interval:>23}",
            c.taken,
            c.of,
            percent(c.taken, c.of),
            percent(c.correct, c.taken),
            percent(c.correct_of_all, samples),
        );
    }
    out!("right: of those that left there; right*: of all images; reach: {INTERVAL}");
    if !counts.exits.is_empty() {
        out!();
        out!(
            "{:<20} {:>12} {:>16} {:>16} {:>12}",
            "of those that left",
            "both right",
            "only exit right",
            "only last right",
            "both wrong"
        );
        for exit in &counts.exits {
            let Confusion { both_right, exit_right, last_right, both_wrong } = exit.against_last;
            out!("{:<20} {both_right:>12} {exit_right:>16} {last_right:>16} {both_wrong:>12}", exit.name);
        }
    }
    if let Some(Speed { samples_per_s, seconds }) = speed {
        out!();
        out!("golden model         {samples_per_s:.0} images/s ({seconds:.1} s)");
    }
}

fn print_layers(quantization: &Quantization) {
    let Quantization { samples, exits_changed, classes_changed, layers, .. } = quantization;
    out!();
    out!("{:<32} {:>7} {:>4} {:>11} {:>9} {:>11}", "layer", "weights", "bits", "step", "SQNR", "saturated");
    for layer in layers {
        let sqnr = layer.sqnr_db.map_or_else(|| "exact".to_owned(), |db| format!("{db:.1} dB"));
        let saturated = format!("{:.3} %", layer.saturated_percent);
        let weights = layer.weights_bits.map_or_else(String::new, |bits| bits.to_string());
        let LayerReport { name, bits, scale, .. } = layer;
        out!("{name:<32} {weights:>7} {bits:>4} {scale:>11.4e} {sqnr:>9} {saturated:>11}");
    }
    out!(
        "of {samples} calibration samples, {exits_changed} leave elsewhere than in the float network, \
         {classes_changed} get another class"
    );
}

/// The most lines of a frontier that people read.
const LINES: usize = 12;

fn print_tuning(tuning: &Tuning) {
    let [seen, held_out] = tuning.samples;
    let Tuning { max_accuracy_drop, drop_confidence, .. } = tuning;
    let sure = match *drop_confidence > 0.5 {
        true => format!(", with {} % confidence", 100.0 * drop_confidence),
        false => String::new(),
    };
    out!("thresholds for at most {max_accuracy_drop} points less than without exits{sure},");
    out!("chosen on {seen} images, judged on the {held_out} others:");
    out!();
    let names = tuning.exits.join(" ");
    out!(
        "{:<12} {:>10} {:>11} {:>9} {:>11} {:>9}  {}",
        "",
        "held out",
        "Mproducts",
        "chosen on",
        "Mproducts",
        "leave",
        names
    );
    let line = |name: &str, point: &Point| {
        let (first, second) = match &point.held_out {
            Some(held_out) => (Some(held_out), &point.tuning),
            None => (None, &point.tuning),
        };
        let accuracy = |value: f64| format!("{:.2} %", 100.0 * value);
        let millions = |value: f64| format!("{:.4}", value / 1e6);
        let early: f64 = first.unwrap_or(second).left.iter().rev().skip(1).sum();
        let thresholds: Vec<_> = point.thresholds.iter().map(f64::to_string).collect();
        out!(
            "{name:<12} {:>10} {:>11} {:>9} {:>11} {:>9}  {}",
            first.map_or_else(|| "-".into(), |figures| accuracy(figures.accuracy)),
            first.map_or_else(|| "-".into(), |figures| millions(figures.products)),
            accuracy(second.accuracy),
            millions(second.products),
            accuracy(early),
            thresholds.join(" "),
        );
    };
    line("no exits", &tuning.no_exits);
    line("as given", &tuning.given);
    line("chosen", &tuning.chosen);
    let step = tuning.frontier.len().div_ceil(LINES).max(1);
    for (index, point) in tuning.frontier.iter().step_by(step).enumerate() {
        line(if index == 0 { "frontier" } else { "" }, point);
    }
    out!("{}", tuning.proof());
    out!();
    out!("what follows is of all images, with the thresholds that were chosen");
    out!();
}
