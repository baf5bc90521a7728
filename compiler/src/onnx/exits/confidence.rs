//! Reads an exit's condition: from the condition back to the comparison, from there to the confidence, and on the way the threshold
//! that the confidence itself has.
//!
//! `1 - max p < 0.1`, `log max p > -0.1` and `entropy / ln 10 < 0.5` say what `max p > 0.9`, `max p > e^-0.1` and `entropy < 0.5 ln 10`
//! say: each step between confidence and comparison is a monotonic function, whose inverse is applied to the threshold.

use super::{constant, data_input, margin, probabilities, producer, resolve, unquantised};
use crate::onnx::attributes;
use crate::onnx::error::Problem;
use crate::onnx::graph::{Network, Node, ValueId};
use atheena_dialects::ee::ConfidenceKind;

/// `max softmax(logits) > threshold`, the same of the margin, or `entropy(softmax(logits)) < threshold`, or its opposite.
pub(super) struct Condition {
    pub logits: ValueId,
    pub kind: ConfidenceKind,
    pub threshold: f64,
    /// Does the condition hold of confident samples?
    pub confident: bool,
}

/// Why a condition is none of confidence.
pub(super) enum Refusal {
    Why(String),
    Problem(Problem),
}

impl From<String> for Refusal {
    fn from(why: String) -> Self {
        Self::Why(why)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Condition {
    pub(super) fn read(network: &Network, condition: ValueId) -> Result<Self, Refusal> {
        let (mut comparison, holds) = Comparison::read(network, condition)?;
        let (logits, kind) = comparison.confidence(network)?;
        let Comparison { threshold, above, or_equal, .. } = comparison;
        let threshold = threshold as f32;
        let low = kind == ConfidenceKind::Entropy;
        // A confident sample has p > t, or p >= t, which is p > (the float below t). Where the comparison is the other way round it holds of
        // samples that stay, and equality changes sides. Of the entropy, low is confident.
        let threshold = match (low, above == or_equal) {
            (false, false) | (true, true) => threshold,
            (false, true) => threshold.next_down(),
            (true, false) => threshold.next_up(),
        };
        Ok(Self { logits, kind, threshold: shortest(threshold), confident: holds == (above != low) })
    }
}

/// The decimal that people wrote for a float: 0.996 rather than 0.9959999918937683. It rounds to the same float.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(value.into())
}

/// `value > threshold`, or below it, or equal.
struct Comparison {
    value: ValueId,
    threshold: f64,
    above: bool,
    or_equal: bool,
    /// Of several elements that are compared: whether one that is above makes them all count as above (true), or one below as below.
    reduced: Option<bool>,
}

impl Comparison {
    /// The comparison that a condition is, or whose opposite it is (false).
    fn read(network: &Network, condition: ValueId) -> Result<(Self, bool), Refusal> {
        let (mut value, mut holds) = (condition, true);
        // Of several Booleans: whether the reduction asks for any of them, and the Nots up to there.
        let mut reduction = None;
        let compare = loop {
            let node = producer(network, value, "its condition")?;
            match node.op() {
                "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual" => break node,
                "Not" => holds = !holds,
                // The smallest Boolean says whether all are true, the largest whether any is.
                "ReduceMin" | "ReduceMax" => reduction = Some((node.op() == "ReduceMax", holds)),
                "Cast" | "Identity" | "Squeeze" | "Unsqueeze" | "Reshape" | "Flatten" | "Gather" => {}
                _ => {
                    return Err(
                        format!("its condition is made by {}, not by a comparison", node.place).into()
                    );
                }
            }
            value = data_input(node)?;
        };
        let side = |i| compare.input(i).ok_or(format!("{} has no input {i}", compare.place));
        let (left, right) = (side(0)?, side(1)?);
        // As `confidence OP threshold`.
        let (value, threshold, swapped) = match (constant(network, left), constant(network, right)) {
            (None, Some(threshold)) => (left, threshold, false),
            (Some(threshold), None) => (right, threshold, true),
            _ => return Err(format!("{} does not compare with one constant threshold", compare.place).into()),
        };
        let above = matches!(compare.op(), "Greater" | "GreaterOrEqual") != swapped;
        let or_equal = matches!(compare.op(), "GreaterOrEqual" | "LessOrEqual");
        let Some(&[one]) = threshold.floats()?.first_chunk().filter(|_| threshold.count() == 1) else {
            return Err(format!("the threshold '{}' is not one number", threshold.name).into());
        };
        // That none is above (all are not) is the opposite of that any is.
        let reduced = reduction.map(|(any, nots)| any == (nots == holds));
        Ok((Self { value, threshold: one.into(), above, or_equal, reduced }, holds))
    }

    /// Follows the compared value back to a confidence, whose threshold it then has; the logits, and what kind it is.
    fn confidence(&mut self, network: &Network) -> Result<(ValueId, ConfidenceKind), Refusal> {
        loop {
            if let Some((logits, negative)) = probabilities::logits_of_entropy(network, self.value)? {
                if !negative {
                    (self.threshold, self.above) = (-self.threshold, !self.above);
                }
                return Ok((logits, ConfidenceKind::Entropy));
            }
            if let Some(logits) = margin::logits_of_margin(network, self.value)? {
                return Ok((logits, ConfidenceKind::Margin));
            }
            if let Some(logits) = self.logits_of_largest(network)? {
                return Ok((logits, ConfidenceKind::MaxSoftmax));
            }
            let node = producer(network, self.value, "the confidence")?;
            if !self.step(network, node) {
                return Err(unknown(node).into());
            }
        }
    }

    /// Goes back over a node that computes a monotonic function of one number.
    fn step(&mut self, network: &Network, node: &Node) -> bool {
        let number = |index| {
            let tensor = constant(network, node.input(index)?)?;
            let numbers = tensor.floats().ok()?;
            numbers.first().filter(|v| tensor.count() == 1 && v.is_finite()).map(|&v| f64::from(v))
        };
        let (numbers, t) = ((number(0), number(1)), self.threshold);
        // What is put in, the threshold that it has, and whether less of it gives more.
        let (data, threshold, falls) = match (node.op(), numbers) {
            ("Identity" | "Squeeze" | "Unsqueeze" | "Reshape" | "Flatten" | "Cast" | "Gather", _) => {
                (0, t, false)
            }
            ("DequantizeLinear", _) => match unquantised(network, self.value) {
                Some(before) => {
                    self.value = before;
                    return true;
                }
                None => return false,
            },
            ("Neg", _) => (0, -t, true),
            ("Add", (None, Some(c))) => (0, t - c, false),
            ("Add", (Some(c), None)) => (1, t - c, false),
            ("Sub", (None, Some(c))) => (0, t + c, false),
            ("Sub", (Some(c), None)) => (1, c - t, true),
            ("Mul", (None, Some(c))) if c != 0.0 => (0, t / c, c < 0.0),
            ("Mul", (Some(c), None)) if c != 0.0 => (1, t / c, c < 0.0),
            ("Div", (None, Some(c))) if c != 0.0 => (0, t * c, c < 0.0),
            ("Log", _) => (0, t.exp(), false),
            ("Exp", _) => (0, t.ln(), false),
            _ => return false,
        };
        let Some(value) = node.input(data) else { return false };
        (self.value, self.threshold, self.above) = (value, threshold, self.above != falls);
        true
    }

    /// The logits of which the compared value is the largest softmax probability, or its logarithm.
    fn logits_of_largest(&mut self, network: &Network) -> Result<Option<ValueId>, Refusal> {
        let node = producer(network, self.value, "the confidence")?;
        let all = match node.op() {
            "ReduceMax" => {
                attributes::check(network.opset, node)?;
                if !probabilities::over_classes(network, node)? {
                    return Err(format!("{} is not over the classes (axis 1)", node.place).into());
                }
                data_input(node)?
            }
            // Whether any probability is above the threshold.
            _ if self.reduced == Some(self.above) && probabilities::of(network, self.value)?.is_some() => {
                self.value
            }
            _ => match margin::picked(network, self.value) {
                Some((values, 0)) => match margin::sorted(network, values, 1) {
                    Some(all) => all,
                    None => return Ok(None),
                },
                _ => return Ok(None),
            },
        };
        if let Some(logits) = probabilities::of(network, all)? {
            return Ok(Some(logits));
        }
        if let Some(logits) = probabilities::logarithms(network, all)? {
            self.threshold = self.threshold.exp();
            return Ok(Some(logits));
        }
        let source = producer(network, resolve(network, all), "the confidence")?;
        Err(format!("{} reduces the result of {}, not of a Softmax", node.place, source.place).into())
    }
}

fn unknown(node: &Node) -> String {
    match node.op() {
        "Sub" => format!(
            "its confidence is a difference that {} makes, but of differences only the margin (Softmax, TopK, the first value less the \
             second) is known",
            node.place
        ),
        "ReduceSum" => format!(
            "its confidence is a sum that {} makes, but of sums only the entropy (Softmax, Log, Mul, ReduceSum over the classes, Neg) \
             is known",
            node.place
        ),
        _ => format!(
            "its confidence is made by {}, but only the largest softmax probability (Softmax, ReduceMax), the margin and the entropy \
             are known",
            node.place
        ),
    }
}
