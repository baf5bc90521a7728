//! From a graph in text to what its hardware answers.

use atheena_dialects::dataflow::{Actor, Graph, Matvec, Products};
use atheena_dialects::ir::Op;
use atheena_dialects::pass::{NoOptions, Pass};
use atheena_passes::hw::convert_dataflow_to_hw::ConvertDataflowToHw;
use atheena_runtime::circt::{Circt, CirctError};
use atheena_runtime::design::write_design;
use atheena_runtime::simulate::{Interface, Port, SideBySide, SimOptions, SimResult, Simulation};
use atheena_runtime::tokens::{TokenModel, Traffic};
use melior::ir::Module;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Lint warnings that generated hardware may cause: an unused `tlast`, bits of a product or a sum that are not looked
/// at, several modules' files with other names than theirs would be errors in their own right.
const WAIVERS: [&str; 1] = ["-Wno-UNUSED"];

/// A design on disk.
pub struct Design {
    directory: TempDir,
    simulation: Simulation,
    pub tokens: Option<TokenModel>,
    /// Layers whose adders may have stages that the tokens do not know of.
    adder_layers: Vec<String>,
    input: Port,
}

/// A stream at the ends of a graph: its type in text, lanes and elements.
pub struct Stream {
    pub ty: String,
    port: Port,
}

impl Stream {
    /// Beats a sample.
    pub fn beats(&self) -> usize {
        self.port.beats
    }

    /// Lets rows of the samples come as one, of which it is a stream then.
    pub fn come_side_by_side(&mut self, rows: usize) {
        let channels: usize =
            self.ty.split(['<', ',']).nth(1).unwrap().split('x').nth(2).unwrap().parse().unwrap();
        self.port.rows = Some(SideBySide { count: rows, pixel_elements: channels / rows });
    }
}

/// `!dataflow.stream<SHAPExELEMENT, lanes = LANES>`.
pub fn stream(shape: &[usize], element: &str, lanes: usize) -> Stream {
    let shape_text: String = shape.iter().map(|size| format!("{size}x")).collect();
    let bits = element.trim_start_matches(['u', 'i']).parse().unwrap();
    let row_elements: usize = shape.iter().rev().take(2).product();
    // Of several pixels a beat, the last one of a row may be partial.
    let beats = shape.iter().product::<usize>() / row_elements * row_elements.div_ceil(lanes);
    Stream {
        ty: format!("!dataflow.stream<{shape_text}{element}, lanes = {lanes}>"),
        port: Port { lanes, bits, beats, row_elements, rows: None },
    }
}

pub const TAG: &str = "!dataflow.stream<1xi16, lanes = 1>";
pub const EXIT: &str = "!dataflow.stream<1xi8, lanes = 1>";
pub const BIT: &str = "!dataflow.stream<1xi1, lanes = 1>";

/// A graph without attributes for a device of these DSP blocks.
pub fn for_blocks(dsp: &str, graph: &str) -> String {
    assert!(graph.contains("@net {"), "{graph}");
    graph.replace("@net {", &format!("@net attributes {{dsp = \"{dsp}\"}} {{"))
}

/// A graph of one exit: `body` makes %y of %x.
pub fn line(input: &Stream, body: &str, output: &Stream) -> String {
    let (x, y) = (&input.ty, &output.ty);
    format!(
        r#"dataflow.graph @net {{
          %x, %t0 = dataflow.source "in" : {x}, {TAG}
          {body}
          %t = dataflow.fifo "tags" %t0 {{depth = 64}} : {TAG} -> {TAG}
          %d, %dt, %e = dataflow.merge "results" %y tags %t : {y} tags {TAG} -> {y}, {TAG}, {EXIT}
          dataflow.sink "out" %d, %dt, %e : {y}, {TAG}, {EXIT}
        }}"#
    )
}

impl Design {
    /// Converts, exports and lints the graph @net; None, and a word on why, on a machine that has not been set up.
    pub fn new(graph: &str, input: &Stream, output: &Stream, exits: usize) -> Option<Self> {
        let circt = match Circt::find() {
            Ok(circt) => circt,
            Err(error @ CirctError::NotFound { .. }) if std::env::var_os("CI").is_none() => {
                println!("skipped: {error}");
                return None;
            }
            Err(error) => panic!("{error}"),
        };
        let context = atheena_dialects::context();
        let module = Module::parse(&context, graph).expect("the graph is well-formed");
        let op = Op::of_module(&module);
        let graph = Graph(op.walk_named(Graph::NAME)[0]);
        let tokens = TokenModel::of(graph);
        let layers = graph.0.body().ops().into_iter().filter_map(Matvec::cast);
        let adder_layers = layers
            .filter(|layer| {
                matches!(layer.products(), Products::Digits { .. }) || layer.ii_cycles() <= layer.positions()
            })
            .map(|layer| layer.label())
            .collect();
        ConvertDataflowToHw::run(op, &NoOptions).expect("the graph converts");
        assert!(op.verify(), "{op}");
        let directory = tempfile::tempdir().unwrap();
        let path = match std::env::var_os("HW_KEEP") {
            Some(path) => path.into(),
            None => directory.path().to_owned(),
        };
        write_design(op, &circt, &path).unwrap();
        lint(&path);
        check_with_yosys(&path);
        let interface = Interface {
            top: "net".to_owned(),
            input: input.port,
            output: output.port,
            classes: output.port.elements(),
            exits,
        };
        let simulation = Simulation::new(&path, interface).unwrap();
        Some(Self { directory, simulation, tokens, adder_layers, input: input.port })
    }

    /// Runs samples of numbers.
    pub fn run(&mut self, samples: &[Vec<i64>], options: SimOptions) -> SimResult {
        let bytes = self.input.bits / 8;
        let samples: Vec<Vec<u8>> = samples
            .iter()
            .map(|s| s.iter().flat_map(|v| v.to_le_bytes()[..bytes].to_vec()).collect())
            .collect();
        let samples: Vec<&[u8]> = samples.iter().map(Vec::as_slice).collect();
        let options = SimOptions { watchdog_cycles: 20_000, ..options };
        let result = self.simulation.run(&samples, &options, &mut |_| {});
        result.unwrap_or_else(|error| panic!("{error} in {}", self.directory.path().display()))
    }

    /// Runs samples, each of them three times, without and with stalls, with bursts and with a reset among them, and compares
    /// every result, exit and tag.
    pub fn check(&mut self, samples: &[Vec<i64>], expected: &[(Vec<i64>, usize)]) -> SimResult {
        let samples: Vec<_> = std::iter::repeat_n(samples, 3).flatten().cloned().collect();
        let compare = |result: &SimResult, what: &str| {
            let got = result.by_sample();
            assert_eq!(got.len(), samples.len(), "{what}");
            for (index, got) in got.into_iter().enumerate() {
                let (logits, exit) = &expected[index % expected.len()];
                let values: Vec<i64> = got.logits.iter().map(|&v| v.into()).collect();
                assert_eq!((&values, got.exit), (logits, *exit), "sample {index}, {what}");
            }
        };
        let still = SimOptions::default();
        for options in [
            SimOptions { stall: 0.3, seed: 1, ..still.clone() },
            SimOptions { stall: 0.8, seed: 2, ..still.clone() },
            SimOptions { stall: 0.1, seed: 3, burst_cycles: 300, reset_cycle: 333, ..still.clone() },
        ] {
            let result = self.run(&samples, options.clone());
            compare(&result, &format!("{options:?}"));
            self.compare_tokens(&result, &options);
        }
        let result = self.run(&samples, still.clone());
        compare(&result, "no stall");
        self.compare_tokens(&result, &still);
        result
    }

    /// The simulation of tokens takes every sample and gives every result in the same cycle.
    fn compare_tokens(&self, result: &SimResult, options: &SimOptions) {
        let Some(tokens) = self.tokens.as_ref().filter(|_| options.reset_cycle == 0) else { return };
        let traffic = Traffic {
            stall: options.stall,
            seed: options.seed,
            burst_cycles: options.burst_cycles,
            arrivals: vec![],
        };
        let exits: Vec<_> = result.by_sample().into_iter().map(|output| output.exit).collect();
        // Of each graph of adders any number of stages, but one that makes all cycles right.
        let choices = MOST_MORE_STAGES + 1;
        let mut off = u64::MAX;
        for number in 0..choices.pow(self.adder_layers.len() as u32) {
            let mut tokens = tokens.clone();
            for (index, layer) in self.adder_layers.iter().enumerate() {
                let more = number / choices.pow(index as u32) % choices;
                assert!(tokens.add_stages(layer, more), "{layer} has stages");
            }
            let outcome = tokens.run(&exits, &traffic);
            assert_eq!(outcome.passages.len(), result.outputs.len(), "tokens, {options:?}");
            let mut worst = 0;
            for (got, expected) in outcome.passages.iter().zip(&result.outputs) {
                assert_eq!((got.sample, got.exit), (expected.sample, expected.exit), "tokens, {options:?}");
                worst = worst
                    .max(got.output_cycle.abs_diff(expected.output_cycle))
                    .max(got.first_input_cycle.abs_diff(expected.first_input_cycle));
            }
            off = off.min(worst);
            if off == 0 {
                return;
            }
        }
        panic!("tokens are {off} cycles off, {options:?}");
    }
}

/// By so many stages may a graph of adders be deeper than the least that is possible.
const MOST_MORE_STAGES: u64 = 4;

/// What Verilator's linter finds is an error, but for the waivers.
fn lint(directory: &Path) {
    let output = Command::new("verilator")
        .args(["--lint-only", "-Wall", "--top-module", "net", "-F"])
        .arg(directory.join("rtl/filelist.f"))
        .args(WAIVERS)
        .output()
        .expect("Verilator is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Yosys reads the design, and finds no loop of logic, no undriven and no doubly driven wire.
fn check_with_yosys(directory: &Path) {
    let files = std::fs::read_to_string(directory.join("rtl/filelist.f")).unwrap();
    let files: String = files.lines().map(|file| format!(" rtl/{file}")).collect();
    let script = format!(
        "read_verilog -sv{files}; hierarchy -check -top net; proc; flatten; opt_clean; check -assert"
    );
    let output = Command::new("yosys").current_dir(directory).args(["-q", "-p", &script]).output();
    let output = output.expect("Yosys is installed");
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{}", said.concat());
}

/// Numbers of `low..=high` by a linear congruential generator (Knuth's MMIX constants).
pub struct Random(pub u64);

impl Random {
    pub fn number(&mut self, low: i64, high: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        low + ((self.0 >> 33) as i64).rem_euclid(high - low + 1)
    }

    pub fn numbers(&mut self, count: usize, low: i64, high: i64) -> Vec<i64> {
        (0..count).map(|_| self.number(low, high)).collect()
    }
}

/// `dense<…> : tensor<SHAPExiBITS>`, by the bytes of its elements.
pub fn dense(shape: &str, bits: usize, values: &[i64]) -> String {
    let hex = |v: &i64| v.to_le_bytes()[..bits / 8].iter().map(|b| format!("{b:02X}")).collect::<String>();
    let hex: String = values.iter().map(hex).collect();
    format!("dense<\"0x{hex}\"> : tensor<{shape}xi{bits}>")
}

/// Numbers as MLIR writes them in lists.
pub fn text(values: &[i64]) -> String {
    values.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
}
