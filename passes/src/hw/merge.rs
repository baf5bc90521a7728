//! `dataflow.merge`: the results of all exits in one stream.
//!
//! One beat a cycle, without gaps between samples; two cycles of latency. A sample that has begun is finished; then the
//! last input that holds a beat and a tag is next: it comes from a later exit, so its sample has been inside for longer.

use super::{
    actor::{Actor, beat_width},
    hdl::{Module, Signal, index_width},
};

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let sample = actor.output(0);
    let count = actor.0.operands().len() / 2;
    let inputs: Vec<_> = (0..count).map(|k| m.receive_buffered(k, beat_width(&sample))).collect();
    let tags: Vec<_> = (0..count).map(|k| m.receive_buffered(count + k, 16)).collect();
    let data = m.send(0, beat_width(&sample));
    let tag = m.send(1, 16);
    let exit = m.send(2, 8);

    let step = m.wire("step", 1);
    let beat = m.counter("beat", sample.beats(), *step);
    let first = beat.is(0);

    // Which input goes next, and which one it was at the first beat.
    let width = index_width(count as i64);
    let mut waiting = m.constant(width, 0);
    for (k, (input, tag)) in inputs.iter().zip(&tags).enumerate().skip(1) {
        waiting = (input.valid & tag.valid).mux(m.constant(width, k as i64), waiting);
    }
    let begun = m.data_register("begun", width);
    begun.next_if(first, waiting);
    let chosen = first.mux(waiting, *begun);
    let is_chosen: Vec<_> = (0..count).map(|k| chosen.is(k as i64)).collect();

    // The tag goes with the first beat.
    let pick = |signals: Vec<Signal<'c>>| {
        let masked: Vec<_> =
            (signals.iter().zip(&is_chosen)).map(|(s, c)| *s & c.repeat(s.width())).collect();
        Signal::any(&masked)
    };
    let valid = pick(inputs.iter().zip(&tags).map(|(i, t)| i.valid & (t.valid | !first)).collect());
    let room = data.ready & ((tag.ready & exit.ready) | !first);
    step.drive(valid & room);
    for ((input, tag), is_chosen) in inputs.iter().zip(&tags).zip(&is_chosen) {
        input.take_if(*step & *is_chosen);
        tag.take_if(*step & *is_chosen & first);
    }
    data.send_if(*step, pick(inputs.iter().map(|i| i.data).collect()));
    tag.send_if(*step & first, pick(tags.iter().map(|t| t.data).collect()));
    exit.send_if(*step & first, if width < 8 { chosen.zero_extend(8) } else { chosen.bits(0, 8) });
}
