//! What each actor does when it wakes.

use super::{
    ActorModel, Traffic,
    channel::Channels,
    ends::{Results, Sink, Source},
    pipeline::{Pipeline, Registers},
    window::Window,
};
use atheena_dialects::dataflow::Behaviour;
use std::collections::VecDeque;

/// How an actor spends a cycle, and those after it until it wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It works.
    Busy,
    /// It waits for a beat.
    Starved,
    /// It waits for room.
    Blocked,
}

/// An actor at work.
pub enum Machine<'a> {
    Pipeline(Pipeline<'a>),
    Window(Window<'a>),
    Fork(Fork<'a>),
    Gate(Gate<'a>),
    Decide(Decide<'a>),
    Merge(Merge<'a>),
    Source(Source<'a>),
    Sink(Sink<'a>),
    Results(Results<'a>),
}

impl<'a> Machine<'a> {
    /// Actor `index` before the first cycle. `decisions` are those of each exit.
    pub fn of(
        actors: &'a [ActorModel],
        index: usize,
        decisions: &'a [Vec<bool>],
        samples: usize,
        traffic: &'a Traffic,
    ) -> Self {
        let actor = &actors[index];
        match &actor.timing.behaviour {
            Behaviour::Steps(steps) => Self::Pipeline(Pipeline::new(index, actor, steps)),
            Behaviour::Window { places, lag } => Self::Window(Window::new(index, actor, places, *lag)),
            Behaviour::Fork => Self::Fork(Fork { index, actor, done: vec![false; actor.outputs.len()] }),
            &Behaviour::Gate { beats, pass_when, registers } => {
                let decisions = decisions[actor.exit].iter();
                Self::Gate(Gate {
                    index,
                    actor,
                    beats,
                    pass_when,
                    decisions,
                    beat: 0,
                    registers: 0,
                    last: 1 << (registers - 1),
                })
            }
            &Behaviour::Decide { beats, banks, search_cycles, stages } => Self::Decide(Decide {
                index,
                actor,
                beats,
                banks,
                search_cycles,
                stages,
                written: 0,
                filled: 0,
                known: VecDeque::new(),
                read: 0,
                registers: Registers::new(),
            }),
            &Behaviour::Merge { beats } => Self::Merge(Merge { index, actor, beats, beat: 0, chosen: 0 }),
            &Behaviour::Source { beats } => Self::Source(Source::new(index, actor, beats, samples, traffic)),
            &Behaviour::Sink { beats } if actor.outputs.is_empty() => {
                Self::Results(Results::new(index, actor, beats, traffic))
            }
            &Behaviour::Sink { beats } => Self::Sink(Sink::new(index, actor, beats)),
        }
    }

    /// Does what can be done in a cycle, and says when to wake again.
    pub fn visit(&mut self, cycle: u64, channels: &mut Channels) -> Status {
        match self {
            Self::Pipeline(machine) => machine.visit(cycle, channels),
            Self::Window(machine) => machine.visit(cycle, channels),
            Self::Fork(machine) => machine.visit(cycle, channels),
            Self::Gate(machine) => machine.visit(cycle, channels),
            Self::Decide(machine) => machine.visit(cycle, channels),
            Self::Merge(machine) => machine.visit(cycle, channels),
            Self::Source(machine) => machine.visit(cycle, channels),
            Self::Sink(machine) => machine.visit(cycle, channels),
            Self::Results(machine) => machine.visit(cycle, channels),
        }
    }
}

/// Copies, each as soon as it has room.
pub struct Fork<'a> {
    index: usize,
    actor: &'a ActorModel,
    done: Vec<bool>,
}

impl Fork<'_> {
    fn visit(&mut self, cycle: u64, channels: &mut Channels) -> Status {
        let input = self.actor.inputs[0];
        if channels.beats(input, cycle) == 0 {
            channels.want_beats(input, 1);
            return Status::Starved;
        }
        for (done, &output) in self.done.iter_mut().zip(&self.actor.outputs) {
            if *done {
                continue;
            }
            if channels.has_room(output, cycle) {
                channels.push(output, cycle);
                *done = true;
            } else {
                channels.want_room(output, cycle);
            }
        }
        if self.done.contains(&false) {
            return Status::Blocked;
        }
        self.done.fill(false);
        channels.pop(input, cycle, 1);
        channels.agenda.wake(self.index, cycle + 1);
        Status::Busy
    }
}

/// The conditional buffer: its memory is the room of its first input, and registers are behind it.
pub struct Gate<'a> {
    index: usize,
    actor: &'a ActorModel,
    beats: u64,
    pass_when: bool,
    decisions: std::slice::Iter<'a, bool>,
    /// Of the sample that leaves.
    beat: u64,
    /// A bit a register, the memory's the lowest one, and the bit of the last one.
    registers: u32,
    last: u32,
}

impl Gate<'_> {
    fn visit(&mut self, cycle: u64, channels: &mut Channels) -> Status {
        let (data, decision, output) = (self.actor.inputs[0], self.actor.inputs[1], self.actor.outputs[0]);
        let room = channels.has_room(output, cycle);
        if room {
            if self.registers & self.last != 0 {
                channels.push(output, cycle);
            }
            self.registers = (self.registers & !self.last) << 1;
        }
        // What waits in front of a full memory does not count.
        let used = channels.beats(data, cycle).min(channels.room(data));
        let mut status = Status::Busy;
        let mut moved = false;
        if self.beat == 0 && channels.beats(decision, cycle) == 0 {
            channels.want_beats(decision, 1);
            status = Status::Starved;
        } else if self.beat > 0 || self.decisions.as_slice().first() == Some(&self.pass_when) {
            if used == 0 {
                channels.want_beats(data, 1);
                status = Status::Starved;
            } else if room {
                if self.beat == 0 {
                    self.decide(cycle, channels);
                }
                channels.pop(data, cycle, 1);
                self.beat = (self.beat + 1) % self.beats;
                self.registers |= 1;
                moved = true;
            } else {
                status = Status::Blocked;
            }
        } else if used >= self.beats {
            self.decide(cycle, channels);
            channels.pop(data, cycle, self.beats);
            moved = true;
        } else {
            if self.beats <= channels.room(data) {
                channels.want_beats(data, self.beats);
            }
            status = Status::Starved;
        }
        if !room {
            channels.want_room(output, cycle);
        }
        if moved || (room && self.registers != 0) {
            channels.agenda.wake(self.index, cycle + 1);
        }
        status
    }

    fn decide(&mut self, cycle: u64, channels: &mut Channels) {
        self.decisions.next();
        channels.pop(self.actor.inputs[1], cycle, 1);
    }
}

/// Banks of logits that are filled, searched for their maximum and read.
pub struct Decide<'a> {
    index: usize,
    actor: &'a ActorModel,
    beats: u64,
    banks: u64,
    search_cycles: u64,
    stages: u64,
    /// Beats of the bank that is filled.
    written: u64,
    /// Banks that hold a sample.
    filled: u64,
    /// From which cycle on each of them may be read.
    known: VecDeque<u64>,
    /// Beats of the bank that is read.
    read: u64,
    registers: Registers,
}

impl Decide<'_> {
    fn visit(&mut self, cycle: u64, channels: &mut Channels) -> Status {
        let (input, output) = (self.actor.inputs[0], self.actor.outputs[0]);
        let mut next = None;
        let mut wake = |at: u64| next = Some(next.map_or(at, |next: u64| next.min(at)));
        let mut filled = self.filled;
        let mut status = Status::Starved;
        if self.filled == self.banks {
            // Reading wakes it.
        } else if channels.beats(input, cycle) == 0 {
            channels.want_beats(input, 1);
        } else {
            channels.pop(input, cycle, 1);
            status = Status::Busy;
            wake(cycle + 1);
            self.written += 1;
            if self.written == self.beats {
                self.written = 0;
                filled += 1;
                self.known.push_back(cycle + self.search_cycles + 1);
            }
        }
        match self.registers.advance(cycle, output, channels) {
            None => status = Status::Blocked,
            Some(moving) => {
                match self.known.front() {
                    Some(&from) if from <= cycle => {
                        status = Status::Busy;
                        wake(cycle + 1);
                        self.read += 1;
                        if self.read == self.beats {
                            self.read = 0;
                            filled -= 1;
                            self.known.pop_front();
                            self.registers.enter(moving, self.stages);
                        }
                    }
                    Some(&from) => wake(from),
                    None => {}
                }
                if let Some(at) = self.registers.next(cycle, moving, output, channels) {
                    wake(at);
                }
            }
        }
        self.filled = filled;
        if let Some(next) = next {
            channels.agenda.wake(self.index, next);
        }
        status
    }
}

/// Results of all exits, those of later ones first.
pub struct Merge<'a> {
    index: usize,
    actor: &'a ActorModel,
    beats: u64,
    beat: u64,
    chosen: usize,
}

impl Merge<'_> {
    fn visit(&mut self, cycle: u64, channels: &mut Channels) -> Status {
        let (data, tags) = self.actor.inputs.split_at(self.actor.inputs.len() / 2);
        let first = self.beat == 0;
        if first {
            let there =
                |&exit: &usize| [data[exit], tags[exit]].iter().all(|&c| channels.beats(c, cycle) > 0);
            match (0..data.len()).rev().find(there) {
                Some(exit) => self.chosen = exit,
                None => {
                    for &channel in &self.actor.inputs {
                        if channels.beats(channel, cycle) == 0 {
                            channels.want_beats(channel, 1);
                        }
                    }
                    return Status::Starved;
                }
            }
        } else if channels.beats(data[self.chosen], cycle) == 0 {
            channels.want_beats(data[self.chosen], 1);
            return Status::Starved;
        }
        let outputs = if first { &self.actor.outputs[..] } else { &self.actor.outputs[..1] };
        if let Some(&full) = outputs.iter().find(|&&output| !channels.has_room(output, cycle)) {
            channels.want_room(full, cycle);
            return Status::Blocked;
        }
        outputs.iter().for_each(|&output| channels.push(output, cycle));
        channels.pop(data[self.chosen], cycle, 1);
        if first {
            channels.pop(tags[self.chosen], cycle, 1);
            channels.order.push(self.chosen);
        }
        self.beat = (self.beat + 1) % self.beats;
        channels.agenda.wake(self.index, cycle + 1);
        Status::Busy
    }
}
