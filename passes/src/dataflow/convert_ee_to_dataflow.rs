//! `convert-ee-to-dataflow`: makes a graph of hardware actors of each integer network.
//!
//! Requires: integer layers and decisions (`ee-quantize`), constant weights, one image as argument, one result.
//! Ensures: a `dataflow.graph` of the function's name, as a module may have it, in its place; every actor at folding 1; each stream has one
//! consumer; `reach` of each actor is the probability that a sample gets to it.
//!
//!     %c = tosa.conv2d %x, %w, %b, …              %v = dataflow.window "Conv_0_window" %x
//!     %r = tosa.rescale %c, …            becomes  %y = dataflow.matvec "Conv_0_matvec" %v
//!     %y = tosa.clamp %r                            {weights, bias, multiplier, shift, output_zp, min, max}
//!
//! An exit becomes a `decide` on a fork of the classifier's logits, and gates: one lets the logits of samples that
//! leave through to the merge, one for each operand of `otherwise` those that stay. Tags go the same way.
//! The unsigned `rescale` of the image costs nothing: `(p - 128) - zp` is `p - (128 + zp)`, so the convolution
//! takes the pixels themselves with another zero point, which its bias absorbs.

mod exits;
mod layers;
mod names;
mod network;
mod rates;

use atheena_dialects::dataflow::DspKind;
use atheena_dialects::ir::{Failure, Op};
use atheena_dialects::{pass::Pass, pass_options};
use network::Network;

pass_options! {
    /// Options of `convert-ee-to-dataflow`.
    pub struct Options {
        /// Fraction of samples that reach the last section (0.25), or that go on at each exit of those that
        /// reach it (exit1=0.25,exit2=0.1); empty: as the profiles say.
        pub late_fraction: String = String::new(),
        /// What the DSP blocks of the device are: DSP48E1, DSP48E2 or MULT18X18D; empty: DSP48E1.
        pub dsp: String = String::new(),
    }
}

/// The pass.
pub struct ConvertEeToDataflow;

impl Pass for ConvertEeToDataflow {
    const FLAG: &'static str = "convert-ee-to-dataflow";
    const SUMMARY: &'static str = "Make a graph of hardware actors of each integer network";
    const ANCHOR: &'static str = "builtin.module";
    type Options = Options;

    fn run(module: Op<'_>, options: &Options) -> Result<(), Failure> {
        if !options.dsp.is_empty() && !DspKind::NAMES.contains(&options.dsp.as_str()) {
            let message = format!("can't be converted for DSP blocks of kind {:?}", options.dsp);
            let cure = format!("known kinds are {}", DspKind::NAMES.join(", "));
            return Err(module.error(message, &[&cure]));
        }
        for function in module.body().ops().into_iter().filter(|op| op.is("func.func")) {
            if function.region(0).entry().is_none() {
                return Err(function.error("has no body, so there is nothing to make hardware of", &[]));
            }
            layers::check_all(function)?;
            let stay_rates = rates::stay_rates(function, &options.late_fraction)?;
            Network::start(function, stay_rates, &options.dsp)?.finish()?;
            function.erase();
        }
        Ok(())
    }
}
