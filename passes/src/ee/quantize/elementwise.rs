//! Functions of one tensor, element by element, which an integer network has as tables.

use std::collections::{HashMap, HashSet};

use atheena_dialects::{
    ir::{Attr, Op, Value},
    tosa,
};

/// The elementwise operations of a network that compute a function of one tensor each.
pub struct Elementwise<'c> {
    source_of: HashMap<Value<'c>, Source<'c>>,
}

#[derive(Clone, Copy)]
struct Source<'c> {
    /// What all operands come from.
    value: Value<'c>,
    /// Only bounds on the way: the numbers keep their scale.
    bounds_only: bool,
}

impl<'c> Elementwise<'c> {
    /// Finds them, in operations that come in the order of the network.
    pub fn of(ops: &[Op<'c>]) -> Self {
        let mut found = Self { source_of: HashMap::new() };
        for &op in ops {
            if let Some(source) = found.source(op) {
                found.source_of.insert(op.result(0), source);
            }
        }
        found
    }

    /// The tensor that a value is a function of; None if the value is no such function, or a bound of the tensor.
    pub fn source_of(&self, value: Value<'c>) -> Option<Value<'c>> {
        self.source_of.get(&value).filter(|source| !source.bounds_only).map(|source| source.value)
    }

    /// Does anything need a value by itself, beside further functions of the same tensor?
    pub fn is_read(&self, value: Value<'c>) -> bool {
        let source = |value| self.source_of.get(&value).map(|source| source.value);
        let goes_on =
            |user: Op<'c>| user.results().first().is_some_and(|&result| source(result) == source(value));
        value.uses().into_iter().any(|(user, _)| !goes_on(user))
    }

    /// The function that makes `value` of its source.
    pub fn function(&self, value: Value<'c>) -> Option<Function<'c>> {
        let source = self.source_of(value)?;
        let mut steps = vec![];
        collect(value, source, &mut HashSet::new(), &mut steps);
        Some(Function { source, value, steps })
    }

    fn source(&self, op: Op<'c>) -> Option<Source<'c>> {
        if !is_elementwise(op) {
            return None;
        }
        let result = op.result(0).ty().shape()?;
        let mut source: Option<Source<'c>> = None;
        for operand in op.operands() {
            if tosa::constant(operand).is_some() {
                uniform(operand)?;
                continue;
            }
            let own = Source { value: operand, bounds_only: true };
            let next = self.source_of.get(&operand).copied().unwrap_or(own);
            let same = source.is_none_or(|source| source.value == next.value);
            if !same || operand.ty().shape()? != result {
                return None;
            }
            let bounds_only = next.bounds_only && source.is_none_or(|source| source.bounds_only);
            source = Some(Source { bounds_only, ..next });
        }
        let bounds = op.is("tosa.clamp") || op.is("tosa.identity");
        source.map(|source| Source { bounds_only: source.bounds_only && bounds, ..source })
    }
}

/// A function of one number.
pub struct Function<'c> {
    /// The tensor whose elements are its arguments.
    pub source: Value<'c>,
    value: Value<'c>,
    /// What it computes, in order.
    steps: Vec<Op<'c>>,
}

impl Function<'_> {
    /// The function's value.
    pub fn at(&self, x: f64) -> f64 {
        let mut values = HashMap::from([(self.source, x)]);
        for step in &self.steps {
            let operand = |index: usize| {
                let value = step.operand(index);
                let known = value.and_then(|value| values.get(&value).copied());
                known.or_else(|| value.and_then(uniform)).unwrap_or_default()
            };
            let result = evaluate(*step, operand);
            values.insert(step.result(0), result);
        }
        values.get(&self.value).copied().unwrap_or(x)
    }
}

/// Appends the operations between `source` and `value`, operands first.
fn collect<'c>(value: Value<'c>, source: Value<'c>, seen: &mut HashSet<Value<'c>>, steps: &mut Vec<Op<'c>>) {
    let constant = tosa::constant(value).is_some();
    if value == source || constant || !seen.insert(value) {
        return;
    }
    if let Some(op) = value.producer() {
        op.operands().into_iter().for_each(|operand| collect(operand, source, seen, steps));
        steps.push(op);
    }
}

/// The number of which all elements of a constant are copies.
fn uniform(value: Value<'_>) -> Option<f64> {
    let constant = tosa::constant(value)?;
    let all = |values: Vec<f64>| values.iter().all(|v| *v == values[0]).then_some(values[0]);
    match constant.to_dense::<f32>() {
        Some(values) if !values.is_empty() => all(values.into_iter().map(f64::from).collect()),
        Some(_) => None,
        None => {
            let ints = constant.to_dense_ints().filter(|ints| !ints.is_empty())?;
            all(ints.into_iter().map(|v| v as f64).collect())
        }
    }
}

fn is_elementwise(op: Op<'_>) -> bool {
    matches!(
        op.name().as_str(),
        "tosa.abs"
            | "tosa.add"
            | "tosa.ceil"
            | "tosa.clamp"
            | "tosa.cos"
            | "tosa.equal"
            | "tosa.erf"
            | "tosa.exp"
            | "tosa.floor"
            | "tosa.greater"
            | "tosa.greater_equal"
            | "tosa.identity"
            | "tosa.log"
            | "tosa.logical_and"
            | "tosa.logical_not"
            | "tosa.logical_or"
            | "tosa.maximum"
            | "tosa.minimum"
            | "tosa.mul"
            | "tosa.negate"
            | "tosa.pow"
            | "tosa.reciprocal"
            | "tosa.rsqrt"
            | "tosa.select"
            | "tosa.sigmoid"
            | "tosa.sin"
            | "tosa.sub"
            | "tosa.tanh"
    )
}

/// What an operation makes of its operands' numbers; Booleans are 0 and 1.
fn evaluate(op: Op<'_>, operand: impl Fn(usize) -> f64) -> f64 {
    let (x, y) = (operand(0), operand(1));
    let bound = |name, none| op.attr(name).and_then(Attr::to_f64).unwrap_or(none);
    match op.name().as_str() {
        "tosa.abs" => x.abs(),
        "tosa.add" => x + y,
        "tosa.ceil" => x.ceil(),
        "tosa.clamp" => x.max(bound("min_val", f64::NEG_INFINITY)).min(bound("max_val", f64::INFINITY)),
        "tosa.cos" => x.cos(),
        "tosa.equal" => f64::from(x == y),
        "tosa.erf" => erf(x),
        "tosa.exp" => x.exp(),
        "tosa.floor" => x.floor(),
        "tosa.greater" => f64::from(x > y),
        "tosa.greater_equal" => f64::from(x >= y),
        "tosa.log" => x.ln(),
        "tosa.logical_and" => x * y,
        "tosa.logical_not" => 1.0 - x,
        "tosa.logical_or" => x.max(y),
        "tosa.maximum" => x.max(y),
        "tosa.minimum" => x.min(y),
        "tosa.mul" => x * y,
        "tosa.negate" => -x,
        "tosa.pow" => x.powf(y),
        "tosa.reciprocal" => x.recip(),
        "tosa.rsqrt" => x.sqrt().recip(),
        "tosa.select" => {
            if x == 0.0 {
                operand(2)
            } else {
                y
            }
        }
        "tosa.sigmoid" => 1.0 / (1.0 + (-x).exp()),
        "tosa.sin" => x.sin(),
        "tosa.sub" => x - y,
        "tosa.tanh" => x.tanh(),
        // tosa.identity.
        _ => x,
    }
}

/// The error function: `2 / sqrt(pi) e^(-x^2) sum_n 2^n x^(2n+1) / (1 * 3 * ... * (2n+1))`, whose terms have one sign
/// (Abramowitz and Stegun, 7.1.6).
fn erf(x: f64) -> f64 {
    if x.abs() > 6.0 {
        return x.signum();
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= 2.0 * x * x / f64::from(2 * n + 1);
        sum += term;
    }
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the table of Abramowitz and Stegun, 7.1.
    #[test]
    fn erf_is_the_error_function() {
        let table = [(0.0, 0.0), (0.5, 0.5204998778), (1.0, 0.8427007929), (2.0, 0.9953222650)];
        for (x, expected) in table {
            assert!((erf(x) - expected).abs() < 1e-9, "{x}");
            assert!((erf(-x) + expected).abs() < 1e-9, "-{x}");
        }
        assert!((erf(3.5) - 0.999999256901628).abs() < 1e-12);
        assert_eq!(erf(f64::INFINITY), 1.0);
    }
}
