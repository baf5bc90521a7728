//! A part of all choices: those whose thresholds are between two of each exit.

use super::{Cost, Sample};

/// A part, and what of it is not the same for all of its choices.
#[derive(Debug, Clone)]
pub struct Part<'a> {
    /// The least strict rung of each exit.
    low: Vec<usize>,
    /// The strictest.
    high: Vec<usize>,
    /// The samples that leave at different exits for different choices; of a part that is not `open` yet others as well.
    samples: Vec<&'a Sample>,
    /// Samples that are right, of those that are not in `samples` any more.
    correct: usize,
    /// Their products.
    products: u64,
}

impl<'a> Part<'a> {
    /// All choices.
    pub fn all(samples: &'a [Sample], rungs: &[usize]) -> Self {
        Self {
            low: vec![0; rungs.len()],
            high: rungs.iter().map(|&count| count.saturating_sub(1)).collect(),
            samples: samples.iter().collect(),
            correct: 0,
            products: 0,
        }
    }

    /// How many samples have to be looked at.
    pub fn size(&self) -> usize {
        self.samples.len()
    }

    /// Looks at the samples: sets those aside that leave at one exit only, and finds what the others allow.
    pub fn open(mut self, cost: &Cost) -> Open<'a> {
        let exits = self.low.len();
        let mut axes: Vec<Vec<usize>> = vec![vec![]; exits];
        let mut upgrades = vec![];
        let (mut cheap_correct, mut cheap_products) = (0, 0);
        let mut places = Vec::with_capacity(exits + 1);
        let Self { low, high, samples, correct, products } = &mut self;
        samples.retain(|Sample { levels, right }| {
            places.clear();
            let ends = (0..exits).any(|exit| {
                // It stays at all thresholds from its level on.
                if levels[exit] > low[exit] {
                    places.push(exit);
                }
                levels[exit] > high[exit]
            });
            if !ends {
                places.push(exits);
            }
            let first = places[0];
            if places.len() == 1 {
                *correct += usize::from(right[first]);
                *products += cost.up_to(first);
                return false;
            }
            cheap_correct += usize::from(right[first]);
            cheap_products += cost.up_to(first);
            if !right[first] {
                let better = places.iter().find(|&&exit| right[exit]);
                upgrades.extend(better.map(|&exit| cost.up_to(exit) - cost.up_to(first)));
            }
            let mut later = false;
            for (place, &exit) in places.iter().enumerate().rev() {
                if place + 1 < places.len() && !right[exit] && later {
                    axes[exit].push(levels[exit]);
                }
                later |= right[exit];
            }
            true
        });
        upgrades.sort_unstable();
        axes.iter_mut().for_each(|axis| axis.sort_unstable());
        let cheapest = (self.correct + cheap_correct, self.products + cheap_products);
        Open { part: self, axes, cheapest, upgrades }
    }
}

/// A part whose samples were looked at.
pub struct Open<'a> {
    part: Part<'a>,
    /// For each exit the levels of the samples for which it is worth to be stricter, in order: those that are wrong there, and
    /// right at an exit where they may leave instead. Between two of them, the least strict threshold is as good as any:
    /// who leaves there for it costs less, and is not right elsewhere unless right there.
    axes: Vec<Vec<usize>>,
    /// Correct samples and products if every sample leaves where it may first.
    cheapest: (usize, u64),
    /// What it costs, at least, to have one more sample right, another one, …: in order.
    upgrades: Vec<u64>,
}

impl<'a> Open<'a> {
    /// Correct samples with products that no choice of this part with as many is below: at most as many as the part's choices can
    /// have right. Every sample chooses for itself here.
    pub fn bounds(&self) -> impl Iterator<Item = (usize, u64)> {
        let steps = self.upgrades.iter().scan(self.cheapest, |(correct, products), upgrade| {
            *correct += 1;
            *products += upgrade;
            Some((*correct, *products))
        });
        std::iter::once(self.cheapest).chain(steps)
    }

    /// The thresholds of each exit that are worth a look.
    pub fn grid(&self) -> Vec<Vec<usize>> {
        let grid = self.part.low.iter().zip(&self.axes).map(|(&low, axis)| {
            let mut rungs: Vec<usize> = std::iter::once(low).chain(axis.iter().copied()).collect();
            rungs.dedup();
            rungs
        });
        grid.collect()
    }

    /// How many samples are left.
    pub fn size(&self) -> usize {
        self.part.size()
    }

    /// Calls `found` with every choice of a grid within the part.
    pub fn each(
        &self,
        grid: &[Vec<usize>],
        cost: &Cost,
        mut found: impl FnMut(&dyn Fn() -> Vec<usize>, usize, u64),
    ) {
        let Part { samples, correct, products, .. } = &self.part;
        super::grid::each(samples, grid, &cost.steps, |rungs, more, beside| {
            found(rungs, correct + more, products + beside);
        });
    }

    /// Two parts that have all choices worth a look between them, cut in the middle of the exit on which most samples depend.
    pub fn halves(self) -> [Part<'a>; 2] {
        let exit = (0..self.axes.len()).max_by_key(|&exit| self.axes[exit].len()).unwrap_or_default();
        let axis = &self.axes[exit];
        let middle = axis[axis.len() / 2];
        let below = axis[..axis.partition_point(|&level| level < middle)].last().copied();
        let (mut loose, mut strict) = (self.part.clone(), self.part);
        loose.high[exit] = below.unwrap_or(loose.low[exit]);
        strict.low[exit] = middle;
        [loose, strict]
    }
}
