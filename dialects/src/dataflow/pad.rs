//! `dataflow.pad`: a tensor with more around it.

use super::actor::{lanes_of, output_registers, pixel_foldings};
use super::rows::{Row, rows_inside, whole_pixels};
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

    /// What happens in a row of the input with beats of whole pixels.
    pub fn row(self) -> Row {
        let (input, output) = (self.inputs().swap_remove(0), self.outputs().swap_remove(0));
        Row::more(&input, self.columns_before(), &output)
    }

    /// Pixels in front of each row.
    pub fn columns_before(self) -> i64 {
        self.before().iter().rev().nth(1).copied().unwrap_or(0)
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
        let (input, output) = (self.inputs().swap_remove(0), self.outputs().swap_remove(0));
        let common = gcd(gcd(input.channels(), output.channels()), before);
        pixel_foldings(common, output.channels(), input.row_pixels(), |_| true)
    }

    fn folding(&self) -> Folding {
        Folding::Lanes(self.outputs()[0].lanes)
    }

    fn lanes_at(&self, folding: Folding) -> Lanes {
        let (lanes, channels) = (lanes_of(folding), self.outputs()[0].channels());
        let input =
            if lanes % channels == 0 { lanes / channels * self.inputs()[0].channels() } else { lanes };
        Lanes { inputs: vec![input], outputs: vec![lanes] }
    }

    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        self.outputs()[0].with_lanes(lanes_of(folding)).beats()
    }

    /// Padding in front waits for no element.
    fn latency_cycles_at(&self, _: Folding) -> i64 {
        1
    }

    fn timing(&self) -> Timing {
        let (input, output) = (self.inputs().swap_remove(0), self.outputs().swap_remove(0));
        let real = if whole_pixels(&input, &output) {
            let row = self.row();
            let takes = |inside: bool| (0..row.steps).map(move |step| (inside, step));
            let rows = rows_inside(&output, &self.before(), &input.shape).into_iter();
            rows.flat_map(takes).map(|(inside, step)| inside && row.takes.contains(&step)).collect()
        } else {
            beats_inside(&output, &self.before(), &input.shape)
        };
        Timing::steps(real.into_iter().map(|real| if real { Step::PASS } else { Step::GIVE }).collect(), 0)
    }

    /// A counter and two comparisons a dimension, and for each pixel of a beat; a beat that is kept where padding ends within one.
    fn resources_at(&self, folding: Folding) -> Resources {
        let lanes = self.lanes_at(folding);
        let input = self.inputs()[0].with_lanes(lanes.inputs[0]);
        let output = self.outputs()[0].with_lanes(lanes.outputs[0]);
        let (bits, pixels) = (output.bits(), output.pixels());
        let kept = if self.columns_before() % pixels == 0 { 0 } else { input.bits() };
        output_registers(bits) + Resources::logic(40 + bits + 4 * (pixels - 1), 24 + kept)
    }
}
