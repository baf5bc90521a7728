//! Throughput and latency out of the cycles at which samples came and went.

use serde::{Deserialize, Serialize};

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
