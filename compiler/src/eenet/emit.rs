//! Makes TOSA and `ee.exit` of a network.

use super::error::{Span, position};
use super::network::{Exit, Network, Step, ValueId};
use crate::onnx::emit::{LayerBuilder, stored, symbol};
use crate::onnx::layers::Layer;
use atheena_dialects::ee::{self, Confidence, build_yield};
use atheena_dialects::ir::{Attr, Block, Builder, Ctx, Loc, Op, Region, Type, Value, new_module};
use atheena_dialects::tosa;
use std::collections::{BTreeMap, BTreeSet};

/// The values of a region, by the network's.
type Scope<'c> = BTreeMap<ValueId, Value<'c>>;

/// Makes the module of a network that `text`, the contents of `file`, describes.
pub fn emit<'c>(ctx: Ctx<'c>, network: &Network, text: &str, file: &str) -> melior::ir::Module<'c> {
    let emitter = Emitter { ctx, one: LayerBuilder { ctx }, network, text, file };
    let loc = emitter.loc(&network.name.value, &network.name.span);
    let module = new_module(loc);
    // The argument is an image, also of a network that reads a vector.
    let shape = stored(&network.input);
    let image = if let [n, size] = *shape { vec![n, 1, 1, size] } else { shape.clone() };
    let argument = emitter.one.tensor(&image);
    let body = Block::new(&[argument], loc);
    let mut scope = Scope::new();
    for value in body.arguments() {
        let at = Builder::end(body, loc);
        scope.insert(0, if shape == image { value } else { tosa::reshape(at, value, &shape) });
    }
    let result = emitter.steps(body, &network.steps, scope);
    Builder::end(body, loc).op("func.return").operand(result).build();
    Builder::end(Op::of_module(&module).body(), loc)
        .op("func.func")
        .attr("sym_name", Attr::string(ctx, &symbol(&network.name.value)))
        .attr("function_type", Attr::ty(Type::function(ctx, &[argument], &[result.ty()])))
        .region(Region::with_block(body))
        .build();
    module
}

struct Emitter<'n, 'c> {
    ctx: Ctx<'c>,
    one: LayerBuilder<'c>,
    network: &'n Network,
    text: &'n str,
    file: &'n str,
}

impl<'c> Emitter<'_, 'c> {
    /// Makes everything from here on at the end of `block`; returns the logits, `[1, classes]`.
    fn steps(&self, block: Block<'c>, steps: &[Step], mut scope: Scope<'c>) -> Value<'c> {
        for (index, step) in steps.iter().enumerate() {
            match step {
                Step::Layer(value) => self.layer(block, *value, &mut scope),
                Step::Exit(exit) => return self.exit(block, exit, &steps[index + 1..], &scope),
            }
        }
        self.logits(block, self.network.logits, &scope)
    }

    fn exit(&self, block: Block<'c>, exit: &Exit, rest: &[Step], scope: &Scope<'c>) -> Value<'c> {
        // The regions see what they read of what there is, and nothing else.
        let mut read = BTreeSet::from([exit.logits, self.network.logits]);
        self.reads(&exit.values, &mut read);
        for step in rest {
            match step {
                Step::Layer(value) => self.reads(&[*value], &mut read),
                Step::Exit(exit) => {
                    read.insert(exit.logits);
                    self.reads(&exit.values, &mut read);
                }
            }
        }
        read.retain(|value| scope.contains_key(value));
        let crossing: Vec<_> = read.iter().map(|value| scope[value]).collect();
        let types: Vec<_> = crossing.iter().map(|value| value.ty()).collect();
        let loc = self.loc(&exit.label.value, &exit.label.span);
        let inside = || {
            let block = Block::new(&types, loc);
            let scope: Scope<'c> = read.iter().copied().zip(block.arguments()).collect();
            (block, scope)
        };
        let (classify, mut early) = inside();
        exit.values.iter().for_each(|&value| self.layer(classify, value, &mut early));
        let logits = self.logits(classify, exit.logits, &early);
        build_yield(Builder::end(classify, loc), &[logits]);
        let (otherwise, late) = inside();
        let answer = self.steps(otherwise, rest, late);
        build_yield(Builder::end(otherwise, loc), &[answer]);
        let confidence = Confidence::new(exit.kind, exit.threshold).to_attr(self.ctx);
        let (at, label) = (Builder::end(block, loc), &exit.label.value);
        ee::Exit::build(at, label, &crossing, confidence, &[answer.ty()], (classify, otherwise)).0.result(0)
    }

    /// Adds what layers read.
    fn reads(&self, values: &[ValueId], read: &mut BTreeSet<ValueId>) {
        let nodes = values.iter().filter_map(|value| self.network.nodes.get(value.checked_sub(1)?));
        read.extend(nodes.flat_map(|node| &node.inputs));
    }

    fn layer(&self, block: Block<'c>, value: ValueId, scope: &mut Scope<'c>) {
        // The input is no layer.
        let Some(node) = value.checked_sub(1).and_then(|index| self.network.nodes.get(index)) else { return };
        let at = Builder::end(block, self.loc(&node.name, &node.span));
        let mut inputs: Vec<_> = node.inputs.iter().map(|input| scope[input]).collect();
        let mut from =
            node.inputs.first().map(|&input| self.network.shape(input)).unwrap_or_default().to_vec();
        if let (Layer::Dense(_), [_, _, _, ..], Some(input)) =
            (&node.layer, from.as_slice(), inputs.first_mut())
        {
            let flat = vec![1, from.iter().product()];
            *input = self.one.reshape(at, *input, &from, &flat);
            from = flat;
        }
        scope.insert(value, self.one.layer(at, &node.layer, &inputs, &from, &node.shape));
    }

    /// A value in the shape `[1, classes]`.
    fn logits(&self, block: Block<'c>, value: ValueId, scope: &Scope<'c>) -> Value<'c> {
        match *self.network.shape(value) {
            [n, classes, _, ..] => {
                let at =
                    Builder::end(block, scope[&value].producer().map_or(Loc::unknown(self.ctx), Op::loc));
                tosa::reshape(at, scope[&value], &[n, classes])
            }
            _ => scope[&value],
        }
    }

    /// A name and its place in the text.
    fn loc(&self, name: &str, span: &Span) -> Loc<'c> {
        let (line, column) = position(self.text, span.start);
        Loc::name_at(name, Loc::file(self.ctx, self.file, line as u32, column as u32))
    }
}
