//! `dataflow.pad`: a tensor with more around it.
//!
//! One beat of its output a cycle, one cycle of latency. Padding waits for nothing. Of beats of whole pixels, padding in front of a row may
//! end within a beat: then the one that came last is kept.

use super::{
    actor::{Actor, beat_width},
    hdl::{Module, Signal},
    slice::{Column, inside},
    window::in_range,
};
use atheena_dialects::dataflow::{Pad, whole_pixels};

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let (from, to) = (actor.input(0), actor.output(0));
    let before = actor.ints("before");
    let padding = m.constant(to.element.bits, actor.int("pad_value"));
    let input = m.receive(0, beat_width(&from));
    let output = m.send(0, beat_width(&to));
    let step = m.wire("step", 1);
    if !whole_pixels(&from, &to) {
        let inside = inside(m, *step, &to, &before, &from.shape);
        let valid = input.valid | !inside;
        step.drive(output.ready & valid);
        input.take_if(output.ready & inside);
        output.send_if(valid, inside.mux(input.data, padding.repeat(to.lanes as u32)));
        return;
    }
    let pad = Pad::cast(actor.0).expect("the actor pads");
    let row = pad.row();
    let column = Column::new(m, *step, &row, &to, (&before, &from.shape));
    let takes = column.takes & column.inside;
    let valid = input.valid | !takes;
    step.drive(output.ready & valid);
    input.take_if(output.ready & takes);

    let (pixels, first) = (to.pixels(), pad.columns_before());
    let channels_before = before.last().copied().unwrap_or(0);
    let channels_after = to.channels() - from.channels() - channels_before;
    let around = |channels: i64| (0..channels).map(|_| padding);
    let padded = |(number, pixel): (i64, Signal<'c>)| {
        // The steps in which this pixel of a beat is one of the input's.
        let (low, high) =
            ((first - number + pixels - 1) / pixels, (first + from.row_pixels() - 1 - number) / pixels);
        let real = column.inside & in_range(column.step, low, high, row.steps);
        let pixel = real.mux(pixel, padding.repeat(from.channels() as u32));
        around(channels_before).chain([pixel]).chain(around(channels_after)).collect::<Vec<_>>()
    };
    let beat: Vec<_> = (0..).zip(column.pixels(m, *step, &input, &from)).flat_map(padded).collect();
    output.send_if(valid, Signal::pack(&beat));
}
