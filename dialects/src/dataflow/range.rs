//! The values that a stream can carry.

use super::{Binary, Stream, Window, int};
use crate::ir::{Attr, Op, Value};
use crate::tosa::Geometry;

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
        "dataflow.window" if Window(producer).geometry().pad == [0; 4] => input(0),
        "dataflow.window" | "dataflow.pad" => {
            let (low, high): (i128, i128) = input(0);
            (low.min(bound("pad_value")), high.max(bound("pad_value")))
        }
        "dataflow.resize" | "dataflow.pack" | "dataflow.fifo" | "dataflow.fork" | "dataflow.gate"
        | "dataflow.slice" => input(0),
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
        "dataflow.pool" | "dataflow.tile_pool"
            if producer.attr("kind").and_then(Attr::to_string_value).as_deref() == Some("max") =>
        {
            pooled(producer).map_or_else(|| input(0), value_range)
        }
        _ => of_type,
    };
    // An i32 result may have bounds beyond its type, and bounds must not exclude everything.
    (low.max(of_type.0).min(of_type.1), high.min(of_type.1).max(of_type.0))
}

/// Where each window that a maximum is taken of holds an element that is no padding, what these windows are of: the padding of maxima is
/// the least number of the type.
fn pooled(pool: Op<'_>) -> Option<Value<'_>> {
    let mut windows = pool.operand(0)?.producer()?;
    while ["dataflow.resize", "dataflow.fifo"].contains(&windows.name().as_str()) {
        windows = windows.operand(0)?.producer()?;
    }
    let window = Window::cast(windows)?;
    let Geometry { kernel: [height, width], dilation, pad: [top, bottom, left, right], .. } =
        window.geometry();
    let least = Stream::of_value(windows.operand(0)?).element.range().0;
    let is_partly_real = dilation == [1, 1]
        && top.max(bottom) < height
        && left.max(right) < width
        && window.pad_value() == least;
    windows.operand(0).filter(|_| is_partly_real)
}
