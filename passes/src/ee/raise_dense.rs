//! `ee-raise-dense`: makes dense layers of matrix products with constant weights.
//!
//! Requires: float products of one row and a constant.
//! Ensures: no `tosa.matmul`.
//!
//!     %y = tosa.matmul %x, %w : 1x1x64, 1x64x10          %a = tosa.reshape %x : 1x1x1x64
//!                                             becomes    %b = tosa.conv2d %a, %w' : 10x1x1x64
//!                                                        %y = tosa.reshape %b : 1x1x10

use atheena_dialects::{
    ir::{Attr, Builder, Failure, Op, Type, Value},
    pass::{NoOptions, Pass},
    tosa::{self, Geometry},
};

/// The pass.
pub struct RaiseDense;

impl Pass for RaiseDense {
    const FLAG: &'static str = "ee-raise-dense";
    const SUMMARY: &'static str = "Make dense layers of matrix products with constant weights";
    const ANCHOR: &'static str = "func.func";
    type Options = NoOptions;

    fn run(function: Op<'_>, _: &NoOptions) -> Result<(), Failure> {
        for product in function.walk_named("tosa.matmul") {
            raise(product)?;
        }
        tosa::erase_unused(function);
        Ok(())
    }
}

fn raise(product: Op<'_>) -> Result<(), Failure> {
    let shape = |index| product.operand(index).and_then(|value: Value<'_>| value.ty().shape());
    let (row, matrix) = (shape(0).unwrap_or_default(), shape(1).unwrap_or_default());
    let (&[1, 1, inputs], &[1, _, outputs]) = (&row[..], &matrix[..]) else {
        return Err(product.error(
            "is no dense layer: it expects one row and one matrix",
            &["hardware takes one sample at a time: export the network with a batch of one"],
        ));
    };
    let weights: Option<Vec<f32>> = product.operand(1).and_then(tosa::constant).and_then(Attr::to_dense);
    let (Some(weights), Some(row)) = (weights, product.operand(0)) else {
        return Err(product.error(
            "expected its second operand to be a constant of floats",
            &["make weights constants of the network when you export it, and fold what computes them"],
        ));
    };
    // [K, M] to [M, K].
    let turned: Vec<f32> = (0..outputs * inputs)
        .map(|place| weights[(place % inputs * outputs + place / inputs) as usize])
        .collect();
    let builder = Builder::before(product);
    let float = Type::f32(product.ctx());
    let zero = tosa::const_dense(builder, &[1], &[0f32]);
    let operands = (
        tosa::reshape(builder, row, &[1, 1, 1, inputs]),
        tosa::const_dense(builder, &[outputs, 1, 1, inputs], &turned),
        tosa::const_dense(builder, &[outputs], &vec![0f32; outputs as usize]),
    );
    let geometry = Geometry { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], pad: [0; 4] };
    let result = Type::tensor(&[1, 1, 1, outputs], float);
    let layer = tosa::conv2d(builder, operands, (zero, zero), &geometry, result, float);
    product.replace(&[tosa::reshape(builder, layer, &[1, 1, outputs])]);
    Ok(())
}
