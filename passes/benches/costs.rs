//! What each actor costs by its model, against Yosys' synthesis of its hardware, over a designed set of configurations.
//!
//!     cargo bench -p atheena-passes --bench costs [-- FILTER]
//!
//! writes `benches/costs.json`, every actor of every configuration, and `docs/costs.md`, the errors of the model. With a filter it
//! prints what it finds of the configurations whose names hold it, and writes nothing. Needs CIRCT and Yosys.

#[expect(dead_code, reason = "what the tests use of it besides")]
#[path = "../tests/hw/harness.rs"]
mod harness;

use atheena_dialects::dataflow::{Graph, Resources};
use atheena_dialects::ee::Confidence;
use atheena_dialects::ir::{Ctx, Op};
use atheena_dialects::pass::{NoOptions, Pass};
use atheena_passes::hw::convert_dataflow_to_hw::ConvertDataflowToHw;
use atheena_runtime::circt::Circt;
use atheena_runtime::design::write_design;
use atheena_runtime::synth::{self, SynthOptions, synthesize};
use harness::{Random, dense, line, stream};
use melior::ir::Module;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::path::Path;

/// A graph of which actors are measured.
struct Configuration {
    name: String,
    graph: String,
    /// The label of the only one; else all of them.
    only: Option<&'static str>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let circt = Circt::find()?;
    let mut rows = vec![];
    for configuration in configurations() {
        if filter.as_ref().is_some_and(|filter| !configuration.name.contains(filter)) {
            continue;
        }
        for row in measure(&circt, &configuration)? {
            println!("{row}");
            rows.push(row);
        }
    }
    let table = table(&rows);
    print!("{table}");
    if filter.is_none() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
        std::fs::write(root.join("benches/costs.json"), format!("[\n{}\n]\n", lines.join(",\n")))?;
        std::fs::write(root.join("docs/costs.md"), format!("{PAGE}{table}"))?;
    }
    Ok(())
}

const PAGE: &str = "\
# What actors cost, against synthesis

`cargo bench -p atheena-passes --bench costs` makes this page and `benches/costs.json`: it generates the hardware of small graphs,
synthesises them with Yosys' `synth_xilinx`, module by module, and compares what each actor takes with what its model in
`dialects/src/dataflow` says. Errors are parts of what was synthesised: that of the sums over all configurations of a kind, and the
largest of one configuration (or its difference, where it is below ten). DSP blocks and block RAMs: in how many
configurations they are exact.

";

/// What each actor of a graph is predicted to take, and takes.
fn measure(circt: &Circt, configuration: &Configuration) -> Result<Vec<Value>, Box<dyn Error>> {
    let context = atheena_dialects::context();
    let module = Module::parse(&context, &configuration.graph).ok_or_else(|| configuration.name.clone())?;
    let op = Op::of_module(&module);
    let graph = Graph(op.walk_named(Graph::NAME)[0]);
    let predicted: Vec<_> = (graph.actors().iter())
        .map(|actor| (actor.label(), actor.op().name(), actor.folding().to_string(), actor.resources()))
        .collect();
    ConvertDataflowToHw::run(op, &NoOptions).map_err(|_| configuration.name.clone())?;
    let directory = tempfile::tempdir()?;
    write_design(op, circt, directory.path())?;
    let top = configuration.only.map_or_else(|| "net".to_owned(), |label| format!("net_{label}"));
    let found = synthesize(directory.path(), &top, &SynthOptions::default())?;
    let rows = predicted.into_iter().filter_map(|(label, kind, folding, resources)| {
        let module = found.modules.iter().find(|module| module.name == format!("net_{label}"))?;
        Some(json!({
            "configuration": configuration.name, "actor": kind.trim_start_matches("dataflow."), "folding": folding,
            "predicted": kinds(resources), "synthesised": synthesised(module.total),
        }))
    });
    Ok(rows.collect())
}

fn kinds(resources: Resources) -> [i64; 4] {
    resources.kinds().map(|(_, count)| count)
}

fn synthesised(resources: synth::Resources) -> [i64; 4] {
    [resources.lut, resources.ff, resources.dsp, resources.bram18].map(|count| count as i64)
}

/// A table of the errors, a line a kind of actor.
fn table(rows: &[Value]) -> String {
    let mut of_kind: BTreeMap<&str, Vec<([i64; 4], [i64; 4])>> = BTreeMap::new();
    for row in rows {
        let counts =
            |name: &str| -> [i64; 4] { std::array::from_fn(|kind| row[name][kind].as_i64().unwrap_or(0)) };
        let actor = row["actor"].as_str().unwrap_or_default();
        of_kind.entry(actor).or_default().push((counts("predicted"), counts("synthesised")));
    }
    let mut text = String::from(
        "| actor | configurations | LUT, sum | LUT, worst | FF, sum | FF, worst | DSP exact | BRAM18 exact |\n|---|---|---|---|---|---|---|---|\n",
    );
    for (actor, pairs) in of_kind {
        let sum = |kind: usize| {
            let total = |of: fn(&([i64; 4], [i64; 4])) -> [i64; 4]| {
                pairs.iter().map(|pair| of(pair)[kind]).sum::<i64>()
            };
            error(total(|pair| pair.0), total(|pair| pair.1))
        };
        let worst = |kind: usize| {
            let size = |(predicted, found): &&([i64; 4], [i64; 4])| {
                let (difference, of) = ((predicted[kind] - found[kind]).abs(), found[kind].max(1));
                if difference < 10 { difference } else { 1000 * difference / of + 10 }
            };
            pairs.iter().max_by_key(size).map_or_else(String::new, |pair| error(pair.0[kind], pair.1[kind]))
        };
        let exact =
            |kind: usize| pairs.iter().filter(|(predicted, found)| predicted[kind] == found[kind]).count();
        let count = pairs.len();
        let (lut, ff) = (0, 1);
        writeln!(
            text,
            "| `{actor}` | {count} | {} | {} | {} | {} | {} of {count} | {} of {count} |",
            sum(lut),
            worst(lut),
            sum(ff),
            worst(ff),
            exact(2),
            exact(3)
        )
        .expect("a string takes text");
    }
    text
}

fn error(predicted: i64, found: i64) -> String {
    let difference = predicted - found;
    if difference.abs() < 10 {
        return format!("{difference:+}");
    }
    format!("{:+.0} %", 100.0 * difference as f64 / found.max(1) as f64)
}

/// All configurations.
fn configurations() -> Vec<Configuration> {
    let mut all = vec![];
    // Inputs, outputs, SIMD, PE, block RAMs, and the bits of inputs and weights.
    for (inputs, outputs, simd, pe, blocks, element, weight) in [
        (64, 32, 1, 1, 0, "i8", 127),
        (64, 32, 1, 1, 1, "i8", 127),
        (300, 20, 1, 1, 2, "i8", 127),
        (300, 20, 1, 2, 2, "i8", 127),
        (72, 32, 9, 2, 4, "i8", 127),
        (72, 32, 9, 1, 0, "ui8", 127),
        (72, 32, 18, 4, 0, "i8", 127),
        (72, 32, 36, 2, 0, "i8", 100),
        (72, 32, 6, 8, 11, "i8", 60),
        (72, 32, 9, 32, 0, "i8", 127),
        (72, 32, 72, 2, 0, "i8", 127),
        (72, 32, 9, 3, 0, "i16", 127),
    ] {
        for products in ["dsp", "lut"] {
            if products == "lut" && (simd * pe > 36 || simd * pe == 1) {
                continue;
            }
            let made = format!(", blocks = {blocks}, products = \"{products}\"");
            all.push(matvec(inputs, outputs, [simd, pe], (element, weight), &made));
        }
    }
    for (inputs, outputs) in [(16, 8), (25, 5), (36, 20)] {
        all.push(matvec(inputs, outputs, [inputs, outputs], ("i8", 90), ""));
    }
    for (kind, kernel, lanes) in [("max", 2, 1), ("max", 2, 8), ("max", 3, 4), ("avg", 2, 4)] {
        all.push(pool(kind, kernel, lanes));
    }
    for (depth, lanes) in [(4, 1), (16, 9), (64, 4), (100, 2), (512, 1), (2048, 1), (600, 8)] {
        all.push(fifo(depth, lanes));
    }
    for (from, to) in [(1, 8), (8, 1), (9, 72), (72, 9), (4, 2)] {
        all.push(resize(from, to));
    }
    for lanes in [1, 4] {
        all.push(map(lanes, 1));
        all.push(map(lanes, 1_234_567));
    }
    for lanes in [1, 2, 8] {
        all.push(depthwise(lanes));
    }
    for (classes, lanes) in [(10, 1), (10, 5), (4, 4)] {
        all.push(exit(classes, lanes));
    }
    all
}

fn of_line(name: String, input: &harness::Stream, body: &str, output: &harness::Stream) -> Configuration {
    Configuration { name, graph: line(input, body, output), only: Some("y") }
}

fn matvec(
    inputs: usize,
    outputs: usize,
    [simd, pe]: [usize; 2],
    (element, weight): (&str, i64),
    made: &str,
) -> Configuration {
    let mut random = Random(7);
    let (x, y) = (stream(&[1, 1, inputs], element, simd), stream(&[1, 1, outputs], "i8", pe));
    let weights = random.numbers(inputs * outputs, -weight, weight);
    let bias = random.numbers(outputs, -5000, 5000);
    let body = format!(
        "%y = dataflow.matvec \"y\" %x {{weights = {}, bias = {}, channel_lanes = {simd}, multiplier = array<i32: 1>, shift = array<i32: 10>, output_zp = 0, min = -128, max = 127{made}}} : {} -> {}",
        dense(&format!("{outputs}x1x1x{inputs}"), 8, &weights),
        dense(&format!("{outputs}"), 32, &bias),
        x.ty,
        y.ty,
    );
    let name = format!("matvec {inputs} to {outputs}, {simd} x {pe}, {element}, weights to {weight}{made}");
    of_line(name, &x, &body, &y)
}

fn pool(kind: &str, kernel: usize, lanes: usize) -> Configuration {
    let taps = kernel * kernel;
    let (x, y) = (stream(&[4, 4, 8 * taps], "i8", taps * lanes), stream(&[4, 4, 8], "i8", lanes));
    let shift = if kind == "avg" { taps.ilog2() } else { 0 };
    let body = format!(
        "%y = dataflow.pool \"y\" %x {{kind = \"{kind}\", kernel = array<i64: {kernel}, {kernel}>, multiplier = 1 : i32, shift = {shift} : i32}} : {} -> {}",
        x.ty, y.ty
    );
    of_line(format!("pool {kind} {kernel}x{kernel}, {lanes} lanes"), &x, &body, &y)
}

fn fifo(depth: usize, lanes: usize) -> Configuration {
    let x = stream(&[4, 4, 72], "i8", lanes);
    let body = format!("%y = dataflow.fifo \"y\" %x {{depth = {depth}}} : {} -> {}", x.ty, x.ty);
    of_line(format!("fifo of {depth}, {lanes} lanes"), &x, &body, &x)
}

fn resize(from: usize, to: usize) -> Configuration {
    let (x, y) = (stream(&[4, 4, 72], "i8", from), stream(&[4, 4, 72], "i8", to));
    let body = format!("%y = dataflow.resize \"y\" %x : {} -> {}", x.ty, y.ty);
    of_line(format!("resize {from} to {to}"), &x, &body, &y)
}

fn map(lanes: usize, multiplier: i64) -> Configuration {
    let x = stream(&[4, 4, 8], "i8", lanes);
    let shift = if multiplier == 1 { 0 } else { 20 };
    let body = format!(
        "%y = dataflow.map \"y\" %x {{input_zp = 0, multiplier = {multiplier} : i32, shift = {shift} : i32, output_zp = 0, min = 0, max = 127}} : {} -> {}",
        x.ty, x.ty
    );
    of_line(format!("map of {lanes} lanes by {multiplier}"), &x, &body, &x)
}

fn depthwise(lanes: usize) -> Configuration {
    let mut random = Random(8);
    let (x, y) = (stream(&[4, 4, 72], "i8", 9 * lanes), stream(&[4, 4, 8], "i8", lanes));
    let body = format!(
        "%y = dataflow.depthwise \"y\" %x {{weights = {}, bias = {}, multiplier = array<i32: 1>, shift = array<i32: 8>, output_zp = 0, min = -128, max = 127}} : {} -> {}",
        dense("3x3x8x1", 8, &random.numbers(72, -127, 127)),
        dense("8", 32, &random.numbers(8, -2000, 2000)),
        x.ty,
        y.ty
    );
    of_line(format!("depthwise of {lanes} lanes"), &x, &body, &y)
}

/// An exit that decides, and the samples that take it, before those that go on.
fn exit(classes: usize, lanes: usize) -> Configuration {
    let x = stream(&[1, 1, classes], "i8", lanes).ty;
    let context = atheena_dialects::context();
    let confidence = Confidence::max_softmax(0.9).quantized(0.0625, 8, classes).to_attr(Ctx::of(&context));
    let (tag, bit, index) = (harness::TAG, harness::BIT, harness::EXIT);
    let graph = format!(
        r#"dataflow.graph @net {{
          %x, %t = dataflow.source "in" : {x}, {tag}
          %xs:3 = dataflow.fork "copies" %x : {x} -> {x}, {x}, {x}
          %ts:2 = dataflow.fork "tags" %t : {tag} -> {tag}, {tag}
          %d = dataflow.decide "decide" %xs#0 {{confidence = {confidence}}} : {x} -> {bit}
          %ds:4 = dataflow.fork "decisions" %d : {bit} -> {bit}, {bit}, {bit}, {bit}
          %a = dataflow.gate "taken" %xs#1, %ds#0 {{depth = 40, pass_when = true}} : {x}, {bit} -> {x}
          %at = dataflow.gate "taken_tags" %ts#0, %ds#1 {{depth = 16, pass_when = true}} : {tag}, {bit} -> {tag}
          %b = dataflow.gate "stay" %xs#2, %ds#2 {{depth = 4000, pass_when = false}} : {x}, {bit} -> {x}
          %bt = dataflow.gate "stay_tags" %ts#1, %ds#3 {{depth = 16, pass_when = false}} : {tag}, {bit} -> {tag}
          %o, %ot, %e = dataflow.merge "results" %a, %b tags %at, %bt : {x}, {x} tags {tag}, {tag} -> {x}, {tag}, {index}
          dataflow.sink "out" %o, %ot, %e : {x}, {tag}, {index}
        }}"#
    );
    Configuration { name: format!("exit of {classes} classes, {lanes} lanes"), graph, only: None }
}
