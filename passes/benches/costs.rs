//! What each actor costs by its model, against Yosys' synthesis of its hardware, over a designed set of configurations.
//!
//!     cargo bench -p atheena-passes --bench costs [-- [--network NAME=DIRECTORY]... [FILTER]]
//!
//! writes `benches/costs.json`, every actor of every configuration, and `docs/costs.md`, the errors of the model. With a filter it
//! prints what it finds of the configurations whose names hold it, and writes nothing. `--network` synthesises an output directory of
//! `atheena compile` as well; networks that are not named keep what was found last. Needs CIRCT and Yosys. What was synthesised before is
//! taken from `target/tmp/costs`, where files are named after their hardware's content.

#[expect(dead_code, reason = "what the tests use of it besides")]
#[path = "../tests/hw/harness.rs"]
mod harness;

#[path = "costs/configurations.rs"]
mod configurations;
#[path = "costs/page.rs"]
mod page;
#[path = "costs/synthesis.rs"]
mod synthesis;

use atheena_dialects::dataflow::{Actor, Graph};
use atheena_dialects::ir::Op;
use configurations::{Configuration, configurations};
use melior::ir::Module;
use serde_json::{Value, json};
use std::error::Error;
use std::path::{Path, PathBuf};
use synthesis::Synthesis;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (data, page) = (root.join("benches/costs.json"), root.join("docs/costs.md"));
    let Arguments { filter, networks } = Arguments::parse()?;
    let mut configurations = configurations();
    configurations.retain(|configuration| configuration.name.contains(filter.as_deref().unwrap_or("")));

    let synthesis = Synthesis::new()?;
    let found = synthesis.of_configurations(&configurations)?;
    let mut actors = vec![];
    for (configuration, found) in configurations.iter().zip(found) {
        actors.extend(compared(configuration, &found)?);
    }
    let known: Value =
        std::fs::read_to_string(&data).ok().map_or(Ok(Value::Null), |text| serde_json::from_str(&text))?;
    let mut whole = known["networks"].as_array().cloned().unwrap_or_default();
    for (name, directory) in networks {
        let row = network(&synthesis, &name, &directory)?;
        whole.retain(|other| other["network"] != row["network"]);
        whole.push(row);
    }
    whole.sort_by_key(|row| row["network"].to_string());
    print!("{}", page::page(&actors, &whole));
    if filter.is_none() {
        let lines = |rows: &[Value]| rows.iter().map(Value::to_string).collect::<Vec<_>>().join(",\n");
        let text =
            format!("{{\"actors\": [\n{}\n],\n\"networks\": [\n{}\n]}}\n", lines(&actors), lines(&whole));
        std::fs::write(data, text)?;
        std::fs::write(page, page::page(&actors, &whole))?;
    }
    Ok(())
}

/// What the command line asks for.
#[derive(Default)]
struct Arguments {
    /// A part of the names of the configurations that are looked at.
    filter: Option<String>,
    /// Names and output directories.
    networks: Vec<(String, PathBuf)>,
}

impl Arguments {
    fn parse() -> Result<Self, Box<dyn Error>> {
        let mut parsed = Self::default();
        // Cargo adds `--bench`.
        let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
        while let Some(argument) = arguments.next() {
            if argument == "--network" {
                let value = arguments.next().unwrap_or_default();
                let (name, directory) = value.split_once('=').ok_or("--network takes NAME=DIRECTORY")?;
                parsed.networks.push((name.to_owned(), directory.into()));
            } else {
                parsed.filter = Some(argument);
            }
        }
        Ok(parsed)
    }
}

/// What each actor is predicted to take, beside what it takes.
fn compared(configuration: &Configuration, found: &synthesis::Found) -> Result<Vec<Value>, Box<dyn Error>> {
    let context = atheena_dialects::context();
    let module = Module::parse(&context, &configuration.graph).ok_or("a graph is malformed")?;
    let graph = Graph(Op::of_module(&module).walk_named(Graph::NAME)[0]);
    let row = |actor: &dyn Actor<'_>| {
        let counts = found.get(&actor.label())?;
        Some(json!({
            "configuration": configuration.name,
            "held_out": configuration.held_out,
            "actor": actor.op().name().trim_start_matches("dataflow."),
            "folding": actor.folding().to_string(),
            "predicted": actor.resources().kinds().map(|(_, count)| count),
            "synthesised": counts,
        }))
    };
    Ok(graph.actors().iter().filter_map(|actor| row(actor.as_ref())).collect())
}

/// What the report of an output directory predicts, beside what its hardware takes.
fn network(synthesis: &Synthesis, name: &str, directory: &Path) -> Result<Value, Box<dyn Error>> {
    let report: Value = serde_json::from_str(&std::fs::read_to_string(directory.join("report.json"))?)?;
    let top = report["interface"]["top"].as_str().ok_or("report.json names no top module")?;
    let predicted = ["lut", "ff", "dsp", "bram18"].map(|kind| report["resources"][kind].as_i64());
    let found = synthesis.of_design(directory, top)?;
    Ok(json!({"network": name, "predicted": predicted, "synthesised": found[top]}))
}
