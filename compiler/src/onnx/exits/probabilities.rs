//! Recognises softmax probabilities, their logarithms, and the sum that the entropy is made of.
//!
//! A probability that is quantised counts as itself: the decision is made of exact ones.

use super::confidence::Refusal;
use super::{constant, resolve, unquantised};
use crate::onnx::attributes;
use crate::onnx::graph::{Network, Node, ValueId};

/// The largest number that people add to a probability, or limit it to, so that its logarithm is finite. It changes an entropy by so
/// much for each class at most, since `p ln(1 + e / p) <= e`.
const LARGEST_EPSILON: f32 = 1e-4;

/// The logits whose softmax probabilities a value is.
pub(super) fn of(network: &Network, value: ValueId) -> Result<Option<ValueId>, Refusal> {
    let Some(node) = source(network, value) else { return Ok(None) };
    match (node.op(), input(network, node, 0)) {
        ("Softmax", Some(logits)) => {
            along_classes(network, node)?;
            // The softmax of a softmax's logarithms is that softmax.
            Ok(Some(logarithms(network, logits)?.unwrap_or(logits)))
        }
        ("Exp", Some(inner)) => logarithms(network, inner),
        _ => Ok(None),
    }
}

/// The logits whose softmax probabilities' logarithms a value is.
pub(super) fn logarithms(network: &Network, value: ValueId) -> Result<Option<ValueId>, Refusal> {
    let Some(node) = source(network, value) else { return Ok(None) };
    let Some(inner) = input(network, node, 0) else { return Ok(None) };
    match node.op() {
        "LogSoftmax" => along_classes(network, node).map(|()| Some(inner)),
        "Log" => of(network, without_epsilon(network, inner)),
        // A limit that keeps minus infinity out.
        "Clip" if bounds(network, node).is_some_and(|[low, high]| low < -1e4 && high >= 0.0) => {
            logarithms(network, inner)
        }
        "Sub" => {
            Ok(input(network, node, 1).filter(|&sum| sums_exponentials(network, sum, inner)).map(|_| inner))
        }
        _ => Ok(None),
    }
}

/// The logits of which `value` is `sum p ln p`, or its negative, the entropy (true).
pub(super) fn logits_of_entropy(
    network: &Network,
    value: ValueId,
) -> Result<Option<(ValueId, bool)>, Refusal> {
    let Some(sum) = source(network, value).filter(|node| node.op() == "ReduceSum") else { return Ok(None) };
    if !over_classes(network, sum)? {
        return Ok(None);
    }
    let (mut negative, mut product) = (false, sum);
    loop {
        let Some(inner) = product.input(0).and_then(|value| source(network, value)) else { return Ok(None) };
        product = inner;
        match product.op() {
            "Neg" => negative = !negative,
            "Mul" => break,
            _ => return Ok(None),
        }
    }
    let mut factors = vec![];
    for index in 0..2 {
        let Some(mut factor) = input(network, product, index) else { return Ok(None) };
        if let Some(node) = source(network, factor).filter(|node| node.op() == "Neg")
            && let Some(inner) = input(network, node, 0)
        {
            (negative, factor) = (!negative, inner);
        }
        factors.push(factor);
    }
    for (p, l) in [(factors[0], factors[1]), (factors[1], factors[0])] {
        let p = of(network, without_epsilon(network, p))?;
        if let (Some(p), Some(l)) = (p, logarithms(network, l)?)
            && p == l
        {
            return Ok(Some((p, negative)));
        }
    }
    Ok(None)
}

/// Does a reduction go over the classes of a sample: axis 1, or all?
pub(super) fn over_classes(network: &Network, reduce: &Node) -> Result<bool, Refusal> {
    let axes = match reduce.input(1) {
        Some(axes) => constant(network, axes)
            .ok_or_else(|| format!("the axes of {} are not constant", reduce.place))?
            .ints()?,
        None => reduce.ints("axes").map(<[i64]>::to_vec).unwrap_or_default(),
    };
    let all = axes.is_empty() && reduce.int("noop_with_empty_axes", 0) == 0;
    Ok(all || axes.iter().any(|axis| [1, -1].contains(axis)))
}

/// The node that makes a value, behind what hands it on and what quantises it.
fn source(network: &Network, value: ValueId) -> Option<&Node> {
    let mut value = resolve(network, value);
    while let Some(before) = unquantised(network, value) {
        value = before;
    }
    network.producer(value).map(|id| &network.nodes[id])
}

fn input(network: &Network, node: &Node, index: usize) -> Option<ValueId> {
    node.input(index).map(|value| resolve(network, value))
}

fn along_classes(network: &Network, softmax: &Node) -> Result<(), Refusal> {
    attributes::check(network.opset, softmax)?;
    let axis = softmax.int("axis", if network.opset < 13 { 1 } else { -1 });
    if [1, -1].contains(&axis) {
        return Ok(());
    }
    Err(format!("{} is along axis {axis}, not along the classes (axis 1)", softmax.place).into())
}

/// Probabilities without what keeps them above 0.
fn without_epsilon(network: &Network, value: ValueId) -> ValueId {
    let small = |epsilon: f32| (0.0..=LARGEST_EPSILON).contains(&epsilon);
    let inner = || {
        let node = source(network, value)?;
        match node.op() {
            "Add" => {
                let constants = [0, 1].map(|index| number(network, node, index));
                let at = constants.iter().position(|c| c.is_some_and(small))?;
                input(network, node, 1 - at)
            }
            "Clip" | "Max" => {
                let [low, high] = bounds(network, node)?;
                input(network, node, 0).filter(|_| small(low) && high > 1.0 - LARGEST_EPSILON)
            }
            _ => None,
        }
    };
    inner().unwrap_or(value)
}

/// The bounds that a Clip, or a Max with a constant behind the data, puts on its data.
fn bounds(network: &Network, node: &Node) -> Option<[f32; 2]> {
    if node.op() == "Max" {
        return Some([number(network, node, 1)?, f32::INFINITY]);
    }
    let bound = |index: usize, name: &str, none: f32| match node.input(index) {
        Some(_) => number(network, node, index),
        None => Some(node.float(name, none)),
    };
    Some([bound(1, "min", f32::NEG_INFINITY)?, bound(2, "max", f32::INFINITY)?])
}

fn number(network: &Network, node: &Node, index: usize) -> Option<f32> {
    let tensor = constant(network, node.input(index)?)?;
    tensor.floats().ok()?.first().copied().filter(|_| tensor.count() == 1)
}

/// Is a value `ln sum e^logits`?
fn sums_exponentials(network: &Network, value: ValueId, logits: ValueId) -> bool {
    let node = source(network, value).filter(|node| node.op() == "ReduceLogSumExp");
    node.is_some_and(|node| {
        input(network, node, 0) == Some(logits) && matches!(over_classes(network, node), Ok(true))
    })
}
