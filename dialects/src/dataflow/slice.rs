//! `dataflow.slice`: a part of a tensor.

use super::actor::{lane_foldings, lanes_of, output_registers};
use super::timing::{Step, beats_inside};
use super::{Actor, Folding, Lag, Lanes, Named, Resources, Stream, Timing, gcd, ints, operation, start};
use crate::ir::{Attr, Builder, Op, Value};

operation! {
    /// `dataflow.slice`.
    Slice, "dataflow.slice"
}

impl<'c> Slice<'c> {
    /// Of each dimension of `input` as many indices as `size` says from `start` on. `input` has one lane.
    pub fn build(
        builder: Builder<'c>,
        named: Named<'_>,
        input: Value<'c>,
        first: &[i64],
        size: &[i64],
    ) -> Self {
        let ctx = builder.ctx();
        let output = Stream { shape: size.to_vec(), ..Stream::of_value(input) };
        Self(
            start(builder, Self::NAME, named)
                .operand(input)
                .result(output.ty(ctx))
                .attr("start", Attr::i64s(ctx, first))
                .build(),
        )
    }

    /// The first index of each dimension.
    pub fn start(self) -> Vec<i64> {
        ints(self.0, "start")
    }

    /// Does it leave out nothing but channels?
    pub fn takes_all_pixels(self) -> bool {
        let (input, output) = (self.inputs().swap_remove(0), self.outputs().swap_remove(0));
        input.positions() == output.positions()
    }
}

impl<'c> Actor<'c> for Slice<'c> {
    fn op(&self) -> Op<'c> {
        self.0
    }

    fn foldings(&self) -> Vec<Folding> {
        let first = self.start().last().copied().unwrap_or(0);
        lane_foldings(gcd(gcd(self.inputs()[0].channels(), self.outputs()[0].channels()), first))
    }

    fn folding(&self) -> Folding {
        Folding::Lanes(self.inputs()[0].lanes)
    }

    fn lanes_at(&self, folding: Folding) -> Lanes {
        Lanes { inputs: vec![lanes_of(folding)], outputs: vec![lanes_of(folding)] }
    }

    /// What is dropped takes its cycle too.
    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        self.inputs()[0].elements() / lanes_of(folding)
    }

    /// The elements in front of the first one that stays, and a register.
    fn latency_cycles_at(&self, folding: Folding) -> i64 {
        let input = self.inputs().swap_remove(0);
        let before =
            self.start().iter().zip(&input.shape).fold(0, |index, (first, size)| index * size + first);
        before / lanes_of(folding) + 1
    }

    fn timing(&self) -> Timing {
        let inside = beats_inside(&self.inputs()[0], &self.start(), &self.outputs()[0].shape);
        Timing::steps(inside.into_iter().map(|gives| Step { gives, ..Step::TAKE }).collect(), 0)
    }

    /// A counter and two comparisons a dimension.
    fn resources_at(&self, folding: Folding) -> Resources {
        let bits = self.outputs()[0].with_lanes(lanes_of(folding)).bits();
        output_registers(bits) + Resources::logic(40, 24)
    }

    fn is_beatwise(&self) -> bool {
        self.takes_all_pixels()
    }

    fn lag(&self) -> Lag {
        if self.takes_all_pixels() { Lag::Pixel } else { Lag::Sample }
    }
}
