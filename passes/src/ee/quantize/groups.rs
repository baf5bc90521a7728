//! Which tensors share a scale.

use std::collections::HashMap;

use atheena_dialects::{
    ee::Exit,
    ir::{Failure, Op, Value},
    tosa,
};

use super::elementwise::Elementwise;

/// The tensors of a float network, grouped so that each group has one scale: what only moves, picks or bounds
/// numbers leaves their scale as it is.
pub struct Groups<'c> {
    group_of: HashMap<Value<'c>, usize>,
    /// The group that a group has become a part of, or itself.
    part_of: Vec<usize>,
    /// The values of each group whose precision matters: those that arithmetic or a user reads. What is clamped
    /// before anything reads it may as well saturate.
    read: Vec<Vec<Value<'c>>>,
    /// Does arithmetic other than tables read the group, or make it in another way than from sums?
    computed_on: Vec<bool>,
    /// The tables that read the group, by their results.
    tables: Vec<Vec<Value<'c>>>,
    /// Does a table make the group's numbers?
    made_by_table: Vec<bool>,
    /// The groups of the classifiers' results.
    logits: Vec<usize>,
    /// The value that each group starts with.
    makers: Vec<Value<'c>>,
}

/// What an operation means for the scales of its operands and results.
pub enum Kind {
    /// Makes numbers of a scale of its own.
    Computes,
    /// The result has the scale of operand 0, which it reads exactly: shapes, bounds, maxima.
    Passes,
    /// The same, but with arithmetic on the operand.
    Averages,
    /// The result has one scale, in which it reads all operands.
    Joins,
    /// A function of one tensor, element by element: a table, or a part of one.
    Maps,
    /// An exit.
    Exits,
    /// Hands values out of a region or the function.
    Ends,
    /// No numbers of the network.
    Constant,
    /// Has no integer form here.
    Unknown,
}

impl Kind {
    /// The kind of an operation, given the functions in its network.
    pub fn of<'c>(op: Op<'c>, functions: &Elementwise<'c>) -> Self {
        let result = op.results().first().copied();
        if result.is_some_and(|result| functions.source_of(result).is_some()) {
            return Self::Maps;
        }
        match op.name().as_str() {
            "tosa.conv2d" | "tosa.depthwise_conv2d" => Self::Computes,
            "tosa.add" | "tosa.mul" if numbers(op).iter().all(|&v| tosa::constant(v).is_none()) => {
                Self::Computes
            }
            "tosa.concat" => Self::Joins,
            "tosa.clamp" | "tosa.max_pool2d" | "tosa.reshape" | "tosa.transpose" | "tosa.slice"
            | "tosa.pad" | "tosa.identity" => Self::Passes,
            // The mean of a whole map varies less than its elements, and gets a scale of its own.
            "tosa.avg_pool2d" if is_global(op) => Self::Computes,
            "tosa.avg_pool2d" => Self::Averages,
            "ee.exit" => Self::Exits,
            "ee.yield" | "func.return" => Self::Ends,
            _ if is_constant(op) => Self::Constant,
            _ => Self::Unknown,
        }
    }
}

/// The operands of what computes that are numbers of the network, where none is a constant.
fn numbers(op: Op<'_>) -> Vec<Value<'_>> {
    let count = if op.is("tosa.add") || op.is("tosa.mul") { 2 } else { 1 };
    op.operands().into_iter().take(count).collect()
}

/// Does a pooling make one pixel of several?
fn is_global(op: Op<'_>) -> bool {
    let pixels = |value: Value<'_>| value.ty().shape().map(|shape| shape[1..3].iter().product::<i64>());
    pixels(op.result(0)) == Some(1) && op.operand(0).and_then(pixels).is_some_and(|pixels| pixels > 1)
}

impl<'c> Groups<'c> {
    /// Groups the tensors of a function, or says what can't be quantised.
    pub fn of(function: Op<'c>, functions: &Elementwise<'c>) -> Result<Self, Failure> {
        let mut groups = Self {
            group_of: HashMap::new(),
            part_of: vec![],
            read: vec![],
            computed_on: vec![],
            tables: vec![],
            made_by_table: vec![],
            logits: vec![],
            makers: vec![],
        };
        groups.start(image(function)?);
        let mut failure = None;
        for op in function.walk().into_iter().skip(1) {
            let (inputs, results) = (op.operands(), op.results());
            match Kind::of(op, functions) {
                Kind::Constant => {}
                Kind::Unknown => failure = Some(unknown(op)),
                Kind::Exits if results.len() != 1 => {
                    let cure = "let the network return its logits only";
                    failure = Some(op.error("has several results, and only logits have a scale", &[cure]));
                }
                // The result gets no group: its scale is that of the classifier that it comes from.
                Kind::Exits => {
                    let exit = Exit(op);
                    for region in [exit.classify(), exit.otherwise()] {
                        for (argument, &input) in region.arguments().into_iter().zip(&inputs) {
                            groups.join(argument, input);
                        }
                    }
                }
                Kind::Ends => {
                    inputs.iter().for_each(|&v| groups.read(v));
                    groups.logits.extend(inputs.first().and_then(|&logits| groups.group_of(outside(logits))));
                }
                Kind::Computes => {
                    for input in numbers(op) {
                        groups.want(op, input, &mut failure);
                        groups.compute_on(input);
                    }
                    groups.start(results[0]);
                }
                Kind::Maps if functions.is_read(results[0]) => {
                    if let Some(source) = functions.source_of(results[0]) {
                        groups.want(op, source, &mut failure);
                        groups.map(source, results[0]);
                    }
                    let group = groups.start(results[0]);
                    groups.made_by_table[group] = true;
                    groups.read(results[0]);
                }
                Kind::Maps => {}
                Kind::Joins => {
                    groups.start(results[0]);
                    groups.compute_on(results[0]);
                    for &input in &inputs {
                        groups.want(op, input, &mut failure);
                        groups.merge(op, input);
                    }
                }
                kind @ (Kind::Passes | Kind::Averages) => {
                    groups.want(op, inputs[0], &mut failure);
                    if matches!(kind, Kind::Averages) {
                        groups.compute_on(inputs[0]);
                    }
                    groups.join(results[0], inputs[0]);
                }
            }
        }
        failure.map_or(Ok(groups), Err)
    }

    /// How many groups there are. The first is that of the image.
    pub fn len(&self) -> usize {
        self.read.len()
    }

    /// The group of a tensor; None of constants and of the results of exits.
    pub fn group_of(&self, value: Value<'c>) -> Option<usize> {
        self.group_of.get(&value).map(|&group| self.whole(group))
    }

    /// The group that a group has become a part of.
    fn whole(&self, mut group: usize) -> usize {
        while self.part_of[group] != group {
            group = self.part_of[group];
        }
        group
    }

    /// The values of a group whose precision matters, in the order of the network.
    pub fn read_values(&self, group: usize) -> &[Value<'c>] {
        &self.read[group]
    }

    /// The value that a group starts with, behind which all others of it only move, pick or bound its numbers.
    pub fn maker(&self, group: usize) -> Option<Value<'c>> {
        self.makers.get(group).copied()
    }

    /// The groups of the classifiers' results; an inner exit's result, which an outer one hands on, has none.
    pub fn logits(&self) -> &[usize] {
        &self.logits
    }

    /// Are a group's numbers sums that nothing but a decision or the user reads?
    pub fn is_result_only(&self, group: usize) -> bool {
        !self.computed_on[group] && !self.is_mapped(group)
    }

    /// Does a table read a group's numbers or make them?
    pub fn is_mapped(&self, group: usize) -> bool {
        self.made_by_table[group] || !self.tables[group].is_empty()
    }

    /// Does a table make a group's numbers?
    pub fn is_made_by_table(&self, group: usize) -> bool {
        self.made_by_table[group]
    }

    /// The tables that read a group's numbers, by their results, if nothing else does.
    pub fn only_tables(&self, group: usize) -> &[Value<'c>] {
        let others = self.computed_on[group] || self.logits.contains(&group);
        if others { &[] } else { &self.tables[group] }
    }

    /// Gives a new value the group of an old one.
    pub fn join(&mut self, value: Value<'c>, old: Value<'c>) {
        if let Some(group) = self.group_of(old) {
            self.group_of.insert(value, group);
        }
    }

    /// Starts a group with a value, and returns its number.
    fn start(&mut self, value: Value<'c>) -> usize {
        let group = self.read.len();
        self.group_of.insert(value, group);
        self.part_of.push(group);
        self.read.push(vec![]);
        self.computed_on.push(group == 0);
        self.tables.push(vec![]);
        self.made_by_table.push(false);
        self.makers.push(value);
        group
    }

    /// Lets an operand of a concatenation share the scale of the result, unless something else reads it or it is the
    /// image; it is rescaled then.
    fn merge(&mut self, concat: Op<'c>, input: Value<'c>) {
        let (Some(whole), Some(part)) = (self.group_of(concat.result(0)), self.group_of(input)) else {
            return;
        };
        if part == 0 || input.only_user().is_none() {
            self.compute_on(input);
        } else if part != whole {
            let read = std::mem::take(&mut self.read[part]);
            self.part_of[part] = whole;
            self.read[whole].extend(read);
            let tables = std::mem::take(&mut self.tables[part]);
            self.tables[whole].extend(tables);
            self.made_by_table[whole] |= self.made_by_table[part];
        }
    }

    fn compute_on(&mut self, value: Value<'c>) {
        self.read(value);
        if let Some(group) = self.group_of(value) {
            self.computed_on[group] = true;
        }
    }

    fn map(&mut self, source: Value<'c>, result: Value<'c>) {
        self.read(source);
        if let Some(group) = self.group_of(source) {
            self.tables[group].push(result);
        }
    }

    fn read(&mut self, value: Value<'c>) {
        let value = outside(value);
        if let Some(group) = self.group_of(value)
            && !self.read[group].contains(&value)
        {
            self.read[group].push(value);
        }
    }

    /// An operation reads a value that must have a scale.
    fn want(&self, op: Op<'c>, value: Value<'c>, failure: &mut Option<Failure>) {
        if self.group_of(value).is_some() {
            return;
        }
        let producer = value.producer();
        if producer.is_some_and(|producer| Exit::cast(producer).is_some()) {
            let cure = "end the network with its exits: move the layers behind them into their regions";
            let message = "computes on the result of an exit, whose scale depends on where a sample left";
            *failure = Some(op.error(message, &[cure]));
        } else if producer.is_some_and(|producer| is_constant(producer)) {
            *failure = Some(op.error("computes on a constant only", &["fold it, with --canonicalize"]));
        }
    }
}

fn is_constant(op: Op<'_>) -> bool {
    op.is("tosa.const") || op.is("tosa.const_shape") || op.is("arith.constant")
}

/// What an argument of an exit's regions stands for; other values as they are.
pub fn outside(value: Value<'_>) -> Value<'_> {
    let exit = value.argument_block().and_then(|block| block.parent()).and_then(Exit::cast);
    match exit.and_then(|exit| exit.0.operand(value.index())) {
        Some(input) => outside(input),
        None => value,
    }
}

/// The function's argument, an image.
pub fn image(function: Op<'_>) -> Result<Value<'_>, Failure> {
    let arguments = function.body().arguments();
    if let [argument] = arguments[..]
        && argument.ty().element().is_some_and(|element| element.is_float())
        && argument.ty().shape().is_some_and(|shape| shape.len() == 4 && shape[0] == 1)
    {
        return Ok(argument);
    }
    let found: Vec<_> = arguments.iter().map(|argument| argument.ty().to_string()).collect();
    let message =
        format!("expected one float image [1, H, W, C] as argument, but got ({})", found.join(", "));
    Err(function.error(message, &["a network is quantised once, from its float form"]))
}

fn unknown(op: Op<'_>) -> Failure {
    let affine = "a factor or summand must be one number, or one a channel, which ee-fold-batch-norm makes a part of a \
                  convolution; differences of two tensors have no integer form here";
    let known = "integer networks have conv2d, depthwise_conv2d, add, mul, concat, max_pool2d, avg_pool2d, clamp, reshape, \
                 transpose, slice, pad, and functions of one tensor element by element: replace the node before the export";
    let is_affine = ["tosa.mul", "tosa.add", "tosa.sub"].contains(&op.name().as_str());
    op.error("has no integer form", &[if is_affine { affine } else { known }])
}
