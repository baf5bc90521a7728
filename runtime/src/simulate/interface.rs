//! The ports of an accelerator, as far as a host sees them.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::SimError;

/// What a host must know to talk to an accelerator; stored in `report.json` under `interface`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Name of the top module.
    pub top: String,
    /// `s_axis`: pixels, row-major `[H, W, C]`, lane 0 in the low bits.
    pub input: Port,
    /// `m_axis`: logits, class 0 first.
    pub output: Port,
    /// Number of classes, at most `output.lanes * output.beats`: surplus lanes of the last beat are ignored.
    pub classes: usize,
    /// Number of ways out, the last classifier included; `m_axis_tuser` is below.
    pub exits: usize,
}

/// A data port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// Elements a beat.
    pub lanes: usize,
    /// Bits an element: 8, 16 or 32.
    pub bits: usize,
    /// Beats a sample.
    pub beats: usize,
}

impl Port {
    /// Elements a sample.
    pub fn elements(&self) -> usize {
        self.lanes * self.beats
    }

    /// Bytes of a beat.
    pub fn beat_bytes(&self) -> usize {
        self.lanes * self.bits / 8
    }

    pub(super) fn is_valid(&self) -> bool {
        self.lanes > 0 && self.beats > 0 && [8, 16, 32].contains(&self.bits)
    }
}

impl Interface {
    /// Reads the key `interface` of `DIR/report.json`.
    pub fn read(directory: &Path) -> Result<Interface, SimError> {
        #[derive(Deserialize)]
        struct Report {
            interface: Interface,
        }
        let path = directory.join("report.json");
        let text =
            fs::read(&path).map_err(|error| SimError::File { path: path.clone(), action: "read", error })?;
        let report: Report = serde_json::from_slice(&text)
            .map_err(|error| SimError::Report { path, reason: error.to_string() })?;
        Ok(report.interface)
    }
}
