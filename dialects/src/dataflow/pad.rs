//! `dataflow.pad`: a tensor with more around it.

use super::actor::{lane_foldings, lanes_of, output_registers};
use super::timing::{Step, beats_inside};
use super::{Actor, Folding, Lanes, Named, Resources, Stream, Timing, gcd, int, ints, operation, start};
use crate::ir::{Attr, Builder, Op, Value};

operation! {
    /// `dataflow.pad`.
    Pad, "dataflow.pad"
}

impl<'c> Pad<'c> {
    /// Puts `before` and `after` indices of `value` around each dimension of `input`, which has one lane.
    pub fn build(
        builder: Builder<'c>,
        named: Named<'_>,
        input: Value<'c>,
        (before, after): (&[i64], &[i64]),
        value: i64,
    ) -> Self {
        let ctx = builder.ctx();
        let mut output = Stream::of_value(input);
        for (size, more) in output.shape.iter_mut().zip(before.iter().zip(after)) {
            *size += more.0 + more.1;
        }
        Self(
            start(builder, Self::NAME, named)
                .operand(input)
                .result(output.ty(ctx))
                .attr("before", Attr::i64s(ctx, before))
                .attr("after", Attr::i64s(ctx, after))
                .attr("pad_value", Attr::i64(ctx, value))
                .build(),
        )
    }

    /// Indices before the input, in each dimension.
    pub fn before(self) -> Vec<i64> {
        ints(self.0, "before")
    }

    /// What is around the input.
    pub fn pad_value(self) -> i64 {
        int(self.0, "pad_value")
    }
}

impl<'c> Actor<'c> for Pad<'c> {
    fn op(&self) -> Op<'c> {
        self.0
    }

    fn foldings(&self) -> Vec<Folding> {
        let before = self.before().last().copied().unwrap_or(0);
        lane_foldings(gcd(gcd(self.inputs()[0].channels(), self.outputs()[0].channels()), before))
    }

    fn folding(&self) -> Folding {
        Folding::Lanes(self.inputs()[0].lanes)
    }

    fn lanes_at(&self, folding: Folding) -> Lanes {
        Lanes { inputs: vec![lanes_of(folding)], outputs: vec![lanes_of(folding)] }
    }

    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        self.outputs()[0].elements() / lanes_of(folding)
    }

    /// Padding in front waits for no element.
    fn latency_cycles_at(&self, _: Folding) -> i64 {
        1
    }

    fn timing(&self) -> Timing {
        let inside = beats_inside(&self.outputs()[0], &self.before(), &self.inputs()[0].shape);
        Timing::steps(inside.into_iter().map(|real| if real { Step::PASS } else { Step::GIVE }).collect(), 0)
    }

    /// A counter and two comparisons a dimension.
    fn resources_at(&self, folding: Folding) -> Resources {
        let bits = self.outputs()[0].with_lanes(lanes_of(folding)).bits();
        output_registers(bits) + Resources::logic(40 + bits, 24)
    }
}
