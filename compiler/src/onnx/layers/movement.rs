//! Layers that move elements: concatenation, parts, padding, transposition.

use super::{Done, Layer, Lowering, Stop};
use crate::onnx::error::shape as shape_text;
use crate::onnx::graph::Node;
use crate::onnx::window::LARGEST;

impl Lowering<'_> {
    /// `Concat` of data.
    pub(super) fn concat(&self, node: &Node) -> Result<Done, Stop> {
        let mut inputs = vec![];
        let mut shape: Vec<i64> = vec![];
        let mut axis = 0;
        for index in 0..node.inputs.len() {
            let (input, part) = self.data(node, index)?;
            if index == 0 {
                axis = dimension(node, node.int("axis", 0), part.len())?;
                shape = part.to_vec();
            } else {
                let same =
                    part.len() == shape.len() && (0..shape.len()).all(|d| d == axis || part[d] == shape[d]);
                if !same {
                    let what = format!(
                        "input {index} has the shape {}, which does not fit {} along axis {axis}",
                        shape_text(part),
                        shape_text(&shape)
                    );
                    return Err(node.form(what, "the file is invalid: export it again").into());
                }
                shape[axis] += part[axis];
            }
            inputs.push(input);
        }
        let layer = match inputs.as_slice() {
            &[one] => Layer::Alias(one),
            _ => Layer::Concat(axis),
        };
        Ok(Done { layer, inputs, shape })
    }

    /// `Slice`: bounds as attributes or inputs.
    pub(super) fn slice(&self, node: &Node) -> Result<Done, Stop> {
        let (_, from) = self.data(node, 0)?;
        let from = from.to_vec();
        let numbers = |index, name: &str| -> Result<Option<Vec<i64>>, Stop> {
            match self.optional(node, index)? {
                Some(tensor) => Ok(Some(tensor.ints()?)),
                None => Ok(node.ints(name).map(<[i64]>::to_vec)),
            }
        };
        let starts = numbers(1, "starts")?.unwrap_or_default();
        let ends = numbers(2, "ends")?.unwrap_or_default();
        let axes = numbers(3, "axes")?.unwrap_or_else(|| (0..starts.len() as i64).collect());
        let steps = numbers(4, "steps")?.unwrap_or_default();
        if steps.iter().any(|&step| step != 1) {
            let what = format!("it has the steps {steps:?}");
            return Err(node.form(what, "only steps of 1 are supported").into());
        }
        if ends.len() != starts.len() || axes.len() != starts.len() {
            let what = "its starts, ends and axes are not of one length";
            return Err(node.form(what, "the file is invalid: export it again").into());
        }
        let mut start = vec![0; from.len()];
        let mut shape = from.clone();
        for ((first, end), axis) in starts.into_iter().zip(ends).zip(axes) {
            let axis = dimension(node, axis, from.len())?;
            // Bounds below 0 count from the end; those out of range are moved into it.
            let place =
                |at: i64| (if at < 0 { at.saturating_add(from[axis]) } else { at }).clamp(0, from[axis]);
            start[axis] = place(first);
            shape[axis] = place(end) - start[axis];
        }
        self.part(node, start, shape)
    }

    /// `Gather` of data by constant indices that follow one another: a part, or all in another shape.
    pub(super) fn gather(&self, node: &Node) -> Result<Done, Stop> {
        let (input, from) = self.data(node, 0)?;
        let from = from.to_vec();
        let indices = self.required(node, 1)?;
        let axis = dimension(node, node.int("axis", 0), from.len())?;
        let place = |index: i64| if index < 0 { index.saturating_add(from[axis]) } else { index };
        let places: Vec<_> = indices.ints()?.into_iter().map(place).collect();
        let first = places.first().copied().unwrap_or_default();
        let count = places.len() as i64;
        let follow = places.iter().zip(first..).all(|(&found, wanted)| found == wanted);
        let inside = follow && count > 0 && first >= 0 && count <= from[axis] - first;
        let mut shape = from[..axis].to_vec();
        shape.extend(&indices.shape);
        shape.extend(&from[axis + 1..]);
        if inside && count == from[axis] {
            let layer = if shape == from { Layer::Alias(input) } else { Layer::Reshape };
            return Ok(Done { layer, inputs: vec![input], shape });
        }
        if !inside || indices.shape.len() != 1 {
            let what = format!("it gathers elements {} of data", shape_text(&places));
            return Err(node.form(what, "a vector of indices that follow one another is supported").into());
        }
        let mut start = vec![0; from.len()];
        start[axis] = first;
        self.part(node, start, shape)
    }

    /// One part of a `Split`.
    pub(super) fn split(&self, node: &Node) -> Result<Done, Stop> {
        let (_, from) = self.data(node, 0)?;
        let axis = dimension(node, node.int("axis", 0), from.len())?;
        let (part, parts) = node.part;
        let sizes = match self.optional(node, 1)? {
            Some(tensor) => Some(tensor.ints()?),
            None => node.ints("split").map(<[i64]>::to_vec),
        };
        let sizes = sizes.unwrap_or_else(|| {
            // Equal parts; the last one may be smaller.
            let parts = parts as i64;
            let each = (from[axis] + parts - 1) / parts;
            (0..parts).map(|i| (from[axis] - i * each).clamp(0, each)).collect()
        });
        let whole = sizes.iter().try_fold(0i64, |sum, &size| sum.checked_add(size).filter(|_| size >= 0));
        if sizes.len() != parts || whole != Some(from[axis]) {
            let what = format!("{parts} parts of the sizes {sizes:?} are not {} on axis {axis}", from[axis]);
            return Err(node.form(what, "the file is invalid: export it again").into());
        }
        let (mut start, mut shape) = (vec![0; from.len()], from.to_vec());
        start[axis] = sizes[..part].iter().sum();
        shape[axis] = sizes[part];
        self.part(node, start, shape)
    }

    /// The part of a node's first input from `start` on.
    fn part(&self, node: &Node, start: Vec<i64>, shape: Vec<i64>) -> Result<Done, Stop> {
        let (input, from) = self.data(node, 0)?;
        if shape.iter().any(|&size| size < 1) {
            let what = format!("nothing is left of its input of shape {}", shape_text(from));
            return Err(node.form(what, "check its bounds").into());
        }
        let layer = if shape == from { Layer::Alias(input) } else { Layer::Slice(start) };
        Ok(Done { layer, inputs: vec![input], shape })
    }

    /// `Pad` with a constant.
    pub(super) fn pad(&self, node: &Node) -> Result<Done, Stop> {
        let (input, from) = self.data(node, 0)?;
        let mode = node.string("mode", "constant");
        if mode != "constant" {
            let what = format!("padding by mode '{mode}' is not supported");
            return Err(node.form(what, "pad with a constant, e.g. zeros").into());
        }
        let pads = match self.optional(node, 1)? {
            Some(tensor) => tensor.ints()?,
            None => node.ints("pads").unwrap_or_default().to_vec(),
        };
        let value = match self.optional(node, 2)? {
            Some(tensor) => tensor.finite()?.first().copied().unwrap_or(0.0),
            None => node.float("value", 0.0),
        };
        let axes = match self.optional(node, 3)? {
            Some(tensor) => tensor.ints()?,
            None => (0..from.len() as i64).collect(),
        };
        if pads.len() != 2 * axes.len() || !pads.iter().all(|pad| (0..=LARGEST).contains(pad)) {
            let what = format!("its pads are {pads:?}");
            let cure = format!("two numbers from 0 to {LARGEST} are wanted for each dimension");
            return Err(node.form(what, cure).into());
        }
        let mut sides = vec![[0; 2]; from.len()];
        for (i, &axis) in axes.iter().enumerate() {
            sides[dimension(node, axis, from.len())?] = [pads[i], pads[i + axes.len()]];
        }
        let shape = from.iter().zip(&sides).map(|(size, [before, after])| size + before + after).collect();
        let layer =
            if sides.iter().all(|s| s == &[0; 2]) { Layer::Alias(input) } else { Layer::Pad(sides, value) };
        Ok(Done { layer, inputs: vec![input], shape })
    }

    /// `Transpose`.
    pub(super) fn transpose(&self, node: &Node) -> Result<Done, Stop> {
        let (input, from) = self.data(node, 0)?;
        let order = permutation(node, from.len())?;
        let shape: Vec<_> = order.iter().map(|&d| from[d]).collect();
        // Sizes of 1 move nothing.
        let moved: Vec<_> = order.iter().filter(|&&d| from[d] != 1).collect();
        let layer = match moved.is_sorted() {
            true if shape == from => Layer::Alias(input),
            true => Layer::Reshape,
            false => Layer::Transpose(order),
        };
        Ok(Done { layer, inputs: vec![input], shape })
    }
}

/// The order of the dimensions that a `Transpose` makes.
pub(super) fn permutation(node: &Node, rank: usize) -> Result<Vec<usize>, Stop> {
    let Some(order) = node.ints("perm") else { return Ok((0..rank).rev().collect()) };
    let mut sorted = order.to_vec();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..rank as i64) {
        let what = format!("perm {order:?} does not order {rank} dimensions");
        return Err(node.form(what, "the file is invalid: export it again").into());
    }
    Ok(order.iter().map(|&d| d as usize).collect())
}

/// The dimension of an axis, which counts from the end if it is below 0.
pub(super) fn dimension(node: &Node, axis: i64, rank: usize) -> Result<usize, Stop> {
    let at = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
    let at = usize::try_from(at).ok().filter(|&at| at < rank);
    at.ok_or_else(|| {
        let what = format!("axis {axis} is none of {rank}");
        node.form(what, "the file is invalid: export it again").into()
    })
}
