//! `dataflow-balance-pipeline`: picks each actor's folding, for the highest throughput in a budget or the least
//! resources for a throughput.
//!
//! Requires: the graph as `convert-ee-to-dataflow` makes it, with `reach` on its actors.
//! Ensures: each actor has its folding as attributes (`lanes`, or `simd` and `pe`); at them every actor takes at most
//! the target's cycles a sample, on average over the samples that reach it and those that do not.
//!
//!     dataflow.matvec "a" … {reach = 1.0}           dataflow.matvec "a" … {reach = 1.0, simd = 25, pe = 5}
//!     dataflow.matvec "b" … {reach = 0.25}  becomes dataflow.matvec "b" … {reach = 0.25, simd = 5, pe = 5}
//!
//! An actor that a quarter of the samples reach may take almost four times as long: `II * reach * (1 + margin) <= cycles`.
//! Without a margin, bursts of samples that stay would need queues without end (a queue whose server is busy all the time;
//! with a margin of 0.2 and a queue of four samples, bursts cost less than 2 % of the throughput).
//!
//! The choice is optimal: of all foldings of all actors (those that `dataflow-explore-foldings` shows), changes of lanes between
//! them counted, none that fits the budget takes fewer cycles, and none that takes no more cycles has a smaller sum of shares of
//! the budget. docs/balancing.md has the model and the proof. The attribute `balance` of the graph
//! says so: `cycles` and `share` are what was reached, `cycles_bound` and `share_bound` what was proved that nothing is below
//! (they are equal, but where the proof would take too long).

mod curve;
pub mod designs;
mod optimum;
mod search;
mod space;
mod weights;

use crate::depths::Room;
use atheena_dialects::dataflow::{Actor, Graph, Resources};
use atheena_dialects::ir::{Failure, Op};
use atheena_dialects::{pass::Pass, pass_options};
use designs::{Designs, folded};
use optimum::Goal;
use search::{Choice, Search};

pass_options! {
    /// Options of `dataflow-balance-pipeline`.
    pub struct Options {
        /// LUTs that may be used; -1: any number.
        pub lut: i64 = -1,
        /// Flip-flops that may be used; -1: any number.
        pub ff: i64 = -1,
        /// DSP blocks that may be used; -1: any number.
        pub dsp: i64 = -1,
        /// Block RAMs of 18 kbit that may be used; -1: any number.
        pub bram18: i64 = -1,
        /// Cycles a sample to reach with the least resources; 0: as few as the budget allows.
        pub cycles: f64 = 0.0,
        /// By how much of their rate actors that not all samples reach are faster than on average they must be,
        /// so that queues of a few samples hide bursts.
        pub margin: f64 = 0.2,
        /// The part of the throughput that bursts may cost, all exits together: what waits at exits costs accordingly.
        pub max_loss: f64 = 0.01,
        /// Queues of windows for samples that come evenly, as slowly as they may; or else, shorter ones, at full speed.
        pub even: bool = true,
    }
}

/// The pass.
pub struct BalancePipeline;

impl Pass for BalancePipeline {
    const FLAG: &'static str = "dataflow-balance-pipeline";
    const SUMMARY: &'static str = "Pick each actor's folding, by throughput and budget";
    const ANCHOR: &'static str = "dataflow.graph";
    type Options = Options;

    fn run(graph: Op<'_>, options: &Options) -> Result<(), Failure> {
        let budget = budget(graph, options)?;
        let room = Room { margin: options.margin, max_loss: options.max_loss, even: options.even };
        let designs = Designs::of(graph);
        let design = match options.cycles {
            0.0 => designs.fastest(budget, room, 0.0..=f64::INFINITY),
            cycles => designs.smallest(budget, room, cycles),
        };
        match design {
            Some(design) => design.record(Graph(graph)),
            None => return Err(Shortage::of(graph, &designs, budget, room).told(options.cycles)),
        }
        Ok(())
    }
}

fn budget(graph: Op<'_>, options: &Options) -> Result<Resources, Failure> {
    let Options { lut, ff, dsp, bram18, cycles, margin, max_loss, .. } = *options;
    // Of NaN no comparison holds.
    let valid = [lut, ff, dsp, bram18].iter().all(|&most| most >= -1)
        && cycles >= 0.0
        && margin > -1.0
        && max_loss > 0.0;
    if !valid {
        let message = "can't be balanced: budgets and cycles must not be negative, margin above -1 and max-loss above 0";
        return Err(graph.error(message, &[]));
    }
    let most = |value| if value == -1 { i64::MAX } else { value };
    Ok(Resources { lut: most(lut), ff: most(ff), dsp: most(dsp), bram18: most(bram18) })
}

/// Why nothing fits.
struct Shortage<'a, 'c> {
    graph: Op<'c>,
    actors: Vec<Box<dyn Actor<'c> + 'c>>,
    search: Search<'a>,
    budget: Resources,
}

impl<'a, 'c> Shortage<'a, 'c> {
    fn of(graph: Op<'c>, designs: &'a Designs, budget: Resources, room: Room) -> Self {
        Self { graph, actors: folded(Graph(graph)), search: designs.search(budget, room), budget }
    }

    /// What keeps the graph from taking a sample every so many cycles; 0: however many.
    fn told(&self, cycles: f64) -> Failure {
        let slowest = self.search.targets().last().copied().unwrap_or(0.0);
        match cycles {
            0.0 => self.does_not_fit(slowest),
            cycles if self.search.fastest() > cycles => self.is_too_slow(cycles),
            cycles => self.does_not_fit(cycles),
        }
    }

    /// That it can't take a sample every so many cycles, whatever it costs.
    fn is_too_slow(&self, cycles: f64) -> Failure {
        let slow = |index: &usize| self.search.fastest_of(*index) > cycles;
        let message = match (0..self.actors.len()).find(slow) {
            Some(index) => format!(
                "can't take a sample every {cycles} cycles: {:?} takes {} at its fastest",
                self.actors[index].label(),
                self.search.fastest_of(index)
            ),
            None => format!(
                "can't take a sample every {cycles} cycles: with the changes of lanes between its actors it takes {}",
                self.search.fastest()
            ),
        };
        let fastest =
            format!("at its fastest the whole takes a sample every {} cycles", self.search.fastest());
        self.graph.error(message, &[&fastest, "ask for a lower throughput"])
    }

    /// That nothing that takes at most so many cycles fits the budget.
    fn does_not_fit(&self, cycles: f64) -> Failure {
        let reachable = self.search.fewest_cycles(0.0..=f64::INFINITY);
        let slowest = self.search.targets().last().copied().unwrap_or(cycles);
        let (nearest, _) = self.search.best(if reachable.is_some() { cycles } else { slowest }, Goal::Fit);
        let over =
            nearest.as_ref().and_then(|choice| over(choice.resources, self.budget)).unwrap_or_default();
        let largest = nearest.and_then(|choice| self.largest(&choice)).unwrap_or_default();
        let Some((fewest, _)) = reachable else {
            let message = format!("does not fit its budget: at its smallest it needs {over}");
            return self.graph.error(message, &[&largest, "raise the budget or take a larger device"]);
        };
        let message = format!("needs {over} to take a sample every {cycles} cycles");
        let reachable = format!("in its budget it takes a sample every {fewest:.1} cycles at best");
        let cure = "raise the budget or ask for a lower throughput";
        self.graph.error(message, &[&largest, &reachable, cure])
    }

    /// The actor that uses most of the kind that is scarcest, in words.
    fn largest(&self, choice: &Choice) -> Option<String> {
        let kinds = choice.resources.kinds().into_iter().zip(self.budget.kinds());
        let share = |(used, most): (i64, i64)| used as f64 / most.max(1) as f64;
        let shares = kinds.map(|((_, used), (_, most))| share((used, most)));
        let (kind, _) = shares.enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let used = |resources: &Resources| resources.kinds()[kind];
        let (index, most) = choice.each.iter().enumerate().max_by_key(|(_, each)| used(each).1)?;
        let (name, count) = used(most);
        Some(format!("the largest is {:?}, with {count} {name}", self.actors[index].label()))
    }
}

/// What is used beyond the budget, in words.
fn over(used: Resources, budget: Resources) -> Option<String> {
    let kinds = used.kinds().into_iter().zip(budget.kinds());
    let parts: Vec<String> = kinds
        .filter(|((_, used), (_, most))| used > most)
        .map(|((kind, used), (_, most))| format!("{used} {kind} of {most}"))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
