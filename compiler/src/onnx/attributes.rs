//! The attributes of the operators that the front end knows.
//!
//! Source: docs/Operators.md and docs/Changelog.md of ONNX 1.20.

use super::error::Problem;
use super::graph::Node;
use super::proto::attribute_type::{FLOAT, FLOATS, INT, INTS, STRING, TENSOR};

/// Operator, attribute, type, first operator set that has it.
const KNOWN: &[(&str, &str, i32, i64)] = &[
    ("AveragePool", "auto_pad", STRING, 1),
    ("AveragePool", "ceil_mode", INT, 10),
    ("AveragePool", "count_include_pad", INT, 7),
    ("AveragePool", "dilations", INTS, 19),
    ("AveragePool", "kernel_shape", INTS, 1),
    ("AveragePool", "pads", INTS, 1),
    ("AveragePool", "strides", INTS, 1),
    ("BatchNormalization", "epsilon", FLOAT, 1),
    ("BatchNormalization", "momentum", FLOAT, 1),
    ("BatchNormalization", "spatial", INT, 1),
    ("BatchNormalization", "training_mode", INT, 14),
    ("Cast", "round_mode", STRING, 24),
    ("Cast", "saturate", INT, 19),
    ("Cast", "to", INT, 6),
    ("Celu", "alpha", FLOAT, 12),
    ("Clip", "max", FLOAT, 1),
    ("Clip", "min", FLOAT, 1),
    ("Concat", "axis", INT, 4),
    ("ConstantOfShape", "value", TENSOR, 9),
    ("Conv", "auto_pad", STRING, 1),
    ("Conv", "dilations", INTS, 1),
    ("Conv", "group", INT, 1),
    ("Conv", "kernel_shape", INTS, 1),
    ("Conv", "pads", INTS, 1),
    ("Conv", "strides", INTS, 1),
    ("DequantizeLinear", "axis", INT, 13),
    ("DequantizeLinear", "block_size", INT, 21),
    ("DequantizeLinear", "output_dtype", INT, 23),
    ("Dropout", "ratio", FLOAT, 1),
    ("Dropout", "seed", INT, 12),
    ("Elu", "alpha", FLOAT, 1),
    ("Flatten", "axis", INT, 1),
    ("Gather", "axis", INT, 1),
    ("Gelu", "approximate", STRING, 20),
    ("Gemm", "alpha", FLOAT, 1),
    ("Gemm", "beta", FLOAT, 1),
    ("Gemm", "transA", INT, 1),
    ("Gemm", "transB", INT, 1),
    ("HardSigmoid", "alpha", FLOAT, 1),
    ("HardSigmoid", "beta", FLOAT, 1),
    ("LeakyRelu", "alpha", FLOAT, 1),
    ("LogSoftmax", "axis", INT, 1),
    ("MaxPool", "auto_pad", STRING, 1),
    ("MaxPool", "ceil_mode", INT, 10),
    ("MaxPool", "dilations", INTS, 10),
    ("MaxPool", "kernel_shape", INTS, 1),
    ("MaxPool", "pads", INTS, 1),
    ("MaxPool", "storage_order", INT, 8),
    ("MaxPool", "strides", INTS, 1),
    ("Pad", "mode", STRING, 1),
    ("Pad", "pads", INTS, 1),
    ("Pad", "value", FLOAT, 1),
    ("QuantizeLinear", "axis", INT, 13),
    ("QuantizeLinear", "block_size", INT, 21),
    ("QuantizeLinear", "output_dtype", INT, 21),
    ("QuantizeLinear", "precision", INT, 23),
    ("QuantizeLinear", "saturate", INT, 19),
    ("ReduceMax", "axes", INTS, 1),
    ("ReduceMax", "keepdims", INT, 1),
    ("ReduceMax", "noop_with_empty_axes", INT, 18),
    ("ReduceMean", "axes", INTS, 1),
    ("ReduceMean", "keepdims", INT, 1),
    ("ReduceMean", "noop_with_empty_axes", INT, 18),
    ("Reshape", "allowzero", INT, 14),
    ("Selu", "alpha", FLOAT, 1),
    ("Selu", "gamma", FLOAT, 1),
    ("Shape", "end", INT, 15),
    ("Shape", "start", INT, 15),
    ("Slice", "axes", INTS, 1),
    ("Slice", "ends", INTS, 1),
    ("Slice", "starts", INTS, 1),
    ("Softmax", "axis", INT, 1),
    ("Split", "axis", INT, 1),
    ("Split", "num_outputs", INT, 18),
    ("Split", "split", INTS, 1),
    ("Squeeze", "axes", INTS, 1),
    ("Swish", "alpha", FLOAT, 24),
    ("Transpose", "perm", INTS, 1),
    ("Unsqueeze", "axes", INTS, 1),
];

/// Are the attributes of a known operator ones that it has, of the right types?
pub fn check(opset: i64, node: &Node) -> Result<(), Problem> {
    for attribute in &node.attributes {
        let name = &attribute.name;
        let known = KNOWN.iter().find(|(op, attribute, ..)| *op == node.op() && attribute == name);
        let Some((.., ty, since)) = known.filter(|(.., since)| *since <= opset) else {
            let what = match known {
                Some((.., since)) => format!(
                    "attribute '{name}' came with operator set {since}, but the model says it uses {opset}"
                ),
                None => format!("the operator has no attribute '{name}'"),
            };
            return Err(node.form(
                what,
                "the file is invalid: onnx.checker.check_model shows the same; export it again, with an operator set of \
                 18 or more for torch.onnx.export(…, dynamo=True)",
            ));
        };
        debug_assert!(*since <= opset);
        // Files of IR version 1 have no types.
        if attribute.r#type != *ty && attribute.r#type != 0 {
            let wanted = match *ty {
                FLOAT => "a float",
                FLOATS => "floats",
                INT => "an integer",
                INTS => "integers",
                TENSOR => "a tensor",
                _ => "a string",
            };
            return Err(node.form(
                format!("attribute '{name}' must be {wanted}"),
                "the file is invalid: onnx.checker.check_model shows the same; export it again",
            ));
        }
    }
    Ok(())
}
