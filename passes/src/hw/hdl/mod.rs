//! A small hardware description language on top of `hw`, `comb`, `seq` and `sv`.
//!
//! A [`Module`] is under construction until [`Module::finish`]. [`Signal`]s are bits with Rust's operators, [`Int`]s
//! numbers that know their range and so their width. Feedback is declared first and driven later ([`Module::register`],
//! [`Module::wire`]). [`Module::receive`] and [`Module::send`] are the two ends of a stream, [`Memory`] and [`History`] hold words.
//!
//! ```text
//! let count = m.register("count", 4);
//! count.next_if(step, count.is(9).mux(count.lit(0), *count + 1));
//! ```
//!
//! CIRCT's operations are not registered here: they are plain generic operations that CIRCT parses later.

mod adder_graph;
mod int;
mod memory;
mod module;
mod multiply;
mod pipeline;
mod signal;
mod stream;
mod ternary;

pub use adder_graph::{AdderGraph, Term};
pub use int::Int;
pub use memory::{History, Memory, Rom, choose};
pub use module::{Interface, Module, Register};
pub use multiply::{Multiples, Partial};
pub use pipeline::Pipeline;
pub use signal::Signal;
pub use stream::{Offer, Part, Receiver, skid};
pub use ternary::{NAME as ADD3, declare as declare_add3};

/// Bits that count from 0 to `states - 1`, at least one.
pub fn index_width(states: i64) -> u32 {
    (64 - (states.max(2) - 1).leading_zeros()).max(1)
}
