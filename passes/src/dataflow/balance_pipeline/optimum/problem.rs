//! The layered graph: its steps, those of them that are left, and paths through them.

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

pub(super) fn add(a: Shares, b: Shares) -> Shares {
    std::array::from_fn(|kind| a[kind] + b[kind])
}

pub(super) fn dot(a: Shares, b: Shares) -> f64 {
    (0..KINDS).map(|kind| a[kind] * b[kind]).sum()
}

impl Problem {
    /// A problem; units as in the field.
    pub fn new(mut layers: Vec<Layer>, limited: [bool; KINDS], units: Shares) -> Self {
        layers.iter_mut().for_each(|layer| layer.steps.sort_by_key(|step| (step.from, step.to)));
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
    pub(super) fn without(mut self, is_worse: impl Fn(usize, &Step) -> bool) -> Self {
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
    pub(super) fn steps(&self) -> usize {
        self.layers.iter().map(|layer| layer.steps.len()).sum()
    }

    /// The steps that a path consists of, if all of them are left.
    pub(super) fn follow(&self, ways: impl Iterator<Item = u32>) -> Option<Vec<Step>> {
        let mut state = 0;
        let step = |(layer, way): (&Layer, u32)| {
            let step = layer.from(state).iter().find(|step| step.way == way).copied()?;
            state = step.to;
            Some(step)
        };
        self.layers.iter().zip(ways).map(step).collect()
    }

    /// Those of some paths of which all steps are left.
    pub(super) fn left_of(&self, paths: &[Vec<Step>]) -> Vec<Vec<Step>> {
        paths.iter().filter_map(|path| self.follow(path.iter().map(|step| step.way))).collect()
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

impl Path {
    pub(super) fn push(&mut self, step: &Step) {
        self.ways.push(step.way);
        self.shares = add(self.shares, step.shares);
        self.cycles = self.cycles.max(step.cycles);
    }
}
