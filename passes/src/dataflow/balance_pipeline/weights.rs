//! The weights at which the paths known so far allow the highest bound.
//!
//! A path says that the bound at weights x is at most `slopes . x + constant`; where the least of these planes is highest, the
//! search goes on. That linear program has few variables and many rows, and is solved as its dual, which has a row a kind, by the
//! simplex method on a dense tableau.

use super::optimum::{KINDS, Shares};

/// What a path says of the bound at x: at most `slopes . x + constant`.
#[derive(Clone, Copy, Debug)]
pub struct Plane {
    pub slopes: Shares,
    pub constant: f64,
}

/// What weights may be.
#[derive(Clone, Copy, Debug)]
pub enum Allowed {
    /// Their sum is 1.
    Shares,
    /// Each is at most so large.
    UpTo(f64),
}

/// Pivots until the rule that can't go round in circles is taken; a dozen are usual.
const FAST_PIVOTS: usize = 60;

/// Pivots until it is given up.
const MOST_PIVOTS: usize = 600;

/// Above this a number is positive.
const ROUNDING: f64 = 1e-12;

/// The x at which the least of the planes is highest, and its height there; weights of kinds that don't count are 0. None where
/// there is nothing to choose, or rounding goes out of hand.
pub fn best(planes: &[Plane], counts: [bool; KINDS], allowed: Allowed) -> Option<(Shares, f64)> {
    if planes.is_empty() || !counts.contains(&true) {
        return None;
    }
    // Variables of a tableau are not negative. Weights of sum 1 allow to lift all planes by the same.
    let lift = match allowed {
        Allowed::Shares => -planes.iter().flat_map(|plane| plane.slopes).fold(0.0, f64::min),
        Allowed::UpTo(_) => 0.0,
    };
    let lifted = |plane: &Plane| Plane { slopes: plane.slopes.map(|slope| slope + lift), ..*plane };
    let planes: Vec<Plane> = planes.iter().map(lifted).collect();
    let mut tableau = Tableau::new(&planes, counts, allowed);
    tableau.minimize()?;
    let (x, height) = tableau.weights(planes.len());
    Some((x, height - lift))
}

/// Rows: one a kind, that the parts of the planes have the sum 1, and the reduced costs. Columns: a part for each plane, a
/// slack for each kind, by how much each kind is exceeded (for weights of sum 1: all together, in the first), the right-hand sides.
struct Tableau {
    rows: [Vec<f64>; KINDS + 2],
    /// The column of each row that is 1 there and 0 in all others.
    basis: [usize; KINDS + 1],
}

const SUM: usize = KINDS;
const COSTS: usize = KINDS + 1;

impl Tableau {
    fn new(planes: &[Plane], counts: [bool; KINDS], allowed: Allowed) -> Self {
        let (slack, excess) = (planes.len(), planes.len() + KINDS);
        let width = excess + KINDS + 1;
        let mut rows: [Vec<f64>; KINDS + 2] = std::array::from_fn(|_| vec![0.0; width]);
        for (column, plane) in planes.iter().enumerate() {
            for kind in (0..KINDS).filter(|&kind| counts[kind]) {
                rows[kind][column] = plane.slopes[kind];
            }
            rows[SUM][column] = 1.0;
            rows[COSTS][column] = plane.constant;
        }
        rows[SUM][width - 1] = 1.0;
        for kind in 0..KINDS {
            rows[kind][slack + kind] = 1.0;
            match allowed {
                Allowed::Shares if counts[kind] => rows[kind][excess] = -1.0,
                Allowed::UpTo(most) => (rows[kind][excess + kind], rows[COSTS][excess + kind]) = (-1.0, most),
                Allowed::Shares => {}
            }
        }
        if matches!(allowed, Allowed::Shares) {
            rows[COSTS][excess] = 1.0;
        }
        // The first plane alone, and what it exceeds.
        let first = planes[0].slopes;
        let basis = std::array::from_fn(|row| if row == SUM { 0 } else { slack + row });
        let mut tableau = Self { rows, basis };
        tableau.pivot(SUM, 0);
        let counted = (0..KINDS).filter(|&kind| counts[kind]);
        match allowed {
            Allowed::Shares => {
                let largest = counted.reduce(|a, b| if first[b] > first[a] { b } else { a });
                largest.into_iter().for_each(|kind| tableau.pivot(kind, excess));
            }
            Allowed::UpTo(_) => {
                let exceeded = counted.filter(|&kind| first[kind] > 0.0);
                exceeded.for_each(|kind| tableau.pivot(kind, excess + kind));
            }
        }
        tableau
    }

    fn pivot(&mut self, row: usize, column: usize) {
        let scale = 1.0 / self.rows[row][column];
        self.rows[row].iter_mut().for_each(|entry| *entry *= scale);
        let pivot = std::mem::take(&mut self.rows[row]);
        for other in self.rows.iter_mut().filter(|other| !other.is_empty()) {
            let factor = other[column];
            if factor != 0.0 {
                other.iter_mut().zip(&pivot).for_each(|(entry, pivot)| *entry -= factor * pivot);
                other[column] = 0.0;
            }
        }
        self.rows[row] = pivot;
        self.basis[row] = column;
    }

    fn minimize(&mut self) -> Option<()> {
        let width = self.rows[COSTS].len() - 1;
        for pivots in 0..MOST_PIVOTS {
            let costs = &self.rows[COSTS];
            let mut promising = (0..width).filter(|&column| costs[column] < -ROUNDING);
            let entering = if pivots < FAST_PIVOTS {
                promising.reduce(|a, b| if costs[b] < costs[a] { b } else { a })
            } else {
                promising.next()
            };
            let Some(column) = entering else { return Some(()) };
            let row = self.leaving(column)?;
            self.pivot(row, column);
        }
        None
    }

    /// The row that first comes to 0 as a column enters; of equals that of the first column.
    fn leaving(&self, column: usize) -> Option<usize> {
        let ratio = |row: usize| {
            let row = &self.rows[row];
            row.last().copied().unwrap_or_default() / row[column]
        };
        let rows = (0..=SUM).filter(|&row| self.rows[row][column] > ROUNDING);
        rows.reduce(|a, b| {
            let order = ratio(b).total_cmp(&ratio(a)).then(self.basis[b].cmp(&self.basis[a]));
            if order.is_lt() { b } else { a }
        })
    }

    /// What the slacks cost are the weights.
    fn weights(&self, planes: usize) -> (Shares, f64) {
        let costs = &self.rows[COSTS];
        let height = -costs.last().copied().unwrap_or_default();
        (std::array::from_fn(|kind| costs[planes + kind].max(0.0)), height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn height(planes: &[Plane], x: Shares) -> f64 {
        let at =
            |plane: &Plane| plane.constant + (0..KINDS).map(|kind| plane.slopes[kind] * x[kind]).sum::<f64>();
        planes.iter().map(at).fold(f64::INFINITY, f64::min)
    }

    fn planes() -> impl Strategy<Value = Vec<Plane>> {
        let slopes =
            prop::array::uniform4(-50i32..50).prop_map(|slopes| slopes.map(|slope| f64::from(slope) / 10.0));
        let plane = (slopes, 0..30i32);
        let plane =
            plane.prop_map(|(slopes, constant)| Plane { slopes, constant: f64::from(constant) / 10.0 });
        prop::collection::vec(plane, 1..12)
    }

    proptest! {
        /// Against a grid of weights.
        #[test]
        fn nothing_is_higher(mut planes in planes(), counts in prop::array::uniform4(any::<bool>()), up_to in any::<bool>()) {
            let allowed = if up_to { Allowed::UpTo(2.0) } else { Allowed::Shares };
            if !up_to {
                planes.iter_mut().for_each(|plane| plane.constant = 0.0);
            }
            let Some((x, high)) = best(&planes, counts, allowed) else {
                prop_assert!(!counts.contains(&true));
                return Ok(());
            };
            prop_assert!((height(&planes, x) - high).abs() < 1e-9, "{x:?} {high}");
            prop_assert!((0..KINDS).all(|kind| x[kind] >= 0.0 && (counts[kind] || x[kind] == 0.0)));
            match allowed {
                Allowed::Shares => prop_assert!((x.iter().sum::<f64>() - 1.0).abs() < 1e-9),
                Allowed::UpTo(most) => prop_assert!(x.iter().all(|&x| x <= most + 1e-9)),
            }
            let parts = 6i32;
            for place in 0..(parts + 1).pow(KINDS as u32) {
                let part = |kind: usize| f64::from(place / (parts + 1).pow(kind as u32) % (parts + 1)) / f64::from(parts);
                let mut x: Shares = std::array::from_fn(|kind| if counts[kind] { part(kind) } else { 0.0 });
                let sum: f64 = x.iter().sum();
                if sum == 0.0 {
                    continue;
                }
                x = x.map(|x| if up_to { 2.0 * x } else { x / sum });
                prop_assert!(height(&planes, x) <= high + 1e-9);
            }
        }
    }
}
