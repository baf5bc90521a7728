//! `dataflow.pool`: the maximum or the average of each channel of a window.
//!
//! One beat a cycle, of one window or several. With T taps, latency is `ceil(log2(T)) + 1` cycles (a register behind each level of the tree), one
//! more for an average whose multiplier is no power of two. Where averages at borders are of fewer elements, the row and
//! the column choose the multiplier.

use super::{
    actor::{Actor, beat_width},
    hdl::{Int, Module, Pipeline, Signal},
    rescale::{Factors, Rescale},
};
use atheena_dialects::dataflow::Multipliers;
use atheena_dialects::ir::Attr;
use atheena_dialects::tosa::reciprocal_scale;

/// Levels of the tree between two registers: a comparison and what chooses by it are as long a path as two adders.
const LEVELS: u32 = 1;

/// Is it an average?
pub fn is_average(actor: Actor<'_>) -> bool {
    actor.0.attr("kind").and_then(Attr::to_string_value).as_deref() == Some("avg")
}

/// The range of sums of up to `count` of these numbers.
pub fn average_range(values: &[Int<'_>], count: i64) -> (i128, i128) {
    let ranges = values.iter().map(|value| value.range());
    let (low, high) = ranges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or((0, 0));
    let count = i128::from(count);
    (low.min(low * count), high.max(high * count))
}

/// Fills the module.
pub fn generate<'c>(actor: Actor<'c>, m: &mut Module<'c>) {
    let (from, to) = (actor.input(0), actor.output(0));
    let input = m.receive(0, beat_width(&from));
    let output = m.send(0, beat_width(&to));

    let mut pipeline = Pipeline::new(m, output.ready, input.valid);
    input.take_if(output.ready);
    // A beat is `[Q, KH, KW, L]`: the taps of a channel are L lanes apart.
    let elements = actor.lanes_of(0, input.data);
    let channels = (to.lanes / to.pixels()) as usize;
    let windows = elements.chunks(elements.len() / to.pixels() as usize);
    let taps: Vec<Vec<_>> = windows
        .flat_map(|window| (0..channels).map(|c| window.iter().skip(c).step_by(channels).copied().collect()))
        .collect();
    let lanes = if is_average(actor) {
        let excess = i128::from(actor.zero_point("input_zp")) * taps[0].len() as i128;
        let sums = pipeline.reduce(taps, LEVELS, &mut [], |a, b| a + b);
        let sums: Vec<_> = sums.into_iter().map(|sum| sum.plus(-excess)).collect();
        let borders = Borders::of(actor);
        let rescale = borders.as_ref().map_or_else(|| actor.rescale(), |borders| borders.rescale.clone());
        let scaled = match borders {
            Some(borders) => {
                let factor = borders.factor(m, &pipeline, to.channels() / to.lanes);
                let products: Vec<_> = sums.into_iter().map(|sum| sum * factor).collect();
                let products = pipeline.delay_ints(&products);
                pipeline.step(&mut []);
                // Half of the common shift, whatever is multiplied.
                products.into_iter().map(|product| product.plus(rescale.0.rounding[0])).collect()
            }
            None => rescale.multiply(sums, Factors::default(), &mut pipeline, &mut []),
        };
        let ((least, most), zero_point) = (to.element.range(), actor.zero_point("output_zp"));
        let finish = |v: Int<'c>| rescale.finish(v, zero_point, least, most);
        scaled.into_iter().map(finish).collect()
    } else {
        pipeline.reduce(taps, LEVELS, &mut [], Int::max)
    };
    let lanes: Vec<_> = lanes.into_iter().map(|v: Int<'c>| v.to_bits(to.element.bits)).collect();
    output.send_if(pipeline.valid, Signal::pack(&lanes));
}

/// Averages of fewer elements than a window has taps.
struct Borders {
    /// Of how many rows the average at each output row is, and of how many columns at each column.
    taps: [Vec<i64>; 2],
    /// Products of both, each once.
    counts: Vec<i64>,
    /// With a multiplier for each of them.
    rescale: Rescale,
}

impl Borders {
    fn of(actor: Actor<'_>) -> Option<Self> {
        actor.0.attr("row_taps")?;
        let taps = ["row_taps", "column_taps"].map(|name| actor.ints(name));
        let mut counts: Vec<_> =
            taps[0].iter().flat_map(|rows| taps[1].iter().map(move |c| rows * c)).collect();
        counts.sort_unstable();
        counts.dedup();
        let scales = counts.iter().map(|&count| reciprocal_scale(count as u32));
        let (multipliers, shifts): (Vec<_>, Vec<_>) =
            scales.map(|(m, s)| (i64::from(m), i64::from(s))).unzip();
        Some(Self { taps, rescale: Rescale(Multipliers::new(&multipliers, &shifts, None, false)), counts })
    }

    /// The multiplier of the window in this stage of the pipeline, which comes in `groups` beats.
    fn factor<'c>(&self, m: &Module<'c>, pipeline: &Pipeline<'_, 'c>, groups: i64) -> Int<'c> {
        let step = pipeline.enable & pipeline.valid;
        let step_x = step & m.counter("group", groups, step).is(groups - 1);
        let [rows, columns] = [0, 1].map(|axis| self.taps[axis].len() as i64);
        let x = m.counter("x", columns, step_x);
        let y = m.counter("y", rows, step_x & x.is(columns - 1));
        let factor = |count: i64| {
            let index = self.counts.iter().position(|&c| c == count).expect("every product is there");
            let multipliers = &self.rescale.0.multipliers;
            Int::constant(multipliers[if multipliers.len() == 1 { 0 } else { index }], step.builder())
        };
        // All but the largest windows are few, at the edges.
        let [most_rows, most_columns] = [0, 1].map(|axis| self.taps[axis].iter().copied().max().unwrap_or(1));
        let of_row = |rows: i64| {
            let edge = |chosen: Int<'c>, (at, &columns): (usize, &i64)| {
                Int::select(x.is(at as i64), factor(rows * columns), chosen)
            };
            let edges = self.taps[1].iter().enumerate().filter(|(_, columns)| **columns != most_columns);
            edges.fold(factor(rows * most_columns), edge)
        };
        let edges = self.taps[0].iter().enumerate().filter(|(_, rows)| **rows != most_rows);
        edges
            .fold(of_row(most_rows), |chosen, (at, &rows)| Int::select(y.is(at as i64), of_row(rows), chosen))
    }
}
