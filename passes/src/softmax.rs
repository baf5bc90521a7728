//! Softmax as front ends spell it out in TOSA: recognising it and making it.
//!
//! `softmax(x) = exp(x - max x) / sum exp(x - max x)`, with or without the maximum; the logarithm of it is
//! `x - max x - log sum exp(x - max x)`, or simply `tosa.log`.

use atheena_dialects::{
    ir::{Attr, Builder, Op, Type, Value},
    tosa,
};

/// What a value is of the logits of one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Softmax<'c> {
    /// The logits.
    pub logits: Value<'c>,
    /// The logarithm of the probabilities instead of the probabilities.
    pub log: bool,
}

impl<'c> Softmax<'c> {
    /// The softmax, or its logarithm, that a value is.
    pub fn of(value: Value<'c>) -> Option<Self> {
        let of = |logits, log| Some(Self { logits, log });
        probabilities(value)
            .and_then(|logits| of(logits, false))
            .or_else(|| log_probabilities(value).and_then(|logits| of(logits, true)))
    }

    /// Makes the same of other logits, `[1, classes]`.
    pub fn build(self, builder: Builder<'c>, logits: Value<'c>) -> Value<'c> {
        let ty = logits.ty();
        let element = ty.element().expect("logits are a tensor");
        let row = Type::tensor(&[1, 1], element);
        let reduce = |name: &str, input| {
            let axis = Attr::i32(builder.ctx(), 1);
            builder.op(name).operand(input).attr("axis", axis).result(row).build().result(0)
        };
        let max = reduce("tosa.reduce_max", logits);
        let distance = tosa::simple(builder, "tosa.sub", &[logits, max], ty);
        let weights = tosa::simple(builder, "tosa.exp", &[distance], ty);
        let sum = reduce("tosa.reduce_sum", weights);
        if self.log {
            let log = tosa::simple(builder, "tosa.log", &[sum], row);
            return tosa::simple(builder, "tosa.sub", &[distance, log], ty);
        }
        let part = tosa::simple(builder, "tosa.reciprocal", &[sum], row);
        tosa::mul(builder, weights, part, ty)
    }
}

/// The logits whose softmax a value is.
pub(crate) fn probabilities(value: Value<'_>) -> Option<Value<'_>> {
    let value = source(value);
    let op = value.producer()?;
    if op.is("tosa.exp")
        && let Some(logits) = log_probabilities(op.operand(0)?)
    {
        return Some(logits);
    }
    operands(op, "tosa.mul").find_map(|(weights, part)| {
        let sum = behind(part, "tosa.reciprocal").and_then(|op| op.operand(0))?;
        let summed = sum_of(sum)?;
        let (logits, _) = weights_of(weights)?;
        same(source(weights), source(summed)).then_some(logits)
    })
}

/// The logits the logarithm of whose softmax a value is.
pub(crate) fn log_probabilities(value: Value<'_>) -> Option<Value<'_>> {
    if let Some(log) = behind(value, "tosa.log") {
        return probabilities(without_epsilon(log.operand(0)?));
    }
    let sub = behind(value, "tosa.sub")?;
    let sum = behind(sub.operand(1)?, "tosa.log").and_then(|log| log.operand(0))?;
    let (logits, distance) = weights_of(sum_of(sum)?)?;
    same(source(sub.operand(0)?), distance).then_some(logits)
}

/// The largest number that people add to a probability, or limit it to, so that its logarithm is finite. It changes an entropy by so
/// much for each class at most, since `p ln(1 + e / p) <= e`.
const LARGEST_EPSILON: f64 = 1e-4;

/// Probabilities without what keeps them above 0.
fn without_epsilon(value: Value<'_>) -> Value<'_> {
    let small = |epsilon: f64| (0.0..=LARGEST_EPSILON).contains(&epsilon);
    let inner = || {
        let op = source(value).producer()?;
        match op.name().as_str() {
            name @ ("tosa.add" | "tosa.maximum") => {
                operands(op, name).find_map(|(p, epsilon)| number(epsilon).is_some_and(small).then_some(p))
            }
            "tosa.clamp" => {
                let bound = |name: &str| op.attr(name).and_then(Attr::to_f64);
                let keeps = small(bound("min_val")?) && bound("max_val")? > 1.0 - LARGEST_EPSILON;
                op.operand(0).filter(|_| keeps)
            }
            _ => None,
        }
    };
    inner().unwrap_or(value)
}

/// The logits of which a value is the largest probability.
pub(crate) fn largest_probability(value: Value<'_>) -> Option<Value<'_>> {
    if let Some(max) = max_of(value) {
        return probabilities(max);
    }
    // The largest of the weights is 1 where the maximum is subtracted.
    let sum = behind(value, "tosa.reciprocal").and_then(|op| op.operand(0))?;
    let (logits, distance) = weights_of(sum_of(sum)?)?;
    (distance != source(logits)).then_some(logits)
}

/// The logits of which a value is the entropy of the softmax, `-sum p ln p`; true if it is the negative of that.
pub(crate) fn entropy(value: Value<'_>) -> Option<(Value<'_>, bool)> {
    let (value, outer) = unsigned(value);
    let (product, inner) = unsigned(sum_of(value)?);
    operands(product.producer()?, "tosa.mul").find_map(|(part, logarithm)| {
        let ((part, first), (logarithm, second)) = (unsigned(part), unsigned(logarithm));
        let (logits, other) = (probabilities(without_epsilon(part))?, log_probabilities(logarithm)?);
        let negative = [outer, inner, first, second].into_iter().fold(false, |sign, negates| sign ^ negates);
        same(source(logits), source(other)).then_some((logits, !negative))
    })
}

/// The logits of which a value is the largest probability less the largest of the others, which a `tosa.select` picks.
pub(crate) fn margin(value: Value<'_>) -> Option<Value<'_>> {
    let difference = behind(value, "tosa.sub")?;
    let largest = difference.operand(0)?;
    let logits = largest_probability(largest)?;
    let others = behind(max_of(difference.operand(1)?)?, "tosa.select")?;
    let [condition, yes, no] = others.operands()[..] else { return None };
    let (comparison, holds) = match behind(condition, "tosa.logical_not") {
        Some(not) => (source(not.operand(0)?).producer()?, false),
        None => (source(condition).producer()?, true),
    };
    let side = |index| comparison.operand(index).map(source);
    let is_all = |value: Value<'_>| probabilities(value).is_some_and(|of| same(source(of), source(logits)));
    let is_largest = |value: Value<'_>| same(value, source(largest)) || max_of(value).is_some_and(is_all);
    // Whether the comparison holds of the largest probability.
    let of_largest = match (comparison.name().as_str(), side(0)?, side(1)?) {
        ("tosa.equal", a, b) if is_all(a) && is_largest(b) || is_largest(a) && is_all(b) => true,
        ("tosa.greater_equal", a, b) if is_all(a) && is_largest(b) => true,
        ("tosa.greater", a, b) if is_largest(a) && is_all(b) => false,
        _ => return None,
    };
    let (kept, removed) = if of_largest == holds { (no, yes) } else { (yes, no) };
    (is_all(kept) && number(removed)? <= 0.0).then_some(logits)
}

/// The value behind negations, and whether their number is odd.
fn unsigned(value: Value<'_>) -> (Value<'_>, bool) {
    let (mut value, mut negative) = (source(value), false);
    while let Some(inner) = value.producer().and_then(negated) {
        (value, negative) = (source(inner), !negative);
    }
    (value, negative)
}

/// What an operation negates.
fn negated(op: Op<'_>) -> Option<Value<'_>> {
    match op.name().as_str() {
        "tosa.negate" => op.operand(0),
        "tosa.sub" => op.operand(1).filter(|_| op.operand(0).and_then(number) == Some(0.0)),
        _ => operands(op, "tosa.mul").find_map(|(value, factor)| (number(factor)? == -1.0).then_some(value)),
    }
}

/// The number that a constant holds, in whatever shape.
pub(crate) fn number(value: Value<'_>) -> Option<f64> {
    let attr = tosa::constant(source(value))?;
    if let Some(number) = attr.to_f64() {
        return Some(number);
    }
    let floats = |values: Vec<f32>| values.into_iter().map(f64::from).collect::<Vec<_>>();
    match attr.to_dense::<f64>().or_else(|| attr.to_dense::<f32>().map(floats))?[..] {
        [number] => Some(number),
        _ => None,
    }
}

/// Of `exp(x - max x)`, or `exp(x)`, the logits and what is exponentiated.
fn weights_of(value: Value<'_>) -> Option<(Value<'_>, Value<'_>)> {
    let distance = source(behind(value, "tosa.exp")?.operand(0)?);
    let whole = || Some((distance, distance));
    let Some(sub) = behind(distance, "tosa.sub") else { return whole() };
    let (logits, max) = (source(sub.operand(0)?), max_of(sub.operand(1)?));
    match max {
        Some(max) if same(source(max), logits) => Some((logits, distance)),
        _ => whole(),
    }
}

/// What a value is the maximum of, over all its elements.
pub(crate) fn max_of(value: Value<'_>) -> Option<Value<'_>> {
    reduced(value, "tosa.reduce_max")
}

/// What a value is the sum of, over all its elements.
pub(crate) fn sum_of(value: Value<'_>) -> Option<Value<'_>> {
    reduced(value, "tosa.reduce_sum")
}

fn reduced<'c>(value: Value<'c>, name: &str) -> Option<Value<'c>> {
    let op = behind(value, name)?;
    (count(op.result(0)) == Some(1)).then(|| op.operand(0))?
}

/// The operation of that name that makes a value, maybe in another shape.
pub(crate) fn behind<'c>(value: Value<'c>, name: &str) -> Option<Op<'c>> {
    source(value).producer().filter(|op| op.is(name))
}

/// Both orders of the operands of an operation of that name.
pub(crate) fn operands<'c>(op: Op<'c>, name: &str) -> impl Iterator<Item = (Value<'c>, Value<'c>)> + use<'c> {
    let pair = op.is(name).then(|| op.operand(0).zip(op.operand(1))).flatten();
    pair.into_iter().flat_map(|(a, b)| [(a, b), (b, a)])
}

/// The value behind operations that keep the numbers: of another shape, or of wider floats.
pub(crate) fn source(mut value: Value<'_>) -> Value<'_> {
    while let Some(op) = value.producer()
        && keeps_numbers(op)
        && let Some(input) = op.operand(0)
    {
        value = input;
    }
    value
}

fn keeps_numbers(op: Op<'_>) -> bool {
    let input = op.operand(0);
    match op.name().as_str() {
        "tosa.reshape"
        | "tosa.identity"
        | "tensor.cast"
        | "tensor.collapse_shape"
        | "tensor.expand_shape"
        | "tensor.reshape" => true,
        "tensor.extract" | "tosa.transpose" => input.is_some_and(is_line),
        name if name.starts_with("tosa.reduce_") => {
            input.and_then(count) == op.results().first().copied().and_then(count)
        }
        "tosa.cast" | "arith.extf" => {
            let width = |value: Value<'_>| value.ty().element().unwrap_or(value.ty()).float_width();
            let (from, to) = (input.and_then(width), op.results().first().copied().and_then(width));
            from.zip(to).is_some_and(|(from, to)| from <= to)
        }
        _ => false,
    }
}

/// Does at most one dimension have more than one element, so that none changes its place?
fn is_line(value: Value<'_>) -> bool {
    value.ty().shape().is_some_and(|shape| shape.iter().filter(|&&size| size != 1).count() <= 1)
}

/// The number of elements of a tensor; 1 of a scalar, None where it is not known.
pub(crate) fn count(value: Value<'_>) -> Option<i64> {
    match value.ty().shape() {
        Some(shape) => shape.iter().all(|&size| size >= 0).then(|| shape.iter().product()),
        None => Some(1),
    }
}

/// Do two values hold the same numbers, since they are computed in the same way?
pub(crate) fn same(a: Value<'_>, b: Value<'_>) -> bool {
    const ATTRIBUTES: [&str; 13] = [
        "values",
        "value",
        "axis",
        "perms",
        "pad",
        "stride",
        "dilation",
        "kernel",
        "acc_type",
        "min_val",
        "max_val",
        "nan_mode",
        "rounding_mode",
    ];
    if a == b {
        return true;
    }
    let (Some(first), Some(second)) = (a.producer(), b.producer()) else { return false };
    a.index() == b.index()
        && a.ty() == b.ty()
        && first.name() == second.name()
        && first.name().starts_with("tosa.")
        && first.regions().is_empty()
        && ATTRIBUTES.iter().all(|name| first.attr(name) == second.attr(name))
        && first.operands().len() == second.operands().len()
        && first.operands().into_iter().zip(second.operands()).all(|(a, b)| same(a, b))
}
