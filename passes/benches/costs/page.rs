//! `docs/costs.md`: what was predicted, beside what was synthesised.

use crate::synthesis::Counts;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

const HEAD: &str = "\
# What actors cost, against synthesis

`cargo bench -p atheena-passes --bench costs` makes this page and `benches/costs.json`: it generates the hardware of small graphs,
synthesises them with Yosys' `synth_xilinx`, and compares what each actor takes with what its model in `dialects/src/dataflow` says.
Errors are parts of what was synthesised. What a model can't derive (LUTs of counters, of choices, of control) was fitted to every other
configuration of a kind; the rest is held out, to judge it by.

";

const WHOLE: &str = "
## Whole networks
`cargo bench -p atheena-passes --bench costs -- --network NAME=DIRECTORY` adds a line: the prediction in `report.json` of a
directory that `atheena compile` wrote, and its synthesis.

| network | LUT | predicted | error | FF | predicted | error | DSP | predicted | BRAM18 | predicted |
|---|---|---|---|---|---|---|---|---|---|---|
";

const EACH: &str = "
## Each configuration
Predicted / synthesised. Those in italics are held out.

| actor | configuration | LUT | FF | DSP | BRAM18 |
|---|---|---|---|---|---|
";

/// The whole page, of rows of actors and of networks.
pub fn page(actors: &[Value], networks: &[Value]) -> String {
    let mut text = HEAD.to_owned();
    text += &summary(actors);
    if !networks.is_empty() {
        text += WHOLE;
        networks.iter().for_each(|row| text += &network(row));
    }
    text += EACH;
    actors.iter().for_each(|row| text += &configuration(row));
    text
}

/// Predicted and synthesised.
type Pair = (Counts, Counts);

fn pair(row: &Value) -> Pair {
    let counts = |name: &str| std::array::from_fn(|kind| row[name][kind].as_i64().unwrap_or(0));
    (counts("predicted"), counts("synthesised"))
}

fn name<'v>(row: &'v Value, key: &str) -> &'v str {
    row[key].as_str().unwrap_or_default()
}

/// A line a kind of actor: the errors of what was fitted and of what is held out, and how often blocks are exact.
fn summary(rows: &[Value]) -> String {
    let mut text = "\
| actor | fitted + held out | fitted: LUT, sum | worst | held out: LUT, sum | worst | FF, sum | worst | DSP exact | BRAM18 exact |
|---|---|---|---|---|---|---|---|---|---|
"
    .to_owned();
    let mut of_kind: BTreeMap<&str, [Vec<Pair>; 2]> = BTreeMap::new();
    for row in rows {
        let is_held_out = row["held_out"] == true;
        of_kind.entry(name(row, "actor")).or_default()[usize::from(is_held_out)].push(pair(row));
    }
    for (actor, [fitted, held_out]) in of_kind {
        let all = [&fitted[..], &held_out].concat();
        let exact =
            |kind: usize| all.iter().filter(|(predicted, found)| predicted[kind] == found[kind]).count();
        let (lut, ff, dsp, bram18) = (0, 1, 2, 3);
        writeln!(
            text,
            "| `{actor}` | {} + {} | {} | {} | {} | {} of {} | {} of {} |",
            fitted.len(),
            held_out.len(),
            errors(&fitted, lut),
            errors(&held_out, lut),
            errors(&all, ff),
            exact(dsp),
            all.len(),
            exact(bram18),
            all.len(),
        )
        .expect("a string takes text");
    }
    text
}

/// The errors of a kind of resource, two cells: of the sum, and of the configuration where it is largest.
fn errors(pairs: &[Pair], kind: usize) -> String {
    let of = |&(predicted, found): &Pair| (predicted[kind], found[kind]);
    let sum = pairs.iter().map(of).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    let size = |&(predicted, found): &(i64, i64)| {
        let difference = (predicted - found).abs();
        if difference < FEW { difference } else { FEW + 1000 * difference / found.max(1) }
    };
    let worst = pairs.iter().map(of).max_by_key(size).unwrap_or((0, 0));
    let [sum, worst] = [sum, worst].map(|(predicted, found)| error(predicted, found));
    format!("{sum} | {worst}")
}

/// Differences below this are given as they are.
const FEW: i64 = 10;

fn error(predicted: i64, found: i64) -> String {
    let difference = predicted - found;
    if difference.abs() < FEW {
        return format!("{difference:+}");
    }
    format!("{:+.0} %", 100.0 * difference as f64 / found.max(1) as f64)
}

fn configuration(row: &Value) -> String {
    let (predicted, found) = pair(row);
    let mut cells = [0, 1, 2, 3].map(|kind| format!("{} / {}", predicted[kind], found[kind])).join(" | ");
    let mut what = name(row, "configuration").to_owned();
    if row["held_out"] == true {
        what = format!("*{what}*");
    }
    cells.push_str(" |");
    format!("| `{}` | {what} | {cells}\n", name(row, "actor"))
}

fn network(row: &Value) -> String {
    let (predicted, found) = pair(row);
    let part = |kind: usize| {
        let error = 100.0 * (predicted[kind] - found[kind]) as f64 / found[kind].max(1) as f64;
        format!("{} | {} | {error:+.1} %", found[kind], predicted[kind])
    };
    format!(
        "| {} | {} | {} | {} | {} | {} | {} |\n",
        name(row, "network"),
        part(0),
        part(1),
        found[2],
        predicted[2],
        found[3],
        predicted[3]
    )
}
