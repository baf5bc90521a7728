//! `dataflow.window`: the sliding windows of a feature map.
//!
//! Beats run through a grid of `rows x columns x chunks` steps a sample (`Schedule`): one input beat a step where the grid is in the
//! map, and a step without input elsewhere. Outputs leave at the same places, `lag` steps later, two cycles after the last element
//! that they need. Both memories are plain delay lines, so an element is always as far behind as its place in the window tells:
//! `rows` gives the elements of the rows above, a column as a word, and `columns` the columns to the left.
//!
//! ```text
//!   input ─┬──────────► column ─┬──────────► window ─► register, reset outside ─► Q x KH x KW
//!          └► rows ───►         └► columns ►
//! ```
//!
//! Padding is never stored. What lies outside of the map, a row or a column of the window, is `pad_value` by a reset of its flip-flops at
//! the output; so neither padding nor the edge between two rows or two samples costs a step, and what the delay lines
//! hold of an earlier sample is never seen.
//!
//! The beats of a sample push the last windows of the one before out. Where no sample follows, the lines move on without input until
//! all windows have left: the next sample may begin after any number of such steps, as its outputs are counted from its first beat.

use super::{
    actor::{Actor, beat_width},
    hdl::{History, Module, Part, Pipeline, Signal},
};
use atheena_dialects::dataflow::{Schedule, Window};
use atheena_dialects::ir::Failure;
use atheena_dialects::tosa::Geometry;
use std::collections::BTreeMap;

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

/// A place in the grid, which moves on with each step.
#[derive(Clone, Copy)]
struct Place<'c> {
    /// Row and column.
    at: [Signal<'c>; 2],
    chunk: Signal<'c>,
    /// Does the row or the column move on?
    steps: [Signal<'c>; 2],
    restart: Option<Signal<'c>>,
}

impl<'c> Place<'c> {
    /// Goes through the grid, and to its begin where `restart` is set.
    fn new(
        m: &Module<'c>,
        name: &str,
        grid: &Schedule,
        step: Signal<'c>,
        restart: Option<Signal<'c>>,
    ) -> Self {
        let counter = |axis: &str, states, step| {
            m.counter_with_restart(&format!("{name}_{axis}"), states, step, restart)
        };
        let chunk = counter("chunk", grid.chunks, step);
        let step_x = step & chunk.is(grid.chunks - 1);
        let x = counter("x", grid.columns, step_x);
        let step_y = step_x & x.is(grid.columns - 1);
        let y = counter("y", grid.rows, step_y);
        Self { at: [y, x], chunk, steps: [step_y, step_x], restart }
    }

    /// Is it at this step of the grid?
    fn is_at(&self, grid: &Schedule, step: i64) -> Signal<'c> {
        let (pixel, chunk) = (step / grid.chunks, step % grid.chunks);
        let [y, x] = [pixel / grid.columns, pixel % grid.columns];
        self.at[0].is(y) & self.at[1].is(x) & self.chunk.is(chunk)
    }
}

/// Rows or columns of the grid, and what happens there.
struct Axis {
    name: &'static str,
    /// Of the grid.
    places: i64,
    /// Pixels of the map.
    size: i64,
    /// Pixels of a place.
    pixels: i64,
    /// Windows of a place.
    windows: i64,
    /// Places from one with windows to the next one.
    pitch: i64,
    /// Windows in all.
    outputs: i64,
}

impl Axis {
    /// The last place with windows.
    fn last(&self) -> i64 {
        (self.outputs - 1) / self.windows * self.pitch
    }

    /// Do windows leave at this place?
    fn gives<'c>(
        &self,
        m: &Module<'c>,
        place: Signal<'c>,
        step: Signal<'c>,
        restart: Option<Signal<'c>>,
    ) -> Signal<'c> {
        let inside = in_range(place, 0, self.last(), self.places);
        if self.pitch == 1 || self.last() == 0 {
            return inside;
        }
        if self.pitch.count_ones() == 1 {
            return inside & place.bits(0, self.pitch.trailing_zeros()).is(0);
        }
        let wraps = step & place.is(self.places - 1);
        let restart = restart.map_or(wraps, |restart| restart | wraps);
        inside
            & m.counter_with_restart(&format!("phase_{}", self.name), self.pitch, step, Some(restart)).is(0)
    }

    /// Does a pixel that `windows` of a place see lie outside of the map, `offset` behind the place's first one? None if it
    /// never does.
    fn outside<'c>(&self, place: Signal<'c>, offset: i64, windows: &[i64]) -> Option<Signal<'c>> {
        let is_seen = |place: &i64| {
            let first = place / self.pitch * self.windows;
            place % self.pitch == 0 && windows.iter().any(|window| first + window < self.outputs)
        };
        let pixel = |place: i64| place * self.pixels + offset;
        let seen: Vec<i64> = (0..self.places).filter(is_seen).collect();
        let before = seen.iter().rfind(|&&place| pixel(place) < 0).map(|&last| (0, last));
        let behind =
            seen.iter().find(|&&place| pixel(place) >= self.size).map(|&first| (first, self.places - 1));
        let ranges = [before, behind].into_iter().flatten();
        let bits: Vec<_> = ranges.map(|(low, high)| in_range(place, low, high, self.places)).collect();
        (!bits.is_empty()).then(|| Signal::any(&bits))
    }
}

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) -> Result<(), Failure> {
    let (from, to) = (actor.input(0), actor.output(0));
    let window = Window::cast(actor.0).expect("this generator is for windows");
    let geometry = window.geometry();
    let Geometry { kernel, stride, dilation, pad: [top, bottom, left, right] } = geometry;
    let [reach_y, reach_x] = geometry.reach();
    if top.max(bottom) >= reach_y || left.max(right) >= reach_x {
        return Err(actor
            .0
            .error("has windows that hold nothing but padding", &["pad with dataflow.pad in front"]));
    }
    let grid = window.schedule();
    let rows = Axis {
        name: "y",
        places: grid.rows,
        size: from.shape[0],
        pixels: 1,
        windows: 1,
        pitch: stride[0],
        outputs: to.shape[0],
    };
    let columns = Axis {
        name: "x",
        places: grid.columns,
        size: from.shape[1],
        pixels: grid.pixels,
        windows: grid.windows,
        pitch: if grid.pixels == 1 { stride[1] } else { 1 },
        outputs: to.shape[1],
    };
    // Windows of a beat overlap: the columns that they see, by their distance from the beat's first pixel.
    let offset = |window: i64, tap: i64| window * stride[1] + tap * dilation[1] - left;
    let mut seen_by: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for window in 0..grid.windows {
        for tap in 0..kernel[1] {
            seen_by.entry(offset(window, tap)).or_default().push(window);
        }
    }
    let width = beat_width(&from);
    let pixel_width = width / grid.pixels as u32;
    let input = m.receive(0, width);
    let ready = m.wire("ready", 1);
    let enable = *ready;

    // The input's place.
    let forward = m.wire("forward", 1);
    let place = Place::new(m, "input", &grid, *forward, None);
    let is_real = in_range(place.at[0], 0, rows.size - 1, rows.places)
        & in_range(place.at[1], 0, from.row_beats() / grid.chunks - 1, columns.places);
    input.take_if(enable & is_real);
    let comes = input.valid | !is_real;
    forward.drive(enable & comes);

    // Between two samples, windows that are still owed need no input.
    let owed = (grid.lag() > 0).then(|| m.register("owed", 1));
    let moves = owed.as_ref().map_or(comes, |owed| {
        let between = m.register_from("between", 1, 1);
        between.next_if(*forward, place.is_at(&grid, grid.steps() - 1));
        comes | (*between & **owed)
    });
    let step = enable & moves;
    let mut pipeline = Pipeline::new(m, enable, moves);

    // The place of the windows that leave with this step.
    let behind = |name: &str, lag: i64| match lag {
        0 => place,
        _ => Place::new(m, name, &grid, step, Some(*forward & place.is_at(&grid, lag - 1))),
    };
    let here = behind("output", grid.lag());
    let gives = rows.gives(m, here.at[0], here.steps[0], here.restart)
        & columns.gives(m, here.at[1], here.steps[1], here.restart);
    let mut complete = gives & owed.as_ref().map_or(m.one(), |owed| **owed);
    if let (Some(owed), Some(start)) = (&owed, here.restart) {
        let last = (rows.last() * grid.columns + columns.last() + 1) * grid.chunks - 1;
        owed.next_if(step, start | (**owed & !here.is_at(&grid, last)));
    }

    // Which of the windows' rows and columns are outside of the map.
    let rows_outside: Vec<_> = (0..kernel[0])
        .map(|i| rows.outside(here.at[0], i * dilation[0] - top, &[0]))
        .map(|bit| bit.map(|bit| pipeline.delay(bit)))
        .collect();
    let columns_outside: Vec<_> = (seen_by.iter())
        .map(|(&offset, windows)| (offset, columns.outside(here.at[1], offset, windows)))
        .map(|(offset, bit)| (offset, bit.map(|bit| pipeline.delay(bit))))
        .collect();

    let mut element = input.data;
    let above = (kernel[0] > 1).then(|| {
        let width = width * (reach_y as u32 - 1);
        History::new(m, "rows", grid.columns * grid.chunks, width, pipeline.valid, enable)
    });
    let stored = grid.column_lag + grid.column_lead;
    let before = (stored > 0).then(|| {
        let width = width * (kernel[0] * stored) as u32;
        History::new(m, "columns", grid.chunks, width, pipeline.valid, enable)
    });
    pipeline.step(&mut [&mut element, &mut complete]);

    // Words have their oldest part in the low bits: top row first, left column first.
    let shifted = |history: &Option<History<'c>>, new: Signal<'c>| {
        let Some(history) = history else { return vec![new] };
        let all = Signal::pack(&[history.old(), new]);
        history.push(m, all.bits(new.width(), all.width() - new.width()));
        all.lanes(new.width())
    };
    // With dilation, every so many rows count.
    let column: Vec<_> = shifted(&above, element).into_iter().step_by(dilation[0] as usize).collect();
    let beats = shifted(&before, Signal::pack(&column));
    let element = m.constant(from.element.bits, actor.int("pad_value"));
    let padding = element.repeat(pixel_width / element.width());
    let column = |&(offset, outside): &(i64, Option<Signal<'c>>)| -> Vec<Part<'c>> {
        // What is behind the last column is behind the map.
        let Some(beat) = beats.get((offset.div_euclid(grid.pixels) + grid.column_lead) as usize) else {
            return vec![Part { data: padding, unless: None }; kernel[0] as usize];
        };
        let pixel = offset.rem_euclid(grid.pixels) as u32;
        let part = |(row, row_outside): (Signal<'c>, &Option<Signal<'c>>)| {
            let outside: Vec<_> = [outside, *row_outside].into_iter().flatten().collect();
            let unless = (!outside.is_empty()).then(|| (Signal::any(&outside), padding));
            Part { data: row.bits(pixel * pixel_width, pixel_width), unless }
        };
        beat.lanes(width).into_iter().zip(&rows_outside).map(part).collect()
    };
    let parts: Vec<_> = columns_outside.iter().flat_map(column).collect();
    ready.drive(m.send_parts(0, pipeline.valid & complete, &parts, |parts| {
        let columns: BTreeMap<i64, _> =
            seen_by.keys().copied().zip(parts.chunks(kernel[0] as usize)).collect();
        let taps = (0..grid.windows)
            .flat_map(|window| (0..kernel[0]).map(move |i| (window, i)))
            .flat_map(|(window, i)| (0..kernel[1]).map(move |j| (window, i, j)))
            .map(|(window, i, j)| columns[&offset(window, j)][i as usize]);
        Signal::pack(&taps.collect::<Vec<_>>())
    }));
    Ok(())
}
