//! `dataflow.fifo`: a queue of beats.
//!
//! One beat a cycle, three cycles of latency. Holds `depth` beats in a memory, and up to two on their way out.

use super::{
    actor::{Actor, beat_width},
    hdl::{Module, index_width},
};

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let width = beat_width(&actor.input(0));
    // A memory has two words at least.
    let depth = actor.int("depth").max(2);
    let input = m.receive(0, width);
    let output = m.send_single(0, width);

    let used = m.register("used", index_width(depth + 1));
    let free = used.is_not(depth);
    let push = free & input.valid;
    let pop = output.ready & used.is_not(0);
    input.take_if(free);
    used.next(*used + push.zero_extend(used.width()) - pop.zero_extend(used.width()));

    let memory = m.ram("beats", depth, width);
    let write_address = m.counter("write_address", depth, push);
    let read_address = m.counter("read_address", depth, pop);
    memory.write(m, write_address, input.data, push);
    let beat = memory.read(m, read_address, output.ready);
    output.send_if(m.delay_valid(pop, output.ready), beat);
}
