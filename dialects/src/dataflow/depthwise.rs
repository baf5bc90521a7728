//! `dataflow.depthwise`: products of each channel of a window, and requantisation.

use super::actor::{lane_foldings, lanes_of, output_registers};
use super::scale::{dsp_blocks, multiplies, range_of_sum};
use super::stream::pixel_choices;
use super::timing::sum_stages;
use super::{
    Actor, DspKind, Folding, Lanes, Named, Resources, Scale, Stream, Timing, bits_of_range, operation, rom,
    start, value_range,
};
use crate::ir::{Attr, Builder, Op, Type, Value};

/// Groups of channels with whose weights of eight bits few columns are the same, or the opposite.
const MANY_GROUPS: i64 = 8;

operation! {
    /// `dataflow.depthwise`.
    Depthwise, "dataflow.depthwise"
}

impl<'c> Depthwise<'c> {
    /// Multiplies the windows `input` by `weights`, `dense<…>` of `[KH, KW, C, M]`; `output` is the type of the result.
    pub fn build(
        builder: Builder<'c>,
        named: Named<'_>,
        input: Value<'c>,
        weights: Attr<'c>,
        scale: &Scale,
        output: &Stream,
    ) -> Self {
        let ctx = builder.ctx();
        let op = start(builder, Self::NAME, named).operand(input).result(output.ty(ctx));
        Self(scale.set(ctx, op.attr("weights", weights)).build())
    }

    /// KH, KW, C, M.
    pub fn weights_shape(self) -> [i64; 4] {
        let weights = self.0.attr("weights").and_then(Attr::attr_type);
        let shape = weights.and_then(Type::shape).and_then(|shape| shape.try_into().ok());
        shape.expect("the verifier wants weights of rank 4")
    }

    /// The least and the greatest sum of each output, with its bias; None if weights or biases are no `dense<…>`.
    pub fn sums(self) -> Option<Vec<(i64, i64)>> {
        let ints = |name| self.0.attr(name).and_then(Attr::to_dense_ints);
        let (weights, bias) = (ints("weights")?, ints("bias")?);
        let (low, high) = value_range(self.0.operands()[0]);
        let taps = |output| weights.iter().skip(output).step_by(bias.len()).copied();
        let sum = |(output, &bias)| range_of_sum(bias, taps(output), (low as i64, high as i64));
        Some(bias.iter().enumerate().map(sum).collect())
    }

    /// Numbers that an adder of products takes. DSP blocks add two of theirs.
    pub fn adder_inputs(self) -> usize {
        let [_, _, channels, _] = self.weights_shape();
        let constant = lanes_of(self.folding()) >= channels;
        if constant { DspKind::of(self.0).adder_inputs() } else { 2 }
    }

    /// Does one counter of groups address the weights of all products of a beat? Weights of a few groups are mostly the same few functions of
    /// it, which synthesis merges: of multipliers without registers of their own, some are then too far from the one register of all.
    pub fn shares_counter(self, groups: i64) -> bool {
        DspKind::of(self.0) == DspKind::Wide || groups >= MANY_GROUPS
    }
}

impl<'c> Actor<'c> for Depthwise<'c> {
    fn op(&self) -> Op<'c> {
        self.0
    }

    fn foldings(&self) -> Vec<Folding> {
        let channels = self.weights_shape()[2];
        let output = self.outputs().swap_remove(0);
        let several =
            pixel_choices(output.row_pixels(), channels).map(|windows| Folding::Lanes(windows * channels));
        lane_foldings(channels).into_iter().chain(several).collect()
    }

    fn folding(&self) -> Folding {
        let [_, _, _, m] = self.weights_shape();
        Folding::Lanes(self.outputs()[0].lanes / m)
    }

    fn lanes_at(&self, folding: Folding) -> Lanes {
        let ([kh, kw, _, m], lanes) = (self.weights_shape(), lanes_of(folding));
        Lanes { inputs: vec![kh * kw * lanes], outputs: vec![lanes * m] }
    }

    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        let lanes = self.lanes_at(folding).outputs[0];
        self.outputs()[0].with_lanes(lanes).beats()
    }

    fn latency_cycles_at(&self, _: Folding) -> i64 {
        let [kh, kw, _, _] = self.weights_shape();
        i64::from(64 - (kh * kw - 1).leading_zeros()).div_euclid(2) + 7
    }

    /// Weights, products, the tree over the taps, the bias, the sum, and the multiplier if there is one.
    fn timing(&self) -> Timing {
        let [kh, kw, _, _] = self.weights_shape();
        Timing::pass(4 + sum_stages(kh * kw, self.adder_inputs()) + u64::from(multiplies(self.0)))
    }

    /// As `dataflow.matvec`: a DSP a product with weights out of a memory, adders of 20 bits, 50 LUTs a lane to scale.
    fn resources_at(&self, folding: Folding) -> Resources {
        let ([kh, kw, c, m], lanes) = (self.weights_shape(), lanes_of(folding));
        let outputs = lanes * m;
        let products = kh * kw * outputs;
        let words = (c / lanes).max(1);
        let bits = i64::from(self.outputs()[0].element.bits);
        // Of unknown weights, of 8 bits and sums of 20.
        let sum_bits =
            self.sums().map_or(20, |sums| sums.iter().map(|s| bits_of_range(s.0, s.1)).max().unwrap_or(1));
        let scale = Resources { dsp: dsp_blocks(self.0, sum_bits), ..Resources::logic(50, 40) };
        let ends = scale * outputs + output_registers(outputs * bits);
        if words == 1 {
            let luts = if DspKind::of(self.0).adder_inputs() == 3 { 19 } else { 25 };
            return Resources::logic(luts, 22) * products + ends;
        }
        // DSP blocks add as well.
        let tree = Resources::logic(0, 8) * (products - outputs);
        // Weights of one bit, as where each channel is only scaled, choose.
        let weights = self.0.attr("weights").and_then(Attr::to_dense_ints);
        let chooses = weights.is_some_and(|weights| weights.iter().all(|weight| (0..=1).contains(weight)));
        let multipliers = Resources { dsp: i64::from(!chooses), ..Resources::default() } * products;
        rom(words, products * 8)
            + rom(words, outputs * 32)
            + tree
            + multipliers
            + ends
            + Resources::logic(20, 20)
            + Resources::logic(2, 2) * if self.shares_counter(words) { 0 } else { products - 1 }
    }

    fn is_beatwise(&self) -> bool {
        true
    }

    /// A window comes in the order `[C/L, KH, KW, L]`.
    fn needs_producers_lanes(&self) -> bool {
        let [kh, kw, _, _] = self.weights_shape();
        kh * kw > 1
    }
}
