//! Convolutions and dense layers: weights from ONNX's order to TOSA's.

use super::{Done, Layer, Lowering, Stop, Weights, Window};
use crate::onnx::error::{Problem, shape as shape_text};
use crate::onnx::graph::Node;
use crate::onnx::tensor::Tensor;

impl Lowering<'_> {
    /// `Conv`: weights `[OC, C / group, KH, KW]`.
    pub(super) fn convolution(&self, node: &Node) -> Result<Done, Stop> {
        let (input, image) = self.image(node)?;
        let channels = image.channels;
        let tensor = self.required(node, 1)?;
        let values = tensor.finite()?;
        let group = node.int("group", 1);
        let sizes = if image.dimensions == 1 { "length" } else { "height, width" };
        let (outputs, inputs, rows, columns) = match *tensor.shape {
            [outputs, inputs, length] if image.dimensions == 1 => (outputs, inputs, 1, length),
            [outputs, inputs, rows, columns] if image.dimensions == 2 => (outputs, inputs, rows, columns),
            _ => {
                return Err(
                    bad_weights(node, tensor, &format!("[outputs, channels / group, {sizes}]")).into()
                );
            }
        };
        if group < 1
            || inputs.checked_mul(group) != Some(channels)
            || outputs % group != 0
            || tensor.count() == 0
        {
            let what = format!("[outputs, {channels} / {group}, {sizes}]");
            return Err(bad_weights(node, tensor, &what).into());
        }
        let bias = self.bias(node, 2, outputs)?;
        let window = Window::of(node, image.size, image.dimensions, Some([rows, columns]))?;
        let shape = image.with(outputs, window.output);
        let layer = if group == 1 || inputs != 1 {
            let values = permuted(&values, [outputs, inputs, rows, columns], [0, 2, 3, 1]);
            let weights = Weights { shape: vec![outputs, rows, columns, inputs], values, bias };
            if group == 1 { Layer::Conv(weights, window) } else { Layer::Grouped(group, weights, window) }
        } else {
            // Output c * M + m is of input c, in both ONNX and TOSA.
            let multiple = outputs / channels;
            let values = permuted(&values, [channels, multiple, rows, columns], [2, 3, 0, 1]);
            Layer::Depthwise(Weights { shape: vec![rows, columns, channels, multiple], values, bias }, window)
        };
        Ok(Done { layer, inputs: vec![input], shape })
    }

    /// `Gemm` and `MatMul` with a constant matrix on the right.
    pub(super) fn dense(&self, node: &Node) -> Result<Done, Stop> {
        let (input, shape) = self.data(node, 0)?;
        let gemm = node.op() == "Gemm";
        let column = gemm && node.int("transA", 0) != 0;
        let inputs = match *shape {
            [1, inputs] if !column => inputs,
            // A column and a row hold the same elements.
            [inputs, 1] if column => inputs,
            _ => {
                let form = if column { "[size, 1]" } else { "[1, size]" };
                let what = format!("its input has the shape {}, but must have {form}", shape_text(shape));
                return Err(node.form(what, "flatten the features of a sample before").into());
            }
        };
        let tensor = self.required(node, 1)?;
        let mut values = tensor.finite()?;
        let by_output = gemm && node.int("transB", 0) != 0;
        let outputs = match *tensor.shape.as_slice() {
            [outputs, k] if by_output && k == inputs => outputs,
            [k, outputs] if !by_output && k == inputs => outputs,
            _ => {
                let form =
                    if by_output { format!("[outputs, {inputs}]") } else { format!("[{inputs}, outputs]") };
                return Err(bad_weights(node, tensor, &form).into());
            }
        };
        if tensor.count() == 0 {
            return Err(bad_weights(node, tensor, "at least one output").into());
        }
        if !by_output {
            values = permuted(&values, [1, 1, inputs, outputs], [0, 1, 3, 2]);
        }
        let (alpha, beta) =
            if gemm { (node.float("alpha", 1.0), node.float("beta", 1.0)) } else { (1.0, 1.0) };
        let mut bias = if gemm { self.bias(node, 2, outputs)? } else { vec![0.0; outputs as usize] };
        values.iter_mut().for_each(|w| *w *= alpha);
        bias.iter_mut().for_each(|b| *b *= beta);
        let weights = Weights { shape: vec![outputs, inputs], values, bias };
        Ok(Done { layer: Layer::Dense(weights), inputs: vec![input], shape: vec![1, outputs] })
    }

    /// The bias of a layer, zeros if it has none; one number counts for all outputs.
    fn bias(&self, node: &Node, index: usize, outputs: i64) -> Result<Vec<f32>, Stop> {
        // The weights hold at least one element for each output.
        let count = outputs as usize;
        let Some(tensor) = self.optional(node, index)? else { return Ok(vec![0.0; count]) };
        let values = tensor.finite()?;
        let row = tensor.shape.iter().rev().skip(1).all(|&size| size == 1);
        match values.as_slice() {
            &[value] if row => Ok(vec![value; count]),
            values if row && values.len() == count => Ok(values.to_vec()),
            _ => Err(bad_weights(node, tensor, &format!("[{outputs}]")).into()),
        }
    }

    /// Puts `scale * x + shift` behind the layer that makes `x` into that layer's weights, if nothing else reads `x`.
    pub(super) fn absorb(&mut self, input: usize, scale: &[f32], shift: &[f32]) -> bool {
        // Quantised weights stay as they are.
        let quantised = self.network.nodes.iter().any(|node| node.op() == "QuantizeLinear");
        let alone = !quantised && self.uses[input] == 1;
        let Some(producer) = self.network.producer(input).filter(|_| alone) else {
            return false;
        };
        let (weights, channel_is_last) = match &mut self.done.layers[producer] {
            Some(Layer::Conv(weights, _) | Layer::Grouped(_, weights, _) | Layer::Dense(weights)) => {
                (weights, false)
            }
            Some(Layer::Depthwise(weights, _)) => (weights, true),
            _ => return false,
        };
        let channels = weights.bias.len();
        let each = weights.values.len() / channels.max(1);
        let of = |values: &[f32], channel: usize| if let &[value] = values { value } else { values[channel] };
        for (i, weight) in weights.values.iter_mut().enumerate() {
            *weight *= of(scale, if channel_is_last { i % channels } else { i / each });
        }
        for (channel, bias) in weights.bias.iter_mut().enumerate() {
            *bias = *bias * of(scale, channel) + of(shift, channel);
        }
        true
    }
}

fn bad_weights(node: &Node, tensor: &Tensor, expected: &str) -> Problem {
    let what =
        format!("'{}' has the shape {}, but expected {expected}", tensor.name, shape_text(&tensor.shape));
    node.form(
        what,
        "only layers on images [1, channels, height, width], sequences [1, channels, length] and vectors [1, size] are \
         supported",
    )
}

/// The elements in the order of the permuted dimensions: dimension i of the result is `order[i]` of the input.
pub(crate) fn permuted(values: &[f32], shape: [i64; 4], order: [usize; 4]) -> Vec<f32> {
    let size = shape.map(|s| s as usize);
    let mut stride = [1; 4];
    for i in (0..3).rev() {
        stride[i] = stride[i + 1] * size[i + 1];
    }
    let [a, b, c, d] = order;
    let mut out = Vec::with_capacity(values.len());
    for i in 0..size[a] {
        for j in 0..size[b] {
            for k in 0..size[c] {
                out.extend(
                    (0..size[d])
                        .map(|l| values[i * stride[a] + j * stride[b] + k * stride[c] + l * stride[d]]),
                );
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_go_channel_last() {
        // [OC = 1, C = 2, KH = 1, KW = 2] to [OC, KH, KW, C].
        assert_eq!(permuted(&[1., 2., 3., 4.], [1, 2, 1, 2], [0, 2, 3, 1]), [1., 3., 2., 4.]);
        // [C = 2, M = 1, KH = 1, KW = 2] to [KH, KW, C, M].
        assert_eq!(permuted(&[1., 2., 3., 4.], [2, 1, 1, 2], [2, 3, 0, 1]), [1., 3., 2., 4.]);
    }
}
