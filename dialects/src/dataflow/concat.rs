//! `dataflow.concat`: streams behind one another along an axis.

use super::actor::{lane_foldings, lanes_of, output_registers};
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

    /// Is it the innermost dimension?
    pub fn joins_channels(self) -> bool {
        self.axis() + 1 == self.outputs()[0].shape.len()
    }
}

impl<'c> Actor<'c> for Concat<'c> {
    fn op(&self) -> Op<'c> {
        self.0
    }

    /// Lanes divide the channels of each input.
    fn foldings(&self) -> Vec<Folding> {
        lane_foldings(self.inputs().iter().map(Stream::channels).fold(0, |all, channels| gcd(channels, all)))
    }

    fn folding(&self) -> Folding {
        Folding::Lanes(self.outputs()[0].lanes)
    }

    fn lanes_at(&self, folding: Folding) -> Lanes {
        let lanes = lanes_of(folding);
        Lanes { inputs: vec![lanes; self.0.operands().len()], outputs: vec![lanes] }
    }

    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        self.outputs()[0].elements() / lanes_of(folding)
    }

    fn latency_cycles_at(&self, _: Folding) -> i64 {
        2
    }

    /// The beats of each input in its turn.
    fn timing(&self) -> Timing {
        let inputs = self.inputs();
        let turn = |(index, stream): (usize, &Stream)| {
            let beats = stream.shape[self.axis()..].iter().product::<i64>() / stream.lanes;
            vec![Step { needs: Needs::Input(index), ..Step::PASS }; beats as usize]
        };
        let steps = inputs.iter().enumerate().flat_map(turn).collect();
        Timing { rooms: vec![SKID; inputs.len()], ..Timing::steps(steps, 0) }
    }

    /// A skid buffer an input, and the choice among them.
    fn resources_at(&self, folding: Folding) -> Resources {
        let bits = self.outputs()[0].with_lanes(lanes_of(folding)).bits();
        let inputs = self.0.operands().len() as i64;
        output_registers(bits) * (inputs + 1) + Resources::logic(bits * inputs / 2 + 6 * inputs + 10, 16)
    }

    fn is_beatwise(&self) -> bool {
        true
    }

    /// The last input waits for the first one.
    fn lag(&self) -> Lag {
        if self.joins_channels() { Lag::Pixel } else { Lag::Sample }
    }
}
