//! Which design becomes hardware.
//!
//! What is chosen beside the foldings is the *room* for bursts: the margin by which what is behind exits is faster than on average
//! it must be, and the loss that the queues there are made for. The larger the margin, the fewer samples wait, and the fewer block RAMs
//! hold them; the shorter the queues, the more is left for layers. A model says what a room costs (docs/buffers.md), the search for
//! foldings counts the buffers, and the simulation of tokens judges the best of what comes out.

use crate::{
    cli::RowPairs,
    error::Error,
    pipeline::{Explored, Hardware, Objective},
    session::Session,
};
use atheena_dialects::{
    dataflow::{Actor, Gate, Graph, Resources, bottleneck},
    ir::{Failure, Op},
    pass::Pass,
};
use atheena_passes::{
    dataflow::{
        apply_foldings::apply,
        balance_pipeline::designs::{Design, Designs, folded},
        pair_rows::pair,
        size_buffers::{Options as SizeOptions, SizeBuffers},
    },
    depths::{self, Room},
};
use atheena_runtime::tokens::TokenModel;
use melior::ir::Module;
use std::sync::Arc;

mod judge;

/// The room that designs of an exploration have: the defaults of the passes.
pub const USUAL: Room = Room { margin: 0.2, max_loss: 0.01, even: true };

/// The margins that are tried, the usual ones first.
const MARGINS: [f64; 7] = [0.15, 0.05, 0.3, 0.6, -0.1, 0.0, -0.2];

/// The losses that queues are made for.
const LOSSES: [f64; 4] = [0.01, 0.02, 0.05, 0.15];

/// The losses that queues are made for out of what a design leaves of its budget.
const SPARE_LOSSES: [f64; 6] = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1];

/// How often what lies between the longest queues so far and some that do not fit is halved.
const HALVINGS: usize = 5;

/// A loss that longer queues are not worth looking for.
const NO_LOSS: f64 = 0.002;

/// How often a budget is cut down to what buffers leave that the search did not count: at first by what is too much, then by more each time.
const ATTEMPTS: u32 = 10;
const GENTLE_ATTEMPTS: u32 = 5;

/// How many of the best rooms are tried again for samples that come at full speed.
const AGAIN: usize = 2;

/// By the model a design may be so much worse than the best and still be simulated.
const IN_DOUBT: f64 = 0.03;

/// The most designs that are simulated.
const MOST_JUDGED: usize = 4;

/// Above this part of the throughput, the user is told what bursts cost.
const LARGE_LOSS: f64 = 0.01;

/// A graph of a network, and all of its designs.
pub struct Variant<'s> {
    /// The module with the graph.
    pub module: Module<'s>,
    /// The designs.
    pub designs: Arc<Designs>,
    /// Are rows in pairs in it?
    pub row_pairs: bool,
    /// Cycles a sample above which another variant is as good.
    pub most_cycles: f64,
}

/// The graphs that a module's may become, of which one will be the best.
pub fn variants<'s>(
    session: &'s Session,
    module: &Module<'_>,
    row_pairs: RowPairs,
) -> Result<Vec<Variant<'s>>, Error> {
    let text = Op::of_module(module).to_text_with_locations();
    let mut variants = vec![];
    for paired in [false, true] {
        let wanted = row_pairs == RowPairs::Auto || paired == (row_pairs == RowPairs::Always);
        if !wanted {
            continue;
        }
        let module = session.parse(&text, "the graph")?;
        let graph = graph(&module)?;
        let most_cycles = match (paired, row_pairs) {
            (false, _) => f64::INFINITY,
            (true, RowPairs::Always) => pair(graph).map_or(0.0, |_| f64::INFINITY),
            (true, _) => pair(graph).map_or(0.0, |cycles| cycles as f64),
        };
        if most_cycles > 0.0 {
            let designs = Arc::new(Designs::of(graph.0));
            variants.push(Variant { module, designs, row_pairs: paired, most_cycles });
        }
    }
    if variants.is_empty() { Err(Error::NoRowPairs) } else { Ok(variants) }
}

/// Those of which none is as fast with a smaller share, the slowest first; of equal ones the first. `figures` are cycles a sample and the share.
pub fn pareto<T>(mut points: Vec<T>, figures: impl Fn(&T) -> (f64, f64)) -> Vec<T> {
    points.sort_by(|a, b| {
        let (a, b) = (figures(a), figures(b));
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    let mut least = f64::INFINITY;
    points.retain(|point| {
        let share = figures(point).1;
        let better = share < least;
        least = least.min(share);
        better
    });
    points.reverse();
    points
}

/// A design with its room for bursts.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Is it one of a graph with rows in pairs?
    pub row_pairs: bool,
    /// The foldings.
    pub design: Design,
    /// The part of the throughput that bursts cost, by the model.
    loss: f64,
}

impl Plan {
    /// The plan of a design, whatever bursts cost.
    pub fn of(row_pairs: bool, design: Design) -> Self {
        Self { row_pairs, design, loss: 0.0 }
    }

    /// The point of an exploration, for the graph that it was found in.
    fn explored(variants: &[Variant<'_>], explored: &Explored) -> Result<Self, Error> {
        let variant = variants.iter().find(|variant| variant.row_pairs == explored.row_pairs);
        let Variant { module, designs, row_pairs, .. } = variant.ok_or(Error::OtherGraph)?;
        let graph = graph(module)?;
        let folding = |actor: &(dyn Actor<'_> + '_)| {
            let label = actor.label();
            let text = explored.foldings.get(&label)?;
            let folding = actor.foldings().into_iter().find(|folding| folding.to_string() == *text)?;
            Some((label, folding))
        };
        let actors = folded(graph);
        let foldings: Option<Vec<_>> = actors.iter().map(|actor| folding(actor.as_ref())).collect();
        let foldings = foldings.filter(|all| all.len() == explored.foldings.len());
        let Explored { cycles, margin, share, bound, .. } = *explored;
        let room = Room { margin, ..USUAL };
        let design = Design {
            foldings: foldings.ok_or(Error::OtherGraph)?,
            places: designs.places(room),
            room,
            cycles_each: vec![],
            cycles,
            cycles_bound: cycles,
            share,
            bound,
            resources: Resources::default(),
            bottleneck: String::new(),
        };
        Ok(Self::of(*row_pairs, design))
    }

    /// Writes the foldings into a module's graph.
    pub fn record(&self, module: &Module<'_>) -> Result<(), Error> {
        self.design.record(graph(module)?);
        Ok(())
    }

    /// A copy of a graph with the foldings and their buffers, outside of its module.
    fn build<'c>(&self, graph: Graph<'c>) -> Result<Graph<'c>, Failure> {
        let copy = graph.0.duplicate();
        self.design.record(Graph(copy));
        let built = apply(copy, false).and_then(|()| SizeBuffers::run(copy, &SizeOptions::default()));
        if built.is_err() {
            copy.erase();
        }
        built.map(|()| Graph(copy))
    }

    /// What the design takes with its buffers; None where it can't be built.
    pub fn resources(&self, graph: Graph<'_>) -> Option<Resources> {
        let built = self.build(graph).ok()?;
        let resources = total(built);
        built.0.erase();
        Some(resources)
    }

    /// Tells what bursts cost, where that is much.
    pub fn warning(&self, module: &Module<'_>, budget: Resources) -> Result<Option<String>, Error> {
        if self.loss <= LARGE_LOSS {
            return Ok(None);
        }
        let resources = self.resources(graph(module)?).unwrap_or_default();
        Ok(Some(format!(
            "bursts of samples that stay cost up to {:.0} % of the throughput: longer queues at the exits would take more than they \
             gain\n  note: the design takes {}; raise the budget",
            100.0 * self.loss,
            scarcest(resources, budget)
        )))
    }
}

/// What all of a graph takes.
fn total(built: Graph<'_>) -> Resources {
    built.actors().into_iter().map(|actor| actor.resources()).sum()
}

/// The graph of a module.
pub fn graph<'c>(module: &Module<'c>) -> Result<Graph<'c>, Error> {
    let graphs = Op::of_module(module).walk_named(Graph::NAME);
    graphs.first().map(|&graph| Graph(graph)).ok_or(Error::Internal("there is no graph to balance"))
}

/// The best plan for one of the graphs, of those tried: with its buffers, the design stays within the budget, and is the best by
/// the objective.
pub fn plan(session: &Session, variants: &[Variant<'_>], hardware: &Hardware) -> Result<Plan, Error> {
    if let Some(explored) = &hardware.explored {
        return Plan::explored(variants, explored);
    }
    let planners: Result<Vec<_>, Error> =
        variants.iter().map(|variant| Planner::new(variant, hardware)).collect();
    let mut planners = planners?;
    let mut candidates = |objective| -> Vec<Candidate> {
        planners.iter_mut().flat_map(|planner| planner.candidates(objective)).collect()
    };
    if let Some(best) = judge::best(candidates(hardware.objective), hardware) {
        return Ok(best);
    }
    // Nothing is good enough: what would be?
    let wanted = match hardware.objective {
        Objective::Throughput => None,
        Objective::Resources { cycles } | Objective::Latency { arrival_cycles: cycles } => Some(cycles),
    };
    if let Some(cycles) = wanted
        && let Some(reachable) = judge::fastest(candidates(Objective::Throughput))
    {
        return Err(reachable.too_slow_for(cycles, hardware));
    }
    match planners.iter().find_map(|planner| planner.nearest) {
        Some(nearest) => Err(Error::BuffersDoNotFit(over(nearest, hardware.budget))),
        // Balancing itself says what is wrong.
        None => Err(does_not_fit(session, &variants[0].module, hardware.budget)?),
    }
}

/// What balancing says where nothing fits a budget.
pub fn does_not_fit(session: &Session, module: &Module<'_>, budget: Resources) -> Result<Error, Error> {
    let mut copy = session.parse(&Op::of_module(module).to_text_with_locations(), "the graph")?;
    let Resources { lut, ff, dsp, bram18 } = budget;
    let options = format!("lut={lut} ff={ff} dsp={dsp} bram18={bram18}");
    session
        .run(&mut copy, &format!("builtin.module(dataflow.graph(dataflow-balance-pipeline{{{options}}}))"))?;
    Ok(Error::Internal("what fits has no designs"))
}

/// A design that fits with its buffers.
struct Candidate {
    plan: Plan,
    resources: Resources,
    /// Cycles a sample, by the model.
    cycles: f64,
    tokens: TokenModel,
    /// The actor that limits the throughput.
    slowest: String,
}

impl Candidate {
    fn too_slow_for(&self, cycles: f64, hardware: &Hardware) -> Error {
        let rate = |cycles: f64| hardware.clock_mhz * 1e6 / cycles;
        Error::Unreachable {
            wanted: rate(cycles),
            reachable: rate(self.cycles),
            slowest: self.slowest.clone(),
            scarcest: scarcest(self.resources, hardware.budget),
        }
    }
}

struct Planner<'a, 'c> {
    graph: Graph<'c>,
    designs: &'a Designs,
    row_pairs: bool,
    most_cycles: f64,
    hardware: &'a Hardware,
    /// What came nearest to the budget without staying in it.
    nearest: Option<Resources>,
}

impl<'a, 'c> Planner<'a, 'c> {
    fn new(variant: &'a Variant<'c>, hardware: &'a Hardware) -> Result<Self, Error> {
        let &Variant { ref module, ref designs, row_pairs, most_cycles } = variant;
        Ok(Self { graph: graph(module)?, designs, row_pairs, most_cycles, hardware, nearest: None })
    }

    /// The best designs by the model, with each room that may be worth it.
    fn candidates(&mut self, objective: Objective) -> Vec<Candidate> {
        let mut found = vec![];
        let rooms = self.rooms();
        rooms.iter().for_each(|&room| self.look(room, objective, &mut found));
        // Fewer windows may be enough; where they are not, the tokens tell.
        let cost = |candidate: &Candidate| match objective {
            Objective::Resources { .. } => share(candidate.resources, self.hardware.budget),
            Objective::Throughput | Objective::Latency { .. } => candidate.cycles,
        };
        found.sort_by(|a, b| cost(a).total_cmp(&cost(b)));
        let best: Vec<_> = found.iter().map(|candidate| candidate.plan.design.room).take(AGAIN).collect();
        for room in if best.is_empty() { rooms } else { best } {
            self.look(Room { even: false, ..room }, objective, &mut found);
        }
        if !matches!(objective, Objective::Resources { .. }) {
            found.sort_by(|a, b| cost(a).total_cmp(&cost(b)));
            let filled = found.iter_mut().take(MOST_JUDGED);
            filled.for_each(|candidate| self.fill_queues(candidate));
        }
        found
    }

    /// Makes the queues at the exits as long as the budget lets them be, where bursts cost anything.
    fn fill_queues(&self, candidate: &mut Candidate) {
        let places = candidate.plan.design.places.clone();
        let longest = places.iter().copied().fold(0.0, f64::max);
        if candidate.plan.loss <= NO_LOSS || longest <= 0.0 {
            return;
        }
        let (mut fits, mut too_long) = (1.0, SizeOptions::default().most_queued / longest);
        for _ in 0..HALVINGS {
            let times = f64::midpoint(fits, too_long);
            let places = places.iter().map(|places| places * times).collect();
            let design = Design { places, ..candidate.plan.design.clone() };
            match self.candidate(design).filter(|longer| self.fits(longer.resources)) {
                Some(longer) => {
                    fits = times;
                    *candidate = longer;
                }
                None => too_long = times,
            }
        }
    }

    /// The best design with a room, unless it would be worse than what was found before.
    fn look(&mut self, room: Room, objective: Objective, found: &mut Vec<Candidate>) {
        let best = found.iter().map(|candidate| candidate.cycles).fold(f64::INFINITY, f64::min);
        // What bursts cost follows from the design: less than the room allows, as far as what is behind an exit is faster.
        let most = match objective {
            Objective::Throughput => best * (1.0 + IN_DOUBT),
            Objective::Resources { cycles } => cycles / (1.0 + room.max_loss),
            Objective::Latency { arrival_cycles } => arrival_cycles,
        };
        let at_most = (most / room.cycles_per_sample(1.0)).min(self.most_cycles);
        // With shorter queues, a design is of use only if it is faster.
        let same_margin = |found: &&Candidate| {
            let other = found.plan.design.room;
            other.margin == room.margin && other.even == room.even && other.max_loss < room.max_loss
        };
        let with_longer = found.iter().filter(same_margin).map(|found| found.plan.design.cycles);
        let at_most = match objective {
            Objective::Resources { .. } => at_most,
            _ => with_longer.map(f64::next_down).fold(at_most, f64::min),
        };
        let find = |budget, at_least| match objective {
            Objective::Throughput | Objective::Latency { .. } => {
                self.designs.fastest(budget, room, at_least..=at_most)
            }
            Objective::Resources { .. } => self.designs.smallest(budget, room, at_most),
        };
        // What fits less is no faster.
        let (mut budget, mut at_least) = (self.hardware.budget, 0.0);
        for attempt in 0..ATTEMPTS {
            let Some(design) = find(budget, at_least) else { return };
            at_least = design.cycles;
            let Some(candidate) = self.candidate(design) else { return };
            if self.fits(candidate.resources) {
                found.push(match objective {
                    Objective::Resources { .. } => candidate,
                    _ => self.with_longer_queues(candidate),
                });
                return;
            }
            self.nearest.get_or_insert(candidate.resources);
            let over = excess(candidate.resources, self.hardware.budget);
            budget = excess(budget, over * (1 << attempt.saturating_sub(GENTLE_ATTEMPTS)));
        }
    }

    fn fits(&self, resources: Resources) -> bool {
        excess(resources, self.hardware.budget) == Resources::default()
    }

    /// A design as it is built; None if it can't be.
    fn candidate(&self, design: Design) -> Option<Candidate> {
        let (cycles, loss) = self.expected(&design);
        let plan = Plan { row_pairs: self.row_pairs, design, loss };
        let built = plan.build(self.graph).ok()?;
        let resources = total(built);
        let slowest = bottleneck(built).map(|slowest| slowest.label).unwrap_or_default();
        let tokens = TokenModel::of(built);
        built.0.erase();
        Some(Candidate { plan, resources, cycles: cycles * (1.0 + loss), tokens: tokens?, slowest })
    }

    /// Cycles a sample without bursts, and by which part they make it more.
    fn expected(&self, design: &Design) -> (f64, f64) {
        let actors = folded(self.graph);
        let each = actors.iter().zip(&design.cycles_each).map(|(actor, &cycles)| (actor.reach(), cycles));
        let cycles = each.clone().map(|(reach, cycles)| reach * cycles).fold(1.0, f64::max);
        let with_bursts = actors.iter().zip(&design.places).filter_map(|(actor, &places)| {
            let gate = Gate::cast(actor.op())?;
            let exit = depths::exit(gate, each.clone())?;
            // Behind an exit that no sample passes nothing takes time.
            let behind = if exit.stays > 0.0 { exit.back_cycles * exit.stays } else { 0.0 };
            let cycles = exit.front_cycles.max(behind);
            Some(gate.reach() * cycles * (1.0 + exit.loss(places)))
        });
        (cycles, with_bursts.fold(cycles, f64::max) / cycles - 1.0)
    }

    /// The same foldings with the longest queues at the exits that fit: what they leave of the budget is of no other use.
    fn with_longer_queues(&self, candidate: Candidate) -> Candidate {
        let Plan { ref design, loss, .. } = candidate.plan;
        let room = design.room;
        let longer = SPARE_LOSSES.into_iter().filter(|&spare| spare < room.max_loss).find_map(|max_loss| {
            let room = Room { max_loss, ..room };
            let design = Design { places: self.designs.places(room), room, ..design.clone() };
            self.candidate(design).filter(|longer| longer.plan.loss < loss && self.fits(longer.resources))
        });
        longer.unwrap_or(candidate)
    }

    /// The rooms that are tried; those that make the same queues once.
    fn rooms(&self) -> Vec<Room> {
        if !self.designs.has_exits() {
            return vec![Room { margin: 0.0, max_loss: LOSSES[0], even: true }];
        }
        let mut rooms: Vec<(Room, Vec<f64>)> = vec![];
        for max_loss in LOSSES {
            for margin in MARGINS {
                let room = Room { margin, max_loss, even: true };
                let places = self.designs.places(room);
                if !rooms.iter().any(|(other, others)| other.margin == margin && *others == places) {
                    rooms.push((room, places));
                }
            }
        }
        rooms.into_iter().map(|(room, _)| room).collect()
    }
}

/// The sum of the shares of the budget.
fn share(used: Resources, budget: Resources) -> f64 {
    let kinds = used.kinds().into_iter().zip(budget.kinds());
    kinds.map(|((_, used), (_, most))| used as f64 / most.max(1) as f64).sum()
}

/// The largest part of a kind of a budget that is used.
pub fn largest_share(used: Resources, budget: Resources) -> f64 {
    let kinds = used.kinds().into_iter().zip(budget.kinds());
    kinds.map(|((_, used), (_, most))| used as f64 / most.max(1) as f64).fold(0.0, f64::max)
}

/// The kind of which the largest part of a budget is used, in words.
fn scarcest(used: Resources, budget: Resources) -> String {
    let kinds = used.kinds().into_iter().zip(budget.kinds());
    let part = |((_, used), (_, most)): &((&str, i64), (&str, i64))| *used as f64 / (*most).max(1) as f64;
    let scarcest = kinds.max_by(|a, b| part(a).total_cmp(&part(b)));
    scarcest.map(|((kind, used), (_, most))| format!("{used} {kind} of {most}")).unwrap_or_default()
}

/// What is used beyond a budget.
fn excess(used: Resources, budget: Resources) -> Resources {
    let over = |used: i64, most: i64| (used - most).max(0);
    Resources {
        lut: over(used.lut, budget.lut),
        ff: over(used.ff, budget.ff),
        dsp: over(used.dsp, budget.dsp),
        bram18: over(used.bram18, budget.bram18),
    }
}

/// What is used beyond a budget, in words.
fn over(used: Resources, budget: Resources) -> String {
    let kinds = used.kinds().into_iter().zip(budget.kinds());
    let over = kinds.filter(|((_, used), (_, most))| used > most);
    let parts: Vec<_> = over.map(|((kind, used), (_, most))| format!("{used} {kind} of {most}")).collect();
    parts.join(", ")
}
