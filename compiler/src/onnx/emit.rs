//! Makes TOSA and `ee.exit` of a network's layers.
//!
//! A value of rank 4 is `[N, C, H, W]` in ONNX and `[N, H, W, C]` in TOSA; others are the same in both. Where elements are
//! put in another shape, ONNX's order is made by a transposition first.

use super::error::shape as shape_text;
use super::exits::Chain;
use super::graph::{Network, NodeId, ValueId};
use super::layers::{Layer, Layers, Weights};
use super::window::Window;
use atheena_dialects::ee::{Confidence, Exit, build_yield};
use atheena_dialects::ir::{Attr, Block, Builder, Ctx, Loc, Op, Region, Type, Value, new_module};
use atheena_dialects::tosa;
use std::collections::{BTreeSet, HashMap};

/// Makes the module of a network.
pub fn emit<'c>(ctx: Ctx<'c>, network: &Network, chain: &Chain, layers: &Layers) -> melior::ir::Module<'c> {
    let loc = Loc::name(ctx, &network.name);
    let module = new_module(loc);
    let one = LayerBuilder { ctx };
    let emitter = Emitter { ctx, one, network, chain, layers };

    // The argument is an image, also of a network that reads a vector.
    let image = match *layers.shape(network.input) {
        [n, size] => vec![n, 1, 1, size],
        ref shape => stored(shape),
    };
    let input_loc = Loc::name(ctx, &network.values[network.input].name);
    let body = Block::new(&[one.tensor(&image)], input_loc);
    let mut values = HashMap::new();
    if let Some(&argument) = body.arguments().first() {
        let at = Builder::end(body, input_loc);
        let shape = stored(layers.shape(network.input));
        let input = if shape == image { argument } else { tosa::reshape(at, argument, &shape) };
        values.insert(network.input, input);
    }
    let result = emitter.section(body, 0, values, &BTreeSet::new());
    Builder::end(body, loc).op("func.return").operand(result).build();
    Builder::end(Op::of_module(&module).body(), loc)
        .op("func.func")
        .attr("sym_name", Attr::string(ctx, &symbol(&network.name)))
        .attr("function_type", Attr::ty(Type::function(ctx, &[one.tensor(&image)], &[result.ty()])))
        .region(Region::with_block(body))
        .build();
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
        _ => shape.to_vec(),
    }
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
        let confidence = Confidence::max_softmax(exit.threshold).to_attr(self.ctx);
        let label = format!("exit{}", index + 1);
        let at = Builder::end(block, loc);
        Exit::build(at, &label, &crossing, confidence, &[answer.ty()], (classify, otherwise)).0.result(0)
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
            let value = self.one.layer(at, layer, &inputs, from, self.layers.shape(output));
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
        let result = self.tensor(&stored(to));
        let [input, ..] = *inputs else { unreachable!("constants are no layers") };
        match layer {
            Layer::Alias(_) | Layer::Constant => input,
            Layer::Conv(weights, window) => {
                let input = self.framed(at, input, window);
                let constants = self.constants(at, weights, &weights.shape);
                let zps = (self.zero(at), self.zero(at));
                let operands = (input, constants.0, constants.1);
                tosa::conv2d(at, operands, zps, &window.geometry, result, Type::f32(self.ctx))
            }
            Layer::Depthwise(weights, window) => {
                let input = self.framed(at, input, window);
                let constants = self.constants(at, weights, &weights.shape);
                let zps = (self.zero(at), self.zero(at));
                let operands = (input, constants.0, constants.1);
                tosa::depthwise_conv2d(at, operands, zps, &window.geometry, result, Type::f32(self.ctx))
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
                tosa::max_pool2d(at, self.framed(at, input, window), &window.geometry, result)
            }
            Layer::AveragePool(window) => {
                let input = self.framed(at, input, window);
                let zps = (self.zero(at), self.zero(at));
                tosa::avg_pool2d(at, input, zps, &window.geometry, result, Type::f32(self.ctx))
            }
            Layer::Clamp(low, high) => {
                tosa::clamp(at, input, Attr::f32(self.ctx, *low), Attr::f32(self.ctx, *high))
            }
            Layer::Reshape => self.reshape(at, input, from, to),
            Layer::Add => tosa::simple(at, "tosa.add", inputs, result),
            Layer::Affine(scale, shift) => {
                // The channels are last, also in [1, size].
                let spread = |values: &[f32]| {
                    let mut shape = vec![1; to.len()];
                    if let Some(last) = shape.last_mut() {
                        *last = values.len() as i64;
                    }
                    tosa::const_dense(at, &shape, values)
                };
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

    /// The part of a feature map that windows reach, framed by the zeros that count.
    fn framed(self, at: Builder<'c>, input: Value<'c>, window: &Window) -> Value<'c> {
        let shape = input.ty().shape().unwrap_or_default();
        let kept = [shape[0], window.keep[0], window.keep[1], shape[3]];
        let kept = if kept == shape[..] { input } else { tosa::slice(at, input, &[0; 4], &kept) };
        if window.zeros == [0; 4] { kept } else { tosa::pad(at, kept, window.zeros, self.zero(at)) }
    }

    /// The elements in ONNX's order in another shape.
    pub fn reshape(self, at: Builder<'c>, input: Value<'c>, from: &[i64], to: &[i64]) -> Value<'c> {
        // With one channel or one pixel both orders are the same.
        let differs = |shape: &[i64]| matches!(*shape, [_, c, h, w] if c != 1 && (h != 1 || w != 1));
        let flat = if differs(from) { tosa::transpose(at, input, &[0, 3, 1, 2]) } else { input };
        if differs(to) {
            tosa::transpose(at, tosa::reshape(at, flat, to), &[0, 2, 3, 1])
        } else {
            tosa::reshape(at, flat, &stored(to))
        }
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
