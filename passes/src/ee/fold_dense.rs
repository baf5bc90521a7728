//! `ee-fold-dense`: merges dense layers, or convolutions of 1x1, that follow one another with nothing in between.
//!
//! Requires: float layers (run before `ee-quantize`), behind `ee-fold-batch-norm`.
//! Ensures: no such layer feeds only another one, where the merged weights need fewer products.
//!
//!     %h = dense %x, %a : 576 -> 200
//!     %y = dense %h, %b : 200 -> 10      becomes      %y = dense %x, %ab : 576 -> 10
//!
//! since B (A x + a) + b = (B A) x + (B a + b). A dense layer is a `tosa.conv2d` of 1x1 on `[1, 1, 1, K]`; one of 1x1 on
//! a map is the same for each pixel, and strides multiply.

use atheena_dialects::{
    ir::{Builder, Failure, Op, Type},
    pass::Pass,
    pass_options,
    tosa::{self, Convolution, Geometry},
};

pass_options! {
    /// Options of `ee-fold-dense`.
    pub struct Options {
        /// Merge even where that needs more products.
        pub always: bool = false,
    }
}

/// The pass.
pub struct FoldDense;

impl Pass for FoldDense {
    const FLAG: &'static str = "ee-fold-dense";
    const SUMMARY: &'static str = "Merge dense layers that follow one another";
    const ANCHOR: &'static str = "func.func";
    type Options = Options;

    fn run(function: Op<'_>, options: &Options) -> Result<(), Failure> {
        while let Some((first, second)) = find_pair(function, options) {
            let merged = Dense::of(second)?.after(&Dense::of(first)?);
            merged.replace(first, second)?;
            tosa::erase_unused(function);
        }
        Ok(())
    }
}

/// Two dense layers to merge, the last such first: the classifier at the end is the narrowest, which saves most.
fn find_pair<'c>(function: Op<'c>, options: &Options) -> Option<(Convolution<'c>, Convolution<'c>)> {
    Convolution::all_in(function).into_iter().rev().find_map(|second| {
        let first = only_producer(second)?;
        let [outputs, _, _, between] = second.weight_shape();
        let [.., inputs] = first.weight_shape();
        let merged = second.products() / between as u64 * inputs as u64;
        let saves = outputs > 0 && merged < first.products() + second.products();
        (saves || options.always).then_some((first, second))
    })
}

/// The layer of 1x1 that feeds another one and nothing else.
fn only_producer(layer: Convolution<'_>) -> Option<Convolution<'_>> {
    stride_of(layer)?;
    let mut value = layer.input();
    loop {
        value.only_user()?;
        let op = value.producer()?;
        // Vectors stay what they are in another shape.
        if !(op.is("tosa.reshape") && layer.is_dense()) {
            let direct = |first: &Convolution<'_>| first.output() == layer.input() || first.is_dense();
            return Convolution::cast(op).filter(|&first| stride_of(first).is_some()).filter(direct);
        }
        value = op.operand(0)?;
    }
}

/// The strides of a convolution of 1x1 without padding.
fn stride_of(layer: Convolution<'_>) -> Option<[i64; 2]> {
    let Geometry { kernel, stride, pad, .. } = Geometry::of(layer.0)?;
    (!layer.is_depthwise() && kernel == [1, 1] && pad == [0; 4]).then_some(stride)
}

/// `weights * x + bias`, with one row of weights an output.
struct Dense {
    inputs: usize,
    outputs: usize,
    weights: Vec<f64>,
    bias: Vec<f64>,
}

impl Dense {
    fn of(layer: Convolution<'_>) -> Result<Self, Failure> {
        let [outputs, _, _, inputs] = layer.weight_shape();
        let wide = |values: Vec<f32>| values.into_iter().map(f64::from).collect();
        Ok(Self { inputs, outputs, weights: wide(layer.weights()?), bias: wide(layer.bias()?) })
    }

    /// The layer that does what this one does to the outputs of `first`.
    fn after(&self, first: &Self) -> Self {
        let mut weights = vec![0.0; self.outputs * first.inputs];
        let mut bias = self.bias.clone();
        for output in 0..self.outputs {
            let row = &mut weights[output * first.inputs..][..first.inputs];
            for (between, w) in self.weights[output * self.inputs..][..self.inputs].iter().enumerate() {
                bias[output] += w * first.bias[between];
                for (sum, v) in row.iter_mut().zip(&first.weights[between * first.inputs..]) {
                    *sum += w * v;
                }
            }
        }
        Self { inputs: first.inputs, outputs: self.outputs, weights, bias }
    }

    /// Makes this layer in the place of two that follow one another.
    fn replace<'c>(&self, first: Convolution<'c>, second: Convolution<'c>) -> Result<(), Failure> {
        let narrow = |values: &[f64]| values.iter().map(|&v| v as f32).collect::<Vec<_>>();
        let (weights, bias) = (narrow(&self.weights), narrow(&self.bias));
        if !weights.iter().chain(&bias).all(|v| v.is_finite()) {
            let cure = "look at the training: the layers' weights are huge or not finite";
            return Err(second
                .0
                .error("makes weights that are not finite when it is merged with the one before", &[cure]));
        }
        let here = Builder::before(second.0);
        let weights = tosa::const_dense(here, &[self.outputs as i64, 1, 1, self.inputs as i64], &weights);
        let bias = tosa::const_dense(here, &[self.outputs as i64], &bias);
        let zero = tosa::const_dense(here, &[1], &[0f32]);
        let strides = |layer| stride_of(layer).unwrap_or([1, 1]);
        let stride = [0, 1].map(|axis| strides(first)[axis] * strides(second)[axis]);
        let plain = Geometry { kernel: [1, 1], stride, dilation: [1, 1], pad: [0; 4] };
        let output = second.output();
        let operands = (first.input(), weights, bias);
        let float = Type::f32(here.ctx());
        let merged = tosa::conv2d(here, operands, (zero, zero), &plain, output.ty(), float);
        second.0.replace(&[merged]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: A = [1 2; 3 4; 5 6], a = (1, 0, 2), B = [1 0 2; 0 1 1], b = (10, 20).
    /// B A = [11 14; 8 10], B a + b = (5 + 10, 2 + 20).
    #[test]
    fn merged_weights_are_the_product() {
        let first =
            Dense { inputs: 2, outputs: 3, weights: vec![1., 2., 3., 4., 5., 6.], bias: vec![1., 0., 2.] };
        let second =
            Dense { inputs: 3, outputs: 2, weights: vec![1., 0., 2., 0., 1., 1.], bias: vec![10., 20.] };
        let merged = second.after(&first);
        assert_eq!(merged.weights, [11., 14., 8., 10.]);
        assert_eq!(merged.bias, [15., 22.]);
    }
}
