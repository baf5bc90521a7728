//! TOSA's `rescale` and `clamp`: `clamp(((x * multiplier + 2^(shift-1)) >> shift) + zero_point, min, max)`, and with
//! DOUBLE_ROUND `2^30` more before the shift where x is 0 or above, and less where it is below, if the shift is above 31.

use super::hdl::{Int, Module, Pipeline, Signal};
use super::stored::Stored;

/// Multipliers over one common power of two.
///
/// `(x * m + 2^(s-1)) >> s` does not change when m and `2^s` are multiplied or, where m is a multiple, divided by the same
/// power of two. So all channels get the same shift, and multipliers that are powers of two become wires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescale {
    /// One a channel, or one for all; with no factor of two that all of them have, unless the shift is 0.
    pub multipliers: Vec<i128>,
    /// The common shift.
    pub shift: u32,
    /// What is added to products of numbers from 0 on, and taken from others; one a channel, or one for all.
    pub away: Vec<i128>,
}

/// Values that differ between groups of channels, as a memory gives them.
pub struct Factors<'c> {
    multipliers: Option<Vec<Int<'c>>>,
    away: Option<Vec<Int<'c>>>,
}

/// One for all if all are the same.
fn shared(mut values: Vec<i128>) -> Vec<i128> {
    if values.iter().all(|value| *value == values[0]) {
        values.truncate(1);
    }
    values
}

impl Rescale {
    /// Of multipliers and shifts, each one a channel or one for all.
    pub fn new(multipliers: &[i64], shifts: &[i64], double_round: bool) -> Self {
        let channels = multipliers.len().max(shifts.len());
        let at = |values: &[i64], channel: usize| values[if values.len() == 1 { 0 } else { channel }];
        let shift = shifts.iter().copied().max().unwrap_or(0);
        let mut multipliers: Vec<i128> =
            (0..channels).map(|c| i128::from(at(multipliers, c)) << (shift - at(shifts, c))).collect();
        let mut away: Vec<i128> = (0..channels)
            .map(|c| at(shifts, c))
            .map(|s| if double_round && s > 31 { 1 << (30 + shift - s) } else { 0 })
            .collect();
        let twos =
            multipliers.iter().chain(&away).map(|m| m.trailing_zeros()).min().unwrap_or(0).min(shift as u32);
        multipliers.iter_mut().chain(&mut away).for_each(|m| *m >>= twos);
        Self { multipliers: shared(multipliers), shift: shift as u32 - twos, away: shared(away) }
    }

    /// `2^(shift-1)`, or 0 without a shift.
    pub fn rounding(&self) -> i128 {
        if self.shift == 0 { 0 } else { 1 << (self.shift - 1) }
    }

    /// Is there nothing to multiply, and nothing that depends on the sign?
    pub fn is_shift(&self) -> bool {
        self.multipliers == [1] && self.away == [0]
    }

    /// The multipliers of each lane, one stage on, where they differ between `groups` of `lanes` channels that come in turn, the last
    /// of which may be smaller.
    pub fn factors<'c>(
        &self,
        m: &Module<'c>,
        pipeline: &Pipeline<'_, 'c>,
        lanes: usize,
        groups: i64,
    ) -> Factors<'c> {
        let read = |name: &str, values: &[i128]| {
            (values.len() > 1 && groups > 1).then(|| {
                let mut values: Vec<_> = values.iter().map(|&v| v as i64).collect();
                values.resize(lanes * groups as usize, 0);
                let group = m.counter("output_group", groups, pipeline.enable & pipeline.valid);
                Stored::new(m, name, &values, lanes).read(m, group, pipeline.enable)
            })
        };
        Factors { multipliers: read("multipliers", &self.multipliers), away: read("away", &self.away) }
    }

    /// Multiplies, in one stage of the pipeline; nothing where all multipliers are 1. Constants are by channel, all channels of
    /// one vector or several; `factors` are those that a memory gives.
    pub fn multiply<'c>(
        &self,
        values: Vec<Int<'c>>,
        factors: Option<Factors<'c>>,
        pipeline: &mut Pipeline<'_, 'c>,
        along: &mut [&mut Signal<'c>],
    ) -> Vec<Int<'c>> {
        if self.is_shift() {
            return values;
        }
        let Factors { multipliers, away } = factors.unwrap_or(Factors { multipliers: None, away: None });
        let of = |values: &[i128], channel: usize| values[channel % values.len()];
        let builder = pipeline.enable.builder();
        let product = |(channel, value): (usize, Int<'c>)| {
            let product = match &multipliers {
                Some(multipliers) => value * multipliers[channel],
                None => value.times(of(&self.multipliers, channel)),
            };
            let zero = Int::constant(0, builder);
            let away = match &away {
                Some(away) => away[channel],
                None if of(&self.away, channel) == 0 => return product,
                None => Int::constant(of(&self.away, channel), builder),
            };
            product + Int::select(value.less(zero), zero - away, away)
        };
        let products: Vec<_> = values.into_iter().enumerate().map(product).collect();
        let products = pipeline.delay_ints(&products);
        pipeline.step(along);
        products
    }

    /// Shifts, adds the zero point and clamps. `rounding` was added before.
    pub fn finish<'c>(&self, value: Int<'c>, zero_point: i64, min: i64, max: i64) -> Int<'c> {
        value.shift_right(self.shift).plus(zero_point.into()).clamp(min.into(), max.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The formula in the module's first line against the normalised form, for values around every rounding.
    #[test]
    fn normalised_multipliers_round_the_same() {
        let cases: [(&[i64], &[i64]); 6] = [
            (&[1 << 30], &[37]),
            (&[1 << 30], &[30]),
            (&[1 << 30], &[28]),
            (&[1 << 30, 3 << 20, 1_234_567_891], &[33, 40, 41]),
            (&[5], &[0]),
            (&[12, 40], &[0, 3]),
        ];
        for (multipliers, shifts) in cases {
            let rescale = Rescale::new(multipliers, shifts, false);
            for channel in 0..multipliers.len() {
                let at = |values: &[i64]| i128::from(values[channel.min(values.len() - 1)]);
                let m = rescale.multipliers[channel.min(rescale.multipliers.len() - 1)];
                for x in (-3000i128..3000).chain([i128::from(i32::MAX), i128::from(i32::MIN)]) {
                    let (multiplier, shift) = (at(multipliers), at(shifts));
                    let round = if shift == 0 { 0 } else { 1 << (shift - 1) };
                    let expected = (x * multiplier + round) >> shift;
                    assert_eq!(
                        (x * m + rescale.rounding()) >> rescale.shift,
                        expected,
                        "{x} {multiplier} {shift}"
                    );
                }
            }
        }
    }

    #[test]
    fn powers_of_two_need_no_multiplier() {
        let shift = Rescale { multipliers: vec![1], shift: 7, away: vec![0] };
        assert_eq!(Rescale::new(&[1 << 30], &[37], false), shift);
        assert!(Rescale::new(&[1 << 30, 1 << 30], &[37, 37], false).is_shift());
        assert!(!Rescale::new(&[1 << 30], &[37], true).is_shift());
    }

    /// `apply_scale_32` of TOSA's specification with DOUBLE_ROUND.
    #[test]
    fn rounding_twice_depends_on_the_sign() {
        let (multipliers, shifts) = ([1_518_500_250, 1 << 30, 1 << 30, 3 << 20], [40, 37, 31, 33]);
        let rescale = Rescale::new(&multipliers, &shifts, true);
        let at = |values: &[i128], channel: usize| values[channel.min(values.len() - 1)];
        for (channel, (&multiplier, &shift)) in multipliers.iter().zip(&shifts).enumerate() {
            for x in -3000i128..3000 {
                let mut round = 1i128 << (shift - 1);
                if shift > 31 {
                    round += if x >= 0 { 1 << 30 } else { -(1 << 30) };
                }
                let away = at(&rescale.away, channel) * if x >= 0 { 1 } else { -1 };
                let got =
                    (x * at(&rescale.multipliers, channel) + rescale.rounding() + away) >> rescale.shift;
                assert_eq!(got, (x * i128::from(multiplier) + round) >> shift, "{x} {multiplier} {shift}");
            }
        }
    }
}
