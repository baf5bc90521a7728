//! `ee-quantize`: makes a float network integer, by post-training quantisation from calibration samples.
//!
//! A real number r becomes an int8 q with r = q * 2^-e: the exponent e is one for all tensors that must share it
//! (a pooling's output has its input's), and the one of least squared error over what the calibration samples
//! showed; so a few large values may saturate. Weights of n bits are within 2^(n-1) - 1 on either side of zero, of scales of least squared error as well; biases and sums
//! are int32, which the pass proves not to overflow. Logits that nothing but decisions and the user reads are int16. Every rounding is in the IR, as `tosa.rescale`. An exit's condition
//! gets the integer form that hardware computes.
//!
//! With `scales=arbitrary`, r = (q - z) * s instead: z is -128 for what is never negative, else 0, and each output channel's
//! weights have a scale of their own, so that the rescale behind has a multiplier (of 16 bits) and a shift a channel.
//!
//! Weights are rounded such that what a layer's sums lose is least, over up to 1024 of the calibration samples (`rounding.rs`), but with
//! `weights-bits=8`. How many bits each layer's have follows from what the sums of all layers on the way to a classifier may lose
//! together: a bit goes first where it saves most for the noise that it adds (`widths.rs`). Depthwise layers, and such of more than 2048
//! products a sum, round each weight by itself; these keep 8 bits unless all layers are to have fewer.
//!
//! With `activation-bits=16` what layers compute is int16, and sums of products of it are int48, which TOSA rescales by 15
//! bits. The image stays uint8, and what a table maps int8.
//!
//! A sample enters as the user has it: the argument's bits are uint8 pixels, whose division by 255 is part of the
//! weights behind it.
//!
//! A function of one tensor, element by element (LeakyReLU, sigmoid, GELU, …), however many operations it is of, is one
//! `tosa.table` of all its 256 values. A concatenation's operands share its scale, or are rescaled to it.
//!
//! Requires: one float image as argument; layers out of `tosa.conv2d`, `tosa.depthwise_conv2d`, `tosa.add`, `tosa.mul`, `tosa.concat`,
//! pooling, clamps, elementwise functions of one tensor, and changes of shape (so run `ee-fold-batch-norm` before); the
//! result of an exit is a result of the function.
//! Ensures: every tensor is integer; `ee.logits_scale` (f64) on each exit, and on the function for the last
//! classifier, is the real number that a one in the logits stands for.
//!
//!     %c = tosa.conv2d %x, … : f32                       %a = tosa.conv2d %x, … : i8 -> i32
//!     %y = tosa.clamp %c {min 0.0, max inf}   becomes    %c = tosa.rescale %a, 2^-n : i32 -> i8
//!                                                        %y = tosa.clamp %c {min 0, max 127}
//!
//! A depthwise layer's channels have few weights each, of sizes of their own: each has its own power of two, and so its own shift.
//! What only a function reads gets the scale of least squared error in that function's values: a sigmoid does not care for what is far from
//! zero. What a function makes and is less below zero than above (SiLU reaches down to -0.28) has a zero point, so that no integer stands
//! for a number below its least one.
//!
//! Semantics of integer layers: TOSA 1.0. Scales as powers of two: Jain et al., "Trained Quantization Thresholds" (2020).

use atheena_dialects::{
    ir::{Failure, Op},
    pass::Pass,
    pass_options,
};

mod elementwise;
mod groups;
mod observe;
pub mod report;
mod rewrite;
mod rounding;
mod scales;
mod scheme;
mod weights;
mod widths;

use elementwise::Elementwise;
use groups::Groups;
use report::Twin;
use rounding::LayerInputs;
use scheme::{Scheme, WeightBits};

pass_options! {
    /// Options of `ee-quantize`.
    pub struct Options {
        /// The calibration samples: an npz file with `images`, uint8 [N, H, W, C].
        pub calibration: String = String::new(),
        /// How many of the calibration samples to look at, at most.
        pub samples: i64 = 256,
        /// power-of-two: one for each tensor, and each channel of depthwise weights; arbitrary: a multiplier and a shift for each channel of weights.
        pub scales: String = "power-of-two".to_owned(),
        /// What range a tensor gets: that of least squared error (mse), all (min-max) or most of the numbers (percentile).
        pub calibrate: String = "mse".to_owned(),
        /// How many percent of the numbers are in range, with calibrate=percentile.
        pub percentile: f64 = 99.99,
        /// Bits of weights, from 2 to 8, -7..=7 with 4; or as few in each layer as leave a signal to noise ratio of the sums of all layers on
        /// the way to a classifier, such as 28dB: auto is 31dB, least 25dB, and with activation-bits=16 both are 12 dB more.
        pub weights_bits: String = "auto".to_owned(),
        /// Bits of what layers compute, 8 or 16; what a table maps has 8.
        pub activation_bits: i64 = 8,
        /// Bits of logits, 8 or 16; auto: 16 where nothing but decisions reads them.
        pub logits_bits: String = "auto".to_owned(),
        /// A file to write to, as JSON, what each layer and the whole network lose on the calibration samples; none if empty.
        pub report: String = String::new(),
    }
}

/// The pass.
pub struct Quantize;

impl Pass for Quantize {
    const FLAG: &'static str = "ee-quantize";
    const SUMMARY: &'static str = "Make a float network int8, by calibration samples";
    const ANCHOR: &'static str = "func.func";
    type Options = Options;

    fn run(function: Op<'_>, options: &Options) -> Result<(), Failure> {
        let scheme = Scheme::of(function, options)?;
        let functions = Elementwise::of(&function.walk());
        let groups = Groups::of(function, &functions)?;
        let observed = observe::observe(function, &groups, options)?;
        let formats = scales::choose(&groups, &functions, &observed.seen, &scheme)?;
        // Of 8 bits each by itself is near enough.
        let inputs = match scheme.weight_bits {
            WeightBits::All(8) => LayerInputs::none(),
            _ => LayerInputs::of(function, &groups, &formats, &observed)?,
        };
        let values = observed.values.clone();
        let float = (!options.report.is_empty()).then(|| Twin::of(function, &groups, observed));
        let rewritten = rewrite::rewrite(function, groups, &functions, &formats, &scheme, &inputs)?;
        if let Some(float) = float {
            let integers: Vec<_> = values.into_iter().map(|value| rewritten.of(value)).collect();
            let report = float.report(function, &integers, &formats, options)?;
            let text = serde_json::to_string_pretty(&report).expect("figures hold nothing that JSON can't");
            let problem = |error| format!("cannot write {}: {error}", options.report);
            let written = std::fs::write(&options.report, text + "\n");
            written.map_err(|error| function.error(problem(error), &["name a file that you may write"]))?;
            if let Some(warning) = report.warning() {
                function.loc().warning(warning, &[scheme.finer()]);
            }
        }
        Ok(())
    }
}
