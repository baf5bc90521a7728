//! The whole curve of a problem: for each number of cycles a sample the least largest share of a kind of resources.
//!
//! The share can only grow as the cycles get fewer. So of an interval of cycles whose ends have the same share nothing is to be found
//! out, and in any other one no step matters of which every path through it is bound to have a larger share than the end
//! of fewer cycles: intervals are halved, and their problems become small. The halves have nothing to do with one another, and are
//! looked at by threads of their own.

use super::optimum::{Goal, Hints, KINDS, Path, Problem, Shares, Solution, TINY};
use std::thread;

/// A point of the curve.
#[derive(Clone, Debug)]
pub struct Found {
    /// The largest share.
    pub share: f64,
    /// What was proved that no path with at most as many cycles is below.
    pub bound: f64,
    /// Of the paths with this share and these cycles, one of the least sum of shares.
    pub path: Path,
}

/// How many paths are tried as a start.
const MOST_KNOWN: usize = 8;

/// How often an interval and the halves of it are halved for threads; a few for each processor, since some have more to do.
const THREADED: usize = 4;

/// How much is looked at before proofs are given up.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Parts of the problem of one number of cycles.
    pub parts: usize,
    /// Parts for the least sum of shares of a point.
    pub total_parts: usize,
}

/// The points at which the share is at most 1 and less than at any fewer cycles, by descending cycles. `targets` are the
/// cycles of the steps, ascending, or some of them with the last.
pub fn curve(problem: &Problem, targets: &[f64], effort: Effort) -> Vec<Found> {
    let Some(last) = targets.len().checked_sub(1) else { return vec![] };
    let search = Search { targets, effort };
    let problem = problem.within(targets[last], targets[0]);
    let mut ends = search.solve(&problem, last, Hints::default());
    let slowest = ends[0].clone();
    if slowest.fits() {
        let paths = slowest.path.clone().into_iter().collect();
        ends.extend(search.between(problem, None, &slowest, paths, THREADED));
    }
    search.points(ends)
}

/// What is known of a number of cycles.
#[derive(Clone, Debug)]
struct End {
    /// The number of cycles, by its place among the targets.
    target: usize,
    share: f64,
    bound: f64,
    weights: Shares,
    path: Option<Path>,
    /// The steps on paths that are as good.
    problem: Option<Problem>,
}

impl End {
    fn fits(&self) -> bool {
        self.share <= 1.0 + TINY
    }
}

struct Search<'t> {
    targets: &'t [f64],
    effort: Effort,
}

impl Search<'_> {
    /// Finds the share at a target: what is known of the fastest target that has the same, and behind it of the target, if that is another
    /// one.
    fn solve(&self, problem: &Problem, target: usize, hints: Hints) -> Vec<End> {
        let cycles = self.targets[target];
        let problem = problem.within(cycles, cycles);
        let Solution { path, value, bound, weights } =
            problem.solve(Goal::Largest, &hints, self.effort.parts);
        let end = End { target, share: value, bound, weights, path: None, problem: None };
        let Some(path) = path.filter(|_| end.fits()) else { return vec![end] };
        let reached = self.targets.partition_point(|&cycles| cycles < path.cycles).min(target);
        let problem = problem.within(path.cycles, path.cycles).pruned(weights, value);
        let fastest = End { target: reached, path: Some(path), problem: Some(problem), ..end.clone() };
        if reached == target { vec![fastest] } else { vec![fastest, end] }
    }

    /// Finds the shares of the targets between two, of which the fast one may be before all of them. `paths` are some that may be good.
    fn between(
        &self,
        problem: Problem,
        fast: Option<&End>,
        slow: &End,
        paths: Vec<Path>,
        threaded: usize,
    ) -> Vec<End> {
        let first = fast.map_or(0, |fast| fast.target + 1);
        let most = fast.map_or(1.0, |fast| fast.share.min(1.0));
        // Nothing is known of what is before all targets, though it can't be above 1.
        if first >= slow.target || fast.is_some() && most - slow.share <= TINY {
            return vec![];
        }
        let problem =
            problem.pruned(slow.weights, most).within(self.targets[slow.target - 1], self.targets[first]);
        let middle = first + (slow.target - first) / 2;
        let hints = Hints {
            known: self.best_within(&paths, middle),
            weights: Some(slow.weights),
            least_value: slow.bound,
        };
        let mut found = self.solve(&problem, middle, hints);
        let paths: Vec<Path> =
            paths.into_iter().chain(found.iter().filter_map(|end| end.path.clone())).collect();
        let reached = found[0].clone();
        let middle = End { target: middle, ..reached.clone() };
        let again = threaded.saturating_sub(1);
        let half = (problem.clone(), paths.clone());
        let faster = || match reached.fits() {
            true => self.between(half.0, fast, &reached, half.1, again),
            false => vec![],
        };
        let slower = || self.between(problem, Some(&middle), slow, paths, again);
        let halves = both(threaded > 0, faster, slower);
        found.extend(halves.into_iter().flatten());
        found
    }

    /// Of some paths those of the least shares that keep up with a target.
    fn best_within(&self, paths: &[Path], target: usize) -> Vec<Path> {
        let mut known: Vec<&Path> = paths.iter().filter(|path| path.cycles <= self.targets[target]).collect();
        known.sort_by(|a, b| largest(a).total_cmp(&largest(b)));
        known.into_iter().take(MOST_KNOWN).cloned().collect()
    }

    /// The points of the curve.
    fn points(&self, mut ends: Vec<End>) -> Vec<Found> {
        let mut points: Vec<End> = vec![];
        // From the slowest on, bounds hold for fewer cycles too.
        ends.sort_by_key(|end| std::cmp::Reverse(end.target));
        let mut bound = 0.0f64;
        for end in ends {
            bound = bound.max(end.bound);
            if end.path.is_none() {
                continue;
            }
            while points.last().is_some_and(|slower| slower.share >= end.share - TINY) {
                points.pop();
            }
            points.push(End { bound: bound.min(end.share), ..end });
        }
        let total_parts = self.effort.total_parts;
        points.into_iter().filter_map(|end| least_total(end, total_parts)).collect()
    }
}

/// What both give, the first one in a thread of its own if they are to be at once.
fn both<T: Send>(at_once: bool, a: impl FnOnce() -> T + Send, b: impl FnOnce() -> T) -> [T; 2] {
    if !at_once {
        return [a(), b()];
    }
    thread::scope(|scope| {
        let a = scope.spawn(a);
        let b = b();
        [a.join().expect("the search does not panic"), b]
    })
}

fn largest(path: &Path) -> f64 {
    path.shares.into_iter().fold(0.0, f64::max)
}

/// Of the paths whose largest share is that of an end, one of the least sum of shares.
fn least_total(end: End, most_parts: usize) -> Option<Found> {
    let End { share, bound, path: Some(path), problem: Some(mut problem), .. } = end else { return None };
    // Limits are 1.
    let scale = share.max(TINY);
    let steps = problem.layers.iter_mut().flat_map(|layer| &mut layer.steps);
    steps.for_each(|step| step.shares = step.shares.map(|share| share / scale));
    problem.units = problem.units.map(|unit| unit / scale);
    // The sum over the path, in the order of its own steps, may exceed 1 by rounding.
    let known = Path { shares: path.shares.map(|share| (share / scale).min(1.0)), ..path.clone() };
    let hints = Hints { known: vec![known], ..Hints::default() };
    let path = match problem.solve(Goal::Total, &hints, most_parts).path {
        Some(best) if best.ways != path.ways => {
            let shares: Shares = std::array::from_fn::<f64, KINDS, _>(|kind| best.shares[kind] * scale);
            Path { shares, ..best }
        }
        _ => path,
    };
    Some(Found { share, bound, path })
}

#[cfg(test)]
mod tests {
    use super::super::optimum::{
        Layer, Step,
        tests::{paths, problem},
    };
    use super::*;
    use proptest::prelude::*;

    /// What takes all of the budget is found at its fewest cycles.
    #[test]
    fn a_full_budget_is_a_point_too() {
        let step = |way, share, cycles| Step { from: 0, to: 0, shares: [share; KINDS], cycles, way };
        let steps = vec![step(0, 1.0, 2.0), step(1, 1.0, 1.0), step(2, 1.5, 0.5)];
        let problem = Problem::new(vec![Layer { states: 1, steps }], [true; KINDS], [0.5; KINDS]);
        let effort = Effort { parts: 9, total_parts: 9 };
        let found = curve(&problem, &[0.5, 1.0, 2.0], effort);
        let points: Vec<_> =
            found.iter().map(|found| (found.path.cycles, found.share, found.bound)).collect();
        assert_eq!(points, [(1.0, 1.0, 1.0)]);
    }

    proptest! {
        /// Against all paths.
        #[test]
        fn agrees_with_brute_force(mut problem in problem()) {
            problem.limited = [true; KINDS];
            let all = paths(&problem);
            let mut targets: Vec<f64> =
                problem.layers.iter().flat_map(|layer| layer.steps.iter().map(|step| step.cycles)).collect();
            targets.sort_by(f64::total_cmp);
            targets.dedup();
            let largest = |shares: Shares| shares.into_iter().fold(0.0, f64::max);
            // From the slowest target on, of those with the same share the fastest.
            let mut expected: Vec<(f64, f64)> = vec![];
            for &target in targets.iter().rev() {
                let possible = all.iter().filter(|path| path.cycles <= target).map(|path| largest(path.shares));
                let share = possible.fold(f64::INFINITY, f64::min);
                if share <= 1.0 + TINY {
                    if expected.last().is_some_and(|slower| slower.1 >= share - TINY) {
                        expected.pop();
                    }
                    expected.push((target, share));
                }
            }
            let found = curve(&problem, &targets, Effort { parts: 100, total_parts: 100 });
            prop_assert_eq!(found.len(), expected.len(), "{:?} {:?}", &found, &expected);
            for (found, (cycles, share)) in found.iter().zip(expected) {
                prop_assert_eq!(found.path.cycles, cycles);
                prop_assert!((found.share - share).abs() < 1e-6 && (found.bound - share).abs() < 1e-6);
                let equal = all.iter().filter(|path| path.cycles <= cycles && largest(path.shares) <= share + TINY);
                let total = equal.map(|path| path.shares.iter().sum::<f64>()).fold(f64::INFINITY, f64::min);
                prop_assert!((found.path.shares.iter().sum::<f64>() - total).abs() < 1e-6);
            }
        }
    }
}
