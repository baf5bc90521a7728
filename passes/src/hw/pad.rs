//! `dataflow.pad`: a tensor with more around it.
//!
//! One beat of its output a cycle, one cycle of latency. Padding waits for nothing.

use super::{
    actor::{Actor, beat_width},
    hdl::Module,
    slice::inside,
};

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let (from, to) = (actor.input(0), actor.output(0));
    let input = m.receive(0, beat_width(&from));
    let output = m.send(0, beat_width(&to));

    let step = m.wire("step", 1);
    let inside = inside(m, *step, &to, &actor.ints("before"), &from.shape);
    let valid = input.valid | !inside;
    step.drive(output.ready & valid);
    input.take_if(output.ready & inside);
    let padding = m.constant(to.element.bits, actor.int("pad_value")).repeat(to.lanes as u32);
    output.send_if(valid, inside.mux(input.data, padding));
}
