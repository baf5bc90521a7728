//! What paths cost up to each state, and from each state on.

use super::{KINDS, Problem, Shares, Step, add, dot};

/// A value for each state: in front of all layers, and behind each of them.
#[derive(Clone)]
pub(super) struct AtStates<T> {
    /// Where the states in front of each layer start.
    first: Vec<usize>,
    values: Vec<T>,
}

impl<T: Copy> AtStates<T> {
    fn new(problem: &Problem, value: T) -> Self {
        let states = std::iter::once(1).chain(problem.layers.iter().map(|layer| layer.states));
        let mut sum = 0;
        let first = std::iter::once(0).chain(states.map(|states| {
            sum += states;
            sum
        }));
        let first = first.collect();
        Self { first, values: vec![value; sum] }
    }

    /// Those in front of a layer, or behind the last one.
    pub(super) fn before(&self, layer: usize) -> &[T] {
        &self.values[self.first[layer]..self.first[layer + 1]]
    }

    /// Those behind a layer.
    pub(super) fn behind(&self, layer: usize) -> &[T] {
        self.before(layer + 1)
    }

    /// Those in front of a layer and behind it.
    fn around(&mut self, layer: usize) -> (&mut [T], &mut [T]) {
        let (first, middle, end) = (self.first[layer], self.first[layer + 1], self.first[layer + 2]);
        let (before, behind) = self.values[first..end].split_at_mut(middle - first);
        (before, behind)
    }

    /// That in front of all.
    pub(super) fn start(&self) -> T {
        self.values[0]
    }
}

/// The lesser one; unlike `f64::min` a single instruction.
#[inline(always)]
fn lesser(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}

/// Of each kind the least.
#[inline(always)]
fn least(a: Shares, b: Shares) -> Shares {
    std::array::from_fn(|kind| lesser(a[kind], b[kind]))
}

impl Problem {
    /// From the end on: what a step makes of the value behind it, picked among the steps from a state.
    fn backward<T: Copy>(
        &self,
        [end, none]: [T; 2],
        with: impl Fn(&Step, T) -> T,
        pick: impl Fn(T, T) -> T,
    ) -> AtStates<T> {
        let mut all = AtStates::new(self, none);
        let last = self.layers.len();
        all.values[all.first[last]..].fill(end);
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let (before, behind) = all.around(index);
            // They are in the order of the states that they come from.
            let Some(first) = layer.steps.first() else { continue };
            let (mut from, mut value) = (first.from, none);
            for step in &layer.steps {
                if step.from != from {
                    before[from as usize] = value;
                    (from, value) = (step.from, none);
                }
                value = pick(value, with(step, behind[step.to as usize]));
            }
            before[from as usize] = value;
        }
        all
    }

    /// From the start on: what a step makes of the value in front of it, picked among the steps to a state.
    fn forward<T: Copy>(
        &self,
        [start, none]: [T; 2],
        with: impl Fn(&Step, T) -> T,
        pick: impl Fn(T, T) -> T,
    ) -> AtStates<T> {
        let mut all = AtStates::new(self, none);
        all.values[0] = start;
        for (index, layer) in self.layers.iter().enumerate() {
            let (before, behind) = all.around(index);
            for step in &layer.steps {
                let value = &mut behind[step.to as usize];
                *value = pick(*value, with(step, before[step.from as usize]));
            }
        }
        all
    }

    /// The least weighted cost from the start to each state.
    pub(super) fn costs_from_start(&self, weights: Shares) -> AtStates<f64> {
        self.forward([0.0, f64::INFINITY], |step, cost| cost + dot(weights, step.shares), lesser)
    }

    /// The least weighted cost from each state to the end.
    pub(super) fn costs_to_end(&self, weights: Shares) -> AtStates<f64> {
        self.backward([0.0, f64::INFINITY], |step, cost| dot(weights, step.shares) + cost, lesser)
    }

    /// The least of each kind, by whatever path, from the start to each state.
    pub(super) fn kinds_from_start(&self) -> AtStates<Shares> {
        let ends = [[0.0; KINDS], [f64::INFINITY; KINDS]];
        self.forward(ends, |step, shares| add(shares, step.shares), least)
    }

    /// The least of each kind, by whatever path, from each state to the end.
    pub(super) fn kinds_to_end(&self) -> AtStates<Shares> {
        let ends = [[0.0; KINDS], [f64::INFINITY; KINDS]];
        self.backward(ends, |step, shares| add(step.shares, shares), least)
    }

    /// The most of each kind that may be needed from each state to the end.
    pub(super) fn most_to_end(&self) -> AtStates<Shares> {
        let most = |a: Shares, b: Shares| std::array::from_fn(|kind| f64::max(a[kind], b[kind]));
        self.backward([[0.0; KINDS]; 2], |step, shares| add(step.shares, shares), most)
    }
}
