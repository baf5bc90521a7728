//! Draws cases: networks of all layers and forms of exits that hardware has, small enough to simulate in seconds.

use super::case::{Case, Settings};
use crate::eenet::{
    error::At,
    network,
    syntax::{Exit, File, Item, Layer, Name, Op, Options, Pad, Weights},
};
use crate::random::SplitMix64;
use atheena_dialects::ee::ConfidenceKind;

/// The most products of a sample, which bound the cycles at the smallest folding.
const MOST_PRODUCTS: i64 = 60_000;

/// How often a layer that does not fit is drawn anew.
const ATTEMPTS: usize = 20;

/// The case of a seed.
pub fn case(seed: u64) -> Case {
    let mut random = SplitMix64::named(seed, "network");
    let classes = random.within(2, 10);
    let network = match random.below(8) {
        0 => dense_network(&mut random, classes),
        1 => map_network(&mut random, classes, |random| vec![random.within(4, 40), random.within(1, 4)]),
        _ => map_network(&mut random, classes, |random| {
            vec![random.within(3, 14), random.within(3, 14), random.pick(&[1, 1, 2, 3, 4, 5])]
        }),
    };
    Case { settings: settings(&mut SplitMix64::named(seed, "settings"), seed), network }
}

fn settings(random: &mut SplitMix64, seed: u64) -> Settings {
    let mut compile = vec![];
    let mut option = |flag: &str, value: String| compile.extend([flag.to_owned(), value]);
    if random.chance(0.7) {
        // From a sixtieth of the device up, as often below as above an eighth.
        option("--budget", format!("{:.3}", 2f64.powf(-6.0 * random.unit())));
    }
    if random.chance(0.4) {
        option("--device", random.pick(&["zcu104", "pynq-z2", "ecp5-85k", "vu440"]).to_owned());
    }
    if random.chance(0.5) {
        option("--scales", "arbitrary".to_owned());
    }
    match random.below(4) {
        0 => option("--calibrate", "min-max".to_owned()),
        1 => {
            option("--calibrate", "percentile".to_owned());
            option("--percentile", random.pick(&["90.0", "99.0", "99.9"]).to_owned());
        }
        _ => {}
    }
    if random.chance(0.4) {
        option("--weights-bits", random.pick(&["2", "3", "4", "5", "6", "8", "least", "20dB"]).to_owned());
    }
    if random.chance(0.15) {
        option("--activation-bits", "16".to_owned());
    }
    if random.chance(0.5) {
        option("--logits-bits", random.pick(&["8", "16"]).to_owned());
    }
    if random.chance(0.3) {
        option("--late-fraction", format!("{:.2}", random.unit()));
    }
    if random.chance(0.05) {
        compile.push("--no-exits".into());
    }
    if random.chance(0.4) {
        compile.extend(["--row-pairs".into(), "always".into()]);
    }
    Settings {
        seed,
        samples: random.within(6, 20) as usize,
        calibration: random.within(8, 24) as usize,
        stall: random.pick(&[0.0, 0.1, 0.3, 0.6]),
        burst_cycles: if random.chance(0.5) { random.within(10, 2000) as u64 } else { 0 },
        reset_cycle: if random.chance(0.5) { random.within(10, 20_000) as u64 } else { 0 },
        compile,
    }
}

/// Something that stands nowhere.
fn at<T>(value: T) -> At<T> {
    At { value, span: 0..0 }
}

fn name(text: impl Into<String>) -> Name {
    at(text.into())
}

/// A layer without options.
fn plain(op: Op) -> Layer {
    Layer { name: None, op: at(op), from: None, window: Options::default(), bias: true }
}

fn file(random: &mut SplitMix64, input: Vec<i64>) -> File {
    let weights = at(Weights::Random(random.below(1000)));
    File { name: name("fuzz"), input: at(input), weights, items: vec![] }
}

/// A network in the making.
struct Draft<'r> {
    random: &'r mut SplitMix64,
    file: File,
    classes: i64,
    exits: usize,
    /// How many names there are.
    names: usize,
}

/// A network of dense layers on a vector.
fn dense_network(random: &mut SplitMix64, classes: i64) -> File {
    let input = vec![random.within(2, 48)];
    let file = file(random, input);
    let mut draft = Draft { random, file, classes, exits: 0, names: 0 };
    for _ in 0..draft.random.within(1, 4) {
        draft.dense_layer();
        if draft.random.chance(0.4) {
            draft.exit();
        }
    }
    draft.finish()
}

/// A network that starts with layers on images, or on sequences, as its input is.
fn map_network(random: &mut SplitMix64, classes: i64, input: impl Fn(&mut SplitMix64) -> Vec<i64>) -> File {
    let sides = input(random);
    let file = file(random, sides);
    let mut draft = Draft { random, file, classes, exits: 0, names: 0 };
    // Hardware has no average of the image itself, whose zero is not 0.
    draft.convolution();
    for _ in 0..draft.random.within(0, 4) {
        match draft.random.below(13) {
            0..=4 => draft.convolution(),
            5..=6 => draft.pooling(),
            7..=8 => draft.residual(),
            9 => draft.separable(),
            10 => draft.branches(),
            11 => draft.gating(),
            _ => draft.activation(),
        }
        if draft.exits < 4 && draft.random.chance(0.35) {
            draft.exit();
        }
    }
    if draft.random.chance(0.3) {
        draft.dense_layer();
    }
    draft.finish()
}

impl Draft<'_> {
    /// Adds the last classifier.
    fn finish(mut self) -> File {
        let layers = self.classifier();
        self.file.items.extend(layers.into_iter().map(Item::Layer));
        self.file
    }

    /// Height, width and channels, or the size, of what the next layer reads.
    fn shape(&self) -> Option<Vec<i64>> {
        let mut whole = self.file.clone();
        whole.items.push(Item::Layer(plain(Op::Dense { outputs: self.classes })));
        let network = network::resolve(&whole, "", "").ok()?;
        let products: i64 = network.nodes.iter().map(|node| node.products()).sum();
        let last = network.nodes.last().and_then(|node| node.inputs.first())?;
        let shape = network.shape(*last);
        (products <= MOST_PRODUCTS).then(|| match *shape {
            [_, channels, height, width] => vec![height, width, channels],
            [_, channels, length] => vec![1, length, channels],
            _ => shape[1..].to_vec(),
        })
    }

    /// Adds layers that `draw` makes of the shape, if some attempt fits.
    fn add(&mut self, draw: impl Fn(&mut SplitMix64, &[i64]) -> Vec<Layer>) {
        let Some(shape) = self.shape() else { return };
        let kept = self.file.items.len();
        for _ in 0..ATTEMPTS {
            self.file.items.extend(draw(self.random, &shape).into_iter().map(Item::Layer));
            if self.shape().is_some() {
                return;
            }
            self.file.items.truncate(kept);
        }
    }

    fn convolution(&mut self) {
        self.add(|random, shape| {
            let mut layer = convolution(random, 1, 8, 3);
            if random.chance(0.2) {
                layer.window.dilation = Some([random.within(1, 2), random.within(1, 3)]);
            }
            let channels = shape.last().copied().unwrap_or(1);
            if random.chance(0.25) {
                group(random, &mut layer, channels);
            }
            let mut layers = vec![layer];
            layers.extend(activation(random));
            layers
        });
    }

    /// A convolution of each channel on its own, and one of 1x1 across them.
    fn separable(&mut self) {
        self.add(|random, shape| {
            let channels = shape.last().copied().unwrap_or(1);
            let mut each = convolution(random, 1, 1, 3);
            each.op.value = Op::Conv { outputs: channels * random.pick(&[1, 1, 2]), groups: channels };
            let mut across = plain(Op::Conv { outputs: random.within(1, 8), groups: 1 });
            across.window.kernel = Some([1, 1]);
            let mut layers = vec![each];
            layers.extend(activation(random));
            layers.push(across);
            layers
        });
    }

    /// Two or three branches that meet by channels.
    fn branches(&mut self) {
        self.names += 1;
        let names: Vec<_> = (0..3).map(|branch| format!("branch{}_{branch}", self.names)).collect();
        let start = format!("fork{}", self.names);
        self.add(|random, _| {
            let mut first = plain(if random.chance(0.5) { Op::Relu } else { clamp(random) });
            first.name = Some(name(&start));
            let mut layers = vec![first];
            let count = random.within(2, 3) as usize;
            for branch in &names[..count] {
                let mut layer = convolution(random, 1, 4, 1);
                let size = random.pick(&[1, 3]);
                layer.window =
                    Options { kernel: Some([size, size]), pad: Some(Pad::Same), ..Options::default() };
                layer.name = Some(name(branch));
                layer.from = Some(name(&start));
                layers.push(layer);
            }
            let mut concat = plain(Op::Concat { others: names[1..count].iter().map(name).collect() });
            concat.from = Some(name(&names[0]));
            layers.push(concat);
            layers.extend(activation(random));
            layers
        });
    }

    fn pooling(&mut self) {
        self.add(|random, _| {
            let mut pool = plain(if random.chance(0.6) { Op::MaxPool } else { Op::AveragePool });
            let maximum = pool.op.value == Op::MaxPool;
            let kernel = [random.within(1, 3), random.within(1, 3)];
            pool.window = Options {
                kernel: Some(kernel),
                stride: random.chance(0.5).then(|| [random.within(1, 3), random.within(1, 3)]),
                pad: (maximum && random.chance(0.3)).then(|| pad(random, kernel)),
                ceil: maximum && random.chance(0.2),
                ..Options::default()
            };
            vec![pool]
        });
    }

    fn activation(&mut self) {
        self.add(|random, _| activation(random).into_iter().collect());
    }

    fn dense_layer(&mut self) {
        self.add(|random, _| {
            let mut layers = vec![plain(Op::Dense { outputs: random.within(1, 32) })];
            layers[0].bias = random.chance(0.8);
            layers.extend(activation(random));
            layers
        });
    }

    /// A residual link around one or two convolutions, with or without a convolution of its own.
    fn residual(&mut self) {
        self.names += 1;
        let (start, body) = (format!("start{}", self.names), format!("body{}", self.names));
        self.add(|random, shape| {
            let [_, _, channels] = *shape else { return vec![] };
            // The start must have a name.
            let mut first = plain(if random.chance(0.5) { Op::Relu } else { clamp(random) });
            first.name = Some(name(&start));
            let mut layers = vec![first];
            let mut inner = convolution(random, channels, channels, 3);
            inner.window = Options { kernel: Some([3, 3]), pad: Some(Pad::Same), ..Options::default() };
            layers.push(inner.clone());
            if random.chance(0.4) {
                layers.extend(activation(random));
                inner.window.kernel = Some([1, random.within(1, 3)]);
                layers.push(inner);
            }
            let mut add = plain(Op::Add { other: name(&start) });
            if random.chance(0.3) {
                layers.last_mut().expect("there is a convolution").name = Some(name(&body));
                let mut around = convolution(random, channels, channels, 1);
                around.window = Options { kernel: Some([1, 1]), ..Options::default() };
                around.from = Some(name(&start));
                layers.push(around);
                add = plain(Op::Add { other: name(&body) });
            }
            layers.push(add);
            layers.extend(activation(random));
            layers
        });
    }

    /// A map times what comes of its means, or times another map.
    fn gating(&mut self) {
        self.names += 1;
        let (start, gate) = (format!("start{}", self.names), format!("gate{}", self.names));
        self.add(|random, shape| {
            let [_, _, channels] = *shape else { return vec![] };
            let mut first = plain(if random.chance(0.5) { Op::Relu } else { clamp(random) });
            first.name = Some(name(&start));
            let mut layers = vec![first];
            let pixel = |outputs| {
                let mut layer = plain(Op::Conv { outputs, groups: 1 });
                layer.window.kernel = Some([1, 1]);
                layer
            };
            if random.chance(0.7) {
                layers.extend([plain(Op::GlobalAveragePool), pixel(random.within(1, 4))]);
                layers.extend(activation(random));
            }
            layers.push(pixel(channels));
            let mut last = plain(if random.chance(0.7) { Op::Sigmoid } else { Op::Relu });
            last.name = Some(name(&gate));
            layers.push(last);
            let (other, from) = if random.chance(0.5) { (&start, &gate) } else { (&gate, &start) };
            let mut product = plain(Op::Mul { other: name(other) });
            product.from = Some(name(from));
            layers.push(product);
            layers
        });
    }

    fn exit(&mut self) {
        if self.shape().is_none() {
            return;
        }
        self.exits += 1;
        let label = name(format!("exit{}", self.exits));
        // Probabilities of random classifiers are near those of chance.
        let chance = 1.0 / self.classes as f64;
        let part = 0.6 * self.random.unit();
        let kind = self.random.pick(&ConfidenceKind::ALL);
        let threshold = match kind {
            ConfidenceKind::MaxSoftmax => chance + (1.0 - chance) * part,
            ConfidenceKind::Margin => part,
            ConfidenceKind::Entropy => (1.0 - part) * (self.classes as f64).ln(),
        };
        let threshold = at((1000.0 * threshold).round() / 1000.0);
        let layers = self.classifier();
        self.file.items.push(Item::Exit(Exit { label, kind, threshold, layers }));
    }

    /// Layers from here to logits.
    fn classifier(&mut self) -> Vec<Layer> {
        let shape = self.shape().unwrap_or_default();
        let image = shape.len() == 3;
        let random = &mut *self.random;
        let mut layers = vec![];
        if image && shape[0] > 1 && shape[1] > 1 && random.chance(0.3) {
            let mut pool = plain(Op::MaxPool);
            pool.window = Options { kernel: Some([2, 2]), ceil: true, ..Options::default() };
            layers.push(pool);
        }
        if image && random.chance(0.3) {
            let mut layer = convolution(random, 2, 6, 1);
            // A sequence has no rows to stride over.
            layer.window.stride = layer.window.stride.map(|[_, columns]| [columns; 2]);
            layers.push(layer);
            layers.extend(activation(random));
        }
        if image && random.chance(0.4) {
            layers.push(plain(Op::GlobalAveragePool));
        } else if random.chance(0.2) {
            layers.push(plain(Op::Dense { outputs: random.within(2, 16) }));
            layers.push(plain(Op::Relu));
        }
        let mut last = plain(Op::Dense { outputs: self.classes });
        last.bias = random.chance(0.8);
        layers.push(last);
        layers
    }
}

/// A convolution to at least `least` and at most `most` channels.
fn convolution(random: &mut SplitMix64, least: i64, most: i64, largest_kernel: i64) -> Layer {
    let mut layer = plain(Op::Conv { outputs: random.within(least, most), groups: 1 });
    let kernel = [0, 1].map(|_| random.within(1, largest_kernel));
    layer.window = Options {
        kernel: Some(kernel),
        stride: random.chance(0.25).then(|| [random.within(1, 2), random.within(1, 2)]),
        pad: random.chance(0.5).then(|| pad(random, kernel)),
        ..Options::default()
    };
    layer.bias = random.chance(0.8);
    layer
}

/// Padding that leaves no window without an element.
fn pad(random: &mut SplitMix64, kernel: [i64; 2]) -> Pad {
    if random.chance(0.4) {
        return Pad::Same;
    }
    let [rows, columns] = kernel;
    Pad::Sides([rows, rows, columns, columns].map(|side| random.within(0, side - 1)))
}

/// Lets a convolution of so many channels have groups, where some number divides them.
fn group(random: &mut SplitMix64, layer: &mut Layer, channels: i64) {
    let groups = (2..=channels).filter(|groups| channels % groups == 0).collect::<Vec<_>>();
    if !groups.is_empty() {
        let groups = random.pick(&groups);
        layer.op.value = Op::Conv { outputs: groups * random.within(1, 3), groups };
    }
}

fn clamp(random: &mut SplitMix64) -> Op {
    let low = if random.chance(0.5) { 0.0 } else { -(random.within(1, 16) as f32) / 8.0 };
    Op::Clamp { low, high: random.within(2, 48) as f32 / 8.0 }
}

/// What stands behind a layer with weights, if anything.
fn activation(random: &mut SplitMix64) -> Option<Layer> {
    let op = match random.below(12) {
        0..=4 => Op::Relu,
        5 => clamp(random),
        6 => Op::BatchNorm { epsilon: Op::EPSILON },
        7 => match random.below(4) {
            0 => Op::LeakyRelu { slope: random.pick(&[0.1, 0.25, 1.5]) },
            1 => Op::Sigmoid,
            2 => Op::Tanh,
            _ => Op::HardSwish,
        },
        _ => return None,
    };
    Some(plain(op))
}
