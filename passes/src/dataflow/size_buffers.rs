//! `dataflow-size-buffers`: makes gates and queues deep enough never to deadlock, and seldom to stall.
//!
//! Requires: final foldings (`dataflow-apply-foldings`); no queues yet. How long the whole takes a sample, and how many samples queue
//! behind each gate, is as `dataflow-balance-pipeline` has written down (`balance`, `places`), if it has.
//! Ensures: each gate holds at least one sample, and the samples that come while a decision is on its way; tags have
//! queues where their data takes longer; windows, layers and pools of tiles have queues that even out bursts; samples that stay have a queue behind
//! their gate; each branch that meets a slower one again has a queue of a sample.
//!
//!     %g = dataflow.gate "exit1_stay" %x, %d {depth = 720}  becomes  … {depth = 2160}
//!
//! # Why nothing deadlocks
//! An actor's output for a sample depends on beats of this sample alone, but for windows: where a next sample has begun, its first
//! beats push the last windows of the one before out, a part of it that the window's schedule tells (its lag). A fork hands out
//! beats in step: when one consumer has all beats of sample k, all have.
//! - *Gates.* A gate that is full holds at least one whole sample k, and of what follows the parts for which the windows on the way
//!   to the decision wait, one after the other. So the classifier behind the same fork has had
//!   all of k and as much of what follows, and decides k, as its own gate (`taken`) takes all logits of k. Decisions go to the gates of an exit
//!   through a fork that serves each when it is ready, so the gate passes or drops k and has room again. A gate
//!   that waits to pass k waits for what is behind it only.
//! - *Tags.* A tag leaves the source with its sample's first beat and is held by gates of at least one tag. With the
//!   tag of k in them, all data of k flows, so k is decided, and they have room again.
//! - *The merge* takes a sample from a gate that holds all of it, or from a classifier whose samples had their
//!   decisions already: either ends whatever happens at the other inputs. The tag of a sample comes from the same
//!   decision, in the same order, so it comes.
//! - *Branches that meet again* (`add`, `mul`, `concat`). If one branch holds beats back (a window or a product needs later beats
//!   before it gives earlier ones), the others have a queue of a sample, or of more where windows one after the other wait for more
//!   than that, or a gate. When the queue is full, the slow branch has had all that it needs for the oldest beat in there. Where all branches hold back less than
//!   a pixel, or take the same windows of the same fork, a pixel is enough: what the slow branch needs for pixel p is
//!   what the others had for it, and a queue of two pixels that is full holds p.
//!   A pixel that is spread over a map may come of all of it: the map's queue holds a sample, and of what follows the parts for which
//!   the windows on the pixel's way wait. When it is full, the pixel's branch has had all that it needs, and the pixel comes.
//!
//! # How deep
//! Behind an actor that waits for part of a map the first beat of a sample comes `latency * max(1, T / II)` cycles later,
//! with T the cycles a sample of the whole: its input comes slowed down to T; behind others `latency`. A gate whose
//! decision comes d cycles after its data holds `d / T` samples, plus `slack-samples`.
//! Behind a gate for samples that stay, some of them wait for the rest of the network, which is made for their
//! average rate only: they come in bursts, and a gate that waits would hold up the samples behind them that may leave. How many
//! follows from a model of queues (`passes/src/bursts.rs`) and `max-loss`.
//! Their tags wait for them in front of the merge or in the gates of the next exit. See `docs/buffers.md`.

use std::collections::{HashMap, HashSet};
use std::iter::successors;

use crate::depths::{self, Pauses, Room, SLACK_BEATS, Windows, ancestors, lag_samples};
use atheena_dialects::dataflow::{
    Actor, Binary, Concat, Element, Fifo, Fork, Gate, Graph, Lag, Matvec, Merge, Named, Pack, Pad, Resize,
    Stream, TilePool, Window, actor, bottleneck, ceil_div,
};
use atheena_dialects::ir::{Attr, Builder, Failure, Op, Value};
use atheena_dialects::tosa::Geometry;
use atheena_dialects::{pass::Pass, pass_options};

pass_options! {
    /// Options of `dataflow-size-buffers`.
    pub struct Options {
        /// Samples that gates and queues of tags hold beyond what the delays ask for.
        pub slack_samples: f64 = depths::SLACK_SAMPLES,
        /// The part of the throughput that bursts of samples that stay may cost, all exits together.
        pub max_loss: f64 = 0.01,
        /// The most samples that are queued behind a gate, whatever that costs.
        pub most_queued: f64 = 32.0,
        /// Samples that stay which are queued behind each gate, so that those behind them, which may leave, do not
        /// wait for the slower rest of the network; -1: as many as max-loss asks for.
        pub queue_samples: f64 = -1.0,
    }
}

/// The pass.
pub struct SizeBuffers;

impl Pass for SizeBuffers {
    const FLAG: &'static str = "dataflow-size-buffers";
    const SUMMARY: &'static str = "Make gates and queues deep enough never to deadlock, and seldom to stall";
    const ANCHOR: &'static str = "dataflow.graph";
    type Options = Options;

    fn run(graph: Op<'_>, options: &Options) -> Result<(), Failure> {
        let Options { slack_samples, max_loss, most_queued, queue_samples } = *options;
        // Of NaN no comparison holds.
        let valid = slack_samples >= 0.0
            && max_loss > 0.0
            && most_queued > 0.0
            && (queue_samples >= 0.0 || queue_samples == -1.0);
        if !valid {
            let message = "can't have buffers of slack-samples or queue-samples below 0, or a max-loss or most-queued \
                           that is not above 0";
            return Err(graph.error(message, &[]));
        }
        let times = Times::of(Graph(graph));
        let exits = depths::exits(Graph(graph));
        // Samples that wait at the exits so far.
        let mut queued = 0.0;
        let windows = graph.body().ops().into_iter().filter_map(Window::cast);
        windows.for_each(|window| queue_rows(window, &times));
        for op in graph.body().ops() {
            if let Some(window) = Window::cast(op) {
                queue_windows(window, &times);
            } else if let Some(layer) = Matvec::cast(op) {
                queue_vector(layer);
            } else if let Some(resize) = Resize::cast(op) {
                queue_outputs(resize);
            } else if let Some(gate) = Gate::cast(op) {
                let (data, decision) = (op.operands()[0], op.operands()[1]);
                let least = depths::least_samples(gate);
                // Tags of samples in the queue of the exit before wait here.
                let others: f64 = if is_tag(data) && depths::behind_gate(data) { queued } else { 0.0 };
                let samples = times.samples(data, decision).max(least) + slack_samples + others;
                gate.set_depth(depths::gate(&Stream::of_value(data), samples));
                let planned = depths::take_places(gate);
                if gate.holds_data() {
                    queue_rows_before_narrowing(op);
                    let samples = match (queue_samples, planned) {
                        (-1.0, Some(planned)) => planned.min(most_queued),
                        (-1.0, None) => queued_samples(Graph(graph), gate, exits, max_loss).min(most_queued),
                        (samples, _) => samples,
                    };
                    queued = f64::max(queued, samples);
                    queue_behind(gate, samples);
                    pack(gate);
                }
            } else if let Some(merge) = Merge::cast(op) {
                queue_tags(merge, &times, slack_samples + queued);
            } else if let Some(binary) = Binary::cast(op) {
                queue_branches(op, binary.lag(), &times);
            } else if let Some(concat) = Concat::cast(op) {
                queue_branches(op, concat.lag(), &times);
            }
        }
        graph.body().ops().into_iter().filter_map(TilePool::cast).for_each(queue_tiles);
        Ok(())
    }
}

/// Samples that must be able to wait behind a gate, and be at the first actor there.
fn queued_samples(graph: Graph<'_>, gate: Gate<'_>, exits: usize, max_loss: f64) -> f64 {
    let actors = graph.actors();
    let cycles = actors.iter().map(|actor| (actor.reach(), actor.ii_cycles() as f64));
    depths::exit(gate, cycles).map_or(0.0, |exit| exit.places(max_loss / exits as f64))
}

/// When the first beat of a sample comes, in cycles from when it enters.
struct Times<'c> {
    cycles_per_sample: f64,
    /// That it was balanced with.
    room: Room,
    first_beat: HashMap<Value<'c>, f64>,
}

impl<'c> Times<'c> {
    /// The whole takes as long as it was balanced for, or else as its slowest actor.
    fn of(graph: Graph<'c>) -> Self {
        let entry = |name| graph.0.attr("balance").and_then(|balance| balance.entry(name));
        let balance = |name| entry(name).and_then(Attr::to_f64);
        let slowest = || bottleneck(graph).map_or(1.0, |most| most.cycles_per_sample);
        let cycles_per_sample = balance("cycles").unwrap_or_else(slowest).max(1.0);
        let even = entry("even").and_then(Attr::to_bool).unwrap_or(true);
        let room = Room { margin: balance("margin").unwrap_or(0.0), max_loss: 0.0, even };
        let mut times = Self { cycles_per_sample, room, first_beat: HashMap::new() };
        for actor in graph.actors() {
            let op = actor.op();
            let start = op.operands().into_iter().map(|value| times.at(value)).fold(0.0, f64::max);
            // A single vector comes at once: what makes it has waited for its own input.
            let spread = actor.inputs().first().is_some_and(|input| input.positions() > 1);
            let stretch = if spread && !actor.is_beatwise() {
                (cycles_per_sample / actor.ii_cycles().max(1) as f64).max(1.0)
            } else {
                1.0
            };
            let end = start + actor.latency_cycles() as f64 * stretch;
            times.first_beat.extend(op.results().into_iter().map(|value| (value, end)));
        }
        times
    }

    /// Cycles for each sample that comes to what a part of the samples reaches.
    fn available(&self, reach: f64) -> f64 {
        self.cycles_per_sample / self.room.rate(reach).max(f64::MIN_POSITIVE)
    }

    fn at(&self, value: Value<'c>) -> f64 {
        self.first_beat.get(&value).copied().unwrap_or(0.0)
    }

    /// How many samples come on `early` until the first one has come on `late`, at least one.
    fn samples(&self, early: Value<'c>, late: Value<'c>) -> f64 {
        ((self.at(late) - self.at(early)) / self.cycles_per_sample).max(1.0)
    }
}

/// Queues what comes to a window.
///
/// Rows come in bursts: a pool or a stride gives one row of several, as fast as its input comes, and what is behind
/// needs the time of all of them. A row fits into the queue, but behind what waits for a sample anyway; elsewhere a few beats do, and
/// such as come while the window takes none, or while the layer behind it still works on the sample before.
fn queue_rows<'c>(window: Window<'c>, times: &Times<'c>) {
    let stream = Stream::of_value(window.0.operands()[0]);
    let (changes, available) = (resizes_before(window.0), times.available(window.reach()));
    let cycles = changes.iter().map(|resize| resize.ii_cycles()).max();
    let waiting = cycles
        .zip(Pauses::of(&stream, &window.geometry()))
        .map(|(cycles, pauses)| pauses.depth(cycles, available));
    let first = changes.last().map_or(window.0, |resize| resize.0);
    let late = match layer_behind(window) {
        Some(layer) if times.room.even && !producer(first).is_some_and(depths::queues_rows) => {
            let (windows, cycles) = (Windows::of(window), slowest(layer).0);
            let waiting = windows.waiting(cycles, available, false);
            depths::beats(&stream, windows.in_front(cycles, available, waiting))
        }
        _ => 0,
    };
    let depth = if queue_rows_before_narrowing(window.0) {
        Some(depths::of_even_rows(&stream))
    } else {
        let producer = producer(window.0).filter(|&producer| !depths::queues_rows(producer));
        producer.map(|producer| depths::of_window(window, producer, &stream))
    };
    if let Some(depth) = depth {
        queue(window.0, 0, depth.max(waiting.unwrap_or(0)) + late);
    }
}

/// What takes the windows of a layer, if they come to one through no more than changes of lanes.
fn layer_behind<'c>(window: Window<'c>) -> Option<Op<'c>> {
    let through = |op: &Op<'c>| Resize::cast(*op).and_then(|resize| resize.0.result(0).only_user());
    let consumer = window.0.result(0).only_user()?;
    successors(Some(consumer), through).last().and_then(Matvec::cast).map(|_| consumer)
}

/// Queues a row where what comes in rows becomes narrower in front of an operation, if it does.
fn queue_rows_before_narrowing(op: Op<'_>) -> bool {
    let comes_in_rows =
        |resize: &Op<'_>| narrows(resize) && producer(*resize).is_some_and(depths::precedes_narrowing);
    let narrowing = resizes_before(op).last().map(|resize| resize.0).filter(comes_in_rows);
    if let Some(narrowing) = narrowing {
        queue(narrowing, 0, Stream::of_value(narrowing.operands()[0]).row_beats());
    }
    narrowing.is_some()
}

/// What the first operand comes from.
fn producer(op: Op<'_>) -> Option<Op<'_>> {
    op.operands()[0].producer()
}

/// The changes of lanes in front of an operation, the last one first.
fn resizes_before(op: Op<'_>) -> Vec<Resize<'_>> {
    let before = |op| producer(op).and_then(Resize::cast);
    successors(before(op), |resize| before(resize.0)).collect()
}

/// Is this a change to fewer lanes?
fn narrows(op: &Op<'_>) -> bool {
    Resize::cast(*op).is_some_and(|resize| resize.outputs()[0].lanes < resize.inputs()[0].lanes)
}

/// Queues windows.
///
/// While none ends, at the edges of rows and while the first rows of a sample come, what is behind works on those that came before: as
/// many as it takes to stay in time. Where a layer is late because samples come evenly, these wait in front of the window, as they are smaller there.
fn queue_windows<'c>(window: Window<'c>, times: &Times<'c>) {
    let Some((consumer, index)) = window.0.result(0).uses().first().copied() else { return };
    let (cycles, behind) = slowest(consumer);
    let even = times.room.even && layer_behind(window).is_none();
    let waiting =
        |cycles| Windows::depth(Windows::of(window).waiting(cycles, times.available(window.reach()), even));
    // What becomes of the windows queues already, where it becomes narrower.
    if let Some(rows) = behind.and_then(Fifo::cast) {
        let changes = successors(rows.0.result(0).only_user().and_then(Resize::cast), |resize| {
            resize.0.result(0).only_user().and_then(Resize::cast)
        });
        let depth = changes.map(|resize| resize.ii_cycles()).max().and_then(waiting);
        rows.set_depth(rows.depth().max(depth.unwrap_or(0)));
    }
    if let Some(depth) = waiting(cycles) {
        queue(consumer, index, depth);
    }
}

/// Cycles of the slowest of what takes beats, with the changes of lanes around it, and what is behind these.
fn slowest(consumer: Op<'_>) -> (i64, Option<Op<'_>>) {
    let mut cycles = 0;
    let mut next = Some(consumer);
    let mut is_seen = false;
    while let Some(actor) = next.and_then(actor) {
        let resizes = Resize::cast(actor.op()).is_some();
        if is_seen && !resizes {
            break;
        }
        is_seen |= !resizes;
        cycles = cycles.max(actor.ii_cycles());
        next = actor.op().results().first().and_then(|r| r.only_user()).filter(|_| actor.is_beatwise());
    }
    (cycles, next)
}

/// Queues a row of tiles in front of what takes longer for it than the pool, where nothing queues yet.
fn queue_tiles<'c>(pool: TilePool<'c>) {
    let result = pool.0.result(0);
    let Some(user) = result.only_user() else { return };
    let through = |op: &Op<'c>| Resize::cast(*op).and_then(|resize| resize.0.result(0).only_user());
    let consumer = successors(Some(user), through).last().unwrap_or(user);
    if let Some(depth) = depths::of_tiles(pool.0, &Stream::of_value(result), consumer, narrows(&user)) {
        queue(user, 0, depth);
    }
}

/// Queues the vector of a dense layer. It comes in bursts, a row of a pool or all outputs of another layer, and stays for all
/// of the layer's outputs: without a queue the layer before could not begin its next sample for that long.
fn queue_vector(layer: Matvec<'_>) {
    let held = layer.0.operands()[0].producer().is_some_and(depths::queues_vectors);
    if let Some(depth) = depths::of_vector(layer, &layer.input()).filter(|_| !held) {
        queue(layer.0, 0, depth);
    }
}

/// Queues the outputs of a vector where they become narrower: they come one after the other when its last input is in, and
/// have the time of the next vector to leave.
fn queue_outputs(resize: Resize<'_>) {
    let layer = producer(resize.0).and_then(depths::layer_in_front).filter(|_| narrows(&resize.0));
    if let Some(depth) = layer.and_then(|layer| depths::of_outputs(layer, &layer.output())) {
        queue(resize.0, 0, depth);
    }
}

/// Is this a stream of tags?
fn is_tag(value: Value<'_>) -> bool {
    Stream::of_value(value) == Stream::tag()
}

/// Does a stream come straight from a gate or the queue behind it, which hold a sample?
fn holds_sample(value: Value<'_>) -> bool {
    let is_gate = |op: Op<'_>| Gate::cast(op).is_some();
    let is_queue =
        |op: Op<'_>| Fifo::cast(op).is_some_and(|fifo| fifo.0.operands()[0].producer().is_some_and(is_gate));
    value.producer().is_some_and(|op| is_gate(op) || is_queue(op))
}

/// Queues the samples that a gate passes.
fn queue_behind(gate: Gate<'_>, samples: f64) {
    let value = gate.0.result(0);
    if let [(user, index)] = value.uses()[..]
        && samples > 0.0
    {
        queue(user, index, depths::beats(&Stream::of_value(value), samples));
    }
}

/// Makes words of what a gate and the queue behind it hold, where these take fewer block RAMs.
fn pack(gate: Gate<'_>) {
    let (data, queue) = (gate.0.operands()[0], gate.0.result(0).only_user().and_then(Fifo::cast));
    let stream = Stream::of_value(data);
    let depths: Vec<i64> = std::iter::once(gate.depth()).chain(queue.map(Fifo::depth)).collect();
    let Some(words) = depths::packed(&stream, Element::of_values(data), &depths) else { return };
    let label =
        |what: &str| format!("{}_{what}", actor(gate.0).map(|actor| actor.label()).unwrap_or_default());
    let beats = words.lanes / stream.lanes;
    let named = |label| Named { label, reach: gate.reach() };
    let in_front = Pack::build(Builder::before(gate.0), named(&label("pack")), data, &words);
    gate.0.set_operand(0, in_front.0.result(0));
    let ty = words.ty(gate.0.ctx());
    gate.0.result(0).set_ty(ty);
    gate.set_depth(ceil_div(gate.depth(), beats));
    let mut last = gate.0.result(0);
    if let Some(queue) = queue {
        last = queue.0.result(0);
        last.set_ty(ty);
        queue.set_depth(ceil_div(queue.depth(), beats));
    }
    if let [(user, index)] = last.uses()[..] {
        let reach = actor(user).map_or(1.0, |actor| actor.reach());
        let named = Named { label: &label("unpack"), reach };
        let behind = Pack::build(Builder::before(user), named, last, &stream);
        user.set_operand(index, behind.0.result(0));
    }
}

/// Queues tags that come to the merge long before their data.
fn queue_tags(merge: Merge<'_>, times: &Times<'_>, more_samples: f64) {
    for exit in 0..merge.exits() {
        let (data, tag) = (merge.data_of(exit), merge.tag_of(exit));
        let gated = data.producer().is_some_and(|op| Gate::cast(op).is_some());
        // Behind gates of one decision data and tag come together.
        if !gated {
            let depth = (times.samples(tag, data) + more_samples).ceil() as i64 + SLACK_BEATS;
            queue(merge.0, merge.exits() + exit, depth);
        }
    }
}

/// Queues the operands of an actor that joins branches, where another branch, or the actor itself, holds beats back.
fn queue_branches<'c>(op: Op<'c>, own_lag: Lag, times: &Times<'c>) {
    let operands = op.operands();
    let ancestors: Vec<HashSet<Op<'c>>> = operands.iter().map(|&value| ancestors(value)).collect();
    let same_windows = windows_from_a_fork(op, &ancestors);
    let spreads = Binary::cast(op).is_some_and(Binary::spreads);
    for (index, &value) in operands.iter().enumerate() {
        let others = (0..operands.len()).filter(|&other| other != index);
        let beside = others.clone().flat_map(|other| ancestors[other].difference(&ancestors[index]));
        let lag = beside.filter_map(|&op| actor(op)).map(|actor| actor.lag()).fold(own_lag, Lag::max);
        // What gives padding before it takes anything would stop the fork that the others wait for.
        let own = others.clone().flat_map(|other| ancestors[index].difference(&ancestors[other]));
        let pads = own.into_iter().any(|&op| Pad::cast(op).is_some());
        let lag = if pads { Lag::Sample } else { lag };
        // A channel's queue is small, and without it branches would wait for one another.
        let lag = if same_windows && own_lag < Lag::Sample { lag.min(Lag::Pixel) } else { lag };
        let stream = Stream::of_value(value);
        match lag {
            Lag::Beat => {}
            Lag::Pixel => {
                // And what comes, a beat a cycle, until the others have theirs.
                let latest = others.map(|other| times.at(operands[other])).fold(0.0, f64::max);
                let wait = (latest - times.at(value)).max(0.0).ceil() as i64;
                let pixels = 2 * (stream.channels() / stream.lanes).max(1);
                queue(op, index, (pixels + wait).min(stream.beats()).max(pixels));
            }
            Lag::Sample if holds_sample(value) => {}
            Lag::Sample => {
                let samples = others.map(|other| {
                    let lag = lag_samples(ancestors[other].difference(&ancestors[index]).copied());
                    let late = times.samples(value, operands[other]);
                    // What is spread may come of all of a sample, and takes what pushes that out of windows.
                    if spreads { late.max(1.0 + lag) } else { late.max(lag).ceil() }
                });
                let slack = if spreads { SLACK_BEATS } else { 0 };
                queue(op, index, depths::beats(&stream, samples.fold(1.0, f64::max)) + slack);
            }
        }
    }
}

/// Do all operands come from one fork, by the same windows, if any, and else by what holds back less than a pixel?
fn windows_from_a_fork<'c>(op: Op<'c>, ancestors: &[HashSet<Op<'c>>]) -> bool {
    let mut paths = op.operands().into_iter().map(|value| path_to_fork(value, ancestors));
    let first = paths.next().flatten();
    first.is_some() && paths.all(|path| path == first)
}

/// A fork, and the sizes of maps and geometries of the windows behind it.
type Path<'c> = (Op<'c>, Vec<(Vec<i64>, Geometry)>);

/// The fork that all branches come from, and the sizes and geometries of the windows from there to `value`.
fn path_to_fork<'c>(value: Value<'c>, ancestors: &[HashSet<Op<'c>>]) -> Option<Path<'c>> {
    let producer = value.producer()?;
    if Fork::cast(producer).is_some() && ancestors.iter().all(|branch| branch.contains(&producer)) {
        return Some((producer, vec![]));
    }
    let by_pixel = Matvec::cast(producer).is_some_and(|layer| layer.positions() == layer.input().positions());
    let window = Window::cast(producer);
    if window.is_none() && actor(producer)?.lag() == Lag::Sample && !by_pixel {
        return None;
    }
    // Several operands: those of a concatenation, which came the same way.
    let operands = producer.operands();
    let one = operands.len() == 1 || Concat::cast(producer).is_some();
    let mut paths = operands.into_iter().map(|operand| path_to_fork(operand, ancestors));
    let first = paths.next().flatten().filter(|_| one)?;
    if !paths.all(|path| path.as_ref() == Some(&first)) {
        return None;
    }
    let (fork, mut windows) = first;
    windows.extend(window.map(|window| (window.input_shape()[..2].to_vec(), window.geometry())));
    Some((fork, windows))
}

/// Puts a queue in front of operand `index` of an actor.
fn queue(op: Op<'_>, index: usize, depth: i64) {
    let value = op.operands()[index];
    let label = |op: Op<'_>| actor(op).map(|actor| actor.label()).unwrap_or_default();
    let reach = |op: Op<'_>| actor(op).map_or(1.0, |actor| actor.reach());
    let producer = value.producer().unwrap_or(op);
    // A stream has one consumer, so the names of its ends name it.
    let label = format!("{}_to_{}_fifo_{index}", label(producer), label(op));
    let named = Named { label: &label, reach: reach(producer).min(reach(op)) };
    let fifo = Fifo::build(Builder::before(op), named, value, depth);
    op.set_operand(index, fifo.0.result(0));
}
