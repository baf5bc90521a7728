//! What can be wrong with an ONNX file, with the cure.

use std::fmt;

/// A file that can't be imported: all problems that were found in it, at least one.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub struct Error {
    /// The file's name.
    pub file: String,
    /// The problems, in the order of the file's nodes.
    pub problems: Vec<Problem>,
}

impl Error {
    /// An error with one problem.
    pub fn of(file: &str, problem: Problem) -> Self {
        Self { file: file.to_owned(), problems: vec![problem] }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut problems = self.problems.iter().peekable();
        while let Some(problem) = problems.next() {
            let cure = problem.cure();
            write!(f, "{}: {problem}", self.file)?;
            // One help for problems with the same cure that follow one another.
            let next = problems.peek().map(|next| next.cure());
            if next.as_ref() != Some(&cure) {
                write!(f, "\n  help: {cure}")?;
            }
            if next.is_some() {
                writeln!(f)?;
            }
        }
        Ok(())
    }
}

/// A node as messages name it: `node 'Conv_0' (Conv)`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The node's name, or its operator and output if it has none.
    pub name: String,
    /// The operator.
    pub op: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node '{}' ({})", self.name, self.op)
    }
}

/// The last node of a classifier, and what it gives.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Classifier {
    pub node: Place,
    pub shape: Vec<i64>,
}

impl fmt::Display for Classifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} gives {}", self.node, shape(&self.shape))
    }
}

/// A problem with an ONNX file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs)] // The messages describe the fields.
pub enum Problem {
    #[error("not an ONNX model, or cut off: {reason}")]
    NotOnnx { reason: String },
    #[error("the model has no graph: not an ONNX model, or an empty one")]
    NoGraph,
    #[error("the model uses {found}, which is not supported")]
    Opset { found: String },
    #[error("tensor '{tensor}' keeps its elements in another file{}", path.as_ref().map(|p| format!(", '{p}'")).unwrap_or_default())]
    ExternalData { tensor: String, path: Option<String> },
    #[error("tensor '{tensor}' of shape {} has {found} {unit} of data, but expected {expected}", shape(dims))]
    TensorSize { tensor: String, dims: Vec<i64>, expected: String, found: usize, unit: &'static str },
    #[error("tensor '{tensor}' has the impossible shape {}", shape(dims))]
    TensorShape { tensor: String, dims: Vec<i64> },
    #[error("element {} of tensor '{tensor}' is {value}", shape(index))]
    NotFinite { tensor: String, index: Vec<i64>, value: f64 },
    #[error("tensor '{tensor}' has elements of type {found}, but {wanted} is needed")]
    TensorType { tensor: String, found: String, wanted: &'static str },
    #[error("{node} uses '{value}', which no input, initialiser or node before it defines")]
    Undefined { node: Place, value: String },
    #[error("the graph's output '{value}' is not defined")]
    UndefinedOutput { value: String },
    #[error("{node} defines '{value}', which is defined already")]
    Redefined { node: Place, value: String },
    #[error("the network has {found} inputs ({names}), but must have one, the image")]
    Inputs { found: usize, names: String },
    #[error("{graph} has no output")]
    NoOutput { graph: String },
    #[error("input '{input}' has a dynamic size: dimension {index}{}", name.as_ref().map(|n| format!(" is '{n}'")).unwrap_or_default())]
    DynamicShape { input: String, index: usize, name: Option<String> },
    #[error("input '{input}' has the batch size {size}, but hardware takes one sample at a time")]
    Batch { input: String, size: i64 },
    #[error("input '{input}' has elements of type {found}, but must have float")]
    InputType { input: String, found: String },
    #[error(
        "input '{input}' has the shape {}, but must be an image [1, channels, height, width], a sequence \
         [1, channels, length] or a vector [1, size]",
        shape(dims)
    )]
    InputShape { input: String, dims: Vec<i64> },
    #[error("{node}: the operator is not supported")]
    Operator { node: Place, cure: String },
    #[error("{node}: {what}")]
    Form { node: Place, what: String, cure: String },
    #[error("{node} is no confidence exit: {why}")]
    NotAnExit { node: Place, why: String, cure: String },
    #[error("{exit} joins classifiers of different classes: {early}, {late}")]
    ClassCount { exit: Place, early: Box<Classifier>, late: Box<Classifier> },
    #[error("the result '{value}' of the network is {}, but must be [1, classes]", shape(dims))]
    Result { value: String, dims: Vec<i64> },
    #[error("the importer made IR that does not verify; the diagnostics above say why")]
    Internal,
}

impl Problem {
    /// What the user can do about it.
    pub fn cure(&self) -> String {
        match self {
            Self::NotOnnx { .. } | Self::NoGraph => {
                "check that the file is complete and was written by an ONNX exporter".into()
            }
            Self::Opset { .. } => format!(
                "export with an operator set of ai.onnx from {} to {}, e.g. torch.onnx.export(…, opset_version=20)",
                super::graph::OPSETS.start(),
                super::graph::OPSETS.end()
            ),
            Self::ExternalData { .. } => "save the model as one file: onnx.save_model(onnx.load('model.onnx'), 'one.onnx', \
                save_as_external_data=False)"
                .into(),
            Self::TensorSize { .. } | Self::TensorShape { .. } => {
                "the file is damaged or cut off: export or copy it again".into()
            }
            Self::NotFinite { .. } => {
                "weights must be finite: the training diverged, or the file is damaged; train or export it again"
                    .into()
            }
            Self::TensorType { .. } => "export the model with float32 weights".into(),
            Self::Undefined { .. } | Self::UndefinedOutput { .. } | Self::Redefined { .. } => {
                "the graph is invalid: onnx.checker.check_model shows the same; export it again".into()
            }
            Self::Inputs { .. } => "export the network with the image as its only input".into(),
            Self::NoOutput { .. } => "export the network with its logits as the output".into(),
            Self::DynamicShape { .. } => "export it with fixed sizes, e.g. torch.onnx.export without dynamic_axes or \
                dynamic_shapes, or fix it with onnxruntime.tools.make_dynamic_shape_fixed"
                .into(),
            Self::Batch { .. } => "export it with a batch size of 1: a sample input of shape [1, …]".into(),
            Self::InputType { .. } => {
                "export the network for images as float32 from 0 to 1; the hardware takes the uint8 pixels".into()
            }
            Self::InputShape { .. } => "export the network for one image in the order [N, C, H, W]".into(),
            Self::Operator { cure, .. } | Self::Form { cure, .. } | Self::NotAnExit { cure, .. } => cure.clone(),
            Self::ClassCount { .. } => {
                "all classifiers of a network must have the same classes: check the size of the last dense layers".into()
            }
            Self::Result { .. } => "end the network with its classifier's logits, e.g. Flatten and Gemm".into(),
            Self::Internal => "please report it with the file: this is a defect of the compiler".into(),
        }
    }

    /// The node that it is about, if it is about one.
    pub fn node(&self) -> Option<&str> {
        match self {
            Self::Undefined { node, .. }
            | Self::Redefined { node, .. }
            | Self::Operator { node, .. }
            | Self::Form { node, .. }
            | Self::NotAnExit { node, .. }
            | Self::ClassCount { exit: node, .. } => Some(&node.name),
            _ => None,
        }
    }
}

/// `[1, 10]`.
pub fn shape(dims: &[i64]) -> String {
    let dims: Vec<_> = dims.iter().map(i64::to_string).collect();
    format!("[{}]", dims.join(", "))
}
