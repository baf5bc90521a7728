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
//! with a margin of 0.2 and a queue of four samples, bursts cost less than 2 % of the throughput). For given cycles
//! each actor takes the cheapest folding that keeps up, resizes to the actors before it counted; the fewest cycles
//! that fit the budget are found by binary search over those at which any choice changes. Costs are shares of the
//! budget, summed over the kinds.

mod choice;

use atheena_dialects::dataflow::{Bottleneck, Graph, Resources};
use atheena_dialects::ir::{Failure, Op};
use atheena_dialects::{pass::Pass, pass_options};
use choice::{Choice, Search};

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
        /// Samples that each gate and the queue behind it are taken to hold, for what they cost.
        pub held_samples: i64 = 7,
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
        let actors = Graph(graph).actors();
        let search = Search::new(&actors, budget, options.margin, options.held_samples);
        let choice = if options.cycles > 0.0 {
            least_resources(graph, options.cycles, &search)?
        } else {
            highest_throughput(graph, &search)?
        };
        for (actor, folding) in actors.iter().zip(choice.foldings) {
            folding.record(actor.op());
        }
        Ok(())
    }
}

fn budget(graph: Op<'_>, options: &Options) -> Result<Resources, Failure> {
    let Options { lut, ff, dsp, bram18, cycles, margin, held_samples } = *options;
    // Of NaN no comparison holds.
    let valid = [lut, ff, dsp, bram18].iter().all(|&most| most >= -1)
        && cycles >= 0.0
        && margin >= 0.0
        && held_samples >= 0;
    if !valid {
        return Err(graph
            .error("can't be balanced: budgets, cycles, margin and held-samples must not be negative", &[]));
    }
    let most = |value| if value == -1 { i64::MAX } else { value };
    Ok(Resources { lut: most(lut), ff: most(ff), dsp: most(dsp), bram18: most(bram18) })
}

fn least_resources(graph: Op<'_>, cycles: f64, search: &Search<'_, '_>) -> Result<Choice, Failure> {
    let choice = search.smallest(cycles).map_err(|slowest| {
        let Bottleneck { label, cycles_per_sample } = slowest;
        let message = format!(
            "can't take a sample every {cycles} cycles: {label:?} takes {cycles_per_sample} at its fastest"
        );
        graph.error(message, &["ask for a lower throughput"])
    })?;
    match over(choice.resources, search.budget) {
        None => Ok(choice),
        Some(over) => {
            let message = format!("needs {over} to take a sample every {cycles} cycles");
            Err(graph.error(message, &["raise the budget or ask for a lower throughput"]))
        }
    }
}

fn highest_throughput(graph: Op<'_>, search: &Search<'_, '_>) -> Result<Choice, Failure> {
    let targets = search.targets();
    let fits = |cycles| search.smallest(cycles).ok().filter(|choice| choice.resources.within(search.budget));
    let slowest = targets.last().copied().unwrap_or(0.0);
    let Some(mut best) = fits(slowest) else {
        let least = search.smallest(slowest).map(|choice| choice.resources).unwrap_or_default();
        let over = over(least, search.budget).unwrap_or_default();
        let message = format!("does not fit its budget: at its smallest it needs {over}");
        return Err(graph.error(message, &["raise the budget or take a larger device"]));
    };
    // Invariant: targets[high] fits, and nothing below low does.
    let (mut low, mut high) = (0, targets.len().saturating_sub(1));
    while low < high {
        let middle = low + (high - low) / 2;
        match fits(targets[middle]) {
            Some(choice) => (best, high) = (choice, middle),
            None => low = middle + 1,
        }
    }
    Ok(best)
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
