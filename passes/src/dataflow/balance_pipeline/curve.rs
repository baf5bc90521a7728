//! The whole curve of a problem: for each number of cycles a sample the least largest share of a kind of resources.
//!
//! The share can only grow as the cycles get fewer. So of an interval of cycles whose ends have the same share nothing is to be found
//! out, and in any other one no step matters of which every path through it is bound to have a larger share than the end
//! of fewer cycles: intervals are halved, and their problems become small.

use super::optimum::{Goal, KINDS, Path, Problem, Shares, Solution, TINY};

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

/// How much is looked at before proofs are given up.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Parts of the problem of one number of cycles.
    pub parts: usize,
    /// Parts for the whole curve.
    pub all_parts: usize,
    /// Parts for the least sum of shares of a point.
    pub total_parts: usize,
}

/// The points at which the share is at most 1 and less than at any fewer cycles, by descending cycles. `targets` are the
/// cycles of the steps, ascending, or some of them with the last.
pub fn curve(problem: &Problem, targets: &[f64], effort: Effort) -> Vec<Found> {
    let Some(last) = targets.len().checked_sub(1) else { return vec![] };
    let mut search = Search { targets, ends: vec![None; targets.len()], paths: vec![], effort };
    let problem = problem.within(targets[last], targets[0]);
    let slowest = search.solve(&problem, last, 0.0);
    if search.ends[slowest].as_ref().is_some_and(End::fits) {
        search.between(problem, None, slowest);
    }
    search.points()
}

/// What is known of a number of cycles.
#[derive(Clone, Debug)]
struct End {
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
    /// What is known of each target.
    ends: Vec<Option<End>>,
    /// The paths so far.
    paths: Vec<Path>,
    /// What is left of it.
    effort: Effort,
}

impl Search<'_> {
    /// Finds the share at a target; returns the fastest target that has the same.
    fn solve(&mut self, problem: &Problem, target: usize, least: f64) -> usize {
        let cycles = self.targets[target];
        let problem = problem.within(cycles, cycles);
        let mut known: Vec<&Path> = self.paths.iter().filter(|path| path.cycles <= cycles).collect();
        known.sort_by(|a, b| largest(a).total_cmp(&largest(b)));
        let known: Vec<Path> = known.into_iter().take(MOST_KNOWN).cloned().collect();
        let most = self.effort.parts.min(self.effort.all_parts);
        let Solution { path, value, bound, weights, parts } =
            problem.solve(Goal::Largest, &known, least, most);
        self.effort.all_parts -= parts;
        let end = End { share: value, bound, weights, path: None, problem: None };
        let Some(path) = path.filter(|_| end.fits()) else {
            self.ends[target] = Some(end);
            return target;
        };
        let reached = self.targets.partition_point(|&cycles| cycles < path.cycles).min(target);
        self.paths.push(path.clone());
        let problem = problem.within(path.cycles, path.cycles).pruned(weights, value);
        self.ends[target] = Some(end.clone());
        self.ends[reached] = Some(End { path: Some(path), problem: Some(problem), ..end });
        reached
    }

    /// Finds the shares of the targets between two, of which the fast one may be before all of them.
    fn between(&mut self, problem: Problem, fast: Option<usize>, slow: usize) {
        let first = fast.map_or(0, |fast| fast + 1);
        if first >= slow {
            return;
        }
        let end = self.ends[slow].as_ref().expect("the ends of an interval are solved");
        let most = fast.and_then(|fast| self.ends[fast].as_ref()).map_or(1.0, |end| end.share.min(1.0));
        // Nothing is known of what is before all targets, though it can't be above 1.
        if fast.is_some() && most - end.share <= TINY {
            return;
        }
        let problem = problem.pruned(end.weights, most).within(self.targets[slow - 1], self.targets[first]);
        let middle = first + (slow - first) / 2;
        let reached = self.solve(&problem, middle, end.bound);
        if self.ends[middle].as_ref().is_some_and(End::fits) {
            self.between(problem.clone(), fast, reached);
        }
        self.between(problem, Some(middle), slow);
    }

    /// The points of the curve.
    fn points(self) -> Vec<Found> {
        let mut points: Vec<End> = vec![];
        // From the slowest on, bounds hold for fewer cycles too.
        let mut bound = 0.0f64;
        for end in self.ends.into_iter().rev().flatten() {
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
    let path = match problem.solve(Goal::Total, &[known], 0.0, most_parts).path {
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
        let effort = Effort { parts: 9, all_parts: 9, total_parts: 9 };
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
            let found = curve(&problem, &targets, Effort { parts: 100, all_parts: 10_000, total_parts: 100 });
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
