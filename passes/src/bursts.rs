//! How many samples must be able to wait at an exit so that bursts of hard ones cost little throughput.
//!
//! What is before an exit and what is behind it are two servers with a finite queue between them (blocking after service): the first
//! one takes `front_cycles` for each sample; of those a part goes on, independently of one another, and takes `back_cycles`
//! each in the second. A sample that goes on and finds no place stops the first server. In the notation of queueing theory
//! the second server is a Geo/D/1/K queue: its arrivals are Bernoulli trials at fixed intervals, its service time is fixed.
//! There is no closed form that is worth its length; the recursion of its departures (Lindley's) is exact, and a hundred
//! thousand samples take a millisecond:
//!
//! ```text
//!   t(k) = max(t(k-1) + front, d(j - places))        where k is the j-th sample that goes on, else t(k-1) + front
//!   d(j) = max(d(j-1), t(k)) + back
//! ```

use atheena_runtime::tokens::draw_exits;

/// What meets at an exit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exit {
    /// Cycles for each sample that comes to the exit, before it.
    pub front_cycles: f64,
    /// Cycles for each sample that goes on, behind it.
    pub back_cycles: f64,
    /// The part that goes on.
    pub stays: f64,
}

/// Samples of an estimate, and the seed of their order.
const SAMPLES: usize = 1 << 16;
const SEED: u64 = 7;

/// Places that are tried are multiples of this part of a sample.
const STEP: f64 = 0.25;

/// More than this many places are not asked for: at equal loads no number is enough.
pub const MOST_PLACES: f64 = 32.0;

impl Exit {
    /// The throughput that is lost with room for so many samples in front of and in the second server, as a part of what it
    /// would be with infinite room.
    pub fn loss(&self, places: f64) -> f64 {
        if !self.has_bursts() {
            return 0.0;
        }
        let exits = draw_exits(&[1.0, self.stays], SAMPLES, SEED);
        let cycles = self.cycles(&exits, places);
        let infinite = self.front_cycles.max(self.back_cycles * self.stays) * SAMPLES as f64;
        (cycles / infinite - 1.0).max(0.0)
    }

    fn cycles(&self, exits: &[usize], places: f64) -> f64 {
        let places = places.max(1.0);
        let whole = places.floor() as usize;
        // Part of a place: the oldest one need not have left altogether.
        let part = (places - whole as f64) * self.back_cycles;
        let mut departures = vec![0.0f64; whole];
        let (mut at, mut oldest, mut latest) = (0.0f64, 0, 0.0f64);
        for &exit in exits {
            at += self.front_cycles;
            if exit > 0 {
                at = at.max(departures[oldest] - part);
                latest = latest.max(at) + self.back_cycles;
                departures[oldest] = latest;
                oldest = (oldest + 1) % whole;
            }
        }
        at
    }

    /// Not where all samples go on, or none.
    fn has_bursts(&self) -> bool {
        self.stays > 0.0 && self.stays < 1.0
    }

    /// The least number of places at which at most this part of the throughput is lost: without bursts that of the sample in service.
    pub fn places(&self, max_loss: f64) -> f64 {
        if !self.has_bursts() {
            return 1.0;
        }
        let (mut low, mut high) = ((1.0 / STEP) as i64, (MOST_PLACES / STEP) as i64);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.loss(middle as f64 * STEP) <= max_loss {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        high as f64 * STEP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples that are all alike need no room but that of the one in service: the next one is made meanwhile.
    #[test]
    fn what_never_varies_needs_one_place() {
        for stays in [0.0, 1.0] {
            let exit = Exit { front_cycles: 3.0, back_cycles: 5.0, stays };
            assert_eq!((exit.loss(1.0), exit.places(1e-9)), (0.0, 1.0));
        }
        // All take the back's five cycles, but for the first one, which the back had to wait for.
        let exit = Exit { front_cycles: 3.0, back_cycles: 5.0, stays: 1.0 };
        assert_eq!(exit.cycles(&[1; 1000], 1.0), 3.0 + 999.0 * 5.0);
    }

    /// Service within an interval of the arrivals never lets two wait.
    #[test]
    fn a_fast_back_needs_one_place() {
        let exit = Exit { front_cycles: 100.0, back_cycles: 99.0, stays: 0.25 };
        assert_eq!(exit.loss(1.0), 0.0);
        assert_eq!(exit.places(0.01), 1.0);
    }

    /// The table of `docs/buffers.md`, whose numbers are from the same recursion in Python with other draws.
    #[test]
    fn places_follow_from_the_loads() {
        for (load, expected) in [(0.8, 5.0), (0.9, 9.0), (0.95, 13.5), (1.1, 9.0), (1.25, 5.0)] {
            let exit = Exit { front_cycles: 1.0, back_cycles: load / 0.25, stays: 0.25 };
            let places = exit.places(0.01);
            assert!((places - expected).abs() <= 0.15 * expected, "{places} at {load}");
        }
    }

    /// At equal loads what waits is a random walk between two walls, and the loss falls no faster than the number of places grows: the
    /// variance of a step, `16 * 0.25 * 0.75 = 3`, by twice the room of 4 cycles a place, is 0.375 / places (the diffusion's limit),
    /// some 37 places for 1 %.
    #[test]
    fn equal_loads_want_very_many_places() {
        let exit = Exit { front_cycles: 1.0, back_cycles: 4.0, stays: 0.25 };
        assert!(exit.places(0.01) >= 0.75 * 37.0);
        assert!((exit.loss(10.0) / 0.0375 - 1.0).abs() < 0.25, "{}", exit.loss(10.0));
    }

    /// At a load of 0.8 the chance that a place is wanted falls by a constant factor a place; two more samples waiting cost
    /// less than a third of the loss.
    #[test]
    fn losses_fall_geometrically() {
        let exit = Exit { front_cycles: 1.0, back_cycles: 3.2, stays: 0.25 };
        let losses: Vec<f64> = [1.0, 3.0, 5.0, 7.0].map(|places| exit.loss(places)).to_vec();
        assert!(losses.windows(2).all(|pair| pair[1] < pair[0] / 2.5), "{losses:?}");
        assert!(exit.loss(exit.places(0.01)) <= 0.01);
        assert!(exit.loss(exit.places(0.01) - STEP) > 0.01);
    }
}
