//! `dataflow.decide`: whether the classifier is confident of a sample.
//!
//! The sample leaves if `sum_i table[max x - x_i] <= limit`. Two passes over its logits: the first finds the maximum and
//! stores them, the second looks them up. The passes of two samples overlap, so a beat a cycle comes in; the decision
//! leaves a fixed number of cycles after the last logits: about the beats of a sample and two times the depth of a tree
//! over the lanes.

use super::{
    actor::{Actor, beat_width},
    hdl::{Int, Module, Pipeline, Signal, index_width},
};
use atheena_dialects::ee::{Confidence, Limit};
use atheena_dialects::ir::Failure;

/// Levels of a tree between two registers.
const LEVELS: u32 = 2;

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) -> Result<(), Failure> {
    let logits = actor.input(0);
    let confidence = actor.0.attr("confidence").and_then(Confidence::of);
    let Some(integer) = confidence.and_then(|c| c.integer) else {
        let message = "expected a confidence in its integer form, with a table and a limit";
        return Err(actor.0.error(message, &["run ee-quantize first"]));
    };
    let Limit::Fixed(limit) = integer.limit else {
        return Err(actor.0.error("has no hardware of this kind of confidence", &["use #ee.max_softmax"]));
    };
    let beats = logits.beats();
    let input = m.receive(0, beat_width(&logits));
    let output = m.send(0, 1);

    // One bank is filled while another one is looked up, and others wait for their maximum.
    let tree = (64 - (logits.lanes - 1).leading_zeros()).div_ceil(LEVELS);
    let banks = 2 + (i64::from(tree) + 3 + beats - 1) / beats;
    let memory = m.ram("logits", banks * beats, beat_width(&logits));
    let maxima = m.ram("maxima", banks, 8);
    let filled = m.register("filled", index_width(banks + 1));
    let room = filled.is_not(banks);
    input.take_if(room);
    let push = room & input.valid;
    let write_address = m.counter("write_address", banks * beats, push);
    memory.write(m, write_address, input.data, push);
    let last = m.counter("write_beat", beats, push).is(beats - 1);
    let write_done = push & last;

    // First pass: the maximum of the beat, then of the sample. It never waits: a bank waits for it.
    let always = m.one();
    let mut finding = Pipeline::new(m, always, push);
    let mut ends = last;
    let found = finding.reduce(vec![actor.lanes_of(0, input.data)], LEVELS, &mut [&mut ends], Int::max)[0];
    let (low, high) = (-128, 127);
    let so_far = m.data_register("maximum", 8);
    let begins = m.register_from("begins", 1, 1);
    begins.next_if(finding.valid, ends);
    let greatest = Int::select(*begins, found, Int::new(*so_far, low, high).max(found));
    so_far.next_if(finding.valid, greatest.to_bits(8));
    let found_all = finding.valid & ends;
    let write_bank = m.counter("write_bank", banks, found_all);
    maxima.write(m, write_bank, greatest.to_bits(8), found_all);

    // A bank is free again when it has been read, and may be read when its maximum is known.
    let enable = output.ready;
    let known = m.register("known", filled.width());
    let step = m.wire("step", 1);
    let mut reads_last = m.counter("read_beat", beats, *step).is(beats - 1);
    step.drive(enable & known.is_not(0));
    let read_done = *step & reads_last;
    let count = |register: &Signal<'c>, up: Signal<'c>, down: Signal<'c>| {
        *register + up.zero_extend(register.width()) - down.zero_extend(register.width())
    };
    filled.next(count(&filled, write_done, read_done));
    known.next(count(&known, found_all, read_done));
    let read_address = m.counter("read_address", banks * beats, *step);
    let read_bank = m.counter("read_bank", banks, read_done);

    // Second pass: distances, terms, their sum.
    let mut pass = Pipeline::new(m, enable, known.is_not(0));
    let maximum = maxima.read(m, read_bank, enable);
    let beat = memory.read(m, read_address, enable);
    pass.step(&mut [&mut reads_last]);
    let distances: Vec<_> = beat.lanes(8).into_iter().map(|x| pass.delay(maximum - x)).collect();
    pass.step(&mut [&mut reads_last]);
    let table: Vec<i64> = integer.table.iter().map(|&v| v.into()).collect();
    let greatest_term = table.iter().copied().max().unwrap_or(0).into();
    let term_width = Int::width_of(0, greatest_term);
    let terms = (distances.into_iter())
        .map(|distance| m.rom("table", term_width, 1, table.clone()).read(m, distance, enable))
        .map(|term| Int::new(term, 0, greatest_term))
        .collect();
    pass.step(&mut [&mut reads_last]);
    let term = pass.reduce(vec![terms], LEVELS, &mut [&mut reads_last], |a, b| a + b)[0];

    let greatest_sum = greatest_term * i128::from(logits.elements());
    let sum = m.data_register("sum", Int::width_of(0, greatest_sum));
    let starts = m.register_from("starts", 1, 1);
    starts.next_if(enable & pass.valid, reads_last);
    let before = starts.mux(sum.lit(0), *sum);
    let total = Int::new(before + term.to_bits(sum.width()), 0, greatest_sum);
    sum.next_if(enable & pass.valid, total.to_bits(sum.width()));
    let limit = Int::constant(limit.into(), sum.builder());
    output.send_if(pass.valid & reads_last, !limit.less(total));
    Ok(())
}
