//! What numbers a network's tensors hold, over the calibration samples.

use std::sync::{Mutex, PoisonError};

use atheena_dialects::{
    ee::Exit,
    ir::{Attr, Builder, Failure, Op, Type, Value},
};
use atheena_runtime::{
    dataset::DataSet,
    golden::{Golden, Outputs, Tensor},
};

use super::{
    Options,
    groups::{Groups, image},
};

/// How often which numbers occurred, told apart by sign, exponent and ten bits of mantissa: fine enough against the
/// seven bits that are kept of them. Counts, so that the order of samples does not matter.
pub struct Histogram(Vec<u64>);

impl Histogram {
    /// Bits of an f32 that are not told apart.
    const COARSE: u32 = 13;
    /// The exponent bits, all set: infinities and NaN.
    const NOT_FINITE: u32 = 0xff << 23 >> Self::COARSE;

    fn new() -> Self {
        Self(vec![0; 1 << (32 - Self::COARSE)])
    }

    fn add(&mut self, values: &[f32]) {
        for value in values {
            self.0[(value.to_bits() >> Self::COARSE) as usize] += 1;
        }
    }

    /// The numbers that occurred, with their counts.
    pub fn values(&self) -> Vec<(f64, u64)> {
        let middle = |bin: usize| {
            let bits = (bin as u32) << Self::COARSE;
            let near_zero = bits << 1 == 0;
            f64::from(f32::from_bits(if near_zero { 0 } else { bits | 1 << (Self::COARSE - 1) }))
        };
        self.0.iter().enumerate().filter(|(_, count)| **count > 0).map(|(bin, &n)| (middle(bin), n)).collect()
    }

    /// The largest absolute value.
    pub fn largest(&self) -> f64 {
        self.values().iter().fold(0.0, |largest, (value, _)| largest.max(value.abs()))
    }

    /// Was every number finite?
    pub fn is_finite(&self) -> bool {
        let exponent = |bin: usize| bin as u32 & Self::NOT_FINITE;
        self.0.iter().enumerate().all(|(bin, &count)| count == 0 || exponent(bin) != Self::NOT_FINITE)
    }
}

/// A float network whose tensors have been seen.
pub struct Observed<'c> {
    /// What each group's values were. The image's histogram is empty.
    pub seen: Vec<Histogram>,
    /// The values that were looked at, and the group of each.
    pub values: Vec<Value<'c>>,
    /// Of each value.
    pub group_of: Vec<usize>,
    /// Computes the values.
    pub golden: Golden,
    /// The calibration samples.
    pub data: DataSet,
}

/// Runs the calibration samples through all layers.
pub fn observe<'c>(
    function: Op<'c>,
    groups: &Groups<'c>,
    options: &Options,
) -> Result<Observed<'c>, Failure> {
    let data = calibration(function, options)?;
    let seen: Vec<_> = (0..groups.len()).map(|_| Histogram::new()).collect();
    // Which group each result of the observing function is of.
    let (group_of, values): (Vec<usize>, Vec<Value>) = (1..groups.len())
        .flat_map(|group| groups.read_values(group).iter().map(move |&value| (group, value)))
        .unzip();
    let module = observing(function, &values);
    let failed = |error| function.error(format_args!("cannot be run on calibration samples: {error}"), &[]);
    let golden = Golden::compile(&module, "observe").map_err(failed)?;
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let samples = data.len().min(options.samples as usize);
    let seen = Mutex::new(seen);
    let count = |_: usize, outputs: Outputs| {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        for (group, tensor) in group_of.iter().zip(&outputs.0) {
            if let Tensor::F32(values) = tensor {
                seen[*group].add(values);
            }
        }
    };
    golden.run_each(&data, 0..samples, threads, count).map_err(failed)?;
    let seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Observed { seen, values, group_of, golden, data })
}

/// Reads the calibration samples, and checks them against the network's argument.
fn calibration(function: Op<'_>, options: &Options) -> Result<DataSet, Failure> {
    if options.calibration.is_empty() {
        let cure = "give ee-quantize{calibration=X.npz}, with `images`, uint8 [N, H, W, C], like those of the training set";
        return Err(function.error("needs calibration samples to be quantised", &[cure]));
    }
    if options.samples < 1 {
        let message = format!("needs at least one calibration sample, but samples is {}", options.samples);
        return Err(function.error(message, &["a few hundred do"]));
    }
    let data = DataSet::read_images(&options.calibration)
        .map_err(|error| function.error(format_args!("has no calibration samples: {error}"), &[]))?;
    let wanted = image(function)?.ty().shape().unwrap_or_default();
    let found = data.shape();
    let extents: Vec<usize> = wanted[1..].iter().map(|&extent| extent.max(0) as usize).collect();
    if !data.fits(&extents) {
        let message = format!(
            "takes images of [H, W, C] = {:?}, but those of {} are {:?}",
            &wanted[1..],
            options.calibration,
            &found[1..]
        );
        return Err(
            function.error(message, &["calibrate with samples like those the network was trained on"])
        );
    }
    Ok(data)
}

/// The text of a module with a function `observe` that takes an image, always runs all layers, and returns `wanted`.
pub fn observing<'c>(function: Op<'c>, wanted: &[Value<'c>]) -> String {
    let copy = function.duplicate();
    let places: Vec<_> = values_in(function)
        .into_iter()
        .zip(values_in(copy))
        .filter(|(original, _)| wanted.contains(original))
        .collect();
    for exit in Exit::all_in(copy) {
        inline(exit);
    }
    let body = copy.body();
    let copied =
        |value: &Value<'c>| places.iter().find(|(original, _)| original == value).map(|&(_, copy)| copy);
    let results: Vec<Value> = wanted.iter().filter_map(copied).collect();
    if let Some(end) = body.last() {
        end.erase();
    }
    Builder::end(body, copy.loc()).op("func.return").operands(&results).build();
    let types: Vec<Type> = results.iter().map(|v| v.ty()).collect();
    let arguments: Vec<Type> = body.arguments().into_iter().map(Value::ty).collect();
    copy.set_attr("function_type", Attr::ty(Type::function(copy.ctx(), &arguments, &types)));
    copy.set_attr("sym_name", Attr::string(copy.ctx(), "observe"));
    let text = format!("module {{\n{copy}\n}}\n");
    copy.erase();
    text
}

/// All values inside an operation, in an order that only depends on its structure.
fn values_in(op: Op<'_>) -> Vec<Value<'_>> {
    let mut values = vec![];
    for op in op.walk() {
        for block in op.regions().into_iter().flat_map(|region| region.blocks()) {
            values.extend(block.arguments());
        }
        values.extend(op.results());
    }
    values
}

/// Puts both regions of an exit in its place; its results become those of the staying samples.
fn inline(exit: Exit<'_>) {
    for region in [exit.classify(), exit.otherwise()] {
        for (argument, input) in region.arguments().into_iter().zip(exit.0.operands()) {
            argument.replace_uses(input);
        }
        let mut layers = region.ops();
        layers.pop();
        for layer in layers {
            layer.move_before(exit.0);
        }
    }
    let results = Exit::yielded(exit.otherwise());
    exit.0.replace(&results);
}
