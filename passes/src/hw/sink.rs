//! `dataflow.sink`: the accelerator's AXI4-Stream output.
//!
//! One beat a cycle. A sample's tag and exit index stay for all its beats.

use super::{
    actor::{Actor, beat_width},
    hdl::{Module, Offer, Signal, skid},
};

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let sample = actor.input(0);
    let data = m.receive_buffered(0, beat_width(&sample));
    let tag = m.receive_buffered(1, 16);
    let exit = m.receive_buffered(2, 8);
    let tready = m.input("m_axis_tready", 1);

    let room = m.wire("room", 1);
    let valid = Signal::all(&[data.valid, tag.valid, exit.valid]);
    let taken = *room & valid;
    let last = m.counter("beat", sample.beats(), taken).is(sample.beats() - 1);
    data.take_if(taken);
    tag.take_if(taken & last);
    exit.take_if(taken & last);

    let beat = Signal::pack(&[data.data, tag.data, exit.data, last]);
    let held = skid(m, "result", Offer { data: beat, valid }, tready);
    room.drive(held.ready);
    let head = held.head.data;
    let width = beat_width(&sample);
    m.output("m_axis_tdata", head.bits(0, width));
    m.output("m_axis_tvalid", held.head.valid);
    m.output("m_axis_tlast", head.bit(width + 24));
    m.output("m_axis_tid", head.bits(width, 16));
    m.output("m_axis_tuser", head.bits(width + 16, 8));
}
