//! The scheme that the options ask for.

use atheena_dialects::ir::{Failure, Op};

use super::Options;

/// How numbers become integers.
pub struct Scheme {
    /// Scales are powers of two, one for all channels; else each channel's weights have a scale of their own.
    pub powers_of_two: bool,
    /// How much of what the calibration samples showed is in a tensor's range.
    pub range: Range,
    /// Bits of a weight.
    pub weight_bits: WeightBits,
    /// Bits of what layers compute.
    pub activation_bits: u32,
    /// Bits of logits; None for as many as the network allows.
    pub logits_bits: Option<u32>,
}

/// How many bits weights have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightBits {
    /// So many.
    All(u32),
    /// Seven where they make up for one another's rounding, else eight.
    Auto,
    /// As few in each layer as what its sums lose allows.
    Least,
}

/// The range of a tensor.
pub enum Range {
    /// That of least squared error.
    SquaredError,
    /// This part of the numbers.
    Percentile(f64),
}

impl Scheme {
    /// Reads the options.
    pub fn of(function: Op<'_>, options: &Options) -> Result<Self, Failure> {
        let wrong = |name: &str, value: &str, known: &str| {
            let message = format!("cannot be quantised with {name}={value}");
            Err(function.error(message, &[&format!("{name} is {known}")]))
        };
        let powers_of_two = match options.scales.as_str() {
            "power-of-two" => true,
            "arbitrary" => false,
            other => return wrong("scales", other, "power-of-two or arbitrary"),
        };
        let range = match options.calibrate.as_str() {
            "mse" => Range::SquaredError,
            "min-max" => Range::Percentile(1.0),
            "percentile" if options.percentile > 0.0 && options.percentile <= 100.0 => {
                Range::Percentile(options.percentile / 100.0)
            }
            "percentile" => {
                return wrong("percentile", &options.percentile.to_string(), "above 0 and at most 100");
            }
            other => return wrong("calibrate", other, "mse, min-max or percentile"),
        };
        let weight_bits = match options.weights_bits.as_str() {
            "auto" => WeightBits::Auto,
            "least" => WeightBits::Least,
            bits => match bits.parse() {
                Ok(bits @ 2..=8) => WeightBits::All(bits),
                _ => return wrong("weights-bits", bits, "auto, least, or from 2 to 8"),
            },
        };
        let activation_bits = match options.activation_bits {
            8 => 8,
            16 => 16,
            other => return wrong("activation-bits", &other.to_string(), "8 or 16"),
        };
        let logits_bits = match options.logits_bits.as_str() {
            "auto" => None,
            "8" => Some(8),
            "16" => Some(16),
            other => return wrong("logits-bits", other, "auto, 8 or 16"),
        };
        Ok(Self { powers_of_two, range, weight_bits, activation_bits, logits_bits })
    }

    /// What may cure much noise.
    pub fn finer(&self) -> &'static str {
        match (self.powers_of_two, self.activation_bits) {
            (true, _) => {
                "scales=arbitrary (--scales arbitrary) gives the weights of each channel a scale of their own"
            }
            (false, 8) => "activation-bits=16 (--activation-bits 16) keeps more of what layers compute",
            (false, _) => "train the network for quantisation, or give more calibration samples",
        }
    }
}
