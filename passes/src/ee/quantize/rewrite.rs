//! The rewrite of a float network into an integer one.

use std::collections::HashMap;

use atheena_dialects::{
    ee::Exit,
    ir::{Attr, Builder, Ctx, DenseElement, Failure, I48, Op, Type, Value},
    tosa::{self, Convolution, Rescale, Rounding},
};

use super::elementwise::Elementwise;
use super::groups::{Groups, Kind, image};
use super::report::last_logits;
use super::rounding::LayerInputs;
use super::scales::{Format, power};
use super::scheme::Scheme;
use super::weights::{Chooser, Weights};

/// Rewrites a function, given the format of each group.
pub fn rewrite<'c>(
    function: Op<'c>,
    groups: Groups<'c>,
    functions: &Elementwise<'c>,
    formats: &[Format],
    scheme: &Scheme,
    inputs: &LayerInputs<'c>,
) -> Result<Rewritten<'c>, Failure> {
    let weights = Chooser { groups: &groups, formats, scheme, inputs }.choose(function)?;
    let rewritten = Rewritten(HashMap::new());
    let mut rewrite = Rewrite { groups, formats, weights, rewritten };
    let argument = image(function)?;
    let layers = function.walk();
    // What operations mean is read off the float network, before it changes.
    let kinds: Vec<_> = layers[1..].iter().map(|&op| (op, Kind::of(op, functions))).collect();
    let tables: Vec<_> = layers[1..].iter().filter_map(|&op| rewrite.table(op, functions)).collect();
    tables.into_iter().for_each(|(op, source, table)| rewrite.map(op, source, &table));
    rewrite.enter(function, argument);
    for (op, kind) in kinds {
        match kind {
            Kind::Computes => match Convolution::cast(op) {
                Some(layer) => rewrite.convolution(layer)?,
                None if op.is("tosa.avg_pool2d") => rewrite.average(op)?,
                None if op.is("tosa.mul") => rewrite.multiply(op)?,
                None => rewrite.add(op)?,
            },
            Kind::Passes | Kind::Averages => rewrite.pass(op)?,
            Kind::Joins => rewrite.join(op)?,
            Kind::Maps => {}
            Kind::Exits => rewrite.exit(Exit(op)),
            Kind::Ends if op.is("func.return") => rewrite.finish(function, op),
            Kind::Ends | Kind::Constant | Kind::Unknown => {}
        }
    }
    tosa::erase_unused(function);
    Ok(rewrite.rewritten)
}

/// What values have become that are others now.
pub struct Rewritten<'c>(HashMap<Value<'c>, Value<'c>>);

impl<'c> Rewritten<'c> {
    /// What a value has become.
    pub fn of(&self, value: Value<'c>) -> Value<'c> {
        self.0.get(&value).copied().unwrap_or(value)
    }
}

struct Rewrite<'c, 'a> {
    groups: Groups<'c>,
    formats: &'a [Format],
    /// Of layers, by their outputs.
    weights: HashMap<Value<'c>, Weights>,
    rewritten: Rewritten<'c>,
}

impl<'c> Rewrite<'c, '_> {
    fn format(&self, value: Value<'c>) -> Format {
        let group = self.groups.group_of(value).expect("a number of the network has a group");
        self.formats[group]
    }

    /// Takes pixels as they are, 0..=255 in the bits of an i8, and shifts them to -128..=127.
    fn enter(&mut self, function: Op<'c>, argument: Value<'c>) {
        let users = argument.uses();
        set_element::<i8>(argument);
        let shift = Rescale {
            input_zp: 128,
            output_zp: 0,
            input_unsigned: true,
            ..factor(1.0, 31).expect("one is in range")
        };
        let start = Builder::start(function.body(), function.loc());
        let shifted = shift.build(start, argument, i8::ty(function.ctx()));
        self.groups.join(shifted, argument);
        redirect(users, shifted);
    }

    /// The source and the table of the function that ends with an operation, if one does.
    fn table(&self, op: Op<'c>, functions: &Elementwise<'c>) -> Option<(Op<'c>, Value<'c>, Vec<i8>)> {
        let result = op.results().first().copied().filter(|&result| functions.is_read(result))?;
        let function = functions.function(result)?;
        let (input, output) = (self.format(function.source), self.format(result));
        let table = (-128..=127).map(|code| output.nearest(function.at(input.real(code))) as i8);
        Some((op, function.source, table.collect()))
    }

    /// The users of an elementwise operation read a table of its source. The operation itself ends up unused.
    fn map(&mut self, op: Op<'c>, source: Value<'c>, table: &[i8]) {
        let result = op.result(0);
        let users = result.uses();
        let here = Builder::before(op);
        let values = tosa::const_dense(here, &[table.len() as i64], table);
        let shape = result.ty().shape().expect("a number of the network is a tensor");
        let ty = Type::tensor(&shape, i8::ty(op.ctx()));
        let mapped = tosa::simple(here, "tosa.table", &[source, values], ty);
        self.groups.join(mapped, result);
        self.rewritten.0.insert(result, mapped);
        redirect(users, mapped);
    }

    /// Rescales the operands whose scale is not that of the result.
    fn join(&mut self, op: Op<'c>) -> Result<(), Failure> {
        let output = self.format(op.result(0));
        for (index, input) in op.operands().into_iter().enumerate() {
            let format = self.format(input);
            if format != output {
                let rescale = factor(format.scale() / output.scale(), 31).ok_or_else(|| far_apart(op))?;
                let rescale = Rescale {
                    input_zp: format.zero_point.into(),
                    output_zp: output.zero_point.into(),
                    ..rescale
                };
                let narrow = rescale.build(Builder::before(op), input, element(output, op.ctx()));
                op.set_operand(index, narrow);
            }
        }
        set_format(op.result(0), output);
        Ok(())
    }

    fn convolution(&mut self, layer: Convolution<'c>) -> Result<(), Failure> {
        let op = layer.0;
        let (input, output) = (self.format(layer.input()), self.format(layer.output()));
        let chosen = self.weights.remove(&layer.output()).expect("each layer has weights");
        let Weights { scales, integers, bias, input_scale } = chosen;
        let scale = |channel: usize| if scales.len() == 1 { scales[0] } else { scales[channel] };
        let sum = |(channel, &b): (usize, &f64)| (b / (input_scale * scale(channel))).round();
        let bias: Vec<f64> = bias.iter().enumerate().map(sum).collect();

        let sums = Sums::of(input);
        let largest_input = input.largest();
        let mut largest_sum: Vec<f64> = bias.iter().map(|b| b.abs()).collect();
        for (i, &w) in integers.iter().enumerate() {
            largest_sum[layer.channels_of(i).0] += f64::from(w).abs() * largest_input;
        }
        let factors = scales.iter().map(|&scale| sums.factor(input_scale * scale / output.scale()));
        let rescale =
            factors.collect::<Option<Vec<_>>>().map(Rescale::of_channels).ok_or_else(|| far_apart(op))?;
        let shift = |channel: usize| rescale.shift[if scales.len() == 1 { 0 } else { channel }];
        let fits = |(channel, &sum): (usize, &f64)| sums.fit(sum, shift(channel));
        if !largest_sum.iter().enumerate().all(fits) {
            let largest = largest_sum.iter().copied().fold(0.0, f64::max);
            let bits = sums.bits;
            let message = format!("may sum up to {largest:.0}, which {bits} bits can't hold and rescale");
            let cure = "its bias is far larger than its products, or cancels them: retrain the layer";
            return Err(op.error(message, &[cure]));
        }

        let here = Builder::before(op);
        layer.set_weights(&integers);
        sums.set_bias(layer, &bias);
        op.set_operand(3, integer(here, input, input.zero_point.into()));
        op.set_operand(4, tosa::const_dense(here, &[1], &[0i8]));
        op.set_attr("acc_type", Attr::ty(Type::integer(op.ctx(), sums.bits)));
        self.narrow(op, rescale, sums.bits);
        Ok(())
    }

    /// Both operands at the finer scale of the two, in 32 bits.
    fn add(&mut self, op: Op<'c>) -> Result<(), Failure> {
        let inputs = op.operands();
        let formats: Vec<_> = inputs.iter().map(|&input| self.format(input)).collect();
        // Pixels have a factor beside a power of two: keep eight more bits of them.
        let fine =
            |format: &Format| -format.scale().log2().floor() as i32 + if format.unit == 1.0 { 0 } else { 8 };
        let sums = formats.iter().map(fine).max().unwrap_or_default();
        let narrow = power(-sums) / self.format(op.result(0)).scale();
        let bits = -narrow.log2().ceil() as i32;
        for (index, (&input, format)) in inputs.iter().zip(&formats).enumerate() {
            let by = format.scale() * power(sums);
            // Two operands of up to 255 (or 32768) * by, which TOSA's rescale wants below 2^29 before and behind it.
            let both = power(if format.bits == 8 { 9 } else { format.bits as i32 });
            let widen = factor(by, 31).filter(|_| both * by < power(29 + bits.min(0)));
            let widen = Rescale { input_zp: format.zero_point.into(), ..widen.ok_or_else(|| far_apart(op))? };
            op.set_operand(index, widen.build(Builder::before(op), input, i32::ty(op.ctx())));
        }
        let rescale = factor(narrow, 16).ok_or_else(|| far_apart(op))?;
        self.narrow(op, rescale, 32);
        Ok(())
    }

    /// The products, in 32 bits, of what both operands are above their zero points.
    fn multiply(&mut self, op: Op<'c>) -> Result<(), Failure> {
        let inputs = [0, 1].map(|index| op.operands()[index]);
        let formats = inputs.map(|input| self.format(input));
        // TOSA wants operands of one width, and has no zero points here.
        if formats.iter().any(|format| format.bits == 16 || format.zero_point != 0) {
            for (index, format) in formats.iter().enumerate().filter(|(_, format)| format.bits == 8) {
                let zero_point = format.zero_point.into();
                op.set_operand(index, tosa::above_zero_point(Builder::before(op), inputs[index], zero_point));
            }
        }
        let products = Sums { bits: 32 };
        let scale = formats[0].scale() * formats[1].scale() / self.format(op.result(0)).scale();
        let largest = formats.iter().map(Format::largest).product();
        let rescale = products.factor(scale).filter(|rescale| products.fit(largest, rescale.shift[0]));
        self.narrow(op, rescale.ok_or_else(|| far_apart(op))?, products.bits);
        Ok(())
    }

    /// The mean of numbers of 16 bits, rescaled to what it is kept with: rounded to the input's steps it would lose what its own finer ones
    /// can say.
    fn average(&mut self, op: Op<'c>) -> Result<(), Failure> {
        let input = op.operands()[0];
        let (from, to) = (self.format(input), self.format(op.result(0)));
        if from == to {
            return self.pass(op);
        }
        let (here, i16) = (Builder::before(op), Type::integer(op.ctx(), 16));
        // 255 steps of 128 are within 16 bits.
        let finer = if from.bits == 8 { 128.0 } else { 1.0 };
        if from.bits == 8 {
            let widen = factor(finer, 31).ok_or_else(|| far_apart(op))?;
            let widen = Rescale { input_zp: from.zero_point.into(), ..widen };
            op.set_operand(0, widen.build(here, input, i16));
        }
        let zero = tosa::const_dense(here, &[1], &[0i16]);
        op.set_operand(1, zero);
        op.set_operand(2, zero);
        op.set_attr("acc_type", Attr::ty(i32::ty(op.ctx())));
        let rescale = factor(from.scale() / finer / to.scale(), 16).ok_or_else(|| far_apart(op))?;
        self.narrow(op, rescale, 16);
        Ok(())
    }

    /// Makes the result of `op` as wide as a sum, and its users read it rescaled.
    fn narrow(&mut self, op: Op<'c>, rescale: Rescale, bits: u32) {
        let wide = op.result(0);
        let format = self.format(wide);
        let users = wide.uses();
        set_format(wide, Format { bits, ..format });
        let rescale = Rescale { output_zp: format.zero_point.into(), ..rescale };
        let narrow = rescale.build(Builder::after(op), wide, element(format, op.ctx()));
        self.groups.join(narrow, wide);
        self.rewritten.0.insert(wide, narrow);
        redirect(users, narrow);
    }

    /// What keeps the scale keeps its meaning on integers; only its constants change.
    fn pass(&mut self, op: Op<'c>) -> Result<(), Failure> {
        let format = self.format(op.result(0));
        let here = Builder::before(op);
        let element = element(format, op.ctx());
        match op.name().as_str() {
            "tosa.clamp" => {
                for name in ["min_val", "max_val"] {
                    let bound = op.attr(name).and_then(Attr::to_f64).unwrap_or_default();
                    op.set_attr(name, Attr::int(element, format.nearest(bound).into()));
                }
            }
            "tosa.avg_pool2d" => {
                let zero = integer(here, format, format.zero_point.into());
                op.set_operand(1, zero);
                op.set_operand(2, zero);
                op.set_attr("acc_type", Attr::ty(i32::ty(op.ctx())));
            }
            "tosa.pad" => {
                let border: Vec<f32> = tosa::constant_operand(op, 2, "border")?;
                let border = border.first().copied().unwrap_or_default();
                op.set_operand(2, integer(here, format, format.nearest(border.into())));
            }
            _ => {}
        }
        set_format(op.result(0), format);
        Ok(())
    }

    fn exit(&mut self, exit: Exit<'c>) {
        for region in [exit.classify(), exit.otherwise()] {
            region.arguments().into_iter().for_each(|value| set_format(value, self.format(value)));
        }
        // The classifier is rewritten later, but has its format now.
        let format = self.format(exit.logits());
        let scale = format.scale();
        exit.0.results().into_iter().for_each(|value| set_format(value, format));
        let classes = exit.logits().ty().shape().and_then(|shape| usize::try_from(*shape.last()?).ok());
        let classes = classes.expect("the verifier wants logits of rank 2");
        exit.set_confidence(&exit.confidence().quantized(scale, format.bits, classes));
        exit.0.set_attr("ee.logits_scale", Attr::f64(exit.0.ctx(), scale));
    }

    fn finish(&mut self, function: Op<'c>, end: Op<'c>) {
        if let Some(group) = last_logits(function).and_then(|logits| self.groups.group_of(logits)) {
            function.set_attr("ee.logits_scale", Attr::f64(function.ctx(), self.formats[group].scale()));
        }
        let types = |values: Vec<Value<'c>>| values.into_iter().map(Value::ty).collect::<Vec<_>>();
        let ty = Type::function(function.ctx(), &types(function.body().arguments()), &types(end.operands()));
        function.set_attr("function_type", Attr::ty(ty));
    }
}

/// The sums of a layer's products.
#[derive(Clone, Copy)]
pub struct Sums {
    /// 32, or 48 of inputs of 16 bits.
    pub bits: u32,
}

impl Sums {
    /// Of products of inputs in this format.
    pub fn of(input: Format) -> Self {
        Self { bits: if input.bits == 16 { 48 } else { 32 } }
    }

    /// Multiplies a sum by a positive number, to 16 bits, or 15 where TOSA has no more.
    fn factor(self, by: f64) -> Option<Rescale> {
        if self.bits == 32 { factor(by, 16) } else { wide_factor(by, 15, 15) }
    }

    /// Can TOSA rescale all sums up to `largest`?
    fn fit(self, largest: f64, shift: i32) -> bool {
        match self.bits {
            // Values below 2^(shift - 1), which a multiplier below 2^31 leaves in 32 bits.
            32 => largest <= f64::from(i32::MAX) && largest < power(shift - 1),
            // A multiplier below 2^15 leaves 32 bits.
            _ => largest < power(47).min(power(shift + 16)),
        }
    }

    /// Makes a layer's bias a sum.
    fn set_bias(self, layer: Convolution<'_>, bias: &[f64]) {
        if self.bits == 32 {
            layer.set_bias(&bias.iter().map(|&b| b as i32).collect::<Vec<_>>());
        } else {
            let wide = |&b: &f64| I48::new(b as i64).expect("the largest sum fits");
            layer.set_bias(&bias.iter().map(wide).collect::<Vec<_>>());
        }
    }
}

/// A constant in a format's integers.
fn integer<'c>(here: Builder<'c>, format: Format, value: i16) -> Value<'c> {
    match format.bits {
        8 => tosa::const_dense(here, &[1], &[value as i8]),
        _ => tosa::const_dense(here, &[1], &[value]),
    }
}

/// Multiplies by a positive number: exactly by a power of two, by others to some bits, at most 31. None if TOSA has no such
/// shift.
fn factor(factor: f64, bits: i32) -> Option<Rescale> {
    wide_factor(factor, bits, 31)
}

/// The same with a multiplier below 2^width.
fn wide_factor(factor: f64, bits: i32, width: i32) -> Option<Rescale> {
    // factor = mantissa * 2^exponent with the mantissa in [0.5, 1).
    let mut exponent = factor.log2().floor() as i32 + 1;
    let mut mantissa = (factor * power(bits - exponent)).round();
    if mantissa >= power(bits) {
        (mantissa, exponent) = (mantissa / 2.0, exponent + 1);
    }
    let shift = width - exponent;
    (2..=62).contains(&shift).then(|| Rescale {
        multiplier: vec![(mantissa * power(width - bits)) as i32],
        shift: vec![shift],
        input_zp: 0,
        output_zp: 0,
        rounding: Rounding::Single,
        input_unsigned: false,
        output_unsigned: false,
    })
}

fn far_apart(op: Op<'_>) -> Failure {
    let cure = "normalise the layers, so that their numbers are of like size";
    op.error("combines numbers whose scales are too far apart for 32 bits", &[cure])
}

fn set_element<T: DenseElement>(value: Value<'_>) {
    let shape = value.ty().shape().expect("a number of the network is a tensor");
    value.set_ty(Type::tensor(&shape, T::ty(value.ty().ctx())));
}

/// The type of a format's integers.
fn element(format: Format, ctx: Ctx<'_>) -> Type<'_> {
    Type::integer(ctx, format.bits)
}

fn set_format(value: Value<'_>, format: Format) {
    let shape = value.ty().shape().expect("a number of the network is a tensor");
    value.set_ty(Type::tensor(&shape, element(format, value.ty().ctx())));
}

fn redirect<'c>(users: Vec<(Op<'c>, usize)>, value: Value<'c>) {
    for (user, operand) in users {
        user.set_operand(operand, value);
    }
}
