//! `dataflow.map`: an affine map and a clamp of each element.
//!
//! One beat a cycle; one cycle of latency, two where the multiplier is no power of two.

use super::{
    actor::{Actor, beat_width},
    hdl::{Module, Pipeline, Signal},
    rescale::Factors,
};

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let (from, to) = (actor.input(0), actor.output(0));
    let input = m.receive(0, beat_width(&from));
    let output = m.send(0, beat_width(&to));
    let rescale = actor.rescale();

    let mut pipeline = Pipeline::new(m, output.ready, input.valid);
    input.take_if(output.ready);
    let values = actor.lanes_of(0, input.data).into_iter();
    let centred = values.map(|v| v.plus(-i128::from(actor.int("input_zp")))).collect();
    let scaled = rescale.multiply(centred, Factors::default(), &mut pipeline, &mut []);
    let lanes: Vec<_> = scaled
        .into_iter()
        .map(|v| rescale.finish(v, actor.int("output_zp"), actor.int("min"), actor.int("max")))
        .map(|v| v.to_bits(to.element.bits))
        .collect();
    output.send_if(pipeline.valid, Signal::pack(&lanes));
}
