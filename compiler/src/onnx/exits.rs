//! Finds the exits of a network: an `If` (or a `Where`, which is the same for a single sample) that returns a classifier's
//! logits where the largest of their softmax probabilities or the margin to the second exceeds a threshold, or their entropy is
//! below one.

mod confidence;
mod margin;
mod probabilities;

use super::error::Problem;
use super::graph::{Network, Node, NodeId, ValueId};
use super::tensor::Tensor;
use atheena_dialects::ee::ConfidenceKind;
use confidence::{Condition, Refusal};

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
        let (mut last, mut probabilities) = answer_of(network, result);
        // Whether each exit's samples get probabilities.
        let mut answers = vec![];
        while let Some(id) = network.producer(last) {
            let node = &network.nodes[id];
            if !matches!(node.op(), "If" | "Where") {
                break;
            }
            let (exit, answer) = exit(network, id, last)?;
            answers.push((id, answer || probabilities));
            let (stay, answer) = answer_of(network, exit.stay);
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

/// As [`logits_of`], of what exits return: a quantiser behind an exit, which rounds the answer once more, is left out.
fn answer_of(network: &Network, value: ValueId) -> (ValueId, bool) {
    let (logits, probabilities) = logits_of(network, value);
    match unquantised(network, logits) {
        Some(before) if is_exit(network, before) => (before, probabilities),
        _ => (logits, probabilities),
    }
}

fn is_exit(network: &Network, value: ValueId) -> bool {
    network.producer(value).is_some_and(|id| matches!(network.nodes[id].op(), "If" | "Where"))
}

/// What a DequantizeLinear of a QuantizeLinear rounds.
fn unquantised(network: &Network, value: ValueId) -> Option<ValueId> {
    let node = &network.nodes[network.producer(value)?];
    let codes = node.input(0).filter(|_| node.op() == "DequantizeLinear")?;
    let node = &network.nodes[network.producer(codes)?];
    let real = node.input(0).filter(|_| node.op() == "QuantizeLinear")?;
    Some(resolve(network, real))
}

/// Are two values the same numbers? Some quantisers write a DequantizeLinear for each reader.
fn same(network: &Network, a: ValueId, b: ValueId) -> bool {
    let codes = |value| {
        let node = &network.nodes[network.producer(value)?];
        node.input(0).filter(|_| node.op() == "DequantizeLinear")
    };
    a == b || codes(a).is_some_and(|codes_of_a| codes(b) == Some(codes_of_a))
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
    if !same(network, answer, logits) {
        let of = network.place(logits);
        if same(network, logits_of(network, stay).0, logits) {
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

/// The node that makes `value`, which is part of `what`.
fn producer<'n>(network: &'n Network, value: ValueId, what: &str) -> Result<&'n Node, String> {
    let id = network.producer(value);
    id.map(|id| &network.nodes[id])
        .ok_or_else(|| format!("{what} is '{}', which no node makes", network.values[value].name))
}

fn data_input(node: &Node) -> Result<ValueId, String> {
    node.input(0).ok_or_else(|| format!("{} has no input", node.place))
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
