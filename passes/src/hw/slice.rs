//! `dataflow.slice`: a part of a tensor.
//!
//! One beat a cycle, one cycle of latency. What is dropped waits for nothing.

use super::{
    actor::{Actor, beat_width},
    hdl::{Module, Signal},
    window::in_range,
};
use atheena_dialects::dataflow::Stream;

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let (from, to) = (actor.input(0), actor.output(0));
    let input = m.receive(0, beat_width(&from));
    let output = m.send(0, beat_width(&to));

    let step = m.wire("step", 1);
    let inside = inside(m, *step, &from, &actor.ints("start"), &to.shape);
    let ready = output.ready | !inside;
    step.drive(ready & input.valid);
    input.take_if(ready);
    output.send_if(input.valid & inside, input.data);
}

/// Does the current beat of a tensor lie in the part of it that has this start and size? `step` goes to the next beat.
pub fn inside<'c>(
    m: &Module<'c>,
    step: Signal<'c>,
    whole: &Stream,
    start: &[i64],
    size: &[i64],
) -> Signal<'c> {
    let mut carry = step;
    let mut inside = vec![m.one()];
    // The index in each dimension, the innermost one first.
    for (dimension, (&first, &size)) in start.iter().zip(size).enumerate().rev() {
        let unit = if dimension + 1 == whole.shape.len() { whole.lanes } else { 1 };
        let [states, first, size] = [whole.shape[dimension], first, size].map(|n| n / unit);
        let index = m.counter(&format!("index{dimension}"), states, carry);
        inside.push(in_range(index, first, first + size - 1, states));
        carry = carry & index.is(states - 1);
    }
    Signal::all(&inside)
}
