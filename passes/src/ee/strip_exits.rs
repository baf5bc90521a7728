//! `ee-strip-exits`: removes every exit: all samples take the whole network.
//!
//! This makes the baseline that early exits are compared with.
//!
//! Requires: nothing.
//! Ensures: no `ee.exit`, and no layer that only an early classifier used.
//!
//!     %y = ee.exit "exit1" on (%f = %x : T) when …
//!       classify { … ee.yield %early : U }
//!       otherwise { %b = tosa.… %f  ee.yield %b : U } -> U        becomes      %y = tosa.… %x

use atheena_dialects::{
    ee::Exit,
    ir::{Failure, Op},
    pass::{NoOptions, Pass},
    tosa,
};

/// The pass.
pub struct StripExits;

impl Pass for StripExits {
    const FLAG: &'static str = "ee-strip-exits";
    const SUMMARY: &'static str = "Remove every exit, so that all samples take the whole network";
    const ANCHOR: &'static str = "func.func";
    type Options = NoOptions;

    fn run(function: Op<'_>, _: &NoOptions) -> Result<(), Failure> {
        for exit in Exit::all_in(function) {
            strip(exit);
        }
        tosa::erase_unused(function);
        Ok(())
    }
}

/// Puts what the staying samples run in the place of the exit.
fn strip(exit: Exit<'_>) {
    let late = exit.otherwise();
    for (argument, input) in late.arguments().into_iter().zip(exit.0.operands()) {
        argument.replace_uses(input);
    }
    let results = Exit::yielded(late);
    let mut layers = late.ops();
    layers.pop();
    for layer in layers {
        layer.move_before(exit.0);
    }
    exit.0.replace(&results);
}
