//! `dataflow.matvec`: a matrix times the vectors of a stream, and requantisation.

use super::scale::{Multipliers, multiplies, range_of_sum};
use super::stream::{FEW_CHANNELS, pixel_choices};
use super::timing::sum_stages;
use super::{
    Actor, DspKind, Folding, Lanes, Named, Needs, Resources, Scale, Step, Stream, Timing, Window, ceil_div,
    divisors, int, operation, start, value_range,
};
use crate::ir::{Attr, Builder, Op, Value};
use std::collections::HashMap;

mod costs;
mod products;
mod serial;
pub use costs::{MatvecCosts, SerialStages};
pub use products::{DspUse, PAIR_PLACES, PLACES_A_STAGE, Products};
use serial::Ends;
pub use serial::{Digits, Ends as SerialEnds, Serial, Table as SerialTable};

operation! {
    /// `dataflow.matvec`.
    Matvec, "dataflow.matvec"
}

/// The attributes of a `dataflow.matvec`.
#[derive(Clone, Debug)]
pub struct MatvecParts<'c> {
    /// `dense<…>`, `[OC, KH, KW, C]`.
    pub weights: Attr<'c>,
    /// The vector's order is that of a window with these lanes.
    pub channel_lanes: i64,
    /// Bias and requantisation.
    pub scale: Scale,
}

impl<'c> Matvec<'c> {
    /// Multiplies the vectors of `input`; `output` is the type of the result.
    pub fn build(
        builder: Builder<'c>,
        named: Named<'_>,
        input: Value<'c>,
        parts: &MatvecParts<'c>,
        output: &Stream,
    ) -> Self {
        let ctx = builder.ctx();
        let op = start(builder, Self::NAME, named)
            .operand(input)
            .result(output.ty(ctx))
            .attr("weights", parts.weights)
            .attr("channel_lanes", Attr::i64(ctx, parts.channel_lanes));
        Self(parts.scale.set(ctx, op).build())
    }

    /// The stream of vectors.
    pub fn input(self) -> Stream {
        self.inputs().swap_remove(0)
    }

    /// The stream of results.
    pub fn output(self) -> Stream {
        self.outputs().swap_remove(0)
    }

    /// OC, KH, KW, C.
    pub fn weights_shape(self) -> [i64; 4] {
        let weights = self.0.attr("weights").and_then(Attr::attr_type);
        let shape = weights.and_then(crate::ir::Type::shape).and_then(|s| s.try_into().ok());
        shape.expect("the verifier wants weights of rank 4")
    }

    /// The least and the greatest sum of each output, with its bias; None if weights or biases are no `dense<…>`.
    pub fn sums(self) -> Option<Vec<(i64, i64)>> {
        let (weights, input) = (self.weights()?, self.size().input);
        let rows = weights.chunks(self.vector() as usize).zip(self.bias()?);
        Some(rows.map(|(row, bias)| range_of_sum(bias, row.iter().copied(), input)).collect())
    }

    /// The weights in the order `[OC, KH, KW, C]`; None of those that are no `dense<…>`.
    pub fn weights(self) -> Option<Vec<i64>> {
        self.0.attr("weights")?.to_dense_ints()
    }

    /// Where in the vector each element of a row of weights comes: the vector is `[C/channel_lanes, KH, KW, channel_lanes]`.
    pub fn places(self) -> Vec<usize> {
        let ([_, kh, kw, c], lanes) = (self.weights_shape(), self.channel_lanes());
        let place = |(tap, channel): (i64, i64)| {
            let group = channel / lanes * kh * kw + tap;
            (group * lanes + channel % lanes) as usize
        };
        (0..kh * kw).flat_map(|tap| (0..c).map(move |channel| (tap, channel))).map(place).collect()
    }

    /// The biases, one an output; None of those that are no `dense<…>`.
    pub fn bias(self) -> Option<Vec<i64>> {
        self.0.attr("bias")?.to_dense_ints()
    }

    /// The vector's order is that of a window with these lanes.
    pub fn channel_lanes(self) -> i64 {
        int(self.0, "channel_lanes")
    }

    /// What requantisation adds to the biases: what it rounds with, where it only shifts.
    fn rounding(self) -> i64 {
        let scaling = Multipliers::of(self.0);
        if scaling.is_shift() { scaling.rounding[0] as i64 } else { 0 }
    }

    /// Zero point of the output.
    pub fn output_zp(self) -> i64 {
        int(self.0, "output_zp")
    }

    /// Smallest output.
    pub fn min(self) -> i64 {
        int(self.0, "min")
    }

    /// Largest output.
    pub fn max(self) -> i64 {
        int(self.0, "max")
    }

    /// Length of a vector, V.
    pub fn vector(self) -> i64 {
        self.weights_shape()[1..].iter().product()
    }

    /// Outputs of a vector, OC.
    pub fn rows_count(self) -> i64 {
        self.weights_shape()[0]
    }

    /// Vectors a sample.
    pub fn positions(self) -> i64 {
        self.input().elements() / self.vector()
    }

    /// The window that makes its vectors, behind what only passes beats on.
    pub fn window(self) -> Option<Window<'c>> {
        let mut producer = self.0.operands()[0].producer()?;
        while matches!(producer.name().as_str(), "dataflow.resize" | "dataflow.fork" | "dataflow.fifo") {
            producer = producer.operands()[0].producer()?;
        }
        Window::cast(producer)
    }

    /// Of the elements of a beat of several vectors, `[Q, V]`: which place of the map each one is, with numbers from 0 on in the order in which places come first.
    /// Windows next to each other share columns.
    pub fn places_of_vectors(self) -> Vec<usize> {
        let [_, height, width, channels] = self.weights_shape();
        let [lanes, taps] = [self.channel_lanes(), height * width];
        // Vectors of no window are as far apart as they are wide: they share nothing.
        let window = self.window().map(|window| window.geometry());
        let [stride, dilation] = window.map_or([width, 1], |g| [g.stride[1], g.dilation[1]]);
        let mut known = HashMap::new();
        let place = |vector: i64, element: i64| {
            let (tap, lane) = (element / lanes % taps, element % lanes);
            (element / (lanes * taps), tap / width, vector * stride + tap % width * dilation, lane)
        };
        let vectors = self.size().vectors(self.input().lanes);
        let elements = (0..vectors).flat_map(|v| (0..height * width * channels).map(move |e| (v, e)));
        elements
            .map(|(vector, element)| {
                let next = known.len();
                *known.entry(place(vector, element)).or_insert(next)
            })
            .collect()
    }

    /// The folding with these lanes, made as the attributes say.
    pub(super) fn made_at(self, simd: i64, pe: i64) -> Folding {
        let blocks = self.0.attr("blocks").and_then(Attr::to_i64);
        let blocks = blocks.unwrap_or_else(|| MatvecCosts::of(self).usual_blocks(simd, pe));
        let is_constant = self.size().folds(simd, pe) == 1 && self.products().digit_bits().is_none();
        let products = if is_constant { Products::Constants } else { self.products() };
        Folding::Matvec { simd, pe, blocks, products, reuse: self.reuse() }
    }

    /// Stages of the adders of the first elements of vectors, with the register in front of them: those of the output that has most digits 1 and -1 are the
    /// least there may be. Weights that are not `dense<…>` have three each.
    fn adder_stages(self, elements: i64) -> u64 {
        let of = |weight: &i64| i64::from((weight ^ (3 * weight)).count_ones());
        let row = |weights: &[i64]| weights[..elements as usize].iter().map(of).sum();
        let rows = self.weights().map(|weights| weights.chunks(self.vector() as usize).map(row).max());
        let most = rows.flatten().unwrap_or(3 * elements);
        1 + sum_stages(most, DspKind::of(self.0).adder_inputs()).max(1)
    }

    /// What multiplies where weights come from a memory.
    pub fn products(self) -> Products {
        let name = self.0.attr("products").and_then(Attr::to_string_value);
        name.and_then(|name| Products::of_name(&name)).unwrap_or(Products::Dsp)
    }

    /// Vectors, one after the other, that use each word of weights.
    pub fn reuse(self) -> i64 {
        self.0.attr("reuse").and_then(Attr::to_i64).unwrap_or(1)
    }

    /// Its sizes and ranges.
    pub fn size(self) -> Size {
        let (low, high) = value_range(self.0.operands()[0]);
        let [outputs, height, width, channels] = self.weights_shape();
        let vector = height * width * channels;
        let input = self.input();
        let map = match input.shape[..] {
            [rows, columns, channels] if rows * columns * channels == vector => {
                Some([rows, columns, channels])
            }
            _ => None,
        };
        Size {
            vector,
            map,
            outputs,
            positions: self.positions(),
            is_pixel: input.channels() == vector,
            input: (low as i64, high as i64),
            element_bits: i64::from(self.output().element.bits),
        }
    }
}

/// What the folding of a `dataflow.matvec` divides, read off the IR once for many foldings.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Length of a vector, V.
    pub vector: i64,
    /// Outputs of a vector, OC.
    pub outputs: i64,
    /// Vectors a sample.
    pub positions: i64,
    /// Are the vectors the pixels of the input?
    is_pixel: bool,
    /// The rows, columns and channels of the map that a vector is, if it is one.
    map: Option<[i64; 3]>,
    /// The least and the greatest input.
    pub input: (i64, i64),
    /// Bits of an output.
    pub element_bits: i64,
}

impl Size {
    /// Vectors a beat, Q.
    pub fn vectors(self, simd: i64) -> i64 {
        if self.is_pixel { (simd / self.vector).max(1) } else { 1 }
    }

    /// Beats of a vector, of which those at the end of each row of a map may be partial, and groups of outputs, of which the last may be smaller.
    pub fn beats_and_groups(self, simd: i64, pe: i64) -> (i64, i64) {
        let vectors = self.vectors(simd);
        let beats = match self.map {
            Some([rows, columns, channels]) if simd > channels => rows * ceil_div(columns, simd / channels),
            _ => self.vector * vectors / simd,
        };
        (beats, ceil_div(self.outputs * vectors, pe))
    }

    /// May beats of so many pixels that do not divide rows make up vectors? Of a map that takes more than one of them.
    fn has_partial_beats(self, simd: i64, pixels: i64) -> bool {
        self.map.is_some() && pixels > 1 && self.beats_and_groups(simd, 1).0 > 1
    }

    /// Beats of a vector times groups of outputs: words of weights.
    fn folds(self, simd: i64, pe: i64) -> i64 {
        let (beats, groups) = self.beats_and_groups(simd, pe);
        beats * groups
    }

    /// The digits in which these products take the inputs; None if all of them at once.
    pub fn digits(self, products: Products) -> Option<Digits> {
        products.digit_bits().map(|bits| Digits::new(bits, self.input))
    }

    /// How digits make these products; None if all bits come at once, or nothing of a vector is left for LUTs.
    pub fn serial(self, pe: i64, products: Products) -> Option<Serial> {
        let groups = ceil_div(self.outputs, pe);
        let serial = match products {
            Products::Serial { bits, lanes, blocks } => {
                Some(Serial::new([bits, lanes, blocks], self.input, groups))
            }
            Products::Digits { bits, lanes, blocks } => {
                Some(Serial::of_adders([bits, lanes, blocks], self.input))
            }
            _ => None,
        };
        serial.filter(|serial| serial.in_luts(self.vector) > 0)
    }

    /// Can they, with these lanes? That takes whole vectors, one at a time, and more than one cycle for them.
    pub fn is_serial_at(self, simd: i64, pe: i64, serial: Serial) -> bool {
        let (beats, groups) = self.beats_and_groups(simd, pe);
        let is_whole = self.vectors(simd) == 1 && beats == 1;
        is_whole && groups <= serial.most_groups() && serial.digits.count > 1
    }

    /// May so many vectors, one after the other, use each word of weights? They are kept meanwhile, so they have several beats; the last ones of
    /// a sample are as many.
    pub fn is_reused_at(self, simd: i64, pe: i64, reuse: i64) -> bool {
        let (beats, _) = self.beats_and_groups(simd, pe);
        beats > 1 && self.vectors(simd) == 1 && reuse > 1 && self.positions % reuse == 0
    }

    /// Beats that are there while vectors use words together: the first beat of each of them, and what came in between.
    pub fn beats_ahead(beats: i64, reuse: i64) -> i64 {
        (reuse - 1) * beats + 1
    }

    /// Beats for which there is room: with those of the vectors that use words, the next ones'.
    pub fn room_beats(beats: i64, reuse: i64) -> i64 {
        (2 * Self::beats_ahead(beats, reuse) as u64).next_power_of_two() as i64
    }

    /// Outputs of vectors that use words together come group by group, of all vectors, and leave vector by vector: so many cycles later, a beat a
    /// cycle, all of them have come in time.
    pub fn order_cycles(groups: i64, reuse: i64) -> i64 {
        (groups - 1) * (reuse - 1) + 1
    }

    /// Cycles a beat of vectors.
    fn cycles(self, simd: i64, pe: i64, products: Products) -> i64 {
        self.folds(simd, pe) * self.digits(products).map_or(1, |digits| digits.count)
    }
}

/// The numbers of outputs that are offered to be computed at once, ascending: the divisors, and where the next one is at least twice as
/// large, the number between them that is nearest to the middle, of those that are the least for their number of groups.
fn pe_choices(outputs: i64) -> Vec<i64> {
    let divisors = divisors(outputs);
    let between = |ends: &[i64]| {
        let (low, high) = (ends[0], ends[1]);
        let least = |&pe: &i64| ceil_div(outputs, pe) < ceil_div(outputs, pe - 1);
        // Of the squares of two factors; 1 is the middle.
        let off = |&pe: &i64| (pe * pe).max(low * high) * 1000 / (pe * pe).min(low * high);
        (low + 1..high).filter(|_| high >= 2 * low).filter(least).min_by_key(off)
    };
    let mut choices: Vec<i64> =
        divisors.windows(2).filter_map(between).chain(divisors.iter().copied()).collect();
    choices.sort_unstable();
    choices
}

fn fold(folding: Folding) -> (i64, i64, (Products, i64)) {
    match folding {
        Folding::Matvec { simd, pe, products, reuse, .. } => (simd, pe, (products, reuse)),
        Folding::Lanes(lanes) => (lanes, 1, (Products::Dsp, 1)),
    }
}

impl<'c> Actor<'c> for Matvec<'c> {
    fn op(&self) -> Op<'c> {
        self.0
    }

    /// SIMD is lanes of the input that divide the vector; PE need not divide the outputs. Vectors that are the pixels of the input may come
    /// several a beat, each with all of its products. Of the ways to make one with the same lanes, those to which no other one is
    /// at most equal in every kind of resource.
    fn foldings(&self) -> Vec<Folding> {
        self.costs(1).into_iter().map(|(folding, _)| folding).collect()
    }

    fn costs(&self, _samples: i64) -> Vec<(Folding, Resources)> {
        let (input, vector) = (self.input(), self.vector());
        let size = self.size();
        let whole = |&lanes: &i64| {
            let (columns, pixels) = (input.row_pixels(), input.with_lanes(lanes).pixels());
            let is_even = vector % lanes == 0 && columns % pixels == 0;
            is_even || input.channels() < FEW_CHANNELS && size.has_partial_beats(lanes, pixels)
        };
        let simds = input.lane_choices().into_iter().filter(whole);
        // The outputs of a vector may be several pixels.
        let (outputs, channels) = (self.rows_count(), self.output().channels());
        let of_pixels = |&pe: &i64| channels % pe == 0 || pe % channels == 0 && outputs % pe == 0;
        let mut pes = pe_choices(outputs);
        pes.retain(|pe| channels == outputs || of_pixels(pe));
        let mut lanes: Vec<(i64, i64)> =
            simds.flat_map(|simd| pes.iter().map(move |&pe| (simd, pe))).collect();
        if input.channels() == vector {
            let several = pixel_choices(input.row_pixels(), self.weights_shape()[3]);
            lanes.extend(several.map(|vectors| (vectors * vector, vectors * outputs)));
        }
        lanes.sort_by_key(|&(simd, pe)| (simd * pe, pe));
        let costs = MatvecCosts::of(*self);
        lanes.into_iter().flat_map(|(simd, pe)| costs.worthwhile(simd, pe)).collect()
    }

    fn folding(&self) -> Folding {
        self.made_at(self.input().lanes, self.output().lanes)
    }

    fn lanes_at(&self, folding: Folding) -> Lanes {
        let (simd, pe, _) = fold(folding);
        Lanes { inputs: vec![simd], outputs: vec![pe] }
    }

    /// Each of the V/SIMD beats of a vector is used for `ceil(OC/PE)` cycles; of several vectors a beat, each for one. In digits, all of that
    /// takes as many cycles as there are of them.
    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        let (simd, pe, (products, _)) = fold(folding);
        let size = self.size();
        match size.vectors(simd) {
            1 => size.positions * size.cycles(simd, pe, products),
            _ => self.input().with_lanes(simd).beats(),
        }
    }

    /// The first output needs the whole vector; then products, the adder tree, the scale and the output's register.
    fn latency_cycles_at(&self, folding: Folding) -> i64 {
        let (simd, pe, (products, reuse)) = fold(folding);
        let size = self.size();
        let of_tables = |serial: Serial| match serial.in_adders {
            true => 0,
            false => serial.stages(serial.in_luts(size.vector) as usize),
        };
        let chain = size.serial(pe, products).map_or(0, of_tables);
        reuse * size.cycles(simd, pe, products) + chain as i64 + 7
    }

    /// Each beat of a vector stays for all groups of outputs, which are there with the last beat. Then weights, operands and products, or
    /// where everything is unrolled a register and the adders;
    /// groups come out of memories, one stage; the sum; the multiplier if there is one. Vectors that use words together wait in a memory until the
    /// first beat of the last one is there; words come in as many parts, and outputs wait in another memory until they are in order.
    fn timing(&self) -> Timing {
        let (simd, pe, (products, reuse)) = fold(self.folding());
        let size = self.size();
        let (beats, groups) = size.beats_and_groups(simd, pe);
        let inputs = DspKind::of(self.0).adder_inputs();
        if let Some(serial) = size.serial(pe, products) {
            let cycles = serial.digits.count as u64;
            let group = Step { cycles, needs: Needs::Input(0), takes: false, gives: true };
            let mut steps = vec![group; groups as usize - 1];
            steps.push(Step { takes: true, ..group });
            let stages = MatvecCosts::of(*self).serial_stages(serial, pe).sum;
            return Timing::steps(steps, stages + 1 + u64::from(multiplies(self.0)));
        }
        let turns = (groups * reuse) as usize;
        let there = Size::beats_ahead(beats, reuse) as u64;
        let needs = |gone: u64| match reuse {
            1 => Needs::Input(0),
            _ => Needs::Beats { there, gone },
        };
        let hold = Step { cycles: turns as u64, needs: needs(1), takes: true, gives: false };
        let mut steps = vec![hold; beats as usize - 1];
        steps.resize(steps.len() + turns - 1, Step { needs: needs(there), ..Step::COPY });
        steps.push(Step { needs: needs(there), ..Step::PASS });
        let sums = if beats * groups == 1 {
            self.adder_stages(size.vector)
        } else {
            let (costs, products) = (MatvecCosts::of(*self), self.products());
            let stages = 2 + costs.stages_of_products(simd, products) as u64;
            stages + sum_stages(costs.sums_of_products(simd, pe, products), inputs)
        };
        let parts = (reuse - 1) as u64;
        let order = if parts > 0 && groups > 1 { Size::order_cycles(groups, reuse) as u64 + 1 } else { 0 };
        let stages = sums + u64::from(turns > 1) + 1 + u64::from(multiplies(self.0));
        let room = if parts > 0 { Size::room_beats(beats, reuse) as u64 } else { 0 };
        Timing { rooms: vec![room], ..Timing::steps(steps, stages + parts + order) }
    }

    fn resources_at(&self, folding: Folding) -> Resources {
        MatvecCosts::of(*self).at(folding)
    }

    /// A vector's order follows the lanes of its window.
    fn folding_changed(&self, _before: Folding) {
        if let Some(window) = self.window() {
            let channels = self.weights_shape()[3];
            let lanes = window.inputs()[0].lanes.min(channels);
            if channels % lanes == 0 {
                self.0.set_attr("channel_lanes", Attr::i64(self.0.ctx(), lanes));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_at_once_need_not_divide_them() {
        assert_eq!(pe_choices(64), [1, 2, 3, 4, 6, 8, 11, 16, 22, 32, 64]);
        assert_eq!(pe_choices(20), [1, 2, 3, 4, 5, 7, 10, 20]);
        assert_eq!(pe_choices(10), [1, 2, 3, 5, 10]);
        assert_eq!(pe_choices(13), [1, 4, 13]);
        assert_eq!([pe_choices(1), pe_choices(2)], [vec![1], vec![1, 2]]);
    }
}
