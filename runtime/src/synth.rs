//! Resources of a generated design, by Yosys' synthesis for Xilinx 7-series devices.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::{Add, AddAssign, Mul};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How to synthesise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SynthOptions {
    /// Dissolve the modules first: logic is shared across their borders, and only the total is known.
    pub flatten: bool,
}

/// What a design takes of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Resources {
    /// LUTs: as logic, as memory, and as shift registers.
    pub lut: u64,
    /// Flip-flops.
    pub ff: u64,
    /// DSP48 slices.
    pub dsp: u64,
    /// Block RAMs of 18 kbit; one of 36 kbit is two.
    pub bram18: u64,
    /// Those of the LUTs that are memory or shift registers.
    pub lutram: u64,
}

impl Add for Resources {
    type Output = Resources;

    fn add(self, other: Resources) -> Resources {
        Resources {
            lut: self.lut + other.lut,
            ff: self.ff + other.ff,
            dsp: self.dsp + other.dsp,
            bram18: self.bram18 + other.bram18,
            lutram: self.lutram + other.lutram,
        }
    }
}

impl AddAssign for Resources {
    fn add_assign(&mut self, other: Resources) {
        *self = *self + other;
    }
}

impl Mul<u64> for Resources {
    type Output = Resources;

    fn mul(self, count: u64) -> Resources {
        Resources {
            lut: self.lut * count,
            ff: self.ff * count,
            dsp: self.dsp * count,
            bram18: self.bram18 * count,
            lutram: self.lutram * count,
        }
    }
}

/// Resources of one module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleResources {
    /// The module's name.
    pub name: String,
    /// How often it occurs in the design.
    pub instances: u64,
    /// Of one instance, the modules inside it not counted.
    pub own: Resources,
    /// Of one instance with all that is inside it.
    pub total: Resources,
}

/// What synthesis found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SynthResult {
    /// Of the whole design.
    pub resources: Resources,
    /// By name; only the top module if the design was flattened.
    pub modules: Vec<ModuleResources>,
    /// Cells that are neither modules nor counted as a resource, nor free parts of a slice; mostly empty.
    pub uncounted: BTreeMap<String, u64>,
    /// Time that Yosys took.
    pub seconds: f64,
}

/// Why there are no figures.
#[derive(Debug, Error)]
pub enum SynthError {
    /// A file of the design cannot be read, or one cannot be written.
    #[error("{}: cannot be {action}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        action: &'static str,
        /// The operating system's answer.
        error: io::Error,
    },
    /// A name that Yosys' script language cannot hold.
    #[error(
        "`{name}` in rtl/filelist.f holds a space, a quote or a semicolon, which Yosys' scripts cannot name; rename it"
    )]
    Name {
        /// The file or module.
        name: String,
    },
    /// Yosys is not installed.
    #[error("`yosys` is not installed; run `make setup`, or install Debian's package `yosys`")]
    MissingTool,
    /// Yosys failed.
    #[error("`yosys` cannot synthesise the design:{output}")]
    Failed {
        /// The lines that say why.
        output: String,
    },
    /// Yosys' statistics are not as expected.
    #[error("the statistics of `yosys` cannot be read ({0}); version 0.23 is the one that is tested")]
    Statistics(String),
}

/// The macro with which the generated SystemVerilog instantiates cells of Xilinx that Yosys does not infer.
const CELLS: &str = "ATHEENA_XILINX_CELLS";

/// Synthesises the design in `directory`, whose top module is `top`, and counts resources.
pub fn synthesize(directory: &Path, top: &str, options: &SynthOptions) -> Result<SynthResult, SynthError> {
    let list = directory.join("rtl/filelist.f");
    let names =
        fs::read_to_string(&list).map_err(|error| SynthError::File { path: list, action: "read", error })?;
    let names: Vec<_> =
        names.lines().map(str::trim).filter(|name| !name.is_empty() && !name.starts_with("//")).collect();
    if let Some(name) = names.iter().copied().chain([top]).find(|name| name.contains([' ', '"', ';', '\t'])) {
        return Err(SynthError::Name { name: name.to_owned() });
    }

    let exchange = tempfile::tempdir().map_err(|error| SynthError::File {
        path: std::env::temp_dir(),
        action: "written",
        error,
    })?;
    let script = exchange.path().join("synth.ys");
    let statistics = exchange.path().join("stat.json");
    let mut text: String =
        names.iter().map(|name| format!("read_verilog -sv -D {CELLS} rtl/{name}\n")).collect();
    let flatten = if options.flatten { "-flatten " } else { "" };
    // Without pads and clock buffers: the design is a part of a larger one.
    text += &format!("synth_xilinx -family xc7 -noiopad -noclkbuf {flatten}-top {top}\n");
    text += &format!("tee -q -o {} stat -json\n", statistics.display());
    fs::write(&script, text).map_err(|error| SynthError::File {
        path: script.clone(),
        action: "written",
        error,
    })?;

    let start = Instant::now();
    // Memory images are named relative to the output directory.
    let output = Command::new("yosys").current_dir(directory).arg("-q").arg("-s").arg(&script).output();
    let output = output.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => SynthError::MissingTool,
        _ => SynthError::Failed { output: format!(" {error}") },
    })?;
    let seconds = start.elapsed().as_secs_f64();
    if !output.status.success() {
        let text =
            [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)].concat();
        let errors: Vec<_> = text.lines().filter(|line| line.contains("ERROR")).collect();
        let lines = if errors.is_empty() { text.lines().collect() } else { errors };
        return Err(SynthError::Failed {
            output: lines.iter().take(20).map(|line| format!("\n  {line}")).collect(),
        });
    }
    let text = fs::read_to_string(&statistics).map_err(|error| SynthError::File {
        path: statistics,
        action: "read",
        error,
    })?;
    count(&text, top, seconds)
}

/// The parts of `stat -json` that matter.
#[derive(Deserialize)]
struct Statistics {
    modules: BTreeMap<String, Cells>,
}

#[derive(Deserialize)]
struct Cells {
    #[serde(rename = "num_cells_by_type", default)]
    by_type: BTreeMap<String, u64>,
}

fn count(statistics: &str, top: &str, seconds: f64) -> Result<SynthResult, SynthError> {
    // Yosys 0.23 writes the lower levels of a hierarchy as text in between.
    let is_json = |line: &&str| line.trim_start().starts_with(['"', '{', '}']);
    let statistics: String = statistics.lines().filter(is_json).flat_map(|line| [line, "\n"]).collect();
    let statistics: Statistics =
        serde_json::from_str(&statistics).map_err(|error| SynthError::Statistics(error.to_string()))?;
    // Yosys marks names of the source with a backslash.
    let cells: BTreeMap<&str, &BTreeMap<String, u64>> = statistics
        .modules
        .iter()
        .map(|(name, cells)| (name.trim_start_matches('\\'), &cells.by_type))
        .collect();
    if !cells.contains_key(top) {
        return Err(SynthError::Statistics(format!("no module `{top}`")));
    }
    let mut design = Design { cells: &cells, uncounted: BTreeMap::new(), modules: BTreeMap::new() };
    let resources = design.add(top, 1);
    Ok(SynthResult {
        resources,
        modules: design.modules.into_values().collect(),
        uncounted: design.uncounted,
        seconds,
    })
}

/// A walk down the instances of a design.
struct Design<'a> {
    cells: &'a BTreeMap<&'a str, &'a BTreeMap<String, u64>>,
    uncounted: BTreeMap<String, u64>,
    modules: BTreeMap<&'a str, ModuleResources>,
}

impl<'a> Design<'a> {
    /// Adds `instances` of a module and what is inside; returns the resources of one. Yosys has checked that no module
    /// contains itself.
    fn add(&mut self, name: &'a str, instances: u64) -> Resources {
        let mut own = Resources::default();
        let mut inside = Resources::default();
        let cells = self.cells.get(name).copied();
        for (kind, &number) in cells.into_iter().flatten() {
            if self.cells.contains_key(kind.as_str()) {
                inside += self.add(kind, instances * number) * number;
            } else if let Some(cost) = cell_cost(kind) {
                own += cost * number;
            } else {
                *self.uncounted.entry(kind.clone()).or_default() += instances * number;
            }
        }
        let total = own + inside;
        let new = || ModuleResources { name: name.to_owned(), instances: 0, own, total };
        self.modules.entry(name).or_insert_with(new).instances += instances;
        total
    }
}

/// What a cell of the 7 series takes (Xilinx UG474, UG953); `None` for one that is not known.
///
/// Carry chains and wide multiplexers come with the LUTs of their slice. Inverters are absorbed by what they drive.
fn cell_cost(kind: &str) -> Option<Resources> {
    let none = Resources::default();
    let memory = |lut| Resources { lut, lutram: lut, ..none };
    Some(match kind {
        "LUT1" | "LUT2" | "LUT3" | "LUT4" | "LUT5" | "LUT6" | "LUT6_2" => Resources { lut: 1, ..none },
        "FDRE" | "FDSE" | "FDCE" | "FDPE" | "FDRE_1" | "FDSE_1" | "FDCE_1" | "FDPE_1" | "LDCE" | "LDPE" => {
            Resources { ff: 1, ..none }
        }
        "DSP48E1" => Resources { dsp: 1, ..none },
        "RAMB18E1" => Resources { bram18: 1, ..none },
        "RAMB36E1" => Resources { bram18: 2, ..none },
        "SRL16" | "SRL16E" | "SRLC16" | "SRLC16E" | "SRLC32E" => memory(1),
        "RAM16X1S" | "RAM32X1S" | "RAM64X1S" => memory(1),
        "RAM16X1D" | "RAM32X1D" | "RAM64X1D" | "RAM128X1S" => memory(2),
        "RAM32M" | "RAM64M" | "RAM128X1D" | "RAM256X1S" => memory(4),
        "CARRY4" | "MUXF7" | "MUXF8" | "INV" | "BUFG" | "GND" | "VCC" => none,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Yosys 0.23 writes a design of three levels, whose lowest has parameters.
    #[test]
    fn modules_of_modules_are_counted() {
        let statistics = r#"{
   "modules": {
      "$paramod$9d83\\add": {
         "num_cells_by_type": {
            "LUT6_2": 9
         }
      },
      "\\layer": {
         "num_cells_by_type": {
            "$paramod$9d83\\add": 2,
            "FDRE": 4
         }
      },
      "\\net": {
         "num_cells_by_type": {
            "layer": 3
         }
      }
   },
       $paramod$9d83\add     2
      "design": {
         "num_cells": 6
      }
}"#;
        let found = count(statistics, "net", 0.0).unwrap();
        assert_eq!(found.resources, Resources { lut: 54, ff: 12, ..Resources::default() });
        assert!(found.uncounted.is_empty());
        assert_eq!(found.modules.iter().map(|module| module.instances).collect::<Vec<_>>(), [6, 3, 1]);
    }
}
