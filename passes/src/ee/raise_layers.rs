//! `ee-raise-layers`: makes layers of what other flows spell out in arithmetic.
//!
//! torch-mlir writes a mean over all pixels as sums and a product, and a clamp as a maximum and a minimum. Integer networks of TFLite
//! have sums of pixels less their zero point, which a rescale divides: a depthwise convolution with ones gives these exactly.
//!
//! Requires: feature maps [N, H, W, C].
//! Ensures: no maximum or minimum of floats with a number; no sum of floats over all pixels that is divided by their count, and none of
//! 8-bit integers that a rescale by 1 has widened.
//!
//!     %a = tosa.reduce_sum %x {axis = 1}
//!     %b = tosa.reduce_sum %a {axis = 2}
//!     %y = tosa.mul %b, %1/49               becomes    %y = tosa.avg_pool2d %x {kernel = [7, 7]}
//!     %z = tosa.maximum %x, %0              becomes    %z = tosa.clamp %x {min_val = 0}
//!
//!     %i = tosa.rescale %x : i8 -> i32, by 1
//!     %a = tosa.reduce_sum %i {axis = 1}
//!     %b = tosa.reduce_sum %a {axis = 2}    becomes    %b = tosa.depthwise_conv2d %x, %ones : i8 -> i32

use crate::softmax::{number, operands, source};
use atheena_dialects::{
    ir::{Attr, Builder, Failure, Op, Type, Value},
    pass::{NoOptions, Pass},
    tosa::{self, Geometry, Rescale},
};

/// The pass.
pub struct RaiseLayers;

impl Pass for RaiseLayers {
    const FLAG: &'static str = "ee-raise-layers";
    const SUMMARY: &'static str = "Make layers of what other flows spell out in arithmetic";
    const ANCHOR: &'static str = "func.func";
    type Options = NoOptions;

    fn run(function: Op<'_>, _: &NoOptions) -> Result<(), Failure> {
        for op in function.walk() {
            if let Some(layer) = clamp(op).or_else(|| mean(op)).or_else(|| sum(op)) {
                op.replace(&[layer]);
            }
        }
        tosa::erase_unused(function);
        Ok(())
    }
}

/// A clamp in place of a maximum or minimum with one number.
fn clamp(op: Op<'_>) -> Option<Value<'_>> {
    ["tosa.maximum", "tosa.minimum"].into_iter().find_map(|name| {
        let (input, bound) =
            operands(op, name).find_map(|(input, bound)| Some((input, number(bound)? as f32)))?;
        if input.ty() != op.result(0).ty() || !input.ty().element()?.is_float() {
            return None;
        }
        let (low, high) = if name == "tosa.maximum" { (bound, f32::MAX) } else { (f32::MIN, bound) };
        let float = |value| Attr::f32(op.ctx(), value);
        Some(tosa::clamp(Builder::before(op), input, float(low), float(high)))
    })
}

/// An average pooling of the whole map in place of sums over its pixels that are divided by their count.
fn mean(op: Op<'_>) -> Option<Value<'_>> {
    let (sum, factor) =
        operands(op, "tosa.mul").find_map(|(sum, factor)| Some((sum, number(factor)? as f32)))?;
    // Maybe without the dimensions of one pixel.
    let (map, [height, width, channels]) = summed(source(sum))?;
    // One over the count, as a float.
    if factor != 1.0 / (height * width) as f32 || op.result(0).ty() != sum.ty() {
        return None;
    }
    let at = Builder::before(op);
    let zero = tosa::const_dense(at, &[1], &[0f32]);
    let geometry = Geometry { kernel: [height, width], stride: [1, 1], dilation: [1, 1], pad: [0; 4] };
    let float = Type::f32(op.ctx());
    let pixel = Type::tensor(&[1, 1, 1, channels], float);
    let mean = tosa::avg_pool2d(at, map, (zero, zero), &geometry, pixel, float);
    Some(if sum.ty() == pixel { mean } else { tosa::reshape(at, mean, &sum.ty().shape()?) })
}

/// A depthwise convolution of the whole map with ones in place of sums over its pixels.
fn sum(op: Op<'_>) -> Option<Value<'_>> {
    let (widened, [height, width, channels]) = summed(op.results().first().copied()?)?;
    let widening = widened.producer().filter(|op| op.is("tosa.rescale"))?;
    let rescale = Rescale::of(widening).ok()?;
    let map = widening.operand(0)?;
    let widths = [map, widened].map(|value| value.ty().element().and_then(Type::int_width));
    let is_plain = rescale.is_identity() && rescale.output_zp == 0 && !rescale.input_unsigned;
    if widths != [Some(8), Some(32)] || !is_plain {
        return None;
    }
    let at = Builder::before(op);
    let ones = vec![1i8; (height * width * channels) as usize];
    let weights = tosa::const_dense(at, &[height, width, channels, 1], &ones);
    let bias = tosa::const_dense(at, &[channels], &vec![0i32; channels as usize]);
    let zps = [rescale.input_zp as i8, 0].map(|zp| tosa::const_dense(at, &[1], &[zp]));
    let geometry = Geometry { kernel: [height, width], stride: [1, 1], dilation: [1, 1], pad: [0; 4] };
    let acc = Type::integer(op.ctx(), 32);
    Some(tosa::depthwise_conv2d(
        at,
        (map, weights, bias),
        (zps[0], zps[1]),
        &geometry,
        op.result(0).ty(),
        acc,
    ))
}

/// The map that a value is the sum of over all pixels, and its height, width and channels.
fn summed(value: Value<'_>) -> Option<(Value<'_>, [i64; 3])> {
    let (mut map, mut axes) = (value, vec![]);
    while let Some((inner, axis)) = summed_along(map) {
        map = inner;
        axes.push(axis);
    }
    let [1, height, width, channels] = map.ty().shape()?[..] else { return None };
    let is_whole = (height == 1 || axes.contains(&1)) && (width == 1 || axes.contains(&2));
    let of_pixels = !axes.is_empty() && axes.iter().all(|axis| [1, 2].contains(axis));
    (is_whole && of_pixels).then_some((map, [height, width, channels]))
}

/// What a value is the sum of along one axis, and the axis.
fn summed_along(value: Value<'_>) -> Option<(Value<'_>, i64)> {
    let op = value.producer().filter(|op| op.is("tosa.reduce_sum"))?;
    Some((op.operand(0)?, op.attr("axis").and_then(Attr::to_i64)?))
}
