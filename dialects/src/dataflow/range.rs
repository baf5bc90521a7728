//! The values that a stream can carry.

use super::{Binary, Stream, int};
use crate::ir::{Attr, Value};

/// The range of a stream's elements: what its type allows, or less where its producer clamps.
pub fn value_range(value: Value<'_>) -> (i128, i128) {
    let (low, high) = Stream::of_value(value).element.range();
    let of_type = (i128::from(low), i128::from(high));
    let Some(producer) = value.producer() else { return of_type };
    let bound = |name| i128::from(int(producer, name));
    let input = |index| producer.operand(index).map_or(of_type, value_range);
    let (low, high) = match producer.name().as_str() {
        "dataflow.matvec" | "dataflow.depthwise" | "dataflow.map" => (bound("min"), bound("max")),
        "dataflow.table" => producer.attr("values").and_then(Attr::to_dense_ints).map_or(of_type, |values| {
            let ends = (values.iter().min(), values.iter().max());
            (ends.0.map_or(of_type.0, |&v| v.into()), ends.1.map_or(of_type.1, |&v| v.into()))
        }),
        "dataflow.window" | "dataflow.pad" => {
            let (low, high): (i128, i128) = input(0);
            (low.min(bound("pad_value")), high.max(bound("pad_value")))
        }
        "dataflow.resize" | "dataflow.fifo" | "dataflow.fork" | "dataflow.gate" | "dataflow.slice" => {
            input(0)
        }
        // Of operands as their types say: that of those would take as many steps as there are paths to here.
        "dataflow.add" | "dataflow.mul" => {
            let binary = Binary(producer);
            let [lhs, rhs] = [0, 1].map(|index| {
                let (low, high) = Stream::of_value(producer.operands()[index]).element.range();
                (i128::from(low), i128::from(high))
            });
            let (low, high) = binary.kind().range(lhs, rhs);
            // What is beyond wraps around.
            if low < of_type.0 || high > of_type.1 { of_type } else { (low, high) }
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
