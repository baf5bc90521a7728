//! Products with constant weights, some bits of all inputs a cycle: distributed arithmetic.
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

use super::super::{bits_of_range, ceil_div};
use std::ops::Range;

/// Tables of a chain: behind each is a register, in front of each a delay of its bits.
const LONGEST_CHAIN: usize = 16;

/// Inputs of a LUT.
const LUT_INPUTS: i64 = 6;

/// How a vector is multiplied bit by bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Serial {
    /// Bits of each input a cycle.
    pub bits: i64,
    /// Cycles that the bits of an input take.
    pub digits: i64,
    /// Taken from the inputs: the least one, where that is negative.
    pub offset: i64,
    /// Elements of a table that is added to.
    taps: usize,
}

impl Serial {
    /// Groups of outputs in turn that tables can tell apart, and still have two elements.
    pub const MOST_GROUPS: i64 = 8;

    /// Of inputs in this range, for outputs in so many groups.
    pub fn new(bits: i64, (low, high): (i64, i64), groups: i64) -> Self {
        let width = bits_of_range(low, high);
        let offset = if low < 0 { -(1 << (width - 1)) } else { 0 };
        let group_bits = i64::from(64 - (groups - 1).leading_zeros());
        let taps = (LUT_INPUTS - 1 - group_bits).max(1) as usize;
        Self { bits, digits: ceil_div(width, bits), offset, taps }
    }

    /// The elements of each table, chain by chain, of a vector. The first one of a chain is added to nothing and has one more.
    pub fn chains(self, vector: usize) -> Vec<Vec<Range<usize>>> {
        let most = self.taps * LONGEST_CHAIN + 1;
        let count = vector.div_ceil(most);
        let chain = |index: usize| {
            let (start, end) = (vector * index / count, vector * (index + 1) / count);
            let first = start..(start + self.taps + 1).min(end);
            let others = (first.end..end).step_by(self.taps).map(|at| at..(at + self.taps).min(end));
            std::iter::once(first.clone()).chain(others).collect()
        };
        (0..count).map(chain).collect()
    }

    /// Sums of each output that the tree behind the chains adds.
    pub fn sums(self, vector: usize) -> i64 {
        self.bits * self.chains(vector).len() as i64
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
            let serial = Serial::new(bits, range, 1);
            (serial.digits, serial.offset)
        };
        assert_eq!(cut(1, (-128, 127)), (8, -128));
        assert_eq!(cut(1, (0, 127)), (7, 0));
        assert_eq!(cut(2, (0, 127)), (4, 0));
        assert_eq!([cut(3, (0, 127)), cut(3, (-128, 127))], [(3, 0), (3, -128)]);
        assert_eq!(cut(2, (0, 255)), (4, 0));
        assert_eq!(cut(2, (-5, 3)), (2, -8));
    }

    /// Every element is in one table, and tables with the groups' bits have at most six inputs, one of them the sum so far.
    #[test]
    fn tables_cover_the_vector() {
        for (groups, group_bits) in [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (8, 3)] {
            for vector in [1, 2, 5, 6, 7, 25, 81, 82, 250, 800] {
                let chains = Serial::new(1, (0, 1), groups).chains(vector);
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
        assert_eq!(Serial::new(1, (0, 1), 1).stages(82), 8);
        assert_eq!(Serial::new(2, (0, 255), 1).sums(82), 4);
    }
}
