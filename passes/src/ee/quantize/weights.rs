//! Integer weights of each layer.

use std::collections::HashMap;

use atheena_dialects::{
    ee::Exit,
    ir::{Block, Failure, Op, Value},
    tosa::Convolution,
};

use super::groups::Groups;
use super::rewrite::Sums;
use super::rounding::LayerInputs;
use super::scales::{Format, power, weight_exponent, weight_scale};
use super::scheme::{Scheme, WeightBits};
use super::widths;

/// Bits of weights that may be chosen.
const MOST_BITS: u32 = 8;
const LEAST_BITS: u32 = 2;

/// Integer weights of a layer.
pub struct Weights {
    /// In row-major order.
    pub integers: Vec<i8>,
    /// The real number that a step of a weight stands for: one for all, or one for each output channel.
    pub scales: Vec<f64>,
    /// The bias of each channel, a real number, with what it makes up for.
    pub bias: Vec<f64>,
    /// What a step of the input stands for, but for what is in the weights.
    pub input_scale: f64,
}

/// The real weights of a layer.
struct Real {
    /// What a step of the input stands for beside a power of two is in them.
    weights: Vec<f64>,
    bias: Vec<f32>,
}

/// Weights that may be chosen, and the noise of the layer's sums with them as a part of their energy.
type Choice = (Weights, f64);

/// Chooses the weights of all layers, by the scheme.
pub struct Chooser<'c, 'a> {
    pub groups: &'a Groups<'c>,
    pub formats: &'a [Format],
    pub scheme: &'a Scheme,
    pub inputs: &'a LayerInputs<'c>,
}

impl<'c> Chooser<'c, '_> {
    /// The weights of each layer, by its output.
    pub fn choose(&self, function: Op<'c>) -> Result<HashMap<Value<'c>, Weights>, Failure> {
        let mut chosen = HashMap::new();
        // Those whose bits are chosen together.
        let mut choices: Vec<(Convolution<'c>, Vec<Choice>)> = vec![];
        let budget = match self.scheme.weight_bits {
            WeightBits::All(_) => 0.0,
            WeightBits::Together { sqnr_db } => 10f64.powf(-sqnr_db / 10.0),
        };
        for layer in Convolution::all_in(function) {
            let real = self.real(layer)?;
            let is_seen = self.inputs.of_layer(layer.output()).is_some();
            let bits = match self.scheme.weight_bits {
                WeightBits::All(bits) => bits,
                WeightBits::Together { .. } if !is_seen => MOST_BITS,
                WeightBits::Together { .. } => {
                    choices.push((layer, self.choices(layer, &real, budget)));
                    continue;
                }
            };
            chosen.insert(layer.output(), self.of_bits(layer, &real, bits).0);
        }
        let ways =
            ways(&Exit::all_in(function), &choices.iter().map(|(layer, _)| layer.0).collect::<Vec<_>>());
        let fewer = widths::fewer_bits(&layers(&choices), &ways, budget);
        for ((layer, mut choices), fewer) in choices.into_iter().zip(fewer) {
            chosen.insert(layer.output(), choices.swap_remove(fewer).0);
        }
        Ok(chosen)
    }

    fn format(&self, value: Value<'c>) -> Format {
        let group = self.groups.group_of(value).expect("a number of the network has a group");
        self.formats[group]
    }

    fn real(&self, layer: Convolution<'c>) -> Result<Real, Failure> {
        let unit = if self.scheme.powers_of_two { self.format(layer.input()).unit } else { 1.0 };
        let weights: Vec<f64> = layer.weights::<f32>()?.iter().map(|&w| f64::from(w) * unit).collect();
        let bias = layer.bias::<f32>()?;
        if !weights.iter().all(|w| w.is_finite()) || !bias.iter().all(|b| b.is_finite()) {
            let cure = "look at the training: the network's file holds NaN or infinite weights";
            return Err(layer.0.error("has weights that are not finite", &[cure]));
        }
        Ok(Real { weights, bias })
    }

    /// Weights of the most bits down to the fewest whose noise alone is within the budget.
    fn choices(&self, layer: Convolution<'c>, real: &Real, budget: f64) -> Vec<Choice> {
        let choice = |bits| {
            let (weights, noise) = self.of_bits(layer, real, bits);
            // Sums that are always the same have no energy.
            (weights, noise.filter(|noise| noise.is_finite()).unwrap_or_default())
        };
        let fewer = (LEAST_BITS..MOST_BITS).rev().map(choice).take_while(|&(_, noise)| noise <= budget);
        std::iter::once(choice(MOST_BITS)).chain(fewer).collect()
    }

    /// Weights of so many bits, and the noise of the layer's sums as a part of their energy where the calibration samples tell it.
    fn of_bits(&self, layer: Convolution<'c>, real: &Real, bits: u32) -> (Weights, Option<f64>) {
        let (input, output) = (self.format(layer.input()), self.format(layer.output()));
        let input_scale = if self.scheme.powers_of_two { power(-input.exponent) } else { input.scale() };
        let scales = if self.scheme.powers_of_two && !layer.is_depthwise() {
            // 2^-n from sums to outputs, with n in what TOSA's shift can say.
            let scale = weight_exponent(&real.weights, bits).min(output.exponent - input.exponent + 32);
            vec![power(-scale)]
        } else {
            self.scales_of_channels(layer, real, input_scale / output.scale(), bits)
        };
        let scale = |channel: usize| if scales.len() == 1 { scales[0] } else { scales[channel] };
        let most = power(bits as i32 - 1) - 1.0;
        let steps: Vec<f64> =
            real.weights.iter().enumerate().map(|(i, w)| w / scale(layer.channels_of(i).0)).collect();
        let bias = real.bias.iter().map(|&b| f64::from(b));
        let Some(inputs) = self.inputs.of_layer(layer.output()) else {
            let integers = steps.iter().map(|w| w.round().clamp(-most, most) as i8).collect();
            return (Weights { integers, bias: bias.collect(), scales, input_scale }, None);
        };
        let rounded = inputs.round(&steps, most);
        let squares = |values: &[f64]| -> f64 {
            values.iter().enumerate().map(|(channel, value)| value * scale(channel).powi(2)).sum()
        };
        let noise = squares(&rounded.noise) / squares(&inputs.signal(&steps));
        let made_up =
            |(channel, (bias, made)): (usize, (f64, &f64))| bias + made * input_scale * scale(channel);
        let bias = bias.zip(&rounded.bias).enumerate().map(made_up).collect();
        (Weights { integers: rounded.integers, bias, scales, input_scale }, Some(noise))
    }

    /// A scale for the weights of each output channel, given what a product of a step of the input and one is in steps of
    /// the output; a power of two if all are.
    fn scales_of_channels(
        &self,
        layer: Convolution<'c>,
        Real { weights, bias }: &Real,
        step: f64,
        weight_bits: u32,
    ) -> Vec<f64> {
        let powers_of_two = self.scheme.powers_of_two;
        let sums = Sums::of(self.format(layer.input()));
        let mut channels = vec![vec![]; layer.out_channels()];
        for (i, &w) in weights.iter().enumerate() {
            channels[layer.channels_of(i).0].push(w);
        }
        let output = self.format(layer.output());
        let scale = |(weights, &bias): (&Vec<f64>, &f32)| {
            let best = match powers_of_two && weights.iter().any(|&w| w != 0.0) {
                true => power(-weight_exponent(weights, weight_bits)),
                false => weight_scale(weights, weight_bits),
            };
            // No finer than that the bias fits easily into a sum, and that TOSA's shift can say.
            let bias = f64::from(bias.abs()) / output.scale() / step * power(5 - sums.bits as i32);
            let scale = best.max(bias).max(power(-24) / step);
            if powers_of_two { power(scale.log2().ceil() as i32) } else { scale }
        };
        channels.iter().zip(bias).map(scale).collect()
    }
}

/// What layers have to choose from. A bit less saves memory as there are weights, and logic as there are products a sample.
fn layers(choices: &[(Convolution<'_>, Vec<Choice>)]) -> Vec<widths::Layer> {
    let count = |(layer, choices): &(Convolution<'_>, Vec<Choice>)| {
        let weights = choices[0].0.integers.len() as f64;
        let shape = layer.output().ty().shape().unwrap_or_default();
        // [N, H, W, C]
        let positions = shape.get(1..3).map_or(1, |sizes| sizes.iter().product::<i64>());
        [weights, weights * positions as f64]
    };
    let counts: Vec<_> = choices.iter().map(count).collect();
    let total = |kind: usize| counts.iter().map(|counts| counts[kind]).sum::<f64>();
    let layer = |((_, choices), [weights, products]): (&(_, Vec<Choice>), &[f64; 2])| widths::Layer {
        noise: choices.iter().map(|&(_, noise)| noise).collect(),
        bit: weights / total(0) + products / total(1),
    };
    choices.iter().zip(&counts).map(layer).collect()
}

/// Is a layer in a block, or in one inside of it?
fn is_in<'c>(layer: Op<'c>, block: Block<'c>) -> bool {
    std::iter::successors(layer.block(), |inner| inner.parent()?.block()).any(|outer| outer == block)
}

/// The layers on the way to each classifier, by their numbers.
fn ways<'c>(exits: &[Exit<'c>], layers: &[Op<'c>]) -> Vec<Vec<usize>> {
    let is_of_an_exit = |layer: Op<'c>| exits.iter().any(|exit| is_in(layer, exit.classify()));
    let way = |is_on_it: &dyn Fn(Op<'c>) -> bool| -> Vec<usize> {
        (0..layers.len()).filter(|&number| is_on_it(layers[number])).collect()
    };
    let to_exit = |exit: &Exit<'c>| {
        way(&|layer| is_in(layer, exit.classify()) || !layer.is_inside(exit.0) && !is_of_an_exit(layer))
    };
    let to_last = way(&|layer| !is_of_an_exit(layer));
    exits.iter().map(to_exit).chain([to_last]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use melior::ir::Module;

    /// What is behind an exit is on no way to its classifier, and a classifier on none behind the exit.
    #[test]
    fn ways_lead_to_classifiers() {
        let clamp = |result: &str, operand: &str| {
            let ty = "tensor<1x3xf32>";
            format!(
                "{result} = tosa.clamp {operand} {{min_val = 0.0 : f32, max_val = 1.0 : f32}} : ({ty}) -> {ty}\n"
            )
        };
        let exit = |name: &str, operand: &str, parts: [&str; 2]| {
            let [classify, otherwise] = parts;
            format!(
                "ee.exit \"{name}\" on (%{name} = {operand} : tensor<1x3xf32>) when #ee.max_softmax<threshold = 0.5> \
                 classify {{ {classify} }} otherwise {{ {otherwise} }} -> tensor<1x3xf32>\n"
            )
        };
        let yields = |value: &str| format!("ee.yield {value} : tensor<1x3xf32>");
        let end = |value: &str, operand: &str| clamp(value, operand) + &yields(value);
        let second = exit("exit2", "%c", [&end("%d", "%exit2"), &end("%e", "%exit2")]);
        let behind = clamp("%c", "%exit1") + "%z = " + &second + &yields("%z");
        let first = exit("exit1", "%a", [&end("%b", "%exit1"), &behind]);
        let text = format!(
            "func.func @network(%x: tensor<1x3xf32>) -> tensor<1x3xf32> {{\n{} %y = {first} return %y : tensor<1x3xf32> }}",
            clamp("%a", "%x")
        );
        let context = atheena_dialects::context();
        let module = Module::parse(&context, &text).expect("the network is well-formed");
        let function = Op::of_module(&module);
        let layers = function.walk_named("tosa.clamp");
        assert_eq!(ways(&Exit::all_in(function), &layers), [vec![0, 1], vec![0, 2, 3], vec![0, 2, 4]]);
    }
}
