//! Bounds: weights on the kinds of resources, the least weighted costs, and the steps that they exclude.

use super::super::weights::{self, Allowed, Plane};
use super::{Goal, KINDS, Path, Problem, Shares, Solver, Step, TINY, add, dot};
use std::borrow::Cow;

/// The most weights that are tried before steps are removed; a handful is usual.
const MOST_CUTS: usize = 24;

/// Of how many weights bounds are kept.
const KEPT_CUTS: usize = 6;

/// The most that a weight beyond 1 can be: kinds that are so scarce decide alone.
const LARGEST_WEIGHT: f64 = 1e3;

/// Costs for one choice of weights on the kinds.
#[derive(Clone)]
pub(super) struct Cut {
    pub(super) weights: Shares,
    pub(super) says: Says,
    /// The least weighted cost from each state behind each layer to the end; the first entry is in front of all.
    pub(super) to_end: Vec<Vec<f64>>,
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
        let cut = Cut { weights, says: Says::Fits, to_end: self.costs_to_end(weights) };
        let limit = dot(weights, self.most(most + TINY));
        self.without_above(&[(cut, limit)])
    }

    /// What a path that is worth at most so much costs at most.
    pub(super) fn most(&self, worth: f64) -> Shares {
        self.units.map(|unit| if unit == 0.0 { worth } else { (worth / unit).floor() * unit + TINY / 10.0 })
    }

    /// Without the steps of which no path through them comes to the limit of each cut or below.
    pub(super) fn without_above(self, cuts: &[(Cut, f64)]) -> Self {
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
    pub(super) fn costs_to_end(&self, weights: Shares) -> Vec<Vec<f64>> {
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

    /// Removes the steps that the bounds exclude. False if few of them go.
    pub(super) fn prune(&mut self) -> bool {
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
    pub(super) fn keep_best_cuts(&mut self) {
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

    /// Improves the bound by better and better weights, from the best so far on. False if no path ends.
    pub(super) fn cut(&mut self) -> bool {
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
