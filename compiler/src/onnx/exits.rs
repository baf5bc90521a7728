//! Finds the exits of a network: an `If` (or a `Where`, which is the same for a single sample) that returns a classifier's
//! logits where the largest of their softmax probabilities or the margin to the second exceeds a threshold, or their entropy is
//! below one.

mod margin;

use super::attributes;
use super::error::Problem;
use super::graph::{Network, Node, NodeId, ValueId};
use super::tensor::Tensor;
use atheena_dialects::ee::ConfidenceKind;

/// How many exits a network may have: the index of the classifier that answered travels in 8 bits.
pub(crate) const MOST_EXITS: usize = 255;

/// An exit.
#[derive(Debug)]
pub struct Exit {
    /// The `If` or `Where`.
    pub node: NodeId,
    /// The logits that decide and that a confident sample gets.
    pub logits: ValueId,
    /// The result of the other samples, not through aliases.
    pub stay: ValueId,
    /// What is compared with the threshold.
    pub kind: ConfidenceKind,
    /// Confident if the largest probability or the margin exceeds this, or the entropy is below.
    pub threshold: f64,
}

/// The exits of a network, outer before inner, and the logits of the last classifier.
#[derive(Debug)]
pub struct Chain {
    /// The exits.
    pub exits: Vec<Exit>,
    /// The logits of the samples that leave at none of them.
    pub last: ValueId,
    /// Does the network return probabilities? They have the order of the logits, which are imported instead.
    pub probabilities: bool,
}

impl Chain {
    /// Follows the network's result from exit to exit.
    pub fn find(network: &Network) -> Result<Self, Problem> {
        let mut exits = vec![];
        let result = *network.outputs.first().ok_or(Problem::NoOutput { graph: "the network".into() })?;
        let (mut last, mut probabilities) = logits_of(network, result);
        // Whether each exit's samples get probabilities.
        let mut answers = vec![];
        while let Some(id) = network.producer(last) {
            let node = &network.nodes[id];
            if !matches!(node.op(), "If" | "Where") {
                break;
            }
            let (exit, answer) = exit(network, id, last)?;
            answers.push((id, answer || probabilities));
            let (stay, answer) = logits_of(network, exit.stay);
            last = stay;
            probabilities |= answer;
            exits.push(exit);
            if exits.len() > MOST_EXITS {
                return Err(node.form(
                    format!("the network has more than {MOST_EXITS} exits"),
                    "remove exits that few samples take",
                ));
            }
        }
        match answers.iter().find(|(_, answer)| *answer != probabilities) {
            Some((id, _)) => Err(network.nodes[*id].form(
                "one classifier returns logits, another one probabilities",
                "return the logits of all classifiers, from before Softmax",
            )),
            None => Ok(Self { exits, last, probabilities }),
        }
    }
}

/// The logits of which `value` is made by Softmax at the very end, and whether it is.
fn logits_of(network: &Network, value: ValueId) -> (ValueId, bool) {
    let value = resolve(network, value);
    let node = network.producer(value).map(|id| &network.nodes[id]);
    match node.and_then(|node| Some((node.op(), node.input(0)?))) {
        Some(("Softmax" | "LogSoftmax", logits)) => (resolve(network, logits), true),
        _ => (value, false),
    }
}

/// The value behind operators that hand it on as it is.
pub fn resolve(network: &Network, mut value: ValueId) -> ValueId {
    while let Some(node) = network.producer(value).map(|id| &network.nodes[id]) {
        match (node.op(), node.input(0)) {
            // Data are floats, so that a Cast to float keeps them.
            ("Cast", Some(input)) if node.int("to", 0) == 1 => value = input,
            ("Identity" | "Dropout", Some(input)) if node.outputs.first() == Some(&value) => value = input,
            _ => break,
        }
    }
    value
}

const CURE: &str = "an exit is written as: logits -> Softmax -> ReduceMax -> Greater(threshold) -> If, where the branch of \
    confident samples returns the logits and the other one the rest of the network";

/// Reads an exit of which `result` is the network's result so far; also whether it answers with probabilities.
fn exit(network: &Network, id: NodeId, result: ValueId) -> Result<(Exit, bool), Problem> {
    let node = &network.nodes[id];
    let refuse =
        |why: String, cure: &str| Problem::NotAnExit { node: node.place.clone(), why, cure: cure.to_owned() };
    let not = |why| refuse(why, CURE);
    let missing = |what: &str| not(format!("it has no {what}"));
    let index = node.outputs.iter().position(|&o| o == result).unwrap_or(0);
    // What the condition's two answers return, and the condition itself.
    let (yes, no) = if node.op() == "If" {
        let branch = |name: &str| {
            let results = node.branches.iter().find(|(n, _)| n == name).map(|(_, results)| results);
            results.and_then(|r| r.get(index)).copied().ok_or_else(|| missing(name))
        };
        (branch("then_branch")?, branch("else_branch")?)
    } else {
        (
            node.input(1).ok_or_else(|| missing("second input"))?,
            node.input(2).ok_or_else(|| missing("third input"))?,
        )
    };
    let condition = node.input(0).ok_or_else(|| missing("condition"))?;
    let condition = Condition::read(network, condition).map_err(|why| match why {
        Refusal::Why(why) => not(why),
        Refusal::Problem(problem) => problem,
    })?;
    let Condition { logits, kind, threshold, confident } = condition;
    let (leave, stay) = if confident { (yes, no) } else { (no, yes) };
    let (answer, probabilities) = logits_of(network, leave);
    if answer != logits {
        let of = network.place(logits);
        if logits_of(network, stay).0 == logits {
            return Err(refuse(
                format!(
                    "the logits of {of} are the result of samples that are not confident; confident ones go on"
                ),
                "swap the branches, or turn the comparison round",
            ));
        }
        return Err(not(format!(
            "confident samples get the result of {}, not the logits of {of} that decide",
            network.place(answer)
        )));
    }
    let cure = match kind {
        ConfidenceKind::Entropy => "compare the entropy with a number above 0",
        ConfidenceKind::Margin => "compare the margin with a number from 0 to below 1",
        _ => "compare the largest probability with a number from 0 to below 1",
    };
    kind.check_threshold(threshold).map_err(|why| refuse(why, cure))?;
    Ok((Exit { node: id, logits, stay, kind, threshold }, probabilities))
}

/// `max softmax(logits) > threshold`, the same of the margin, or `entropy(softmax(logits)) < threshold`, or its opposite.
struct Condition {
    logits: ValueId,
    kind: ConfidenceKind,
    threshold: f64,
    /// Does the condition hold of confident samples?
    confident: bool,
}

/// Why a condition is none of confidence.
enum Refusal {
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
    fn read(network: &Network, condition: ValueId) -> Result<Self, Refusal> {
        let mut confident = true;
        let mut value = condition;
        // From the condition up to the comparison: what does not change one Boolean, and Not.
        let compare = loop {
            let node = producer(network, value, "its condition")?;
            match node.op() {
                "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual" => break node,
                "Not" => confident = !confident,
                "Cast" | "Identity" | "Squeeze" | "Unsqueeze" | "Reshape" | "Flatten" | "Gather"
                | "ReduceMin" | "ReduceMax" => {}
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
        let Some(&[threshold]) = threshold.floats()?.first_chunk().filter(|_| threshold.count() == 1) else {
            return Err(format!("the threshold '{}' is not one number", threshold.name).into());
        };
        if let Some(logits) = logits_of_entropy(network, value)? {
            // As below, with a confident sample below the threshold.
            let threshold = if above == or_equal { threshold } else { threshold.next_up() };
            let kind = ConfidenceKind::Entropy;
            return Ok(Self { logits, kind, threshold: shortest(threshold), confident: confident != above });
        }
        // A confident sample has p > t, or p >= t. The latter is p > (the float below t). Where the
        // comparison is the other way round it holds of samples that stay, and equality changes sides.
        let strict = above != or_equal;
        let threshold = if strict { threshold } else { threshold.next_down() };
        let (logits, kind) = match margin::logits_of_margin(network, value)? {
            Some(logits) => (logits, ConfidenceKind::Margin),
            None => (logits(network, value)?, ConfidenceKind::MaxSoftmax),
        };
        Ok(Self { logits, kind, threshold: shortest(threshold), confident: confident == above })
    }
}

/// The decimal that people wrote for a float: 0.996 rather than 0.9959999918937683. It rounds to the same float.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(value.into())
}

/// The node that makes `value`, which is part of `what`.
fn producer<'n>(network: &'n Network, value: ValueId, what: &str) -> Result<&'n Node, String> {
    let id = network.producer(value);
    id.map(|id| &network.nodes[id])
        .ok_or_else(|| format!("{what} is '{}', which no node makes", network.values[value].name))
}

fn data_input(node: &Node) -> Result<ValueId, String> {
    node.input(0).ok_or_else(|| format!("{} has no input", node.place))
}

/// The logits of which `value` is the entropy of the softmax: `-sum p ln p`. None if it is made without a sum.
fn logits_of_entropy(network: &Network, mut value: ValueId) -> Result<Option<ValueId>, Refusal> {
    let (mut negative, mut sum) = (false, None);
    let product = loop {
        let node = producer(network, value, "the confidence")?;
        match node.op() {
            "Neg" => negative = !negative,
            "ReduceSum" if sum.is_none() => sum = Some(node),
            // Of one sample.
            "Identity" | "Squeeze" | "Unsqueeze" | "Reshape" | "Flatten" | "Gather" => {}
            "Mul" => break node,
            _ => return Ok(None),
        }
        value = data_input(node)?;
    };
    let Some(sum) = sum else { return Ok(None) };
    let axes = match sum.input(1) {
        Some(axes) => constant(network, axes).and_then(|tensor| tensor.ints().ok()).unwrap_or_default(),
        None => sum.ints("axes").map(<[i64]>::to_vec).unwrap_or_default(),
    };
    let source =
        |value: Option<ValueId>| network.producer(resolve(network, value?)).map(|id| &network.nodes[id]);
    let along_classes =
        |node: &Node| [1, -1].contains(&node.int("axis", if network.opset < 13 { 1 } else { -1 }));
    // The logits behind `softmax(logits)` and behind `ln softmax(logits)`.
    let probabilities = |node: &Node| {
        let input = node.input(0).filter(|_| node.op() == "Softmax" && along_classes(node))?;
        Some(resolve(network, input))
    };
    let logarithms = |node: &Node| match node.op() {
        "Log" => probabilities(source(node.input(0))?),
        "LogSoftmax" if along_classes(node) => Some(resolve(network, node.input(0)?)),
        _ => None,
    };
    let logits = match (source(product.input(0)), source(product.input(1))) {
        (Some(a), Some(b)) => match (probabilities(a), logarithms(b), logarithms(a), probabilities(b)) {
            (Some(p), Some(l), ..) | (.., Some(l), Some(p)) if p == l => Some(p),
            _ => None,
        },
        _ => None,
    };
    let classes = axes.is_empty() || axes.iter().any(|axis| [1, -1].contains(axis));
    match logits {
        Some(logits) if negative && classes => Ok(Some(logits)),
        _ => Err(format!(
            "its confidence is a sum that {} makes, but of sums only the entropy (Softmax, Log, Mul, ReduceSum over the classes, Neg) is known",
            sum.place
        )
        .into()),
    }
}

/// The logits of which `value` is the largest softmax probability.
fn logits(network: &Network, mut value: ValueId) -> Result<ValueId, Refusal> {
    let reduce = loop {
        let node = producer(network, value, "the confidence")?;
        match node.op() {
            "ReduceMax" => break node,
            "Identity" | "Squeeze" | "Unsqueeze" | "Reshape" | "Flatten" | "Cast" => {
                value = data_input(node)?
            }
            _ => {
                return Err(format!(
                    "its confidence is made by {}, but only the largest softmax probability (Softmax, ReduceMax), the margin and the entropy are known",
                    node.place
                )
                .into());
            }
        }
    };
    attributes::check(network.opset, reduce)?;
    let axes = match reduce.input(1) {
        Some(axes) => constant(network, axes)
            .ok_or_else(|| format!("the axes of {} are not constant", reduce.place))?
            .ints()?,
        None => reduce.ints("axes").map(<[i64]>::to_vec).unwrap_or_default(),
    };
    // All axes, or the classes; the other one has size 1.
    let all = axes.is_empty() && reduce.int("noop_with_empty_axes", 0) == 0;
    if !all && !axes.iter().any(|axis| [1, -1].contains(axis)) {
        return Err(format!("{} is not over the classes (axis 1)", reduce.place).into());
    }
    let softmax = producer(network, resolve(network, data_input(reduce)?), "the confidence")?;
    if softmax.op() != "Softmax" {
        return Err(
            format!("{} reduces the result of {}, not of a Softmax", reduce.place, softmax.place).into()
        );
    }
    attributes::check(network.opset, softmax)?;
    let axis = softmax.int("axis", if network.opset < 13 { 1 } else { -1 });
    if ![1, -1].contains(&axis) {
        return Err(format!("{} is along axis {axis}, not along the classes (axis 1)", softmax.place).into());
    }
    Ok(resolve(network, data_input(softmax)?))
}

/// The constant behind operators that keep its one number.
fn constant(network: &Network, mut value: ValueId) -> Option<&Tensor> {
    loop {
        if let Some(tensor) = network.constant(value) {
            return Some(tensor);
        }
        let node = &network.nodes[network.producer(value)?];
        if !matches!(node.op(), "Identity" | "Cast" | "Squeeze" | "Unsqueeze" | "Reshape") {
            return None;
        }
        value = node.input(0)?;
    }
}
