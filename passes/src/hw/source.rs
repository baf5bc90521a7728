//! `dataflow.source`: the accelerator's AXI4-Stream input.
//!
//! One beat a cycle, one cycle of latency. The tag of a sample is the `tid` of its first beat, which waits until both
//! outputs have room. `tlast` is not looked at: samples have a fixed number of beats.

use super::{
    actor::{Actor, beat_width},
    hdl::Module,
};

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let sample = actor.output(0);
    let tdata = m.input("s_axis_tdata", beat_width(&sample));
    let tvalid = m.input("s_axis_tvalid", 1);
    let tready = m.wire("s_axis_tready", 1);
    m.output("s_axis_tready", *tready);
    let _tlast = m.input("s_axis_tlast", 1);
    let tid = m.input("s_axis_tid", 16);
    let data = m.send(0, beat_width(&sample));
    let tag = m.send(1, 16);

    let taken = *tready & tvalid;
    let first = m.counter("beat", sample.beats(), taken).is(0);
    tready.drive(data.ready & (tag.ready | !first));
    data.send_if(taken, tdata);
    tag.send_if(taken & first, tid);
}
