//! `dataflow.resize`: another number of lanes.
//!
//! One beat a cycle on the narrow side, with no gaps; one cycle of latency.

use super::{
    actor::{Actor, beat_width},
    hdl::{Module, Signal},
};

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let (from, to) = (actor.input(0), actor.output(0));
    if from.lanes < to.lanes {
        widen(m, beat_width(&from), beat_width(&to))
    } else {
        narrow(m, beat_width(&from), beat_width(&to))
    }
}

/// Collects narrow beats; the last of them goes straight into the wide one.
fn widen(m: &mut Module<'_>, narrow: u32, wide: u32) {
    let ratio = i64::from(wide / narrow);
    let input = m.receive(0, narrow);
    let output = m.send(0, wide);
    let earlier = m.data_register("earlier", wide - narrow);

    let step = m.wire("step", 1);
    let last = m.counter("part", ratio, *step).is(ratio - 1);
    let ready = output.ready | !last;
    step.drive(ready & input.valid);
    input.take_if(ready);
    let all = Signal::pack(&[*earlier, input.data]);
    // The oldest part moves down to the low bits.
    earlier.next_if(*step, all.bits(narrow, wide - narrow));
    output.send_if(input.valid & last, all);
}

/// Sends the first part of a wide beat at once and keeps the others.
fn narrow(m: &mut Module<'_>, wide: u32, narrow: u32) {
    let ratio = i64::from(wide / narrow);
    let input = m.receive(0, wide);
    let output = m.send(0, narrow);
    if ratio == 1 {
        input.take_if(output.ready);
        output.send_if(input.valid, input.data);
        return;
    }
    let later = m.data_register("later", wide - narrow);

    let step = m.wire("step", 1);
    let first = m.counter("part", ratio, *step).is(0);
    let valid = input.valid | !first;
    step.drive(output.ready & valid);
    input.take_if(output.ready & first);
    let kept = if ratio == 2 {
        *later
    } else {
        Signal::pack(&[later.bits(narrow, wide - 2 * narrow), m.constant(narrow, 0)])
    };
    later.next_if(*step, first.mux(input.data.bits(narrow, wide - narrow), kept));
    output.send_if(valid, first.mux(input.data.bits(0, narrow), later.bits(0, narrow)));
}
