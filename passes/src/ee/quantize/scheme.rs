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
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WeightBits {
    /// So many.
    All(u32),
    /// As few as leave a signal to noise ratio, in dB, of the sums of all layers on the way to a classifier together, where they save most.
    Together { sqnr_db: f64 },
}

impl WeightBits {
    /// Reads the option. What activations of 8 bits lose is about 34 dB a layer, more than all weights together with 31 dB: with these as many
    /// samples keep their class as with 8 bits that are rounded each by itself, to 0.02 points (docs/accuracy.md).
    fn of(text: &str, activation_bits: u32) -> Option<Self> {
        let auto = if activation_bits == 8 { 31.0 } else { 43.0 };
        let ratio = text.strip_suffix("dB").or_else(|| text.strip_suffix("db"));
        match (text, ratio) {
            ("auto", _) => Some(Self::Together { sqnr_db: auto }),
            ("least", _) => Some(Self::Together { sqnr_db: auto - 6.0 }),
            (_, Some(ratio)) => {
                let sqnr_db = ratio.parse().ok().filter(|db| (0.0..=100.0).contains(db))?;
                Some(Self::Together { sqnr_db })
            }
            (bits, None) => bits.parse().ok().filter(|bits| (2..=8).contains(bits)).map(Self::All),
        }
    }
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
        let activation_bits = match options.activation_bits {
            8 => 8,
            16 => 16,
            other => return wrong("activation-bits", &other.to_string(), "8 or 16"),
        };
        let Some(weight_bits) = WeightBits::of(&options.weights_bits, activation_bits) else {
            let known = "auto, least, from 2 to 8, or a signal to noise ratio such as 28dB";
            return wrong("weights-bits", &options.weights_bits, known);
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
