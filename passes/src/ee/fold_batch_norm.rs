//! `ee-fold-batch-norm`: folds multiplications and additions of constants into the convolution before or behind them.
//!
//! Batch normalisation is, once trained, a factor and a summand a channel; importers write it as `tosa.mul` and
//! `tosa.add` with constants.
//!
//! Requires: float layers (run before `ee-quantize`).
//! Ensures: no factor or summand a channel (or for all) right behind a convolution that nothing else uses, nor behind
//! its pooling (but for negative factors behind maxima); none right before one, but for a summand before a padded
//! convolution, whose padding would not get the summand.
//!
//!     %c = tosa.conv2d %x, %w, %b
//!     %m = tosa.mul %c, %factor
//!     %y = tosa.add %m, %summand      becomes      %y = tosa.conv2d %x, factor w, factor b + summand

use atheena_dialects::{
    ir::{Attr, Failure, Op, Value},
    pass::{NoOptions, Pass},
    tosa::{self, Convolution, Geometry},
};

/// The pass.
pub struct FoldBatchNorm;

impl Pass for FoldBatchNorm {
    const FLAG: &'static str = "ee-fold-batch-norm";
    const SUMMARY: &'static str = "Fold multiplications and additions of constants into convolutions";
    const ANCHOR: &'static str = "func.func";
    type Options = NoOptions;

    fn run(function: Op<'_>, _: &NoOptions) -> Result<(), Failure> {
        let mut left = vec![];
        for op in function.walk() {
            if !Affine::of(op).map_or(Ok(true), |step| step.fold_backwards())? {
                left.push(op);
            }
        }
        // From the last to the first, so that each meets the convolution.
        for step in left.into_iter().rev().filter_map(Affine::of) {
            step.fold_forwards()?;
        }
        tosa::erase_unused(function);
        Ok(())
    }
}

/// `factor * input + summand`, where each is one number a channel, or one for all.
struct Affine<'c> {
    op: Op<'c>,
    input: Value<'c>,
    factor: Vec<f32>,
    summand: Vec<f32>,
}

impl<'c> Affine<'c> {
    fn of(op: Op<'c>) -> Option<Self> {
        let (left, right) = (op.operand(0)?, op.operand(1)?);
        let channels = *op.results().first()?.ty().shape()?.last()?;
        let constant = |value: Value<'c>| -> Option<Vec<f32>> {
            let values: Vec<f32> = tosa::constant(value).and_then(Attr::to_dense)?;
            let last = *value.ty().shape()?.last()?;
            // All numbers must lie along the channels.
            (values.len() == 1 || (values.len() as i64 == channels && last == channels)).then_some(values)
        };
        let negative = |values: Vec<f32>| values.into_iter().map(|v| -v).collect();
        let (input, (factor, summand)) = match (op.name().as_str(), constant(left), constant(right)) {
            ("tosa.mul", None, Some(c)) => (left, (c, vec![0.0])),
            ("tosa.mul", Some(c), None) => (right, (c, vec![0.0])),
            ("tosa.add", None, Some(c)) => (left, (vec![1.0], c)),
            ("tosa.add", Some(c), None) => (right, (vec![1.0], c)),
            ("tosa.sub", None, Some(c)) => (left, (vec![1.0], negative(c))),
            ("tosa.sub", Some(c), None) => (right, (vec![-1.0], c)),
            _ => return None,
        };
        // A constant must not widen the other operand.
        (input.ty() == op.result(0).ty()).then_some(Self { op, input, factor, summand })
    }

    /// Folds into the convolution whose output this is; false if there is none.
    fn fold_backwards(&self) -> Result<bool, Failure> {
        let rising = self.factor.iter().all(|&factor| factor >= 0.0);
        let Some(layer) = producing_layer(self.input, rising) else { return Ok(false) };
        let (mut weights, mut bias) = (layer.weights::<f32>()?, layer.bias::<f32>()?);
        for (i, w) in weights.iter_mut().enumerate() {
            *w *= at(&self.factor, layer.channels_of(i).0);
        }
        for (channel, b) in bias.iter_mut().enumerate() {
            *b = *b * at(&self.factor, channel) + at(&self.summand, channel);
        }
        self.replace(layer, &weights, &bias)
    }

    /// Folds into the convolution whose input this makes; false if there is none.
    fn fold_forwards(&self) -> Result<bool, Failure> {
        let Some(layer) = self.op.result(0).only_user().and_then(Convolution::cast) else { return Ok(false) };
        let padded = Geometry::of(layer.0).is_none_or(|geometry| geometry.pad != [0; 4]);
        if layer.input() != self.op.result(0) || padded && self.summand.iter().any(|&s| s != 0.0) {
            return Ok(false);
        }
        let (mut weights, mut bias) = (layer.weights::<f32>()?, layer.bias::<f32>()?);
        for (i, w) in weights.iter_mut().enumerate() {
            let (output, input) = layer.channels_of(i);
            bias[output] += *w * at(&self.summand, input);
            *w *= at(&self.factor, input);
        }
        self.replace(layer, &weights, &bias)
    }

    fn replace(&self, layer: Convolution<'c>, weights: &[f32], bias: &[f32]) -> Result<bool, Failure> {
        if !weights.iter().chain(bias).all(|v| v.is_finite()) {
            return Err(self.op.error(
                "makes weights that are not finite when it is folded into its convolution",
                &["the network's normalisation divides by a variance near zero: retrain it, or raise its epsilon"],
            ));
        }
        layer.set_weights(weights);
        layer.set_bias(bias);
        self.op.replace(&[self.input]);
        Ok(true)
    }
}

/// The convolution that makes a value, if nothing else uses it; maybe with a pooling or a reshape between, where it makes no
/// difference on which side of them a channel is multiplied and added to. That is so for maxima if the factors are not
/// negative (`rising`), and for averages, which TOSA takes without the padding.
fn producing_layer(value: Value<'_>, rising: bool) -> Option<Convolution<'_>> {
    value.only_user()?;
    let op = value.producer()?;
    let channels = |v: Value<'_>| v.ty().shape()?.last().copied();
    match op.name().as_str() {
        "tosa.reshape" if channels(op.operand(0)?) != channels(value) => None,
        "tosa.max_pool2d" if !rising => None,
        "tosa.reshape" | "tosa.max_pool2d" | "tosa.avg_pool2d" => producing_layer(op.operand(0)?, rising),
        _ => Convolution::cast(op),
    }
}

/// The number of a channel.
fn at(values: &[f32], channel: usize) -> f32 {
    if values.len() == 1 { values[0] } else { values[channel] }
}
