//! All ways to fold the actors of a graph, as paths through layers.
//!
//! What an actor's folding means for those behind it are the lanes of its results: a change of lanes is a `dataflow.resize` with a
//! cost and a speed. So a state is the lanes of the streams whose consumer is still to come. An actor is one layer a stream that
//! comes to it, whose steps give the stream the lanes that it is taken with, and a layer whose steps are the actor's ways.

use super::optimum::{Goal, KINDS, Layer, MOST_PARTS, Problem, Shares, Solution, Step};
use crate::ways::{Way, ways};
use atheena_dialects::dataflow::{Actor, Folding, Resize, Resources, Stream, gcd};
use atheena_dialects::ir::Value;
use indexmap::{IndexMap, IndexSet};
use rustc_hash::{FxBuildHasher, FxHashMap};

/// What shares are of where the budget sets no limit: a ZC706.
const USUAL: Resources = Resources { lut: 218_600, ff: 437_200, dsp: 900, bram18: 1090 };

/// A folding for each actor, and what all cost together.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// In the order of the actors.
    pub foldings: Vec<Folding>,
    /// With the changes of lanes between them.
    pub resources: Resources,
    /// What each actor costs, with the changes of lanes in front of it.
    pub each: Vec<Resources>,
    /// Cycles a sample of the slowest.
    pub cycles: f64,
    /// The first of the slowest actors, or the one in front of which the change of lanes is as slow.
    pub slowest: usize,
}

/// The ways to fold an actor.
struct Ways {
    ways: Vec<Way>,
    /// Samples that it must be able to take for each that enters.
    rate: f64,
}

/// The steps that an actor, or a change of lanes in front of it, may be.
struct Moves {
    actor: usize,
    /// States behind.
    states: usize,
    moves: Vec<Move>,
}

/// A step from one state to another.
#[derive(Clone, Copy)]
struct Move {
    from: u32,
    to: u32,
    /// The actor's; none of a change of lanes.
    way: Option<u32>,
    cycles: f64,
    resources: Resources,
}

/// All ways to fold a graph.
pub struct Space {
    actors: Vec<Ways>,
    layers: Vec<Moves>,
    whole: bool,
}

/// The stream that a value is with other lanes.
fn before_resizes(mut value: Value<'_>) -> Value<'_> {
    while let Some(resize) = value.producer().and_then(Resize::cast) {
        value = resize.0.operands()[0];
    }
    value
}

/// The most states behind a layer; beyond it, those that come first are kept.
const MOST_STATES: usize = 50_000;

type States = IndexSet<Vec<i64>, FxBuildHasher>;

/// A stream that waits for its consumer: the actor and the result that it is.
type Live = (usize, usize);

/// The states behind a layer in the making.
#[derive(Default)]
struct Reached {
    states: States,
    is_full: bool,
}

impl Reached {
    fn number(&mut self, state: Vec<i64>) -> Option<u32> {
        if self.states.len() >= MOST_STATES && !self.states.contains(&state) {
            self.is_full = true;
            return None;
        }
        Some(self.states.insert_full(state).0 as u32)
    }
}

impl Space {
    /// The ways to fold `actors`, each behind those that feed it.
    pub fn new<'c>(actors: &[Box<dyn Actor<'c> + 'c>], margin: f64, held_samples: i64) -> Self {
        let of = |actor: &(dyn Actor<'c> + 'c)| Ways {
            ways: ways(actor, held_samples),
            rate: (actor.reach() * (1.0 + margin)).min(1.0),
        };
        let actors_ways = actors.iter().map(|actor| of(actor.as_ref())).collect();
        let mut space = Self { actors: actors_ways, layers: vec![], whole: true };
        let results = actors.iter().enumerate().flat_map(|(at, actor)| {
            let values = actor.op().results().into_iter().enumerate();
            values.map(move |(result, value)| (value, (at, result)))
        });
        let producers: FxHashMap<Value<'c>, Live> = results.collect();
        let mut uses: FxHashMap<Live, usize> = FxHashMap::default();
        for value in actors.iter().flat_map(|actor| actor.op().operands()) {
            if let Some(&live) = producers.get(&before_resizes(value)) {
                *uses.entry(live).or_default() += 1;
            }
        }
        let mut live: Vec<Live> = vec![];
        let mut states: States = [vec![]].into_iter().collect();
        for (index, actor) in actors.iter().enumerate() {
            let mut fed = vec![];
            for (operand, value) in actor.op().operands().into_iter().enumerate() {
                let Some(&producer) = producers.get(&before_resizes(value)) else { continue };
                let place = live.iter().position(|&l| l == producer).expect("a producer is live");
                let left = uses.get_mut(&producer).expect("its uses were counted");
                *left -= 1;
                let is_last = *left == 0;
                let stream = Stream::of_value(value);
                let rate = space.actors[index].rate.min(space.actors[producer.0].rate);
                let change = |lanes| resize(actor.as_ref(), &stream, lanes, rate);
                states = space.add_resizes(index, operand, states, (place, is_last), change);
                if is_last {
                    live.remove(place);
                }
                fed.push(operand);
            }
            let used: Vec<usize> = (0..actor.op().results().len())
                .filter(|&result| uses.get(&(index, result)).is_some_and(|&left| left > 0))
                .collect();
            states = space.add_ways(index, &fed, &used, states);
            live.extend(used.into_iter().map(|result| (index, result)));
        }
        space
    }

    /// Adds the layer that gives the stream at a place of the states the lanes that an operand is taken with, which the
    /// states behind end with.
    fn add_resizes(
        &mut self,
        actor: usize,
        operand: usize,
        states: States,
        (place, is_last): (usize, bool),
        change: impl Fn((i64, i64)) -> Option<(f64, Resources)>,
    ) -> States {
        let wanted = self.actors[actor].ways.iter().map(|way| way.lanes.inputs[operand]);
        let wanted: IndexSet<i64> = wanted.collect();
        let mut reached = Reached::default();
        let mut moves = vec![];
        let mut known = FxHashMap::default();
        for (from, state) in states.iter().enumerate() {
            for &lanes in &wanted {
                let lanes = (state[place], lanes);
                let Some((cycles, resources)) = *known.entry(lanes).or_insert_with(|| change(lanes)) else {
                    continue;
                };
                let mut next = state.clone();
                if is_last {
                    next.remove(place);
                }
                next.push(lanes.1);
                if let Some(to) = reached.number(next) {
                    moves.push(Move { from: from as u32, to, way: None, cycles, resources });
                }
            }
        }
        self.add(actor, moves, reached)
    }

    /// Adds the layer of an actor's ways: the states end with the lanes of its operands, and behind it with those of its results.
    fn add_ways(&mut self, actor: usize, fed: &[usize], used: &[usize], states: States) -> States {
        let Ways { ways, rate } = &self.actors[actor];
        let mut by_inputs: IndexMap<Vec<i64>, Vec<u32>, FxBuildHasher> = IndexMap::default();
        for (number, way) in ways.iter().enumerate() {
            let inputs = fed.iter().map(|&operand| way.lanes.inputs[operand]).collect();
            by_inputs.entry(inputs).or_default().push(number as u32);
        }
        let mut reached = Reached::default();
        let mut moves = vec![];
        for (from, state) in states.iter().enumerate() {
            let (kept, inputs) = state.split_at(state.len() - fed.len());
            for &number in by_inputs.get(inputs).into_iter().flatten() {
                let way = &ways[number as usize];
                let outputs = used.iter().map(|&result| way.lanes.outputs[result]);
                if let Some(to) = reached.number(kept.iter().copied().chain(outputs).collect()) {
                    let cycles = way.ii_cycles as f64 * rate;
                    let resources = way.resources;
                    moves.push(Move { from: from as u32, to, way: Some(number), cycles, resources });
                }
            }
        }
        self.add(actor, moves, reached)
    }

    fn add(&mut self, actor: usize, moves: Vec<Move>, reached: Reached) -> States {
        self.whole &= !reached.is_full;
        self.layers.push(Moves { actor, states: reached.states.len(), moves });
        reached.states
    }

    /// Are all ways in it? Not where there were too many states.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// The cycles a sample at which some choice becomes possible, ascending; at the first one there is a choice for all actors.
    pub fn targets(&self) -> Vec<f64> {
        let least = self.fewest_cycles();
        let moves = self.layers.iter().flat_map(|layer| &layer.moves);
        let mut targets: Vec<f64> = moves.map(|m| m.cycles).filter(|&cycles| cycles >= least).collect();
        targets.sort_by(f64::total_cmp);
        targets.dedup();
        targets
    }

    /// The cycles a sample of the fastest choice, whatever it costs.
    pub fn fewest_cycles(&self) -> f64 {
        let mut before = vec![0.0];
        for layer in &self.layers {
            let mut behind = vec![f64::INFINITY; layer.states];
            for m in &layer.moves {
                let cycles: f64 = m.cycles.max(before[m.from as usize]);
                behind[m.to as usize] = cycles.min(behind[m.to as usize]);
            }
            before = behind;
        }
        before.into_iter().fold(f64::INFINITY, f64::min)
    }

    /// The fewest cycles a sample of an actor.
    pub fn fewest_cycles_of(&self, actor: usize) -> f64 {
        let Ways { ways, rate } = &self.actors[actor];
        ways.iter().map(|way| way.ii_cycles as f64 * rate).fold(f64::INFINITY, f64::min)
    }

    /// How many steps there are.
    pub fn steps(&self) -> usize {
        self.layers.iter().map(|layer| layer.moves.len()).sum()
    }

    /// The choices as a problem: its costs are shares of a budget.
    pub fn problem(&self, budget: Resources) -> Problem {
        let layer = |layer: &Moves| {
            let step = |(number, m): (usize, &Move)| Step {
                from: m.from,
                to: m.to,
                shares: shares(m.resources, budget),
                cycles: m.cycles,
                way: number as u32,
            };
            Layer { states: layer.states, steps: layer.moves.iter().enumerate().map(step).collect() }
        };
        let one = Resources { lut: 1, ff: 1, dsp: 1, bram18: 1 };
        let units = shares(one, budget);
        let limited = budget.kinds().map(|(_, most)| most != i64::MAX);
        Problem::new(self.layers.iter().map(layer).collect(), limited, units)
    }

    /// The best choice of a problem that takes at most `cycles` a sample.
    pub fn best(&self, problem: &Problem, cycles: f64, goal: Goal) -> (Option<Choice>, Solution) {
        let solution = problem.within(cycles, cycles).solve(goal, &[], 0.0, MOST_PARTS);
        (solution.path.as_ref().map(|path| self.choice(&path.ways)), solution)
    }

    /// The choice that a path through the layers is.
    pub fn choice(&self, path: &[u32]) -> Choice {
        let none = Resources::default();
        let each = vec![none; self.actors.len()];
        let mut choice = Choice { foldings: vec![], resources: none, each, cycles: 0.0, slowest: 0 };
        for (layer, &number) in self.layers.iter().zip(path) {
            let Move { way, cycles, resources, .. } = layer.moves[number as usize];
            if let Some(way) = way {
                choice.foldings.push(self.actors[layer.actor].ways[way as usize].folding);
            }
            choice.resources += resources;
            choice.each[layer.actor] += resources;
            if cycles > choice.cycles {
                (choice.cycles, choice.slowest) = (cycles, layer.actor);
            }
        }
        choice
    }
}

/// Shares of a budget. Of nothing, whatever is used is too much.
pub fn shares(used: Resources, budget: Resources) -> Shares {
    let kinds = used.kinds().into_iter().zip(budget.kinds()).zip(USUAL.kinds());
    let mut shares = [0.0; KINDS];
    for (share, (((_, used), (_, most)), (_, usual))) in shares.iter_mut().zip(kinds) {
        let most = if most == i64::MAX { usual } else { most };
        *share = if most == 0 { 2.0 * used as f64 } else { used as f64 / most as f64 };
    }
    shares
}

/// Cycles a sample and cost of the change of lanes in front of an actor; None where there may not be one.
fn resize<'c>(
    actor: &dyn Actor<'c>,
    stream: &Stream,
    (from, to): (i64, i64),
    rate: f64,
) -> Option<(f64, Resources)> {
    if from == to {
        return Some((0.0, Resources::default()));
    }
    if actor.needs_producers_lanes() {
        return None;
    }
    let stream = stream.with_lanes(from);
    let between = gcd(from, to);
    let mut resources = Resize::cost(&stream, between);
    if between != from && between != to {
        resources += Resize::cost(&stream.with_lanes(between), to);
    }
    Some((stream.with_lanes(between).beats() as f64 * rate, resources))
}
