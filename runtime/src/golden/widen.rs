//! Sums of 48 bits, which TOSA makes of products of 16 and 8, in 64: machines have no such integers, and MLIR's vectors of them
//! are not laid out as its buffers.

use atheena_dialects::ir::{Attr, Block, Op, Type, Value};

use super::compile::Rejected;

/// Makes every i48 of a function an i64. A sum that TOSA allows does not tell the difference.
pub fn widen(function: Op<'_>) -> Result<(), Rejected> {
    for op in function.walk() {
        let blocks = op.regions().into_iter().flat_map(|region| region.blocks());
        let values = op.results().into_iter().chain(blocks.flat_map(Block::arguments));
        values.filter(|value| is_narrow(value.ty())).for_each(|value| value.set_ty(wide(value.ty())));
        if op.is("arith.constant")
            && let Some(value) = op.attr("value").filter(|value| value.attr_type().is_some_and(is_narrow))
        {
            let ty = wide(value.attr_type().expect("it was just there"));
            let value = match value.to_dense_ints() {
                Some(values) => Attr::dense(op.ctx(), &ty.shape().unwrap_or_default(), &values),
                None => Attr::int(ty, value.to_i64().ok_or(Rejected("widen sums of 48 bits"))?),
            };
            op.set_attr("value", value);
        }
    }
    for op in function.walk() {
        let same = |value: &Value<'_>| value.ty() == op.result(0).ty();
        if (op.is("arith.extsi") || op.is("arith.trunci")) && op.operand(0).as_ref().is_some_and(same) {
            op.replace(&op.operands());
        }
    }
    Ok(())
}

/// Is this i48, or a tensor of it?
fn is_narrow(ty: Type<'_>) -> bool {
    ty.element().unwrap_or(ty).int_width() == Some(48)
}

/// The same with i64.
fn wide(ty: Type<'_>) -> Type<'_> {
    let i64 = Type::integer(ty.ctx(), 64);
    ty.shape().map_or(i64, |shape| Type::tensor(&shape, i64))
}
