//! `dataflow.global_pool`: the maximum or the average of each channel of a map.

use super::actor::{lanes_of, output_registers, stream_foldings};
use super::pool::Average;
use super::scale::{dsp_blocks, multiplies};
use super::timing::{LEVELS, Step, tree_stages};
use super::{Actor, Folding, Lanes, Named, PoolKind, Resources, Stream, Timing, memory, operation, start};
use crate::ir::{Builder, Op, Value};

operation! {
    /// `dataflow.global_pool`.
    GlobalPool, "dataflow.global_pool"
}

impl<'c> GlobalPool<'c> {
    /// Pools the map `input`, `[H, W, C]`, to one pixel.
    pub fn build(
        builder: Builder<'c>,
        named: Named<'_>,
        input: Value<'c>,
        kind: PoolKind,
        zps: (i64, i64),
    ) -> Self {
        let ctx = builder.ctx();
        let map = Stream::of_value(input);
        let output = Stream { shape: vec![1, 1, map.channels()], ..map.clone() };
        let op = start(builder, Self::NAME, named).operand(input).result(output.ty(ctx));
        let average = Average { zps, ..Average::default() };
        Self(average.set(ctx, op, kind, map.positions()).build())
    }

    /// The kind.
    pub fn kind(self) -> PoolKind {
        PoolKind::of(self.0)
    }
}

impl<'c> Actor<'c> for GlobalPool<'c> {
    fn op(&self) -> Op<'c> {
        self.0
    }

    fn foldings(&self) -> Vec<Folding> {
        stream_foldings(&self.inputs()[0])
    }

    fn folding(&self) -> Folding {
        Folding::Lanes(self.inputs()[0].lanes)
    }

    fn lanes_at(&self, folding: Folding) -> Lanes {
        let (lanes, channels) = (lanes_of(folding), self.outputs()[0].channels());
        Lanes { inputs: vec![lanes], outputs: vec![lanes.min(channels)] }
    }

    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        self.inputs()[0].with_lanes(lanes_of(folding)).beats()
    }

    /// All pixels but the last one, and the pipeline.
    fn latency_cycles_at(&self, folding: Folding) -> i64 {
        let input = self.inputs().swap_remove(0).with_lanes(lanes_of(folding));
        let last_pixel = (input.channels() / input.lanes).max(1);
        input.beats() - last_pixel + 4 + tree_stages(input.pixels(), LEVELS) as i64
    }

    /// All beats come in; those of the last pixel, or the one with it, give one each.
    fn timing(&self) -> Timing {
        let (input, output) = (self.inputs()[0].beats(), self.outputs()[0].beats());
        let mut steps = vec![Step::TAKE; (input - output) as usize];
        steps.resize(input as usize, Step::PASS);
        let scales = self.kind() == PoolKind::Average && multiplies(self.0);
        let stages = 2 + tree_stages(self.inputs()[0].pixels(), LEVELS) + u64::from(scales);
        Timing::steps(steps, stages)
    }

    /// An accumulator a channel, an adder or a maximum a lane, and for an average a product. Of several pixels a beat, a tree over
    /// them for each channel.
    fn resources_at(&self, folding: Folding) -> Resources {
        let input = self.inputs().swap_remove(0).with_lanes(lanes_of(folding));
        let (lanes, pixels) = (input.lanes.min(input.channels()), input.pixels());
        let bits = i64::from(input.element.bits);
        let growth = match self.kind() {
            PoolKind::Max => 0,
            PoolKind::Average => i64::from(64 - (input.positions() - 1).leading_zeros()),
        };
        let dsp = if growth == 0 { 0 } else { dsp_blocks(self.0, bits + growth) };
        let lane = Resources { lut: 2 * (bits + growth) + 20, ff: 2 * (bits + growth), dsp, bram18: 0 };
        let sums = memory(input.channels() / lanes, lanes * (bits + growth));
        let tree = Resources::logic(2 * bits, 2 * bits) * ((pixels - 1) * lanes);
        lane * lanes + tree + sums + output_registers(lanes * bits) + Resources::logic(30, 30)
    }
}
