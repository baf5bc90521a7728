//! A search among the ways to fold a graph, within a budget.

use super::optimum::{Goal, Hints, KINDS, Layer, MOST_PARTS, Path, Problem, Shares, Solution, Step};
use super::space::{Move, Moves, Space};
use crate::depths::Room;
use atheena_dialects::dataflow::{Folding, Resources};
use std::ops::RangeInclusive;

/// What shares are of where the budget sets no limit: a ZC706.
const USUAL: Resources = Resources { lut: 218_600, ff: 437_200, dsp: 900, bram18: 1090 };

/// A folding for each actor, and what all cost together.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// In the order of the actors.
    pub foldings: Vec<Folding>,
    /// Samples that queue behind each of the actors.
    pub places: Vec<f64>,
    /// With the changes of lanes between them, and queues.
    pub resources: Resources,
    /// What each actor costs, with the changes of lanes in front of it.
    pub each: Vec<Resources>,
    /// Cycles of each actor for each sample that comes to it, with the changes of lanes in front of it, as fast as queues let it be.
    pub cycles_each: Vec<f64>,
    /// Cycles a sample of the slowest.
    pub cycles: f64,
    /// The first of the slowest actors, or the one in front of which the change of lanes is as slow.
    pub slowest: usize,
}

/// The ways to fold a graph as a problem: its costs are shares of a budget.
pub struct Search<'s> {
    space: &'s Space,
    pub(super) problem: Problem,
    room: Room,
    /// Samples that queue at each exit.
    places: Vec<f64>,
    fewest: f64,
}

impl<'s> Search<'s> {
    pub(super) fn new(space: &'s Space, budget: Resources, room: Room) -> Self {
        let places = space.places(&room);
        let layer = |layer: &Moves| {
            let step = |(number, m): (usize, &Move)| Step {
                from: m.from,
                to: m.to,
                shares: shares(sum(space.resources(layer, m, &places)), budget),
                cycles: space.cycles(layer, m, &room),
                way: number as u32,
            };
            Layer { states: layer.states, steps: layer.moves.iter().enumerate().map(step).collect() }
        };
        let one = Resources { lut: 1, ff: 1, dsp: 1, bram18: 1 };
        let limited = budget.kinds().map(|(_, most)| most != i64::MAX);
        let problem = Problem::new(space.layers.iter().map(layer).collect(), limited, shares(one, budget));
        let fewest = problem.fewest_cycles();
        Self { space, problem, room, places, fewest }
    }

    /// The cycles a sample of the fastest choice, whatever it costs.
    pub fn fastest(&self) -> f64 {
        self.fewest
    }

    /// The room for bursts.
    pub(super) fn room(&self) -> Room {
        self.room
    }

    /// The fewest cycles a sample of an actor.
    pub fn fastest_of(&self, actor: usize) -> f64 {
        self.space.fewest_cycles_of(actor, &self.room)
    }

    /// The cycles a sample at which some choice becomes possible, ascending; at the first one there is a choice for all actors.
    pub fn targets(&self) -> Vec<f64> {
        let steps = self.problem.layers.iter().flat_map(|layer| &layer.steps);
        self.possible(steps.map(|step| step.cycles).collect())
    }

    /// Those of them at which an actor can be folded in another way, and not only a queue be shorter.
    pub fn folding_targets(&self) -> Vec<f64> {
        self.possible(self.space.all_cycles(&self.room))
    }

    fn possible(&self, mut cycles: Vec<f64>) -> Vec<f64> {
        cycles.retain(|&cycles| cycles >= self.fewest);
        cycles.sort_by(f64::total_cmp);
        cycles.dedup();
        cycles
    }

    /// The best choice that takes at most `cycles` a sample.
    pub fn best(&self, cycles: f64, goal: Goal) -> (Option<Choice>, Solution) {
        let solution = self.problem.within(cycles, cycles).solve(goal, &Hints::default(), MOST_PARTS);
        (solution.path.as_ref().map(|path| self.choice(path)), solution)
    }

    /// The fewest cycles a sample within the budget, of those in a range, and what was proved that no choice in it is below; None if
    /// nothing in the range fits.
    pub fn fewest_cycles(&self, range: RangeInclusive<f64>) -> Option<(f64, f64)> {
        let mut targets = self.targets();
        targets.retain(|cycles| range.contains(cycles));
        // The slowest first: if it does not fit, nothing does.
        let last = targets.len().checked_sub(1)?;
        let mut problem = self.problem.within(targets[last], targets[0]);
        let mut hints = Hints::default();
        // Invariant: nothing below `proved` fits, nothing found below `low` does, and `targets[high]` does, if it is there.
        let (mut proved, mut low, mut high) = (0, 0, targets.len());
        let mut next = last;
        while low < high {
            let cycles = targets[next];
            let solution = problem.within(cycles, cycles).solve(Goal::Fit, &hints, MOST_PARTS);
            hints.weights = Some(solution.weights);
            match solution.path.as_ref().filter(|_| solution.fits()) {
                Some(path) => {
                    high = targets.partition_point(|&cycles| cycles < path.cycles).min(next);
                    // Of no interest is what does not fit, and what is slower.
                    problem = problem.pruned(solution.weights, 1.0).within(targets[high], targets[low]);
                }
                None if high > last => return None,
                None => {
                    low = next + 1;
                    proved = if solution.is_proof() { low } else { proved };
                }
            }
            next = low + (high - low) / 2;
        }
        Some((targets[high], targets[proved]))
    }

    /// The choice that a path through the layers is.
    pub fn choice(&self, path: &Path) -> Choice {
        let none = Resources::default();
        let each = vec![none; self.space.actors.len()];
        let mut choice = Choice {
            foldings: vec![],
            places: self.places.clone(),
            resources: none,
            each,
            cycles_each: vec![0.0; self.space.actors.len()],
            cycles: 0.0,
            slowest: 0,
        };
        for (layer, &number) in self.space.layers.iter().zip(&path.ways) {
            let m = &layer.moves[number as usize];
            if let Some(way) = m.way {
                choice.foldings.push(self.space.actors[layer.actor].ways[way as usize].folding);
            }
            let resources = sum(self.space.resources(layer, m, &self.places));
            choice.resources += resources;
            choice.each[layer.actor] += resources;
            let each = &mut choice.cycles_each[layer.actor];
            *each = each.max(m.cycles(&self.room));
            let cycles = self.space.cycles(layer, m, &self.room);
            if cycles > choice.cycles {
                (choice.cycles, choice.slowest) = (cycles, layer.actor);
            }
        }
        choice
    }
}

fn sum((own, buffers): (Resources, Resources)) -> Resources {
    own + buffers
}

/// Shares of a budget. Of nothing, whatever is used is too much.
fn shares(used: Resources, budget: Resources) -> Shares {
    let kinds = used.kinds().into_iter().zip(budget.kinds()).zip(USUAL.kinds());
    let mut shares = [0.0; KINDS];
    for (share, (((_, used), (_, most)), (_, usual))) in shares.iter_mut().zip(kinds) {
        let most = if most == i64::MAX { usual } else { most };
        *share = if most == 0 { 2.0 * used as f64 } else { used as f64 / most as f64 };
    }
    shares
}
