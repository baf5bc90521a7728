//! What a compiled design is, read from its IR: the report.

use crate::{
    error::Error,
    report::{ActorReport, BalanceReport, ExitLatency, ExitReport, Report, Stalls},
};
use atheena_dialects::{
    dataflow::{self, Actor, Graph, Resources, Source, Stream},
    ee::Exit,
    ir::{Attr, Op},
};
use atheena_runtime::{
    simulate::{Interface, Port, SideBySide},
    tokens::{Activity, Outcome, TokenModel},
};
use melior::ir::Module;

/// The exits of a network, outer before inner.
pub fn exits(module: &Module<'_>) -> Vec<ExitReport> {
    let report = |exit: Exit<'_>| {
        let profile = exit.profile().unwrap_or_default();
        let threshold = exit.confidence().threshold;
        ExitReport { name: exit.label(), threshold, taken: profile.taken, of: profile.of }
    };
    Exit::all_in(Op::of_module(module)).into_iter().map(report).collect()
}

/// The report of a module that holds a graph with foldings and buffers.
pub fn report(
    module: &Module<'_>,
    device: &str,
    clock_mhz: f64,
    budget: Resources,
    exits: Vec<ExitReport>,
    golden: &str,
) -> Result<Report, Error> {
    let graphs = Op::of_module(module).walk_named(Graph::NAME);
    let [graph] = graphs[..] else {
        return Err(Error::Internal("the design has no dataflow.graph before it becomes hardware"));
    };
    let graph = Graph(graph);
    let slowest = dataflow::bottleneck(graph);
    let average = slowest.as_ref().map_or(1.0, |b| b.cycles_per_sample).max(1.0);
    let outcome = TokenModel::of(graph).map(|model| model.predict());
    let stalls = |index: usize| outcome.as_ref().and_then(|o| Some(stalls(o.activity.get(index)?)));
    let cycles = outcome.as_ref().and_then(|o| o.cycles_per_sample).unwrap_or(average);
    let network = graph.name();
    let actors = graph.actors();
    let actors = actors.iter().enumerate();
    Ok(Report {
        latency_cycles: outcome.as_ref().and_then(|o| o.latency),
        latency_per_exit: latencies(&exits, outcome.as_ref()),
        interface: interface(graph, &network, exits.len() + 1)?,
        network,
        device: device.into(),
        clock_mhz,
        throughput_samples_per_s: clock_mhz * 1e6 / cycles,
        cycles_per_sample: cycles,
        bottleneck: slowest.map(|b| b.label).unwrap_or_default(),
        resources: graph.resources().into(),
        budget: budget.into(),
        exits,
        actors: actors.map(|(i, a)| actor_report(a.as_ref(), stalls(i).unwrap_or_default())).collect(),
        golden: golden.into(),
        dataflow: None,
        float: None,
        device_resources: None,
        balance: balance(graph),
        curve: vec![],
        quantization: None,
    })
}

fn stalls(activity: &Activity) -> Stalls {
    let all = (activity.busy + activity.starved + activity.blocked).max(1) as f64;
    let [starved, blocked] =
        [activity.starved, activity.blocked].map(|cycles| (1e4 * cycles as f64 / all).round() / 1e4);
    Stalls { starved, blocked }
}

fn latencies(exits: &[ExitReport], outcome: Option<&Outcome>) -> Vec<ExitLatency> {
    let names = exits.iter().map(|exit| exit.name.clone()).chain(["last".to_owned()]);
    let of = |index: usize| outcome.and_then(|outcome| *outcome.latency_per_exit.get(index)?);
    names.enumerate().map(|(index, name)| ExitLatency { name, latency_cycles: of(index) }).collect()
}

fn actor_report<'c>(actor: &dyn Actor<'c>, stalls: Stalls) -> ActorReport {
    ActorReport {
        name: actor.label(),
        kind: actor.op().name(),
        folding: actor.folding().to_string(),
        reach: actor.reach(),
        ii_cycles: actor.ii_cycles(),
        resources: actor.resources().into(),
        inputs: producers(actor),
        depth_beats: actor.op().attr("depth").and_then(Attr::to_i64),
        carries_tags: is_for_tags(actor),
        stalls,
    }
}

/// What `dataflow-balance-pipeline` says of its choice.
fn balance(graph: Graph<'_>) -> Option<BalanceReport> {
    let attribute = graph.0.attr("balance")?;
    let number = |name| attribute.entry(name).and_then(Attr::to_f64);
    Some(BalanceReport {
        cycles: number("cycles")?,
        cycles_bound: number("cycles_bound")?,
        share: number("share")?,
        share_bound: number("share_bound")?,
    })
}

/// The names of the actors whose streams come to an actor.
fn producers<'c>(actor: &dyn Actor<'c>) -> Vec<String> {
    let operands = actor.op().operands().into_iter();
    operands.filter_map(|value| Some(dataflow::actor(value.producer()?)?.label())).collect()
}

/// Does nothing but tags come to it, decisions aside, and go?
fn is_for_tags<'c>(actor: &dyn Actor<'c>) -> bool {
    let (inputs, outputs) = (actor.inputs(), actor.outputs());
    let tag = Stream::tag();
    inputs.first() == Some(&tag) && !outputs.is_empty() && outputs.iter().all(|output| *output == tag)
}

/// The ports of the top module.
fn interface(graph: Graph<'_>, top: &str, exits: usize) -> Result<Interface, Error> {
    let find = |name: &str| graph.0.body().ops().into_iter().find(|op| op.is(name));
    let (Some(source), Some(sink)) = (find("dataflow.source"), find("dataflow.sink")) else {
        return Err(Error::Internal("the design has no source or sink"));
    };
    let port = |stream: &Stream| Port {
        lanes: stream.lanes as usize,
        bits: stream.element.bits as usize,
        beats: stream.beats() as usize,
        row_elements: (stream.row_pixels() * stream.channels()) as usize,
        rows: None,
    };
    let samples = Stream::of_value(source.result(0));
    let side_by_side = Source::cast(source).map(Source::rows).filter(|&rows| rows > 1);
    let rows = side_by_side.map(|rows| SideBySide {
        count: rows as usize,
        pixel_elements: (samples.channels() / rows) as usize,
    });
    let output = Stream::of_value(sink.operand(0).ok_or(Error::Internal("the sink has no data"))?);
    Ok(Interface {
        top: top.into(),
        input: Port { rows, ..port(&samples) },
        classes: output.elements() as usize,
        output: port(&output),
        exits,
    })
}
