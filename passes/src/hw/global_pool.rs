//! `dataflow.global_pool`: the maximum or the average of each channel of a map.
//!
//! One beat a cycle. Latency, from the last pixel's beat: 3 cycles, one more for an average whose multiplier is no power of
//! two. The channels' sums so far come round in a memory, or registers if they are few. The P pixels of a beat go through a tree
//! first, `ceil(log2(P) / 2)` cycles; what is behind the end of a row counts as nothing, or as the least.

use super::{
    actor::{Actor, beat_width},
    hdl::{History, Int, Module, Pipeline, Signal},
    pool::{average_range, is_average},
    rescale::Factors,
};
use atheena_dialects::dataflow::Stream;

/// Levels of the tree between two registers.
const LEVELS: u32 = 2;

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let (from, to) = (actor.input(0), actor.output(0));
    let average = is_average(actor);
    let groups = to.channels() / to.lanes;
    let input = m.receive(0, beat_width(&from));
    let output = m.send(0, beat_width(&to));
    let enable = output.ready;

    let step = enable & input.valid;
    let last_group = m.counter("group", groups, step).is(groups - 1);
    let beats = from.beats() / groups;
    let beat = m.counter("pixel", beats, step & last_group);
    let (mut first, mut last) = (beat.is(0), beat.is(beats - 1));
    input.take_if(enable);

    let mut pipeline = Pipeline::new(m, enable, input.valid);
    let lanes = actor.lanes_of(0, input.data);
    let zero_point = if average { actor.zero_point("input_zp") } else { 0 };
    let lanes: Vec<_> = lanes.into_iter().map(|x| x.plus(-i128::from(zero_point))).collect();
    let (low, high) = average_range(&lanes, if average { from.positions() } else { 1 });
    let width = Int::width_of(low, high);
    let lanes = within_row(m, step, &from, lanes, if average { 0 } else { low });
    // A list for each channel.
    let of_channel =
        |channel: usize| lanes.iter().skip(channel).step_by(to.lanes as usize).copied().collect();
    let pixels = (0..to.lanes as usize).map(of_channel).collect();
    let join = |a: Int<'c>, b: Int<'c>| if average { a + b } else { a.max(b) };
    let lanes = pipeline.reduce(pixels, LEVELS, &mut [&mut first, &mut last], join);
    let so_far = History::new(m, "so_far", groups, width * to.lanes as u32, pipeline.valid, enable);
    let lanes = pipeline.delay_ints(&lanes);
    pipeline.step(&mut [&mut first, &mut last]);
    let before = so_far.old().lanes(width).into_iter().map(|bits| Int::new(bits, low, high));
    let now: Vec<_> = lanes
        .iter()
        .zip(before)
        .map(|(&x, before)| {
            let joined = join(before, x);
            first.mux(x.to_bits(width), joined.to_bits(width))
        })
        .collect();
    so_far.push(m, Signal::pack(&now));
    let now: Vec<_> = now.into_iter().map(|bits| pipeline.delay(bits)).collect();
    pipeline.step(&mut [&mut last]);
    pipeline.valid = pipeline.valid & last;
    let now: Vec<_> = now.into_iter().map(|bits| Int::new(bits, low, high)).collect();
    let results = if average {
        let rescale = actor.rescale();
        let (least, most) = to.element.range();
        let scaled = rescale.multiply(now, Factors::default(), &mut pipeline, &mut []);
        let zero_point = actor.zero_point("output_zp");
        scaled.into_iter().map(|v| rescale.finish(v, zero_point, least, most)).collect()
    } else {
        now
    };
    let lanes: Vec<_> = results.into_iter().map(|v: Int<'c>| v.to_bits(to.element.bits)).collect();
    output.send_if(pipeline.valid, Signal::pack(&lanes));
}

/// The lanes of a beat, but `nothing` for those behind the end of a row.
fn within_row<'c>(
    m: &Module<'c>,
    step: Signal<'c>,
    from: &Stream,
    lanes: Vec<Int<'c>>,
    nothing: i128,
) -> Vec<Int<'c>> {
    let beats = from.row_beats();
    let of_last = (from.row_pixels() - (beats - 1) * from.pixels()) * from.channels();
    if from.pixels() == 1 || of_last == from.lanes {
        return lanes;
    }
    let ends_row = m.counter("column", beats, step).is(beats - 1);
    let nothing = Int::constant(nothing, step.builder());
    let masked =
        |(lane, x): (i64, Int<'c>)| if lane < of_last { x } else { Int::select(ends_row, nothing, x) };
    (0..).zip(lanes).map(masked).collect()
}
