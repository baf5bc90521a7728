//! Networks that are quantised already: QuantizeLinear and DequantizeLinear around float operators become the integer layers
//! that they mean, with the file's scales. Quantised operators, such as QLinearConv, are read as the same.
//!
//! Products are summed up in 32 bits, and each QuantizeLinear is one `tosa.rescale` (and a clamp, if an activation
//! stands before it). uint8 activations become int8: the zero point is 128 less. The image's QuantizeLinear rescales pixels, which
//! stand for p / 255. ONNX Runtime rounds halves to even and multiplies in float, TOSA rounds them up and multiplies in fixed
//! point, and averages are rounded before they are rescaled: results differ by one in the last place where that matters.

use super::error::Problem;
use super::exits::Chain;
use super::graph::{Network, Node, NodeId, ValueId};
use super::layers::{Layer, Layers, Weights};
use super::tensor::Tensor;
use super::window::Window;
use atheena_dialects::tosa::{Rescale, Rounding};
use std::collections::BTreeMap;

/// A real number r is kept as `r / scale + zero_point` in 8 bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantisation {
    /// What a step stands for.
    pub scale: f64,
    /// What stands for 0, from -128 to 127.
    pub zero_point: i64,
}

impl Quantisation {
    /// Reads scale and zero point of a QuantizeLinear or DequantizeLinear of data.
    pub fn of(node: &Node, scale: &Tensor, zero_point: Option<&Tensor>) -> Result<Self, Problem> {
        let Some(zero_point) = zero_point else {
            let what = "it has no zero point";
            return Err(node.form(
                what,
                "write the zero point, which says whether numbers are int8 or uint8; \
                onnxruntime.quantization.quantize_static does",
            ));
        };
        let Some(shift) = zero_point.shift_to_int8() else {
            let what = format!("its numbers are of type {}", zero_point.type_name());
            return Err(node.form(what, "quantise activations to int8 or uint8"));
        };
        let (&[scale], Some(&[code])) = (scale.finite()?.as_slice(), zero_point.codes().as_deref()) else {
            let what = "its scale and zero point are not one number each";
            return Err(node.form(
                what,
                "quantise activations to int8 or uint8, per tensor; only weights may have a scale a channel",
            ));
        };
        if scale <= 0.0 {
            return Err(node.form(format!("its scale is {scale}"), "scales are above 0"));
        }
        Ok(Self { scale: scale.into(), zero_point: code - shift })
    }

    /// What a number stands for.
    fn real(self, code: i64) -> f64 {
        (code - self.zero_point) as f64 * self.scale
    }

    /// The number that stands for a real one.
    fn code(self, real: f32) -> i64 {
        let code = (f64::from(real) / self.scale).round_ties_even() as i64;
        code.saturating_add(self.zero_point).clamp(-128, 127)
    }
}

/// What a layer of an integer network does with numbers, beside what [`Layer`] says.
#[derive(Debug, Clone, PartialEq)]
pub enum Numbers {
    /// Sums up products of 8 bits in 32; `.0` is the input's zero point. The layer's weights and biases are whole numbers.
    Products(i64),
    /// Rescales both values to 32 bits and adds them.
    Sum(Rescale, Rescale),
    /// Multiplies, in 32 bits, what both values are above these zero points.
    Product([i64; 2]),
    /// The mean of numbers with this zero point.
    Mean(i64),
    /// The mean of numbers that are rescaled to 16 bits, so that it is not rounded to their steps.
    FineMean(Rescale),
    /// Rescales each value to 8 bits, and puts them behind one another.
    Parts(Vec<Rescale>),
    /// Surrounds by this number.
    Border(i64),
    /// Looks up the result of each number from -128 on.
    Table(Vec<i8>),
    /// Rescales to 8 bits, and limits if there are bounds.
    Rescale(Rescale, Option<[i64; 2]>),
}

/// The numbers of an integer network.
#[derive(Debug, Default)]
pub struct Integers {
    /// What nodes do with numbers.
    pub numbers: BTreeMap<NodeId, Numbers>,
    /// What a step stands for in the logits of each exit, and of the last classifier.
    pub logits_scales: Vec<f64>,
}

/// What the numbers of a value stand for.
#[derive(Clone, PartialEq)]
enum Format {
    /// The image: p stands for p / 255.
    Pixels,
    Codes(Quantisation),
    /// None of its own: a function of another value's.
    Function(Function),
    /// 32 bits; a step of each channel, or of all.
    Sums(Vec<f64>),
}

/// A function of the numbers of a quantised value.
#[derive(Clone, PartialEq)]
struct Function {
    of: ValueId,
    /// Of each number of 8 bits from -128 on.
    values: Vec<f64>,
}

/// A value: its numbers, and the bounds that activations have put on it since.
#[derive(Clone, PartialEq)]
struct Held {
    format: Format,
    bounds: [f32; 2],
    /// What codes that a table makes stand for, as a function of the table's input: further functions are one table with it.
    made: Option<Function>,
}

impl Held {
    fn of(format: Format) -> Self {
        Self { format, bounds: [f32::MIN, f32::MAX], made: None }
    }

    /// The same numbers, some of them or in another order.
    fn moved(&self) -> Self {
        Self { made: None, ..self.clone() }
    }

    /// The function of quantised numbers that it is; `own` is the value whose codes it holds if it is the function of none.
    fn function(&self, own: ValueId) -> Option<Function> {
        let [low, high] = self.bounds.map(f64::from);
        let found = match (&self.made, &self.format) {
            (Some(function), _) | (None, Format::Function(function)) => function.clone(),
            (None, Format::Codes(quantisation)) => {
                Function { of: own, values: (-128..128).map(|code| quantisation.real(code)).collect() }
            }
            _ => return None,
        };
        let values = found.values.iter().map(|value| value.clamp(low, high)).collect();
        Some(Function { values, ..found })
    }

    /// Its quantisation, if it is quantised and nothing is to be done to it.
    fn codes(&self) -> Option<Quantisation> {
        match self.format {
            Format::Codes(quantisation) if self.bounds == [f32::MIN, f32::MAX] => Some(quantisation),
            _ => None,
        }
    }
}

/// Makes the layers of a quantised network integer; None if no layer is quantised.
pub fn convert(
    network: &Network,
    chain: &Chain,
    layers: &mut Layers,
) -> Result<Option<Integers>, Vec<Problem>> {
    if !layers.layers.iter().flatten().any(|layer| matches!(layer, Layer::Quantize(_))) {
        return Ok(None);
    }
    let mut convert = Convert { network, layers, held: BTreeMap::new(), integers: Integers::default() };
    convert.held.insert(network.input, Held::of(Format::Pixels));
    let mut problems = vec![];
    for (id, node) in network.nodes.iter().enumerate() {
        match convert.node(id, node) {
            Ok(Some(held)) => {
                if let Some(&output) = node.outputs.first() {
                    convert.held.insert(output, held);
                }
            }
            Ok(None) => {}
            Err(problem) => problems.push(problem),
        }
    }
    for value in chain.exits.iter().map(|exit| exit.logits).chain([chain.last]) {
        match convert.held.get(&value).map(Held::codes) {
            Some(Some(quantisation)) => convert.integers.logits_scales.push(quantisation.scale),
            // Without numbers there is a problem that is listed.
            None => {}
            Some(None) => {
                let what = "it makes logits that are not quantised".to_owned();
                problems.push(Problem::Form { node: network.place(value), what, cure: CURE.into() });
            }
        }
    }
    if problems.is_empty() { Ok(Some(convert.integers)) } else { Err(problems) }
}

const CURE: &str = "put QuantizeLinear and DequantizeLinear behind every layer, as onnxruntime.quantization.quantize_static \
    does, or export the float network: the compiler quantises it";

/// A problem and its cure.
const FAR_APART: (&str, &str) = (
    "its scale and that of its input are too far apart for 32 bits",
    "quantise the network again with typical calibration data",
);

struct Convert<'n> {
    network: &'n Network,
    layers: &'n mut Layers,
    /// The numbers of each value; none of constants, and of those that have a problem.
    held: BTreeMap<ValueId, Held>,
    integers: Integers,
}

impl Convert<'_> {
    /// Makes a node's layer integer; what its result holds, None if its input has a problem.
    fn node(&mut self, id: NodeId, node: &Node) -> Result<Option<Held>, Problem> {
        let Some(layer) = self.layers.layers[id].clone() else { return Ok(None) };
        if layer == Layer::Constant {
            return Ok(None);
        }
        let data: Vec<_> =
            node.inputs.iter().flatten().filter(|v| self.held.contains_key(v)).copied().collect();
        let inputs: Vec<_> = data.iter().map(|value| self.held[value].clone()).collect();
        let Some(first) = inputs.first() else { return Ok(None) };
        let float = |what: &str| Err(node.form(format!("{what}: float among quantised layers"), CURE));
        let source = self.layers.inputs[id].first().map(|&value| self.network.place(value).to_string());
        let unquantised = format!("its input, which {} makes, is not quantised", source.unwrap_or_default());
        if let Some(function) = self.function(&layer, &data) {
            self.layers.layers[id] = Some(Layer::Alias(function.of));
            self.layers.inputs[id] = vec![function.of];
            return Ok(Some(Held::of(Format::Function(function))));
        }
        let (numbers, held) = match &layer {
            Layer::Alias(_) => return Ok(Some(first.clone())),
            Layer::Clamp(low, high) => {
                self.layers.layers[id] = Some(Layer::Alias(self.layers.inputs[id][0]));
                let bounds = [first.bounds[0].clamp(*low, *high), first.bounds[1].clamp(*low, *high)];
                return Ok(Some(Held { bounds, ..first.clone() }));
            }
            Layer::Map(_) => {
                let what = "a function of values that are not quantised, or one that has no table";
                return Err(node.form(what, CURE));
            }
            Layer::Reshape | Layer::Transpose(_) | Layer::Slice(_) if first.format == Format::Pixels => {
                return Ok(Some(first.clone()));
            }
            Layer::Reshape | Layer::Transpose(_) | Layer::Slice(_) | Layer::MaxPool(_) => {
                return match first.format {
                    Format::Codes(_) => Ok(Some(first.moved())),
                    _ => float(&unquantised),
                };
            }
            Layer::Concat(_) => {
                let codes: Vec<_> = inputs.iter().filter_map(Held::codes).collect();
                if codes.len() < inputs.len() {
                    return float("its inputs are not quantised");
                }
                if codes.iter().all(|other| *other == codes[0]) {
                    return Ok(Some(first.moved()));
                }
                // What reads the result says how all parts are quantised.
                let Some(to) = self.quantised_by(node) else {
                    return Err(node.form(
                        "its inputs have different scales or zero points, and its result is not quantised",
                        "put QuantizeLinear and DequantizeLinear behind it",
                    ));
                };
                let parts = codes.iter().map(|from| match quantize(&Held::of(Format::Codes(*from)), to) {
                    Some(Numbers::Rescale(rescale, None)) => Some(rescale),
                    _ => None,
                });
                match parts.collect() {
                    Some(parts) => (Numbers::Parts(parts), Format::Codes(to)),
                    None => return Err(node.form(FAR_APART.0, FAR_APART.1)),
                }
            }
            Layer::Dequantize(quantisation) => {
                if first.codes() != Some(*quantisation) {
                    let what = "its input is not quantised with its scale and zero point";
                    return Err(node.form(what, "the file is invalid: quantise the network again"));
                }
                self.layers.layers[id] = Some(Layer::Alias(self.layers.inputs[id][0]));
                return Ok(Some(first.clone()));
            }
            Layer::Quantize(quantisation) => match quantize(first, *quantisation) {
                Some(Numbers::Rescale(rescale, None)) if first.codes() == Some(*quantisation) => {
                    debug_assert_eq!(rescale.input_zp, rescale.output_zp);
                    self.layers.layers[id] = Some(Layer::Alias(self.layers.inputs[id][0]));
                    return Ok(Some(first.clone()));
                }
                Some(Numbers::Table(table)) => {
                    let made = match &first.format {
                        Format::Function(function) => Some(Function {
                            of: function.of,
                            values: table.iter().map(|&code| quantisation.real(code.into())).collect(),
                        }),
                        _ => None,
                    };
                    self.integers.numbers.insert(id, Numbers::Table(table));
                    return Ok(Some(Held { made, ..Held::of(Format::Codes(*quantisation)) }));
                }
                Some(numbers) => (numbers, Format::Codes(*quantisation)),
                None => {
                    return Err(node.form(FAR_APART.0, FAR_APART.1));
                }
            },
            Layer::Conv(..) | Layer::Depthwise(..) | Layer::Grouped(..) | Layer::Dense(_) => {
                let Some(input) = first.codes() else { return float(&unquantised) };
                let Some(scales) = self.weight_scales(node) else {
                    return float("its weights are not quantised");
                };
                let scales = self.whole_weights(id, node, input.scale, &scales)?;
                (Numbers::Products(input.zero_point), Format::Sums(scales))
            }
            Layer::Affine(scale, shift) => {
                let Some(input) = first.codes() else { return float(&unquantised) };
                let shape = self.layers.shape(self.layers.inputs[id][0]).to_vec();
                let (layer, steps) = by_channel(scale, shift, input.scale, &shape).ok_or_else(|| {
                    let what = "its factors and terms are too far apart for 32 bits";
                    node.form(
                        what,
                        "quantise the network again, with normalisations folded into the layers before",
                    )
                })?;
                self.layers.layers[id] = Some(layer);
                (Numbers::Products(input.zero_point), Format::Sums(steps))
            }
            Layer::AveragePool(_) => {
                let Some(input) = first.codes() else { return float(&unquantised) };
                match self.quantised_by(node) {
                    Some(to) if to != input => {
                        // 255 steps of 128 are within 16 bits.
                        let finer = rescale(&[128.0]).map(|r| Rescale { input_zp: input.zero_point, ..r });
                        let finer = finer.expect("a power of two is a multiplier");
                        (Numbers::FineMean(finer), Format::Sums(vec![input.scale / 128.0]))
                    }
                    _ => (Numbers::Mean(input.zero_point), first.format.clone()),
                }
            }
            Layer::Pad(_, value) => {
                let Some(input) = first.codes() else { return float(&unquantised) };
                (Numbers::Border(input.code(*value)), first.format.clone())
            }
            Layer::Add => {
                let codes: Vec<_> = inputs.iter().filter_map(Held::codes).collect();
                let &[a, b] = codes.as_slice() else { return float("its inputs are not quantised") };
                // Sixteen bits finer than the coarser one.
                let step = a.scale.max(b.scale) / 65536.0;
                let widen = |q: Quantisation| {
                    rescale(&[q.scale / step]).map(|r| Rescale { input_zp: q.zero_point, ..r })
                };
                match (widen(a), widen(b)) {
                    (Some(a), Some(b)) => (Numbers::Sum(a, b), Format::Sums(vec![step])),
                    _ => {
                        return Err(node.form(FAR_APART.0, FAR_APART.1));
                    }
                }
            }
            Layer::Mul => {
                let codes: Vec<_> = inputs.iter().filter_map(Held::codes).collect();
                let &[a, b] = codes.as_slice() else { return float("its inputs are not quantised") };
                (Numbers::Product([a.zero_point, b.zero_point]), Format::Sums(vec![a.scale * b.scale]))
            }
            _ => {
                let what = "the operator is not supported on quantised values";
                return Err(node.form(what, "export the float network: the compiler quantises it"));
            }
        };
        self.integers.numbers.insert(id, numbers);
        Ok(Some(Held::of(held)))
    }

    /// How the first QuantizeLinear that reads a node's result quantises it.
    fn quantised_by(&self, node: &Node) -> Option<Quantisation> {
        let output = *node.outputs.first()?;
        let readers = self
            .network
            .nodes
            .iter()
            .zip(&self.layers.layers)
            .filter(|(reader, _)| reader.input(0) == Some(output));
        readers.into_iter().find_map(|(_, layer)| match layer {
            Some(Layer::Quantize(quantisation)) => Some(*quantisation),
            _ => None,
        })
    }

    /// The function of one value's numbers that a layer computes of `data`.
    fn function(&self, layer: &Layer, data: &[ValueId]) -> Option<Function> {
        let known = |index: usize| {
            let value = *data.get(index)?;
            self.held[&value].function(self.layers.source(self.network, value))
        };
        let a = known(0)?;
        let of_one = |f: &dyn Fn(f64) -> Option<f64>| {
            Some(Function { of: a.of, values: a.values.iter().map(|&x| f(x)).collect::<Option<_>>()? })
        };
        let combine: fn(f64, f64) -> f64 = match layer {
            Layer::Map(function) => return of_one(&|x| function.value(x)),
            Layer::Affine(scale, shift) => {
                let (&[scale], &[shift]) = (scale.as_slice(), shift.as_slice()) else { return None };
                return of_one(&|x| Some(x * f64::from(scale) + f64::from(shift)));
            }
            Layer::Add => |x, y| x + y,
            Layer::Sub => |x, y| x - y,
            Layer::Mul => |x, y| x * y,
            Layer::Max => f64::max,
            Layer::Min => f64::min,
            _ => return None,
        };
        let b = known(1).filter(|b| b.of == a.of)?;
        Some(Function {
            of: a.of,
            values: a.values.iter().zip(&b.values).map(|(&x, &y)| combine(x, y)).collect(),
        })
    }

    /// The scales of the weights of a layer, if they are quantised.
    fn weight_scales(&self, node: &Node) -> Option<Vec<f32>> {
        let producer = &self.network.nodes[self.network.producer(node.input(1)?)?];
        let dequantised =
            producer.op() == "DequantizeLinear" && self.network.constant(producer.input(0)?).is_some();
        let scales = dequantised.then(|| producer.input(1).and_then(|v| self.network.constant(v)))??;
        scales.floats().ok()
    }

    /// Makes a layer's weights and bias whole numbers; returns what a step of each channel's sum stands for.
    fn whole_weights(
        &mut self,
        id: NodeId,
        node: &Node,
        input: f64,
        scales: &[f32],
    ) -> Result<Vec<f64>, Problem> {
        let (weights, last): (&mut Weights, bool) = match &mut self.layers.layers[id] {
            Some(Layer::Depthwise(weights, _)) => (weights, true),
            Some(Layer::Conv(weights, _) | Layer::Grouped(_, weights, _) | Layer::Dense(weights)) => {
                (weights, false)
            }
            _ => return Ok(vec![]),
        };
        let channels = weights.bias.len();
        let each = weights.values.len() / channels;
        if scales.len() != 1 && scales.len() != channels {
            let what = format!("its weights have {} scales, but {channels} channels", scales.len());
            return Err(node.form(what, "quantise weights per tensor, or per output channel"));
        }
        let scale = |channel: usize| f64::from(scales[if scales.len() == 1 { 0 } else { channel }]);
        let mut whole = true;
        for (i, weight) in weights.values.iter_mut().enumerate() {
            let code = f64::from(*weight) / scale(if last { i % channels } else { i / each });
            whole &= (code - code.round()).abs() < 1e-3 && (-128.0..=127.0).contains(&code.round());
            *weight = code.round() as f32;
        }
        for (channel, bias) in weights.bias.iter_mut().enumerate() {
            let code = (f64::from(*bias) / (input * scale(channel))).round();
            whole &= code.abs() < f64::from(1 << 24);
            *bias = code as f32;
        }
        if !whole {
            let what = "its weights are not int8 (or its bias is out of range) in their scale";
            return Err(
                node.form(what, "quantise weights to int8 with zero points of 0, and use alpha = beta = 1")
            );
        }
        Ok((0..scales.len()).map(|channel| input * scale(channel)).collect())
    }
}

/// `scale * x + shift` of each channel as products with a weight of its own: `(w x + b) * step`, where the step is as fine as the
/// weight is large, and what a step stands for.
fn by_channel(scale: &[f32], shift: &[f32], input: f64, shape: &[i64]) -> Option<(Layer, Vec<f64>)> {
    const WEIGHT: f32 = 64.0;
    let channels = *shape.get(1)? as usize;
    let of = |values: &[f32], channel: usize| values[if values.len() == 1 { 0 } else { channel }];
    let (mut values, mut bias, mut steps) = (vec![], vec![], vec![]);
    for channel in 0..channels {
        let (scale, shift) = (of(scale, channel), f64::from(of(shift, channel)));
        // Without a factor, the term alone decides.
        let (weight, step) = match f64::from(scale.abs()) * input / f64::from(WEIGHT) {
            0.0 => (0.0, (shift.abs() / 65536.0).max(f64::MIN_POSITIVE)),
            step => (WEIGHT.copysign(scale), step),
        };
        let term = (shift / step).round();
        if term.abs() >= f64::from(1 << 24) {
            return None;
        }
        values.push(weight);
        bias.push(term as f32);
        steps.push(step);
    }
    let [height, width] = match *shape {
        [_, _, height, width] => [height, width],
        [_, _, length] => [1, length],
        _ => [1, 1],
    };
    let window = Window { keep: [height, width], output: [height, width], ..Window::whole([1, 1]) };
    let weights = Weights { shape: vec![1, 1, channels as i64, 1], values, bias };
    Some((Layer::Depthwise(weights, window), steps))
}

/// What makes a value that of another quantisation.
fn quantize(value: &Held, to: Quantisation) -> Option<Numbers> {
    if let (Format::Function(function), [low, high]) = (&value.format, value.bounds) {
        let code = |&real: &f64| to.code((real as f32).clamp(low, high)) as i8;
        return Some(Numbers::Table(function.values.iter().map(code).collect()));
    }
    let (factors, input_zp, unsigned) = match &value.format {
        Format::Pixels => (vec![1.0 / 255.0 / to.scale], 0, true),
        Format::Codes(from) => (vec![from.scale / to.scale], from.zero_point, false),
        Format::Function(_) => return None,
        Format::Sums(steps) => (steps.iter().map(|step| step / to.scale).collect(), 0, false),
    };
    let mut made =
        Rescale { input_zp, output_zp: to.zero_point, input_unsigned: unsigned, ..rescale(&factors)? };
    if unsigned && (factors[0] - 1.0).abs() < 1e-6 && (-128..=0).contains(&to.zero_point) {
        // The same as a subtraction, which costs nothing in hardware.
        (made.input_zp, made.output_zp) = (-to.zero_point, 0);
    }
    let bounds = value.bounds.map(|bound| to.code(bound));
    Some(Numbers::Rescale(made, (bounds != [-128, 127]).then_some(bounds)))
}

/// Multiplies by a factor, or by one a channel; None if one is too small or too large. Factors of nearly one are one.
fn rescale(factors: &[f64]) -> Option<Rescale> {
    let mut made = Rescale {
        multiplier: vec![],
        shift: vec![],
        input_zp: 0,
        output_zp: 0,
        rounding: Rounding::Single,
        input_unsigned: false,
        output_unsigned: false,
    };
    for &factor in factors {
        let factor = if (factor - 1.0).abs() < 1e-6 { 1.0 } else { factor };
        // factor = mantissa * 2^exponent with the mantissa in [0.5, 1).
        let exponent = factor.log2().floor() as i32 + 1;
        let shift = 31 - exponent;
        let multiplier = (factor * f64::from(shift).exp2()).round().min(f64::from(i32::MAX));
        if !(2..=62).contains(&shift) {
            return None;
        }
        made.multiplier.push(multiplier as i32);
        made.shift.push(shift);
    }
    Some(made)
}
