//! What a `dataflow.matvec` costs.

use super::super::actor::output_registers;
use super::super::{Folding, Resources, Rom, bits_of_range, memory, rom, value_range};
use super::{Matvec, fold};
use std::cell::OnceCell;

/// Sums of at most so many groups shift through registers.
const SHIFT_DEPTH: i64 = 4;

/// What costs depend on besides the folding: read off the weights once, for many foldings.
pub struct MatvecCosts<'c> {
    matvec: Matvec<'c>,
    weight_bits: i64,
    bias_bits: i64,
    sum_bits: i64,
    /// Digits 1 and -1 of all weights, written with the fewest.
    digits: OnceCell<i64>,
}

impl<'c> MatvecCosts<'c> {
    /// Of weights that are not `dense<…>` the widest are taken.
    pub fn of(matvec: Matvec<'c>) -> Self {
        let weights = matvec.weights().unwrap_or_else(|| {
            let count = (matvec.vector() * matvec.rows_count()) as usize;
            (0..count).map(|i| if i == 0 { 127 } else { -128 }).collect()
        });
        let rounding = matvec.rounding();
        let bias: Vec<i64> = matvec.bias().unwrap_or_default().into_iter().map(|b| b + rounding).collect();
        let (low, high) = value_range(matvec.0.operands()[0]);
        let (low, high) = (low as i64, high as i64);
        let row = |(index, row): (usize, &[i64])| {
            let start = bias.get(index).copied().unwrap_or(0);
            let negative: i64 = row.iter().filter(|w| **w < 0).sum();
            let positive: i64 = row.iter().filter(|w| **w > 0).sum();
            (start + positive * low + negative * high, start + positive * high + negative * low)
        };
        let sums = weights.chunks(matvec.vector() as usize).enumerate().map(row).reduce(hull);
        let bits = |range: Option<(i64, i64)>| {
            let (low, high) = range.unwrap_or((0, 0));
            bits_of_range(low, high)
        };
        Self {
            matvec,
            weight_bits: bits(weights.iter().map(|&w| (w, w)).reduce(hull)),
            bias_bits: bits(bias.iter().map(|&b| (b, b)).reduce(hull)),
            sum_bits: bits(sums),
            digits: OnceCell::new(),
        }
    }

    fn digits(&self) -> i64 {
        let of = |weight: i64| i64::from((weight ^ (3 * weight)).count_ones());
        // Three a weight where they are not known.
        let unknown = 3 * self.matvec.vector() * self.matvec.rows_count();
        *self.digits.get_or_init(|| {
            self.matvec.weights().map_or(unknown, |weights| weights.into_iter().map(of).sum())
        })
    }

    /// Depth and width of the memory of weights.
    fn memory(&self, simd: i64, pe: i64) -> (i64, i64) {
        (self.matvec.folds(simd, pe), simd * pe * self.weight_bits)
    }

    /// The block RAMs of the weights where nobody chooses.
    pub fn usual_blocks(&self, simd: i64, pe: i64) -> i64 {
        match self.memory(simd, pe) {
            (1, _) => 0,
            (depth, width) => Rom::usual(depth, width).resources().bram18,
        }
    }

    /// The ways to make one with these lanes to which no other one is at most equal in every kind.
    pub fn worthwhile(&self, simd: i64, pe: i64) -> Vec<Folding> {
        let choices = match self.memory(simd, pe) {
            (1, _) => vec![0],
            (depth, width) => Rom::choices(depth, width),
        };
        let mut kept: Vec<(Folding, Resources)> = vec![];
        for blocks in choices {
            let folding = Folding::Matvec { simd, pe, blocks };
            let cost = self.at(folding);
            if !kept.iter().any(|(_, other)| other.within(cost)) {
                kept.retain(|(_, other)| !cost.within(*other));
                kept.push((folding, cost));
            }
        }
        kept.into_iter().map(|(folding, _)| folding).collect()
    }

    /// A DSP a product (with weights out of a memory), an adder of about 20 bits a product, an accumulator
    /// an output of which PE are written at once, and 50 LUTs a lane of the output to scale and saturate.
    /// Weights that never change, where everything is unrolled, are adders that outputs share: no DSP, about 5 LUT and 4 FF a
    /// signed digit (by Yosys, B-LeNet's convolutions: 125 products of 319 digits, 1630 LUT and 1465 FF; 441 of 971, 5198 and 3822).
    pub fn at(&self, folding: Folding) -> Resources {
        let (simd, pe) = fold(folding);
        let products = simd * pe;
        let element = i64::from(self.matvec.output().element.bits);
        let scale = Resources::logic(50, 40) * pe;
        let output = output_registers(pe * element);
        let (depth, width) = self.memory(simd, pe);
        if depth == 1 {
            return Resources::logic(5, 4) * self.digits() + scale + output;
        }
        let Folding::Matvec { blocks, .. } = folding else { return Resources::default() };
        let weights = Rom::new(depth, width, blocks).resources();
        let tree = Resources::logic(20, 20) * (pe * (simd - 1))
            + Resources { dsp: 1, ..Resources::default() } * products;
        let (beats, groups) = (self.matvec.vector() / simd, self.matvec.rows_count() / pe);
        let sums = self.sums(beats, groups, pe) + Resources::logic(32, 32) * pe;
        let bias = rom(groups, pe * self.bias_bits);
        weights + tree + sums + bias + scale + output + Resources::logic(40, 40)
    }

    /// What holds the sums of all outputs until a vector is complete.
    fn sums(&self, beats: i64, groups: i64, pe: i64) -> Resources {
        let width = pe * self.sum_bits;
        match (beats, groups) {
            (1, _) => Resources::default(),
            (_, ..=SHIFT_DEPTH) => Resources::logic(0, groups * width),
            _ => memory(groups, width),
        }
    }
}

fn hull(a: (i64, i64), b: (i64, i64)) -> (i64, i64) {
    (a.0.min(b.0), a.1.max(b.1))
}
