//! Which actors wake in which cycle.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Cycles ahead that have a list each; almost everything wakes in the next one or two.
const SOON: u64 = 4;

/// The actors that wake, by cycle.
pub struct Agenda {
    now: u64,
    started: bool,
    soon: [Vec<u32>; SOON as usize],
    /// For each actor, the cycle for which it is in each list, so that it is there once.
    listed: Vec<[u64; SOON as usize]>,
    later: BinaryHeap<Reverse<(u64, u32)>>,
}

impl Agenda {
    /// All actors wake in cycle 0.
    pub fn new(actors: usize) -> Self {
        let mut soon: [Vec<u32>; SOON as usize] = Default::default();
        soon[0] = (0..actors as u32).collect();
        Self {
            now: 0,
            started: false,
            soon,
            listed: vec![[u64::MAX; SOON as usize]; actors],
            later: BinaryHeap::new(),
        }
    }

    /// Wakes an actor in a cycle to come.
    pub fn wake(&mut self, actor: usize, cycle: u64) {
        debug_assert!(cycle > self.now, "what happens in a cycle shows in the next one");
        if cycle - self.now >= SOON {
            self.later.push(Reverse((cycle, actor as u32)));
            return;
        }
        let slot = (cycle % SOON) as usize;
        if self.listed[actor][slot] != cycle {
            self.listed[actor][slot] = cycle;
            self.soon[slot].push(actor as u32);
        }
    }

    /// The next cycle in which something wakes, and what does.
    pub fn next(&mut self) -> Option<(u64, Vec<u32>)> {
        if !std::mem::replace(&mut self.started, true) {
            return Some((0, std::mem::take(&mut self.soon[0])));
        }
        let near = (self.now + 1..self.now + SOON).find(|c| !self.soon[(c % SOON) as usize].is_empty());
        let far = self.later.peek().map(|Reverse((cycle, _))| *cycle);
        let cycle = near.into_iter().chain(far).min()?;
        // One before, so that what was for later is listed as any other.
        self.now = cycle - 1;
        while let Some(&Reverse((at, actor))) = self.later.peek()
            && at == cycle
        {
            self.later.pop();
            self.wake(actor as usize, cycle);
        }
        self.now = cycle;
        Some((cycle, std::mem::take(&mut self.soon[(cycle % SOON) as usize])))
    }

    /// Takes the list of the cycle back.
    pub fn done(&mut self, mut list: Vec<u32>) {
        list.clear();
        self.soon[(self.now % SOON) as usize] = list;
    }
}
