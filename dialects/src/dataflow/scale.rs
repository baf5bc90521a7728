//! What sums become: the attributes that `dataflow.matvec` and `dataflow.depthwise` have in common.

use super::resources::DspKind;
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
    /// The attribute `bias`: `dense<…>` of i32, or of i64 where that is too narrow.
    pub fn bias_attr<'c>(ctx: Ctx<'c>, bias: &[i64]) -> Attr<'c> {
        let count = [bias.len() as i64];
        let narrow: Result<Vec<i32>, _> = bias.iter().map(|&bias| i32::try_from(bias)).collect();
        narrow.map_or_else(|_| Attr::dense(ctx, &count, bias), |bias| Attr::dense(ctx, &count, &bias))
    }

    /// Adds the attributes.
    pub(super) fn set<'c>(&self, ctx: Ctx<'c>, op: OpBuilder<'c>) -> OpBuilder<'c> {
        let op = op
            .attr("bias", Self::bias_attr(ctx, &self.bias))
            .attr("multiplier", Attr::i32s(ctx, &self.multiplier))
            .attr("shift", Attr::i32s(ctx, &self.shift))
            .attr("output_zp", Attr::i64(ctx, self.output_zp))
            .attr("min", Attr::i64(ctx, self.min))
            .attr("max", Attr::i64(ctx, self.max));
        if self.double_round { op.attr("double_round", Attr::unit(ctx)) } else { op }
    }
}

/// What scales: `(x * multiplier + rounding) >> shift`, where nothing is rounded without a shift, and with DOUBLE_ROUND `2^30` more is added
/// where x is 0 or above, and less where it is below, if the shift is above 31.
///
/// `(x * m + r) >> s` does not change when m, r and `2^s` are multiplied by the same power of two, or divided, where m is a multiple of
/// it. So all channels have the same shift, and multipliers that are powers of two become wires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Multipliers {
    /// One a channel, or one for all; with no factor of two that all of them have, unless the shift is 0.
    pub multipliers: Vec<i128>,
    /// The common shift.
    pub shift: u32,
    /// What is added before the shift; one a channel, or one for all.
    pub rounding: Vec<i128>,
    /// What is added to products of numbers from 0 on, and taken from others; one a channel, or one for all.
    pub away: Vec<i128>,
}

impl Multipliers {
    /// Of multipliers and shifts, each one a channel or one for all. What is added is half of what is shifted out, unless it is given.
    pub fn new(multipliers: &[i64], shifts: &[i64], rounding: Option<&[i64]>, double_round: bool) -> Self {
        let channels = multipliers.len().max(shifts.len()).max(rounding.map_or(0, <[_]>::len));
        let at = |values: &[i64], channel: usize| values[channel % values.len()];
        let shift = shifts.iter().copied().max().unwrap_or(0);
        // Of a channel, as if its shift were the common one.
        let widened = |value: i128, channel| value << (shift - at(shifts, channel));
        let of_channels = |value: &dyn Fn(usize) -> i128| -> Vec<i128> {
            (0..channels).map(|channel| widened(value(channel), channel)).collect()
        };
        let half = |channel| half(at(shifts, channel) as u32);
        let added = |channel| rounding.map_or_else(|| half(channel), |values| at(values, channel).into());
        let multiplied = of_channels(&|channel| at(multipliers, channel).into());
        let away = of_channels(&|channel| if double_round && at(shifts, channel) > 31 { 1 << 30 } else { 0 });
        let twos = multiplied.iter().chain(&away).map(|m| m.trailing_zeros()).min().unwrap_or(0);
        let twos = twos.min(shift as u32);
        let divided = |values: Vec<i128>| shared(values.into_iter().map(|value| value >> twos).collect());
        Self {
            multipliers: divided(multiplied),
            shift: shift as u32 - twos,
            rounding: divided(of_channels(&added)),
            away: divided(away),
        }
    }

    /// Those of an actor with the attributes `multiplier` and `shift`, one or one a channel, and maybe `rounding` and `double_round`.
    pub fn of(op: Op<'_>) -> Self {
        let list = |name| {
            let attr = op.attr(name)?;
            attr.to_i64().map(|value| vec![value]).or(attr.to_i64s())
        };
        let wanted = |name| list(name).expect("the verifier wants this attribute");
        let rounding = list("rounding");
        Self::new(
            &wanted("multiplier"),
            &wanted("shift"),
            rounding.as_deref(),
            op.attr("double_round").is_some(),
        )
    }

    /// Is there nothing to multiply, and nothing that depends on the channel or the sign?
    pub fn is_shift(&self) -> bool {
        self.multipliers == [1] && self.away == [0] && self.rounding.len() == 1
    }
}

/// One for all if all are the same.
fn shared(mut values: Vec<i128>) -> Vec<i128> {
    if values.iter().all(|value| *value == values[0]) {
        values.truncate(1);
    }
    values
}

/// Half of `2^shift`; without a shift nothing is rounded.
pub fn half(shift: u32) -> i128 {
    if shift == 0 { 0 } else { 1 << (shift - 1) }
}

/// Does an actor ask for more than one shift that is the same for all channels?
pub fn multiplies(op: Op<'_>) -> bool {
    !Multipliers::of(op).is_shift()
}

/// The least and the greatest sum of a bias and products of weights with inputs in a range.
pub(super) fn range_of_sum(
    bias: i64,
    weights: impl IntoIterator<Item = i64>,
    (low, high): (i64, i64),
) -> (i64, i64) {
    let products = weights.into_iter().map(|weight| (weight * low, weight * high));
    products.fold((bias, bias), |(least, most), (a, b)| (least + a.min(b), most + a.max(b)))
}

/// Digits 1 and -1 of the constants that are adders, at most; those of up to 256 are adders as well.
const MOST_DIGITS: u32 = 4;

/// Is a product with this constant sums and differences of what is multiplied, rather than a multiplier?
pub fn is_adders(factor: i128) -> bool {
    let magnitude = factor.unsigned_abs();
    magnitude <= 256 || (magnitude ^ (3 * magnitude)).count_ones() <= MOST_DIGITS
}

/// DSP blocks that a channel's multiplication takes, of sums of so many bits.
pub(super) fn dsp_blocks(op: Op<'_>, sum_bits: i64) -> i64 {
    let multipliers = Multipliers::of(op).multipliers;
    let most = multipliers.iter().copied().max().unwrap_or(0);
    let adds = match multipliers[..] {
        [one] => is_adders(one),
        // They may come from a memory.
        _ => most <= 256,
    };
    let bits = i64::from(128 - most.leading_zeros()) + 1;
    if adds { 0 } else { DspKind::of(op).blocks_of_product(sum_bits, bits) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of a channel, of one a channel or one for all.
    fn at(values: &[i128], channel: usize) -> i128 {
        values[channel.min(values.len() - 1)]
    }

    /// The formula against the normalised form, for values around every rounding.
    #[test]
    fn normalised_multipliers_round_the_same() {
        type Case = (&'static [i64], &'static [i64], Option<&'static [i64]>);
        let cases: [Case; 8] = [
            (&[1 << 30], &[37], None),
            (&[1 << 30], &[30], None),
            (&[1 << 30], &[28], None),
            (&[1 << 30, 3 << 20, 1_234_567_891], &[33, 40, 41], None),
            (&[5], &[0], None),
            (&[12, 40], &[0, 3], None),
            (&[12, 40], &[3, 5], Some(&[5, -9])),
            (&[48], &[7], Some(&[71, 3])),
        ];
        for (multipliers, shifts, rounding) in cases {
            let scaling = Multipliers::new(multipliers, shifts, rounding, false);
            for channel in 0..multipliers.len().max(rounding.map_or(0, <[_]>::len)) {
                let given = |values: &[i64]| i128::from(values[channel.min(values.len() - 1)]);
                let [m, added] = [&scaling.multipliers, &scaling.rounding].map(|values| at(values, channel));
                for x in (-3000i128..3000).chain([i128::from(i32::MAX), i128::from(i32::MIN)]) {
                    let (multiplier, shift) = (given(multipliers), given(shifts));
                    let half = if shift == 0 { 0 } else { 1 << (shift - 1) };
                    let expected = (x * multiplier + rounding.map_or(half, given)) >> shift;
                    assert_eq!((x * m + added) >> scaling.shift, expected, "{x} {multiplier} {shift}");
                }
            }
        }
    }

    #[test]
    fn powers_of_two_need_no_multiplier() {
        let shift = Multipliers { multipliers: vec![1], shift: 7, rounding: vec![64], away: vec![0] };
        assert_eq!(Multipliers::new(&[1 << 30], &[37], None, false), shift);
        assert!(Multipliers::new(&[1 << 30, 1 << 30], &[37, 37], None, false).is_shift());
        assert!(Multipliers::new(&[1 << 30, 1 << 30], &[37, 37], Some(&[1 << 36]), false).is_shift());
        assert!(!Multipliers::new(&[1 << 30], &[37], Some(&[1 << 36, 0]), false).is_shift());
        assert!(!Multipliers::new(&[1 << 30], &[37], None, true).is_shift());
    }

    /// `apply_scale_32` of TOSA's specification with DOUBLE_ROUND.
    #[test]
    fn rounding_twice_depends_on_the_sign() {
        let (multipliers, shifts) = ([1_518_500_250, 1 << 30, 1 << 30, 3 << 20], [40, 37, 31, 33]);
        let scaling = Multipliers::new(&multipliers, &shifts, None, true);
        for (channel, (&multiplier, &shift)) in multipliers.iter().zip(&shifts).enumerate() {
            let [m, rounding, away] =
                [&scaling.multipliers, &scaling.rounding, &scaling.away].map(|values| at(values, channel));
            for x in -3000i128..3000 {
                let mut round = 1i128 << (shift - 1);
                if shift > 31 {
                    round += if x >= 0 { 1 << 30 } else { -(1 << 30) };
                }
                let got = (x * m + rounding + if x >= 0 { away } else { -away }) >> scaling.shift;
                assert_eq!(got, (x * i128::from(multiplier) + round) >> shift, "{x} {multiplier} {shift}");
            }
        }
    }
}
