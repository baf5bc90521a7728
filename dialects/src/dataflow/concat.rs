//! `dataflow.concat`: streams behind one another along an axis.

use super::actor::{lanes_of, output_registers, pixel_foldings};
use super::timing::{Needs, SKID, Step};
use super::{Actor, Folding, Lag, Lanes, Named, Resources, Stream, Timing, gcd, int, operation, start};
use crate::ir::{Attr, Builder, Op, Value};

operation! {
    /// `dataflow.concat`.
    Concat, "dataflow.concat"
}

impl<'c> Concat<'c> {
    /// Puts streams behind one another; they differ along `axis` alone, and there is at least one.
    pub fn build(builder: Builder<'c>, named: Named<'_>, inputs: &[Value<'c>], axis: usize) -> Self {
        let ctx = builder.ctx();
        let mut output = Stream::of_value(inputs[0]);
        output.shape[axis] = inputs.iter().map(|&input| Stream::of_value(input).shape[axis]).sum();
        Self(
            start(builder, Self::NAME, named)
                .operands(inputs)
                .result(output.ty(ctx))
                .attr("axis", Attr::i64(ctx, axis as i64))
                .build(),
        )
    }

    /// The dimension along which the inputs differ.
    pub fn axis(self) -> usize {
        int(self.0, "axis") as usize
    }

    /// Do beats hold whole pixels, of which each input gives some channels?
    pub fn joins_pixels(self) -> bool {
        let output = self.outputs().swap_remove(0);
        self.joins_channels() && output.lanes % output.channels() == 0
    }

    /// Beats of each input in its turn, where the inputs take turns.
    pub fn turns(self) -> Vec<i64> {
        let axis = self.axis();
        let beats = |stream: &Stream| match self.joins_channels() {
            true => stream.channels() / stream.lanes,
            false => stream.shape[axis..stream.shape.len() - 2].iter().product::<i64>() * stream.row_beats(),
        };
        self.inputs().iter().map(beats).collect()
    }

    /// Is it the innermost dimension?
    pub fn joins_channels(self) -> bool {
        self.axis() + 1 == self.outputs()[0].shape.len()
    }
}

impl<'c> Actor<'c> for Concat<'c> {
    fn op(&self) -> Op<'c> {
        self.0
    }

    /// Lanes divide the channels of each input, or beats are whole pixels of the result; a row in front of another one ends with a beat.
    fn foldings(&self) -> Vec<Folding> {
        let (inputs, output) = (self.inputs(), self.outputs().swap_remove(0));
        let common = inputs.iter().map(Stream::channels).fold(0, |all, channels| gcd(channels, all));
        let shortest = inputs.iter().map(Stream::row_pixels).min().unwrap_or(1);
        let joins_rows = self.axis() + 2 == output.shape.len();
        let legal = |pixels: i64| {
            let (_, in_front) = inputs.split_last().expect("there is an input at least");
            !joins_rows || in_front.iter().all(|input| input.row_pixels() % pixels == 0)
        };
        pixel_foldings(common, output.channels(), shortest, legal)
    }

    fn folding(&self) -> Folding {
        Folding::Lanes(self.outputs()[0].lanes)
    }

    fn lanes_at(&self, folding: Folding) -> Lanes {
        let lanes = lanes_of(folding);
        let channels = self.outputs()[0].channels();
        let of_input = |input: &Stream| match lanes % channels {
            0 => lanes / channels * input.channels(),
            _ => lanes,
        };
        Lanes { inputs: self.inputs().iter().map(of_input).collect(), outputs: vec![lanes] }
    }

    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        self.outputs()[0].with_lanes(lanes_of(folding)).beats()
    }

    fn latency_cycles_at(&self, _: Folding) -> i64 {
        2
    }

    /// A beat of all inputs at once, or the beats of each in its turn.
    fn timing(&self) -> Timing {
        let turn = |(index, beats): (usize, i64)| {
            vec![Step { needs: Needs::Input(index), ..Step::PASS }; beats as usize]
        };
        let steps = match self.joins_pixels() {
            true => vec![Step { needs: Needs::All, ..Step::PASS }],
            false => self.turns().into_iter().enumerate().flat_map(turn).collect(),
        };
        Timing { rooms: vec![SKID; self.0.operands().len()], ..Timing::steps(steps, 0) }
    }

    /// A skid buffer an input, and the choice among them where they take turns.
    fn resources_at(&self, folding: Folding) -> Resources {
        let output = self.outputs()[0].with_lanes(lanes_of(folding));
        let bits = output.bits();
        let inputs = self.0.operands().len() as i64;
        if self.joins_channels() && output.lanes % output.channels() == 0 {
            return output_registers(bits) * 2 + Resources::logic(5 * inputs, 4 * inputs);
        }
        output_registers(bits) * (inputs + 1) + Resources::logic(bits * inputs / 2 + 6 * inputs + 10, 16)
    }

    fn is_beatwise(&self) -> bool {
        true
    }

    /// The last input waits for the first one.
    fn lag(&self) -> Lag {
        if self.joins_pixels() {
            return Lag::Beat;
        }
        if self.joins_channels() { Lag::Pixel } else { Lag::Sample }
    }
}
