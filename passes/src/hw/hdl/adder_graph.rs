//! Products of a vector with a constant matrix, as a graph of adders that its outputs share.
//!
//! Each weight is written in canonical signed digits (Reitwiesner, "Binary Arithmetic", 1960), so an output is a sum of shifted inputs,
//! `sum +-2^s x`. Two terms that occur together in several places, in several outputs or at several shifts of one, are added
//! once: `a +- 2^d b` becomes a term of its own (Hartley, "Subexpression Sharing in Filters Using Canonic Signed Digit
//! Multipliers", 1996). [`greedy`] finds some of them, [`recreate`] better ones, and [`build`] makes adders of what is left to
//! add. `benches/adders.py` compares with another tool.
//!
//! ```text
//!   y0 = 5 x + 5 z           s = x + z           t = s + 4 s
//!   y1 = 3 x + 3 z + 8 w     y0 = t              y1 = (4 s - s) + 8 w         4 adders instead of 7
//! ```

mod build;
mod greedy;
mod recreate;
mod sums;
mod three;

use super::{Int, Pipeline, Signal};
use std::collections::HashMap;

/// `node * 2^shift`, or its negative. Nodes are the inputs and then the adders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// The number of the node.
    pub node: u32,
    /// Places to the left.
    pub shift: u32,
    /// Subtracted?
    pub negative: bool,
}

impl Term {
    /// What this is of a sum, where that is itself a term of another one.
    fn within(self, sum: Term) -> Self {
        Self { shift: self.shift + sum.shift, negative: self.negative != sum.negative, ..self }
    }
}

/// The sum of two terms, of which only the second one may be negative.
pub type Adder = [Term; 2];

/// The adders of a matrix.
#[derive(Clone, Debug)]
pub struct AdderGraph {
    inputs: usize,
    adders: Vec<Adder>,
    /// One a row of the matrix; None of a row of zeros.
    outputs: Vec<Option<Term>>,
}

/// Pairs of terms that the search for shared sums looks at: so many a digit of the weights; where there are few digits, so many for each two of
/// them; and in all, which takes some seconds.
const WORK_A_DIGIT: u64 = 2500;
const WORK_A_PAIR: u64 = 8;
const MOST_WORK: u64 = 64_000_000;

/// Bits of a number of two's complement or, where nothing is negative, without a sign.
fn width((low, high): (i128, i128)) -> i64 {
    i64::from(Int::width_of(low, high))
}

impl AdderGraph {
    /// The graph of `matrix`, `[outputs][inputs]`, of inputs in these ranges.
    pub fn of(matrix: &[Vec<i64>], ranges: &[(i128, i128)]) -> Self {
        let sums = sums::Sums::of(matrix, ranges.len());
        let digits = sums.terms() as u64;
        let work = (digits * WORK_A_DIGIT.min(WORK_A_PAIR * digits)).min(MOST_WORK);
        build::build(&recreate::recreate(greedy::share(sums), work), ranges)
    }

    /// The same graph for several vectors behind one another: the outputs of the first one first.
    pub fn copies(&self, vectors: usize) -> Self {
        let of_vector = |vector: usize| {
            let node = move |node: u32| match node as usize {
                input if input < self.inputs => vector * self.inputs + input,
                adder => (vectors - 1) * self.inputs + vector * self.adders.len() + adder,
            };
            move |term: Term| Term { node: node(term.node) as u32, ..term }
        };
        Self {
            inputs: vectors * self.inputs,
            adders: (0..vectors).flat_map(|v| self.adders.iter().map(move |a| a.map(of_vector(v)))).collect(),
            outputs: (0..vectors)
                .flat_map(|v| self.outputs.iter().map(move |o| o.map(of_vector(v))))
                .collect(),
        }
    }

    /// The adders; an adder is the node behind the inputs and the adders before it.
    pub fn adders(&self) -> &[Adder] {
        &self.adders
    }

    /// The node of each row of the matrix; none of a row of zeros.
    pub fn outputs(&self) -> &[Option<Term>] {
        &self.outputs
    }

    /// Registers behind one another, one behind every `stage_levels` adders that follow one another and one behind the last.
    pub fn stages(&self, stage_levels: u32) -> u64 {
        let most = self.levels().into_iter().max().unwrap_or(0);
        u64::from(most.div_ceil(stage_levels).max(1))
    }

    /// Adders behind one another, of each node.
    fn levels(&self) -> Vec<u32> {
        let mut levels = vec![0; self.inputs];
        for adder in &self.adders {
            levels.push(1 + adder.iter().map(|term| levels[term.node as usize]).max().unwrap_or(0));
        }
        levels
    }

    /// The least and the greatest value of each adder: it is a sum of inputs with weights, and inputs do not depend on one another.
    fn ranges(&self, inputs: &[(i128, i128)]) -> Vec<(i128, i128)> {
        let mut weights: Vec<HashMap<u32, i128>> =
            (0..self.inputs as u32).map(|input| HashMap::from([(input, 1)])).collect();
        let mut ranges = inputs.to_vec();
        for adder in &self.adders {
            let mut sum = HashMap::new();
            for term in adder {
                for (&input, &weight) in &weights[term.node as usize] {
                    let weight = weight << term.shift;
                    *sum.entry(input).or_insert(0) += if term.negative { -weight } else { weight };
                }
            }
            let ends = sum.iter().map(|(&input, &weight)| {
                let (low, high) = inputs[input as usize];
                (weight * if weight < 0 { high } else { low }, weight * if weight < 0 { low } else { high })
            });
            ranges.push(ends.fold((0, 0), |(low, high), end| (low + end.0, high + end.1)));
            weights.push(sum);
        }
        ranges.split_off(self.inputs)
    }
}

impl<'c> Pipeline<'_, 'c> {
    /// The products of a constant matrix with numbers of this stage, in the stage that this is then: a register stands behind
    /// every `stage_levels` adders that follow one another, and behind the last one. With adders of three `inputs` there are fewer adders, and
    /// as many stages.
    pub fn multiply(
        &mut self,
        graph: &AdderGraph,
        inputs: &[Int<'c>],
        (inputs_of_adders, stage_levels): (usize, u32),
        along: &mut [&mut Signal<'c>],
    ) -> Vec<Int<'c>> {
        let levels = graph.levels();
        let ranges = graph.ranges(&inputs.iter().map(|input| input.range()).collect::<Vec<_>>());
        let stage_of = |node: u32| levels[node as usize].saturating_sub(1) / stage_levels;
        let adders = if inputs_of_adders < 3 {
            graph.adders.iter().map(|adder| Some(adder.to_vec())).collect()
        } else {
            let inputs = inputs.iter().map(|input| input.range());
            graph.with_three_inputs(&inputs.chain(ranges.iter().copied()).collect::<Vec<_>>(), stage_of)
        };
        let last_stage = (0..levels.len() as u32).map(stage_of).max().unwrap_or(0);
        // The stage in which each node is needed last.
        let mut needed: Vec<Option<u32>> = vec![None; levels.len()];
        for (number, adder) in adders.iter().enumerate() {
            for term in adder.iter().flatten() {
                let stage = stage_of((graph.inputs + number) as u32);
                needed[term.node as usize] = needed[term.node as usize].max(Some(stage));
            }
        }
        for term in graph.outputs.iter().flatten() {
            needed[term.node as usize] = Some(last_stage + 1);
        }
        let mut values: Vec<Option<Int<'c>>> = inputs.iter().copied().map(Some).collect();
        values.resize(levels.len(), None);
        let value = |values: &[Option<Int<'c>>], term: Term| {
            values[term.node as usize]
                .expect("what an adder needs is kept until its stage")
                .shift_left(term.shift)
        };
        for stage in 0..=last_stage {
            for (number, adder) in adders.iter().enumerate() {
                let node = graph.inputs + number;
                if stage_of(node as u32) != stage {
                    continue;
                }
                let (low, high) = ranges[number];
                let sum = match adder.as_deref() {
                    None => continue,
                    Some(&[a, b]) if b.negative => value(&values, a) - value(&values, b),
                    Some(&[a, b]) => value(&values, a) + value(&values, b),
                    Some(&[a, b, c]) => self.module.sum_of_three([a, b, c].map(|term| {
                        let plain = Term { shift: 0, ..term };
                        (value(&values, plain), term.shift, term.negative)
                    })),
                    Some(_) => unreachable!("an adder has two or three terms"),
                };
                values[node] = Some(sum.within(low, high));
            }
            for (value, needed) in values.iter_mut().zip(&needed) {
                *value = value.filter(|_| *needed > Some(stage)).map(|v| v.delay(self.module, self.enable));
            }
            self.step(along);
        }
        let zero = Int::constant(0, self.enable.builder());
        let output = |term: &Option<Term>| match *term {
            None => zero,
            Some(term) if term.negative => zero - value(&values, term),
            Some(term) => value(&values, term),
        };
        graph.outputs.iter().map(output).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl AdderGraph {
        /// What the adders compute.
        fn evaluate(&self, inputs: &[i128]) -> (Vec<i128>, Vec<i128>) {
            let mut values = inputs.to_vec();
            let value = |values: &[i128], term: Term| {
                let value = values[term.node as usize] << term.shift;
                if term.negative { -value } else { value }
            };
            for [a, b] in &self.adders {
                assert!(!a.negative);
                values.push(value(&values, *a) + value(&values, *b));
            }
            let outputs =
                self.outputs.iter().map(|term| term.map_or(0, |term| value(&values, term))).collect();
            (outputs, values.split_off(self.inputs))
        }
    }

    impl AdderGraph {
        /// What the adders compute that have taken in others.
        fn evaluate_with_three_inputs(&self, ranges: &[(i128, i128)], inputs: &[i128]) -> Vec<Option<i128>> {
            let levels = self.levels();
            let nodes = [ranges, &self.ranges(ranges)].concat();
            let mut values: Vec<_> = inputs.iter().copied().map(Some).collect();
            for adder in self.with_three_inputs(&nodes, |node| levels[node as usize] / 2) {
                let value = |term: &Term| {
                    let value = values[term.node as usize].expect("what was taken in is needed nowhere else")
                        << term.shift;
                    if term.negative { -value } else { value }
                };
                values.push(adder.map(|terms| {
                    assert!(terms.len() <= 3 && terms.iter().any(|term| !term.negative));
                    terms.iter().map(value).sum()
                }));
            }
            values.split_off(self.inputs)
        }
    }

    #[test]
    fn adders_of_three_inputs_take_in_what_they_alone_need() {
        let ranges = [(0, 255); 4];
        // Three adders of two inputs make four terms; of three inputs two are enough.
        let graph = AdderGraph::of(&[vec![1, 1, 1, 1]], &ranges);
        let adders = graph.with_three_inputs(&[&ranges[..], &graph.ranges(&ranges)].concat(), |_| 0);
        assert_eq!((graph.adders.len(), adders.iter().flatten().count()), (3, 2));
        // x + z is needed twice.
        let graph = AdderGraph::of(&[vec![1, 1, 0, 4], vec![1, 1, 8, 0]], &ranges);
        let adders = graph.with_three_inputs(&[&ranges[..], &graph.ranges(&ranges)].concat(), |_| 0);
        assert_eq!((graph.adders.len(), adders.iter().flatten().count()), (3, 3));
    }

    #[test]
    fn terms_that_occur_together_are_added_once() {
        let ranges = [(0, 255); 3];
        // x + z, five times it (one adder), three times it (one), and 8 w (one).
        let graph = AdderGraph::of(&[vec![5, 5, 0], vec![3, 3, 8]], &ranges);
        assert_eq!(graph.adders.len(), 4);
        // A power of two is wires, and so is nothing at all.
        assert_eq!(AdderGraph::of(&[vec![0, -4, 0], vec![0, 0, 0]], &ranges).adders.len(), 0);
        assert_eq!(AdderGraph::of(&[vec![1, 1, 1], vec![-2, -2, -2]], &ranges).adders.len(), 2);
    }

    proptest! {
        #[test]
        fn computes_the_products(
            matrix in prop::collection::vec(prop::collection::vec(-128i64..128, 4), 1..5),
            inputs in prop::collection::vec(-128i128..128, 4),
        ) {
            let ranges = [(-128, 127); 4];
            let graph = AdderGraph::of(&matrix, &ranges);
            let (outputs, sums) = graph.evaluate(&inputs);
            for (row, output) in matrix.iter().zip(outputs) {
                prop_assert_eq!(row.iter().zip(&inputs).map(|(&w, &x)| i128::from(w) * x).sum::<i128>(), output);
            }
            for (sum, (low, high)) in sums.into_iter().zip(graph.ranges(&ranges)) {
                prop_assert!(low <= sum && sum <= high);
            }
            for (fused, sum) in graph.evaluate_with_three_inputs(&ranges, &inputs).into_iter().zip(graph.evaluate(&inputs).1) {
                prop_assert!(fused.is_none_or(|fused| fused == sum));
            }
            let twice = graph.copies(2);
            let other: Vec<i128> = inputs.iter().map(|x| -x / 2).collect();
            let (outputs, _) = twice.evaluate(&[&inputs[..], &other].concat());
            for (place, output) in outputs.into_iter().enumerate() {
                let (row, inputs) = (&matrix[place % matrix.len()], [&inputs, &other][place / matrix.len()]);
                prop_assert_eq!(row.iter().zip(inputs).map(|(&w, &x)| i128::from(w) * x).sum::<i128>(), output);
            }
            // Adding every digit on its own is the most that it takes.
            let digits = |row: &Vec<i64>| row.iter().map(|&w| super::super::int::signed_digits(w.into()).len()).sum::<usize>();
            let alone: usize = matrix.iter().map(|row| digits(row).saturating_sub(1)).sum();
            prop_assert!(graph.adders.len() <= alone);
        }
    }
}
