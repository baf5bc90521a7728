//! Conditions in integers: what the golden model, the TOSA form and the hardware compute, bit by bit.
//!
//! `docs/confidence.md` derives the forms and bounds their error.

use super::ConfidenceKind;

/// A condition in integers: a sum over the classes is compared with a limit; nothing is multiplied or divided.
///
/// The distance `max x - x_i` of a logit, rounded to a multiple of `2^shift`, is the index of an exponential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegerConfidence {
    /// log2 of the distance between two entries of the tables.
    pub shift: u32,
    /// `round(exp(-i * 2^shift * scale) * 2^16)`; the last entry stands for all distances beyond it.
    pub table: Vec<i32>,
    /// Which sum leaves.
    pub limit: Limit,
}

/// The limit of a sum; -1 is one that no sum meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Max-softmax: the exponentials add up to at most this.
    Fixed(i32),
    /// Margin: the exponentials add up to at most the entry of the second largest logit's distance.
    OfSecond(Vec<i32>),
    /// Entropy: the terms add up to at most the entry of the exponentials' sum.
    OfTerms {
        /// `round(x exp(-x) * 2^16)` with `x = i * 2^shift * scale`.
        terms: Vec<i32>,
        /// Entry i is for sums of exponentials from `2^16 + i * 2^shift`; the last one for all beyond it.
        limits: Vec<i32>,
        /// log2 of the sums that have one entry.
        shift: u32,
    },
}

/// Entries of a table at most: four block RAMs of 18 kbit.
const MOST_ENTRIES: usize = 2048;

/// Beyond this distance `exp(-x)` and `x exp(-x)` round to 0 in units of 2^-16.
const VANISHING_NATS: f64 = 15.0;

impl IntegerConfidence {
    /// The fixed-point one of the tables.
    pub const ONE: f64 = 65536.0;

    /// The integer form of a condition on `classes` logits of `bits` bits that are multiples of `scale`.
    ///
    /// The threshold is in the kind's range, the scale positive.
    pub fn new(kind: ConfidenceKind, threshold: f64, scale: f64, bits: u32, classes: usize) -> Self {
        let (shift, entries) = index(scale, bits);
        let nats = move |i: usize| i as f64 * scale * f64::from(1u32 << shift);
        let fixed = |value: f64| (value * Self::ONE).round() as i32;
        let table = |of: &dyn Fn(f64) -> f64| (0..entries).map(|i| fixed(of(nats(i)))).collect();
        // No sum exceeds this: a limit beyond it lets everything leave.
        let largest_sum = (classes as f64 * Self::ONE).min(f64::from(i32::MAX));
        // The largest integer below a real number.
        let below = |value: f64| ((value * Self::ONE).ceil() - 1.0).clamp(-1.0, largest_sum) as i32;
        let limit = match kind {
            ConfidenceKind::MaxSoftmax => Limit::Fixed(below(1.0 / threshold)),
            ConfidenceKind::Margin => {
                let limit = |i: usize| match 1.0 - (-nats(i)).exp() {
                    _ if classes == 1 => below(f64::INFINITY),
                    // Equals have no margin, even where any margin is enough.
                    0.0 => -1,
                    ahead => below(ahead / threshold),
                };
                Limit::OfSecond((0..entries).map(limit).collect())
            }
            ConfidenceKind::Entropy => {
                let (shift, count) = sums(threshold, classes);
                let width = f64::from(1u32 << shift);
                let limit = |i: usize| {
                    // The middle of the sums that share the entry.
                    let sum = 1.0 + (i as f64 * width + (width - 1.0) / 2.0) / Self::ONE;
                    below(sum * (threshold - sum.ln()))
                };
                let limits = (0..count).map(limit).collect();
                Limit::OfTerms { terms: table(&|x| x * (-x).exp()), limits, shift }
            }
        };
        Self { shift, table: table(&|x| (-x).exp()), limit }
    }

    /// Does a sample with these logits leave?
    pub fn leaves<T: Copy + Into<i32>>(&self, logits: &[T]) -> bool {
        let max = logits.iter().map(|&x| x.into()).max().unwrap_or_default();
        let indices = logits.iter().map(|&x| self.index_of(max - x.into()));
        let total = |table: &[i32]| -> i64 { indices.clone().map(|i| i64::from(table[i])).sum() };
        let sum = total(&self.table);
        match &self.limit {
            Limit::Fixed(limit) => sum <= i64::from(*limit),
            Limit::OfSecond(limits) => {
                let mut sorted: Vec<usize> = indices.clone().collect();
                sorted.sort_unstable();
                let second = sorted.get(1).copied().unwrap_or(limits.len() - 1);
                sum <= i64::from(limits[second])
            }
            Limit::OfTerms { terms, limits, shift } => {
                let beyond_one = (sum - Self::ONE as i64) >> shift;
                let limit = limits[(beyond_one.max(0) as usize).min(limits.len() - 1)];
                total(terms) <= i64::from(limit)
            }
        }
    }

    /// The index of a distance from the maximum in the tables.
    fn index_of(&self, distance: i32) -> usize {
        let half = (1 << self.shift) >> 1;
        (((distance + half) >> self.shift) as usize).min(self.table.len() - 1)
    }
}

/// How distances of logits are looked up: the tables' shift and entries.
///
/// The tables hold every distance that `bits` have, or end where everything vanishes.
fn index(scale: f64, bits: u32) -> (u32, usize) {
    let entries = MOST_ENTRIES.min(1 << bits.min(16));
    let largest = (1u64 << bits) - 1;
    let reaches = |shift: u32| {
        let end = (entries as u64 - 1) << shift;
        (largest + ((1 << shift) >> 1)) >> shift < entries as u64 || end as f64 * scale >= VANISHING_NATS
    };
    ((0..bits).find(|&shift| reaches(shift)).unwrap_or(bits), entries)
}

/// How sums of exponentials are looked up in an entropy's limits: shift and entries.
///
/// A sum of `exp(threshold)` or more has at least the threshold's entropy, and the last entry says so; no sum exceeds
/// the number of classes.
fn sums(threshold: f64, classes: usize) -> (u32, usize) {
    let (bound, classes) = (threshold.exp(), classes as f64);
    let beyond = usize::from(bound < classes);
    let last = ((bound.min(classes) - 1.0) * IntegerConfidence::ONE) as u64;
    let entries = |shift: u32| (last >> shift) as usize + 1 + beyond;
    let shift = (0..30).find(|&shift| entries(shift) <= MOST_ENTRIES).unwrap_or(30);
    (shift, entries(shift).min(MOST_ENTRIES))
}
