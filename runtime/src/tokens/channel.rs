//! Streams: how many beats are in them, as either end sees it.
//!
//! An output's skid buffer holds two beats (`passes/src/hw/hdl/stream.rs`), and whether there is room is a register too: what is
//! pushed shows at the other end a cycle later, and so does room. Room of the consumer adds up, and makes both two cycles: memories
//! and skid buffers behind one another are the same as one queue. A single register holds one beat, and shows room a cycle earlier:
//! in the cycle in which a beat leaves, unless the consumer has a memory.

use super::{ChannelModel, agenda::Agenda};

/// Beats in a skid buffer.
const SKID: u64 = 2;

/// A stream.
pub struct Channel {
    producer: usize,
    consumer: usize,
    register: u64,
    capacity: u64,
    /// Cycles until what is pushed shows.
    delay: u64,
    /// Cycles until room shows.
    room_delay: u64,
    pushed: u64,
    popped: u64,
    /// When the last two pushes show.
    shown: [u64; 2],
    /// When the last two pops show, and of how many beats.
    freed: [(u64, u64); 2],
    /// The consumer sleeps until so many were pushed.
    wanted: u64,
    /// The producer sleeps until there is room.
    full: bool,
}

impl Channel {
    /// An empty stream.
    pub fn of(model: &ChannelModel) -> Self {
        let delay = if model.room > 0 { 2 } else { 1 };
        Self {
            producer: model.producer,
            consumer: model.consumer,
            register: model.register,
            capacity: model.register + model.room,
            delay,
            room_delay: delay + model.register - SKID,
            pushed: 0,
            popped: 0,
            shown: [0; 2],
            freed: [(0, 0); 2],
            wanted: u64::MAX,
            full: false,
        }
    }

    /// Beats that the consumer sees.
    fn beats(&self, cycle: u64) -> u64 {
        let hidden = self.shown.iter().filter(|&&shown| shown > cycle).count() as u64;
        self.pushed - self.popped - hidden
    }

    /// Does the producer see room?
    fn has_room(&self, cycle: u64) -> bool {
        let hidden = |(shown, count): (u64, u64)| if shown > cycle { count } else { 0 };
        self.pushed - self.popped + hidden(self.freed[0]) + hidden(self.freed[1]) < self.capacity
    }
}

/// All streams, and who wakes when.
pub struct Channels {
    channels: Vec<Channel>,
    pub agenda: Agenda,
    /// Producers that have got room in this very cycle.
    pub given_room: Vec<usize>,
    /// The exits of the results, in their order.
    pub order: Vec<usize>,
    /// When samples entered.
    pub entries: Vec<u64>,
    /// When results were complete.
    pub completions: Vec<u64>,
    /// The last cycle in which a beat came in or went out.
    pub progress: u64,
}

impl Channels {
    pub fn new(channels: Vec<Channel>, actors: usize) -> Self {
        let agenda = Agenda::new(actors);
        Self {
            channels,
            agenda,
            given_room: vec![],
            order: vec![],
            entries: vec![],
            completions: vec![],
            progress: 0,
        }
    }

    /// Beats that the consumer sees.
    pub fn beats(&self, channel: usize, cycle: u64) -> u64 {
        self.channels[channel].beats(cycle)
    }

    /// Does the producer see room?
    pub fn has_room(&self, channel: usize, cycle: u64) -> bool {
        self.channels[channel].has_room(cycle)
    }

    /// Beats that the consumer holds itself.
    pub fn room(&self, channel: usize) -> u64 {
        self.channels[channel].capacity - self.channels[channel].register
    }

    /// Adds a beat; there was room.
    pub fn push(&mut self, channel: usize, cycle: u64) {
        let c = &mut self.channels[channel];
        c.pushed += 1;
        c.shown = [cycle + c.delay, c.shown[0]];
        if c.pushed >= c.wanted {
            c.wanted = u64::MAX;
            self.agenda.wake(c.consumer, cycle + c.delay);
        }
    }

    /// Takes beats that were there.
    pub fn pop(&mut self, channel: usize, cycle: u64, beats: u64) {
        let c = &mut self.channels[channel];
        c.popped += beats;
        c.freed = [(cycle + c.room_delay, beats), c.freed[0]];
        if std::mem::take(&mut c.full) {
            match c.room_delay {
                0 => self.given_room.push(c.producer),
                delay => self.agenda.wake(c.producer, cycle + delay),
            }
        }
    }

    /// Wakes the consumer when there are so many beats, which there are not.
    pub fn want_beats(&mut self, channel: usize, beats: u64) {
        let c = &mut self.channels[channel];
        let target = c.popped + beats;
        match c.pushed.checked_sub(target) {
            // They are on their way: the last one, or the one before it, is what is missing.
            Some(behind) => {
                let cycle = c.shown[(behind as usize).min(1)];
                self.agenda.wake(c.consumer, cycle);
            }
            None => c.wanted = target,
        }
    }

    /// Wakes the producer when there is room, which there is not.
    pub fn want_room(&mut self, channel: usize, cycle: u64) {
        let c = &mut self.channels[channel];
        if c.pushed - c.popped < c.capacity {
            let soonest = c.freed.iter().map(|(shown, _)| *shown).filter(|&shown| shown > cycle).min();
            self.agenda.wake(c.producer, soonest.unwrap_or(cycle + 1));
        } else {
            c.full = true;
        }
    }
}
