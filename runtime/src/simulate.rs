//! Runs the generated hardware: Verilator's model of it, fed with samples under random stalls, its protocol checked.
//!
//! A design is an output directory of the compiler: `rtl/filelist.f`, `weights/*.mem`, and its [`Interface`] in
//! `report.json`. The model is built into `DIR/sim/` and kept until the SystemVerilog changes.

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub use error::SimError;
pub use interface::{Interface, Port, SideBySide};
pub use statistics::{Latency, Steady, cycles_per_sample};

use error::Ending;

mod build;
mod error;
mod interface;
mod statistics;

/// How to simulate.
#[derive(Debug, Clone, PartialEq)]
pub struct SimOptions {
    /// Probability of a gap before an input beat, and of a stall at the output, in each cycle; from 0 to below 1.
    pub stall: f64,
    /// Seed of gaps and stalls.
    pub seed: u64,
    /// Where to write a waveform.
    pub vcd: Option<PathBuf>,
    /// How many cycles without any beat in or out are a deadlock: more than the slowest layer needs for a sample.
    pub watchdog_cycles: u64,
    /// Length in cycles of bursts, of which one in eight starves the input and one in eight blocks the output, so that
    /// all buffers run empty and full: some times what a sample takes. 0 for none.
    pub burst_cycles: u64,
    /// Cycle of a second reset, after which all samples are sent anew; it must leave nothing behind. 0 for none.
    pub reset_cycle: u64,
}

impl Default for SimOptions {
    fn default() -> Self {
        Self { stall: 0.0, seed: 0, vcd: None, watchdog_cycles: 2_000_000, burst_cycles: 0, reset_cycle: 0 }
    }
}

/// A design with its model.
#[derive(Debug)]
pub struct Simulation {
    directory: PathBuf,
    interface: Interface,
    /// Time that building models took; zero where they were there.
    build_time: Duration,
}

/// A result as it left the accelerator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimOutput {
    /// Index of the sample among those simulated, found by its tag.
    pub sample: usize,
    /// `m_axis_tid`: the index modulo 65536.
    pub tag: u16,
    /// `m_axis_tuser`: the classifier that it left by.
    pub exit: usize,
    /// Logits, sign-extended.
    pub logits: Vec<i32>,
    /// Cycle of the sample's first input beat, counted from the start of reset.
    pub first_input_cycle: u64,
    /// Cycle of the sample's last input beat.
    pub last_input_cycle: u64,
    /// Cycle of the last beat of the result.
    pub output_cycle: u64,
}

impl SimOutput {
    /// Cycles from the first input beat to the last output beat.
    pub fn latency_cycles(&self) -> u64 {
        self.output_cycle - self.first_input_cycle
    }
}

/// What a simulation gave: one result for each sample.
#[derive(Debug, Clone, PartialEq)]
pub struct SimResult {
    /// In the order of arrival.
    pub outputs: Vec<SimOutput>,
    /// Cycles simulated.
    pub cycles: u64,
    /// Cycles a sample in steady state; `None` for fewer than three samples.
    pub cycles_per_sample: Option<f64>,
    /// Over all samples.
    pub latency: Option<Latency>,
    /// For each exit; `None` where no sample left.
    pub latency_per_exit: Vec<Option<Latency>>,
    /// Time of the simulation itself, without building the model.
    pub seconds: f64,
}

impl SimResult {
    fn new(outputs: Vec<SimOutput>, exits: usize, cycles: u64, seconds: f64) -> Self {
        let completions: Vec<_> = outputs.iter().map(|output| output.output_cycle).collect();
        let latencies = |exit: Option<usize>| {
            let chosen = outputs.iter().filter(|output| exit.is_none_or(|exit| output.exit == exit));
            Latency::of(chosen.map(SimOutput::latency_cycles).collect())
        };
        Self {
            cycles,
            cycles_per_sample: cycles_per_sample(&completions),
            latency: latencies(None),
            latency_per_exit: (0..exits).map(|exit| latencies(Some(exit))).collect(),
            seconds,
            outputs,
        }
    }

    /// What it gave for the samples that count, of those of a run in steady state; their indices are among these.
    pub fn counted(&self, steady: &Steady) -> Self {
        let completions: Vec<_> = self.outputs.iter().map(|output| output.output_cycle).collect();
        let counted = steady.counted();
        let outputs = self.outputs.iter().filter(|output| counted.contains(&output.sample));
        let outputs =
            outputs.map(|output| SimOutput { sample: output.sample - counted.start, ..output.clone() });
        let result = Self::new(outputs.collect(), self.latency_per_exit.len(), self.cycles, self.seconds);
        Self { cycles_per_sample: steady.cycles_per_sample(&completions), ..result }
    }

    /// The results by sample: entry `i` is that of sample `i`.
    pub fn by_sample(&self) -> Vec<&SimOutput> {
        let mut outputs: Vec<_> = self.outputs.iter().collect();
        outputs.sort_by_key(|output| output.sample);
        outputs
    }

    /// How many samples left by each exit.
    pub fn exit_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.latency_per_exit.len()];
        for output in &self.outputs {
            counts[output.exit] += 1;
        }
        counts
    }
}

impl Simulation {
    /// The design in `directory`, with the interface that its report states.
    pub fn open(directory: &Path) -> Result<Simulation, SimError> {
        let interface = Interface::read(directory)?;
        Self::new(directory, interface)
    }

    /// The design in `directory`, with this interface.
    pub fn new(directory: &Path, interface: Interface) -> Result<Simulation, SimError> {
        let Interface { input, output, classes, exits, .. } = &interface;
        if !input.is_valid()
            || !output.is_valid()
            || !(1..=output.elements()).contains(classes)
            || *exits == 0
        {
            return Err(SimError::Report {
                path: directory.join("report.json"),
                reason: format!("the interface {interface:?} is none of an accelerator"),
            });
        }
        let directory = fs::canonicalize(directory).map_err(|error| SimError::File {
            path: directory.to_owned(),
            action: "read",
            error,
        })?;
        Ok(Simulation { directory, interface, build_time: Duration::ZERO })
    }

    /// The design's ports.
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// Time spent on building models so far.
    pub fn build_time(&self) -> Duration {
        self.build_time
    }

    /// Builds the model, unless there is one of the same SystemVerilog: seconds to minutes, of which a caller may want
    /// to say something. [`Simulation::run`] does it as well. With `trace`, one that can write waveforms.
    pub fn build(&mut self, trace: bool) -> Result<(), SimError> {
        self.model(trace).map(drop)
    }

    fn model(&mut self, trace: bool) -> Result<PathBuf, SimError> {
        let start = Instant::now();
        let model = build::model(&self.directory, &self.interface, trace)?;
        self.build_time += start.elapsed();
        Ok(model)
    }

    /// Simulates samples, each of them the bytes of its elements one after the other: for 8-bit lanes, the image.
    /// `progress` is called with the number of results so far, at most a hundred times.
    pub fn run(
        &mut self,
        samples: &[&[u8]],
        options: &SimOptions,
        progress: &mut dyn FnMut(usize),
    ) -> Result<SimResult, SimError> {
        let Interface { input, output, exits, .. } = self.interface.clone();
        self.check(samples, options)?;
        let vcd = match &options.vcd {
            Some(path) => std::path::absolute(path).map_err(|error| SimError::File {
                path: path.clone(),
                action: "written",
                error,
            })?,
            None => PathBuf::new(),
        };
        let model = self.model(options.vcd.is_some())?;

        let cache = self.directory.join("sim");
        let failure = |error| SimError::File { path: cache.clone(), action: "written", error };
        let exchange = tempfile::Builder::new().prefix(".run").tempdir_in(&cache).map_err(failure)?;
        let frames = exchange.path().join("frames");
        let results = exchange.path().join("results");
        let beats: Vec<u8> = samples.iter().flat_map(|sample| input.beats_of(sample)).collect();
        fs::write(&frames, beats).map_err(failure)?;

        let start = Instant::now();
        let mut command = Command::new(&model);
        command.current_dir(&self.directory).arg(&frames).arg(&results).arg(&vcd);
        // Below 1 by the check above, hence below 2^32.
        let stall = (options.stall * 4_294_967_296.0) as u64;
        for number in
            [samples.len(), input.beats, input.beat_bytes(), output.beats, output.beat_bytes(), exits]
        {
            command.arg(number.to_string());
        }
        let SimOptions { seed, watchdog_cycles, burst_cycles, reset_cycle, .. } = *options;
        for number in [stall, seed, watchdog_cycles, burst_cycles, reset_cycle] {
            command.arg(number.to_string());
        }
        let cycles = self.follow(command, samples.len(), options, progress)?;
        let seconds = start.elapsed().as_secs_f64();

        let bytes = fs::read(&results).map_err(|error| SimError::File {
            path: results.clone(),
            action: "read",
            error,
        })?;
        let outputs = self.outputs(&bytes).filter(|outputs| outputs.len() == samples.len());
        let outputs =
            outputs.ok_or_else(|| SimError::Model { output: " its results are cut short".to_owned() })?;
        Ok(SimResult::new(outputs, exits, cycles, seconds))
    }

    fn check(&self, samples: &[&[u8]], options: &SimOptions) -> Result<(), SimError> {
        if !(0.0..1.0).contains(&options.stall) {
            return Err(SimError::Option(format!(
                "a stall probability of {} would never let a beat pass; from 0 to below 1 is wanted",
                options.stall
            )));
        }
        if samples.is_empty() {
            return Err(SimError::Option("no samples to simulate; at least one is wanted".to_owned()));
        }
        let size = self.interface.input.sample_bytes();
        match samples.iter().position(|sample| sample.len() != size) {
            Some(index) => Err(SimError::Option(format!(
                "sample {index} has {} bytes, but the accelerator takes {size}: {} beats of {} lanes",
                samples[index].len(),
                self.interface.input.beats,
                self.interface.input.lanes
            ))),
            None => Ok(()),
        }
    }

    /// Runs the model to its end and returns the number of cycles.
    fn follow(
        &self,
        mut command: Command,
        samples: usize,
        options: &SimOptions,
        progress: &mut dyn FnMut(usize),
    ) -> Result<u64, SimError> {
        let broken = |error: io::Error| SimError::Model { output: format!(" {error}") };
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(broken)?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        // A full pipe would stop the model, so both are read at the same time.
        let stderr = std::thread::spawn(move || {
            let mut text = Vec::new();
            let read = stderr.map(|mut stderr| stderr.read_to_end(&mut text));
            read.transpose().map(|_| String::from_utf8_lossy(&text).into_owned())
        });
        let mut ending = None;
        let mut printed = String::new();
        for line in stdout.into_iter().flat_map(|stdout| BufReader::new(stdout).lines()) {
            let line = line.map_err(broken)?;
            if let Some(outputs) = line.strip_prefix("progress ").and_then(|count| count.parse().ok()) {
                progress(outputs);
            } else if let Some(end) = Ending::parse(&line, samples, options) {
                ending = Some(end);
            } else if printed.len() < 4096 {
                // $finish announces itself; the violation says the same.
                if !line.contains("Verilog $finish") {
                    printed += &format!("\n  {line}");
                }
            }
        }
        let status = child.wait().map_err(broken)?;
        let errors = stderr.join().unwrap_or_else(|_| Ok(String::new())).map_err(broken)?;
        printed.extend(errors.lines().take(20).map(|line| format!("\n  {line}")));
        match ending {
            Some(Ending::Failed(error)) => Err(error),
            Some(Ending::Done(cycles)) if status.success() && printed.is_empty() => Ok(cycles),
            _ if printed.is_empty() => Err(SimError::Model { output: format!(" {status}") }),
            _ => Err(SimError::Model { output: printed }),
        }
    }

    /// Takes the results file apart; `None` if it ends within a record.
    fn outputs(&self, bytes: &[u8]) -> Option<Vec<SimOutput>> {
        let Interface { output, classes, exits, .. } = &self.interface;
        let data_bytes = output.beats * output.beat_bytes();
        let records = bytes.chunks(6 * 8 + data_bytes);
        let read = |record: &[u8]| {
            let (numbers, data) = record.split_at_checked(6 * 8)?;
            let mut numbers =
                numbers.chunks_exact(8).filter_map(|bytes| bytes.try_into().ok().map(u64::from_le_bytes));
            let mut next = || numbers.next();
            let sample = usize::try_from(next()?).ok()?;
            let tag = u16::try_from(next()?).ok()?;
            let exit = usize::try_from(next()?).ok().filter(|exit| exit < exits)?;
            let (first_input_cycle, last_input_cycle, output_cycle) = (next()?, next()?, next()?);
            let data: Vec<u8> = (data.len() == data_bytes).then(|| output.elements_of(data).collect())?;
            let logits = elements(&data, output.bits).take(*classes).collect();
            Some(SimOutput { sample, tag, exit, logits, first_input_cycle, last_input_cycle, output_cycle })
        };
        records.map(read).collect()
    }
}

/// Little-endian two's complement elements of 8, 16 or 32 bits.
fn elements(data: &[u8], bits: usize) -> impl Iterator<Item = i32> {
    data.chunks_exact(bits / 8).map(move |bytes| {
        let raw = bytes.iter().rev().fold(0u32, |value, &byte| value << 8 | u32::from(byte));
        let unused = 32 - bits;
        (raw << unused) as i32 >> unused
    })
}
