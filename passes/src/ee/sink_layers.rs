//! `ee-sink-layers`: moves the layers behind a conditional's result into both of its branches.
//!
//! A network may compute the same of the features of both branches, such as a classifier that they share, a reshape or a softmax. In
//! an exit each region returns its own answer.
//!
//! Requires: layers without regions behind the conditional; another conditional that depends on the first one's result
//! stays, and what is between them.
//! Ensures: a conditional's results go to the end of its block alone.
//!
//!     %r = scf.if %c { scf.yield %a } else { scf.yield %b }
//!     %y = tosa.softmax… %r
//!     return %y
//! becomes
//!     %y = scf.if %c { %s = tosa.softmax… %a  scf.yield %s } else { %t = tosa.softmax… %b  scf.yield %t }
//!     return %y

use atheena_dialects::{
    ir::{Block, Builder, Failure, Op, Region, Value},
    pass::{NoOptions, Pass},
};

/// The pass.
pub struct SinkLayers;

impl Pass for SinkLayers {
    const FLAG: &'static str = "ee-sink-layers";
    const SUMMARY: &'static str = "Move the layers behind a conditional into both of its branches";
    const ANCHOR: &'static str = "func.func";
    type Options = NoOptions;

    fn run(function: Op<'_>, _: &NoOptions) -> Result<(), Failure> {
        // What moves into a branch may stand behind a conditional there: from the outermost on.
        while let Some((conditional, layers)) =
            function.walk().into_iter().find_map(|op| Some((op, layers_behind(op)?)))
        {
            sink(conditional, &layers);
        }
        Ok(())
    }
}

/// The layers that depend on a conditional, in order; None of other operations, and if there are none or they can't move.
fn layers_behind(op: Op<'_>) -> Option<Vec<Op<'_>>> {
    if !(op.is("scf.if") || op.is("tosa.cond_if"))
        || op.regions().iter().any(|region| region.entry().is_none())
    {
        return None;
    }
    let block = op.block()?;
    let end = block.last()?;
    let mut layers: Vec<Op<'_>> = vec![];
    for other in
        block.ops().into_iter().skip_while(|other| *other != op).skip(1).filter(|other| *other != end)
    {
        let uses = other.walk().into_iter().flat_map(Op::operands).filter_map(Value::producer);
        if uses.into_iter().any(|producer| producer == op || layers.contains(&producer)) {
            let pure = other.name().starts_with("tosa.") || other.name().starts_with("tensor.");
            if !pure || !other.regions().is_empty() {
                return None;
            }
            layers.push(other);
        }
    }
    (!layers.is_empty()).then_some(layers)
}

fn sink<'c>(conditional: Op<'c>, layers: &[Op<'c>]) {
    let end = conditional.block().and_then(Block::last).expect("a block has a terminator");
    let depends = |value: Value<'c>| {
        value.producer().is_some_and(|producer| producer == conditional || layers.contains(&producer))
    };
    // What the end of the block gets, by the number of its operand.
    let results: Vec<_> =
        end.operands().into_iter().enumerate().filter(|(_, value)| depends(*value)).collect();
    let mut regions = vec![];
    for region in conditional.regions() {
        let block = region.entry().expect("both branches have a block");
        let answer = block.last().expect("a branch has a terminator");
        let mut made: Vec<_> = conditional.results().into_iter().zip(answer.operands()).collect();
        let inside = |made: &[(Value<'c>, Value<'c>)], value| {
            made.iter().find(|(outside, _)| *outside == value).map_or(value, |(_, inside)| *inside)
        };
        for &layer in layers {
            let copy = Builder::before(answer).insert(layer.duplicate());
            let operands: Vec<_> = layer.operands().into_iter().map(|value| inside(&made, value)).collect();
            copy.set_operands(&operands);
            made.extend(layer.results().into_iter().zip(copy.results()));
        }
        let answers: Vec<_> = results.iter().map(|&(_, value)| inside(&made, value)).collect();
        answer.set_operands(&answers);
        let moved = Region::empty();
        moved.take_body(region);
        regions.push(moved);
    }
    let types: Vec<_> = results.iter().map(|(_, value)| value.ty()).collect();
    let mut builder = Builder::before(conditional)
        .op(&conditional.name())
        .operands(&conditional.operands())
        .results(&types);
    for region in regions {
        builder = builder.region(region);
    }
    let deeper = builder.build();
    for ((operand, _), result) in results.into_iter().zip(deeper.results()) {
        end.set_operand(operand, result);
    }
    layers.iter().rev().for_each(|layer| layer.erase());
    conditional.erase();
}
