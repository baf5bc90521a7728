//! A simulation of the dataflow graph in tokens: which beat is where in which cycle, without what is in it.
//!
//! Every module of the hardware looks at registers alone (`docs/hardware.md`), so what an actor does in a cycle depends on what its
//! streams held before it; and an actor that can do nothing sleeps until a beat or room comes. So cycles cost nothing, only
//! beats do. Which samples leave where is given; when each actor takes and gives beats is its [`Timing`].
//!
//! Cycles agree with the SystemVerilog's: the tests compare those of every input and result, under the same random stalls.
//! The one exception are layers with constant weights, whose adders may have some stages more than the least that is
//! possible.

use crate::random::SplitMix64;
use crate::simulate::{Latency, Steady, cycles_per_sample};
use atheena_dialects::dataflow::{
    Actor, Behaviour, Decide, Fifo, Fork, Gate, Graph, Merge, Resize, Stream, Timing, actor, bottleneck,
    ceil_div,
};
use atheena_dialects::ir::{Op, Value};
use channel::{Channel, Channels};
use machine::{Machine, Status};
use std::collections::HashMap;

mod agenda;
mod channel;
mod ends;
pub mod least;
mod machine;
mod pipeline;
mod window;

/// A graph as the simulation sees it.
#[derive(Debug, Clone)]
pub struct TokenModel {
    actors: Vec<ActorModel>,
    channels: Vec<ChannelModel>,
    /// The probability to get to each classifier, the last one too.
    reach: Vec<f64>,
    /// Beats that move between actors for a sample, on average.
    beats_per_sample: f64,
    /// Samples that wait at the exits in the long run.
    waiting: usize,
}

#[derive(Debug, Clone)]
struct ActorModel {
    label: String,
    timing: Timing,
    inputs: Vec<usize>,
    outputs: Vec<usize>,
    /// Of a gate: the exit whose decisions it takes.
    exit: usize,
}

/// A stream, from the register of its producer to where its consumer looks at it.
#[derive(Debug, Clone)]
struct ChannelModel {
    producer: usize,
    consumer: usize,
    /// Beats that the producer's register holds.
    register: u64,
    /// Beats that the consumer holds.
    room: u64,
}

/// When samples come, and when results are taken.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    /// Probability of a gap before an input beat, and of a stall at the output, in each cycle: those of the simulation of
    /// SystemVerilog with the same seed.
    pub stall: f64,
    /// Seed of gaps and stalls.
    pub seed: u64,
    /// Length in cycles of bursts, of which one in eight starves the input and one in eight blocks the output; 0 for none.
    pub burst_cycles: u64,
    /// The cycle before which each sample does not come; empty: they wait in front.
    pub arrivals: Vec<u64>,
}

/// A sample that went through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// The index.
    pub sample: usize,
    /// Where it left.
    pub exit: usize,
    /// Cycle of its first beat, or of its arrival if that was before.
    pub first_input_cycle: u64,
    /// Cycle of the last beat of its result.
    pub output_cycle: u64,
}

/// What an actor did in how many cycles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its name.
    pub actor: String,
    /// It worked.
    pub busy: u64,
    /// It waited for a beat.
    pub starved: u64,
    /// It waited for room.
    pub blocked: u64,
}

/// What a simulation gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// In the order of the results.
    pub passages: Vec<Passage>,
    /// Cycles a sample in steady state; None for fewer than three samples.
    pub cycles_per_sample: Option<f64>,
    /// From first input to result.
    pub latency: Option<Latency>,
    /// For each exit; None where no sample left.
    pub latency_per_exit: Vec<Option<Latency>>,
    /// Of each actor.
    pub activity: Vec<Activity>,
    /// Did everything stop before all results were there?
    pub deadlock: bool,
    /// Cycles until the last result.
    pub cycles: u64,
}

impl Outcome {
    /// The actor that worked most of the time.
    pub fn bottleneck(&self) -> Option<&Activity> {
        self.activity.iter().max_by_key(|activity| activity.busy)
    }
}

/// Of the samples of a prediction.
const SEED: u64 = 1;

/// Cycles of reset that simulations begin with.
const RESET_CYCLES: u64 = 8;

/// So many cycles without a beat in or out are a deadlock, where stalls keep the ends awake.
const WATCHDOG_CYCLES: u64 = 2_000_000;

impl TokenModel {
    /// The model of a graph; None of one without source, merge and sink, or whose exits are not made of a `decide`, gates and an
    /// input of the merge each.
    pub fn of(graph: Graph<'_>) -> Option<Self> {
        let ops: Vec<(Op<'_>, Box<dyn Actor<'_> + '_>)> =
            graph.0.body().ops().into_iter().filter_map(|op| Some((op, actor(op)?))).collect();
        let merge = ops.iter().find_map(|(op, _)| Merge::cast(*op))?;
        let exit_of = exits_of(merge);
        let reach = reach_of(merge, &exit_of)?;
        let (actors, channels, beats_per_sample) = (vec![], vec![], 0.0);
        let mut model = Self { actors, channels, reach, beats_per_sample, waiting: waiting(graph) };
        let mut made: HashMap<Value<'_>, usize> = HashMap::new();
        for (index, (op, actor)) in ops.iter().enumerate() {
            let timing = actor.timing();
            let mut inputs = vec![];
            for (value, &room) in op.operands().into_iter().zip(&timing.rooms) {
                let channel = *made.get(&value)?;
                (model.channels[channel].consumer, model.channels[channel].room) = (index, room);
                inputs.push(channel);
            }
            let mut outputs = vec![];
            for value in op.results() {
                model.beats_per_sample += actor.reach() * Stream::of_value(value).beats() as f64;
                made.insert(value, model.channels.len());
                outputs.push(model.channels.len());
                let register = timing.output_beats;
                model.channels.push(ChannelModel {
                    producer: index,
                    consumer: usize::MAX,
                    register,
                    room: 0,
                });
            }
            let exit = match Gate::cast(*op) {
                Some(_) => *exit_of.get(&decide_of(op.operands()[1])?.0)?,
                None => 0,
            };
            model.actors.push(ActorModel { label: actor.label(), timing, inputs, outputs, exit });
        }
        // What leaves the sink.
        let sink = model.actors.iter().position(|a| matches!(a.timing.behaviour, Behaviour::Sink { .. }))?;
        let Behaviour::Sink { beats } = model.actors[sink].timing.behaviour else { return None };
        let host = model.actors.len();
        model.actors[sink].outputs.push(model.channels.len());
        let inputs = vec![model.channels.len()];
        let register = model.actors[sink].timing.output_beats;
        model.channels.push(ChannelModel { producer: sink, consumer: host, register, room: 0 });
        let timing = Timing::of(vec![0], Behaviour::Sink { beats });
        model.actors.push(ActorModel { label: "host".to_owned(), timing, inputs, outputs: vec![], exit: 0 });
        model.channels.iter().all(|channel| channel.consumer != usize::MAX).then_some(model)
    }

    /// Classifiers, the last one too.
    pub fn exits(&self) -> usize {
        self.reach.len()
    }

    /// The probability to get to each classifier, as the graph says.
    pub fn reach(&self) -> &[f64] {
        &self.reach
    }

    /// Samples of a prediction: fewer of large networks, as a simulation of SystemVerilog would take.
    pub fn prediction_samples(&self) -> usize {
        match self.beats_per_sample {
            beats if beats < 3e4 => 1024,
            beats if beats < 1e5 => 256,
            _ => 128,
        }
    }

    /// What samples do that leave where the graph expects it, independently of one another: what `atheena simulate` shows of as
    /// many with the same part of late ones.
    pub fn predict(&self) -> Outcome {
        self.run_steady(&draw_exits(&self.reach, self.prediction_samples(), SEED), &Traffic::default())
    }

    /// Samples around those that leave by these exits, which make the state steady.
    pub fn steady(&self, exits: &[usize]) -> Steady {
        Steady::around(exits, self.exits() - 1, self.waiting)
    }

    /// Sends samples through that leave by these exits, in this order and in steady state: others come before and after them. Their
    /// cycles, and what actors did, are those of all.
    pub fn run_steady(&self, exits: &[usize], traffic: &Traffic) -> Outcome {
        let steady = self.steady(exits);
        self.run(&steady.all(exits), traffic).counted(&steady)
    }

    /// Gives an input of the actor of this name other room, in beats. Returns whether there is one.
    pub fn set_room(&mut self, label: &str, input: usize, beats: u64) -> bool {
        let actor = self.actors.iter().find(|actor| actor.label == label);
        let channel = actor.and_then(|actor| actor.inputs.get(input).copied());
        if let Some(channel) = channel {
            self.channels[channel].room = beats;
        }
        channel.is_some()
    }

    /// Gives the actor of this name more registers on the way of its beats. Returns whether it has any.
    pub fn add_stages(&mut self, label: &str, more: u64) -> bool {
        let actor = self.actors.iter_mut().find(|actor| actor.label == label);
        match actor.map(|actor| &mut actor.timing.behaviour) {
            Some(Behaviour::Steps(steps)) if steps.stages > 0 => {
                steps.stages += more;
                true
            }
            _ => false,
        }
    }

    /// Sends samples through that leave by these exits, in this order.
    pub fn run(&self, exits: &[usize], traffic: &Traffic) -> Outcome {
        let decisions: Vec<Vec<bool>> = (0..self.exits())
            .map(|exit| exits.iter().filter(|&&left| left >= exit).map(|&left| left == exit).collect())
            .collect();
        let channels = self.channels.iter().map(Channel::of).collect();
        let mut channels = Channels::new(channels, self.actors.len());
        let mut actors: Vec<_> = (0..self.actors.len())
            .map(|index| {
                let machine = Machine::of(&self.actors, index, &decisions, exits.len(), traffic);
                Visited { machine, last: 0, status: Status::Starved, spent: [0; 3] }
            })
            .collect();
        let watched = traffic.stall > 0.0 || traffic.burst_cycles > 0;
        let mut now = 0;
        while let Some((cycle, awake)) = channels.agenda.next() {
            now = cycle;
            for &index in &awake {
                actors[index as usize].visit(cycle, &mut channels);
            }
            channels.agenda.done(awake);
            // What stands still or sleeps has room by what left in this cycle.
            while let Some(index) = channels.given_room.pop() {
                let actor = &mut actors[index];
                if actor.last < cycle || actor.status == Status::Blocked {
                    actor.visit(cycle, &mut channels);
                }
            }
            if channels.completions.len() == exits.len() {
                break;
            }
            if watched && cycle - channels.progress > WATCHDOG_CYCLES {
                break;
            }
        }
        let spent = actors.into_iter().map(|actor| actor.spent);
        let activity = self.actors.iter().zip(spent).map(|(actor, [busy, starved, blocked])| Activity {
            actor: actor.label.clone(),
            busy,
            starved,
            blocked,
        });
        let activity = activity.take(self.actors.len() - 1).collect();
        Outcome::new(exits, self.exits(), &channels, traffic, activity, now)
    }
}

/// An actor, and how it spends its time.
struct Visited<'a> {
    machine: Machine<'a>,
    /// The cycle in which it was visited last.
    last: u64,
    status: Status,
    /// Cycles by status.
    spent: [u64; 3],
}

impl Visited<'_> {
    fn visit(&mut self, cycle: u64, channels: &mut Channels) {
        let status = self.machine.visit(cycle, channels);
        self.spent[self.status as usize] += cycle - self.last;
        (self.last, self.status) = (cycle, status);
    }
}

impl Outcome {
    fn new(
        exits: &[usize],
        classifiers: usize,
        channels: &Channels,
        traffic: &Traffic,
        activity: Vec<Activity>,
        now: u64,
    ) -> Self {
        // Each exit keeps the order of its samples.
        let mut samples: Vec<_> = (0..classifiers)
            .map(|exit| exits.iter().enumerate().filter(move |(_, left)| **left == exit).map(|(i, _)| i))
            .collect();
        let mut passages = vec![];
        for (&exit, &cycle) in channels.order.iter().zip(&channels.completions) {
            let Some(sample) = samples[exit].next() else { break };
            let entered = channels.entries[sample];
            let first = traffic.arrivals.get(sample).map_or(entered, |&arrival| entered.min(arrival));
            passages.push(Passage {
                sample,
                exit,
                first_input_cycle: first + RESET_CYCLES,
                output_cycle: cycle + RESET_CYCLES,
            });
        }
        let deadlock = passages.len() < exits.len();
        Self { activity, deadlock, cycles: now, ..Self::of(passages, classifiers) }
    }

    /// What is known from samples that went through.
    fn of(passages: Vec<Passage>, classifiers: usize) -> Self {
        let latencies = |exit: Option<usize>| {
            let chosen = passages.iter().filter(|passage| exit.is_none_or(|exit| passage.exit == exit));
            Latency::of(chosen.map(|passage| passage.output_cycle - passage.first_input_cycle).collect())
        };
        Self {
            cycles_per_sample: cycles_per_sample(&completions(&passages)),
            latency: latencies(None),
            latency_per_exit: (0..classifiers).map(|exit| latencies(Some(exit))).collect(),
            passages,
            activity: vec![],
            deadlock: false,
            cycles: 0,
        }
    }

    /// The same of the samples that count in a run in steady state; their indices are among these.
    fn counted(self, steady: &Steady) -> Self {
        let counted = steady.counted();
        let completions = completions(&self.passages);
        let passages = self.passages.into_iter().filter(|passage| counted.contains(&passage.sample));
        let passages = passages.map(|passage| Passage { sample: passage.sample - counted.start, ..passage });
        Self {
            cycles_per_sample: steady.cycles_per_sample(&completions),
            activity: self.activity,
            deadlock: self.deadlock,
            cycles: self.cycles,
            ..Self::of(passages.collect(), self.latency_per_exit.len())
        }
    }
}

/// When results were complete, in the order of arrival.
fn completions(passages: &[Passage]) -> Vec<u64> {
    passages.iter().map(|passage| passage.output_cycle).collect()
}

/// The `decide` that a stream of decisions comes from.
fn decide_of(decision: Value<'_>) -> Option<Decide<'_>> {
    let mut producer = decision.producer()?;
    while Fork::cast(producer).is_some() || Fifo::cast(producer).is_some() {
        producer = producer.operands()[0].producer()?;
    }
    Decide::cast(producer)
}

/// The number of each `decide`: the input of the merge that its gate for what leaves feeds.
fn exits_of<'c>(merge: Merge<'c>) -> HashMap<Op<'c>, usize> {
    let decide = |exit: usize| {
        let mut producer = merge.data_of(exit).producer()?;
        while Fifo::cast(producer).is_some() || Resize::cast(producer).is_some() {
            producer = producer.operands()[0].producer()?;
        }
        let gate = Gate::cast(producer).filter(|gate| gate.pass_when())?;
        Some((decide_of(gate.0.operands()[1])?.0, exit))
    };
    (0..merge.exits()).filter_map(decide).collect()
}

/// Samples that wait at the exits in the long run: as many as there is room for where what only a part of them reaches is the slowest, else none.
fn waiting(graph: Graph<'_>) -> usize {
    let slowest = bottleneck(graph).is_some_and(|slowest| slowest.reach < 1.0);
    let gates =
        graph.0.body().ops().into_iter().filter_map(Gate::cast).filter(|gate| slowest && gate.holds_data());
    let room = |gate: Gate<'_>| {
        let queue = gate.0.result(0).only_user().and_then(Fifo::cast).map_or(0, Fifo::depth);
        ceil_div(gate.depth() + queue, Stream::of_value(gate.0.result(0)).beats())
    };
    gates.map(room).sum::<i64>().max(0) as usize
}

/// The probability to get to each classifier: that of its `decide`, and of what gives the logits of the last one.
fn reach_of<'c>(merge: Merge<'c>, exit_of: &HashMap<Op<'c>, usize>) -> Option<Vec<f64>> {
    let last = merge.exits() - 1;
    let classifier = |exit| {
        let decide = exit_of.iter().find(|(_, number)| **number == exit).map(|(op, _)| *op);
        decide.or(merge.data_of(exit).producer().filter(|_| exit == last))
    };
    (0..=last).map(|exit| Some(actor(classifier(exit)?)?.reach())).collect()
}

/// Draws where samples leave, independently of one another: `reach[k]` is the probability to get to classifier k, that of the first
/// one 1. The numbers of samples at each exit are the closest ones to these probabilities, only their order is random.
pub fn draw_exits(reach: &[f64], samples: usize, seed: u64) -> Vec<usize> {
    // Late ones first, as `atheena simulate` draws them.
    let ends: Vec<usize> =
        reach.iter().skip(1).rev().map(|part| (part * samples as f64).round() as usize).collect();
    let exit = |sample: usize| ends.iter().filter(|&&end| sample < end).count();
    let mut exits: Vec<usize> = (0..samples).map(exit).collect();
    SplitMix64::new(seed).shuffle(&mut exits);
    exits
}

/// The cycles at which samples come that come at random (a Poisson process): gaps between them are distributed exponentially.
pub fn draw_arrivals(mean_cycles: f64, samples: usize, seed: u64) -> Vec<u64> {
    let mut random = SplitMix64::named(seed, "arrivals");
    let mut at = 0.0;
    let mut next = || {
        at += -mean_cycles * (1.0 - random.unit()).ln();
        at as u64
    };
    (0..samples).map(|_| next()).collect()
}

/// Where the simulation of SystemVerilog with the same seed starves its input and blocks its output.
#[derive(Debug, Clone)]
struct Host {
    random: SplitMix64,
    stall: u64,
    burst_cycles: u64,
    bursts: SplitMix64,
    burst: Option<(u64, u64)>,
}

impl Host {
    fn new(traffic: &Traffic, stream: u64) -> Self {
        let generator = |number| SplitMix64::new(traffic.seed.wrapping_mul(3).wrapping_add(number));
        Self {
            random: generator(stream),
            stall: (traffic.stall * 4_294_967_296.0) as u64,
            burst_cycles: traffic.burst_cycles,
            bursts: generator(3),
            burst: None,
        }
    }

    /// Is there nothing to draw?
    fn is_steady(&self) -> bool {
        self.stall == 0 && self.burst_cycles == 0
    }

    /// A gap or a stall in this cycle? Bursts of kind `kind` are all gaps, without a draw.
    fn pauses(&mut self, cycle: u64, kind: u64) -> bool {
        if let Some(number) = (cycle + RESET_CYCLES).checked_div(self.burst_cycles) {
            let (mut drawn, mut last) = self.burst.unwrap_or((0, self.bursts.next() >> 32));
            while drawn < number {
                drawn += 1;
                last = self.bursts.next() >> 32;
            }
            self.burst = Some((drawn, last));
            if last % 8 == kind {
                return true;
            }
        }
        (self.random.next() >> 32) < self.stall
    }
}
