//! All designs of a graph, and the best of them for every throughput.

use super::curve::{self, Effort};
use super::optimum::{Goal, Solution};
use super::search::{Choice, Search};
use super::space::Space;
use crate::depths::{self, Room};
use atheena_dialects::dataflow::{Actor, Folding, Graph, Resize, Resources};
use atheena_dialects::ir::{Attr, Op};
use std::ops::RangeInclusive;

/// What is done for whole curves: several times what networks of dozens of layers need; what is not proved then says by how much.
const WHOLE: Effort = Effort { parts: 200, total_parts: 0 };

/// What is done for sketches.
const SKETCH: Effort = Effort { parts: 0, total_parts: 0 };

/// Steps of all problems of a sketch together.
const SKETCHED_STEPS: usize = 400_000;

/// All designs of a graph: it may be sent to another thread, as it holds no IR.
pub struct Designs {
    space: Space,
    actors: Vec<String>,
}

/// A design.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    /// The folding of each actor, by its name.
    pub foldings: Vec<(String, Folding)>,
    /// Samples that queue behind each actor; 0 but of gates.
    pub places: Vec<f64>,
    /// The room for bursts.
    pub room: Room,
    /// Cycles of each actor for each sample that comes to it, as fast as queues let it be.
    pub cycles_each: Vec<f64>,
    /// Cycles a sample that every actor keeps up with.
    pub cycles: f64,
    /// What was proved that no design within the budget is below.
    pub cycles_bound: f64,
    /// What the design was chosen by: the largest share of a kind of a device's resources, or the sum of all shares.
    pub share: f64,
    /// What was proved that no design of at most as many cycles is below: the share, but where the proof would take too long.
    pub bound: f64,
    /// What it takes. Of what depends on delays, such as how much longer than a sample a gate must hold one, the least.
    pub resources: Resources,
    /// An actor of as many cycles, or one that gets its lanes in as many.
    pub bottleneck: String,
}

/// The actors that are folded: changes of lanes are made anew when foldings are applied.
pub fn folded(graph: Graph<'_>) -> Vec<Box<dyn Actor<'_> + '_>> {
    let mut actors = graph.actors();
    actors.retain(|actor| Resize::cast(actor.op()).is_none());
    actors
}

impl Designs {
    /// The designs of a graph as `convert-ee-to-dataflow` makes it.
    pub fn of(graph: Op<'_>) -> Self {
        let actors = folded(Graph(graph));
        let space = Space::new(&actors);
        Self { space, actors: actors.iter().map(|actor| actor.label()).collect() }
    }

    /// Are all designs in it? Not of graphs with too many.
    pub fn is_whole(&self) -> bool {
        self.space.is_whole()
    }

    /// Samples that queue behind each actor with room for bursts; 0 but of gates.
    pub fn places(&self, room: Room) -> Vec<f64> {
        self.space.places(&room)
    }

    /// Has the graph exits?
    pub fn has_exits(&self) -> bool {
        self.space.has_exits()
    }

    /// The designs that fit a device and of which none is as fast with a smaller share of it, the slowest first, of those that take at most so many cycles a sample.
    pub fn curve(&self, device: Resources, room: Room, most_cycles: f64) -> Vec<Design> {
        let search = self.search(device, room);
        let mut targets = search.folding_targets();
        targets.retain(|&cycles| cycles <= most_cycles);
        self.points(&search, &targets, WHOLE)
    }

    /// Some good designs that fit a device and take at most so many cycles a sample, the slowest first: about what the curve is, in less time the larger the graph is.
    pub fn sketch(&self, device: Resources, room: Room, most_cycles: f64) -> Vec<Design> {
        let search = self.search(device, room);
        let mut targets = search.folding_targets();
        targets.retain(|&cycles| cycles <= most_cycles);
        let most = (SKETCHED_STEPS / self.space.steps().max(1)).clamp(6, 40);
        // As many for each tenfold throughput, the slowest among them.
        let mut places: Vec<f64> = vec![];
        let ratio = (targets.last().copied().unwrap_or(1.0) / targets.first().copied().unwrap_or(1.0))
            .powf(1.0 / most as f64);
        for &cycles in targets.iter().rev() {
            if places.last().is_none_or(|slower| slower / cycles >= ratio) {
                places.push(cycles);
            }
        }
        places.reverse();
        self.points(&search, &places, SKETCH)
    }

    /// The designs as a problem within a budget.
    pub(super) fn search(&self, budget: Resources, room: Room) -> Search<'_> {
        self.space.within(budget, room)
    }

    fn points(&self, search: &Search<'_>, targets: &[f64], effort: Effort) -> Vec<Design> {
        let found = curve::curve(&search.problem, targets, effort).into_iter();
        let design = |found: curve::Found| {
            let choice = search.choice(&found.path);
            let cycles_bound = choice.cycles;
            self.design(search, choice, cycles_bound, (found.share, found.bound))
        };
        found.map(design).collect()
    }

    /// The fastest design within a budget of those whose cycles a sample are in a range, and of these the one of the least sum of
    /// shares; None if there is none.
    pub fn fastest(&self, budget: Resources, room: Room, cycles: RangeInclusive<f64>) -> Option<Design> {
        let search = self.search(budget, room);
        let (cycles, bound) = search.fewest_cycles(cycles)?;
        self.smallest_of(&search, cycles, bound)
    }

    /// The design of the least sum of shares of a budget that takes at most so many cycles a sample; None if none fits.
    pub fn smallest(&self, budget: Resources, room: Room, cycles: f64) -> Option<Design> {
        let search = self.search(budget, room);
        if search.fastest() > cycles { None } else { self.smallest_of(&search, cycles, cycles) }
    }

    fn smallest_of(&self, search: &Search<'_>, cycles: f64, cycles_bound: f64) -> Option<Design> {
        let (choice, Solution { value, bound, .. }) = search.best(cycles, Goal::Total);
        Some(self.design(search, choice?, cycles_bound, (value, bound)))
    }

    fn design(
        &self,
        search: &Search<'_>,
        choice: Choice,
        cycles_bound: f64,
        (share, bound): (f64, f64),
    ) -> Design {
        Design {
            foldings: self.actors.iter().cloned().zip(choice.foldings).collect(),
            places: choice.places,
            room: search.room(),
            cycles_each: choice.cycles_each,
            cycles: choice.cycles,
            cycles_bound: cycles_bound.min(choice.cycles),
            share,
            bound,
            resources: choice.resources,
            bottleneck: self.actors[choice.slowest].clone(),
        }
    }
}

impl Design {
    /// Writes the foldings into the graph, and how good they are.
    pub fn record(&self, graph: Graph<'_>) {
        for ((actor, (_, folding)), &places) in folded(graph).iter().zip(&self.foldings).zip(&self.places) {
            folding.record(actor.op());
            if places > 0.0 {
                depths::record_places(actor.op(), places);
            }
        }
        let Self { room: Room { margin, even, .. }, cycles, cycles_bound, share, bound, .. } = self;
        let text = format!(
            "{{margin = {margin:?} : f64, even = {even}, cycles = {cycles:?} : f64, cycles_bound = {cycles_bound:?} : f64, share = {share:?} : f64, share_bound = {bound:?} : f64}}"
        );
        graph.0.set_attr("balance", Attr::parse(graph.0.ctx(), &text).expect("numbers make a dictionary"));
    }
}
