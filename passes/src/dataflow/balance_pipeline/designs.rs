//! All designs of a graph, and the best of them for every throughput.

use super::curve::{self, Effort};
use super::space;
use atheena_dialects::dataflow::{Graph, Resize, Resources};
use atheena_dialects::ir::Op;

pub use space::Choice;

/// What is done for whole curves: some two seconds for networks of dozens of layers; what is not proved then says by how much.
const WHOLE: Effort = Effort { parts: 80, all_parts: 600, total_parts: 4 };

/// What is done for sketches.
const SKETCH: Effort = Effort { parts: 0, all_parts: 0, total_parts: 0 };

/// Steps of all problems of a sketch together.
const SKETCHED_STEPS: usize = 400_000;

/// All designs of a graph: it may be sent to another thread, as it holds no IR.
pub struct Designs {
    space: space::Space,
    actors: Vec<String>,
}

/// The design that takes the least of a device for its throughput.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Cycles a sample.
    pub cycles: f64,
    /// The largest share of a kind of the device's resources.
    pub share: f64,
    /// What was proved that no design of at most as many cycles is below: the share, but where the proof would take too long.
    pub bound: f64,
    /// What it takes.
    pub resources: Resources,
    /// An actor of as many cycles, or one that gets its lanes in as many.
    pub bottleneck: String,
}

impl Designs {
    /// The designs of a graph as `convert-ee-to-dataflow` makes it; margin and samples held as of the pass.
    pub fn of(graph: Op<'_>, margin: f64, held_samples: i64) -> Self {
        let mut actors = Graph(graph).actors();
        actors.retain(|actor| Resize::cast(actor.op()).is_none());
        let space = space::Space::new(&actors, margin, held_samples);
        Self { space, actors: actors.iter().map(|actor| actor.label()).collect() }
    }

    /// Are all designs in it? Not of graphs with too many.
    pub fn is_whole(&self) -> bool {
        self.space.is_whole()
    }

    /// The designs that fit a device and of which none is as fast with a smaller share of it, the slowest first.
    pub fn curve(&self, device: Resources) -> Vec<Point> {
        self.points(device, &self.space.targets(), WHOLE)
    }

    /// Some good designs that fit a device, the slowest first: about what the curve is, in less time the larger the graph is.
    pub fn sketch(&self, device: Resources) -> Vec<Point> {
        let targets = self.space.targets();
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
        self.points(device, &places, SKETCH)
    }

    fn points(&self, device: Resources, targets: &[f64], effort: Effort) -> Vec<Point> {
        let point = |found: curve::Found| {
            let choice = self.space.choice(&found.path.ways);
            Point {
                cycles: choice.cycles,
                share: found.share,
                bound: found.bound,
                resources: choice.resources,
                bottleneck: self.actors[choice.slowest].clone(),
            }
        };
        curve::curve(&self.space.problem(device), targets, effort).into_iter().map(point).collect()
    }
}
