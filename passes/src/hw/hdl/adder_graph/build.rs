//! Adders of sums: what is there first is added before what comes later.

use super::sums::Sums;
use super::{Adder, AdderGraph, Term, width};
use std::cmp::Reverse;

/// The adders of some sums, of inputs in these ranges.
pub fn build(sums: &Sums, ranges: &[(i128, i128)]) -> AdderGraph {
    let mut builder = Builder {
        adders: vec![],
        levels: vec![0; ranges.len()],
        widths: ranges.iter().map(|&range| width(range)).collect(),
        ranges: ranges.to_vec(),
    };
    let input = |node| Term { node, shift: 0, negative: false };
    let mut made: Vec<Term> = (0..sums.inputs as u32).map(input).collect();
    for terms in &sums.shared {
        let sum = builder.sum(terms, &made).expect("what is shared is a sum of two terms or more");
        made.push(sum);
    }
    let outputs = sums.outputs.iter().map(|terms| builder.sum(terms, &made)).collect();
    AdderGraph { inputs: sums.inputs, adders: builder.adders, outputs }
}

struct Builder {
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
            let (Some(x), Some(y)) = (terms.pop(), terms.pop()) else { break };
            let (x, y) = if x.negative && !y.negative { (y, x) } else { (x, y) };
            let shift = x.shift.min(y.shift);
            let a = Term { shift: x.shift - shift, negative: false, ..x };
            let b = Term { shift: y.shift - shift, negative: x.negative != y.negative, ..y };
            let node = self.add([a, b]);
            terms.push(Term { node, shift, negative: x.negative });
        }
        terms.pop()
    }

    fn add(&mut self, adder: Adder) -> u32 {
        let of = |term: Term| {
            let (low, high) = self.ranges[term.node as usize];
            let (low, high) = (low << term.shift, high << term.shift);
            if term.negative { (-high, -low) } else { (low, high) }
        };
        let [a, b] = adder.map(of);
        let range = (a.0 + b.0, a.1 + b.1);
        self.ranges.push(range);
        self.widths.push(width(range));
        let below = adder.map(|term| self.levels[term.node as usize]);
        self.levels.push(1 + below[0].max(below[1]));
        self.adders.push(adder);
        self.levels.len() as u32 - 1
    }
}
