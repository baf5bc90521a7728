//! `dataflow.pool`: the maximum or the average of each channel of a window.
//!
//! One beat a cycle. With T taps, latency is `ceil(log2(T) / 2) + 1` cycles (a register every two levels of the tree), one
//! more for an average whose multiplier is no power of two.

use super::{
    actor::{Actor, beat_width},
    hdl::{Int, Module, Pipeline, Signal},
    rescale::Rescale,
};
use atheena_dialects::ir::Attr;

/// Levels of the tree between two registers.
const LEVELS: u32 = 2;

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let (from, to) = (actor.input(0), actor.output(0));
    let average = actor.0.attr("kind").and_then(Attr::to_string_value).as_deref() == Some("avg");
    let input = m.receive(0, beat_width(&from));
    let output = m.send(0, beat_width(&to));

    let mut pipeline = Pipeline::new(m, output.ready, input.valid);
    input.take_if(output.ready);
    // A beat is `[KH, KW, L]`: the taps of a channel are L lanes apart.
    let elements = actor.lanes_of(0, input.data);
    let channels = to.lanes as usize;
    let taps = (0..channels).map(|c| elements.iter().skip(c).step_by(channels).copied().collect()).collect();
    let lanes = if average {
        let rescale = Rescale::new(&[actor.int("multiplier")], &[actor.int("shift")]);
        let sums = pipeline.reduce(taps, LEVELS, &mut [], |a, b| a + b);
        let scaled = rescale.multiply(sums, None, &mut pipeline, &mut []);
        (scaled.into_iter()).map(|v| v.plus(rescale.rounding()).shift_right(rescale.shift)).collect()
    } else {
        pipeline.reduce(taps, LEVELS, &mut [], Int::max)
    };
    let lanes: Vec<_> = lanes.into_iter().map(|v: Int<'c>| v.to_bits(to.element.bits)).collect();
    output.send_if(pipeline.valid, Signal::pack(&lanes));
}
