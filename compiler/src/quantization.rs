//! How to quantise, as the command line says it.

use crate::error::Error;
use atheena_passes::ee::quantize::report::Report;
use clap::{Args, ValueEnum};
use std::{fs, path::Path};

/// Options of the commands that quantise.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Quantization")]
pub struct QuantizeArgs {
    /// One power of two for each tensor, or a multiplier and a shift for each channel of weights
    #[arg(long, value_enum, default_value_t = Scales::PowerOfTwo)]
    pub scales: Scales,
    /// The range that a tensor gets: of least squared error, of all numbers or of most of them
    #[arg(long, value_enum, default_value_t = Calibrate::Mse, value_name = "METHOD")]
    pub calibrate: Calibrate,
    /// How many percent of the numbers are in range, with --calibrate percentile
    #[arg(long, value_name = "PERCENT", default_value_t = 99.99)]
    pub percentile: f64,
    /// Bits of weights: from 2 to 8; auto for as few in each layer as leave the network as it is, where they save most; least for
    /// still fewer; or a signal to noise ratio that they leave, such as 28dB (auto is 31dB, least 25dB; 12 more
    /// with 16 bits of activations)
    #[arg(long, value_name = "BITS", default_value = "auto")]
    pub weights_bits: String,
    /// Bits of what layers compute: 8 or 16
    #[arg(long, value_name = "BITS", default_value_t = 8)]
    pub activation_bits: u32,
    /// Bits of classifiers' logits: 8, 16, or auto for 16 where nothing but decisions reads them
    #[arg(long, value_name = "BITS", default_value = "auto")]
    pub logits_bits: String,
}

/// Which scales there are.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scales {
    /// Powers of two, one for each tensor, and each channel of depthwise weights
    PowerOfTwo,
    /// Any, for weights one a channel
    Arbitrary,
}

/// How ranges are chosen from the calibration samples.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calibrate {
    /// Of least squared error
    Mse,
    /// All numbers
    MinMax,
    /// Most numbers
    Percentile,
}

impl Default for QuantizeArgs {
    fn default() -> Self {
        Self {
            scales: Scales::PowerOfTwo,
            calibrate: Calibrate::Mse,
            percentile: 99.99,
            weights_bits: "auto".to_owned(),
            activation_bits: 8,
            logits_bits: "auto".to_owned(),
        }
    }
}

impl QuantizeArgs {
    /// The options of `ee-quantize` that are not its own defaults.
    pub fn options(&self) -> Vec<(&'static str, String)> {
        let default = Self::default();
        let mut options = vec![];
        if self.scales != default.scales {
            options.push(("scales", name(self.scales)));
        }
        if self.calibrate != default.calibrate {
            options.push(("calibrate", name(self.calibrate)));
        }
        if self.percentile != default.percentile {
            options.push(("percentile", format!("{:?}", self.percentile)));
        }
        if self.weights_bits != default.weights_bits {
            options.push(("weights-bits", self.weights_bits.clone()));
        }
        if self.activation_bits != default.activation_bits {
            options.push(("activation-bits", self.activation_bits.to_string()));
        }
        if self.logits_bits != default.logits_bits {
            options.push(("logits-bits", self.logits_bits.clone()));
        }
        options
    }
}

/// Takes what `ee-quantize` has written, if it ran.
pub fn take_report(path: &Path) -> Result<Option<Report>, Error> {
    if !path.exists() {
        return Ok(None);
    }
    let broken = || Error::Internal("the report of ee-quantize can't be read");
    let text = fs::read(path).map_err(|_| broken())?;
    fs::remove_file(path).map_err(|_| broken())?;
    serde_json::from_slice(&text).map(Some).map_err(|_| broken())
}

fn name(value: impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}
