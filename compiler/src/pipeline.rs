//! The way from an imported network to hardware: the passes, in order.

use crate::cli::Level;
use atheena_dialects::dataflow::Resources;
use std::path::Path;

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
pub struct Way<'a> {
    /// Remove the exits first.
    pub no_exits: bool,
    /// Samples to quantise with; None keeps the network float, or as it is if it is an integer network.
    pub calibration: Option<&'a Path>,
    /// Hardware, if the way goes there.
    pub hardware: Option<Hardware>,
}

/// What decides the hardware.
pub struct Hardware {
    /// The resources to stay within.
    pub budget: Resources,
    /// Cycles a sample to reach; None for as few as the budget allows.
    pub cycles: Option<f64>,
    /// The fraction of samples that goes on, as the user gave it.
    pub late_fraction: Option<String>,
}

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
    step(Level::Ee, "ee-fold-batch-norm", func, &[]);
    step(Level::Ee, "ee-fold-layout", func, &[]);
    step(Level::Ee, "ee-fold-dense", func, &[]);
    if let Some(calibration) = way.calibration {
        let data = quoted(&calibration.to_string_lossy());
        step(Level::Ee, "ee-quantize", func, &[("calibration", data.clone())]);
        step(Level::Ee, "ee-profile-exits", func, &[("data", data)]);
    }
    if let Some(hardware) = &way.hardware {
        let late = hardware.late_fraction.iter().map(|late| ("late-fraction", quoted(late)));
        let module = "builtin.module";
        step(Level::Dataflow, "convert-ee-to-dataflow", module, &late.collect::<Vec<_>>());
        let graph = "dataflow.graph";
        let Resources { lut, ff, dsp, bram18 } = hardware.budget;
        let mut options = vec![
            ("lut", lut.to_string()),
            ("ff", ff.to_string()),
            ("dsp", dsp.to_string()),
            ("bram18", bram18.to_string()),
        ];
        options.extend(hardware.cycles.map(|cycles| ("cycles", format!("{cycles:?}"))));
        step(Level::Dataflow, "dataflow-balance-pipeline", graph, &options);
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
