//! `dataflow-narrow-multipliers`: scales with multipliers of as few bits as give the same results.
//!
//! Requires: a graph as `convert-ee-to-dataflow` makes it.
//! Ensures: each actor gives what it gave, for every value that can come. Shifts are the least with which that is so, so that multipliers have
//! the fewest bits, and none rounds by the sign (`double_round`) if it need not.
//!
//!     dataflow.map "scale" %x {multiplier = 1431655766 : i32, shift = 32 : i32, …} : <8x8x4xi8, lanes = 1> -> <8x8x4xi8, lanes = 1>
//! becomes
//!     dataflow.map "scale" %x {multiplier = 85 : i32, shift = 8 : i32, …} : <8x8x4xi8, lanes = 1> -> <8x8x4xi8, lanes = 1>
//!
//! Multipliers of quantised networks have 24 or 31 bits, whatever is multiplied: two to four DSP blocks for a sum of 20 bits. But a result
//! is clamped to some 256 numbers, so all that matters is where it changes from each to the next. If a result of k or more begins at `x_k`,
//! then for `(x m + r) >> s` to be the same,
//!
//!     (x_k - 1) m + r < k 2^s <= x_k m + r
//!
//! for each k. All of that holds for the m and r in a polygon around the scale and what it rounds with, of about the same size for every s if m
//! and r are parts of `2^s`; the larger s is, the more pairs of whole numbers are in it. The pass takes the least s for which one is, with
//! m next to the scale, and r, the attribute `rounding`, as near to half of `2^s` as can be. (Division by a constant is the same with evenly spaced
//! `x_k`: Granlund and Montgomery, "Division by Invariant Integers using Multiplication", PLDI 1994; with r: Robison, "N-Bit Unsigned
//! Division via N-Bit Multiply-Add", ARITH 2005.)

use atheena_dialects::dataflow::{
    Depthwise, Graph, Map, Matvec, Pool, Stream, TilePool, half, multiplies, value_range,
};
use atheena_dialects::ir::{Attr, Failure, Op};
use atheena_dialects::pass::{NoOptions, Pass};

/// The pass.
pub struct NarrowMultipliers;

impl Pass for NarrowMultipliers {
    const FLAG: &'static str = "dataflow-narrow-multipliers";
    const SUMMARY: &'static str = "Scale with multipliers of as few bits as give the same results";
    const ANCHOR: &'static str = "dataflow.graph";
    type Options = NoOptions;

    fn run(graph: Op<'_>, _: &NoOptions) -> Result<(), Failure> {
        for actor in Graph(graph).actors() {
            narrow(actor.op());
        }
        Ok(())
    }
}

/// Numbers from the first to the second one.
type Range = (i128, i128);

/// Gives an actor narrower multipliers, if it multiplies and there are any.
fn narrow(op: Op<'_>) {
    let Some((sums, results)) = scaled(op).filter(|_| multiplies(op)) else { return };
    let list =
        |name| op.attr(name).and_then(|attr| attr.to_i64s().or(attr.to_i64().map(|value| vec![value])));
    let (Some(multipliers), Some(shifts)) = (list("multiplier"), list("shift")) else { return };
    let (double_round, rounding) = (op.attr("double_round").is_some(), list("rounding"));
    let count = multipliers.len().max(shifts.len()).max(rounding.as_ref().map_or(0, Vec::len));
    // Of one multiplier for all, all sums.
    let sums = if count == 1 { sums.into_iter().reduce(hull).into_iter().collect() } else { sums };
    let scalings = (0..count).map(|channel| {
        let shift = shifts[channel % shifts.len()] as u32;
        let given = rounding.as_ref().map(|values| values[channel % values.len()].into());
        Scaling {
            multiplier: multipliers[channel % multipliers.len()].into(),
            shift,
            rounding: given.unwrap_or_else(|| half(shift)),
            double_round,
        }
    });
    let found: Option<Vec<_>> =
        scalings.zip(sums).map(|(scaling, sums)| scaling.narrowest(sums, results)).collect();
    let Some(found) = found else { return };
    let ctx = op.ctx();
    let is_list = op.attr("multiplier").is_some_and(|attr| attr.to_i64s().is_some());
    let ints = |of: &dyn Fn(&Scaling) -> i128| {
        let values: Vec<_> = found.iter().map(|scaling| of(scaling) as i32).collect();
        if is_list { Attr::i32s(ctx, &values) } else { Attr::i32(ctx, values[0]) }
    };
    op.set_attr("multiplier", ints(&|scaling| scaling.multiplier));
    op.set_attr("shift", ints(&|scaling| scaling.shift.into()));
    op.remove_attr("double_round");
    op.remove_attr("rounding");
    if found.iter().any(|scaling| scaling.rounding != half(scaling.shift)) {
        let values: Vec<_> = found.iter().map(|scaling| scaling.rounding as i64).collect();
        let value = if is_list { Attr::i64s(ctx, &values) } else { Attr::i64(ctx, values[0]) };
        op.set_attr("rounding", value);
    }
}

/// What an actor multiplies, of each of its channels or of all, and what results are clamped to, less the zero point. None of what is no
/// scale, of averages that are of fewer elements at borders, and of unknown weights.
fn scaled(op: Op<'_>) -> Option<(Vec<Range>, Range)> {
    let int = |name| op.attr(name).and_then(Attr::to_i64).unwrap_or(0);
    let input = value_range(op.operand(0)?);
    let wide =
        |sums: Vec<(i64, i64)>| sums.into_iter().map(|(low, high)| (low.into(), high.into())).collect();
    let zero_point = i128::from(int("input_zp"));
    let of_elements = |count: i64| {
        let ends = [input.0, input.1].map(|end| (end - zero_point) * i128::from(count));
        vec![(ends[0], ends[1])]
    };
    let sums = if let Some(matvec) = Matvec::cast(op) {
        wide(matvec.sums()?)
    } else if let Some(depthwise) = Depthwise::cast(op) {
        wide(depthwise.sums()?)
    } else if Map::cast(op).is_some() {
        of_elements(1)
    } else if let Some(pool) = Pool::cast(op) {
        pool.average_taps().is_none().then(|| of_elements(pool.taps()))?
    } else if let Some(pool) = TilePool::cast(op) {
        of_elements(pool.taps())
    } else {
        return None;
    };
    let (least, most) = Stream::of_value(op.result(0)).element.range();
    let bound = |name, usual| op.attr(name).and_then(Attr::to_i64).unwrap_or(usual) - int("output_zp");
    Some((sums, (bound("min", least).into(), bound("max", most).into())))
}

/// As many results or numbers are looked at: all that 16 bits have.
const MOST_LIMITS: i128 = 1 << 17;

/// What the result k asks of a number x.
#[derive(Clone, Copy)]
enum Limit {
    /// `k 2^s <= x m + r`.
    AtLeast(i128, i128),
    /// `x m + r < k 2^s`.
    Below(i128, i128),
}

/// `(x * multiplier + rounding) >> shift`, and with DOUBLE_ROUND `2^30` more or less by the sign of x, where the shift is above 31.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scaling {
    multiplier: i128,
    shift: u32,
    rounding: i128,
    double_round: bool,
}

impl Scaling {
    /// What is added to products of numbers with this sign.
    fn added(self, negative: bool) -> i128 {
        let away = if self.double_round && self.shift > 31 { 1 << 30 } else { 0 };
        self.rounding + if negative { -away } else { away }
    }

    fn of(self, x: i128) -> i128 {
        (x * self.multiplier + self.added(x < 0)) >> self.shift
    }

    /// The least number of which the result is k or more.
    fn first(self, k: i128) -> i128 {
        let from = |negative| ceil_div((k << self.shift) - self.added(negative), self.multiplier);
        if from(false) > 0 { from(false) } else { from(true).min(0) }
    }

    /// What results of numbers in a range, clamped to another, ask for: where they change, or of each number, whichever is less; None where both are
    /// too many.
    fn limits(self, (low, high): Range, (least, most): Range) -> Option<Vec<Limit>> {
        let clamped = |x| self.of(x).clamp(least, most);
        // What is clamped at an end may be anything beyond.
        let results = clamped(low).max(least + 1)..=(clamped(high) + 1).min(most);
        if (high - low).min(results.end() - results.start()) > MOST_LIMITS {
            return None;
        }
        if high - low < results.end() - results.start() {
            let of_number = |x| {
                let result = clamped(x);
                let at_least = (result > least).then_some(Limit::AtLeast(result, x));
                at_least.into_iter().chain((result < most).then_some(Limit::Below(result + 1, x)))
            };
            return Some((low..=high).flat_map(of_number).collect());
        }
        let of_result = |k| {
            let first = self.first(k).clamp(low, high + 1);
            let at_least = (first <= high).then_some(Limit::AtLeast(k, first));
            at_least.into_iter().chain((first > low).then_some(Limit::Below(k, first - 1)))
        };
        Some(results.flat_map(of_result).collect())
    }

    /// The one with the least shift, and no DOUBLE_ROUND, that gives the same for all numbers in a range, with results clamped to another.
    /// None if there is none, or nothing to multiply.
    fn narrowest(self, (low, high): Range, (least, most): Range) -> Option<Self> {
        if self.multiplier <= 0 || least > most {
            return None;
        }
        let limits = self.limits((low, high), (least, most))?;
        // What may be added with a multiplier and a shift.
        let rounding = |multiplier: i128, shift: u32| {
            let (mut from, mut to) = (i128::from(i64::MIN), i128::from(i64::MAX));
            for &limit in &limits {
                match limit {
                    Limit::AtLeast(k, x) => from = from.max((k << shift) - multiplier * x),
                    Limit::Below(k, x) => to = to.min((k << shift) - 1 - multiplier * x),
                }
                if from > to {
                    return None;
                }
            }
            Some(half(shift).clamp(from, to))
        };
        let at = |shift: u32| {
            let scale = self.multiplier << shift >> self.shift;
            let near = (scale - 1).max(1)..=(scale + 2).min(i32::MAX.into());
            let found = near.filter_map(|multiplier| {
                let rounding = rounding(multiplier, shift)?;
                Some(Self { multiplier, shift, rounding, double_round: false })
            });
            // The one with the fewest digits is the cheapest to multiply with.
            found.min_by_key(|found| (found.multiplier ^ (3 * found.multiplier)).count_ones())
        };
        // As many places as a multiplier of 31 bits has.
        let places = self.shift + self.multiplier.leading_zeros().saturating_sub(128 - 31);
        (0..=places.min(62)).find_map(at)
    }
}

fn ceil_div(a: i128, b: i128) -> i128 {
    -(-a).div_euclid(b)
}

fn hull(a: Range, b: Range) -> Range {
    (a.0.min(b.0), a.1.max(b.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const I8: Range = (-128, 127);

    fn single(multiplier: i128, shift: u32) -> Scaling {
        Scaling { multiplier, shift, rounding: half(shift), double_round: false }
    }

    /// What may be added with a multiplier and a shift for all results to be the same: of each number by itself.
    fn roundings(like: Scaling, (m, s): (i128, u32), (low, high): Range, (least, most): Range) -> Range {
        let of = |x: i128| {
            let y = like.of(x).clamp(least, most);
            let from = if y == least { i128::MIN } else { (y << s) - x * m };
            let to = if y == most { i128::MAX } else { ((y + 1) << s) - 1 - x * m };
            (from, to)
        };
        (low..=high).map(of).fold((i128::MIN, i128::MAX), |a, b| (a.0.max(b.0), a.1.min(b.1)))
    }

    /// Against all multipliers with one place less.
    #[test]
    fn no_narrower_one_gives_the_same() {
        let (ranges, results) =
            ([(-700, 900), (0, 255), (-20, -3), (5, 1999)], [I8, (0, 127), (-3, 3), (4, 4)]);
        let scales = [(1_431_655_766, 32), (1_234_567_891, 36), (1_700_000_001, 40), (5, 1), (3, 0)];
        let mut narrower = 0;
        for ((multiplier, shift), double_round) in scales.into_iter().flat_map(|s| [(s, false), (s, true)]) {
            let scaling = Scaling { double_round, ..single(multiplier, shift) };
            for (range, results) in ranges.iter().flat_map(|&range| results.map(|results| (range, results))) {
                // Away from zero on both sides there may be none.
                let Some(found) = scaling.narrowest(range, results) else {
                    assert!(double_round && range.0 < 0 && results.0 < 0 && results.1 > 0);
                    continue;
                };
                let same = |x: i128| {
                    scaling.of(x).clamp(results.0, results.1) == found.of(x).clamp(results.0, results.1)
                };
                assert!((range.0..=range.1).all(same), "{scaling:?} {found:?} {range:?} {results:?}");
                narrower += i32::from(found.multiplier < 1 << 16);
                let fits = |m: &i128| {
                    let (from, to) = roundings(scaling, (*m, found.shift - 1), range, results);
                    from <= to
                };
                let fewer = (1..=found.multiplier).find(|m| found.shift > 0 && fits(m));
                assert_eq!(fewer, None, "{scaling:?} {found:?} {range:?} {results:?}");
            }
        }
        assert!(narrower > 100, "{narrower}");
    }

    #[test]
    fn averages_of_few_elements_need_few_bits() {
        // TOSA's reciprocals of 4, which takes -2 to -1, and of 9.
        let quarter = single((1 << 30) + 1, 32);
        assert_eq!(quarter.narrowest((0, 508), I8), Some(single(1, 2)));
        let found = quarter.narrowest((-512, 508), I8).expect("513 / 2^11 is one");
        assert!(found.shift <= 11, "{found:?}");
        let ninth = single(1_908_874_355, 34).narrowest((-1152, 1143), I8).expect("455 / 2^12 is one");
        assert!(ninth.shift <= 12, "{ninth:?}");
    }

    /// Ends of 48 bits, results of 16.
    #[test]
    fn wide_sums_do_not_overflow() {
        let range = (-(1 << 47), (1 << 47) - 1);
        let scaling = single(i32::MAX.into(), 62);
        let found = scaling.narrowest(range, (-32768, 32767)).expect("it is itself one");
        let close = |x: i128| (x - 3..=x + 3).all(|x| scaling.of(x) == found.of(x));
        assert!((-32768..32768).step_by(7).all(|k| close(scaling.first(k).clamp(range.0, range.1))));
    }

    /// i8 to 2^20 times as much in i32, as TFLite adds; and what can't be looked at.
    #[test]
    fn results_of_many_bits_are_looked_at_number_by_number() {
        let i32 = (i128::from(i32::MIN), i128::from(i32::MAX));
        let scaling = single(1_518_500_250, 11);
        let found = scaling.narrowest(I8, i32).expect("it is itself one");
        assert!((-128..=127).all(|x| scaling.of(x) == found.of(x)), "{found:?}");
        assert!(found.shift < 11, "{found:?}");
        assert_eq!(single(1_518_500_250, 31).narrowest((-(1 << 40), 1 << 40), i32), None);
    }

    #[test]
    fn nothing_is_made_of_zero() {
        assert_eq!(single(0, 5).narrowest((-9, 9), I8), None);
        assert_eq!(single(3, 5).narrowest((-9, 9), (1, 0)), None);
    }
}
