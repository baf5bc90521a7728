//! The type of streams as plain data.

use super::{bits_of_range, ceil_div, value_range};
use crate::ir::{Ctx, Type, Value};

/// The elements of a stream: integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Element {
    /// Width in bits.
    pub bits: u32,
    /// Unsigned, `uiN`; signless ones are signed.
    pub unsigned: bool,
}

impl Element {
    /// A signed element, `iN`.
    pub const fn signed(bits: u32) -> Self {
        Self { bits, unsigned: false }
    }

    /// An unsigned element, `uiN`.
    pub const fn unsigned(bits: u32) -> Self {
        Self { bits, unsigned: true }
    }

    /// Reads an integer type.
    pub fn of(ty: Type<'_>) -> Option<Self> {
        Some(Self { bits: ty.int_width()?, unsigned: ty.is_unsigned() })
    }

    /// The MLIR type.
    pub fn ty(self, ctx: Ctx<'_>) -> Type<'_> {
        if self.unsigned { Type::unsigned(ctx, self.bits) } else { Type::integer(ctx, self.bits) }
    }

    /// The elements of a stream in the bits that their values take.
    pub fn of_values(value: Value<'_>) -> Self {
        let (low, high) = value_range(value);
        let bits = bits_of_range(low as i64, high as i64) as u32;
        Self { bits, unsigned: low >= 0 }
    }

    /// The smallest and the largest value; of widths up to 32.
    pub fn range(self) -> (i64, i64) {
        if self.unsigned {
            (0, (1i64 << self.bits) - 1)
        } else {
            (-(1i64 << (self.bits - 1)), (1i64 << (self.bits - 1)) - 1)
        }
    }
}

/// `!dataflow.stream<SHAPExELEMENT, lanes = LANES>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stream {
    /// Row-major, `[H, W, C]` for feature maps.
    pub shape: Vec<i64>,
    /// Of each number.
    pub element: Element,
    /// Elements a beat: at most the innermost dimension C, or `P * C`, whole pixels of a row.
    pub lanes: i64,
}

impl Stream {
    /// A tag: one i16 a sample.
    pub fn tag() -> Self {
        Self { shape: vec![1], element: Element::signed(16), lanes: 1 }
    }

    /// A decision: one i1 a sample.
    pub fn decision() -> Self {
        Self { shape: vec![1], element: Element::signed(1), lanes: 1 }
    }

    /// The index of an exit: one i8 a sample.
    pub fn exit() -> Self {
        Self { shape: vec![1], element: Element::signed(8), lanes: 1 }
    }

    /// Reads a stream type; None of other types.
    pub fn of(ty: Type<'_>) -> Option<Self> {
        let lanes = ty.lanes()?;
        Some(Self { shape: ty.shape()?, element: Element::of(ty.element()?)?, lanes })
    }

    /// The type of an operand or a result of an actor, which ODS makes sure is a stream.
    pub fn of_value(value: Value<'_>) -> Self {
        Self::of(value.ty()).expect("ODS: the operands and results of actors are streams")
    }

    /// The MLIR type. The lanes must be legal for the shape.
    pub fn ty<'c>(&self, ctx: Ctx<'c>) -> Type<'c> {
        Type::stream(&self.shape, self.element.ty(ctx), self.lanes)
            .expect("shape and lanes of a stream are legal")
    }

    /// The same tensor with other lanes.
    pub fn with_lanes(&self, lanes: i64) -> Self {
        Self { lanes, ..self.clone() }
    }

    /// Elements a sample.
    pub fn elements(&self) -> i64 {
        self.shape.iter().product()
    }

    /// The innermost dimension.
    pub fn channels(&self) -> i64 {
        self.shape.last().copied().unwrap_or(1)
    }

    /// Vectors of the innermost dimension a sample.
    pub fn positions(&self) -> i64 {
        self.elements() / self.channels()
    }

    /// Pixels of a row, which a beat never goes beyond: the dimension in front of the innermost one.
    pub fn row_pixels(&self) -> i64 {
        self.shape.iter().rev().nth(1).copied().unwrap_or(1)
    }

    /// Whole pixels a beat, P; 1 where a beat is one pixel or a part of it.
    pub fn pixels(&self) -> i64 {
        (self.lanes / self.channels()).max(1)
    }

    /// Beats of a row. With P pixels a beat the last one may be partial: lanes behind the row's end mean nothing. Of parts of pixels, so
    /// may the last one of each pixel.
    pub fn row_beats(&self) -> i64 {
        if self.lanes < self.channels() {
            self.row_pixels() * ceil_div(self.channels(), self.lanes)
        } else {
            ceil_div(self.row_pixels(), self.pixels())
        }
    }

    /// Beats a sample.
    pub fn beats(&self) -> i64 {
        self.positions() / self.row_pixels() * self.row_beats()
    }

    /// The lanes that this tensor may have wherever it goes, ascending: the divisors of C, and pixels as [`pixel_choices`] has them.
    pub fn lane_choices(&self) -> Vec<i64> {
        let mut lanes = divisors(self.channels());
        lanes
            .extend(pixel_choices(self.row_pixels(), self.channels()).map(|pixels| pixels * self.channels()));
        lanes
    }

    /// Is the last beat of each pixel smaller than the others?
    pub fn is_ragged(&self) -> bool {
        self.lanes < self.channels() && self.channels() % self.lanes != 0
    }

    /// The lanes that a change of lanes goes through, of which the last ones are those that it changes to: where neither number divides the other, those that divide both,
    /// and do so within each pixel. These are fewer a beat than both; whole pixels go through fewer beats that are no more than there are in the end, if there
    /// are such, then through a multiple.
    ///
    /// ```text
    ///   5 lanes to 3: 1, 3        8 pixels of 16 to 3 of 16: 4, 12, 3
    /// ```
    pub fn lanes_towards(&self, lanes: i64) -> Vec<i64> {
        let common = gcd(self.lanes, lanes);
        let common = if self.is_ragged() { gcd(common, self.channels()) } else { common };
        let through = if common < self.lanes.min(lanes) { self.pixels_towards(lanes) } else { None };
        let mut steps = through.map_or_else(|| vec![common], |(narrow, wide)| vec![narrow, wide]);
        steps.push(lanes);
        steps.dedup();
        steps.retain(|&step| step != self.lanes);
        steps
    }

    /// The lanes of a part of these pixels that are no more beats than those in the end, and of their common multiple, which is less than two rows.
    fn pixels_towards(&self, lanes: i64) -> Option<(i64, i64)> {
        let beats = |lanes| self.with_lanes(lanes).beats();
        let is_whole = self.lanes % self.channels() == 0 && lanes % self.channels() == 0;
        let parts = divisors(self.lanes / self.channels()).into_iter().map(|pixels| pixels * self.channels());
        let parts = parts.filter(|&part| is_whole && part < self.lanes && beats(part) <= beats(lanes));
        let steps = parts.map(|part| (part, part / gcd(part, lanes) * lanes));
        steps.filter(|(_, wide)| wide / self.channels() < 2 * self.row_pixels()).min()
    }

    /// Bits a beat.
    pub fn bits(&self) -> i64 {
        self.lanes * i64::from(self.element.bits)
    }
}

/// Of pixels of fewer channels 3, 6, 12, ... of them are a beat too, and a dense layer takes partial beats. Exploring takes time with each choice, and wide
/// pixels are few a beat.
pub(super) const FEW_CHANNELS: i64 = 16;

/// 2, 4, 8, ... up to the first that holds a row, and where pixels have few channels 3, 6, 12, ... between them, if a row has fewer beats then.
pub(super) fn pixel_choices(row_pixels: i64, channels: i64) -> impl Iterator<Item = i64> {
    let beats = move |pixels: i64| ceil_div(row_pixels, pixels);
    let twos = (1..).map(|power| 1 << power).take_while(move |pixels| pixels / 2 < row_pixels);
    twos.flat_map(move |pixels: i64| {
        let between = pixels / 2 * 3;
        let is_worthwhile = channels < FEW_CHANNELS && beats(between) < beats(pixels);
        [Some(pixels), is_worthwhile.then_some(between)]
    })
    .flatten()
}

/// The divisors of a positive number, ascending.
pub fn divisors(n: i64) -> Vec<i64> {
    let mut low: Vec<i64> = (1..).take_while(|d| d * d <= n).filter(|d| n % d == 0).collect();
    let high: Vec<i64> = low.iter().rev().map(|d| n / d).filter(|d| d * d > n).collect();
    low.extend(high);
    low
}

/// The greatest common divisor of two positive numbers.
pub fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divisors_ascend_without_repeats() {
        assert_eq!(divisors(1), [1]);
        assert_eq!(divisors(36), [1, 2, 3, 4, 6, 9, 12, 18, 36]);
        assert_eq!(divisors(10), [1, 2, 5, 10]);
    }

    #[test]
    fn a_stream_counts_beats() {
        let stream = Stream { shape: vec![28, 28, 6], element: Element::unsigned(8), lanes: 3 };
        assert_eq!((stream.beats(), stream.bits(), stream.positions()), (1568, 24, 784));
    }

    #[test]
    fn a_pixel_may_end_within_a_beat() {
        let stream = Stream { shape: vec![3, 2, 20], element: Element::signed(8), lanes: 7 };
        // Two beats of seven and one of six.
        assert_eq!(
            (stream.is_ragged(), stream.pixels(), stream.row_beats(), stream.beats()),
            (true, 1, 6, 18)
        );
        let towards = |from, to| stream.with_lanes(from).lanes_towards(to);
        assert_eq!([towards(7, 1), towards(8, 4), towards(10, 4)], [vec![1], vec![4], vec![2, 4]]);
        assert_eq!([towards(8, 10), towards(8, 40), towards(6, 4)], [vec![2, 10], vec![4, 40], vec![2, 4]]);
        assert_eq!([towards(40, 80), towards(20, 5), towards(20, 20)], [vec![80], vec![5], vec![]]);
    }

    #[test]
    fn pixels_become_others_over_a_multiple() {
        let stream = |lanes| Stream { shape: vec![4, 16, 5], element: Element::signed(8), lanes };
        // Six beats of three pixels a row: four of four, and two of twelve. Over single pixels it would be sixteen.
        assert_eq!(stream(40).lanes_towards(15), [20, 60, 15]);
        // Of three and six pixels no part is few enough, and parts of pixels stay those.
        assert_eq!([stream(15).lanes_towards(40), stream(30).lanes_towards(20)], [[5, 40], [10, 20]]);
        assert_eq!(stream(20).lanes_towards(3), [1, 3]);
        // Twelve pixels are two rows of six.
        let row = Stream { shape: vec![4, 6, 1], ..stream(4) };
        assert_eq!(row.lanes_towards(3), [1, 3]);
    }

    #[test]
    fn a_beat_of_several_pixels_ends_with_the_row() {
        let stream = Stream { shape: vec![3, 28, 2], element: Element::unsigned(8), lanes: 16 };
        // 28 pixels: three beats of eight and one of four.
        assert_eq!((stream.pixels(), stream.row_beats(), stream.beats(), stream.bits()), (8, 4, 12, 128));
        assert_eq!(stream.lane_choices(), [1, 2, 4, 6, 8, 12, 16, 24, 32, 64]);
        assert_eq!(stream.with_lanes(1).row_beats(), 56);
        assert_eq!(stream.with_lanes(64).beats(), 3);
        let vector = Stream { shape: vec![6], element: Element::unsigned(8), lanes: 3 };
        assert_eq!((vector.lane_choices(), vector.beats()), (vec![1, 2, 3, 6], 2));
    }

    #[test]
    fn elements_have_ranges() {
        assert_eq!(Element::signed(8).range(), (-128, 127));
        assert_eq!(Element::unsigned(8).range(), (0, 255));
        assert_eq!(Element::signed(32).range(), (i64::from(i32::MIN), i64::from(i32::MAX)));
    }
}
