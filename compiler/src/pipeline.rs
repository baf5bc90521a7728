//! The way from an imported network to hardware: the passes, in order.

use crate::{
    cli::{Level, RowPairs},
    quantization::QuantizeArgs,
};
use atheena_dialects::dataflow::Resources;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// A step of the way: one pass, and the level that the IR is on behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The pass's flag.
    pub pass: &'static str,
    /// The pipeline that runs it.
    pub pipeline: String,
    /// The level.
    pub level: Level,
}

/// What decides the way.
#[derive(Default)]
pub struct Way<'a> {
    /// Remove the exits first.
    pub no_exits: bool,
    /// Samples to quantise with; None keeps the network float, or as it is if it is an integer network.
    pub calibration: Option<&'a Path>,
    /// Thresholds in place of the network's.
    pub thresholds: Option<String>,
    /// Choose thresholds.
    pub tune: Option<Tune<'a>>,
    /// Where the profiles of the exits are from.
    pub profile: Profiled<'a>,
    /// How to quantise.
    pub quantize: QuantizeArgs,
    /// Where to write what quantisation costs.
    pub quantization_report: Option<PathBuf>,
    /// Hardware, if the way goes there.
    pub hardware: Option<Hardware>,
}

/// What thresholds are chosen for.
pub struct Tune<'a> {
    /// Labelled samples.
    pub data: &'a Path,
    /// The accuracy that may go, in percentage points.
    pub max_accuracy_drop: f64,
    /// The probability that no more goes on other data.
    pub drop_confidence: f64,
    /// Where to write the frontier.
    pub frontier: PathBuf,
}

/// Where the profiles of the exits are from.
#[derive(Default)]
pub enum Profiled<'a> {
    /// As the network has them.
    #[default]
    No,
    /// From running samples.
    Data(&'a Path),
    /// From counts: exit1=7500/10000.
    Counts(String),
}

/// What decides the hardware.
#[derive(Default)]
pub struct Hardware {
    /// The resources to stay within.
    pub budget: Resources,
    /// What the design is to be good at.
    pub objective: Objective,
    /// A design that is known already.
    pub explored: Option<Explored>,
    /// The clock.
    pub clock_mhz: f64,
    /// The fraction of samples that goes on, as the user gave it.
    pub late_fraction: Option<String>,
    /// What the DSP blocks of the device are.
    pub dsp_kind: String,
    /// May rows come in pairs?
    pub row_pairs: RowPairs,
}

/// What a design is to be good at, within its budget.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Objective {
    /// The most samples a second.
    #[default]
    Throughput,
    /// The least resources at so many cycles a sample.
    Resources {
        /// Cycles.
        cycles: f64,
    },
    /// The least latency that 99 of 100 samples stay below.
    Latency {
        /// A sample comes every so many cycles, on average: at random, as a Poisson process.
        arrival_cycles: f64,
    },
}

/// A design of an exploration.
#[derive(Debug, Clone)]
pub struct Explored {
    /// Are rows in pairs?
    pub row_pairs: bool,
    /// The folding of each actor, by its name.
    pub foldings: BTreeMap<String, String>,
    /// Cycles a sample.
    pub cycles: f64,
    /// By how much of their rate actors behind exits are faster than on average they must be.
    pub margin: f64,
    /// Its largest share of a kind of resources.
    pub share: f64,
    /// What was proved that no design of at most as many cycles is below.
    pub bound: f64,
}

/// The passes that leave one function of a network of another MLIR flow.
pub const ONE_FUNCTION: [&str; 2] = ["inline", "symbol-dce"];

/// The passes that bring its function into the form that the others take: exits as `ee.exit`,
/// images [N, H, W, C], dense layers as convolutions. A network that has this form stays as it is.
pub const NORMALISE_INPUT: [&str; 11] = [
    "func.func(ee-batch-of-one)",
    "func.func(ee-sink-layers)",
    "func.func(ee-raise-exits)",
    "func.func(ee-raise-answer)",
    "func.func(ee-fold-constants)",
    "func.func(ee-channels-last)",
    "func.func(ee-raise-dense)",
    "func.func(ee-raise-layers)",
    "func.func(ee-shift-pixels)",
    "canonicalize",
    "cse",
];

/// The pass that pairs rows.
pub const PAIR_ROWS: &str = "dataflow-pair-rows";

/// The pass that picks foldings.
pub const BALANCE: &str = "dataflow-balance-pipeline";

/// The steps of a way.
pub fn steps(way: &Way<'_>) -> Vec<Step> {
    let mut steps = vec![];
    let mut step = |level, pass, anchor: &str, options: &[(&str, String)]| {
        let options: Vec<_> = options.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let options = if options.is_empty() { String::new() } else { format!("{{{}}}", options.join(" ")) };
        let pipeline = match anchor {
            "builtin.module" => format!("builtin.module({pass}{options})"),
            _ => format!("builtin.module({anchor}({pass}{options}))"),
        };
        steps.push(Step { pass, pipeline, level });
    };
    let func = "func.func";
    if way.no_exits {
        step(Level::Ee, "ee-strip-exits", func, &[]);
    }
    if let Some(thresholds) = &way.thresholds {
        step(Level::Ee, "ee-set-thresholds", func, &[("thresholds", quoted(thresholds))]);
    }
    step(Level::Ee, "ee-remove-dead", func, &[]);
    step(Level::Ee, "ee-fold-batch-norm", func, &[]);
    step(Level::Ee, "ee-fold-layout", func, &[]);
    step(Level::Ee, "ee-fold-dense", func, &[]);
    step(Level::Ee, "ee-commute-pool", func, &[]);
    if let Some(calibration) = way.calibration {
        let data = quoted(&calibration.to_string_lossy());
        let mut options = vec![("calibration", data)];
        options.extend(way.quantize.options());
        let report = way.quantization_report.iter();
        options.extend(report.map(|path| ("report", quoted(&path.to_string_lossy()))));
        step(Level::Ee, "ee-quantize", func, &options);
    }
    if let Some(Tune { data, max_accuracy_drop, drop_confidence, frontier }) = &way.tune {
        let options = [
            ("data", quoted(&data.to_string_lossy())),
            ("max-accuracy-drop", format!("{max_accuracy_drop:?}")),
            ("drop-confidence", format!("{drop_confidence:?}")),
            ("frontier", quoted(&frontier.to_string_lossy())),
        ];
        step(Level::Ee, "ee-tune-thresholds", func, &options);
    }
    match &way.profile {
        Profiled::No => {}
        Profiled::Data(data) => {
            step(Level::Ee, "ee-profile-exits", func, &[("data", quoted(&data.to_string_lossy()))]);
        }
        Profiled::Counts(counts) => {
            step(Level::Ee, "ee-profile-exits", func, &[("counts", quoted(counts))]);
        }
    }
    if let Some(hardware) = &way.hardware {
        step(Level::Ee, "ee-recompute-layers", func, &[]);
        let late = hardware.late_fraction.iter().map(|late| ("late-fraction", quoted(late)));
        let dsp = [("dsp", hardware.dsp_kind.clone())];
        let module = "builtin.module";
        step(Level::Dataflow, "convert-ee-to-dataflow", module, &late.chain(dsp).collect::<Vec<_>>());
        let graph = "dataflow.graph";
        step(Level::Dataflow, "dataflow-narrow-multipliers", graph, &[]);
        // If that makes a better design, which comes out of trying both; with the options that come out of trying some (`plan.rs`).
        step(Level::Dataflow, PAIR_ROWS, graph, &[]);
        step(Level::Dataflow, BALANCE, graph, &[]);
        step(Level::Dataflow, "dataflow-apply-foldings", graph, &[]);
        step(Level::Dataflow, "dataflow-size-buffers", graph, &[]);
        step(Level::Hw, "convert-dataflow-to-hw", module, &[]);
    }
    steps
}

/// A value for MLIR's pipeline parser, which ends values at spaces and braces.
fn quoted(value: &str) -> String {
    if value.contains('"') { format!("'{value}'") } else { format!("\"{value}\"") }
}
