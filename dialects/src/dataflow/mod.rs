//! The `dataflow` dialect in Rust: typed operations, streams, and the speed and cost of each actor.

mod actor;
mod binary;
mod buffers;
mod concat;
mod decide;
mod depthwise;
mod ends;
mod graph;
mod map;
mod matvec;
mod pad;
mod pool;
mod range;
mod resources;
mod rom;
mod rows;
mod scale;
mod slice;
mod stream;
mod table;
mod tile_pool;
mod timing;
mod window;

pub use actor::{Actor, Folding, Lag, Lanes};
pub use binary::{Binary, BinaryKind};
pub use buffers::{Fifo, Fork, Gate, Pack, Resize};
pub use concat::Concat;
pub use decide::Decide;
pub use depthwise::Depthwise;
pub use ends::{Merge, Sink, Source};
pub use graph::{Bottleneck, Graph, bottleneck};
pub use map::{Affine, Map};
pub use matvec::{
    Digits, DspUse, Matvec, MatvecCosts, MatvecParts, PAIR_PLACES, PLACES_A_STAGE, Products, Serial,
    SerialEnds, SerialStages, SerialTable, Size as MatvecSize,
};
pub use pad::Pad;
pub use pool::{Average, Pool, PoolKind};
pub use range::value_range;
pub use resources::{
    CUT_BITS, DspKind, Resources, SHIFT_DEPTH, bits_of_range, bram18, ceil_div, memory, ram_in_luts, rom,
};
pub use rom::{Column, Rom, Tile};
pub use rows::{Row, whole_pixels};
pub use scale::{Multipliers, Scale, half, is_adders, multiplies};
pub use slice::Slice;
pub use stream::{Element, Stream, divisors, gcd};
pub use table::Table;
pub use tile_pool::{TilePool, TileRow};
pub use timing::{Behaviour, Needs, Place, Step, Steps, Timing, adder_groups};
pub use window::{Schedule, Window};

use crate::ir::{Attr, Builder, Op, OpBuilder};

/// The name of an actor's module and the probability that a sample reaches it.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// Unique in its graph.
    pub label: &'a str,
    /// In 0..=1.
    pub reach: f64,
}

/// Starts an actor.
fn start<'c>(builder: Builder<'c>, name: &str, named: Named<'_>) -> OpBuilder<'c> {
    let ctx = builder.ctx();
    let op = builder.op(name).attr("label", Attr::string(ctx, named.label));
    op.attr("reach", Attr::f64(ctx, named.reach))
}

/// An integer attribute that ODS makes sure is there.
fn int(op: Op<'_>, name: &str) -> i64 {
    op.attr(name).and_then(Attr::to_i64).expect("ODS: the attribute is there and is an integer")
}

/// A list of integers that ODS makes sure is there.
fn ints(op: Op<'_>, name: &str) -> Vec<i64> {
    op.attr(name).and_then(Attr::to_i64s).expect("ODS: the attribute is there and is a list of integers")
}

/// A pair of integers that the verifier makes sure is there.
fn pair(op: Op<'_>, name: &str) -> [i64; 2] {
    ints(op, name).try_into().expect("the verifier wants two numbers")
}

/// Defines the handle of an operation.
macro_rules! operation {
    ($(#[$doc:meta])* $name:ident, $mnemonic:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub struct $name<'c>(pub crate::ir::Op<'c>);

        impl<'c> $name<'c> {
            /// The name of the operation.
            pub const NAME: &'static str = $mnemonic;

            /// This operation as one of this kind.
            pub fn cast(op: crate::ir::Op<'c>) -> Option<Self> {
                op.is(Self::NAME).then_some(Self(op))
            }
        }
    };
}
use operation;

/// An operation as an actor; None of operations that are none.
pub fn actor<'c>(op: Op<'c>) -> Option<Box<dyn Actor<'c> + 'c>> {
    macro_rules! first {
        ($($kind:ident),*) => {
            $(if let Some(actor) = $kind::cast(op) {
                return Some(Box::new(actor));
            })*
        };
    }
    first!(
        Source, Sink, Window, Matvec, Depthwise, Pool, TilePool, Map, Table, Binary, Concat, Slice, Pad,
        Fork, Fifo, Resize, Pack, Decide, Gate, Merge
    );
    None
}
