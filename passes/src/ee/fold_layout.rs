//! `ee-fold-layout`: folds changes of layout into the weights of the dense layers that they feed.
//!
//! A network that was trained in [N, C, H, W] flattens a feature map channel by channel; ours are [N, H, W, C], so
//! an importer writes a transposition in front of the flattening. Hardware would have to hold the whole map to
//! reorder it, where a dense layer may as well have its weights in another order.
//!
//! Requires: layers are TOSA, weights are constants.
//! Ensures: no `tosa.transpose`; no reshape of a reshape; what crosses an exit is in the layout it was computed in.
//!
//!     %t = tosa.transpose %x {perms = array<i32: 0, 3, 1, 2>}         : 1x7x7x16 -> 1x16x7x7
//!     %f = tosa.reshape %t, [1, 1, 1, 784]
//!     %y = tosa.conv2d %f, %weights, …
//! becomes
//!     %f = tosa.reshape %x, [1, 1, 1, 784]
//!     %y = tosa.conv2d %f, %reordered_weights, …

use atheena_dialects::{
    ee::Exit,
    ir::{Builder, DenseElement, Failure, Op, Value},
    pass::{NoOptions, Pass},
    tosa::{self, Convolution},
};

/// The pass.
pub struct FoldLayout;

impl Pass for FoldLayout {
    const FLAG: &'static str = "ee-fold-layout";
    const SUMMARY: &'static str = "Fold transpositions and reshapes into the weights of dense layers";
    const ANCHOR: &'static str = "func.func";
    type Options = NoOptions;

    fn run(function: Op<'_>, _: &NoOptions) -> Result<(), Failure> {
        for exit in Exit::all_in(function) {
            sink_into(exit);
            merge_inputs(exit);
        }
        for layer in Convolution::all_in(function) {
            if layer.is_dense() {
                fold_into(layer)?;
            }
        }
        function.walk().into_iter().for_each(simplify);
        tosa::erase_unused(function);
        refuse_transpositions(function)
    }
}

/// Moves changes of layout from before an exit into its regions, where the layers are that undo them.
fn sink_into(exit: Exit<'_>) {
    for index in 0..exit.0.operands().len() {
        while let Some((change, source)) = exit.0.operand(index).and_then(change_of_layout) {
            for region in [exit.classify(), exit.otherwise()] {
                let argument = region.arguments()[index];
                let users = argument.uses();
                argument.set_ty(source.ty());
                let changed = repeat(change, argument, Builder::start(region, change.loc()));
                for (user, operand) in users {
                    user.set_operand(operand, changed);
                }
            }
            exit.0.set_operand(index, source);
        }
    }
}

/// Lets a value cross an exit once only: hardware buffers each input of an exit.
fn merge_inputs(exit: Exit<'_>) {
    let mut inputs: Vec<Value> = vec![];
    for input in exit.0.operands() {
        let Some(first) = inputs.iter().position(|&other| other == input) else {
            inputs.push(input);
            continue;
        };
        let again = inputs.len();
        for region in [exit.classify(), exit.otherwise()] {
            let arguments = region.arguments();
            arguments[again].replace_uses(arguments[first]);
            region.erase_argument(again);
        }
    }
    exit.0.set_operands(&inputs);
}

/// The operation that makes a value by changing the layout of another one, and that other one.
fn change_of_layout(value: Value<'_>) -> Option<(Op<'_>, Value<'_>)> {
    let op = value.producer().filter(|op| op.is("tosa.reshape") || op.is("tosa.transpose"))?;
    Some((op, op.operand(0)?))
}

/// The same change of layout on another value.
fn repeat<'c>(change: Op<'c>, value: Value<'c>, builder: Builder<'c>) -> Value<'c> {
    match permutation(change) {
        Some(perms) => tosa::transpose(builder, value, &perms),
        None => tosa::reshape(builder, value, &shape(change.result(0))),
    }
}

fn permutation(op: Op<'_>) -> Option<Vec<i32>> {
    Some(op.attr("perms")?.to_i64s()?.into_iter().map(|p| p as i32).collect())
}

fn shape(value: Value<'_>) -> Vec<i64> {
    value.ty().shape().expect("TOSA's values are tensors")
}

/// Folds the changes of layout in front of a dense layer; clamps between them work in any layout.
fn fold_into(layer: Convolution<'_>) -> Result<(), Failure> {
    let [outputs, _, _, inputs] = layer.weight_shape();
    // Input i of the layer is element order[i] of `source`.
    let mut order: Vec<usize> = (0..inputs).collect();
    let mut source = layer.input();
    let mut clamps = vec![];
    while let Some(op) = source.producer() {
        if op.is("tosa.transpose") {
            let origin = origins(op);
            order.iter_mut().for_each(|i| *i = origin[*i]);
        } else if op.is("tosa.clamp") {
            clamps.push(op);
        } else if !op.is("tosa.reshape") {
            break;
        }
        let Some(input) = op.operand(0) else { break };
        source = input;
    }
    if order.is_sorted() {
        return Ok(());
    }
    let builder = Builder::before(layer.0);
    for clamp in clamps.into_iter().rev() {
        let bound = |name| clamp.attr(name).expect("a clamp has bounds");
        source = tosa::clamp(builder.at(clamp.loc()), source, bound("min_val"), bound("max_val"));
    }
    if layer.input().ty().element().is_some_and(|element| element.is_float()) {
        layer.set_weights(&reorder(&layer.weights::<f32>()?, outputs, &order));
    } else {
        layer.set_weights(&reorder(&layer.weights::<i8>()?, outputs, &order));
    }
    layer.0.set_operand(0, tosa::reshape(builder, source, &[1, 1, 1, inputs as i64]));
    Ok(())
}

/// Each row of `weights` in another order: what was weight i becomes weight `order[i]`.
fn reorder<T: DenseElement>(weights: &[T], rows: usize, order: &[usize]) -> Vec<T> {
    let mut reordered = weights.to_vec();
    for row in 0..rows {
        let start = row * order.len();
        for (i, &place) in order.iter().enumerate() {
            reordered[start + place] = weights[start + i];
        }
    }
    reordered
}

/// For each element of a transposition's result, in row-major order, its index in the input.
fn origins(transpose: Op<'_>) -> Vec<usize> {
    let perms: Vec<usize> = permutation(transpose).unwrap_or_default().iter().map(|&p| p as usize).collect();
    let input = transpose.operand(0).map(shape).unwrap_or_default();
    let output: Vec<usize> = perms.iter().map(|&p| input[p] as usize).collect();
    let mut strides = vec![1; input.len()];
    for i in (1..input.len()).rev() {
        strides[i - 1] = strides[i] * input[i] as usize;
    }
    let count = output.iter().product();
    let origin = |mut index: usize| {
        let mut origin = 0;
        for (dimension, &size) in output.iter().enumerate().rev() {
            origin += index % size * strides[perms[dimension]];
            index /= size;
        }
        origin
    };
    (0..count).map(origin).collect()
}

/// Makes a transposition that moves no element a reshape, merges reshapes, and drops those that change nothing.
fn simplify(op: Op<'_>) {
    let idle = op.is("tosa.transpose") && origins(op).is_sorted();
    if !idle && !op.is("tosa.reshape") {
        return;
    }
    let mut source = op.operand(0);
    while let Some(before) = source.and_then(Value::producer).filter(|before| before.is("tosa.reshape")) {
        source = before.operand(0);
    }
    let Some(source) = source else { return };
    let result = op.result(0);
    if source.ty() == result.ty() {
        result.replace_uses(source);
    } else if idle || op.operand(0) != Some(source) {
        result.replace_uses(tosa::reshape(Builder::before(op), source, &shape(result)));
    }
}

fn refuse_transpositions(function: Op<'_>) -> Result<(), Failure> {
    let left = function.walk_named("tosa.transpose");
    for op in &left {
        op.error(
            "can't be folded into the weights of a dense layer",
            &["hardware streams a feature map in [H, W, C] order and does not reorder it: transpose only to flatten \
               in front of dense layers"],
        );
    }
    if left.is_empty() { Ok(()) } else { Err(Failure) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weights [a0 a1 a2] whose input i is element order[i]: the element 2 is met by a0, 0 by a1, 1 by a2.
    #[test]
    fn reorder_moves_each_row() {
        assert_eq!(reorder(&[1i8, 2, 3, 4, 5, 6], 2, &[2, 0, 1]), [2, 3, 1, 5, 6, 4]);
    }
}
