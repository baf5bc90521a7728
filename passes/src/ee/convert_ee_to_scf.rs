//! `convert-ee-to-scf`: writes every exit as a decision in TOSA and an `scf.if`, for execution.
//!
//! Requires: confidences in integer form on int8 logits, or in float form on float logits.
//! Ensures: no operation of `ee` is left; with `exit-index` the function also returns at which exit it left.
//!
//!     %r = ee.exit "exit1" on (%f = %x : T) when #ee.max_softmax<…>
//!       classify { … ee.yield %early : L } otherwise { … ee.yield %late : L } -> L
//! becomes
//!     … the classifier, then the decision of its logits
//!     %confident = tensor.extract %decision[] : tensor<i1>
//!     %r = scf.if %confident -> (L) { scf.yield %early : L } else { … scf.yield %late : L }
//!
//! The integer decision is `sum_i table[max x - x_i] <= limit` (`#ee.max_softmax`): what hardware computes, bit by bit.

use crate::exits::{self, Branch, Late};
use atheena_dialects::{
    ir::{Block, Builder, Failure, Op, Region, Type, Value},
    pass::Pass,
};

/// The pass.
pub struct ConvertEeToScf;

atheena_dialects::pass_options! {
    /// Options of `convert-ee-to-scf`.
    pub struct Options {
        /// Return the number of the exit taken as one more result, tensor<1xi32>.
        pub exit_index: bool = false,
    }
}

impl Pass for ConvertEeToScf {
    const FLAG: &'static str = "convert-ee-to-scf";
    const SUMMARY: &'static str = "Convert exits to decisions in TOSA and scf.if";
    const ANCHOR: &'static str = "func.func";
    type Options = Options;

    fn run(function: Op<'_>, options: &Options) -> Result<(), Failure> {
        exits::convert::<If>(function, options.exit_index)
    }
}

/// `scf.if`, whose regions see all values around them.
struct If;

impl Branch for If {
    fn build<'c>(
        builder: Builder<'c>,
        condition: Value<'c>,
        early: &[Value<'c>],
        inputs: &[Value<'c>],
        late: &mut Late<'_, 'c>,
    ) -> Result<Vec<Value<'c>>, Failure> {
        let i1 = Type::integer(builder.ctx(), 1);
        let confident = builder.op("tensor.extract").operand(condition).result(i1).build().result(0);
        let results: Vec<_> = early.iter().map(|v| v.ty()).collect();
        let (leave, stay) = (Block::new(&[], builder.loc()), Block::new(&[], builder.loc()));
        let end = |block, values: &[Value<'c>]| {
            Builder::end(block, builder.loc()).op("scf.yield").operands(values).build()
        };
        end(leave, early);
        let end = end(stay, &[]);
        let branch = builder
            .op("scf.if")
            .operand(confident)
            .results(&results)
            .region(Region::with_block(leave))
            .region(Region::with_block(stay))
            .build();
        end.set_operands(&late(end, inputs)?);
        Ok(branch.results())
    }
}
