//! `ee-fold-batch-norm`: folds multiplications and additions of constants into the convolution before or behind them.
//!
//! Batch normalisation is, once trained, a factor and a summand a channel; importers write it as `tosa.mul` and
//! `tosa.add` with constants.
//!
//! Requires: float layers (run before `ee-quantize`).
//! Ensures: no factor or summand a channel. What stands right behind a convolution that nothing else uses, behind its
//! pooling (but for negative factors behind maxima) or behind a concatenation of convolutions is folded into them; so is
//! what stands right before one, but for a summand before a padded convolution, whose padding would not get the summand.
//! What is left becomes a depthwise convolution of 1x1, which integer networks and hardware have; one factor or summand
//! for all channels stays, since it is a function element by element.
//!
//!     %c = tosa.conv2d %x, %w, %b
//!     %m = tosa.mul %c, %factor
//!     %y = tosa.add %m, %summand      becomes      %y = tosa.conv2d %x, factor w, factor b + summand

use atheena_dialects::{
    ir::{Attr, Builder, Failure, Op, Type, Value},
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
        let mut alone = vec![];
        for op in left.into_iter().rev() {
            if !Affine::of(op).map_or(Ok(true), |step| step.fold_forwards())? {
                alone.push(op);
            }
        }
        for step in alone.into_iter().rev().filter_map(Affine::of) {
            // The one before may have become a convolution.
            if !step.fold_backwards()? {
                step.become_convolution();
            }
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

    /// Folds into the convolutions whose output this is; false if there are none.
    fn fold_backwards(&self) -> Result<bool, Failure> {
        let rising = self.factor.iter().all(|&factor| factor >= 0.0);
        let mut layers = vec![];
        if producing_layers(self.input, rising, 0, &mut layers).is_none() {
            return Ok(false);
        }
        let mut folded = vec![];
        for (layer, first) in layers {
            let (mut weights, mut bias) = (layer.weights::<f32>()?, layer.bias::<f32>()?);
            for (i, w) in weights.iter_mut().enumerate() {
                *w *= at(&self.factor, first + layer.channels_of(i).0);
            }
            for (channel, b) in bias.iter_mut().enumerate() {
                *b = *b * at(&self.factor, first + channel) + at(&self.summand, first + channel);
            }
            folded.push((layer, weights, bias));
        }
        self.replace(folded)?;
        Ok(true)
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
        self.replace(vec![(layer, weights, bias)])?;
        Ok(true)
    }

    /// A depthwise convolution of 1x1 in the place of factors and summands a channel.
    fn become_convolution(&self) {
        let ty = self.input.ty();
        let channels = self.factor.len().max(self.summand.len());
        let (Some(shape), true) = (ty.shape(), channels > 1) else { return };
        let here = Builder::before(self.op);
        let spread = |values: &[f32]| (0..channels).map(|channel| at(values, channel)).collect::<Vec<_>>();
        let count = channels as i64;
        let weights = tosa::const_dense(here, &[1, 1, count, 1], &spread(&self.factor));
        let bias = tosa::const_dense(here, &[count], &spread(&self.summand));
        let zero = tosa::const_dense(here, &[1], &[0f32]);
        let plain = Geometry { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], pad: [0; 4] };
        let float = Type::f32(here.ctx());
        // Feature maps have rank 4; vectors are maps of one pixel.
        let map = match shape[..] {
            [_, _, _, _] => shape.clone(),
            _ => vec![1, 1, shape.iter().product::<i64>() / count, count],
        };
        let reshaped = |value, from: &[i64], to: &[i64]| {
            if from == to { value } else { tosa::reshape(here, value, to) }
        };
        let operands = (reshaped(self.input, &shape, &map), weights, bias);
        let output =
            tosa::depthwise_conv2d(here, operands, (zero, zero), &plain, Type::tensor(&map, float), float);
        self.op.replace(&[reshaped(output, &map, &shape)]);
    }

    /// Sets the weights and biases of layers that do this step's work from now on.
    fn replace(&self, folded: Vec<(Convolution<'c>, Vec<f32>, Vec<f32>)>) -> Result<(), Failure> {
        let mut numbers = folded.iter().flat_map(|(_, weights, bias)| weights.iter().chain(bias));
        if !numbers.all(|v| v.is_finite()) {
            return Err(self.op.error(
                "makes weights that are not finite when it is folded into its convolution",
                &["the network's normalisation divides by a variance near zero: retrain it, or raise its epsilon"],
            ));
        }
        for (layer, weights, bias) in folded {
            layer.set_weights(&weights);
            layer.set_bias(&bias);
        }
        self.op.replace(&[self.input]);
        Ok(())
    }
}

/// Appends the convolutions that make a value, if nothing else uses them, each with its first channel's place in the
/// value; maybe with poolings, reshapes or concatenations between, where it makes no difference on which side of them a
/// channel is multiplied and added to. That is so for maxima if the factors are not negative (`rising`), and for averages,
/// which TOSA takes without the padding. None if the value is not made by convolutions alone.
fn producing_layers<'c>(
    value: Value<'c>,
    rising: bool,
    first: usize,
    layers: &mut Vec<(Convolution<'c>, usize)>,
) -> Option<()> {
    value.only_user()?;
    let op = value.producer()?;
    let channels = |v: Value<'_>| v.ty().shape()?.last().copied();
    match op.name().as_str() {
        "tosa.reshape" if channels(op.operand(0)?) != channels(value) => None,
        "tosa.max_pool2d" if !rising => None,
        "tosa.reshape" | "tosa.max_pool2d" | "tosa.avg_pool2d" => {
            producing_layers(op.operand(0)?, rising, first, layers)
        }
        "tosa.concat" => {
            let rank = value.ty().shape()?.len() as i64;
            if op.attr("axis").and_then(Attr::to_i64) != Some(rank - 1) {
                return None;
            }
            let mut first = first;
            for part in op.operands() {
                producing_layers(part, rising, first, layers)?;
                first += channels(part)? as usize;
            }
            Some(())
        }
        _ => {
            layers.push((Convolution::cast(op)?, first));
            Some(())
        }
    }
}

/// The number of a channel.
fn at(values: &[f32], channel: usize) -> f32 {
    if values.len() == 1 { values[0] } else { values[channel] }
}
