//! Actors that go through the same steps over and over.

use super::{ActorModel, channel::Channels, machine::Status};
use atheena_dialects::dataflow::{Needs, Step, Steps};
use std::collections::VecDeque;

/// Registers in a row that stand still while the output has no room: what goes in comes out as many moving cycles later.
pub struct Registers {
    /// Cycles in which they stood still.
    stood: u64,
    since: Option<u64>,
    /// Moving cycles at which beats come out.
    due: VecDeque<u64>,
}

impl Registers {
    pub fn new() -> Self {
        Self { stood: 0, since: None, due: VecDeque::new() }
    }

    /// The number of this cycle among those that moved; None in one that does not. What is due goes to the output.
    pub fn advance(&mut self, cycle: u64, output: usize, channels: &mut Channels) -> Option<u64> {
        if !channels.has_room(output, cycle) {
            self.since.get_or_insert(cycle);
            channels.want_room(output, cycle);
            return None;
        }
        if let Some(since) = self.since.take() {
            self.stood += cycle - since;
        }
        let moving = cycle - self.stood;
        if self.due.front() == Some(&moving) {
            self.due.pop_front();
            channels.push(output, cycle);
        }
        Some(moving)
    }

    /// A beat that comes out `stages` moving cycles from now.
    pub fn enter(&mut self, moving: u64, stages: u64) {
        self.due.push_back(moving + stages);
    }

    /// The next cycle in which a beat comes out or they stop, if nothing else stops them.
    pub fn next(&self, cycle: u64, moving: u64, output: usize, channels: &Channels) -> Option<u64> {
        let due = self.due.front().map(|due| cycle + (due - moving));
        let stops = (!channels.has_room(output, cycle + 1)).then_some(cycle + 1);
        due.into_iter().chain(stops).min()
    }
}

/// An actor of steps.
pub struct Pipeline<'a> {
    index: usize,
    actor: &'a ActorModel,
    steps: &'a Steps,
    at: usize,
    /// The moving cycle in which the step that has begun ends.
    ends: Option<u64>,
    registers: Registers,
}

impl<'a> Pipeline<'a> {
    pub fn new(index: usize, actor: &'a ActorModel, steps: &'a Steps) -> Self {
        Self { index, actor, steps, at: 0, ends: None, registers: Registers::new() }
    }

    pub fn visit(&mut self, cycle: u64, channels: &mut Channels) -> Status {
        if cycle < self.steps.lead_cycles {
            channels.agenda.wake(self.index, self.steps.lead_cycles);
            return Status::Busy;
        }
        if self.steps.stages == 0 { self.pass(cycle, channels) } else { self.advance(cycle, channels) }
    }

    /// Without registers: a step that gives waits for room, others do not.
    fn pass(&mut self, cycle: u64, channels: &mut Channels) -> Status {
        let step = self.steps.steps[self.at];
        if !self.has_beats(step, cycle, channels) {
            return Status::Starved;
        }
        let output = self.actor.outputs[0];
        if step.gives && !channels.has_room(output, cycle) {
            channels.want_room(output, cycle);
            return Status::Blocked;
        }
        if step.gives {
            channels.push(output, cycle);
        }
        self.finish(step, cycle, channels);
        channels.agenda.wake(self.index, cycle + 1);
        Status::Busy
    }

    fn advance(&mut self, cycle: u64, channels: &mut Channels) -> Status {
        let output = self.actor.outputs[0];
        let Some(moving) = self.registers.advance(cycle, output, channels) else { return Status::Blocked };
        let step = self.steps.steps[self.at];
        let mut status = Status::Busy;
        let mut next = None;
        if self.ends.is_none() {
            if self.has_beats(step, cycle, channels) {
                self.ends = Some(moving + step.cycles - 1);
            } else {
                status = Status::Starved;
            }
        }
        if let Some(ends) = self.ends {
            next = Some(cycle + (ends - moving).max(1));
            if ends == moving {
                self.ends = None;
                if step.gives {
                    self.registers.enter(moving, self.steps.stages);
                }
                self.finish(step, cycle, channels);
            }
        }
        let next = next.into_iter().chain(self.registers.next(cycle, moving, output, channels)).min();
        if let Some(next) = next {
            channels.agenda.wake(self.index, next);
        }
        status
    }

    /// Are the beats there that a step needs? Else it wakes when the first that is missing is.
    fn has_beats(&self, step: Step, cycle: u64, channels: &mut Channels) -> bool {
        let (inputs, there) = match step.needs {
            Needs::Nothing => (&[][..], 0),
            Needs::Input(input) => (&self.actor.inputs[input..=input], 1),
            Needs::All => (&self.actor.inputs[..], 1),
            Needs::Beats { there, .. } => (&self.actor.inputs[..=0], there),
        };
        match inputs.iter().find(|&&input| channels.beats(input, cycle) < there) {
            Some(&input) => {
                channels.want_beats(input, there);
                false
            }
            None => true,
        }
    }

    /// Takes the beats of a step, and goes to the next one.
    fn finish(&mut self, step: Step, cycle: u64, channels: &mut Channels) {
        if step.takes {
            match step.needs {
                Needs::Nothing => {}
                Needs::Input(input) => channels.pop(self.actor.inputs[input], cycle, 1),
                Needs::All => self.actor.inputs.iter().for_each(|&input| channels.pop(input, cycle, 1)),
                Needs::Beats { gone, .. } => channels.pop(self.actor.inputs[0], cycle, gone),
            }
        }
        self.at += 1;
        if self.at == self.steps.steps.len() {
            self.at = 0;
        }
    }
}
