//! Throughput and latency out of the cycles at which samples came and went.

use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Cycles from the first input beat of a sample to the last beat of its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// The median.
    pub p50: u64,
    /// 99 % of samples take no longer.
    pub p99: u64,
    /// The longest.
    pub max: u64,
}

impl Latency {
    /// Percentiles by nearest rank: the smallest value that at least p % of values do not exceed. `None` without values.
    pub fn of(mut cycles: Vec<u64>) -> Option<Latency> {
        cycles.sort_unstable();
        let rank =
            |percent: usize| cycles.get((cycles.len() * percent).div_ceil(100).checked_sub(1)?).copied();
        Some(Latency { p50: rank(50)?, p99: rank(99)?, max: rank(100)? })
    }
}

/// A run in steady state: samples that come round, so that buffers hold about as much at the end of what counts as at its start.
///
/// In front of the samples that count the last ones of them fill the pipeline, and behind them the first ones come again
/// and keep it full. Without both, the queues at exits, empty at first and at last, would be measured with few samples, and not the rate.
/// Where what is behind an exit is the slowest of all, the queue in front of it is full in the long run, however long it takes: such samples
/// come first of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steady {
    /// Which of the samples fill the queues at exits.
    filling: Vec<usize>,
    /// Samples that come behind these, before those that count.
    warm_up: usize,
    /// Samples that count.
    samples: usize,
    /// Samples that come last.
    cool_down: usize,
}

impl Steady {
    /// The most samples that come before, and last: more than are on their way at once.
    const MOST: usize = 64;

    /// Samples that leave by these exits with others around them: first so many of those that leave by the `last` one.
    pub fn around(exits: &[usize], last: usize, filling: usize) -> Self {
        let samples = exits.len();
        let others = samples.min(Self::MOST);
        let late = (0..samples).filter(|&sample| exits[sample] == last);
        let filling: Vec<usize> = late.cycle().take(filling).collect();
        // Those that are in the queues at the end leave behind all that count.
        let cool_down = others + filling.len();
        Self { filling, warm_up: others, samples, cool_down }
    }

    /// So many samples alone.
    pub fn alone(samples: usize) -> Self {
        Self { filling: vec![], warm_up: 0, samples, cool_down: 0 }
    }

    /// All samples in their order, of those that count.
    pub fn all<T: Clone>(&self, samples: &[T]) -> Vec<T> {
        let filling: Vec<T> = self.filling.iter().map(|&sample| samples[sample].clone()).collect();
        let first = &samples[samples.len() - self.warm_up..];
        let last: Vec<T> = samples.iter().cycle().take(self.cool_down).cloned().collect();
        [&filling[..], first, samples, &last[..]].concat()
    }

    /// Which of all samples count.
    pub fn counted(&self) -> Range<usize> {
        let start = self.filling.len() + self.warm_up;
        start..start + self.samples
    }

    /// Cycles a sample, from the cycles at which results of all samples were complete, in the order of arrival: the time from the last of
    /// as many results as come first to that of as many more as count. Samples alone have no such results: see [`cycles_per_sample`].
    pub fn cycles_per_sample(&self, completions: &[u64]) -> Option<f64> {
        let Some(before) = self.counted().start.checked_sub(1) else { return cycles_per_sample(completions) };
        let time = completions.get(before + self.samples)? - completions[before];
        Some(time as f64 / self.samples as f64)
    }
}

/// Cycles a sample in steady state, from the cycles at which results were complete, in the order of arrival.
///
/// The first max(1, min(16, n / 4)) results are warm-up; what counts is the time from the first result after them to
/// the last. `None` with too few results for that.
pub fn cycles_per_sample(completions: &[u64]) -> Option<f64> {
    let warm_up = (completions.len() / 4).clamp(1, 16);
    let (first, rest) = completions.get(warm_up..)?.split_first()?;
    let last = rest.last()?;
    Some((last - first) as f64 / rest.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        assert_eq!(Latency::of(vec![]), None);
        assert_eq!(Latency::of(vec![7]), Some(Latency { p50: 7, p99: 7, max: 7 }));
        // Of 1 to 200, 100 values are at most 100 and 198 at most 198.
        assert_eq!(Latency::of((1..=200).rev().collect()), Some(Latency { p50: 100, p99: 198, max: 200 }));
    }

    #[test]
    fn samples_come_round() {
        let steady = Steady::around(&[0, 1, 1], 2, 5);
        assert_eq!((steady.all(&[1, 2, 3]), steady.counted()), (vec![1, 2, 3, 1, 2, 3, 1, 2, 3], 3..6));
        assert_eq!(steady.cycles_per_sample(&[1, 2, 9, 10, 12, 24, 60, 70, 80]), Some(5.0));
        assert_eq!(Steady::around(&[0; 1000], 1, 5).all(&[0; 1000]).len(), 1128);
        let filled = Steady::around(&[1, 0, 1], 1, 3);
        assert_eq!(filled.all(&[1, 2, 3]), [1, 3, 1, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]);
        assert_eq!(filled.counted(), 6..9);
        let alone = Steady::alone(3);
        assert_eq!((alone.all(&[1, 2, 3]), alone.counted()), (vec![1, 2, 3], 0..3));
        assert_eq!(alone.cycles_per_sample(&[100, 200, 210]), Some(10.0));
        // Cut short.
        assert_eq!(steady.cycles_per_sample(&[1, 2, 9, 10]), None);
    }

    #[test]
    fn warm_up_does_not_count() {
        assert_eq!(cycles_per_sample(&[]), None);
        assert_eq!(cycles_per_sample(&[100, 110]), None);
        // n = 3: one warm-up result, then one interval.
        assert_eq!(cycles_per_sample(&[100, 200, 210]), Some(10.0));
        // n = 100: 16 slow ones, then 83 intervals of 7.
        let completions: Vec<u64> =
            (0..100).map(|i| if i < 16 { 1000 * i } else { 100_000 + 7 * i }).collect();
        assert_eq!(cycles_per_sample(&completions), Some(7.0));
    }
}
