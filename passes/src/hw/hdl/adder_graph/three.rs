//! Adders of three inputs: of an adder and one that takes its sum, where nothing else does.

use super::{AdderGraph, Term, width};

/// Registers that are worth a LUT.
const REGISTERS_OF_A_LUT: i64 = 2;

impl AdderGraph {
    /// The terms of each adder, where some have taken in another one, which has none then: those that save the most LUTs together. An adder is in a
    /// stage of a pipeline; one that is taken in by a later stage has its terms wait in place of its sum. `ranges` are those of all nodes.
    pub(super) fn with_three_inputs(
        &self,
        ranges: &[(i128, i128)],
        stage_of: impl Fn(u32) -> u32,
    ) -> Vec<Option<Vec<Term>>> {
        let mut uses = vec![0; self.inputs + self.adders.len()];
        let terms = self.adders.iter().flatten().chain(self.outputs.iter().flatten());
        terms.for_each(|term| uses[term.node as usize] += 1);

        // What is saved at most by an adder and all that is only for it, where it takes in none, and where it takes in this term's.
        let mut without: Vec<i64> = vec![];
        let mut with: Vec<(i64, Option<Term>)> = vec![];
        for (number, adder) in self.adders.iter().enumerate() {
            let own = |term: &&Term| term.node as usize >= self.inputs && uses[term.node as usize] == 1;
            let inner = |term: &Term| term.node as usize - self.inputs;
            let best = |inner: usize| without[inner].max(with[inner].0);
            let none: i64 = adder.iter().filter(own).map(|term| best(inner(term))).sum();
            let node = (self.inputs + number) as u32;
            let taken = adder.iter().filter(own).map(|term| {
                let apart = luts(&self.adders[inner(term)], ranges[term.node as usize]);
                let together = luts(&self.taking(number, *term), ranges[node as usize]);
                let waits = stage_of(term.node) < stage_of(node);
                let registers =
                    if waits { width(ranges[term.node as usize]) / REGISTERS_OF_A_LUT } else { 0 };
                let saved = apart + luts(adder, ranges[node as usize]) - together - registers;
                (none - best(inner(term)) + without[inner(term)] + saved, Some(*term))
            });
            let most = taken.max_by_key(|(saved, _)| *saved).unwrap_or((i64::MIN, None));
            without.push(none);
            with.push(most);
        }

        let mut adders: Vec<_> = self.adders.iter().map(|adder| Some(adder.to_vec())).collect();
        for number in (0..self.adders.len()).rev() {
            let (saved, term) = with[number];
            if let (Some(term), true) = (term, saved > without[number] && adders[number].is_some()) {
                adders[number] = Some(self.taking(number, term));
                adders[term.node as usize - self.inputs] = None;
            }
        }
        adders
    }

    /// The terms of an adder with those of one of them in its place.
    fn taking(&self, number: usize, taken: Term) -> Vec<Term> {
        let others = self.adders[number].iter().copied().filter(|term| term.node != taken.node);
        let inner = self.adders[taken.node as usize - self.inputs].iter().map(|term| term.within(taken));
        others.chain(inner).collect()
    }
}

/// LUTs of a sum in this range: the low bits of the only term that has them are wires, if it is added.
fn luts(terms: &[Term], range: (i128, i128)) -> i64 {
    let mut shifts: Vec<_> = terms.iter().map(|term| (term.shift, term.negative)).collect();
    shifts.sort_unstable();
    let wires = if shifts[0].1 { shifts[0].0 } else { shifts[1].0 };
    width(range) - i64::from(wires)
}
