//! Where samples come in and results go out.

use super::{ActorModel, Host, Traffic, channel::Channels, machine::Status};

/// The source, and the host that feeds it.
pub struct Source<'a> {
    index: usize,
    actor: &'a ActorModel,
    beats: u64,
    samples: usize,
    arrivals: &'a [u64],
    host: Host,
    fed: usize,
    beat: u64,
    /// Is a beat there that has not been taken?
    offering: bool,
}

impl<'a> Source<'a> {
    pub fn new(
        index: usize,
        actor: &'a ActorModel,
        beats: u64,
        samples: usize,
        traffic: &'a Traffic,
    ) -> Self {
        let host = Host::new(traffic, 1);
        let arrivals = &traffic.arrivals;
        Self { index, actor, beats, samples, arrivals, host, fed: 0, beat: 0, offering: false }
    }

    pub fn visit(&mut self, cycle: u64, channels: &mut Channels) -> Status {
        if self.fed == self.samples {
            return Status::Starved;
        }
        let arrival = self.arrivals.get(self.fed).copied().unwrap_or(0);
        if self.beat == 0 && cycle < arrival {
            channels.agenda.wake(self.index, arrival);
            return Status::Starved;
        }
        if !self.offering {
            self.offering = self.host.is_steady() || !self.host.pauses(cycle, 0);
        }
        if !self.offering {
            channels.agenda.wake(self.index, cycle + 1);
            return Status::Starved;
        }
        let outputs = if self.beat == 0 { &self.actor.outputs[..] } else { &self.actor.outputs[..1] };
        if let Some(&full) = outputs.iter().find(|&&output| !channels.has_room(output, cycle)) {
            channels.want_room(full, cycle);
            return Status::Blocked;
        }
        outputs.iter().for_each(|&output| channels.push(output, cycle));
        self.offering = false;
        channels.progress = cycle;
        if self.beat == 0 {
            channels.entries.push(cycle);
        }
        self.beat += 1;
        if self.beat == self.beats {
            self.beat = 0;
            self.fed += 1;
        }
        channels.agenda.wake(self.index, cycle + 1);
        Status::Busy
    }
}

/// The sink: tag and exit of a result go with its last beat.
pub struct Sink<'a> {
    index: usize,
    actor: &'a ActorModel,
    beats: u64,
    beat: u64,
}

impl<'a> Sink<'a> {
    pub fn new(index: usize, actor: &'a ActorModel, beats: u64) -> Self {
        Self { index, actor, beats, beat: 0 }
    }

    pub fn visit(&mut self, cycle: u64, channels: &mut Channels) -> Status {
        let output = self.actor.outputs[0];
        if let Some(&empty) = self.actor.inputs.iter().find(|&&input| channels.beats(input, cycle) == 0) {
            channels.want_beats(empty, 1);
            return Status::Starved;
        }
        if !channels.has_room(output, cycle) {
            channels.want_room(output, cycle);
            return Status::Blocked;
        }
        channels.push(output, cycle);
        self.beat = (self.beat + 1) % self.beats;
        let taken = if self.beat == 0 { &self.actor.inputs[..] } else { &self.actor.inputs[..1] };
        taken.iter().for_each(|&input| channels.pop(input, cycle, 1));
        channels.agenda.wake(self.index, cycle + 1);
        Status::Busy
    }
}

/// The host that takes results.
pub struct Results<'a> {
    index: usize,
    actor: &'a ActorModel,
    beats: u64,
    beat: u64,
    host: Host,
}

impl<'a> Results<'a> {
    pub fn new(index: usize, actor: &'a ActorModel, beats: u64, traffic: &Traffic) -> Self {
        Self { index, actor, beats, beat: 0, host: Host::new(traffic, 2) }
    }

    pub fn visit(&mut self, cycle: u64, channels: &mut Channels) -> Status {
        let input = self.actor.inputs[0];
        let steady = self.host.is_steady();
        let ready = steady || !self.host.pauses(cycle, 1);
        let valid = channels.beats(input, cycle) > 0;
        if ready && valid {
            channels.pop(input, cycle, 1);
            channels.progress = cycle;
            self.beat += 1;
            if self.beat == self.beats {
                self.beat = 0;
                channels.completions.push(cycle);
            }
        }
        if !steady || valid {
            channels.agenda.wake(self.index, cycle + 1);
        } else {
            channels.want_beats(input, 1);
        }
        if valid && ready { Status::Busy } else { Status::Starved }
    }
}
