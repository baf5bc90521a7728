//! What sums become: the attributes that `dataflow.matvec` and `dataflow.depthwise` have in common.

use super::resources::dsp_blocks_of_product;
use crate::ir::{Attr, Ctx, Op, OpBuilder};

/// A bias, then TOSA's `rescale` and `clamp`.
#[derive(Clone, Debug)]
pub struct Scale {
    /// One an output.
    pub bias: Vec<i64>,
    /// One, or one an output.
    pub multiplier: Vec<i32>,
    /// One, or one an output.
    pub shift: Vec<i32>,
    /// DOUBLE_ROUND instead of SINGLE_ROUND.
    pub double_round: bool,
    /// Zero point of the output.
    pub output_zp: i64,
    /// Smallest output.
    pub min: i64,
    /// Largest output.
    pub max: i64,
}

impl Scale {
    /// Adds the attributes.
    pub(super) fn set<'c>(&self, ctx: Ctx<'c>, op: OpBuilder<'c>) -> OpBuilder<'c> {
        let count = [self.bias.len() as i64];
        let narrow: Result<Vec<i32>, _> = self.bias.iter().map(|&bias| i32::try_from(bias)).collect();
        let bias = narrow
            .map_or_else(|_| Attr::dense(ctx, &count, &self.bias), |bias| Attr::dense(ctx, &count, &bias));
        let op = op
            .attr("bias", bias)
            .attr("multiplier", Attr::i32s(ctx, &self.multiplier))
            .attr("shift", Attr::i32s(ctx, &self.shift))
            .attr("output_zp", Attr::i64(ctx, self.output_zp))
            .attr("min", Attr::i64(ctx, self.min))
            .attr("max", Attr::i64(ctx, self.max));
        if self.double_round { op.attr("double_round", Attr::unit(ctx)) } else { op }
    }
}

/// The multipliers of all channels over a common power of two, divided by as much of it as they have in common; None where they are
/// nothing but one shift that is the same for all channels.
fn normalized(op: Op<'_>) -> Option<Vec<i128>> {
    let list = |name| {
        let attr = op.attr(name);
        attr.and_then(Attr::to_i64)
            .map(|value| vec![value])
            .or(attr.and_then(Attr::to_i64s))
            .unwrap_or_default()
    };
    let (multipliers, shifts) = (list("multiplier"), list("shift"));
    let most = shifts.iter().copied().max().unwrap_or(0);
    let at = |values: &[i64], channel: usize| values[channel % values.len()];
    let scaled: Vec<i128> = (0..multipliers.len().max(shifts.len()))
        .map(|channel| i128::from(at(&multipliers, channel)) << (most - at(&shifts, channel)))
        .collect();
    let away = op.attr("double_round").is_some() && most > 31;
    let is_shift = |value: i128| value.count_ones() == 1 && i64::from(value.trailing_zeros()) <= most;
    let first = *scaled.first()?;
    if !away && is_shift(first) && scaled.iter().all(|&other| other == first) {
        return None;
    }
    let twos = scaled.iter().map(|value| value.trailing_zeros()).min().unwrap_or(0).min(most as u32);
    Some(scaled.into_iter().map(|value| value >> twos).collect())
}

/// Do the attributes `multiplier` and `shift`, one or one a channel, and `double_round` ask for more than one shift that is the same
/// for all channels? What is left of multipliers is 1 of a shift.
pub(super) fn multiplies(op: Op<'_>) -> bool {
    normalized(op).is_some()
}

/// DSP blocks that a channel's multiplication takes, of sums of so many bits; constants of up to 256 are adders.
pub(super) fn dsp_blocks(op: Op<'_>, sum_bits: i64) -> i64 {
    let most = normalized(op).unwrap_or_default().into_iter().max().unwrap_or(0);
    if most <= 256 { 0 } else { dsp_blocks_of_product(sum_bits, i64::from(128 - most.leading_zeros()) + 1) }
}
