//! Numbers that know their range.

use super::{Module, Signal};
use atheena_dialects::dataflow::{CUT_BITS, DspKind, is_adders};
use atheena_dialects::ir::Builder;
use std::ops::{Add, Mul, Sub};

/// An integer in `low..=high`, in as many bits as that takes: two's complement if `low` is negative, else unsigned.
#[derive(Clone, Copy, Debug)]
pub struct Int<'c> {
    bits: Signal<'c>,
    low: i128,
    high: i128,
}

/// Bits that hold every number of `low..=high`, at least one.
fn width_of(low: i128, high: i128) -> u32 {
    let bits = |magnitude: i128| 128 - magnitude.leading_zeros();
    if low < 0 { bits(!low).max(bits(high.max(0))) + 1 } else { bits(high).max(1) }
}

/// A number as a sum of powers of two with digits 1 and -1, no two of them next to each other: the fewest that it takes
/// (Reitwiesner, Binary Arithmetic, 1960). Place and digit of each.
pub(super) fn signed_digits(number: i128) -> Vec<(u32, i8)> {
    let mut digits = vec![];
    let (mut rest, mut place) = (number, 0);
    while rest != 0 {
        if rest & 1 == 1 {
            let digit = if rest & 3 == 1 { 1 } else { -1 };
            digits.push((place, digit));
            rest -= i128::from(digit);
        }
        rest >>= 1;
        place += 1;
    }
    digits
}

impl<'c> Int<'c> {
    /// Reads a signal as a number that is known to be in `low..=high`; surplus bits are dropped.
    pub fn new(bits: Signal<'c>, low: i128, high: i128) -> Self {
        assert!(low <= high, "{low}..={high} is a range");
        let width = width_of(low, high);
        let bits = if bits.width() >= width {
            bits.bits(0, width)
        } else if low < 0 {
            bits.sign_extend(width)
        } else {
            bits.zero_extend(width)
        };
        Self { bits, low, high }
    }

    /// A number.
    pub fn constant(value: i128, builder: Builder<'c>) -> Self {
        Self { bits: Signal::constant(width_of(value, value), value, builder), low: value, high: value }
    }

    /// The least and the greatest value that it can have.
    pub fn range(self) -> (i128, i128) {
        (self.low, self.high)
    }

    /// Bits that it takes.
    pub fn width(self) -> u32 {
        self.bits.width()
    }

    /// Bits that a number of this range takes.
    pub fn width_of(low: i128, high: i128) -> u32 {
        width_of(low, high)
    }

    /// The same number, known to be in `low..=high`.
    pub fn within(self, low: i128, high: i128) -> Self {
        Self::new(self.bits, low, high)
    }

    /// In `width` bits: extended, or, where the range is wider, modulo `2^width`.
    pub fn to_bits(self, width: u32) -> Signal<'c> {
        let have = self.bits.width();
        if have >= width {
            self.bits.bits(0, width)
        } else if self.low < 0 {
            self.bits.sign_extend(width)
        } else {
            self.bits.zero_extend(width)
        }
    }

    /// In two's complement, also where it is never negative.
    pub fn to_signed(self) -> Signal<'c> {
        self.to_bits(width_of(self.low.min(-1), self.high))
    }

    /// Plus `2^(width - 1)`, of a number that may be negative: its bits, with the sign turned round.
    pub fn with_sign_inverted(self) -> Signal<'c> {
        let low_bits = self.bits.bits(0, self.bits.width() - 1);
        Signal::pack(&[low_bits, !self.bits.top_bit()])
    }

    /// Plus `2^amount` times another number; the low bits need no adder.
    pub fn plus_shifted(self, other: Self, amount: u32) -> Self {
        let upper = self.shift_right(amount) + other;
        let bits = Signal::pack(&[self.to_bits(amount), upper.bits]);
        Self::new(bits, self.low + (other.low << amount), self.high + (other.high << amount))
    }

    /// An operation on both in the width of the result, which holds the operands as well.
    fn arithmetic(self, other: Self, (low, high): (i128, i128), name: Arithmetic) -> Self {
        // A result in two's complement takes the operands modulo its width.
        let width = width_of(low, high);
        let (a, b) = (self.to_bits(width), other.to_bits(width));
        let bits = match name {
            Arithmetic::Add => a + b,
            Arithmetic::Sub => a - b,
            Arithmetic::Mul if low < 0 => a.signed_times(b),
            Arithmetic::Mul => a * b,
        };
        Self::new(bits, low, high)
    }

    /// Times a constant: powers of two are wires, numbers of few digits sums and differences of them, and others are worth a
    /// multiplier.
    pub fn times(self, factor: i128) -> Self {
        if !is_adders(factor) {
            return self * Self::constant(factor, self.bits.builder());
        }
        let sum = |digit| {
            let terms = signed_digits(factor).into_iter().filter(|(_, d)| *d == digit);
            terms.map(|(place, _)| self.shift_left(place)).reduce(|a, b| a + b)
        };
        let product = match (sum(1), sum(-1)) {
            (None, None) => Self::constant(0, self.bits.builder()),
            (Some(plus), None) => plus,
            (None, Some(minus)) => Self::constant(0, self.bits.builder()) - minus,
            (Some(plus), Some(minus)) => plus - minus,
        };
        // The ranges of the terms do not know that they are of the same number.
        let ends = [self.low * factor, self.high * factor];
        Self::new(product.bits, ends[0].min(ends[1]), ends[0].max(ends[1]))
    }

    /// Times `2^amount`.
    pub fn shift_left(self, amount: u32) -> Self {
        if amount == 0 {
            return self;
        }
        let zeros = Signal::constant(amount, 0, self.bits.builder());
        Self::new(Signal::pack(&[zeros, self.bits]), self.low << amount, self.high << amount)
    }

    /// Divided by `2^amount`, rounded down.
    pub fn shift_right(self, amount: u32) -> Self {
        let (low, high) = (self.low >> amount, self.high >> amount);
        if amount >= self.bits.width() {
            let sign = if self.low < 0 { self.bits.top_bit() } else { self.bits.lit(0).bit(0) };
            return Self::new(sign, low, high);
        }
        Self::new(self.bits.bits(amount, self.bits.width() - amount), low, high)
    }

    /// Plus a constant.
    pub fn plus(self, value: i128) -> Self {
        if value == 0 { self } else { self + Self::constant(value, self.bits.builder()) }
    }

    /// Smaller than the other?
    pub fn less(self, other: Self) -> Signal<'c> {
        let (low, high) = (self.low.min(other.low), self.high.max(other.high));
        let width = width_of(low, high);
        let (a, b) = (self.to_bits(width), other.to_bits(width));
        if low < 0 { a.signed_below(b) } else { a.below(b) }
    }

    /// One of two numbers.
    pub fn select(condition: Signal<'c>, then: Self, otherwise: Self) -> Self {
        let (low, high) = (then.low.min(otherwise.low), then.high.max(otherwise.high));
        let width = width_of(low, high);
        Self::new(condition.mux(then.to_bits(width), otherwise.to_bits(width)), low, high)
    }

    /// The greater one.
    pub fn max(self, other: Self) -> Self {
        let chosen = Self::select(self.less(other), other, self);
        Self::new(chosen.bits, self.low.max(other.low), self.high.max(other.high))
    }

    /// Limited to `min..=max`; nothing where it is in there already.
    pub fn clamp(self, min: i128, max: i128) -> Self {
        let (low, high) = (self.low.clamp(min, max), self.high.clamp(min, max));
        let width = width_of(low, high);
        let limit = |value| Self::constant(value, self.bits.builder()).to_bits(width);
        // Both comparisons are of the number itself, so that neither waits for the other.
        let mut bits = self.to_bits(width);
        if self.low < min {
            bits = self.is_below(min).mux(limit(min), bits);
        }
        if self.high > max {
            bits = self.is_above(max).mux(limit(max), bits);
        }
        Self::new(bits, low, high)
    }

    /// Less than a number that is above the least that this can be? Of minus a power of two the upper bits tell, without a carry.
    fn is_below(self, min: i128) -> Signal<'c> {
        if min == 0 {
            return self.bits.top_bit();
        }
        if min < 0 && (-min).count_ones() == 1 {
            let upper = self.upper_bits(min.trailing_zeros());
            return self.bits.top_bit() & upper.is_not(upper.lit(-1));
        }
        self.less(Self::constant(min, self.bits.builder()))
    }

    /// Greater than a number that is below the greatest that this can be? Of one less than a power of two the upper bits tell.
    fn is_above(self, max: i128) -> Signal<'c> {
        if max >= 0 && (max + 1).count_ones() == 1 {
            let beyond = self.upper_bits((max + 1).trailing_zeros()).is_not(0);
            return if self.low < 0 { beyond & !self.bits.top_bit() } else { beyond };
        }
        Self::constant(max, self.bits.builder()).less(self)
    }

    fn upper_bits(self, from: u32) -> Signal<'c> {
        self.bits.bits(from, self.bits.width() - from)
    }

    /// One cycle later, where cycles count while `enable` is set.
    pub fn delay(self, module: &Module<'c>, enable: Signal<'c>) -> Self {
        Self { bits: module.delay(self.bits, enable), ..self }
    }
}

enum Arithmetic {
    Add,
    Sub,
    Mul,
}

impl Add for Int<'_> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let range = (self.low + other.low, self.high + other.high);
        self.arithmetic(other, range, Arithmetic::Add)
    }
}

impl Sub for Int<'_> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        let range = (self.low - other.high, self.high - other.low);
        self.arithmetic(other, range, Arithmetic::Sub)
    }
}

impl Int<'_> {
    /// Bits in two's complement.
    fn signed_bits(self) -> i64 {
        i64::from(width_of(self.low.min(-1), self.high))
    }
}

impl Mul for Int<'_> {
    type Output = Self;
    /// Of operands for which synthesis would take more DSP blocks than it takes with the wider one cut in two, that is done.
    fn mul(self, other: Self) -> Self {
        let corners =
            [self.low * other.low, self.low * other.high, self.high * other.low, self.high * other.high];
        let (low, high) = corners.iter().fold((corners[0], corners[0]), |(l, h), &c| (l.min(c), h.max(c)));
        let (wide, narrow) =
            if self.signed_bits() >= other.signed_bits() { (self, other) } else { (other, self) };
        // Of square blocks, neither way takes fewer.
        if !DspKind::Wide.is_worth_cutting(wide.signed_bits(), narrow.signed_bits()) {
            return self.arithmetic(other, (low, high), Arithmetic::Mul);
        }
        let lower = Self::new(wide.bits.bits(0, CUT_BITS), 0, (1 << CUT_BITS) - 1);
        let product = (wide.shift_right(CUT_BITS) * narrow).shift_left(CUT_BITS) + lower * narrow;
        // The ranges of the parts do not know of one another.
        Self::new(product.bits, low, high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 7 is 8 - 1, 45 is 64 - 16 - 4 + 1; and every number is the sum of its digits.
    #[test]
    fn signed_digits_are_few_and_add_up() {
        assert_eq!(signed_digits(7), [(0, -1), (3, 1)]);
        assert_eq!(signed_digits(45), [(0, 1), (2, -1), (4, -1), (6, 1)]);
        for number in -300..300i128 {
            let digits = signed_digits(number);
            assert_eq!(digits.iter().map(|(place, digit)| i128::from(*digit) << place).sum::<i128>(), number);
            assert!(digits.windows(2).all(|pair| pair[1].0 >= pair[0].0 + 2), "{number}: {digits:?}");
        }
    }

    #[test]
    fn widths_hold_the_range_and_no_more() {
        let widths = [(0, 0), (0, 1), (0, 255), (0, 256), (-1, 0), (-128, 127), (-129, 0), (-1, 128)];
        assert_eq!(widths.map(|(low, high)| width_of(low, high)), [1, 1, 8, 9, 1, 8, 9, 9]);
    }
}
