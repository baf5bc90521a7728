//! `convert-dataflow-to-hw`: turns a graph of actors into modules.
//!
//! Requires: a valid `dataflow.graph` with a `dataflow.source` and a `dataflow.sink`.
//! Ensures: only `hw`, `comb`, `seq` and `sv` operations, which CIRCT knows, and `atheena.memory`, one for each
//! `weights/NAME.mem`.
//!
//! ```text
//! dataflow.graph @net {                          atheena.memory {sym_name = "net_conv1_weights", …}
//!   %x, %t = dataflow.source "in" …              hw.module @net_in(in %clk, in %rst, …)
//!   %y = dataflow.matvec "conv1" %x …    to      hw.module @net_conv1(in %clk, …) { comb.mul … }
//!   dataflow.sink "out" %y, %t, …                hw.module @net_out(…)
//! }                                              hw.module @net(in %clk, …) { hw.instance "in" @net_in … }
//! ```
//!
//! Each actor is one module, `<graph>_<label>`; its generator, in the file of its name, tells its rate and latency.
//! Streams are `data`, `valid`, `ready`. The operations are generic ones: their types are checked when CIRCT reads them.
//! The contents of memories are operations of the module, not files, so that the pass stays a function of the IR; the
//! exporter writes them.

use super::actor::{Actor, beat_width};
use super::hdl::{ADD3, Interface, Module, Signal, declare_add3};
use super::{
    binary, concat, decide, depthwise, fifo, fork, gate, map, matvec, merge, pad, pool, resize, sink, slice,
    source, table, tile_pool, window,
};
use atheena_dialects::dataflow::Stream;
use atheena_dialects::ir::{Attr, Builder, Failure, Op, Value};
use atheena_dialects::pass::{NoOptions, Pass};
use std::collections::{HashMap, HashSet};

/// The pass.
pub struct ConvertDataflowToHw;

impl Pass for ConvertDataflowToHw {
    const FLAG: &'static str = "convert-dataflow-to-hw";
    const SUMMARY: &'static str = "Turns a graph of actors into hardware modules";
    const ANCHOR: &'static str = "builtin.module";
    type Options = NoOptions;

    fn run(module: Op<'_>, _: &NoOptions) -> Result<(), Failure> {
        module.ctx().allow_unregistered_dialects();
        for graph in module.walk_named("dataflow.graph") {
            convert(graph)?;
            graph.erase();
        }
        let uses =
            |op: &Op<'_>| op.attr("moduleName").is_some_and(|name| name == Attr::symbol(op.ctx(), ADD3));
        if module.walk_named("hw.instance").iter().any(uses) {
            declare_add3(Builder::end(module.body(), module.loc()));
        }
        Ok(())
    }
}

/// The names of the accelerator's ports.
const HOST_INPUT: &str = "s_axis_";
const HOST_OUTPUT: &str = "m_axis_";

/// Makes the modules of a graph, in front of it.
fn convert(graph: Op<'_>) -> Result<(), Failure> {
    let name = graph.symbol().unwrap_or_default();
    let place = Builder::before(graph);
    let mut names = HashSet::from([name.clone(), ADD3.to_owned()]);
    let mut instances = vec![];
    for op in graph.body().ops() {
        let actor = Actor(op);
        let mut module = Module::new(&unique(&mut names, &name, &actor.label()), op.loc());
        generate(actor, &mut module)?;
        instances.push((actor, module.finish(place)));
    }
    top(&name, graph, &instances).finish(place);
    Ok(())
}

/// Fills the module of an actor.
fn generate<'c>(actor: Actor<'c>, module: &mut Module<'c>) -> Result<(), Failure> {
    match actor.0.name().as_str() {
        "dataflow.source" => source::generate(actor, module),
        "dataflow.sink" => sink::generate(actor, module),
        "dataflow.window" => return window::generate(actor, module),
        "dataflow.matvec" => return matvec::generate(actor, module),
        "dataflow.pool" => pool::generate(actor, module),
        "dataflow.map" => map::generate(actor, module),
        "dataflow.add" | "dataflow.mul" => binary::generate(actor, module),
        "dataflow.depthwise" => return depthwise::generate(actor, module),
        "dataflow.tile_pool" => tile_pool::generate(actor, module),
        "dataflow.table" => return table::generate(actor, module),
        "dataflow.pad" => pad::generate(actor, module),
        "dataflow.concat" => concat::generate(actor, module),
        "dataflow.slice" => slice::generate(actor, module),
        "dataflow.fork" => fork::generate(actor, module),
        "dataflow.fifo" => fifo::generate(actor, module),
        "dataflow.resize" => resize::generate(actor, module),
        "dataflow.pack" => resize::generate_pack(actor, module),
        "dataflow.decide" => return decide::generate(actor, module),
        "dataflow.gate" => gate::generate(actor, module),
        "dataflow.merge" => merge::generate(actor, module),
        _ => return Err(actor.0.error("has no hardware yet", &["lower it to other actors first"])),
    }
    Ok(())
}

/// A module name that no other actor has: letters, digits and underscores.
fn unique(names: &mut HashSet<String>, graph: &str, label: &str) -> String {
    let label: String = label.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let wanted = format!("{graph}_{label}");
    let mut name = wanted.clone();
    let mut number = 2;
    while !names.insert(name.clone()) {
        name = format!("{wanted}_{number}");
        number += 1;
    }
    name
}

/// The module that holds an instance of each actor.
fn top<'c>(name: &str, graph: Op<'c>, instances: &[(Actor<'c>, Interface)]) -> Module<'c> {
    let mut m = Module::new(name, graph.loc());
    // Where each stream's `ready` comes from is known only when its consumer has its instance.
    let mut ready = HashMap::new();
    let mut driven: HashMap<Value<'c>, (Signal<'c>, Signal<'c>)> = HashMap::new();
    for (actor, interface) in instances {
        let mut inputs = vec![];
        for prefix in [HOST_INPUT, HOST_OUTPUT] {
            for (port, width) in interface.inputs_from(prefix) {
                let signal = m.input(&port, width);
                inputs.push((port, signal));
            }
        }
        for (index, stream) in actor.0.operands().into_iter().enumerate() {
            let (data, valid) = driven[&stream];
            inputs.push((format!("i{index}_data"), data));
            inputs.push((format!("i{index}_valid"), valid));
        }
        for (index, stream) in actor.0.results().into_iter().enumerate() {
            let wire = m.wire(&format!("{}_o{index}_ready", interface.name()), 1);
            inputs.push((format!("o{index}_ready"), *wire));
            ready.insert(stream, wire);
        }
        let instance = interface.name().strip_prefix(&format!("{name}_")).unwrap_or(interface.name());
        let outputs = m.instance(instance, interface, &inputs);
        let output = |port: String| {
            outputs.iter().find(|(name, _)| *name == port).expect("every stream of an actor has ports").1
        };
        for (index, stream) in actor.0.operands().into_iter().enumerate() {
            ready[&stream].drive(output(format!("i{index}_ready")));
        }
        for (index, stream) in actor.0.results().into_iter().enumerate() {
            let data = output(format!("o{index}_data"));
            assert_eq!(data.width(), beat_width(&Stream::of_value(stream)), "{} o{index}", interface.name());
            driven.insert(stream, (data, output(format!("o{index}_valid"))));
        }
        for prefix in [HOST_INPUT, HOST_OUTPUT] {
            for (port, _) in interface.outputs_from(prefix) {
                let signal = output(port.clone());
                m.output(&port, signal);
            }
        }
    }
    m
}
