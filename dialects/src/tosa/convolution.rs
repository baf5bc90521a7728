//! Convolutions: `tosa.conv2d` and `tosa.depthwise_conv2d` with constant weights.

use super::{Geometry, const_dense, constant};
use crate::ir::{Attr, Builder, DenseElement, Failure, Op, Value};

/// A `tosa.conv2d` or `tosa.depthwise_conv2d`.
///
/// A dense layer is a `tosa.conv2d` of 1x1 on an input `[1, 1, 1, K]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Convolution<'c>(pub Op<'c>);

impl<'c> Convolution<'c> {
    /// This operation as a convolution.
    pub fn cast(op: Op<'c>) -> Option<Self> {
        (op.is("tosa.conv2d") || op.is("tosa.depthwise_conv2d")).then_some(Self(op))
    }

    /// All convolutions inside an operation, in order.
    pub fn all_in(op: Op<'c>) -> Vec<Self> {
        op.walk().into_iter().filter_map(Self::cast).collect()
    }

    /// The input, `[1, H, W, C]`.
    pub fn input(self) -> Value<'c> {
        self.0.operand(0).expect("a convolution has an input")
    }

    /// The output, `[1, OH, OW, OC]`.
    pub fn output(self) -> Value<'c> {
        self.0.result(0)
    }

    /// Does each channel have weights of its own (`[KH, KW, C, M]`)? Else they are `[OC, KH, KW, C]`.
    pub fn is_depthwise(self) -> bool {
        self.0.is("tosa.depthwise_conv2d")
    }

    /// Is this a dense layer?
    pub fn is_dense(self) -> bool {
        let plain = Geometry { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], pad: [0; 4] };
        !self.is_depthwise()
            && self.input().ty().shape().is_some_and(|shape| shape.len() == 4 && shape[..3] == [1, 1, 1])
            && Geometry::of(self.0) == Some(plain)
    }

    /// The sizes of the weights.
    pub fn weight_shape(self) -> [usize; 4] {
        let shape = self.0.operand(1).and_then(|weights| weights.ty().shape()).unwrap_or_default();
        let shape: Vec<usize> = shape.into_iter().map(|n| n.max(0) as usize).collect();
        shape.try_into().expect("TOSA wants weights of rank 4")
    }

    /// How many output channels there are.
    pub fn out_channels(self) -> usize {
        let [first, .., c, m] = self.weight_shape();
        if self.is_depthwise() { c * m } else { first }
    }

    /// The products that it computes for a sample, one for each weight and output pixel.
    pub fn products(self) -> u64 {
        let [first, kh, kw, last] = self.weight_shape();
        let kernel = if self.is_depthwise() { first * kh } else { kh * kw * last };
        let outputs = self.output().ty().shape().unwrap_or_default();
        outputs.iter().map(|&n| n.max(0) as u64).product::<u64>() * kernel as u64
    }

    /// The output and the input channel of weight `index`, in row-major order.
    pub fn channels_of(self, index: usize) -> (usize, usize) {
        let [_, kh, kw, last] = self.weight_shape();
        if self.is_depthwise() {
            let (c, m) = (kw, last);
            (index % (c * m), index / m % c)
        } else {
            (index / (kh * kw * last), index % last)
        }
    }

    /// The weights in row-major order, or an error.
    pub fn weights<T: DenseElement>(self) -> Result<Vec<T>, Failure> {
        self.constant(1, "weights")
    }

    /// The bias of each output channel, or an error.
    pub fn bias<T: DenseElement>(self) -> Result<Vec<T>, Failure> {
        let bias: Vec<T> = self.constant(2, "bias")?;
        // TOSA lets one bias stand for all channels.
        Ok(match bias[..] {
            [one] => vec![one; self.out_channels()],
            _ => bias,
        })
    }

    /// Replaces the weights by as many others.
    pub fn set_weights<T: DenseElement>(self, weights: &[T]) {
        let shape = self.weight_shape().map(|n| n as i64);
        self.0.set_operand(1, const_dense(Builder::before(self.0), &shape, weights));
    }

    /// Replaces the bias, one number an output channel.
    pub fn set_bias<T: DenseElement>(self, bias: &[T]) {
        self.0.set_operand(2, const_dense(Builder::before(self.0), &[bias.len() as i64], bias));
    }

    fn constant<T: DenseElement>(self, index: usize, what: &str) -> Result<Vec<T>, Failure> {
        self.0.operand(index).and_then(constant).and_then(Attr::to_dense).ok_or_else(|| {
            self.0.error(
                format_args!("expected its {what} to be a constant of the layer's type"),
                &["export the network with its weights as initialisers"],
            )
        })
    }
}
