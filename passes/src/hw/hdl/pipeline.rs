//! Pipelines that a single bit stops.

use super::{Int, Module, Signal};
use atheena_dialects::dataflow::adder_groups;

/// Stages of a pipeline that advances while `enable` is set, empty stages as well: it drains on its own.
///
/// [`Pipeline::step`] goes to the next stage; whoever has signals of a stage takes them along.
#[derive(Clone, Copy)]
pub struct Pipeline<'m, 'c> {
    /// The module.
    pub module: &'m Module<'c>,
    /// Does it advance in this cycle?
    pub enable: Signal<'c>,
    /// Does this stage hold something?
    pub valid: Signal<'c>,
}

impl<'m, 'c> Pipeline<'m, 'c> {
    /// The first stage.
    pub fn new(module: &'m Module<'c>, enable: Signal<'c>, valid: Signal<'c>) -> Self {
        Self { module, enable, valid }
    }

    /// A signal of this stage in the next one.
    pub fn delay(&self, signal: Signal<'c>) -> Signal<'c> {
        self.module.delay(signal, self.enable)
    }

    /// Numbers of this stage in the next one.
    pub fn delay_ints(&self, values: &[Int<'c>]) -> Vec<Int<'c>> {
        values.iter().map(|v| v.delay(self.module, self.enable)).collect()
    }

    /// The next stage, and the signals that go along.
    pub fn step(&mut self, along: &mut [&mut Signal<'c>]) {
        self.valid = self.module.delay_valid(self.valid, self.enable);
        for signal in along {
            **signal = self.delay(**signal);
        }
    }

    /// The sum of each list, by a tree of adders of `inputs` numbers (`adder_groups` says which) with a register behind every `levels` levels and
    /// behind the last one; lists have the same length. Returns the sums, in the stage that this is then.
    pub fn sum(
        &mut self,
        mut lists: Vec<Vec<Int<'c>>>,
        (inputs, levels): (usize, u32),
        along: &mut [&mut Signal<'c>],
    ) -> Vec<Int<'c>> {
        let module = self.module;
        let add = |terms: &[Int<'c>]| match *terms {
            [a, b, c] => module.sum_of_three([a, b, c]),
            _ => terms.iter().copied().reduce(|a, b| a + b).expect("a group has a number"),
        };
        let mut level = 0;
        while let Some(count) = lists.first().map(Vec::len).filter(|&count| count > 1) {
            let groups = adder_groups(count, inputs);
            for list in &mut lists {
                let mut rest = list.as_slice();
                let group = |&count: &usize| add(rest.split_off(..count).unwrap_or_default());
                *list = groups.iter().map(group).collect();
            }
            level += 1;
            if level % levels == 0 || groups.len() == 1 {
                for list in &mut lists {
                    *list = self.delay_ints(list);
                }
                self.step(along);
            }
        }
        lists.into_iter().flatten().collect()
    }

    /// Reduces each list to one number by a balanced tree with a register behind every `levels` levels and behind
    /// the last one; lists have the same length. Returns the numbers, in the stage that this is then.
    pub fn reduce(
        &mut self,
        mut lists: Vec<Vec<Int<'c>>>,
        levels: u32,
        along: &mut [&mut Signal<'c>],
        combine: impl Fn(Int<'c>, Int<'c>) -> Int<'c>,
    ) -> Vec<Int<'c>> {
        let mut level = 0;
        while lists.iter().any(|list| list.len() > 1) {
            for list in &mut lists {
                *list = list
                    .chunks(2)
                    .map(|pair| if let [a, b] = *pair { combine(a, b) } else { pair[0] })
                    .collect();
            }
            level += 1;
            if level % levels == 0 || lists.iter().all(|list| list.len() == 1) {
                for list in &mut lists {
                    *list = self.delay_ints(list);
                }
                self.step(along);
            }
        }
        lists.into_iter().flatten().collect()
    }
}
