//! `ee-raise-answer`: lets a network answer with its logits.
//!
//! Networks of other flows may end with a softmax, which keeps the order of the classes and is left out, or with logits that are the
//! channels of one pixel.
//!
//! Requires: exits that have been raised.
//! Ensures: a network with one result returns logits `[1, classes]`.
//!
//!     %r = ee.exit …                                  %r = ee.exit …
//!     %p = …                     // softmax of %r
//!     return %p                          becomes      return %r

use crate::softmax::Softmax;
use atheena_dialects::{
    ir::{Attr, Builder, Failure, Op, Type},
    pass::{NoOptions, Pass},
    tosa,
};

/// The pass.
pub struct RaiseAnswer;

impl Pass for RaiseAnswer {
    const FLAG: &'static str = "ee-raise-answer";
    const SUMMARY: &'static str = "Let a network answer with its logits";
    const ANCHOR: &'static str = "func.func";
    type Options = NoOptions;

    fn run(function: Op<'_>, _: &NoOptions) -> Result<(), Failure> {
        let Some(end) = function.region(0).entry().and_then(|block| block.last()) else { return Ok(()) };
        let [mut answer] = end.operands()[..] else { return Ok(()) };
        if let Some(softmax) = Softmax::of(answer) {
            answer = softmax.logits;
            let kind = if softmax.log { "logarithm of the softmax" } else { "softmax" };
            function.remark(format!(
                "answers with its logits: the {kind} behind them, which keeps their order, is left out"
            ));
        }
        let shape = answer.ty().shape().unwrap_or_default();
        let classes: i64 = shape.iter().product();
        // At most one dimension has more than one element.
        if shape.iter().filter(|&&size| size != 1).count() > 1 || shape.is_empty() {
            return Err(function.error(
                format!("returns {}, not the logits of one sample, [1, classes]", answer.ty()),
                &["end the network with a classifier, e.g. the mean of all pixels and a dense layer"],
            ));
        }
        if shape != [1, classes] {
            answer = tosa::reshape(Builder::before(end), answer, &[1, classes]);
        }
        end.set_operand(0, answer);
        if let Some((inputs, _)) =
            function.attr("function_type").and_then(Attr::to_type).and_then(Type::signature)
        {
            let ty = Type::function(function.ctx(), &inputs, &[answer.ty()]);
            function.set_attr("function_type", Attr::ty(ty));
        }
        tosa::erase_unused(function);
        Ok(())
    }
}
