//! What quantisation costs, layer by layer and end to end: both networks run the calibration samples.

use super::{
    Options,
    groups::{Groups, outside},
    observe::{Observed, observing},
    scales::Format,
};
use crate::classifiers::leaves;
use atheena_dialects::{
    ee::{Confidence, Exit},
    ir::{Failure, Op, Value},
    tosa::Convolution,
};
use atheena_runtime::golden::{Golden, Outputs, Tensor};
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, PoisonError};

/// What quantisation costs on the calibration samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The samples that both networks ran.
    pub samples: usize,
    /// Those that are classified right by the float network; none without labels.
    pub float_right: Option<usize>,
    /// Those that are classified right by the integer network; none without labels.
    pub right: Option<usize>,
    /// Those that leave at another exit than in the float network.
    pub exits_changed: usize,
    /// Those that get another class than from the float network.
    pub classes_changed: usize,
    /// What each layer hands on, behind its activation function, in the order of the network.
    pub layers: Vec<LayerReport>,
}

/// What quantisation costs in a layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerReport {
    /// The layer's name.
    pub name: String,
    /// Bits of its numbers.
    pub bits: u32,
    /// Bits that its weights take; none if it has none.
    #[serde(default)]
    pub weights_bits: Option<u32>,
    /// The real number that a step stands for.
    pub scale: f64,
    /// Signal to quantisation noise in dB: 10 log10 of the float numbers' energy over that of their difference from the integer
    /// network's, with all rounding before it; none where there is no difference.
    pub sqnr_db: Option<f64>,
    /// The part of the float numbers, in per cent, that is beyond the range of the integers.
    pub saturated_percent: f64,
}

/// Below so many dB of SQNR a layer's noise is more than a sixth of its signal's amplitude.
const POOR_DB: f64 = 15.0;

impl Report {
    /// Which layers have much noise, in words; none if none has.
    pub fn warning(&self) -> Option<String> {
        let poor = |layer: &&LayerReport| layer.sqnr_db.is_some_and(|db| db < POOR_DB);
        let layers: Vec<_> = self.layers.iter().filter(poor).collect();
        let worst = layers.iter().min_by(|a, b| a.sqnr_db.partial_cmp(&b.sqnr_db).expect("none is NaN"))?;
        Some(format!(
            "quantisation leaves less than {POOR_DB} dB of signal to noise in {} of {} layers, from {:?} on, and the least, {:.1} dB, in {:?}",
            layers.len(),
            self.layers.len(),
            layers[0].name,
            worst.sqnr_db.unwrap_or_default(),
            worst.name
        ))
    }
}

/// A float network to compare with, kept from before its rewriting.
pub struct Twin<'c> {
    observed: Observed<'c>,
    names: Vec<String>,
    /// What makes the observed values, where that has weights.
    weighted: Vec<Option<Convolution<'c>>>,
    decisions: Vec<Decision<'c>>,
}

/// A classifier: its logits, and the condition of its exit unless it is the last one.
struct Decision<'c> {
    logits: Value<'c>,
    confidence: Option<Confidence>,
}

impl<'c> Twin<'c> {
    /// Of a network that is still float.
    pub fn of(function: Op<'c>, groups: &Groups<'c>, observed: Observed<'c>) -> Self {
        let maker = |&group: &usize| groups.maker(group).and_then(Value::producer);
        let name = |group: &usize| {
            let kind = |op: Op<'_>| op.name().trim_start_matches("tosa.").to_owned();
            maker(group).map_or_else(String::new, |op| op.loc().to_name().unwrap_or_else(|| kind(op)))
        };
        let names = observed.group_of.iter().map(name).collect();
        let weighted =
            observed.group_of.iter().map(|group| maker(group).and_then(Convolution::cast)).collect();
        Self { observed, names, weighted, decisions: decisions(function) }
    }

    /// Compares the rewritten network, in which `integers` are what the observed values have become.
    pub fn report(
        self,
        function: Op<'c>,
        integers: &[Value<'c>],
        formats: &[Format],
        options: &Options,
    ) -> Result<Report, Failure> {
        let Observed { golden: float, group_of, values, data, .. } = &self.observed;
        let failed = |error| function.error(format_args!("cannot be compared with floats: {error}"), &[]);
        let golden = Golden::compile(&observing(function, integers), "observe").map_err(failed)?;
        let formats: Vec<Format> = group_of.iter().map(|&group| formats[group]).collect();
        let place = |value: Value<'c>| values.iter().position(|&v| v == outside(value));
        let integer = decisions(function);
        let classifiers: Option<Vec<_>> = (self.decisions.iter())
            .zip(&integer)
            .map(|(float, integer)| {
                Some((place(float.logits)?, [float.confidence.clone(), integer.confidence.clone()]))
            })
            .collect();
        let classifiers = classifiers.unwrap_or_default();
        let samples = data.len().min(options.samples as usize);
        let compared = Mutex::new(vec![None; samples]);
        let problem = Mutex::new(None);
        // Sums of a sample by themselves, and added up in order: the same with any number of threads.
        let each = |sample: usize, floats: Outputs| match golden.run(data.image(sample)) {
            Ok(integers) => {
                let layers = (floats.0.iter().zip(&integers.0).zip(&formats))
                    .map(|((float, integer), &format)| Noise::of(float, integer, format))
                    .collect();
                let answer = |outputs: &Outputs, network: usize| {
                    let left = classifiers.iter().position(|(place, conditions)| {
                        conditions[network].as_ref().is_none_or(|c| leaves(c, &outputs.0[*place]))
                    });
                    left.map(|exit| (exit, outputs.0[classifiers[exit].0].largest()))
                };
                let (float, integer) = (answer(&floats, 0), answer(&integers, 1));
                let found = Compared { layers, float, integer };
                compared.lock().unwrap_or_else(PoisonError::into_inner)[sample] = Some(found);
            }
            Err(error) => *problem.lock().unwrap_or_else(PoisonError::into_inner) = Some(error),
        };
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
        float.run_each(data, 0..samples, threads, each).map_err(failed)?;
        if let Some(error) = problem.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(failed(error));
        }
        let compared: Vec<Compared> =
            compared.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().collect();
        let count = |which: &dyn Fn(usize, &Compared) -> bool| {
            compared.iter().enumerate().filter(|(sample, compared)| which(*sample, compared)).count()
        };
        let right = |sample: usize, answer: Answer| {
            answer.is_some_and(|(_, class)| class.is_some() && class == data.label(sample))
        };
        let labelled = data.has_labels();
        Ok(Report {
            samples,
            float_right: labelled.then(|| count(&|sample, c| right(sample, c.float))),
            right: labelled.then(|| count(&|sample, c| right(sample, c.integer))),
            exits_changed: count(&|_, c| c.float.map(|a| a.0) != c.integer.map(|a| a.0)),
            classes_changed: count(&|_, c| c.float.map(|a| a.1) != c.integer.map(|a| a.1)),
            layers: self.layers(&compared, &formats),
        })
    }

    /// The layers, each with the noise in all the values that are read of it.
    fn layers(&self, compared: &[Compared], formats: &[Format]) -> Vec<LayerReport> {
        let group_of = &self.observed.group_of;
        let mut groups = group_of.clone();
        groups.dedup();
        let layer = |group: usize| {
            let places = (0..group_of.len()).filter(|&place| group_of[place] == group);
            let first = places.clone().next().unwrap_or_default();
            let noise = (compared.iter())
                .flat_map(|compared| places.clone().map(|place| &compared.layers[place]))
                .fold(Noise::default(), Noise::plus);
            LayerReport {
                name: self.names[first].clone(),
                bits: formats[first].bits,
                weights_bits: self.weighted[first].and_then(weights_bits),
                scale: formats[first].scale(),
                sqnr_db: noise.sqnr_db(),
                saturated_percent: noise.saturated_percent(),
            }
        };
        groups.into_iter().map(layer).collect()
    }
}

/// The bits that the weights of an integer layer take.
fn weights_bits(layer: Convolution<'_>) -> Option<u32> {
    let weights = layer.weights::<i8>().ok()?;
    let largest = weights.iter().map(|weight| weight.unsigned_abs()).max()?;
    Some(1 + u8::BITS - largest.leading_zeros())
}

/// What both networks make of a sample.
#[derive(Clone)]
struct Compared {
    layers: Vec<Noise>,
    float: Answer,
    integer: Answer,
}

/// The classifier at which a sample leaves, and the class that it gets there.
type Answer = Option<(usize, Option<usize>)>;

/// Sums over the numbers of a tensor.
#[derive(Debug, Clone, Default)]
struct Noise {
    /// Of squares of the float numbers.
    signal: f64,
    /// Of squares of the differences.
    noise: f64,
    saturated: u64,
    numbers: u64,
}

impl Noise {
    fn of(float: &Tensor, integer: &Tensor, format: Format) -> Self {
        let [low, high] = format.range();
        let mut sums = Self::default();
        for (x, q) in float.to_f64().into_iter().zip(integer.to_f64()) {
            sums.signal += x * x;
            sums.noise += (x - format.real(q as i32)).powi(2);
            sums.saturated += u64::from(x < low || x > high);
            sums.numbers += 1;
        }
        sums
    }

    fn plus(self, other: &Self) -> Self {
        Self {
            signal: self.signal + other.signal,
            noise: self.noise + other.noise,
            saturated: self.saturated + other.saturated,
            numbers: self.numbers + other.numbers,
        }
    }

    fn sqnr_db(&self) -> Option<f64> {
        (self.noise > 0.0 && self.signal > 0.0).then(|| hundredths(10.0 * (self.signal / self.noise).log10()))
    }

    fn saturated_percent(&self) -> f64 {
        (100_000.0 * 100.0 * self.saturated as f64 / self.numbers.max(1) as f64).round() / 100_000.0
    }
}

/// Two digits behind the point.
fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// The classifiers of a network whose exits nest, the last one at the end; none if its result is no tensor of a layer.
fn decisions(function: Op<'_>) -> Vec<Decision<'_>> {
    let exits = Exit::all_in(function).into_iter();
    let exits = exits.map(|exit| Decision { logits: exit.logits(), confidence: Some(exit.confidence()) });
    let last = last_logits(function).map(|logits| Decision { logits, confidence: None });
    exits.chain(last).collect()
}

/// The last classifier's result, which is at the end of the innermost exit's late region.
pub fn last_logits(function: Op<'_>) -> Option<Value<'_>> {
    let mut logits = function.body().last().and_then(|end| end.operand(0));
    while let Some(exit) = logits.and_then(Value::producer).and_then(Exit::cast) {
        logits = Exit::yielded(exit.otherwise()).first().copied();
    }
    logits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two of four layers are below 15 dB; one without any noise is not.
    #[test]
    fn layers_with_much_noise_are_named() {
        let layer = |name: &str, sqnr_db| LayerReport {
            name: name.to_owned(),
            bits: 8,
            scale: 1.0,
            sqnr_db,
            weights_bits: None,
            saturated_percent: 0.0,
        };
        let mut report = Report {
            samples: 1,
            float_right: None,
            right: None,
            exits_changed: 0,
            classes_changed: 0,
            layers: vec![layer("a", None), layer("b", Some(15.0))],
        };
        assert_eq!(report.warning(), None);
        report.layers.extend([layer("c", Some(14.9)), layer("d", Some(3.0))]);
        let warning = report.warning().expect("two layers are noisy");
        assert!(
            warning.contains("in 2 of 4 layers, from \"c\" on, and the least, 3.0 dB, in \"d\""),
            "{warning}"
        );
    }

    /// By hand: steps of 1/4 reach -32 to 31.75, so 40 is beyond; 3 + 40 against 3.25 and 31.75 differ by 0.25 and 8.25.
    #[test]
    fn noise_is_the_energy_of_the_difference() {
        let format = Format::symmetric(2, 8);
        let noise = Noise::of(&Tensor::F32(vec![3.0, 40.0]), &Tensor::I8(vec![13, 127]), format);
        assert_eq!((noise.signal, noise.noise), (9.0 + 1600.0, 0.0625 + 68.0625));
        assert_eq!((noise.saturated, noise.numbers), (1, 2));
        // 10 log10(1609 / 68.125) = 13.732.
        assert_eq!(noise.sqnr_db(), Some(13.73));
        assert_eq!(noise.saturated_percent(), 50.0);
        assert_eq!(Noise::default().sqnr_db(), None);
    }
}
