//! The choice of least products whose loss of accuracy is within a bound on other data too, with confidence.
//!
//! A choice is accepted if Tango's score test of paired proportions rejects that it loses more (T. Tango, "Equivalence test
//! and confidence interval for the difference in proportions for the paired-sample design", 1998). Many choices are looked at,
//! but in an order that the labels have no part in: along paths from the strictest thresholds on, each only while all before it on
//! its path were accepted. So a path errs as seldom as a single test (fixed sequence testing: Angelopoulos et al., "Learn
//! then Test", 2021), and J paths do if each is tested at a J-th of the level.

use super::search::{Cost, Sample};

/// What a choice has to show.
#[derive(Debug, Clone, Copy)]
pub struct Bound {
    /// The part of all samples that may be lost.
    pub loss: f64,
    /// The probability that no more is lost on other data.
    pub confidence: f64,
}

/// The samples that tell a choice from the last classifier alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Pairs {
    samples: usize,
    /// Only the last classifier is right.
    lost: usize,
    /// Only the network with its exits is right.
    won: usize,
}

/// Steps of a path, where there are several exits.
const STEPS: usize = 200;

/// The most paths.
const PATHS: usize = 256;

/// The places of the thresholds with the least products that are accepted; None if none are.
pub fn choose(samples: &[Sample], rungs: &[usize], cost: &Cost, bound: Bound) -> Option<Vec<usize>> {
    let paths = paths(rungs);
    let z = quantile(1.0 - (1.0 - bound.confidence) / paths.len().max(1) as f64);
    let accepted = paths.iter().flat_map(|path| {
        path.iter()
            .map(|rungs| (run(samples, rungs, cost), rungs))
            .take_while(|((pairs, _), _)| pairs.loses_less(bound.loss, z))
    });
    accepted.min_by_key(|((_, products), _)| *products).map(|(_, rungs)| rungs.clone())
}

/// The fewest samples of which a choice can be accepted, when no answer changes.
pub fn samples_needed(rungs: &[usize], bound: Bound) -> usize {
    let z = quantile(1.0 - (1.0 - bound.confidence) / paths(rungs).len().max(1) as f64);
    (z * z * (1.0 - bound.loss) / bound.loss).ceil() as usize
}

/// From the strictest thresholds on: all of one exit's; of several, those that loosen the exits at fixed proportions, of which
/// the fastest goes all the way.
fn paths(rungs: &[usize]) -> Vec<Vec<Vec<usize>>> {
    if let &[only] = rungs {
        return vec![(0..only).rev().map(|rung| vec![rung]).collect()];
    }
    let count = |speeds: usize| speeds.pow(rungs.len() as u32) - (speeds - 1).pow(rungs.len() as u32);
    let speeds = (2..=5).rev().find(|&speeds| count(speeds) <= PATHS).unwrap_or(2);
    let fastest = speeds - 1;
    let mut all = vec![vec![]];
    for _ in rungs {
        all = all
            .iter()
            .flat_map(|path| (0..speeds).map(move |speed| [&path[..], &[speed]].concat()))
            .collect();
    }
    let path = |speeds: &Vec<usize>| {
        let at = |step: usize| {
            let rung = |(&rungs, &speed): (&usize, &usize)| {
                let top = rungs.saturating_sub(1);
                top - top * speed * step / (fastest * STEPS)
            };
            rungs.iter().zip(speeds).map(rung).collect()
        };
        (0..=STEPS).map(at).collect()
    };
    all.iter().filter(|speeds| speeds.contains(&fastest)).map(path).collect()
}

/// Sends the samples through the exits.
fn run(samples: &[Sample], rungs: &[usize], cost: &Cost) -> (Pairs, u64) {
    let mut pairs = Pairs { samples: samples.len(), ..Pairs::default() };
    let mut products = 0;
    let up_to: Vec<u64> = (0..=rungs.len()).map(|exit| cost.steps[..=exit].iter().sum()).collect();
    for Sample { levels, right } in samples {
        let exit = (0..rungs.len()).find(|&exit| rungs[exit] < levels[exit]).unwrap_or(rungs.len());
        products += up_to[exit];
        match (right[exit], right[rungs.len()]) {
            (true, false) => pairs.won += 1,
            (false, true) => pairs.lost += 1,
            _ => {}
        }
    }
    (pairs, products)
}

impl Pairs {
    /// Does the test reject that `loss` or more is lost, at the level of which `z` is the quantile?
    fn loses_less(self, loss: f64, z: f64) -> bool {
        loss >= 1.0 || self.statistic(loss) <= -z
    }

    /// The score statistic of a loss: about normal where that is the loss.
    fn statistic(self, loss: f64) -> f64 {
        let [n, lost, won] = [self.samples, self.lost, self.won].map(|count| count as f64);
        let variance = n * (2.0 * self.won_at(loss) + loss * (1.0 - loss));
        if variance > 0.0 { (lost - won - n * loss) / variance.sqrt() } else { 0.0 }
    }

    /// The likeliest probability that a sample is won, given that the loss is `loss`.
    fn won_at(self, loss: f64) -> f64 {
        let [n, lost, won] = [self.samples, self.lost, self.won].map(|count| count as f64);
        let a = 2.0 * n;
        let b = (2.0 * n - lost + won) * loss - lost - won;
        let c = -won * loss * (1.0 - loss);
        ((b * b - 4.0 * a * c).sqrt() - b) / (2.0 * a)
    }
}

/// The number that a standard normal variable is below with a probability in 0.5..1.
pub fn quantile(probability: f64) -> f64 {
    let (mut low, mut high) = (0.0, 8.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if distribution(middle) < probability { low = middle } else { high = middle }
    }
    low
}

/// The probability that a standard normal variable is below z, in 0..8 (Abramowitz and Stegun, 26.2.11).
fn distribution(z: f64) -> f64 {
    let (mut term, mut sum) = (z, z);
    for n in 1..300 {
        term *= z * z / f64::from(2 * n + 1);
        sum += term;
    }
    0.5 + (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of Student's table at infinitely many degrees of freedom.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (probability, z) in
            [(0.5, 0.0), (0.9, 1.28155), (0.95, 1.64485), (0.975, 1.95996), (0.9995, 3.29053)]
        {
            assert!((quantile(probability) - z).abs() < 1e-5, "{probability}");
        }
    }

    /// Against the largest likelihood of a fine grid.
    #[test]
    fn the_constrained_probability_is_the_likeliest() {
        for (samples, lost, won, loss) in
            [(100, 7, 3, 0.01), (5000, 20, 11, 0.002), (50, 0, 4, 0.1), (40, 5, 0, 0.05)]
        {
            let pairs = Pairs { samples, lost, won };
            let log = |count: usize, p: f64| if count == 0 { 0.0 } else { count as f64 * p.ln() };
            let likelihood =
                |q: f64| log(lost, q + loss) + log(won, q) + log(samples - lost - won, 1.0 - 2.0 * q - loss);
            let found = pairs.won_at(loss);
            let best = (1..40_000).map(|i| f64::from(i) * 1e-5).filter(|q| 2.0 * q + loss < 1.0);
            let best = best.map(likelihood).fold(f64::NEG_INFINITY, f64::max);
            assert!(likelihood(found.max(1e-12)) >= best - 1e-6, "{pairs:?} {found}");
        }
    }

    /// By hand: none lost or won of n leaves z = sqrt(n loss / (1 - loss)); 1.645^2 * 0.998 / 0.002 = 1350.
    #[test]
    fn without_differences_the_number_of_samples_decides() {
        let bound = Bound { loss: 0.002, confidence: 0.95 };
        let needed = samples_needed(&[10], bound);
        assert_eq!(needed, 1351);
        let test = |samples| Pairs { samples, lost: 0, won: 0 }.loses_less(0.002, quantile(0.95));
        assert!(test(needed) && !test(needed - 1));
        assert!(
            !Pairs { samples: 1_000_000, lost: 0, won: 0 }.loses_less(0.0, 0.1),
            "nothing shows a loss below none"
        );
        assert!(Pairs { samples: 3, lost: 3, won: 0 }.loses_less(1.0, 2.0), "no more than all can be lost");
    }

    /// Data sets drawn from a population whose loss is known for every threshold: the choice loses more than it may in one of
    /// twenty at most, and yet most samples leave.
    #[test]
    fn the_bound_holds_as_often_as_it_says() {
        let mut seed = 11u64;
        let mut random = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 11) as f64 / (1u64 << 53) as f64
        };
        let (count, draws, bound) = (40, 400, Bound { loss: 0.01, confidence: 0.95 });
        // Right with these probabilities, independently; the exit worse than the last where it is less sure.
        let exit = |level: usize| 0.9 + 0.1 * level as f64 / count as f64 - 0.08 * f64::from(level < 12);
        let last = 0.95;
        let lost = |level: usize| (last - exit(level)) / (count + 1) as f64;
        let loss = |rung: usize| (rung + 1..=count).map(lost).sum::<f64>();
        assert!((0..count).any(|rung| loss(rung) > bound.loss) && loss(count / 2) < bound.loss);
        let cost = Cost { steps: vec![1, 9] };
        let (mut wrong, mut early) = (0, 0);
        for _ in 0..draws {
            let sample = |_| {
                let level = (random() * (count + 1) as f64) as usize;
                Sample { levels: vec![level], right: vec![random() < exit(level), random() < last] }
            };
            let samples: Vec<_> = (0..2000).map(sample).collect();
            let Some(chosen) = choose(&samples, &[count], &cost, bound) else { continue };
            wrong += usize::from(loss(chosen[0]) > bound.loss);
            early += usize::from(chosen[0] < count / 2);
        }
        // 20 of 400, and three standard deviations of 4.4.
        assert!(wrong <= 33, "{wrong} of {draws}");
        assert!(early > draws / 2, "{early} of {draws}");
    }

    #[test]
    fn paths_start_strict_and_reach_every_exit() {
        let paths = paths(&[11, 21]);
        assert!(paths.iter().all(|path| path[0] == [10, 20]));
        assert!(paths.iter().all(|path| path.is_sorted_by(|a, b| a.iter().zip(b).all(|(a, b)| a >= b))));
        for end in [[0, 0], [0, 20], [10, 0]] {
            assert!(paths.iter().any(|path| path.last().is_some_and(|last| *last == end)), "{end:?}");
        }
        assert_eq!(super::paths(&[3]), [[[2], [1], [0]]]);
    }
}
