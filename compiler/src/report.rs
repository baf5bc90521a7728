//! `report.json`: what a compilation decided and predicts, for scripts and for the commands that follow.

use crate::{error::Error, output::REPORT};
use atheena_dialects::dataflow::Resources;
use atheena_passes::ee::quantize::report::Report as Quantization;
use atheena_runtime::simulate::{Interface, Latency};
use serde::{Deserialize, Serialize};
use std::{fs, path::Path};

/// Resources of an FPGA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ResourceCounts {
    /// Look-up tables.
    pub lut: u64,
    /// Flip-flops.
    pub ff: u64,
    /// DSP blocks.
    pub dsp: u64,
    /// Block RAMs of 18 kbit.
    pub bram18: u64,
}

/// An exit, as the network has it and as it was profiled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExitReport {
    /// The exit's name.
    pub name: String,
    /// Samples leave above this.
    pub threshold: f64,
    /// Samples that left.
    pub taken: i64,
    /// Samples that came.
    pub of: i64,
}

/// An actor of the pipeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActorReport {
    /// The label.
    pub name: String,
    /// The operation.
    pub kind: String,
    /// How much of its work it does at once.
    pub folding: String,
    /// The probability that a sample reaches it.
    pub reach: f64,
    /// Cycles a sample that reaches it.
    pub ii_cycles: i64,
    /// Predicted resources.
    pub resources: ResourceCounts,
    /// What it does how much of the time.
    #[serde(default)]
    pub stalls: Stalls,
    /// The actors whose streams come to it.
    #[serde(default)]
    pub inputs: Vec<String>,
    /// Beats that it holds, if it is a buffer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth_beats: Option<i64>,
    /// Is it for tags alone, which travel beside the data?
    #[serde(default)]
    pub carries_tags: bool,
}

/// Parts of the time of an actor; the rest it works.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Stalls {
    /// It waits for a beat.
    pub starved: f64,
    /// It waits for room.
    pub blocked: f64,
}

/// How long the samples of an exit take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExitLatency {
    /// The exit's name; "last" of the last classifier.
    pub name: String,
    /// From the first beat of a sample to the last one of its result; None where no sample leaves.
    pub latency_cycles: Option<Latency>,
}

/// What the choice of foldings has reached, and what was proved.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BalanceReport {
    /// Cycles a sample that every actor keeps up with, those behind exits with their margin.
    pub cycles: f64,
    /// No choice in the budget takes fewer.
    pub cycles_bound: f64,
    /// The sum of the shares of the budget of all kinds of resources.
    pub share: f64,
    /// No choice of as few cycles has a smaller one.
    pub share_bound: f64,
}

/// The smallest share of the budget with which a throughput can be had.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Of the design that has it.
    pub samples_per_s: f64,
    /// The largest of a kind of the device's resources.
    pub share: f64,
}

/// The report of a compilation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The network's name, which is the top module's.
    pub network: String,
    /// The device's name.
    pub device: String,
    /// The clock.
    pub clock_mhz: f64,
    /// Predicted.
    pub throughput_samples_per_s: f64,
    /// Predicted.
    pub cycles_per_sample: f64,
    /// The actor that limits the throughput.
    pub bottleneck: String,
    /// Predicted, of samples that wait in front of the accelerator.
    #[serde(default)]
    pub latency_cycles: Option<Latency>,
    /// The same by exit, the last classifier at the end.
    #[serde(default)]
    pub latency_per_exit: Vec<ExitLatency>,
    /// Predicted.
    pub resources: ResourceCounts,
    /// What the compiler could use.
    pub budget: ResourceCounts,
    /// What the device has.
    #[serde(default)]
    pub device_resources: Option<ResourceCounts>,
    /// The exits, as profiled on the calibration samples.
    pub exits: Vec<ExitReport>,
    /// What a host must know.
    pub interface: Interface,
    /// The actors, in the order of the pipeline.
    pub actors: Vec<ActorReport>,
    /// The file with the integer network, which is the golden model.
    pub golden: String,
    /// The file with the actors and their buffers.
    #[serde(default)]
    pub dataflow: Option<String>,
    /// The file with the float network, if there was one.
    pub float: Option<String>,
    /// What quantisation cost on the calibration samples, if the compiler quantised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantization: Option<Quantization>,
    /// How good the choice of foldings is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<BalanceReport>,
    /// What the network can have on the whole device, from the slowest design on.
    #[serde(default)]
    pub curve: Vec<CurvePoint>,
}

impl From<Resources> for ResourceCounts {
    fn from(r: Resources) -> Self {
        let [lut, ff, dsp, bram18] = [r.lut, r.ff, r.dsp, r.bram18].map(i64::unsigned_abs);
        Self { lut, ff, dsp, bram18 }
    }
}

impl ResourceCounts {
    /// The kinds with their names for people.
    pub fn kinds(self) -> [(&'static str, u64); 4] {
        [("LUT", self.lut), ("FF", self.ff), ("DSP", self.dsp), ("BRAM18", self.bram18)]
    }
}

impl Report {
    /// Reads `DIR/report.json`.
    pub fn read(directory: &Path) -> Result<Self, Error> {
        let bad = |reason: String| Error::NoReport { path: directory.into(), reason };
        let text = fs::read(directory.join(REPORT)).map_err(|e| bad(e.to_string()))?;
        serde_json::from_slice(&text).map_err(|e| bad(e.to_string()))
    }

    /// The text of the file.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report holds nothing that JSON can't") + "\n"
    }
}
