//! What a `dataflow.matvec` costs.

use super::super::actor::output_registers;
use super::super::resources::{distinct_columns, history, memory, multiplexer_bit};
use super::super::scale::{dsp_blocks, range_of_sum};
use super::super::timing::{LEVELS, sum_stages};
use super::super::{DspKind, Folding, Resources, Rom, adder_groups, bits_of_range, ceil_div, rom};
use super::{Digits, DspUse, Ends, Matvec, PLACES_A_STAGE, Products, Serial, Size};
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::ops::{Range, RangeInclusive};
use std::rc::Rc;

/// Vectors of fewer elements are not shared between tables, DSP blocks and block RAMs.
const WORTH_SHARING: i64 = 32;

/// Parts of a vector.
const EIGHTHS: i64 = 8;

/// How many of them may be multiplied in DSP blocks, or be in tables of block RAMs, beside serial products in LUTs. Exploring takes time with
/// each choice.
const EIGHTHS_BESIDE: [i64; 4] = [0, 1, 3, 6];

/// How many vectors may use a word of weights together. Exploring takes time with each choice.
const REUSES: RangeInclusive<i64> = 2..=4;

/// Words of a block RAM of the widest shape, and their bits.
const WIDEST_BLOCK: (i64, i64) = (512, 36);

/// When sums of products of digits are there, in cycles behind the digit that they are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerialStages {
    /// Those of chains of tables, or of adders.
    pub in_luts: u64,
    /// Those and tables in block RAMs.
    pub chains: u64,
    /// Those of all that are no DSP blocks.
    pub tables: u64,
    /// Those of the DSP blocks, before they are added up over the digits.
    pub dsps: u64,
    /// When these are added up: the DSP blocks' sum over all digits is there then.
    pub sum: u64,
    /// Registers, each for as many cycles as there are digits, in which that waits.
    pub holds: u64,
}

/// LUTs of a product that synthesis saves, as fitted.
const SAVED_LUTS: i64 = 5;

/// Numbers of block RAMs, and what a memory costs with so many.
type Roms = Rc<[(i64, Resources)]>;

/// What costs depend on besides the folding: read off the weights once, for many foldings.
pub struct MatvecCosts<'c> {
    matvec: Matvec<'c>,
    size: Size,
    dsp_kind: DspKind,
    weights: (i64, i64),
    bias_bits: i64,
    sum_bits: i64,
    /// DSP blocks that scale an output.
    scale_dsps: i64,
    /// Digits 1 and -1, written with the fewest, of the weights of all elements in front of each, and of all.
    signed_digits: OnceCell<Vec<i64>>,
    /// What sums of the weights of each output are.
    ends: OnceCell<Ends>,
    /// See [`MatvecCosts::roms`].
    roms: RefCell<HashMap<(i64, i64), Roms>>,
}

impl<'c> MatvecCosts<'c> {
    /// Of weights that are not `dense<…>` the widest are taken.
    pub fn of(matvec: Matvec<'c>) -> Self {
        let size = matvec.size();
        let weights = matvec.weights().unwrap_or_else(|| {
            let count = (size.vector * size.outputs) as usize;
            (0..count).map(|i| if i == 0 { 127 } else { -128 }).collect()
        });
        let rounding = matvec.rounding();
        let bias: Vec<i64> = matvec.bias().unwrap_or_default().into_iter().map(|b| b + rounding).collect();
        let row = |(index, row): (usize, &[i64])| {
            range_of_sum(bias.get(index).copied().unwrap_or(0), row.iter().copied(), size.input)
        };
        let sums = weights.chunks(size.vector as usize).enumerate().map(row).reduce(hull);
        let bits = |range: Option<(i64, i64)>| {
            let (low, high) = range.unwrap_or((0, 0));
            bits_of_range(low, high)
        };
        let sum_bits = bits(sums);
        Self {
            matvec,
            size,
            dsp_kind: DspKind::of(matvec.0),
            weights: weights.iter().map(|&w| (w, w)).reduce(hull).unwrap_or((0, 0)),
            bias_bits: bits(bias.iter().map(|&b| (b, b)).reduce(hull)),
            sum_bits,
            scale_dsps: dsp_blocks(matvec.0, sum_bits),
            signed_digits: OnceCell::new(),
            ends: OnceCell::new(),
            roms: RefCell::default(),
        }
    }

    /// Digits 1 and -1 of the weights of so many elements, the first ones, written with the fewest.
    fn signed_digits(&self, elements: i64) -> i64 {
        let of = |weight: &i64| i64::from((weight ^ (3 * weight)).count_ones());
        let in_front = self.signed_digits.get_or_init(|| {
            let length = self.size.vector as usize;
            // Three a weight where they are not known.
            let mut digits = vec![3 * self.size.outputs; length];
            if let Some(weights) = self.matvec.weights() {
                digits.fill(0);
                let rows = weights.chunks(length);
                rows.for_each(|row| digits.iter_mut().zip(row).for_each(|(sum, weight)| *sum += of(weight)));
            }
            let sums = digits.iter().scan(0, |sum, digits| {
                *sum += digits;
                Some(*sum)
            });
            std::iter::once(0).chain(sums).collect()
        });
        in_front[elements as usize]
    }

    fn input_bits(&self) -> i64 {
        let (low, high) = self.size.input;
        bits_of_range(low, high)
    }

    /// How DSP blocks are used for so many outputs at once.
    pub fn dsp_use(&self, pe: i64) -> DspUse {
        DspUse::new(self.dsp_kind, self.weights, self.size.input, pe)
    }

    /// How many sums of products, for each output, the tree of adders has to add.
    pub fn sums_of_products(&self, simd: i64, pe: i64, products: Products) -> i64 {
        let in_dsps = products.lanes_in_dsps(simd);
        ceil_div(in_dsps, self.dsp_use(pe).chain) + simd - in_dsps
    }

    /// Cycles of a product: two where some are in LUTs, of weights with many bits.
    pub fn stages_of_products(&self, simd: i64, products: Products) -> i64 {
        let in_luts = products.lanes_in_dsps(simd) < simd;
        // Three places are no longer a path than the adders behind them.
        if in_luts && places(self.weights) > i64::from(PLACES_A_STAGE) + 1 { 2 } else { 1 }
    }

    /// The least and the greatest number in the memory of weights.
    pub fn stored(&self, pe: i64, products: Products) -> (i64, i64) {
        match products {
            Products::Dsp | Products::Mixed(_) | Products::Serial { .. } | Products::Digits { .. } => {
                self.dsp_use(pe).stored(self.weights)
            }
            Products::Lut | Products::Constants => self.weights,
        }
    }

    /// Depth and width of the memory of weights, of words in as many parts as vectors use them.
    fn memory(&self, simd: i64, pe: i64, (products, reuse): (Products, i64)) -> (i64, i64) {
        let (low, high) = self.stored(pe, products);
        (self.size.folds(simd, pe) * reuse, ceil_div(simd * pe, reuse) * bits_of_range(low, high))
    }

    /// The numbers of block RAMs that a memory of this depth and width is worth, and what it costs with each; lanes of many foldings share it.
    fn roms(&self, (depth, width): (i64, i64)) -> Roms {
        let cost = |blocks| (blocks, Rom::new(depth, width, blocks).resources());
        let choices = || Rom::choices(depth, width).into_iter().map(cost).collect();
        self.roms.borrow_mut().entry((depth, width)).or_insert_with(choices).clone()
    }

    /// The block RAMs of the weights where nobody chooses.
    pub fn usual_blocks(&self, simd: i64, pe: i64) -> i64 {
        match self.memory(simd, pe, (self.matvec.products(), self.matvec.reuse())) {
            (1, _) => 0,
            (depth, width) => Rom::usual(depth, width).resources().bram18,
        }
    }

    /// What its products may be made of with these lanes.
    fn products(&self, simd: i64, pe: i64) -> Vec<Products> {
        let mut products = match self.size.folds(simd, pe) {
            1 => {
                let digits = |bits| Products::Digits { bits, lanes: 0, blocks: 0 };
                let digits = Digits::choices(self.size.input).map(digits);
                let digits = digits.flat_map(|alone| self.shared_choices(alone, simd, pe));
                std::iter::once(Products::Constants).chain(digits).collect()
            }
            _ => Products::choices(self.dsp_use(pe), simd, pe),
        };
        let serial = |bits: i64| Products::Serial { bits, lanes: 0, blocks: 0 };
        let serial = Serial::BITS.map(serial);
        products.extend(serial.flat_map(|alone| self.shared_choices(alone, simd, pe)));
        products
    }

    /// Products of digits with these lanes: with DSP blocks and tables in block RAMs for some eighths of the elements.
    fn shared_choices(&self, alone: Products, simd: i64, pe: i64) -> Vec<Products> {
        let Some(serial) = self.size.serial(pe, alone) else { return vec![] };
        if !self.size.is_serial_at(simd, pe, serial) {
            return vec![];
        }
        if simd < WORTH_SHARING {
            return vec![alone];
        }
        let chain = self.dsp_use(pe).chain;
        let part = |eighths: i64, of: i64| simd * eighths / (EIGHTHS * of);
        let lanes = EIGHTHS_BESIDE.map(|eighths| part(eighths, serial.digits.count) / chain * chain);
        let blocks = EIGHTHS_BESIDE.map(|eighths| part(eighths, serial.block_elements()));
        let mut choices: Vec<_> = lanes.into_iter().flat_map(|l| blocks.map(|blocks| (l, blocks))).collect();
        choices.sort_unstable();
        choices.dedup();
        let bits = serial.digits.bits;
        let choices = choices.into_iter().map(|(lanes, blocks)| match serial.in_adders {
            true => Products::Digits { bits, lanes, blocks },
            false => Products::Serial { bits, lanes, blocks },
        });
        let is_possible = |products: &Products| {
            let serial = self.size.serial(pe, *products);
            serial.is_some_and(|serial| serial.in_luts(simd) >= simd / EIGHTHS)
        };
        choices.filter(is_possible).collect()
    }

    /// When the sums that LUTs make are there; those of adders at the earliest.
    pub fn stages_in_luts(&self, serial: Serial) -> u64 {
        let elements = serial.in_luts(self.size.vector);
        // Bits and tables.
        if serial.in_adders {
            self.matvec.adder_stages(elements)
        } else {
            1 + serial.stages(elements as usize)
        }
    }

    /// When all sums are there, those of LUTs as early as they may be.
    pub fn serial_stages(&self, serial: Serial, pe: i64) -> SerialStages {
        self.serial_stages_behind(serial, pe, self.stages_in_luts(serial))
    }

    /// When all sums are there, those of LUTs in the stage `in_luts`.
    pub fn serial_stages_behind(&self, serial: Serial, pe: i64, in_luts: u64) -> SerialStages {
        let (inputs, elements) = (self.dsp_kind.adder_inputs(), serial.in_luts(self.size.vector) as usize);
        // Bits and tables of block RAMs with a register behind them; the tree.
        let chains = in_luts.max(if serial.blocks > 0 { 3 } else { 0 });
        let sums = if serial.in_adders { 1 } else { serial.sums(elements) };
        let sums = sums + serial.digits.bits * serial.blocks;
        let tables = (chains + sum_stages(sums, inputs)) as i64;
        if serial.lanes == 0 {
            let tables = tables as u64;
            return SerialStages { in_luts, chains, tables, dsps: 0, sum: tables, holds: 0 };
        }
        // Elements and weights, operands, products, the tree over cascades.
        let dsps = 3 + sum_stages(ceil_div(serial.lanes, self.dsp_use(pe).chain), inputs) as i64;
        let sum = tables.max(dsps + serial.digits.count);
        let holds = (sum - dsps) / serial.digits.count;
        SerialStages {
            in_luts,
            chains,
            tables: tables as u64,
            dsps: dsps as u64,
            sum: sum as u64,
            holds: holds as u64,
        }
    }

    /// How many vectors may use each word of weights with these lanes: one, and the most of [`REUSES`] for which there are not more parts of words than the widest block RAM has
    /// words, and more bits than it has.
    fn reuse_choices(&self, simd: i64, pe: i64, products: Products) -> impl Iterator<Item = i64> {
        let is_narrow = |memory: (i64, i64)| memory.0 <= WIDEST_BLOCK.0 && memory.1 > WIDEST_BLOCK.1;
        let is_worthwhile = move |&reuse: &i64| {
            self.size.is_reused_at(simd, pe, reuse) && is_narrow(self.memory(simd, pe, (products, reuse)))
        };
        std::iter::once(1).chain(REUSES.rev().find(is_worthwhile))
    }

    /// The ways to make one with these lanes to which no other one is at most equal in cycles and in every kind.
    pub fn worthwhile(&self, simd: i64, pe: i64) -> Vec<(Folding, Resources)> {
        let mut kept: Vec<(Folding, i64, Resources)> = vec![];
        let memories = |products: Products| match products {
            // Of so few words none are worth a block RAM.
            Products::Serial { .. } | Products::Constants | Products::Digits { .. } => vec![(1, 0)],
            _ => {
                let choices = |reuse: i64| {
                    let roms = self.roms(self.memory(simd, pe, (products, reuse)));
                    // What is in LUTs is not less where it is narrower.
                    let worth = if reuse > 1 { roms.len().saturating_sub(2) } else { 0 };
                    roms[worth..].iter().map(|&(blocks, _)| (reuse, blocks)).collect::<Vec<_>>()
                };
                self.reuse_choices(simd, pe, products).flat_map(choices).collect()
            }
        };
        for products in self.products(simd, pe) {
            for (reuse, blocks) in memories(products) {
                let cycles = self.size.cycles(simd, pe, products);
                let folding = Folding::Matvec { simd, pe, blocks, products, reuse };
                let cost = self.at(folding);
                if !kept.iter().any(|(_, least, other)| *least <= cycles && other.within(cost)) {
                    kept.retain(|(_, least, other)| *least < cycles || !cost.within(*other));
                    kept.push((folding, cycles, cost));
                }
            }
        }
        kept.into_iter().map(|(folding, _, cost)| (folding, cost)).collect()
    }

    /// The memory of weights, products and the adders behind them, an accumulator an output of which PE are written at once, and what
    /// scales and saturates.
    ///
    /// Widths are those of the hardware; what is left to fit are LUTs a bit of counters and of adders with multiplexers (`passes/benches/costs.rs` compares).
    /// Weights that never change, where everything is unrolled, are adders that outputs share: no DSP.
    pub fn at(&self, folding: Folding) -> Resources {
        let Folding::Matvec { simd, pe, blocks, products, reuse } = folding else {
            return Resources::default();
        };
        let element = self.size.element_bits;
        let scale = Resources { lut: element, dsp: self.scale_dsps, ..Resources::default() } * pe;
        let output = output_registers(pe * element);
        if let Some(serial) = self.size.serial(pe, products) {
            return self.by_digits(serial, pe) + scale + output;
        }
        if self.size.folds(simd, pe) == 1 {
            // The bias, limits, and inputs; with adders of three inputs sums have no signs, and of a constant bias few bits take a LUT.
            let (scale, inputs) = match self.dsp_kind.adder_inputs() {
                3 => (Resources::logic(4, 13), self.size.vector * self.input_bits()),
                _ => (Resources::logic(15, 25), 0),
            };
            let scale = Resources { dsp: self.scale_dsps, ..scale } * pe;
            let vectors = self.size.vectors(simd);
            let adders = self.adders(self.size.vector, self.input_bits(), vectors);
            return adders + Resources::logic(0, inputs) * vectors + scale + output;
        }
        let (depth, width) = self.memory(simd, pe, (products, reuse));
        let roms = self.roms((depth, width));
        let known = roms.iter().find(|(choice, _)| *choice == blocks).map(|(_, cost)| *cost);
        let weights = known.unwrap_or_else(|| Rom::new(depth, width, blocks).resources());
        let weights = weights + self.reused(simd, pe, (reuse, width));
        let in_dsps = products.lanes_in_dsps(simd);
        let waits = self.stages_of_products(simd, products) - 1;
        let (products, mut terms) = self.in_dsps(in_dsps, pe, depth);
        let delayed = Resources::logic(0, waits * pe * terms.iter().sum::<i64>());
        let (more_products, more_terms) = self.in_luts(simd - in_dsps, pe, depth);
        terms.extend(more_terms);
        let (mut tree, sum_bits) = adder_tree(&terms, self.dsp_kind.adder_inputs());
        let (beats, groups) = self.size.beats_and_groups(simd, pe);
        // Of each output, its sums for several vectors.
        let groups = groups * reuse;
        // Sums wait a cycle for those so far; of one product that is a register of the DSP block.
        if groups > 1 && !(simd == 1 && pe == 1) {
            tree += Resources::logic(0, sum_bits);
        }
        let bias = rom(groups, pe * self.bias_bits);
        // Of beats, groups, both together, and groups once more for biases and sums.
        let counters: Resources = [beats, groups, depth, groups].into_iter().map(counter).sum();
        let control = counters + Resources::logic(8, 6);
        let products = products + delayed + more_products;
        weights + products + tree * pe + self.sums(beats, groups, pe) + bias + scale + output + control
    }

    /// The adders of weights that never change, for all outputs of so many elements, the first ones, of so many bits of each at once, of vectors side by side.
    ///
    /// The wider numbers are the wider adders; so are those of rows with more signed digits a weight; and the more digits there are the more
    /// outputs share.
    ///
    /// With adders of three inputs LUTs and FFs a digit are fitted to the graphs of 67 matrices (the convolutions of B-LeNet and of Triple Wins, and random
    /// ones) with two to eight bits, of which they are within 4 % of the LUTs and 9 % of the FFs in the mean; of B-LeNet's convolutions as Yosys
    /// makes them within 3 %. With adders of two they are fitted to random weights.
    fn adders(&self, elements: i64, bits: i64, vectors: i64) -> Resources {
        let digits = self.signed_digits(elements) as f64;
        // Vectors next to each other share less than outputs of one.
        let shared = digits.max(1.0).log2() + 0.4 * (vectors as f64).log2();
        let of_weight = digits / (elements * self.size.outputs) as f64;
        let bits = bits as f64;
        let (lut, ff) = match self.dsp_kind.adder_inputs() {
            3 => {
                let (lut, ff) = (bits + 1.75 + 0.6 * of_weight, bits + 3.0 + 0.7 * of_weight);
                let apart = 0.003 * (self.size.outputs as f64).log2() - 0.0155 * (elements as f64).log2();
                (lut * (0.395 - 0.0096 * shared), ff * (0.265 + apart))
            }
            _ => {
                let places = bits + 1.6 + 0.4 * of_weight;
                (places * 1.39 * (0.417 - 0.0059 * shared), places * (0.6 - 0.0206 * shared))
            }
        };
        Resources::logic((digits * lut) as i64, (digits * ff) as i64) * vectors
    }

    /// What vectors that use words of weights together take: the memory in which they wait, the parts of words that have come, and the memory in which
    /// outputs wait until they are in order.
    fn reused(&self, simd: i64, pe: i64, (reuse, part): (i64, i64)) -> Resources {
        if reuse == 1 {
            return Resources::default();
        }
        let (beats, groups) = self.size.beats_and_groups(simd, pe);
        let (low, high) = self.size.input;
        let room = Size::room_beats(beats, reuse);
        let vectors = memory(room, simd * bits_of_range(low, high));
        let parts = Resources::logic(0, (reuse - 1) * part);
        let places = counter(room) * 3 + counter(reuse) + Resources::logic(10, 6);
        let order = match groups {
            1 => Resources::default(),
            _ => {
                let waits = Resources::logic(0, Size::order_cycles(groups, reuse));
                memory(groups * reuse, pe * self.size.element_bits) + waits + counter(groups * reuse) * 3
            }
        };
        vectors + parts + places + order
    }

    /// Products in DSP blocks and registers in front of them, and the bits of each sum that they give for each output.
    fn in_dsps(&self, simd: i64, pe: i64, words: i64) -> (Resources, Vec<i64>) {
        let dsp_use = self.dsp_use(pe);
        let dsp = Resources { dsp: dsp_use.blocks(pe, simd), ..Resources::default() };
        // Registers of inputs, and of weights that are alone in a block, are those of the block, if it has any.
        let (low, high) = dsp_use.stored(self.weights);
        let registered = match self.dsp_kind {
            DspKind::Square => pe,
            DspKind::Wide if dsp_use.paired => pe / 2 * 2,
            DspKind::Wide => 0,
        };
        let operands = distinct_columns(words, simd * registered * bits_of_range(low, high));
        let sums = ceil_div(simd, dsp_use.chain) as usize;
        (dsp + Resources::logic(0, operands), vec![self.product_bits(dsp_use.chain.min(simd)); sums])
    }

    /// Products in LUTs and three multiples of each input in front of them, and the bits of each product of an output.
    fn in_luts(&self, simd: i64, pe: i64, words: i64) -> (Resources, Vec<i64>) {
        let bits = |(low, high): (i64, i64)| bits_of_range(low, high);
        let (one, three, minus) = (self.size.input, times(self.size.input, 3), times(self.size.input, -1));
        let multiples = bits(one) + bits(three) + bits(minus);
        let begun = i64::from(PLACES_A_STAGE);
        // Of a product of two cycles the sum of its first choices, low bits that are final, and the bits of the weight that are left.
        let (again, partial) = match self.stages_of_products(simd, Products::Lut) {
            1 => (0, 0),
            _ => (multiples, bits(three) + 1 + 2 * (begun - 1) + bits(self.weights) - 2 * begun),
        };
        let multiples = Resources::logic(bits(three) - 1 + bits(minus), bits(one) + multiples + again);
        let product = self.product_bits(1);
        let lut = luts_of_product(self.weights, self.size.input) - SAVED_LUTS;
        let weights = distinct_columns(words, simd * pe * bits(self.weights));
        let products = Resources::logic(lut, product + partial) * (simd * pe) + Resources::logic(0, weights);
        (multiples * simd + products, vec![product; simd as usize])
    }

    /// Sums of all outputs of a digit of each input: what chooses bits, tables or adders, trees over what they give, and the sums so far with their
    /// low bits (by Yosys, layers of B-LeNet in tables, 250 x 20, in two groups, and 45 x 10, two bits a cycle: 7 623 and 2 257 LUT).
    fn by_digits(&self, serial: Serial, pe: i64) -> Resources {
        let (digits, in_luts) = (serial.digits, serial.in_luts(self.size.vector));
        let groups = ceil_div(self.size.outputs, pe);
        let chosen = Resources::logic(multiplexer_bit(digits.count), 1) * (digits.bits * in_luts);
        let (in_blocks, block_widths) = self.in_block_rams(serial, pe);
        // What LUTs give of each lane, and bits of its sum that are not in the width of the tree's.
        let (made, lanes, more) = match serial.in_adders {
            true => {
                let most = (1 << digits.bits) - 1;
                let width = |(low, high): (i64, i64)| vec![bits_of_range(low * most, high * most)];
                let lanes = self.ends().of_sums(0..in_luts as usize).map(width).collect();
                (self.adders(in_luts, digits.bits, 1), lanes, 1)
            }
            false => {
                let (tables, lanes) = self.tables(serial, in_luts as usize, pe);
                let repeat = |widths: Vec<i64>| widths.repeat(digits.bits as usize);
                (tables * digits.bits, lanes.into_iter().map(repeat).collect::<Vec<_>>(), digits.bits)
            }
        };
        let sum = |mut widths: Vec<i64>| {
            widths.extend(block_widths.repeat(digits.bits as usize));
            let (tree, width) = adder_tree(&widths, self.dsp_kind.adder_inputs());
            let width = width + more;
            tree + Resources::logic(width, width + digits.bits * (digits.count - 1))
        };
        let sums: Resources = lanes.into_iter().map(sum).sum();
        let counters = counter(digits.count) + counter(groups) + counter(groups) + Resources::logic(8, 10);
        chosen + made + in_blocks * digits.bits + sums + counters + self.beside_luts(serial, pe)
    }

    /// Tables in block RAMs for a bit of the inputs, with a register behind each, and the bits of their sums; bits of inputs wait for the chains.
    fn in_block_rams(&self, serial: Serial, pe: i64) -> (Resources, Vec<i64>) {
        let waits = self.serial_stages(serial, pe).chains as i64 - 2;
        let ends = self.ends();
        let mut sum = Resources::default();
        let mut table = |elements: Range<usize>| {
            let (low, high) = Serial::sums_of_chain(ends, elements.clone(), true, 1)[0];
            let (bits, words) = (bits_of_range(low, high), ceil_div(self.size.outputs, pe) << elements.len());
            let inputs =
                Resources::logic(multiplexer_bit(serial.digits.count), waits) * elements.len() as i64;
            sum += inputs + Rom::new(words, pe * bits, i64::MAX).resources() + Resources::logic(0, pe * bits);
            bits
        };
        let widths = serial.block_tables(self.size.vector).map(&mut table).collect();
        (sum, widths)
    }

    /// DSP blocks for elements in turn, whose sums are what those of tables start from: what chooses elements, their weights, the tree and
    /// sums so far, and registers in which they wait.
    fn beside_luts(&self, serial: Serial, pe: i64) -> Resources {
        let lanes = serial.lanes;
        if lanes == 0 {
            return Resources::default();
        }
        let (low, high) = self.size.input;
        let input = bits_of_range(low, high);
        let elements = Resources::logic(multiplexer_bit(serial.digits.count), 1) * (lanes * input);
        let words = serial.digits.count * ceil_div(self.size.outputs, pe);
        let (low, high) = self.dsp_use(pe).stored(self.weights);
        let weights = Rom::new(words, lanes * pe * bits_of_range(low, high), 0).resources();
        let (products, terms) = self.in_dsps(lanes, pe, words);
        let (tree, _) = adder_tree(&terms, self.dsp_kind.adder_inputs());
        let holds = self.serial_stages(serial, pe).holds as i64;
        let sums = Resources::logic(self.sum_bits, self.sum_bits * (1 + holds));
        elements + weights + products + (tree + sums) * pe + counter(words)
    }

    /// What sums of the weights of each output are; of the widest where they are not known.
    fn ends(&self) -> &Ends {
        let length = self.size.vector as usize;
        let worst = || [127, -128].repeat(length.div_ceil(2))[..length].repeat(self.size.outputs as usize);
        self.ends.get_or_init(|| {
            let weights = self.matvec.weights().unwrap_or_else(worst);
            Ends::of(&weights.chunks(length).collect::<Vec<_>>())
        })
    }

    /// The chains of tables for a bit of the inputs, a LUT and a register a bit of each sum, delays of bits of later tables, and for each lane the bits of
    /// what its chains give.
    fn tables(&self, serial: Serial, vector: usize, pe: i64) -> (Resources, Vec<Vec<i64>>) {
        let (ends, chains) = (self.ends(), serial.chains(vector));
        let delays = chains.iter().flat_map(|chain| chain.iter().enumerate());
        let delays = delays.map(|(index, elements)| index as i64 * elements.len() as i64).sum();
        let mut tables = Resources::logic(0, delays);
        let mut lanes = vec![vec![]; pe as usize];
        for chain in &chains {
            for (index, elements) in chain.iter().enumerate() {
                let is_last = index + 1 == chain.len();
                let sums = Serial::sums_of_chain(ends, chain[0].start..elements.end, is_last, pe as usize);
                for (lane, (low, high)) in lanes.iter_mut().zip(sums) {
                    let width = bits_of_range(low, high);
                    tables += Resources::logic(width, width);
                    if is_last {
                        lane.push(width);
                    }
                }
            }
        }
        (tables, lanes)
    }

    /// Bits of the sum of so many products.
    fn product_bits(&self, count: i64) -> i64 {
        let magnitude = |(low, high): (i64, i64)| low.abs().max(high.abs());
        let most = count * magnitude(self.weights) * magnitude(self.size.input);
        bits_of_range(-most, most)
    }

    /// What adds to the sums of all outputs, and holds them until a vector is complete.
    fn sums(&self, beats: i64, groups: i64, pe: i64) -> Resources {
        let width = pe * self.sum_bits;
        // The adder chooses between the bias and the sum so far; behind it is a register.
        let adder = Resources::logic(width, width);
        let held = match (beats, groups) {
            (1, _) | (_, 1) => Resources::default(),
            _ => history(groups, width),
        };
        adder + held
    }
}

/// LUTs of a product: every two bits of the weight choose 0, x, 2x or 3x, the top ones of a signed one 0, x, -2x or -x. The LUTs of a
/// choice are, from the second one on, those of the adder that puts it on top of the ones below.
fn luts_of_product(weights: (i64, i64), x: (i64, i64)) -> i64 {
    let places = places(weights);
    let choice = |place: i64| match weights.0 < 0 && place + 1 == places {
        true => hull(times(x, 1), times(x, -2)),
        false => hull((0, 0), times(x, 3)),
    };
    let sums = (1..places).scan(choice(0), |upper, place| {
        let added = choice(place);
        *upper = ((upper.0 >> 2) + added.0, (upper.1 >> 2) + added.1);
        Some(*upper)
    });
    std::iter::once(choice(0)).chain(sums).map(|(low, high)| bits_of_range(low, high)).sum()
}

/// Pairs of a weight's bits.
fn places((low, high): (i64, i64)) -> i64 {
    ceil_div(bits_of_range(low, high), 2)
}

fn times((low, high): (i64, i64), factor: i64) -> (i64, i64) {
    hull((low * factor, low * factor), (high * factor, high * factor))
}

/// A counter of so many states: one that does not wrap around by itself is compared with the last one, and cleared.
fn counter(states: i64) -> Resources {
    let bits = i64::from(64 - (states - 1).leading_zeros());
    Resources::logic(if states.count_ones() == 1 { bits } else { bits * 5 / 2 }, bits)
}

/// A tree of adders of so many inputs, with a register behind every two levels and behind the last one, that adds numbers of so many
/// bits; and the bits of its sum.
fn adder_tree(bits: &[i64], inputs: usize) -> (Resources, i64) {
    let mut tree = Resources::default();
    // How many values each number has, of which the logarithm is its bits.
    let mut terms: Vec<i128> = bits.iter().map(|&bits| 1 << bits).collect();
    let width = |values: i128| i64::from(128 - (values - 1).leading_zeros());
    let mut level = 0;
    while terms.len() > 1 {
        let groups = adder_groups(terms.len(), inputs);
        let mut rest = terms.as_slice();
        terms =
            groups.iter().map(|&count| rest.split_off(..count).unwrap_or_default().iter().sum()).collect();
        level += 1;
        let adders =
            groups.iter().zip(&terms).filter(|(count, _)| **count > 1).map(|(_, &sum)| width(sum)).sum();
        let registered = level % LEVELS == 0 || terms.len() == 1;
        let registers = if registered { terms.iter().map(|&sum| width(sum)).sum() } else { 0 };
        tree += Resources::logic(adders, registers);
    }
    (tree, terms.first().map_or(0, |&sum| width(sum)))
}

fn hull(a: (i64, i64), b: (i64, i64)) -> (i64, i64) {
    (a.0.min(b.0), a.1.max(b.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_its_choices() {
        let byte = (-128, 127);
        // Choices up to 381; of sums a quarter is carried to the next place, so they are below 4 / 3 * 381; at the top -254 to 127 + 127.
        assert_eq!(luts_of_product(byte, (0, 127)), 4 * 9);
        // -384 to 381, and -512 to 511 with what is carried.
        assert_eq!(luts_of_product(byte, byte), 4 * 10);
        // Two places; without a sign no place is the top.
        assert_eq!(luts_of_product((-8, 7), (0, 127)), 2 * 9);
        assert_eq!(luts_of_product((0, 15), (0, 127)), 2 * 9);
        // 0 to 3.
        assert_eq!(luts_of_product((0, 3), (0, 1)), 2);
    }
}
