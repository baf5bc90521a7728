//! Bounds: weights on the kinds of resources, the least weighted costs, and the steps that they exclude.

use super::super::weights::{self, Allowed, Plane};
use super::{Goal, KINDS, Path, Problem, Shares, Solver, Step, TINY, add, dot};
use std::borrow::Cow;

/// The most weights that are tried before steps are removed; a handful is usual.
pub(super) const MOST_CUTS: usize = 24;

/// The most that a weight beyond 1 can be: kinds that are so scarce decide alone.
const LARGEST_WEIGHT: f64 = 1e3;

/// Costs for one choice of weights on the kinds.
#[derive(Clone)]
pub(super) struct Cut {
    pub(super) weights: Shares,
    pub(super) says: Says,
    /// The least weighted cost from each state behind each layer to the end; the first entry is in front of all.
    pub(super) to_end: Vec<Vec<f64>>,
    /// How many steps there were.
    steps: usize,
}

/// What the weighted cost of a path says.
#[derive(Clone, Copy)]
pub(super) enum Says {
    /// Without the offset, it is at most the path's value, if it fits.
    Value { offset: f64 },
    /// Only whether the path fits.
    Fits,
}

impl Cut {
    fn new(problem: &Problem, weights: Shares, says: Says) -> Self {
        Self { weights, says, to_end: problem.costs_to_end(weights), steps: problem.steps() }
    }

    /// The same weights, over the steps that are left.
    fn refresh(&mut self, problem: &Problem) {
        if self.steps > problem.steps() {
            *self = Self::new(problem, self.weights, self.says);
        }
    }

    /// The weighted cost of the cheapest path.
    pub(super) fn cheapest(&self) -> f64 {
        self.to_end[0][0]
    }

    /// What no path that fits is below.
    pub(super) fn bound(&self) -> f64 {
        match self.says {
            Says::Value { offset } => self.cheapest() - offset,
            Says::Fits => 0.0,
        }
    }
}

impl Problem {
    /// The steps on paths whose largest share may be at most `most`, by the weights of a bound.
    pub fn pruned(self, weights: Shares, most: f64) -> Self {
        let cut = Cut::new(&self, weights, Says::Fits);
        let limit = dot(weights, self.most(most + TINY));
        self.without_above(&cut, limit)
    }

    /// What a path that is worth at most so much costs at most.
    pub(super) fn most(&self, worth: f64) -> Shares {
        self.units.map(|unit| if unit == 0.0 { worth } else { (worth / unit).floor() * unit + TINY / 10.0 })
    }

    /// Without the steps of which no path through them comes to the limit of a cut or below.
    pub(super) fn without_above(self, cut: &Cut, limit: f64) -> Self {
        let from_start = self.costs_from_start(cut.weights);
        let is_above = |index: usize, step: &Step| {
            let before = from_start[index][step.from as usize];
            let behind = cut.to_end[index + 1][step.to as usize];
            before + dot(cut.weights, step.shares) + behind > limit
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
    pub(super) fn costs_to_end(&self, weights: Shares) -> Vec<Vec<f64>> {
        let mut costs = vec![vec![0.0; self.layers.last().map_or(1, |layer| layer.states)]];
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let states = if index == 0 { 1 } else { self.layers[index - 1].states };
            let mut before = vec![f64::INFINITY; states];
            let behind = costs.last().expect("costs start with those at the end");
            for steps in layer.steps.chunk_by(|a, b| a.from == b.from) {
                let cost = |step: &Step| dot(weights, step.shares) + behind[step.to as usize];
                before[steps[0].from as usize] = steps.iter().map(cost).fold(f64::INFINITY, f64::min);
            }
            costs.push(before);
        }
        costs.reverse();
        costs
    }

    /// The path of least weighted cost, given what it costs from each state to the end.
    pub(super) fn shortest(&self, weights: Shares, to_end: &[Vec<f64>]) -> Option<(Path, Vec<Step>)> {
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
}

impl Solver<'_> {
    /// The bound of the best weights so far; infinite if no path ends.
    pub(super) fn best_cut(&self) -> f64 {
        self.cuts.iter().map(Cut::bound).fold(0.0, f64::max)
    }

    /// Is there no path of interest by the weights so far?
    pub(super) fn is_excluded(&self) -> bool {
        self.bound > self.worth() || self.cuts.iter().any(|cut| cut.cheapest() > self.limit(cut))
    }

    /// What a path of interest must cost at most by the weights of a cut.
    pub(super) fn limit(&self, cut: &Cut) -> f64 {
        match (self.goal, cut.says) {
            (Goal::Total, Says::Value { offset }) => offset + self.worth(),
            _ => dot(cut.weights, self.most()),
        }
    }

    /// Removes the steps that the bound excludes which excludes the most, and keeps that one.
    pub(super) fn prune_by_best(&mut self) {
        let cuts = std::mem::take(&mut self.cuts).into_iter();
        let cuts = cuts.filter(|cut| matches!(cut.says, Says::Value { .. }));
        let excess = |cut: &Cut| cut.cheapest() - self.limit(cut);
        self.cuts = cuts.max_by(|a, b| excess(a).total_cmp(&excess(b))).into_iter().collect();
        self.prune();
    }

    /// Has a bound of each kind alone, too.
    pub(super) fn cut_by_kinds(&mut self) {
        for kind in (0..KINDS).filter(|&kind| self.problem.limited[kind]) {
            let weights: Shares = std::array::from_fn(|other| f64::from(u8::from(other == kind)));
            self.cuts.push(Cut::new(&self.problem, weights, Says::Fits));
        }
    }

    /// Removes the steps that any of the bounds excludes.
    pub(super) fn prune(&mut self) {
        for index in 0..self.cuts.len() {
            let limit = self.limit(&self.cuts[index]);
            let cut = &mut self.cuts[index];
            cut.refresh(&self.problem);
            let nothing = Cow::Owned(Problem::new(vec![], [false; KINDS], [0.0; KINDS]));
            let problem = std::mem::replace(&mut self.problem, nothing);
            self.problem = Cow::Owned(problem.into_owned().without_above(cut, limit));
        }
        self.cuts.iter_mut().for_each(|cut| cut.refresh(&self.problem));
        self.tried = self.problem.left_of(&self.tried);
    }

    /// Improves the bound by at most so many weights, better and better, from the best so far on. False if no path ends.
    pub(super) fn cut(&mut self, most: usize) -> bool {
        let usual = match self.goal {
            Goal::Fit | Goal::Largest => {
                let limited = self.problem.limited.map(f64::from);
                limited.map(|limit| limit / limited.iter().sum::<f64>().max(1.0))
            }
            Goal::Total => [0.0; KINDS],
        };
        let known = self.start.take().or_else(|| self.next_weights().map(|(next, _)| next));
        let mut x = known.or(self.x).unwrap_or(usual);
        let mut highest = f64::NEG_INFINITY;
        for _ in 0..most {
            let (weights, offset) = match self.goal {
                Goal::Fit | Goal::Largest => (x, 0.0),
                Goal::Total => (x.map(|extra| 1.0 + extra), dot(x, self.most())),
            };
            let cut = Cut::new(&self.problem, weights, Says::Value { offset });
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
    pub(super) fn height(&self, cut: &Cut) -> f64 {
        match self.goal {
            Goal::Fit | Goal::Largest => cut.cheapest() - self.limit(cut),
            Goal::Total => cut.bound(),
        }
    }

    /// The x at which the paths tried so far allow the most height, and that height.
    pub(super) fn next_weights(&self) -> Option<(Shares, f64)> {
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
}
