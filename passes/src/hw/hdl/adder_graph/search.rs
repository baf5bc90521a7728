//! Which terms to add first.
//!
//! Greedy: always the pair that occurs most often. Of up to [`CANDIDATES`] that occur about as often, the one whose places other
//! frequent pairs want least, since each place can be used once. As the order matters by a few percent, small matrices are searched
//! several times, with other choices between equals, and the fewest adders win.
//!
//! A pair is a pattern `a +- 2^d b` of two nodes. Only patterns with the newest node appear when a pair is replaced; all others
//! lose places. So a pattern that occurs once never becomes interesting again, and counts are kept up to date by looking at the
//! rows that change.

use super::super::int::signed_digits;
use super::{Adder, AdderGraph, Term, width};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// Patterns that are compared before one is taken, at most.
const CANDIDATES: usize = 32;

/// Comparing takes time that grows with the square of the digits: in a matrix of more, fewer patterns are compared.
const DIGITS_COMPARED: usize = 60_000;

/// Ranks are counts in these units, so that there is room for random parts between them.
const UNIT: i64 = 1000;

/// Patterns whose count is less than this below the most frequent one are compared too.
const SLACK: i64 = 2 * UNIT;

/// How many lost occurrences of other patterns weigh as much as one occurrence, the inverse.
const LOSS: f64 = 0.03;

/// The best of several searches.
pub fn best(matrix: &[Vec<i64>], ranges: &[(i128, i128)]) -> AdderGraph {
    let digits: usize = matrix.iter().flatten().map(|&weight| signed_digits(weight.into()).len()).sum();
    let tries = match digits {
        0..400 => 24,
        400..1200 => 6,
        _ => 1,
    };
    let graph = |seed| {
        let mut search = Search::new(matrix, ranges, seed);
        search.share();
        search.finish()
    };
    let first = graph(0);
    (1..tries)
        .map(graph)
        .fold(first, |best, next| if next.adders.len() < best.adders.len() { next } else { best })
}

/// `a + 2^distance b`, or minus if the signs differ; `a` is the smaller node, and of one node the term with the smaller shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Pattern {
    a: u32,
    b: u32,
    distance: i32,
    differ: bool,
}

impl Pattern {
    fn of(x: Term, y: Term) -> Self {
        let (x, y) = if (x.node, x.shift) <= (y.node, y.shift) { (x, y) } else { (y, x) };
        let distance = y.shift as i32 - x.shift as i32;
        Self { a: x.node, b: y.node, distance, differ: x.negative != y.negative }
    }
}

/// A place where a pattern occurs: the row and its two terms.
type Place = (usize, Term, Term);

struct Search {
    /// The terms that are to be added, of each output.
    rows: Vec<Vec<Term>>,
    /// How often the patterns occur that occur more than once.
    counts: FxHashMap<Pattern, u32>,
    /// The patterns by rank; those whose count has changed since are out of date.
    ranked: BinaryHeap<(i64, Reverse<Pattern>)>,
    inputs: usize,
    adders: Vec<Adder>,
    levels: Vec<u32>,
    widths: Vec<i64>,
    ranges: Vec<(i128, i128)>,
    candidates: usize,
    seed: u64,
}

impl Search {
    fn new(matrix: &[Vec<i64>], ranges: &[(i128, i128)], seed: u64) -> Self {
        let row = |weights: &Vec<i64>| {
            let terms = weights.iter().enumerate().flat_map(|(node, &weight)| {
                let term = move |(shift, digit)| Term { node: node as u32, shift, negative: digit < 0 };
                signed_digits(weight.into()).into_iter().map(term)
            });
            terms.collect()
        };
        let mut search = Self {
            rows: matrix.iter().map(row).collect(),
            counts: FxHashMap::default(),
            ranked: BinaryHeap::new(),
            inputs: ranges.len(),
            adders: vec![],
            levels: vec![0; ranges.len()],
            widths: ranges.iter().map(|&range| width(range)).collect(),
            ranges: ranges.to_vec(),
            candidates: CANDIDATES,
            seed,
        };
        let digits: usize = search.rows.iter().map(Vec::len).sum();
        search.candidates = (DIGITS_COMPARED / digits.max(1)).clamp(4, CANDIDATES);
        let mut patterns: Vec<Pattern> = (search.rows.iter())
            .flat_map(|row| {
                let pairs =
                    row.iter().enumerate().flat_map(|(i, &x)| row[i + 1..].iter().map(move |&y| (x, y)));
                pairs.map(|(x, y)| Pattern::of(x, y))
            })
            .collect();
        patterns.sort_unstable();
        for equal in patterns.chunk_by(|a, b| a == b) {
            search.count(equal[0], equal.len() as u32);
        }
        search
    }

    fn count(&mut self, pattern: Pattern, count: u32) {
        if count > 1 {
            self.counts.insert(pattern, count);
            self.ranked.push((self.rank(pattern, count), Reverse(pattern)));
        }
    }

    /// By how often it occurs; a random part, which depends on the pattern alone, decides between equals.
    fn rank(&self, pattern: Pattern, count: u32) -> i64 {
        let Pattern { a, b, distance, differ } = pattern;
        let mut mixed = self.seed.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        for part in [a, b, distance as u32, differ.into()] {
            // A round of splitmix64.
            mixed = (mixed ^ u64::from(part)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            mixed ^= mixed >> 29;
        }
        let random = if self.seed == 0 { 0 } else { (mixed % (UNIT as u64 * 9 / 10)) as i64 };
        i64::from(count) * UNIT + random
    }

    /// Replaces pairs until none occurs twice.
    fn share(&mut self) {
        while let Some((rank, Reverse(pattern))) = self.ranked.pop() {
            let Some(now) = self.rank_now(pattern) else { continue };
            if now < rank {
                self.ranked.push((now, Reverse(pattern)));
                continue;
            }
            let (pattern, places) = self.choose(pattern, rank);
            self.counts.remove(&pattern);
            if places.len() > 1 {
                self.replace(pattern, &places);
            }
        }
    }

    fn rank_now(&self, pattern: Pattern) -> Option<i64> {
        self.counts.get(&pattern).map(|&count| self.rank(pattern, count))
    }

    /// Of the patterns that occur about as often as the most frequent one, the one that is best to replace, and where it occurs.
    fn choose(&mut self, most: Pattern, rank: i64) -> (Pattern, Vec<Place>) {
        let mut candidates = vec![(rank, most)];
        while candidates.len() < self.candidates
            && let Some(&(next, Reverse(pattern))) = self.ranked.peek()
            && next >= rank - SLACK
        {
            self.ranked.pop();
            match self.rank_now(pattern) {
                Some(now) if now == next => candidates.push((next, pattern)),
                Some(now) => self.ranked.push((now, Reverse(pattern))),
                None => {}
            }
        }
        let mut best = None;
        for &(_, pattern) in &candidates {
            let places = self.places(pattern);
            let worth = self.worth(&places);
            if best.as_ref().is_none_or(|(most, _, _)| worth > *most) {
                best = Some((worth, pattern, places));
            }
        }
        let (_, chosen, places) = best.expect("there is one candidate at least");
        let others = candidates.into_iter().filter(|(_, pattern)| *pattern != chosen);
        self.ranked.extend(others.map(|(rank, pattern)| (rank, Reverse(pattern))));
        (chosen, places)
    }

    /// The places of a pattern; none has a term in common with another one.
    fn places(&self, pattern: Pattern) -> Vec<Place> {
        let mut places = vec![];
        for (number, row) in self.rows.iter().enumerate() {
            let mut first: Vec<Term> = row.iter().copied().filter(|term| term.node == pattern.a).collect();
            first.sort_by_key(|term| term.shift);
            let mut used = vec![];
            for x in first {
                let shift = x.shift as i32 + pattern.distance;
                let negative = x.negative != pattern.differ;
                let y = Term { node: pattern.b, shift: shift.max(0) as u32, negative };
                if shift >= 0 && !used.contains(&x) && !used.contains(&y) && row.contains(&y) {
                    used.extend([x, y]);
                    places.push((number, x, y));
                }
            }
        }
        places
    }

    /// Adders that replacing saves, less what other patterns lose by it.
    fn worth(&self, places: &[Place]) -> f64 {
        let mut lost = 0;
        for &(row, x, y) in places {
            for term in [x, y] {
                for &other in self.rows[row].iter().filter(|&&other| other != term) {
                    lost += self.counts.get(&Pattern::of(term, other)).map_or(0, |&count| count - 1);
                }
            }
        }
        places.len() as f64 - 1.0 - LOSS * f64::from(lost) / places.len().max(1) as f64
    }

    /// Makes an adder of a pattern, and a term of it in each place.
    fn replace(&mut self, pattern: Pattern, places: &[Place]) {
        let shift = |distance: i32| distance.max(0) as u32;
        let a = Term { node: pattern.a, shift: shift(-pattern.distance), negative: false };
        let b = Term { node: pattern.b, shift: shift(pattern.distance), negative: pattern.differ };
        let node = self.add([a, b]);
        for &(row, x, y) in places {
            self.remove(row, x);
            self.remove(row, y);
            self.rows[row].push(Term { node, shift: x.shift - a.shift, negative: x.negative });
        }
        // What the new terms make pairs with. Each pair once, also those of two new terms.
        let mut fresh: Vec<Pattern> = vec![];
        let rows: BTreeSet<usize> = places.iter().map(|place| place.0).collect();
        for row in rows.into_iter().map(|row| &self.rows[row]) {
            for (i, &x) in row.iter().enumerate().filter(|(_, term)| term.node == node) {
                let others = row.iter().enumerate().filter(|&(j, y)| y.node != node || j > i);
                fresh.extend(others.map(|(_, &y)| Pattern::of(x, y)));
            }
        }
        fresh.sort_unstable();
        for equal in fresh.chunk_by(|a, b| a == b) {
            self.count(equal[0], equal.len() as u32);
        }
    }

    /// Takes a term out of a row, and its pairs out of the counts.
    fn remove(&mut self, row: usize, term: Term) {
        let place = self.rows[row].iter().position(|&other| other == term).expect("the place is in the row");
        self.rows[row].swap_remove(place);
        for &other in &self.rows[row] {
            let pattern = Pattern::of(term, other);
            if let Some(count) = self.counts.get_mut(&pattern) {
                *count -= 1;
                if *count < 2 {
                    self.counts.remove(&pattern);
                }
            }
        }
    }

    fn add(&mut self, adder: Adder) -> u32 {
        let of = |term: Term| {
            let (low, high) = self.ranges[term.node as usize];
            let (low, high) = (low << term.shift, high << term.shift);
            if term.negative { (-high, -low) } else { (low, high) }
        };
        let [(low, high), (low_b, high_b)] = adder.map(of);
        self.ranges.push((low + low_b, high + high_b));
        self.widths.push(width((low + low_b, high + high_b)));
        self.levels
            .push(1 + adder.map(|term| self.levels[term.node as usize]).into_iter().max().unwrap_or(0));
        self.adders.push(adder);
        self.levels.len() as u32 - 1
    }

    /// Adds what is left of each output, what is there first before what comes later.
    fn finish(mut self) -> AdderGraph {
        let mut outputs = vec![];
        for mut terms in std::mem::take(&mut self.rows) {
            while terms.len() > 1 {
                // The last ones are next: few levels, and of those the narrowest.
                terms.sort_by_key(|term| {
                    let node = term.node as usize;
                    Reverse((
                        self.levels[node],
                        self.widths[node] + i64::from(term.shift),
                        term.shift,
                        term.node,
                    ))
                });
                let (Some(x), Some(y)) = (terms.pop(), terms.pop()) else { break };
                let (x, y) = if x.negative && !y.negative { (y, x) } else { (x, y) };
                let shift = x.shift.min(y.shift);
                let a = Term { shift: x.shift - shift, negative: false, ..x };
                let b = Term { shift: y.shift - shift, negative: x.negative != y.negative, ..y };
                let node = self.add([a, b]);
                terms.push(Term { node, shift, negative: x.negative });
            }
            outputs.push(terms.pop());
        }
        AdderGraph { inputs: self.inputs, adders: self.adders, outputs }
    }
}
