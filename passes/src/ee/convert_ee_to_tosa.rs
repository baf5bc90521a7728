//! `convert-ee-to-tosa`: writes every exit as a decision and a `tosa.cond_if`, for the consumers of TOSA.
//!
//! Requires: confidences in integer form on int8 logits, or in float form on float logits; layers in TOSA.
//! Ensures: no operation of `ee` is left, only TOSA; with `exit-index` the function also returns at which exit it left.
//!
//!     %r = ee.exit "exit1" on (%f = %x : T) when #ee.max_softmax<…>
//!       classify { … ee.yield %early : L } otherwise { … ee.yield %late : L } -> L
//! becomes
//!     … the classifier, then the decision of its logits
//!     %r = tosa.cond_if %decision (%f = %x, %e = %early) : tensor<i1> (T, L) -> L {
//!       tosa.yield %e : L
//!     } else {
//!       … tosa.yield %late : L
//!     }
//!
//! The condition has rank 0, as TOSA 1.0 wants; all values that a branch uses are among its operands, so that the
//! function can be serialised (a TOSA flatbuffer has a block a region, and no outer values).

use crate::exits::{self, Branch, Late};
use atheena_dialects::{
    ir::{Block, Builder, Failure, Op, Region, Value},
    pass::Pass,
};

/// The pass.
pub struct ConvertEeToTosa;

atheena_dialects::pass_options! {
    /// Options of `convert-ee-to-tosa`.
    pub struct Options {
        /// Return the number of the exit taken as one more result, tensor<1xi32>.
        pub exit_index: bool = false,
    }
}

impl Pass for ConvertEeToTosa {
    const FLAG: &'static str = "convert-ee-to-tosa";
    const SUMMARY: &'static str = "Convert exits to decisions and tosa.cond_if";
    const ANCHOR: &'static str = "func.func";
    type Options = Options;

    fn run(function: Op<'_>, options: &Options) -> Result<(), Failure> {
        exits::convert::<CondIf>(function, options.exit_index)
    }
}

/// `tosa.cond_if`, whose regions see what they are given.
struct CondIf;

impl Branch for CondIf {
    fn build<'c>(
        builder: Builder<'c>,
        condition: Value<'c>,
        early: &[Value<'c>],
        inputs: &[Value<'c>],
        late: &mut Late<'_, 'c>,
    ) -> Result<Vec<Value<'c>>, Failure> {
        let operands = [inputs, early].concat();
        let types: Vec<_> = operands.iter().map(|v| v.ty()).collect();
        let results: Vec<_> = early.iter().map(|v| v.ty()).collect();
        let (leave, stay) = (Block::new(&types, builder.loc()), Block::new(&types, builder.loc()));
        let end = |block, values: &[Value<'c>]| {
            Builder::end(block, builder.loc()).op("tosa.yield").operands(values).build()
        };
        end(leave, &leave.arguments()[inputs.len()..]);
        let end = end(stay, &[]);
        let branch = builder
            .op("tosa.cond_if")
            .operand(condition)
            .operands(&operands)
            .results(&results)
            .region(Region::with_block(leave))
            .region(Region::with_block(stay))
            .build();
        let values = late(end, &stay.arguments()[..inputs.len()])?;
        end.set_operands(&values);
        Ok(branch.results())
    }
}
