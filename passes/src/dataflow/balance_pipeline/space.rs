//! All ways to fold the actors of a graph, as paths through layers: one layer an actor.
//!
//! What an actor's folding means for those behind it are the lanes of its results: a change of lanes is a `dataflow.resize` with a
//! cost and a speed. So the state behind a layer is the lanes of the actors so far that still have consumers to come.

use super::optimum::{Goal, KINDS, Layer, Problem, Solution, Step};
use atheena_dialects::dataflow::{Actor, Folding, Resize, Resources, Stream, gcd};
use atheena_dialects::ir::Value;
use indexmap::{IndexMap, IndexSet};
use std::collections::HashMap;

/// What shares are of where the budget sets no limit: a ZC706.
const USUAL: Resources = Resources { lut: 218_600, ff: 437_200, dsp: 900, bram18: 1090 };

/// A folding for each actor, and what all cost together.
pub struct Choice {
    /// In the order of the actors.
    pub foldings: Vec<Folding>,
    /// With the changes of lanes between them.
    pub resources: Resources,
    /// What each actor costs, with the changes of lanes in front of it.
    pub each: Vec<Resources>,
    /// Cycles a sample of the slowest.
    pub cycles: f64,
}

/// One way to fold an actor.
struct Way {
    folding: Folding,
    cycles: f64,
    inputs: Vec<i64>,
    resources: Resources,
    /// The number of its outputs' lanes among those of all ways.
    outputs: u32,
}

/// The ways to fold an actor.
struct Ways {
    ways: Vec<Way>,
    /// The different lanes of the results.
    outputs: Vec<Vec<i64>>,
    /// Samples that it must be able to take for each that enters.
    rate: f64,
}

/// A way, from one state to another.
#[derive(Clone, Copy)]
struct Move {
    from: u32,
    to: u32,
    way: u32,
    cycles: f64,
    resources: Resources,
}

/// All ways to fold a graph.
pub struct Space {
    ways: Vec<Ways>,
    moves: Vec<Vec<Move>>,
    states: Vec<usize>,
    budget: Resources,
}

/// The stream that a value is with other lanes.
fn before_resizes(mut value: Value<'_>) -> Value<'_> {
    while let Some(resize) = value.producer().and_then(Resize::cast) {
        value = resize.0.operands()[0];
    }
    value
}

/// The most states behind an actor; beyond it, those that come first are kept, and the optimum is one of them.
const MOST_STATES: usize = 20_000;

impl Space {
    /// The ways to fold `actors`, each behind those that feed it.
    pub fn new<'c>(
        actors: &[Box<dyn Actor<'c> + 'c>],
        budget: Resources,
        margin: f64,
        held_samples: i64,
    ) -> Self {
        let ways: Vec<Ways> =
            actors.iter().map(|actor| Ways::of(actor.as_ref(), margin, held_samples)).collect();
        let mut space = Self { ways, moves: vec![], states: vec![], budget };
        let results = actors.iter().enumerate().flat_map(|(index, actor)| {
            let values = actor.op().results().into_iter().enumerate();
            values.map(move |(result, value)| (value, (index, result)))
        });
        let producers: HashMap<Value<'c>, (usize, usize)> = results.collect();
        // Behind which actor the last consumer of each one stands.
        let mut last_use: Vec<usize> = (0..actors.len()).collect();
        for (index, actor) in actors.iter().enumerate() {
            for value in actor.op().operands() {
                if let Some(&(producer, _)) = producers.get(&before_resizes(value)) {
                    last_use[producer] = last_use[producer].max(index);
                }
            }
        }
        // The actors with consumers to come, and for each state what their results are.
        let mut live: Vec<usize> = vec![];
        let mut states: IndexSet<Vec<u32>> = IndexSet::from([vec![]]);
        for (index, actor) in actors.iter().enumerate() {
            let inputs: Vec<_> = (actor.op().operands().into_iter())
                .map(|value| producers.get(&before_resizes(value)).map(|&(at, result)| (value, at, result)))
                .collect();
            let mut next_live: Vec<usize> = live.iter().copied().filter(|&at| last_use[at] > index).collect();
            let kept: Vec<usize> = (0..live.len()).filter(|&place| last_use[live[place]] > index).collect();
            if last_use[index] > index {
                next_live.push(index);
            }
            let mut next_states = IndexSet::new();
            let mut moves = vec![];
            let mut known = HashMap::new();
            for (from, state) in states.iter().enumerate() {
                for (number, way) in space.ways[index].ways.iter().enumerate() {
                    let mut total = (way.cycles, way.resources);
                    let mut possible = true;
                    for (operand, input) in inputs.iter().enumerate() {
                        let &Some((value, at, result)) = input else { continue };
                        let place = live.iter().position(|&l| l == at).expect("a producer is live");
                        let lanes =
                            (space.ways[at].outputs[state[place] as usize][result], way.inputs[operand]);
                        let resize = *known.entry((operand, lanes)).or_insert_with(|| {
                            let rate = space.ways[index].rate.min(space.ways[at].rate);
                            resize(actor.as_ref(), value, lanes, rate)
                        });
                        match resize {
                            Some((cycles, resources)) => {
                                total = (total.0.max(cycles), total.1 + resources);
                            }
                            None => possible = false,
                        }
                    }
                    if !possible {
                        continue;
                    }
                    let mut next: Vec<u32> = kept.iter().map(|&place| state[place]).collect();
                    if last_use[index] > index {
                        next.push(way.outputs);
                    }
                    if next_states.len() >= MOST_STATES && !next_states.contains(&next) {
                        continue;
                    }
                    let to = next_states.insert_full(next).0 as u32;
                    let (cycles, resources) = total;
                    moves.push(Move { from: from as u32, to, way: number as u32, cycles, resources });
                }
            }
            space.moves.push(moves);
            space.states.push(next_states.len());
            (live, states) = (next_live, next_states);
        }
        space
    }

    /// The cycles a sample at which some choice becomes possible, ascending; at the first one there is a choice for all actors.
    pub fn targets(&self) -> Vec<f64> {
        let least = self.fewest_cycles();
        let mut targets: Vec<f64> = self.moves.iter().flatten().map(|m| m.cycles).collect();
        targets.retain(|&cycles| cycles >= least);
        targets.sort_by(f64::total_cmp);
        targets.dedup();
        targets
    }

    /// The cycles a sample of the fastest choice, whatever it costs.
    pub fn fewest_cycles(&self) -> f64 {
        let mut before = vec![0.0];
        for (moves, &states) in self.moves.iter().zip(&self.states) {
            let mut behind = vec![f64::INFINITY; states];
            for m in moves {
                let cycles: f64 = m.cycles.max(before[m.from as usize]);
                behind[m.to as usize] = cycles.min(behind[m.to as usize]);
            }
            before = behind;
        }
        before.into_iter().fold(f64::INFINITY, f64::min)
    }

    /// The fewest cycles a sample of an actor.
    pub fn fewest_cycles_of(&self, actor: usize) -> f64 {
        self.ways[actor].ways.iter().map(|way| way.cycles).fold(f64::INFINITY, f64::min)
    }

    /// The best choice that takes at most `cycles` a sample.
    pub fn best(&self, cycles: f64, goal: Goal) -> (Option<Choice>, Solution) {
        let layer = |(moves, &states): (&Vec<Move>, &usize)| {
            let possible = moves.iter().enumerate().filter(|(_, m)| m.cycles <= cycles);
            let steps = possible.map(|(number, m)| Step {
                from: m.from,
                to: m.to,
                shares: self.shares(m.resources),
                way: number as u32,
            });
            Layer { states, steps: least_of_each(steps) }
        };
        let layers: Vec<Layer> = self.moves.iter().zip(&self.states).map(layer).collect();
        let limited = self.budget.kinds().map(|(_, most)| most != i64::MAX);
        let problem = Problem { layers, limited };
        let solution = problem.solve(goal);
        let choice = solution.path.as_ref().map(|path| {
            let taken = path.steps.iter().zip(&problem.layers).map(|(&step, layer)| layer.steps[step].way);
            self.choice(taken.zip(&self.moves).map(|(number, moves)| moves[number as usize]))
        });
        (choice, solution)
    }

    fn choice(&self, moves: impl Iterator<Item = Move>) -> Choice {
        let mut choice =
            Choice { foldings: vec![], resources: Resources::default(), each: vec![], cycles: 0.0 };
        for (m, ways) in moves.zip(&self.ways) {
            choice.foldings.push(ways.ways[m.way as usize].folding);
            choice.resources += m.resources;
            choice.each.push(m.resources);
            choice.cycles = choice.cycles.max(m.cycles);
        }
        choice
    }

    /// Shares of the budget. Of nothing, whatever is used is too much.
    fn shares(&self, used: Resources) -> [f64; KINDS] {
        let kinds = used.kinds().into_iter().zip(self.budget.kinds()).zip(USUAL.kinds());
        let mut shares = [0.0; KINDS];
        for (share, (((_, used), (_, most)), (_, usual))) in shares.iter_mut().zip(kinds) {
            let most = if most == i64::MAX { usual } else { most };
            *share = if most == 0 { 2.0 * used as f64 } else { used as f64 / most as f64 };
        }
        shares
    }
}

impl Ways {
    fn of<'c>(actor: &dyn Actor<'c>, margin: f64, held_samples: i64) -> Self {
        let rate = (actor.reach() * (1.0 + margin)).min(1.0);
        let mut outputs = IndexMap::new();
        let foldings = actor.foldings();
        let costs = actor.costs(&foldings, held_samples);
        let way = |(folding, resources)| {
            let lanes = actor.lanes_at(folding);
            let number = outputs.len() as u32;
            Way {
                folding,
                cycles: actor.ii_cycles_at(folding) as f64 * rate,
                inputs: lanes.inputs,
                resources,
                outputs: *outputs.entry(lanes.outputs).or_insert(number),
            }
        };
        let ways = foldings.into_iter().zip(costs).map(way).collect();
        Self { ways, outputs: outputs.into_keys().collect(), rate }
    }
}

/// Cycles a sample and cost of the change of lanes in front of an actor; None where there may not be one.
fn resize<'c>(
    actor: &dyn Actor<'c>,
    value: Value<'c>,
    (from, to): (i64, i64),
    rate: f64,
) -> Option<(f64, Resources)> {
    if from == to {
        return Some((0.0, Resources::default()));
    }
    if actor.needs_producers_lanes() {
        return None;
    }
    let stream = Stream::of_value(value).with_lanes(from);
    let between = gcd(from, to);
    let mut resources = Resize::cost(&stream, between);
    if between != from && between != to {
        resources += Resize::cost(&stream.with_lanes(between), to);
    }
    Some((stream.with_lanes(between).beats() as f64 * rate, resources))
}

/// Of steps between the same states, those to which no other one is at most equal in every kind.
fn least_of_each(steps: impl Iterator<Item = Step>) -> Vec<Step> {
    let mut kept: IndexMap<(u32, u32), Vec<Step>> = IndexMap::new();
    for step in steps {
        let others = kept.entry((step.from, step.to)).or_default();
        let no_worse = |a: &Step, b: &Step| a.shares.iter().zip(&b.shares).all(|(a, b)| a <= b);
        if !others.iter().any(|other| no_worse(other, &step)) {
            others.retain(|other| !no_worse(&step, other));
            others.push(step);
        }
    }
    kept.into_values().flatten().collect()
}
