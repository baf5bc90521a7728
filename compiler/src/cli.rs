//! The command line: what can be said, and who does it.

use crate::{
    commands::{compile, explore, fuzz, profile, report, simulate, synth},
    device::Device,
    error::Error,
    quantization::QuantizeArgs,
};
use atheena_dialects::dataflow::Resources;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Compiles early-exit neural networks to FPGA dataflow accelerators.
#[derive(Parser, Debug)]
#[command(name = "atheena", version, max_term_width = 110)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Compile a network to SystemVerilog
    Compile(CompileArgs),
    /// Find the best design for every throughput, with and without exits: a curve whose points can be compiled
    Explore(ExploreArgs),
    /// Draw the report of compiled hardware anew: DIR/report.html
    Report(ReportArgs),
    /// Run a network on a data set: accuracy, and how many samples leave at each exit
    Profile(ProfileArgs),
    /// Simulate compiled hardware and compare every output bit with the golden model
    Simulate(SimulateArgs),
    /// Synthesise compiled hardware: what it takes, in total and a module
    Synth(SynthArgs),
    /// Compile and simulate random networks, and compare every output bit with the golden model
    Fuzz(FuzzArgs),
}

/// What hardware is made for.
#[derive(Args, Debug)]
pub struct TargetArgs {
    /// The device: a known name, or a TOML file
    #[arg(long, default_value = "zc706")]
    pub device: String,
    /// The part of the device to use, in 0..1
    #[arg(long, value_name = "PART", conflicts_with = "within", value_parser = fraction)]
    pub budget: Option<f64>,
    /// The resources to use, such as lut=122014,ff=149724,dsp=738,bram18=956
    #[arg(long, value_name = "RESOURCES")]
    pub within: Option<String>,
    /// The clock; without it, the device's
    #[arg(long, value_name = "MHZ", value_parser = positive)]
    pub clock_mhz: Option<f64>,
    /// The part of the samples that reaches the last section, or that goes on at each exit:
    /// 0.25 or exit1=0.25,exit2=0.1; without it, as profiled on the calibration samples
    #[arg(long, value_name = "FRACTION", allow_hyphen_values = true)]
    pub late_fraction: Option<String>,
}

/// A device, how much of it may be used, and the clock.
pub struct Target {
    /// The device.
    pub device: Device,
    /// The resources that may be used.
    pub budget: Resources,
    /// The clock.
    pub clock_mhz: f64,
}

impl TargetArgs {
    /// What the options name.
    pub fn find(&self) -> Result<Target, Error> {
        let device = Device::find(&self.device)?;
        let budget = budget(self.budget, self.within.as_deref(), &device)?;
        let clock_mhz = self.clock_mhz.unwrap_or(device.clock_mhz);
        Ok(Target { device, budget, clock_mhz })
    }
}

/// What a design is to be good at.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// The highest throughput, or with --throughput the least resources
    Throughput,
    /// The least latency that 99 of 100 samples stay below at --arrival-rate
    Latency,
}

/// Whether the first layers compute two rows of an image side by side, which a host sends in that order then.
#[derive(ValueEnum, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RowPairs {
    /// Where that is better
    #[default]
    Auto,
    /// Rows come one after the other
    Never,
    /// In any case, if the network can
    Always,
}

/// Options of `compile`.
#[derive(Args, Debug)]
pub struct CompileArgs {
    /// The network: .onnx, .mlir or .eenet
    pub model: PathBuf,
    /// Samples to choose scales with: .npz with images (uint8 [N, H, W, C]) and labels
    #[arg(long, value_name = "NPZ")]
    pub calibration: Option<PathBuf>,
    /// The output directory
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// What to compile for
    #[command(flatten)]
    pub target: TargetArgs,
    /// The throughput to reach with the least resources; without it, the highest in the budget
    #[arg(long, value_name = "SAMPLES_PER_S", value_parser = positive)]
    pub throughput: Option<f64>,
    /// What the design is to be good at within the budget
    #[arg(long, value_enum, default_value = "throughput", requires_if("latency", "arrival_rate"))]
    pub objective: Goal,
    /// With --objective latency: samples come at this rate, at random (a Poisson process)
    #[arg(long, value_name = "SAMPLES_PER_S", value_parser = positive, conflicts_with = "throughput")]
    pub arrival_rate: Option<f64>,
    /// Compile a design that `explore` has found: its throughput, budget, clock, exits and thresholds
    #[arg(long, value_name = "JSON#ID", conflicts_with_all = ["budget", "within", "throughput", "objective", "arrival_rate", "clock_mhz", "late_fraction", "no_exits", "thresholds", "max_accuracy_drop"])]
    pub point: Option<String>,
    /// Compile the network without its exits, the baseline
    #[arg(long, conflicts_with_all = ["thresholds", "max_accuracy_drop", "profile"])]
    pub no_exits: bool,
    /// Thresholds in place of the network's: 0.9 for all exits, or exit1=0.9,exit2=0.8
    #[arg(long, value_name = "THRESHOLDS", allow_hyphen_values = true)]
    pub thresholds: Option<String>,
    /// Choose the thresholds of all exits on the calibration samples, for the least products a sample with at most
    /// this many percentage points less accuracy than without exits (see `profile --tune`)
    #[arg(long, value_name = "POINTS", value_parser = points, requires = "calibration", conflicts_with = "profile")]
    pub max_accuracy_drop: Option<f64>,
    /// With what probability --max-accuracy-drop holds on other data, from 0.5 (on the calibration samples only) to 1
    #[arg(long, value_name = "PROBABILITY", default_value = "0.95", value_parser = confidence, requires = "max_accuracy_drop")]
    pub drop_confidence: f64,
    /// How many samples leave at each exit, as `profile -o` has counted, in place of the calibration samples
    #[arg(long, value_name = "JSON")]
    pub profile: Option<PathBuf>,
    /// Whether the first layers compute two rows of an image side by side; a host sends them in that order then
    #[arg(long, value_enum, default_value = "auto", conflicts_with = "point")]
    pub row_pairs: RowPairs,
    /// How to quantise
    #[command(flatten)]
    pub quantize: QuantizeArgs,
    /// The levels to write; the compiler stops behind the last of them
    #[arg(long, value_delimiter = ',', value_enum, default_value = "sv")]
    pub emit: Vec<Level>,
    /// Tell what the compiler leaves out or changes, too
    #[arg(short, long)]
    pub verbose: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Options of `explore`.
#[derive(Args, Debug)]
pub struct ExploreArgs {
    /// The network: .onnx, .mlir or .eenet
    pub model: PathBuf,
    /// Samples to choose scales with: .npz with images (uint8 [N, H, W, C]) and labels
    #[arg(long, value_name = "NPZ")]
    pub calibration: Option<PathBuf>,
    /// The output directory: explore.json, explore.csv and explore.html
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// What to compile for
    #[command(flatten)]
    pub target: TargetArgs,
    /// Thresholds in place of the network's: 0.9 for all exits, or exit1=0.9,exit2=0.8
    #[arg(long, value_name = "THRESHOLDS", allow_hyphen_values = true)]
    pub thresholds: Option<String>,
    /// How many samples leave at each exit, as `profile -o` has counted, in place of the calibration samples
    #[arg(long, value_name = "JSON", conflicts_with_all = ["tune", "late_fraction"])]
    pub profile: Option<PathBuf>,
    /// Choose thresholds too: a curve for each of some choices, from few products a sample to high accuracy
    #[arg(long, conflicts_with = "late_fraction")]
    pub tune: bool,
    /// With --tune: labelled samples to choose thresholds with; without it, the calibration samples
    #[arg(long, value_name = "NPZ", requires = "tune")]
    pub data: Option<PathBuf>,
    /// With --tune: how much less accuracy than without exits a choice may have, in percentage points
    #[arg(long, value_name = "POINTS", default_value = "1", value_parser = points, requires = "tune")]
    pub max_accuracy_drop: f64,
    /// With --tune: how many choices
    #[arg(long, value_name = "N", default_value = "4", value_parser = clap::value_parser!(u8).range(1..=9), requires = "tune")]
    pub choices: u8,
    /// Whether the first layers compute two rows of an image side by side; a host sends them in that order then
    #[arg(long, value_enum, default_value = "auto")]
    pub row_pairs: RowPairs,
    /// How to quantise
    #[command(flatten)]
    pub quantize: QuantizeArgs,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Options of `report`.
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// The output directory of `compile`
    pub directory: PathBuf,
    /// The output directory of `explore`, to show its curves
    #[arg(long, value_name = "DIR")]
    pub explored: Option<PathBuf>,
}

/// The levels of the compiler.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The integer network with its exits
    Ee,
    /// The integer network as TOSA alone, exits as tosa.cond_if
    Tosa,
    /// The actors with their foldings and buffers
    Dataflow,
    /// CIRCT's hw, comb, seq and sv
    Hw,
    /// SystemVerilog
    Sv,
}

/// Options of `profile`.
#[derive(Args, Debug)]
pub struct ProfileArgs {
    /// The network: .onnx, .mlir or .eenet
    #[arg(required_unless_present = "merge", requires = "data")]
    pub model: Option<PathBuf>,
    /// The samples to run: .npz with images (uint8 [N, H, W, C]) and labels
    #[arg(long, value_name = "NPZ", required_unless_present = "merge", requires = "model")]
    pub data: Option<PathBuf>,
    /// Add the counts of runs on other parts of the same data set instead of running
    #[arg(long, value_name = "JSON", num_args = 1.., conflicts_with_all = ["model", "data", "calibration", "shard", "thresholds"])]
    pub merge: Vec<PathBuf>,
    /// Samples to quantise with; without it the float network runs
    #[arg(long, value_name = "NPZ")]
    pub calibration: Option<PathBuf>,
    /// Thresholds in place of the network's: 0.9 for all exits, or exit1=0.9,exit2=0.8
    #[arg(long, value_name = "THRESHOLDS", allow_hyphen_values = true)]
    pub thresholds: Option<String>,
    /// Choose the thresholds of all exits: the least products a sample with --max-accuracy-drop
    #[arg(long, conflicts_with_all = ["shard", "merge"])]
    pub tune: bool,
    /// With --tune: how much less accuracy than without exits (the last classifier alone) the network with exits
    /// may have, in percentage points
    #[arg(long, value_name = "POINTS", default_value = "0.2", value_parser = points, requires = "tune")]
    pub max_accuracy_drop: f64,
    /// With --tune: with what probability --max-accuracy-drop holds on other data, from 0.5 (on the samples that choose
    /// only) to 1
    #[arg(long, value_name = "PROBABILITY", default_value = "0.95", value_parser = confidence, requires = "tune")]
    pub drop_confidence: f64,
    /// With --tune: the part of the samples on which the thresholds are judged and not chosen
    #[arg(long, value_name = "PART", default_value = "0.5", value_parser = part_below_one, requires = "tune")]
    pub holdout: f64,
    /// With --tune: write accuracy against products to a file, as a picture (.svg) or as numbers (.json)
    #[arg(long, value_name = "FILE", requires = "tune")]
    pub frontier: Vec<PathBuf>,
    /// How to quantise
    #[command(flatten)]
    pub quantize: QuantizeArgs,
    /// Run the samples through the float network too: its accuracy, and how many samples it treats alike
    #[arg(long, requires = "calibration", conflicts_with = "tune")]
    pub against_float: bool,
    /// Run the I-th of N parts of the data set, such as 1/4
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<(usize, usize)>,
    /// Write the counts to a file: those of all shards add up with --merge
    #[arg(short, long, value_name = "JSON")]
    pub output: Option<PathBuf>,
    /// Tell what the compiler leaves out or changes, too
    #[arg(short, long)]
    pub verbose: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Options of `simulate`.
#[derive(Args, Debug)]
pub struct SimulateArgs {
    /// The output directory of `compile`
    pub directory: PathBuf,
    /// The samples to run: .npz with images (uint8 [N, H, W, C]) and labels
    #[arg(long, value_name = "NPZ", required_unless_present = "token")]
    pub data: Option<PathBuf>,
    /// Simulate where beats are and not what is in them: seconds instead of minutes, the same cycles. Without --data, samples leave
    /// at random where the design expects it
    #[arg(long, conflicts_with = "vcd")]
    pub token: bool,
    /// With --token: samples come at this rate, at random (a Poisson process), instead of waiting in front
    #[arg(long, value_name = "SAMPLES_PER_S", value_parser = positive, requires = "token")]
    pub arrival_rate: Option<f64>,
    /// How many samples; without it, all, or with --token and no --data 4096. Up to 64 of them come before and after as well, so that
    /// what is measured is the steady state
    #[arg(long, value_name = "N")]
    pub samples: Option<usize>,
    /// Draw samples so that this part of them reaches the last section
    #[arg(long, value_name = "FRACTION", value_parser = fraction, allow_hyphen_values = true)]
    pub late_fraction: Option<f64>,
    /// The probability of a gap at the input and of a stall at the output, each cycle
    #[arg(long, value_name = "PROBABILITY", default_value = "0", value_parser = fraction)]
    pub stall: f64,
    /// The seed of stalls and of the order of the samples
    #[arg(long, default_value = "1")]
    pub seed: u64,
    /// Write a waveform
    #[arg(long, value_name = "FILE")]
    pub vcd: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Options of `synth`.
#[derive(Args, Debug)]
pub struct SynthArgs {
    /// The output directory of `compile`
    pub directory: PathBuf,
    /// The tool
    #[arg(long, default_value = "yosys", value_parser = ["yosys"])]
    pub tool: String,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Options of `fuzz`.
#[derive(Args, Debug)]
pub struct FuzzArgs {
    /// How many networks
    #[arg(long, value_name = "N", default_value = "25")]
    pub count: usize,
    /// The seed of networks and data: the same networks on every machine
    #[arg(long, default_value = "1")]
    pub seed: u64,
    /// Where networks that fail are kept, made small
    #[arg(short, long, value_name = "DIR", default_value = "fuzz-failures")]
    pub output: PathBuf,
    /// Run the network of a file again, such as one that was kept
    #[arg(long, value_name = "EENET", conflicts_with_all = ["count", "seed", "output"])]
    pub replay: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// The resources that the user allows: the whole device, a part of it, or a list.
fn budget(part: Option<f64>, within: Option<&str>, device: &Device) -> Result<Resources, Error> {
    let Some(list) = within else {
        return Ok(device.share(part.unwrap_or(1.0)));
    };
    let mut budget = device.resources();
    for item in list.split(',') {
        let wrong = || {
            Error::Usage(format!(
                "--within {list}: {item:?} is no resource\n  note: write it as lut=122014,ff=149724,dsp=738,bram18=956"
            ))
        };
        let (key, value) = item.split_once('=').ok_or_else(wrong)?;
        let value: i64 = value.trim().parse().ok().filter(|v| *v >= 0).ok_or_else(wrong)?;
        match key.trim() {
            "lut" => budget.lut = value,
            "ff" => budget.ff = value,
            "dsp" => budget.dsp = value,
            "bram18" => budget.bram18 = value,
            _ => return Err(wrong()),
        }
    }
    Ok(budget)
}

fn fraction(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("expected a number in 0..1".into()),
    }
}

fn part_below_one(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..1.0).contains(&value) => Ok(value),
        _ => Err("expected a number from 0 on and below 1".into()),
    }
}

/// The confidence of a one-sided bound.
fn confidence(text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value| (0.5..1.0).contains(value));
    value.ok_or_else(|| "expected a probability from 0.5 on and below 1".to_owned())
}

fn points(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=100.0).contains(&value) => Ok(value),
        _ => Err("expected percentage points in 0..100".into()),
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value.is_finite() => Ok(value),
        _ => Err("expected a number above 0".into()),
    }
}

fn shard(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    match parts {
        Some((i, n)) if 1 <= i && i <= n => Ok((i, n)),
        _ => Err("expected I/N with 1 <= I <= N, such as 1/4".into()),
    }
}

/// Runs a command.
pub fn run(cli: Cli) -> Result<(), Error> {
    match cli.command {
        Command::Compile(args) => compile::run(&args),
        Command::Explore(args) => explore::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Profile(args) => profile::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Synth(args) => synth::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
    }
}
