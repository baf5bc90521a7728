//! Layers: which actors compute each TOSA operation.

use atheena_dialects::dataflow::{
    Affine, Average, Binary, BinaryKind, Concat, Depthwise, Element, Map, Matvec, MatvecParts, Named, Pad,
    Pool, PoolKind, Resize, Scale, Slice, Stream, Table, TilePool, Window,
};
use atheena_dialects::ir::{Attr, Failure, Op, Type, Value};
use atheena_dialects::tosa::{Convolution, Geometry, Rescale, Rounding, constant, constant_ints};

use super::network::Network;

const SUPPORTED: [&str; 21] = [
    "arith.constant",
    "ee.exit",
    "ee.yield",
    "func.return",
    "tosa.add",
    "tosa.avg_pool2d",
    "tosa.clamp",
    "tosa.concat",
    "tosa.const",
    "tosa.const_shape",
    "tosa.conv2d",
    "tosa.depthwise_conv2d",
    "tosa.identity",
    "tosa.max_pool2d",
    "tosa.mul",
    "tosa.pad",
    "tosa.rescale",
    "tosa.reshape",
    "tosa.slice",
    "tosa.table",
    "tosa.transpose",
];

/// Reports every operation that no actor computes, and every float, before anything is made.
pub fn check_all(function: Op<'_>) -> Result<(), Failure> {
    let mut result = Ok(());
    for op in function.walk().into_iter().skip(1) {
        if !SUPPORTED.contains(&op.name().as_str()) {
            let known: Vec<_> = SUPPORTED[4..].iter().map(|name| name.trim_start_matches("tosa.")).collect();
            let note = format!("express it with what hardware has actors for: {}", known.join(", "));
            result = Err(op.error("has no actor that computes it", &[&note]));
        } else if op.results().iter().any(|r| r.ty().element().is_some_and(Type::is_float)) {
            let note = "make the network integer with ee-quantize";
            result = Err(op.error("expected integers, as hardware has no floating point", &[note]));
        }
    }
    result
}

/// What a convolution or a pool takes its windows of.
struct Tap<'c> {
    source: Value<'c>,
    geometry: Geometry,
    /// What the padding holds.
    pad_value: i64,
}

impl<'c> Tap<'c> {
    /// The tensor before crops at the end of rows and columns that no window of `op` reaches, and before padding that its
    /// windows hold as well as that of their own.
    fn of(op: Op<'c>, source: Value<'c>, geometry: Geometry, pad_value: i64) -> Self {
        let mut tap = Self { source, geometry, pad_value };
        let windows = op.result(0).ty().shape().unwrap_or_default();
        while let Some(before) = tap.before_crop(&windows).or_else(|| tap.before_pad()) {
            tap = before;
        }
        tap
    }

    fn before_crop(&self, windows: &[i64]) -> Option<Self> {
        let op = self.source.producer().filter(|op| op.is("tosa.slice"))?;
        let source = before_crop(op)?;
        let [from, to] = [source, self.source].map(|value| value.ty().shape().unwrap_or_default());
        // Padding behind what is left out would stand where the window now finds data.
        let moves = |dim: usize| from[1 + dim] != to[1 + dim] && self.geometry.pad[2 * dim + 1] > 0;
        let size = self.geometry.output([from[1], from[2]])?;
        let same = !moves(0) && !moves(1) && windows.get(1..3) == Some(&size[..]);
        same.then(|| Self { source, geometry: self.geometry.clone(), pad_value: self.pad_value })
    }

    fn before_pad(&self) -> Option<Self> {
        let op = self.source.producer().filter(|op| op.is("tosa.pad"))?;
        let (before, after, value) = padding(op).ok()?;
        let (&[0, top, left, 0], &[0, bottom, right, 0]) = (&before[..], &after[..]) else { return None };
        let mut geometry = self.geometry.clone();
        geometry.pad.iter_mut().zip([top, bottom, left, right]).for_each(|(pad, more)| *pad += more);
        let fits = value == self.pad_value && fits_windows(&geometry);
        fits.then(|| Self { source: op.operands()[0], geometry, pad_value: value })
    }
}

/// Is there something of the input in every window? Those of hardware want that.
fn fits_windows(geometry: &Geometry) -> bool {
    let reach = |axis: usize| (geometry.kernel[axis] - 1) * geometry.dilation[axis] + 1;
    (0..4).all(|side| geometry.pad[side] < reach(side / 2))
}

/// Indices before and after each dimension, and what they hold, of a `tosa.pad`.
fn padding(op: Op<'_>) -> Result<(Vec<i64>, Vec<i64>, i64), Failure> {
    let pairs = constant_ints(op, 1, "padding")?;
    let value = constant_ints(op, 2, "border")?.first().copied().unwrap_or(0);
    let side = |first: usize| pairs.iter().skip(first).step_by(2).copied().collect();
    Ok((side(0), side(1), value))
}

impl<'c> Network<'c> {
    /// The stream that a tensor has become; makes the actors that it needs.
    pub fn stream(&mut self, value: Value<'c>) -> Result<Value<'c>, Failure> {
        if let Some(&stream) = self.streams.get(&value) {
            return Ok(stream);
        }
        let stream = match value.producer() {
            Some(op) => self.layer(op, value)?,
            None => {
                let block = value.argument_block().expect("a value is a result or an argument");
                self.argument(block, value.index())?
            }
        };
        self.streams.insert(value, stream);
        Ok(stream)
    }

    fn layer(&mut self, op: Op<'c>, value: Value<'c>) -> Result<Value<'c>, Failure> {
        let input = op.operand(0);
        match (op.name().as_str(), input) {
            ("tosa.rescale" | "tosa.clamp" | "tosa.conv2d" | "tosa.depthwise_conv2d", _) => self.affine(op, value),
            ("tosa.max_pool2d", Some(input)) => self.pool(op, input, PoolKind::Max),
            ("tosa.avg_pool2d", Some(input)) => self.pool(op, input, PoolKind::Average),
            ("tosa.add", Some(lhs)) => self.binary(op, (lhs, op.operands()[1]), BinaryKind::Add),
            ("tosa.mul", Some(lhs)) => self.product(op, lhs, op.operands()[1]),
            ("tosa.reshape" | "tosa.identity", Some(input)) => self.stream(input),
            ("tosa.transpose", Some(input)) if keeps_order(op, input) => self.stream(input),
            ("tosa.transpose", _) => Err(op.error(
                "changes the order of elements, which a stream can't",
                &["fold it into the weights of the next layer with ee-fold-layout"],
            )),
            ("tosa.pad", Some(input)) => self.pad(op, input),
            ("tosa.table", Some(input)) => self.table(op, input),
            ("tosa.concat", Some(_)) => self.concat(op),
            ("tosa.slice", Some(input)) => self.slice(op, input),
            ("ee.exit", _) => Err(op.error(
                "has results that go through further layers",
                &["move the layers behind the exit into its otherwise region, and into classify if they matter there"],
            )),
            _ => Err(op.error("is used as a feature map, but is none", &["constants may only be parameters"])),
        }
    }

    /// A convolution, a rescale, a clamp, or a chain of them in which nothing else uses what is between.
    fn affine(&mut self, op: Op<'c>, value: Value<'c>) -> Result<Value<'c>, Failure> {
        let element = element_of(op, value)?;
        let (mut min, mut max) = element.range();
        let later = self.clamps.get(&value).copied().unwrap_or(element.range());
        let mut base = value;
        let mut rescale = None;
        let next = |base: Value<'c>, name: &str| {
            base.producer().filter(|op| op.is(name) && (base == value || base.only_user().is_some()))
        };
        if let Some(clamp) = next(base, "tosa.clamp") {
            let bound = |name| clamp.attr(name).and_then(Attr::to_i64);
            min = min.max(bound("min_val").unwrap_or(min));
            max = max.min(bound("max_val").unwrap_or(max));
            (min, max) = (min.clamp(later.0, later.1), max.clamp(later.0, later.1));
            base = clamp.operands()[0];
            if let Some(pooled) = before_max_pools(base) {
                self.clamps.insert(pooled, (min, max));
                return self.stream(base);
            }
        } else {
            (min, max) = later;
        }
        if let Some(op) = next(base, "tosa.rescale") {
            rescale = Some((op, Rescale::of(op)?));
            base = op.operands()[0];
        }
        let layer = next(base, "tosa.conv2d").or_else(|| next(base, "tosa.depthwise_conv2d"));
        if let Some(conv) = layer.and_then(Convolution::cast) {
            let rescale = rescale.map(|(_, rescale)| rescale).unwrap_or_else(identity);
            if rescale.input_unsigned || rescale.output_unsigned {
                return Err(op.error("expected a signed rescale behind a convolution", &[]));
            }
            return self.convolution(conv, &rescale, element, (min, max));
        }
        let (at, rescale) = rescale.unwrap_or_else(|| (op, identity()));
        self.map(at, base, &rescale, element, (min, max))
    }

    fn map(
        &mut self,
        op: Op<'c>,
        input: Value<'c>,
        rescale: &Rescale,
        element: Element,
        (min, max): (i64, i64),
    ) -> Result<Value<'c>, Failure> {
        let stream = self.stream(input)?;
        if rescale.input_unsigned != Stream::of_value(stream).element.unsigned {
            let message = "takes bits as unsigned that are signed, or the other way round";
            return Err(op.error(message, &["only the network's image is unsigned"]));
        }
        if rescale.output_unsigned {
            return Err(op.error("expected a signed result", &["only the network's image is unsigned"]));
        }
        let zps = (rescale.input_zp, rescale.output_zp);
        let label = self.label(op, "map");
        let named = Named { label: &label, reach: self.section(op).reach };
        let (multiplier, shift, double_round) = scales(rescale);
        let (&[multiplier], &[shift]) = (&multiplier[..], &shift[..]) else {
            // A channel of its own each: a convolution by one.
            let map = Stream::of_value(stream);
            let channels = multiplier.len().max(shift.len());
            let ones = Attr::dense(op.ctx(), &[1, 1, map.channels(), 1], &vec![1i8; map.channels() as usize]);
            if channels as i64 != map.channels() {
                let message =
                    format!("has {channels} multipliers and shifts, but {} channels", map.channels());
                return Err(
                    op.error(message, &["reshape only in front of dense layers, to [1, 1, 1, inputs]"])
                );
            }
            let (bias, output_zp) = (vec![-zps.0; channels], zps.1);
            let scale = Scale { bias, multiplier, shift, double_round, output_zp, min, max };
            let output = Stream { element, ..map };
            let depthwise = Depthwise::build(self.builder(op.loc()), named, stream, ones, &scale, &output);
            return Ok(depthwise.0.result(0));
        };
        let affine = Affine { input_zp: zps.0, multiplier, shift, double_round, output_zp: zps.1, min, max };
        Ok(Map::build(self.builder(op.loc()), named, stream, &affine, element).0.result(0))
    }

    fn convolution(
        &mut self,
        layer: Convolution<'c>,
        rescale: &Rescale,
        element: Element,
        (min, max): (i64, i64),
    ) -> Result<Value<'c>, Failure> {
        let conv = layer.0;
        let result = conv.result(0);
        let sums = element_of(conv, result)?.bits;
        if ![32, 48].contains(&sums) {
            return Err(
                conv.error(format_args!("expected an i32 or i48 result, but got {}", result.ty()), &[])
            );
        }
        let weights = conv.operand(1).and_then(constant).filter(|attr| attr.to_dense_ints().is_some());
        let Some(mut weights) = weights else {
            return Err(conv.error("expected constant integer weights", &[]));
        };
        if constant_ints(conv, 4, "weights' zero point")?.iter().any(|&zp| zp != 0) {
            return Err(conv.error("expected weights with zero point 0", &["quantise weights symmetrically"]));
        }
        let Some(geometry) = Geometry::of(conv) else {
            return Err(conv.error("expected pad, stride and dilation", &[]));
        };
        let [kh, kw] = geometry.kernel;
        let outputs = layer.out_channels() as i64;
        let tap = tap_of(conv, geometry)?;
        let zero_point = tap.pad_value;
        let shape = result.ty().shape().unwrap_or_default().split_off(1);

        let stream = self.stream(tap.source)?;
        let map = Stream::of_value(stream);
        let channels = conv.operands()[0].ty().shape().and_then(|shape| shape.last().copied()).unwrap_or(1);
        // A single channel's depthwise convolution is a convolution: [KH, KW, 1, M] are rows [M, KH, KW, 1].
        let depthwise = layer.is_depthwise() && channels > 1;
        let bias = folded_bias(layer, sums, zero_point, rescale.input_zp)?;
        if layer.is_depthwise() && !depthwise {
            weights = by_output(layer, weights, [outputs, kh, kw, 1]);
        }
        let plain = tap.geometry.pad == [0; 4];
        let whole = plain && !depthwise && map.shape == [kh, kw, channels] && shape[..2] == [1, 1];
        let pointwise = plain && [kh, kw] == [1, 1] && tap.geometry.stride == [1, 1];
        let (vectors, channel_lanes) = if whole || pointwise {
            (stream, if whole { channels } else { 1 })
        } else {
            let (low, high) = map.element.range();
            if !(low..=high).contains(&zero_point) {
                let message =
                    format!("has the zero point {zero_point}, which its input's elements can't hold");
                return Err(conv.error(message, &[]));
            }
            (self.window(conv, &tap)?, 1)
        };
        let positions: i64 = shape.iter().take(2).product();
        let vector = kh * kw * channels;
        let as_it_comes = !depthwise || Stream::of_value(vectors).channels() == vector;
        if Stream::of_value(vectors).elements() != positions * vector || !as_it_comes {
            let message =
                format!("expected its input as it comes, {}, but it was reshaped", map.ty(conv.ctx()));
            return Err(conv.error(message, &["reshape only in front of dense layers, to [1, 1, 1, inputs]"]));
        }
        let (multiplier, shift, double_round) = scales(rescale);
        let scale = Scale { bias, multiplier, shift, double_round, output_zp: rescale.output_zp, min, max };
        let output = Stream { shape, element, lanes: 1 };
        let reach = self.section(conv).reach;
        let builder = self.builder(conv.loc());
        if depthwise {
            let label = self.label(conv, "depthwise");
            let output = output.with_lanes(outputs / channels);
            let named = Named { label: &label, reach };
            let result = Depthwise::build(builder, named, vectors, weights, &scale, &output).0.result(0);
            if output.lanes == 1 {
                return Ok(result);
            }
            // Of all streams at folding 1, this one alone has more lanes.
            let label = self.label(conv, "lanes");
            return Ok(Resize::build(builder, Named { label: &label, reach }, result, 1).0.result(0));
        }
        let label = self.label(conv, "matvec");
        let parts = MatvecParts { weights, channel_lanes, scale };
        Ok(Matvec::build(builder, Named { label: &label, reach }, vectors, &parts, &output).0.result(0))
    }

    fn window(&mut self, op: Op<'c>, tap: &Tap<'c>) -> Result<Value<'c>, Failure> {
        let mut stream = self.feature_map(op, tap.source)?;
        let mut geometry = tap.geometry.clone();
        let reach = self.section(op).reach;
        if !fits_windows(&geometry) {
            let [top, bottom, left, right] = std::mem::take(&mut geometry.pad);
            let label = self.label(op, "pad");
            let (named, around) =
                (Named { label: &label, reach }, (&[top, left, 0][..], &[bottom, right, 0][..]));
            stream = Pad::build(self.builder(op.loc()), named, stream, around, tap.pad_value).0.result(0);
        }
        let label = self.label(op, "window");
        let named = Named { label: &label, reach };
        let window = Window::build(self.builder(op.loc()), named, stream, &geometry, tap.pad_value);
        let Some(window) = window else {
            return Err(op.error("has a kernel that does not fit its input", &[]));
        };
        Ok(window.0.result(0))
    }

    fn pool(&mut self, op: Op<'c>, input: Value<'c>, kind: PoolKind) -> Result<Value<'c>, Failure> {
        let Some(geometry) = Geometry::of(op) else {
            return Err(op.error("expected kernel, stride and pad", &[]));
        };
        let shape = input.ty().shape().unwrap_or_default();
        let (element, result) = (element_of(op, input)?, op.result(0).ty().shape().unwrap_or_default());
        let (&[_, h, w, _], &[_, oh, ow, _]) = (&shape[..], &result[..]) else {
            return Err(op.error("expected a feature map [1, H, W, C]", &[]));
        };
        let kernel = geometry.kernel;
        let mut average = Average::default();
        let mut pad_value = element.range().0;
        if kind == PoolKind::Average {
            let zp = |index, what| Ok(constant_ints(op, index, what)?.first().copied().unwrap_or(0));
            average.zps = (zp(1, "input's zero point")?, zp(2, "output's zero point")?);
            pad_value = average.zps.0;
            if geometry.pad != [0; 4] {
                average.taps = Some([inside(&geometry, 0, h, oh), inside(&geometry, 1, w, ow)]);
            }
        }
        let tap = Tap::of(op, input, geometry, pad_value);
        let label = self.label(op, "pool");
        let named = Named { label: &label, reach: self.section(op).reach };
        let source = tap.source.ty().shape().unwrap_or_default();
        let side_by_side = |axis: usize| result[1 + axis] == 1 || tap.geometry.stride[axis] == kernel[axis];
        let cover = [oh * kernel[0], ow * kernel[1]] == source[1..3];
        if tap.geometry.pad == [0; 4] && cover && side_by_side(0) && side_by_side(1) && kernel != [1, 1] {
            let (builder, stream) = (self.builder(op.loc()), self.feature_map(op, tap.source)?);
            return Ok(TilePool::build(builder, named, stream, (kind, kernel), average.zps).0.result(0));
        }
        let windows = self.window(op, &tap)?;
        Ok(Pool::build(self.builder(op.loc()), named, windows, (kind, kernel), &average).0.result(0))
    }

    fn pad(&mut self, op: Op<'c>, input: Value<'c>) -> Result<Value<'c>, Failure> {
        let stream = self.feature_map(op, input)?;
        let (before, after, value) = padding(op)?;
        let (Some((0, before)), Some((0, after))) = (before.split_first(), after.split_first()) else {
            return Err(op.error("adds samples, which come one by one", &[]));
        };
        let label = self.label(op, "pad");
        let named = Named { label: &label, reach: self.section(op).reach };
        Ok(Pad::build(self.builder(op.loc()), named, stream, (before, after), value).0.result(0))
    }

    fn table(&mut self, op: Op<'c>, input: Value<'c>) -> Result<Value<'c>, Failure> {
        let i8 = Element::signed(8);
        let values = op.operand(1).and_then(constant).filter(|values| values.to_dense::<i8>().is_some());
        if element_of(op, input)? != i8 || element_of(op, op.result(0))? != i8 {
            let message = format!("expected i8 in and out, but got {} and {}", input.ty(), op.result(0).ty());
            return Err(op.error(message, &["rescale to i8 in front of it"]));
        }
        let Some(values) = values else { return Err(op.error("expected its table to be a constant", &[])) };
        let stream = self.stream(input)?;
        let label = self.label(op, "table");
        let named = Named { label: &label, reach: self.section(op).reach };
        Ok(Table::build(self.builder(op.loc()), named, stream, values).0.result(0))
    }

    /// Of many inputs, some at a time: what there is of them then has few lanes to agree on when foldings are picked.
    fn concat(&mut self, op: Op<'c>) -> Result<Value<'c>, Failure> {
        const AT_ONCE: usize = 4;
        let axis = op.attr("axis").and_then(Attr::to_i64).and_then(|axis| usize::try_from(axis - 1).ok());
        let Some(axis) = axis else { return Err(op.error("joins samples, which come one by one", &[])) };
        let mut inputs = vec![];
        let operands = op.operands();
        for (index, &operand) in operands.iter().enumerate() {
            inputs.push(self.feature_map(op, operand)?);
            let last = index + 1 == operands.len();
            if inputs.len() == AT_ONCE || (last && inputs.len() > 1) {
                let label = self.label(op, "concat");
                let named = Named { label: &label, reach: self.section(op).reach };
                inputs = vec![Concat::build(self.builder(op.loc()), named, &inputs, axis).0.result(0)];
            }
        }
        inputs.pop().ok_or_else(|| op.error("has no inputs", &[]))
    }

    fn slice(&mut self, op: Op<'c>, input: Value<'c>) -> Result<Value<'c>, Failure> {
        let stream = self.feature_map(op, input)?;
        let start = constant_ints(op, 1, "start")?;
        let size = op.result(0).ty().shape().unwrap_or_default();
        let (Some((0, start)), Some((1, size))) = (start.split_first(), size.split_first()) else {
            return Err(op.error("takes no part of a sample", &[]));
        };
        if size[..] == Stream::of_value(stream).shape {
            return Ok(stream);
        }
        let label = self.label(op, "slice");
        let named = Named { label: &label, reach: self.section(op).reach };
        Ok(Slice::build(self.builder(op.loc()), named, stream, start, size).0.result(0))
    }

    /// The stream of a tensor whose dimensions count.
    fn feature_map(&mut self, op: Op<'c>, value: Value<'c>) -> Result<Value<'c>, Failure> {
        let stream = self.stream(value)?;
        if value.ty().shape().unwrap_or_default().get(1..) != Some(&Stream::of_value(stream).shape[..]) {
            let message = format!("expected its input as it comes, {}, but it was reshaped", stream.ty());
            return Err(op.error(message, &["reshape only in front of dense layers, to [1, 1, 1, inputs]"]));
        }
        Ok(stream)
    }

    /// A product; what subtracts its operands' zero points is a part of it.
    fn product(&mut self, op: Op<'c>, lhs: Value<'c>, rhs: Value<'c>) -> Result<Value<'c>, Failure> {
        if constant_ints(op, 2, "shift")?.iter().any(|&shift| shift != 0) {
            return Err(op.error("shifts its products", &["rescale behind a tosa.mul with shift 0"]));
        }
        let ((lhs, lhs_zp), (rhs, rhs_zp)) = (before_zero_point(lhs)?, before_zero_point(rhs)?);
        self.binary(op, (lhs, rhs), BinaryKind::Mul([lhs_zp, rhs_zp]))
    }

    /// A function of two tensors, element by element; one of them may be a single pixel.
    fn binary(
        &mut self,
        op: Op<'c>,
        (lhs, rhs): (Value<'c>, Value<'c>),
        kind: BinaryKind,
    ) -> Result<Value<'c>, Failure> {
        let element = element_of(op, op.result(0))?;
        let shape = |value: Value<'c>| value.ty().shape().unwrap_or_default();
        let result = shape(op.result(0));
        // The pixel behind the map.
        let ((lhs, rhs), kind) =
            if shape(lhs) == result { ((lhs, rhs), kind) } else { ((rhs, lhs), kind.swapped()) };
        let streams = if shape(rhs) == result {
            (self.stream(lhs)?, self.stream(rhs)?)
        } else {
            (self.feature_map(op, lhs)?, self.feature_map(op, rhs)?)
        };
        let [of_lhs, of_rhs] = [streams.0, streams.1].map(|stream| Stream::of_value(stream).shape);
        let is_pixel =
            of_rhs.iter().product::<i64>() == of_lhs[of_lhs.len() - 1] && of_rhs.last() == of_lhs.last();
        if shape(lhs) != result || of_lhs != of_rhs && !(is_pixel && of_lhs.len() == of_rhs.len()) {
            let message = format!("expected operands of one shape, but got {} and {}", lhs.ty(), rhs.ty());
            return Err(
                op.error(message, &["hardware spreads nothing but one pixel of all channels over a map"])
            );
        }
        let label = self.label(op, kind.mnemonic());
        let named = Named { label: &label, reach: self.section(op).reach };
        Ok(Binary::build(self.builder(op.loc()), named, kind, streams, element).0.result(0))
    }
}

/// What a chain of maxima is taken of, if nothing else uses it or what is between and it can clamp. A clamp may go in front of
/// them: it keeps the order of numbers, and a window holds more than padding.
fn before_max_pools(value: Value<'_>) -> Option<Value<'_>> {
    let mut before = value;
    while let Some(pool) = before.producer().filter(|op| op.is("tosa.max_pool2d")) {
        before.only_user()?;
        pool.operands()[0].only_user()?;
        before = pool.operands()[0];
        while let Some(whole) = before.producer().filter(|op| op.is("tosa.slice")).and_then(before_crop) {
            before.only_user()?;
            before = whole;
        }
    }
    let op = before.producer()?;
    let clamps = op.is("tosa.rescale") || op.is("tosa.clamp");
    (before != value && clamps && before.only_user().is_some()).then_some(before)
}

/// The tensor before a `tosa.slice`, if that crops rows or columns at their end.
fn before_crop(op: Op<'_>) -> Option<Value<'_>> {
    let before = op.operand(0)?;
    let (from, to) = (before.ty().shape()?, op.result(0).ty().shape()?);
    let start = constant_ints(op, 1, "start").ok()?;
    (start == [0; 4] && from[0] == to[0] && from[3] == to[3]).then_some(before)
}

/// What a convolution takes its windows of; the padding holds the zero point. An unsigned rescale of the image, which only
/// subtracts, is left out.
fn tap_of(conv: Op<'_>, geometry: Geometry) -> Result<Tap<'_>, Failure> {
    let zero_point = constant_ints(conv, 3, "input's zero point")?.first().copied().unwrap_or(0);
    let tap = Tap::of(conv, conv.operands()[0], geometry, zero_point);
    if let Some(op) = tap.source.producer().filter(|op| op.is("tosa.rescale")) {
        let rescale = Rescale::of(op)?;
        if rescale.input_unsigned && !rescale.output_unsigned && rescale.is_identity() {
            let pad_value = tap.pad_value + rescale.input_zp - rescale.output_zp;
            return Ok(Tap::of(conv, op.operands()[0], tap.geometry, pad_value));
        }
    }
    Ok(tap)
}

/// The tensor before a rescale that does nothing but subtract a zero point, and that; a tensor of no such rescale as it is.
fn before_zero_point(value: Value<'_>) -> Result<(Value<'_>, i64), Failure> {
    let bits = |value: Value<'_>| value.ty().element().and_then(Element::of).map(|element| element.bits);
    if let Some(op) = value.producer().filter(|op| op.is("tosa.rescale")) {
        let (input, rescale) = (op.operands()[0], Rescale::of(op)?);
        let signed = !rescale.input_unsigned && !rescale.output_unsigned;
        // In more bits nothing saturates.
        if signed && rescale.is_identity() && rescale.output_zp == 0 && bits(input) < bits(value) {
            return Ok((input, rescale.input_zp));
        }
    }
    Ok((value, 0))
}

/// Does a transpose only move dimensions of size 1?
fn keeps_order(op: Op<'_>, input: Value<'_>) -> bool {
    let shape = input.ty().shape().unwrap_or_default();
    let perms = op.attr("perms").and_then(Attr::to_i64s).unwrap_or_default();
    let moved: Vec<i64> =
        perms.into_iter().filter(|&dim| shape.get(dim as usize).is_some_and(|&size| size != 1)).collect();
    moved.is_sorted()
}

/// The rescale of nothing.
fn identity() -> Rescale {
    Rescale { multiplier: vec![1], shift: vec![0], ..Rescale::power_of_two(0) }
}

/// The same scale with the smallest numbers: `(x * m * 2^z + 2^(s-1)) >> s` is `(x * m + 2^(s-z-1)) >> (s-z)`, and
/// where no shift is left the half that rounds is nothing.
fn simplest(multiplier: i32, shift: i32) -> (i32, i32) {
    let zeros = if multiplier > 0 { (multiplier.trailing_zeros() as i32).min(shift.max(0)) } else { 0 };
    (multiplier >> zeros, shift - zeros)
}

/// Multipliers, shifts, and whether these round twice; one where all channels have the same. Both roundings agree up to a
/// shift of 31.
fn scales(rescale: &Rescale) -> (Vec<i32>, Vec<i32>, bool) {
    let double_round = rescale.rounding == Rounding::Double && rescale.shift.iter().any(|&shift| shift > 31);
    let scale = |(&multiplier, &shift): (&i32, &i32)| {
        if double_round { (multiplier, shift) } else { simplest(multiplier, shift) }
    };
    let mut scales: Vec<_> = rescale.multiplier.iter().zip(&rescale.shift).map(scale).collect();
    scales.dedup();
    // Neighbours that differ are all there again.
    if scales.len() > 1 {
        scales = rescale.multiplier.iter().zip(&rescale.shift).map(scale).collect();
    }
    let (multiplier, shift) = scales.into_iter().unzip();
    (multiplier, shift, double_round)
}

/// Of how many rows (axis 0) or columns inside the input each of `count` outputs is.
fn inside(geometry: &Geometry, axis: usize, size: i64, count: i64) -> Vec<i64> {
    let (kernel, stride, before) = (geometry.kernel[axis], geometry.stride[axis], geometry.pad[2 * axis]);
    let first = |output: i64| output * stride - before;
    (0..count).map(|output| (first(output) + kernel).min(size) - first(output).max(0)).collect()
}

/// The weights of a layer as i8 of another shape, those of an output behind one another.
fn by_output<'c>(layer: Convolution<'c>, weights: Attr<'c>, shape: [i64; 4]) -> Attr<'c> {
    let weights = weights.to_dense_ints().unwrap_or_default();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&index| layer.channels_of(index).0);
    let values: Vec<i8> = order.into_iter().map(|index| weights[index] as i8).collect();
    Attr::dense(layer.0.ctx(), &shape, &values)
}

fn element_of(op: Op<'_>, value: Value<'_>) -> Result<Element, Failure> {
    let element = value.ty().element().and_then(Element::of);
    element.filter(|element| element.bits <= 48).ok_or_else(|| {
        let message = format!("expected integers of at most 48 bits, but got {}", value.ty());
        op.error(message, &["make the network integer with ee-quantize"])
    })
}

/// `bias - zero_point * sum(weights of the output) - rescale_zp`: the zero points as part of the bias.
fn folded_bias(
    layer: Convolution<'_>,
    bits: u32,
    zero_point: i64,
    rescale_zp: i64,
) -> Result<Vec<i64>, Failure> {
    let conv = layer.0;
    let bias = constant_ints(conv, 2, "bias")?;
    let mut sums = vec![0i64; layer.out_channels()];
    let weights = conv.operand(1).and_then(constant).and_then(Attr::to_dense_ints).unwrap_or_default();
    for (index, weight) in weights.into_iter().enumerate() {
        sums[layer.channels_of(index).0] += weight;
    }
    let (low, high) = Element::signed(bits).range();
    sums.iter()
        .enumerate()
        .map(|(channel, sum)| {
            // TOSA lets a bias of one element stand for all.
            let bias = bias.get(channel).or(bias.first()).copied().unwrap_or(0);
            let folded = bias - zero_point * sum - rescale_zp;
            if (low..=high).contains(&folded) {
                return Ok(folded);
            }
            let message =
                format!("has a bias of channel {channel} that i{bits} can't hold with its zero point");
            Err(conv.error(message, &[]))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::simplest;
    use atheena_dialects::tosa::apply_scale;

    #[test]
    fn a_simpler_scale_computes_the_same() {
        for (multiplier, shift) in
            [(1 << 30, 37), (1 << 30, 30), (1 << 30, 29), (3 << 20, 33), (5, 3), (-8, 4), (0, 5)]
        {
            let (m, s) = simplest(multiplier, shift);
            assert!(s <= shift && s >= 0);
            for x in -1000..1000 {
                let wanted = apply_scale(x, multiplier.into(), shift);
                assert_eq!(apply_scale(x, m.into(), s), wanted, "{x} * {multiplier} >> {shift}");
            }
        }
        assert_eq!(simplest(1 << 30, 37), (1, 7));
    }
}
