//! The cheapest path through a layered graph whose steps cost several kinds of resources, with a proof.
//!
//! A layer has a step for each way to go on from each state. Costs are shares of a budget, which the sums over a path must not
//! exceed: a shortest path with resource constraints. Three parts, as in Handler and Zang, "A Dual Algorithm for the
//! Constrained Shortest Path Problem" (1980):
//! 1. Weights on the kinds make one cost of them; then the shortest path is found by dynamic programming, and is a bound of what
//!    any path can reach.
//! 2. The weights of the best bound are found by cutting planes (Kelley, "The Cutting-Plane Method for Solving Convex Programs",
//!    1960), whose linear programs have one variable a kind. Each path that comes up on the way is a candidate. A step of which
//!    every path through it is bound to be worse than a candidate is removed, which may raise the bound again (Beasley and
//!    Christofides, "An Algorithm for the Resource Constrained Shortest Path Problem", 1989).
//! 3. What gap remains is closed by enumeration of the paths that no bound excludes, of equal state only those that none is better
//!    than in every kind. Where there are too many, the steps of a layer are parted in two: of the layer that the paths which
//!    make the bound differ in the most, so that a bound can no longer be a mixture of both.

use bounds::{Cut, MOST_CUTS};
use costs::AtStates;
use std::borrow::Cow;

mod bounds;
mod costs;
mod enumeration;
mod problem;

pub use problem::{Goal, KINDS, Layer, Path, Problem, Shares, Step, TINY};
use problem::{Walk, add, dot, exceeds};

/// How often steps are removed and weights tried anew.
const MOST_ROUNDS: usize = 6;

/// Paths that are extended at once, where only a good one is looked for.
const BEAM: usize = 100;

/// The most parts that are looked at before the proof is given up, where one problem is all.
pub const MOST_PARTS: usize = 600;

/// What was found.
#[derive(Clone, Debug)]
pub struct Solution {
    /// The best path; None if no path is known that ends, or for [`Goal::Total`] that fits.
    pub path: Option<Path>,
    /// The goal's value on it; infinite without one.
    pub value: f64,
    /// No path has a smaller value. For [`Goal::Fit`] the search ends as soon as it is known to be above 1.
    pub bound: f64,
    /// The weights of the best bound.
    pub weights: Shares,
}

impl Solution {
    /// Does the path fit?
    pub fn fits(&self) -> bool {
        self.value <= 1.0 + TINY
    }

    /// Is it proved that none does? Of [`Goal::Fit`] and [`Goal::Largest`].
    pub fn is_proof(&self) -> bool {
        self.bound > 1.0 + TINY
    }
}

/// What helps to solve a problem.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// Paths of it that may be good.
    pub known: Vec<Path>,
    /// Weights that may be good; for the largest share.
    pub weights: Option<Shares>,
    /// No path is below.
    pub least_value: f64,
}

impl Problem {
    /// Solves the problem. After `most_parts` parts the proof is given up.
    pub fn solve(&self, goal: Goal, hints: &Hints, most_parts: usize) -> Solution {
        let Hints { known, weights, least_value } = hints;
        let mut solver = Solver::new(self, goal, *least_value, *weights);
        known.iter().for_each(|path| solver.offer(path.clone()));
        solver.tried = known.iter().filter_map(|path| self.follow(path)).collect();
        let mut open = solver.examine();
        let weights = solver.weights;
        for _ in 0..most_parts {
            // The part of the least bound first: with it all are closed.
            let next = least(&open, |part| part.bound);
            let Some(next) =
                next.filter(|&next| open[next].bound <= solver.worth() && !solver.is_decided(0.0))
            else {
                break;
            };
            let Part { problem, bound, x, tried } = open.swap_remove(next);
            let mut part =
                Solver { problem: Cow::Owned(problem), cuts: vec![], kinds: None, bound, x, tried, ..solver };
            open.extend(part.examine());
            solver = part;
        }
        let bound = open.iter().map(|part| part.bound).fold(f64::INFINITY, f64::min);
        let mut bound = bound.min(solver.value);
        if goal != Goal::Total && solver.value > 1.0 + TINY {
            // Paths above 1 may not have been looked at.
            bound = bound.min(1.0 + 2.0 * TINY);
        }
        if goal == Goal::Fit && solver.value <= 1.0 + TINY {
            // The first that fits was good enough.
            bound = 0.0;
        }
        Solution { path: solver.best, value: solver.value, bound, weights }
    }
}

struct Solver<'p> {
    problem: Cow<'p, Problem>,
    goal: Goal,
    cuts: Vec<Cut>,
    /// The least of each kind from each state to the end.
    kinds: Option<AtStates<Shares>>,
    best: Option<Path>,
    value: f64,
    /// What no path of the problem is below.
    bound: f64,
    /// The weights of the best bound, and what they were made of.
    weights: Shares,
    x: Option<Shares>,
    /// What the first weights are made of.
    start: Option<Shares>,
    /// The paths that weights have led to, as far as they are left.
    tried: Vec<Walk>,
}

/// A part of the paths that is yet to be looked at.
struct Part {
    problem: Problem,
    bound: f64,
    x: Option<Shares>,
    tried: Vec<Walk>,
}

/// The place of the first of the least.
fn least<T>(items: &[T], of: impl Fn(&T) -> f64) -> Option<usize> {
    (0..items.len()).reduce(|best, next| if of(&items[next]) < of(&items[best]) { next } else { best })
}

impl<'p> Solver<'p> {
    fn new(problem: &'p Problem, goal: Goal, bound: f64, start: Option<Shares>) -> Self {
        let problem = Cow::Borrowed(problem);
        let weights = [0.0; KINDS];
        Self {
            problem,
            goal,
            cuts: vec![],
            kinds: None,
            best: None,
            value: f64::INFINITY,
            bound,
            weights,
            x: None,
            start,
            tried: vec![],
        }
    }

    /// Looks for the best path; returns the parts in which a better one may be.
    fn examine(&mut self) -> Vec<Part> {
        let is_first = self.x.is_none();
        if is_first && self.start.is_some() {
            // Most of the steps may be gone before the weights are improved.
            if !self.cut(1) {
                return vec![];
            }
            self.prune_by_best();
        }
        for round in 0..MOST_ROUNDS {
            let before = self.problem.steps();
            let ends = self.cut(MOST_CUTS);
            self.bound = self.bound.max(self.best_cut());
            if !ends || self.is_excluded() || self.is_decided(self.bound) {
                return vec![];
            }
            self.prune_by_best();
            self.cut_by_kinds();
            if round == 0 && is_first {
                self.enumerate(Some(BEAM));
            }
            self.prune();
            // Another round is worth while if a good part of the steps goes.
            if self.problem.steps() * 10 >= before * 9 {
                break;
            }
        }
        if self.enumerate(None) { vec![] } else { self.parts() }
    }

    /// Parts the steps of a layer in two, where the paths of the last weights differ the most, or if they don't, any two steps.
    fn parts(&self) -> Vec<Part> {
        let Some((index, kind, middle)) = self.largest_difference().or_else(|| self.widest_layer()) else {
            return vec![self.part(|_, _| false)];
        };
        let is_low = |step: &Step| step.shares[kind] <= middle;
        [true, false].map(|low| self.part(|at, step| at == index && is_low(step) != low)).into()
    }

    /// The paths without some steps.
    fn part(&self, is_other: impl Fn(usize, &Step) -> bool) -> Part {
        let mut tried = self.tried.clone();
        let problem = self.problem.clone().into_owned().without_but(&mut tried, is_other);
        Part { problem, bound: self.bound, x: self.x, tried }
    }

    /// The layer in which the last path and others that cost about the same by its weights differ the most, the kind, and the middle.
    fn largest_difference(&self) -> Option<(usize, usize, f64)> {
        let (last, others) = self.tried.split_last()?;
        let weighted = |walk: &Walk| dot(self.weights, walk.shares);
        let mut others: Vec<&Walk> = others.iter().collect();
        others.sort_by(|a, b| weighted(a).total_cmp(&weighted(b)));
        let others = others.into_iter().take(KINDS);
        let pairs = others.flat_map(|other| last.steps.iter().zip(&other.steps).enumerate());
        self.widest(pairs.map(|(index, (a, b))| (index, [a.shares, b.shares])))
    }

    /// The layer whose steps differ the most.
    fn widest_layer(&self) -> Option<(usize, usize, f64)> {
        let ends = |layer: &Layer| {
            let shares = layer.steps.iter().map(|step| step.shares);
            let end = |pick: fn(f64, f64) -> f64| {
                shares.clone().reduce(|a, b| std::array::from_fn(|kind| pick(a[kind], b[kind])))
            };
            Some([end(f64::min)?, end(f64::max)?])
        };
        let layers = self.problem.layers.iter().enumerate();
        self.widest(layers.filter_map(|(index, layer)| Some((index, ends(layer)?))))
    }

    /// Of pairs of shares in layers those that differ the most in a kind that matters: the layer, the kind, and the middle.
    fn widest(&self, pairs: impl Iterator<Item = (usize, [Shares; 2])>) -> Option<(usize, usize, f64)> {
        let mut widest = (TINY, None);
        for (index, [a, b]) in pairs {
            for kind in (0..KINDS).filter(|&kind| self.problem.limited[kind] || self.goal == Goal::Total) {
                let difference = (a[kind] - b[kind]).abs();
                if difference > widest.0 {
                    widest = (difference, Some((index, kind, (a[kind] + b[kind]) / 2.0)));
                }
            }
        }
        widest.1
    }

    /// What each kind must be at most on a path of interest.
    fn most(&self) -> Shares {
        match self.goal {
            Goal::Fit | Goal::Largest => self.problem.most(self.worth()),
            Goal::Total => self.problem.most(1.0 + TINY),
        }
    }

    /// Is nothing left to find out?
    fn is_decided(&self, bound: f64) -> bool {
        let fits_or_not = self.goal == Goal::Fit && (self.value <= 1.0 + TINY || bound > 1.0 + TINY);
        let out_of_interest = self.goal == Goal::Largest && bound > 1.0 + TINY;
        fits_or_not || out_of_interest || self.value - bound <= TINY
    }

    /// What a path must be worth at most to be of interest.
    fn worth(&self) -> f64 {
        match self.goal {
            // One that fits is good enough, so nothing above 1 is of use.
            Goal::Fit => self.value.min(1.0 + TINY),
            Goal::Largest => (self.value - TINY).min(1.0 + TINY),
            Goal::Total => self.value - TINY,
        }
    }

    fn offer(&mut self, path: Path) {
        let value = self.problem.value(self.goal, path.shares);
        if value < self.value - TINY / 1e3 || self.value.is_infinite() && value.is_finite() {
            (self.best, self.value) = (Some(path), value);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All paths.
    pub fn paths(problem: &Problem) -> Vec<Path> {
        let mut walks = vec![Walk::default()];
        for layer in &problem.layers {
            let go = |walk: Walk| {
                let from = walk.steps.last().map_or(0, |step| step.to);
                let steps = layer.steps.iter().filter(move |step| step.from == from);
                steps.map(move |step| {
                    let mut walk = walk.clone();
                    walk.push(step);
                    walk
                })
            };
            walks = walks.into_iter().flat_map(go).collect();
        }
        walks.iter().map(Walk::path).collect()
    }

    pub fn problem() -> impl Strategy<Value = Problem> {
        let shares =
            prop::array::uniform4(0u32..60).prop_map(|shares| shares.map(|share| f64::from(share) / 100.0));
        let layers = prop::collection::vec(prop::collection::vec((0u32..3, 0u32..3, shares), 1..7), 1..5);
        let units = prop::array::uniform4(any::<bool>().prop_map(|known| if known { 0.01 } else { 0.0 }));
        (layers, prop::array::uniform4(any::<bool>()), units).prop_map(|(layers, limited, units)| {
            let mut before = 1;
            let layer = |steps: Vec<(u32, u32, Shares)>| {
                let steps = steps.into_iter().enumerate().map(|(way, (from, to, shares))| Step {
                    from: from % before,
                    to,
                    shares,
                    way: way as u32,
                    cycles: f64::from(way as u32 % 3),
                });
                let steps = steps.collect();
                before = 3;
                Layer { states: 3, steps }
            };
            Problem::new(layers.into_iter().map(layer).collect(), limited, units)
        })
    }

    proptest! {
        /// Against all paths.
        #[test]
        fn agrees_with_brute_force(problem in problem()) {
            let all = paths(&problem);
            for goal in [Goal::Fit, Goal::Largest, Goal::Total] {
                let least = all.iter().map(|path| problem.value(goal, path.shares)).fold(f64::INFINITY, f64::min);
                let found = problem.solve(goal, &Hints::default(), MOST_PARTS);
                if goal == Goal::Fit {
                    // It only has to know which side of 1 it is on.
                    prop_assert_eq!(found.value <= 1.0 + TINY, least <= 1.0 + TINY, "{:?} {}", &found, least);
                    prop_assert!(found.value >= least - TINY && found.bound <= least + TINY);
                    if least > 1.0 + TINY {
                        prop_assert!(found.bound > 1.0 + TINY || found.path.is_none(), "{:?} {}", &found, least);
                    }
                } else if goal == Goal::Largest && least > 1.0 + TINY {
                    prop_assert!(found.bound > 1.0 + TINY && !found.fits(), "{:?} {}", &found, least);
                } else {
                    prop_assert!((found.value - least).abs() < 1e-6 || found.value == least, "{:?} {}", &found, least);
                    prop_assert!(found.bound <= least + 1e-6);
                }
                if let Some(path) = &found.path {
                    let mut state = 0;
                    let mut shares = [0.0; KINDS];
                    let mut cycles = 0.0f64;
                    for (layer, &step) in problem.layers.iter().zip(&path.ways) {
                        let step = *layer.steps.iter().find(|other| other.way == step).expect("a path is made of steps");
                        prop_assert_eq!(step.from, state);
                        state = step.to;
                        shares = add(shares, step.shares);
                        cycles = cycles.max(step.cycles);
                    }
                    prop_assert_eq!((shares, cycles), (path.shares, path.cycles));
                }
            }
        }
    }
}
