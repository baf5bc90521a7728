//! What generators read of an actor: its streams and its attributes.

use super::hdl::Int;
use super::rescale::Rescale;
use atheena_dialects::dataflow::Stream;
use atheena_dialects::ir::{Attr, Failure, Op, Value};

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

    /// The attributes `multiplier`, `shift`, one or one a channel, and `double_round`.
    pub fn rescale(self) -> Rescale {
        let list = |name| {
            let attr = self.0.attr(name);
            let one = attr.and_then(Attr::to_i64).map(|value| vec![value]);
            one.or(attr.and_then(Attr::to_i64s)).expect("the verifier wants this attribute")
        };
        Rescale::new(&list("multiplier"), &list("shift"), self.0.attr("double_round").is_some())
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

/// The range of a stream's elements: what its type allows, or less where its producer clamps.
pub fn value_range(value: Value<'_>) -> (i128, i128) {
    let (low, high) = Stream::of_value(value).element.range();
    let of_type = (i128::from(low), i128::from(high));
    let Some(producer) = value.producer() else { return of_type };
    let int = |name| Actor(producer).int(name).into();
    let input = |index| producer.operand(index).map_or(of_type, value_range);
    let (low, high) = match producer.name().as_str() {
        "dataflow.matvec" | "dataflow.depthwise" | "dataflow.map" => (int("min"), int("max")),
        "dataflow.table" => Actor(producer).dense("values").map_or(of_type, |values| {
            let ends = (values.iter().min(), values.iter().max());
            (ends.0.map_or(of_type.0, |&v| v.into()), ends.1.map_or(of_type.1, |&v| v.into()))
        }),
        "dataflow.window" | "dataflow.pad" => {
            let (low, high): (i128, i128) = input(0);
            (low.min(int("pad_value")), high.max(int("pad_value")))
        }
        "dataflow.resize" | "dataflow.fifo" | "dataflow.fork" | "dataflow.gate" | "dataflow.slice" => {
            input(0)
        }
        "dataflow.concat" => {
            let inputs = producer.operands().into_iter().map(value_range);
            inputs.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or(of_type)
        }
        "dataflow.pool" | "dataflow.global_pool"
            if producer.attr("kind").and_then(Attr::to_string_value).as_deref() == Some("max") =>
        {
            input(0)
        }
        _ => of_type,
    };
    // An i32 result may have bounds beyond its type, and bounds must not exclude everything.
    (low.max(of_type.0).min(of_type.1), high.min(of_type.1).max(of_type.0))
}
