//! Recognises elements that TopK picks, and the margin: the largest softmax probability less the second largest.

use super::{Refusal, constant, probabilities, producer, resolve};
use crate::onnx::graph::{Network, Node, ValueId};

/// The logits of which `value` is the margin; None if it is none.
pub(super) fn logits_of_margin(network: &Network, value: ValueId) -> Result<Option<ValueId>, Refusal> {
    let difference = producer(network, value, "the confidence")?;
    if difference.op() != "Sub" {
        return Ok(None);
    }
    let side = |index| difference.input(index).and_then(|value| picked(network, value));
    let (Some((first, 0)), Some((second, 1))) = (side(0), side(1)) else { return Ok(None) };
    match sorted(network, first, 2) {
        Some(all) if first == second => probabilities::of(network, all),
        _ => Ok(None),
    }
}

/// The value, and the number, of the element of TopK's values that a value is.
pub(super) fn picked(network: &Network, mut value: ValueId) -> Option<(ValueId, i64)> {
    let mut index = None;
    loop {
        let id = network.producer(value)?;
        let node = &network.nodes[id];
        let part = match node.op() {
            "TopK" => {
                return index.or((count(network, node) == Some(1)).then_some(0)).map(|index| (value, index));
            }
            "Gather" => gathered(network, node),
            "Slice" => sliced(network, node),
            // One value each.
            "Split" if node.part.1 > 1 && index.is_none() => Some(node.part.0 as i64),
            "Identity" | "Squeeze" | "Unsqueeze" | "Reshape" | "Flatten" | "Cast" | "QuantizeLinear"
            | "DequantizeLinear" => None,
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
    let mut source = node.input(0).map(|value| resolve(network, value));
    while let Some(before) = source.and_then(|value| super::unquantised(network, value)) {
        source = Some(before);
    }
    let source = source.and_then(|value| network.producer(value));
    source.is_none_or(|id| network.nodes[id].op() == "TopK")
}

/// What a TopK along the classes sorts to make `values`, at least so many, the largest first.
pub(super) fn sorted(network: &Network, values: ValueId, at_least: i64) -> Option<ValueId> {
    let top = &network.nodes[network.producer(values)?];
    let ordered = top.int("largest", 1) == 1
        && (top.int("sorted", 1) == 1 || at_least == 1 && count(network, top)? == 1);
    let first_output = top.outputs.first() == Some(&values);
    let all =
        ordered && first_output && count(network, top)? >= at_least && [1, -1].contains(&top.int("axis", -1));
    top.input(0).filter(|_| all)
}

fn count(network: &Network, top: &Node) -> Option<i64> {
    match top.input(1) {
        Some(count) => constant(network, count)?.ints().ok()?.first().copied(),
        None => Some(top.int("k", 0)),
    }
}
