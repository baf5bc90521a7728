//! A network whose names are resolved: every value is defined before it is used, once in its scope, and
//! the branches of `If` see the values around them.

mod qoperator;

use super::error::{Place, Problem};
use super::proto::{AttributeProto, Dimension, GraphProto, ModelProto, NodeProto, ValueInfoProto, data_type};
use super::tensor::{Data, Tensor};
use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

/// The operator sets of `ai.onnx` whose operators have the meaning that the front end gives them.
pub const OPSETS: RangeInclusive<i64> = 7..=26;

/// The place of a value in [`Network::values`].
pub type ValueId = usize;
/// The place of a node in [`Network::nodes`].
pub type NodeId = usize;

/// A network.
#[derive(Debug)]
pub struct Network {
    /// The graph's name.
    pub name: String,
    /// The version of the operators.
    pub opset: i64,
    /// All values of the graph and of its branches.
    pub values: Vec<Value>,
    /// All nodes, of branches too: each behind those that it needs, an `If` behind its branches' nodes.
    pub nodes: Vec<Node>,
    /// The image.
    pub input: ValueId,
    /// The results.
    pub outputs: Vec<ValueId>,
}

/// A value.
#[derive(Debug)]
pub struct Value {
    /// Its name in the file.
    pub name: String,
    /// What makes it.
    pub definition: Definition,
}

/// What makes a value.
#[derive(Debug)]
pub enum Definition {
    /// The network's input, of the sizes `[1, channels, height, width]`, `[1, channels, length]` or `[1, size]`.
    Input(Vec<i64>),
    /// A constant.
    Constant(Tensor),
    /// Result number `.1` of a node.
    Node(NodeId, usize),
}

/// An operator at work.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its name, or operator and output if it has none; and its operator.
    pub place: Place,
    /// What it reads; None where an optional input is left out.
    pub inputs: Vec<Option<ValueId>>,
    /// What it makes.
    pub outputs: Vec<ValueId>,
    /// Its attributes but for branches.
    pub attributes: Vec<AttributeProto>,
    /// The branches of an `If`, by attribute: the results of each.
    pub branches: Vec<(String, Vec<ValueId>)>,
    /// Is it an operator of `ai.onnx`?
    pub standard: bool,
    /// Which of the operator's results it makes, of how many: a `Split` is a node for each part.
    pub part: (usize, usize),
}

impl Node {
    /// The operator, empty if it is not one of `ai.onnx`.
    pub fn op(&self) -> &str {
        if self.standard { &self.place.op } else { "" }
    }

    /// Input `index`, if it is given.
    pub fn input(&self, index: usize) -> Option<ValueId> {
        self.inputs.get(index).copied().flatten()
    }

    /// An attribute.
    pub fn attribute(&self, name: &str) -> Option<&AttributeProto> {
        self.attributes.iter().find(|a| a.name == name)
    }

    /// An integer attribute.
    pub fn int(&self, name: &str, default: i64) -> i64 {
        self.attribute(name).map_or(default, |a| a.i)
    }

    /// A float attribute.
    pub fn float(&self, name: &str, default: f32) -> f32 {
        self.attribute(name).map_or(default, |a| a.f)
    }

    /// A list of integers, None if it is not given.
    pub fn ints(&self, name: &str) -> Option<&[i64]> {
        self.attribute(name).map(|a| a.ints.as_slice())
    }

    /// A string attribute.
    pub fn string(&self, name: &str, default: &str) -> String {
        self.attribute(name).map_or(default.to_owned(), |a| String::from_utf8_lossy(&a.s).into_owned())
    }

    /// A problem with how this operator is used.
    pub fn form(&self, what: impl Into<String>, cure: impl Into<String>) -> Problem {
        Problem::Form { node: self.place.clone(), what: what.into(), cure: cure.into() }
    }
}

impl Network {
    /// Checks a model and resolves its names.
    pub fn read(model: ModelProto) -> Result<Self, Problem> {
        let graph = model.graph.ok_or(Problem::NoGraph)?;
        let standard = |domain: &str| domain.is_empty() || domain == "ai.onnx";
        let opset = model.opset_import.iter().find(|o| standard(&o.domain)).map(|o| o.version);
        let Some(opset) = opset.filter(|v| OPSETS.contains(v)) else {
            let found =
                opset.map_or("no operator set of ai.onnx".into(), |v| format!("operator set {v} of ai.onnx"));
            return Err(Problem::Opset { found });
        };
        let mut reader = Reader { values: vec![], nodes: vec![], scopes: vec![] };
        let name = graph.name.clone();
        let (inputs, outputs) = reader.graph(graph, "the network")?;
        let input = match inputs.as_slice() {
            [input] => *input,
            _ => {
                let names: Vec<_> = inputs.iter().map(|&v| reader.values[v].name.as_str()).collect();
                let names = if names.is_empty() { "all are constants".to_owned() } else { names.join(", ") };
                return Err(Problem::Inputs { found: inputs.len(), names });
            }
        };
        Ok(Self { name, opset, values: reader.values, nodes: reader.nodes, input, outputs })
    }

    /// The constant that a value is, if it is one as it stands in the file.
    pub fn constant(&self, value: ValueId) -> Option<&Tensor> {
        match &self.values[value].definition {
            Definition::Constant(tensor) => Some(tensor),
            _ => None,
        }
    }

    /// The node that makes a value.
    pub fn producer(&self, value: ValueId) -> Option<NodeId> {
        match self.values[value].definition {
            Definition::Node(node, _) => Some(node),
            _ => None,
        }
    }

    /// What makes a value, for messages.
    pub fn place(&self, value: ValueId) -> Place {
        match self.producer(value) {
            Some(node) => self.nodes[node].place.clone(),
            None => {
                let op = if self.constant(value).is_some() { "constant" } else { "input" };
                Place { name: self.values[value].name.clone(), op: op.into() }
            }
        }
    }
}

/// Resolves names, scope by scope.
struct Reader {
    values: Vec<Value>,
    nodes: Vec<Node>,
    /// The names of each scope, the innermost last.
    scopes: Vec<HashMap<String, ValueId>>,
}

impl Reader {
    /// Reads a graph in a scope of its own: its inputs that are no initialisers, and its outputs.
    fn graph(&mut self, graph: GraphProto, what: &str) -> Result<(Vec<ValueId>, Vec<ValueId>), Problem> {
        self.scopes.push(HashMap::new());
        let initialisers: HashSet<String> = graph.initializer.iter().map(|t| t.name.clone()).collect();
        for mut tensor in graph.initializer {
            let name = std::mem::take(&mut tensor.name);
            let tensor = Tensor::read(tensor, &name)?;
            self.define(name, Definition::Constant(tensor), "initialiser")?;
        }
        let mut inputs = vec![];
        for input in graph.input.into_iter().filter(|i| !initialisers.contains(&i.name)) {
            let shape = input_shape(&input)?;
            inputs.push(self.define(input.name, Definition::Input(shape), "input")?);
        }
        for node in graph.node {
            self.node(node)?;
        }
        if graph.output.is_empty() {
            return Err(Problem::NoOutput { graph: what.to_owned() });
        }
        let outputs = graph
            .output
            .into_iter()
            .map(|output| self.find(&output.name).ok_or(Problem::UndefinedOutput { value: output.name }));
        let outputs = outputs.collect::<Result<_, _>>()?;
        self.scopes.pop();
        Ok((inputs, outputs))
    }

    fn node(&mut self, node: NodeProto) -> Result<(), Problem> {
        let floats = |name: &str| match &self.values[self.find(name)?].definition {
            Definition::Constant(tensor) => tensor.floats().ok(),
            _ => None,
        };
        if let Some(nodes) = qoperator::expand(&node, floats) {
            return nodes.into_iter().try_for_each(|node| self.node(node));
        }
        let NodeProto { input, output, name, op_type, mut attribute, domain } = node;
        let name = if name.is_empty() {
            format!("{op_type} {}", output.iter().find(|o| !o.is_empty()).map_or("", String::as_str))
        } else {
            name
        };
        let standard = domain.is_empty() || domain == "ai.onnx";
        let op = if standard { op_type } else { format!("{domain}.{op_type}") };
        let place = Place { name, op };
        let inputs = (input.into_iter())
            .map(|value| match self.find(&value) {
                _ if value.is_empty() => Ok(None),
                None => Err(Problem::Undefined { node: place.clone(), value }),
                found => Ok(found),
            })
            .collect::<Result<Vec<_>, _>>()?;
        if standard && place.op == "Constant" {
            let tensor = constant(attribute, output.first().map_or("", String::as_str))?;
            let output = output.into_iter().next().unwrap_or_default();
            return self.define_at(output, Definition::Constant(tensor), &place).map(|_| ());
        }
        let mut branches = vec![];
        if standard && place.op == "If" {
            for attribute in &mut attribute {
                if let Some(graph) = attribute.g.take() {
                    let what = format!("the {} of {place}", attribute.name);
                    branches.push((attribute.name.clone(), self.graph(graph, &what)?.1));
                }
            }
        }
        let node = Node {
            place,
            inputs,
            outputs: vec![],
            attributes: attribute,
            branches,
            standard,
            part: (0, output.len()),
        };
        if node.op() == "Split" {
            for (i, output) in output.into_iter().enumerate() {
                let part = (i, node.part.1);
                self.results(Node { part, ..node.clone() }, vec![output])?;
            }
            return Ok(());
        }
        self.results(node, output)
    }

    /// Adds a node with its results.
    fn results(&mut self, mut node: Node, names: Vec<String>) -> Result<(), Problem> {
        let (id, first) = (self.nodes.len(), self.values.len());
        node.outputs = (first..first + names.len()).collect();
        let place = node.place.clone();
        self.nodes.push(node);
        for (i, name) in names.into_iter().enumerate() {
            self.define_at(name, Definition::Node(id, i), &place)?;
        }
        Ok(())
    }

    fn find(&self, name: &str) -> Option<ValueId> {
        self.scopes.iter().rev().find_map(|scope| scope.get(name)).copied()
    }

    fn define(&mut self, name: String, definition: Definition, what: &str) -> Result<ValueId, Problem> {
        let place = Place { name: name.clone(), op: what.to_owned() };
        self.define_at(name, definition, &place)
    }

    /// Defines a value; one without a name (an output that nobody reads) only takes its place.
    fn define_at(&mut self, name: String, definition: Definition, place: &Place) -> Result<ValueId, Problem> {
        let id = self.values.len();
        if !name.is_empty() {
            let scope = self.scopes.last_mut().expect("a graph is being read");
            if scope.insert(name.clone(), id).is_some() {
                return Err(Problem::Redefined { node: place.clone(), value: name });
            }
        }
        self.values.push(Value { name, definition });
        Ok(id)
    }
}

/// The tensor of a `Constant` node.
fn constant(attributes: Vec<AttributeProto>, name: &str) -> Result<Tensor, Problem> {
    let scalar = |data| Tensor { name: name.to_owned(), shape: vec![], data };
    for attribute in attributes {
        return Ok(match attribute.name.as_str() {
            "value" => Tensor::read(attribute.t.unwrap_or_default(), name)?,
            "value_float" => scalar(Data::F32(vec![attribute.f])),
            "value_int" => scalar(Data::I64(vec![attribute.i])),
            "value_floats" => {
                let shape = vec![attribute.floats.len() as i64];
                Tensor { name: name.to_owned(), shape, data: Data::F32(attribute.floats) }
            }
            "value_ints" => Tensor::of_ints(name, attribute.ints),
            _ => continue,
        });
    }
    Ok(scalar(Data::Other(data_type::STRING)))
}

/// The sizes of the network's input: fixed, of one sample. A batch size that is only named counts as 1, since
/// hardware takes one sample at a time.
fn input_shape(input: &ValueInfoProto) -> Result<Vec<i64>, Problem> {
    let name = || input.name.clone();
    let tensor = input.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
    let Some(tensor) = tensor else {
        return Err(Problem::InputType { input: name(), found: "no tensor".into() });
    };
    if tensor.elem_type != data_type::FLOAT {
        return Err(Problem::InputType { input: name(), found: data_type::name(tensor.elem_type) });
    }
    let dims = tensor.shape.as_ref().map(|s| s.dim.as_slice()).unwrap_or_default();
    let mut shape = vec![];
    for (index, dim) in dims.iter().enumerate() {
        shape.push(match &dim.value {
            Some(Dimension::Value(size)) if *size > 0 => *size,
            Some(Dimension::Param(_)) if index == 0 => 1,
            Some(Dimension::Param(param)) => {
                return Err(Problem::DynamicShape { input: name(), index, name: Some(param.clone()) });
            }
            None if index == 0 => 1,
            _ => return Err(Problem::DynamicShape { input: name(), index, name: None }),
        });
    }
    if !(2..=4).contains(&shape.len()) {
        return Err(Problem::InputShape { input: name(), dims: shape });
    }
    if shape[0] != 1 {
        return Err(Problem::Batch { input: name(), size: shape[0] });
    }
    if super::layers::elements(&shape).is_none() {
        return Err(Problem::InputShape { input: name(), dims: shape });
    }
    Ok(shape)
}
