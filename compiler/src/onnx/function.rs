//! Functions of single elements, and what they are in TOSA.

use atheena_dialects::ir::{Attr, Builder, Type, Value};
use atheena_dialects::tosa;

/// A function of each element.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // The names are ONNX's.
pub enum Function {
    /// `x` above 0, `slope * x` below; one slope, or one a channel.
    LeakyRelu(Vec<f32>),
    Sigmoid,
    Tanh,
    /// `alpha * x + beta`, from 0 to 1.
    HardSigmoid(f32, f32),
    /// `x * (x / 6 + 1 / 2, from 0 to 1)`.
    HardSwish,
    /// `x * sigmoid(alpha * x)`.
    Swish(f32),
    /// `gain * x` above 0, `low * (exp(rate * x) - 1)` below: Elu, Selu and Celu.
    Elu {
        gain: f32,
        low: f32,
        rate: f32,
    },
    /// `x / 2 * (1 + erf(x / sqrt 2))`.
    Gelu,
    /// `x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))`.
    GeluTanh,
    /// `x * tanh(ln(1 + exp(x)))`.
    Mish,
    /// `ln(1 + exp(x))`.
    Softplus,
    /// `x / (1 + |x|)`.
    Softsign,
    Exp,
    Log,
    Sqrt,
    Reciprocal,
    Abs,
    Erf,
    Floor,
    Ceil,
    Pow(f32),
}

impl Function {
    /// The function's value of a number; None of functions that Rust's library lacks, or that have a slope a channel.
    pub fn value(&self, x: f64) -> Option<f64> {
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let softplus = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
        let wide = |number: &f32| f64::from(*number);
        Some(match self {
            Self::LeakyRelu(slopes) => match slopes[..] {
                [slope] if x < 0.0 => f64::from(slope) * x,
                [_] => x,
                _ => return None,
            },
            Self::Sigmoid => sigmoid(x),
            Self::Tanh => x.tanh(),
            Self::HardSigmoid(alpha, beta) => (wide(alpha) * x + wide(beta)).clamp(0.0, 1.0),
            Self::HardSwish => x * (x / 6.0 + 0.5).clamp(0.0, 1.0),
            Self::Swish(alpha) => x * sigmoid(wide(alpha) * x),
            Self::Elu { gain, .. } if x > 0.0 => wide(gain) * x,
            Self::Elu { low, rate, .. } => wide(low) * (wide(rate) * x).exp_m1(),
            Self::GeluTanh => {
                x / 2.0 * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh())
            }
            Self::Mish => x * softplus(x).tanh(),
            Self::Softplus => softplus(x),
            Self::Softsign => x / (1.0 + x.abs()),
            Self::Exp => x.exp(),
            Self::Abs => x.abs(),
            Self::Floor => x.floor(),
            Self::Ceil => x.ceil(),
            // Not of all numbers, or not in Rust's library.
            Self::Gelu | Self::Erf | Self::Log | Self::Sqrt | Self::Reciprocal | Self::Pow(_) => return None,
        })
    }

    /// Makes the function's value of `x`; `spread` makes a constant of numbers that stand one for all or one a channel.
    pub fn build<'c>(
        &self,
        at: Builder<'c>,
        x: Value<'c>,
        spread: impl Fn(&[f32]) -> Value<'c>,
    ) -> Value<'c> {
        let m = Maker { at, ty: x.ty(), spread };
        match self {
            Self::LeakyRelu(slopes) => m.leaky_relu(x, slopes),
            Self::Sigmoid => m.unary("tosa.sigmoid", x),
            Self::Tanh => m.unary("tosa.tanh", x),
            Self::HardSigmoid(alpha, beta) => m.clamp(m.affine(x, *alpha, *beta), 0.0, 1.0),
            Self::HardSwish => m.mul(x, m.clamp(m.affine(x, 1.0 / 6.0, 0.5), 0.0, 1.0)),
            Self::Swish(alpha) => m.mul(x, m.unary("tosa.sigmoid", m.affine(x, *alpha, 0.0))),
            Self::Elu { gain, low, rate } => {
                let above = m.affine(m.clamp(x, 0.0, f32::MAX), *gain, 0.0);
                let exp = m.unary("tosa.exp", m.affine(m.clamp(x, f32::MIN, 0.0), *rate, 0.0));
                m.binary("tosa.add", above, m.affine(exp, *low, -low))
            }
            Self::Gelu => {
                let erf = m.unary("tosa.erf", m.affine(x, std::f32::consts::FRAC_1_SQRT_2, 0.0));
                m.mul(m.affine(x, 0.5, 0.0), m.affine(erf, 1.0, 1.0))
            }
            Self::GeluTanh => {
                let cube = m.affine(m.mul(m.mul(x, x), x), 0.044_715, 0.0);
                let inner = m.affine(m.binary("tosa.add", x, cube), (2.0 / std::f32::consts::PI).sqrt(), 0.0);
                m.mul(m.affine(x, 0.5, 0.0), m.affine(m.unary("tosa.tanh", inner), 1.0, 1.0))
            }
            Self::Mish => m.mul(x, m.unary("tosa.tanh", m.softplus(x))),
            Self::Softplus => m.softplus(x),
            Self::Softsign => {
                let size = m.affine(m.unary("tosa.abs", x), 1.0, 1.0);
                m.mul(x, m.unary("tosa.reciprocal", size))
            }
            Self::Exp => m.unary("tosa.exp", x),
            Self::Log => m.unary("tosa.log", x),
            Self::Sqrt => m.binary("tosa.pow", x, m.number(0.5)),
            Self::Reciprocal => m.unary("tosa.reciprocal", x),
            Self::Abs => m.unary("tosa.abs", x),
            Self::Erf => m.unary("tosa.erf", x),
            Self::Floor => m.unary("tosa.floor", x),
            Self::Ceil => m.unary("tosa.ceil", x),
            Self::Pow(exponent) if *exponent == 2.0 => m.mul(x, x),
            Self::Pow(exponent) => m.binary("tosa.pow", x, m.number(*exponent)),
        }
    }
}

/// Makes operations on tensors of one type.
struct Maker<'c, S> {
    at: Builder<'c>,
    ty: Type<'c>,
    spread: S,
}

impl<'c, S: Fn(&[f32]) -> Value<'c>> Maker<'c, S> {
    fn unary(&self, name: &str, x: Value<'c>) -> Value<'c> {
        tosa::simple(self.at, name, &[x], self.ty)
    }

    fn binary(&self, name: &str, a: Value<'c>, b: Value<'c>) -> Value<'c> {
        tosa::simple(self.at, name, &[a, b], self.ty)
    }

    fn mul(&self, a: Value<'c>, b: Value<'c>) -> Value<'c> {
        tosa::mul(self.at, a, b, self.ty)
    }

    fn number(&self, value: f32) -> Value<'c> {
        (self.spread)(&[value])
    }

    fn clamp(&self, x: Value<'c>, low: f32, high: f32) -> Value<'c> {
        let bound = |value| Attr::f32(self.at.ctx(), value);
        tosa::clamp(self.at, x, bound(low), bound(high))
    }

    /// `scale * x + shift`.
    fn affine(&self, x: Value<'c>, scale: f32, shift: f32) -> Value<'c> {
        let scaled = if scale == 1.0 { x } else { self.mul(x, self.number(scale)) };
        if shift == 0.0 { scaled } else { self.binary("tosa.add", scaled, self.number(shift)) }
    }

    fn leaky_relu(&self, x: Value<'c>, slopes: &[f32]) -> Value<'c> {
        let below = self.mul(x, (self.spread)(slopes));
        if slopes.iter().all(|slope| (0.0..=1.0).contains(slope)) {
            self.binary("tosa.maximum", x, below)
        } else if slopes.iter().all(|&slope| slope >= 1.0) {
            self.binary("tosa.minimum", x, below)
        } else {
            let below = self.mul(self.clamp(x, f32::MIN, 0.0), (self.spread)(slopes));
            self.binary("tosa.add", self.clamp(x, 0.0, f32::MAX), below)
        }
    }

    /// `max(x, 0) + ln(1 + exp(-|x|))`, which does not overflow.
    fn softplus(&self, x: Value<'c>) -> Value<'c> {
        let exp = self.unary("tosa.exp", self.affine(self.unary("tosa.abs", x), -1.0, 0.0));
        let rest = self.unary("tosa.log", self.affine(exp, 1.0, 1.0));
        self.binary("tosa.add", self.clamp(x, 0.0, f32::MAX), rest)
    }
}
