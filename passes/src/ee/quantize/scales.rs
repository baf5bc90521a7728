//! The choice of scales: powers of two of least squared error.

use atheena_dialects::ir::Failure;

use super::{groups::Groups, observe::Histogram};

/// How the integers of a group stand for real numbers: `r = (q - zero_point) * unit * 2^-exponent`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Format {
    /// 1, but 1/255 for pixels.
    pub unit: f64,
    /// The power of two.
    pub exponent: i32,
    /// 0, but -128 for pixels.
    pub zero_point: i8,
}

impl Format {
    /// Pixels: a uint8 p stands for p / 255, and is kept as p - 128.
    pub const PIXELS: Self = Self { unit: 1.0 / 255.0, exponent: 0, zero_point: -128 };

    /// Symmetric numbers of scale 2^-exponent.
    pub fn symmetric(exponent: i32) -> Self {
        Self { unit: 1.0, exponent, zero_point: 0 }
    }

    /// What a step of one stands for.
    pub fn scale(self) -> f64 {
        self.unit * power(-self.exponent)
    }

    /// The real number that an integer stands for.
    pub fn real(self, integer: i32) -> f64 {
        f64::from(integer - i32::from(self.zero_point)) * self.scale()
    }

    /// The nearest integer of a real number, saturated.
    pub fn nearest(self, real: f64) -> i8 {
        ((real / self.scale()).round() + f64::from(self.zero_point)).clamp(-128.0, 127.0) as i8
    }
}

/// 2^exponent.
pub fn power(exponent: i32) -> f64 {
    f64::from(exponent).exp2()
}

/// The format of each group.
pub fn choose(groups: &Groups<'_>, seen: &[Histogram]) -> Result<Vec<Format>, Failure> {
    let mut formats = vec![Format::PIXELS];
    let mut failure = None;
    for (group, histogram) in seen.iter().enumerate().skip(1) {
        let exponent = match groups.read_values(group).first().and_then(|value| value.producer()) {
            Some(op) if !histogram.is_finite() => {
                let cure = "look for infinite or huge weights, or a calibration file of other data";
                failure = Some(op.error("is not finite for some calibration samples", &[cure]));
                0
            }
            Some(op) if histogram.largest() == 0.0 => {
                let cure = "the layer is dead, or the calibration samples are all black: train the network, or calibrate \
                            with the data it was trained for";
                failure = Some(op.error("is zero everywhere for all calibration samples", &[cure]));
                0
            }
            _ => best_exponent(&histogram.values(), -128.0, 127.0),
        };
        formats.push(Format::symmetric(exponent));
    }
    failure.map_or(Ok(formats), Err)
}

/// The exponent of the weights: of least squared error in -127..=127, so that hardware may pack two products into one multiplier.
pub fn weight_exponent(weights: &[f64]) -> i32 {
    let counted: Vec<_> = weights.iter().map(|&w| (w, 1)).collect();
    best_exponent(&counted, -127.0, 127.0)
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
    let safe = (high / largest).log2().floor() as i32;
    let error = |exponent: i32| -> f64 {
        let scale = power(exponent);
        let square = |&(v, count): &(f64, u64)| {
            let error = (v * scale + 0.5).floor().clamp(low, high) / scale - v;
            error * error * count as f64
        };
        values.iter().map(square).sum()
    };
    let tried = (safe..=safe + 6).map(|exponent| (exponent, error(exponent)));
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
        assert_eq!(Format::symmetric(4).nearest(6.0), 96);
        assert_eq!(Format::symmetric(4).nearest(f64::INFINITY), 127);
    }
}
