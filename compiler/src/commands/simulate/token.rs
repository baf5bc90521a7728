//! `atheena simulate --token`: where beats are, cycle by cycle, without what is in them.

use super::super::print_json;
use super::{ExitOutcome, exits, print_exits};
use crate::{cli::SimulateArgs, error::Error, report::Report, session::Session};
use atheena_dialects::{dataflow::Graph, ir::Op};
use atheena_runtime::{
    simulate::Latency,
    tokens::{Activity, TokenModel, Traffic, draw_arrivals, draw_exits},
};
use serde::Serialize;
use std::{fs, time::Instant};

/// What the simulation showed.
#[derive(Debug, Serialize)]
struct Outcome {
    samples: usize,
    cycles_per_sample: Option<f64>,
    clock_mhz: f64,
    throughput_samples_per_s: Option<f64>,
    arrivals_per_s: Option<f64>,
    exits: Vec<ExitOutcome>,
    latency_cycles: Option<Latency>,
    bottleneck: Option<String>,
    stalls: Vec<Stalled>,
    deadlock: bool,
    cycles: u64,
    seconds: f64,
}

/// Cycles of an actor.
#[derive(Debug, Serialize)]
struct Stalled {
    actor: String,
    busy: u64,
    starved: u64,
    blocked: u64,
}

impl From<Activity> for Stalled {
    fn from(activity: Activity) -> Self {
        let Activity { actor, busy, starved, blocked } = activity;
        Self { actor, busy, starved, blocked }
    }
}

/// Samples that are simulated where the user says nothing.
const SAMPLES: usize = 4096;

/// Simulates the design; `known` are the exits of given samples.
pub fn run(
    args: &SimulateArgs,
    report: &Report,
    session: &Session,
    known: Option<Vec<usize>>,
) -> Result<(), Error> {
    let model = model(args, report, session)?;
    let taken = known.unwrap_or_else(|| draw_exits(&reach(&model, args), samples(args), args.seed));
    let traffic = Traffic {
        stall: args.stall,
        seed: args.seed,
        burst_cycles: 0,
        arrivals: args.arrival_rate.map_or_else(Vec::new, |rate| {
            draw_arrivals(report.clock_mhz * 1e6 / rate, taken.len(), args.seed)
        }),
    };
    let started = Instant::now();
    let result = match args.arrival_rate {
        Some(_) => model.run(&taken, &traffic),
        None => model.run_steady(&taken, &traffic),
    };
    let seconds = started.elapsed().as_secs_f64();
    let mut counts = vec![0; model.exits()];
    result.passages.iter().for_each(|passage| counts[passage.exit] += 1);
    let outcome = Outcome {
        samples: result.passages.len(),
        cycles_per_sample: result.cycles_per_sample,
        clock_mhz: report.clock_mhz,
        throughput_samples_per_s: result.cycles_per_sample.map(|cycles| report.clock_mhz * 1e6 / cycles),
        arrivals_per_s: args.arrival_rate,
        exits: exits(report, &counts, &result.latency_per_exit),
        latency_cycles: result.latency,
        bottleneck: result.bottleneck().map(|activity| activity.actor.clone()),
        deadlock: result.deadlock,
        cycles: result.cycles,
        stalls: result.activity.into_iter().map(Stalled::from).collect(),
        seconds,
    };
    if args.json {
        print_json(&outcome);
    } else {
        print_table(&outcome);
    }
    if outcome.deadlock { Err(Error::Internal("the design deadlocks")) } else { Ok(()) }
}

/// The cycles a sample of samples that leave by these exits, in this order.
pub fn cycles_per_sample(args: &SimulateArgs, model: &TokenModel, exits: &[usize]) -> Option<f64> {
    let traffic = Traffic { stall: args.stall, seed: args.seed, ..Traffic::default() };
    model.run_steady(exits, &traffic).cycles_per_sample
}

/// The model of the actors that the design was made of.
pub fn model(args: &SimulateArgs, report: &Report, session: &Session) -> Result<TokenModel, Error> {
    let missing = |reason: &str| Error::NoReport { path: args.directory.clone(), reason: reason.into() };
    let file = report.dataflow.as_ref().ok_or_else(|| missing("it names no file of actors"))?;
    let path = args.directory.join(file);
    let text = fs::read_to_string(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
    let module = session.parse(&text, &path.to_string_lossy())?;
    let graphs = Op::of_module(&module).walk_named(Graph::NAME);
    let model = graphs.first().and_then(|&graph| TokenModel::of(Graph(graph)));
    model.ok_or_else(|| missing("its actors are none of an accelerator"))
}

fn samples(args: &SimulateArgs) -> usize {
    args.samples.unwrap_or(SAMPLES).max(1)
}

/// The probability to get to each classifier: the design's, or with the given one for the last.
fn reach(model: &TokenModel, args: &SimulateArgs) -> Vec<f64> {
    let mut reach = model.reach().to_vec();
    if let (Some(last), Some(fraction)) = (reach.last_mut(), args.late_fraction) {
        *last = fraction;
        reach.iter_mut().for_each(|part| *part = part.max(fraction));
    }
    reach
}

fn print_table(outcome: &Outcome) {
    out!("images               {}", outcome.samples);
    print_exits(&outcome.exits, outcome.samples);
    if let Some(latency) = outcome.latency_cycles {
        let us = |cycles: u64| cycles as f64 / outcome.clock_mhz;
        out!(
            "latency              {} cycles in the median, 99 % in {} ({:.1} us), {} at most",
            latency.p50,
            latency.p99,
            us(latency.p99),
            latency.max
        );
    }
    if let (Some(cycles), Some(rate)) = (outcome.cycles_per_sample, outcome.throughput_samples_per_s) {
        out!("cycles an image      {cycles:.1}");
        out!("throughput           {rate:.0} images/s at {} MHz", outcome.clock_mhz);
    }
    let all = outcome.cycles.max(1) as f64;
    let mut most: Vec<_> = outcome.stalls.iter().collect();
    most.sort_by_key(|stalled| std::cmp::Reverse(stalled.busy));
    out!("{:<30} {:>7} {:>7} {:>7}", "busiest actors", "busy", "starved", "blocked");
    for stalled in most.into_iter().take(8) {
        let [busy, starved, blocked] =
            [stalled.busy, stalled.starved, stalled.blocked].map(|cycles| 100.0 * cycles as f64 / all);
        out!("{:<30} {busy:>5.1} % {starved:>5.1} % {blocked:>5.1} %", stalled.actor);
    }
}
