//! The choice of scales.

use atheena_dialects::ir::Failure;

use super::{
    elementwise::{Elementwise, Function},
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
    /// 0, but -128 for pixels, and for what is never negative where scales are arbitrary; of what a table makes such that the
    /// integers reach from its least number on.
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
pub fn choose<'c>(
    groups: &Groups<'c>,
    functions: &Elementwise<'c>,
    seen: &[Histogram],
    scheme: &Scheme,
) -> Result<Vec<Format>, Failure> {
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
            _ => {
                let read = groups.only_tables(group).iter().filter_map(|&table| functions.function(table));
                let numbers = Numbers::new(histogram.values(), read.collect());
                let made_by_table = groups.is_made_by_table(group) && !groups.logits().contains(&group);
                best_format(&numbers, bits, made_by_table, scheme)
            }
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

/// The numbers of a tensor, with their counts, and what is read of them.
struct Numbers<'c> {
    values: Vec<(f64, u64)>,
    /// Functions, each with what it makes of the numbers; none if the numbers themselves are read.
    functions: Vec<(Function<'c>, Vec<f64>)>,
}

impl<'c> Numbers<'c> {
    fn new(values: Vec<(f64, u64)>, functions: Vec<Function<'c>>) -> Self {
        let made = |function: Function<'c>| {
            let made = values.iter().map(|&(value, _)| function.at(value)).collect();
            (function, made)
        };
        let functions = functions.into_iter().map(made).collect();
        Self { values, functions }
    }

    fn extremes(&self) -> [f64; 2] {
        self.values.iter().fold([0.0; 2], |[low, high], &(v, _)| [v.min(low), v.max(high)])
    }

    /// The squared error in what is read, if the numbers are rounded to integers times `scale`.
    fn squared_error(&self, scale: f64, [low, high]: [f64; 2]) -> f64 {
        if self.functions.is_empty() {
            return squared_error(&self.values, 1.0 / scale, low, high);
        }
        let of = |(function, made): &(Function<'c>, Vec<f64>)| {
            let table: Vec<f64> =
                (low as i64..=high as i64).map(|integer| function.at(integer as f64 * scale)).collect();
            let square = |(&(v, count), made): (&(f64, u64), &f64)| {
                let integer = (v / scale).round().clamp(low, high);
                let error = table[(integer - low) as usize] - made;
                error * error * count as f64
            };
            self.values.iter().zip(made).map(square).sum::<f64>()
        };
        self.functions.iter().map(of).sum()
    }
}

/// The integers of a tensor, in steps from zero.
#[derive(Clone, Copy)]
enum Span {
    /// As many on either side of zero, and maybe one more below.
    Both([f64; 2]),
    /// So many, from a number on that is not above zero.
    From(f64, f64),
}

impl Span {
    /// The lowest and the highest, if a step is `scale`.
    fn integers(self, scale: f64) -> [f64; 2] {
        match self {
            Self::Both(ends) => ends,
            Self::From(least, count) => {
                let low = (least / scale).round().max(-count);
                [low, low + count]
            }
        }
    }

    /// The numbers, if a step is one, between which all of some have to be.
    fn steps(self, [low, high]: [f64; 2]) -> (f64, f64) {
        match self {
            Self::Both([_, most]) => (high.max(-low), most),
            Self::From(_, count) => (high - low, count),
        }
    }
}

/// The format of a tensor, given the numbers in it.
fn best_format(numbers: &Numbers<'_>, bits: u32, made_by_table: bool, scheme: &Scheme) -> Format {
    let most = largest(bits);
    let extremes = numbers.extremes();
    let positive = extremes[0] >= 0.0;
    // What is not as much below zero as above: all integers are used if the lowest stands for the least number.
    let span = match scheme.range {
        Range::SquaredError if bits == 8 && made_by_table && -extremes[0] < extremes[1] => {
            Span::From(extremes[0], 2.0 * most + 1.0)
        }
        _ if bits == 8 && positive && !scheme.powers_of_two => Span::From(0.0, 2.0 * most + 1.0),
        _ if scheme.powers_of_two => Span::Both([-most - 1.0, most]),
        _ => Span::Both([-most, most]),
    };
    let (reached, steps) = span.steps(extremes);
    let error = |scale: f64| numbers.squared_error(scale, span.integers(scale));
    let (unit, exponent) = match (&scheme.range, scheme.powers_of_two) {
        (Range::SquaredError, true) => (1.0, best_exponent(reached, steps, error)),
        (Range::Percentile(part), true) => (1.0, safe_exponent(reach(&numbers.values, *part), steps)),
        (Range::SquaredError, false) => (best_scale(reached, steps, error), 0),
        (Range::Percentile(part), false) => (reach(&numbers.values, *part) / steps, 0),
    };
    let format = Format { unit: if unit > 0.0 { unit } else { 1.0 }, exponent, zero_point: 0, bits };
    match span {
        Span::Both(_) => format,
        Span::From(..) => Format { zero_point: (-128.0 - span.integers(format.scale())[0]) as i8, ..format },
    }
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
/// -127..=127 for 8, so that hardware may pack two products into one multiplier. 0 if all are zero.
pub fn weight_exponent(weights: &[f64], bits: u32) -> i32 {
    let (reached, error) = weight_error(weights, bits);
    best_exponent(reached, largest(bits), error)
}

/// The scale of a channel's weights, of least squared error; 0 if all are zero.
pub fn weight_scale(weights: &[f64], bits: u32) -> f64 {
    let (reached, error) = weight_error(weights, bits);
    best_scale(reached, largest(bits), error)
}

/// The largest absolute value of weights, and the squared error that a scale makes of them.
fn weight_error(weights: &[f64], bits: u32) -> (f64, impl Fn(f64) -> f64) {
    let counted: Vec<_> = weights.iter().map(|&w| (w, 1)).collect();
    let reached = weights.iter().fold(0.0, |reached: f64, w| reached.max(w.abs()));
    let most = largest(bits);
    (reached, move |scale| squared_error(&counted, 1.0 / scale, -most, most))
}

/// The scale of least error, of those between what reaches a number in `steps` and a sixteenth of it, two percent apart; 0 if that number
/// is zero.
fn best_scale(reached: f64, steps: f64, error: impl Fn(f64) -> f64) -> f64 {
    let widest = reached / steps;
    if widest == 0.0 {
        return 0.0;
    }
    let tried = (0..140).map(|step| widest * 0.98f64.powi(step)).map(|scale| (scale, error(scale)));
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

/// The e for which a scale of 2^-e has the least error, of those that reach a number in `steps`, or not quite; 0 if that number is
/// zero.
fn best_exponent(reached: f64, steps: f64, error: impl Fn(f64) -> f64) -> i32 {
    if reached == 0.0 {
        return 0;
    }
    // The finest scale that saturates nothing; a coarser one only loses. Finer ones saturate ever more: six steps on, all
    // that is left unsaturated is below 1/64 of the largest.
    let safe = safe_exponent(reached, steps);
    let tried = (safe..=safe + 6).map(|exponent| (exponent, error(power(-exponent))));
    tried.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(safe, |(exponent, _)| exponent)
}

#[cfg(test)]
mod tests {
    use super::super::scheme::WeightBits;
    use super::*;

    const DEFAULT: Scheme = Scheme {
        powers_of_two: true,
        range: Range::SquaredError,
        weight_bits: WeightBits::All(8),
        activation_bits: 8,
        logits_bits: None,
    };

    fn signed_exponent(values: &[(f64, u64)]) -> i32 {
        best_format(&Numbers::new(values.to_vec(), vec![]), 8, false, &DEFAULT).exponent
    }

    /// What a table makes uses all 256 integers: from -0.25 to 31.5 at steps of 1/8 they are from -2 on, and 31.5 is the 252nd.
    /// Symmetric ones would be at steps of 1/4.
    #[test]
    fn tables_have_a_zero_point() {
        let values: Vec<_> = (-2..=252).map(|i| (f64::from(i) / 8.0, 1)).collect();
        let format = best_format(&Numbers::new(values.clone(), vec![]), 8, true, &DEFAULT);
        assert_eq!(format, Format { unit: 1.0, exponent: 3, zero_point: -126, bits: 8 });
        assert_eq!([format.real(-128), format.nearest(31.5).into()], [-0.25, 126.0]);
        assert_eq!(signed_exponent(&values), 2);
    }

    /// 127 steps of 2^-7 just reach 127/128; 128/128 needs the next coarser scale.
    #[test]
    fn the_finest_scale_without_saturation() {
        // All multiples of 1/128 up to 127/128 are exact at e = 7.
        let exact: Vec<_> = (0..128).map(|i| (f64::from(i) / 128.0, 1)).collect();
        assert_eq!(signed_exponent(&exact), 7);
        assert_eq!(signed_exponent(&[(0.0, 5)]), 0);
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
        assert_eq!(signed_exponent(&many(100_000)), 8);
        assert_eq!(signed_exponent(&many(10_000)), 7);
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
        let values: Vec<_> = (0..=127).map(|i| f64::from(i) * 0.3).collect();
        assert!((weight_scale(&values, 8) - 0.3).abs() < 1e-12);
        assert_eq!(weight_scale(&[0.0; 3], 8), 0.0);
    }
}
