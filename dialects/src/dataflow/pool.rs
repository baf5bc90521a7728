//! `dataflow.pool`: the maximum or the average of each channel of a window.

use super::actor::{lane_foldings, lanes_of, output_registers, stream_foldings};
use super::resources::DspKind;
use super::scale::{dsp_blocks, multiplies};
use super::timing::tree_stages;
use super::{
    Actor, Folding, Lanes, Named, Resources, Stream, Timing, ceil_div, int, ints, operation, pair, start,
};
use crate::ir::{Attr, Builder, Ctx, Op, OpBuilder, Value};
use crate::tosa::reciprocal_scale;

operation! {
    /// `dataflow.pool`.
    Pool, "dataflow.pool"
}

/// What a pool computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The maximum.
    Max,
    /// The average.
    Average,
}

impl PoolKind {
    /// The kind of a pool.
    pub(super) fn of(op: Op<'_>) -> Self {
        match op.attr("kind").and_then(Attr::to_string_value).as_deref() {
            Some("avg") => Self::Average,
            _ => Self::Max,
        }
    }
}

/// What averages are of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Average {
    /// Zero points of input and output.
    pub zps: (i64, i64),
    /// Of how many rows the average at each output row is, and of how many columns at each column; None: all.
    pub taps: Option<[Vec<i64>; 2]>,
}

impl Average {
    /// Adds the attributes of a pool of `count` elements. The average's multiplier and shift are those of TOSA.
    pub(super) fn set<'c>(
        &self,
        ctx: Ctx<'c>,
        op: OpBuilder<'c>,
        kind: PoolKind,
        count: i64,
    ) -> OpBuilder<'c> {
        let (name, (multiplier, shift)) = match kind {
            PoolKind::Max => ("max", (1, 0)),
            PoolKind::Average => ("avg", reciprocal_scale(u32::try_from(count).unwrap_or(u32::MAX))),
        };
        let mut op = op
            .attr("kind", Attr::string(ctx, name))
            .attr("multiplier", Attr::i32(ctx, multiplier))
            .attr("shift", Attr::i32(ctx, shift));
        for (name, zp) in [("input_zp", self.zps.0), ("output_zp", self.zps.1)] {
            if zp != 0 {
                op = op.attr(name, Attr::i64(ctx, zp));
            }
        }
        if let Some([rows, columns]) = &self.taps {
            op = op.attr("row_taps", Attr::i64s(ctx, rows)).attr("column_taps", Attr::i64s(ctx, columns));
        }
        op
    }
}

impl<'c> Pool<'c> {
    /// Pools the windows `input` of `kernel`.
    pub fn build(
        builder: Builder<'c>,
        named: Named<'_>,
        input: Value<'c>,
        (kind, kernel): (PoolKind, [i64; 2]),
        average: &Average,
    ) -> Self {
        let ctx = builder.ctx();
        let mut output = Stream::of_value(input);
        let taps = kernel[0] * kernel[1];
        output.lanes /= taps;
        if let Some(channels) = output.shape.last_mut() {
            *channels /= taps;
        }
        let op = start(builder, Self::NAME, named).operand(input).result(output.ty(ctx));
        let op = op.attr("kernel", Attr::i64s(ctx, &kernel));
        Self(average.set(ctx, op, kind, taps).build())
    }

    /// The kind.
    pub fn kind(self) -> PoolKind {
        PoolKind::of(self.0)
    }

    /// Height and width of the windows.
    pub fn kernel(self) -> [i64; 2] {
        pair(self.0, "kernel")
    }

    /// Of the average.
    pub fn multiplier(self) -> i64 {
        int(self.0, "multiplier")
    }

    /// Of the average.
    pub fn shift(self) -> i64 {
        int(self.0, "shift")
    }

    /// Of how many rows and columns each average is, where that differs.
    pub fn average_taps(self) -> Option<[Vec<i64>; 2]> {
        self.0.attr("row_taps").map(|_| [ints(self.0, "row_taps"), ints(self.0, "column_taps")])
    }

    /// Values of which each output is made.
    pub fn taps(self) -> i64 {
        self.kernel().iter().product()
    }
}

impl<'c> Actor<'c> for Pool<'c> {
    fn op(&self) -> Op<'c> {
        self.0
    }

    fn foldings(&self) -> Vec<Folding> {
        let output = self.outputs().swap_remove(0);
        // Where averages are of fewer elements at borders, one window a beat.
        if self.average_taps().is_some() {
            lane_foldings(output.channels())
        } else {
            stream_foldings(&output)
        }
    }

    fn folding(&self) -> Folding {
        Folding::Lanes(self.outputs()[0].lanes)
    }

    fn lanes_at(&self, folding: Folding) -> Lanes {
        let lanes = lanes_of(folding);
        Lanes { inputs: vec![self.taps() * lanes], outputs: vec![lanes] }
    }

    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        self.outputs()[0].with_lanes(lanes_of(folding)).beats()
    }

    fn latency_cycles_at(&self, _: Folding) -> i64 {
        3
    }

    /// The tree over the taps, and a product for an average.
    fn timing(&self) -> Timing {
        let average = self.kind() == PoolKind::Average;
        let scales = average && (self.average_taps().is_some() || multiplies(self.0));
        Timing::pass(tree_stages(self.taps(), 1) + u64::from(scales))
    }

    /// A maximum is a comparison and a choice, two LUTs a bit; an average an adder, and a product
    /// unless the count is a power of two.
    fn resources_at(&self, folding: Folding) -> Resources {
        let (lanes, taps) = (lanes_of(folding), self.taps());
        let bits = i64::from(self.outputs()[0].element.bits);
        // Of each level what it leaves.
        let levels = std::iter::successors(Some(taps), |left| (*left > 1).then(|| ceil_div(*left, 2)));
        let registered = levels.skip(1).sum::<i64>();
        let each = match self.kind() {
            PoolKind::Max => Resources::logic(2 * bits * (taps - 1), bits * registered),
            PoolKind::Average => {
                let sum_bits = bits + i64::from(64 - (taps - 1).leading_zeros());
                let dsp = match self.average_taps() {
                    // Of each number of elements its own.
                    Some(_) => DspKind::of(self.0).blocks_of_product(sum_bits, 32),
                    None => dsp_blocks(self.0, sum_bits),
                };
                Resources { lut: (bits + 4) * taps, ff: (bits + 2) * registered + 32, dsp, bram18: 0 }
            }
        };
        each * lanes + output_registers(lanes * bits)
    }

    fn is_beatwise(&self) -> bool {
        true
    }

    /// A window comes in the order `[C/L, KH, KW, L]`.
    fn needs_producers_lanes(&self) -> bool {
        true
    }
}
