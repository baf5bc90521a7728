//! The enumeration of the paths that no bound excludes.

use super::bounds::Cut;
use super::costs::AtStates;
use super::{Goal, KINDS, Path, Shares, Solver, TINY, add, dot, exceeds};

/// The most paths that the enumeration extends before steps are parted; few where small problems are to be parted too.
const MOST_LABELS: usize = if cfg!(test) { 4 } else { 4_000 };

/// The most steps with which the enumeration is tried: of problems with more, one in twenty has so few paths.
const MOST_STEPS: usize = 2_500;

impl Solver<'_> {
    /// Closes the gap, or with a beam looks for a better path only: of those to a layer as many as the beam are extended. False
    /// if there were too many paths, so that a better one may exist.
    pub(super) fn enumerate(&mut self, beam: Option<usize>) -> bool {
        if beam.is_none() && self.problem.steps() > MOST_STEPS {
            return false;
        }
        let limits: Vec<f64> = self.cuts.iter().map(|cut| self.limit(cut)).collect();
        let most = self.most_of_kinds();
        let most_to_end = self.problem.most_to_end();
        let start = Label { shares: [0.0; KINDS], cycles: 0.0, state: 0, way: 0, before: 0 };
        let mut labels = vec![vec![start]];
        let mut count = 0;
        for (index, layer) in self.problem.layers.iter().enumerate() {
            let before = labels.last().expect("there is a first label");
            let mut next: Vec<Label> = vec![];
            // Labels are in the order of their states.
            let mut first_of = vec![0; self.states_before(index) + 1];
            before.iter().for_each(|label| first_of[label.state as usize + 1] += 1);
            (1..first_of.len()).for_each(|state| first_of[state] += first_of[state - 1]);
            for step in &layer.steps {
                let labels = first_of[step.from as usize]..first_of[step.from as usize + 1];
                for (at, label) in labels.clone().zip(&before[labels]) {
                    let shares = add(label.shares, step.shares);
                    if self.is_promising((&limits, most), shares, index, step.to as usize) {
                        let cycles = step.cycles.max(label.cycles);
                        let label =
                            Label { shares, cycles, state: step.to, way: step.way, before: at as u32 };
                        next.push(label);
                        count += 1;
                    }
                }
                if beam.is_none() && count > MOST_LABELS {
                    return false;
                }
            }
            let mut next = self.undominated(next, most_to_end.behind(index));
            if let Some(beam) = beam.filter(|&beam| next.len() > beam) {
                let bound = |label: &Label| self.bound_from(label.shares, index, label.state as usize);
                next.sort_by_cached_key(|label| ordered(bound(label)));
                next.truncate(beam);
                next.sort_by_key(|label| label.state);
            }
            labels.push(next);
        }
        let ends = labels.last().map(Vec::as_slice).unwrap_or_default();
        let value = |label: &Label| self.problem.value(self.goal, label.shares);
        let best = (0..ends.len())
            .reduce(|best, next| if value(&ends[next]) < value(&ends[best]) { next } else { best });
        if let Some(mut at) = best {
            let Label { shares, cycles, .. } = ends[at];
            let mut ways = vec![];
            for layer in labels[1..].iter().rev() {
                ways.push(layer[at].way);
                at = layer[at].before as usize;
            }
            ways.reverse();
            self.offer(Path { ways, shares, cycles });
        }
        true
    }

    /// In the order of their states, and of equal state without those to which another one is no worse, however they go on.
    /// `most_to_end` is the most that each state's way to the end may cost.
    fn undominated(&self, labels: Vec<Label>, most_to_end: &[Shares]) -> Vec<Label> {
        let keyed = labels.iter().enumerate().map(|(at, label)| {
            let aspects = self.aspects(label.shares, most_to_end[label.state as usize]);
            (label.state, ordered(aspects.iter().sum()), at as u32, aspects)
        });
        let mut keyed: Vec<_> = keyed.collect();
        keyed.sort_unstable_by_key(|&(state, sum, at, _)| (state, sum, at));
        let mut kept = vec![];
        let mut rivals: Vec<Aspects> = vec![];
        let mut state = 0;
        for (next, _, at, aspects) in keyed {
            if next != state {
                rivals.clear();
                state = next;
            }
            let no_worse = |other: &Aspects| other.iter().zip(&aspects).all(|(a, b)| *a <= b + TINY / 1e3);
            if !rivals.iter().any(no_worse) {
                rivals.push(aspects);
                kept.push(labels[at as usize]);
            }
        }
        kept
    }

    /// What decides which of two paths to a state is better: if all of it is at most equal, no way to the end makes the path worth
    /// more. A kind does not count as long as it can't be the largest share in the end, or can't exceed its limit.
    fn aspects(&self, shares: Shares, most_to_end: Shares) -> Aspects {
        let (least, total) = match self.goal {
            Goal::Fit => (1.0, 0.0),
            Goal::Largest => (self.bound, 0.0),
            Goal::Total => (1.0, shares.iter().sum()),
        };
        let mut aspects = [total; KINDS + 1];
        for kind in 0..KINDS {
            let counts = self.problem.limited[kind];
            aspects[kind] = if counts { shares[kind].max(least - most_to_end[kind]) } else { 0.0 };
        }
        aspects
    }

    fn states_before(&self, layer: usize) -> usize {
        if layer == 0 { 1 } else { self.problem.layers[layer - 1].states }
    }

    /// May a path that has come to a state behind a layer at these costs end within the limits of the cuts and of each kind?
    fn is_promising(
        &self,
        (limits, most): (&[f64], Shares),
        shares: Shares,
        layer: usize,
        state: usize,
    ) -> bool {
        let fits = |to_end: &AtStates<Shares>| !exceeds(add(shares, to_end.behind(layer)[state]), most);
        let is_within =
            |(cut, limit): (&Cut, &f64)| dot(cut.weights, shares) + cut.to_end.behind(layer)[state] <= *limit;
        // The last cuts are the closest ones.
        self.cuts.iter().zip(limits).rev().all(is_within) && self.kinds.as_ref().is_none_or(fits)
    }

    /// What no path that has come to a state behind a layer at these costs is below.
    fn bound_from(&self, shares: Shares, layer: usize, state: usize) -> f64 {
        let of = |cut: &Cut| dot(cut.weights, shares) + cut.to_end.behind(layer)[state] - cut.offset;
        let by_cuts = self.cuts.iter().map(of).fold(0.0, f64::max);
        let kinds = self.kinds.as_ref().filter(|_| self.goal != Goal::Total);
        let Some(kinds) = kinds else { return by_cuts };
        let shares = add(shares, kinds.behind(layer)[state]);
        (0..KINDS).filter(|&kind| self.problem.limited[kind]).map(|kind| shares[kind]).fold(by_cuts, f64::max)
    }
}

/// A number that is not negative, as one that sorts.
fn ordered(value: f64) -> u64 {
    value.max(0.0).to_bits()
}

/// See [`Solver::aspects`].
type Aspects = [f64; KINDS + 1];

/// A path to a state.
#[derive(Clone, Copy)]
struct Label {
    shares: Shares,
    cycles: f64,
    state: u32,
    /// What the caller knows the last step by.
    way: u32,
    /// The label that it extends, in the layer before.
    before: u32,
}
