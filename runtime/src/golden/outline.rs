//! Layers as functions of their own, called one after the other: what LLVM does takes time that grows with the square of a
//! function's length, so a network in one function takes far too long.

use std::collections::{HashMap, HashSet};

use atheena_dialects::ir::{Attr, Block, Builder, Op, Region, Type, Value};

/// A function ends behind the first operation with which it has so many, those inside others counted.
const ENOUGH_OPS: usize = 256;

/// Moves what a function on buffers does into private functions beside it, and calls them; what decides which of them
/// run stays. Constants and views of buffers are made again where they are used, so that nothing but buffers is handed over.
pub fn outline(function: Op<'_>) {
    let mut outliner = Outliner { function, name: function.symbol().unwrap_or_default(), made: 0 };
    outliner.block(function.body());
}

struct Outliner<'c> {
    function: Op<'c>,
    name: String,
    /// Functions so far.
    made: usize,
}

impl<'c> Outliner<'c> {
    /// Outlines what is in a block and in the branches inside it.
    fn block(&mut self, block: Block<'c>) {
        let stays = staying(block);
        let mut group = Group::default();
        for op in block.ops() {
            if is_remade(op) {
                continue;
            }
            if stays.contains(&op) {
                self.finish(&mut group);
                let branches = op.regions().into_iter().flat_map(|region| region.blocks());
                branches.for_each(|branch| self.block(branch));
                continue;
            }
            group.push(op);
            if group.size >= ENOUGH_OPS && group.is_closed() {
                self.finish(&mut group);
            }
        }
        self.finish(&mut group);
    }

    /// Makes a function of a group, and a call of it in its place.
    fn finish(&mut self, group: &mut Group<'c>) {
        let group = std::mem::take(group);
        if !group.is_closed() {
            return;
        }
        let Group { ops, inside, .. } = group;
        let (Some(&first), Some(behind)) = (ops.first(), ops.last().and_then(|op| op.next())) else { return };
        let ctx = first.ctx();
        let name = format!("{}_part{}", self.name, self.made);
        self.made += 1;
        let body = Block::new(&[], first.loc());
        let mut part = Part { body, values: HashMap::new(), handed_over: vec![] };
        for &op in &ops {
            for user in op.walk() {
                for (index, value) in user.operands().into_iter().enumerate() {
                    if !inside.contains(&value) {
                        user.set_operand(index, part.value(value));
                    }
                }
            }
            op.move_to_end(body);
        }
        Builder::end(body, first.loc()).op("func.return").build();
        let types: Vec<Type<'_>> = part.handed_over.iter().map(|value| value.ty()).collect();
        Builder::after(self.function)
            .op("func.func")
            .attr("sym_name", Attr::string(ctx, &name))
            .attr("sym_visibility", Attr::string(ctx, "private"))
            .attr("function_type", Attr::ty(Type::function(ctx, &types, &[])))
            .attr("no_inline", Attr::unit(ctx))
            .region(Region::with_block(body))
            .build();
        let call = Builder::before(behind).at(first.loc()).op("func.call");
        call.attr("callee", Attr::symbol(ctx, &name)).operands(&part.handed_over).build();
    }
}

/// Operations behind one another that become a function.
#[derive(Default)]
struct Group<'c> {
    ops: Vec<Op<'c>>,
    /// What they and the operations inside them define.
    inside: HashSet<Value<'c>>,
    /// All operations, those inside others counted.
    size: usize,
}

impl<'c> Group<'c> {
    fn push(&mut self, op: Op<'c>) {
        for op in op.walk() {
            let blocks = op.regions().into_iter().flat_map(|region| region.blocks());
            self.inside.extend(blocks.flat_map(Block::arguments));
            self.inside.extend(op.results());
            self.size += 1;
        }
        self.ops.push(op);
    }

    /// Does nobody else use what the group defines?
    fn is_closed(&self) -> bool {
        let users = self.ops.iter().flat_map(|op| op.results()).flat_map(Value::uses);
        users.into_iter().all(|(user, _)| self.ops.iter().rev().any(|&op| user.is_inside(op)))
    }
}

/// A function in the making.
struct Part<'c> {
    body: Block<'c>,
    /// What stands in it for values from outside.
    values: HashMap<Value<'c>, Value<'c>>,
    /// The values behind its arguments.
    handed_over: Vec<Value<'c>>,
}

impl<'c> Part<'c> {
    /// What stands for a value from outside: an argument, or the same made again.
    fn value(&mut self, value: Value<'c>) -> Value<'c> {
        if let Some(&known) = self.values.get(&value) {
            return known;
        }
        let known = match value.producer().filter(|&op| is_remade(op)) {
            Some(op) => {
                let operands: Vec<_> = op.operands().into_iter().map(|value| self.value(value)).collect();
                let copy = op.duplicate();
                copy.set_operands(&operands);
                self.body.append(copy);
                copy.result(value.index())
            }
            None => {
                self.handed_over.push(value);
                self.body.add_argument(value.ty(), value.loc())
            }
        };
        self.values.insert(value, known);
        known
    }
}

/// Is that a constant, or a view of a buffer?
fn is_remade(op: Op<'_>) -> bool {
    const NAMES: [&str; 8] = [
        "arith.constant",
        "memref.view",
        "memref.get_global",
        "memref.subview",
        "memref.collapse_shape",
        "memref.expand_shape",
        "memref.cast",
        "memref.reinterpret_cast",
    ];
    NAMES.iter().any(|name| op.is(name))
}

/// The operations of a block that can't be in another function: branches, the block's end, and what computes values for these.
fn staying<'c>(block: Block<'c>) -> HashSet<Op<'c>> {
    let mut stays = HashSet::new();
    let ops = block.ops();
    let mut needed = HashSet::new();
    for (index, &op) in ops.iter().enumerate().rev() {
        let is_end = index + 1 == ops.len();
        if is_end || op.is("scf.if") || op.results().iter().any(|value| needed.contains(value)) {
            stays.insert(op);
            let read = op.walk().into_iter().flat_map(Op::operands);
            needed.extend(read);
        }
    }
    stays
}

#[cfg(test)]
mod tests {
    use super::*;
    use melior::ir::Module;

    /// The functions of a module behind outlining, the network first, with their numbers of operations.
    fn outlined(layers: &str) -> Vec<(String, usize)> {
        let text = format!(
            "func.func @net(%scratch: memref<64xi8>) {{
               %zero = arith.constant 0 : index
               %one = arith.constant 1 : i8
               {layers}
               return
             }}"
        );
        let context = atheena_dialects::context();
        let module = Module::parse(&context, &text).expect("the network parses");
        let module = Op::of_module(&module);
        outline(module.walk_named("func.func")[0]);
        assert!(module.verify(), "{module}");
        let functions = module.walk_named("func.func").into_iter();
        functions.map(|function| (function.to_string(), function.walk().len())).collect()
    }

    /// A view and a loop on it: two operations, and one inside the loop.
    const LAYER: &str = "
        %VIEW = memref.view %scratch[%zero][] : memref<64xi8> to memref<8xi8>
        linalg.fill ins(%one : i8) outs(%VIEW : memref<8xi8>)";

    fn layers(count: usize) -> String {
        (0..count).map(|layer| LAYER.replace("VIEW", &format!("view{layer}"))).collect()
    }

    /// Twice the layers are twice the functions, none of them longer.
    #[test]
    fn functions_do_not_grow_with_the_network() {
        let longest = |functions: &[(String, usize)]| functions[1..].iter().map(|f| f.1).max();
        let (few, many) = (outlined(&layers(1_000)), outlined(&layers(2_000)));
        assert_eq!((many.len() - 1).div_ceil(2), few.len() - 1);
        assert_eq!(longest(&many), longest(&few));
        // Two operations inside, and a view of its own each.
        assert!(longest(&few) < Some(2 * ENOUGH_OPS), "{:?}", longest(&few));
        let calls = many[0].0.matches("call @net_part").count();
        assert_eq!(calls, many.len() - 1);
    }

    /// What a branch depends on is computed where the branch is.
    #[test]
    fn branches_stay() {
        let text = format!(
            "{}
             %leaves = memref.load %scratch[%zero] : memref<64xi8>
             %taken = arith.cmpi eq, %leaves, %one : i8
             scf.if %taken {{ {} }} else {{ {} }}",
            layers(1),
            LAYER.replace("VIEW", "early"),
            LAYER.replace("VIEW", "late")
        );
        let functions = outlined(&text);
        assert_eq!(functions.len(), 4);
        let network = &functions[0].0;
        let parts: Vec<_> =
            ["call @net_part0", "memref.load", "scf.if", "call @net_part1", "else", "call @net_part2"]
                .map(|part| network.find(part).unwrap_or_else(|| panic!("no {part} in {network}")))
                .into();
        assert!(parts.is_sorted(), "{network}");
        assert!(!network.contains("linalg.fill"), "{network}");
    }

    /// A number that is used on both sides of a branch is not handed from function to function: all stays as it is.
    #[test]
    fn what_is_used_on_both_sides_of_a_branch_stays() {
        let text = "
            %taken = arith.constant true
            %x = memref.load %scratch[%zero] : memref<64xi8>
            scf.if %taken { }
            memref.store %x, %scratch[%zero] : memref<64xi8>";
        let functions = outlined(text);
        assert!(functions[0].0.contains("memref.load"), "{functions:?}");
        assert!(functions[1].0.contains("memref.store"), "{functions:?}");
    }
}
