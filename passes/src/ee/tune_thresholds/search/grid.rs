//! All choices of a grid, at the price of a few additions each.
//!
//! A sample that stays at exits 1 to k has the answer of classifier k + 1 instead of k's, for the products of the step to
//! there. So with S_k the samples that stay at the first k exits, which only their thresholds decide,
//!
//!     correct  = sum_i right_1(i) + sum_k sum_{i in S_k} (right_{k+1}(i) - right_k(i))
//!     products = n m_1            + sum_k |S_k| m_{k+1}
//!
//! Each inner sum, as a function of the first k thresholds, is a cumulative sum of a histogram over how strict a threshold
//! each sample passes. That makes a choice of thresholds cost K additions.

use super::Sample;

/// Calls `found` with the rungs, the correct samples and the products of every choice of a grid, which has the places of some
/// thresholds of each exit; `steps` are the products from classifier to classifier.
pub fn each(
    samples: &[&Sample],
    grid: &[Vec<usize>],
    steps: &[u64],
    mut found: impl FnMut(&dyn Fn() -> Vec<usize>, usize, u64),
) {
    let first = samples.iter().filter(|sample| sample.right[0]).count() as i64;
    let layers: Vec<Layer> = (1..=grid.len()).map(|exits| Layer::of(samples, &grid[..exits])).collect();
    let cells: usize = grid.iter().map(Vec::len).product();
    // The cells of the grid's tails: a cell's number divided by it is the cell of the exits before.
    let tails: Vec<usize> = (1..=grid.len()).map(|k| grid[k..].iter().map(Vec::len).product()).collect();
    for cell in 0..cells {
        let mut correct = first;
        let mut products = samples.len() as u64 * steps[0];
        for ((layer, tail), step) in layers.iter().zip(&tails).zip(&steps[1..]) {
            correct += layer.gain[cell / tail];
            products += layer.stay[cell / tail] as u64 * step;
        }
        let rung = |(axis, tail): (&Vec<usize>, &usize)| axis[cell / tail % axis.len()];
        let rungs = || grid.iter().zip(&tails).map(rung).collect();
        found(&rungs, usize::try_from(correct).expect("no sample is right less than never"), products);
    }
}

/// The samples that stay at the first exits, for every choice of their thresholds.
struct Layer {
    /// How many stay.
    stay: Vec<i64>,
    /// How many more of them the next classifier has right.
    gain: Vec<i64>,
}

impl Layer {
    fn of(samples: &[&Sample], grid: &[Vec<usize>]) -> Self {
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
                layer.gain[cell] += i64::from(right[grid.len()]) - i64::from(right[grid.len() - 1]);
            }
        }
        let mut stride = 1;
        for axis in grid.iter().rev() {
            let length = stride * axis.len();
            for sums in [&mut layer.stay, &mut layer.gain] {
                for block in sums.chunks_mut(length) {
                    (stride..length).for_each(|cell| block[cell] += block[cell - stride]);
                }
            }
            stride = length;
        }
        layer
    }
}
