//! Reads single layers of the operations that the front ends make of them.

use super::{Other, float, refuse};
use crate::eenet::syntax::{Op as Kind, Options, Pad};
use crate::onnx::layers::weights::permuted;
use crate::onnx::window::{Padding, Wanted, Window};
use atheena_dialects::ir::{Attr, Failure, Op, Value};
use atheena_dialects::tosa::{self, Geometry};
use atheena_runtime::arrays::Floats;

/// A layer of the text.
pub struct Found<'c> {
    /// What it does; the names of other layers are not known yet.
    pub op_of: Kind,
    /// What it reads.
    pub inputs: Vec<Value<'c>>,
    /// Its window.
    pub window: Options,
    /// Whether a bias is added.
    pub bias: bool,
    /// Its arrays, in PyTorch's shapes.
    pub arrays: Vec<(&'static str, Floats)>,
    /// Whether its window has more rows than one.
    pub rows: bool,
}

impl<'c> Found<'c> {
    /// A layer without window and weights.
    fn plain(op_of: Kind, inputs: &[Value<'c>]) -> Self {
        let window = Options::default();
        Self { op_of, inputs: inputs.to_vec(), window, bias: true, arrays: vec![], rows: false }
    }
}

/// Sets the names of what a layer reads besides its first input.
pub fn set_others(op: &mut Kind, mut names: Vec<Other>) {
    match op {
        Kind::Concat { others } => *others = names,
        Kind::Add { other } | Kind::Mul { other } => *other = names.remove(0),
        _ => {}
    }
}

/// The map `[1, H, W, C]` that a row is of, channel by channel.
pub fn flattened(row: Value<'_>) -> Option<Value<'_>> {
    let [1, count] = row.ty().shape()?[..] else { return None };
    let reshape = made_by(row, "tosa.reshape")?;
    let input = reshape.operand(0)?;
    let map = match made_by(input, "tosa.transpose") {
        Some(op) if op.attr("perms").and_then(Attr::to_i64s)? == [0, 3, 1, 2] => op.operand(0)?,
        _ => input,
    };
    let [1, height, width, channels] = map.ty().shape()?[..] else { return None };
    // With one channel or one pixel both orders are the same, and nothing is transposed.
    let is_line = channels == 1 || height * width == 1;
    let whole = count == channels * height * width && is_line == (map == input);
    (whole && dense_input(map).is_none()).then_some(map)
}

/// What the text computes for the logits that a block returns: a map of one pixel becomes a row by itself.
pub fn logits<'c>(value: Value<'c>, known: &dyn Fn(Value<'c>) -> bool) -> Value<'c> {
    let pixel = flattened(value).filter(|map| map.ty().shape().is_some_and(|shape| shape[1..3] == [1, 1]));
    pixel.filter(|_| !known(value)).unwrap_or(value)
}

/// The layer whose result is `value`; `known` are values that have a name.
pub fn read<'c>(value: Value<'c>, known: &dyn Fn(Value<'c>) -> bool) -> Result<Found<'c>, Failure> {
    let op = value.producer().ok_or(Failure)?;
    match op.name().as_str() {
        "tosa.conv2d" => convolution(op),
        "tosa.depthwise_conv2d" => depthwise(op),
        "tosa.max_pool2d" | "tosa.avg_pool2d" => pooling(op),
        "tosa.concat" => grouped(op).unwrap_or_else(|| concat(op)),
        "tosa.reshape" => dense(op, known).unwrap_or_else(|| match flattened(value) {
            Some(map) => Ok(Found::plain(Kind::Flatten, &[map])),
            None => Err(refuse(op, "it is no flattening of a feature map", "the format has `flatten` alone")),
        }),
        "tosa.clamp" => clamp(op),
        "tosa.sigmoid" => Ok(Found::plain(Kind::Sigmoid, &op.operands())),
        "tosa.tanh" => Ok(Found::plain(Kind::Tanh, &op.operands())),
        _ => leaky_relu(op)
            .or_else(|| hard_swish(op))
            .or_else(|| normalisation(op))
            .or_else(|| sum(op))
            .or_else(|| product(op))
            .unwrap_or_else(|| Err(refuse(op, "no layer of the format does this", CURE))),
    }
}

const CURE: &str = "docs/eenet.md lists the layers";

fn made_by<'c>(value: Value<'c>, name: &str) -> Option<Op<'c>> {
    value.producer().filter(|op| op.is(name))
}

/// The floats of a constant.
fn floats(value: Value<'_>) -> Option<Vec<f32>> {
    tosa::constant(value)?.to_dense()
}

/// The one number that a constant holds.
fn number(value: Value<'_>) -> Option<f32> {
    match floats(value)?[..] {
        [number] => Some(number),
        _ => None,
    }
}

/// The operands of an operation of two values.
fn pair<'c>(op: Op<'c>, name: &str) -> Option<[Value<'c>; 2]> {
    if op.is(name) { Some([op.operand(0)?, op.operand(1)?]) } else { None }
}

/// The same of the operation that makes a value.
fn pair_of<'c>(value: Value<'c>, name: &str) -> Option<[Value<'c>; 2]> {
    pair(value.producer()?, name)
}

/// Weights and bias of a convolution, the weights in the order `[outputs, inputs, rows, columns]`.
fn weights(
    op: Op<'_>,
    order: impl Fn(&[f32], [i64; 4]) -> (Vec<f32>, [i64; 4]),
) -> Result<Vec<(&'static str, Floats)>, Failure> {
    let values: Vec<f32> = tosa::constant_operand(op, 1, "weights")?;
    let bias: Vec<f32> = tosa::constant_operand(op, 2, "bias")?;
    let shape = op.operand(1).and_then(|weights| weights.ty().shape()).unwrap_or_default();
    let shape = shape.try_into().map_err(|_| refuse(op, "its weights have not four dimensions", CURE))?;
    let (values, shape) = order(&values, shape);
    Ok(with_bias(array(&shape, values), bias))
}

fn array(shape: &[i64], values: Vec<f32>) -> Floats {
    Floats { shape: shape.iter().map(|&size| size as usize).collect(), values }
}

/// Weights, and the bias if it is none of zeros.
fn with_bias(weights: Floats, bias: Vec<f32>) -> Vec<(&'static str, Floats)> {
    let none = bias.iter().all(|value| value.to_bits() == 0);
    let bias = (!none).then(|| ("bias", array(&[bias.len() as i64], bias)));
    [("weight", weights)].into_iter().chain(bias).collect()
}

/// `[outputs, rows, columns, inputs]` as `[outputs, inputs, rows, columns]`.
fn of_conv2d(values: &[f32], shape: [i64; 4]) -> (Vec<f32>, [i64; 4]) {
    let [outputs, rows, columns, inputs] = shape;
    (permuted(values, shape, [0, 3, 1, 2]), [outputs, inputs, rows, columns])
}

fn weighted<'c>(
    op: Op<'c>,
    input: Value<'c>,
    groups: i64,
    arrays: Vec<(&'static str, Floats)>,
) -> Result<Found<'c>, Failure> {
    let (input, window, rows) = window(op, input, false)?;
    check(op, &arrays)?;
    let outputs = arrays[0].1.shape[0] as i64;
    let op_of = Kind::Conv { outputs, groups };
    Ok(Found { op_of, inputs: vec![input], window, bias: arrays.len() > 1, arrays, rows })
}

/// Fails if weights are infinite, or no numbers.
fn check(op: Op<'_>, arrays: &[(&'static str, Floats)]) -> Result<(), Failure> {
    match arrays.iter().flat_map(|(_, array)| &array.values).find(|value| !value.is_finite()) {
        Some(value) => {
            Err(refuse(op, &format!("it has the weight {value}"), "train or save the network again"))
        }
        None => Ok(()),
    }
}

fn operand(op: Op<'_>) -> Result<Value<'_>, Failure> {
    op.operand(0).ok_or(Failure)
}

fn convolution(op: Op<'_>) -> Result<Found<'_>, Failure> {
    weighted(op, operand(op)?, 1, weights(op, of_conv2d)?)
}

fn depthwise(op: Op<'_>) -> Result<Found<'_>, Failure> {
    let mut groups = 1;
    let arrays = weights(op, |values, shape| {
        let [rows, columns, channels, multiple] = shape;
        // Output c * M + m is of input c.
        (permuted(values, shape, [2, 3, 0, 1]), [channels * multiple, 1, rows, columns])
    })?;
    if let Some(&channels) =
        op.operand(1).and_then(|weights| weights.ty().shape()).as_deref().and_then(|s| s.get(2))
    {
        groups = channels;
    }
    weighted(op, operand(op)?, groups, arrays)
}

/// Convolutions of slices of channels that are put one behind the other again.
fn grouped(op: Op<'_>) -> Option<Result<Found<'_>, Failure>> {
    let parts: Vec<_> =
        op.operands().into_iter().map(|part| made_by(part, "tosa.conv2d")).collect::<Option<_>>()?;
    let slices: Vec<_> =
        parts.iter().map(|conv| made_by(conv.operand(0)?, "tosa.slice")).collect::<Option<_>>()?;
    let input = slices.first()?.operand(0)?;
    let width = slices.first()?.result(0).ty().shape()?.get(3).copied()?;
    let in_order = slices.iter().enumerate().all(|(group, slice)| {
        let start = slice.operand(1).and_then(tosa::constant).and_then(Attr::to_dense_ints);
        slice.operand(0) == Some(input) && start == Some(vec![0, 0, 0, group as i64 * width])
    });
    let alike = parts.iter().all(|part| {
        let both = |op: Op<'_>| (Geometry::of(op), op.result(0).ty().to_string());
        both(*part) == both(parts[0])
    });
    let whole = input.ty().shape()?.get(3).copied()? == width * parts.len() as i64;
    (in_order && alike && whole && width > 0).then(|| {
        let (mut values, mut bias, mut shape) = (vec![], vec![], [0; 4]);
        for part in &parts {
            let (own, own_shape) = {
                let values: Vec<f32> = tosa::constant_operand(*part, 1, "weights")?;
                let sizes = part.operand(1).and_then(|weights| weights.ty().shape()).unwrap_or_default();
                of_conv2d(
                    &values,
                    sizes
                        .try_into()
                        .map_err(|_| refuse(*part, "its weights have not four dimensions", CURE))?,
                )
            };
            values.extend(own);
            bias.extend(tosa::constant_operand::<f32>(*part, 2, "bias")?);
            shape = own_shape;
        }
        shape[0] *= parts.len() as i64;
        weighted(parts[0], input, parts.len() as i64, with_bias(array(&shape, values), bias))
    })
}

fn concat(op: Op<'_>) -> Result<Found<'_>, Failure> {
    let rank = op.result(0).ty().shape().map_or(0, |shape| shape.len() as i64);
    if op.attr("axis").and_then(Attr::to_i64) != Some(rank - 1) || op.operands().len() < 2 {
        return Err(refuse(op, "it does not join channels", "`concat` joins the channels of two and more"));
    }
    Ok(Found::plain(Kind::Concat { others: vec![] }, &op.operands()))
}

/// The row `[1, inputs]` of which a dense layer makes a pixel.
fn dense_input(pixel: Value<'_>) -> Option<(Op<'_>, Value<'_>)> {
    let conv = made_by(pixel, "tosa.conv2d")?;
    let row = made_by(conv.operand(0)?, "tosa.reshape")?.operand(0)?;
    (row.ty().shape()?.len() == 2).then_some((conv, row))
}

/// A dense layer, which is a convolution of one pixel.
fn dense<'c>(op: Op<'c>, known: &dyn Fn(Value<'c>) -> bool) -> Option<Result<Found<'c>, Failure>> {
    let [1, outputs] = op.result(0).ty().shape()?[..] else { return None };
    let (conv, row) = dense_input(op.operand(0)?)?;
    let [1, inputs] = row.ty().shape()?[..] else { return None };
    if conv.operand(1)?.ty().shape()? != [outputs, 1, 1, inputs] {
        return None;
    }
    let map = flattened(row).filter(|_| !known(row) && row.uses().len() == 1);
    Some(weights(conv, |values, _| (values.to_vec(), [outputs, inputs, 1, 1])).and_then(|mut arrays| {
        arrays[0].1.shape.truncate(2);
        check(conv, &arrays)?;
        let dense = Found::plain(Kind::Dense { outputs }, &[map.unwrap_or(row)]);
        Ok(Found { bias: arrays.len() > 1, arrays, ..dense })
    }))
}

fn pooling(op: Op<'_>) -> Result<Found<'_>, Failure> {
    let average = op.is("tosa.avg_pool2d");
    let input = operand(op)?;
    let size = |value: Value<'_>| -> Option<[i64; 2]> { value.ty().shape()?.get(1..3)?.try_into().ok() };
    if average
        && Geometry::of(op) == size(input).map(|size| Window::whole(size).geometry)
        && frame(input).is_none()
    {
        return Ok(Found::plain(Kind::GlobalAveragePool, &[input]));
    }
    let (input, window, rows) = window(op, input, true)?;
    let op_of = if average { Kind::AveragePool } else { Kind::MaxPool };
    Ok(Found { window, rows, ..Found::plain(op_of, &[input]) })
}

/// Of a part of a map that is framed by zeros: the map, the rows and columns of the part, the zeros.
fn frame(value: Value<'_>) -> Option<(Value<'_>, [i64; 2], [i64; 4])> {
    let ints = |op: Op<'_>, index| op.operand(index).and_then(tosa::constant).and_then(Attr::to_dense_ints);
    let (mut map, mut zeros) = (value, [0; 4]);
    if let Some(pad) = made_by(map, "tosa.pad") {
        let [0, 0, top, bottom, left, right, 0, 0] = ints(pad, 1)?[..] else { return None };
        if number(pad.operand(2)?)? != 0.0 {
            return None;
        }
        (map, zeros) = (pad.operand(0)?, [top, bottom, left, right]);
    }
    let [1, height, width, channels] = map.ty().shape()?[..] else { return None };
    if let Some(slice) = made_by(map, "tosa.slice") {
        let whole = slice.operand(0)?.ty().shape()?.get(3).copied() == Some(channels);
        if ints(slice, 1)? == [0; 4] && whole {
            map = slice.operand(0)?;
        }
    }
    (map != value).then_some((map, [height, width], zeros))
}

/// What a window reads, what the text says of it, and whether it has more rows than one.
fn window<'c>(op: Op<'c>, input: Value<'c>, pool: bool) -> Result<(Value<'c>, Options, bool), Failure> {
    let fit = || {
        let geometry = Geometry::of(op)?;
        let shape = input.ty().shape()?;
        let (map, keep, zeros) = frame(input).unwrap_or((input, shape.get(1..3)?.try_into().ok()?, [0; 4]));
        let size = map.ty().shape()?.get(1..3)?.try_into().ok()?;
        let output = op.result(0).ty().shape()?.get(1..3)?.try_into().ok()?;
        let window = Window { keep, zeros, geometry, output };
        Some((map, options(&window, size, pool, op.is("tosa.avg_pool2d"))?))
    };
    let (map, options) = fit().ok_or_else(|| {
        let cure = "write it as one layer with `pad`, `ceil` and `count_pad`";
        refuse(op, "no options give its padding, or the part of its input that it reads", cure)
    })?;
    let one = |size: Option<[i64; 2]>| size.is_none_or(|[rows, _]| rows == 1);
    let padded = matches!(options.pad, Some(Pad::Sides([top, bottom, ..])) if top != 0 || bottom != 0);
    let rows = padded || ![options.kernel, options.stride, options.dilation].into_iter().all(one);
    Ok((map, options, rows))
}

/// The options that make a window on a map of `size` rows and columns.
fn options(window: &Window, size: [i64; 2], pool: bool, average: bool) -> Option<Options> {
    let Geometry { kernel, stride, dilation, pad } = window.geometry;
    // Rounding down leaves out padding that no window reaches: the same on both sides reads better.
    let [top, _, left, _] = pad;
    let even = [top, top, left, left];
    let candidates =
        [(even, false, false), (pad, false, false), (window.zeros, false, true), (window.zeros, true, true)];
    let (sides, ceil, count_padding) = candidates.into_iter().find(|&(sides, ceil, count_padding)| {
        let [top, bottom, left, right] = sides;
        let padding = Padding::Explicit([top, left, bottom, right]);
        let wanted = Wanted { kernel, stride, dilation, padding, pool, ceil, count_padding };
        (average || !count_padding) && wanted.fit(size).as_ref() == Ok(window)
    })?;
    Some(Options {
        kernel: Some(kernel),
        stride: Some(stride).filter(|&stride| stride != if pool { kernel } else { [1, 1] }),
        dilation: Some(dilation).filter(|&dilation| dilation != [1, 1]),
        pad: Some(Pad::Sides(sides)).filter(|_| sides != [0; 4]),
        ceil,
        count_pad: count_padding,
    })
}

fn clamp(op: Op<'_>) -> Result<Found<'_>, Failure> {
    let range = float(op, "min_val").zip(float(op, "max_val"));
    let (low, high) = range.ok_or_else(|| refuse(op, "its bounds are no floats", CURE))?;
    let op_of = if (low, high) == (0.0, f32::MAX) { Kind::Relu } else { Kind::Clamp { low, high } };
    Ok(Found::plain(op_of, &op.operands()))
}

/// A value that is limited to a range.
fn clamped(value: Value<'_>, low: f32, high: f32) -> Option<Value<'_>> {
    let op = made_by(value, "tosa.clamp")?;
    ((float(op, "min_val")?, float(op, "max_val")?) == (low, high)).then(|| op.operand(0))?
}

fn leaky_relu(op: Op<'_>) -> Option<Result<Found<'_>, Failure>> {
    let (input, slope) = ["tosa.maximum", "tosa.minimum"]
        .into_iter()
        .find_map(|name| {
            let [input, below] = pair(op, name)?;
            let [factor, slope] = pair_of(below, "tosa.mul")?;
            let slope = number(slope)?;
            (factor == input && (slope <= 1.0) == (name == "tosa.maximum")).then_some((input, slope))
        })
        .or_else(|| {
            let [above, below] = pair(op, "tosa.add")?;
            let [below, slope] = pair_of(below, "tosa.mul")?;
            let input = clamped(above, 0.0, f32::MAX)?;
            (clamped(below, f32::MIN, 0.0)? == input).then_some((input, number(slope)?))
        })?;
    Some(Ok(Found::plain(Kind::LeakyRelu { slope }, &[input])))
}

/// `x * (x / 6 + 1 / 2, from 0 to 1)`.
fn hard_swish(op: Op<'_>) -> Option<Result<Found<'_>, Failure>> {
    let [input, gate] = pair(op, "tosa.mul")?;
    let [scaled, half] = pair_of(clamped(gate, 0.0, 1.0)?, "tosa.add")?;
    let [factor, sixth] = pair_of(scaled, "tosa.mul")?;
    (factor == input && number(sixth)? == 1.0 / 6.0 && number(half)? == 0.5)
        .then(|| Ok(Found::plain(Kind::HardSwish, &[input])))
}

/// A factor and a term for each channel: normalisation with a mean of 0 and a variance of 1.
fn normalisation(op: Op<'_>) -> Option<Result<Found<'_>, Failure>> {
    let shape = op.results().first()?.ty().shape()?;
    let channels = *shape.last()?;
    let of_channels = |value: Value<'_>| {
        let sizes = value.ty().shape()?;
        let (last, before) = sizes.split_last()?;
        let spread = sizes.len() == shape.len() && *last == channels && before.iter().all(|&size| size == 1);
        if spread { floats(value) } else { None }
    };
    // With one channel a factor of 1 and a term of 0 are left out.
    let one = channels == 1;
    let (input, scale, shift) = if let Some([scaled, shift]) = pair(op, "tosa.add") {
        let shift = of_channels(shift)?;
        match pair_of(scaled, "tosa.mul").and_then(|[input, scale]| Some((input, of_channels(scale)?))) {
            Some((input, scale)) if scaled.uses().len() == 1 => (input, scale, shift),
            _ if one => (scaled, vec![1.0], shift),
            _ => return None,
        }
    } else {
        let [input, scale] = pair(op, "tosa.mul")?;
        (input, of_channels(scale).filter(|_| one)?, vec![0.0])
    };
    let sizes = [channels];
    // The product of mean and scale is +0, which changes no bias.
    let mean = scale.iter().map(|&scale| if scale < 0.0 { -0.0 } else { 0.0 }).collect();
    let arrays = vec![
        ("weight", array(&sizes, scale)),
        ("bias", array(&sizes, shift)),
        ("running_mean", array(&sizes, mean)),
        ("running_var", array(&sizes, vec![1.0; channels as usize])),
    ];
    let layer = Found::plain(Kind::BatchNorm { epsilon: 0.0 }, &[input]);
    Some(check(op, &arrays).map(|()| Found { arrays, ..layer }))
}

fn sum(op: Op<'_>) -> Option<Result<Found<'_>, Failure>> {
    let [a, b] = data_of(op, "tosa.add")?;
    let other = super::at(String::new());
    (a.ty() == b.ty()).then(|| Ok(Found::plain(Kind::Add { other }, &[a, b])))
}

/// Of two values of one shape, or one and a pixel.
fn product(op: Op<'_>) -> Option<Result<Found<'_>, Failure>> {
    let [a, b] = data_of(op, "tosa.mul")?;
    let other = super::at(String::new());
    let result = op.results().first()?.ty();
    let fits = |value: Value<'_>| {
        let is_pixel =
            value.ty().shape().is_some_and(|shape| shape.iter().rev().skip(1).all(|&size| size == 1));
        value.ty() == result || is_pixel
    };
    let same_channels = a.ty().shape()?.last() == b.ty().shape()?.last();
    let one_is_result = [a, b].iter().any(|value| value.ty() == result);
    (fits(a) && fits(b) && same_channels && one_is_result)
        .then(|| Ok(Found::plain(Kind::Mul { other }, &[a, b])))
}

/// The two operands of an operation of that name, none of which is constant.
fn data_of<'c>(op: Op<'c>, name: &str) -> Option<[Value<'c>; 2]> {
    pair(op, name).filter(|operands| operands.iter().all(|&value| tosa::constant(value).is_none()))
}
