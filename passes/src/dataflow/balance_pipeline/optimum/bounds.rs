//! Bounds: weights on the kinds of resources, the least weighted costs, and the steps that they exclude.

use super::super::weights::{self, Allowed, Plane};
use super::costs::AtStates;
use super::{Goal, KINDS, Problem, Shares, Solver, Step, TINY, Walk, add, dot, exceeds};
use std::borrow::Cow;

/// The most weights that are tried before steps are removed; a handful is usual.
pub(super) const MOST_CUTS: usize = 24;

/// The most that a weight beyond 1 can be: kinds that are so scarce decide alone.
const LARGEST_WEIGHT: f64 = 1e3;

/// Costs for one choice of weights on the kinds.
#[derive(Clone)]
pub(super) struct Cut {
    pub(super) weights: Shares,
    /// Without it, the weighted cost of a path is at most its value, if it fits.
    pub(super) offset: f64,
    /// The least weighted cost from each state to the end.
    pub(super) to_end: AtStates<f64>,
}

impl Cut {
    fn new(problem: &Problem, weights: Shares, offset: f64) -> Self {
        Self { weights, offset, to_end: problem.costs_to_end(weights) }
    }

    /// The weighted cost of the cheapest path.
    pub(super) fn cheapest(&self) -> f64 {
        self.to_end.start()
    }

    /// What no path that fits is below.
    pub(super) fn bound(&self) -> f64 {
        self.cheapest() - self.offset
    }

    /// Does a step, of a layer, exceed the limit on every path?
    fn excludes<'c>(&'c self, problem: &Problem, limit: f64) -> impl Fn(usize, &Step) -> bool + use<'c> {
        let from_start = problem.costs_from_start(self.weights);
        move |layer, step| {
            let before = from_start.before(layer)[step.from as usize];
            let behind = self.to_end.behind(layer)[step.to as usize];
            before + dot(self.weights, step.shares) + behind > limit
        }
    }
}

impl Problem {
    /// The steps on paths whose largest share may be at most `most`, by the weights of a bound.
    pub fn pruned(self, weights: Shares, most: f64) -> Self {
        let cut = Cut::new(&self, weights, 0.0);
        let excludes = cut.excludes(&self, dot(weights, self.most(most + TINY)));
        self.without(excludes)
    }

    /// What a path that is worth at most so much costs at most.
    pub(super) fn most(&self, worth: f64) -> Shares {
        self.units.map(|unit| if unit == 0.0 { worth } else { (worth / unit).floor() * unit + TINY / 10.0 })
    }

    /// The path of least weighted cost, given what it costs from each state to the end.
    pub(super) fn shortest(&self, weights: Shares, to_end: &AtStates<f64>) -> Option<Walk> {
        let mut walk = Walk::default();
        let mut state = 0;
        for (index, layer) in self.layers.iter().enumerate() {
            let behind = to_end.behind(index);
            let from_here = layer.from(state).iter();
            let cost = |step: &Step| dot(weights, step.shares) + behind[step.to as usize];
            let step = from_here.reduce(|best, next| if cost(next) < cost(best) { next } else { best })?;
            if cost(step).is_infinite() {
                return None;
            }
            walk.push(step);
            state = step.to;
        }
        Some(walk)
    }
}

impl Solver<'_> {
    /// The bound of the best weights so far; infinite if no path ends.
    pub(super) fn best_cut(&self) -> f64 {
        self.cuts.iter().map(Cut::bound).fold(0.0, f64::max)
    }

    /// Is there no path of interest by the weights so far?
    pub(super) fn is_excluded(&self) -> bool {
        let is_above = |least: &AtStates<Shares>| exceeds(least.start(), self.most_of_kinds());
        self.bound > self.worth()
            || self.cuts.iter().any(|cut| cut.cheapest() > self.limit(cut))
            || self.kinds.as_ref().is_some_and(is_above)
    }

    /// What a path of interest must cost at most by the weights of a cut.
    pub(super) fn limit(&self, cut: &Cut) -> f64 {
        match self.goal {
            Goal::Total => cut.offset + self.worth(),
            Goal::Fit | Goal::Largest => dot(cut.weights, self.most()),
        }
    }

    /// What a path of interest must cost at most of each kind.
    pub(super) fn most_of_kinds(&self) -> Shares {
        let most = self.most();
        std::array::from_fn(|kind| if self.problem.limited[kind] { most[kind] } else { f64::INFINITY })
    }

    /// Removes the steps that the bound excludes which excludes the most, and keeps that one.
    pub(super) fn prune_by_best(&mut self) {
        let excess = |cut: &Cut| cut.cheapest() - self.limit(cut);
        let best = self.cuts.iter().max_by(|a, b| excess(a).total_cmp(&excess(b))).cloned();
        self.cuts = best.into_iter().collect();
        self.kinds = None;
        self.prune();
    }

    /// Has a bound of each kind alone, too.
    pub(super) fn cut_by_kinds(&mut self) {
        self.kinds = Some(self.problem.kinds_to_end());
    }

    /// Removes the steps that any of the bounds excludes.
    pub(super) fn prune(&mut self) {
        let before = self.problem.steps();
        let limits = self.cuts.iter().map(|cut| self.limit(cut));
        let by_cuts: Vec<_> =
            self.cuts.iter().zip(limits).map(|(cut, limit)| cut.excludes(&self.problem, limit)).collect();
        let most = self.most_of_kinds();
        let kinds = self.kinds.as_ref().map(|to_end| (self.problem.kinds_from_start(), to_end));
        let by_kinds = |layer: usize, step: &Step| {
            kinds.as_ref().is_some_and(|(from_start, to_end)| {
                let before = from_start.before(layer)[step.from as usize];
                let behind = to_end.behind(layer)[step.to as usize];
                exceeds(add(add(before, step.shares), behind), most)
            })
        };
        let problem = std::mem::take(&mut self.problem).into_owned();
        let problem = problem.without_but(&mut self.tried, |layer, step| {
            by_cuts.iter().any(|is_above| is_above(layer, step)) || by_kinds(layer, step)
        });
        drop((by_cuts, kinds));
        if problem.steps() < before {
            self.cuts.iter_mut().for_each(|cut| cut.to_end = problem.costs_to_end(cut.weights));
            self.kinds = self.kinds.take().map(|_| problem.kinds_to_end());
        }
        self.problem = Cow::Owned(problem);
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
            let cut = Cut::new(&self.problem, weights, offset);
            let Some(walk) = self.problem.shortest(weights, &cut.to_end) else {
                self.cuts.push(cut);
                return false;
            };
            self.offer(walk.path());
            self.tried.push(walk);
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
        let plane = |&Walk { shares, .. }: &Walk| {
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
