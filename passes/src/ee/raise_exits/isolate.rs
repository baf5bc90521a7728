//! Gives an exit all that its regions use: what only one of them uses moves into it, the rest crosses.

use atheena_dialects::{
    ee::Exit,
    ir::{Block, Builder, Op, Value},
};

/// Isolates an exit whose regions have no arguments and use values from outside.
pub fn isolate(exit: Exit<'_>) {
    move_in(exit);
    repeat_constants(exit);
    let mut inputs = vec![];
    for block in [exit.classify(), exit.otherwise()] {
        for (_, _, value) in outer_uses(exit, block) {
            if !inputs.contains(&value) {
                inputs.push(value);
            }
        }
    }
    for block in [exit.classify(), exit.otherwise()] {
        let arguments: Vec<_> = inputs.iter().map(|v| block.add_argument(v.ty(), exit.0.loc())).collect();
        for (user, operand, value) in outer_uses(exit, block) {
            if let Some(place) = inputs.iter().position(|input| *input == value) {
                user.set_operand(operand, arguments[place]);
            }
        }
    }
    exit.0.set_operands(&inputs);
}

/// Moves the operations before the exit that only one of its regions uses into that region.
fn move_in(exit: Exit<'_>) {
    let block = exit.0.block().expect("an exit is in a block");
    let before: Vec<_> = block.ops().into_iter().take_while(|op| *op != exit.0).collect();
    for op in before.into_iter().rev().filter(|op| op.regions().is_empty() && !is_constant(*op)) {
        let users: Vec<_> = op.results().into_iter().flat_map(Value::uses).map(|(user, _)| user).collect();
        for region in [exit.classify(), exit.otherwise()] {
            if let Some(&first) = region.ops().first()
                && !users.is_empty()
                && users.iter().all(|user| is_in(*user, region))
            {
                op.move_before(first);
            }
        }
    }
}

/// Makes the constants that a region uses inside it.
fn repeat_constants(exit: Exit<'_>) {
    for block in [exit.classify(), exit.otherwise()] {
        let mut made: Vec<(Value<'_>, Value<'_>)> = vec![];
        for (user, operand, value) in outer_uses(exit, block) {
            let Some(constant) = value.producer().filter(|op| is_constant(*op)) else { continue };
            let known = made.iter().find(|(outer, _)| *outer == value).map(|(_, inner)| *inner);
            let inner = known.unwrap_or_else(|| {
                let copy = Builder::start(block, constant.loc()).insert(constant.duplicate());
                copy.result(value.index())
            });
            made.push((value, inner));
            user.set_operand(operand, inner);
        }
    }
}

/// The uses inside a region of values from outside the exit: user, operand and value.
fn outer_uses<'c>(exit: Exit<'c>, block: Block<'c>) -> Vec<(Op<'c>, usize, Value<'c>)> {
    let ops = block.ops().into_iter().flat_map(Op::walk);
    let uses = ops.flat_map(|op| op.operands().into_iter().enumerate().map(move |(i, value)| (op, i, value)));
    uses.filter(|(_, _, value)| !is_inside(*value, exit.0)).collect()
}

/// Is a value made inside an operation?
fn is_inside(value: Value<'_>, op: Op<'_>) -> bool {
    match value.producer() {
        Some(producer) => producer != op && producer.is_inside(op),
        None => value.argument_block().and_then(Block::parent).is_some_and(|parent| parent.is_inside(op)),
    }
}

/// Is an operation in a block, maybe inside another one?
fn is_in<'c>(op: Op<'c>, block: Block<'c>) -> bool {
    std::iter::successors(Some(op), |op| op.parent()).any(|op| op.block() == Some(block))
}

fn is_constant(op: Op<'_>) -> bool {
    op.is("tosa.const") || op.is("tosa.const_shape") || op.is("arith.constant")
}
