//! `ee-fold-constants`: computes the arithmetic on constants that exporters leave.
//!
//! torch-mlir writes a normalisation with its variance: `rsqrt(variance + epsilon)` of constants.
//!
//! Requires: float constants.
//! Ensures: no sum, difference, product, reciprocal, root or negation of constants; the numbers of constants stand with them, not in resources
//! of the file, which a part of the network printed by itself would not have.
//!
//!     %v = tosa.add %variance, %epsilon
//!     %r = tosa.rsqrt %v                    becomes    %r = "tosa.const"() <{values = dense<…>}>

use atheena_dialects::{
    ir::{Attr, Builder, Failure, Op, Value},
    pass::{NoOptions, Pass},
    tosa,
};

/// The pass.
pub struct FoldConstants;

impl Pass for FoldConstants {
    const FLAG: &'static str = "ee-fold-constants";
    const SUMMARY: &'static str = "Compute arithmetic on constants";
    const ANCHOR: &'static str = "func.func";
    type Options = NoOptions;

    fn run(function: Op<'_>, _: &NoOptions) -> Result<(), Failure> {
        // Producers come before users.
        for op in function.walk() {
            if let Some(values) = fold(op) {
                let shape = op.result(0).ty().shape().expect("a constant is a tensor");
                op.replace(&[tosa::const_dense(Builder::before(op), &shape, &values)]);
            }
        }
        tosa::erase_unused(function);
        Ok(())
    }
}

/// What an operation makes of constants; None if it has other operands or is no arithmetic.
fn fold(op: Op<'_>) -> Option<Vec<f32>> {
    let name = op.name();
    if op.is("tosa.const") {
        let values = op.attr("values").filter(|values| values.to_string().starts_with("dense_resource"))?;
        return values.to_dense();
    }
    let unary: Option<fn(f32) -> f32> = match name.as_str() {
        // Computed in double precision and rounded once.
        "tosa.rsqrt" => Some(|x| (1.0 / f64::from(x).sqrt()) as f32),
        "tosa.reciprocal" => Some(|x| 1.0 / x),
        "tosa.negate" => Some(|x| -x),
        _ => None,
    };
    let binary: Option<fn(f32, f32) -> f32> = match name.as_str() {
        "tosa.add" => Some(|a, b| a + b),
        "tosa.sub" => Some(|a, b| a - b),
        "tosa.mul" => Some(|a, b| a * b),
        _ => None,
    };
    if unary.is_none() && binary.is_none() {
        return None;
    }
    let to = op.result(0).ty().shape()?;
    let first = spread(op.operand(0)?, &to)?;
    match (unary, binary) {
        (Some(unary), _) => Some(first.into_iter().map(unary).collect()),
        (_, Some(binary)) => {
            let second = spread(op.operand(1)?, &to)?;
            Some(first.into_iter().zip(second).map(|(a, b)| binary(a, b)).collect())
        }
        _ => None,
    }
}

/// The elements of a constant in another shape of as many dimensions; sizes of 1 are spread.
fn spread(value: Value<'_>, to: &[i64]) -> Option<Vec<f32>> {
    let values: Vec<f32> = tosa::constant(value).and_then(Attr::to_dense)?;
    let from = value.ty().shape().filter(|from| from.len() == to.len())?;
    let count: i64 = to.iter().product();
    let place = |mut index: i64| {
        let (mut place, mut stride) = (0, 1);
        for (&from, &to) in from.iter().zip(to).rev() {
            place += if from == 1 { 0 } else { index % to * stride };
            index /= to;
            stride *= from;
        }
        place as usize
    };
    (0..count).map(|index| values.get(place(index)).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use atheena_dialects::ir::{Block, Ctx, Loc};

    /// [[1], [2]] as 2x3 is [[1, 1, 1], [2, 2, 2]], and [[1, 2, 3]] is [[1, 2, 3], [1, 2, 3]].
    #[test]
    fn sizes_of_one_are_spread() {
        let context = atheena_dialects::context();
        let loc = Loc::unknown(Ctx::of(&context));
        let block = Block::new(&[], loc);
        let column = tosa::const_dense(Builder::end(block, loc), &[2, 1], &[1f32, 2.0]);
        assert_eq!(spread(column, &[2, 3]), Some(vec![1.0, 1.0, 1.0, 2.0, 2.0, 2.0]));
        let row = tosa::const_dense(Builder::end(block, loc), &[1, 3], &[1f32, 2.0, 3.0]);
        assert_eq!(spread(row, &[2, 3]), Some(vec![1.0, 2.0, 3.0, 1.0, 2.0, 3.0]));
    }
}
