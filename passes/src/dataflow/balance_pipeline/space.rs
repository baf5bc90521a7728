//! All ways to fold the actors of a graph, as paths through layers.
//!
//! What an actor's folding means for those behind it are the lanes of its results: a change of lanes is a `dataflow.resize` with a
//! cost and a speed. So a state is the lanes of the streams whose consumer is still to come; of windows, and of what actors make of
//! them that take them as they come, it is the lanes that the window itself takes, from which the others follow, and how fast it is. An
//! actor is one layer a stream that comes to it, whose steps give the stream the lanes that it is taken with, and a layer whose steps are
//! the actor's ways.

use super::search::Search;
use crate::depths::{self, Pauses, Room, Windows};
use crate::ways::{Way, ways};
use atheena_dialects::dataflow::{
    Actor, Element, Fifo, Folding, Gate, Matvec, Merge, Resize, Resources, Stream, Window,
};
use atheena_dialects::ir::{Op, Value};
use indexmap::{IndexMap, IndexSet};
use rustc_hash::{FxBuildHasher, FxHashMap};
use windows::{From, Known, KnownWindows, queues};

mod windows;

/// The ways to fold an actor.
pub(super) struct Ways {
    pub(super) ways: Vec<Way>,
    /// The part of the samples that reaches it.
    reach: f64,
    /// What it holds, if it is a gate.
    held: Option<Held>,
    /// What queues of tags in front of it cost.
    tags: Resources,
}

/// What a gate and the queue behind it hold.
struct Held {
    stream: Stream,
    /// The elements, in the bits that their values take.
    element: Element,
    /// The samples that the gate holds at least.
    least: f64,
    /// The part of the samples that goes on behind it, if they queue there.
    stays: Option<f64>,
    /// Does it hold the tags of samples that queue at the exit before?
    waits: bool,
}

/// The steps that an actor, or a change of lanes in front of it, may be.
pub(super) struct Moves {
    pub(super) actor: usize,
    /// The part of the samples that comes.
    reach: f64,
    /// States behind.
    pub(super) states: usize,
    pub(super) moves: Vec<Move>,
}

/// A step, as resources and not yet as shares of a budget.
#[derive(Clone, Copy)]
pub(super) struct Move {
    pub(super) from: u32,
    pub(super) to: u32,
    /// The actor's; none of a change of lanes.
    pub(super) way: Option<u32>,
    /// For a sample that comes.
    ii_cycles: i64,
    /// From when its queues are deep enough.
    enough_from: From,
    resources: Resources,
    /// What the queues that its lanes ask for cost.
    queues: Resources,
}

impl Move {
    /// For a sample that comes.
    pub(super) fn cycles(&self, room: &Room) -> f64 {
        (self.ii_cycles as f64).max(self.enough_from.with(room))
    }
}

/// All ways to fold a graph.
pub struct Space {
    pub(super) actors: Vec<Ways>,
    pub(super) layers: Vec<Moves>,
    whole: bool,
    exits: usize,
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
    /// The ways to fold `actors`, each behind those that feed it; if those are too many, those with 1, 2, 4, ... pixels a beat.
    pub fn new<'c>(actors: &[Box<dyn Actor<'c> + 'c>]) -> Self {
        let all = Self::of(actors, |_, _| true);
        if all.whole { all } else { Self::of(actors, has_powers_of_two) }
    }

    fn of<'c>(actors: &[Box<dyn Actor<'c> + 'c>], keep: impl Fn(&dyn Actor<'c>, &Way) -> bool) -> Self {
        let ways = actors.iter().map(|actor| Ways::of(actor.as_ref(), |way| keep(actor.as_ref(), way)));
        let actors_ways: Vec<Ways> = ways.collect();
        let is_exit = |ways: &&Ways| ways.held.as_ref().is_some_and(|held| held.stays.is_some());
        let exits = actors_ways.iter().filter(is_exit).count();
        let mut space = Self { actors: actors_ways, layers: vec![], whole: true, exits };
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
            let mut kept = None;
            for (operand, value) in actor.op().operands().into_iter().enumerate() {
                let Some(&producer) = producers.get(&before_resizes(value)) else { continue };
                let place = live.iter().position(|&l| l == producer).expect("a producer is live");
                let left = uses.get_mut(&producer).expect("its uses were counted");
                *left -= 1;
                let is_last = *left == 0;
                let change = Change {
                    producer: actors[producer.0].op(),
                    consumer: actor.as_ref(),
                    stream: Stream::of_value(value),
                    windows: space.windows_of(producer.0, actors, &producers),
                };
                let reach = space.actors[index].reach.min(space.actors[producer.0].reach);
                states = space.add_changes((index, reach), operand, states, (place, is_last), &change);
                if is_last {
                    live.remove(place);
                }
                if change.keeps_windows() {
                    kept = Some(change.windows);
                }
                fed.push(operand);
            }
            let used: Vec<usize> = (0..actor.op().results().len())
                .filter(|&result| uses.get(&(index, result)).is_some_and(|&left| left > 0))
                .collect();
            states = space.add_ways((index, actor.as_ref()), &fed, &used, states, kept);
            live.extend(used.into_iter().map(|result| (index, result)));
        }
        space
    }

    /// What is known of the windows that an actor gives, or makes its result of.
    fn windows_of<'c>(
        &self,
        actor: usize,
        actors: &[Box<dyn Actor<'c> + 'c>],
        producers: &FxHashMap<Value<'c>, Live>,
    ) -> KnownWindows {
        let ways = &self.actors[actor].ways;
        if let Some(window) = Window::cast(actors[actor].op()) {
            let (input, output) = (window.inputs().swap_remove(0), window.outputs().swap_remove(0));
            let producer = before_resizes(window.0.operands()[0]).producer();
            let producer = producer.filter(|&producer| !depths::queues_rows(producer));
            let of = |way: &Way| {
                let stream = output.with_lanes(way.lanes.outputs[0]);
                let (ii_cycles, latency_cycles) = (way.ii_cycles, way.latency_cycles);
                let windows = Windows { ii_cycles, latency_cycles, beats: stream.beats() };
                let rows = input.with_lanes(way.lanes.inputs[0]);
                let in_front =
                    producer.map(|producer| (rows.clone(), depths::of_window(window, producer, &rows)));
                (way.lanes.inputs[0], Known { windows, in_front, lanes: stream.lanes, stream, cycles: 0 })
            };
            return ways.iter().map(of).collect();
        }
        let before = actors[actor].op().operand(0).filter(|_| takes_windows(actors[actor].as_ref()));
        let Some(&(window, _)) = before.and_then(|value| producers.get(&before_resizes(value))) else {
            return KnownWindows::default();
        };
        let known = self.windows_of(window, actors, producers).into_iter();
        let through = |(key, known): (i64, Known)| {
            let way = ways.iter().find(|way| way.lanes.inputs[0] == known.lanes)?;
            Some((key, Known { cycles: way.ii_cycles, lanes: way.lanes.outputs[0], ..known }))
        };
        known.filter_map(through).collect()
    }

    /// Adds the layer that gives the stream at a place of the states the lanes that an operand is taken with, which the
    /// states behind end with.
    fn add_changes(
        &mut self,
        (actor, reach): (usize, f64),
        operand: usize,
        states: States,
        (place, is_last): (usize, bool),
        change: &Change<'_, '_>,
    ) -> States {
        let wanted = self.actors[actor].ways.iter().map(|way| way.lanes.inputs[operand]);
        let wanted: IndexSet<i64> = wanted.collect();
        let mut reached = Reached::default();
        let mut moves = vec![];
        let mut known = FxHashMap::default();
        for (from, state) in states.iter().enumerate() {
            let given = state[place];
            for &lanes in &wanted {
                let cost = || change.cost(given, lanes);
                let Some(Changed { ii_cycles, resources, queues }) =
                    known.entry((given, lanes)).or_insert_with(cost)
                else {
                    continue;
                };
                let mut next = state.clone();
                if is_last {
                    next.remove(place);
                }
                next.extend(change.keeps_windows().then_some(given));
                next.push(lanes);
                let Some(to) = reached.number(next) else { continue };
                let (from, ii_cycles, resources) = (from as u32, *ii_cycles, *resources);
                moves.extend(queues.iter().map(|&(enough_from, queues)| Move {
                    from,
                    to,
                    way: None,
                    ii_cycles,
                    enough_from,
                    resources,
                    queues,
                }));
            }
        }
        self.add((actor, reach), moves, reached)
    }

    /// Adds the layer of an actor's ways: the states end with the lanes of its operands, in front of which are those of windows that
    /// come to it, and behind it with those of its results. Windows queue where it would be late otherwise.
    fn add_ways<'c>(
        &mut self,
        (actor, op): (usize, &(dyn Actor<'c> + 'c)),
        fed: &[usize],
        used: &[usize],
        states: States,
        windows: Option<KnownWindows>,
    ) -> States {
        let ways_of = &self.actors[actor];
        let Ways { ways, reach, .. } = ways_of;
        let mut by_inputs: IndexMap<Vec<i64>, Vec<u32>, FxBuildHasher> = IndexMap::default();
        for (number, way) in ways.iter().enumerate() {
            let inputs = fed.iter().map(|&operand| way.lanes.inputs[operand]).collect();
            by_inputs.entry(inputs).or_default().push(number as u32);
        }
        let is_window = Window::cast(op.op()).is_some();
        let passes = takes_windows(op) && windows.is_some();
        let tags = ways_of.tags;
        let mut known: FxHashMap<(i64, u32), Vec<(From, Resources)>> = FxHashMap::default();
        let mut reached = Reached::default();
        let mut moves = vec![];
        for (from, state) in states.iter().enumerate() {
            let (kept, inputs) = state.split_at(state.len() - fed.len());
            let (kept, given) = kept.split_at(kept.len() - usize::from(windows.is_some()));
            let given = given.first().copied().unwrap_or_default();
            for &number in by_inputs.get(inputs).into_iter().flatten() {
                let way = &ways[number as usize];
                let outputs = used.iter().map(|&result| match (is_window, passes) {
                    (true, _) => way.lanes.inputs[0],
                    (_, true) => given,
                    _ => way.lanes.outputs[result],
                });
                let Some(to) = reached.number(kept.iter().copied().chain(outputs).collect()) else {
                    continue;
                };
                let (from, ii_cycles, resources) = (from as u32, way.ii_cycles, way.resources);
                let windows = windows.as_ref().and_then(|windows| windows.get(&given)).filter(|_| !passes);
                let queues = known.entry((given, number)).or_insert_with(|| match windows {
                    Some(known) => known.queues_of_layer(way),
                    None => vec![(From::default(), tags)],
                });
                moves.extend(queues.iter().map(|&(enough_from, queues)| Move {
                    from,
                    to,
                    way: Some(number),
                    ii_cycles,
                    enough_from,
                    resources,
                    queues,
                }));
            }
        }
        let reach = *reach;
        self.add((actor, reach), moves, reached)
    }

    fn add(&mut self, (actor, reach): (usize, f64), moves: Vec<Move>, reached: Reached) -> States {
        self.whole &= !reached.is_full;
        self.layers.push(Moves { actor, reach, states: reached.states.len(), moves });
        reached.states
    }

    /// Are there gates behind which samples queue?
    pub(super) fn has_exits(&self) -> bool {
        self.exits > 0
    }

    /// Are all ways in it? Not where there were too many states.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// How many steps there are.
    pub fn steps(&self) -> usize {
        self.layers.iter().map(|layer| layer.moves.len()).sum()
    }

    /// What the choices are within a budget, with room for bursts.
    pub fn within(&self, budget: Resources, room: Room) -> Search<'_> {
        Search::new(self, budget, room)
    }

    /// Cycles a sample of the whole that a move can keep up with.
    pub(super) fn cycles(&self, layer: &Moves, m: &Move, room: &Room) -> f64 {
        room.rate(layer.reach) * m.cycles(room)
    }

    /// The cycles a sample of all moves, whatever queues ask for.
    pub(super) fn all_cycles(&self, room: &Room) -> Vec<f64> {
        let of = |layer: &Moves| {
            let rate = room.rate(layer.reach);
            layer.moves.iter().map(move |m| m.ii_cycles as f64 * rate).collect::<Vec<_>>()
        };
        self.layers.iter().flat_map(of).collect()
    }

    /// The fewest cycles a sample of an actor.
    pub(super) fn fewest_cycles_of(&self, actor: usize, room: &Room) -> f64 {
        let Ways { ways, reach, .. } = &self.actors[actor];
        let cycles = ways.iter().map(|way| way.ii_cycles as f64 * room.rate(*reach));
        cycles.fold(f64::INFINITY, f64::min)
    }

    /// Samples that queue at each exit, by the gate that is the actor.
    pub(super) fn places(&self, room: &Room) -> Vec<f64> {
        let stays = self.actors.iter().map(|ways| ways.held.as_ref().and_then(|held| held.stays));
        stays.map(|stays| stays.map_or(0.0, |stays| room.places(stays, self.exits))).collect()
    }

    /// What a move costs, and what its queues and gates do where so many samples queue at the exits.
    pub(super) fn resources(&self, layer: &Moves, m: &Move, places: &[f64]) -> (Resources, Resources) {
        let Ways { ways, held, .. } = &self.actors[layer.actor];
        let held = held
            .as_ref()
            .zip(m.way)
            .map(|(held, way)| held.cost(ways[way as usize].folding, places[layer.actor], places));
        (m.resources, m.queues + held.unwrap_or_default())
    }
}

impl Ways {
    fn of<'c>(actor: &(dyn Actor<'c> + 'c), keep: impl Fn(&Way) -> bool) -> Self {
        let mut ways = ways(actor, 1);
        ways.retain(keep);
        let held = Gate::cast(actor.op()).map(Held::of);
        if held.is_some() {
            // What a gate costs depends on the room.
            ways.iter_mut().for_each(|way| way.resources = Resources::default());
        }
        let tags = Merge::cast(actor.op()).map_or_else(Resources::default, queues_of_tags);
        Self { ways, reach: actor.reach(), held, tags }
    }
}

/// Does an actor give a power of two of pixels a beat? Between any two of these a change of lanes is as fast as the narrower side.
fn has_powers_of_two(actor: &dyn Actor<'_>, way: &Way) -> bool {
    let outputs = actor.outputs().into_iter().zip(&way.lanes.outputs);
    outputs.map(|(stream, &lanes)| stream.with_lanes(lanes).pixels()).all(|pixels| pixels.count_ones() == 1)
}

/// What the queues in front of a merge cost, for tags that come before their data; a few are as many as one.
fn queues_of_tags(merge: Merge<'_>) -> Resources {
    let gated = |exit: &usize| before_resizes(merge.data_of(*exit)).producer().and_then(Gate::cast).is_some();
    let waiting = (0..merge.exits()).filter(|exit| !gated(exit)).count();
    Fifo::cost(&Stream::tag(), 2) * waiting as i64
}

impl Held {
    fn of(gate: Gate<'_>) -> Self {
        let stream = Stream::of_value(gate.0.operands()[0]);
        let waits = stream == Stream::tag() && depths::behind_gate(gate.0.operands()[0]);
        let element = Element::of_values(gate.0.operands()[0]);
        Self { stream, element, least: depths::least_samples(gate), stays: depths::stays(gate), waits }
    }

    /// What it costs with so many places in the queue behind it, of those at all exits.
    fn cost(&self, folding: Folding, places: f64, all: &[f64]) -> Resources {
        let Folding::Lanes(lanes) = folding else { return Resources::default() };
        let stream = self.stream.with_lanes(lanes);
        let others = if self.waits { all.iter().copied().fold(0.0, f64::max) } else { 0.0 };
        let depth = depths::gate(&stream, self.least + depths::SLACK_SAMPLES + others);
        let queue = (places > 0.0).then(|| depths::beats(&stream, places));
        match self.stays {
            Some(_) => depths::cost_of_exit(&stream, self.element, depth, queue),
            None => Gate::cost(&stream, depth),
        }
    }
}

/// Does an actor take windows, whatever lanes they have, a beat a beat?
fn takes_windows<'c>(actor: &(dyn Actor<'c> + 'c)) -> bool {
    actor.is_beatwise() && actor.needs_producers_lanes()
}

/// A stream between two actors, whose lanes may change there.
struct Change<'a, 'c> {
    producer: Op<'c>,
    consumer: &'a (dyn Actor<'c> + 'c),
    stream: Stream,
    /// Those that come, or that the producer takes; empty where there are none.
    windows: KnownWindows,
}

/// What a change of lanes is.
struct Changed {
    /// For a sample that comes.
    ii_cycles: i64,
    resources: Resources,
    /// The queues around it: from when they are enough, and their cost.
    queues: Vec<(From, Resources)>,
}

impl Change<'_, '_> {
    /// Does the consumer have to know the windows that come? So where they queue in front of the change, or of what is behind the consumer.
    fn keeps_windows(&self) -> bool {
        let known = Matvec::cast(self.consumer.op()).is_some() || takes_windows(self.consumer);
        Window::cast(self.producer).is_some() && known
    }

    /// The change, of what the states say of the stream, to some lanes; None where there may not be one.
    fn cost(&self, given: i64, to: i64) -> Option<Changed> {
        let known = self.windows.get(&given);
        let from = known.map_or(given, |known| known.lanes);
        let stream = self.stream.with_lanes(from);
        let steps = stream.lanes_towards(to);
        let between = steps.iter().copied().fold(from, i64::min);
        let takes_rows = Window::cast(self.consumer.op()).is_some();
        let holds = Gate::cast(self.consumer.op()).is_some_and(Gate::holds_data);
        let in_front = (takes_rows || holds) && between < from && depths::precedes_narrowing(self.producer);
        let row = match in_front {
            true => Some(depths::of_rows(self.producer, &stream)),
            false => depths::of_tiles(self.producer, &stream, self.consumer.op(), between < from),
        };
        let changed = stream.with_lanes(to);
        let depth = match row {
            Some(_) if takes_rows => Some(depths::of_even_rows(&changed)),
            _ => self.queue_depth(from == to, &changed),
        };
        let (mut ii_cycles, mut resources) = (0, Resources::default());
        if from != to {
            if self.consumer.needs_producers_lanes() {
                return None;
            }
            let beats = |lanes| stream.with_lanes(lanes).beats();
            ii_cycles = match steps[..] {
                // A wide beat waits until the one before has been taken apart.
                [_, wide, to] => {
                    beats(between).max(beats(to) + beats(wide) - stream.beats() / stream.row_beats())
                }
                _ => beats(between),
            };
            let before = std::iter::once(from).chain(steps.iter().copied());
            let each = before.zip(&steps).map(|(lanes, &to)| Resize::cost(&stream.with_lanes(lanes), to));
            resources = each.sum();
        }
        let mut queue = Resources::default();
        if let Some(layer) = depths::layer_in_front(self.producer).filter(|_| between < from) {
            queue += depths::cost(&stream, depths::of_outputs(layer, &stream));
        }
        let mut queues = match known.filter(|known| known.cycles > 0) {
            Some(known) => {
                queue += depths::cost(&changed, depth);
                match row {
                    Some(_) => queues(&known.windows, &stream, ii_cycles, row),
                    None => queues(&known.windows, &known.stream, ii_cycles.max(known.cycles), None),
                }
            }
            None => {
                queue += depths::cost(&stream, row);
                self.queues_in_front(&changed, ii_cycles, depth)
            }
        };
        queues.iter_mut().for_each(|(_, cost)| *cost += queue);
        Some(Changed { ii_cycles, resources, queues })
    }

    /// The queue in front of the consumer, of so many beats or as many as its pauses ask for: from when it is enough, and its cost.
    fn queues_in_front(&self, input: &Stream, ii_cycles: i64, depth: Option<i64>) -> Vec<(From, Resources)> {
        let enough = (From::default(), depths::cost(input, depth));
        let window = Window::cast(self.consumer.op()).filter(|_| ii_cycles > 0);
        let pauses = window.and_then(|window| Pauses::of(input, &window.geometry()));
        let (Some(depth), Some(pauses)) = (depth, pauses) else { return vec![enough] };
        let waiting = pauses.depth(ii_cycles, ii_cycles as f64);
        if waiting <= depth {
            return vec![enough];
        }
        let from = pauses.enough_from(ii_cycles, depth);
        let deeper = (From::default(), depths::cost(input, Some(waiting)));
        vec![deeper, (From { full_speed: from, even: from }, enough.1)]
    }

    /// Of the queue in front of the consumer, whose input comes straight from the producer or through a change of lanes.
    fn queue_depth(&self, straight: bool, input: &Stream) -> Option<i64> {
        let held = |holds: fn(Op<'_>) -> bool| straight && holds(self.producer);
        let op = self.consumer.op();
        if let Some(window) = Window::cast(op) {
            (!held(depths::queues_rows)).then(|| depths::of_window(window, self.producer, input))
        } else {
            let layer = Matvec::cast(op).filter(|_| !held(depths::queues_vectors));
            layer.and_then(|layer| depths::of_vector(layer, input))
        }
    }
}
