//! How the conversions of exits compute a decision, and number the exits.
//!
//! A conversion says only how its level writes "if confident these values, else those" ([`Branch`]); all that
//! decides the bits is here, once.

use atheena_dialects::{
    ee::{ConfidenceKind, Exit, IntegerConfidence, Limit},
    ir::{Attr, Block, Builder, DenseElement, Failure, Op, Type, Value},
    tosa,
};

/// Moves what the samples run that stay in front of an operation, given the values that stand for the exit's inputs
/// there; returns their results.
pub(crate) type Late<'l, 'c> = dyn FnMut(Op<'c>, &[Value<'c>]) -> Result<Vec<Value<'c>>, Failure> + 'l;

/// The conditional of the level that a conversion makes.
pub(crate) trait Branch {
    /// Makes the operation behind an exit's classifier.
    ///
    /// `condition` is a `tensor<i1>`; `early` are the values of a sample that leaves.
    fn build<'c>(
        builder: Builder<'c>,
        condition: Value<'c>,
        early: &[Value<'c>],
        inputs: &[Value<'c>],
        late: &mut Late<'_, 'c>,
    ) -> Result<Vec<Value<'c>>, Failure>;
}

/// Replaces every exit of a function; with `exit_index` the function gets one more result, `tensor<1xi32>`: the
/// number of the exit at which the sample left, the final classifier's being the number of exits.
pub(crate) fn convert<B: Branch>(function: Op<'_>, exit_index: bool) -> Result<(), Failure> {
    let blocks = function.region(0).blocks();
    let [block] = blocks[..] else {
        return Err(function.error("expected a function with a body of one block", &[]));
    };
    let index = convert_block::<B>(block, 0, exit_index)?;
    if let Some(index) = index {
        add_result(function, block, index)?;
    }
    Ok(())
}

/// Converts the exits of a block that `depth` exits are around. With `exit_index` returns the number of the exit
/// at which a sample left that came here.
fn convert_block<'c, B: Branch>(
    block: Block<'c>,
    depth: i32,
    exit_index: bool,
) -> Result<Option<Value<'c>>, Failure> {
    let exits: Vec<_> = block.ops().into_iter().filter_map(Exit::cast).collect();
    if let (true, [_, second, ..]) = (exit_index, &exits[..]) {
        let nest = "only exits that nest have an order: put the second one in the first's otherwise region";
        return Err(second.0.error("cannot be numbered: another exit comes before it in its block", &[nest]));
    }
    let mut index = None;
    for exit in exits {
        index = convert_exit::<B>(exit, depth, exit_index)?;
    }
    Ok(match (exit_index, block.last()) {
        (true, Some(end)) => Some(index.unwrap_or_else(|| number(Builder::before(end), depth))),
        _ => None,
    })
}

/// Runs every classifier on every sample: of each exit only the layers are left, its classifier's first. The function's
/// results are what the last section yields, and then for each exit its logits and whether the sample would leave
/// there, `tensor<1xi32>`.
pub(crate) fn open(function: Op<'_>) -> Result<(), Failure> {
    let exits = Exit::all_in(function);
    for pair in exits.windows(2) {
        if !pair[1].0.is_inside(pair[0].0) {
            let nest = "only exits that nest have an order: put it in the otherwise region of the one before";
            return Err(pair[1].0.error("does not nest in the exit before it", &[nest]));
        }
    }
    let blocks = function.region(0).blocks();
    let [block] = blocks[..] else {
        return Err(function.error("expected a function with a body of one block", &[]));
    };
    for exit in exits {
        let builder = Builder::before(exit.0);
        let inputs = exit.0.operands();
        let early = inline(exit.classify(), &inputs, exit.0);
        let leaves = decision(builder, exit, early[0])?;
        let i32 = Type::integer(builder.ctx(), 32);
        let leaves = tosa::simple(builder, "tosa.cast", &[leaves], Type::tensor(&[], i32));
        let leaves = tosa::reshape(builder, leaves, &[1]);
        let late = inline(exit.otherwise(), &inputs, exit.0);
        exit.0.replace(&late);
        add_result(function, block, early[0])?;
        add_result(function, block, leaves)?;
    }
    Ok(())
}

/// Replaces an exit; returns the index that [`convert_block`] does.
fn convert_exit<'c, B: Branch>(
    exit: Exit<'c>,
    depth: i32,
    exit_index: bool,
) -> Result<Option<Value<'c>>, Failure> {
    let builder = Builder::before(exit.0);
    let inputs = exit.0.operands();
    let mut early = inline(exit.classify(), &inputs, exit.0);
    let condition = decision(builder, exit, early[0])?;
    if exit_index {
        early.push(number(builder, depth));
    }
    let mut late = |end: Op<'c>, inputs: &[Value<'c>]| {
        let inner = convert_block::<B>(exit.otherwise(), depth + 1, exit_index)?;
        let mut values = inline(exit.otherwise(), inputs, end);
        values.extend(inner);
        Ok(values)
    };
    let mut values = B::build(builder, condition, &early, &inputs, &mut late)?;
    let index = if exit_index { values.pop() } else { None };
    exit.0.replace(&values);
    Ok(index)
}

/// Moves what a region computes in front of an operation, with `inputs` for its arguments; returns what it yields.
fn inline<'c>(region: Block<'c>, inputs: &[Value<'c>], end: Op<'c>) -> Vec<Value<'c>> {
    for (argument, input) in region.arguments().into_iter().zip(inputs) {
        argument.replace_uses(*input);
    }
    let mut ops = region.ops();
    let terminator = ops.pop().expect("the verifier wants ee.yield");
    for op in ops {
        op.move_before(end);
    }
    // After the moves: a region may yield one of its own arguments.
    terminator.operands()
}

/// The number of an exit, `tensor<1xi32>`.
fn number(builder: Builder<'_>, value: i32) -> Value<'_> {
    tosa::const_dense(builder, &[1], &[value])
}

/// Returns one more value from a function.
fn add_result<'c>(function: Op<'c>, block: Block<'c>, value: Value<'c>) -> Result<(), Failure> {
    let (Some(end), Some(ty)) = (block.last(), function.attr("function_type").and_then(Attr::to_type)) else {
        return Err(function.error("expected a function with a body", &[]));
    };
    let (arguments, mut results) = ty.signature().expect("a function has a function type");
    results.push(value.ty());
    let ctx = function.ctx();
    function.set_attr("function_type", Attr::ty(Type::function(ctx, &arguments, &results)));
    if let Some(mut attrs) = function.attr("res_attrs").and_then(Attr::to_attrs) {
        attrs.push(Attr::parse(ctx, "{}").expect("an empty dictionary parses"));
        function.set_attr("res_attrs", Attr::array(ctx, &attrs));
    }
    let mut operands = end.operands();
    operands.push(value);
    end.set_operands(&operands);
    Ok(())
}

/// Does the sample leave? A `tensor<i1>` of the classifier's logits, `[1, classes]`.
fn decision<'c>(builder: Builder<'c>, exit: Exit<'c>, logits: Value<'c>) -> Result<Value<'c>, Failure> {
    let confidence = exit.confidence();
    let (element, shape) = (logits.ty().element(), logits.ty().shape());
    let (Some(element), Some(&[_, classes])) = (element, shape.as_deref()) else {
        return Err(exit.0.error("expected logits of rank 2", &[]));
    };
    match &confidence.integer {
        Some(integer) if matches!(element.int_width(), Some(8 | 16)) => {
            integer_decision(builder, exit, logits, classes, integer)
        }
        None if element.is_float() => {
            let threshold = confidence.threshold as f32;
            Ok(float_decision(builder, logits, classes, confidence.kind, threshold))
        }
        Some(_) => Err(exit.0.error(
            format_args!(
                "has an integer confidence, which needs int8 or int16 logits, but they are {}",
                logits.ty()
            ),
            &["only ee-quantize makes an integer confidence; run it on the whole network"],
        )),
        None => Err(exit.0.error(
            format_args!(
                "has a confidence without a table, which needs float logits, but they are {}",
                logits.ty()
            ),
            &["ee-quantize makes the integer form of a confidence: a table of exponentials and its limits"],
        )),
    }
}

/// The sum of the logits' exponentials, or of their entropy's terms, against its limit: see [`Limit`].
fn integer_decision<'c>(
    builder: Builder<'c>,
    exit: Exit<'c>,
    logits: Value<'c>,
    classes: i64,
    integer: &IntegerConfidence,
) -> Result<Value<'c>, Failure> {
    let largest = integer.table.first().copied().unwrap_or(0);
    if classes.checked_mul(largest.into()).is_none_or(|sum| sum > i32::MAX.into()) {
        return Err(exit.0.error(
            format_args!("has {classes} classes, whose exponentials may overflow an i32 sum"),
            &["the table is scaled by 2^16: at most 32767 classes"],
        ));
    }
    let make = Make { builder, classes, element: i32::ty(builder.ctx()) };
    let element = logits.ty().element().expect("logits are a tensor");
    let max = reduce(builder, "tosa.reduce_max", logits, &[1, 1], element);
    let max = make.one("tosa.cast", &[max]);
    let wide = make.all("tosa.cast", &[logits]);
    let distance = make.all("tosa.sub", &[max, wide]);
    let index = make.index(distance, integer);
    let sum = make.total(&integer.table, index);
    let (sum, limit) = match &integer.limit {
        Limit::Fixed(limit) => (sum, tosa::const_dense(builder, &[1, 1, 1], &[*limit])),
        Limit::OfSecond(limits) => (sum, make.look_up(limits, make.index(make.second(distance), integer), 1)),
        Limit::OfTerms { terms, limits, shift } => {
            let one = make.constant(IntegerConfidence::ONE as i32);
            let beyond = make.one("tosa.sub", &[tosa::reshape(builder, sum, &[1, 1]), one]);
            let last = make.constant(limits.len() as i32 - 1);
            let entry = make.one("tosa.minimum", &[make.shifted(beyond, *shift, false), last]);
            (make.total(terms, index), make.look_up(limits, entry, 1))
        }
    };
    let i1 = Type::integer(builder.ctx(), 1);
    let leaves = tosa::simple(builder, "tosa.greater_equal", &[limit, sum], Type::tensor(&[1, 1, 1], i1));
    Ok(tosa::reshape(builder, leaves, &[]))
}

/// `confidence OP threshold` in floating point; of the distances `x_i - max x`, which are not positive.
fn float_decision<'c>(
    builder: Builder<'c>,
    logits: Value<'c>,
    classes: i64,
    kind: ConfidenceKind,
    threshold: f32,
) -> Value<'c> {
    let ctx = builder.ctx();
    let make = Make { builder, classes, element: Type::f32(ctx) };
    let max = reduce(builder, "tosa.reduce_max", logits, &[1, 1], make.element);
    let distance = make.all("tosa.sub", &[logits, max]);
    let weights = make.all("tosa.exp", &[distance]);
    let sum = make.sum(weights);
    let part = make.one("tosa.reciprocal", &[sum]);
    let times = |a, b, all: bool| {
        let zero = tosa::const_dense(builder, &[1], &[0i8]);
        if all { make.all("tosa.mul", &[a, b, zero]) } else { make.one("tosa.mul", &[a, b, zero]) }
    };
    let (value, above) = match kind {
        ConfidenceKind::MaxSoftmax => (part, true),
        ConfidenceKind::Margin => {
            let positive = make.all("tosa.negate", &[distance, make.zero(), make.zero()]);
            let second = make.one("tosa.negate", &[make.second(positive), make.zero(), make.zero()]);
            let weight = make.one("tosa.exp", &[second]);
            let one = tosa::const_dense(builder, &[1, 1], &[1f32]);
            (times(make.one("tosa.sub", &[one, weight]), part, false), true)
        }
        ConfidenceKind::Entropy => {
            let terms = make.sum(times(distance, weights, true));
            (make.one("tosa.sub", &[make.one("tosa.log", &[sum]), times(terms, part, false)]), false)
        }
    };
    let threshold = tosa::const_dense(builder, &[1, 1], &[threshold]);
    let compared = if above { [value, threshold] } else { [threshold, value] };
    let i1 = Type::integer(ctx, 1);
    let leaves = tosa::simple(builder, "tosa.greater", &compared, Type::tensor(&[1, 1], i1));
    tosa::reshape(builder, leaves, &[])
}

/// Makes the operations of a decision, on numbers of one type.
struct Make<'c> {
    builder: Builder<'c>,
    classes: i64,
    element: Type<'c>,
}

impl<'c> Make<'c> {
    /// An operation whose result has a number for each class.
    fn all(&self, name: &str, operands: &[Value<'c>]) -> Value<'c> {
        tosa::simple(self.builder, name, operands, Type::tensor(&[1, self.classes], self.element))
    }

    /// An operation whose result is one number.
    fn one(&self, name: &str, operands: &[Value<'c>]) -> Value<'c> {
        tosa::simple(self.builder, name, operands, Type::tensor(&[1, 1], self.element))
    }

    /// An integer.
    fn constant(&self, value: i32) -> Value<'c> {
        tosa::const_dense(self.builder, &[1, 1], &[value])
    }

    /// The zero point of a float negation.
    fn zero(&self) -> Value<'c> {
        tosa::const_dense(self.builder, &[1], &[0f32])
    }

    /// The sum over the classes.
    fn sum(&self, values: Value<'c>) -> Value<'c> {
        reduce(self.builder, "tosa.reduce_sum", values, &[1, 1], self.element)
    }

    /// An integer shifted to the right, rounded to the nearest or down.
    fn shifted(&self, value: Value<'c>, shift: u32, round: bool) -> Value<'c> {
        if shift == 0 {
            return value;
        }
        let builder = self.builder;
        let amount = tosa::const_dense(builder, &[1, 1], &[shift as i32]);
        let round = Attr::bool(builder.ctx(), round);
        let op = builder.op("tosa.arithmetic_right_shift").operands(&[value, amount]).attr("round", round);
        op.result(value.ty()).build().result(0)
    }

    /// The indices of distances in the tables.
    fn index(&self, distances: Value<'c>, integer: &IntegerConfidence) -> Value<'c> {
        // Distances of 8 bits are indices.
        if integer.shift == 0 && integer.table.len() == 256 {
            return distances;
        }
        let rounded = self.shifted(distances, integer.shift, true);
        let last = self.constant(integer.table.len() as i32 - 1);
        tosa::simple(self.builder, "tosa.minimum", &[rounded, last], distances.ty())
    }

    /// The `count` entries of a table, `[1, count, 1]`.
    fn look_up(&self, table: &[i32], indices: Value<'c>, count: i64) -> Value<'c> {
        let table = tosa::const_dense(self.builder, &[1, table.len() as i64, 1], table);
        let ty = Type::tensor(&[1, count, 1], self.element);
        tosa::simple(self.builder, "tosa.gather", &[table, indices], ty)
    }

    /// The sum of the classes' entries of a table, `[1, 1, 1]`.
    fn total(&self, table: &[i32], indices: Value<'c>) -> Value<'c> {
        let entries = self.look_up(table, indices, self.classes);
        reduce(self.builder, "tosa.reduce_sum", entries, &[1, 1, 1], self.element)
    }

    /// The second smallest distance, of which at least one is 0: 0 if several are, the largest number of the type if
    /// there is one class.
    fn second(&self, distances: Value<'c>) -> Value<'c> {
        let (builder, ctx) = (self.builder, self.builder.ctx());
        let integer = !self.element.is_float();
        let number = |value: i32, largest: f32| {
            if integer { self.constant(value) } else { tosa::const_dense(builder, &[1, 1], &[largest]) }
        };
        let (none, far) = (number(0, 0.0), number(i32::MAX, f32::MAX));
        let i1 = |shape: &[i64]| Type::tensor(shape, Type::integer(ctx, 1));
        let first = tosa::simple(builder, "tosa.equal", &[distances, none], i1(&[1, self.classes]));
        let others = self.all("tosa.select", &[first, far, distances]);
        let nearest = reduce(builder, "tosa.reduce_min", others, &[1, 1], self.element);
        let ones =
            tosa::simple(builder, "tosa.cast", &[first], Type::tensor(&[1, self.classes], i32::ty(ctx)));
        let count = reduce(builder, "tosa.reduce_sum", ones, &[1, 1], i32::ty(ctx));
        let tie = tosa::simple(builder, "tosa.greater", &[count, self.constant(1)], i1(&[1, 1]));
        self.one("tosa.select", &[tie, none, nearest])
    }
}

/// A reduction over the classes, dimension 1.
fn reduce<'c>(
    builder: Builder<'c>,
    name: &str,
    input: Value<'c>,
    shape: &[i64],
    element: Type<'c>,
) -> Value<'c> {
    let axis = Attr::i32(builder.ctx(), 1);
    let op = builder.op(name).operand(input).attr("axis", axis).result(Type::tensor(shape, element));
    op.build().result(0)
}
