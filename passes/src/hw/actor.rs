//! What generators read of an actor: its streams and its attributes.

use super::hdl::Int;
use super::rescale::Rescale;
use atheena_dialects::dataflow::{Multipliers, Stream};
use atheena_dialects::ir::{Attr, Failure, Op};

pub use atheena_dialects::dataflow::value_range;

/// An operation of `dataflow`, verified.
#[derive(Clone, Copy)]
pub struct Actor<'c>(pub Op<'c>);

/// Bits of a beat.
pub fn beat_width(stream: &Stream) -> u32 {
    stream.element.bits * stream.lanes as u32
}

impl<'c> Actor<'c> {
    /// The name.
    pub fn label(self) -> String {
        self.0.attr("label").and_then(Attr::to_string_value).unwrap_or_default()
    }

    /// Input stream `index`.
    pub fn input(self, index: usize) -> Stream {
        Stream::of_value(self.0.operand(index).expect("the actor has that input"))
    }

    /// Output stream `index`.
    pub fn output(self, index: usize) -> Stream {
        Stream::of_value(self.0.result(index))
    }

    /// An integer attribute.
    pub fn int(self, name: &str) -> i64 {
        self.0.attr(name).and_then(Attr::to_i64).expect("the verifier wants this attribute")
    }

    /// A Boolean attribute.
    pub fn bool(self, name: &str) -> bool {
        self.0.attr(name).and_then(Attr::to_bool).expect("the verifier wants this attribute")
    }

    /// A list attribute.
    pub fn ints(self, name: &str) -> Vec<i64> {
        self.0.attr(name).and_then(Attr::to_i64s).expect("the verifier wants this attribute")
    }

    /// An integer attribute that is 0 unless given.
    pub fn zero_point(self, name: &str) -> i64 {
        self.0.attr(name).and_then(Attr::to_i64).unwrap_or(0)
    }

    /// The block RAMs that its weights may take, if somebody has chosen that.
    pub fn blocks(self) -> Option<i64> {
        self.0.attr("blocks").and_then(Attr::to_i64)
    }

    /// What its attributes scale by.
    pub fn rescale(self) -> Rescale {
        Rescale(Multipliers::of(self.0))
    }

    /// The elements of a tensor attribute.
    pub fn dense(self, name: &str) -> Result<Vec<i64>, Failure> {
        self.0.attr(name).and_then(Attr::to_dense_ints).ok_or_else(|| {
            let message = format!("expected {name} to be a dense tensor of i8, i16, i32 or i64");
            self.0.error(message, &["fold constant operations first"])
        })
    }

    /// The elements of an input's beat as numbers of the range that they can have.
    pub fn lanes_of(self, index: usize, beat: super::hdl::Signal<'c>) -> Vec<Int<'c>> {
        let stream = self.input(index);
        let (low, high) = value_range(self.0.operand(index).expect("the actor has that input"));
        beat.lanes(stream.element.bits).into_iter().map(|lane| Int::new(lane, low, high)).collect()
    }
}
