//! `dataflow.table`: any function of each element.
//!
//! One beat a cycle, two cycles of latency: a read-only memory of 256 words for each lane.

use super::{
    actor::{Actor, beat_width},
    hdl::{Module, Pipeline, Signal},
};
use atheena_dialects::ir::Failure;

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) -> Result<(), Failure> {
    let values = actor.dense("values")?;
    let width = beat_width(&actor.input(0));
    let input = m.receive(0, width);
    let output = m.send(0, width);

    let mut pipeline = Pipeline::new(m, output.ready, input.valid);
    input.take_if(output.ready);
    // The address is the bits of the element: what is negative comes behind.
    let words: Vec<_> = values[128..].iter().chain(&values[..128]).copied().collect();
    let lanes = input.data.lanes(8);
    let look_up = |x| m.rom("values", (8, 1), &words, None).read(m, x, output.ready);
    let lanes: Vec<_> = lanes.into_iter().map(look_up).collect();
    pipeline.step(&mut []);
    output.send_if(pipeline.valid, Signal::pack(&lanes));
    Ok(())
}
