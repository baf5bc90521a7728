//! The search over the thresholds of all exits at once: branch and bound.
//!
//! A part of the choices, thresholds between two of each exit, is bounded by what its samples would do if each chose for itself
//! among the exits where it may leave in that part; those for which only one is left are the same for all
//! choices of the part, so the bound grows sharp as parts get small. A part that may hold something better than what is known is
//! cut in two, or looked at as a whole if it is small (`grid`). docs/profiling.md has more.

mod grid;
mod part;

use part::{Open, Part};

/// A sample, as the search sees it.
#[derive(Debug)]
pub struct Sample {
    /// Of each exit, how many of its thresholds the sample leaves at: all but the strictest.
    pub levels: Vec<usize>,
    /// Which classifiers are right, the last one at the end.
    pub right: Vec<bool>,
}

/// What samples cost.
#[derive(Debug)]
pub struct Cost {
    /// The products of each step: to the first exit with its classifier, …, to the end.
    pub steps: Vec<u64>,
}

impl Cost {
    /// The products of a sample that leaves at an exit, of which the end is the last one.
    pub fn up_to(&self, exit: usize) -> u64 {
        self.steps[..=exit].iter().sum()
    }
}

/// A choice of thresholds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The place of each exit's threshold among its thresholds.
    pub rungs: Vec<usize>,
    /// Samples that are right.
    pub correct: usize,
    /// Products of all samples.
    pub products: u64,
    /// Products that no choice with as many correct samples is below: `products` if that is proved.
    pub bound: u64,
}

impl Choice {
    /// By how much the products are above the bound, in parts of it.
    pub fn gap(&self) -> f64 {
        (self.products - self.bound) as f64 / self.bound.max(1) as f64
    }
}

/// How the search goes on.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// The choices of the grid that it starts from, at most.
    start: usize,
    /// A part with as many choices for each of its samples is not cut any more.
    choices_a_sample: usize,
    /// Samples and choices that it looks at, at most, before it leaves a gap.
    effort: u64,
}

/// Takes seconds at most.
const LIMITS: Limits = Limits { start: 1 << 14, choices_a_sample: 8, effort: 400_000_000 };

/// The frontier of products and correct samples, both rising; what has `needed` correct samples is proved first.
///
/// `rungs` says how many thresholds each exit has.
pub fn search(samples: &[Sample], rungs: &[usize], cost: &Cost, needed: usize) -> Vec<Choice> {
    search_within(samples, rungs, cost, needed, LIMITS)
}

fn search_within(
    samples: &[Sample],
    rungs: &[usize],
    cost: &Cost,
    needed: usize,
    limits: Limits,
) -> Vec<Choice> {
    let all = Part::all(samples, rungs);
    let mut search = Search { cost, limits, kept: vec![], least: vec![None; samples.len() + 1] };
    let open = all.clone().open(cost);
    let mut bounds = vec![0; samples.len() + 1];
    for (correct, products) in open.bounds() {
        bounds[correct..].fill(products);
    }
    let grid = evenly(open.grid(), limits.start);
    search.enumerate(&open, &grid);
    // What is needed first, then the rest, at first with gaps: their effort shows where it is worth to go on.
    for (from, gap_permille) in [(needed, 0), (0, 10), (0, 0)] {
        if !search.improve(all.clone(), from, gap_permille) {
            break;
        }
        for (bound, least) in bounds.iter_mut().zip(&search.least).skip(from) {
            let Some(best) = least else { break };
            *bound = (*bound).max(within(search.kept[*best].products, gap_permille));
        }
    }
    // A choice with more correct samples has as many.
    (1..bounds.len()).for_each(|correct| bounds[correct] = bounds[correct].max(bounds[correct - 1]));
    search.frontier(&bounds)
}

/// The least products that `products` are at most some thousandths above.
fn within(products: u64, gap_permille: u64) -> u64 {
    let thousandths = u128::from(products) * 1000;
    thousandths.div_ceil(u128::from(1000 + gap_permille)).try_into().unwrap_or(products)
}

/// At most `most` choices, with both ends of each exit's thresholds.
fn evenly(mut grid: Vec<Vec<usize>>, most: usize) -> Vec<Vec<usize>> {
    let cells =
        |rungs: usize| grid.iter().try_fold(1usize, |cells, axis| cells.checked_mul(axis.len().min(rungs)));
    let longest = grid.iter().map(Vec::len).max().unwrap_or(0);
    let rungs = (2..=longest).rev().find(|&rungs| cells(rungs).is_some_and(|cells| cells <= most));
    let rungs = rungs.unwrap_or(1);
    for axis in grid.iter_mut().filter(|axis| axis.len() > rungs) {
        let last = axis.len() - 1;
        *axis = (0..rungs).map(|i| axis[i * last / (rungs - 1).max(1)]).collect();
    }
    grid
}

/// What is known.
struct Search<'a> {
    cost: &'a Cost,
    /// The effort is what is left of it.
    limits: Limits,
    /// Choices that were better than all before them.
    kept: Vec<Choice>,
    /// For each number of correct samples the choice in `kept` of least products that has as many, or more.
    least: Vec<Option<usize>>,
}

impl Search<'_> {
    /// Finds all that is better, by more than a gap, than what is known, among choices with `from` correct samples or more. False
    /// if the effort was too much.
    fn improve(&mut self, part: Part<'_>, from: usize, gap_permille: u64) -> bool {
        let mut parts = vec![part];
        while let Some(part) = parts.pop() {
            let Some(left) = self.limits.effort.checked_sub(part.size() as u64) else { return false };
            self.limits.effort = left;
            let open = part.open(self.cost);
            let better = |(correct, products): (usize, u64)| {
                correct >= from
                    && self.products(correct).is_none_or(|known| products < within(known, gap_permille))
            };
            if !open.bounds().any(better) {
                continue;
            }
            let grid = open.grid();
            let cells = grid.iter().try_fold(1usize, |cells, axis| cells.checked_mul(axis.len()));
            let most = (self.limits.choices_a_sample * open.size()).max(1);
            match cells.is_some_and(|cells| cells <= most) {
                true => self.enumerate(&open, &grid),
                false => parts.extend(open.halves()),
            }
        }
        true
    }

    /// Looks at every choice of a grid.
    fn enumerate(&mut self, open: &Open<'_>, grid: &[Vec<usize>]) {
        let cells: usize = grid.iter().map(Vec::len).product();
        self.limits.effort = self.limits.effort.saturating_sub(cells as u64);
        let cost = self.cost;
        open.each(grid, cost, |rungs, correct, products| {
            if self.products(correct).is_none_or(|known| products < known) {
                self.keep(Choice { rungs: rungs(), correct, products, bound: 0 });
            }
        });
    }

    /// The least products known of so many correct samples.
    fn products(&self, correct: usize) -> Option<u64> {
        self.least[correct].map(|best| self.kept[best].products)
    }

    fn keep(&mut self, choice: Choice) {
        let place = self.kept.len();
        for correct in (0..=choice.correct).rev() {
            if self.products(correct).is_some_and(|known| known < choice.products) {
                break;
            }
            self.least[correct] = Some(place);
        }
        self.kept.push(choice);
    }

    fn frontier(&self, bounds: &[u64]) -> Vec<Choice> {
        let mut best: Vec<usize> = self.least.iter().flatten().copied().collect();
        best.dedup();
        let choice = |place: usize| {
            let choice = &self.kept[place];
            Choice { bound: bounds[choice.correct].min(choice.products), ..choice.clone() }
        };
        best.into_iter().map(choice).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Sends every sample through the exits.
    fn run(samples: &[Sample], rungs: &[usize], cost: &Cost) -> (usize, u64) {
        let exit = |s: &Sample| (0..rungs.len()).find(|&k| rungs[k] < s.levels[k]).unwrap_or(rungs.len());
        let correct = samples.iter().filter(|s| s.right[exit(s)]).count();
        (correct, samples.iter().map(|s| cost.steps[..=exit(s)].iter().sum::<u64>()).sum())
    }

    /// All choices, one after the other.
    fn choices(rungs: &[usize]) -> Vec<Vec<usize>> {
        rungs.iter().fold(vec![vec![]], |all, &count| {
            all.iter().flat_map(|c| (0..count).map(move |rung| [&c[..], &[rung]].concat())).collect()
        })
    }

    prop_compose! {
        fn problem()(exits in 1usize..5)(
            rungs in prop::collection::vec(1usize..6, exits),
            steps in prop::collection::vec(0u64..50, exits + 1),
            drawn in prop::collection::vec(
                (prop::collection::vec(0usize..6, exits), prop::collection::vec(any::<bool>(), exits + 1)), 1..40),
        ) -> (Vec<usize>, Cost, Vec<Sample>) {
            let bounded = |levels: Vec<usize>| levels.iter().zip(&rungs).map(|(&l, &r)| l.min(r)).collect();
            let samples = drawn.into_iter().map(|(levels, right)| Sample { levels: bounded(levels), right });
            let samples = samples.collect();
            (rungs, Cost { steps }, samples)
        }
    }

    proptest! {
        #[test]
        fn the_frontier_is_that_of_all_choices(
            (rungs, cost, samples) in problem(),
            needed in 0usize..40,
            start in 1usize..50,
            choices_a_sample in 0usize..3,
            effort in prop_oneof![Just(u64::MAX), 0u64..2000],
        ) {
            let needed = needed.min(samples.len());
            let limits = Limits { start, choices_a_sample, effort };
            let frontier = search_within(&samples, &rungs, &cost, needed, limits);
            let all: Vec<_> = choices(&rungs).iter().map(|c| run(&samples, c, &cost)).collect();
            for choice in &frontier {
                prop_assert_eq!(run(&samples, &choice.rungs, &cost), (choice.correct, choice.products));
                let least = all.iter().filter(|(correct, _)| *correct >= choice.correct).map(|(_, p)| *p).min();
                prop_assert!(Some(choice.bound) <= least, "{choice:?}: {least:?}");
            }
            prop_assert!(frontier.is_sorted_by(|a, b| a.correct < b.correct && a.products < b.products));
            let mut best: Vec<_> = all.iter().filter(|(correct, products)| {
                !all.iter().any(|(c, p)| (c > correct && p <= products) || (c >= correct && p < products))
            }).copied().collect();
            best.sort_unstable();
            best.dedup();
            if effort == u64::MAX {
                let found: Vec<_> = frontier.iter().map(|c| (c.correct, c.bound)).collect();
                prop_assert_eq!(found, best);
            }
        }
    }
}
