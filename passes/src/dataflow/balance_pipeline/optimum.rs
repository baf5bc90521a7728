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

use super::weights::{self, Allowed, Plane};
use std::borrow::Cow;

/// Kinds of resources.
pub const KINDS: usize = 4;

/// Shares of the budget of each kind.
pub type Shares = [f64; KINDS];

/// Below this, shares are equal: less than one LUT of any device.
pub const TINY: f64 = 1e-9;

/// The most weights that are tried before steps are removed; a handful is usual.
const MOST_CUTS: usize = 24;

/// How often steps are removed and weights tried anew.
const MOST_ROUNDS: usize = 6;

/// Of how many weights bounds are kept.
const KEPT_CUTS: usize = 6;

/// Paths that are extended at once, where only a good one is looked for.
const BEAM: usize = 48;

/// The most paths that the enumeration extends before steps are parted.
const MOST_LABELS: usize = 12_000;

/// The most parts that are looked at before the proof is given up, where one problem is all.
pub const MOST_PARTS: usize = 600;

/// The most that a weight beyond 1 can be: kinds that are so scarce decide alone.
const LARGEST_WEIGHT: f64 = 1e3;

/// A way to go on.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// State before the layer.
    pub from: u32,
    /// State behind the layer.
    pub to: u32,
    /// What it costs.
    pub shares: Shares,
    /// Cycles that it takes.
    pub cycles: f64,
    /// What the caller knows it by.
    pub way: u32,
}

/// The steps of a layer.
#[derive(Clone, Debug, Default)]
pub struct Layer {
    /// States behind the layer; the first layer starts from state 0.
    pub states: usize,
    /// The steps, in the order of the states that they come from; it decides between equals.
    pub steps: Vec<Step>,
}

/// What is to be as small as possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The largest share of a limited kind; a path that fits, with none above 1, is good enough.
    Fit,
    /// The largest share of a limited kind; paths above 1 are of no interest.
    Largest,
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
    /// What the shares of each kind are multiples of; 0 where that is not known.
    pub units: Shares,
}

/// A path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    /// What the caller knows the step of each layer by.
    pub ways: Vec<u32>,
    /// What they cost together.
    pub shares: Shares,
    /// Cycles of the slowest step.
    pub cycles: f64,
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
    /// The weights of the best bound.
    pub weights: Shares,
    /// How many parts were looked at.
    pub parts: usize,
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

fn add(a: Shares, b: Shares) -> Shares {
    std::array::from_fn(|kind| a[kind] + b[kind])
}

fn dot(a: Shares, b: Shares) -> f64 {
    (0..KINDS).map(|kind| a[kind] * b[kind]).sum()
}

/// Costs for one choice of weights on the kinds.
#[derive(Clone)]
struct Cut {
    weights: Shares,
    says: Says,
    /// The least weighted cost from each state behind each layer to the end; the first entry is in front of all.
    to_end: Vec<Vec<f64>>,
}

/// What the weighted cost of a path says.
#[derive(Clone, Copy)]
enum Says {
    /// Without the offset, it is at most the path's value, if it fits.
    Value { offset: f64 },
    /// Only whether the path fits.
    Fits,
}

impl Cut {
    /// The weighted cost of the cheapest path.
    fn cheapest(&self) -> f64 {
        self.to_end[0][0]
    }

    /// What no path that fits is below.
    fn bound(&self) -> f64 {
        match self.says {
            Says::Value { offset } => self.cheapest() - offset,
            Says::Fits => 0.0,
        }
    }
}

impl Problem {
    /// A problem; units as in the field.
    pub fn new(mut layers: Vec<Layer>, limited: [bool; KINDS], units: Shares) -> Self {
        layers.iter_mut().for_each(|layer| layer.steps.sort_by_key(|step| (step.from, step.to)));
        Self { layers, limited, units }
    }

    /// Solves the problem. What helps: `known` are paths of it that may be good, and no path is below `least_value`. After
    /// `most_parts` parts the proof is given up.
    pub fn solve(&self, goal: Goal, known: &[Path], least_value: f64, most_parts: usize) -> Solution {
        let mut solver = Solver::new(self, goal, least_value);
        known.iter().for_each(|path| solver.offer(path.clone()));
        solver.tried = known.iter().filter_map(|path| self.follow(path.ways.iter().copied())).collect();
        let mut open = solver.examine();
        let weights = solver.weights;
        let mut parts = 0;
        // The part of the least bound first: with it all are closed.
        while let Some(next) = least(&open, |part| part.bound) {
            if open[next].bound > solver.worth() || solver.is_decided(0.0) || parts == most_parts {
                break;
            }
            let Part { problem, bound, x, tried } = open.swap_remove(next);
            let mut part = Solver { problem: Cow::Owned(problem), cuts: vec![], bound, x, tried, ..solver };
            open.extend(part.examine());
            solver = part;
            parts += 1;
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
        Solution { path: solver.best, value: solver.value, bound, weights, parts }
    }

    /// The steps that take at most `cycles`. Of steps between the same states, only those to which no other one is at most
    /// equal in every kind of resources and in the cycles beyond `least_cycles`; up to those all are fast enough.
    pub fn within(&self, cycles: f64, least_cycles: f64) -> Self {
        let slow = |step: &Step| step.cycles.max(least_cycles);
        let no_worse =
            |a: &Step, b: &Step| slow(a) <= slow(b) && a.shares.iter().zip(&b.shares).all(|(a, b)| a <= b);
        let best = |layer: &Layer| {
            let mut kept: Vec<Step> = Vec::with_capacity(layer.steps.len());
            // Those between the same states are behind each other.
            let mut first = 0;
            for step in layer.steps.iter().filter(|step| step.cycles <= cycles) {
                if kept.last().is_some_and(|last| (last.from, last.to) != (step.from, step.to)) {
                    first = kept.len();
                }
                if kept[first..].iter().any(|other| no_worse(other, step)) {
                    continue;
                }
                let mut end = first;
                for at in first..kept.len() {
                    if !no_worse(step, &kept[at]) {
                        kept[end] = kept[at];
                        end += 1;
                    }
                }
                kept.truncate(end);
                kept.push(*step);
            }
            Layer { states: layer.states, steps: kept }
        };
        let layers = self.layers.iter().map(best).collect();
        Self { layers, limited: self.limited, units: self.units }.without(|_, _| false)
    }

    /// Without the steps of which `is_worse` says so, by the layer and the step, and those that lead nowhere then.
    fn without(mut self, is_worse: impl Fn(usize, &Step) -> bool) -> Self {
        let mut reached = vec![true];
        for (index, layer) in self.layers.iter_mut().enumerate() {
            let mut behind = vec![false; layer.states];
            layer.steps.retain(|step| {
                let stays = reached[step.from as usize] && !is_worse(index, step);
                behind[step.to as usize] |= stays;
                stays
            });
            reached = behind;
        }
        // From the end: steps that go on, and states that they come from, numbered anew in the same order.
        let mut numbers: Vec<Vec<u32>> = vec![];
        let mut goes_on = reached;
        for index in (0..self.layers.len()).rev() {
            let states = if index == 0 { 1 } else { self.layers[index - 1].states };
            let layer = &mut self.layers[index];
            let mut before = vec![false; states];
            layer.steps.retain(|step| {
                before[step.from as usize] |= goes_on[step.to as usize];
                goes_on[step.to as usize]
            });
            numbers.push(ranks(&goes_on));
            layer.states = goes_on.into_iter().filter(|&stays| stays).count();
            goes_on = before;
        }
        numbers.push(vec![0]);
        numbers.reverse();
        for (layer, numbers) in self.layers.iter_mut().zip(numbers.windows(2)) {
            for step in &mut layer.steps {
                (step.from, step.to) = (numbers[0][step.from as usize], numbers[1][step.to as usize]);
            }
        }
        self
    }

    /// How many steps there are.
    fn steps(&self) -> usize {
        self.layers.iter().map(|layer| layer.steps.len()).sum()
    }

    /// The steps on paths whose largest share may be at most `most`, by the weights of a bound.
    pub fn pruned(self, weights: Shares, most: f64) -> Self {
        let cut = Cut { weights, says: Says::Fits, to_end: self.costs_to_end(weights) };
        let limit = dot(weights, self.most(most + TINY));
        self.without_above(&[(cut, limit)])
    }

    /// What a path that is worth at most so much costs at most.
    fn most(&self, worth: f64) -> Shares {
        self.units.map(|unit| if unit == 0.0 { worth } else { (worth / unit).floor() * unit + TINY / 10.0 })
    }

    /// Without the steps of which no path through them comes to the limit of each cut or below.
    fn without_above(self, cuts: &[(Cut, f64)]) -> Self {
        let from_start: Vec<_> = cuts.iter().map(|(cut, _)| self.costs_from_start(cut.weights)).collect();
        let is_above = |index: usize, step: &Step| {
            cuts.iter().zip(&from_start).any(|((cut, limit), from_start)| {
                let before = from_start[index][step.from as usize];
                let behind = cut.to_end[index + 1][step.to as usize];
                before + dot(cut.weights, step.shares) + behind > *limit
            })
        };
        self.without(is_above)
    }

    /// The least weighted cost from the start to each state.
    fn costs_from_start(&self, weights: Shares) -> Vec<Vec<f64>> {
        let mut costs = vec![vec![0.0]];
        for layer in &self.layers {
            let before = costs.last().expect("costs start with those in front");
            let mut behind = vec![f64::INFINITY; layer.states];
            for step in &layer.steps {
                let cost = before[step.from as usize] + dot(weights, step.shares);
                let least = &mut behind[step.to as usize];
                *least = least.min(cost);
            }
            costs.push(behind);
        }
        costs
    }

    /// The least weighted cost from each state to the end.
    fn costs_to_end(&self, weights: Shares) -> Vec<Vec<f64>> {
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

    /// The most of each kind that is needed from each state to the end; the first entry is in front of all.
    fn most_to_end(&self) -> Vec<Vec<Shares>> {
        let mut most = vec![vec![[0.0; KINDS]; self.layers.last().map_or(1, |layer| layer.states)]];
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let states = if index == 0 { 1 } else { self.layers[index - 1].states };
            let mut before = vec![[0.0; KINDS]; states];
            let behind = most.last().expect("it starts with that at the end");
            for step in &layer.steps {
                let needed = add(step.shares, behind[step.to as usize]);
                let most: &mut Shares = &mut before[step.from as usize];
                *most = std::array::from_fn(|kind| most[kind].max(needed[kind]));
            }
            most.push(before);
        }
        most.reverse();
        most
    }

    /// The path of least weighted cost, given what it costs from each state to the end.
    fn shortest(&self, weights: Shares, to_end: &[Vec<f64>]) -> Option<(Path, Vec<Step>)> {
        let mut path = Path::default();
        let mut steps = vec![];
        let mut state = 0;
        for (layer, behind) in self.layers.iter().zip(&to_end[1..]) {
            let from_here = layer.from(state).iter();
            let cost = |step: &Step| dot(weights, step.shares) + behind[step.to as usize];
            let step = from_here.reduce(|best, next| if cost(next) < cost(best) { next } else { best })?;
            if cost(step).is_infinite() {
                return None;
            }
            path.push(step);
            steps.push(*step);
            state = step.to;
        }
        Some((path, steps))
    }

    /// The steps that a path consists of, if all of them are left.
    fn follow(&self, ways: impl Iterator<Item = u32>) -> Option<Vec<Step>> {
        let mut state = 0;
        let step = |(layer, way): (&Layer, u32)| {
            let step = layer.from(state).iter().find(|step| step.way == way).copied()?;
            state = step.to;
            Some(step)
        };
        self.layers.iter().zip(ways).map(step).collect()
    }

    /// Those of some paths of which all steps are left.
    fn left_of(&self, paths: &[Vec<Step>]) -> Vec<Vec<Step>> {
        paths.iter().filter_map(|path| self.follow(path.iter().map(|step| step.way))).collect()
    }

    fn fits(&self, shares: Shares) -> bool {
        (0..KINDS).all(|kind| !self.limited[kind] || shares[kind] <= 1.0 + TINY)
    }

    fn value(&self, goal: Goal, shares: Shares) -> f64 {
        match goal {
            Goal::Fit | Goal::Largest => {
                let limited = (0..KINDS).filter(|&kind| self.limited[kind]);
                limited.map(|kind| shares[kind]).fold(0.0, f64::max)
            }
            Goal::Total if self.fits(shares) => shares.iter().sum(),
            Goal::Total => f64::INFINITY,
        }
    }
}

impl Layer {
    /// The steps from a state.
    fn from(&self, state: u32) -> &[Step] {
        let first = self.steps.partition_point(|step| step.from < state);
        let count = self.steps[first..].partition_point(|step| step.from == state);
        &self.steps[first..first + count]
    }
}

/// The number of each of those that stay among them.
fn ranks(stay: &[bool]) -> Vec<u32> {
    let mut count = 0;
    let mut rank = |&stays: &bool| {
        count += u32::from(stays);
        count - u32::from(stays)
    };
    stay.iter().map(&mut rank).collect()
}

impl Path {
    fn push(&mut self, step: &Step) {
        self.ways.push(step.way);
        self.shares = add(self.shares, step.shares);
        self.cycles = self.cycles.max(step.cycles);
    }
}

struct Solver<'p> {
    problem: Cow<'p, Problem>,
    goal: Goal,
    cuts: Vec<Cut>,
    best: Option<Path>,
    value: f64,
    /// What no path of the problem is below.
    bound: f64,
    /// The weights of the best bound, and what they were made of.
    weights: Shares,
    x: Option<Shares>,
    /// The paths that weights have led to, as far as they are left.
    tried: Vec<Vec<Step>>,
}

/// A part of the paths that is yet to be looked at.
struct Part {
    problem: Problem,
    bound: f64,
    x: Option<Shares>,
    tried: Vec<Vec<Step>>,
}

/// The place of the first of the least.
fn least<T>(items: &[T], of: impl Fn(&T) -> f64) -> Option<usize> {
    (0..items.len()).reduce(|best, next| if of(&items[next]) < of(&items[best]) { next } else { best })
}

impl<'p> Solver<'p> {
    fn new(problem: &'p Problem, goal: Goal, bound: f64) -> Self {
        let problem = Cow::Borrowed(problem);
        let weights = [0.0; KINDS];
        Self {
            problem,
            goal,
            cuts: vec![],
            best: None,
            value: f64::INFINITY,
            bound,
            weights,
            x: None,
            tried: vec![],
        }
    }

    /// Looks for the best path; returns the parts in which a better one may be.
    fn examine(&mut self) -> Vec<Part> {
        let is_first = self.x.is_none();
        for round in 0..MOST_ROUNDS {
            let ends = self.cut();
            self.bound = self.bound.max(self.best_cut());
            if !ends || self.is_excluded() || self.is_decided(self.bound) {
                return vec![];
            }
            if round == 0 && is_first {
                self.keep_best_cuts();
                self.enumerate(Some(BEAM));
            }
            // Another round is worth while if a good part of the steps goes.
            if !self.prune() {
                break;
            }
        }
        if self.enumerate(None) { vec![] } else { self.parts() }
    }

    /// Parts the steps of a layer in two, where the paths of the last weights differ the most.
    fn parts(&self) -> Vec<Part> {
        let Some((last, others)) = self.tried.split_last() else { return vec![] };
        // Those that the bound is a mixture of cost about the same by its weights.
        let weighted =
            |steps: &Vec<Step>| steps.iter().map(|step| dot(self.weights, step.shares)).sum::<f64>();
        let mut others: Vec<&Vec<Step>> = others.iter().collect();
        others.sort_by(|a, b| weighted(a).total_cmp(&weighted(b)));
        let mut most = (TINY, None);
        for other in others.into_iter().take(KINDS) {
            for (index, (a, b)) in last.iter().zip(other).enumerate() {
                for kind in (0..KINDS).filter(|&kind| self.problem.limited[kind] || self.goal == Goal::Total)
                {
                    let difference = (a.shares[kind] - b.shares[kind]).abs();
                    if difference > most.0 {
                        most = (difference, Some((index, kind, (a.shares[kind] + b.shares[kind]) / 2.0)));
                    }
                }
            }
        }
        let part = |problem: Problem| {
            let tried = problem.left_of(&self.tried);
            Part { problem, bound: self.bound, x: self.x, tried }
        };
        let Some((index, kind, middle)) = most.1 else {
            return vec![part(self.problem.clone().into_owned())];
        };
        [true, false]
            .map(|low| {
                let is_other = |at, step: &Step| at == index && (step.shares[kind] <= middle) != low;
                part(self.problem.clone().into_owned().without(is_other))
            })
            .into()
    }

    /// The bound of the best weights so far; infinite if no path ends.
    fn best_cut(&self) -> f64 {
        self.cuts.iter().map(Cut::bound).fold(0.0, f64::max)
    }

    /// Is there no path of interest by the weights so far?
    fn is_excluded(&self) -> bool {
        self.bound > self.worth() || self.cuts.iter().any(|cut| cut.cheapest() > self.limit(cut))
    }

    /// What each kind must be at most on a path of interest.
    fn most(&self) -> Shares {
        match self.goal {
            Goal::Fit | Goal::Largest => self.problem.most(self.worth()),
            Goal::Total => self.problem.most(1.0 + TINY),
        }
    }

    /// What a path of interest must cost at most by the weights of a cut.
    fn limit(&self, cut: &Cut) -> f64 {
        match (self.goal, cut.says) {
            (Goal::Total, Says::Value { offset }) => offset + self.worth(),
            _ => dot(cut.weights, self.most()),
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

    /// Removes the steps that the bounds exclude. False if few of them go.
    fn prune(&mut self) -> bool {
        self.keep_best_cuts();
        let before = self.problem.steps();
        let problem = std::mem::replace(
            &mut self.problem,
            Cow::Owned(Problem::new(vec![], [false; KINDS], [0.0; KINDS])),
        );
        let cuts = std::mem::take(&mut self.cuts).into_iter();
        let mut cuts: Vec<(Cut, f64)> = cuts
            .map(|cut| {
                let limit = self.limit(&cut);
                (cut, limit)
            })
            .collect();
        let problem = problem.into_owned().without_above(&cuts);
        let after = problem.steps();
        // The same weights, over the steps that are left.
        for (cut, _) in &mut cuts {
            cut.to_end = problem.costs_to_end(cut.weights);
        }
        self.tried = problem.left_of(&self.tried);
        self.cuts = cuts.into_iter().map(|(cut, _)| cut).collect();
        self.problem = Cow::Owned(problem);
        after * 10 < before * 9
    }

    /// Keeps the cuts that exclude the most, and has one of each kind alone.
    fn keep_best_cuts(&mut self) {
        let cuts = std::mem::take(&mut self.cuts).into_iter();
        let cuts = cuts.filter(|cut| matches!(cut.says, Says::Value { .. }));
        let mut cuts: Vec<(f64, Cut)> = cuts.map(|cut| (cut.cheapest() - self.limit(&cut), cut)).collect();
        cuts.sort_by(|a, b| b.0.total_cmp(&a.0));
        self.cuts = cuts.into_iter().take(KEPT_CUTS).map(|(_, cut)| cut).collect();
        for kind in (0..KINDS).filter(|&kind| self.problem.limited[kind]) {
            let weights: Shares = std::array::from_fn(|other| f64::from(u8::from(other == kind)));
            self.cuts.push(Cut { weights, says: Says::Fits, to_end: self.problem.costs_to_end(weights) });
        }
    }

    fn offer(&mut self, path: Path) {
        let value = self.problem.value(self.goal, path.shares);
        if value < self.value - TINY / 1e3 || self.value.is_infinite() && value.is_finite() {
            (self.best, self.value) = (Some(path), value);
        }
    }

    /// Improves the bound by better and better weights, from the best so far on. False if no path ends.
    fn cut(&mut self) -> bool {
        let usual = match self.goal {
            Goal::Fit | Goal::Largest => {
                let limited = self.problem.limited.map(f64::from);
                limited.map(|limit| limit / limited.iter().sum::<f64>().max(1.0))
            }
            Goal::Total => [0.0; KINDS],
        };
        let mut x = self.next_weights().map(|(next, _)| next).or(self.x).unwrap_or(usual);
        let mut highest = f64::NEG_INFINITY;
        for _ in 0..MOST_CUTS {
            let (weights, offset) = match self.goal {
                Goal::Fit | Goal::Largest => (x, 0.0),
                Goal::Total => (x.map(|extra| 1.0 + extra), dot(x, self.most())),
            };
            let to_end = self.problem.costs_to_end(weights);
            let cut = Cut { weights, says: Says::Value { offset }, to_end };
            let Some((path, steps)) = self.problem.shortest(weights, &cut.to_end) else {
                self.cuts.push(cut);
                return false;
            };
            self.tried.push(steps);
            self.offer(path);
            let reached = self.height(&cut);
            if self.x.is_none() || reached > highest {
                (self.x, self.weights) = (Some(x), weights);
            }
            highest = highest.max(reached);
            let is_over = cut.cheapest() > self.limit(&cut);
            self.cuts.push(cut);
            if is_over || self.is_decided(self.best_cut()) {
                break;
            }
            match self.next_weights() {
                Some((next, most)) if most > highest + TINY => x = next,
                _ => break,
            }
        }
        true
    }

    /// By how much the weights of a cut exceed what paths of interest may cost, or the bound of the sum.
    fn height(&self, cut: &Cut) -> f64 {
        match self.goal {
            Goal::Fit | Goal::Largest => cut.cheapest() - self.limit(cut),
            Goal::Total => cut.bound(),
        }
    }

    /// The x at which the paths tried so far allow the most height, and that height.
    fn next_weights(&self) -> Option<(Shares, f64)> {
        let most = self.most();
        let plane = |path: &Vec<Step>| {
            let shares = path.iter().fold([0.0; KINDS], |sum, step| add(sum, step.shares));
            let slopes = std::array::from_fn(|kind| shares[kind] - most[kind]);
            let constant = if self.goal == Goal::Total { shares.iter().sum() } else { 0.0 };
            Plane { slopes, constant }
        };
        let planes: Vec<Plane> = self.tried.iter().map(plane).collect();
        let allowed = match self.goal {
            Goal::Fit | Goal::Largest => Allowed::Shares,
            Goal::Total => Allowed::UpTo(LARGEST_WEIGHT),
        };
        weights::best(&planes, self.problem.limited, allowed)
    }

    /// Closes the gap, or with a beam looks for a better path only: of those to a layer as many as the beam are extended. False
    /// if there were too many paths, so that a better one may exist.
    fn enumerate(&mut self, beam: Option<usize>) -> bool {
        let limits: Vec<f64> = self.cuts.iter().map(|cut| self.limit(cut)).collect();
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
                    if self.is_promising(&limits, shares, index + 1, step.to as usize) {
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
            let mut next = self.undominated(next, &most_to_end[index + 1]);
            if let Some(beam) = beam.filter(|&beam| next.len() > beam) {
                let bound = |label: &Label| self.bound_from(label.shares, index + 1, label.state as usize);
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

    /// May a path that has come to a state at these costs end within the limits of the cuts?
    fn is_promising(&self, limits: &[f64], shares: Shares, layer: usize, state: usize) -> bool {
        let cuts = self.cuts.iter().zip(limits);
        cuts.into_iter().all(|(cut, limit)| dot(cut.weights, shares) + cut.to_end[layer][state] <= *limit)
    }

    /// What no path that has come to a state at these costs is below.
    fn bound_from(&self, shares: Shares, layer: usize, state: usize) -> f64 {
        let of = |cut: &Cut| match cut.says {
            Says::Value { offset } => dot(cut.weights, shares) + cut.to_end[layer][state] - offset,
            Says::Fits if self.goal == Goal::Total => 0.0,
            Says::Fits => dot(cut.weights, shares) + cut.to_end[layer][state],
        };
        self.cuts.iter().map(of).fold(0.0, f64::max)
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All paths.
    pub fn paths(problem: &Problem) -> Vec<Path> {
        let mut ends = vec![(0u32, Path::default())];
        for layer in &problem.layers {
            let go = |(state, path): (u32, Path)| {
                let steps = layer.steps.iter().filter(move |step| step.from == state);
                steps.map(move |step| {
                    let mut path = path.clone();
                    path.push(step);
                    (step.to, path)
                })
            };
            ends = ends.into_iter().flat_map(go).collect();
        }
        ends.into_iter().map(|(_, path)| path).collect()
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
                let found = problem.solve(goal, &[], 0.0, MOST_PARTS);
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
