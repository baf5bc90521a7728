//! `dataflow.concat`: streams behind one another along an axis.
//!
//! One beat a cycle, two cycles of latency. Of whole pixels that are joined each input has a beat at once; else a counter tells which
//! input's turn it is: its beats pass, the others wait.

use super::{
    actor::{Actor, beat_width},
    hdl::{Module, Signal},
};
use atheena_dialects::dataflow::Concat;

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let concat = Concat::cast(actor.0).expect("the actor is a concatenation");
    match concat.joins_pixels() {
        true => join_pixels(actor, m),
        false => take_turns(actor, m, &concat.turns()),
    }
}

/// Pixels of all channels.
fn join_pixels<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let to = actor.output(0);
    let streams: Vec<_> = (0..actor.0.operands().len()).map(|index| actor.input(index)).collect();
    let inputs: Vec<_> = (streams.iter().enumerate())
        .map(|(index, stream)| m.receive_buffered(index, beat_width(stream)))
        .collect();
    let output = m.send(0, beat_width(&to));

    let valid = Signal::all(&inputs.iter().map(|input| input.valid).collect::<Vec<_>>());
    inputs.iter().for_each(|input| input.take_if(output.ready & valid));
    let of_pixel = |pixel: u32| {
        inputs.iter().zip(&streams).map(move |(input, stream)| {
            let width = stream.element.bits * stream.channels() as u32;
            input.data.bits(pixel * width, width)
        })
    };
    let pixels: Vec<_> = (0..to.pixels() as u32).flat_map(of_pixel).collect();
    output.send_if(valid, Signal::pack(&pixels));
}

/// So many beats of each input in its turn.
fn take_turns<'c>(actor: Actor<'c>, m: &mut Module<'c>, turns: &[i64]) {
    let width = beat_width(&actor.output(0));
    let inputs: Vec<_> = (0..turns.len()).map(|index| m.receive_buffered(index, width)).collect();
    let output = m.send(0, width);

    let step = m.wire("step", 1);
    let beat = m.counter("beat", turns.iter().sum(), *step);
    let mut end = 0;
    let mut before = m.constant(1, 0);
    let chosen: Vec<_> = turns
        .iter()
        .enumerate()
        .map(|(index, beats)| {
            end += beats;
            let up_to_here = if index + 1 == turns.len() { m.one() } else { beat.below(end) };
            let chosen = up_to_here & !before;
            before = up_to_here;
            chosen
        })
        .collect();
    for (input, &chosen) in inputs.iter().zip(&chosen) {
        input.take_if(*step & chosen);
    }
    let pick = |signals: Vec<Signal<'c>>| {
        let masked: Vec<_> = signals.iter().zip(&chosen).map(|(s, c)| *s & c.repeat(s.width())).collect();
        Signal::any(&masked)
    };
    let valid = pick(inputs.iter().map(|input| input.valid).collect());
    step.drive(output.ready & valid);
    output.send_if(valid, pick(inputs.iter().map(|input| input.data).collect()));
}
