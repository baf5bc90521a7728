//! Makes a failing case small: tries simpler ones, as long as they fail the same way.

use super::case::{Case, Settings};
use crate::eenet::syntax::{Item, Layer, Op, Options};
use std::time::{Duration, Instant};

/// The most cases that are tried.
const MOST_TRIALS: usize = 150;

/// How long cases are tried: those that do not end take long.
const LONGEST: Duration = Duration::from_secs(900);

/// The smallest case that `fails` holds for that simplifying leads to. `fails` gets several at once, and says which fail.
pub fn shrink(case: Case, fails: impl Fn(&[Case]) -> Vec<bool>) -> Case {
    let mut smallest = case;
    let mut trials = 0;
    let started = Instant::now();
    'again: loop {
        let candidates: Vec<_> = simpler(&smallest).into_iter().filter(Case::is_valid).collect();
        for some in candidates.chunks(2) {
            trials += some.len();
            if trials > MOST_TRIALS || started.elapsed() > LONGEST {
                return smallest;
            }
            if let Some(index) = fails(some).iter().position(|failed| *failed) {
                smallest = some[index].clone();
                continue 'again;
            }
        }
        return smallest;
    }
}

/// Cases that are simpler by one step, large steps first.
fn simpler(case: &Case) -> Vec<Case> {
    let mut found = vec![];
    let items = &case.network.items;
    let mut with_items = |items: Vec<Item>| {
        let mut simpler = case.clone();
        simpler.network.items = items;
        found.push(simpler);
    };
    // Without a run of items, long runs first; without layers of a classifier.
    let mut length = items.len() / 2;
    while length > 0 {
        for start in (0..items.len()).step_by(length) {
            let end = (start + length).min(items.len());
            with_items([&items[..start], &items[end..]].concat());
        }
        length /= 2;
    }
    for (index, item) in items.iter().enumerate() {
        if let Item::Exit(exit) = item {
            for layer in 0..exit.layers.len() {
                let mut exit = exit.clone();
                exit.layers.remove(layer);
                let mut items = items.clone();
                items[index] = Item::Exit(exit);
                with_items(items);
            }
        }
    }
    found.extend(
        simpler_settings(&case.settings).into_iter().map(|settings| Case { settings, ..case.clone() }),
    );
    for side in 0..case.network.input.value.len() {
        for smaller in smaller(case.network.input.value[side]) {
            let mut simpler = case.clone();
            simpler.network.input.value[side] = smaller;
            found.push(simpler);
        }
    }
    found.extend(fewer_classes(case));
    for (index, layer) in layers(case).into_iter().enumerate() {
        for layer in simpler_layers(layer) {
            let mut simpler = case.clone();
            if let Some(place) = layers_mut(&mut simpler).into_iter().nth(index) {
                *place = layer;
                found.push(simpler);
            }
        }
    }
    found
}

/// Half a number and one less, from 1 up.
fn smaller(number: i64) -> Vec<i64> {
    let mut numbers = vec![number / 2, number - 1];
    numbers.dedup();
    numbers.retain(|&n| n >= 1);
    numbers
}

fn simpler_settings(settings: &Settings) -> Vec<Settings> {
    let mut found = vec![];
    let mut with = |change: &dyn Fn(&mut Settings)| {
        let mut simpler = settings.clone();
        change(&mut simpler);
        if simpler != *settings {
            found.push(simpler);
        }
    };
    with(&|s| s.compile.clear());
    for flag in settings.compile.iter().filter(|word| word.starts_with("--")) {
        with(&|s| remove_option(&mut s.compile, flag));
    }
    with(&|s| s.reset_cycle = 0);
    with(&|s| s.burst_cycles = 0);
    with(&|s| s.stall = 0.0);
    with(&|s| s.samples = s.samples.div_ceil(2));
    with(&|s| s.samples = (s.samples - 1).max(1));
    with(&|s| s.calibration = s.calibration.div_ceil(2));
    found
}

/// Removes a flag and its value.
pub fn remove_option(words: &mut Vec<String>, flag: &str) {
    if let Some(start) = words.iter().position(|word| word == flag) {
        let value = words.get(start + 1).is_some_and(|next| !next.starts_with("--"));
        words.drain(start..=start + usize::from(value));
    }
}

/// All classifiers with fewer classes.
fn fewer_classes(case: &Case) -> Vec<Case> {
    let last = |layers: &[&Layer]| match layers.last().map(|layer| &layer.op.value) {
        Some(Op::Dense { outputs }) => Some(*outputs),
        _ => None,
    };
    let Some(classes) = last(&layers(case)) else { return vec![] };
    let with = |fewer| {
        let mut simpler = case.clone();
        let count = simpler.network.items.len();
        for (index, item) in simpler.network.items.iter_mut().enumerate() {
            let layer = match item {
                Item::Exit(exit) => exit.layers.last_mut(),
                Item::Layer(layer) => (index + 1 == count).then_some(layer),
            };
            if let Some(Layer { op, .. }) = layer
                && let Op::Dense { outputs } = &mut op.value
            {
                *outputs = fewer;
            }
        }
        simpler
    };
    smaller(classes).into_iter().filter(|&n| n >= 2).map(with).collect()
}

/// The layers in the order of the text.
fn layers(case: &Case) -> Vec<&Layer> {
    let mut found = vec![];
    for item in &case.network.items {
        match item {
            Item::Layer(layer) => found.push(layer),
            Item::Exit(exit) => found.extend(&exit.layers),
        }
    }
    found
}

/// The same, to change them.
fn layers_mut(case: &mut Case) -> Vec<&mut Layer> {
    let mut found = vec![];
    for item in &mut case.network.items {
        match item {
            Item::Layer(layer) => found.push(layer),
            Item::Exit(exit) => found.extend(&mut exit.layers),
        }
    }
    found
}

/// A layer with one thing less.
fn simpler_layers(layer: &Layer) -> Vec<Layer> {
    let mut found = vec![];
    let mut with = |change: &dyn Fn(&mut Layer)| {
        let mut simpler = layer.clone();
        change(&mut simpler);
        if simpler != *layer {
            found.push(simpler);
        }
    };
    with(&|l| l.window = Options { kernel: l.window.kernel, ..Options::default() });
    with(&|l| l.window.pad = None);
    with(&|l| l.window.stride = None);
    with(&|l| l.window.dilation = None);
    with(&|l| l.window.ceil = false);
    with(&|l| l.window.count_pad = false);
    with(&|l| l.bias = false);
    if let Some([rows, columns]) = layer.window.kernel {
        with(&|l| l.window.kernel = Some([1, columns]));
        with(&|l| l.window.kernel = Some([rows, 1]));
        with(&|l| l.window.kernel = Some([(rows - 1).max(1), (columns - 1).max(1)]));
    }
    match layer.op.value {
        Op::Conv { outputs, groups } => {
            with(&|l| l.op.value = Op::Conv { outputs, groups: 1 });
            for outputs in smaller(outputs) {
                with(&|l| l.op.value = Op::Conv { outputs, groups });
            }
        }
        Op::Dense { outputs } => {
            for outputs in smaller(outputs) {
                with(&|l| l.op.value = Op::Dense { outputs });
            }
        }
        Op::Clamp { .. }
        | Op::BatchNorm { .. }
        | Op::LeakyRelu { .. }
        | Op::Sigmoid
        | Op::Tanh
        | Op::HardSwish => with(&|l| l.op.value = Op::Relu),
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A defect that needs a stride in a convolution behind an exit shrinks to an exit and that convolution, which is a
    /// classifier since the image is one pixel.
    #[test]
    fn what_does_not_matter_goes() {
        let text = "# run: seed=3 samples=12 calibration=8 stall=0.3 burst=100 reset=50\n\
            # compile: --budget 0.5 --no-exits\n\
            network n\ninput 9x8x3\nweights random seed 1\n\
            a = conv 7 kernel 3 pad 1\nrelu\nmax_pool 2\n\
            exit first when max_softmax > 0.5 { conv 4 kernel 1; relu; dense 6 }\n\
            conv 5 kernel 2 stride 2\nbatch_norm\nrelu\n\
            exit second when max_softmax > 0.5 { dense 6 }\ndense 12; dense 6\n";
        let case = Case::parse(text).expect("the case is one");
        let strided = |item: &Item| matches!(item, Item::Layer(layer) if layer.window.stride == Some([2, 2]));
        let fails = |case: &Case| {
            let items = &case.network.items;
            let exit = items.iter().position(|item| matches!(item, Item::Exit(_)));
            exit.zip(items.iter().position(strided)).is_some_and(|(exit, strided)| exit < strided)
        };
        let small = shrink(case, |cases| cases.iter().map(fails).collect());
        assert!(fails(&small));
        let wanted = "# run: seed=3 samples=1 calibration=1 stall=0 burst=0 reset=0\n\
            network n\ninput 1x1x1\nweights random seed 1\n\n\n\
            exit first when max_softmax > 0.5 {\n  dense 2 no_bias\n}\n\n\
            conv 2 kernel 1 stride 2 no_bias\n";
        assert_eq!(small.to_string(), wanted);
    }
}
