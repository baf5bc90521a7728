//! The choice of scales.

use atheena_dialects::ir::Failure;

use super::{
    groups::Groups,
    observe::Histogram,
    scheme::{Range, Scheme},
};

/// How the integers of a group stand for real numbers: `r = (q - zero_point) * unit * 2^-exponent`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Format {
    /// 1 where scales are powers of two, but 1/255 for pixels; else the scale.
    pub unit: f64,
    /// The power of two.
    pub exponent: i32,
    /// 0, but -128 for pixels, and for what is never negative where scales are arbitrary.
    pub zero_point: i8,
    /// 8 or 16.
    pub bits: u32,
}

impl Format {
    /// Pixels: a uint8 p stands for p / 255, and is kept as p - 128.
    pub const PIXELS: Self = Self { unit: 1.0 / 255.0, exponent: 0, zero_point: -128, bits: 8 };

    /// Symmetric numbers of scale 2^-exponent.
    pub fn symmetric(exponent: i32, bits: u32) -> Self {
        Self { unit: 1.0, exponent, zero_point: 0, bits }
    }

    /// What a step of one stands for.
    pub fn scale(self) -> f64 {
        self.unit * power(-self.exponent)
    }

    /// The real number that an integer stands for.
    pub fn real(self, integer: i32) -> f64 {
        f64::from(integer - i32::from(self.zero_point)) * self.scale()
    }

    /// The real numbers that round to an integer in range.
    pub fn range(self) -> [f64; 2] {
        let half = self.scale() / 2.0;
        let largest = largest(self.bits) as i32;
        [self.real(-largest - 1) - half, self.real(largest) + half]
    }

    /// How far from the zero point integers can be; of zero points other than 0 in 8 bits.
    pub fn largest(&self) -> f64 {
        if self.zero_point == 0 { power(self.bits as i32 - 1) } else { 255.0 }
    }

    /// The nearest integer of a real number, saturated.
    pub fn nearest(self, real: f64) -> i16 {
        let largest = largest(self.bits);
        let rounded = (real / self.scale()).round() + f64::from(self.zero_point);
        rounded.clamp(-largest - 1.0, largest) as i16
    }
}

/// The largest signed integer of some bits.
fn largest(bits: u32) -> f64 {
    power(bits as i32 - 1) - 1.0
}

/// 2^exponent.
pub fn power(exponent: i32) -> f64 {
    f64::from(exponent).exp2()
}

/// The format of each group.
pub fn choose(groups: &Groups<'_>, seen: &[Histogram], scheme: &Scheme) -> Result<Vec<Format>, Failure> {
    let mut formats = vec![Format::PIXELS];
    let mut failure = None;
    let logits_bits = logits_bits(groups, scheme)?;
    for (group, histogram) in seen.iter().enumerate().skip(1) {
        let bits = match group {
            group if groups.logits().contains(&group) => logits_bits,
            group if groups.is_mapped(group) => 8,
            _ => scheme.activation_bits,
        };
        formats.push(match groups.read_values(group).first().and_then(|value| value.producer()) {
            Some(op) if !histogram.is_finite() => {
                let cure = "look for infinite or huge weights, or a calibration file of other data";
                failure = Some(op.error("is not finite for some calibration samples", &[cure]));
                Format::symmetric(0, bits)
            }
            Some(op) if histogram.largest() == 0.0 => {
                let cure = "the layer is dead, or the calibration samples are all black: train the network, or calibrate \
                            with the data it was trained for";
                failure = Some(op.error("is zero everywhere for all calibration samples", &[cure]));
                Format::symmetric(0, bits)
            }
            _ => best_format(&histogram.values(), bits, scheme),
        });
    }
    failure.map_or(Ok(formats), Err)
}

/// Bits of the logits: of all alike, as an exit's result is those of either classifier.
fn logits_bits(groups: &Groups<'_>, scheme: &Scheme) -> Result<u32, Failure> {
    let readers = |group: &usize| match scheme.activation_bits {
        16 => groups.is_mapped(*group),
        _ => !groups.is_result_only(*group),
    };
    let read = groups.logits().iter().copied().find(readers);
    match (scheme.logits_bits, read.and_then(|group| groups.read_values(group).first()?.producer())) {
        (Some(16), Some(op)) => {
            let cure = "leave logits-bits at auto, or let the network return what the classifier computes";
            Err(op.error("cannot make logits of 16 bits, as 8 bits are read or made of them", &[cure]))
        }
        (Some(bits), _) => Ok(bits),
        (None, _) => Ok(if read.is_some() { 8 } else { 16 }),
    }
}

/// The format of a tensor, given the numbers in it with their counts.
fn best_format(values: &[(f64, u64)], bits: u32, scheme: &Scheme) -> Format {
    let high = largest(bits);
    if scheme.powers_of_two {
        return Format::symmetric(
            match scheme.range {
                Range::SquaredError => best_exponent(values, -high - 1.0, high),
                Range::Percentile(part) => safe_exponent(reach(values, part), high),
            },
            bits,
        );
    }
    // What is never negative uses all integers: zero is the lowest.
    let positive = bits == 8 && values.iter().all(|&(v, _)| v >= 0.0);
    let (low, high, zero_point) = if positive { (0.0, 2.0 * high + 1.0, -128) } else { (-high, high, 0) };
    let unit = match scheme.range {
        Range::SquaredError => best_scale(values, low, high),
        Range::Percentile(part) => reach(values, part) / high,
    };
    Format { unit: if unit > 0.0 { unit } else { 1.0 }, exponent: 0, zero_point, bits }
}

/// The absolute value that a part of the numbers does not exceed.
fn reach(values: &[(f64, u64)], part: f64) -> f64 {
    let mut sorted: Vec<_> = values.iter().map(|&(v, count)| (v.abs(), count)).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all: u64 = sorted.iter().map(|(_, count)| count).sum();
    let mut left = (part * all as f64).ceil() as u64;
    let mut reach = 0.0;
    for (value, count) in sorted {
        reach = value;
        if count >= left && value > 0.0 {
            break;
        }
        left = left.saturating_sub(count);
    }
    reach
}

/// The exponent of a layer's weights: of least squared error in as many steps as `bits` allow on either side of zero,
/// -127..=127 for 8, so that hardware may pack two products into one multiplier.
pub fn weight_exponent(weights: &[f64], bits: u32) -> i32 {
    let counted: Vec<_> = weights.iter().map(|&w| (w, 1)).collect();
    best_exponent(&counted, -largest(bits), largest(bits))
}

/// The scale of a channel's weights, of least squared error; 0 if all are zero.
pub fn weight_scale(weights: &[f64], bits: u32) -> f64 {
    let counted: Vec<_> = weights.iter().map(|&w| (w, 1)).collect();
    best_scale(&counted, -largest(bits), largest(bits))
}

/// The scale for which rounding to `low..=high` steps of it has the least squared error, of those between what saturates
/// nothing and a sixteenth of it, two percent apart; 0 if all numbers are zero.
fn best_scale(values: &[(f64, u64)], low: f64, high: f64) -> f64 {
    let widest = values.iter().fold(0.0, |widest: f64, (v, _)| widest.max(v.abs())) / high;
    if widest == 0.0 {
        return 0.0;
    }
    let tried = (0..140).map(|step| {
        let scale = widest * 0.98f64.powi(step);
        (scale, squared_error(values, 1.0 / scale, low, high))
    });
    tried.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(widest, |(scale, _)| scale)
}

/// The squared error of rounding numbers times `steps` (per one) to integers in `low..=high`.
fn squared_error(values: &[(f64, u64)], steps: f64, low: f64, high: f64) -> f64 {
    let square = |&(v, count): &(f64, u64)| {
        let error = (v * steps + 0.5).floor().clamp(low, high) / steps - v;
        error * error * count as f64
    };
    values.iter().map(square).sum()
}

/// The finest power of two for which a number is within `high` steps.
fn safe_exponent(largest: f64, high: f64) -> i32 {
    if largest == 0.0 { 0 } else { (high / largest).log2().floor() as i32 }
}

/// The e for which rounding to multiples of 2^-e in `low..=high` steps has the least squared error, over values with their
/// counts; 0 if all are zero.
fn best_exponent(values: &[(f64, u64)], low: f64, high: f64) -> i32 {
    let largest = values.iter().fold(0.0, |largest: f64, (v, _)| largest.max(v.abs()));
    if largest == 0.0 {
        return 0;
    }
    // The finest scale that saturates nothing; a coarser one only loses. Finer ones saturate ever more: six steps on, all
    // that is left unsaturated is below 1/64 of the largest.
    let safe = safe_exponent(largest, high);
    let tried =
        (safe..=safe + 6).map(|exponent| (exponent, squared_error(values, power(exponent), low, high)));
    tried.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(safe, |(exponent, _)| exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 127 steps of 2^-7 just reach 127/128; 128/128 needs the next coarser scale.
    #[test]
    fn the_finest_scale_without_saturation() {
        // All multiples of 1/128 up to 127/128 are exact at e = 7.
        let exact: Vec<_> = (0..128).map(|i| (f64::from(i) / 128.0, 1)).collect();
        assert_eq!(best_exponent(&exact, -128.0, 127.0), 7);
        assert_eq!(best_exponent(&[(0.0, 5)], -128.0, 127.0), 0);
    }

    /// One outlier among many small values saturates: with n values of uniform rounding error, the error at e is
    /// n 4^-e / 12, and clipping 1.0 to 127/256 costs (129/256)^2 = 0.254 once. At e = 7, n 4^-7 / 12 = 0.5 for n = 100 000,
    /// at e = 8 it is 0.13 + 0.254.
    #[test]
    fn outliers_saturate_where_that_pays() {
        let many = |n: u64| {
            let mut values: Vec<_> = (0..1000).map(|i| (f64::from(i) / 1000.0 * 0.49, n / 1000)).collect();
            values.push((127.0 / 128.0, 1));
            values
        };
        assert_eq!(best_exponent(&many(100_000), -128.0, 127.0), 8);
        assert_eq!(best_exponent(&many(10_000), -128.0, 127.0), 7);
    }

    #[test]
    fn pixels_fill_the_bytes() {
        assert_eq!(Format::PIXELS.nearest(0.0), -128);
        assert_eq!(Format::PIXELS.nearest(1.0), 127);
        assert_eq!(Format::symmetric(4, 8).nearest(6.0), 96);
        assert_eq!(Format::symmetric(4, 8).nearest(f64::INFINITY), 127);
        assert_eq!(Format::symmetric(4, 16).nearest(-1e9), -32768);
    }

    /// 99 times 1 and once 100: 99 % of them are within 1, which is 100 / 127 of what is left of 127 steps of 2^-6.
    #[test]
    fn percentiles_leave_outliers_out() {
        let values = [(1.0, 99), (-100.0, 1)];
        assert_eq!(reach(&values, 0.99), 1.0);
        assert_eq!(reach(&values, 1.0), 100.0);
        assert_eq!(safe_exponent(1.0, 127.0), 6);
    }

    /// All multiples of 0.3 up to 127 of them are exact at a scale of 0.3.
    #[test]
    fn the_scale_of_least_error() {
        let values: Vec<_> = (0..=127).map(|i| (f64::from(i) * 0.3, 1)).collect();
        assert!((best_scale(&values, -127.0, 127.0) - 0.3).abs() < 1e-12);
        assert_eq!(best_scale(&[(0.0, 3)], -127.0, 127.0), 0.0);
    }
}
