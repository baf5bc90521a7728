//! The adders of constant layers, for `benches/adders.py`, which compares them with another tool's.
//!
//!     cargo bench -p atheena-passes --bench adders -- GRAPH.mlir
//!
//! prints a line of JSON for each convolution of the graphs of actors in a file: its weights, the range of its inputs, the seconds that
//! the search took, and the adders. A term is `[node, shift, negative]`; adders are the nodes behind the inputs.

use atheena_dialects::dataflow::{Graph, Matvec, value_range};
use atheena_dialects::ir::Op;
use atheena_passes::hw::{AdderGraph, Term};
use melior::ir::Module;
use serde_json::{Value, json};
use std::error::Error;
use std::time::Instant;

/// A search is repeated so often; the shortest time counts.
const ROUNDS: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    for path in std::env::args().skip(1).filter(|argument| !argument.starts_with('-')) {
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let context = atheena_dialects::context();
        let module = Module::parse(&context, &text).ok_or("the graph is malformed")?;
        for graph in Op::of_module(&module).walk_named(Graph::NAME) {
            for matvec in graph.walk_named(Matvec::NAME).into_iter().filter_map(Matvec::cast) {
                let [_, height, width, _] = matvec.weights_shape();
                if height * width > 1 {
                    println!("{}", searched(matvec)?);
                }
            }
        }
    }
    Ok(())
}

/// A layer and its adders.
fn searched(matvec: Matvec<'_>) -> Result<Value, Box<dyn Error>> {
    let weights = matvec.weights().ok_or("a layer without weights")?;
    let rows: Vec<Vec<i64>> = weights.chunks(matvec.vector() as usize).map(<[i64]>::to_vec).collect();
    let range = value_range(matvec.0.operand(0).ok_or("a layer without input")?);
    let ranges = vec![range; matvec.vector() as usize];
    let search = |_| {
        let start = Instant::now();
        (AdderGraph::of(&rows, &ranges, 2), start.elapsed().as_secs_f64())
    };
    let (graph, seconds) =
        (0..ROUNDS).map(search).min_by(|a, b| a.1.total_cmp(&b.1)).expect("there are rounds");
    let term = |term: &Term| json!([term.node, term.shift, term.negative]);
    Ok(json!({
        "layer": matvec.0.attr("label").and_then(|label| label.to_string_value()),
        "weights": rows,
        "range": [range.0 as i64, range.1 as i64],
        "seconds": seconds,
        "adders": graph.adders().iter().map(|terms| terms.iter().map(term).collect()).collect::<Vec<Vec<_>>>(),
        "outputs": graph.outputs().iter().map(|output| output.as_ref().map(term)).collect::<Vec<_>>(),
    }))
}
