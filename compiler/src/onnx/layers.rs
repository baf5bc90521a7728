//! Makes layers of nodes: shapes, weights in TOSA's order, constants folded. What is wrong with any node is found here, all
//! at once, so that making IR can't fail.

mod arithmetic;
mod constants;
mod folding;
mod functions;
mod movement;
pub(crate) mod weights;

use super::attributes;
use super::error::{Classifier, Place, Problem, shape as shape_text};
use super::exits::{Chain, resolve};
use super::function::Function;
use super::graph::{Definition, Network, Node, ValueId};
use super::integer::Quantisation;
use super::operators;
use super::tensor::Tensor;
use super::window::Window;
use std::collections::HashMap;

/// What a node does.
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    /// Hands a value on.
    Alias(ValueId),
    /// Makes a constant, which is folded.
    Constant,
    /// A convolution; the weights are `[OC, KH, KW, C]`.
    Conv(Weights, Window),
    /// A convolution of each channel on its own; the weights are `[KH, KW, C, M]`.
    Depthwise(Weights, Window),
    /// A convolution of that many groups of channels, each on its own; the weights are `[OC, KH, KW, C / groups]`.
    Grouped(i64, Weights, Window),
    /// A matrix product; the weights are `[outputs, inputs]`.
    Dense(Weights),
    /// The maximum of each window.
    MaxPool(Window),
    /// The mean of each window.
    AveragePool(Window),
    /// Limits to a range.
    Clamp(f32, f32),
    /// The same elements, in ONNX's order, in another shape.
    Reshape,
    /// Two values, element by element; sizes of 1 are spread.
    Add,
    /// As for [`Layer::Add`].
    Sub,
    /// As for [`Layer::Add`].
    Mul,
    /// As for [`Layer::Add`].
    Max,
    /// As for [`Layer::Add`].
    Min,
    /// `scale * x + shift`, each one number or one a channel.
    Affine(Vec<f32>, Vec<f32>),
    /// A sum with a constant of as many dimensions, in ONNX's order; sizes of 1 are spread.
    AddConstant(Constant),
    /// The same, a product.
    MulConstant(Constant),
    /// A function of each element.
    Map(Function),
    /// Values one behind the other along a dimension, in ONNX's order.
    Concat(usize),
    /// The part from these indices on, in ONNX's order.
    Slice(Vec<i64>),
    /// That many elements of a value before and behind each dimension, in ONNX's order.
    Pad(Vec<[i64; 2]>, f32),
    /// Dimension i of the result is the input's `.0[i]`, in ONNX's order.
    Transpose(Vec<usize>),
    /// Rounds to 8 bits; part of integer networks only.
    Quantize(Quantisation),
    /// Back to real numbers; part of integer networks only.
    Dequantize(Quantisation),
}

/// The constants of a layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// The sizes of `values`.
    pub shape: Vec<i64>,
    /// Row-major.
    pub values: Vec<f32>,
    /// One an output channel.
    pub bias: Vec<f32>,
}

/// A constant in ONNX's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    /// Its sizes.
    pub shape: Vec<i64>,
    /// Row-major.
    pub values: Vec<f32>,
}

/// The layers of a network.
#[derive(Debug)]
pub struct Layers {
    /// The layer of each node, None for nodes that the results do not need.
    pub layers: Vec<Option<Layer>>,
    /// The values that each layer computes from, through aliases.
    pub inputs: Vec<Vec<ValueId>>,
    /// The sizes of each value in ONNX's order, None if it is not needed.
    pub shapes: Vec<Option<Vec<i64>>>,
}

impl Layers {
    /// The value behind aliases.
    pub fn source(&self, network: &Network, mut value: ValueId) -> ValueId {
        while let Some(Some(Layer::Alias(input))) = network.producer(value).map(|n| &self.layers[n]) {
            value = *input;
        }
        value
    }

    /// The sizes of a value that is needed.
    pub fn shape(&self, value: ValueId) -> &[i64] {
        self.shapes[value].as_deref().unwrap_or_default()
    }
}

/// How many elements a tensor of this shape has, if that is a sane number.
pub fn elements(shape: &[i64]) -> Option<i64> {
    let count = shape.iter().try_fold(1i64, |n, &size| n.checked_mul(size).filter(|_| size >= 0));
    count.filter(|&n| n <= i32::MAX.into())
}

/// Makes layers of all nodes that the results of the chain need.
pub fn lower(network: &Network, chain: &Chain) -> Result<Layers, Vec<Problem>> {
    let roots: Vec<_> = chain.exits.iter().map(|e| e.logits).chain([chain.last]).collect();
    let live = live(network, &roots);
    let mut uses = vec![0; network.values.len()];
    let live_nodes = || network.nodes.iter().zip(&live).filter(|(_, live)| **live).map(|(node, _)| node);
    let read = live_nodes()
        .filter(|n| !["Identity", "Dropout", "Cast"].contains(&n.op()))
        .flat_map(|n| n.inputs.iter().flatten());
    for &value in read.chain(&roots) {
        uses[resolve(network, value)] += 1;
    }
    let mut lowering = Lowering {
        network,
        uses,
        constants: HashMap::new(),
        done: Layers {
            layers: vec![None; network.nodes.len()],
            inputs: vec![vec![]; network.nodes.len()],
            shapes: vec![None; network.values.len()],
        },
    };
    for (id, value) in network.values.iter().enumerate() {
        lowering.done.shapes[id] = match &value.definition {
            Definition::Input(shape) => Some(shape.clone()),
            Definition::Constant(tensor) => Some(tensor.shape.clone()),
            Definition::Node(..) => None,
        };
    }
    let mut problems = vec![];
    for (id, node) in network.nodes.iter().enumerate().filter(|(id, _)| live[*id]) {
        match lowering.node(node) {
            Ok(Done { layer, inputs, shape }) => {
                if elements(&shape).is_none() {
                    problems.push(node.form(
                        format!("the result of shape {} is too large", shape_text(&shape)),
                        "a tensor may have at most 2^31 - 1 elements",
                    ));
                    continue;
                }
                if let Some(&output) = node.outputs.first() {
                    lowering.done.shapes[output] = Some(shape);
                }
                lowering.done.layers[id] = Some(layer);
                lowering.done.inputs[id] = inputs;
            }
            Err(Stop::Problem(problem)) => problems.push(*problem),
            // Its input has a problem that is listed.
            Err(Stop::Unknown) => {}
        }
    }
    if problems.is_empty() {
        check_results(network, chain, &lowering.done).map(|()| lowering.done)
    } else {
        Err(problems)
    }
}

/// Which nodes the roots need.
fn live(network: &Network, roots: &[ValueId]) -> Vec<bool> {
    let mut live = vec![false; network.nodes.len()];
    let mark = |live: &mut Vec<bool>, value| {
        if let Some(node) = network.producer(value) {
            live[node] = true;
        }
    };
    roots.iter().for_each(|&root| mark(&mut live, root));
    // A node stands behind those that it needs.
    for id in (0..network.nodes.len()).rev() {
        // An exit that the result does not lead to is a problem of its own, not of its condition's nodes.
        if live[id] && !matches!(network.nodes[id].op(), "If" | "Where") {
            network.nodes[id].inputs.iter().flatten().for_each(|&value| mark(&mut live, value));
        }
    }
    live
}

/// All classifiers give `[1, classes]` (or that with sizes of 1 behind), of the same classes.
fn check_results(network: &Network, chain: &Chain, layers: &Layers) -> Result<(), Vec<Problem>> {
    let classes = |value: ValueId| {
        let dims = layers.shape(value);
        let flat = dims.len() >= 2 && dims[0] == 1 && dims[2..].iter().all(|&d| d == 1);
        let name = network.values[value].name.clone();
        flat.then(|| dims[1]).ok_or_else(|| vec![Problem::Result { value: name, dims: dims.to_vec() }])
    };
    let last = classes(chain.last)?;
    for exit in &chain.exits {
        if classes(exit.logits)? != last {
            let exit_place = network.nodes[exit.node].place.clone();
            let [early, late] = [exit.logits, chain.last].map(|value| {
                let node = network.place(layers.source(network, value));
                Box::new(Classifier { node, shape: layers.shape(value).to_vec() })
            });
            return Err(vec![Problem::ClassCount { exit: exit_place, early, late }]);
        }
    }
    // A network that only hands its input or a constant on has no layer.
    match network.producer(layers.source(network, chain.last)) {
        Some(_) => Ok(()),
        None => Err(vec![Problem::Operator {
            node: network.place(chain.last),
            cure: "the network's result must be computed from its input".into(),
        }]),
    }
}

/// A node that is lowered.
struct Done {
    layer: Layer,
    inputs: Vec<ValueId>,
    shape: Vec<i64>,
}

/// Why a node is not lowered.
enum Stop {
    Problem(Box<Problem>),
    /// Its input is not known, because of a problem that is listed already.
    Unknown,
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

/// Lowers one node after the other.
struct Lowering<'n> {
    network: &'n Network,
    /// How many nodes and results read a value, through aliases.
    uses: Vec<usize>,
    /// Constants that nodes make.
    constants: HashMap<ValueId, Tensor>,
    done: Layers,
}

impl Lowering<'_> {
    fn node(&mut self, node: &Node) -> Result<Done, Stop> {
        if ["If", "Where"].contains(&node.op()) {
            let what = "an exit in the middle of the network is not supported";
            return Err(node.form(what, "move the layers that follow it into both branches").into());
        }
        if let Some(cure) = unsupported(node) {
            return Err(Problem::Operator { node: node.place.clone(), cure }.into());
        }
        attributes::check(self.network.opset, node)?;
        if let Some(constant) = self.fold(node)? {
            let shape = constant.shape.clone();
            if let Some(&output) = node.outputs.first() {
                self.constants.insert(output, constant);
            }
            return Ok(Done { layer: Layer::Constant, inputs: vec![], shape });
        }
        match node.op() {
            "Identity" | "Dropout" | "Cast" => self.alias(node),
            "Conv" => self.convolution(node),
            "Gemm" | "MatMul" => self.dense(node),
            "MaxPool" | "AveragePool" | "GlobalAveragePool" | "GlobalMaxPool" => self.pool(node),
            "ReduceMean" | "ReduceMax" => self.global_pool(node),
            "Relu" | "Clip" => self.clamp(node),
            "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" => self.reshape(node),
            "BatchNormalization" => self.batch_normalization(node),
            "Concat" => self.concat(node),
            "Slice" => self.slice(node),
            "Gather" => self.gather(node),
            "Split" => self.split(node),
            "Pad" => self.pad(node),
            "Transpose" => self.transpose(node),
            "QuantizeLinear" | "DequantizeLinear" => self.quantisation(node),
            "Add" | "Sub" | "Mul" | "Div" | "Max" | "Min" => self.arithmetic(node),
            _ => self.map(node),
        }
    }

    /// Input `index`, which is data: the value behind aliases, and its shape.
    fn data(&self, node: &Node, index: usize) -> Result<(ValueId, &[i64]), Stop> {
        let value = node.input(index).ok_or_else(|| {
            node.form(format!("input {index} is missing"), "the file is invalid: export it again")
        })?;
        if self.constant(value).is_some() {
            return Err(node
                .form(
                    format!(
                        "input {index}, '{}', is a constant, but data is expected",
                        self.network.values[value].name
                    ),
                    "fold constants before, e.g. with onnxsim or onnxruntime's basic optimisations",
                )
                .into());
        }
        let shape = self.done.shapes[value].as_deref().ok_or(Stop::Unknown)?;
        Ok((self.done.source(self.network, value), shape))
    }

    /// Data of the shape `[1, channels, height, width]`, or `[1, channels, length]`, which has height 1.
    fn image(&self, node: &Node) -> Result<(ValueId, Image), Stop> {
        let (value, shape) = self.data(node, 0)?;
        match *shape {
            [1, channels, height, width] => {
                Ok((value, Image { channels, size: [height, width], dimensions: 2 }))
            }
            [1, channels, length] => Ok((value, Image { channels, size: [1, length], dimensions: 1 })),
            _ => Err(node
                .form(
                    format!("its input has the shape {}", shape_text(shape)),
                    "only layers on images [1, channels, height, width] and sequences [1, channels, length] are supported",
                )
                .into()),
        }
    }

    /// The constant that a value is.
    fn constant(&self, value: ValueId) -> Option<&Tensor> {
        let value = self.done.source(self.network, value);
        self.constants.get(&value).or_else(|| self.network.constant(value))
    }

    /// Input `index`, which is a constant, if it is given.
    fn optional(&self, node: &Node, index: usize) -> Result<Option<&Tensor>, Stop> {
        let Some(value) = node.input(index) else { return Ok(None) };
        if self.done.shapes[value].is_none() {
            return Err(Stop::Unknown);
        }
        self.constant(value).map(Some).ok_or_else(|| {
            let name = &self.network.values[value].name;
            let what = format!("input {index}, '{name}', must be a constant");
            node.form(what, "export the network with its weights as initialisers").into()
        })
    }

    /// Input `index`, which is a constant.
    fn required(&self, node: &Node, index: usize) -> Result<&Tensor, Stop> {
        self.optional(node, index)?.ok_or_else(|| {
            node.form(format!("input {index} is missing"), "the file is invalid: export it again").into()
        })
    }

    fn alias(&self, node: &Node) -> Result<Done, Stop> {
        let (input, shape) = self.data(node, 0)?;
        // 1 is ONNX's float.
        if node.op() == "Cast" && node.int("to", 1) != 1 {
            let what = "casting data to another type than float is not supported";
            return Err(node.form(what, "remove the Cast").into());
        }
        Ok(Done { layer: Layer::Alias(input), inputs: vec![input], shape: shape.to_vec() })
    }

    fn pool(&self, node: &Node) -> Result<Done, Stop> {
        let (input, image) = self.image(node)?;
        let window = match node.op() {
            "GlobalAveragePool" | "GlobalMaxPool" => Window::whole(image.size),
            _ => Window::of(node, image.size, image.dimensions, None)?,
        };
        let shape = image.with(image.channels, window.output);
        let layer = match node.op() {
            "GlobalAveragePool" | "AveragePool" => Layer::AveragePool(window),
            _ => Layer::MaxPool(window),
        };
        Ok(Done { layer, inputs: vec![input], shape })
    }

    /// `ReduceMean` and `ReduceMax` over all pixels.
    fn global_pool(&self, node: &Node) -> Result<Done, Stop> {
        let (input, image) = self.image(node)?;
        let axes = match self.optional(node, 1)? {
            Some(tensor) => Some(tensor.ints()?),
            None => node.ints("axes").map(<[i64]>::to_vec),
        };
        let rank = image.dimensions as i64 + 2;
        let mut axes: Vec<_> = axes
            .unwrap_or_default()
            .iter()
            .map(|&a| if a < 0 { a.saturating_add(rank) } else { a })
            .collect();
        axes.sort_unstable();
        if !axes.iter().copied().eq(2..rank) {
            let what = format!("it reduces axes {axes:?} of {rank}");
            let cure = "only the reduction of all pixels, axes [2, 3] (of a sequence [2]), is supported";
            return Err(node.form(what, cure).into());
        }
        let window = Window::whole(image.size);
        let shape = match node.int("keepdims", 1) {
            0 => vec![1, image.channels],
            _ => image.with(image.channels, [1, 1]),
        };
        let layer =
            if node.op() == "ReduceMean" { Layer::AveragePool(window) } else { Layer::MaxPool(window) };
        Ok(Done { layer, inputs: vec![input], shape })
    }

    /// `QuantizeLinear` and `DequantizeLinear` of data.
    fn quantisation(&self, node: &Node) -> Result<Done, Stop> {
        let (input, shape) = self.data(node, 0)?;
        let quantisation = Quantisation::of(node, self.required(node, 1)?, self.optional(node, 2)?)?;
        let layer = match node.op() {
            "QuantizeLinear" => Layer::Quantize(quantisation),
            _ => Layer::Dequantize(quantisation),
        };
        Ok(Done { layer, inputs: vec![input], shape: shape.to_vec() })
    }

    fn clamp(&self, node: &Node) -> Result<Done, Stop> {
        let (input, shape) = self.data(node, 0)?;
        let bound = |index, name, default| -> Result<f32, Stop> {
            Ok(match self.optional(node, index)? {
                Some(tensor) => tensor.floats()?.first().copied().unwrap_or(default),
                None => node.float(name, default),
            })
        };
        let (low, high) = match node.op() {
            "Relu" => (0.0, f32::MAX),
            _ => (bound(1, "min", f32::MIN)?, bound(2, "max", f32::MAX)?),
        };
        // Infinite bounds bound nothing; MLIR prints finite ones more readably.
        let (low, high) = (low.max(f32::MIN), high.min(f32::MAX));
        if low.is_nan() || high.is_nan() || low > high {
            return Err(node
                .form(format!("the range from {low} to {high} is empty"), "check the bounds")
                .into());
        }
        Ok(Done { layer: Layer::Clamp(low, high), inputs: vec![input], shape: shape.to_vec() })
    }

    fn reshape(&self, node: &Node) -> Result<Done, Stop> {
        let (input, from) = self.data(node, 0)?;
        let to = self.target_shape(node, from)?;
        let layer = if to == from { Layer::Alias(input) } else { Layer::Reshape };
        Ok(Done { layer, inputs: vec![input], shape: to })
    }
}

/// The sizes of a feature map.
#[derive(Clone, Copy)]
struct Image {
    channels: i64,
    /// Height and width.
    size: [i64; 2],
    /// 2, or 1 of a sequence, which has height 1.
    dimensions: usize,
}

impl Image {
    /// The shape of a feature map with other sizes.
    fn with(self, channels: i64, [height, width]: [i64; 2]) -> Vec<i64> {
        if self.dimensions == 1 { vec![1, channels, width] } else { vec![1, channels, height, width] }
    }
}

/// Why an operator can't be in the data path and what to do, or None if it can.
fn unsupported(node: &Node) -> Option<String> {
    let Place { op, .. } = &node.place;
    if operators::known(node.op()) {
        return None;
    }
    Some(match op.as_str() {
        "DynamicQuantizeLinear" | "ConvInteger" | "MatMulInteger" => {
            "quantise it as QDQ, e.g. onnxruntime.quantization.quantize_static(…, quant_format=QuantFormat.QDQ), \
            or export the float network: the compiler quantises it with calibration data"
                .into()
        }
        "Softmax" | "LogSoftmax" => {
            "end the classifiers with their logits; Softmax belongs in an exit's condition only".into()
        }
        "Greater" | "Less" | "GreaterOrEqual" | "LessOrEqual" | "Not" => {
            "comparisons are supported in an exit's condition only".into()
        }
        "Loop" | "Scan" | "LSTM" | "GRU" | "RNN" => {
            "recurrence is not supported: use convolutions, or unroll loops of known length at export".into()
        }
        _ if !node.standard => {
            "export without operators of other domains: onnx.inliner.inline_local_functions expands \
            functions, onnxruntime's optimisations can be turned off"
                .into()
        }
        _ => format!("express it by supported operators: {}", operators::names()),
    })
}
