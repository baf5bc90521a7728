//! TOSA's `rescale` with SINGLE_ROUND, and `clamp`:
//! `clamp(((x * multiplier + 2^(shift-1)) >> shift) + zero_point, min, max)`.

use super::hdl::{Int, Pipeline, Signal};

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
}

impl Rescale {
    /// Of multipliers and shifts, each one a channel or one for all.
    pub fn new(multipliers: &[i64], shifts: &[i64]) -> Self {
        let channels = multipliers.len().max(shifts.len());
        let at = |values: &[i64], channel: usize| values[if values.len() == 1 { 0 } else { channel }];
        let shift = shifts.iter().copied().max().unwrap_or(0);
        let mut multipliers: Vec<i128> =
            (0..channels).map(|c| i128::from(at(multipliers, c)) << (shift - at(shifts, c))).collect();
        let twos = multipliers.iter().map(|m| m.trailing_zeros()).min().unwrap_or(0).min(shift as u32);
        multipliers.iter_mut().for_each(|m| *m >>= twos);
        if multipliers.iter().all(|m| *m == multipliers[0]) {
            multipliers.truncate(1);
        }
        Self { multipliers, shift: shift as u32 - twos }
    }

    /// `2^(shift-1)`, or 0 without a shift.
    pub fn rounding(&self) -> i128 {
        if self.shift == 0 { 0 } else { 1 << (self.shift - 1) }
    }

    /// Is there nothing to multiply?
    pub fn is_shift(&self) -> bool {
        self.multipliers == [1]
    }

    /// Multiplies, in one stage of the pipeline; nothing where all multipliers are 1. Constant multipliers are by
    /// channel, `factors` are those that a memory gives.
    pub fn multiply<'c>(
        &self,
        values: Vec<Int<'c>>,
        factors: Option<Vec<Int<'c>>>,
        pipeline: &mut Pipeline<'_, 'c>,
        along: &mut [&mut Signal<'c>],
    ) -> Vec<Int<'c>> {
        if self.is_shift() {
            return values;
        }
        let products: Vec<_> = match factors {
            Some(factors) => values.into_iter().zip(factors).map(|(v, f)| v * f).collect(),
            None => (values.into_iter().enumerate())
                .map(|(c, v)| v.times(self.multipliers[if self.multipliers.len() == 1 { 0 } else { c }]))
                .collect(),
        };
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
            let rescale = Rescale::new(multipliers, shifts);
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
        assert_eq!(Rescale::new(&[1 << 30], &[37]), Rescale { multipliers: vec![1], shift: 7 });
        assert!(Rescale::new(&[1 << 30, 1 << 30], &[37, 37]).is_shift());
    }
}
