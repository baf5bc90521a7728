//! `ee-batch-of-one`: makes a network of a batch one of a single sample.
//!
//! Other flows export with the batch of their example input. Where every layer treats the samples alike and apart, the
//! network of one of them is the same with a batch of one.
//!
//! Requires: one argument, whose first dimension is the batch; no conditionals, which would decide for a whole batch.
//! Ensures: the argument has a batch of one; an operation that mixes samples is an error.
//!
//!     %y = tosa.conv2d %x : 8x28x28x1 -> 8x28x28x4    becomes    %y = tosa.conv2d %x : 1x28x28x1 -> 1x28x28x4

use atheena_dialects::{
    ir::{Attr, Builder, Failure, Op, Type, Value},
    pass::{NoOptions, Pass},
    tosa,
};
use std::collections::HashMap;

/// The pass.
pub struct BatchOfOne;

impl Pass for BatchOfOne {
    const FLAG: &'static str = "ee-batch-of-one";
    const SUMMARY: &'static str = "Make a network of a batch one of a single sample";
    const ANCHOR: &'static str = "func.func";
    type Options = NoOptions;

    fn run(function: Op<'_>, _: &NoOptions) -> Result<(), Failure> {
        let Some(body) = function.region(0).entry() else { return Ok(()) };
        let &[argument] = &body.arguments()[..] else { return Ok(()) };
        let Some(&[size, ..]) = argument.ty().shape().as_deref() else { return Ok(()) };
        let decides = body.ops().iter().any(|op| !op.regions().is_empty());
        if size <= 1 || decides {
            return Ok(());
        }
        let mut batch = Batch { size, values: HashMap::new() };
        batch.narrow(argument, 0);
        for op in body.ops() {
            if op.operands().iter().any(|value| batch.values.contains_key(value)) {
                batch.operation(op).map_err(|why| mixes(op, &why))?;
            }
        }
        let end = body.last().expect("a function has a terminator");
        let types: Vec<_> = end.operands().iter().map(|value| value.ty()).collect();
        let ty = Type::function(function.ctx(), &[argument.ty()], &types);
        function.set_attr("function_type", Attr::ty(ty));
        tosa::erase_unused(function);
        function
            .remark(format!("takes one sample instead of a batch of {size}, whose samples it treats apart"));
        Ok(())
    }
}

fn mixes(op: Op<'_>, why: &str) -> Failure {
    op.error(
        format!("may mix the samples of a batch: {why}"),
        &["hardware takes one sample at a time: export the network with a batch of one"],
    )
}

/// Which dimension of a value is the batch, and its sizes before.
#[derive(Clone)]
struct Place {
    dimension: usize,
    sizes: Vec<i64>,
}

struct Batch<'c> {
    /// The number of samples.
    size: i64,
    values: HashMap<Value<'c>, Place>,
}

impl<'c> Batch<'c> {
    /// Lets a value have one sample.
    fn narrow(&mut self, value: Value<'c>, dimension: usize) {
        let sizes = value.ty().shape().expect("a value of the batch is a tensor");
        let mut one = sizes.clone();
        one[dimension] = 1;
        value.set_ty(Type::tensor(&one, value.ty().element().expect("a tensor has elements")));
        self.values.insert(value, Place { dimension, sizes });
    }

    /// Narrows the result of an operation that has the batch as an operand.
    fn operation(&mut self, op: Op<'c>) -> Result<(), String> {
        if op.is("func.return") {
            return Ok(());
        }
        let [result] = op.results()[..] else { return Err("it has not one result".into()) };
        let to = result.ty().shape().ok_or("its result is no tensor")?;
        let first = op.operand(0).and_then(|value| self.values.get(&value)).cloned();
        let dimension = match (op.name().as_str(), first) {
            (name, Some(place)) if WINDOWS.contains(&name) => {
                Some(place.dimension).filter(|&d| d == 0).ok_or("its batch is not the first dimension")?
            }
            ("tosa.transpose", Some(place)) => {
                let perms = op.attr("perms").and_then(Attr::to_i64s).unwrap_or_default();
                let moved = perms.iter().position(|&from| from == place.dimension as i64);
                moved.ok_or("its permutation does not have the batch")?
            }
            ("tosa.reshape", Some(place)) => {
                let dimension =
                    self.reshaped(&place, &to).ok_or("it joins the batch with another dimension")?;
                let mut shape = to.clone();
                shape[dimension] = 1;
                op.set_operand(1, tosa::const_shape(Builder::before(op), &shape));
                dimension
            }
            ("tosa.matmul", Some(place)) => {
                let rows = place.dimension == 1 && place.sizes[0] == 1;
                let constant = op.operand(1).is_some_and(|value| !self.values.contains_key(&value));
                if !(rows && constant) {
                    return Err("its samples are not the rows of a product with a constant".into());
                }
                1
            }
            ("tosa.slice", Some(place)) => self.sliced(op, &place)?,
            (name, Some(place)) if name.starts_with("tosa.reduce_") || name == "tosa.concat" => {
                let axis = op.attr("axis").and_then(Attr::to_i64);
                if axis == Some(place.dimension as i64) {
                    return Err("it reduces or joins along the batch".into());
                }
                self.alike(op, &to, place.dimension)?
            }
            ("tosa.pad", Some(place)) => {
                let sides =
                    op.operand(1).and_then(tosa::constant).and_then(Attr::to_dense_ints).unwrap_or_default();
                if sides.get(2 * place.dimension..2 * place.dimension + 2) != Some(&[0, 0]) {
                    return Err("it pads the batch".into());
                }
                place.dimension
            }
            (name, _) if is_elementwise(name) => {
                let places = op.operands().into_iter().filter_map(|value| self.values.get(&value));
                let dimension = places.map(|place| place.dimension).next().unwrap_or_default();
                self.alike(op, &to, dimension)?
            }
            (name, _) => return Err(format!("what {name} does with it is not known")),
        };
        if to.get(dimension) != Some(&self.size) {
            return Err(format!("dimension {dimension} of its result is not the batch of {}", self.size));
        }
        self.narrow(result, dimension);
        Ok(())
    }

    /// All operands of the result's rank have the batch there, or one element for all samples.
    fn alike(&self, op: Op<'c>, to: &[i64], dimension: usize) -> Result<usize, String> {
        for value in op.operands() {
            let sizes = value.ty().shape().unwrap_or_default();
            match self.values.get(&value) {
                Some(place) if place.dimension != dimension => {
                    return Err("the batch is in two places".into());
                }
                None if sizes.len() == to.len() && sizes[dimension] != 1 => {
                    return Err(format!("an operand has numbers for each of {} samples", sizes[dimension]));
                }
                _ => {}
            }
        }
        Ok(dimension)
    }

    /// Where a reshape puts the batch: as many elements are before it and behind it as were.
    fn reshaped(&self, place: &Place, to: &[i64]) -> Option<usize> {
        let before: i64 = place.sizes[..place.dimension].iter().product();
        (0..to.len()).find(|&d| to[d] == self.size && to[..d].iter().product::<i64>() == before)
    }

    fn sliced(&self, op: Op<'c>, place: &Place) -> Result<usize, String> {
        let ints = |index| op.operand(index).and_then(tosa::constant).and_then(Attr::to_dense_ints);
        let (start, mut size) = ints(1).zip(ints(2)).ok_or("its bounds are no constants")?;
        if start.get(place.dimension) != Some(&0) || size.get(place.dimension) != Some(&self.size) {
            return Err("it takes some of the samples".into());
        }
        size[place.dimension] = 1;
        op.set_operand(2, tosa::const_shape(Builder::before(op), &size));
        Ok(place.dimension)
    }
}

/// Layers on feature maps.
const WINDOWS: [&str; 4] = ["tosa.conv2d", "tosa.depthwise_conv2d", "tosa.max_pool2d", "tosa.avg_pool2d"];

/// What else computes each element of the elements at its place, beside [`tosa::UNARY`] and [`tosa::BINARY`].
const ELEMENTWISE: [&str; 4] = ["tosa.pow", "tosa.rescale", "tosa.select", "tosa.greater"];

/// Does an operation compute each element of the elements at its place?
fn is_elementwise(name: &str) -> bool {
    [&tosa::UNARY[..], &tosa::BINARY, &ELEMENTWISE].into_iter().flatten().any(|known| *known == name)
}
