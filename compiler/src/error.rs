//! Why a command failed.

use crate::{
    counts::CountsError, device::DeviceError, diagnostic::Diagnostics, eenet, exploration::PointError,
    frontier::FrontierError, onnx, output::OutputError,
};
use atheena_passes::ee::tune_thresholds::tuning::TuneError;
use atheena_runtime::{
    circt::CirctError, dataset::DataSetError, design::DesignError, golden::GoldenError, simulate::SimError,
    synth::SynthError,
};
use std::{io, path::PathBuf};

/// Why a command failed: what the user reads behind `error: `.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file can't be read.
    #[error("cannot read {path}: {source}\n  note: check the path and its permissions")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file of no known kind.
    #[error("{0}: unknown kind of network\n  note: give an .onnx, .mlir or .eenet file")]
    UnknownModel(PathBuf),
    /// A file that is not text.
    #[error("{0} is not UTF-8 text\n  note: save it as text; mlir-opt turns MLIR's bytecode into it")]
    NotText(PathBuf),
    /// The ONNX file is at fault.
    #[error("{0}")]
    Onnx(#[from] onnx::Error),
    /// The text of a network is at fault.
    #[error("{0}")]
    Eenet(#[from] eenet::Error),
    /// MLIR has found something wrong.
    #[error("{0}")]
    Diagnostics(#[from] Diagnostics),
    /// A module without a network.
    #[error("{0}: expected exactly one func.func, but found {1}\n  note: a network is one function")]
    NoFunction(PathBuf, usize),
    /// Hardware needs integers.
    #[error(
        "{0} is a float network, and hardware computes with integers\n  note: give samples of the training \
         set with --calibration X.npz"
    )]
    NoCalibration(PathBuf),
    /// A throughput that no design in the budget has.
    #[error(
        "can't reach {wanted:.0} images/s: the highest within the budget is {reachable:.0}, where {slowest:?} is the slowest and \
         {scarcest} are used\n  note: ask for a lower throughput, raise the budget or take a larger device"
    )]
    Unreachable {
        /// Images a second.
        wanted: f64,
        /// Images a second.
        reachable: f64,
        /// The actor that limits it.
        slowest: String,
        /// The resource that limits it.
        scarcest: String,
    },
    /// Layers fit, and their buffers do not.
    #[error(
        "does not fit its budget with the buffers between its layers: it needs {0}\n  note: raise the budget, \
         take a larger device or ask for a lower throughput"
    )]
    BuffersDoNotFit(String),
    /// The point of an exploration has other actors.
    #[error(
        "--point: it was explored for a network with other layers\n  note: explore this network with `atheena explore`, or compile without --point"
    )]
    OtherGraph,
    /// No rows can be paired.
    #[error(
        "--row-pairs always: the image does not go through convolutions of stride 1 to a pool of tiles of an even number of rows, and nowhere else\n  note: leave it to the compiler with --row-pairs auto"
    )]
    NoRowPairs,
    /// A data set is at fault.
    #[error("{0}")]
    DataSet(#[from] DataSetError),
    /// A data set of another shape than the network's input.
    #[error(
        "{path}: its images are {found:?}, but the network takes {expected:?}\n  note: [H, W, C]; use the data set that the network was trained on"
    )]
    ImageShape {
        /// The data set.
        path: PathBuf,
        /// Height, width, channels of its images.
        found: Vec<usize>,
        /// Those of the network's input.
        expected: Vec<usize>,
    },
    /// A data set without labels, where accuracy is wanted.
    #[error("{0} has no labels, and accuracy needs them\n  note: add an array `labels`, one class a sample")]
    NoLabels(PathBuf),
    /// A label that is no class of the network.
    #[error(
        "{path}: label {index} is {label}, but the network has {classes} classes\n  note: labels are class indices from 0 to {}; use the data set that the network was trained on",
        classes.saturating_sub(1)
    )]
    Label {
        /// The data set.
        path: PathBuf,
        /// Which label.
        index: usize,
        /// Its value.
        label: usize,
        /// The number of classes.
        classes: usize,
    },
    /// Counts can't be read or added.
    #[error("{0}")]
    Counts(#[from] CountsError),
    /// A point of an exploration can't be compiled.
    #[error("{0}")]
    Point(#[from] PointError),
    /// No thresholds can be chosen.
    #[error(
        "{0} {1}\n  note: allow more with --max-accuracy-drop, give more samples, or compile the network with --no-exits"
    )]
    Tune(PathBuf, TuneError),
    /// The frontier of thresholds can't be read or drawn.
    #[error("{0}")]
    Frontier(#[from] FrontierError),
    /// No sample of the kind that was asked for.
    #[error(
        "no sample of {0} {1} at the exits, so --late-fraction {2} can't be drawn\n  note: choose another fraction or more data"
    )]
    NoSuchSamples(PathBuf, &'static str, f64),
    /// The device is at fault.
    #[error("{0}")]
    Device(#[from] DeviceError),
    /// A wrong value of an option.
    #[error("{0}")]
    Usage(String),
    /// The output can't be written.
    #[error("{0}")]
    Output(#[from] OutputError),
    /// The golden model can't run.
    #[error("{0}")]
    Golden(#[from] GoldenError),
    /// CIRCT is missing or refuses.
    #[error("{0}")]
    Circt(#[from] CirctError),
    /// The SystemVerilog can't be written.
    #[error("{0}")]
    Design(#[from] DesignError),
    /// Verilator is missing or the hardware misbehaves.
    #[error("{0}")]
    Simulate(#[from] SimError),
    /// Yosys is missing or refuses.
    #[error("{0}")]
    Synth(#[from] SynthError),
    /// A directory that `compile` did not make.
    #[error(
        "{path} has no usable report.json: {reason}\n  note: make the directory with `atheena compile … -o {path}`"
    )]
    NoReport {
        /// The directory.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A defect of the compiler.
    #[error(
        "internal error: {0}\n  note: this is a defect of the compiler; please report it with the network"
    )]
    Internal(&'static str),
    /// Hardware and golden model differ.
    #[error(
        "{mismatches} of {samples} samples differ between hardware and golden model; the first: {first}\n  note: this is a defect of the compiler; please report it with the network"
    )]
    Mismatch {
        /// Samples that differ.
        mismatches: usize,
        /// Samples compared.
        samples: usize,
        /// The first, for people.
        first: String,
    },
    /// A random network shows a defect.
    #[error("{0}")]
    Fuzz(String),
}
