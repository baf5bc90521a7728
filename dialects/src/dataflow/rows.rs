//! A part of each row of a map, or more around each row, where beats are whole pixels: what is kept may begin within a beat.

use super::{Stream, ceil_div};
use std::ops::Range;

/// What happens in a row, step by step. In a step a beat may come in and a beat may leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Steps.
    pub steps: i64,
    /// The steps in which a beat comes in.
    pub takes: Range<i64>,
    /// The steps in which a beat leaves.
    pub gives: Range<i64>,
    /// So many pixels of the last beat that came in are in front of what leaves: that beat is kept. 0 where beats stay as they are.
    pub offset: i64,
}

impl Row {
    /// Of the pixels of a row only `width`, from `first` on.
    pub fn part(input: &Stream, first: i64, width: i64) -> Self {
        let pixels = input.pixels();
        let (before, offset) = (first / pixels, first % pixels);
        // A beat of pixels of two beats leaves with the second one, even if the row has none.
        let start = before + i64::from(offset > 0);
        let gives = start..start + ceil_div(width, pixels);
        let takes = 0..input.row_beats();
        Self { steps: takes.end.max(gives.end), takes, gives, offset }
    }

    /// A row with `before` more pixels in front, and others behind.
    pub fn more(input: &Stream, before: i64, output: &Stream) -> Self {
        let pixels = input.pixels();
        let whole = ceil_div(before, pixels);
        let offset = whole * pixels - before;
        let start = whole - i64::from(offset > 0);
        let steps = output.row_beats();
        Self { steps, takes: start..start + input.row_beats(), gives: 0..steps, offset }
    }
}

/// Are beats whole pixels on both sides? Else they are the same part of a pixel.
pub fn whole_pixels(input: &Stream, output: &Stream) -> bool {
    input.lanes % input.channels() == 0 && output.lanes % output.channels() == 0
}

/// For each row, whether it is in the part of `whole` of this start and size.
pub fn rows_inside(whole: &Stream, start: &[i64], size: &[i64]) -> Vec<bool> {
    let outer = whole.shape.len().saturating_sub(2);
    let rows: i64 = whole.shape[..outer].iter().product();
    let inside = |mut row: i64| {
        (0..outer).rev().all(|dimension| {
            let index = row % whole.shape[dimension];
            row /= whole.shape[dimension];
            (start[dimension]..start[dimension] + size[dimension]).contains(&index)
        })
    };
    (0..rows).map(inside).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataflow::Element;

    fn map(width: i64, pixels: i64) -> Stream {
        Stream { shape: vec![2, width, 3], element: Element::signed(8), lanes: 3 * pixels }
    }

    #[test]
    fn a_part_of_a_row_may_begin_within_a_beat() {
        // 0123 4567 8...: of pixels 4 to 8 a beat and a pixel.
        let row = Row::part(&map(9, 4), 4, 5);
        assert_eq!(row, Row { steps: 3, takes: 0..3, gives: 1..3, offset: 0 });
        // Of pixels 1 to 7, 1234 with the second beat and 567 with the third.
        let row = Row::part(&map(9, 4), 1, 7);
        assert_eq!(row, Row { steps: 3, takes: 0..3, gives: 1..3, offset: 1 });
        // Without a third one, a step more.
        let row = Row::part(&map(8, 4), 1, 7);
        assert_eq!(row, Row { steps: 3, takes: 0..2, gives: 1..3, offset: 1 });
    }

    #[test]
    fn padding_may_end_within_a_beat() {
        // 01234 between one and two pixels: p012 34pp.
        let row = Row::more(&map(5, 4), 1, &map(8, 4));
        assert_eq!(row, Row { steps: 2, takes: 0..2, gives: 0..2, offset: 3 });
        // Between four and none: pppp 0123 4...
        let row = Row::more(&map(5, 4), 4, &map(9, 4));
        assert_eq!(row, Row { steps: 3, takes: 1..3, gives: 0..3, offset: 0 });
        // 0123 between five and none: pppp p012 3...: the second beat of nothing but pixels that came is the last one.
        let row = Row::more(&map(4, 4), 5, &map(9, 4));
        assert_eq!(row, Row { steps: 3, takes: 1..2, gives: 0..3, offset: 3 });
    }

    #[test]
    fn rows_are_counted_in_all_outer_dimensions() {
        let whole = Stream { shape: vec![2, 3, 4, 5], element: Element::signed(8), lanes: 5 };
        assert_eq!(
            rows_inside(&whole, &[1, 0, 0, 0], &[1, 2, 4, 5]),
            [false, false, false, true, true, false]
        );
        assert_eq!(rows_inside(&whole.with_lanes(1), &[0, 2, 1, 0], &[2, 1, 1, 1]).len(), 6);
    }
}
