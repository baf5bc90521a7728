//! Element-wise layers: batch normalisation, and sums, differences, products and quotients with constants.

use super::{Done, Layer, Lowering, Stop};
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

    /// `Add`, `Sub`, `Mul`, `Div`.
    pub(super) fn arithmetic(&mut self, node: &Node) -> Result<Done, Stop> {
        let constant = |index| node.input(index).is_some_and(|value| self.constant(value).is_some());
        let (data_at, constant_at) = match (constant(0), constant(1)) {
            (false, true) => (0, 1),
            (true, false) => (1, 0),
            _ => return self.sum(node),
        };
        let (input, shape) = self.data(node, data_at)?;
        let shape = shape.to_vec();
        let values = self.spread(node, constant_at, &shape)?;
        let negative = |v: &[f32]| v.iter().map(|v| -v).collect();
        let (scale, shift) = match (node.op(), data_at) {
            ("Add", _) => (vec![1.0], values),
            ("Sub", 0) => (vec![1.0], negative(&values)),
            ("Sub", _) => (vec![-1.0], values),
            ("Mul", _) => (values, vec![0.0]),
            ("Div", 0) if !values.contains(&0.0) => (values.iter().map(|v| 1.0 / v).collect(), vec![0.0]),
            _ => {
                let what = "division by data or by zero is not supported";
                return Err(node.form(what, "divide by constants only").into());
            }
        };
        Ok(self.affine(input, shape, scale, shift))
    }

    /// The sum of two values.
    fn sum(&self, node: &Node) -> Result<Done, Stop> {
        let (a, shape) = self.data(node, 0)?;
        let (b, other) = self.data(node, 1)?;
        if node.op() != "Add" || shape != other {
            let what = format!("data of shapes {} and {}", shape_text(shape), shape_text(other));
            let cure = "of two values that both depend on the image only sums of one shape are supported";
            return Err(node.form(what, cure).into());
        }
        Ok(Done { layer: Layer::Add, inputs: vec![a, b], shape: shape.to_vec() })
    }

    /// A constant as one number, or as one a channel of data of the given shape.
    fn spread(&self, node: &Node, index: usize, shape: &[i64]) -> Result<Vec<f32>, Stop> {
        let tensor = self.required(node, index)?;
        let values = tensor.finite()?;
        if values.len() == 1 && tensor.shape.len() <= shape.len() {
            return Ok(values);
        }
        // ONNX lines dimensions up at the end; the channels are dimension 1.
        let missing = shape.len().checked_sub(tensor.shape.len());
        let by_channel = missing.is_some_and(|missing| {
            let size = |dimension: usize| dimension.checked_sub(missing).map_or(1, |d| tensor.shape[d]);
            (0..shape.len()).all(|d| size(d) == if d == 1 { shape[1] } else { 1 })
        });
        if by_channel {
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
    fn affine(&mut self, input: ValueId, shape: Vec<i64>, scale: Vec<f32>, shift: Vec<f32>) -> Done {
        let layer = if self.absorb(input, &scale, &shift) {
            Layer::Alias(input)
        } else {
            Layer::Affine(scale, shift)
        };
        Done { layer, inputs: vec![input], shape }
    }
}
