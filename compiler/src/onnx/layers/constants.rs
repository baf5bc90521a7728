//! Constant folding of what exporters compute shapes with, and the shapes that reshaping operators ask for.

use super::{Lowering, Stop};
use crate::onnx::error::shape as shape_text;
use crate::onnx::graph::Node;
use crate::onnx::tensor::{Data, Tensor};

/// The longest constant that is folded: shapes are short.
const LONGEST: usize = 1024;

/// The largest constant that is made of a shape, in elements.
const LARGEST: i64 = 1 << 24;

impl Lowering<'_> {
    /// The constant that a node makes, if its inputs are constants or only their shapes matter.
    pub(super) fn fold(&self, node: &Node) -> Result<Option<Tensor>, Stop> {
        if node.op() == "Shape" {
            return self.shape_of(node).map(Some);
        }
        let name = node.outputs.first().map_or("", |&v| self.network.values[v].name.as_str());
        if node.op() == "Gather" && node.input(0).is_some_and(|value| self.constant(value).is_some()) {
            return self.gathered(node, name).map(Some);
        }
        let mut inputs = node.inputs.iter().flatten().peekable();
        if inputs.peek().is_none() || !inputs.all(|&value| self.constant(value).is_some()) {
            return Ok(None);
        }
        match node.op() {
            "Concat" => self.concatenation(node, name).map(Some),
            "ConstantOfShape" => self.filled(node, name).map(Some),
            "DequantizeLinear" => self.dequantised(node, name).map(Some),
            "Identity" | "Dropout" => Ok(Some(self.required(node, 0)?.clone())),
            "Squeeze" | "Unsqueeze" | "Reshape" | "Flatten" => {
                let mut tensor = self.required(node, 0)?.clone();
                tensor.shape = self.target_shape(node, &tensor.shape)?;
                Ok(Some(tensor))
            }
            _ => self.fold_arithmetic(node, name),
        }
    }

    /// `DequantizeLinear` of weights or biases: one scale, or one for each index along an axis.
    fn dequantised(&self, node: &Node, name: &str) -> Result<Tensor, Stop> {
        let (tensor, scales) = (self.required(node, 0)?, self.required(node, 1)?.finite()?);
        let zero_points = self.optional(node, 2)?.map(Tensor::codes);
        let axis = match scales.len() {
            1 => 0,
            _ => super::movement::dimension(node, node.int("axis", 1), tensor.shape.len())?,
        };
        let inner = product(tensor.shape.get(axis + 1..).unwrap_or_default()).max(1) as usize;
        let zero_points = zero_points.unwrap_or_else(|| Some(vec![0; scales.len()]));
        let (Some(codes), Some(zero_points)) = (tensor.codes(), zero_points) else {
            let what = format!("'{}' has elements of type {}", tensor.name, tensor.type_name());
            return Err(node.form(what, "quantise weights to int8 or uint8, and biases to int32").into());
        };
        let whole = scales.len() == 1 || tensor.shape.get(axis).is_some_and(|&n| n as usize == scales.len());
        if !whole || zero_points.len() != scales.len() {
            let what = format!("it has {} scales and {} zero points", scales.len(), zero_points.len());
            return Err(node.form(what, "give one of each, or one an output channel").into());
        }
        let value = |(i, code): (usize, &i64)| {
            let channel = i / inner % scales.len();
            (code - zero_points[channel]) as f32 * scales[channel]
        };
        let data = Data::F32(codes.iter().enumerate().map(value).collect());
        Ok(Tensor { name: name.to_owned(), shape: tensor.shape.clone(), data })
    }

    /// `ConstantOfShape`.
    fn filled(&self, node: &Node, name: &str) -> Result<Tensor, Stop> {
        let shape = self.required(node, 0)?.ints()?;
        let value = node.attribute("value").and_then(|a| a.t.clone());
        let value = value.map(|tensor| Tensor::read(tensor, name)).transpose()?;
        let count = super::elements(&shape).filter(|&n| n <= LARGEST).ok_or_else(|| {
            node.form(format!("a constant of shape {}", shape_text(&shape)), "make it smaller")
        })? as usize;
        let data = match value.map(|tensor| tensor.data) {
            None => Data::F32(vec![0.0; count]),
            Some(Data::F32(v)) if v.len() == 1 => Data::F32(vec![v[0]; count]),
            Some(Data::I64(v)) if v.len() == 1 => Data::I64(vec![v[0]; count]),
            Some(Data::I32(v)) if v.len() == 1 => Data::I32(vec![v[0]; count]),
            Some(Data::Bool(v)) if v.len() == 1 => Data::Bool(vec![v[0]; count]),
            _ => {
                let what = "its value is not one float or integer";
                return Err(node.form(what, "the file is invalid: export it again").into());
            }
        };
        Ok(Tensor { name: name.to_owned(), shape, data })
    }

    fn shape_of(&self, node: &Node) -> Result<Tensor, Stop> {
        let value = node.input(0).ok_or(Stop::Unknown)?;
        let shape = self.done.shapes[value].as_deref().ok_or(Stop::Unknown)?;
        let rank = shape.len() as i64;
        let clamp = |at: i64| (if at < 0 { at.saturating_add(rank) } else { at }).clamp(0, rank) as usize;
        let (start, end) = (clamp(node.int("start", 0)), clamp(node.int("end", rank)));
        let part = shape.get(start..end).unwrap_or_default();
        let name = node.outputs.first().map_or("", |&v| self.network.values[v].name.as_str());
        Ok(Tensor::of_ints(name, part.to_vec()))
    }

    /// `Concat` of vectors of integers.
    fn concatenation(&self, node: &Node, name: &str) -> Result<Tensor, Stop> {
        let mut all = vec![];
        for index in 0..node.inputs.len() {
            let tensor = self.constant_vector(node, index)?;
            all.extend(tensor.ints()?);
            if tensor.shape.len() != 1 || all.len() > LONGEST {
                return Err(only_shapes(node));
            }
        }
        Ok(Tensor::of_ints(name, all))
    }

    /// `Gather` of elements of a vector of integers.
    fn gathered(&self, node: &Node, name: &str) -> Result<Tensor, Stop> {
        let (from, at) = (self.constant_vector(node, 0)?, self.constant_vector(node, 1)?);
        let (values, indices) = (from.ints()?, at.ints()?);
        if from.shape.len() != 1 || indices.len() > LONGEST {
            return Err(only_shapes(node));
        }
        let pick = |index: i64| {
            let index = if index < 0 { index.checked_add(values.len() as i64)? } else { index };
            usize::try_from(index).ok().and_then(|i| values.get(i)).copied()
        };
        let picked: Option<Vec<_>> = indices.into_iter().map(pick).collect();
        let picked = picked.ok_or_else(|| node.form("an index is out of range", "the file is invalid"))?;
        Ok(Tensor { name: name.to_owned(), shape: at.shape.clone(), data: Data::I64(picked) })
    }

    fn constant_vector(&self, node: &Node, index: usize) -> Result<&Tensor, Stop> {
        let value = node.input(index).ok_or(Stop::Unknown)?;
        if self.done.shapes[value].is_none() {
            return Err(Stop::Unknown);
        }
        self.constant(value).ok_or_else(|| only_shapes(node))
    }

    /// The shape that `Flatten`, `Reshape`, `Squeeze` or `Unsqueeze` gives to a tensor of shape `from`.
    pub(super) fn target_shape(&self, node: &Node, from: &[i64]) -> Result<Vec<i64>, Stop> {
        let rank = from.len() as i64;
        let invalid = |what: String| -> Stop {
            node.form(format!("{what} of shape {}", shape_text(from)), "the file is invalid: export it again")
                .into()
        };
        let axes = || -> Result<Option<Vec<i64>>, Stop> {
            match self.optional(node, 1)? {
                Some(tensor) => Ok(Some(tensor.ints()?)),
                None => Ok(node.ints("axes").map(<[i64]>::to_vec)),
            }
        };
        let place = |axis: i64, rank: i64| {
            let at = if axis < 0 { axis.saturating_add(rank) } else { axis };
            usize::try_from(at).ok().filter(|&at| (at as i64) < rank)
        };
        let to = match node.op() {
            "Flatten" => {
                let axis = node.int("axis", 1);
                let at = if axis == rank { Some(from.len()) } else { place(axis, rank) };
                let at = at.ok_or_else(|| invalid(format!("axis {axis} is not one")))?;
                vec![product(&from[..at]), product(&from[at..])]
            }
            "Squeeze" => match axes()? {
                None => from.iter().copied().filter(|&size| size != 1).collect(),
                Some(axes) => {
                    let mut keep = vec![true; from.len()];
                    for axis in axes {
                        let at = place(axis, rank).filter(|&at| from[at] == 1);
                        keep[at.ok_or_else(|| invalid(format!("can't squeeze axis {axis}")))?] = false;
                    }
                    from.iter().zip(keep).filter(|(_, keep)| *keep).map(|(size, _)| *size).collect()
                }
            },
            "Unsqueeze" => {
                let axes = axes()?.unwrap_or_default();
                let rank = rank + axes.len() as i64;
                let new: Option<Vec<_>> = axes.iter().map(|&axis| place(axis, rank)).collect();
                let new = new.ok_or_else(|| invalid(format!("can't unsqueeze axes {axes:?}")))?;
                let mut old = from.iter();
                (0..rank as usize)
                    .map(|d| if new.contains(&d) { 1 } else { old.next().copied().unwrap_or(1) })
                    .collect()
            }
            _ => {
                let wanted = self.required(node, 1)?.ints()?;
                let copy_zero = node.int("allowzero", 0) == 0;
                let mut to: Vec<_> = (wanted.iter().enumerate())
                    .map(|(i, &size)| match size {
                        0 if copy_zero => from.get(i).copied().unwrap_or(0),
                        size => size,
                    })
                    .collect();
                if let Some(open) = to.iter().position(|&size| size == -1) {
                    to[open] = 1;
                    let known = super::elements(&to).filter(|&n| n > 0);
                    to[open] = known.map_or(-1, |known| product(from) / known);
                }
                to
            }
        };
        if super::elements(&to) != super::elements(from) {
            return Err(invalid(format!("can't make shape {}", shape_text(&to))));
        }
        Ok(to)
    }
}

/// The product of sizes; those of an empty constant may be absurd.
fn product(sizes: &[i64]) -> i64 {
    sizes.iter().fold(1, |all, &size| all.saturating_mul(size))
}

fn only_shapes(node: &Node) -> Stop {
    node.form(
        "the operator is supported on constant shapes only",
        "fold constants before, e.g. with onnxsim; parts of data are taken by Slice or Split",
    )
    .into()
}
