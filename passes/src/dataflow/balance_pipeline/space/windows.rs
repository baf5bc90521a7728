//! What of windows has to wait, as choices that cost more the fewer cycles a sample has.

use crate::depths::{self, Room, Windows};
use crate::ways::Way;
use atheena_dialects::dataflow::{Fifo, Resources, Stream, gcd};
use rustc_hash::FxHashMap;

/// Cycles for each sample that comes from which on queues of windows are deep enough.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct From {
    /// If samples come at full speed.
    pub full_speed: f64,
    /// If they come evenly.
    pub even: f64,
}

impl From {
    /// With a room.
    pub fn with(self, room: &Room) -> f64 {
        if room.even { self.even } else { self.full_speed }
    }
}

/// The queues of windows, or of what becomes of them, in front of what takes them in `cycles`: from when they are enough, and their cost.
/// They hold so many beats at least.
pub(super) fn queues(
    windows: &Windows,
    stream: &Stream,
    cycles: i64,
    least_beats: Option<i64>,
) -> Vec<(From, Resources)> {
    // It need not be faster than what comes.
    let most = windows.waiting(cycles, cycles.max(windows.ii_cycles) as f64, true);
    let mut queues: Vec<(From, Resources)> = vec![];
    for waiting in (0..=most).rev() {
        let cost = depths::cost(stream, Windows::depth(waiting).max(least_beats));
        let enough_from = |even| windows.enough_from(cycles, waiting, 0.0, even);
        let from = match waiting == most {
            true => From::default(),
            false => From { full_speed: enough_from(false), even: enough_from(true) },
        };
        if queues.last().is_none_or(|(_, deeper)| *deeper != cost) {
            queues.push((from, cost));
        }
    }
    queues
}

/// Windows, and the stream that they are or become.
pub(super) struct Known {
    pub windows: Windows,
    /// What comes to the window, and how much of it queues there anyway; None behind what holds samples.
    pub in_front: Option<(Stream, i64)>,
    /// The windows.
    pub stream: Stream,
    /// Of what takes them; 0 where the stream is the windows.
    pub cycles: i64,
    /// Of the stream.
    pub lanes: i64,
}

/// How much of what may have to wait in front of a window is offered to.
const PARTS_IN_FRONT: [f64; 5] = [1.0, 0.7, 0.4, 0.2, 0.0];

impl Known {
    /// The queues around windows that a layer takes: of windows that wait while none ends, and in front of the window, as long as the layer is
    /// late where samples come evenly. From when they are enough, and their cost.
    pub fn queues_of_layer(&self, layer: &Way) -> Vec<(From, Resources)> {
        let Self { windows, stream, .. } = self;
        let changed = stream.with_lanes(gcd(self.lanes, layer.lanes.inputs[0])).beats();
        let cycles = layer.ii_cycles.max(changed);
        // It need not be faster than what comes.
        let available = cycles.max(windows.ii_cycles) as f64;
        let most = windows.waiting(cycles, available, false);
        let mut found: Vec<(From, Resources)> = vec![];
        let mut behind = None;
        for waiting in (0..=most).rev() {
            let cost = depths::cost(stream, Windows::depth(waiting));
            if behind.replace(cost) == Some(cost) {
                continue;
            }
            let full_speed = match waiting == most {
                true => 0.0,
                false => windows.enough_from(cycles, waiting, 0.0, false),
            };
            let late = windows.in_front(cycles, available, waiting);
            let Some((rows, queued)) = self.in_front.as_ref().filter(|_| late > 0.0) else {
                found.push((From { full_speed, even: full_speed }, cost));
                continue;
            };
            for part in PARTS_IN_FRONT {
                let even = match part < 1.0 {
                    true => windows.enough_from(cycles, waiting, part * late, true),
                    false => full_speed,
                };
                let deeper = Fifo::cost(rows, queued + depths::beats(rows, part * late));
                found.push((From { full_speed, even }, cost + deeper - Fifo::cost(rows, *queued)));
            }
        }
        found
    }
}

/// By the lanes of the window's input: several of them give windows with the same lanes, and are not equally fast.
pub(super) type KnownWindows = FxHashMap<i64, Known>;
