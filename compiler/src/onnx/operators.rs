//! The operators that the front end knows, and in what form: what `docs/onnx.md` lists.

/// An operator, and the forms of it that are imported.
pub struct Operator {
    /// Its name in `ai.onnx`.
    pub name: &'static str,
    /// What of it is imported.
    pub forms: &'static str,
}

macro_rules! operators {
    ($($name:ident: $forms:literal,)*) => {
        &[$(Operator { name: stringify!($name), forms: $forms }),*]
    };
}

/// The operators of the data path, by subject.
pub const OPERATORS: &[Operator] = operators! {
    Conv: "1-D and 2-D, any `group`, `strides`, `dilations`, `pads` (asymmetric too) and `auto_pad`, with or without bias; constant weights",
    Gemm: "`[1, inputs]` (or `[inputs, 1]` with `transA`) by a constant matrix, any `alpha`, `beta`, `transB`, with or without bias",
    MatMul: "`[1, inputs]` by a constant matrix",
    MaxPool: "1-D and 2-D, any `strides`, `pads`, `auto_pad` and `ceil_mode`; no `dilations`",
    AveragePool: "as MaxPool, with or without `count_include_pad`",
    GlobalAveragePool: "1-D and 2-D",
    GlobalMaxPool: "1-D and 2-D",
    ReduceMean: "over all pixels, axes as attribute or input",
    ReduceMax: "over all pixels, or in an exit's condition",
    BatchNormalization: "anywhere, of inference",
    Add: "two values (sizes of 1 are spread), or a value and a constant",
    Sub: "as Add",
    Mul: "as Add; hardware has products of one shape, and of a map and one pixel of its channels",
    Div: "by a constant",
    Max: "of two values, or a value and a constant number",
    Min: "as Max",
    Relu: "",
    Clip: "bounds as attributes or constant inputs",
    LeakyRelu: "",
    PRelu: "a constant slope, one or one a channel",
    Sigmoid: "",
    HardSigmoid: "",
    Tanh: "",
    HardSwish: "",
    Swish: "",
    Elu: "",
    Selu: "",
    Celu: "",
    Gelu: "exact and tanh",
    Mish: "",
    Softplus: "",
    Softsign: "",
    Exp: "",
    Log: "",
    Sqrt: "",
    Reciprocal: "",
    Abs: "",
    Neg: "",
    Erf: "",
    Floor: "",
    Ceil: "",
    Pow: "a constant exponent, one number",
    Concat: "along any axis",
    Split: "along any axis",
    Slice: "constant bounds, steps of 1",
    Pad: "mode constant, sizes from 0",
    Flatten: "any axis",
    Reshape: "a constant shape, `0`, `-1` and `allowzero`; one that is computed of shapes counts as constant",
    Squeeze: "axes as attribute or input",
    Unsqueeze: "axes as attribute or input",
    Transpose: "any permutation",
    Identity: "",
    Dropout: "of inference",
    Cast: "to float; any on constants",
    Constant: "floats and integers",
    ConstantOfShape: "of a constant shape",
    Shape: "folded",
    Gather: "on constants; of data, constant indices that follow one another",
    QuantizeLinear: "int8 and uint8 with one scale and zero point, around every layer",
    DequantizeLinear: "the same; of weights also a scale a channel, of biases int32",
    If: "as an exit",
    Where: "as an exit",
};

/// Is an operator one of the data path?
pub fn known(name: &str) -> bool {
    OPERATORS.iter().any(|operator| operator.name == name)
}

/// Their names, for messages.
pub fn names() -> String {
    OPERATORS.iter().map(|operator| operator.name).collect::<Vec<_>>().join(", ")
}
