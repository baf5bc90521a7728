//! `dataflow.fork`: copies of a stream.
//!
//! One beat a cycle, one cycle of latency. A consumer that is ready has the beat at once; a bit for each output tells
//! that it has it, until all have.

use super::{
    actor::{Actor, beat_width},
    hdl::{Module, Signal},
};

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let width = beat_width(&actor.input(0));
    let input = m.receive(0, width);
    let copies = actor.0.results().len();
    let outputs: Vec<_> = (0..copies).map(|index| m.send_single(index, width)).collect();
    let done: Vec<_> = (0..copies).map(|index| m.register(&format!("done{index}"), 1)).collect();

    // Output k has the beat, or gets it now, if the input is valid.
    let served: Vec<_> = outputs.iter().zip(&done).map(|(o, done)| **done | o.ready).collect();
    let all_served = Signal::all(&served);
    input.take_if(all_served);
    for ((output, done), served) in outputs.iter().zip(&done).zip(served) {
        output.send_if(input.valid & !**done, input.data);
        done.next_if(input.valid, served & !all_served);
    }
}
