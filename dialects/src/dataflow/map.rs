//! `dataflow.map`: element by element.

use super::actor::{lanes_of, output_registers, stream_foldings};
use super::scale::{dsp_blocks, multiplies};
use super::{
    Actor, Element, Folding, Lanes, Named, Resources, Stream, Timing, bits_of_range, int, operation, start,
    value_range,
};
use crate::ir::{Attr, Builder, Op, Value};

operation! {
    /// `dataflow.map`.
    Map, "dataflow.map"
}

/// `clamp((((x - input_zp) * multiplier + 2^(shift-1)) >> shift) + output_zp, min, max)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affine {
    /// Subtracted before.
    pub input_zp: i64,
    /// Multiplied.
    pub multiplier: i32,
    /// Shifted right, rounding half up; 0 does not round.
    pub shift: i32,
    /// DOUBLE_ROUND instead of SINGLE_ROUND.
    pub double_round: bool,
    /// Added after.
    pub output_zp: i64,
    /// Smallest result.
    pub min: i64,
    /// Largest result.
    pub max: i64,
}

impl<'c> Map<'c> {
    /// Maps each element of `input` to one of type `element`.
    pub fn build(
        builder: Builder<'c>,
        named: Named<'_>,
        input: Value<'c>,
        affine: &Affine,
        element: Element,
    ) -> Self {
        let ctx = builder.ctx();
        let output = Stream { element, ..Stream::of_value(input) };
        let op = start(builder, Self::NAME, named).operand(input).result(output.ty(ctx));
        let op = if affine.double_round { op.attr("double_round", Attr::unit(ctx)) } else { op };
        Self(
            op.attr("input_zp", Attr::i64(ctx, affine.input_zp))
                .attr("multiplier", Attr::i32(ctx, affine.multiplier))
                .attr("shift", Attr::i32(ctx, affine.shift))
                .attr("output_zp", Attr::i64(ctx, affine.output_zp))
                .attr("min", Attr::i64(ctx, affine.min))
                .attr("max", Attr::i64(ctx, affine.max))
                .build(),
        )
    }

    /// What it computes.
    pub fn affine(self) -> Affine {
        Affine {
            input_zp: int(self.0, "input_zp"),
            multiplier: int(self.0, "multiplier") as i32,
            shift: int(self.0, "shift") as i32,
            double_round: self.0.attr("double_round").is_some(),
            output_zp: int(self.0, "output_zp"),
            min: int(self.0, "min"),
            max: int(self.0, "max"),
        }
    }
}

impl<'c> Actor<'c> for Map<'c> {
    fn op(&self) -> Op<'c> {
        self.0
    }

    fn foldings(&self) -> Vec<Folding> {
        stream_foldings(&self.outputs()[0])
    }

    fn folding(&self) -> Folding {
        Folding::Lanes(self.outputs()[0].lanes)
    }

    fn lanes_at(&self, folding: Folding) -> Lanes {
        Lanes { inputs: vec![lanes_of(folding)], outputs: vec![lanes_of(folding)] }
    }

    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        self.outputs()[0].with_lanes(lanes_of(folding)).beats()
    }

    fn latency_cycles_at(&self, _: Folding) -> i64 {
        3
    }

    fn timing(&self) -> Timing {
        Timing::pass(u64::from(multiplies(self.0)))
    }

    /// A power of two is wires; other multipliers take two DSPs (32 bits).
    fn resources_at(&self, folding: Folding) -> Resources {
        let output = &self.outputs()[0];
        let bits = i64::from(output.element.bits);
        let zero_point = i128::from(self.affine().input_zp);
        let (low, high) = value_range(self.0.operands()[0]);
        let [low, high] = [low, high].map(|end| (end - zero_point) as i64);
        let dsp = dsp_blocks(self.0, bits_of_range(low.min(-1), high));
        let each = Resources { lut: bits, dsp, ..Resources::default() };
        each * lanes_of(folding) + output_registers(lanes_of(folding) * bits)
    }

    fn is_beatwise(&self) -> bool {
        true
    }
}
