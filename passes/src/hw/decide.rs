//! `dataflow.decide`: whether the classifier is confident of a sample.
//!
//! The sample leaves if a sum over its logits is at most a limit (`dialects/src/ee/integer.rs`). Two passes over its logits: the first
//! finds the maximum and stores them, the second looks the distances from it up in tables and adds what stands there. The passes of two
//! samples overlap, so a beat a cycle comes in; the decision leaves a fixed number of cycles after the last logits: about the
//! beats of a sample and two times the depth of a tree over the lanes.
//!
//! | confidence | the sum | the limit |
//! |---|---|---|
//! | max-softmax | exponentials | a constant |
//! | margin | exponentials | looked up by the second largest logit, which the first pass finds too, a cycle later |
//! | entropy | `x exp(-x)` | looked up by the sum of the exponentials, three cycles more |

use super::{
    actor::{Actor, beat_width},
    hdl::{Int, Module, Pipeline, Signal, index_width},
    stored::Stored,
};
use atheena_dialects::ee::{Confidence, IntegerConfidence, Limit};
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
    let bits = logits.element.bits;
    let wants_second = matches!(integer.limit, Limit::OfSecond(_));
    let beats = logits.beats();
    let input = m.receive(0, beat_width(&logits));
    let output = m.send(0, 1);

    // One bank is filled while another one is looked up, and others wait for their maximum.
    let levels = if wants_second { 1 } else { LEVELS };
    let tree = (64 - (logits.lanes - 1).leading_zeros()).div_ceil(levels);
    let search_cycles = i64::from(tree) + 1 + i64::from(wants_second);
    let banks = 2 + (search_cycles + 3 + beats - 1) / beats;
    let memory = m.ram("logits", banks * beats, beat_width(&logits));
    let maxima = m.ram("maxima", banks, if wants_second { 2 * bits } else { bits });
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
    let (low, high) = logits.element.range();
    let (low, high) = (i128::from(low), i128::from(high));
    let lanes = actor.lanes_of(0, input.data);
    let found = if wants_second {
        two_greatest(&mut finding, lanes, low, &mut ends)
    } else {
        (
            finding.reduce(vec![lanes], LEVELS, &mut [&mut ends], Int::max)[0],
            Int::constant(low, input.data.builder()),
        )
    };
    // What is written is what is kept a cycle later.
    let word = if wants_second {
        let begins = m.register_from("begins", 1, 1);
        begins.next_if(finding.valid, ends);
        let maximum = m.data_register("maximum", bits);
        let before = Int::new(*maximum, low, high);
        let takes = *begins | before.less(found.0);
        maximum.next_if(finding.valid, takes.mux(found.0.to_bits(bits), *maximum));
        // The second one a cycle later: what there was before, and what came with a new maximum, or what came or was second before.
        let displaced = Int::select(*begins, found.1, before.max(found.1));
        let takes = finding.delay(takes);
        let [displaced, came] = [displaced, found.0].map(|x| x.delay(m, always));
        finding.step(&mut [&mut ends]);
        let second = m.data_register("second", bits);
        let greater = came.max(Int::new(*second, low, high));
        second.next_if(finding.valid, takes.mux(displaced.to_bits(bits), greater.to_bits(bits)));
        vec![m.delay(*maximum, always), *second]
    } else {
        // It holds the least value when a sample begins, so that nothing but the greater number is chosen on its way to itself.
        let maximum = m.register_from("maximum", bits, low as i64);
        let greatest = Int::new(*maximum, low, high).max(found.0).to_bits(bits);
        let least = Int::constant(low, input.data.builder()).to_bits(bits);
        maximum.next_if(finding.valid, ends.mux(least, greatest));
        vec![m.delay(greatest, always)]
    };
    let found_all = m.delay_valid(finding.valid & ends, always);
    let write_bank = m.counter("write_bank", banks, found_all);
    maxima.write(m, write_bank, Signal::pack(&word), found_all);

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
    let index = |x: Signal<'c>| index_of(&integer, Int::new(maximum.bits(0, bits) - x, 0, (1 << bits) - 1));
    let indices: Vec<_> = beat.lanes(bits).into_iter().map(|x| pass.delay(index(x))).collect();
    let second = wants_second.then(|| pass.delay(index(maximum.bits(bits, bits))));
    pass.step(&mut [&mut reads_last]);
    let look_up = |name: &str, table: &[i32]| -> Vec<Int<'c>> {
        let table: Vec<i64> = table.iter().map(|&v| v.into()).collect();
        indices.iter().map(|&index| Stored::new(m, name, &table, 1).read(m, index, enable)[0]).collect()
    };
    let mut lists = vec![look_up("table", &integer.table)];
    if let Limit::OfTerms { terms, .. } = &integer.limit {
        lists.push(look_up("terms", terms));
    }
    let mut limit = match (&integer.limit, second) {
        (Limit::OfSecond(limits), Some(second)) => limits_of(m, limits, second, enable),
        (Limit::Fixed(limit), _) => Int::constant((*limit).into(), input.data.builder()),
        _ => Int::constant(0, input.data.builder()),
    };
    pass.step(&mut [&mut reads_last]);
    // What memories give has a register of its own. The limit goes along with the terms.
    let (least, most) = limit.range();
    let mut limit_bits = limit.to_bits(Int::width_of(least, most));
    let along: &mut [&mut Signal<'c>] = &mut [&mut reads_last, &mut limit_bits];
    let along = if wants_second { along } else { &mut along[..1] };
    let lists = lists.iter().map(|list| pass.delay_ints(list)).collect();
    pass.step(along);
    let terms = pass.reduce(lists, LEVELS, along, |a, b| a + b);

    let ends = *along[0];
    let starts = m.register_from("starts", 1, 1);
    starts.next_if(enable & pass.valid, ends);
    let total = |name: &str, term: Int<'c>, start: i64| {
        let (least, most) = (i128::from(start), i128::from(start) + term.range().1 * i128::from(beats));
        let sum = m.data_register(name, Int::width_of(least, most.max(0)));
        let before = starts.mux(sum.lit(start), *sum);
        let total = Int::new(before + term.to_bits(sum.width()), least, most.max(0));
        sum.next_if(enable & pass.valid, total.to_bits(sum.width()));
        total
    };
    // Sums start at one, that of the maximum itself; a limit is looked up by what is beyond it.
    let start = match integer.limit {
        Limit::OfTerms { .. } => -IntegerConfidence::ONE as i64,
        _ => 0,
    };
    let mut totals = vec![total("sum", terms[0], start)];
    if let (Limit::OfTerms { .. }, Some(&term)) = (&integer.limit, terms.get(1)) {
        totals.push(total("terms_sum", term, 0));
    }
    let mut totals = pass.delay_ints(&totals);
    pass.step(along);
    if wants_second {
        limit = Int::new(limit_bits, least, most);
    }
    if let Limit::OfTerms { limits, shift, .. } = &integer.limit {
        let beyond_one = totals[0].max(Int::constant(0, input.data.builder())).shift_right(*shift);
        let beyond_one = beyond_one.delay(m, enable);
        totals = pass.delay_ints(&totals);
        pass.step(&mut [&mut reads_last]);
        limit = limits_of(m, limits, at_most(beyond_one, limits.len()), enable);
        totals = pass.delay_ints(&totals);
        pass.step(&mut [&mut reads_last]);
        limit = limit.delay(m, enable);
        totals = pass.delay_ints(&totals);
        pass.step(&mut [&mut reads_last]);
    }
    let sum = totals[totals.len() - 1];
    output.send_if(pass.valid & reads_last, !limit.less(sum));
    Ok(())
}

/// The limit at an index, one cycle later.
fn limits_of<'c>(m: &Module<'c>, limits: &[i32], index: Signal<'c>, enable: Signal<'c>) -> Int<'c> {
    let limits: Vec<i64> = limits.iter().map(|&v| v.into()).collect();
    Stored::new(m, "limits", &limits, 1).read(m, index, enable)[0]
}

/// The index of a distance in the tables: rounded to the distance between two entries, the last one for all beyond it.
fn index_of<'c>(integer: &IntegerConfidence, distance: Int<'c>) -> Signal<'c> {
    let half = (1i128 << integer.shift) >> 1;
    at_most(distance.plus(half).shift_right(integer.shift), integer.table.len())
}

/// A number as an index of a table: the last entry for all beyond it.
fn at_most(number: Int<'_>, entries: usize) -> Signal<'_> {
    let last = Int::constant(entries as i128 - 1, number.to_bits(1).builder());
    let number = if number.range().1 < entries as i128 {
        number
    } else {
        Int::select(last.less(number), last, number)
    };
    number.to_bits(index_width(entries as i64))
}

/// Of two pairs of numbers, each with the greater one first, the two greatest.
fn greater_two<'c>(a: (Int<'c>, Int<'c>), b: (Int<'c>, Int<'c>)) -> (Int<'c>, Int<'c>) {
    let behind = a.0.less(b.0);
    (Int::select(behind, b.0, a.0), Int::select(behind, a.0.max(b.1), b.0.max(a.1)))
}

/// The two greatest of the lanes, with a register behind each level of the tree; `lowest` for the second of a single lane.
fn two_greatest<'c>(
    pipeline: &mut Pipeline<'_, 'c>,
    lanes: Vec<Int<'c>>,
    lowest: i128,
    ends: &mut Signal<'c>,
) -> (Int<'c>, Int<'c>) {
    let lowest = Int::constant(lowest, ends.builder());
    let mut pairs: Vec<_> = lanes.into_iter().map(|lane| (lane, lowest)).collect();
    while pairs.len() > 1 {
        let level = pairs.chunks(2).map(|pair| if let [a, b] = *pair { greater_two(a, b) } else { pair[0] });
        pairs = level
            .map(|(a, b)| {
                (a.delay(pipeline.module, pipeline.enable), b.delay(pipeline.module, pipeline.enable))
            })
            .collect();
        pipeline.step(&mut [&mut *ends]);
    }
    pairs[0]
}
