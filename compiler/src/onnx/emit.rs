//! Makes TOSA and `ee.exit` of a network's layers.
//!
//! A value of rank 4 is `[N, C, H, W]` in ONNX and `[N, H, W, C]` in TOSA, one of rank 3 is `[N, C, L]` and `[N, 1, L, C]`;
//! others are the same in both. Where elements are put in another shape, ONNX's order is made by a transposition first.

use super::error::shape as shape_text;
use super::exits::Chain;
use super::graph::{Network, NodeId, ValueId};
use super::integer::{Integers, Numbers};
use super::layers::weights::permuted;
use super::layers::{Constant, Layer, Layers, Weights};
use super::window::Window;
use atheena_dialects::ee::{Confidence, Exit, build_yield};
use atheena_dialects::ir::{Attr, Block, Builder, Ctx, Loc, Op, Region, Type, Value, new_module};
use atheena_dialects::tosa;
use std::collections::{BTreeSet, HashMap};

/// Makes the module of a network.
pub fn emit<'c>(
    ctx: Ctx<'c>,
    network: &Network,
    chain: &Chain,
    layers: &Layers,
    integers: Option<&Integers>,
) -> melior::ir::Module<'c> {
    let loc = Loc::name(ctx, &network.name);
    let module = new_module(loc);
    let one = LayerBuilder { ctx };
    let emitter = Emitter { ctx, one, network, chain, layers, integers };

    // The argument is an image, also of a network that reads a vector or a sequence.
    let image = match *layers.shape(network.input) {
        [n, size] => vec![n, 1, 1, size],
        ref shape => stored(shape),
    };
    let input_loc = Loc::name(ctx, &network.values[network.input].name);
    let argument_type = match integers {
        // The bits of uint8 pixels.
        Some(_) => Type::tensor(&image, Type::integer(ctx, 8)),
        None => one.tensor(&image),
    };
    let body = Block::new(&[argument_type], input_loc);
    let mut values = HashMap::new();
    if let Some(&argument) = body.arguments().first() {
        let at = Builder::end(body, input_loc);
        let shape = stored(layers.shape(network.input));
        let input = if shape == image { argument } else { tosa::reshape(at, argument, &shape) };
        values.insert(network.input, input);
    }
    let result = emitter.section(body, 0, values, &BTreeSet::new());
    Builder::end(body, loc).op("func.return").operand(result).build();
    let function = Builder::end(Op::of_module(&module).body(), loc)
        .op("func.func")
        .attr("sym_name", Attr::string(ctx, &symbol(&network.name)))
        .attr("function_type", Attr::ty(Type::function(ctx, &[argument_type], &[result.ty()])))
        .region(Region::with_block(body))
        .build();
    if let Some(&scale) = integers.and_then(|integers| integers.logits_scales.last()) {
        function.set_attr("ee.logits_scale", Attr::f64(ctx, scale));
    }
    module
}

/// A name that is one in MLIR and in SystemVerilog.
pub(crate) fn symbol(name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    match name.chars().next() {
        None => "network".into(),
        Some(first) if first.is_ascii_digit() => format!("network_{name}"),
        Some(_) => name,
    }
}

/// A shape in TOSA's order.
pub(crate) fn stored(shape: &[i64]) -> Vec<i64> {
    match *shape {
        [n, c, h, w] => vec![n, h, w, c],
        [n, c, l] => vec![n, 1, l, c],
        _ => shape.to_vec(),
    }
}

/// The dimension of a shape in ONNX's order that each one of [`stored`] is; None is the height of a sequence.
fn stored_dimensions(rank: usize) -> Vec<Option<usize>> {
    match rank {
        4 => vec![Some(0), Some(2), Some(3), Some(1)],
        3 => vec![Some(0), None, Some(2), Some(1)],
        _ => (0..rank).map(Some).collect(),
    }
}

/// One number a dimension in TOSA's order; a sequence's height gets `height`.
fn in_stored_order<T: Clone>(numbers: &[T], height: T) -> Vec<T> {
    let pick = |d: Option<usize>| d.map_or(height.clone(), |d| numbers[d].clone());
    stored_dimensions(numbers.len()).into_iter().map(pick).collect()
}

/// The values of a region, by the network's.
type Scope<'c> = HashMap<ValueId, Value<'c>>;

/// Makes single layers.
#[derive(Clone, Copy)]
pub(crate) struct LayerBuilder<'c> {
    /// The context.
    pub ctx: Ctx<'c>,
}

struct Emitter<'n, 'c> {
    ctx: Ctx<'c>,
    one: LayerBuilder<'c>,
    network: &'n Network,
    chain: &'n Chain,
    layers: &'n Layers,
    integers: Option<&'n Integers>,
}

impl<'c> Emitter<'_, 'c> {
    /// Makes everything from exit `index` on at the end of `block`; returns the logits, `[1, classes]`.
    /// `done` are the nodes whose values the block has or that only exits before need.
    fn section(
        &self,
        block: Block<'c>,
        index: usize,
        mut scope: Scope<'c>,
        done: &BTreeSet<NodeId>,
    ) -> Value<'c> {
        let Some(exit) = self.chain.exits.get(index) else {
            return self.classifier(block, self.chain.last, scope, done);
        };
        // What every sample needs before the exit; the rest of the classifier; the rest of the network.
        let rest: Vec<_> =
            self.chain.exits[index + 1..].iter().map(|e| e.logits).chain([self.chain.last]).collect();
        let early = self.needed(&[exit.logits], done);
        let late = self.needed(&rest, done);
        let shared: BTreeSet<_> = early.intersection(&late).copied().collect();
        self.nodes(block, &shared, &mut scope);
        let done: BTreeSet<_> = done.union(&shared).copied().collect();

        // The regions see what they read of that, and nothing else.
        let read = early.union(&late).filter(|n| !shared.contains(n)).flat_map(|&n| &self.layers.inputs[n]);
        let read: BTreeSet<_> = read
            .copied()
            .chain(rest.iter().chain([&exit.logits]).map(|&value| self.layers.source(self.network, value)))
            .filter(|value| scope.contains_key(value))
            .collect();
        let crossing: Vec<_> = read.iter().map(|value| scope[value]).collect();
        let types: Vec<_> = crossing.iter().map(|v| v.ty()).collect();
        let loc = Loc::name(self.ctx, &self.network.nodes[exit.node].place.name);
        let inside = || {
            let block = Block::new(&types, loc);
            let scope: Scope<'c> = read.iter().copied().zip(block.arguments()).collect();
            (block, scope)
        };
        let (classify, early_scope) = inside();
        let (otherwise, late_scope) = inside();
        let logits = self.classifier(classify, exit.logits, early_scope, &done);
        build_yield(Builder::end(classify, loc), &[logits]);
        let answer = self.section(otherwise, index + 1, late_scope, &done);
        build_yield(Builder::end(otherwise, loc), &[answer]);
        let mut confidence = Confidence::new(exit.kind, exit.threshold);
        let scale = self.integers.and_then(|integers| integers.logits_scales.get(index)).copied();
        if let Some(scale) = scale {
            let classes = self.layers.shape(exit.logits).get(1).copied().unwrap_or_default();
            confidence = confidence.quantized(scale, 8, classes as usize);
        }
        let confidence = confidence.to_attr(self.ctx);
        let label = format!("exit{}", index + 1);
        let at = Builder::end(block, loc);
        let made = Exit::build(at, &label, &crossing, confidence, &[answer.ty()], (classify, otherwise)).0;
        if let Some(scale) = scale {
            made.set_attr("ee.logits_scale", Attr::f64(self.ctx, scale));
        }
        made.result(0)
    }

    /// Makes the logits `value` at the end of `block`, in the shape `[1, classes]`.
    fn classifier(
        &self,
        block: Block<'c>,
        value: ValueId,
        mut scope: Scope<'c>,
        done: &BTreeSet<NodeId>,
    ) -> Value<'c> {
        self.nodes(block, &self.needed(&[value], done), &mut scope);
        let logits = scope[&self.layers.source(self.network, value)];
        let shape = self.layers.shape(value);
        match *shape {
            [_, _] => logits,
            // What has size 1 behind the classes does not change their order.
            _ => {
                let node = self.network.place(self.layers.source(self.network, value));
                tosa::reshape(Builder::end(block, Loc::name(self.ctx, &node.name)), logits, &shape[..2])
            }
        }
    }

    /// The nodes that compute `values`, but for those in `done` and aliases.
    fn needed(&self, values: &[ValueId], done: &BTreeSet<NodeId>) -> BTreeSet<NodeId> {
        let mut needed = BTreeSet::new();
        let mut open: Vec<_> = values.iter().map(|&v| self.layers.source(self.network, v)).collect();
        while let Some(value) = open.pop() {
            if let Some(node) = self.network.producer(value).filter(|n| !done.contains(n))
                && needed.insert(node)
            {
                open.extend(&self.layers.inputs[node]);
            }
        }
        needed
    }

    fn nodes(&self, block: Block<'c>, nodes: &BTreeSet<NodeId>, scope: &mut Scope<'c>) {
        for &id in nodes {
            let node = &self.network.nodes[id];
            let (Some(layer), Some(&output)) = (&self.layers.layers[id], node.outputs.first()) else {
                continue;
            };
            let at = Builder::end(block, Loc::name(self.ctx, &node.place.name));
            let inputs: Vec<_> = self.layers.inputs[id].iter().map(|value| scope[value]).collect();
            let from = self.layers.inputs[id].first().map(|&v| self.layers.shape(v)).unwrap_or_default();
            let to = self.layers.shape(output);
            let value = match self.integers.and_then(|integers| integers.numbers.get(&id)) {
                Some(numbers) => self.one.integer_layer(at, layer, numbers, &inputs, to),
                None => self.one.layer(at, layer, &inputs, from, to),
            };
            debug_assert_eq!(
                value.ty().shape(),
                Some(stored(self.layers.shape(output))),
                "{}",
                shape_text(from)
            );
            scope.insert(output, value);
        }
    }
}

impl<'c> LayerBuilder<'c> {
    /// Makes a layer; `from` and `to` are the shapes of its first input and of its output in ONNX's order.
    pub fn layer(
        self,
        at: Builder<'c>,
        layer: &Layer,
        inputs: &[Value<'c>],
        from: &[i64],
        to: &[i64],
    ) -> Value<'c> {
        let [input, ..] = *inputs else { unreachable!("constants are no layers") };
        let element = input.ty().element().expect("a value is a tensor");
        let result = Type::tensor(&stored(to), element);
        match layer {
            // What is quantised has become an integer layer.
            Layer::Alias(_) | Layer::Constant | Layer::Quantize(_) | Layer::Dequantize(_) => input,
            Layer::Conv(weights, window) => {
                let input = self.framed(at, input, window, self.zero(at));
                let constants = self.constants(at, weights, &weights.shape);
                let zps = (self.zero(at), self.zero(at));
                let operands = (input, constants.0, constants.1);
                tosa::conv2d(at, operands, zps, &window.geometry, result, Type::f32(self.ctx))
            }
            Layer::Depthwise(weights, window) => {
                let input = self.framed(at, input, window, self.zero(at));
                let constants = self.constants(at, weights, &weights.shape);
                let zps = (self.zero(at), self.zero(at));
                let operands = (input, constants.0, constants.1);
                tosa::depthwise_conv2d(at, operands, zps, &window.geometry, result, Type::f32(self.ctx))
            }
            Layer::Grouped(groups, weights, window) => {
                let input = self.framed(at, input, window, self.zero(at));
                self.grouped(at, input, *groups, weights, window, |own, channels, result| {
                    let constants = self.constants(at, own, &own.shape);
                    let zps = (self.zero(at), self.zero(at));
                    let operands = (channels, constants.0, constants.1);
                    tosa::conv2d(at, operands, zps, &window.geometry, self.tensor(result), element)
                })
            }
            Layer::Dense(weights) => {
                let (outputs, inputs) = (weights.shape[0], weights.shape[1]);
                let input = tosa::reshape(at, input, &[1, 1, 1, inputs]);
                let constants = self.constants(at, weights, &[outputs, 1, 1, inputs]);
                let zps = (self.zero(at), self.zero(at));
                let operands = (input, constants.0, constants.1);
                let geometry = Window::whole([1, 1]).geometry;
                let row = self.tensor(&[1, 1, 1, outputs]);
                let row = tosa::conv2d(at, operands, zps, &geometry, row, Type::f32(self.ctx));
                tosa::reshape(at, row, to)
            }
            Layer::MaxPool(window) => {
                let input = self.framed(at, input, window, self.zero(at));
                let pooled = Type::tensor(&pooled(input, window), element);
                self.shaped(at, tosa::max_pool2d(at, input, &window.geometry, pooled), to)
            }
            Layer::AveragePool(window) => {
                let input = self.framed(at, input, window, self.zero(at));
                let zps = (self.zero(at), self.zero(at));
                let pooled = self.tensor(&pooled(input, window));
                let f32 = Type::f32(self.ctx);
                self.shaped(at, tosa::avg_pool2d(at, input, zps, &window.geometry, pooled, f32), to)
            }
            Layer::Clamp(low, high) => {
                tosa::clamp(at, input, Attr::f32(self.ctx, *low), Attr::f32(self.ctx, *high))
            }
            Layer::Reshape => self.reshape(at, input, from, to),
            Layer::Add => tosa::simple(at, "tosa.add", inputs, result),
            Layer::Sub => tosa::simple(at, "tosa.sub", inputs, result),
            Layer::Mul => tosa::mul(at, input, inputs[1], result),
            Layer::Max => tosa::simple(at, "tosa.maximum", inputs, result),
            Layer::Min => tosa::simple(at, "tosa.minimum", inputs, result),
            Layer::AddConstant(constant) => {
                tosa::simple(at, "tosa.add", &[input, self.constant(at, constant)], result)
            }
            Layer::MulConstant(constant) => tosa::mul(at, input, self.constant(at, constant), result),
            Layer::Map(function) => function.build(at, input, |values| spread(at, values, to.len())),
            Layer::Concat(axis) => self.concat(at, inputs, *axis, to),
            Layer::Slice(start) => tosa::slice(at, input, &in_stored_order(start, 0), &stored(to)),
            Layer::Pad(sides, value) => {
                let pads: Vec<_> = in_stored_order(sides, [0, 0]).into_iter().flatten().collect();
                let value = tosa::const_dense(at, &[1], &[*value]);
                tosa::simple(at, "tosa.pad", &[input, tosa::const_shape(at, &pads), value], result)
            }
            Layer::Transpose(order) => {
                let from = stored_dimensions(from.len());
                let place = |d: Option<usize>| {
                    let source = d.map(|d| order[d]);
                    from.iter().position(|f| *f == source).unwrap_or_default() as i32
                };
                let perms: Vec<_> = stored_dimensions(to.len()).into_iter().map(place).collect();
                tosa::transpose(at, input, &perms)
            }
            Layer::Affine(scale, shift) => {
                let spread = |values: &[f32]| spread(at, values, to.len());
                let scaled =
                    if scale == &[1.0] { input } else { tosa::mul(at, input, spread(scale), result) };
                if shift == &[0.0] {
                    scaled
                } else {
                    tosa::simple(at, "tosa.add", &[scaled, spread(shift)], result)
                }
            }
        }
    }

    /// Values one behind the other along a dimension in ONNX's order.
    fn concat(self, at: Builder<'c>, parts: &[Value<'c>], axis: usize, to: &[i64]) -> Value<'c> {
        let place = stored_dimensions(to.len()).iter().position(|d| *d == Some(axis));
        let axis = Attr::i32(self.ctx, place.unwrap_or_default() as i32);
        let element = parts[0].ty().element().expect("a value is a tensor");
        let concat = at.op("tosa.concat").operands(parts).attr("axis", axis);
        concat.result(Type::tensor(&stored(to), element)).build().result(0)
    }

    /// Makes a layer of an integer network.
    fn integer_layer(
        self,
        at: Builder<'c>,
        layer: &Layer,
        numbers: &Numbers,
        inputs: &[Value<'c>],
        to: &[i64],
    ) -> Value<'c> {
        let input = inputs[0];
        let (i8, i32) = (Type::integer(self.ctx, 8), Type::integer(self.ctx, 32));
        let code = |value: i64| tosa::const_dense(at, &[1], &[value as i8]);
        match (numbers, layer) {
            (Numbers::Rescale(rescale, bounds), _) => {
                let value = rescale.build(at, input, i8);
                let bound = |code: i64| Attr::int(i8, code);
                bounds.map_or(value, |[low, high]| tosa::clamp(at, value, bound(low), bound(high)))
            }
            (Numbers::Table(values), _) => {
                let table = tosa::const_dense(at, &[values.len() as i64], values);
                tosa::simple(at, "tosa.table", &[input, table], input.ty())
            }
            (Numbers::Sum(a, b), _) => {
                let operands = [a.build(at, input, i32), b.build(at, inputs[1], i32)];
                tosa::simple(at, "tosa.add", &operands, Type::tensor(&stored(to), i32))
            }
            (Numbers::Product(zero_points), _) => {
                let [a, b] = [0, 1].map(|i| tosa::above_zero_point(at, inputs[i], zero_points[i]));
                tosa::mul(at, a, b, Type::tensor(&stored(to), i32))
            }
            (Numbers::Parts(rescales), Layer::Concat(axis)) => {
                let parts: Vec<_> =
                    rescales.iter().zip(inputs).map(|(rescale, part)| rescale.build(at, *part, i8)).collect();
                self.concat(at, &parts, *axis, to)
            }
            (Numbers::Mean(zero_point), Layer::AveragePool(window)) => {
                let input = self.framed(at, input, window, code(*zero_point));
                let zps = (code(*zero_point), code(*zero_point));
                let result = Type::tensor(&pooled(input, window), i8);
                self.shaped(at, tosa::avg_pool2d(at, input, zps, &window.geometry, result, i32), to)
            }
            (Numbers::FineMean(finer), Layer::AveragePool(window)) => {
                let i16 = Type::integer(self.ctx, 16);
                let zero = || tosa::const_dense(at, &[1], &[0i16]);
                let input = self.framed(at, finer.build(at, input, i16), window, zero());
                let result = Type::tensor(&pooled(input, window), i16);
                let mean = tosa::avg_pool2d(at, input, (zero(), zero()), &window.geometry, result, i32);
                self.shaped(at, mean, to)
            }
            (Numbers::Border(border), Layer::Pad(sides, _)) => {
                let pads: Vec<_> = in_stored_order(sides, [0, 0]).into_iter().flatten().collect();
                let operands = [input, tosa::const_shape(at, &pads), code(*border)];
                tosa::simple(at, "tosa.pad", &operands, Type::tensor(&stored(to), i8))
            }
            (Numbers::Products(zero_point), layer) => self.products(at, layer, *zero_point, input, to),
            _ => unreachable!("numbers are those of the layer"),
        }
    }

    /// A layer with whole weights on int8, sums in int32.
    fn products(
        self,
        at: Builder<'c>,
        layer: &Layer,
        zero_point: i64,
        input: Value<'c>,
        to: &[i64],
    ) -> Value<'c> {
        let i32 = Type::integer(self.ctx, 32);
        let code = |value: i64| tosa::const_dense(at, &[1], &[value as i8]);
        let constants = |weights: &Weights, shape: &[i64]| {
            let values: Vec<i8> = weights.values.iter().map(|&v| v as i8).collect();
            let bias: Vec<i32> = weights.bias.iter().map(|&v| v as i32).collect();
            (tosa::const_dense(at, shape, &values), tosa::const_dense(at, &[bias.len() as i64], &bias))
        };
        let result = Type::tensor(&stored(to), i32);
        let zps = || (code(zero_point), code(0));
        match layer {
            Layer::Conv(weights, window) => {
                let input = self.framed(at, input, window, code(zero_point));
                let (values, bias) = constants(weights, &weights.shape);
                tosa::conv2d(at, (input, values, bias), zps(), &window.geometry, result, i32)
            }
            Layer::Depthwise(weights, window) => {
                // A vector is a feature map of one pixel.
                let channels = weights.shape[2];
                let input = match to.len() {
                    2 => tosa::reshape(at, input, &[1, 1, 1, channels]),
                    _ => self.framed(at, input, window, code(zero_point)),
                };
                let (values, bias) = constants(weights, &weights.shape);
                let [height, width] = window.output;
                let map = Type::tensor(&[1, height, width, channels * weights.shape[3]], i32);
                let sums =
                    tosa::depthwise_conv2d(at, (input, values, bias), zps(), &window.geometry, map, i32);
                self.shaped(at, sums, to)
            }
            Layer::Grouped(groups, weights, window) => {
                let input = self.framed(at, input, window, code(zero_point));
                self.grouped(at, input, *groups, weights, window, |own, channels, result| {
                    let (values, bias) = constants(own, &own.shape);
                    let result = Type::tensor(result, i32);
                    tosa::conv2d(at, (channels, values, bias), zps(), &window.geometry, result, i32)
                })
            }
            Layer::Dense(weights) => {
                let (outputs, inputs) = (weights.shape[0], weights.shape[1]);
                let input = tosa::reshape(at, input, &[1, 1, 1, inputs]);
                let (values, bias) = constants(weights, &[outputs, 1, 1, inputs]);
                let (geometry, row) =
                    (Window::whole([1, 1]).geometry, Type::tensor(&[1, 1, 1, outputs], i32));
                let row = tosa::conv2d(at, (input, values, bias), zps(), &geometry, row, i32);
                tosa::reshape(at, row, to)
            }
            _ => unreachable!("products are made by layers with weights"),
        }
    }

    /// The part of a feature map that windows reach, framed by the zeros that count.
    fn framed(self, at: Builder<'c>, input: Value<'c>, window: &Window, zero: Value<'c>) -> Value<'c> {
        let shape = input.ty().shape().unwrap_or_default();
        let kept = [shape[0], window.keep[0], window.keep[1], shape[3]];
        let kept = if kept == shape[..] { input } else { tosa::slice(at, input, &[0; 4], &kept) };
        if window.zeros == [0; 4] { kept } else { tosa::pad(at, kept, window.zeros, zero) }
    }

    /// A value of another shape with the same order of elements, in the shape that `to` is stored in.
    fn shaped(self, at: Builder<'c>, value: Value<'c>, to: &[i64]) -> Value<'c> {
        let shape = stored(to);
        if value.ty().shape().as_deref() == Some(&shape) { value } else { tosa::reshape(at, value, &shape) }
    }

    /// The elements in ONNX's order in another shape.
    pub fn reshape(self, at: Builder<'c>, input: Value<'c>, from: &[i64], to: &[i64]) -> Value<'c> {
        // Pixels in other rows and columns, such as a sequence as an image of one column.
        if from.len() > 2 && to.len() > 2 && from[..2] == to[..2] {
            return self.shaped(at, input, to);
        }
        // With one channel or one pixel both orders are the same.
        let differs = |shape: &[i64]| match *shape {
            [n, c, h, w] if c != 1 && (h != 1 || w != 1) => Some([n, c, h, w]),
            [n, c, l] if c != 1 && l != 1 => Some([n, c, 1, l]),
            _ => None,
        };
        let flat = match differs(from) {
            Some(_) => tosa::transpose(at, input, &[0, 3, 1, 2]),
            None => input,
        };
        match differs(to) {
            Some(planes) => tosa::transpose(at, tosa::reshape(at, flat, &planes), &[0, 2, 3, 1]),
            None => tosa::reshape(at, flat, &stored(to)),
        }
    }

    /// A convolution of each group of channels, and the results one behind the other.
    fn grouped(
        self,
        at: Builder<'c>,
        input: Value<'c>,
        groups: i64,
        weights: &Weights,
        window: &Window,
        convolve: impl Fn(&Weights, Value<'c>, &[i64]) -> Value<'c>,
    ) -> Value<'c> {
        let [outputs, rows, columns, inputs] = weights.shape[..] else {
            unreachable!("weights of a convolution have four dimensions")
        };
        let each = outputs / groups;
        let mut size = input.ty().shape().unwrap_or_default();
        size[3] = inputs;
        let [height, width] = window.output;
        let part = |group: i64| {
            let channels = tosa::slice(at, input, &[0, 0, 0, group * inputs], &size);
            let of = |all: &[f32]| {
                let count = all.len() / groups as usize;
                all[group as usize * count..][..count].to_vec()
            };
            let shape = vec![each, rows, columns, inputs];
            let own = Weights { shape, values: of(&weights.values), bias: of(&weights.bias) };
            convolve(&own, channels, &[1, height, width, each])
        };
        let parts: Vec<_> = (0..groups).map(part).collect();
        let element = parts.first().and_then(|part| part.ty().element()).expect("there are groups");
        let concat = at.op("tosa.concat").operands(&parts).attr("axis", Attr::i32(self.ctx, 3));
        concat.result(Type::tensor(&[1, height, width, outputs], element)).build().result(0)
    }

    /// A constant in TOSA's order.
    fn constant(self, at: Builder<'c>, constant: &Constant) -> Value<'c> {
        let Constant { shape, values } = constant;
        let planes = match *shape.as_slice() {
            [n, c, h, w] => Some([n, c, h, w]),
            [n, c, l] => Some([n, c, 1, l]),
            _ => None,
        };
        let values = planes.map_or_else(|| values.clone(), |planes| permuted(values, planes, [0, 2, 3, 1]));
        tosa::const_dense(at, &stored(shape), &values)
    }

    /// The type of a float tensor.
    pub fn tensor(self, shape: &[i64]) -> Type<'c> {
        Type::tensor(shape, Type::f32(self.ctx))
    }

    fn zero(self, at: Builder<'c>) -> Value<'c> {
        tosa::const_dense(at, &[1], &[0f32])
    }

    /// Weights and bias.
    fn constants(self, at: Builder<'c>, weights: &Weights, shape: &[i64]) -> (Value<'c>, Value<'c>) {
        let bias = tosa::const_dense(at, &[weights.bias.len() as i64], &weights.bias);
        (tosa::const_dense(at, shape, &weights.values), bias)
    }
}

/// The shape of what a pooling makes of a feature map `[N, H, W, C]`.
fn pooled(input: Value<'_>, window: &Window) -> [i64; 4] {
    let channels = input.ty().shape().and_then(|shape| shape.last().copied()).unwrap_or_default();
    [1, window.output[0], window.output[1], channels]
}

/// One number for all, or one a channel of a value that has so many dimensions in ONNX.
fn spread<'c>(at: Builder<'c>, values: &[f32], rank: usize) -> Value<'c> {
    let dimensions = stored_dimensions(rank);
    let mut shape = vec![1; dimensions.len()];
    if let Some(channels) = dimensions.iter().position(|d| *d == Some(1)) {
        shape[channels] = values.len() as i64;
    }
    tosa::const_dense(at, &shape, values)
}
