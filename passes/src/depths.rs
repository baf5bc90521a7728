//! How deep queues and conditional buffers are: what `dataflow-size-buffers` makes, and what `dataflow-balance-pipeline` counts.
//!
//! docs/buffers.md has the reasons. All depths are in beats of the stream that is queued.

use crate::bursts::Exit;
use atheena_dialects::dataflow::{
    Actor, Element, Fifo, Fork, Gate, Graph, Map, Matvec, Pack, Resources, Schedule, Source, Stream, Table,
    TilePool, Window, actor, ceil_div, memory,
};
use atheena_dialects::ir::{Attr, Op, Value};
use atheena_dialects::tosa::Geometry;
use std::collections::HashSet;

/// Beats that gates and queues of tags hold beyond the samples.
pub const SLACK_BEATS: i64 = 2;

/// Samples that gates and queues of tags hold beyond what the delays ask for.
pub const SLACK_SAMPLES: f64 = 0.25;

/// How much room there is for bursts at exits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// By how much of their rate actors that not all samples reach are faster than on average they must be; negative
    /// where those that all samples reach are faster instead.
    pub margin: f64,
    /// The part of the throughput that bursts of samples that stay may cost, all exits together.
    pub max_loss: f64,
    /// Do samples come to windows as slowly as they may? Then more of these wait until the next sample's first one is complete.
    pub even: bool,
}

impl Room {
    /// Samples for each one that enters which an actor must be able to take, if a part of them reaches it.
    pub fn rate(&self, reach: f64) -> f64 {
        if reach >= 1.0 { 1.0 } else { (reach * (1.0 + self.margin)).min(1.0) }
    }

    /// Cycles a sample of a pipeline in which what all samples reach takes so many, but for bursts.
    pub fn cycles_per_sample(&self, cycles: f64) -> f64 {
        cycles / (1.0 + self.margin).min(1.0)
    }

    /// Samples that must be able to wait at an exit, and be at the first actor behind it, if all actors take as long as they may.
    pub fn places(&self, stays: f64, exits: usize) -> f64 {
        let back_cycles = 1.0 / (stays * (1.0 + self.margin));
        let exit = Exit { front_cycles: 1.0, back_cycles, stays };
        exit.places(self.max_loss / exits.max(1) as f64)
    }
}

/// The part of the samples that goes on at a gate for them; none of other gates.
pub fn stays(gate: Gate<'_>) -> Option<f64> {
    let consumer = gate.0.result(0).only_user().and_then(actor)?;
    gate.holds_data().then(|| if gate.reach() > 0.0 { consumer.reach() / gate.reach() } else { 0.0 })
}

/// What meets at a gate for samples that go on, where actors that samples get to with these probabilities take so many cycles for each;
/// None of other gates.
pub fn exit(gate: Gate<'_>, actors: impl Iterator<Item = (f64, f64)> + Clone) -> Option<Exit> {
    let part = stays(gate)?;
    let (comes, stays) = (gate.reach(), gate.reach() * part);
    let slowest = |behind: bool| {
        let there = actors.clone().filter(move |&(reach, _)| (reach <= stays) == behind);
        there.map(|(reach, cycles)| cycles * reach).fold(0.0, f64::max)
    };
    Some(Exit { front_cycles: slowest(false) / comes, back_cycles: slowest(true) / stays, stays: part })
}

/// Writes down how many samples are to queue behind a gate.
pub fn record_places(gate: Op<'_>, places: f64) {
    gate.set_attr(PLACES, Attr::f64(gate.ctx(), places));
}

/// Takes how many samples are to queue behind a gate from where it is written down.
pub fn take_places(gate: Gate<'_>) -> Option<f64> {
    let places = gate.0.attr(PLACES).and_then(Attr::to_f64);
    gate.0.remove_attr(PLACES);
    places
}

const PLACES: &str = "places";

/// Exits of a graph.
pub fn exits(graph: Graph<'_>) -> usize {
    let gates = graph.0.walk_named(Gate::NAME).into_iter().filter_map(Gate::cast);
    gates.filter(|gate| gate.holds_data()).count()
}

/// Beats that so many samples of a stream are.
pub fn beats(stream: &Stream, samples: f64) -> i64 {
    (samples * stream.beats() as f64).ceil() as i64
}

/// Of a gate that holds so many samples.
pub fn gate(stream: &Stream, samples: f64) -> i64 {
    beats(stream, samples) + SLACK_BEATS
}

/// The least that a gate must hold, in samples: a sample, and of those behind it what the windows on the way to its decision wait for.
pub fn least_samples(gate: Gate<'_>) -> f64 {
    let (data, decision) = (gate.0.operands()[0], gate.0.operands()[1]);
    1.0 + lag_samples(ancestors(decision).difference(&ancestors(data)).copied())
}

/// How many samples must have come to windows, one behind the other, before the first one of a sample leaves the last of them.
pub fn lag_samples<'c>(ops: impl IntoIterator<Item = Op<'c>>) -> f64 {
    let windows = ops.into_iter().filter_map(Window::cast).map(Window::schedule);
    windows.map(|schedule| schedule.lag() as f64 / schedule.steps() as f64).sum()
}

/// All actors that a stream comes through.
pub fn ancestors(value: Value<'_>) -> HashSet<Op<'_>> {
    let mut found = HashSet::new();
    let mut next: Vec<_> = value.producer().into_iter().collect();
    while let Some(op) = next.pop() {
        if found.insert(op) {
            next.extend(op.operands().into_iter().filter_map(Value::producer));
        }
    }
    found
}

/// Does what comes straight from an actor wait for a sample anyway, so that it needs no queue of a row?
pub fn queues_rows(producer: Op<'_>) -> bool {
    Source::cast(producer).is_some() || queues_vectors(producer)
}

/// Does what comes straight from an actor wait for a sample anyway, so that it needs no queue of a vector?
pub fn queues_vectors(producer: Op<'_>) -> bool {
    // Words are taken apart behind the queue at an exit.
    Gate::cast(producer).is_some() || Fifo::cast(producer).is_some() || Pack::cast(producer).is_some()
}

/// Does a stream come from a gate, through no more than forks?
pub fn behind_gate(value: Value<'_>) -> bool {
    let mut producer = value.producer();
    while let Some(fork) = producer.filter(|&op| Fork::cast(op).is_some()) {
        producer = fork.operands()[0].producer();
    }
    producer.is_some_and(|op| Gate::cast(op).is_some())
}

/// Beats that a LUT RAM holds without a multiplexer.
const SMALL: i64 = 32;

/// Of the queue in front of a window: a row, or where beats come evenly a few of them.
pub fn of_rows(producer: Op<'_>, input: &Stream) -> i64 {
    if comes_in_rows(producer) { input.row_beats() } else { of_even_rows(input) }
}

/// Of the queue in front of this window, of such an input: of rows, and of what comes while it pauses as long as a LUT RAM holds it anyway.
pub fn of_window(window: Window<'_>, producer: Op<'_>, input: &Stream) -> i64 {
    let pauses = Pauses::of(input, &window.geometry()).map_or(0, |pauses| pauses.depth(1, 1.0));
    of_rows(producer, input).max(pauses.min(SMALL))
}

/// Of the queue in front of a window whose beats come evenly: a few, while it takes none at an edge, and no fewer than a pixel has, which a
/// layer that reads it several times takes at once.
pub fn of_even_rows(input: &Stream) -> i64 {
    input.row_beats().min(SMALL.max(input.channels() / input.lanes))
}

/// When a window takes beats, if it does not take one in each of its steps: where a map has more outputs than inputs, it takes none for a part of
/// each row, and in some rows.
#[derive(Clone, Copy, Debug)]
pub struct Pauses {
    beats: f64,
    row_beats: f64,
    rows: f64,
    /// Rows that it takes beats in, and the part of the steps of a row.
    taken: f64,
}

impl Pauses {
    /// Of a window of such an input; None if it takes a beat in each step.
    pub fn of(input: &Stream, geometry: &Geometry) -> Option<Self> {
        let schedule = Schedule::new(input, geometry)?;
        let (beats, row_beats) = (input.beats() as f64, input.row_beats() as f64);
        let part = row_beats / (schedule.columns * schedule.chunks) as f64;
        let rows = schedule.rows as f64;
        (schedule.steps() > input.beats()).then(|| Self {
            beats,
            row_beats,
            rows,
            taken: beats / row_beats + part,
        })
    }

    /// Of the queue in front of it, where beats come evenly, those of a sample in `cycles`, and it takes them in `available` cycles, with the
    /// pauses: in those the queue fills with what the others lack.
    pub fn depth(&self, cycles: i64, available: f64) -> i64 {
        (self.beats + self.row_beats - available / self.cycles_a_beat(cycles)).ceil().max(0.0) as i64
    }

    /// From how many cycles for each sample that comes on a queue of so many beats is enough.
    pub fn enough_from(&self, cycles: i64, depth: i64) -> f64 {
        (self.beats + self.row_beats - depth as f64) * self.cycles_a_beat(cycles)
    }

    /// Of those that it takes a sample in by which it lacks a beat less.
    fn cycles_a_beat(&self, cycles: i64) -> f64 {
        cycles as f64 / self.beats * self.rows / self.taken
    }
}

/// Does the queue of a row stand in front of a change to fewer lanes, rather than behind it? What gives rows as fast as they come in
/// must not wait while each becomes narrower: meanwhile it would take none of the rows that it gives nothing for.
pub fn precedes_narrowing(producer: Op<'_>) -> bool {
    Matvec::cast(producer).is_none() && comes_in_rows(producer)
}

/// Does an actor give beats in rows, each as fast as the input of another window comes? So behind a window with a stride or a pool of tiles, which
/// give one row of several.
fn comes_in_rows(producer: Op<'_>) -> bool {
    let mut next = Some(producer);
    while let Some(op) = next {
        if let Some(window) = Window::cast(op) {
            return window.geometry().stride[0] > 1;
        }
        if TilePool::cast(op).is_some_and(|pool| pool.kernel()[0] > 1) {
            return true;
        }
        match op.operands()[..] {
            [input] => next = input.producer(),
            [] => return false,
            // Of what joins branches nothing is known.
            _ => return Gate::cast(op).is_none(),
        }
    }
    false
}

/// Of the queue behind a pool of tiles where what is behind takes several cycles a beat, as it becomes narrower or a layer takes it pixel by pixel; none
/// elsewhere. A row comes as fast as its last row of pixels does, and has the time of all of them. At least two beats: the pool stands still while one
/// waits in its register.
pub fn of_tiles(producer: Op<'_>, output: &Stream, consumer: Op<'_>, narrows: bool) -> Option<i64> {
    let pool = TilePool::cast(producer).filter(|pool| pool.sends_rows())?;
    let is_slower = narrows || Matvec::cast(consumer).is_some_and(|layer| layer.positions() > 1);
    let row = if pool.kernel()[0] > 1 { output.row_beats() } else { 0 };
    is_slower.then(|| row.max(2))
}

/// Of the queue in front of a layer of whole samples as vectors; none of others.
pub fn of_vector(layer: Matvec<'_>, input: &Stream) -> Option<i64> {
    (layer.positions() == 1 && input.beats() > 1).then(|| input.beats())
}

/// The layer that gives an actor's beats, one for one through actors of elements.
pub fn layer_in_front(producer: Op<'_>) -> Option<Matvec<'_>> {
    let through = |op: &Op<'_>| [Map::NAME, Table::NAME].contains(&op.name().as_str());
    let mut producer = producer;
    while through(&producer) {
        producer = producer.operands()[0].producer()?;
    }
    Matvec::cast(producer)
}

/// Of the queue behind a layer whose outputs become narrower: those of a vector, or of vectors that use weights together; none where there is one.
pub fn of_outputs(layer: Matvec<'_>, output: &Stream) -> Option<i64> {
    let outputs = output.beats() / layer.positions() * layer.reuse();
    (outputs > 1).then_some(outputs)
}

/// A window.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    /// Its initiation interval.
    pub ii_cycles: i64,
    /// Its latency.
    pub latency_cycles: i64,
    /// Beats that it gives for a sample.
    pub beats: i64,
}

/// Below this, parts of a beat are rounding.
const ROUNDING: f64 = 1e-6;

impl Windows {
    /// Of a window with its lanes.
    pub fn of(window: Window<'_>) -> Self {
        Self {
            ii_cycles: window.ii_cycles(),
            latency_cycles: window.latency_cycles(),
            beats: Stream::of_value(window.0.result(0)).beats(),
        }
    }

    /// Windows that wait so that what takes those of a sample in `cycles` stays in time, where a sample comes every `available` cycles; 0:
    /// none have to. What comes may come at full speed, with pauses at the edges of rows and a longer one until a sample's first window
    /// is complete, or evenly, all `available` cycles long: then that one takes its part of them.
    pub fn waiting(&self, cycles: i64, available: f64, even: bool) -> i64 {
        let at_full_speed = ((cycles + self.pauses()) as f64 - available).min(self.longest_pause());
        let late = match even {
            true => at_full_speed.max(self.late_evenly(cycles, available)),
            false => at_full_speed,
        };
        (late / self.cycles_each(cycles) - ROUNDING).ceil().max(0.0) as i64
    }

    /// The part of a sample that waits in front of the window where samples come evenly and so many windows may wait behind it: what takes
    /// these is late with the last ones, and meanwhile the next sample comes.
    pub fn in_front(&self, cycles: i64, available: f64, waiting: i64) -> f64 {
        let caught_up = waiting as f64 * self.cycles_each(cycles);
        ((self.late_evenly(cycles, available) - caught_up) / available).max(0.0)
    }

    /// By how much a sample takes longer than there is time for it, where it comes evenly.
    fn late_evenly(&self, cycles: i64, available: f64) -> f64 {
        cycles as f64 - available * self.after_pause()
    }

    /// Of a queue with so many windows.
    pub fn depth(waiting: i64) -> Option<i64> {
        (waiting > 0).then_some(waiting + 1)
    }

    /// From how many cycles for each sample that comes on at most so many windows wait, and such a part of a sample in front of the window.
    pub fn enough_from(&self, cycles: i64, waiting: i64, in_front: f64, even: bool) -> f64 {
        let caught_up = waiting as f64 * self.cycles_each(cycles);
        let at_full_speed = match caught_up >= self.longest_pause() {
            true => 0.0,
            false => (cycles + self.pauses()) as f64 - caught_up,
        };
        let evenly = (cycles as f64 - caught_up) / (self.after_pause() + in_front);
        if even { at_full_speed.max(evenly) } else { at_full_speed }
    }

    /// The part of a sample that comes behind its longest pause.
    fn after_pause(&self) -> f64 {
        1.0 - self.longest_pause() / self.ii_cycles.max(1) as f64
    }

    /// Until a sample's first window is complete, where there is padding enough less: then the last windows of the sample before come
    /// meanwhile.
    fn longest_pause(&self) -> f64 {
        self.latency_cycles.min(self.pauses()) as f64
    }

    fn pauses(&self) -> i64 {
        self.ii_cycles - self.beats
    }

    fn cycles_each(&self, cycles: i64) -> f64 {
        (cycles as f64 / self.beats as f64).max(1.0)
    }
}

/// The most beats that a word of a memory holds.
const MOST_BEATS: i64 = 8;

/// A stream as words of several beats, its elements in the bits that their values take, where memories of these depths have fewer block RAMs
/// then; None if they don't. A block RAM has words of 9, 18 or 36 bits, of which an element of eight or seven leaves some empty.
pub fn packed(stream: &Stream, element: Element, depths: &[i64]) -> Option<Stream> {
    let elements = stream.elements();
    if stream.beats() * stream.lanes != elements {
        return None;
    }
    let blocks = |beats: i64, bits: i64| -> i64 {
        depths.iter().map(|&depth| memory(ceil_div(depth, beats), bits)).map(|memory| memory.bram18).sum()
    };
    let of = |beats: i64| Stream { shape: vec![elements], element, lanes: beats * stream.lanes };
    // Memories that are small enough for LUTs stay what they are.
    let in_blocks = |&depth: &i64| memory(depth, stream.bits()).bram18 > 0;
    let beats = (2..=MOST_BEATS)
        .filter(|beats| stream.beats() % beats == 0)
        .min_by_key(|&beats| blocks(beats, of(beats).bits()))
        .filter(|_| depths.iter().all(in_blocks))?;
    (blocks(beats, of(beats).bits()) < blocks(1, stream.bits())).then(|| of(beats))
}

/// What a gate and the queue behind it cost, and what makes words for their memories.
pub fn cost_of_exit(stream: &Stream, element: Element, gate: i64, queue: Option<i64>) -> Resources {
    let depths: Vec<i64> = std::iter::once(gate).chain(queue).collect();
    let Some(words) = packed(stream, element, &depths) else {
        return Gate::cost(stream, gate) + cost(stream, queue);
    };
    let beats = words.lanes / stream.lanes;
    let [gate, queue] = [Some(gate), queue].map(|depth| depth.map(|depth| ceil_div(depth, beats)));
    let packs = Pack::cost(stream, &words) + Pack::cost(&words, stream);
    Gate::cost(&words, gate.unwrap_or_default()) + cost(&words, queue) + packs
}

/// What a queue of some depth costs, if there is one.
pub fn cost(stream: &Stream, depth: Option<i64>) -> Resources {
    depth.map_or_else(Resources::default, |depth| Fifo::cost(stream, depth))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 10x10 pixels of five beats, of which a window of 5x5 with three of padding gives 12x12. In 1 008 cycles it takes 500 beats in 840, in which 420
    /// come of a change of lanes of 1 000 cycles, and of a row's 50 the last one 70 cycles behind the first, in which 35 come: 80 and 15 wait. With
    /// 32 that wait 1 147.6 cycles are enough.
    #[test]
    fn what_comes_in_pauses_waits() {
        let map = Stream { shape: vec![10, 10, 10], element: Element::signed(8), lanes: 2 };
        let geometry = |pad| Geometry { kernel: [5; 2], stride: [1; 2], dilation: [1; 2], pad: [pad; 4] };
        let pauses = Pauses::of(&map, &geometry(3)).expect("there is more padding than the kernel hides");
        assert_eq!(pauses.depth(1000, 1008.0), 95);
        assert!((pauses.enough_from(1000, 95) - 1008.0).abs() < 1.0);
        assert!((pauses.enough_from(1000, 32) - 1147.6).abs() < 0.1);
        assert_eq!(pauses.depth(1000, 3000.0), 0);
        assert!(Pauses::of(&map, &geometry(2)).is_none());
    }

    #[test]
    fn words_hold_as_many_beats_as_block_rams_ask_for() {
        let map = Stream { shape: vec![15, 15, 32], element: Element::signed(8), lanes: 1 };
        let words =
            |bits, depths: &[i64]| packed(&map, Element::unsigned(bits), depths).map(|words| words.lanes);
        // 2 048 elements a block RAM; of seven bits five are 35 of 36 bits, 2 560 a block RAM.
        assert_eq!(words(7, &[14_402, 43_200]), Some(5));
        // Of eight bits, four are 32 of 36.
        assert_eq!(words(8, &[14_402, 43_200]), None);
        // Of four bits, two take the place of one of eight.
        assert_eq!(words(4, &[8 * 4096]), Some(2));
        // What LUTs hold stays as it is, and so do rows of which the last beat is partial.
        assert_eq!(words(7, &[60, 14_402]), None);
        let rows = Stream { lanes: 64, ..map.clone() };
        assert_eq!(packed(&rows, Element::unsigned(7), &[14_402]), None);
    }

    /// A window of 3x3 on 8x8 without padding takes 64 steps and gives 36 beats: 28 pauses. What takes 2 cycles for each window takes 72; at
    /// 80 cycles a sample, if all comes at full speed, it is 20 cycles late, ten windows. At 100 it is in time, unless the first 20 of the
    /// 64 steps take their part of all cycles, 31.25: then it is 3.25 late.
    #[test]
    fn windows_wait_while_their_consumer_is_late() {
        let windows = Windows { ii_cycles: 64, latency_cycles: 20, beats: 36 };
        let waiting = |even| [80.0, 90.0, 100.0, 110.0].map(|cycles| windows.waiting(72, cycles, even));
        assert_eq!(waiting(false), [10, 5, 0, 0]);
        assert_eq!(waiting(true), [10, 6, 2, 0]);
    }

    #[test]
    fn so_many_windows_are_enough_from_there_on() {
        let windows = Windows { ii_cycles: 64, latency_cycles: 20, beats: 36 };
        for (waiting, even) in (0..=11).flat_map(|waiting| [(waiting, false), (waiting, true)]) {
            let from = windows.enough_from(72, waiting, 0.0, even).max(72.0);
            assert!(windows.waiting(72, from + 1e-9, even) <= waiting, "{waiting}");
            assert!(from == 72.0 || windows.waiting(72, from - 0.1, even) > waiting, "{waiting}");
        }
    }

    /// The same windows: of a sample of 80 cycles, whose first window comes after 25, the last one leaves 17 late, while 17 / 80 of the next sample come;
    /// with five windows that wait, of 2 cycles each, 7.
    #[test]
    fn samples_wait_in_front_while_the_last_windows_leave() {
        let windows = Windows { ii_cycles: 64, latency_cycles: 20, beats: 36 };
        let in_front = |available, waiting| windows.in_front(72, available, waiting);
        assert_eq!(
            [in_front(80.0, 0), in_front(80.0, 5), in_front(110.0, 0)],
            [17.0 / 80.0, 7.0 / 80.0, 0.0]
        );
        for (waiting, part) in [(20, 0.0), (20, 0.1), (10, 0.2)] {
            let from = windows.enough_from(72, waiting, part, true);
            assert!(from <= 72.0 || windows.in_front(72, from + 1e-9, waiting) <= part);
        }
        let from = windows.enough_from(72, 0, 0.1, true);
        // 72 / (44 / 64 + 0.1), but what comes at full speed asks for 100.
        assert!((from - 100.0).abs() < 1e-9, "{from}");
        assert!((windows.enough_from(72, 6, 0.1, true) - 88.0).abs() < 1e-9);
        assert!((windows.enough_from(72, 10, 0.01, true) - 52.0 / 0.6975).abs() < 0.1);
    }

    /// With padding on all sides, and windows of every pixel, one comes with each step.
    #[test]
    fn windows_without_pauses_need_not_wait() {
        let windows = Windows { ii_cycles: 64, latency_cycles: 10, beats: 64 };
        assert_eq!(windows.waiting(100, 100.0, true), 0);
    }

    #[test]
    fn a_negative_margin_leaves_time_in_front() {
        let room = Room { margin: -0.2, max_loss: 0.0, even: false };
        assert_eq!([1.0, 0.5].map(|reach| room.rate(reach)), [1.0, 0.4]);
        // What half of the samples reach may take 250 cycles where all take 100: 125 a sample.
        assert_eq!(room.cycles_per_sample(100.0), 125.0);
        assert_eq!(Room { margin: 1.5, ..room }.cycles_per_sample(100.0), 100.0);
    }
}
