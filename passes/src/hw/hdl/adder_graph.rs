//! Products of a vector with a constant matrix, as a graph of adders that its outputs share.
//!
//! Each weight is written in canonical signed digits (Reitwiesner, "Binary Arithmetic", 1960), so an output is a sum of shifted inputs,
//! `sum +-2^s x`. Two terms that occur together in several places, in several outputs or at several shifts of one, are added
//! once: `a +- 2^d b` becomes a term of its own (Hartley, "Subexpression Sharing in Filters Using Canonic Signed Digit
//! Multipliers", 1996). [`greedy`] finds some of them, [`recreate`] better ones, and [`build`] makes adders of what is left to
//! add. `benches/adders.py` compares with another tool.
//!
//! Where adders take three inputs, all numbers are unsigned, and none has a sign to extend: of `w` bits `x`, `-x` is `~x - (2^w - 1)`, and an input
//! that may be negative is one with its sign turned round, less `2^(w-1)`. Such constants go through the graph to its outputs, [`AdderGraph::offsets`], where a bias is
//! added anyway. So bits that only one term has, above and below the others, take no LUT.
//!
//! ```text
//!   y0 = 5 x + 5 z           s = x + z           t = s + 4 s
//!   y1 = 3 x + 3 z + 8 w     y0 = t              y1 = (4 s - s) + 8 w         4 adders instead of 7
//! ```

mod build;
mod greedy;
mod recreate;
mod sums;

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

/// The sum of two or three terms, the negative ones last; the first one is not.
pub type Adder = Vec<Term>;

/// The adders of a matrix.
#[derive(Clone, Debug)]
pub struct AdderGraph {
    inputs: usize,
    /// Inputs of an adder at most.
    adder_inputs: usize,
    adders: Vec<Adder>,
    /// One a row of the matrix; None of a row of zeros.
    outputs: Vec<Option<Term>>,
}

/// Pairs of terms that the search for shared sums looks at: so many a digit of the weights; where there are few digits, so many for each two of
/// them; more with adders of three inputs; and in all, which takes some seconds.
const WORK_A_DIGIT: u64 = 2500;
const WORK_A_PAIR: u64 = 8;
const MORE_WORK_FOR_THREE: u64 = 4;
const MOST_WORK: u64 = 64_000_000;

/// Bits of a number of two's complement or, where nothing is negative, without a sign.
fn width((low, high): (i128, i128)) -> i64 {
    i64::from(Int::width_of(low, high))
}

impl AdderGraph {
    /// The graph of `matrix`, `[outputs][inputs]`, of inputs in these ranges, with adders of two or of three inputs.
    pub fn of(matrix: &[Vec<i64>], ranges: &[(i128, i128)], adder_inputs: usize) -> Self {
        let sums = sums::Sums::of(matrix, ranges.len());
        let digits = sums.terms() as u64;
        let more = if adder_inputs > 2 { MORE_WORK_FOR_THREE } else { 1 };
        let work = (more * digits * WORK_A_DIGIT.min(WORK_A_PAIR * digits)).min(MOST_WORK);
        build::build(&recreate::recreate(greedy::share(sums), adder_inputs, work), adder_inputs, ranges)
    }

    /// Graphs side by side, each of some of so many inputs: the outputs of the first one first.
    pub fn beside(inputs: usize, parts: &[(&Self, &[usize])]) -> Self {
        let mut all = Self { inputs, adder_inputs: 2, adders: vec![], outputs: vec![] };
        for (graph, places) in parts {
            let before = inputs + all.adders.len();
            let placed = |term: &Term| {
                let node = term.node as usize;
                let node = places.get(node).copied().unwrap_or_else(|| before + node - graph.inputs);
                Term { node: node as u32, ..*term }
            };
            all.adder_inputs = graph.adder_inputs;
            all.adders.extend(graph.adders.iter().map(|adder| adder.iter().map(placed).collect::<Vec<_>>()));
            all.outputs.extend(graph.outputs.iter().map(|output| output.as_ref().map(placed)));
        }
        all
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

    /// What hardware holds for each node, of inputs in these ranges: a node is a sum of inputs with weights, and inputs do not depend on one another.
    fn held(&self, inputs: &[(i128, i128)]) -> Vec<Held> {
        let mut weights: Vec<HashMap<u32, i128>> =
            (0..self.inputs as u32).map(|input| HashMap::from([(input, 1)])).collect();
        let mut held: Vec<Held> = inputs.iter().map(|&range| self.held_of_input(range)).collect();
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
            let (low, high) = ends.fold((0, 0), |(low, high), end| (low + end.0, high + end.1));
            let offset = adder.iter().map(|term| self.offset_of(*term, &held)).sum();
            held.push(Held { low: low - offset, high: high - offset, offset });
            weights.push(sum);
        }
        held
    }

    fn is_unsigned(&self) -> bool {
        self.adder_inputs > 2
    }

    fn held_of_input(&self, (low, high): (i128, i128)) -> Held {
        let half = if low < 0 { 1 << (width((low, high)) - 1) } else { 0 };
        let offset = if self.is_unsigned() { -half } else { 0 };
        Held { low: low - offset, high: high - offset, offset }
    }

    /// What a term is more than what hardware has for it.
    fn offset_of(&self, term: Term, held: &[Held]) -> i128 {
        let of_node = held[term.node as usize];
        let offset = match term.negative {
            false => of_node.offset,
            true if self.is_unsigned() => -of_node.offset - (1 << width((of_node.low, of_node.high))) + 1,
            true => -of_node.offset,
        };
        offset << term.shift
    }

    /// What each output is more than what [`Pipeline::multiply`] gives for it, of inputs in these ranges.
    pub fn offsets(&self, inputs: &[(i128, i128)]) -> Vec<i128> {
        let held = self.held(inputs);
        self.outputs.iter().map(|output| output.map_or(0, |term| self.offset_of(term, &held))).collect()
    }
}

/// A node in hardware: what it holds is between `low` and `high`, and the node is `offset` more.
#[derive(Clone, Copy)]
struct Held {
    low: i128,
    high: i128,
    offset: i128,
}

/// What adds up to minus this and a constant: all bits inverted.
fn inverted(number: Int<'_>) -> Int<'_> {
    let width = number.width();
    Int::new(!number.to_bits(width), 0, (1 << width) - 1)
}

impl<'c> Pipeline<'_, 'c> {
    /// The products of a constant matrix with numbers of this stage, in the stage that this is then: a register stands behind
    /// every `stage_levels` adders that follow one another, and behind the last one. They lack the graph's offsets.
    pub fn multiply(
        &mut self,
        graph: &AdderGraph,
        inputs: &[Int<'c>],
        stage_levels: u32,
        along: &mut [&mut Signal<'c>],
    ) -> Vec<Int<'c>> {
        let levels = graph.levels();
        let held = graph.held(&inputs.iter().map(|input| input.range()).collect::<Vec<_>>());
        let stage_of = |node: u32| levels[node as usize].saturating_sub(1) / stage_levels;
        let last_stage = (0..levels.len() as u32).map(stage_of).max().unwrap_or(0);
        // The stage in which each node is needed last.
        let mut needed: Vec<Option<u32>> = vec![None; levels.len()];
        for (number, adder) in graph.adders.iter().enumerate() {
            for term in adder {
                let stage = stage_of((graph.inputs + number) as u32);
                needed[term.node as usize] = needed[term.node as usize].max(Some(stage));
            }
        }
        for term in graph.outputs.iter().flatten() {
            needed[term.node as usize] = Some(last_stage + 1);
        }
        let input = |(input, held): (&Int<'c>, &Held)| match held.offset {
            0 => *input,
            _ => Int::new(input.with_sign_inverted(), held.low, held.high),
        };
        let mut values: Vec<Option<Int<'c>>> = inputs.iter().zip(&held).map(input).map(Some).collect();
        values.resize(levels.len(), None);
        let value = |values: &[Option<Int<'c>>], term: Term| {
            values[term.node as usize].expect("what an adder needs is kept until its stage")
        };
        let shifted = |values: &[Option<Int<'c>>], term: Term| value(values, term).shift_left(term.shift);
        let unsigned = |values: &[Option<Int<'c>>], term: Term| match term.negative {
            false => shifted(values, term),
            true => inverted(value(values, term)).shift_left(term.shift),
        };
        for stage in 0..=last_stage {
            for (number, adder) in graph.adders.iter().enumerate() {
                let node = graph.inputs + number;
                if stage_of(node as u32) != stage {
                    continue;
                }
                let sum = match adder[..] {
                    [a, b] if graph.is_unsigned() => unsigned(&values, a) + unsigned(&values, b),
                    [a, b] if b.negative => shifted(&values, a) - shifted(&values, b),
                    [a, b] => shifted(&values, a) + shifted(&values, b),
                    [a, b, c] => self.module.sum_of_three_unsigned(
                        [a, b, c].map(|term| (value(&values, term), term.shift, term.negative)),
                    ),
                    _ => unreachable!("an adder has two or three terms"),
                };
                values[node] = Some(sum.within(held[node].low, held[node].high));
            }
            for (value, needed) in values.iter_mut().zip(&needed) {
                *value = value.filter(|_| *needed > Some(stage)).map(|v| v.delay(self.module, self.enable));
            }
            self.step(along);
        }
        let zero = Int::constant(0, self.enable.builder());
        let output = |term: &Option<Term>| match *term {
            None => zero,
            Some(term) if graph.is_unsigned() => unsigned(&values, term),
            Some(term) if term.negative => zero - shifted(&values, term),
            Some(term) => shifted(&values, term),
        };
        graph.outputs.iter().map(output).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl AdderGraph {
        /// What the outputs are, and what hardware holds for each node of inputs in these ranges.
        fn evaluate(&self, inputs: &[i128], ranges: &[(i128, i128)]) -> (Vec<i128>, Vec<i128>) {
            let held = self.held(ranges);
            let mut values: Vec<i128> = inputs.iter().zip(&held).map(|(x, held)| x - held.offset).collect();
            let value = |values: &[i128], term: Term| {
                let (value, held) = (values[term.node as usize], held[term.node as usize]);
                let all_ones = (1 << width((held.low, held.high))) - 1;
                let value = match term.negative {
                    false => value,
                    true if self.is_unsigned() => value ^ all_ones,
                    true => -value,
                };
                value << term.shift
            };
            for adder in &self.adders {
                assert!((2..=self.adder_inputs).contains(&adder.len()) && !adder[0].negative);
                values.push(adder.iter().map(|term| value(&values, *term)).sum());
            }
            let output =
                |(term, offset): (&Option<Term>, i128)| term.map_or(0, |term| value(&values, term)) + offset;
            (self.outputs.iter().zip(self.offsets(ranges)).map(output).collect(), values)
        }
    }

    #[test]
    fn adders_of_three_inputs_are_fewer() {
        let ranges = [(0, 255); 6];
        let adders = |matrix: &[Vec<i64>], inputs| AdderGraph::of(matrix, &ranges, inputs).adders.len();
        // Four terms: three adders of two inputs, or two of three.
        let sum = [vec![1, 1, 1, 1, 0, 0]];
        assert_eq!([2, 3].map(|inputs| adders(&sum, inputs)), [3, 2]);
        // x + z is needed twice: that saves an adder of two inputs, but none of three.
        let pair = [vec![1, 1, 1, 0, 0, 0], vec![1, 1, 0, 0, 1, 0]];
        assert_eq!([2, 3].map(|inputs| adders(&pair, inputs)), [3, 2]);
        // x + y + z is.
        let three = [vec![1, 1, 1, 1, 0, 0], vec![1, 1, 1, 0, 1, 0]];
        assert_eq!([2, 3].map(|inputs| adders(&three, inputs)), [4, 3]);
    }

    #[test]
    fn terms_that_occur_together_are_added_once() {
        let ranges = [(0, 255); 3];
        // x + z, five times it (one adder), three times it (one), and 8 w (one).
        let graph = AdderGraph::of(&[vec![5, 5, 0], vec![3, 3, 8]], &ranges, 2);
        assert_eq!(graph.adders.len(), 4);
        // A power of two is wires, and so is nothing at all.
        assert_eq!(AdderGraph::of(&[vec![0, -4, 0], vec![0, 0, 0]], &ranges, 2).adders.len(), 0);
        assert_eq!(AdderGraph::of(&[vec![1, 1, 1], vec![-2, -2, -2]], &ranges, 2).adders.len(), 2);
    }

    proptest! {
        #[test]
        fn computes_the_products(
            matrix in prop::collection::vec(prop::collection::vec(-128i64..128, 4), 1..5),
            inputs in prop::collection::vec((prop::bool::ANY, 1i128..256, 0i128..256), 4),
            adder_inputs in 2usize..4,
        ) {
            let range = |&(signed, most, _): &(bool, i128, i128)| if signed { (-most, most - 1) } else { (0, most) };
            let ranges: Vec<_> = inputs.iter().map(range).collect();
            let within = |(&(.., any), (low, high)): (&(bool, i128, i128), &(i128, i128))| low + any % (high - low + 1);
            let inputs: Vec<_> = inputs.iter().zip(&ranges).map(within).collect();
            let graph = AdderGraph::of(&matrix, &ranges, adder_inputs);
            let (outputs, nodes) = graph.evaluate(&inputs, &ranges);
            for (row, output) in matrix.iter().zip(outputs) {
                prop_assert_eq!(row.iter().zip(&inputs).map(|(&w, &x)| i128::from(w) * x).sum::<i128>(), output);
            }
            for (node, held) in nodes.into_iter().zip(graph.held(&ranges)) {
                prop_assert!(held.low <= node && node <= held.high);
                prop_assert!(adder_inputs == 2 || held.low >= 0);
            }
            // Beside itself, on inputs of which the two share half.
            let twice = AdderGraph::beside(6, &[(&graph, &[0, 1, 2, 3]), (&graph, &[4, 1, 5, 3])]);
            let pick = |all: &[i128]| [0, 1, 2, 3, 0, 2].map(|input| all[input]);
            let (outputs, _) = twice.evaluate(&pick(&inputs), &[0, 1, 2, 3, 0, 2].map(|input| ranges[input]));
            let alone = graph.evaluate(&inputs, &ranges).0;
            prop_assert_eq!(outputs, [&alone[..], &alone].concat());
            // Adding every digit on its own is the most that it takes.
            let digits = |row: &Vec<i64>| row.iter().map(|&w| super::super::int::signed_digits(w.into()).len()).sum::<usize>();
            let alone: usize = matrix.iter().map(|row| digits(row).saturating_sub(1).div_ceil(adder_inputs - 1)).sum();
            prop_assert!(graph.adders.len() <= alone);
        }
    }
}
