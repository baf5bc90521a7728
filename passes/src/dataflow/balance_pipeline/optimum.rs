//! The cheapest path through a layered graph whose steps cost several kinds of resources, with a proof.
//!
//! A layer has a step for each way to go on from each state. Costs are shares of a budget, which the sums over a path must not
//! exceed: a shortest path with resource constraints. Three parts, as in Handler and Zang, "A Dual Algorithm for the
//! Constrained Shortest Path Problem" (1980):
//! 1. Weights on the kinds make one cost of them; then the shortest path is found by dynamic programming, and is a bound of what
//!    any path can reach.
//! 2. The weights of the best bound are found by cutting planes (Kelley, "The Cutting-Plane Method for Solving Convex Programs",
//!    1960), whose linear programs have one variable a kind. Each path that comes up on the way is a candidate.
//! 3. What gap remains is closed by enumeration of the paths that no bound excludes, of equal state only those that none is better
//!    than in every kind.

use microlp::{ComparisonOp, OptimizationDirection, Problem as LinearProgram, SolveOutcome, Variable};

/// Kinds of resources.
pub const KINDS: usize = 4;

/// Shares of the budget of each kind.
pub type Shares = [f64; KINDS];

/// Below this, shares are equal: less than one LUT of any device.
const TINY: f64 = 1e-9;

/// The most weights that are tried; a handful is usual.
const MOST_CUTS: usize = 64;

/// Of how many weights the enumeration uses the bound.
const KEPT_CUTS: usize = 6;

/// The most paths that the enumeration extends before it gives up the proof.
const MOST_LABELS: usize = 3_000_000;

/// The most that a weight beyond 1 can be: kinds that are so scarce decide alone.
const LARGEST_WEIGHT: f64 = 1e3;

/// A way to go on.
#[derive(Clone, Debug)]
pub struct Step {
    /// State before the layer.
    pub from: u32,
    /// State behind the layer.
    pub to: u32,
    /// What it costs.
    pub shares: Shares,
    /// What the caller knows it by.
    pub way: u32,
}

/// The steps of a layer.
#[derive(Clone, Debug, Default)]
pub struct Layer {
    /// States behind the layer; the first layer starts from state 0.
    pub states: usize,
    /// The steps, in the order that decides between equals.
    pub steps: Vec<Step>,
}

/// What is to be as small as possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The largest share of a limited kind; a path that fits, with none above 1, is good enough.
    Fit,
    /// The sum of all shares, of paths that fit.
    Total,
}

/// A layered graph.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The layers, in order.
    pub layers: Vec<Layer>,
    /// The kinds whose sum must not exceed 1.
    pub limited: [bool; KINDS],
}

/// A path.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// The step taken in each layer.
    pub steps: Vec<usize>,
    /// What they cost together.
    pub shares: Shares,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Solution {
    /// The best path; None if no path is known that ends, or for [`Goal::Total`] that fits.
    pub path: Option<Path>,
    /// The goal's value on it; infinite without one.
    pub value: f64,
    /// No path has a smaller value. For [`Goal::Fit`] the search ends as soon as it is known to be above 1.
    pub bound: f64,
}

impl Solution {
    /// Does the path fit?
    pub fn fits(&self) -> bool {
        self.value <= 1.0 + TINY
    }

    /// Is it proved that none does? Of [`Goal::Fit`].
    pub fn is_proof(&self) -> bool {
        self.bound > 1.0 + TINY
    }
}

fn add(a: Shares, b: Shares) -> Shares {
    std::array::from_fn(|kind| a[kind] + b[kind])
}

fn dot(a: Shares, b: Shares) -> f64 {
    (0..KINDS).map(|kind| a[kind] * b[kind]).sum()
}

/// Costs for one choice of weights on the kinds: `value >= weights . shares - offset` of any path that fits.
struct Cut {
    weights: Shares,
    offset: f64,
    /// The least weighted cost from each state behind each layer to the end; the first entry is in front of all.
    to_end: Vec<Vec<f64>>,
}

impl Cut {
    fn bound(&self) -> f64 {
        self.to_end[0][0] - self.offset
    }
}

impl Problem {
    /// Solves the problem.
    pub fn solve(&self, goal: Goal) -> Solution {
        let mut solver = Solver { problem: self, goal, cuts: vec![], best: None, value: f64::INFINITY };
        let converged = solver.cut();
        let mut bound = solver.bound();
        if converged && !solver.is_decided(bound) {
            bound = match (solver.enumerate(), goal) {
                (false, _) => bound,
                (true, Goal::Total) => solver.value,
                // Paths above 1 were not looked at, and of those below any will do.
                (true, Goal::Fit) => {
                    if solver.value > 1.0 + TINY {
                        1.0 + 2.0 * TINY
                    } else {
                        bound
                    }
                }
            };
        }
        let bound = bound.min(solver.value);
        Solution { path: solver.best, value: solver.value, bound }
    }

    /// The least weighted cost from each state to the end.
    fn to_end(&self, weights: Shares) -> Vec<Vec<f64>> {
        let mut costs = vec![vec![0.0; self.layers.last().map_or(1, |layer| layer.states)]];
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let states = if index == 0 { 1 } else { self.layers[index - 1].states };
            let mut before = vec![f64::INFINITY; states];
            let behind = costs.last().expect("costs start with those at the end");
            for step in &layer.steps {
                let cost = dot(weights, step.shares) + behind[step.to as usize];
                let least = &mut before[step.from as usize];
                *least = least.min(cost);
            }
            costs.push(before);
        }
        costs.reverse();
        costs
    }

    /// The path of least weighted cost, given what it costs from each state to the end.
    fn shortest(&self, weights: Shares, to_end: &[Vec<f64>]) -> Option<Path> {
        let mut path = Path { steps: vec![], shares: [0.0; KINDS] };
        let mut state = 0;
        for (layer, behind) in self.layers.iter().zip(&to_end[1..]) {
            let from_here = layer.steps.iter().enumerate().filter(|(_, step)| step.from == state);
            let cost = |step: &Step| dot(weights, step.shares) + behind[step.to as usize];
            let (index, step) =
                from_here.reduce(|best, next| if cost(next.1) < cost(best.1) { next } else { best })?;
            if cost(step).is_infinite() {
                return None;
            }
            path.steps.push(index);
            path.shares = add(path.shares, step.shares);
            state = step.to;
        }
        Some(path)
    }

    fn fits(&self, shares: Shares) -> bool {
        (0..KINDS).all(|kind| !self.limited[kind] || shares[kind] <= 1.0 + TINY)
    }

    fn value(&self, goal: Goal, shares: Shares) -> f64 {
        match goal {
            Goal::Fit => {
                let limited = (0..KINDS).filter(|&kind| self.limited[kind]);
                limited.map(|kind| shares[kind]).fold(0.0, f64::max)
            }
            Goal::Total if self.fits(shares) => shares.iter().sum(),
            Goal::Total => f64::INFINITY,
        }
    }
}

struct Solver<'p> {
    problem: &'p Problem,
    goal: Goal,
    cuts: Vec<Cut>,
    best: Option<Path>,
    value: f64,
}

impl Solver<'_> {
    /// The best bound so far; infinite if no path ends.
    fn bound(&self) -> f64 {
        self.cuts.iter().map(Cut::bound).fold(0.0, f64::max)
    }

    /// Is nothing left to find out?
    fn is_decided(&self, bound: f64) -> bool {
        let fits_or_not = self.goal == Goal::Fit && (self.value <= 1.0 + TINY || bound > 1.0 + TINY);
        fits_or_not || self.value - bound <= TINY
    }

    fn offer(&mut self, path: Path) {
        let value = self.problem.value(self.goal, path.shares);
        if value < self.value {
            (self.best, self.value) = (Some(path), value);
        }
    }

    /// Improves the bound by better and better weights. False if no path ends.
    fn cut(&mut self) -> bool {
        // With the paths so far, `slopes . x + constant` bounds what the bound at x can be.
        let mut planes: Vec<(Shares, f64)> = vec![];
        let limited = self.problem.limited.map(f64::from);
        let mut x = match self.goal {
            Goal::Fit => limited.map(|limit| limit / limited.iter().sum::<f64>().max(1.0)),
            Goal::Total => [0.0; KINDS],
        };
        for _ in 0..MOST_CUTS {
            let (weights, offset) = match self.goal {
                Goal::Fit => (x, 0.0),
                Goal::Total => (x.map(|extra| 1.0 + extra), dot(x, limited)),
            };
            let to_end = self.problem.to_end(weights);
            let Some(path) = self.problem.shortest(weights, &to_end) else {
                self.cuts.push(Cut { weights, offset, to_end });
                return false;
            };
            let shares = path.shares;
            let cut = Cut { weights, offset, to_end };
            let reached = cut.bound();
            self.cuts.push(cut);
            self.offer(path);
            if self.is_decided(self.bound()) {
                break;
            }
            planes.push(match self.goal {
                Goal::Fit => (shares, 0.0),
                Goal::Total => {
                    let over =
                        |kind: usize| if self.problem.limited[kind] { shares[kind] - 1.0 } else { 0.0 };
                    (std::array::from_fn(over), shares.iter().sum())
                }
            });
            match self.next_weights(&planes) {
                Some((next, most)) if most > reached + TINY && most > self.bound() + TINY => x = next,
                _ => break,
            }
        }
        true
    }

    /// The x at which the least of the planes is highest, and its height there.
    fn next_weights(&self, planes: &[(Shares, f64)]) -> Option<(Shares, f64)> {
        let mut program = LinearProgram::new(OptimizationDirection::Maximize);
        let height = program.add_var(1.0, (0.0, f64::INFINITY));
        let most = |kind: usize| match (self.problem.limited[kind], self.goal) {
            (false, _) => 0.0,
            (true, Goal::Fit) => 1.0,
            (true, Goal::Total) => LARGEST_WEIGHT,
        };
        let x: [Variable; KINDS] = std::array::from_fn(|kind| program.add_var(0.0, (0.0, most(kind))));
        if self.goal == Goal::Fit {
            program.add_constraint(x.map(|x| (x, 1.0)), ComparisonOp::Eq, 1.0);
        }
        for (slopes, constant) in planes {
            let terms = x.iter().zip(slopes).map(|(&x, &slope)| (x, -slope));
            let terms: Vec<_> = std::iter::once((height, 1.0)).chain(terms).collect();
            program.add_constraint(terms, ComparisonOp::Le, *constant);
        }
        // What rounding makes unsolvable leaves the bound as it is.
        let Ok(SolveOutcome::Solution(solution)) = program.solve() else { return None };
        let at = |variable: Variable| solution.var_value(variable).max(0.0);
        Some((x.map(at), at(height)))
    }

    /// Closes the gap. False if there were too many paths, so that a better one may exist.
    fn enumerate(&mut self) -> bool {
        self.cuts.sort_by(|a, b| b.bound().total_cmp(&a.bound()));
        self.cuts.truncate(KEPT_CUTS);
        // In each kind alone.
        for kind in (0..KINDS).filter(|&kind| self.problem.limited[kind]) {
            let weights: Shares = std::array::from_fn(|other| f64::from(other == kind));
            let to_end = self.problem.to_end(weights);
            if self.goal == Goal::Fit {
                self.cuts.push(Cut { weights, offset: 0.0, to_end });
            } else {
                // Not a bound of the value but of what fits: it must not exceed 1, where the value may be anything.
                self.cuts.push(Cut { weights, offset: f64::NEG_INFINITY, to_end });
            }
        }
        let mut labels = vec![vec![Label { shares: [0.0; KINDS], state: 0, step: 0, before: 0 }]];
        let mut count = 0;
        for (index, layer) in self.problem.layers.iter().enumerate() {
            let before = labels.last().expect("there is a first label");
            let mut by_state: Vec<Vec<Label>> = vec![vec![]; layer.states];
            let mut first_of = vec![vec![]; self.states_before(index)];
            for (at, label) in before.iter().enumerate() {
                first_of[label.state as usize].push(at);
            }
            for (number, step) in layer.steps.iter().enumerate() {
                for &at in &first_of[step.from as usize] {
                    let shares = add(before[at].shares, step.shares);
                    if self.is_promising(shares, index + 1, step.to as usize) {
                        let label = Label { shares, state: step.to, step: number as u32, before: at as u32 };
                        by_state[step.to as usize].push(label);
                        count += 1;
                    }
                }
            }
            if count > MOST_LABELS {
                return false;
            }
            labels.push(by_state.into_iter().flat_map(undominated).collect());
        }
        let ends = labels.last().map(Vec::as_slice).unwrap_or_default();
        let value = |label: &Label| self.problem.value(self.goal, label.shares);
        let best = (0..ends.len())
            .reduce(|best, next| if value(&ends[next]) < value(&ends[best]) { next } else { best });
        if let Some(mut at) = best {
            let shares = ends[at].shares;
            let mut steps = vec![];
            for layer in labels[1..].iter().rev() {
                steps.push(layer[at].step as usize);
                at = layer[at].before as usize;
            }
            steps.reverse();
            self.offer(Path { steps, shares });
        }
        true
    }

    fn states_before(&self, layer: usize) -> usize {
        if layer == 0 { 1 } else { self.problem.layers[layer - 1].states }
    }

    /// May a path that has come to a state at these costs end better than the best so far?
    fn is_promising(&self, shares: Shares, layer: usize, state: usize) -> bool {
        let worth = match self.goal {
            // One that fits is good enough, so nothing above 1 is of use.
            Goal::Fit => self.value.min(1.0 + TINY),
            Goal::Total => self.value - TINY,
        };
        self.cuts.iter().all(|cut| {
            let weighted = dot(cut.weights, shares) + cut.to_end[layer][state];
            if cut.offset.is_finite() { weighted - cut.offset <= worth } else { weighted <= 1.0 + TINY }
        })
    }
}

/// A path to a state.
#[derive(Clone, Copy)]
struct Label {
    shares: Shares,
    state: u32,
    /// The last step.
    step: u32,
    /// The label that it extends, in the layer before.
    before: u32,
}

/// Without those to which another one is at most equal in every kind.
fn undominated(mut labels: Vec<Label>) -> Vec<Label> {
    let total = |label: &Label| label.shares.iter().sum::<f64>();
    labels.sort_by(|a, b| total(a).total_cmp(&total(b)));
    let mut kept: Vec<Label> = vec![];
    for label in labels {
        let no_worse =
            |other: &Label| (0..KINDS).all(|kind| other.shares[kind] <= label.shares[kind] + TINY / 1e3);
        if !kept.iter().any(no_worse) {
            kept.push(label);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All paths, their shares.
    fn paths(problem: &Problem) -> Vec<Shares> {
        let mut ends = vec![(0u32, [0.0; KINDS])];
        for layer in &problem.layers {
            let go = |(state, shares): (u32, Shares)| {
                let steps = layer.steps.iter().filter(move |step| step.from == state);
                steps.map(move |step| (step.to, add(shares, step.shares)))
            };
            ends = ends.into_iter().flat_map(go).collect();
        }
        ends.into_iter().map(|(_, shares)| shares).collect()
    }

    fn problem() -> impl Strategy<Value = Problem> {
        let shares =
            prop::array::uniform4(0u32..60).prop_map(|shares| shares.map(|share| f64::from(share) / 100.0));
        let layers = prop::collection::vec(prop::collection::vec((0u32..3, 0u32..3, shares), 1..7), 1..5);
        (layers, prop::array::uniform4(any::<bool>())).prop_map(|(layers, limited)| {
            let mut before = 1;
            let layer = |steps: Vec<(u32, u32, Shares)>| {
                let steps = steps.into_iter().enumerate().map(|(way, (from, to, shares))| Step {
                    from: from % before,
                    to,
                    shares,
                    way: way as u32,
                });
                let steps = steps.collect();
                before = 3;
                Layer { states: 3, steps }
            };
            Problem { layers: layers.into_iter().map(layer).collect(), limited }
        })
    }

    proptest! {
        /// Against all paths.
        #[test]
        fn agrees_with_brute_force(problem in problem()) {
            let all = paths(&problem);
            for goal in [Goal::Fit, Goal::Total] {
                let least = all.iter().map(|&shares| problem.value(goal, shares)).fold(f64::INFINITY, f64::min);
                let found = problem.solve(goal);
                if goal == Goal::Fit {
                    // It only has to know which side of 1 it is on.
                    prop_assert_eq!(found.value <= 1.0 + TINY, least <= 1.0 + TINY, "{:?} {}", &found, least);
                    prop_assert!(found.value >= least - TINY && found.bound <= least + TINY);
                    if least > 1.0 + TINY {
                        prop_assert!(found.bound > 1.0 + TINY || found.path.is_none(), "{:?} {}", &found, least);
                    }
                } else {
                    prop_assert!((found.value - least).abs() < 1e-6 || found.value == least, "{:?} {}", &found, least);
                    prop_assert!(found.bound <= least + 1e-6);
                }
                if let Some(path) = &found.path {
                    let mut state = 0;
                    let mut shares = [0.0; KINDS];
                    for (layer, &step) in problem.layers.iter().zip(&path.steps) {
                        prop_assert_eq!(layer.steps[step].from, state);
                        state = layer.steps[step].to;
                        shares = add(shares, layer.steps[step].shares);
                    }
                    prop_assert_eq!(shares, path.shares);
                }
            }
        }
    }
}
