//! `dataflow.add`: the sum of two streams.
//!
//! One beat a cycle, two cycles of latency.

use super::{
    actor::{Actor, beat_width},
    hdl::{Module, Signal},
};

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let sum = actor.output(0);
    let inputs = [0, 1].map(|index| m.receive_buffered(index, beat_width(&actor.input(index))));
    let output = m.send(0, beat_width(&sum));

    let [lhs, rhs] = &inputs;
    let valid = lhs.valid & rhs.valid;
    lhs.take_if(output.ready & valid);
    rhs.take_if(output.ready & valid);
    let lanes: Vec<_> = (actor.lanes_of(0, lhs.data).into_iter())
        .zip(actor.lanes_of(1, rhs.data))
        .map(|(a, b)| (a + b).to_bits(sum.element.bits))
        .collect();
    output.send_if(valid, Signal::pack(&lanes));
}
