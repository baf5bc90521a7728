//! `dataflow-apply-foldings`: gives every stream the lanes of the foldings that were picked.
//!
//! Requires: foldings as attributes (`lanes`, or `simd` and `pe`); actors without them keep theirs.
//! Ensures: types agree with the foldings, which are attributes no longer; where lanes of neighbours differ there is
//! a `dataflow.resize`, or two over the greatest common divisor where neither divides the other, or where the first are not those of
//! equal parts of a pixel; of whole pixels three, over a part of them and a multiple of that, as the greatest common divisor would be more beats.
//!
//!     %y = dataflow.window "w" %x {lanes = 2} : <8x8x4xi8, lanes = 1> -> <6x6x36xi8, lanes = 9>
//! becomes
//!     %z = dataflow.resize "w_resize" %x : <8x8x4xi8, lanes = 1> -> <8x8x4xi8, lanes = 2>
//!     %y = dataflow.window "w" %z : <8x8x4xi8, lanes = 2> -> <6x6x36xi8, lanes = 18>
//!
//! Resizes that were there are made anew. Depths of buffers are changed so that they hold as much as before.

use std::collections::HashSet;

use atheena_dialects::dataflow::{Actor, Folding, Graph, Lanes, Named, Resize, Stream, actor};
use atheena_dialects::ir::{Builder, Failure, Op, Value};
use atheena_dialects::pass::{NoOptions, Pass};

/// The pass.
pub struct ApplyFoldings;

impl Pass for ApplyFoldings {
    const FLAG: &'static str = "dataflow-apply-foldings";
    const SUMMARY: &'static str = "Give every stream the lanes of the foldings that were picked";
    const ANCHOR: &'static str = "dataflow.graph";
    type Options = NoOptions;

    fn run(graph: Op<'_>, _: &NoOptions) -> Result<(), Failure> {
        apply(graph, true)
    }
}

/// Applies the foldings of a graph, which are checked unless they are known to be legal: to find all legal ones takes long.
pub fn apply(graph: Op<'_>, check: bool) -> Result<(), Failure> {
    // Foldings are read off the types, so all of them before any type changes.
    let plans: Vec<Plan<'_>> = (Graph(graph).actors().into_iter())
        .filter(|actor| Resize::cast(actor.op()).is_none())
        .map(|actor| Plan::of(actor, check))
        .collect::<Result<_, _>>()?;
    for op in graph.body().ops() {
        if Resize::cast(op).is_some() {
            op.replace(&op.operands());
        }
    }
    let mut labels: HashSet<String> = plans.iter().map(|plan| plan.actor.label()).collect();
    plans.iter().try_for_each(|plan| plan.apply(&mut labels))
}

/// What is to become of an actor.
struct Plan<'c> {
    actor: Box<dyn Actor<'c> + 'c>,
    before: Folding,
    lanes: Lanes,
}

impl<'c> Plan<'c> {
    fn of(actor: Box<dyn Actor<'c> + 'c>, check: bool) -> Result<Self, Failure> {
        let before = actor.folding();
        let folding = Folding::recorded(actor.op()).unwrap_or(before);
        let foldings = || actor.foldings().into_iter();
        if check && folding != before && !foldings().any(|legal| legal.has_lanes_of(folding)) {
            let mut legal: Vec<String> = foldings().map(|f| format!("({})", f.lanes_in_words())).collect();
            legal.dedup();
            legal.truncate(8);
            let note = format!("legal are {}", legal.join(" "));
            let message = format_args!("can't be folded to {}", folding.lanes_in_words());
            return Err(actor.op().error(message, &[&note]));
        }
        Ok(Self { before, lanes: actor.lanes_at(folding), actor })
    }

    /// Sets the types of the results, resizes the operands, which have their types, and tells the actor.
    fn apply(&self, labels: &mut HashSet<String>) -> Result<(), Failure> {
        let op = self.actor.op();
        for (index, &lanes) in self.lanes.inputs.iter().enumerate() {
            let mut value = op.operands()[index];
            let from = Stream::of_value(value).lanes;
            if from != lanes && self.actor.needs_producers_lanes() {
                let message =
                    format!("takes {lanes} lanes, but its producer gives {from} in an order of their own");
                return Err(op.error(message, &["give both the same folding"]));
            }
            for step in Stream::of_value(value).lanes_towards(lanes) {
                value = self.resize(value, step, labels);
            }
            op.set_operand(index, value);
        }
        for (value, &lanes) in op.results().into_iter().zip(&self.lanes.outputs) {
            value.set_ty(Stream::of_value(value).with_lanes(lanes).ty(op.ctx()));
        }
        Folding::remove_record(op);
        // What was explored was so of the graph before.
        op.remove_attr("foldings");
        self.actor.folding_changed(self.before);
        Ok(())
    }

    fn resize(&self, value: Value<'c>, lanes: i64, labels: &mut HashSet<String>) -> Value<'c> {
        let base = format!("{}_resize", self.actor.label());
        let mut label = base.clone();
        for number in 2.. {
            if labels.insert(label.clone()) {
                break;
            }
            label = format!("{base}_{number}");
        }
        let producer = value.producer().and_then(actor).map_or(1.0, |actor| actor.reach());
        let named = Named { label: &label, reach: self.actor.reach().min(producer) };
        Resize::build(Builder::before(self.actor.op()), named, value, lanes).0.result(0)
    }
}
