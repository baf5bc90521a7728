//! `report.json`: what a compilation decided and predicts, for scripts and for the commands that follow.

use crate::{error::Error, output::REPORT};
use atheena_passes::ee::quantize::report::Report as Quantization;
use atheena_runtime::simulate::Interface;
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
    /// Predicted.
    pub resources: ResourceCounts,
    /// What the compiler could use.
    pub budget: ResourceCounts,
    /// The exits, as profiled on the calibration samples.
    pub exits: Vec<ExitReport>,
    /// What a host must know.
    pub interface: Interface,
    /// The actors, in the order of the pipeline.
    pub actors: Vec<ActorReport>,
    /// The file with the integer network, which is the golden model.
    pub golden: String,
    /// The file with the float network, if there was one.
    pub float: Option<String>,
    /// What quantisation cost on the calibration samples, if the compiler quantised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantization: Option<Quantization>,
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
