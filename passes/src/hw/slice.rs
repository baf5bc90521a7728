//! `dataflow.slice`: a part of a tensor.
//!
//! One beat a cycle, one cycle of latency. What is dropped waits for nothing.

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

    // The index in each dimension, the innermost one first.
    let step = m.wire("step", 1);
    let mut carry = *step;
    let mut inside = vec![m.one()];
    for (dimension, first) in actor.ints("start").into_iter().enumerate().rev() {
        let unit = if dimension + 1 == from.shape.len() { from.lanes } else { 1 };
        let [states, first, size] = [from.shape[dimension], first, to.shape[dimension]].map(|n| n / unit);
        let index = m.counter(&format!("index{dimension}"), states, carry);
        inside.push(in_range(index, first, first + size - 1, states));
        carry = carry & index.is(states - 1);
    }
    let inside = Signal::all(&inside);
    let ready = output.ready | !inside;
    step.drive(ready & input.valid);
    input.take_if(ready);
    output.send_if(input.valid & inside, input.data);
}
