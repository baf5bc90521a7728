//! Makes a network of a text's lines: names, shapes and weights. What is wrong with any of them is found here, so that
//! making IR can't fail.

use super::error::{At, Problem, Span, position};
use super::syntax::{self, File, Item, Name, Op, Options, Pad};
use super::weights::{Source, Spread};
use crate::onnx::exits::MOST_EXITS;
use crate::onnx::function::Function;
use crate::onnx::layers::weights::permuted;
use crate::onnx::layers::{Layer, Weights, elements};
use crate::onnx::window::{Padding, Wanted, Window};
use atheena_dialects::ee::ConfidenceKind;
use std::collections::HashMap;

/// The input is value 0, and layer i makes value i + 1.
pub type ValueId = usize;

/// The name of the input.
const INPUT: &str = "input";

/// The most weights that a layer may have, 1 GiB: more than any device holds.
const MOST_WEIGHTS: i64 = 1 << 28;

/// A network. Shapes are in ONNX's order, `[1, C, H, W]`, of sequences `[1, C, L]`, or `[1, size]`, as the layers that both front ends make.
pub struct Network {
    /// Its name.
    pub name: Name,
    /// The shape of the input.
    pub input: Vec<i64>,
    /// The layers.
    pub nodes: Vec<Node>,
    /// What to compute, in order.
    pub steps: Vec<Step>,
    /// The logits of the last classifier.
    pub logits: ValueId,
}

/// A layer.
pub struct Node {
    /// Its name, given or made.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// What it does.
    pub layer: Layer,
    /// What it reads.
    pub inputs: Vec<ValueId>,
    /// The shape of its result.
    pub shape: Vec<i64>,
}

impl Node {
    /// How many products a sample needs.
    pub fn products(&self) -> i64 {
        let pixels: i64 = self.shape.iter().skip(2).product();
        match &self.layer {
            Layer::Conv(weights, _)
            | Layer::Depthwise(weights, _)
            | Layer::Grouped(_, weights, _)
            | Layer::Dense(weights) => weights.values.len() as i64 * pixels,
            _ => 0,
        }
    }
}

/// A layer or an exit.
pub enum Step {
    /// Computes this value.
    Layer(ValueId),
    /// Everything behind is for the samples that stay.
    Exit(Exit),
}

/// An exit.
pub struct Exit {
    /// Its label.
    pub label: Name,
    /// What is compared with the threshold.
    pub kind: ConfidenceKind,
    /// Confident above this, of entropies below.
    pub threshold: f64,
    /// The values that its classifier computes.
    pub values: Vec<ValueId>,
    /// The classifier's logits.
    pub logits: ValueId,
}

impl Network {
    /// The shape of a value.
    pub fn shape(&self, value: ValueId) -> &[i64] {
        value.checked_sub(1).map_or(&self.input, |node| &self.nodes[node].shape)
    }
}

/// Makes the network of a text; `file` is its name.
pub fn resolve(parsed: &File, text: &str, file: &str) -> Result<Network, Problem> {
    let input = match *parsed.input.value.as_slice() {
        [height, width, channels] => vec![1, channels, height, width],
        [length, channels] => vec![1, channels, length],
        ref size => [&[1], size].concat(),
    };
    check_size(&parsed.input.span, &input)?;
    let network = Network { name: parsed.name.clone(), input, nodes: vec![], steps: vec![], logits: 0 };
    let mut resolver = Resolver {
        text,
        network,
        source: Source::open(&parsed.weights, file)?,
        visible: HashMap::from([(INPUT.to_owned(), 0)]),
        taken: HashMap::from([(INPUT.to_owned(), parsed.input.span.clone())]),
        counts: HashMap::new(),
        current: 0,
    };
    match parsed.items.last() {
        None => {
            let cure = "end it with its classifier, e.g. `dense 10`";
            return Err(Problem::new(&parsed.name.span, "the network has no layers", cure));
        }
        Some(Item::Exit(exit)) => {
            let what = format!("nothing follows exit `{}`", exit.label.value);
            let cure = "add the layers of the samples that stay; they end with the last classifier";
            return Err(Problem::new(&exit.label.span, what, cure));
        }
        Some(Item::Layer(_)) => {}
    }
    let mut classes: Option<(String, i64)> = None;
    let mut same_classes = |who: String, span: &Span, found: i64| match &classes {
        Some((first, wanted)) if *wanted != found => Err(Problem::new(
            span,
            format!("{who} has {found} classes, but {first} has {wanted}"),
            "all classifiers of a network must have the same classes",
        )),
        Some(_) => Ok(()),
        None => {
            classes = Some((who, found));
            Ok(())
        }
    };
    let mut labels: Vec<&Name> = vec![];
    for item in &parsed.items {
        match item {
            Item::Layer(layer) => {
                let value = resolver.layer(layer)?;
                resolver.network.steps.push(Step::Layer(value));
            }
            Item::Exit(exit) => {
                if let Some(first) = labels.iter().find(|label| label.value == exit.label.value) {
                    return Err(resolver.again(&exit.label, &first.span));
                }
                labels.push(&exit.label);
                if labels.len() > MOST_EXITS {
                    let what = format!("the network has more than {MOST_EXITS} exits");
                    return Err(Problem::new(&exit.label.span, what, "remove some"));
                }
                let resolved = resolver.exit(exit)?;
                let place = exit.layers.last().map_or(&exit.label.span, |layer| &layer.op.span);
                let found = resolver.classes(resolved.logits, place, "an exit")?;
                same_classes(format!("exit `{}`", exit.label.value), place, found)?;
                resolver.network.steps.push(Step::Exit(resolved));
            }
        }
    }
    let mut network = resolver.network;
    network.logits = resolver.current;
    let last = network.logits.checked_sub(1).and_then(|node| network.nodes.get(node));
    let place = last.map_or(&parsed.name.span, |node| &node.span).clone();
    let found = logits(&network, network.logits, &place, "the network")?;
    same_classes("the last classifier".into(), &place, found)?;
    all_read(&network)?;
    Ok(network)
}

/// Every layer is of use to a classifier.
fn all_read(network: &Network) -> Result<(), Problem> {
    let mut read = vec![false; network.nodes.len() + 1];
    read[network.logits] = true;
    for step in &network.steps {
        if let Step::Exit(exit) = step {
            read[exit.logits] = true;
        }
    }
    network.nodes.iter().flat_map(|node| &node.inputs).for_each(|&value| read[value] = true);
    match network.nodes.iter().zip(&read[1..]).find(|(_, read)| !**read) {
        Some((node, _)) => Err(Problem::new(
            &node.span,
            format!("nothing reads `{}`", node.name),
            "remove the layer, or read it with `from` or `add`",
        )),
        None => Ok(()),
    }
}

/// The number of classes of logits, which `owner` ends with.
fn logits(network: &Network, value: ValueId, place: &Span, owner: &str) -> Result<i64, Problem> {
    match *network.shape(value) {
        [_, classes] | [_, classes, 1] | [_, classes, 1, 1] => Ok(classes),
        ref shape => Err(Problem::new(
            place,
            format!("{owner} ends with {}, but must end with logits, one a class", shape_text(shape)),
            "end it with `dense CLASSES`, or with `global_avg_pool` on as many channels as classes",
        )),
    }
}

struct Resolver<'t> {
    text: &'t str,
    network: Network,
    source: Source,
    /// The names that a layer can read here.
    visible: HashMap<String, ValueId>,
    /// All names, and where each is defined.
    taken: HashMap<String, Span>,
    /// How many layers of each kind there are.
    counts: HashMap<&'static str, usize>,
    /// The value that a layer reads unless it says otherwise.
    current: ValueId,
}

impl Resolver<'_> {
    fn exit(&mut self, exit: &syntax::Exit) -> Result<Exit, Problem> {
        let threshold = exit.threshold.value;
        exit.kind.check_threshold(threshold).map_err(|what| {
            Problem::new(&exit.threshold.span, what, "a probability such as 0.9 is wanted")
        })?;
        // What the classifier computes is its own.
        let (current, visible) = (self.current, self.visible.clone());
        let values = exit.layers.iter().map(|layer| self.layer(layer)).collect::<Result<_, _>>()?;
        let logits = std::mem::replace(&mut self.current, current);
        self.visible = visible;
        Ok(Exit { label: exit.label.clone(), kind: exit.kind, threshold, values, logits })
    }

    fn classes(&self, value: ValueId, place: &Span, owner: &str) -> Result<i64, Problem> {
        logits(&self.network, value, place, owner)
    }

    fn layer(&mut self, line: &syntax::Layer) -> Result<ValueId, Problem> {
        let word = line.op.value.word();
        let count = self.counts.entry(word).or_insert(0);
        *count += 1;
        let name = line
            .name
            .clone()
            .unwrap_or_else(|| At { value: format!("{word}{count}"), span: line.op.span.clone() });
        if let Some(first) = self.taken.get(&name.value) {
            return Err(self.again(&name, first));
        }
        let input = line.from.as_ref().map_or(Ok(self.current), |from| self.find(from))?;
        let mut inputs = vec![input];
        let place = &line.op.span;
        let from = self.network.shape(input).to_vec();
        let (layer, shape) = match &line.op.value {
            Op::Conv { outputs, groups } => self.convolution(line, &name.value, &from, *outputs, *groups)?,
            Op::Dense { outputs } => {
                let inputs: i64 = from.iter().product();
                let weights = self.weights(line, &name.value, &[*outputs, inputs])?;
                (Layer::Dense(weights), vec![1, *outputs])
            }
            Op::MaxPool => {
                let (window, shape) = self.window(line, &from, from.get(1).copied())?;
                (Layer::MaxPool(window), shape)
            }
            Op::AveragePool => {
                let (window, shape) = self.window(line, &from, from.get(1).copied())?;
                (Layer::AveragePool(window), shape)
            }
            Op::GlobalAveragePool => {
                let map = Map::of(line, &from)?;
                (Layer::AveragePool(Window::whole(map.size)), map.with(map.channels, [1, 1]))
            }
            Op::Relu => (Layer::Clamp(0.0, f32::MAX), from),
            Op::Clamp { low, high } => (Layer::Clamp(*low, *high), from),
            Op::LeakyRelu { slope } => (Layer::Map(Function::LeakyRelu(vec![*slope])), from),
            Op::Sigmoid => (Layer::Map(Function::Sigmoid), from),
            Op::Tanh => (Layer::Map(Function::Tanh), from),
            Op::HardSwish => (Layer::Map(Function::HardSwish), from),
            Op::Flatten => (Layer::Reshape, vec![1, from.iter().product()]),
            Op::Concat { others } => {
                let mut shape = from.clone();
                for other in others {
                    let next = self.find(other)?;
                    inputs.push(next);
                    let found = self.network.shape(next);
                    if found.len() != from.len() || found[2..] != from[2..] {
                        let what = format!(
                            "`{}` is {}, but is put behind the channels of {}",
                            other.value,
                            shape_text(found),
                            shape_text(&from)
                        );
                        let cure = "all that `concat` joins must have the same height and width";
                        return Err(Problem::new(&other.span, what, cure));
                    }
                    shape[1] += found[1];
                }
                (Layer::Concat(1), shape)
            }
            Op::BatchNorm { epsilon } => {
                let channels = from.get(1).copied().unwrap_or(1);
                let mut array =
                    |part, spread| self.source.array(place, &name.value, part, &[channels], spread);
                let scale = array("weight", Spread::Around1(0.25))?;
                let bias = array("bias", Spread::Around0(0.1))?;
                let mean = array("running_mean", Spread::Around0(0.1))?;
                let variance = array("running_var", Spread::Around1(0.25))?;
                if let Some(bad) = variance.iter().find(|&&v| v + epsilon <= 0.0) {
                    let what = format!("array `{}.running_var` has the variance {bad}", name.value);
                    return Err(Problem::new(place, what, "variances are above 0: save the arrays again"));
                }
                let scale: Vec<_> = scale
                    .iter()
                    .zip(&variance)
                    .map(|(scale, variance)| scale / (variance + epsilon).sqrt())
                    .collect();
                let shift = scale
                    .iter()
                    .zip(bias.iter().zip(&mean))
                    .map(|(scale, (bias, mean))| bias - mean * scale)
                    .collect();
                (Layer::Affine(scale, shift), from)
            }
            Op::Add { other } => {
                let second = self.find(other)?;
                inputs.push(second);
                let found = self.network.shape(second);
                if found != from {
                    let what = format!(
                        "`{}` is {}, but is added to {}",
                        other.value,
                        shape_text(found),
                        shape_text(&from)
                    );
                    let cure =
                        "both sides of `add` must have one shape: adapt one with `conv N kernel 1 stride S`";
                    return Err(Problem::new(&other.span, what, cure));
                }
                (Layer::Add, from)
            }
            Op::Mul { other } => {
                let second = self.find(other)?;
                inputs.push(second);
                let found = self.network.shape(second);
                let spreads = |pixel: &[i64], map: &[i64]| {
                    let one = pixel.iter().skip(2).all(|&size| size == 1);
                    pixel.len() == map.len() && pixel.get(1) == map.get(1) && one
                };
                let shape = if found == from || spreads(found, &from) {
                    from
                } else if spreads(&from, found) {
                    found.to_vec()
                } else {
                    let what = format!(
                        "`{}` is {}, but is multiplied with {}",
                        other.value,
                        shape_text(found),
                        shape_text(&from)
                    );
                    let cure = "both sides of `mul` must have one shape, or one of them be a single pixel of the \
                                other's channels";
                    return Err(Problem::new(&other.span, what, cure));
                };
                (Layer::Mul, shape)
            }
        };
        check_size(place, &shape)?;
        self.network.nodes.push(Node {
            name: name.value.clone(),
            span: name.span.clone(),
            layer,
            inputs,
            shape,
        });
        self.current = self.network.nodes.len();
        self.visible.insert(name.value.clone(), self.current);
        self.taken.insert(name.value, name.span);
        Ok(self.current)
    }

    fn convolution(
        &mut self,
        line: &syntax::Layer,
        name: &str,
        from: &[i64],
        outputs: i64,
        groups: i64,
    ) -> Result<(Layer, Vec<i64>), Problem> {
        let map = Map::of(line, from)?;
        let channels = map.channels;
        if channels % groups != 0 || outputs % groups != 0 {
            let what = format!("{groups} groups do not divide {channels} channels into {outputs}");
            return Err(Problem::new(&line.op.span, what, "groups must divide both numbers of channels"));
        }
        let (window, shape) = self.window(line, from, Some(outputs))?;
        let [rows, columns] = window.geometry.kernel;
        let inputs = channels / groups;
        let sizes =
            if map.row { vec![outputs, inputs, columns] } else { vec![outputs, inputs, rows, columns] };
        let weights = self.weights(line, name, &sizes)?;
        let layer = if groups == 1 || groups != channels {
            let values = permuted(&weights.values, [outputs, inputs, rows, columns], [0, 2, 3, 1]);
            let weights = Weights { shape: vec![outputs, rows, columns, inputs], values, ..weights };
            if groups == 1 { Layer::Conv(weights, window) } else { Layer::Grouped(groups, weights, window) }
        } else {
            // Output c * M + m is of input c, in PyTorch and in TOSA.
            let multiple = outputs / channels;
            let values = permuted(&weights.values, [channels, multiple, rows, columns], [2, 3, 0, 1]);
            Layer::Depthwise(
                Weights { shape: vec![rows, columns, channels, multiple], values, ..weights },
                window,
            )
        };
        Ok((layer, shape))
    }

    /// Weights of this shape, `[outputs, …]`, and a bias.
    fn weights(&mut self, line: &syntax::Layer, name: &str, shape: &[i64]) -> Result<Weights, Problem> {
        let place = &line.op.span;
        if elements(shape).is_none_or(|count| count > MOST_WEIGHTS) {
            let what = format!("weights of the shape {shape:?} are too large");
            return Err(Problem::new(place, what, format!("use at most {MOST_WEIGHTS} weights a layer")));
        }
        let products = shape[1..].iter().product();
        let values = self.source.array(place, name, "weight", shape, Spread::He(products))?;
        let bias = if line.bias {
            self.source.array(place, name, "bias", &shape[..1], Spread::Bias)?
        } else {
            vec![0.0; shape[0] as usize]
        };
        Ok(Weights { shape: shape.to_vec(), values, bias })
    }

    /// The window of a layer, and the shape of its result with `channels`.
    fn window(
        &self,
        line: &syntax::Layer,
        from: &[i64],
        channels: Option<i64>,
    ) -> Result<(Window, Vec<i64>), Problem> {
        let map = Map::of(line, from)?;
        let Options { kernel, stride, dilation, pad, ceil, count_pad } = line.window;
        let pair = |word, size: Option<[i64; 2]>| size.map(|size| map.pair(line, word, size)).transpose();
        let kernel = pair("kernel", kernel)?.unwrap_or([1, 1]);
        let pool = !matches!(line.op.value, Op::Conv { .. });
        let wanted = Wanted {
            kernel,
            // The windows of a pooling lie side by side.
            stride: pair("stride", stride)?.unwrap_or(if pool { kernel } else { [1, 1] }),
            dilation: pair("dilation", dilation)?.unwrap_or([1, 1]),
            padding: match pad {
                None => Padding::Explicit([0; 4]),
                Some(Pad::Sides([_, _, left, right])) if map.row => Padding::Explicit([0, left, 0, right]),
                Some(Pad::Sides([top, bottom, left, right])) => Padding::Explicit([top, left, bottom, right]),
                Some(Pad::Same) => Padding::SameUpper,
            },
            pool,
            ceil,
            count_padding: count_pad,
        };
        let window = wanted.fit(map.size).map_err(|(what, cure)| {
            Problem::new(&line.op.span, format!("{what} (the input is {})", shape_text(from)), cure)
        })?;
        let shape = map.with(channels.unwrap_or(map.channels), window.output);
        Ok((window, shape))
    }

    fn find(&self, name: &Name) -> Result<ValueId, Problem> {
        self.visible.get(&name.value).copied().ok_or_else(|| match self.taken.get(&name.value) {
            Some(span) => Problem::new(
                &name.span,
                format!(
                    "`{}` is inside the exit at line {}, where only its classifier knows it",
                    name.value,
                    position(self.text, span.start).0
                ),
                "compute it before the exit",
            ),
            None => {
                let mut names: Vec<_> = self.visible.iter().map(|(name, value)| (value, name)).collect();
                names.sort();
                let known: Vec<_> = names.iter().map(|(_, name)| format!("`{name}`")).collect();
                let what = format!("no layer before is named `{}`", name.value);
                Problem::new(&name.span, what, format!("the names here are {}", known.join(", ")))
            }
        })
    }

    fn again(&self, name: &Name, first: &Span) -> Problem {
        let line = position(self.text, first.start).0;
        let what = format!("the name `{}` is taken in line {line}", name.value);
        Problem::new(&name.span, what, "names are unique in a file: choose another")
    }
}

/// A feature map.
#[derive(Clone, Copy)]
struct Map {
    channels: i64,
    /// Rows and columns.
    size: [i64; 2],
    /// A sequence: one row, of which nothing is said.
    row: bool,
}

impl Map {
    /// The feature map of a shape, which a layer needs.
    fn of(line: &syntax::Layer, shape: &[i64]) -> Result<Self, Problem> {
        match *shape {
            [_, channels, height, width] => Ok(Self { channels, size: [height, width], row: false }),
            [_, channels, length] => Ok(Self { channels, size: [1, length], row: true }),
            _ => {
                let word = line.op.value.word();
                let what = format!("`{word}` needs a feature map, but its input is {}", shape_text(shape));
                let cure = "put it before the first `dense` layer, or make the input an image";
                Err(Problem::new(&line.op.span, what, cure))
            }
        }
    }

    /// The shape of a feature map with other sizes.
    fn with(self, channels: i64, [height, width]: [i64; 2]) -> Vec<i64> {
        if self.row { vec![1, channels, width] } else { vec![1, channels, height, width] }
    }

    /// The sizes that an option gives, of a sequence in columns alone.
    fn pair(self, line: &syntax::Layer, word: &str, [rows, columns]: [i64; 2]) -> Result<[i64; 2], Problem> {
        if self.row && rows != columns && rows != 1 {
            let what = format!("`{word} {rows}x{columns}` has rows, but the input is a sequence");
            return Err(Problem::new(&line.op.span, what, format!("write `{word} {columns}`")));
        }
        Ok(if self.row { [1, columns] } else { [rows, columns] })
    }
}

/// Fails if a tensor is larger than any that hardware could hold.
fn check_size(place: &Span, shape: &[i64]) -> Result<(), Problem> {
    let fits = elements(shape).is_some();
    fits.then_some(()).ok_or_else(|| {
        let what = format!("a tensor of the shape {shape:?} is too large");
        Problem::new(place, what, format!("use at most {} elements", i32::MAX))
    })
}

/// A shape for people, in the order of the text.
fn shape_text(shape: &[i64]) -> String {
    match *shape {
        [_, channels, height, width] => format!("{height}x{width}x{channels}"),
        [_, channels, length] => format!("{length}x{channels}"),
        [_, size] => format!("a vector of {size}"),
        _ => format!("{shape:?}"),
    }
}
