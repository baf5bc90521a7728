//! Recognises the margin of a classifier: the largest softmax probability less the second largest, which TopK picks.

use super::{constant, data_input, producer, resolve};
use crate::onnx::graph::{Network, Node, ValueId};

/// The logits of which `value` is the margin; None if it is made without a difference.
pub(super) fn logits_of_margin(network: &Network, mut value: ValueId) -> Result<Option<ValueId>, String> {
    let difference = loop {
        let node = producer(network, value, "the confidence")?;
        match node.op() {
            "Sub" => break node,
            "Identity" | "Squeeze" | "Unsqueeze" | "Reshape" | "Flatten" | "Cast" | "Gather" => {
                value = data_input(node)?;
            }
            _ => return Ok(None),
        }
    };
    let side = |index| difference.input(index).and_then(|value| picked(network, value));
    let logits = match (side(0), side(1)) {
        (Some((first, 0)), Some((second, 1))) if first == second => logits_of_values(network, first),
        _ => None,
    };
    logits.map(Some).ok_or_else(|| {
        format!(
            "its confidence is a difference that {} makes, but of differences only the margin (Softmax, TopK, the first value \
             less the second) is known",
            difference.place
        )
    })
}

/// The value, and the number, of the element of TopK's values that a value is.
fn picked(network: &Network, mut value: ValueId) -> Option<(ValueId, i64)> {
    let mut index = None;
    loop {
        let id = network.producer(value)?;
        let node = &network.nodes[id];
        let part = match node.op() {
            "TopK" => return Some((value, index?)),
            "Gather" => gathered(network, node),
            "Slice" => sliced(network, node),
            // One value each.
            "Split" if node.part.1 > 1 && index.is_none() => Some(node.part.0 as i64),
            "Identity" | "Squeeze" | "Unsqueeze" | "Reshape" | "Flatten" | "Cast" => None,
            _ => return None,
        };
        match (index, part) {
            (None, Some(part)) => index = Some(part),
            // Of what is one element already only the first can be picked.
            (Some(_), Some(0)) | (_, None) => {}
            (Some(_), Some(_)) => return None,
        }
        value = node.input(0)?;
    }
}

/// The number that a Gather picks; None along the samples, of which there is one.
fn gathered(network: &Network, node: &Node) -> Option<i64> {
    let indices = constant(network, node.input(1)?)?.ints().ok()?;
    let along_samples = node.int("axis", 0) == 0 && rank_is_two(network, node);
    match indices[..] {
        [index] if !along_samples => Some(index),
        _ => None,
    }
}

/// The number that a Slice of one element picks; None along the samples.
fn sliced(network: &Network, node: &Node) -> Option<i64> {
    let ints = |index| constant(network, node.input(index)?)?.ints().ok();
    let (starts, ends) = ints(1).zip(ints(2))?;
    let axis = ints(3).map_or(Some(0), |axes| axes.first().copied())?;
    match (&starts[..], &ends[..]) {
        (&[start], &[end]) if end == start + 1 && !(axis == 0 && rank_is_two(network, node)) => Some(start),
        _ => None,
    }
}

/// Does a node read TopK's values, `[1, k]`, in that shape?
fn rank_is_two(network: &Network, node: &Node) -> bool {
    let source = node.input(0).map(|value| resolve(network, value)).and_then(|value| network.producer(value));
    source.is_none_or(|id| network.nodes[id].op() == "TopK")
}

/// The logits whose probabilities, at least two and the largest first, are the values of a TopK.
fn logits_of_values(network: &Network, values: ValueId) -> Option<ValueId> {
    let top = &network.nodes[network.producer(values)?];
    let count = match top.input(1) {
        Some(count) => *constant(network, count)?.ints().ok()?.first()?,
        None => top.int("k", 0),
    };
    let ordered = top.int("largest", 1) == 1 && top.int("sorted", 1) == 1;
    let first_output = top.outputs.first() == Some(&values);
    if !ordered || !first_output || count < 2 || ![1, -1].contains(&top.int("axis", -1)) {
        return None;
    }
    let softmax = &network.nodes[network.producer(resolve(network, top.input(0)?))?];
    let axis = softmax.int("axis", if network.opset < 13 { 1 } else { -1 });
    (softmax.op() == "Softmax" && [1, -1].contains(&axis))
        .then(|| softmax.input(0))?
        .map(|value| resolve(network, value))
}
