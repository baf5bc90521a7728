//! What sums share, at a first go: always the pair of terms that occurs most often.
//!
//! Only patterns with the newest node appear when a pair is replaced; all others lose places. So a pattern that occurs once never
//! becomes interesting again, and counts are kept up to date by looking at the rows that change.

use super::Term;
use super::sums::{Pattern, Sums};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Shares pairs until none occurs twice.
pub fn share(sums: Sums) -> Sums {
    let mut greedy = Greedy { sums, counts: FxHashMap::default(), ranked: BinaryHeap::new() };
    greedy.count_pairs();
    while let Some((count, Reverse(pattern))) = greedy.ranked.pop() {
        match greedy.counts.get(&pattern) {
            Some(&now) if now < count => greedy.ranked.push((now, Reverse(pattern))),
            Some(_) => greedy.replace(pattern),
            None => {}
        }
    }
    greedy.sums
}

struct Greedy {
    sums: Sums,
    /// How often the patterns occur that occur more than once.
    counts: FxHashMap<Pattern, u32>,
    /// The patterns by how often they occurred when they came in.
    ranked: BinaryHeap<(u32, Reverse<Pattern>)>,
}

impl Greedy {
    fn count_pairs(&mut self) {
        let mut patterns: Vec<Pattern> = vec![];
        for row in &self.sums.outputs {
            for (i, &x) in row.iter().enumerate() {
                patterns.extend(row[i + 1..].iter().map(|&y| Pattern::of(x, y)));
            }
        }
        self.count(patterns);
    }

    fn count(&mut self, mut patterns: Vec<Pattern>) {
        patterns.sort_unstable();
        for equal in patterns.chunk_by(|a, b| a == b).filter(|equal| equal.len() > 1) {
            self.counts.insert(equal[0], equal.len() as u32);
            self.ranked.push((equal.len() as u32, Reverse(equal[0])));
        }
    }

    /// Makes a shared sum of a pattern, and a term of it in each place.
    fn replace(&mut self, pattern: Pattern) {
        self.counts.remove(&pattern);
        let parts = pattern.parts();
        let places: Vec<Vec<[Term; 2]>> = self.sums.outputs.iter().map(|row| parts.places(row)).collect();
        if places.iter().map(Vec::len).sum::<usize>() < 2 {
            return;
        }
        let terms = parts.terms();
        let node = (self.sums.inputs + self.sums.shared.len()) as u32;
        self.sums.shared.push(terms.to_vec());
        let mut fresh = vec![];
        for (row, places) in places.into_iter().enumerate().filter(|(_, places)| !places.is_empty()) {
            for [x, y] in places {
                self.remove(row, x);
                self.remove(row, y);
                let term = Term { node, shift: x.shift - terms[0].shift, negative: x.negative };
                self.sums.outputs[row].push(term);
            }
            // What the new terms make pairs with. Each pair once, also those of two new terms.
            let row = &self.sums.outputs[row];
            for (i, &x) in row.iter().enumerate().filter(|(_, term)| term.node == node) {
                let others = row.iter().enumerate().filter(|&(j, y)| y.node != node || j > i);
                fresh.extend(others.map(|(_, &y)| Pattern::of(x, y)));
            }
        }
        self.count(fresh);
    }

    /// Takes a term out of a row, and its pairs out of the counts.
    fn remove(&mut self, row: usize, term: Term) {
        let row = &mut self.sums.outputs[row];
        let place = row.iter().position(|&other| other == term).expect("the place is in the row");
        row.swap_remove(place);
        for &other in row.iter() {
            let pattern = Pattern::of(term, other);
            if let Some(count) = self.counts.get_mut(&pattern) {
                *count -= 1;
                if *count < 2 {
                    self.counts.remove(&pattern);
                }
            }
        }
    }
}
