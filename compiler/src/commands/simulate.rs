//! `atheena simulate`: the generated SystemVerilog against the golden model, every bit.

use super::{percent, print_json};
use crate::{
    cli::SimulateArgs,
    error::Error,
    evaluate::{Answer, Evaluator, correct},
    model, progress,
    random::SplitMix64,
    report::Report,
    session::Session,
};
use atheena_runtime::{
    dataset::DataSet,
    simulate::{Latency, SimOptions, SimOutput, Simulation, Steady},
};
use serde::Serialize;
use std::{fs, path::Path, time::Instant};

mod token;

/// What the simulation showed.
#[derive(Debug, Serialize)]
struct Outcome {
    samples: usize,
    /// Of all results, also of samples that came before and after those that count.
    mismatches: usize,
    accuracy: f64,
    cycles_per_sample: Option<f64>,
    /// By the tokens, of the same samples in steady state.
    predicted_cycles_per_sample: Option<f64>,
    clock_mhz: f64,
    throughput_samples_per_s: Option<f64>,
    exits: Vec<ExitOutcome>,
    latency_cycles: Option<Latency>,
    cycles: u64,
    seconds: f64,
}

#[derive(Debug, Serialize)]
struct ExitOutcome {
    name: String,
    /// None of the last classifier.
    threshold: Option<f64>,
    taken: usize,
    of: usize,
    latency_cycles: Option<Latency>,
}

/// Simulates the hardware of an output directory on a data set.
pub fn run(args: &SimulateArgs) -> Result<(), Error> {
    let report = Report::read(&args.directory)?;
    let session = Session::new();
    let chosen = args.data.as_ref().map(|path| Chosen::new(args, path, &report, &session)).transpose()?;
    match chosen {
        chosen if args.token => token::run(args, &report, &session, chosen.map(|chosen| chosen.exits())),
        Some(chosen) => simulate(args, &report, &session, &chosen),
        None => Err(Error::Usage("simulate needs --data, or --token".into())),
    }
}

/// Samples of a data set, and what the golden model says of them.
struct Chosen {
    data: DataSet,
    answers: Vec<Answer>,
    samples: Vec<usize>,
}

impl Chosen {
    fn new(args: &SimulateArgs, from: &Path, report: &Report, session: &Session) -> Result<Self, Error> {
        let data = DataSet::read(from)?;
        let path = args.directory.join(&report.golden);
        let text = fs::read_to_string(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
        let module = session.parse(&text, &path.to_string_lossy())?;
        let function = Session::function(&module).ok_or_else(|| Error::NoFunction(path.clone(), 0))?;
        model::check_images(function, &data, from)?;

        let evaluator = Evaluator::new(session, function)?;
        // Drawing by exit needs to know the exit of every sample; otherwise the first ones will do.
        let known = if args.late_fraction.is_some() { data.len() } else { wanted(args, &data) };
        let bar = progress::samples(known, "golden model");
        let answers = evaluator.run(&data, 0..known, &|done| bar.set_position(done as u64))?;
        bar.finish_and_clear();
        let samples = match args.late_fraction {
            Some(fraction) => {
                draw(args, from, &answers, report.interface.exits, fraction, wanted(args, &data))?
            }
            None => (0..known).collect(),
        };
        Ok(Self { data, answers, samples })
    }

    fn exits(&self) -> Vec<usize> {
        self.samples.iter().map(|&sample| self.answers[sample].exit).collect()
    }
}

/// Runs the samples through the generated hardware, and compares.
fn simulate(args: &SimulateArgs, report: &Report, session: &Session, samples: &Chosen) -> Result<(), Error> {
    let Chosen { data, answers, samples: chosen } = samples;
    let mut simulation = Simulation::open(&args.directory)?;
    let spinner = progress::steps();
    spinner.set_message("building the simulation with Verilator");
    simulation.build(args.vcd.is_some())?;
    spinner.finish_and_clear();
    let model = token::model(args, report, session).ok().filter(|_| args.vcd.is_none());
    let exits_taken = samples.exits();
    let steady = match (&model, args.vcd.is_some()) {
        (Some(model), _) => model.steady(&exits_taken),
        (None, false) => Steady::around(&exits_taken, report.interface.exits - 1, 0),
        // Waveforms are of the samples alone.
        (None, true) => Steady::alone(chosen.len()),
    };
    let sent = steady.all(chosen);
    let bar = progress::samples(sent.len(), "hardware");
    let images: Vec<&[u8]> = sent.iter().map(|&i| data.image(i)).collect();
    let options =
        SimOptions { stall: args.stall, seed: args.seed, vcd: args.vcd.clone(), ..SimOptions::default() };
    let started = Instant::now();
    let result = simulation.run(&images, &options, &mut |done| bar.set_position(done as u64))?;
    let seconds = started.elapsed().as_secs_f64();
    bar.finish_and_clear();
    let predicted = model.and_then(|model| token::cycles_per_sample(args, &model, &exits_taken));

    let golden = sent.iter().map(|&i| &answers[i]);
    let all = result.by_sample();
    let differences: Vec<_> =
        all.iter().zip(golden).filter(|(output, answer)| !agree(output, answer)).collect();
    let result = result.counted(&steady);
    let outputs = result.by_sample();
    let right = outputs.iter().zip(chosen).filter(|(o, i)| correct(&o.logits, data, **i)).count();
    let outcome = Outcome {
        samples: outputs.len(),
        mismatches: differences.len(),
        accuracy: right as f64 / outputs.len() as f64,
        cycles_per_sample: result.cycles_per_sample,
        predicted_cycles_per_sample: predicted,
        clock_mhz: report.clock_mhz,
        throughput_samples_per_s: result.cycles_per_sample.map(|c| report.clock_mhz * 1e6 / c),
        exits: exits(report, &result.exit_counts(), &result.latency_per_exit),
        latency_cycles: result.latency,
        cycles: result.cycles,
        seconds,
    };
    if args.json {
        print_json(&outcome);
    } else {
        print_table(&outcome, args);
    }
    match differences.first() {
        None => Ok(()),
        Some((output, answer)) => Err(Error::Mismatch {
            mismatches: differences.len(),
            samples: all.len(),
            first: format!(
                "sample {} gave {:?} at exit {}, expected {:?} at exit {}",
                sent[output.sample], output.logits, output.exit, answer.logits, answer.exit
            ),
        }),
    }
}

fn wanted(args: &SimulateArgs, data: &DataSet) -> usize {
    args.samples.unwrap_or(data.len()).clamp(1, data.len())
}

/// The same logits at the same exit?
pub(crate) fn agree(output: &SimOutput, answer: &Answer) -> bool {
    output.exit == answer.exit && output.logits == answer.logits
}

/// Draws `count` samples of which `fraction` reach the last section, in a random order that the seed fixes.
/// Samples repeat where the data set has too few of a kind.
fn draw(
    args: &SimulateArgs,
    from: &Path,
    answers: &[Answer],
    exits: usize,
    fraction: f64,
    count: usize,
) -> Result<Vec<usize>, Error> {
    let late = |i: &usize| answers[*i].exit + 1 == exits;
    let (hard, easy): (Vec<usize>, Vec<usize>) = (0..answers.len()).partition(late);
    let hard_count = (fraction * count as f64).round() as usize;
    for (needed, kind, what) in [(hard_count, &hard, "stays"), (count - hard_count, &easy, "leaves")] {
        if needed > 0 && kind.is_empty() {
            return Err(Error::NoSuchSamples(from.into(), what, fraction));
        }
    }
    let mut chosen: Vec<usize> = hard.iter().cycle().take(hard_count).copied().collect();
    chosen.extend(easy.iter().cycle().take(count - hard_count));
    SplitMix64::new(args.seed).shuffle(&mut chosen);
    Ok(chosen)
}

/// The exits in order, the last classifier at the end.
fn exits(report: &Report, counts: &[usize], latencies: &[Option<Latency>]) -> Vec<ExitOutcome> {
    let mut of = counts.iter().sum();
    let mut outcomes = vec![];
    for (i, (&taken, latency)) in counts.iter().zip(latencies).enumerate() {
        let exit = report.exits.get(i);
        outcomes.push(ExitOutcome {
            name: exit.map_or_else(|| "last".to_owned(), |exit| exit.name.clone()),
            threshold: exit.map(|exit| exit.threshold),
            taken,
            of,
            latency_cycles: *latency,
        });
        of -= taken;
    }
    outcomes
}

fn print_table(outcome: &Outcome, args: &SimulateArgs) {
    out!("images               {}", outcome.samples);
    out!("mismatches           {}", outcome.mismatches);
    out!("accuracy             {:.2} %", 100.0 * outcome.accuracy);
    print_exits(&outcome.exits, outcome.samples);
    if let (Some(cycles), Some(rate)) = (outcome.cycles_per_sample, outcome.throughput_samples_per_s) {
        out!("cycles an image      {cycles:.1}");
        if let Some(predicted) = outcome.predicted_cycles_per_sample {
            out!("predicted            {predicted:.1}");
        }
        out!("throughput           {rate:.0} images/s at {} MHz", outcome.clock_mhz);
    }
    out!("files                {}", args.directory.display());
}

fn print_exits(exits: &[ExitOutcome], samples: usize) {
    for exit in exits {
        let part = percent(exit.taken, samples);
        let latency = exit.latency_cycles;
        let latency = latency
            .map(|l| format!(", latency {} cycles in the median, {} at most", l.p50, l.max))
            .unwrap_or_default();
        out!("left at {:<12} {} ({part}){latency}", exit.name, exit.taken);
    }
}
