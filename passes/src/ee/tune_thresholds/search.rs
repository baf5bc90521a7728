//! The search over the thresholds of all exits at once.
//!
//! A sample that stays at exits 1 to k has the answer of classifier k + 1 instead of k's, for the products of the step to
//! there. So with S_k the samples that stay at the first k exits, which only their thresholds decide,
//!
//!     correct  = sum_i right_1(i) + sum_k sum_{i in S_k} (right_{k+1}(i) - right_k(i))
//!     products = n m_1            + sum_k |S_k| m_{k+1}
//!
//! Each inner sum, as a function of the first k thresholds, is a cumulative sum of a histogram over how strict a threshold
//! each sample passes. That makes a choice of thresholds cost K additions, so all of a grid are looked at.

/// A sample, as the search sees it.
#[derive(Debug)]
pub struct Sample {
    /// Of each exit, how many of its thresholds the sample leaves at: all but the strictest.
    pub levels: Vec<usize>,
    /// Which classifiers are right, the last one at the end.
    pub right: Vec<bool>,
}

/// What samples cost.
#[derive(Debug)]
pub struct Cost {
    /// The products of each step: to the first exit with its classifier, …, to the end.
    pub steps: Vec<u64>,
}

/// A choice of thresholds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The place of each exit's threshold among its thresholds.
    pub rungs: Vec<usize>,
    /// Samples that are right.
    pub correct: usize,
    /// Products of all samples.
    pub products: u64,
}

/// The most choices that a grid has.
const CELLS: usize = 1 << 21;

/// The frontier of products and correct samples, both rising, and the least products with `needed` correct samples.
///
/// `rungs` says how many thresholds each exit has. Where all their combinations are too many, the frontier is that of
/// an even selection, and the choice goes on from there, one exit at a time over all its thresholds until none gets better.
pub fn search(
    samples: &[Sample],
    rungs: &[usize],
    cost: &Cost,
    needed: usize,
) -> (Vec<Choice>, Option<Choice>) {
    let most = most_rungs(rungs);
    let grid: Vec<Vec<usize>> = rungs.iter().map(|&count| evenly(count, most)).collect();
    let frontier = frontier(samples, &grid, cost);
    let pick = |frontier: &[Choice]| frontier.iter().find(|choice| choice.correct >= needed).cloned();
    let mut chosen = pick(&frontier);
    while let Some(best) = chosen.clone() {
        for exit in (0..rungs.len()).filter(|&exit| rungs[exit] > most) {
            let now = chosen.as_ref().unwrap_or(&best);
            let mut line: Vec<_> = now.rungs.iter().map(|&rung| vec![rung]).collect();
            line[exit] = (0..rungs[exit]).collect();
            chosen = pick(&self::frontier(samples, &line, cost)).or(chosen);
        }
        if chosen.as_ref().is_some_and(|now| now.products >= best.products) {
            break;
        }
    }
    (frontier, chosen)
}

/// How many thresholds an exit may have at most for the grid not to be too large.
fn most_rungs(rungs: &[usize]) -> usize {
    let cells = |most: usize| rungs.iter().try_fold(1usize, |all, &count| all.checked_mul(count.min(most)));
    let largest = rungs.iter().copied().max().unwrap_or(0);
    let fits = |most: &usize| cells(*most).is_some_and(|cells| cells <= CELLS);
    (2..=largest).rev().find(fits).unwrap_or(1)
}

/// At most `most` of `0..count`, with both ends.
fn evenly(count: usize, most: usize) -> Vec<usize> {
    if count <= most {
        return (0..count).collect();
    }
    (0..most).map(|i| i * (count - 1) / (most - 1).max(1)).collect()
}

/// All choices of a grid of which no other has both less products and more correct samples.
fn frontier(samples: &[Sample], grid: &[Vec<usize>], cost: &Cost) -> Vec<Choice> {
    let first = samples.iter().filter(|sample| sample.right[0]).count() as i64;
    let layers: Vec<Layer> = (1..=grid.len()).map(|exits| Layer::of(samples, &grid[..exits])).collect();
    let cells: usize = grid.iter().map(Vec::len).product();
    // The cells of the grid's tails: a cell's number divided by it is the cell of the exits before.
    let tails: Vec<usize> = (1..=grid.len()).map(|k| grid[k..].iter().map(Vec::len).product()).collect();
    let mut least: Vec<Option<(u64, usize)>> = vec![None; samples.len() + 1];
    for cell in 0..cells {
        let mut correct = first;
        let mut products = samples.len() as u64 * cost.steps[0];
        for ((layer, tail), step) in layers.iter().zip(&tails).zip(&cost.steps[1..]) {
            correct += i64::from(layer.gain[cell / tail]);
            products += u64::from(layer.stay[cell / tail]) * step;
        }
        let best = &mut least[usize::try_from(correct).expect("no sample is right less than never")];
        if best.is_none_or(|(least, _)| products < least) {
            *best = Some((products, cell));
        }
    }
    let mut found: Vec<Choice> = vec![];
    for (correct, best) in least.iter().enumerate().rev() {
        let Some((products, cell)) = *best else { continue };
        if found.last().is_none_or(|above| products < above.products) {
            let rung = |(axis, tail): (&Vec<usize>, &usize)| axis[cell / tail % axis.len()];
            let rungs = grid.iter().zip(&tails).map(rung).collect();
            found.push(Choice { rungs, correct, products });
        }
    }
    found.reverse();
    found
}

/// The samples that stay at the first exits, for every choice of their thresholds.
struct Layer {
    /// How many stay.
    stay: Vec<u32>,
    /// How many more of them the next classifier has right.
    gain: Vec<i32>,
}

impl Layer {
    fn of(samples: &[Sample], grid: &[Vec<usize>]) -> Self {
        let cells = grid.iter().map(Vec::len).product();
        let mut layer = Self { stay: vec![0; cells], gain: vec![0; cells] };
        for Sample { levels, right } in samples {
            // The first threshold of each exit at which the sample stays; none if it always leaves.
            let first = |(axis, &level): (&Vec<usize>, &usize)| {
                Some(axis.partition_point(|&rung| rung < level)).filter(|&place| place < axis.len())
            };
            let places = grid.iter().zip(levels).map(first);
            let cell = places.zip(grid).try_fold(0, |cell, (place, axis)| Some(cell * axis.len() + place?));
            if let Some(cell) = cell {
                layer.stay[cell] += 1;
                layer.gain[cell] += i32::from(right[grid.len()]) - i32::from(right[grid.len() - 1]);
            }
        }
        let mut stride = 1;
        for axis in grid.iter().rev() {
            for cell in stride..cells {
                if cell / stride % axis.len() > 0 {
                    layer.stay[cell] += layer.stay[cell - stride];
                    layer.gain[cell] += layer.gain[cell - stride];
                }
            }
            stride *= axis.len();
        }
        layer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Sends every sample through the exits.
    fn run(samples: &[Sample], rungs: &[usize], cost: &Cost) -> (usize, u64) {
        let exit = |s: &Sample| (0..rungs.len()).find(|&k| rungs[k] < s.levels[k]).unwrap_or(rungs.len());
        let correct = samples.iter().filter(|s| s.right[exit(s)]).count();
        (correct, samples.iter().map(|s| cost.steps[..=exit(s)].iter().sum::<u64>()).sum())
    }

    /// All choices, one after the other.
    fn choices(rungs: &[usize]) -> Vec<Vec<usize>> {
        rungs.iter().fold(vec![vec![]], |all, &count| {
            all.iter().flat_map(|c| (0..count).map(move |rung| [&c[..], &[rung]].concat())).collect()
        })
    }

    prop_compose! {
        fn problem()(exits in 1usize..4)(
            rungs in prop::collection::vec(1usize..6, exits),
            steps in prop::collection::vec(0u64..50, exits + 1),
            drawn in prop::collection::vec(
                (prop::collection::vec(0usize..6, exits), prop::collection::vec(any::<bool>(), exits + 1)), 1..30),
        ) -> (Vec<usize>, Cost, Vec<Sample>) {
            let bounded = |levels: Vec<usize>| levels.iter().zip(&rungs).map(|(&l, &r)| l.min(r)).collect();
            let samples = drawn.into_iter().map(|(levels, right)| Sample { levels: bounded(levels), right });
            let samples = samples.collect();
            (rungs, Cost { steps }, samples)
        }
    }

    proptest! {
        #[test]
        fn the_frontier_is_that_of_all_choices((rungs, cost, samples) in problem(), needed in 0usize..30) {
            let (frontier, chosen) = search(&samples, &rungs, &cost, needed);
            for choice in &frontier {
                prop_assert_eq!(run(&samples, &choice.rungs, &cost), (choice.correct, choice.products));
            }
            let all: Vec<_> = choices(&rungs).iter().map(|c| run(&samples, c, &cost)).collect();
            let mut best: Vec<_> = all.iter().filter(|(correct, products)| {
                !all.iter().any(|(c, p)| (c > correct && p <= products) || (c >= correct && p < products))
            }).copied().collect();
            best.sort_unstable();
            best.dedup();
            let found: Vec<_> = frontier.iter().map(|c| (c.correct, c.products)).collect();
            prop_assert_eq!(found, best);
            let least = all.iter().filter(|(correct, _)| *correct >= needed).map(|(_, p)| *p).min();
            prop_assert_eq!(chosen.map(|c| c.products), least);
        }
    }

    /// Ladders too long for a grid: the choice is at least as good as the grid's, and no exit alone betters it.
    #[test]
    fn long_ladders_end_where_no_exit_betters_the_choice() {
        let mut seed = 3u64;
        let mut random = |limit: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % limit
        };
        let rungs = [300, 300, 300];
        let mut sample = || {
            let levels: Vec<_> = rungs.iter().map(|&count| random(count + 1)).collect();
            // The surer, the likelier right; the last is right three times in four.
            let mut right: Vec<_> = levels.iter().map(|&level| random(300) < level).collect();
            right.push(random(4) > 0);
            Sample { levels, right }
        };
        let samples: Vec<_> = (0..400).map(|_| sample()).collect();
        let cost = Cost { steps: vec![10, 20, 40, 80] };
        let (frontier, chosen) = search(&samples, &rungs, &cost, 290);
        let chosen = chosen.expect("there is a choice");
        assert_eq!(run(&samples, &chosen.rungs, &cost), (chosen.correct, chosen.products));
        let of_grid = frontier.iter().find(|choice| choice.correct >= 290).expect("the grid has one too");
        assert!(chosen.products <= of_grid.products);
        for exit in 0..3 {
            for rung in 0..300 {
                let mut other = chosen.rungs.clone();
                other[exit] = rung;
                let (correct, products) = run(&samples, &other, &cost);
                assert!(correct < 290 || products >= chosen.products, "{other:?} is better");
            }
        }
    }
}
