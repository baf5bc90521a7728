//! `ee-raise-layers`: makes layers of what other flows spell out in arithmetic.
//!
//! torch-mlir writes a mean over all pixels as sums and a product, and a clamp as a maximum and a minimum.
//!
//! Requires: float feature maps [N, H, W, C].
//! Ensures: no maximum or minimum with a number; no sum over all pixels that is divided by their count.
//!
//!     %a = tosa.reduce_sum %x {axis = 1}
//!     %b = tosa.reduce_sum %a {axis = 2}
//!     %y = tosa.mul %b, %1/49               becomes    %y = tosa.avg_pool2d %x {kernel = [7, 7]}
//!     %z = tosa.maximum %x, %0              becomes    %z = tosa.clamp %x {min_val = 0}

use crate::softmax::{number, operands, source};
use atheena_dialects::{
    ir::{Attr, Builder, Failure, Op, Type, Value},
    pass::{NoOptions, Pass},
    tosa::{self, Geometry},
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
            if let Some(layer) = clamp(op).or_else(|| mean(op)) {
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
    let (inner, first) = summed(source(sum))?;
    let (map, second) = summed(inner)?;
    let mut axes = [first, second];
    axes.sort_unstable();
    let [1, height, width, channels] = map.ty().shape()?[..] else { return None };
    // One over the count, as a float.
    if axes != [1, 2] || factor != 1.0 / (height * width) as f32 || op.result(0).ty() != sum.ty() {
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

/// What a value is the sum of along one axis, and the axis.
fn summed(value: Value<'_>) -> Option<(Value<'_>, i64)> {
    let op = value.producer().filter(|op| op.is("tosa.reduce_sum"))?;
    Some((op.operand(0)?, op.attr("axis").and_then(Attr::to_i64)?))
}
