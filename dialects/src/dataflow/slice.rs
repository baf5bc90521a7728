//! `dataflow.slice`: a part of a tensor.

use super::actor::{lanes_of, output_registers, pixel_foldings};
use super::rows::{Row, rows_inside, whole_pixels};
use super::timing::{Needs, Step, beats_inside};
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

    /// What happens in a row with beats of whole pixels.
    pub fn row(self) -> Row {
        self.row_at(self.inputs()[0].lanes)
    }

    fn row_at(self, lanes: i64) -> Row {
        let first = self.start().iter().rev().nth(1).copied().unwrap_or(0);
        Row::part(&self.inputs()[0].with_lanes(lanes), first, self.outputs()[0].row_pixels())
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
        let (input, output) = (self.inputs().swap_remove(0), self.outputs().swap_remove(0));
        let common = gcd(gcd(input.channels(), output.channels()), first);
        pixel_foldings(common, input.channels(), input.row_pixels().min(output.row_pixels()), |_| true)
    }

    fn folding(&self) -> Folding {
        Folding::Lanes(self.inputs()[0].lanes)
    }

    fn lanes_at(&self, folding: Folding) -> Lanes {
        let (lanes, channels) = (lanes_of(folding), self.inputs()[0].channels());
        let output =
            if lanes % channels == 0 { lanes / channels * self.outputs()[0].channels() } else { lanes };
        Lanes { inputs: vec![lanes], outputs: vec![output] }
    }

    /// What is dropped takes its cycle too.
    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        let (input, lanes) = (self.inputs().swap_remove(0), lanes_of(folding));
        match lanes % input.channels() {
            0 => input.positions() / input.row_pixels() * self.row_at(lanes).steps,
            _ => input.elements() / lanes,
        }
    }

    /// The elements in front of the first one that stays, and a register.
    fn latency_cycles_at(&self, folding: Folding) -> i64 {
        let input = self.inputs().swap_remove(0);
        let before =
            self.start().iter().zip(&input.shape).fold(0, |index, (first, size)| index * size + first);
        before / lanes_of(folding) + 1
    }

    fn timing(&self) -> Timing {
        let (input, output) = (self.inputs().swap_remove(0), self.outputs().swap_remove(0));
        if !whole_pixels(&input, &output) {
            let inside = beats_inside(&input, &self.start(), &output.shape);
            return Timing::steps(inside.into_iter().map(|gives| Step { gives, ..Step::TAKE }).collect(), 0);
        }
        let row = self.row();
        let step = |number: i64, inside: bool| {
            let takes = row.takes.contains(&number);
            let needs = if takes { Needs::Input(0) } else { Needs::Nothing };
            Step { cycles: 1, needs, takes, gives: inside && row.gives.contains(&number) }
        };
        let rows = rows_inside(&input, &self.start(), &output.shape).into_iter();
        Timing::steps(rows.flat_map(|inside| (0..row.steps).map(move |n| step(n, inside))).collect(), 0)
    }

    /// A counter and two comparisons a dimension; a beat that is kept where the part begins within one.
    fn resources_at(&self, folding: Folding) -> Resources {
        let lanes = self.lanes_at(folding);
        let input = self.inputs()[0].with_lanes(lanes.inputs[0]);
        let bits = self.outputs()[0].with_lanes(lanes.outputs[0]).bits();
        let kept = if self.row_at(input.lanes).offset > 0 { input.bits() } else { 0 };
        output_registers(bits) + Resources::logic(40, 24 + kept)
    }

    fn is_beatwise(&self) -> bool {
        self.takes_all_pixels()
    }

    fn lag(&self) -> Lag {
        let whole = whole_pixels(&self.inputs()[0], &self.outputs()[0]);
        match self.takes_all_pixels() {
            true if whole => Lag::Beat,
            true => Lag::Pixel,
            false => Lag::Sample,
        }
    }
}
