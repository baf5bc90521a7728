//! Sums of terms that share parts, before anything is said of the order in which they are added.

use super::super::int::signed_digits;
use super::Term;

/// Some sums, and parts that they share. Adders are what counts: a sum of n terms takes n - 1.
pub struct Sums {
    /// Nodes that are given; the shared sums are the nodes behind them.
    pub inputs: usize,
    /// The sums that are wanted.
    pub outputs: Vec<Vec<Term>>,
    /// What they share; of inputs and of those before.
    pub shared: Vec<Vec<Term>>,
}

impl Sums {
    /// Each row of a matrix, digit by digit.
    pub fn of(matrix: &[Vec<i64>], inputs: usize) -> Self {
        let terms = |(node, &weight): (usize, &i64)| {
            let term = move |(shift, digit)| Term { node: node as u32, shift, negative: digit < 0 };
            signed_digits(weight.into()).into_iter().map(term)
        };
        let outputs = matrix.iter().map(|row| row.iter().enumerate().flat_map(terms).collect()).collect();
        Self { inputs, outputs, shared: vec![] }
    }

    /// Terms of all outputs.
    pub fn terms(&self) -> usize {
        self.outputs.iter().map(Vec::len).sum()
    }
}

/// `a + 2^distance b`, or minus if the signs differ; `a` is the smaller node, and of one node the term with the smaller shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(u64);

/// What a pattern says. There are 24 bits for a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    pub a: u32,
    pub b: u32,
    pub distance: i32,
    pub differ: bool,
}

/// Distances are from minus this on.
const DISTANCES: u32 = 1 << 14;

impl Pattern {
    /// That of two terms in any order.
    pub fn of(x: Term, y: Term) -> Self {
        let (x, y) = if (x.node, x.shift) <= (y.node, y.shift) { (x, y) } else { (y, x) };
        let distance = u64::from(DISTANCES + y.shift - x.shift);
        let differ = u64::from(x.negative != y.negative);
        Self(u64::from(x.node) << 40 | u64::from(y.node) << 16 | distance << 1 | differ)
    }

    /// What it says.
    pub fn parts(self) -> Parts {
        let node = |place: u32| (self.0 >> place & 0xff_ffff) as u32;
        let distance = (self.0 >> 1 & 0x7fff) as i32 - DISTANCES as i32;
        Parts { a: node(40), b: node(16), distance, differ: self.0 & 1 == 1 }
    }
}

impl Parts {
    /// The two terms of a sum of its own: neither is shifted more than it must, and the first one is positive.
    pub fn terms(self) -> [Term; 2] {
        let shift = |distance: i32| distance.max(0) as u32;
        let a = Term { node: self.a, shift: shift(-self.distance), negative: false };
        let b = Term { node: self.b, shift: shift(self.distance), negative: self.differ };
        [a, b]
    }

    /// The pairs of this pattern in a row; none has a term in common with another one.
    pub fn places(self, row: &[Term]) -> Vec<[Term; 2]> {
        let mut first: Vec<Term> = row.iter().copied().filter(|term| term.node == self.a).collect();
        first.sort_unstable_by_key(|term| term.shift);
        let mut places: Vec<[Term; 2]> = vec![];
        for x in first {
            let shift = x.shift as i32 + self.distance;
            let y = Term { node: self.b, shift: shift.max(0) as u32, negative: x.negative != self.differ };
            let free = |term: &Term| places.iter().flatten().all(|used| used != term);
            if shift >= 0 && free(&x) && free(&y) && row.contains(&y) {
                places.push([x, y]);
            }
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(node: u32, shift: u32, negative: bool) -> Term {
        Term { node, shift, negative }
    }

    #[test]
    fn a_pattern_is_the_same_at_any_shift_and_sign() {
        let pattern = Pattern::of(term(7, 3, true), term(2, 5, false));
        assert_eq!(pattern, Pattern::of(term(2, 2, true), term(7, 0, false)));
        assert_eq!(pattern.parts(), Parts { a: 2, b: 7, distance: -2, differ: true });
        assert_eq!(pattern.parts().terms(), [term(2, 2, false), term(7, 0, true)]);
        assert_ne!(pattern, Pattern::of(term(2, 2, false), term(7, 0, false)));
    }

    #[test]
    fn a_term_is_in_one_place() {
        // x + 2x + 4x + 8x: twice x + 2x.
        let row: Vec<Term> = (0..4).map(|shift| term(0, shift, false)).collect();
        let pattern = Pattern::of(row[0], row[1]);
        assert_eq!(pattern.parts().places(&row), [[row[0], row[1]], [row[2], row[3]]]);
        assert_eq!(pattern.parts().places(&row[..3]).len(), 1);
    }
}
