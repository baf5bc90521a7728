//! Gives all buffers of a network places in one scratch memory that the caller brings: nothing is allocated while the
//! network runs, and nothing can leak.

use atheena_dialects::ir::{Attr, Block, Builder, Op, Region, Type};

use super::compile::Rejected;

/// Buffers start at multiples of this many bytes, a cache line and the widest vector.
const ALIGNMENT: usize = 64;

/// Replaces every `memref.alloc` of a function with a piece of one more argument, `memref<Nxi8>`; returns N. Copies
/// become `linalg.copy`, which is lowered to loops like all else (a strided `memref.copy` would call a library).
pub fn place_buffers(function: Op<'_>) -> Result<usize, Rejected> {
    let mut offset = 0usize;
    let mut places = vec![];
    for op in function.walk() {
        if op.is("memref.alloc") {
            let size = byte_size(op.result(0).ty()).ok_or(Rejected("place buffers of static size"))?;
            places.push((op, offset));
            offset = size
                .checked_next_multiple_of(ALIGNMENT)
                .and_then(|size| offset.checked_add(size))
                .ok_or(Rejected("place buffers: they are larger than memory"))?;
        } else if op.is("memref.copy") {
            copy_in_loops(op);
        }
    }
    let ctx = function.ctx();
    let ty = Type::parse(ctx, &format!("memref<{offset}xi8>")).ok_or(Rejected("place buffers"))?;
    let scratch = function.body().add_argument(ty, function.loc());
    for (op, offset) in places {
        let builder = Builder::before(op);
        let at = Attr::int(Type::index(ctx), offset as i64);
        let at = builder.op("arith.constant").attr("value", at).result(Type::index(ctx)).build();
        let ty = op.result(0).ty();
        let view = builder.op("memref.view").operands(&[scratch, at.result(0)]).result(ty).build();
        op.replace(&view.results());
    }
    let signature = function.attr("function_type").and_then(Attr::to_type).and_then(Type::signature);
    let (mut arguments, results) = signature.ok_or(Rejected("read the function's type"))?;
    arguments.push(ty);
    function.set_attr("function_type", Attr::ty(Type::function(ctx, &arguments, &results)));
    // One dictionary an argument; what they said (do not write to the input) has been heeded.
    function.remove_attr("arg_attrs");
    Ok(offset)
}

/// Bytes of a memref of static shape.
fn byte_size(ty: Type<'_>) -> Option<usize> {
    let element = ty.element()?;
    let bytes = match element.int_width() {
        Some(bits) => (bits as usize).div_ceil(8).next_power_of_two(),
        None if element == Type::f32(ty.ctx()) => 4,
        None => 8,
    };
    ty.shape()?.into_iter().try_fold(bytes, |size, extent| size.checked_mul(usize::try_from(extent).ok()?))
}

fn copy_in_loops(copy: Op<'_>) {
    let (Some(source), Some(target)) = (copy.operand(0), copy.operand(1)) else { return };
    let Some(element) = source.ty().element() else { return };
    let builder = Builder::before(copy);
    let block = Block::new(&[element, element], copy.loc());
    Builder::end(block, copy.loc()).op("linalg.yield").operand(block.arguments()[0]).build();
    builder
        .op("linalg.copy")
        .operands(&[source, target])
        .attr("operandSegmentSizes", Attr::i32s(copy.ctx(), &[1, 1]))
        .region(Region::with_block(block))
        .build();
    copy.erase();
}
