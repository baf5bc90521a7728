//! The thresholds of one exit that are worth a look.

use super::tuning::Decision;
use crate::classifiers::{Verdict, leaves};

/// The most thresholds of an exit: each lets at least this part of the samples leave more than the one before.
const MOST: usize = 2000;

/// Thresholds of an exit, and how far each sample gets.
pub struct Ladder {
    /// From the one at which the most samples leave to the strictest.
    pub thresholds: Vec<f64>,
    /// Of each sample, how many of them it leaves at: all but the strictest.
    pub levels: Vec<usize>,
}

impl Ladder {
    /// The thresholds that part the samples `seen` of exit `index`.
    pub fn of(decision: &Decision, index: usize, verdicts: &[Verdict], seen: &[usize]) -> Self {
        let values = seen.iter().map(|&i| decision.confidence_of(&verdicts[i].logits[index])).collect();
        let thresholds = thresholds(values, decision.confidence.kind.leaves_above());
        let confidences: Vec<_> = thresholds.iter().map(|&t| decision.at(t)).collect();
        // A stricter threshold lets no further sample leave.
        let level = |verdict: &Verdict| confidences.partition_point(|c| leaves(c, &verdict.logits[index]));
        let levels = verdicts.iter().map(level).collect();
        Self { thresholds, levels }
    }
}

/// Thresholds between confidences that differ, from the least strict on; each is the shortest decimal in its gap.
///
/// Samples leave above a threshold, or (`above` false) below it.
fn thresholds(mut values: Vec<f64>, above: bool) -> Vec<f64> {
    // The ends of what a threshold may be, so that all samples leave and that none does.
    let (all, none) = if above { (-0.1, 1.0) } else { (f64::INFINITY, 0.0) };
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    if !above {
        values.reverse();
    }
    let step = values.len().div_ceil(MOST).max(1);
    // The least confident samples that stay, in number, at each threshold.
    let mut found: Vec<f64> = vec![];
    let mut stay = 0;
    while stay <= values.len() {
        let low = if stay == 0 { all } else { values[stay - 1] };
        let high = values.get(stay).copied().unwrap_or(none);
        found.extend(between(low.min(high), low.max(high)));
        // Beyond those that have the same confidence.
        let same = values[stay.min(values.len())..].iter().take_while(|&&value| value == high).count();
        stay += same.max(step).min((values.len() - stay).max(1));
    }
    found.dedup();
    found
}

/// The shortest decimal well inside a gap, not negative; none where single precision hardly sees the gap.
fn between(low: f64, high: f64) -> Option<f64> {
    if high.is_infinite() {
        return Some((low * 10.0).floor() / 10.0 + 0.2);
    }
    if high - low < 2e-6 {
        return None;
    }
    let margin = (high - low) * 0.1;
    let (low, high) = ((low + margin).max(0.0), high - margin);
    (0..8).find_map(|digits| {
        let unit = 10f64.powi(digits);
        // A decimal divided is the double that its text reads as.
        let value = (low * unit).ceil() / unit;
        (low <= value && value <= high).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_short_and_part_the_samples() {
        // By hand: gaps (-0.1, 0.3), (0.3, 0.52), (0.52, 0.57), (0.57, 1), a tenth of each kept on both sides.
        assert_eq!(thresholds(vec![0.52, 0.3, 0.57, 0.3], true), [0.0, 0.4, 0.53, 0.7]);
        // Of entropies the largest stay first: none leaves below 0.1.
        assert_eq!(thresholds(vec![0.52, 0.2, 2.0], false), [2.2, 1.0, 0.3, 0.1]);
        // No threshold keeps what is certain.
        assert_eq!(thresholds(vec![1.0, 1.0], true), [0.1]);
    }

    #[test]
    fn many_samples_make_a_bounded_ladder() {
        let values: Vec<_> = (0..10_000).map(|i| f64::from(i) / 10_001.0).collect();
        let found = thresholds(values, true);
        assert!((1000..=MOST + 2).contains(&found.len()), "{}", found.len());
        assert!(found.is_sorted());
    }
}
