//! `dataflow.window`: the sliding windows of a feature map.
//!
//! One input beat a cycle, and one cycle for each beat of padding, in which no input is taken. Padding between two rows
//! serves as the right edge of the upper and the left edge of the lower one, and padding rows between two samples serve
//! both: a sample takes `(H + max(top, bottom)) * (W + max(left, right)) * C/L` cycles. A window leaves two cycles after
//! its last element. Padding waits for nothing, so the last windows of a sample leave without a further sample.
//!
//! The beat at row y, column x, chunk c of the channels meets two memories: `rows` holds, for each (x, c), the elements
//! of the KH-1 rows above, a column as a word; `columns` holds, for each c, the KW-1 columns to the left; with dilation
//! `(KH-1) * DH` rows, of which a column takes every DH-th, and `(KW-1) * DW` columns.
//!
//! ```text
//!   input, padding ─┬────────────────► column (KH elements) ─┬───────► window (KH x KW)
//!                   └► rows[x, c] ────►                      └► columns[c] ►
//! ```

use super::{
    actor::{Actor, beat_width},
    hdl::{History, Module, Pipeline, Signal},
};
use atheena_dialects::ir::Failure;

/// Rows or columns of the padded input, and where windows end.
struct Axis {
    /// Real ones: `0..size`; those behind are padding.
    size: i64,
    /// With padding.
    padded: i64,
    /// Padding before the first one, shared with what is behind the last one where that suffices.
    before: i64,
    /// Where the first window ends.
    first_end: i64,
    /// Where the last window ends.
    last_end: i64,
    stride: i64,
}

impl Axis {
    /// Windows reach over `reach` rows or columns.
    fn new(size: i64, reach: i64, stride: i64, (before, after): (i64, i64), windows: i64) -> Self {
        let first_end = reach - 1 - before;
        Self {
            size,
            padded: size + before.max(after),
            before,
            first_end,
            last_end: first_end + (windows - 1) * stride,
            stride,
        }
    }

    /// Does a window end at this position? `step` is set where the position moves on.
    fn ends<'c>(
        &self,
        m: &Module<'c>,
        name: &str,
        position: Signal<'c>,
        step: Signal<'c>,
        first: i64,
    ) -> Signal<'c> {
        let inside = in_range(position, self.first_end, self.last_end, self.padded);
        if self.stride == 1 {
            return inside;
        }
        // Counts up to the next window's end; position 0 has a known distance from the first end.
        let phase_at = |position: i64| (position - self.first_end).rem_euclid(self.stride);
        let width = super::hdl::index_width(self.stride);
        let phase = m.register_from(name, width, phase_at(first));
        let next = phase.is(self.stride - 1).mux(phase.lit(0), *phase + 1);
        let wraps = position.is(self.padded - 1);
        phase.next_if(step, wraps.mux(phase.lit(phase_at(0)), next));
        inside & phase.is(0)
    }
}

/// `low <= position <= high`, for a position in `0..states`.
pub fn in_range<'c>(position: Signal<'c>, low: i64, high: i64, states: i64) -> Signal<'c> {
    let mut conditions = vec![];
    if low == high {
        return position.is(low);
    }
    if low > 0 {
        conditions.push(position.at_least(low));
    }
    if high < states - 1 {
        conditions.push(position.below(high + 1));
    }
    if conditions.is_empty() { position.lit(0).is(0) } else { Signal::all(&conditions) }
}

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) -> Result<(), Failure> {
    let (from, to) = (actor.input(0), actor.output(0));
    let [kernel, stride, dilation, pad] = ["kernel", "stride", "dilation", "pad"].map(|n| actor.ints(n));
    let [reach_y, reach_x] = [0, 1].map(|i| (kernel[i] - 1) * dilation[i] + 1);
    if pad[0] >= reach_y || pad[1] >= reach_y || pad[2] >= reach_x || pad[3] >= reach_x {
        return Err(actor
            .0
            .error("has windows that hold nothing but padding", &["pad with dataflow.pad in front"]));
    }
    let rows = Axis::new(from.shape[0], reach_y, stride[0], (pad[0], pad[1]), to.shape[0]);
    let columns = Axis::new(from.shape[1], reach_x, stride[1], (pad[2], pad[3]), to.shape[1]);
    let chunks = from.shape[2] / from.lanes;
    let width = beat_width(&from);

    let input = m.receive(0, width);
    let output = m.send(0, beat_width(&to));
    let enable = output.ready;

    // Where we are. The first sample has its padding before it, counted as that behind a sample before it.
    let step = m.wire("step", 1);
    let mut first_y = (rows.padded - rows.before) % rows.padded;
    let first_x = (columns.padded - columns.before) % columns.padded;
    if columns.before > 0 {
        // The padding left of a row is that behind the row above.
        first_y = (first_y + rows.padded - 1) % rows.padded;
    }
    let chunk = m.counter("c", chunks, *step);
    let step_x = *step & chunk.is(chunks - 1);
    let x = m.counter_from("x", columns.padded, first_x, step_x);
    let step_y = step_x & x.is(columns.padded - 1);
    let y = m.counter_from("y", rows.padded, first_y, step_y);

    // Nothing ends before the first element.
    let begun = m.register_from("begun", 1, i64::from(first_x == 0 && first_y == 0));
    let at_start = x.is(0) & y.is(0);
    begun.next(*begun | at_start);
    let ends = columns.ends(m, "phase_x", x, step_x, first_x) & rows.ends(m, "phase_y", y, step_y, first_y);
    let complete = ends & (*begun | at_start);

    // An element, or padding.
    let is_real =
        in_range(x, 0, columns.size - 1, columns.padded) & in_range(y, 0, rows.size - 1, rows.padded);
    step.drive(enable & (input.valid | !is_real));
    input.take_if(enable & is_real);
    let pad_value = m.constant(from.element.bits, actor.int("pad_value")).repeat(from.lanes as u32);
    let mut element = is_real.mux(input.data, pad_value);

    let mut pipeline = Pipeline::new(m, enable, input.valid | !is_real);
    let above = (kernel[0] > 1).then(|| {
        let width = width * (reach_y as u32 - 1);
        History::new(m, "rows", columns.padded * chunks, width, pipeline.valid, enable)
    });
    let left = (kernel[1] > 1).then(|| {
        let width = width * (kernel[0] * (reach_x - 1)) as u32;
        History::new(m, "columns", chunks, width, pipeline.valid, enable)
    });
    let mut complete = complete;
    pipeline.step(&mut [&mut element, &mut complete]);

    // Words have their oldest element in the low bits: top row first, left column first.
    let shifted = |history: &History<'c>, new: Signal<'c>| {
        let all = Signal::pack(&[history.old(), new]);
        history.push(m, all.bits(new.width(), all.width() - new.width()));
        all
    };
    // With dilation, every so many rows and columns count.
    let every = |all: Signal<'c>, width: u32, dilation: i64| {
        Signal::pack(&all.lanes(width).into_iter().step_by(dilation as usize).collect::<Vec<_>>())
    };
    let column = above.as_ref().map_or(element, |above| every(shifted(above, element), width, dilation[0]));
    let window =
        left.as_ref().map_or(column, |left| every(shifted(left, column), column.width(), dilation[1]));
    // `[KW, KH, L]` to `[KH, KW, L]`.
    let taps = window.lanes(width);
    let beat: Vec<_> = (0..kernel[0])
        .flat_map(|i| (0..kernel[1]).map(move |j| (i, j)))
        .map(|(i, j)| taps[(j * kernel[0] + i) as usize])
        .collect();
    output.send_if(pipeline.valid & complete, Signal::pack(&beat));
    Ok(())
}
