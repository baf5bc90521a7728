//! `ee-remove-dead`: removes what computes nothing that matters.
//!
//! Requires: nothing.
//! Ensures: no layer is left whose result nobody reads, that hands its operand on as it is, or that has a channel which is always
//! zero or which the convolution behind it never reads; no exit takes a value that neither of its regions reads.
//!
//!     %a = tosa.identity %x
//!     %b = tosa.conv2d %a, … : 4 -> 8 channels, of which %w sets 3 to 0
//!     %c = tosa.clamp %b {min 0.0}                    becomes    %b = tosa.conv2d %x, … : 4 -> 5 channels
//!     %d = tosa.conv2d %c, … : 8 -> 4 channels                   %c = tosa.clamp %b {min 0.0}
//!     %e = tosa.tanh %b                                          %d = tosa.conv2d %c, … : 5 -> 4 channels
//!
//! Constants that can be computed are upstream's: `canonicalize` and `tosa-layerwise-constant-fold`.

use atheena_dialects::{
    ee::Exit,
    ir::{Attr, Builder, Failure, Op, Type, Value},
    pass::{NoOptions, Pass},
    tosa::{self, Convolution, Geometry, constant},
};

/// The pass.
pub struct RemoveDead;

impl Pass for RemoveDead {
    const FLAG: &'static str = "ee-remove-dead";
    const SUMMARY: &'static str = "Remove layers, channels and operands that do nothing";
    const ANCHOR: &'static str = "func.func";
    type Options = NoOptions;

    fn run(function: Op<'_>, _: &NoOptions) -> Result<(), Failure> {
        loop {
            let mut changed = false;
            for op in function.walk().into_iter().skip(1) {
                if let Some(same) = handed_on(op) {
                    op.replace(&[same]);
                    changed = true;
                }
            }
            tosa::erase_unused(function);
            for exit in Exit::all_in(function) {
                changed |= remove_operands(exit);
            }
            for (first, path) in Convolution::all_in(function).into_iter().filter_map(between) {
                changed |= remove_channels(first, &path);
            }
            if !changed {
                return Ok(());
            }
        }
    }
}

/// The operand that an operation hands on as it is.
fn handed_on(op: Op<'_>) -> Option<Value<'_>> {
    let [result] = op.results()[..] else { return None };
    let input = op.operand(0)?;
    let float = result.ty().element().is_some_and(Type::is_float);
    let neutral =
        |index: usize, number: f32| float && op.operand(index).is_some_and(|value| is_all(value, number));
    let single =
        || Geometry::of(op).is_some_and(|geometry| geometry.kernel == [1, 1] && geometry.pad == [0; 4]);
    let does_nothing = match op.name().as_str() {
        "tosa.identity" | "tosa.cast" | "tosa.reshape" | "tosa.pad" | "tosa.slice" => true,
        "tosa.concat" => op.operands().len() == 1,
        "tosa.transpose" => op.attr("perms").and_then(Attr::to_i64s).is_some_and(|perms| perms.is_sorted()),
        "tosa.max_pool2d" => single(),
        "tosa.avg_pool2d" => float && single(),
        "tosa.clamp" => float && !bounds(op).into_iter().any(|bound| bound.abs() < f64::from(f32::MAX)),
        "tosa.mul" => neutral(1, 1.0),
        "tosa.add" | "tosa.sub" => neutral(1, 0.0),
        _ => false,
    };
    (does_nothing && input.ty() == result.ty()).then_some(input)
}

/// Are all elements of a constant this number?
fn is_all(value: Value<'_>, number: f32) -> bool {
    let values = constant(value).and_then(Attr::to_dense::<f32>);
    values.is_some_and(|values| values.iter().all(|&v| v == number))
}

/// The bounds of a float clamp.
fn bounds(clamp: Op<'_>) -> [f64; 2] {
    let bound = |name, none| clamp.attr(name).and_then(Attr::to_f64).unwrap_or(none);
    [bound("min_val", f64::NEG_INFINITY), bound("max_val", f64::INFINITY)]
}

/// Removes the operands that neither region of an exit reads.
fn remove_operands(exit: Exit<'_>) -> bool {
    let regions = [exit.classify(), exit.otherwise()];
    let operands = exit.0.operands();
    let is_read = |index: &usize| regions.iter().any(|region| !region.arguments()[*index].is_unused());
    let kept: Vec<usize> = (0..operands.len()).filter(is_read).collect();
    // An exit takes something.
    if kept.len() == operands.len() || kept.is_empty() {
        return false;
    }
    for index in (0..operands.len()).rev().filter(|index| !kept.contains(index)) {
        regions.iter().for_each(|region| region.erase_argument(index));
    }
    exit.0.set_operands(&kept.into_iter().map(|index| operands[index]).collect::<Vec<_>>());
    true
}

/// A way from a convolution to the only one that reads it.
struct Path<'c> {
    second: Convolution<'c>,
    /// The values on the way, from the first one's output to the second one's input.
    values: Vec<Value<'c>>,
    /// What they are clamped to, one clamp after the other.
    clamps: Vec<[f64; 2]>,
}

/// The way to the next convolution, if only clamps and max-pools are on it.
fn between(first: Convolution<'_>) -> Option<(Convolution<'_>, Path<'_>)> {
    if first.is_depthwise() {
        return None;
    }
    let (mut values, mut clamps) = (vec![first.output()], vec![]);
    loop {
        let last = *values.last()?;
        let user = last.only_user()?;
        if let Some(second) = Convolution::cast(user) {
            let reads = !second.is_depthwise() && second.input() == last;
            return reads.then_some((first, Path { second, values, clamps }));
        }
        let unpadded = || Geometry::of(user).is_some_and(|geometry| geometry.pad == [0; 4]);
        match user.name().as_str() {
            "tosa.clamp" => clamps.push(bounds(user)),
            "tosa.max_pool2d" if unpadded() => {}
            _ => return None,
        }
        values.push(user.result(0));
    }
}

/// Removes the channels on a way that are always zero, or that the second convolution does not read.
fn remove_channels<'c>(first: Convolution<'c>, path: &Path<'c>) -> bool {
    let second = path.second;
    let floats = |layer: Convolution<'c>| {
        // Other layers, say of integers, stay as they are.
        let dense = |index| layer.0.operand(index).and_then(constant).and_then(Attr::to_dense::<f32>);
        dense(1).zip(dense(2)).is_some().then(|| layer.weights::<f32>().ok()).flatten()
    };
    let (Some(made), Some(read)) = (floats(first), floats(second)) else { return false };
    let Ok(bias) = first.bias::<f32>() else { return false };
    let channels = first.out_channels();
    let taps = made.len() / channels;
    let is_dead = |channel: usize| {
        let constant = made[channel * taps..][..taps].iter().all(|&w| w == 0.0);
        let value =
            path.clamps.iter().fold(f64::from(bias[channel]), |v, [low, high]| v.max(*low).min(*high));
        let unread = read.iter().skip(channel).step_by(channels).all(|&w| w == 0.0);
        (constant && value == 0.0) || unread
    };
    let mut kept: Vec<usize> = (0..channels).filter(|&channel| !is_dead(channel)).collect();
    if kept.is_empty() {
        kept.push(0);
    }
    if kept.len() == channels {
        return false;
    }
    let rows: Vec<f32> = kept.iter().flat_map(|channel| &made[channel * taps..][..taps]).copied().collect();
    let pixels = read.chunks(channels);
    let columns: Vec<f32> = pixels.flat_map(|pixel| kept.iter().map(|&channel| pixel[channel])).collect();
    let bias: Vec<f32> = kept.iter().map(|&channel| bias[channel]).collect();
    let count = kept.len();
    let [_, kh, kw, inputs] = first.weight_shape();
    set_constant(first, 1, &[count, kh, kw, inputs], &rows);
    set_constant(first, 2, &[count], &bias);
    let [outputs, kh, kw, _] = second.weight_shape();
    set_constant(second, 1, &[outputs, kh, kw, count], &columns);
    for value in &path.values {
        let mut shape = value.ty().shape().unwrap_or_default();
        if let Some(last) = shape.last_mut() {
            *last = count as i64;
        }
        value.set_ty(Type::tensor(&shape, Type::f32(first.0.ctx())));
    }
    true
}

fn set_constant(layer: Convolution<'_>, operand: usize, shape: &[usize], values: &[f32]) {
    let shape: Vec<i64> = shape.iter().map(|&n| n as i64).collect();
    layer.0.set_operand(operand, tosa::const_dense(Builder::before(layer.0), &shape, values));
}
