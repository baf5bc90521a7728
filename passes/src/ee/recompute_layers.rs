//! `ee-recompute-layers`: computes layers again behind an exit, where what they are computed of is much smaller.
//!
//! A sample that stays at an exit waits there for the section behind it, with all that this section takes. The first layers of a
//! network often make many channels of a small image, for few of the network's products: then the image waits, and the
//! section computes them again. Queues at exits get short of memory where bursts are long; this makes them a fraction of the size.
//!
//! Requires: nothing.
//! Ensures: no operand that only the second region of an exit would need is made by a chain of layers with one
//! input each, of at most `most-work` of the region's products, out of a value of the same block with at most `1 / least-shrink` of
//! its bits.
//!
//!     %y = tosa.conv2d %x … : 28x28x1 -> 26x26x32          %y = tosa.conv2d %x …
//!     ee.exit on (%a = %y)                                 ee.exit on (%a = %y, %b = %x)
//!       classify { f(%a) }                       becomes     classify { f(%a) }
//!       otherwise { g(%a) }                                  otherwise { %z = tosa.conv2d %b …  g(%z) }

use atheena_dialects::{
    ee::Exit,
    ir::{Block, Builder, Failure, Op, Value},
    pass::Pass,
    pass_options,
    tosa::{self, Convolution, constant},
};
use std::iter::successors;

pass_options! {
    /// Options of `ee-recompute-layers`.
    pub struct Options {
        /// How many times smaller than what the layers make that which they are computed of must be.
        pub least_shrink: f64 = 4.0,
        /// The part of a section's products that computing layers again may add, in 0..1.
        pub most_work: f64 = 0.05,
    }
}

/// The pass.
pub struct RecomputeLayers;

impl Pass for RecomputeLayers {
    const FLAG: &'static str = "ee-recompute-layers";
    const SUMMARY: &'static str = "Compute layers again behind an exit, where their input is smaller";
    const ANCHOR: &'static str = "func.func";
    type Options = Options;

    fn run(function: Op<'_>, options: &Options) -> Result<(), Failure> {
        let &Options { least_shrink, most_work } = options;
        if !(least_shrink >= 1.0 && (0.0..=1.0).contains(&most_work)) {
            let problem = format!("cannot have least-shrink {least_shrink} and most-work {most_work}");
            return Err(function.error(problem, &["give a number from 1 on, and a part in 0..1"]));
        }
        for exit in Exit::all_in(function) {
            for (index, operand) in exit.0.operands().into_iter().enumerate() {
                if !exit.otherwise().arguments()[index].is_unused()
                    && let Some(chain) = smallest_source(exit, operand, options)
                {
                    recompute(exit, index, &chain);
                }
            }
        }
        tosa::erase_unused(function);
        Ok(())
    }
}

/// The layers, from the last one on, back to the smallest value that an operand may be computed of again.
fn smallest_source<'c>(exit: Exit<'c>, operand: Value<'c>, options: &Options) -> Option<Vec<Op<'c>>> {
    let all: Vec<_> =
        successors(layer_of(exit, operand), |layer| layer_of(exit, layer.operand(0)?)).collect();
    let section: u64 = exit.otherwise().ops().into_iter().flat_map(Op::walk).map(products).sum();
    let most = options.most_work * section as f64;
    let work = |layers: &[Op<'c>]| layers.iter().map(|&layer| products(layer)).sum::<u64>() as f64;
    let source = |layers: &[Op<'c>]| layers.last().and_then(|layer| layer.operand(0)).map_or(i64::MAX, bits);
    let chains = (1..=all.len()).map(|length| &all[..length]).take_while(|layers| work(layers) <= most);
    let chain = chains.min_by_key(|layers| source(layers))?;
    (source(chain) as f64 * options.least_shrink <= bits(operand) as f64).then(|| chain.to_vec())
}

/// The layer in front of an exit that makes a value of one other value and constants.
fn layer_of<'c>(exit: Exit<'c>, value: Value<'c>) -> Option<Op<'c>> {
    let layer = value.producer()?;
    let is_fixed = |value: &Value<'c>| value.producer().is_some_and(is_constant);
    let alone = !layer.operands().is_empty()
        && layer.operands()[1..].iter().all(is_fixed)
        && !is_fixed(&layer.operands()[0]);
    let beside = layer.block() == exit.0.block();
    (beside && alone && layer.name().starts_with("tosa.") && layer.regions().is_empty()).then_some(layer)
}

fn is_constant(op: Op<'_>) -> bool {
    op.is("tosa.const_shape") || op.results().first().is_some_and(|&value| constant(value).is_some())
}

fn products(op: Op<'_>) -> u64 {
    Convolution::cast(op).map_or(0, Convolution::products)
}

/// What a tensor takes in memory.
fn bits(value: Value<'_>) -> i64 {
    let element = value.ty().element();
    let width = element.and_then(|element| element.int_width().or_else(|| element.float_width()));
    width.map_or(i64::MAX, |width| {
        value.ty().shape().unwrap_or_default().iter().product::<i64>() * i64::from(width)
    })
}

/// Makes an exit take what a chain of layers, from the last one on, is computed of, and its second region compute them.
fn recompute<'c>(exit: Exit<'c>, index: usize, chain: &[Op<'c>]) {
    let first = chain.last().and_then(|layer| layer.operand(0)).expect("a layer has an input");
    let mut operands = exit.0.operands();
    operands.push(first);
    exit.0.set_operands(&operands);
    let argument = |block: Block<'c>| block.add_argument(first.ty(), first.loc());
    argument(exit.classify());
    let mut value = argument(exit.otherwise());
    let place = exit.otherwise().ops().into_iter().next().expect("a region ends with a yield");
    for &layer in chain.iter().rev() {
        let fixed = layer.operands().into_iter().skip(1).filter_map(|value| {
            let constant = value.producer()?;
            Some(Builder::before(place).insert(constant.duplicate()).result(0))
        });
        let operands: Vec<_> = std::iter::once(value).chain(fixed).collect();
        let copy = Builder::before(place).insert(layer.duplicate());
        copy.set_operands(&operands);
        value = copy.result(0);
    }
    exit.otherwise().arguments()[index].replace_uses(value);
}
