//! `dataflow.window`: the sliding windows of a feature map.

use super::actor::{lane_foldings, lanes_of};
use super::resources::history;
use super::stream::pixel_choices;
use super::{
    Actor, Behaviour, Folding, Lanes, Named, Place, Resources, Stream, Timing, ceil_div, int, ints, memory,
    operation, pair, start,
};
use crate::ir::{Attr, Builder, Op, Value};
use crate::tosa::Geometry;

/// LUTs of the places in the grid, as fitted: of pixels, and of parts of them.
const CONTROL: [i64; 2] = [25, 50];

operation! {
    /// `dataflow.window`.
    Window, "dataflow.window"
}

impl<'c> Window<'c> {
    /// Makes windows of the stream `input`, `[H, W, C]`; None, with a diagnostic, if the kernel does not fit.
    pub fn build(
        builder: Builder<'c>,
        named: Named<'_>,
        input: Value<'c>,
        geometry: &Geometry,
        pad_value: i64,
    ) -> Option<Self> {
        let ctx = builder.ctx();
        let output = Self::output_type(&Stream::of_value(input), geometry)?;
        let op = start(builder, Self::NAME, named)
            .operand(input)
            .result(output.ty(ctx))
            .attr("kernel", Attr::i64s(ctx, &geometry.kernel))
            .attr("stride", Attr::i64s(ctx, &geometry.stride))
            .attr("dilation", Attr::i64s(ctx, &geometry.dilation))
            .attr("pad", Attr::i64s(ctx, &geometry.pad))
            .attr("pad_value", Attr::i64(ctx, pad_value));
        Some(Self(op.build()))
    }

    /// The stream of windows of a stream `[H, W, C]`; None if the rank is another or the kernel does not fit.
    pub fn output_type(input: &Stream, geometry: &Geometry) -> Option<Stream> {
        let &[h, w, c] = &input.shape[..] else { return None };
        let [oh, ow] = geometry.output([h, w])?;
        let taps = geometry.kernel[0] * geometry.kernel[1];
        let lanes = windows_lanes(input, geometry);
        Some(Stream { shape: vec![oh, ow, taps * c], element: input.element, lanes })
    }

    /// Kernel, stride, dilation and padding.
    pub fn geometry(self) -> Geometry {
        Geometry {
            kernel: pair(self.0, "kernel"),
            stride: pair(self.0, "stride"),
            dilation: pair(self.0, "dilation"),
            pad: ints(self.0, "pad").try_into().expect("the verifier wants four numbers"),
        }
    }

    /// What the padding holds.
    pub fn pad_value(self) -> i64 {
        int(self.0, "pad_value")
    }

    /// Height, width and channels of the input.
    pub fn input_shape(self) -> [i64; 3] {
        let input = self.inputs().swap_remove(0);
        input.shape.try_into().expect("the verifier wants a stream of rank 3")
    }

    /// When it takes and gives beats.
    pub fn schedule(self) -> Schedule {
        self.schedule_at(self.folding())
    }

    fn schedule_at(self, folding: Folding) -> Schedule {
        let input = self.inputs()[0].with_lanes(lanes_of(folding));
        Schedule::new(&input, &self.geometry()).expect("the verifier wants a kernel that fits")
    }
}

/// The lanes of the windows of a stream: of P pixels a beat, every stride of them begins a window.
fn windows_lanes(input: &Stream, geometry: &Geometry) -> i64 {
    let taps = geometry.kernel[0] * geometry.kernel[1];
    if input.pixels() == 1 { taps * input.lanes } else { taps * input.lanes / geometry.stride[1] }
}

/// When a window takes and gives beats, on a grid of `rows x columns x chunks` steps a sample.
///
/// Input beats are taken at those steps of the grid that are in the map, outputs leave at the same places of the grid,
/// [`Schedule::lag`] steps later: then the last element that a window can see has come. What lies outside of the map is made from
/// the output's place, so steps for padding are needed only where a map has more outputs than inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Pixels a beat, P.
    pub pixels: i64,
    /// Windows a beat, Q.
    pub windows: i64,
    /// Rows of the grid.
    pub rows: i64,
    /// Steps of a row, for each chunk.
    pub columns: i64,
    /// Parts of a pixel, `C / lanes`.
    pub chunks: i64,
    /// Rows between an output and the last input that it needs.
    pub row_lag: i64,
    /// Columns between them.
    pub column_lag: i64,
    /// Columns in front of an output's own that it needs.
    pub column_lead: i64,
}

impl Schedule {
    /// The schedule of the windows of a stream `[H, W, C]`; None if the kernel does not fit.
    pub fn new(input: &Stream, geometry: &Geometry) -> Option<Self> {
        let &[h, w, c] = &input.shape[..] else { return None };
        let Geometry { stride: [stride_y, stride_x], pad: [top, _, left, _], .. } = *geometry;
        let [output_rows, output_columns] = geometry.output([h, w])?;
        let [reach_y, reach_x] = geometry.reach();
        let pixels = input.pixels();
        let (windows, columns) = if pixels == 1 {
            (1, w.max((output_columns - 1) * stride_x + 1))
        } else {
            let windows = pixels / stride_x;
            (windows, ceil_div(w, pixels).max(ceil_div(output_columns, windows)))
        };
        let chunks = (c / input.lanes).max(1);
        let row_lag = reach_y - 1 - top;
        // The last pixel that the windows before this one see; those behind the map are not waited for.
        let end = |window: i64| ((window - 1) * stride_x + reach_x - 1 - left).min(w - 1);
        let column_lag = if pixels == 1 {
            (0..output_columns).map(|place| end(place + 1) - place * stride_x).max()
        } else {
            let place =
                |place: i64| end(((place + 1) * windows).min(output_columns)).div_euclid(pixels) - place;
            (0..ceil_div(output_columns, windows)).map(place).max()
        };
        let column_lag = column_lag.unwrap_or(0).max(0);
        let rows = h.max((output_rows - 1) * stride_y + 1);
        // A sample's outputs begin before the next sample does.
        let rows = rows.max((row_lag * columns + column_lag) / columns + 1);
        let column_lead = ceil_div(left, pixels);
        Some(Self { pixels, windows, rows, columns, chunks, row_lag, column_lag, column_lead })
    }

    /// Steps of a sample: the initiation interval in cycles.
    pub fn steps(&self) -> i64 {
        self.rows * self.columns * self.chunks
    }

    /// Steps between an input and the output at the same place.
    pub fn lag(&self) -> i64 {
        (self.row_lag * self.columns + self.column_lag) * self.chunks
    }
}

impl<'c> Actor<'c> for Window<'c> {
    fn op(&self) -> Op<'c> {
        self.0
    }

    /// Channels, or Q windows, of which a row has fewer beats than with fewer of them.
    fn foldings(&self) -> Vec<Folding> {
        let [_, _, c] = self.input_shape();
        let (input, geometry) = (self.inputs().swap_remove(0), self.geometry());
        let mut foldings = lane_foldings(c);
        let windows = std::iter::once(1).chain(pixel_choices(self.outputs()[0].row_pixels(), c));
        let several = windows.map(|windows| geometry.stride[1] * windows).filter(|&pixels| pixels > 1);
        let several = several.filter(|pixels| pixels / 2 < input.row_pixels()).filter(|pixels| {
            let output = Self::output_type(&input.with_lanes(pixels * c), &geometry);
            output.is_some_and(|output| output.pixels() < 2 * output.row_pixels())
        });
        foldings.extend(several.map(|pixels| Folding::Lanes(pixels * c)));
        foldings
    }

    fn folding(&self) -> Folding {
        Folding::Lanes(self.inputs()[0].lanes)
    }

    fn lanes_at(&self, folding: Folding) -> Lanes {
        let lanes = lanes_of(folding);
        let outputs = windows_lanes(&self.inputs()[0].with_lanes(lanes), &self.geometry());
        Lanes { inputs: vec![lanes], outputs: vec![outputs] }
    }

    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        self.schedule_at(folding).steps()
    }

    fn latency_cycles_at(&self, folding: Folding) -> i64 {
        self.schedule_at(folding).lag() + 2
    }

    fn timing(&self) -> Timing {
        let (input, output) = (self.inputs().swap_remove(0), self.outputs().swap_remove(0));
        let (grid, stride) = (self.schedule(), self.geometry().stride);
        let pitch = if grid.pixels == 1 { stride[1] } else { 1 };
        let row_beats = input.row_beats() / grid.chunks;
        let last = [output.shape[0] - 1, (output.shape[1] - 1) / grid.windows]
            .iter()
            .zip([stride[0], pitch])
            .map(|(place, pitch)| place * pitch)
            .collect::<Vec<_>>();
        let places = (0..grid.rows).flat_map(|y| (0..grid.columns).map(move |x| [y, x]));
        let place = |[y, x]: [i64; 2]| {
            let takes = y < input.shape[0] && x < row_beats;
            let gives = y <= last[0] && x <= last[1] && y % stride[0] == 0 && x % pitch == 0;
            std::iter::repeat_n(Place { takes, gives }, grid.chunks as usize)
        };
        let places = places.flat_map(place).collect();
        Timing::of(vec![0], Behaviour::Window { places, lag: grid.lag() as usize }).with_single_outputs()
    }

    /// Delay lines for rows and columns, and a register for the columns that the windows of a beat see; each part of a window that may be
    /// outside of the map has a reset, a LUT (`docs/costs.md` compares with Yosys).
    fn resources_at(&self, folding: Folding) -> Resources {
        let schedule = self.schedule_at(folding);
        let Geometry { kernel: [kh, kw], stride: [_, stride], dilation: [dh, dw], pad, .. } = self.geometry();
        let bits = lanes_of(folding) * i64::from(self.inputs()[0].element.bits);
        let pixel_bits = bits / schedule.pixels;
        let lines = memory(schedule.columns * schedule.chunks, (kh - 1) * dh * bits);
        let stored = history(schedule.chunks, kh * bits * (schedule.column_lag + schedule.column_lead));
        let seen =
            distinct((0..schedule.windows).flat_map(|q| (0..kw).map(move |tap| q * stride + tap * dw)));
        // What is outside in the same rows and columns has the same reset.
        let pixels = schedule.pixels;
        let columns_outside = ceil_div(pad[2], pixels) + ceil_div(pad[3], pixels);
        let [rows, columns] =
            [(pad[0] + pad[1], kh), (columns_outside, seen)].map(|(outside, all)| all.min(outside + 1));
        let resets = rows * columns - i64::from(pad[0] + pad[1] < kh && columns_outside < seen);
        let control = CONTROL[usize::from(schedule.chunks > 1)];
        lines + stored + Resources::logic(resets + control, seen * kh * pixel_bits + bits + 60)
    }
}

/// How many different numbers there are.
fn distinct(numbers: impl Iterator<Item = i64>) -> i64 {
    numbers.collect::<std::collections::BTreeSet<_>>().len() as i64
}
