//! The least rooms at which nothing is slower: by trying, where no formula is tight.

use super::{TokenModel, Traffic};

/// The words that a memory has at least.
pub const LEAST_WORDS: u64 = 2;

/// Samples, and what they meet.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Where each sample leaves.
    pub exits: Vec<usize>,
    /// When they come, and when results are taken.
    pub traffic: Traffic,
}

/// An input of an actor that queues beats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buffer {
    /// The actor's name.
    pub label: String,
    /// Beats that it holds.
    pub beats: u64,
}

/// What a trial comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All samples came through in so many cycles.
    Through(u64),
    /// Everything stopped before.
    Deadlock,
}

impl TokenModel {
    /// What comes of a trial.
    pub fn try_out(&self, trial: &Trial) -> Verdict {
        let outcome = self.run(&trial.exits, &trial.traffic);
        if outcome.deadlock { Verdict::Deadlock } else { Verdict::Through(outcome.cycles) }
    }

    /// Makes buffers as small as they may be without any of the trials ending later: one after the other, as far as each goes with what the
    /// ones before it have left. They stay so small. Their first inputs are what queues.
    pub fn shrink(&mut self, buffers: &[Buffer], trials: &[Trial]) -> Vec<Buffer> {
        let before: Vec<Verdict> = trials.iter().map(|trial| self.try_out(trial)).collect();
        let shrunk = buffers.iter().map(|Buffer { label, beats }| {
            let (mut low, mut high) = (LEAST_WORDS.min(*beats), *beats);
            while low < high {
                let middle = low + (high - low) / 2;
                self.set_room(label, 0, middle);
                if self.is_as_good(trials, &before) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            self.set_room(label, 0, high);
            Buffer { label: label.clone(), beats: high }
        });
        shrunk.collect()
    }

    fn is_as_good(&self, trials: &[Trial], before: &[Verdict]) -> bool {
        trials.iter().zip(before).all(|(trial, before)| match (self.try_out(trial), before) {
            (Verdict::Through(now), Verdict::Through(before)) => now <= *before,
            (_, Verdict::Deadlock) => true,
            (Verdict::Deadlock, Verdict::Through(_)) => false,
        })
    }
}
