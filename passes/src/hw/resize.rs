//! `dataflow.resize`: another number of lanes; `dataflow.pack`: words for a memory.
//!
//! One beat a cycle on the narrow side, with no gaps; one cycle of latency. Wide beats that become narrow ones wait in the register of
//! what gives them. Where the last wide beat of a row, or of a pixel, is partial, it has
//! fewer narrow ones.

use super::{
    actor::{Actor, beat_width},
    hdl::{Int, Module, Signal, choose},
};
use atheena_dialects::dataflow::Resize;

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let (from, to) = (actor.input(0), actor.output(0));
    let (narrow, wide) = if from.lanes < to.lanes { (&from, &to) } else { (&to, &from) };
    let (narrow_beats, wide_beats) = Resize::beats_within(narrow, wide);
    let parts =
        Parts { width: beat_width(narrow), ratio: wide.lanes / narrow.lanes, narrow_beats, wide_beats };
    match parts.ratio {
        1 => pass(m, parts.width),
        _ if from.lanes < to.lanes => parts.widen(m),
        _ => parts.narrow(m),
    }
}

/// Fills the module of a `dataflow.pack`: elements become narrower in front of what makes words, and wider behind what takes them apart.
pub fn generate_pack<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let (from, to) = (actor.input(0), actor.output(0));
    let (beat, word) = if from.lanes < to.lanes { (&from, &to) } else { (&to, &from) };
    let ratio = word.lanes / beat.lanes;
    let width = beat.lanes as u32 * word.element.bits;
    let parts = Parts { width, ratio, narrow_beats: ratio, wide_beats: 1 };
    let (input, output) = (beat_width(&from), beat_width(&to));
    if from.lanes < to.lanes {
        parts.widen_each(m, (input, output), |beat| {
            let lanes = beat.lanes(from.element.bits).into_iter();
            Signal::pack(&lanes.map(|lane| lane.bits(0, to.element.bits)).collect::<Vec<_>>())
        });
    } else {
        parts.narrow_each(m, (input, output), |beat| {
            let number = |lane| Int::new(lane, from.element.range().0.into(), from.element.range().1.into());
            let lanes = beat.lanes(from.element.bits).into_iter().map(number);
            Signal::pack(&lanes.map(|lane| lane.to_bits(to.element.bits)).collect::<Vec<_>>())
        });
    }
}

/// The narrow beats of wide ones.
struct Parts {
    /// Bits of a narrow beat.
    width: u32,
    /// Narrow beats of a wide one that is not partial.
    ratio: i64,
    /// Narrow beats of a row, or of a pixel of which wide ones are parts.
    narrow_beats: i64,
    /// Wide beats of it.
    wide_beats: i64,
}

impl Parts {
    /// Narrow beats of the last wide one.
    fn of_last(&self) -> i64 {
        self.narrow_beats - (self.wide_beats - 1) * self.ratio
    }

    /// The current part of a wide beat, and whether it is the last one. `step` goes to the next one.
    fn count<'c>(&self, m: &Module<'c>, step: Signal<'c>) -> (Signal<'c>, Signal<'c>) {
        if self.of_last() == self.ratio {
            let part = m.counter("part", self.ratio, step);
            return (part, part.is(self.ratio - 1));
        }
        let ends = m.counter("column", self.narrow_beats, step).is(self.narrow_beats - 1);
        let part = m.counter_with_restart("part", self.ratio, step, Some(step & ends));
        (part, part.is(self.ratio - 1) | ends)
    }

    /// Collects narrow beats.
    fn widen(&self, m: &mut Module<'_>) {
        self.widen_each(m, (self.width, self.width * self.ratio as u32), |beat| beat);
    }

    /// Collects what becomes of narrow beats; the last of them goes straight into the wide one.
    fn widen_each<'c>(
        &self,
        m: &mut Module<'c>,
        (from, to): (u32, u32),
        change: impl Fn(Signal<'c>) -> Signal<'c>,
    ) {
        let mut input = m.receive(0, from);
        let output = m.send_single(0, to);
        input.data = change(input.data);
        let step = m.wire("step", 1);
        let (part, last) = self.count(m, *step);
        let ready = output.ready | !last;
        step.drive(ready & input.valid);
        input.take_if(ready);
        let mut parts: Vec<_> = (0..self.ratio - 1)
            .map(|number| {
                let earlier = m.data_register("earlier", self.width);
                earlier.next_if(*step & part.is(number), input.data);
                *earlier
            })
            .collect();
        parts.push(input.data);
        // The last part of a row's last beat; what is behind it means nothing.
        let of_last = self.of_last() - 1;
        if of_last < self.ratio - 1 {
            let place = &mut parts[of_last as usize];
            *place = part.is(of_last).mux(input.data, *place);
        }
        output.send_if(input.valid & last, Signal::pack(&parts));
    }

    /// Sends the parts of a wide beat.
    fn narrow(&self, m: &mut Module<'_>) {
        self.narrow_each(m, (self.width * self.ratio as u32, self.width), |beat| beat);
    }

    /// Sends what becomes of the parts of a wide beat, which stays where it is until the last of them.
    fn narrow_each<'c>(
        &self,
        m: &mut Module<'c>,
        (from, to): (u32, u32),
        change: impl Fn(Signal<'c>) -> Signal<'c>,
    ) {
        let input = m.receive(0, from);
        let output = m.send_single(0, to);
        let (part, last) = self.count(m, output.ready & input.valid);
        input.take_if(output.ready & last);
        output.send_if(input.valid, change(choose(part, &input.data.lanes(self.width))));
    }
}

/// The same lanes on both sides.
fn pass(m: &mut Module<'_>, width: u32) {
    let input = m.receive(0, width);
    let output = m.send_single(0, width);
    input.take_if(output.ready);
    output.send_if(input.valid, input.data);
}
