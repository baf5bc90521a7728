//! `dataflow.concat`: streams behind one another along an axis.
//!
//! One beat a cycle, two cycles of latency. A counter tells which input's turn it is; its beats pass, the others wait.

use super::{
    actor::{Actor, beat_width},
    hdl::{Module, Signal},
};

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let axis = actor.int("axis") as usize;
    let count = actor.0.operands().len();
    let width = beat_width(&actor.output(0));
    let inputs: Vec<_> = (0..count).map(|index| m.receive_buffered(index, width)).collect();
    let output = m.send(0, width);

    // Beats of each input in its turn, and those of the turns before.
    let turns: Vec<i64> = (0..count)
        .map(|index| actor.input(index))
        .map(|stream| stream.shape[axis..].iter().product::<i64>() / stream.lanes)
        .collect();
    let step = m.wire("step", 1);
    let beat = m.counter("beat", turns.iter().sum(), *step);
    let mut end = 0;
    let mut before = m.constant(1, 0);
    let chosen: Vec<_> = turns
        .iter()
        .enumerate()
        .map(|(index, beats)| {
            end += beats;
            let up_to_here = if index + 1 == count { m.one() } else { beat.below(end) };
            let chosen = up_to_here & !before;
            before = up_to_here;
            chosen
        })
        .collect();
    for (input, &chosen) in inputs.iter().zip(&chosen) {
        input.take_if(*step & chosen);
    }
    let pick = |signals: Vec<Signal<'c>>| {
        let masked: Vec<_> = signals.iter().zip(&chosen).map(|(s, c)| *s & c.repeat(s.width())).collect();
        Signal::any(&masked)
    };
    let valid = pick(inputs.iter().map(|input| input.valid).collect());
    step.drive(output.ready & valid);
    output.send_if(valid, pick(inputs.iter().map(|input| input.data).collect()));
}
