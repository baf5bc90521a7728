//! Parses a text: from characters to lines, without a look at names and shapes.

use super::error::{At, Problem, Span};
use crate::onnx::window::LARGEST;
use atheena_dialects::ee::ConfidenceKind;
use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::Pair;

/// The parser that pest makes of the grammar.
#[allow(missing_docs)] // The grammar has comments.
mod grammar {
    #[derive(pest_derive::Parser)]
    #[grammar = "src/eenet/grammar.pest"]
    pub struct Grammar;
}

use grammar::{Grammar, Rule};

/// A name and where it stands.
pub type Name = At<String>;

/// A network as it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Its name.
    pub name: Name,
    /// Height, width and channels of an image, length and channels of a sequence, or the size of a vector.
    pub input: At<Vec<i64>>,
    /// Where the weights come from.
    pub weights: At<Weights>,
    /// Layers and exits.
    pub items: Vec<Item>,
}

/// Where the weights come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Weights {
    /// Drawn at random.
    Random(u64),
    /// From an npz file.
    File(String),
}

/// A line, or the lines of an exit.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A layer.
    Layer(Layer),
    /// An exit.
    Exit(Exit),
}

/// An exit.
#[derive(Debug, Clone, PartialEq)]
pub struct Exit {
    /// Its label.
    pub label: Name,
    /// What is compared with the threshold.
    pub kind: ConfidenceKind,
    /// Confident above this, of entropies below.
    pub threshold: At<f64>,
    /// The classifier.
    pub layers: Vec<Layer>,
}

/// A layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// The name that it is given.
    pub name: Option<Name>,
    /// What it does; the place of the word.
    pub op: At<Op>,
    /// The layer that it reads, if it is not the one before.
    pub from: Option<Name>,
    /// Where its window lies.
    pub window: Options,
    /// Whether a bias is added.
    pub bias: bool,
}

/// What a layer does.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Op {
    Conv { outputs: i64, groups: i64 },
    Dense { outputs: i64 },
    MaxPool,
    AveragePool,
    GlobalAveragePool,
    Relu,
    Clamp { low: f32, high: f32 },
    BatchNorm { epsilon: f32 },
    Add { other: Name },
    Mul { other: Name },
    Concat { others: Vec<Name> },
    Flatten,
    LeakyRelu { slope: f32 },
    Sigmoid,
    Tanh,
    HardSwish,
}

impl Op {
    /// The epsilon of normalisations that give none.
    pub const EPSILON: f32 = 1e-5;

    /// Its word in the text.
    pub fn word(&self) -> &'static str {
        match self {
            Op::Conv { .. } => "conv",
            Op::Dense { .. } => "dense",
            Op::MaxPool => "max_pool",
            Op::AveragePool => "avg_pool",
            Op::GlobalAveragePool => "global_avg_pool",
            Op::Relu => "relu",
            Op::Clamp { .. } => "clamp",
            Op::BatchNorm { .. } => "batch_norm",
            Op::Add { .. } => "add",
            Op::Mul { .. } => "mul",
            Op::Concat { .. } => "concat",
            Op::Flatten => "flatten",
            Op::LeakyRelu { .. } => "leaky_relu",
            Op::Sigmoid => "sigmoid",
            Op::Tanh => "tanh",
            Op::HardSwish => "hard_swish",
        }
    }
}

/// The options of windows, each where it is given.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs)]
pub struct Options {
    pub kernel: Option<[i64; 2]>,
    pub stride: Option<[i64; 2]>,
    pub dilation: Option<[i64; 2]>,
    pub pad: Option<Pad>,
    pub ceil: bool,
    pub count_pad: bool,
}

/// Padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pad {
    /// Top, bottom, left, right.
    Sides([i64; 4]),
    /// Keeps the size, but for the stride.
    Same,
}

/// Parses a text.
pub fn parse(text: &str) -> Result<File, Problem> {
    let mut pairs = Grammar::parse(Rule::file, text).map_err(|error| unexpected(text, &error))?;
    let mut parts = pairs.next().map(Pair::into_inner).into_iter().flatten();
    let mut header = |rule| parts.find(|pair| pair.as_rule() == rule).ok_or_else(internal);
    let name = child(header(Rule::network)?, &[Rule::name])?;
    let input = child(header(Rule::input)?, &[Rule::image, Rule::sequence, Rule::count])?;
    let weights = child(header(Rule::weights)?, &[Rule::random, Rule::path])?;
    Ok(File {
        name: named(&name),
        input: At { span: span(&input), value: sizes(&input, 1)? },
        weights: At { span: span(&weights), value: weights_of(weights)? },
        items: parts
            .filter_map(|pair| match pair.as_rule() {
                Rule::layer => Some(layer(pair).map(Item::Layer)),
                Rule::exit => Some(exit(pair).map(Item::Exit)),
                _ => None,
            })
            .collect::<Result<_, _>>()?,
    })
}

fn weights_of(pair: Pair<'_, Rule>) -> Result<Weights, Problem> {
    if pair.as_rule() == Rule::path {
        return Ok(Weights::File(pair.as_str().trim_matches('"').to_owned()));
    }
    let seed = child(pair, &[Rule::count])?;
    seed.as_str().parse().map(Weights::Random).map_err(|_| {
        Problem::new(&span(&seed), "the seed is too large", format!("use a seed of at most {}", u64::MAX))
    })
}

fn exit(pair: Pair<'_, Rule>) -> Result<Exit, Problem> {
    let label = named(&child(pair.clone(), &[Rule::name])?);
    let kind =
        match child(pair.clone(), &[Rule::kw_max_softmax, Rule::kw_margin, Rule::kw_entropy])?.as_rule() {
            Rule::kw_margin => ConfidenceKind::Margin,
            Rule::kw_entropy => ConfidenceKind::Entropy,
            _ => ConfidenceKind::MaxSoftmax,
        };
    let threshold = child(pair.clone(), &[Rule::decimal])?;
    let threshold = At { span: span(&threshold), value: decimal(&threshold)? };
    let layers =
        pair.into_inner().filter(|p| p.as_rule() == Rule::layer).map(layer).collect::<Result<_, _>>()?;
    Ok(Exit { label, kind, threshold, layers })
}

fn layer(pair: Pair<'_, Rule>) -> Result<Layer, Problem> {
    let mut name = None;
    let mut operation = None;
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::definition => {
                let text = part.as_str().trim_end_matches('=').trim_end();
                let start = part.as_span().start();
                name = Some(At { value: text.to_owned(), span: start..start + text.len() });
            }
            _ => operation = part.into_inner().next(),
        }
    }
    let operation = operation.ok_or_else(internal)?;
    let rule = operation.as_rule();
    let parts: Vec<_> = operation.into_inner().collect();
    let [keyword, arguments @ ..] = parts.as_slice() else { return Err(internal()) };
    let mut layer = Layer {
        name,
        op: At { value: Op::Relu, span: span(keyword) },
        from: None,
        window: Options::default(),
        bias: true,
    };
    let mut epsilon = Op::EPSILON;
    let mut groups = 1;
    // The arguments that have no word before them.
    let mut plain = vec![];
    let mut seen = vec![];
    for part in arguments {
        let rule = part.as_rule();
        let window = &mut layer.window;
        let value = part.clone().into_inner().nth(1);
        match (rule, value) {
            (Rule::count | Rule::size | Rule::decimal | Rule::name, _) => plain.push(part),
            (Rule::kw_to | Rule::comma, _) => {}
            (_, _) if seen.contains(&rule) => {
                let word = part.as_str().split_whitespace().next().unwrap_or_default();
                return Err(Problem::new(
                    &span(part),
                    format!("`{word}` is given twice"),
                    "keep one of them",
                ));
            }
            (Rule::no_bias, _) => layer.bias = false,
            (Rule::ceil, _) => window.ceil = true,
            (Rule::count_pad, _) => window.count_pad = true,
            (Rule::kernel, Some(value)) => window.kernel = Some(pair_of(&value, 1)?),
            (Rule::stride, Some(value)) => window.stride = Some(pair_of(&value, 1)?),
            (Rule::dilation, Some(value)) => window.dilation = Some(pair_of(&value, 1)?),
            (Rule::pad, Some(value)) => window.pad = Some(pad(&value)?),
            (Rule::groups, Some(value)) => groups = count(&value)?,
            (Rule::epsilon, Some(value)) => epsilon = decimal(&value)? as f32,
            (Rule::from, Some(value)) => layer.from = Some(named(&value)),
            _ => return Err(internal()),
        }
        seen.push(rule);
    }
    layer.op.value = match (rule, plain.as_slice()) {
        (Rule::conv, [outputs]) => Op::Conv { outputs: count(outputs)?, groups },
        (Rule::dense, [outputs]) => Op::Dense { outputs: count(outputs)? },
        (Rule::max_pool | Rule::avg_pool, [size]) => {
            layer.window.kernel = Some(pair_of(size, 1)?);
            if rule == Rule::max_pool { Op::MaxPool } else { Op::AveragePool }
        }
        (Rule::global_avg_pool, []) => Op::GlobalAveragePool,
        (Rule::relu, []) => Op::Relu,
        (Rule::clamp, [low, high]) => {
            let (from, to) = (decimal(low)? as f32, decimal(high)? as f32);
            if from > to {
                let what = format!("the range from {from} to {to} is empty");
                let both = low.as_span().start()..high.as_span().end();
                return Err(Problem::new(&both, what, "put the smaller bound first"));
            }
            Op::Clamp { low: from, high: to }
        }
        (Rule::batch_norm, []) => Op::BatchNorm { epsilon },
        (Rule::add, [other]) => Op::Add { other: named(other) },
        (Rule::mul, [other]) => Op::Mul { other: named(other) },
        (Rule::concat, others) => Op::Concat { others: others.iter().map(|&other| named(other)).collect() },
        (Rule::flatten, []) => Op::Flatten,
        (Rule::leaky_relu, [slope]) => Op::LeakyRelu { slope: decimal(slope)? as f32 },
        (Rule::sigmoid, []) => Op::Sigmoid,
        (Rule::tanh, []) => Op::Tanh,
        (Rule::hard_swish, []) => Op::HardSwish,
        _ => return Err(internal()),
    };
    if rule == Rule::conv && layer.window.kernel.is_none() {
        return Err(Problem::new(&layer.op.span, "the convolution has no `kernel`", "write e.g. `kernel 3`"));
    }
    Ok(layer)
}

/// The grammar matches what this module reads of it, so this is never seen.
fn internal() -> Problem {
    Problem::new(
        &(0..0),
        "the parser and its grammar differ",
        "please report it with the file: this is a defect of the compiler",
    )
}

fn span(pair: &Pair<'_, Rule>) -> Span {
    pair.as_span().start()..pair.as_span().end()
}

fn named(pair: &Pair<'_, Rule>) -> Name {
    At { value: pair.as_str().to_owned(), span: span(pair) }
}

/// The first part of one of these kinds.
fn child<'t>(pair: Pair<'t, Rule>, rules: &[Rule]) -> Result<Pair<'t, Rule>, Problem> {
    pair.into_inner().find(|part| rules.contains(&part.as_rule())).ok_or_else(internal)
}

/// The numbers in a pair, each from `least` to [`LARGEST`].
fn sizes(pair: &Pair<'_, Rule>, least: i64) -> Result<Vec<i64>, Problem> {
    let digits = |c: char| !c.is_ascii_digit();
    (pair.as_str().split(digits).filter(|number| !number.is_empty()))
        .map(|number| match number.parse() {
            Ok(size) if (least..=LARGEST).contains(&size) => Ok(size),
            _ => Err(Problem::new(
                &span(pair),
                format!("{number} is out of range"),
                format!("use a number from {least} to {LARGEST}"),
            )),
        })
        .collect()
}

fn count(pair: &Pair<'_, Rule>) -> Result<i64, Problem> {
    sizes(pair, 1)?.first().copied().ok_or_else(internal)
}

/// `3` or `3x5`: rows and columns.
fn pair_of(pair: &Pair<'_, Rule>, least: i64) -> Result<[i64; 2], Problem> {
    match *sizes(pair, least)?.as_slice() {
        [both] => Ok([both, both]),
        [rows, columns] => Ok([rows, columns]),
        _ => Err(internal()),
    }
}

fn pad(pair: &Pair<'_, Rule>) -> Result<Pad, Problem> {
    if pair.as_rule() == Rule::same {
        return Ok(Pad::Same);
    }
    if let Ok(sides) = sizes(pair, 0)?.try_into() {
        return Ok(Pad::Sides(sides));
    }
    let [rows, columns] = pair_of(pair, 0)?;
    Ok(Pad::Sides([rows, rows, columns, columns]))
}

fn decimal(pair: &Pair<'_, Rule>) -> Result<f64, Problem> {
    match pair.as_str().parse::<f64>() {
        Ok(value) if (value as f32).is_finite() => Ok(value),
        _ => Err(Problem::new(&span(pair), "the number is too large", "use a number that float32 can hold")),
    }
}

/// The layers, for messages.
pub const LAYERS: &str = "conv, dense, max_pool, avg_pool, global_avg_pool, flatten, relu, leaky_relu, sigmoid, tanh, hard_swish, clamp, \
    batch_norm, add, mul, concat";

/// What was found, and what could have stood there.
fn unexpected(text: &str, error: &pest::error::Error<Rule>) -> Problem {
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let rest = text.get(at..).unwrap_or_default();
    let length = rest.chars().take_while(|&c| c.is_ascii_alphanumeric() || "_.".contains(c)).count();
    let (found, end) = match rest.chars().next() {
        None => ("the end of the file".to_owned(), at),
        Some('\n' | '\r' | '#') => ("the end of the line".to_owned(), at),
        // Characters of words are one byte each.
        Some(_) if length > 0 => (format!("`{}`", &rest[..length]), at + length),
        Some(other) => (format!("`{other}`"), at + other.len_utf8()),
    };
    let rules = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives.clone(),
        ErrorVariant::CustomError { .. } => vec![],
    };
    let mut expected: Vec<String> = vec![];
    for word in rules.iter().filter_map(|&rule| word(rule)) {
        if !expected.contains(&word) {
            expected.push(word);
        }
    }
    let list = match expected.as_slice() {
        [] => "something else".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    };
    let layer = [Rule::layer, Rule::operation].iter().any(|rule| rules.contains(rule));
    let cure =
        if layer { format!("the layers are {LAYERS}") } else { "docs/eenet.md describes the format".into() };
    Problem::new(&(at..end), format!("expected {list}, but found {found}"), cure)
}

/// A rule as messages name it.
fn word(rule: Rule) -> Option<String> {
    Some(match rule {
        // A sequence is named with an image.
        Rule::EOI | Rule::sequence => return None,
        Rule::line_end => "the end of the line".into(),
        Rule::layer | Rule::operation => "a layer".into(),
        Rule::exit => "`exit`".into(),
        Rule::name => "a name".into(),
        Rule::definition => "`NAME =`".into(),
        Rule::count => "a number".into(),
        Rule::decimal => "a number such as 0.9".into(),
        Rule::size => "a size such as 3 or 3x5".into(),
        Rule::image => "a size such as 28x28x1 or 128x6".into(),
        Rule::sides => "padding such as [0, 1, 0, 1]".into(),
        Rule::path => "a file such as \"weights.npz\"".into(),
        Rule::random => "`random`".into(),
        Rule::above => "`>`".into(),
        Rule::below => "`<`".into(),
        Rule::comma => "`,`".into(),
        Rule::open => "`{`".into(),
        Rule::close => "`}`".into(),
        other => format!("`{}`", format!("{other:?}").trim_start_matches("kw_")),
    })
}
