//! Arithmetic on constants, which exporters leave in graphs.

use super::movement::permutation;
use super::{Lowering, Stop, elements};
use crate::onnx::error::shape as shape_text;
use crate::onnx::graph::Node;
use crate::onnx::tensor::{Data, Tensor};

impl Lowering<'_> {
    /// The constant that an operator makes of constants, if it is one of those that are folded.
    pub(super) fn fold_arithmetic(&self, node: &Node, name: &str) -> Result<Option<Tensor>, Stop> {
        let first = self.required(node, 0)?;
        let same = |data| Tensor { name: name.to_owned(), shape: first.shape.clone(), data };
        let float: fn(f32) -> f32 = match node.op() {
            "Add" | "Sub" | "Mul" | "Div" => {
                return binary(node, name, first, self.required(node, 1)?).map(Some);
            }
            "Cast" => return cast(node, first).map(|data| Some(same(data))),
            "Transpose" => return transpose(node, name, first).map(Some),
            "Slice" => return self.slice_of_constant(node, name, first).map(Some),
            "Neg" => match &first.data {
                Data::I64(v) => {
                    return Ok(Some(same(Data::I64(v.iter().map(|v| v.wrapping_neg()).collect()))));
                }
                _ => |v| -v,
            },
            "Abs" => f32::abs,
            "Sqrt" => f32::sqrt,
            "Reciprocal" => f32::recip,
            "Exp" => f32::exp,
            "Log" => f32::ln,
            "Floor" => f32::floor,
            "Ceil" => f32::ceil,
            _ => return Ok(None),
        };
        Ok(Some(same(Data::F32(first.floats()?.into_iter().map(float).collect()))))
    }

    /// `Slice` of a vector of integers.
    fn slice_of_constant(&self, node: &Node, name: &str, from: &Tensor) -> Result<Tensor, Stop> {
        let one = |index, attribute: &str, default: Option<i64>| -> Result<i64, Stop> {
            let values = match self.optional(node, index)? {
                Some(tensor) => Some(tensor.ints()?),
                None => node.ints(attribute).map(<[i64]>::to_vec),
            };
            match (values.as_deref(), default) {
                (Some(&[value]), _) => Ok(value),
                (None, Some(default)) => Ok(default),
                _ => Err(unfit(node, from)),
            }
        };
        let (start, end) = (one(1, "starts", None)?, one(2, "ends", None)?);
        let (axis, step) = (one(3, "axes", Some(0))?, one(4, "steps", Some(1))?);
        let values = from.ints()?;
        if from.shape.len() != 1 || ![0, -1].contains(&axis) || step != 1 {
            return Err(unfit(node, from));
        }
        let size = values.len() as i64;
        let place = |at: i64| (if at < 0 { at.saturating_add(size) } else { at }).clamp(0, size) as usize;
        Ok(Tensor::of_ints(name, values.get(place(start)..place(end)).unwrap_or_default().to_vec()))
    }
}

fn unfit(node: &Node, tensor: &Tensor) -> Stop {
    let what = format!("the constant '{}' of shape {} is not folded", tensor.name, shape_text(&tensor.shape));
    node.form(what, "fold constants before, e.g. with onnxsim or onnxruntime's basic optimisations").into()
}

/// `Cast` of a constant.
fn cast(node: &Node, tensor: &Tensor) -> Result<Data, Stop> {
    // ONNX's numbers of types: 1 is float, 6 int32, 7 int64.
    Ok(match (node.int("to", 1), &tensor.data) {
        (1, Data::I64(v)) => Data::F32(v.iter().map(|&v| v as f32).collect()),
        (1, Data::I32(v)) => Data::F32(v.iter().map(|&v| v as f32).collect()),
        (1, Data::F64(v)) => Data::F32(v.iter().map(|&v| v as f32).collect()),
        (6 | 7, Data::F32(v)) => Data::I64(v.iter().map(|&v| v as i64).collect()),
        (7, Data::I32(v)) => Data::I64(v.iter().map(|&v| v.into()).collect()),
        (_, data) => data.clone(),
    })
}

/// A sum, difference, product or quotient; sizes of 1 are spread.
fn binary(node: &Node, name: &str, a: &Tensor, b: &Tensor) -> Result<Tensor, Stop> {
    let rank = a.shape.len().max(b.shape.len());
    let size = |tensor: &Tensor, d: usize| {
        (d + tensor.shape.len()).checked_sub(rank).map_or(1, |own| tensor.shape[own])
    };
    let shape: Vec<_> = (0..rank).map(|d| if size(a, d) == 1 { size(b, d) } else { size(a, d) }).collect();
    let fits = |tensor| (0..rank).all(|d| [1, shape[d]].contains(&size(tensor, d)));
    let Some(count) = elements(&shape).filter(|_| fits(a) && fits(b)) else {
        let what = format!("constants of shapes {} and {}", shape_text(&a.shape), shape_text(&b.shape));
        return Err(node.form(what, "the file is invalid: export it again").into());
    };
    // The place in a tensor of the element at a place of the result.
    let place = |tensor, mut at: i64| {
        let (mut found, mut stride) = (0, 1);
        for d in (0..rank).rev() {
            let own = size(tensor, d);
            if own != 1 {
                found += at % shape[d] * stride;
            }
            at /= shape[d];
            stride *= own;
        }
        found as usize
    };
    let data = if let (Ok(x), Ok(y)) = (a.ints(), b.ints()) {
        let combine = |x: i64, y: i64| match node.op() {
            "Add" => x.checked_add(y),
            "Sub" => x.checked_sub(y),
            "Mul" => x.checked_mul(y),
            _ => x.checked_div(y),
        };
        let all: Option<_> = (0..count).map(|at| combine(x[place(a, at)], y[place(b, at)])).collect();
        Data::I64(all.ok_or_else(|| unfit(node, b))?)
    } else {
        let (x, y) = (a.floats()?, b.floats()?);
        let combine = |x: f32, y: f32| match node.op() {
            "Add" => x + y,
            "Sub" => x - y,
            "Mul" => x * y,
            _ => x / y,
        };
        Data::F32((0..count).map(|at| combine(x[place(a, at)], y[place(b, at)])).collect())
    };
    Ok(Tensor { name: name.to_owned(), shape, data })
}

/// `Transpose` of floats.
fn transpose(node: &Node, name: &str, tensor: &Tensor) -> Result<Tensor, Stop> {
    let order = permutation(node, tensor.shape.len())?;
    let values = tensor.floats()?;
    let mut stride = vec![1; tensor.shape.len()];
    for d in (1..tensor.shape.len()).rev() {
        stride[d - 1] = stride[d] * tensor.shape[d];
    }
    let shape: Vec<_> = order.iter().map(|&d| tensor.shape[d]).collect();
    let place = |mut at: i64| {
        let mut found = 0;
        for (&size, &d) in shape.iter().zip(&order).rev() {
            found += at % size * stride[d];
            at /= size;
        }
        found as usize
    };
    let data = Data::F32((0..values.len() as i64).map(|at| values[place(at)]).collect());
    Ok(Tensor { name: name.to_owned(), shape, data })
}
