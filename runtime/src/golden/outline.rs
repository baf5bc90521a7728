//! Layers as functions of their own, called one after the other, equal ones once.
//!
//! What LLVM does takes time that grows with the square of a function's length, so a network in one function takes far too long.
//! Each loop nest on buffers moves into a private function of the buffers that it works on; layers of the same shape are then the
//! same function, and code is generated for it once.

use std::collections::{HashMap, HashSet};

use atheena_dialects::ir::{Attr, Block, Builder, Op, Region, Type, Value};

/// Moves what a function on buffers does into private functions beside it, and calls them; what decides which of them
/// run stays. Its `memref.view`s are places apart in memory, see [`super::memory`].
pub fn outline(function: Op<'_>) {
    let name = function.symbol().unwrap_or_default();
    Outliner { function, name, known: HashMap::new() }.block(function.body());
}

struct Outliner<'c> {
    function: Op<'c>,
    name: String,
    /// The names of the functions so far, by their text.
    known: HashMap<String, String>,
}

impl<'c> Outliner<'c> {
    /// Outlines what is in a block and in the branches inside it.
    fn block(&mut self, block: Block<'c>) {
        let stays = staying(block);
        let mut group = Group::default();
        for op in block.ops() {
            if stands_for_a_buffer(op) || is_remade(op) {
                continue;
            }
            if stays.contains(&op) {
                self.finish(&mut group);
                let branches = op.regions().into_iter().flat_map(|region| region.blocks());
                branches.for_each(|branch| self.block(branch));
                continue;
            }
            group.push(op);
            if group.open == 0 {
                self.finish(&mut group);
            }
        }
        self.finish(&mut group);
    }

    /// Calls a function in the place of a group. A group whose results others use stays as it is.
    fn finish(&mut self, group: &mut Group<'c>) {
        let Group { ops, inside, open, .. } = std::mem::take(group);
        let (Some(&first), Some(behind)) = (ops.first(), ops.last().and_then(|op| op.next())) else { return };
        if open > 0 {
            return;
        }
        let mut part =
            Part { body: Block::new(&[], first.loc()), values: HashMap::new(), handed_over: vec![] };
        for &op in &ops {
            for user in op.walk() {
                for (index, value) in user.operands().into_iter().enumerate() {
                    if !inside.contains(&value) {
                        user.set_operand(index, part.value(value));
                    }
                }
            }
            op.move_to_end(part.body);
        }
        // The operations are gone where there is such a function.
        let (call, buffers) =
            (Builder::before(behind).at(first.loc()).op("func.call"), part.handed_over.clone());
        let name = self.function_of(part);
        call.attr("callee", Attr::symbol(self.function.ctx(), &name)).operands(&buffers).build();
    }

    /// The name of the function of a part, which there may be already.
    fn function_of(&mut self, part: Part<'c>) -> String {
        /// Stands for the name while functions are compared.
        const NAMELESS: &str = "part";
        let ctx = self.function.ctx();
        let builder = Builder::after(self.function);
        let types: Vec<Type<'_>> = part.handed_over.iter().map(|value| value.ty()).collect();
        let mut function = builder
            .op("func.func")
            .attr("sym_name", Attr::string(ctx, NAMELESS))
            .attr("sym_visibility", Attr::string(ctx, "private"))
            .attr("function_type", Attr::ty(Type::function(ctx, &types, &[])))
            .attr("passthrough", Attr::array(ctx, &[Attr::string(ctx, "noinline")]));
        if part.handed_over.iter().copied().all(is_apart) {
            let apart = Attr::parse(ctx, "{llvm.noalias}").expect("the attribute is well-formed");
            function = function
                .attr("arg_attrs", Attr::array(ctx, &vec![apart; types.len()]))
                .attr("llvm.bareptr", Attr::unit(ctx));
        }
        Builder::end(part.body, self.function.loc()).op("func.return").build();
        let function = function.region(Region::with_block(part.body)).build();
        let text = function.to_string();
        if let Some(known) = self.known.get(&text) {
            function.erase();
            return known.clone();
        }
        let name = format!("{}_part{}", self.name, self.known.len());
        function.set_attr("sym_name", Attr::string(ctx, &name));
        self.known.insert(text, name.clone());
        name
    }
}

/// Operations behind one another that become a function.
#[derive(Default)]
struct Group<'c> {
    ops: Vec<Op<'c>>,
    /// What they and the operations inside them define.
    inside: HashSet<Value<'c>>,
    /// The results of the operations themselves.
    results: HashSet<Value<'c>>,
    /// Uses of these results that are not in the group.
    open: usize,
}

impl<'c> Group<'c> {
    fn push(&mut self, op: Op<'c>) {
        for op in op.walk() {
            self.open -= op.operands().iter().filter(|value| self.results.contains(value)).count();
            let blocks = op.regions().into_iter().flat_map(|region| region.blocks());
            self.inside.extend(blocks.flat_map(Block::arguments));
            self.inside.extend(op.results());
        }
        self.open += op.results().into_iter().map(|value| value.uses().len()).sum::<usize>();
        self.results.extend(op.results());
        self.ops.push(op);
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

/// Does an operation give a buffer that functions are called with?
fn stands_for_a_buffer(op: Op<'_>) -> bool {
    op.is("memref.view") || op.is("memref.get_global")
}

/// Is that a constant, or another view of a buffer, which functions make themselves?
fn is_remade(op: Op<'_>) -> bool {
    const NAMES: [&str; 6] = [
        "arith.constant",
        "memref.subview",
        "memref.collapse_shape",
        "memref.expand_shape",
        "memref.cast",
        "memref.reinterpret_cast",
    ];
    NAMES.iter().any(|name| op.is(name))
}

/// Is that a whole buffer with which no other one overlaps? Its address says all of it then.
fn is_apart(value: Value<'_>) -> bool {
    let is_argument = value.producer().is_none() && value.uses().iter().all(|(op, _)| !op.is("memref.view"));
    let ty = value.ty().to_string();
    let is_static = ty.starts_with("memref") && !ty.contains('?') && !ty.contains("strided");
    (is_argument || value.producer().is_some_and(stands_for_a_buffer)) && is_static
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
            needed.extend(op.walk().into_iter().flat_map(Op::operands));
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
            "func.func @net(%scratch: memref<4096xi8>) {{
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

    /// A loop on a view of so many bytes.
    fn layer(name: usize, bytes: usize) -> String {
        let ty = format!("memref<{bytes}xi8>");
        format!(
            "%view{name} = memref.view %scratch[%zero][] : memref<4096xi8> to {ty}
             linalg.fill ins(%one : i8) outs(%view{name} : {ty})
             "
        )
    }

    #[test]
    fn functions_do_not_grow_with_the_network() {
        for count in [100, 200] {
            let functions = outlined(&(0..count).map(|index| layer(index, 1 + index)).collect::<String>());
            assert_eq!(functions.len(), 1 + count);
            // Function, constant, loop, what it yields, return.
            assert!(functions[1..].iter().all(|(text, size)| *size == 5 && text.contains("noinline")));
            assert_eq!(functions[0].0.matches("call @net_part").count(), count);
            assert!(!functions[0].0.contains("linalg.fill"));
        }
    }

    #[test]
    fn equal_layers_are_one_function() {
        let functions = outlined(&(0..100).map(|index| layer(index, 1 + index % 3)).collect::<String>());
        assert_eq!(functions.len(), 1 + 3);
        assert_eq!(functions[0].0.matches("call @net_part").count(), 100);
    }

    /// Buffers that may overlap are not said to be apart: here, the one of which another one is a view.
    #[test]
    fn only_buffers_apart_are_said_to_be() {
        let text = "
            linalg.fill ins(%one : i8) outs(%scratch : memref<4096xi8>)
            %view = memref.view %scratch[%zero][] : memref<4096xi8> to memref<8xi8>
            linalg.fill ins(%one : i8) outs(%view : memref<8xi8>)";
        let functions = outlined(text);
        for (text, _) in &functions[1..] {
            assert_eq!(text.contains("noalias"), !text.contains("4096"), "{text}");
        }
    }

    /// What a branch depends on is computed where the branch is.
    #[test]
    fn branches_stay() {
        let text = format!(
            "{}
             %leaves = memref.load %scratch[%zero] : memref<4096xi8>
             %taken = arith.cmpi eq, %leaves, %one : i8
             scf.if %taken {{ {} }} else {{ {} }}",
            layer(0, 1),
            layer(1, 2),
            layer(2, 3)
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

    /// A number that is used on both sides of a branch is not computed in a function.
    #[test]
    fn what_is_used_on_both_sides_of_a_branch_stays() {
        let text = "
            %taken = arith.constant true
            %x = memref.load %scratch[%zero] : memref<4096xi8>
            scf.if %taken { }
            memref.store %x, %scratch[%zero] : memref<4096xi8>";
        let functions = outlined(text);
        assert!(functions[0].0.contains("memref.load"), "{functions:?}");
        assert!(functions[1].0.contains("memref.store"), "{functions:?}");
    }
}
