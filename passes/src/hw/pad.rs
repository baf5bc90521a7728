//! `dataflow.pad`: a tensor with more around it.
//!
//! One beat of its output a cycle, one cycle of latency. Padding waits for nothing.

use super::{
    actor::{Actor, beat_width},
    hdl::{Module, Signal},
    window::in_range,
};

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let (from, to) = (actor.input(0), actor.output(0));
    let input = m.receive(0, beat_width(&from));
    let output = m.send(0, beat_width(&to));

    // The index in each dimension of the output, the innermost one first.
    let step = m.wire("step", 1);
    let mut carry = *step;
    let mut inside = vec![m.one()];
    for (dimension, first) in actor.ints("before").into_iter().enumerate().rev() {
        let unit = if dimension + 1 == to.shape.len() { to.lanes } else { 1 };
        let [states, first, size] = [to.shape[dimension], first, from.shape[dimension]].map(|n| n / unit);
        let index = m.counter(&format!("index{dimension}"), states, carry);
        inside.push(in_range(index, first, first + size - 1, states));
        carry = carry & index.is(states - 1);
    }
    let inside = Signal::all(&inside);
    let valid = input.valid | !inside;
    step.drive(output.ready & valid);
    input.take_if(output.ready & inside);
    let padding = m.constant(to.element.bits, actor.int("pad_value")).repeat(to.lanes as u32);
    output.send_if(valid, inside.mux(input.data, padding));
}
