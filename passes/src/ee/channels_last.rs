//! `ee-channels-last`: makes a network of [N, C, H, W], as PyTorch's flows write it, one of [N, H, W, C].
//!
//! Such a network transposes its argument, and each feature map on its way into a layer and out of it. The argument takes the
//! images as they are stored, [N, H, W, C]; transpositions move down, through what works element by element, until they
//! cancel, or end in a reshape, where `ee-fold-layout` takes them. A vector, [N, F], is one pixel. A sequence, [N, C, L], is an image of height
//! 1, as its layers take it: what works element by element in between does so on [N, C, 1, L].
//!
//! Requires: one image as argument, a batch of one.
//! Ensures: no transposition or reshape of a constant, nor of the argument from [1, C, H, W] to [1, H, W, C]; none in front of an
//! elementwise operation that has no other variable operand of another layout.
//!
//!     func @f(%x: 1x3x8x8)                                func @f(%x: 1x8x8x3)
//!     %a = tosa.transpose %x [0, 2, 3, 1]
//!     %b = tosa.conv2d %a                                 %b = tosa.conv2d %x
//!     %c = tosa.transpose %b [0, 3, 1, 2]    becomes
//!     %d = tosa.clamp %c                                  %d = tosa.clamp %b
//!     %e = tosa.transpose %d [0, 2, 3, 1]
//!     %f = tosa.max_pool2d %e                             %f = tosa.max_pool2d %d

use atheena_dialects::{
    ee::Exit,
    ir::{Attr, Builder, DenseElement, Failure, Op, Type, Value},
    pass::{NoOptions, Pass},
    tosa,
};

/// The pass.
pub struct ChannelsLast;

impl Pass for ChannelsLast {
    const FLAG: &'static str = "ee-channels-last";
    const SUMMARY: &'static str = "Make a network of [N, C, H, W] one of [N, H, W, C]";
    const ANCHOR: &'static str = "func.func";
    type Options = NoOptions;

    fn run(function: Op<'_>, _: &NoOptions) -> Result<(), Failure> {
        turn_argument(function)?;
        for op in function.walk() {
            spread_sequence(op);
        }
        // Producers come before users: each operation finds its operands' transpositions as low as they go.
        for op in function.walk() {
            if let Some(exit) = Exit::cast(op) {
                sink_into(exit);
            } else if !fold_constant(op) {
                sink_below(op);
            }
        }
        tosa::erase_unused(function);
        Ok(())
    }
}

const TO_LAST: [i32; 4] = [0, 2, 3, 1];
const TO_FIRST: [i32; 4] = [0, 3, 1, 2];

/// Lets an operation work on images of height 1 in place of sequences, [N, C, L], or takes away a reshape that leads back to one.
fn spread_sequence(op: Op<'_>) {
    if let Some(exit) = Exit::cast(op) {
        for (index, operand) in exit.0.operands().into_iter().enumerate() {
            let Some(image) = flattened(operand) else { continue };
            exit.0.set_operand(index, image);
            for region in [exit.classify(), exit.otherwise()] {
                flatten(region.arguments()[index], image.ty(), Builder::start(region, exit.0.loc()));
            }
        }
        return;
    }
    if op.is("tosa.reshape") {
        if let Some(image) = op.operand(0).and_then(flattened).filter(|image| image.ty() == op.result(0).ty())
        {
            op.replace(&[image]);
        }
        return;
    }
    let count = match op.name().as_str() {
        name if tosa::UNARY.contains(&name) => 1,
        name if tosa::BINARY.contains(&name) => 2,
        _ => return,
    };
    let spread_shape = |value: Value<'_>| match value.ty().shape().as_deref() {
        Some(&[n, c, l]) => Some([n, c, 1, l]),
        _ => None,
    };
    let operands: Vec<_> = op.operands().into_iter().take(count).collect();
    let Some(shapes) = operands.iter().map(|&value| spread_shape(value)).collect::<Option<Vec<_>>>() else {
        return;
    };
    let Some(shape) = spread_shape(op.result(0)) else { return };
    for (index, (&value, shape)) in operands.iter().zip(shapes).enumerate() {
        let image = flattened(value).unwrap_or_else(|| tosa::reshape(Builder::before(op), value, &shape));
        op.set_operand(index, image);
    }
    let element = op.result(0).ty().element().expect("a tensor has elements");
    flatten(op.result(0), Type::tensor(&shape, element), Builder::after(op));
}

/// The image of height 1, [N, C, 1, L], that a sequence is a reshape of.
fn flattened(sequence: Value<'_>) -> Option<Value<'_>> {
    let image = sequence.producer().filter(|op| op.is("tosa.reshape"))?.operand(0)?;
    match (image.ty().shape().as_deref(), sequence.ty().shape().as_deref()) {
        (Some(&[n, c, 1, l]), Some(sequence)) if sequence == [n, c, l] => Some(image),
        _ => None,
    }
}

/// Makes an image of a sequence, whose users get it as it was.
fn flatten<'c>(value: Value<'c>, image: Type<'c>, at: Builder<'c>) {
    let shape = value.ty().shape().expect("a sequence has a shape");
    let users = value.uses();
    value.set_ty(image);
    let sequence = tosa::reshape(at, value, &shape);
    users.into_iter().for_each(|(user, operand)| user.set_operand(operand, sequence));
}

/// Lets the argument be [1, H, W, C] where it was [1, C, H, W], or [1, 1, 1, F] where it was [1, F].
fn turn_argument(function: Op<'_>) -> Result<(), Failure> {
    let Some(ty) = function.attr("function_type").and_then(Attr::to_type) else { return Ok(()) };
    let Some((mut inputs, results)) = ty.signature() else { return Ok(()) };
    let Some(body) = function.region(0).entry() else { return Ok(()) };
    let &[image] = &body.arguments()[..] else {
        return Err(function.error(
            format_args!("expected one argument, the image, but got {}", inputs.len()),
            &["make weights constants of the network when you export it"],
        ));
    };
    let shape = image.ty().shape().unwrap_or_default();
    if shape.first().is_some_and(|&batch| batch != 1) {
        let cure = "hardware takes one sample at a time: export the network with a batch of one";
        return Err(function.error(format_args!("takes batches, {}", image.ty()), &[cure]));
    }
    let uses = image.uses();
    let mut take = |shape: &[i64]| {
        image.set_ty(Type::tensor(shape, image.ty().element().expect("a tensor has elements")));
        inputs[0] = image.ty();
        function.set_attr("function_type", Attr::ty(Type::function(function.ctx(), &inputs, &results)));
        Builder::start(body, image.loc())
    };
    if let [1, channels, length] = shape[..] {
        let turned = take(&[1, 1, length, channels]);
        let image = tosa::transpose(turned, image, &TO_FIRST);
        let sequence = tosa::reshape(turned, image, &shape);
        uses.into_iter().for_each(|(user, operand)| user.set_operand(operand, sequence));
        return Ok(());
    }
    if let [1, features] = shape[..] {
        let row = tosa::reshape(take(&[1, 1, 1, features]), image, &shape);
        uses.into_iter().for_each(|(user, operand)| user.set_operand(operand, row));
        return Ok(());
    }
    let turns = |op: Op<'_>| permutation(op).is_some_and(|perms| perms == TO_LAST) || is_turn(op);
    let [1, c, h, w] = shape[..] else { return Ok(()) };
    let (turning, others): (Vec<_>, Vec<_>) = uses.into_iter().partition(|&(user, _)| turns(user));
    if turning.is_empty() {
        return Ok(());
    }
    let first = tosa::transpose(take(&[1, h, w, c]), image, &TO_FIRST);
    turning.into_iter().for_each(|(user, _)| user.replace(&[image]));
    others.into_iter().for_each(|(user, operand)| user.set_operand(operand, first));
    Ok(())
}

/// Is an operation a reshape from [1, C, H, W] to [1, H, W, C] that moves nothing?
fn is_turn(op: Op<'_>) -> bool {
    let shape = |value: Value<'_>| value.ty().shape();
    let from = op.operand(0).and_then(shape);
    let to = op.results().first().copied().and_then(shape);
    match (from.as_deref(), to.as_deref()) {
        (Some(&[1, c, h, w]), Some(to)) => {
            op.is("tosa.reshape") && to == [1, h, w, c] && (c == 1 || h * w == 1)
        }
        _ => false,
    }
}

/// Computes a transposition or a reshape of a constant, and erases it; false of other operations.
fn fold_constant(op: Op<'_>) -> bool {
    let Some(values) = op.operand(0).and_then(tosa::constant) else { return false };
    let layout = op.is("tosa.transpose") || op.is("tosa.reshape");
    layout && (fold::<f32>(op, values) || fold::<i8>(op, values) || fold::<i32>(op, values))
}

fn fold<T: DenseElement>(op: Op<'_>, values: Attr<'_>) -> bool {
    let (Some(values), Some(to)) = (values.to_dense::<T>(), op.result(0).ty().shape()) else { return false };
    let from = op.operand(0).and_then(|input| input.ty().shape()).unwrap_or_default();
    let values = permutation(op).map_or(values.clone(), |perms| transposed(&values, &from, &perms));
    if to.iter().product::<i64>() != values.len() as i64 {
        return false;
    }
    op.replace(&[tosa::const_dense(Builder::before(op), &to, &values)]);
    true
}

/// Elements, in row-major order of `shape`, in the order of the transposed tensor.
fn transposed<T: Copy>(values: &[T], shape: &[i64], perms: &[i32]) -> Vec<T> {
    let to: Vec<usize> = perms.iter().map(|&p| shape[p as usize] as usize).collect();
    let stride = |dimension: i32| shape[dimension as usize + 1..].iter().product::<i64>() as usize;
    let strides: Vec<usize> = perms.iter().map(|&p| stride(p)).collect();
    let origin = |mut index: usize| {
        let mut origin = 0;
        for (&size, stride) in to.iter().zip(&strides).rev() {
            origin += index % size * stride;
            index /= size;
        }
        origin
    };
    (0..values.len()).map(|index| values[origin(index)]).collect()
}

/// Moves transpositions from before an exit into its regions.
fn sink_into(exit: Exit<'_>) {
    for (index, operand) in exit.0.operands().into_iter().enumerate() {
        let Some((input, perms)) = transposition(operand) else { continue };
        for region in [exit.classify(), exit.otherwise()] {
            let argument = region.arguments()[index];
            let users = argument.uses();
            argument.set_ty(input.ty());
            let again = tosa::transpose(Builder::start(region, exit.0.loc()), argument, &perms);
            users.into_iter().for_each(|(user, operand)| user.set_operand(operand, again));
        }
        exit.0.set_operand(index, input);
    }
}

/// Moves the transpositions of an operation's operands behind it, or merges them with it.
fn sink_below(op: Op<'_>) {
    let name = op.name();
    let Some((input, perms)) = op.operands().into_iter().take(2).find_map(transposition) else { return };
    match name.as_str() {
        "tosa.transpose" => merge(op, input, &perms),
        name if tosa::UNARY.contains(&name) => {
            op.set_operand(0, input);
            transpose_result(op, &perms);
        }
        name if name == "tosa.concat" || tosa::BINARY.contains(&name) => {
            let operands = if op.is("tosa.concat") { op.operands().len() } else { 2 };
            let sources: Option<Vec<_>> = (0..operands).map(|i| untransposed(op, i, &perms)).collect();
            for (index, source) in sources.iter().flatten().enumerate() {
                op.set_operand(index, *source);
            }
            if sources.is_some() {
                turn_axis(op, &perms);
                transpose_result(op, &perms);
            }
        }
        "tosa.reduce_sum" | "tosa.reduce_max" | "tosa.reduce_min" => {
            op.set_operand(0, input);
            turn_axis(op, &perms);
            transpose_result(op, &perms);
        }
        _ => {}
    }
}

/// The operand before its transposition, if it has that one or is a constant or a pixel.
fn untransposed<'c>(op: Op<'c>, index: usize, perms: &[i32]) -> Option<Value<'c>> {
    let operand = op.operand(index)?;
    if let Some((input, found)) = transposition(operand) {
        return (found == perms).then_some(input);
    }
    let shape = operand.ty().shape()?;
    // A single pixel's elements come in the same order in any layout.
    let is_pixel = shape.iter().filter(|&&size| size != 1).count() <= 1;
    let turns = tosa::constant(operand).is_some() || is_pixel;
    (turns && shape.len() == perms.len()).then(|| {
        let back = tosa::transpose(Builder::before(op), operand, &inverse(perms));
        // The constant itself, in another layout.
        let made = back.producer().expect("a transposition was made");
        let values: Option<Vec<f32>> = tosa::constant(operand).and_then(Attr::to_dense);
        let Some(values) = values else { return back };
        let ty = back.ty().shape().expect("a tensor has a shape");
        let folded = transposed(&values, &shape, &inverse(perms));
        let constant = tosa::const_dense(Builder::before(op), &ty, &folded);
        made.erase();
        constant
    })
}

/// Makes one transposition of two.
fn merge(op: Op<'_>, input: Value<'_>, first: &[i32]) {
    let Some(second) = permutation(op) else { return };
    let both: Vec<i32> = second.iter().map(|&p| first[p as usize]).collect();
    if both.is_sorted() {
        op.replace(&[input]);
    } else {
        op.set_operand(0, input);
        op.set_attr("perms", Attr::i32s(op.ctx(), &both));
    }
}

/// Lets the axis of an operation, if it has one, be that of its operands before their transposition.
fn turn_axis(op: Op<'_>, perms: &[i32]) {
    let axis = op.attr("axis").and_then(Attr::to_i64).and_then(|axis| perms.get(axis as usize));
    if let Some(&axis) = axis {
        op.set_attr("axis", Attr::i32(op.ctx(), axis));
    }
}

/// Lets an operation whose operands have lost a transposition have it on its result.
fn transpose_result(op: Op<'_>, perms: &[i32]) {
    let result = op.result(0);
    let users = result.uses();
    let ty = result.ty();
    let shape = ty.shape().unwrap_or_default();
    let before: Vec<i64> = inverse(perms).iter().map(|&p| shape[p as usize]).collect();
    result.set_ty(Type::tensor(&before, ty.element().expect("a tensor has elements")));
    let turned = tosa::transpose(Builder::after(op), result, perms);
    users.into_iter().for_each(|(user, operand)| user.set_operand(operand, turned));
}

fn inverse(perms: &[i32]) -> Vec<i32> {
    (0..perms.len() as i32).map(|i| perms.iter().position(|&p| p == i).unwrap_or(0) as i32).collect()
}

/// What a transposition makes a value of, and how.
fn transposition(value: Value<'_>) -> Option<(Value<'_>, Vec<i32>)> {
    let op = value.producer()?;
    Some((op.operand(0)?, permutation(op)?))
}

fn permutation(op: Op<'_>) -> Option<Vec<i32>> {
    let perms = op.is("tosa.transpose").then(|| op.attr("perms"))??.to_i64s()?;
    Some(perms.into_iter().map(|p| p as i32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [[1, 2, 3], [4, 5, 6]] transposed is [[1, 4], [2, 5], [3, 6]].
    #[test]
    fn transposes_a_matrix() {
        assert_eq!(transposed(&[1, 2, 3, 4, 5, 6], &[2, 3], &[1, 0]), [1, 4, 2, 5, 3, 6]);
        assert_eq!(inverse(&[0, 2, 3, 1]), [0, 3, 1, 2]);
    }
}
