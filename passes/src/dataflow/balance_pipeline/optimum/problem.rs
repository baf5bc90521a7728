//! The layered graph: its steps, those of them that are left, and paths through them.

use std::cmp::Ordering;

/// Kinds of resources.
pub const KINDS: usize = 4;

/// Shares of the budget of each kind.
pub type Shares = [f64; KINDS];

/// Below this, shares are equal: less than one LUT of any device.
pub const TINY: f64 = 1e-9;

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
#[derive(Clone, Debug, Default)]
pub struct Problem {
    /// The layers, in order.
    pub layers: Vec<Layer>,
    /// The kinds whose sum must not exceed 1.
    pub limited: [bool; KINDS],
    /// What the shares of each kind are multiples of; 0 where that is not known.
    pub units: Shares,
}

/// A path by its steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    pub(super) steps: Vec<Step>,
    /// What they cost together.
    pub(super) shares: Shares,
}

impl Walk {
    pub(super) fn push(&mut self, step: &Step) {
        self.steps.push(*step);
        self.shares = add(self.shares, step.shares);
    }

    /// The same path.
    pub(super) fn path(&self) -> Path {
        let ways = self.steps.iter().map(|step| step.way).collect();
        let cycles = self.steps.iter().map(|step| step.cycles).fold(0.0, f64::max);
        Path { ways, shares: self.shares, cycles }
    }
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

/// Is any kind above what it may be at most?
pub(super) fn exceeds(shares: Shares, most: Shares) -> bool {
    (0..KINDS).any(|kind| shares[kind] > most[kind])
}

pub(super) fn add(a: Shares, b: Shares) -> Shares {
    std::array::from_fn(|kind| a[kind] + b[kind])
}

pub(super) fn dot(a: Shares, b: Shares) -> f64 {
    (0..KINDS).map(|kind| a[kind] * b[kind]).sum()
}

/// The order of steps: those between the same states behind each other, what may be better in front of what may be worse.
fn in_order(a: &Step, b: &Step) -> Ordering {
    let sum = |step: &Step| step.shares.iter().sum::<f64>();
    let states = (a.from, a.to).cmp(&(b.from, b.to));
    states.then(sum(a).total_cmp(&sum(b))).then(a.cycles.total_cmp(&b.cycles))
}

impl Problem {
    /// A problem; units as in the field.
    pub fn new(mut layers: Vec<Layer>, limited: [bool; KINDS], units: Shares) -> Self {
        layers.iter_mut().for_each(|layer| layer.steps.sort_by(in_order));
        Self { layers, limited, units }
    }

    /// The cycles of the fastest path, whatever it costs.
    pub fn fewest_cycles(&self) -> f64 {
        let mut before = vec![0.0];
        for layer in &self.layers {
            let mut behind = vec![f64::INFINITY; layer.states];
            for step in &layer.steps {
                let cycles: f64 = step.cycles.max(before[step.from as usize]);
                behind[step.to as usize] = cycles.min(behind[step.to as usize]);
            }
            before = behind;
        }
        before.into_iter().fold(f64::INFINITY, f64::min)
    }

    /// The steps that take at most `cycles`. Of steps between the same states, only those to which no other one is at most
    /// equal in every kind of resources and in the cycles beyond `least_cycles`; up to those all are fast enough.
    pub fn within(&self, cycles: f64, least_cycles: f64) -> Self {
        let no_worse = |a: &Step, b: &Step| {
            (a.cycles <= b.cycles || a.cycles <= least_cycles) && !exceeds(a.shares, b.shares)
        };
        let best = |layer: &Layer| {
            let mut kept: Vec<Step> = Vec::with_capacity(layer.steps.len());
            // Those between the same states are behind each other, and none is better than one in front of it.
            let mut first = 0;
            for step in layer.steps.iter().filter(|step| step.cycles <= cycles) {
                if kept.last().is_some_and(|last| (last.from, last.to) != (step.from, step.to)) {
                    first = kept.len();
                }
                if !kept[first..].iter().any(|other| no_worse(other, step)) {
                    kept.push(*step);
                }
            }
            Layer { states: layer.states, steps: kept }
        };
        let layers = self.layers.iter().map(best).collect();
        Self { layers, limited: self.limited, units: self.units }.without(|_, _| false)
    }

    /// Without the steps of which `is_worse` says so, by the layer and the step, and those that lead nowhere then.
    pub(super) fn without(self, is_worse: impl Fn(usize, &Step) -> bool) -> Self {
        self.without_but(&mut vec![], is_worse)
    }

    /// The same, and of some walks those of which no step is removed.
    pub(super) fn without_but(
        mut self,
        walks: &mut Vec<Walk>,
        is_worse: impl Fn(usize, &Step) -> bool,
    ) -> Self {
        walks.retain(|walk| !walk.steps.iter().enumerate().any(|(index, step)| is_worse(index, step)));
        let before = self.steps();
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
        if self.steps() == before {
            return self;
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
        for (index, numbers) in numbers.windows(2).enumerate() {
            let walked = walks.iter_mut().map(|walk| &mut walk.steps[index]);
            for step in self.layers[index].steps.iter_mut().chain(walked) {
                (step.from, step.to) = (numbers[0][step.from as usize], numbers[1][step.to as usize]);
            }
        }
        self
    }

    /// How many steps there are.
    pub(super) fn steps(&self) -> usize {
        self.layers.iter().map(|layer| layer.steps.len()).sum()
    }

    /// The steps that a path consists of, if all of them are left.
    pub(super) fn follow(&self, path: &Path) -> Option<Walk> {
        let mut walk = Walk::default();
        for (layer, &way) in self.layers.iter().zip(&path.ways) {
            let state = walk.steps.last().map_or(0, |step| step.to);
            walk.push(layer.from(state).iter().find(|step| step.way == way)?);
        }
        Some(walk)
    }

    pub(super) fn fits(&self, shares: Shares) -> bool {
        (0..KINDS).all(|kind| !self.limited[kind] || shares[kind] <= 1.0 + TINY)
    }

    pub(super) fn value(&self, goal: Goal, shares: Shares) -> f64 {
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
    pub(super) fn from(&self, state: u32) -> &[Step] {
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
