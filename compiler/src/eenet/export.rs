//! Writes a network's IR as text: the inverse of importing.
//!
//! Each block is read backwards from what it returns, layer by layer ([`pattern`]); layers stand in the text in the order of
//! their operations, so that importing the text makes the same IR. Weights go to arrays of a file beside the text.
//! What cannot be said in the format is an error at its operation.

mod pattern;

use super::error::At;
use super::syntax::{Exit, File, Item, Layer, Name, Options, Pad, Weights};
use atheena_dialects::ee;
use atheena_dialects::ir::{Attr, Block, Failure, Op, Type, Value};
use atheena_runtime::arrays::Floats;
use pattern::Found;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

/// A network as text.
pub struct Exported {
    /// The text.
    pub text: String,
    /// The arrays that the text reads its weights from, in the order of its layers.
    pub arrays: Vec<(String, Floats)>,
}

/// Writes the only function of a module, which a front end made, as text that reads its weights from the file of that name.
pub fn export(module: Op<'_>, weights: &str) -> Result<Exported, Failure> {
    let functions = module.walk_named("func.func");
    let [function] = functions[..] else {
        let what =
            format!("an .eenet text has one network, but the module has {} functions", functions.len());
        return Err(module.error(what, &["export a module with one func.func"]));
    };
    let mut writer = Writer {
        function,
        names: HashMap::new(),
        taken: HashSet::new(),
        counts: HashMap::new(),
        arrays: vec![],
    };
    writer.taken.insert("input".into());
    let input = writer.input()?;
    let (mut items, mut rows) = (vec![], false);
    writer.block(function.body(), "input".into(), &mut items, &mut rows)?;
    let mut file = File {
        name: at(function.symbol().unwrap_or_default()),
        input: at(input),
        weights: at(if writer.arrays.is_empty() {
            Weights::Random(1)
        } else {
            Weights::File(weights.to_owned())
        }),
        items,
    };
    if let ([1, length, channels], false) = (&file.input.value[..], rows)
        && *length > 1
    {
        file.input.value = vec![*length, *channels];
        as_sequence(&mut file, &mut writer.arrays);
    }
    Ok(Exported { text: file.to_string(), arrays: writer.arrays })
}

/// Something that stands in no text yet.
fn at<T>(value: T) -> At<T> {
    At { value, span: 0..0 }
}

struct Writer<'c> {
    function: Op<'c>,
    /// The names of the values that are known.
    names: HashMap<Value<'c>, String>,
    /// The names of all layers.
    taken: HashSet<String>,
    /// How many layers of each kind there are.
    counts: HashMap<&'static str, usize>,
    arrays: Vec<(String, Floats)>,
}

impl<'c> Writer<'c> {
    /// Names the argument; returns the sizes of the input in the text's order.
    fn input(&mut self) -> Result<Vec<i64>, Failure> {
        let [argument] = self.function.body().arguments()[..] else {
            return Err(self.refuse(self.function, "it has not one argument", "a network takes one tensor"));
        };
        let shape = argument.ty().shape().unwrap_or_default();
        if argument.ty().element() != Some(Type::f32(self.function.ctx())) {
            let what = format!("its argument is {}", argument.ty());
            return Err(self.refuse(
                self.function,
                &what,
                "the format has float networks: export before ee-quantize",
            ));
        }
        let [1, height, width, channels] = shape[..] else {
            let what = format!("its argument is {}, not [1, H, W, C]", argument.ty());
            return Err(self.refuse(
                self.function,
                &what,
                "run ee-channels-last; export with a batch of one",
            ));
        };
        let uses = argument.uses();
        if let ([(reshape, _)], [1, 1]) = (&uses[..], [height, width])
            && reshape.is("tosa.reshape")
            && reshape.result(0).ty().shape() == Some(vec![1, channels])
        {
            self.names.insert(reshape.result(0), "input".into());
            return Ok(vec![channels]);
        }
        self.names.insert(argument, "input".into());
        Ok(vec![height, width, channels])
    }

    /// Writes what a block computes; `current` is the layer before it.
    fn block(
        &mut self,
        block: Block<'c>,
        mut current: String,
        items: &mut Vec<Item>,
        rows: &mut bool,
    ) -> Result<(), Failure> {
        let end = block.last().ok_or(Failure)?;
        let exits: Vec<_> = block.ops().into_iter().filter_map(ee::Exit::cast).collect();
        let [exit] = exits[..] else {
            if let Some(second) = exits.get(1) {
                let cure = "exits nest: put it in the otherwise region of the one before";
                return Err(self.refuse(second.0, "it follows another exit in its block", cure));
            }
            let layers = self.classifier(block, end, &mut current, rows)?;
            items.extend(layers.into_iter().map(Item::Layer));
            return Ok(());
        };
        if end.operands() != exit.0.results() || exit.0.results().len() != 1 {
            let cure = "the network's result must be the exit's only one";
            return Err(self.refuse(exit.0, "layers follow it, or it has several results", cure));
        }
        let crossing = exit.0.operands();
        let layers = self.layers(block, &crossing, &mut current, rows)?;
        items.extend(layers.into_iter().map(Item::Layer));
        for region in [exit.classify(), exit.otherwise()] {
            for (argument, value) in region.arguments().into_iter().zip(&crossing) {
                self.names.insert(argument, self.names[value].clone());
            }
        }
        let label = exit.label();
        if !is_name(&label) {
            let what = format!("its label {label:?} is no name");
            return Err(self.refuse(exit.0, &what, "labels are of letters, digits, `_` and `.`"));
        }
        if exit.profile().is_some() {
            exit.0
                .loc()
                .warning("the counts of the exit's profile are not written", &["the format has none"]);
        }
        if let Some(inner) = exit.classify().ops().into_iter().find_map(ee::Exit::cast) {
            let cure = "exits nest in otherwise regions";
            return Err(self.refuse(inner.0, "it is inside another exit's classifier", cure));
        }
        let classify_end = exit.classify().last().ok_or(Failure)?;
        let layers = self.classifier(exit.classify(), classify_end, &mut current.clone(), rows)?;
        if layers.is_empty() {
            let cure = "compute its logits in its classify region";
            return Err(self.refuse(exit.0, "its classifier has no layers", cure));
        }
        let confidence = exit.confidence();
        items.push(Item::Exit(Exit {
            label: at(label),
            kind: confidence.kind,
            threshold: at(confidence.threshold),
            layers,
        }));
        self.block(exit.otherwise(), current, items, rows)
    }

    /// The layers that compute the logits that a block returns.
    fn classifier(
        &mut self,
        block: Block<'c>,
        end: Op<'c>,
        current: &mut String,
        rows: &mut bool,
    ) -> Result<Vec<Layer>, Failure> {
        let [result] = end.operands()[..] else {
            return Err(self.refuse(end, "it has not one operand", "a classifier returns its logits alone"));
        };
        let logits = pattern::logits(result, &|value| self.names.contains_key(&value));
        self.layers(block, &[logits], current, rows)
    }

    /// The layers of a block that compute values, in the order of their operations.
    fn layers(
        &mut self,
        block: Block<'c>,
        wanted: &[Value<'c>],
        current: &mut String,
        rows: &mut bool,
    ) -> Result<Vec<Layer>, Failure> {
        let mut open = wanted.to_vec();
        let mut found: HashMap<Op<'c>, Found<'c>> = HashMap::new();
        while let Some(value) = open.pop() {
            if self.names.contains_key(&value) {
                continue;
            }
            let Some(op) = value.producer() else {
                return Err(self.refuse(
                    self.function,
                    "it reads an argument that is not known",
                    "verify the file",
                ));
            };
            if let Entry::Vacant(place) = found.entry(op) {
                let layer = pattern::read(value, &|value| self.names.contains_key(&value))?;
                open.extend(&layer.inputs);
                place.insert(layer);
            }
        }
        let mut layers = vec![];
        for op in block.ops() {
            if let Some(layer) = found.remove(&op) {
                *rows |= layer.rows;
                layers.push(self.layer(op, layer, current));
            }
        }
        match found.keys().next() {
            None => Ok(layers),
            Some(&op) => {
                Err(self.refuse(op, "it is in another block than its user", "isolate the exit's regions"))
            }
        }
    }

    /// Names a layer and writes it.
    fn layer(&mut self, op: Op<'c>, found: Found<'c>, current: &mut String) -> Layer {
        let Found { mut op_of, inputs, window, bias, arrays, .. } = found;
        let names: Vec<_> = inputs.iter().map(|input| self.names[input].clone()).collect();
        if let [_, others @ ..] = &names[..] {
            pattern::set_others(&mut op_of, others.iter().cloned().map(at).collect());
        }
        let (name, is_given) = self.name(op, op_of.word());
        self.arrays.extend(arrays.into_iter().map(|(part, array)| (format!("{name}.{part}"), array)));
        let from = names.first().filter(|&first| first != current).cloned().map(at);
        self.names.insert(op.result(0), name.clone());
        current.clone_from(&name);
        Layer { name: is_given.then(|| at(name)), op: at(op_of), from, window, bias }
    }

    /// The name of a layer, and whether the text must give it.
    fn name(&mut self, op: Op<'c>, word: &'static str) -> (String, bool) {
        let count = self.counts.entry(word).or_insert(0);
        *count += 1;
        let made = format!("{word}{count}");
        let wanted = op.loc().to_name().map_or_else(|| made.clone(), |name| as_name(&name));
        let mut name = wanted.clone();
        for number in 2.. {
            if self.taken.insert(name.clone()) {
                break;
            }
            name = format!("{wanted}_{number}");
        }
        let is_given = name != made;
        (name, is_given)
    }

    fn refuse(&self, op: Op<'c>, what: &str, cure: &str) -> Failure {
        refuse(op, what, cure)
    }
}

/// An operation that the format cannot say.
fn refuse(op: Op<'_>, what: &str, cure: &str) -> Failure {
    op.error(format!("cannot be written as .eenet: {what}"), &[cure])
}

/// Lets a network whose images have one row, of which no layer makes anything else, speak of columns alone.
fn as_sequence(file: &mut File, arrays: &mut [(String, Floats)]) {
    let columns = |size: &mut Option<[i64; 2]>| {
        if let Some([rows, columns]) = size {
            *rows = *columns;
        }
    };
    let layers = file.items.iter_mut().flat_map(|item| match item {
        Item::Layer(layer) => std::slice::from_mut(layer),
        Item::Exit(exit) => &mut exit.layers[..],
    });
    for Layer { window: Options { kernel, stride, dilation, pad, .. }, .. } in layers {
        columns(kernel);
        columns(stride);
        columns(dilation);
        if let Some(Pad::Sides([top, bottom, left, right])) = pad
            && left == right
        {
            (*top, *bottom) = (*left, *right);
        }
    }
    for (_, array) in arrays {
        if array.shape.len() == 4 {
            array.shape.remove(2);
        }
    }
}

/// Is a text a name of the format?
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(is_part)
}

fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '.'
}

/// A name of the format that is like a name of another one, such as `/features/0/Conv`.
fn as_name(name: &str) -> String {
    if is_name(name) {
        return name.to_owned();
    }
    let plain: String = name.chars().map(|c| if is_part(c) { c } else { '_' }).collect();
    let plain = plain.trim_matches('_');
    if is_name(plain) { plain.to_owned() } else { format!("layer_{plain}") }
}

/// A name of another layer that is read.
pub(super) type Other = Name;

/// The number that an attribute of floats holds.
fn float(op: Op<'_>, attribute: &str) -> Option<f32> {
    op.attr(attribute).and_then(Attr::to_f64).map(|value| value as f32)
}
