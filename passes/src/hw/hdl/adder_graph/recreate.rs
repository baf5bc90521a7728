//! Fewer adders for sums that share parts already: some shared sums are written out again where they are used, and what then
//! occurs twice is shared in another order; what takes no more adders is kept (Schrimpf et al., "Record Breaking Optimization Results
//! Using the Ruin and Recreate Principle", 2000). Another move spells 3 as 2 + 1 or as 4 - 1.
//!
//! Shared sums are rows like the outputs: pairs are found in all of them, and they may have more than two terms. A shared sum that is
//! used once is written out, since it saves nothing. Counts hold every pair of every row, so a step looks only at
//! the rows that it changes, and what it did is undone in the reverse order.
//!
//! Adders of three inputs take two terms off a sum. A shared sum of two terms that is used twice saves nothing then, or one if both users have an even
//! number of terms; so each step ends by writing out again what has turned out to save nothing.

use super::Term;
use super::sums::{Pattern, Sums};
use rustc_hash::FxHashMap;

/// So many shared sums are written out at once, at most.
const RUINED: u32 = 3;

/// One step in so many spells a number in another way.
const RESPELLED: u32 = 4;

/// One pair in so many is any that occurs twice, not one that occurs most often.
const ANY_PAIR: u32 = 3;

/// Improves sums for adders of so many inputs; `work` is the number of pairs of terms that it may look at. The same work gives the same sums.
pub fn recreate(sums: Sums, adder_inputs: usize, work: u64) -> Sums {
    let mut search = Search::of(sums, adder_inputs);
    search.work = work;
    while search.work > 0 {
        let before = search.adders;
        search.work -= 1;
        match search.random.below(RESPELLED) {
            0 => search.respell(),
            1 if adder_inputs > 2 => search.revisit(),
            _ => search.ruin(),
        }
        search.share();
        search.prune();
        if search.adders > before {
            search.undo();
        }
        search.edits.clear();
    }
    search.finish()
}

/// The generator of splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, count: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((((mixed ^ (mixed >> 31)) >> 32) * u64::from(count)) >> 32) as u32
    }

    fn of<T: Copy>(&mut self, values: &[T]) -> Option<T> {
        (!values.is_empty()).then(|| values[self.below(values.len() as u32) as usize])
    }
}

/// What can be undone.
enum Edit {
    Added(u32, Term),
    Removed(u32, Term),
    Made(u32),
    Freed(u32),
}

struct Search {
    /// Inputs of an adder.
    adder_inputs: usize,
    inputs: u32,
    outputs: u32,
    /// The outputs, then the shared sums; those that are free are empty.
    rows: Vec<Vec<Term>>,
    /// The rows in which a node is, one for each term.
    uses: Vec<Vec<u32>>,
    /// How often each pattern occurs.
    counts: FxHashMap<Pattern, u32>,
    /// Patterns that have come to occur twice or more.
    frequent: Vec<Pattern>,
    /// Nodes of which terms or uses have changed.
    changed: Vec<u32>,
    /// Shared sums that may save less than before this step.
    doubtful: Vec<u32>,
    /// Rows of no shared sum.
    free: Vec<u32>,
    edits: Vec<Edit>,
    /// Of all rows.
    adders: i64,
    work: u64,
    random: Random,
}

impl Search {
    fn of(sums: Sums, adder_inputs: usize) -> Self {
        let (inputs, outputs) = (sums.inputs as u32, sums.outputs.len() as u32);
        let count = sums.outputs.len() + sums.shared.len();
        let mut search = Self {
            adder_inputs,
            inputs,
            outputs,
            rows: vec![vec![]; count],
            uses: vec![vec![]; sums.inputs + sums.shared.len()],
            counts: FxHashMap::default(),
            frequent: vec![],
            changed: (inputs..inputs + sums.shared.len() as u32).collect(),
            doubtful: vec![],
            free: vec![],
            edits: vec![],
            adders: 0,
            work: u64::MAX,
            random: Random(0),
        };
        for (row, terms) in (0..).zip(sums.outputs.into_iter().chain(sums.shared)) {
            terms.into_iter().for_each(|term| search.add(row, term));
        }
        search.share();
        search.prune();
        search.edits.clear();
        search
    }

    /// The adders of a sum of so many terms.
    fn adders_of(&self, terms: usize) -> i64 {
        terms.saturating_sub(1).div_ceil(self.adder_inputs - 1) as i64
    }

    /// The adders that a row has more than with a term less.
    fn last_adder(&self, row: u32) -> i64 {
        let terms = self.rows[row as usize].len();
        self.adders_of(terms) - self.adders_of(terms - 1)
    }

    fn row_of(&self, node: u32) -> u32 {
        node - self.inputs + self.outputs
    }

    fn node_of(&self, row: u32) -> u32 {
        row - self.outputs + self.inputs
    }

    /// Writes out some shared sums, each of a row where the one before was.
    fn ruin(&mut self) {
        let shared = self.rows.len() as u32 - self.outputs;
        if shared == 0 {
            return;
        }
        let mut node = self.inputs + self.random.below(shared);
        for _ in 0..=self.random.below(RUINED) {
            let Some(row) = self.random.of(&self.uses[node as usize]) else { return };
            self.write_out(node);
            match self.random.of(&self.rows[row as usize]) {
                Some(term) if term.node >= self.inputs => node = term.node,
                _ => return,
            }
        }
    }

    /// Spells the 3 of `3 x` in another way, in one place.
    fn respell(&mut self) {
        let row = self.random.below(self.rows.len() as u32);
        let Some(term) = self.random.of(&self.rows[row as usize]) else { return };
        let flipped = Term { negative: !term.negative, ..term };
        let at = |of: Term, places: u32| Term { shift: of.shift + places, ..of };
        let terms = &self.rows[row as usize];
        let (old, new) = if terms.contains(&at(flipped, 2)) {
            (at(flipped, 2), [flipped, at(flipped, 1)])
        } else if terms.contains(&at(term, 1)) {
            (at(term, 1), [flipped, at(term, 2)])
        } else {
            return;
        };
        self.remove(row, term);
        self.remove(row, old);
        new.into_iter().for_each(|term| self.add(row, term));
    }

    /// Shares pairs until none occurs twice.
    fn share(&mut self) {
        self.tidy();
        while let Some(pattern) = self.next_pattern() {
            self.frequent.retain(|other| *other != pattern);
            let parts = pattern.parts();
            let mut rows = self.uses[parts.a as usize].clone();
            rows.sort_unstable();
            rows.dedup();
            let in_row =
                |row: u32| parts.places(&self.rows[row as usize]).into_iter().map(move |[x, y]| (row, x, y));
            let places: Vec<_> = rows.into_iter().flat_map(in_row).collect();
            if places.len() > 1 {
                self.replace(parts.terms(), &places);
                self.tidy();
            }
        }
    }

    /// Mostly one of those that occur most often.
    fn next_pattern(&mut self) -> Option<Pattern> {
        let (mut most, mut equals, mut chosen) = (1, 0, None);
        let mut index = 0;
        while let Some(&pattern) = self.frequent.get(index) {
            let count = self.counts.get(&pattern).copied().unwrap_or(0);
            if count < 2 {
                self.frequent.swap_remove(index);
                continue;
            }
            if count > most {
                (most, equals) = (count, 0);
            }
            if count == most {
                equals += 1;
                if self.random.below(equals) == 0 {
                    chosen = Some(pattern);
                }
            }
            index += 1;
        }
        if self.random.below(ANY_PAIR) == 0 { self.random.of(&self.frequent) } else { chosen }
    }

    /// Makes a shared sum of two terms, and a term of it in each place.
    fn replace(&mut self, sum: [Term; 2], places: &[(u32, Term, Term)]) {
        // A shared sum that is just this one is it.
        let is_whole = |&&(row, x, _): &&(u32, Term, Term)| {
            row >= self.outputs && self.rows[row as usize].len() == 2 && x == sum[0]
        };
        let whole = places.iter().find(is_whole).map(|place| place.0);
        let made = whole.unwrap_or_else(|| self.make());
        let node = self.node_of(made);
        for &(row, x, y) in places.iter().filter(|place| place.0 != made) {
            self.remove(row, x);
            self.remove(row, y);
            self.add(row, Term { node, shift: x.shift - sum[0].shift, negative: x.negative });
        }
        if whole.is_none() {
            sum.into_iter().for_each(|term| self.add(made, term));
        }
    }

    /// Writes out shared sums that save nothing: of one term, or used once.
    fn tidy(&mut self) {
        while let Some(node) = self.changed.pop() {
            let row = self.row_of(node);
            let (terms, uses) = (self.rows[row as usize].len(), self.uses[node as usize].len());
            if (terms > 0 || uses > 0) && (terms < 2 || uses < 2) {
                self.write_out(node);
            }
        }
    }

    /// Writes out shared sums that take no fewer adders than what they save. What occurs twice then stays.
    fn prune(&mut self) {
        while let Some(node) = self.doubtful.pop() {
            let row = self.row_of(node);
            let (terms, uses) = (self.rows[row as usize].len(), &self.uses[node as usize]);
            let longer = |&user: &u32| {
                let length = self.rows[user as usize].len();
                self.adders_of(length + terms - 1) - self.adders_of(length)
            };
            if terms > 1 && uses.iter().map(longer).sum::<i64>() <= self.adders_of(terms) {
                self.write_out(node);
                self.tidy();
            }
        }
        self.frequent.clear();
    }

    /// Looks for pairs in a row once more.
    fn revisit(&mut self) {
        let row = self.random.below(self.rows.len() as u32);
        let Some(term) = self.random.of(&self.rows[row as usize]) else { return };
        self.remove(row, term);
        self.add(row, term);
    }

    /// Puts the terms of a shared sum wherever it is used.
    fn write_out(&mut self, node: u32) {
        let own = self.row_of(node);
        let parts = self.rows[own as usize].clone();
        while let Some(&row) = self.uses[node as usize].last() {
            let of_node = |term: &&Term| term.node == node;
            let whole = *self.rows[row as usize].iter().find(of_node).expect("uses are where terms are");
            self.remove(row, whole);
            for part in &parts {
                self.add(row, part.within(whole));
            }
        }
        for part in parts {
            self.remove(own, part);
        }
        self.free.push(own);
        self.edits.push(Edit::Freed(own));
    }

    fn make(&mut self) -> u32 {
        let row = self.free.pop().unwrap_or_else(|| {
            self.rows.push(vec![]);
            self.uses.push(vec![]);
            self.rows.len() as u32 - 1
        });
        self.edits.push(Edit::Made(row));
        row
    }

    /// Adds a term to a row: two equal ones are one of the next place, opposite ones are none.
    fn add(&mut self, row: u32, term: Term) {
        let same_place = |other: &&Term| (other.node, other.shift) == (term.node, term.shift);
        let Some(&other) = self.rows[row as usize].iter().find(same_place) else {
            self.edits.push(Edit::Added(row, term));
            return self.put(row, term);
        };
        self.remove(row, other);
        if other.negative == term.negative {
            self.add(row, Term { shift: term.shift + 1, ..term });
        }
    }

    fn remove(&mut self, row: u32, term: Term) {
        self.edits.push(Edit::Removed(row, term));
        self.take(row, term);
    }

    fn undo(&mut self) {
        while let Some(edit) = self.edits.pop() {
            match edit {
                Edit::Added(row, term) => self.take(row, term),
                Edit::Removed(row, term) => self.put(row, term),
                Edit::Made(row) => self.free.push(row),
                Edit::Freed(row) => self.free.retain(|other| *other != row),
            }
        }
        self.frequent.clear();
        self.changed.clear();
        self.doubtful.clear();
    }

    fn put(&mut self, row: u32, term: Term) {
        for &other in &self.rows[row as usize] {
            let pattern = Pattern::of(term, other);
            let count = self.counts.entry(pattern).or_insert(0);
            *count += 1;
            if *count > 1 {
                self.frequent.push(pattern);
            }
        }
        self.work = self.work.saturating_sub(self.rows[row as usize].len() as u64);
        self.rows[row as usize].push(term);
        self.uses[term.node as usize].push(row);
        self.adders += self.last_adder(row);
        self.note(row, term.node);
    }

    fn take(&mut self, row: u32, term: Term) {
        self.adders -= self.last_adder(row);
        let terms = &mut self.rows[row as usize];
        let place = terms.iter().position(|other| *other == term).expect("the term is in the row");
        terms.swap_remove(place);
        for &other in terms.iter() {
            let pattern = Pattern::of(term, other);
            let count = self.counts.get_mut(&pattern).expect("each pair of a row is counted");
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&pattern);
            }
        }
        self.work = self.work.saturating_sub(terms.len() as u64);
        let uses = &mut self.uses[term.node as usize];
        let place = uses.iter().position(|user| *user == row).expect("a term's row uses its node");
        uses.swap_remove(place);
        self.note(row, term.node);
    }

    /// Notes that a row has got or lost a term of this node.
    fn note(&mut self, row: u32, node: u32) {
        if node >= self.inputs {
            self.changed.push(node);
        }
        // With adders of two inputs each shared sum saves as many as it has users but one.
        if self.adder_inputs > 2 {
            let own = (row >= self.outputs).then(|| self.node_of(row));
            self.doubtful.extend(own.into_iter().chain((node >= self.inputs).then_some(node)));
        }
    }

    /// The rows in an order in which shared sums come before what uses them.
    fn finish(self) -> Sums {
        let mut order = Order { search: &self, numbers: vec![None; self.rows.len()], shared: vec![] };
        let outputs = (0..self.outputs).map(|row| order.terms(row)).collect();
        Sums { inputs: self.inputs as usize, outputs, shared: order.shared }
    }
}

struct Order<'a> {
    search: &'a Search,
    /// The node of each row that has come.
    numbers: Vec<Option<u32>>,
    shared: Vec<Vec<Term>>,
}

impl Order<'_> {
    /// The terms of a row, once all that they need has come.
    fn terms(&mut self, row: u32) -> Vec<Term> {
        let search = self.search;
        let renamed = |term: &Term| Term { node: self.node(term.node), ..*term };
        search.rows[row as usize].iter().map(renamed).collect()
    }

    fn node(&mut self, node: u32) -> u32 {
        if node < self.search.inputs {
            return node;
        }
        let row = self.search.row_of(node);
        if let Some(number) = self.numbers[row as usize] {
            return number;
        }
        let terms = self.terms(row);
        self.shared.push(terms);
        let number = self.search.inputs + self.shared.len() as u32 - 1;
        self.numbers[row as usize] = Some(number);
        number
    }
}
