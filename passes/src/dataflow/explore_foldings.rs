//! `dataflow-explore-foldings`: writes each actor's foldings into the IR, those that no other one beats.
//!
//! Requires: a graph as `convert-ee-to-dataflow` makes it.
//! Ensures: each actor but changes of lanes has the attribute `foldings`: of all its legal foldings those to which no other one with
//! the same lanes on both sides is at most equal in cycles and in every kind of resources. `dataflow-balance-pipeline` chooses among the
//! same; `dataflow-apply-foldings` removes the attribute.
//!
//!     dataflow.window "w" %x {…} : <8x8x2xi8, lanes = 1> -> <6x6x18xi8, lanes = 9>
//! becomes
//!     dataflow.window "w" %x {…, foldings = [
//!       {lanes = 1, inputs = array<i64: 1>, outputs = array<i64: 9>, cycles = 128, lut = 261, ff = 396, dsp = 0, bram18 = 0},
//!       {lanes = 2, inputs = array<i64: 2>, outputs = array<i64: 18>, cycles = 64, lut = 303, ff = 516, dsp = 0, bram18 = 0}]} …
//!
//! The attribute says how an actor is folded (`lanes`, or `simd` and `pe`), the lanes that its streams have then, its cycles for a
//! sample that reaches it, and what it costs.

use crate::ways::{Way, ways};
use atheena_dialects::dataflow::{Graph, Resize};
use atheena_dialects::ir::{Attr, Ctx, Failure, Op};
use atheena_dialects::{pass::Pass, pass_options};

pass_options! {
    /// Options of `dataflow-explore-foldings`.
    pub struct Options {
        /// Samples that each gate and the queue behind it are taken to hold, for what they cost.
        pub held_samples: i64 = 7,
    }
}

/// The pass.
pub struct ExploreFoldings;

impl Pass for ExploreFoldings {
    const FLAG: &'static str = "dataflow-explore-foldings";
    const SUMMARY: &'static str = "Write each actor's foldings into the IR, those that no other one beats";
    const ANCHOR: &'static str = "dataflow.graph";
    type Options = Options;

    fn run(graph: Op<'_>, options: &Options) -> Result<(), Failure> {
        if options.held_samples < 0 {
            let cure = "give the number of samples that gates are to hold, 7 as a rule";
            return Err(graph.error("can't be explored: held-samples must not be negative", &[cure]));
        }
        for actor in Graph(graph).actors() {
            if Resize::cast(actor.op()).is_none() {
                let ways = ways(actor.as_ref(), options.held_samples);
                let foldings: Vec<_> = ways.iter().map(|way| attribute(graph.ctx(), way)).collect();
                actor.op().set_attr("foldings", Attr::array(graph.ctx(), &foldings));
            }
        }
        Ok(())
    }
}

/// A way as a dictionary.
fn attribute<'c>(ctx: Ctx<'c>, way: &Way) -> Attr<'c> {
    let lanes = |lanes: &[i64]| match lanes {
        [] => "array<i64>".to_owned(),
        _ => format!("array<i64: {}>", lanes.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")),
    };
    let counts = way.resources.kinds().map(|(kind, count)| format!("{kind} = {count}")).join(", ");
    // Numbers are attributes as they are, words are strings.
    let entry = |entry: &str| match entry.split_once(" = ") {
        Some((key, value)) if value.parse::<i64>().is_err() => format!("{key} = \"{value}\""),
        _ => entry.to_owned(),
    };
    let folding = way.folding.to_string().split(", ").map(entry).collect::<Vec<_>>().join(", ");
    let text = format!(
        "{{{folding}, inputs = {}, outputs = {}, cycles = {}, {counts}}}",
        lanes(&way.lanes.inputs),
        lanes(&way.lanes.outputs),
        way.ii_cycles
    );
    Attr::parse(ctx, &text).expect("numbers make a dictionary")
}
