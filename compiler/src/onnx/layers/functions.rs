//! Layers that are a function of each element.

use super::{Done, Layer, Lowering, Stop};
use crate::onnx::function::Function;
use crate::onnx::graph::Node;

impl Lowering<'_> {
    /// An activation function.
    pub(super) fn map(&mut self, node: &Node) -> Result<Done, Stop> {
        let (input, shape) = self.data(node, 0)?;
        let shape = shape.to_vec();
        let float = |name, default| node.float(name, default);
        let function = match node.op() {
            "Neg" => return Ok(self.affine(input, shape, vec![-1.0], vec![0.0])),
            "LeakyRelu" => Function::LeakyRelu(vec![float("alpha", 0.01)]),
            "PRelu" => Function::LeakyRelu(self.spread(node, 1, &shape)?),
            "Sigmoid" => Function::Sigmoid,
            "Tanh" => Function::Tanh,
            "HardSigmoid" => Function::HardSigmoid(float("alpha", 0.2), float("beta", 0.5)),
            "HardSwish" => Function::HardSwish,
            "Swish" => Function::Swish(float("alpha", 1.0)),
            "Elu" => Function::Elu { gain: 1.0, low: float("alpha", 1.0), rate: 1.0 },
            // The defaults are those of ONNX's Selu, rounded as f32.
            "Selu" => {
                let (alpha, gain) = (float("alpha", 1.673_263_2), float("gamma", 1.050_701));
                Function::Elu { gain, low: gain * alpha, rate: 1.0 }
            }
            "Celu" => {
                let alpha = float("alpha", 1.0);
                Function::Elu { gain: 1.0, low: alpha, rate: 1.0 / alpha }
            }
            "Gelu" if node.string("approximate", "none") == "tanh" => Function::GeluTanh,
            "Gelu" => Function::Gelu,
            "Mish" => Function::Mish,
            "Softplus" => Function::Softplus,
            "Softsign" => Function::Softsign,
            "Exp" => Function::Exp,
            "Log" => Function::Log,
            "Sqrt" => Function::Sqrt,
            "Reciprocal" => Function::Reciprocal,
            "Abs" => Function::Abs,
            "Erf" => Function::Erf,
            "Floor" => Function::Floor,
            "Ceil" => Function::Ceil,
            "Pow" => match *self.required(node, 1)?.finite()? {
                [exponent] => Function::Pow(exponent),
                _ => {
                    let what = "its exponent is not one number";
                    return Err(node.form(what, "use a constant exponent").into());
                }
            },
            _ => {
                let what = "the operator is supported on constants only";
                return Err(node.form(what, "fold constants before, e.g. with onnxsim").into());
            }
        };
        Ok(Done { layer: Layer::Map(function), inputs: vec![input], shape })
    }
}
