//! `dataflow.decide`: whether the classifier is confident of a sample.

use super::actor::{lane_foldings, lanes_of};
use super::timing::{LEVELS, tree_stages};
use super::{
    Actor, Behaviour, Folding, Lanes, Named, Resources, Stream, Timing, ceil_div, operation, rom, start,
};
use crate::ee::{Confidence, ConfidenceKind};
use crate::ir::{Builder, Op, Value};

operation! {
    /// `dataflow.decide`.
    Decide, "dataflow.decide"
}

impl<'c> Decide<'c> {
    /// Decides on the logits; `confidence` has its integer form.
    pub fn build(builder: Builder<'c>, named: Named<'_>, logits: Value<'c>, confidence: &Confidence) -> Self {
        let ctx = builder.ctx();
        Self(
            start(builder, Self::NAME, named)
                .operand(logits)
                .result(Stream::decision().ty(ctx))
                .attr("confidence", confidence.to_attr(ctx))
                .build(),
        )
    }

    /// The condition; None of one that this crate does not know.
    pub fn confidence(self) -> Option<Confidence> {
        Confidence::of(self.0.attr("confidence")?)
    }
}

impl<'c> Actor<'c> for Decide<'c> {
    fn op(&self) -> Op<'c> {
        self.0
    }

    fn foldings(&self) -> Vec<Folding> {
        lane_foldings(self.inputs()[0].channels())
    }

    fn folding(&self) -> Folding {
        Folding::Lanes(self.inputs()[0].lanes)
    }

    fn lanes_at(&self, folding: Folding) -> Lanes {
        Lanes { inputs: vec![lanes_of(folding)], outputs: vec![1] }
    }

    /// A beat a cycle: the logits of one sample come in while those of the one before are looked up.
    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        self.inputs()[0].elements() / lanes_of(folding)
    }

    /// The logits come in and give the maximum, then they are looked up; a tree over the lanes, with a register every two
    /// levels, for the maximum and for the sum; six stages more. A second maximum has a register behind every level, and is found a
    /// cycle later; a limit that depends on the sum is two stages more.
    fn latency_cycles_at(&self, folding: Folding) -> i64 {
        let levels = i64::from(64 - (lanes_of(folding) - 1).leading_zeros());
        let trees = match self.confidence().map(|confidence| confidence.kind) {
            Some(ConfidenceKind::Margin) => levels + ceil_div(levels, 2) + 1,
            Some(ConfidenceKind::Entropy) => 2 * ceil_div(levels, 2) + 3,
            _ => 2 * ceil_div(levels, 2),
        };
        2 * self.ii_cycles_at(folding) + trees + 7
    }

    /// Banks for the samples that come in, are searched and are read; then the memory, the distance, the tables, a register, the tree over
    /// the lanes and the sum, and three stages more where the limit depends on the sum.
    fn timing(&self) -> Timing {
        let logits = &self.inputs()[0];
        let beats = logits.beats() as u64;
        let kind = self.confidence().map(|confidence| confidence.kind);
        let (search_levels, second) = if kind == Some(ConfidenceKind::Margin) { (1, 1) } else { (LEVELS, 0) };
        let search_cycles = tree_stages(logits.lanes, search_levels) + 1 + second;
        let limit = if kind == Some(ConfidenceKind::Entropy) { 3 } else { 0 };
        let behaviour = Behaviour::Decide {
            beats,
            banks: 2 + (search_cycles + 3).div_ceil(beats),
            search_cycles,
            stages: 5 + tree_stages(logits.lanes, LEVELS) + limit,
        };
        Timing::of(vec![0], behaviour)
    }

    /// A table a lane, and LUTs and registers a lane as fitted (by Yosys, one, two and five lanes of 8 bits: 155, 255 and 537 LUT, 156, 238 and 439 FF; one of 16
    /// bits with its table in a block RAM: 156 LUT and 174 FF);
    /// logits wait in LUTs. Nothing is multiplied. A limit that is looked up has a memory of its own, an entropy's terms have one a lane, and tables of 2048
    /// entries of 17 bits take three block RAMs.
    fn resources_at(&self, folding: Folding) -> Resources {
        let lanes = lanes_of(folding);
        let confidence = self.confidence();
        let entries =
            confidence.as_ref().and_then(|c| c.integer.as_ref()).map_or(256, |i| i.table.len() as i64);
        let tables = match confidence.map(|confidence| confidence.kind) {
            Some(ConfidenceKind::Margin) => lanes + 1,
            Some(ConfidenceKind::Entropy) => 2 * lanes + 1,
            _ => lanes,
        };
        let memories = rom(entries, 17) * tables;
        let wider = (i64::from(self.inputs()[0].element.bits) - 8) * 4 * (lanes + 1);
        memories + Resources::logic(60 + 27 * lanes + wider, 85 + 55 * lanes + wider / 2)
    }
}
