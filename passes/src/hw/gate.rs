//! `dataflow.gate`: the conditional buffer.
//!
//! One beat a cycle in and out, without gaps between samples that pass; three cycles of latency from the decision to the
//! first beat, four on devices with square DSP blocks. A circular buffer of `depth` beats. A sample that passes leaves as fast as its beats are there. One that
//! is dropped goes in a single cycle, by moving the read address behind it, as soon as its last beat is in: it does come
//! in, because `depth` holds a whole sample and nothing of an earlier one is left when its decision is looked at.

use super::{
    actor::{Actor, beat_width},
    hdl::{Module, index_width},
};
use atheena_dialects::dataflow::Gate;

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let sample = actor.input(0);
    let beats = sample.beats();
    // A memory has two words at least.
    let depth = actor.int("depth").max(2);
    let pass_when = actor.bool("pass_when");
    let input = m.receive(0, beat_width(&sample));
    let decision = m.receive_buffered(1, 1);
    let output = m.send(0, beat_width(&sample));

    let used = m.register("used", index_width(depth + 1));
    let free = used.is_not(depth);
    let push = free & input.valid;
    input.take_if(free);

    // A decision is looked at between samples.
    let step = m.wire("pop", 1);
    let between = m.counter("beat", beats, *step).is(0);
    let passes = if pass_when { decision.data } else { !decision.data };
    let pass = !between | (decision.valid & passes);
    let pop = pass & used.is_not(0) & output.ready;
    // By how much what is there is more than a sample, so that its sign says whether one is: a comparison would be on the way to all below.
    let beyond = m.register_from("beyond", used.width() + 1, -beats);
    let drop = between & decision.valid & !passes & !beyond.bit(used.width());
    step.drive(pop);
    decision.take_if(between & (pop | drop));

    // One adder, in front of which three bits choose.
    for count in [used, beyond] {
        let lit = |value: i64| m.constant(count.width(), value);
        let change = |more: i64| drop.mux(lit(more - beats), pop.mux(lit(more - 1), lit(more)));
        count.next(*count + push.mux(change(1), change(0)));
    }

    let memory = m.ram("beats", depth, beat_width(&sample));
    let write_address = m.counter("write_address", depth, push);
    memory.write(m, write_address, input.data, push);
    // Behind the beat, or behind the sample, around the end.
    let address = m.register("read_address", index_width(depth));
    let wide = address.width() + 1;
    let behind = |beats: i64| {
        let moved = address.zero_extend(wide) + beats;
        moved.at_least(depth).mux(moved - depth, moved).bits(0, address.width())
    };
    address.next_if(pop | drop, drop.mux(behind(beats), behind(1)));
    let mut beat = memory.read(m, *address, output.ready);
    let mut valid = m.delay_valid(pop, output.ready);
    let gate = Gate::cast(actor.0).expect("its module is generated from a gate");
    for _ in 1..gate.registers() {
        (beat, valid) = (m.delay(beat, output.ready), m.delay_valid(valid, output.ready));
    }
    output.send_if(valid, beat);
}
