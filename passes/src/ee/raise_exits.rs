//! `ee-raise-exits`: makes exits of the conditionals on a classifier's confidence that other flows write.
//!
//! PyTorch's `cond` and ONNX's `If` come as `scf.if`, or as `tosa.cond_if`, on a comparison of the largest softmax probability,
//! of the margin (the largest probability less the largest that is not equal to it) or of the entropy with a threshold; softmax is
//! spelled out in TOSA. Either branch may be the confident samples', `>=` is `>` of the
//! float below, and a threshold becomes the shortest decimal of its float.
//!
//! Requires: layers in TOSA; single samples; the confident samples' branch returns the logits that decide, or their softmax where the other one
//! returns probabilities too.
//! Ensures: no conditional; what only the classifier uses is in `classify`, what only the other samples use in
//! `otherwise`, and what both use crosses the exit, but for constants, which are where they are used.
//!
//!     %logits = tosa.… %features, %weights
//!     %p = …                                        // softmax of %logits, and the largest of it
//!     %c = tosa.greater %p, %threshold
//!     %b = tensor.extract %c[]
//!     %r = scf.if %b -> (T) { scf.yield %logits } else { %late = tosa.… %features  scf.yield %late }
//! becomes
//!     %r = ee.exit "exit1" on (%f = %features) when #ee.max_softmax<threshold = 0.9>
//!       classify { %logits = tosa.… %f, %weights  ee.yield %logits } otherwise { %late = tosa.… %f  ee.yield %late }

use crate::softmax::{self, Softmax};
use atheena_dialects::{
    ee::{Exit, build_yield},
    ir::{Block, Builder, Failure, Op, Value},
    pass::Pass,
    tosa,
};
use condition::{Condition, place};

mod condition;
mod isolate;

/// The pass.
pub struct RaiseExits;

atheena_dialects::pass_options! {
    /// Options of `ee-raise-exits`.
    pub struct Options {
        /// Leave conditionals that are no exits as they are, instead of failing.
        pub keep_others: bool = false,
    }
}

impl Pass for RaiseExits {
    const FLAG: &'static str = "ee-raise-exits";
    const SUMMARY: &'static str = "Make exits of conditionals on a classifier's confidence";
    const ANCHOR: &'static str = "func.func";
    type Options = Options;

    fn run(function: Op<'_>, options: &Options) -> Result<(), Failure> {
        check_level(function)?;
        let conditionals: Vec<_> = function.walk().into_iter().filter_map(Conditional::cast).collect();
        for conditional in &conditionals {
            conditional.open();
        }
        // From the innermost, since the probabilities of an inner one are the outer one's.
        for conditional in conditionals.iter().rev() {
            conditional.hoist_softmax();
        }
        let mut raised = Exit::all_in(function).len();
        let mut result = Ok(());
        for conditional in conditionals {
            match conditional.raise(&format!("exit{}", raised + 1)) {
                Ok(exit) => {
                    // The decision, which would keep the classifier where it is.
                    tosa::erase_unused(function);
                    isolate::isolate(exit);
                    tosa::erase_unused(function);
                    raised += 1;
                }
                Err(_) if options.keep_others => {}
                Err(refusal) => result = Err(conditional.0.error(refusal.why, &[&refusal.cure])),
            }
        }
        result
    }
}

/// Fails if layers have been lowered already.
fn check_level(function: Op<'_>) -> Result<(), Failure> {
    match function.walk().into_iter().find(|op| op.name().starts_with("linalg.")) {
        Some(op) => Err(op.error(
            "is a layer that has been lowered to linalg",
            &["export the network at the level of TOSA: torch-mlir's output type \"tosa\", or stop its pipeline there"],
        )),
        None => Ok(()),
    }
}

/// Why a conditional is no exit, and what to do.
struct Refusal {
    why: String,
    cure: String,
}

const PATTERN: &str = "an exit is written as: logits -> softmax -> reduce_max -> greater(threshold) -> if, where the \
    branch of confident samples returns the logits and the other one the rest of the network";

impl Refusal {
    fn new(why: impl Into<String>, cure: &str) -> Self {
        Self { why: format!("is no exit that is known: {}", why.into()), cure: cure.to_owned() }
    }
}

/// `scf.if` or `tosa.cond_if`.
struct Conditional<'c>(Op<'c>);

impl<'c> Conditional<'c> {
    fn cast(op: Op<'c>) -> Option<Self> {
        (op.is("scf.if") || op.is("tosa.cond_if")).then_some(Self(op))
    }

    fn branches(&self) -> Option<[Block<'c>; 2]> {
        Some([self.0.region(0).entry()?, self.0.region(1).entry()?])
    }

    /// Lets the branches see the values around them, instead of arguments.
    fn open(&self) {
        let inputs = &self.0.operands()[1..];
        for block in self.branches().into_iter().flatten() {
            for (argument, input) in block.arguments().into_iter().zip(inputs) {
                argument.replace_uses(*input);
            }
        }
    }

    /// Where both branches return probabilities lets them return logits, and makes the probabilities behind them.
    fn hoist_softmax(&self) {
        let Some(branches) = self.branches() else { return };
        let ends = branches.map(|block| block.last().expect("a branch has a terminator"));
        for (index, result) in self.0.results().into_iter().enumerate() {
            let [first, second] = ends.map(|end| Softmax::of(end.operands()[index]));
            let (Some(first), Some(second)) = (first, second) else { continue };
            let same_type = first.logits.ty() == result.ty() && second.logits.ty() == result.ty();
            if first.log != second.log || !same_type || !is_row(result) {
                continue;
            }
            let users = result.uses();
            ends[0].set_operand(index, first.logits);
            ends[1].set_operand(index, second.logits);
            let probabilities = first.build(Builder::after(self.0), result);
            for (user, operand) in users {
                user.set_operand(operand, probabilities);
            }
        }
    }

    /// Makes an exit of the conditional, whose regions use values from outside.
    fn raise(&self, label: &str) -> Result<Exit<'c>, Refusal> {
        let [yes, no] = (self.branches())
            .filter(|_| !self.0.results().is_empty())
            .ok_or_else(|| Refusal::new("it has no results, or no second branch", PATTERN))?;
        let condition = self.0.operand(0).expect("a conditional has a condition");
        let condition = Condition::read(condition).map_err(|why| Refusal::new(why, PATTERN))?;
        let (leave, stay) = if condition.confident { (yes, no) } else { (no, yes) };
        let ends = [leave, stay].map(|block| block.last().expect("a branch has a terminator"));
        let (early, late) = (ends[0].operands(), ends[1].operands());
        let first = answer(&condition, &early, &late)?;

        // The logits come first.
        let mut order: Vec<usize> = (0..early.len()).collect();
        order[..=first].rotate_right(1);
        let builder = Builder::before(self.0);
        let (classify, otherwise) = (Block::new(&[], self.0.loc()), Block::new(&[], self.0.loc()));
        for (block, end, values) in [(classify, ends[0], &early), (otherwise, ends[1], &late)] {
            let from = end.block().expect("a terminator is in a block");
            for op in from.ops().into_iter().filter(|op| *op != end) {
                op.move_to_end(block);
            }
            let mut values: Vec<_> = order.iter().map(|&i| values[i]).collect();
            values[0] = as_row(Builder::end(block, end.loc()), values[0]);
            build_yield(Builder::end(block, end.loc()), &values);
        }
        let types: Vec<_> = Exit::yielded(classify).iter().map(|value| value.ty()).collect();
        let confidence = condition.confidence.to_attr(self.0.ctx());
        let exit = Exit::build(builder, label, &[], confidence, &types, (classify, otherwise));

        let mut results = vec![None; order.len()];
        for (&place, value) in order.iter().zip(exit.0.results()) {
            results[place] = Some(as_type_of(Builder::after(exit.0), value, self.0.result(place)));
        }
        for end in ends {
            end.set_operands(&[]);
        }
        self.0.replace(&results.into_iter().flatten().collect::<Vec<_>>());
        Ok(exit)
    }
}

/// Which result of the conditional is the logits that decide.
fn answer(condition: &Condition<'_>, early: &[Value<'_>], late: &[Value<'_>]) -> Result<usize, Refusal> {
    let decides = |value: Value<'_>| softmax::same(softmax::source(value), softmax::source(condition.logits));
    if let Some(index) = early.iter().position(|&value| decides(value)) {
        return match late[index].ty() == early[index].ty() {
            true => Ok(index),
            false => Err(Refusal::new(
                format!("its branches return {} and {}", early[index].ty(), late[index].ty()),
                "all classifiers of a network have the same classes",
            )),
        };
    }
    if late.iter().any(|&value| decides(value)) {
        return Err(Refusal::new(
            "the logits that decide are the result of samples that are not confident; confident ones go on",
            "swap the branches, or turn the comparison round",
        ));
    }
    if early.iter().any(|&value| Softmax::of(value).is_some_and(|softmax| decides(softmax.logits))) {
        return Err(Refusal::new(
            "confident samples get probabilities, the others do not",
            "return the logits of all classifiers, from before the softmax",
        ));
    }
    let found = early
        .first()
        .and_then(|value| softmax::source(*value).producer())
        .map_or("a value from outside".into(), place);
    Err(Refusal::new(
        format!("confident samples get the result of {found}, not the logits that decide"),
        PATTERN,
    ))
}

/// Is a value `[1, n]`?
fn is_row(value: Value<'_>) -> bool {
    value.ty().shape().is_some_and(|shape| shape.len() == 2 && shape[0] == 1)
}

/// The elements of one sample's logits as `[1, classes]`.
fn as_row<'c>(builder: Builder<'c>, value: Value<'c>) -> Value<'c> {
    match softmax::count(value) {
        Some(classes) if !is_row(value) => tosa::reshape(builder, value, &[1, classes]),
        _ => value,
    }
}

/// A value in the shape of another one.
fn as_type_of<'c>(builder: Builder<'c>, value: Value<'c>, other: Value<'c>) -> Value<'c> {
    match other.ty().shape() {
        Some(shape) if value.ty() != other.ty() => tosa::reshape(builder, value, &shape),
        _ => value,
    }
}
