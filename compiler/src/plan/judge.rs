//! The best of some designs, by the simulation of tokens.

use super::{Candidate, MOST_JUDGED, Plan, share};
use crate::pipeline::{Hardware, Objective};
use atheena_runtime::tokens::{TokenModel, Traffic, draw_arrivals, draw_exits};
use std::thread;

/// Samples of an estimate of latencies, and the seed of their order and arrivals.
const SAMPLES: usize = 1024;
const SEED: u64 = 1;

/// The part of the samples that may take longer than what is to be short.
const SLOWEST: f64 = 0.01;

/// Samples that come so much less often than they may are held: queues of what is always busy grow without end.
const BUSY: f64 = 0.999;

/// The best plan; none if no design is good enough.
pub fn best(candidates: Vec<Candidate>, hardware: &Hardware) -> Option<Plan> {
    match hardware.objective {
        Objective::Throughput => fastest(candidates),
        Objective::Resources { cycles } => smallest(candidates, cycles, hardware),
        Objective::Latency { arrival_cycles } => soonest(candidates, arrival_cycles),
    }
    .map(|candidate| candidate.plan)
}

/// The one that takes the fewest cycles a sample, which it says then; of one with rows in pairs and one without, the smaller one.
pub fn fastest(candidates: Vec<Candidate>) -> Option<Candidate> {
    let promising = promising(candidates, |candidate| candidate.cycles);
    let simulated = judged(promising, |candidate| cycles_per_sample(&candidate.tokens)).into_iter();
    let simulated = simulated.map(|(cycles, candidate)| Candidate { cycles, ..candidate });
    let is_better = |next: &Candidate, best: &Candidate| {
        let (next_plan, best_plan) = (&next.plan, &best.plan);
        let is_smaller = || next_plan.design.share < best_plan.design.share;
        let is_other = next_plan.row_pairs != best_plan.row_pairs;
        next.cycles < best.cycles || next.cycles == best.cycles && is_other && is_smaller()
    };
    simulated.reduce(|best, next| if is_better(&next, &best) { next } else { best })
}

/// The cheapest one that takes a sample every so many cycles, or almost.
fn smallest(candidates: Vec<Candidate>, cycles: f64, hardware: &Hardware) -> Option<Candidate> {
    let promising = promising(candidates, |candidate| share(candidate.resources, hardware.budget));
    let mut nearest: Option<Candidate> = None;
    for candidate in promising {
        let candidate = Candidate { cycles: cycles_per_sample(&candidate.tokens), ..candidate };
        if candidate.cycles <= cycles {
            return Some(candidate);
        }
        if nearest.as_ref().is_none_or(|nearest| candidate.cycles < nearest.cycles) {
            nearest = Some(candidate);
        }
    }
    nearest
}

/// The one of the least latency that all but few samples stay below, where one comes every so many cycles.
fn soonest(candidates: Vec<Candidate>, arrival_cycles: f64) -> Option<Candidate> {
    let held = |candidate: &Candidate| candidate.cycles < BUSY * arrival_cycles;
    let candidates = candidates.into_iter().filter(held).collect();
    let promising = promising(candidates, |candidate| expected_latency(candidate, arrival_cycles));
    let latency = |candidate: &Candidate| {
        let Candidate { tokens, .. } = candidate;
        let exits = draw_exits(tokens.reach(), SAMPLES, SEED);
        let arrivals = draw_arrivals(arrival_cycles, SAMPLES, SEED);
        let outcome = tokens.run(&exits, &Traffic { arrivals, ..Traffic::default() });
        outcome.latency.map_or(u64::MAX, |latency| latency.p99)
    };
    let judged = judged(promising, latency).into_iter();
    judged.reduce(|best, next| if next.0 < best.0 { next } else { best }).map(|(_, candidate)| candidate)
}

/// Candidates with what each is worth, all of them judged at once.
fn judged<T: Send>(
    candidates: Vec<Candidate>,
    judge: impl Fn(&Candidate) -> T + Sync,
) -> Vec<(T, Candidate)> {
    let worth: Vec<T> = thread::scope(|scope| {
        let judge = &judge;
        let threads: Vec<_> =
            candidates.iter().map(|candidate| scope.spawn(move || judge(candidate))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a simulation does not panic")).collect()
    });
    worth.into_iter().zip(candidates).collect()
}

/// The first few by a value, of those with rows in pairs and of those without.
fn promising(mut candidates: Vec<Candidate>, of: impl Fn(&Candidate) -> f64) -> Vec<Candidate> {
    candidates.sort_by(|a, b| of(a).total_cmp(&of(b)));
    let mut left = [MOST_JUDGED; 2];
    candidates.retain(|candidate| {
        let left = &mut left[usize::from(candidate.plan.row_pairs)];
        let is_kept = *left > 0;
        *left = left.saturating_sub(1);
        is_kept
    });
    candidates
}

fn cycles_per_sample(tokens: &TokenModel) -> f64 {
    tokens.predict().cycles_per_sample.unwrap_or(f64::INFINITY)
}

/// What 99 of 100 samples stay below, by a model: the way of a sample alone to the last classifier that so many reach, and the
/// wait in front of it and behind each exit. Each is an M/D/1 queue, whose wait has an exponential tail of the mean
/// `load * service / (2 * (1 - load))` (Kingman, "The single server queue in heavy traffic", 1961).
fn expected_latency(candidate: &Candidate, arrival_cycles: f64) -> f64 {
    let Candidate { tokens, plan, .. } = candidate;
    let reach = tokens.reach();
    let last = reach.iter().rposition(|&reach| reach > SLOWEST).unwrap_or(0);
    let alone = tokens.run(&[last], &Traffic::default());
    let alone = alone.latency.map_or(f64::INFINITY, |latency| latency.max as f64);
    let wait = |reach: f64| {
        let service = plan.design.cycles / plan.design.room.rate(reach);
        let load = service * reach / arrival_cycles;
        // Of those that get here, this part may wait longer.
        let part = (SLOWEST / reach).min(1.0);
        load * service / (2.0 * (1.0 - load).max(1e-3)) * (load / part).ln().max(0.0)
    };
    alone + reach[..=last].iter().map(|&reach| wait(reach)).sum::<f64>()
}
