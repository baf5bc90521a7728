//! What the ONNX front end says about files that it can't import: the whole message, as a user sees it.

use atheena::onnx::proto::*;
use atheena_dialects::ir::Ctx;
use prost::Message;

/// What importing the bytes says.
fn error(bytes: &[u8]) -> String {
    let context = atheena_dialects::context();
    match atheena::onnx::import(Ctx::of(&context), bytes, "net.onnx") {
        Ok(_) => panic!("the network is imported"),
        Err(error) => error.to_string(),
    }
}

/// What importing the network says.
fn message(network: &Network) -> String {
    error(&network.model().encode_to_vec())
}

macro_rules! snapshot {
    ($name:ident, $message:expr) => {
        #[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), $message);
        }
    };
}

/// A network in the making: `image` to `logits`.
#[derive(Clone)]
struct Network {
    opset: i64,
    graph: GraphProto,
}

fn tensor_type(elem_type: i32, dims: &[Dimension]) -> Option<TypeProto> {
    let dim = dims.iter().map(|d| DimensionProto { value: Some(d.clone()) }).collect();
    Some(TypeProto {
        tensor_type: Some(TensorTypeProto { elem_type, shape: Some(TensorShapeProto { dim }) }),
    })
}

fn sizes(dims: &[i64]) -> Vec<Dimension> {
    dims.iter().map(|&d| Dimension::Value(d)).collect()
}

fn value(name: &str) -> ValueInfoProto {
    ValueInfoProto { name: name.into(), r#type: None }
}

fn floats(name: &str, dims: &[i64]) -> TensorProto {
    let count = dims.iter().product::<i64>() as usize;
    TensorProto {
        name: name.into(),
        dims: dims.to_vec(),
        data_type: data_type::FLOAT,
        raw_data: 0.5f32.to_le_bytes().repeat(count),
        ..Default::default()
    }
}

fn node(op: &str, name: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        op_type: op.into(),
        name: name.into(),
        input: inputs.iter().map(|s| s.to_string()).collect(),
        output: vec![output.into()],
        ..Default::default()
    }
}

impl NodeProto_ for NodeProto {}
trait NodeProto_: Into<NodeProto> {
    fn int(self, name: &str, i: i64) -> NodeProto {
        let mut node: NodeProto = self.into();
        node.attribute.push(AttributeProto {
            name: name.into(),
            i,
            r#type: attribute_type::INT,
            ..Default::default()
        });
        node
    }
    fn ints(self, name: &str, ints: &[i64]) -> NodeProto {
        let mut node: NodeProto = self.into();
        node.attribute.push(AttributeProto {
            name: name.into(),
            ints: ints.to_vec(),
            r#type: attribute_type::INTS,
            ..Default::default()
        });
        node
    }
    fn branch(self, name: &str, nodes: Vec<NodeProto>, output: &str) -> NodeProto {
        let mut node: NodeProto = self.into();
        let graph = GraphProto { node: nodes, output: vec![value(output)], ..Default::default() };
        node.attribute.push(AttributeProto {
            name: name.into(),
            g: Some(graph),
            r#type: attribute_type::GRAPH,
            ..Default::default()
        });
        node
    }
}

impl Network {
    fn new(input: &[i64], nodes: Vec<NodeProto>, weights: Vec<TensorProto>) -> Self {
        let image =
            ValueInfoProto { name: "image".into(), r#type: tensor_type(data_type::FLOAT, &sizes(input)) };
        let graph = GraphProto {
            name: "net".into(),
            node: nodes,
            initializer: weights,
            input: vec![image],
            output: vec![value("logits")],
        };
        Self { opset: 13, graph }
    }

    /// Conv 1 to 2 channels, Flatten, Gemm to 3 classes.
    fn plain() -> Self {
        Self::new(
            &[1, 1, 4, 4],
            vec![
                node("Conv", "conv", &["image", "conv.w", "conv.b"], "features"),
                node("Flatten", "flatten", &["features"], "flat"),
                node("Gemm", "dense", &["flat", "dense.w"], "logits").int("transB", 1),
            ],
            vec![floats("conv.w", &[2, 1, 3, 3]), floats("conv.b", &[2]), floats("dense.w", &[3, 8])],
        )
    }

    /// `plain` with an exit behind the convolution, whose condition is made by `condition` from `early`.
    fn exit(condition: Vec<NodeProto>, late_classes: i64) -> Self {
        let leave = vec![node("Identity", "leave", &["early"], "leaves")];
        let stay = vec![node("Gemm", "late_dense", &["flat", "late.w"], "stays").int("transB", 1)];
        let mut network = Self::plain();
        network.graph.node[2] = node("Gemm", "early_dense", &["flat", "dense.w"], "early").int("transB", 1);
        network.graph.node.extend(condition);
        network.graph.node.push(
            node("If", "exit", &["confident"], "logits").branch("then_branch", leave, "leaves").branch(
                "else_branch",
                stay,
                "stays",
            ),
        );
        network.graph.initializer.extend([floats("late.w", &[late_classes, 8]), floats("threshold", &[])]);
        network
    }

    fn confidence() -> Vec<NodeProto> {
        vec![
            node("Softmax", "softmax", &["early"], "p").int("axis", 1),
            node("ReduceMax", "max", &["p"], "m").int("keepdims", 0),
            node("Greater", "greater", &["m", "threshold"], "confident"),
        ]
    }

    fn model(&self) -> ModelProto {
        ModelProto {
            ir_version: 8,
            opset_import: vec![OperatorSetIdProto { domain: String::new(), version: self.opset }],
            graph: Some(self.graph.clone()),
        }
    }

    fn with_input(mut self, elem_type: i32, dims: &[Dimension]) -> Self {
        self.graph.input[0].r#type = tensor_type(elem_type, dims);
        self
    }
}

/// The networks that the tests break are sound.
#[test]
fn sound_networks_are_imported() {
    let context = atheena_dialects::context();
    // All classifiers may also return the probabilities.
    let mut probabilities = Network::exit(Network::confidence(), 3);
    let branches = &mut probabilities.graph.node.last_mut().unwrap().attribute;
    branches[0].g.as_mut().unwrap().node[0].input[0] = "p".into();
    let stay = branches[1].g.as_mut().unwrap();
    stay.node.push(node("Softmax", "late_softmax", &["stays"], "late_p"));
    stay.output[0].name = "late_p".into();
    for network in [Network::plain(), Network::exit(Network::confidence(), 3), probabilities] {
        let bytes = network.model().encode_to_vec();
        atheena::onnx::import(Ctx::of(&context), &bytes, "net.onnx").unwrap();
    }
}

/// No part of a file makes the front end panic or hang.
#[test]
fn every_cut_of_a_file_is_an_error() {
    let context = atheena_dialects::context();
    let bytes = Network::exit(Network::confidence(), 3).model().encode_to_vec();
    for end in 0..bytes.len() {
        assert!(atheena::onnx::import(Ctx::of(&context), &bytes[..end], "net.onnx").is_err(), "{end} bytes");
    }
}

/// Every byte with a bit flipped: an error or a network, never a panic.
#[test]
fn damaged_files_do_not_panic() {
    let context = atheena_dialects::context();
    let bytes = Network::exit(Network::confidence(), 3).model().encode_to_vec();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        let _ = atheena::onnx::import(Ctx::of(&context), &damaged, "net.onnx");
    }
}

snapshot!(not_onnx, error(b"PK\x03\x04 this is a zip file"));
snapshot!(empty_file, error(b""));
snapshot!(truncated, {
    let bytes = Network::plain().model().encode_to_vec();
    error(&bytes[..bytes.len() / 2])
});
snapshot!(old_operator_set, message(&Network { opset: 5, ..Network::plain() }));
snapshot!(truncated_tensor, {
    let mut network = Network::plain();
    network.graph.initializer[0].raw_data.truncate(30);
    message(&network)
});
snapshot!(huge_tensor, {
    let mut network = Network::plain();
    network.graph.initializer[0].dims = vec![1 << 40, 1 << 40];
    message(&network)
});
snapshot!(external_data, {
    let mut network = Network::plain();
    let entry = StringStringEntryProto { key: "location".into(), value: "net.bin".into() };
    network.graph.initializer[0].data_location = 1;
    network.graph.initializer[0].external_data.push(entry);
    message(&network)
});
snapshot!(nan_weight, {
    let mut network = Network::plain();
    network.graph.initializer[0].raw_data[4 * 13..4 * 14].copy_from_slice(&f32::NAN.to_le_bytes());
    message(&network)
});
snapshot!(infinite_weight, {
    let mut network = Network::plain();
    network.graph.initializer[2].raw_data[..4].copy_from_slice(&f32::NEG_INFINITY.to_le_bytes());
    message(&network)
});
snapshot!(half_precision_weights, {
    let mut network = Network::plain();
    network.graph.initializer[0].data_type = data_type::FLOAT16;
    message(&network)
});
snapshot!(dynamic_height, {
    let mut dims = sizes(&[1, 1, 4, 4]);
    dims[2] = Dimension::Param("height".into());
    message(&Network::plain().with_input(data_type::FLOAT, &dims))
});
snapshot!(batch_of_four, message(&Network::plain().with_input(data_type::FLOAT, &sizes(&[4, 1, 4, 4]))));
snapshot!(integer_input, message(&Network::plain().with_input(data_type::UINT8, &sizes(&[1, 1, 4, 4]))));
snapshot!(video_input, message(&Network::plain().with_input(data_type::FLOAT, &sizes(&[1, 1, 4, 4, 4]))));
snapshot!(two_inputs, {
    let mut network = Network::plain();
    network.graph.input.push(ValueInfoProto { name: "mask".into(), ..network.graph.input[0].clone() });
    message(&network)
});
snapshot!(undefined_value, {
    let mut network = Network::plain();
    network.graph.node[1].input[0] = "featurs".into();
    message(&network)
});
snapshot!(unsupported_operators, {
    let mut network = Network::plain();
    let mut custom = node("FusedConv", "fused", &["g"], "custom");
    custom.domain = "com.example".into();
    network.graph.node[1].input[0] = "custom".into();
    network.graph.node.splice(
        1..1,
        [
            node("Softmax", "squash", &["features"], "t"),
            node("Einsum", "mix", &["t"], "s"),
            node("LSTM", "", &["s"], "lstm"),
            node("GridSample", "sample", &["lstm"], "g"),
            custom,
        ],
    );
    message(&network)
});
snapshot!(weights_of_another_size, {
    let mut network = Network::plain();
    network.graph.initializer[2] = floats("dense.w", &[3, 9]);
    message(&network)
});
snapshot!(groups_that_do_not_divide_the_channels, {
    let mut network = Network::plain().with_input(data_type::FLOAT, &sizes(&[1, 3, 4, 4]));
    network.graph.node[0] = network.graph.node[0].clone().int("group", 2);
    network.graph.initializer[0] = floats("conv.w", &[2, 2, 3, 3]);
    message(&network)
});
snapshot!(sequence_weights_for_an_image, {
    let mut network = Network::plain();
    network.graph.initializer[0] = floats("conv.w", &[2, 1, 3]);
    message(&network)
});
snapshot!(padding_that_mirrors, {
    let mut network = Network::plain();
    let mut pad = node("Pad", "mirror", &["image"], "padded").ints("pads", &[0, 0, 1, 1, 0, 0, 1, 1]);
    pad.attribute.push(AttributeProto {
        name: "mode".into(),
        s: "reflect".into(),
        r#type: attribute_type::STRING,
        ..Default::default()
    });
    network.graph.node.insert(0, pad);
    network.graph.node[1].input[0] = "padded".into();
    network.opset = 7;
    message(&network)
});
/// What a layer between the convolution and the dense layer says; `constants` are further initialisers.
fn between(layers: Vec<NodeProto>, constants: Vec<TensorProto>) -> String {
    let mut network = Network::plain();
    network.graph.node[1].input[0] = "between".into();
    network.graph.node.splice(1..1, layers);
    network.graph.initializer.extend(constants);
    message(&network)
}
snapshot!(slices_in_steps, {
    let ints = |name, value: i64| TensorProto {
        data_type: data_type::INT64,
        raw_data: value.to_le_bytes().to_vec(),
        ..floats(name, &[1])
    };
    let slice = node("Slice", "every_other", &["features", "start", "end", "axis", "step"], "between");
    let constants = [("start", 0), ("end", 2), ("axis", 2), ("step", 2)];
    between(vec![slice], constants.map(|(name, value)| ints(name, value)).to_vec())
});
snapshot!(shapes_that_do_not_spread, {
    let row = node("Flatten", "row", &["features"], "all");
    between(vec![row, node("Add", "add", &["features", "all"], "between")], vec![])
});
snapshot!(concatenation_of_other_sizes, {
    let pool = node("MaxPool", "pool", &["features"], "half").ints("kernel_shape", &[2, 1]);
    let concat = node("Concat", "concat", &["features", "half"], "between").int("axis", 1);
    between(vec![pool, concat], vec![])
});
snapshot!(division_by_data, {
    between(vec![node("Div", "div", &["features", "features"], "between")], vec![])
});
snapshot!(mean_of_channels, {
    between(vec![node("ReduceMean", "mean", &["features"], "between").ints("axes", &[1])], vec![])
});
snapshot!(slope_of_another_size, {
    between(
        vec![node("PRelu", "prelu", &["features", "slope"], "between")],
        vec![floats("slope", &[3, 1, 1])],
    )
});
snapshot!(
    kernel_larger_than_the_image,
    message(&Network::plain().with_input(data_type::FLOAT, &sizes(&[1, 1, 2, 2])))
);
snapshot!(attribute_of_a_later_operator_set, {
    let mut condition = Network::confidence();
    condition[1] = condition[1].clone().int("noop_with_empty_axes", 0);
    message(&Network::exit(condition, 3))
});
snapshot!(attribute_of_a_wrong_type, {
    let mut network = Network::plain();
    network.graph.node[0] = network.graph.node[0].clone().int("pads", 1);
    message(&network)
});
snapshot!(logits_that_are_no_vector, {
    let mut network = Network::plain();
    network.graph.output[0].name = "features".into();
    message(&network)
});
snapshot!(other_class_count, message(&Network::exit(Network::confidence(), 4)));
snapshot!(condition_that_is_no_confidence, {
    message(&Network::exit(
        vec![
            node("ReduceMean", "mean", &["early"], "m").int("keepdims", 0),
            node("Greater", "greater", &["m", "threshold"], "confident"),
        ],
        3,
    ))
});
snapshot!(condition_that_is_no_comparison, {
    let mut network = Network::exit(vec![], 3);
    network.graph.node.last_mut().unwrap().input[0] = "flag".into();
    network.graph.initializer.push(TensorProto {
        data_type: data_type::BOOL,
        raw_data: vec![1],
        ..floats("flag", &[])
    });
    message(&network)
});
snapshot!(confidence_over_the_batch, {
    let mut condition = Network::confidence();
    condition[1] = condition[1].clone().ints("axes", &[0]);
    message(&Network::exit(condition, 3))
});
snapshot!(unsure_samples_leave, {
    let mut condition = Network::confidence();
    condition[2].op_type = "Less".into();
    message(&Network::exit(condition, 3))
});
snapshot!(confident_samples_get_something_else, {
    let mut network = Network::exit(Network::confidence(), 3);
    let exit = network.graph.node.last_mut().unwrap();
    exit.attribute[0].g.as_mut().unwrap().node[0].input[0] = "late".into();
    network.graph.initializer.push(floats("late", &[1, 3]));
    message(&network)
});
snapshot!(threshold_above_one, {
    let mut network = Network::exit(Network::confidence(), 3);
    network.graph.initializer.last_mut().unwrap().raw_data = 1.5f32.to_le_bytes().to_vec();
    message(&network)
});
snapshot!(threshold_that_is_computed, {
    let mut condition = Network::confidence();
    condition[2].input[1] = "m".into();
    message(&Network::exit(condition, 3))
});
snapshot!(layers_behind_an_exit, {
    let mut network = Network::exit(Network::confidence(), 3);
    network.graph.node.last_mut().unwrap().output[0] = "joined".into();
    network.graph.node.push(node("Relu", "relu", &["joined"], "logits"));
    message(&network)
});
snapshot!(logits_and_probabilities, {
    let mut network = Network::exit(Network::confidence(), 3);
    let exit = network.graph.node.last_mut().unwrap();
    exit.attribute[0].g.as_mut().unwrap().node[0].input[0] = "p".into();
    message(&network)
});

/// The plain network between QuantizeLinear and DequantizeLinear of image, convolution and logits.
fn quantised() -> Network {
    let pair = |value: &str, from: &str| {
        let (quantised, name) = (format!("{value}_q"), format!("quantize_{value}"));
        let inputs = |first| [first, "scale", "zero_point"];
        [
            node("QuantizeLinear", &name, &inputs(from), &quantised),
            node("DequantizeLinear", &format!("de{name}"), &inputs(&quantised), value),
        ]
    };
    let weights = |name: &str| node("DequantizeLinear", name, &[&format!("{name}_q"), "scale"], name);
    let mut nodes = vec![weights("conv.w"), weights("dense.w")];
    nodes.extend(pair("image_r", "image"));
    nodes.push(node("Conv", "conv", &["image_r", "conv.w"], "sums"));
    nodes.extend(pair("features", "sums"));
    nodes.push(node("Flatten", "flatten", &["features"], "flat"));
    nodes.push(node("Gemm", "dense", &["flat", "dense.w"], "raw").int("transB", 1));
    nodes.extend(pair("logits", "raw"));
    let int8 = |name: &str, dims: &[i64]| TensorProto {
        data_type: data_type::INT8,
        raw_data: vec![1; dims.iter().product::<i64>() as usize],
        ..floats(name, dims)
    };
    let constants = vec![
        int8("conv.w_q", &[2, 1, 3, 3]),
        int8("dense.w_q", &[3, 8]),
        int8("zero_point", &[]),
        floats("scale", &[]),
    ];
    Network::new(&[1, 1, 4, 4], nodes, constants)
}

/// What importing `quantised` says when the node of a name is changed.
fn quantised_with(name: &str, change: impl FnOnce(&mut NodeProto)) -> String {
    let mut network = quantised();
    let other = TensorProto { raw_data: 0.25f32.to_le_bytes().to_vec(), ..floats("other", &[]) };
    network.graph.initializer.extend([floats("scales", &[2]), other]);
    change(network.graph.node.iter_mut().find(|node| node.name == name).unwrap());
    message(&network)
}

#[test]
fn sound_quantised_networks_are_imported() {
    let context = atheena_dialects::context();
    atheena::onnx::import(Ctx::of(&context), &quantised().model().encode_to_vec(), "net.onnx").unwrap();
}

snapshot!(quantised_without_zero_point, quantised_with("quantize_features", |node| node.input.truncate(2)));
snapshot!(quantised_by_channel, quantised_with("quantize_features", |node| node.input[1] = "scales".into()));
snapshot!(quantised_with_float_weights, {
    let mut network = quantised();
    network.graph.node.remove(0);
    network.graph.initializer[0] = floats("conv.w", &[2, 1, 3, 3]);
    message(&network)
});
snapshot!(quantised_with_a_float_layer, {
    let mut network = quantised();
    network.graph.node.insert(7, node("Tanh", "squash", &["features"], "squashed"));
    network.graph.node[8].input[0] = "squashed".into();
    message(&network)
});
snapshot!(quantised_but_for_the_logits, {
    let mut network = quantised();
    network.graph.output[0].name = "raw".into();
    message(&network)
});
snapshot!(quantised_with_another_scale_behind, {
    quantised_with("dequantize_features", |node| node.input[1] = "other".into())
});
snapshot!(quantised_dynamically, {
    let mut network = quantised();
    network.graph.node[4].op_type = "ConvInteger".into();
    message(&network)
});
snapshot!(quantised_operator_without_zero_point, {
    let mut network = quantised();
    let conv = &mut network.graph.node[4];
    conv.op_type = "QLinearConv".into();
    conv.input = ["image_r_q", "scale", "zero_point", "conv.w_q", "scale", "zero_point", "scale"]
        .map(str::to_owned)
        .to_vec();
    conv.output[0] = "features_q".into();
    network.graph.node.remove(5);
    message(&network)
});
snapshot!(quantised_to_sixteen_bits, {
    let mut network = quantised();
    // ONNX's number of int16.
    let wide = TensorProto { data_type: 5, raw_data: vec![0; 2], ..floats("zero_point", &[]) };
    network.graph.initializer[2] = wide;
    message(&network)
});
snapshot!(quantised_and_float_values_in_a_sum, {
    let mut network = quantised();
    network.graph.node.insert(7, node("Sigmoid", "gate", &["sums"], "gates"));
    network.graph.node.insert(8, node("Add", "sum", &["features", "gates"], "both"));
    network.graph.node[9].input[0] = "both".into();
    message(&network)
});
