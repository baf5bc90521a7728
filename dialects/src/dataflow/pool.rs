//! `dataflow.pool`: the maximum or the average of each channel of a window.

use super::actor::{lane_foldings, lanes_of, output_registers};
use super::{Actor, Folding, Lanes, Named, Resources, Stream, int, operation, pair, start};
use crate::ir::{Attr, Builder, Op, Value};
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

impl<'c> Pool<'c> {
    /// Pools the windows `input` of `kernel`. The average's multiplier and shift are those of TOSA.
    pub fn build(
        builder: Builder<'c>,
        named: Named<'_>,
        input: Value<'c>,
        kind: PoolKind,
        kernel: [i64; 2],
    ) -> Self {
        let ctx = builder.ctx();
        let mut output = Stream::of_value(input);
        let taps = kernel[0] * kernel[1];
        output.lanes /= taps;
        if let Some(channels) = output.shape.last_mut() {
            *channels /= taps;
        }
        let (name, (multiplier, shift)) = match kind {
            PoolKind::Max => ("max", (1, 0)),
            PoolKind::Average => ("avg", reciprocal_scale(u32::try_from(taps).unwrap_or(u32::MAX))),
        };
        Self(
            start(builder, Self::NAME, named)
                .operand(input)
                .result(output.ty(ctx))
                .attr("kind", Attr::string(ctx, name))
                .attr("kernel", Attr::i64s(ctx, &kernel))
                .attr("multiplier", Attr::i32(ctx, multiplier))
                .attr("shift", Attr::i32(ctx, shift))
                .build(),
        )
    }

    /// The kind.
    pub fn kind(self) -> PoolKind {
        match self.0.attr("kind").and_then(Attr::to_string_value).as_deref() {
            Some("avg") => PoolKind::Average,
            _ => PoolKind::Max,
        }
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
        lane_foldings(self.outputs()[0].channels())
    }

    fn folding(&self) -> Folding {
        Folding::Lanes(self.outputs()[0].lanes)
    }

    fn lanes_at(&self, folding: Folding) -> Lanes {
        let lanes = lanes_of(folding);
        Lanes { inputs: vec![self.taps() * lanes], outputs: vec![lanes] }
    }

    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        self.outputs()[0].elements() / lanes_of(folding)
    }

    fn latency_cycles_at(&self, _: Folding) -> i64 {
        3
    }

    /// A maximum is a comparison and a choice, two LUTs a bit; an average an adder, and a product of 32 bits
    /// in two DSPs unless the count is a power of two.
    fn resources_at(&self, folding: Folding) -> Resources {
        let (lanes, taps) = (lanes_of(folding), self.taps());
        let bits = i64::from(self.outputs()[0].element.bits);
        let each = match self.kind() {
            PoolKind::Max => Resources::logic(2 * bits * (taps - 1), bits * taps / 2),
            PoolKind::Average => {
                let dsp = if taps.count_ones() == 1 { 0 } else { 2 };
                Resources { lut: (bits + 4) * taps, ff: (bits + 4) * taps / 2 + 32, dsp, bram18: 0 }
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
