//! Digits of inputs that come in turn (`atheena_dialects::dataflow::Digits`): adders of the digits of constant weights, and sums over digits.
//!
//! Adders that outputs share (`hdl/adder_graph.rs`) are as much narrower as the digits are narrower than the inputs. Behind them the sums of the digits,
//! the lowest one first, are shifted and added. (`serial.rs` has what else may make them.)
//!
//! ```text
//!   x, held for a cycle a digit ─► digit ─ reg ─► adders ─► (+ sum so far >> bits) ─ reg ─┬─► sum
//!                                                              ▲     low bits, shifted ◄──┤
//!                                                              └──────────────────────────┘
//! ```

use super::{Matrix, hull};
use crate::hw::hdl::{AdderGraph, Int, Pipeline, Signal, choose};
use atheena_dialects::dataflow::Digits;

/// Digits and groups of outputs in turn: which ones a stage holds.
#[derive(Clone, Copy)]
pub struct Turn<'c> {
    /// The digit, from the lowest bits on.
    pub digit: Signal<'c>,
    /// The group.
    pub group: Signal<'c>,
}

impl Matrix {
    /// The adders that all outputs share, of a digit of each of so many elements, the first ones.
    pub fn adders_of_digit(&self, digits: Digits, elements: usize) -> AdderGraph {
        let rows: Vec<_> = (0..self.pe).map(|row| self.row(row)[..elements].to_vec()).collect();
        AdderGraph::of(&rows, &vec![digits.range(); elements], self.adder_inputs)
    }

    /// What the sum over digits of an output starts from: the bias, what the first `elements` inputs come less, and what is added for each digit.
    ///
    /// Sums so far are subtracted inverted, `sum - !before` is `sum + before + 1`, so that synthesis puts the choice between them and the start in
    /// front of the carry chain.
    pub fn start(&self, digits: Digits, row: usize, elements: usize) -> i64 {
        self.bias[row] + digits.offset * self.row(row)[..elements].iter().sum::<i64>() - digits.ones()
    }

    /// The sum over digits of `2^(bits * digit)` times these sums, and the start, of a lane; the lowest digit comes first.
    pub fn shift_and_add<'c>(
        &self,
        digits: Digits,
        pipeline: &Pipeline<'_, 'c>,
        (lane, sum): (usize, Int<'c>),
        start: Int<'c>,
        first: Signal<'c>,
    ) -> Int<'c> {
        let m = pipeline.module;
        let step = pipeline.enable & pipeline.valid;
        // The sum so far loses its low bits, which are final, to a shift register.
        let (of_sum, of_start) = (sum.range(), start.range());
        let added = |(low, high): (i128, i128)| (low + of_sum.0 + 1, high + of_sum.1 + 1);
        let shifted = |(low, high): (i128, i128)| (low >> digits.bits, high >> digits.bits);
        let mut range = added(of_start);
        let mut of_digit = range;
        for _ in 1..digits.count {
            of_digit = added(shifted(of_digit));
            range = hull([range, of_digit]);
        }
        let width = Int::width_of(range.0, range.1);
        let so_far = m.data_register("sum", width);
        let before =
            Int::select(first, start, Int::new(*so_far, range.0, range.1).shift_right(digits.bits as u32));
        so_far.next_if(step, sum.to_bits(width) - !before.to_bits(width));

        let low_width = (digits.bits * (digits.count - 1)) as u32;
        let low = m.data_register("low", low_width);
        let bits = digits.bits as u32;
        let next = Signal::pack(&[*low, so_far.bits(0, bits)]).bits(bits, low_width);
        low.next_if(step, next);

        let (least, most) = self.range(lane);
        Int::new(Signal::pack(&[*low, *so_far]), least, most)
    }
}

/// An element less the offset, with as many bits as all digits have.
fn unsigned<'c>(digits: Digits, x: &Int<'c>) -> Signal<'c> {
    let width = (digits.bits * digits.count) as u32;
    let bits = if digits.offset == 0 { x.to_bits(x.width()) } else { x.with_sign_inverted() };
    bits.zero_extend(width)
}

/// This digit of each element, in the next stage.
pub fn digit_of_each<'c>(
    digits: Digits,
    pipeline: &Pipeline<'_, 'c>,
    x: &[Int<'c>],
    digit: Signal<'c>,
) -> Vec<Int<'c>> {
    let bits = digits.bits as u32;
    let (low, high) = digits.range();
    let of_digit = |x: &Int<'c>| {
        let x = unsigned(digits, x);
        let of_digit: Vec<_> = (0..digits.count as u32).map(|digit| x.bits(digit * bits, bits)).collect();
        Int::new(choose(digit, &of_digit), low, high)
    };
    pipeline.delay_ints(&x.iter().map(of_digit).collect::<Vec<_>>())
}

/// The bits of this digit of all elements: those of the lowest bit of the digit first.
pub fn bits_of_digit<'c>(digits: Digits, x: &[Int<'c>], digit: Signal<'c>) -> Vec<Signal<'c>> {
    let elements: Vec<_> = x.iter().map(|x| unsigned(digits, x)).collect();
    let plane = |plane: i64| {
        let elements = elements.clone();
        elements.into_iter().map(move |x| {
            let of_digit = |digit: i64| x.bit((digit * digits.bits + plane) as u32);
            choose(digit, &(0..digits.count).map(of_digit).collect::<Vec<_>>())
        })
    };
    (0..digits.bits).flat_map(plane).collect()
}
