//! Adders of sums: what is there first is added before what comes later.

use super::sums::Sums;
use super::{Adder, AdderGraph, Term, width};
use std::cmp::Reverse;

/// The adders of so many inputs of some sums, of numbers in these ranges.
pub fn build(sums: &Sums, adder_inputs: usize, ranges: &[(i128, i128)]) -> AdderGraph {
    let mut builder = Builder {
        adder_inputs,
        adders: vec![],
        levels: vec![0; ranges.len()],
        widths: vec![],
        ranges: ranges.to_vec(),
    };
    builder.widths = ranges.iter().map(|&range| builder.width(range)).collect();
    let input = |node| Term { node, shift: 0, negative: false };
    let mut made: Vec<Term> = (0..sums.inputs as u32).map(input).collect();
    for terms in &sums.shared {
        let sum = builder.sum(terms, &made).expect("what is shared is a sum of two terms or more");
        made.push(sum);
    }
    let outputs = sums.outputs.iter().map(|terms| builder.sum(terms, &made)).collect();
    AdderGraph { inputs: sums.inputs, adder_inputs, adders: builder.adders, outputs }
}

struct Builder {
    adder_inputs: usize,
    adders: Vec<Adder>,
    /// Of each node: adders behind one another, bits, and values.
    levels: Vec<u32>,
    widths: Vec<i64>,
    ranges: Vec<(i128, i128)>,
}

impl Builder {
    /// The sum of terms of nodes that have been made as `made` says; none of no terms.
    fn sum(&mut self, terms: &[Term], made: &[Term]) -> Option<Term> {
        let mut terms: Vec<Term> = terms.iter().map(|term| made[term.node as usize].within(*term)).collect();
        while terms.len() > 1 {
            // The last ones are next: few levels, and of those the narrowest.
            terms.sort_by_key(|term| {
                let node = term.node as usize;
                let width = self.widths[node] + i64::from(term.shift);
                Reverse((self.levels[node], width, term.shift, term.node))
            });
            // All adders but the first one are full.
            let count = 2 + (terms.len() - 2) % (self.adder_inputs - 1);
            let mut taken = terms.split_off(terms.len() - count);
            taken.reverse();
            let negative = self.is_negated(&taken);
            let shift = taken.iter().map(|term| term.shift).min().unwrap_or(0);
            for term in &mut taken {
                *term = Term { shift: term.shift - shift, negative: term.negative != negative, ..*term };
            }
            taken.sort_by_key(|term| term.negative);
            let node = self.add(taken);
            terms.push(Term { node, shift, negative });
        }
        terms.pop()
    }

    /// Bits of a number in hardware.
    fn width(&self, (low, high): (i128, i128)) -> i64 {
        width(if self.adder_inputs > 2 { (0, high - low) } else { (low, high) })
    }

    /// Are these terms added as their negatives? Where all are negative; and of unsigned numbers where more bits are alone then in a term that is not
    /// inverted: those are wires.
    fn is_negated(&self, terms: &[Term]) -> bool {
        let negatives = terms.iter().filter(|term| term.negative).count();
        if negatives == 0 || negatives == terms.len() || self.adder_inputs == 2 {
            return negatives == terms.len();
        }
        let ends = |end: fn(i64, i64) -> i64| {
            let of = |term: &Term| (end(term.shift.into(), self.widths[term.node as usize]), term.negative);
            let mut ends: Vec<_> = terms.iter().map(of).collect();
            ends.sort_unstable();
            let alone = ends[1].0 - ends[0].0;
            if ends[0].1 { -alone } else { alone }
        };
        ends(|shift, _| shift) + ends(|shift, width| -shift - width) < 0
    }

    fn add(&mut self, adder: Adder) -> u32 {
        let of = |term: &Term| {
            let (low, high) = self.ranges[term.node as usize];
            let (low, high) = (low << term.shift, high << term.shift);
            if term.negative { (-high, -low) } else { (low, high) }
        };
        let range = adder.iter().map(of).fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
        self.ranges.push(range);
        self.widths.push(self.width(range));
        let below = adder.iter().map(|term| self.levels[term.node as usize]).max();
        self.levels.push(1 + below.unwrap_or(0));
        self.adders.push(adder);
        self.levels.len() as u32 - 1
    }
}
