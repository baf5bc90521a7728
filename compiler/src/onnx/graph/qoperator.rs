//! Quantised operators (the QOperator format) as what they mean: float operators between DequantizeLinear and QuantizeLinear.
//!
//! Sources: QLinearConv and QLinearMatMul of ONNX's docs/Operators.md; QGemm, QLinearAdd, QLinearMul and QLinearGlobalAveragePool of ONNX
//! Runtime's docs/ContribOperators.md.

use crate::onnx::proto::{AttributeProto, NodeProto, attribute_type};

/// The domain of ONNX Runtime's own operators.
const MICROSOFT: &str = "com.microsoft";

/// The nodes that a quantised operator means, in order; None of other operators. `floats` are the elements of a constant.
pub(super) fn expand(node: &NodeProto, floats: impl Fn(&str) -> Option<Vec<f32>>) -> Option<Vec<NodeProto>> {
    let own = matches!(node.domain.as_str(), "" | "ai.onnx");
    let input = |index: usize| node.input.get(index).cloned().unwrap_or_default();
    let output = node.output.first()?;
    let part = |what: &str| format!("{output}:{what}");
    let made = |op: &str, inputs: &[String], output: String, attribute: Vec<AttributeProto>| NodeProto {
        input: inputs.to_vec(),
        output: vec![output],
        name: node.name.clone(),
        op_type: op.into(),
        attribute,
        domain: String::new(),
    };
    let dequantised = |first: usize, to: &str, axis: Option<i64>| {
        let axis = axis.map(|i| AttributeProto {
            name: "axis".into(),
            i,
            r#type: attribute_type::INT,
            ..Default::default()
        });
        let inputs = [input(first), input(first + 1), input(first + 2)];
        made("DequantizeLinear", &inputs, part(to), axis.into_iter().collect())
    };
    let quantised = |first: usize| {
        made("QuantizeLinear", &[part("result"), input(first), input(first + 1)], output.clone(), vec![])
    };
    // Weights with a scale a channel say along which axis; older operator sets have no such attribute, nor need it.
    let by_channel =
        |scales: usize, axis: i64| floats(&input(scales)).filter(|scales| scales.len() > 1).map(|_| axis);
    // A bias is of the product of both scales, and its zero point is 0.
    let bias = |index: usize, scales: [usize; 2]| -> Option<Vec<NodeProto>> {
        let values = input(index);
        if values.is_empty() {
            return Some(vec![]);
        }
        let (&[data], weights) = (&floats(&input(scales[0]))?[..], floats(&input(scales[1]))?) else {
            return None;
        };
        let products = AttributeProto {
            name: "value_floats".into(),
            floats: weights.iter().map(|weight| weight * data).collect(),
            r#type: attribute_type::FLOATS,
            ..Default::default()
        };
        let constant = made("Constant", &[], part("bias_scale"), vec![products]);
        let mut bias = made("DequantizeLinear", &[values, part("bias_scale")], part("bias"), vec![]);
        if weights.len() > 1 {
            bias.attribute = dequantised(0, "", Some(0)).attribute;
        }
        Some(vec![constant, bias])
    };
    let attributes = node.attribute.clone();
    let data = [part("a"), part("b")];
    let result = part("result");
    Some(match node.op_type.as_str() {
        "QLinearConv" if own => {
            let bias = bias(8, [1, 4])?;
            let mut inputs = data.to_vec();
            inputs.extend(bias.last().map(|_| part("bias")));
            let mut nodes = vec![dequantised(0, "a", None), dequantised(3, "b", by_channel(4, 0))];
            nodes.extend(bias);
            nodes.extend([made("Conv", &inputs, result, attributes), quantised(6)]);
            nodes
        }
        "QLinearMatMul" if own => vec![
            dequantised(0, "a", None),
            dequantised(3, "b", by_channel(4, 1)),
            made("MatMul", &data, result, vec![]),
            quantised(6),
        ],
        "QGemm" if node.domain == MICROSOFT => {
            let by_output = attributes.iter().any(|a| a.name == "transB" && a.i != 0);
            let bias = bias(6, [1, 4])?;
            let mut inputs = data.to_vec();
            inputs.extend(bias.last().map(|_| part("bias")));
            let axis = if by_output { 0 } else { 1 };
            let mut nodes = vec![dequantised(0, "a", None), dequantised(3, "b", by_channel(4, axis))];
            nodes.extend(bias);
            nodes.extend([made("Gemm", &inputs, result, attributes), quantised(7)]);
            nodes
        }
        "QLinearAdd" | "QLinearMul" if node.domain == MICROSOFT => vec![
            dequantised(0, "a", None),
            dequantised(3, "b", None),
            made(node.op_type.trim_start_matches("QLinear"), &data, result, vec![]),
            quantised(6),
        ],
        "QLinearGlobalAveragePool" if node.domain == MICROSOFT => {
            if attributes.iter().any(|a| a.name == "channels_last" && a.i != 0) {
                return None;
            }
            vec![
                dequantised(0, "a", None),
                made("GlobalAveragePool", &data[..1], result, vec![]),
                quantised(3),
            ]
        }
        _ => return None,
    })
}
