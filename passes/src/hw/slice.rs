//! `dataflow.slice`: a part of a tensor.
//!
//! One beat a cycle, one cycle of latency. What is dropped waits for nothing. Of beats of whole pixels, a part of a row may begin within
//! a beat: that one is kept until the next one has come, and a row that ends with it takes a cycle more.

use super::{
    actor::{Actor, beat_width},
    hdl::{Module, Receiver, Signal},
    window::in_range,
};
use atheena_dialects::dataflow::{Row, Slice, Stream, whole_pixels};

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let (from, to) = (actor.input(0), actor.output(0));
    let start = actor.ints("start");
    let input = m.receive(0, beat_width(&from));
    let output = m.send(0, beat_width(&to));
    let step = m.wire("step", 1);
    if !whole_pixels(&from, &to) {
        let inside = inside(m, *step, &from, &start, &to.shape);
        let ready = output.ready | !inside;
        step.drive(ready & input.valid);
        input.take_if(ready);
        output.send_if(input.valid & inside, input.data);
        return;
    }
    let row = Slice::cast(actor.0).expect("the actor is a slice").row();
    let column = Column::new(m, *step, &row, &from, (&start, &to.shape));
    let gives = column.gives & column.inside;
    let (ready, valid) = (output.ready | !gives, input.valid | !column.takes);
    step.drive(ready & valid);
    input.take_if(ready & column.takes);
    let first = start.last().copied().unwrap_or(0) as u32;
    let (first, width) = (first * from.element.bits, to.channels() as u32 * to.element.bits);
    let pixels: Vec<_> =
        column.pixels(m, *step, &input, &from).into_iter().map(|pixel| pixel.bits(first, width)).collect();
    output.send_if(valid & gives, Signal::pack(&pixels));
}

/// Where a row with beats of whole pixels is.
pub struct Column<'c> {
    /// The step in the row.
    pub step: Signal<'c>,
    /// Does a beat come in, if the row is inside?
    pub takes: Signal<'c>,
    /// Does a beat leave, if the row is inside?
    pub gives: Signal<'c>,
    /// Is the row inside in all outer dimensions?
    pub inside: Signal<'c>,
    offset: i64,
}

impl<'c> Column<'c> {
    /// Of the rows of `whole`, of which those are inside that have this start and size; `step` goes to the next step.
    pub fn new(
        m: &Module<'c>,
        step: Signal<'c>,
        row: &Row,
        whole: &Stream,
        (start, size): (&[i64], &[i64]),
    ) -> Self {
        let column = m.counter("column", row.steps, step);
        let within = |range: &std::ops::Range<i64>| in_range(column, range.start, range.end - 1, row.steps);
        let outer = whole.shape.len().saturating_sub(2);
        let ends_row = step & column.is(row.steps - 1);
        Self {
            step: column,
            takes: within(&row.takes),
            gives: within(&row.gives),
            inside: inside_of(m, ends_row, &whole.shape[..outer], start, size),
            offset: row.offset,
        }
    }

    /// The pixels of the row from the offset on: of the beat that came last, if there is an offset, and of this one.
    pub fn pixels(
        &self,
        m: &Module<'c>,
        step: Signal<'c>,
        input: &Receiver<'c>,
        from: &Stream,
    ) -> Vec<Signal<'c>> {
        let of_beat = |beat: Signal<'c>| beat.lanes(from.element.bits * from.channels() as u32);
        if self.offset == 0 {
            return of_beat(input.data);
        }
        let kept = m.data_register("kept", input.data.width());
        kept.next_if(step & self.takes, input.data);
        let both = [of_beat(*kept), of_beat(input.data)].concat();
        both.into_iter().skip(self.offset as usize).take(from.pixels() as usize).collect()
    }
}

/// Does the current beat of a tensor lie in the part of it that has this start and size? `step` goes to the next beat.
pub fn inside<'c>(
    m: &Module<'c>,
    step: Signal<'c>,
    whole: &Stream,
    start: &[i64],
    size: &[i64],
) -> Signal<'c> {
    let innermost = whole.shape.len() - 1;
    let [states, first, size_of_pixel] = [whole.channels(), start[innermost], size[innermost]];
    let [states, first, last] = [states, first, first + size_of_pixel].map(|n| n / whole.lanes);
    let index = m.counter("lanes", states, step);
    let carry = step & index.is(states - 1);
    in_range(index, first, last - 1, states) & inside_of(m, carry, &whole.shape[..innermost], start, size)
}

/// Are indices of these dimensions in the part that has this start and size? `step` goes to the next index.
fn inside_of<'c>(m: &Module<'c>, step: Signal<'c>, shape: &[i64], start: &[i64], size: &[i64]) -> Signal<'c> {
    let mut carry = step;
    let mut inside = vec![m.one()];
    // The innermost one first.
    for (dimension, &states) in shape.iter().enumerate().rev() {
        let (first, size) = (start[dimension], size[dimension]);
        let index = m.counter(&format!("index{dimension}"), states, carry);
        inside.push(in_range(index, first, first + size - 1, states));
        carry = carry & index.is(states - 1);
    }
    Signal::all(&inside)
}
