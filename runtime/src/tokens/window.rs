//! Windows: beats come in on a grid, and windows leave some places later.

use super::{ActorModel, channel::Channels, machine::Status, pipeline::Registers};
use atheena_dialects::dataflow::Place;

/// Stages between a step and the output's register.
const STAGES: u64 = 1;

/// A `dataflow.window` (`passes/src/hw/window.rs`).
pub struct Window<'a> {
    index: usize,
    actor: &'a ActorModel,
    places: &'a [Place],
    lag: usize,
    /// The last place that gives.
    last: usize,
    /// Where the next beat comes in.
    place: usize,
    /// Where the next window leaves.
    here: usize,
    /// Are there windows to come of a sample that is in?
    owed: bool,
    registers: Registers,
}

impl<'a> Window<'a> {
    pub fn new(index: usize, actor: &'a ActorModel, places: &'a [Place], lag: usize) -> Self {
        let last = places.iter().rposition(|place| place.gives).unwrap_or(0);
        Self {
            index,
            actor,
            places,
            lag,
            last,
            place: 0,
            here: 0,
            owed: lag == 0,
            registers: Registers::new(),
        }
    }

    pub fn visit(&mut self, cycle: u64, channels: &mut Channels) -> Status {
        let (input, output) = (self.actor.inputs[0], self.actor.outputs[0]);
        let Some(moving) = self.registers.advance(cycle, output, channels) else { return Status::Blocked };
        let takes = self.places[self.place].takes;
        let comes = !takes || channels.beats(input, cycle) > 0;
        // Between two samples, what is owed leaves without input.
        let moves = comes || (self.lag > 0 && self.place == 0 && self.owed);
        let next = if moves {
            if takes && comes {
                channels.pop(input, cycle, 1);
            }
            self.step(moving, comes);
            Some(cycle + 1)
        } else {
            channels.want_beats(input, 1);
            self.registers.next(cycle, moving, output, channels)
        };
        if let Some(next) = next {
            channels.agenda.wake(self.index, next);
        }
        if moves { Status::Busy } else { Status::Starved }
    }

    fn step(&mut self, moving: u64, forward: bool) {
        if self.places[self.here].gives && self.owed {
            self.registers.enter(moving, STAGES);
        }
        let next = |place: usize| if place + 1 == self.places.len() { 0 } else { place + 1 };
        if self.lag > 0 && forward && self.place + 1 == self.lag {
            (self.here, self.owed) = (0, true);
        } else {
            self.owed = self.lag == 0 || (self.owed && self.here != self.last);
            self.here = next(self.here);
        }
        if forward {
            self.place = next(self.place);
        }
    }
}
