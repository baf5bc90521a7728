//! Products with constant weights, some bits of all inputs a cycle.
//!
//! The lowest digits of all elements come first; behind what multiplies them, sums are shifted and added.
//!
//! # Tables
//! Distributed arithmetic.
//!
//! With bits `b` of all inputs in a cycle, `sum w x = sum over b of 2^b * (sum w x_b)`, and the inner sum over a few elements is a
//! table of their bits (Croisier et al., US patent 3 777 130, 1973; Peled and Liu, "A New Hardware Realization of Digital Filters",
//! 1974). A bit of a table of five bits and the adder behind it are one LUT of six inputs, so that a chain of tables costs a LUT a bit of the sum
//! and five elements. Weights cost nothing else: they are the tables.
//!
//! ```text
//!   bits ─┬──────────────┬─ delay ──────┬─ delay ─ ─ ─
//!         ▼              ▼              ▼
//!      table ─ reg ─ (- table) ─ reg ─ (- table) ─ reg ─►  sums of a bit ─► (+ sum so far >> 1) ─► sum
//! ```
//!
//! Some elements may be elsewhere: in tables of block RAMs, which the tree adds, and in DSP blocks, whose sum is what the sum so far starts from.

use super::super::{bits_of_range, ceil_div};
use std::ops::Range;

/// Tables of a chain: behind each is a register, in front of each a delay of its bits.
const LONGEST_CHAIN: usize = 16;

/// Bits of weights, where the length of chains is chosen.
const USUAL_BITS: f64 = 7.0;

/// Address bits of a block RAM of the widest shape.
const BLOCK_INPUTS: i64 = 9;

/// Inputs of a LUT.
const LUT_INPUTS: i64 = 6;

/// How inputs are cut into digits, of which a vector takes one a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digits {
    /// Bits of each input a cycle.
    pub bits: i64,
    /// Cycles that the bits of an input take.
    pub count: i64,
    /// Taken from the inputs: the least one, where that is negative.
    pub offset: i64,
}

impl Digits {
    /// Of so many bits, of inputs in this range.
    pub fn new(bits: i64, (low, high): (i64, i64)) -> Self {
        let width = bits_of_range(low, high);
        let offset = if low < 0 { -(1 << (width - 1)) } else { 0 };
        Self { bits, count: ceil_div(width, bits), offset }
    }

    /// The least and the greatest digit.
    pub fn range(self) -> (i128, i128) {
        (0, (1 << self.bits) - 1)
    }

    /// The sum over the digits of what a 1 in each of them counts for.
    pub fn ones(self) -> i64 {
        (0..self.count).map(|digit| 1 << (self.bits * digit)).sum()
    }

    /// The fewest bits of digits of which inputs in this range have two, three and so on up to one a bit.
    pub fn choices((low, high): (i64, i64)) -> impl Iterator<Item = i64> {
        let width = bits_of_range(low, high);
        (1..width).rev().filter(move |&bits| bits == 1 || ceil_div(width, bits) < ceil_div(width, bits - 1))
    }
}

/// How a vector is multiplied a digit of its elements a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Serial {
    /// What comes of each input in a cycle.
    pub digits: Digits,
    /// Elements a cycle that DSP blocks multiply.
    pub lanes: i64,
    /// Tables in block RAMs, for each bit of a digit.
    pub blocks: i64,
    /// Elements of a table that is added to.
    taps: usize,
    /// Is what is in LUTs adders that all outputs share, not tables?
    pub in_adders: bool,
}

/// A table of a chain, for the groups of a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Those of a vector whose bits choose a number.
    pub elements: Range<usize>,
    /// What its numbers hold besides the sums of weights, for each group.
    pub added: Vec<i64>,
    /// The least and the greatest sum of the chain up to here.
    pub sum: (i64, i64),
}

/// The least and the greatest sum of some weights of each output, for any elements in a row.
#[derive(Clone, Debug)]
pub struct Ends {
    /// `[elements + 1, outputs]`: of the weights in front of each element, and of all.
    in_front: Vec<Vec<(i64, i64)>>,
}

impl Ends {
    /// Of rows of weights, one an output.
    pub fn of(rows: &[&[i64]]) -> Self {
        let mut in_front = vec![vec![(0, 0); rows.len()]];
        for element in 0..rows.first().map_or(0, |row| row.len()) {
            let before = in_front[element].iter().zip(rows);
            let with = before.map(|(sum, row)| (sum.0 + row[element].min(0), sum.1 + row[element].max(0)));
            in_front.push(with.collect());
        }
        Self { in_front }
    }

    /// Of these elements, for each output.
    pub fn of_sums(&self, elements: Range<usize>) -> impl Iterator<Item = (i64, i64)> {
        let ends = self.in_front[elements.start].iter().zip(&self.in_front[elements.end]);
        ends.map(|(start, end)| (end.0 - start.0, end.1 - start.1))
    }
}

impl Serial {
    /// Bits of each input that may come at once: with more, all of them may.
    pub const BITS: std::ops::RangeInclusive<i64> = 1..=4;

    /// Groups of outputs in turn that tables can tell apart, and still have two elements.
    pub const MOST_GROUPS: i64 = 8;

    /// Of inputs in this range, for outputs in so many groups, with DSP blocks for so many elements a cycle, and so many tables in block RAMs.
    pub fn new([bits, lanes, blocks]: [i64; 3], input: (i64, i64), groups: i64) -> Self {
        let group_bits = i64::from(64 - (groups - 1).leading_zeros());
        let taps = (LUT_INPUTS - 1 - group_bits).max(1) as usize;
        Self { digits: Digits::new(bits, input), lanes, blocks, taps, in_adders: false }
    }

    /// The same with adders, which take all outputs at once.
    pub fn of_adders(made: [i64; 3], input: (i64, i64)) -> Self {
        Self { in_adders: true, ..Self::new(made, input, 1) }
    }

    /// Groups of outputs, of which one is computed at once, at most.
    pub fn most_groups(self) -> i64 {
        if self.in_adders { 1 } else { Self::MOST_GROUPS }
    }

    /// How many elements of a vector come bit by bit, the first ones; a lane of DSP blocks takes one of the others a digit.
    pub fn by_bits(self, vector: i64) -> i64 {
        vector - self.lanes * self.digits.count
    }

    /// How many of those are in LUTs, the first ones.
    pub fn in_luts(self, vector: i64) -> i64 {
        self.by_bits(vector) - self.blocks * self.block_elements()
    }

    /// Elements of a table in block RAMs.
    pub fn block_elements(self) -> i64 {
        BLOCK_INPUTS - (LUT_INPUTS - 1 - self.taps as i64)
    }

    /// The elements of each table in block RAMs, of a vector.
    pub fn block_tables(self, vector: i64) -> impl Iterator<Item = Range<usize>> {
        let (first, length) = (self.in_luts(vector), self.block_elements());
        (0..self.blocks).map(move |table| {
            let start = (first + table * length) as usize;
            start..start + length as usize
        })
    }

    /// The elements of each table, chain by chain, of a vector. The first one of a chain is added to nothing and has one more.
    pub fn chains(self, vector: usize) -> Vec<Vec<Range<usize>>> {
        // As few chains as their tables allow.
        let counts = (1..=LONGEST_CHAIN).rev().map(|tables| vector.div_ceil(self.taps * tables + 1));
        let bits = |&count: &usize| self.bits_of_sums(vector, count);
        let count = counts.min_by(|a, b| bits(a).total_cmp(&bits(b)));
        self.cut(vector, count.expect("a chain may have one table"))
    }

    /// So many chains of equal length.
    fn cut(self, vector: usize, count: usize) -> Vec<Vec<Range<usize>>> {
        let chain = |index: usize| {
            let (start, end) = (vector * index / count, vector * (index + 1) / count);
            let first = start..(start + self.taps + 1).min(end);
            let others = (first.end..end).step_by(self.taps).map(|at| at..(at + self.taps).min(end));
            std::iter::once(first.clone()).chain(others).collect()
        };
        (0..count).map(chain).collect()
    }

    /// About how many bits the sums of an output have with so many chains, those of the tree behind them too, of weights of [`USUAL_BITS`]: each
    /// takes a LUT.
    fn bits_of_sums(self, vector: usize, chains: usize) -> f64 {
        let bits = |elements: usize| USUAL_BITS + (elements as f64).log2();
        let mut length = vector.div_ceil(chains);
        let ends = (self.taps + 1..length).step_by(self.taps).chain([length]);
        let mut sum = chains as f64 * ends.map(bits).sum::<f64>();
        let mut count = chains;
        while count > 1 {
            length *= 2;
            sum += (count / 2) as f64 * bits(length);
            count = count.div_ceil(2);
        }
        sum
    }

    /// The tables of a chain, of the weights of a lane's outputs. Up to the last one each holds so much more that its least number is 0, and the
    /// last one so much less: sums on the way have the fewest bits that tell as many numbers apart, however weights are above or below 0.
    pub fn tables(chain: &[Range<usize>], rows: &[&[i64]]) -> Vec<Table> {
        let ends = Ends::of(rows);
        let start = chain.first().map_or(0, |elements| elements.start);
        let table = |(index, elements): (usize, &Range<usize>)| {
            let is_last = index + 1 == chain.len();
            let so_far = start..elements.end;
            let lows = ends.of_sums(elements.clone()).zip(ends.of_sums(so_far.clone()));
            let added = lows.map(|((low, _), (sum, _))| if is_last { sum - low } else { -low }).collect();
            let sum = Self::sums_of_chain(&ends, so_far, is_last, 1)[0];
            Table { elements: elements.clone(), added, sum }
        };
        chain.iter().enumerate().map(table).collect()
    }

    /// The least and the greatest sum of a chain, over these elements from its first one on, for each lane of outputs in turn.
    pub fn sums_of_chain(
        ends: &Ends,
        elements: Range<usize>,
        is_last: bool,
        lanes: usize,
    ) -> Vec<(i64, i64)> {
        let mut hulls = vec![(i64::MAX, i64::MIN); lanes];
        let mut lane = 0;
        ends.of_sums(elements).for_each(|(low, high)| {
            let (low, high) = if is_last { (low, high) } else { (0, high - low) };
            let hull = &mut hulls[lane];
            *hull = (hull.0.min(low), hull.1.max(high));
            lane = if lane + 1 == lanes { 0 } else { lane + 1 };
        });
        hulls
    }

    /// Sums of each output that the tree behind the chains adds.
    pub fn sums(self, vector: usize) -> i64 {
        self.digits.bits * self.chains(vector).len() as i64
    }

    /// Registers of the longest chain.
    pub fn stages(self, vector: usize) -> u64 {
        self.chains(vector).iter().map(|chain| chain.len() as u64).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_cut_into_digits() {
        let cut = |bits, range| {
            let digits = Digits::new(bits, range);
            (digits.count, digits.offset)
        };
        assert_eq!(cut(1, (-128, 127)), (8, -128));
        assert_eq!(cut(1, (0, 127)), (7, 0));
        assert_eq!(cut(2, (0, 127)), (4, 0));
        assert_eq!([cut(3, (0, 127)), cut(3, (-128, 127))], [(3, 0), (3, -128)]);
        assert_eq!(cut(2, (0, 255)), (4, 0));
        assert_eq!(cut(2, (-5, 3)), (2, -8));
        let choices = |range| Digits::choices(range).collect::<Vec<_>>();
        // Two, three, four and seven digits; two, three, four and eight; two of three bits; none.
        assert_eq!(choices((0, 127)), [4, 3, 2, 1]);
        assert_eq!(choices((-128, 127)), [4, 3, 2, 1]);
        assert_eq!(choices((0, 7)), [2, 1]);
        assert_eq!(choices((0, 1)), []);
    }

    /// Going through all bits gives each table's ends, and the sums of weights at the end.
    #[test]
    fn tables_of_a_chain_start_from_zero() {
        let rows: [&[i64]; 2] = [&[3, -5, 7, 0, -1], &[-2, -2, 4, 1, 1]];
        let tables = Serial::tables(&[0..2, 2..4, 4..5], &rows);
        assert_eq!(tables[0], Table { elements: 0..2, added: vec![5, 4], sum: (0, 8) });
        // 8 + 7 of the first group, 4 + 5 of the other.
        assert_eq!(tables[1], Table { elements: 2..4, added: vec![0, 0], sum: (0, 15) });
        assert_eq!(tables[2], Table { elements: 4..5, added: vec![-5, -4], sum: (-6, 10) });
        for (group, row) in rows.iter().enumerate() {
            for bits in 0..1 << row.len() {
                let mut sum = 0;
                for table in &tables {
                    let chosen = table.elements.clone().filter(|element| bits >> element & 1 == 1);
                    sum += table.added[group] + chosen.map(|element| row[element]).sum::<i64>();
                    assert!(table.sum.0 <= sum && sum <= table.sum.1);
                }
                let all = (0..row.len()).filter(|element| bits >> element & 1 == 1);
                assert_eq!(sum, all.map(|element| row[element]).sum::<i64>());
            }
        }
        // Alone, a table is the last one.
        assert_eq!(
            Serial::tables(std::slice::from_ref(&(0..2)), &rows)[0],
            Table { elements: 0..2, added: vec![0, 0], sum: (-5, 3) }
        );
    }

    /// Every element is in one table, and tables with the groups' bits have at most six inputs, one of them the sum so far.
    #[test]
    fn tables_cover_the_vector() {
        for (groups, group_bits) in [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (8, 3)] {
            for vector in [1, 2, 5, 6, 7, 25, 81, 82, 250, 800] {
                let chains = Serial::new([1, 0, 0], (0, 1), groups).chains(vector);
                let mut at = 0;
                for chain in &chains {
                    assert!(chain.len() <= 16, "{chain:?}");
                    for (index, table) in chain.iter().enumerate() {
                        assert_eq!(table.start, at);
                        assert!(!table.is_empty() && table.len() + group_bits + usize::from(index > 0) <= 6);
                        at = table.end;
                    }
                }
                assert_eq!(at, vector);
            }
        }
        // Twice 41: a table of six and seven of five.
        assert_eq!(Serial::new([1, 0, 0], (0, 1), 1).stages(82), 8);
        assert_eq!(Serial::new([2, 0, 0], (0, 255), 1).sums(82), 4);
    }
}
