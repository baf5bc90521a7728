//! Recognises that a condition asks whether a classifier is confident.

use crate::softmax::{count, entropy, largest_probability, margin, max_of, number, operands, source};
use atheena_dialects::{
    ee::{Confidence, ConfidenceKind},
    ir::{Attr, Op, Value},
    tosa,
};

/// A condition that compares a confidence with a threshold.
#[derive(Debug)]
pub struct Condition<'c> {
    /// The logits that it is about.
    pub logits: Value<'c>,
    /// When a sample is confident.
    pub confidence: Confidence,
    /// Does the condition hold of confident samples? Else it holds of the others.
    pub confident: bool,
}

impl<'c> Condition<'c> {
    /// Reads a condition; the error says what is no part of the pattern.
    pub fn read(condition: Value<'c>) -> Result<Self, String> {
        let (comparison, holds) = comparison(condition)?;
        let Comparison { value, threshold, above, strict } = Comparison::read(comparison)?;
        let measure = Measure::read(value)?;
        // As a bound of the measure itself: v > t of v = 1 - m is m < 1 - t.
        let threshold = (threshold - measure.offset) / measure.factor;
        let above = above == (measure.factor > 0.0);
        let rises = measure.kind.leaves_above();
        let confident = above == rises;
        // Where the comparison holds of samples that stay, equality changes sides.
        let strict = strict == confident;
        let threshold = shortest(as_float(threshold, rises, strict));
        measure.kind.check_threshold(threshold)?;
        let confidence = Confidence::new(measure.kind, threshold);
        Ok(Self { logits: measure.logits, confidence, confident: confident == holds })
    }
}

/// From a condition up to its comparison: what does not change one Boolean, and negations. False if the condition is
/// the comparison's opposite.
fn comparison(condition: Value<'_>) -> Result<(Op<'_>, bool), String> {
    let (mut value, mut holds) = (condition, true);
    loop {
        value = source(value);
        let op = producer(value, "its condition")?;
        match op.name().as_str() {
            "tosa.greater" | "tosa.greater_equal" | "arith.cmpf" => return Ok((op, holds)),
            "tosa.logical_not" => holds = !holds,
            "arith.xori" if is_true(op.operand(1)) => holds = !holds,
            // One element, as an integer and back.
            "tosa.cast" | "tosa.reduce_min" | "tosa.reduce_max" | "tosa.reduce_all" | "tosa.reduce_any"
            | "arith.extui" | "arith.trunci"
                if op.operand(0).and_then(count) == Some(1) => {}
            _ => return Err(format!("its condition is made by {}, not by a comparison", place(op))),
        }
        value = op.operand(0).ok_or_else(|| format!("{} has no operand", place(op)))?;
    }
}

/// `value > threshold`, or as it says.
struct Comparison<'c> {
    value: Value<'c>,
    threshold: f64,
    above: bool,
    strict: bool,
}

impl<'c> Comparison<'c> {
    fn read(op: Op<'c>) -> Result<Self, String> {
        // arith.cmpf numbers its predicates; those of ordered and of unordered operands differ for NaN only.
        let (above, strict) = match (op.name().as_str(), op.attr("predicate").and_then(Attr::to_i64)) {
            ("tosa.greater", _) | (_, Some(2 | 9)) => (true, true),
            ("tosa.greater_equal", _) | (_, Some(3 | 10)) => (true, false),
            (_, Some(4 | 11)) => (false, true),
            (_, Some(5 | 12)) => (false, false),
            _ => return Err(format!("{} is no comparison by size", place(op))),
        };
        let side = |index| op.operand(index).ok_or_else(|| format!("{} has no operand {index}", place(op)));
        let (left, right) = (side(0)?, side(1)?);
        let (value, threshold, above) = match (number(left), number(right)) {
            (None, Some(threshold)) => (left, threshold, above),
            (Some(threshold), None) => (right, threshold, !above),
            _ => return Err(format!("{} does not compare with one constant threshold", place(op))),
        };
        if count(value) != Some(1) {
            return Err(format!("{} compares {}, not one number of one sample", place(op), value.ty()));
        }
        Ok(Self { value, threshold, above, strict })
    }
}

/// What is compared with the threshold: `factor * measure + offset`.
struct Measure<'c> {
    kind: ConfidenceKind,
    logits: Value<'c>,
    factor: f64,
    offset: f64,
}

impl<'c> Measure<'c> {
    fn read(value: Value<'c>) -> Result<Self, String> {
        let (measure, factor, offset) = affine(value);
        if let Some(logits) = largest_probability(measure) {
            return Ok(Self { kind: ConfidenceKind::MaxSoftmax, logits, factor, offset });
        }
        if let Some((logits, negated)) = entropy(measure) {
            let factor = if negated { -factor } else { factor };
            return Ok(Self { kind: ConfidenceKind::Entropy, logits, factor, offset });
        }
        if let Some(logits) = margin(measure) {
            return Ok(Self { kind: ConfidenceKind::Margin, logits, factor, offset });
        }
        let value = source(value);
        let made = producer(value, "its confidence")?;
        let found = match max_of(value) {
            Some(reduced) => format!(
                "the largest element of what {} makes",
                place(producer(source(reduced), "its confidence")?)
            ),
            None => format!("made by {}", place(made)),
        };
        Err(format!(
            "its confidence is {found}, not the largest softmax probability of a classifier, nor the margin or the entropy of its softmax"
        ))
    }
}

/// A value of which another one is so many times as much, and so much more.
fn affine(value: Value<'_>) -> (Value<'_>, f64, f64) {
    let (mut value, mut factor, mut offset) = (source(value), 1.0, 0.0);
    while let Some((inner, by, more)) = value.producer().and_then(affine_step) {
        (value, factor, offset) = (source(inner), factor * by, offset + factor * more);
    }
    (value, factor, offset)
}

/// The same of a single operation.
fn affine_step(op: Op<'_>) -> Option<(Value<'_>, f64, f64)> {
    let with_constant = |name| operands(op, name).find_map(|(value, other)| Some((value, number(other)?)));
    match op.name().as_str() {
        "tosa.negate" => Some((op.operand(0)?, -1.0, 0.0)),
        "tosa.add" => with_constant("tosa.add").map(|(value, more)| (value, 1.0, more)),
        "tosa.mul" => {
            with_constant("tosa.mul").filter(|(_, by)| by.is_normal()).map(|(value, by)| (value, by, 0.0))
        }
        "tosa.sub" => {
            let (left, right) = (op.operand(0)?, op.operand(1)?);
            match (number(left), number(right)) {
                (Some(from), None) => Some((right, -1.0, from)),
                (None, Some(less)) => Some((left, 1.0, -less)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The operation that makes a value, which is part of `what`.
fn producer<'c>(value: Value<'c>, what: &str) -> Result<Op<'c>, String> {
    value.producer().ok_or_else(|| format!("{what} is an argument"))
}

/// An operation and where it is.
pub fn place(op: Op<'_>) -> String {
    match op.loc().to_string() {
        loc if loc.contains("unknown") => format!("'{}'", op.name()),
        loc => format!("'{}' at {}", op.name(), loc.trim_start_matches("loc(").trim_end_matches(')')),
    }
}

fn is_true(value: Option<Value<'_>>) -> bool {
    value.and_then(tosa::constant).is_some_and(|attr| attr.to_bool() == Some(true))
}

/// The f32 for which `value > result` (`value < result` if the measure falls) says of all floats what `value > threshold`
/// does, or of `!strict` what `value >= threshold` does.
fn as_float(threshold: f64, rises: bool, strict: bool) -> f32 {
    let nearest = threshold as f32;
    let exact = f64::from(nearest);
    let below = if exact > threshold { nearest.next_down() } else { nearest };
    let above = if exact < threshold { nearest.next_up() } else { nearest };
    match (rises, strict) {
        (true, true) => below,
        (true, false) => above.next_down(),
        (false, true) => above,
        (false, false) => below.next_up(),
    }
}

/// The decimal that people wrote for a float: 0.996 rather than 0.9959999918937683. It rounds to the same float.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Floats around a threshold that is none: exactly those above it are above what stands for it.
    #[test]
    fn thresholds_between_floats() {
        for threshold in [0.3, 0.5, f64::from(0.3f32), 0.996, 1e-40, 0.1 + 1e-12] {
            let mut value = (threshold as f32).next_down().next_down();
            for _ in 0..5 {
                let wide = f64::from(value);
                assert_eq!(
                    value > as_float(threshold, true, true),
                    wide > threshold,
                    "{value} > {threshold}"
                );
                assert_eq!(
                    value > as_float(threshold, true, false),
                    wide >= threshold,
                    "{value} >= {threshold}"
                );
                assert_eq!(
                    value < as_float(threshold, false, true),
                    wide < threshold,
                    "{value} < {threshold}"
                );
                assert_eq!(
                    value < as_float(threshold, false, false),
                    wide <= threshold,
                    "{value} <= {threshold}"
                );
                value = value.next_up();
            }
        }
    }

    #[test]
    fn thresholds_keep_their_decimals() {
        assert_eq!(shortest(0.996), 0.996);
        assert_eq!(shortest(as_float(f64::from(0.3f32), true, true)), 0.3);
    }
}
