//! Element-wise layers: batch normalisation, and sums, differences, products and quotients with constants.

use super::{Constant, Done, Layer, Lowering, Stop};
use crate::onnx::error::shape as shape_text;
use crate::onnx::graph::{Node, ValueId};

impl Lowering<'_> {
    /// `scale * (x - mean) / sqrt(variance + epsilon) + bias`.
    pub(super) fn batch_normalization(&mut self, node: &Node) -> Result<Done, Stop> {
        let (input, shape) = self.data(node, 0)?;
        let (shape, channels) = (shape.to_vec(), shape.get(1).copied().unwrap_or(0));
        let mut parameters = [vec![], vec![], vec![], vec![]];
        for (i, parameter) in parameters.iter_mut().enumerate() {
            let tensor = self.required(node, i + 1)?;
            *parameter = tensor.finite()?;
            if parameter.len() as i64 != channels {
                let found = shape_text(&tensor.shape);
                let what = format!("'{}' has the shape {found}, but expected [{channels}]", tensor.name);
                return Err(node.form(what, "the file is invalid: export it again").into());
            }
        }
        let [scale, bias, mean, variance] = parameters;
        let epsilon = f64::from(node.float("epsilon", 1e-5));
        // In double precision, so that folding rounds once.
        let (scale, shift): (Vec<_>, Vec<_>) = (0..scale.len())
            .map(|i| {
                let factor = f64::from(scale[i]) / (f64::from(variance[i]) + epsilon).sqrt();
                (factor as f32, (f64::from(bias[i]) - f64::from(mean[i]) * factor) as f32)
            })
            .unzip();
        if !scale.iter().chain(&shift).all(|v| v.is_finite()) {
            let what = "its variance is negative, or so small that the scale is infinite";
            return Err(node
                .form(what, "the training diverged, or the file is damaged; train or export it again")
                .into());
        }
        Ok(self.affine(input, shape, scale, shift))
    }

    /// `Add`, `Sub`, `Mul`, `Div`, `Max`, `Min`.
    pub(super) fn arithmetic(&mut self, node: &Node) -> Result<Done, Stop> {
        let constant = |index| node.input(index).is_some_and(|value| self.constant(value).is_some());
        let (data_at, constant_at) = match (constant(0), constant(1)) {
            (false, true) => (0, 1),
            (true, false) => (1, 0),
            _ => return self.pair(node),
        };
        let (input, shape) = self.data(node, data_at)?;
        let shape = shape.to_vec();
        if ["Max", "Min"].contains(&node.op()) {
            return self.limit(node, constant_at, input, shape);
        }
        if !self.by_channel(node, constant_at, &shape)? {
            return self.with_constant(node, data_at, constant_at, input, shape);
        }
        let values = self.spread(node, constant_at, &shape)?;
        let negative = |v: &[f32]| v.iter().map(|v| -v).collect();
        let (scale, shift) = match (node.op(), data_at) {
            ("Add", _) => (vec![1.0], values),
            ("Sub", 0) => (vec![1.0], negative(&values)),
            ("Sub", _) => (vec![-1.0], values),
            ("Mul", _) => (values, vec![0.0]),
            ("Div", 0) if !values.contains(&0.0) => (values.iter().map(|v| 1.0 / v).collect(), vec![0.0]),
            _ => return Err(no_division(node)),
        };
        Ok(self.affine(input, shape, scale, shift))
    }

    /// Two values.
    fn pair(&self, node: &Node) -> Result<Done, Stop> {
        let (a, shape) = self.data(node, 0)?;
        if node.inputs.len() == 1 && ["Max", "Min"].contains(&node.op()) {
            return Ok(Done { layer: Layer::Alias(a), inputs: vec![a], shape: shape.to_vec() });
        }
        let (b, other) = self.data(node, 1)?;
        let fits =
            shape.len() == other.len() && shape.iter().zip(other).all(|(a, b)| a == b || *a == 1 || *b == 1);
        if !fits || node.inputs.len() > 2 {
            let what = format!("data of shapes {} and {}", shape_text(shape), shape_text(other));
            let cure =
                "two values of one shape are supported, or of as many dimensions where sizes of 1 are spread";
            return Err(node.form(what, cure).into());
        }
        let layer = match node.op() {
            "Add" => Layer::Add,
            "Sub" => Layer::Sub,
            "Mul" => Layer::Mul,
            "Max" => Layer::Max,
            "Min" => Layer::Min,
            _ => return Err(no_division(node)),
        };
        let shape = shape.iter().zip(other).map(|(a, b)| *a.max(b)).collect();
        Ok(Done { layer, inputs: vec![a, b], shape })
    }

    /// The larger or smaller of data and a number.
    fn limit(&self, node: &Node, constant_at: usize, input: ValueId, shape: Vec<i64>) -> Result<Done, Stop> {
        let &[bound] = self.required(node, constant_at)?.finite()?.as_slice() else {
            let what = "its constant is not one number";
            return Err(node.form(what, "the larger or smaller of data and one number is supported").into());
        };
        let layer =
            if node.op() == "Max" { Layer::Clamp(bound, f32::MAX) } else { Layer::Clamp(f32::MIN, bound) };
        Ok(Done { layer, inputs: vec![input], shape })
    }

    /// Data and a constant that is neither one number nor one a channel.
    fn with_constant(
        &self,
        node: &Node,
        data_at: usize,
        constant_at: usize,
        input: ValueId,
        shape: Vec<i64>,
    ) -> Result<Done, Stop> {
        let tensor = self.required(node, constant_at)?;
        let mut values = tensor.finite()?;
        let fits = tensor.shape.len() <= shape.len()
            && tensor.shape.iter().rev().zip(shape.iter().rev()).all(|(own, size)| own == size || *own == 1);
        if !fits {
            let (found, of) = (shape_text(&tensor.shape), shape_text(&shape));
            let what = format!("'{}' of shape {found} with data of shape {of}", tensor.name);
            return Err(node
                .form(what, "the constant must be as large as the data, or spread over it")
                .into());
        }
        let mut sizes = vec![1; shape.len() - tensor.shape.len()];
        sizes.extend(&tensor.shape);
        match (node.op(), data_at) {
            ("Sub", 0) => values.iter_mut().for_each(|v| *v = -*v),
            ("Div", 0) if !values.contains(&0.0) => values.iter_mut().for_each(|v| *v = 1.0 / *v),
            ("Add" | "Mul", _) => {}
            ("Sub", _) => {
                let what = format!("'{}' minus data", tensor.name);
                return Err(node.form(what, "the constant must be one number, or one a channel").into());
            }
            _ => return Err(no_division(node)),
        }
        let constant = Constant { shape: sizes, values };
        let layer = match node.op() {
            "Add" | "Sub" => Layer::AddConstant(constant),
            _ => Layer::MulConstant(constant),
        };
        Ok(Done { layer, inputs: vec![input], shape })
    }

    /// Is a constant one number, or one a channel of data of the given shape?
    fn by_channel(&self, node: &Node, index: usize, shape: &[i64]) -> Result<bool, Stop> {
        let tensor = self.required(node, index)?;
        // ONNX lines dimensions up at the end; the channels are dimension 1.
        let missing = shape.len().checked_sub(tensor.shape.len());
        Ok(missing.is_some_and(|missing| {
            let size = |dimension: usize| dimension.checked_sub(missing).map_or(1, |d| tensor.shape[d]);
            tensor.count() == 1 || (0..shape.len()).all(|d| size(d) == if d == 1 { shape[1] } else { 1 })
        }))
    }

    /// A constant as one number, or as one a channel of data of the given shape.
    pub(super) fn spread(&self, node: &Node, index: usize, shape: &[i64]) -> Result<Vec<f32>, Stop> {
        let tensor = self.required(node, index)?;
        let values = tensor.finite()?;
        if self.by_channel(node, index, shape)? {
            return Ok(values);
        }
        let what = format!(
            "'{}' of shape {} with data of shape {}",
            tensor.name,
            shape_text(&tensor.shape),
            shape_text(shape)
        );
        Err(node.form(what, "only one number, or one a channel, is supported").into())
    }

    /// `scale * x + shift`: part of the layer before if that has weights, else a layer of its own.
    pub(super) fn affine(
        &mut self,
        input: ValueId,
        shape: Vec<i64>,
        scale: Vec<f32>,
        shift: Vec<f32>,
    ) -> Done {
        let layer = if self.absorb(input, &scale, &shift) {
            Layer::Alias(input)
        } else {
            Layer::Affine(scale, shift)
        };
        Done { layer, inputs: vec![input], shape }
    }
}

fn no_division(node: &Node) -> Stop {
    node.form("division by data or by zero is not supported", "divide by constants only").into()
}
