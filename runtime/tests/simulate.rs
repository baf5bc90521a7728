//! The simulation harness on a hand-written design and on mutants of it that break the rules.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use atheena_runtime::simulate::{Interface, Latency, Port, SimError, SimOptions, SimResult, Simulation};
use tempfile::TempDir;

const SUMS: &str = include_str!("rtl/sums.sv");

fn interface() -> Interface {
    Interface {
        top: "sums".to_owned(),
        input: Port { lanes: 2, bits: 8, beats: 4, row_elements: 8, rows: None },
        output: Port { lanes: 5, bits: 8, beats: 2, row_elements: 10, rows: None },
        classes: 10,
        exits: 2,
    }
}

/// Makes an output directory with this design, as the compiler would.
fn write_design(directory: &Path, source: &str) {
    for folder in ["rtl", "weights"] {
        fs::create_dir_all(directory.join(folder)).unwrap();
    }
    fs::write(directory.join("rtl/sums.sv"), source).unwrap();
    fs::write(directory.join("rtl/filelist.f"), "sums.sv\n").unwrap();
    fs::write(directory.join("weights/bias.mem"), "0 1 2 3 4 5 6 7 8 9\n").unwrap();
    fs::write(directory.join("weights/mutant.mem"), "0\n").unwrap();
    let report = serde_json::json!({ "interface": interface() });
    fs::write(directory.join("report.json"), report.to_string()).unwrap();
}

/// A design that only this test uses.
fn design(source: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    write_design(directory.path(), source);
    directory
}

/// The design as it is, which several tests read, so that its model is built once.
fn sums() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sums");
        write_design(&directory, SUMS);
        directory
    })
}

/// Sample `i` holds eight bytes of a linear congruential generator.
fn samples(count: usize) -> Vec<Vec<u8>> {
    let mut state = 1u32;
    let mut byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..count).map(|_| (0..8).map(|_| byte()).collect()).collect()
}

fn simulate(directory: &Path, count: usize, options: &SimOptions) -> Result<SimResult, SimError> {
    let samples = samples(count);
    let samples: Vec<&[u8]> = samples.iter().map(Vec::as_slice).collect();
    Simulation::open(directory)?.run(&samples, options, &mut |_| {})
}

/// Compares every result with what the module's comment says.
fn check(result: &SimResult, count: usize) {
    assert_eq!(result.outputs.len(), count);
    for (index, (output, sample)) in result.by_sample().into_iter().zip(samples(count)).enumerate() {
        let sum = sample.iter().fold(0u8, |sum, &pixel| sum.wrapping_add(pixel));
        let logits: Vec<_> = (0..10).map(|k| i32::from(sum.wrapping_add(k) as i8)).collect();
        assert_eq!(output.logits, logits, "sample {index}");
        assert_eq!((output.sample, usize::from(output.tag)), (index, index % 65536));
        assert_eq!(output.exit, usize::from(sum & 1));
    }
}

#[test]
fn results_are_right_with_and_without_stalls() {
    // Without stalls a sample takes four input beats and then two output beats.
    let free = simulate(sums(), 100, &SimOptions::default()).unwrap();
    check(&free, 100);
    assert_eq!(free.cycles_per_sample, Some(6.0));
    assert_eq!(free.latency, Some(Latency { p50: 5, p99: 5, max: 5 }));
    assert_eq!(free.exit_counts().iter().sum::<usize>(), 100);

    let options = SimOptions { stall: 0.3, seed: 1, ..SimOptions::default() };
    let stalled = simulate(sums(), 2000, &options).unwrap();
    check(&stalled, 2000);
    // Five beats take 1 / 0.7 cycles each. The first beat of a sample is mostly on offer by the end of the two output
    // beats: with r = 0.7 * 0.3 / (1 - 0.3^2), it takes 1 + r^2 (1 / 0.7 - 1) cycles. Sum: 8.166; of 2000 within 2 %.
    let cycles = stalled.cycles_per_sample.unwrap();
    assert!((8.0..8.33).contains(&cycles), "{cycles}");
    assert!(stalled.latency.unwrap().max > 10);

    assert_eq!(simulate(sums(), 2000, &options).unwrap().outputs, stalled.outputs);
    // With a reset in the middle, nothing of what was sent before it comes out.
    let reset = SimOptions { reset_cycle: 5000, ..options.clone() };
    let reset = simulate(sums(), 2000, &reset).unwrap();
    check(&reset, 2000);
    assert!(reset.outputs.iter().all(|output| output.first_input_cycle > 5000));
    // Three quarters of the time is left, and a burst empties or fills the little that this design holds.
    let bursts = SimOptions { burst_cycles: 100, ..options.clone() };
    let bursts = simulate(sums(), 2000, &bursts).unwrap();
    check(&bursts, 2000);
    let slower = bursts.cycles_per_sample.unwrap() / cycles;
    assert!((1.2..1.5).contains(&slower), "{slower}");

    let other_seed = SimOptions { seed: 2, ..options };
    let other = simulate(sums(), 2000, &other_seed).unwrap();
    check(&other, 2000);
    assert_ne!(other.outputs, stalled.outputs);
}

#[test]
fn tags_wrap_around() {
    check(&simulate(sums(), 70_000, &SimOptions::default()).unwrap(), 70_000);
}

#[test]
fn a_model_is_built_once_for_each_design() {
    let directory = design(SUMS);
    let mut first = Simulation::open(directory.path()).unwrap();
    first.build(false).unwrap();
    let models = || {
        let files = fs::read_dir(directory.path().join("sim")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != ".lock").collect::<Vec<_>>()
    };
    let built = models();
    assert_eq!(built.len(), 1, "{built:?}");
    let model = directory.path().join("sim").join(&built[0]);
    let written = fs::metadata(&model).unwrap().modified().unwrap();
    simulate(directory.path(), 3, &SimOptions::default()).unwrap();
    assert_eq!(models(), built);
    assert_eq!(fs::metadata(&model).unwrap().modified().unwrap(), written);

    fs::write(directory.path().join("rtl/sums.sv"), format!("{SUMS}\n// changed\n")).unwrap();
    simulate(directory.path(), 3, &SimOptions::default()).unwrap();
    assert_eq!(models().len(), 1);
    assert_ne!(models(), built);
}

#[test]
fn a_waveform_is_written_on_demand() {
    let directory = design(SUMS);
    let vcd = directory.path().join("wave.vcd");
    let options = SimOptions { vcd: Some(vcd.clone()), ..SimOptions::default() };
    check(&simulate(directory.path(), 5, &options).unwrap(), 5);
    let wave = fs::read_to_string(vcd).unwrap();
    assert!(wave.contains("$var") && wave.contains("m_axis_tvalid"), "{}", &wave[..wave.len().min(2000)]);
}

#[test]
fn progress_goes_up_to_the_number_of_samples() {
    let samples = samples(1000);
    let samples: Vec<&[u8]> = samples.iter().map(Vec::as_slice).collect();
    let mut seen = Vec::new();
    let mut simulation = Simulation::open(sums()).unwrap();
    simulation.run(&samples, &SimOptions::default(), &mut |outputs| seen.push(outputs)).unwrap();
    assert!(seen.is_sorted() && seen.len() <= 101 && seen.last() == Some(&1000), "{seen:?}");
}

#[test]
fn mutants_are_found() {
    let directory = design(SUMS);
    let failure = |mutant: u8, count| {
        fs::write(directory.path().join("weights/mutant.mem"), format!("{mutant:x}\n")).unwrap();
        let options = SimOptions { stall: 0.3, seed: 1, watchdog_cycles: 5000, ..SimOptions::default() };
        simulate(directory.path(), count, &options).unwrap_err()
    };

    let stopped = failure(1, 64);
    assert!(matches!(stopped, SimError::Deadlock { .. }), "{stopped}");
    let stopped = stopped.to_string();
    let (start, end) = stopped.split_once(" up to cycle ").unwrap();
    assert_eq!(start, "deadlock: no beat in or out for 5000 cycles");
    assert_eq!(end.split_once(", ").unwrap().1, "with 20 of 64 samples taken and 20 results out");
    let lost = failure(2, 64).to_string();
    let (_, end) = lost.split_once(", ").unwrap();
    assert_eq!(end, "with 64 of 64 samples taken and 63 results out (sample 7 is the first missing)");

    // The cycle depends on the seed.
    let violation = |mutant, count| match failure(mutant, count) {
        SimError::Violation { text, .. } => text,
        other => panic!("mutant {mutant}: {other}"),
    };
    assert_eq!(violation(3, 64), "m_axis_tvalid dropped before the beat was taken");
    assert_eq!(violation(4, 64), "the output beat changed before it was taken");
    assert_eq!(violation(5, 64), "m_axis_tvalid depends on m_axis_tready");
    assert_eq!(violation(6, 64), "m_axis_tlast is high on beat 1 of the 2 of a result");
    assert_eq!(violation(7, 64), "m_axis_tid 32768 is of no sample in the accelerator");
    // The ninth result comes again: in the middle of a run, and at its end.
    assert_eq!(violation(8, 64), "m_axis_tid 8 is of no sample in the accelerator");
    assert_eq!(violation(8, 9), "a result came out after one for each sample (tid 8)");
    assert!(violation(9, 64).ends_with(" is no exit, there are 2"));
    assert_eq!(violation(10, 64), "the design called $finish");

    // This one keeps a half-sent result over a reset.
    fs::write(directory.path().join("weights/mutant.mem"), "b\n").unwrap();
    let errors = (100..130).filter(|&reset_cycle| {
        let options = SimOptions { stall: 0.3, reset_cycle, ..SimOptions::default() };
        simulate(directory.path(), 64, &options).is_err()
    });
    assert!(errors.count() > 0);
}

#[test]
fn wide_ports_are_driven_and_read() {
    // 96 lanes in and out, of 16 bits out: wider than any integer type of C++. The last one is behind the end of the row.
    let source = "
module wide (input clk, rst, input [767:0] s_axis_tdata, input s_axis_tvalid, s_axis_tlast, output s_axis_tready,
             input [15:0] s_axis_tid, output reg [1535:0] m_axis_tdata, output reg m_axis_tvalid,
             input m_axis_tready, output m_axis_tlast, output reg [15:0] m_axis_tid, output [7:0] m_axis_tuser);
  assign s_axis_tready = ~m_axis_tvalid | m_axis_tready;
  assign m_axis_tlast = 1'b1;
  assign m_axis_tuser = 8'd0;
  integer i;
  always_ff @(posedge clk)
    if (rst) m_axis_tvalid <= 1'b0;
    else if (s_axis_tready) begin
      m_axis_tvalid <= s_axis_tvalid;
      m_axis_tid <= s_axis_tid;
      for (i = 0; i < 96; i = i + 1) m_axis_tdata[16 * i +: 16] <= -{8'd0, s_axis_tdata[8 * i +: 8]};
    end
endmodule";
    let directory = design(source);
    let interface = Interface {
        top: "wide".to_owned(),
        input: Port { lanes: 96, bits: 8, beats: 1, row_elements: 95, rows: None },
        output: Port { lanes: 96, bits: 16, beats: 1, row_elements: 95, rows: None },
        classes: 95,
        exits: 1,
    };
    let samples: Vec<Vec<u8>> =
        (0..50).map(|i| (0..95).map(|lane| (7 * i + 3 * lane) as u8).collect()).collect();
    let inputs: Vec<&[u8]> = samples.iter().map(Vec::as_slice).collect();
    let mut simulation = Simulation::new(directory.path(), interface).unwrap();
    let options = SimOptions { stall: 0.5, ..SimOptions::default() };
    let result = simulation.run(&inputs, &options, &mut |_| {}).unwrap();
    for (output, sample) in result.by_sample().into_iter().zip(&samples) {
        let expected: Vec<_> = sample.iter().map(|&pixel| -i32::from(pixel)).collect();
        assert_eq!(output.logits, expected);
    }
}

#[test]
fn ports_unlike_the_interface_are_refused() {
    let directory = design(SUMS);
    let message = |change: fn(&mut Interface)| {
        let mut interface = interface();
        change(&mut interface);
        let mut simulation = Simulation::new(directory.path(), interface).unwrap();
        simulation.build(false).unwrap_err().to_string()
    };
    assert_eq!(
        message(|interface| interface.input.lanes = 4),
        "module `sums` has a port `s_axis_tdata` of 16 bits, but the interface in report.json says 32 bits"
    );
    let text = message(|interface| interface.top = "absent".to_owned());
    assert!(text.starts_with("`verilator` cannot build the simulation model:\n  %Error: "), "{text}");
    let directory =
        design("module sums(input clk, input rst, output reg q); always @(posedge clk) q <= rst; endmodule");
    let error = Simulation::open(directory.path()).unwrap().build(false).unwrap_err().to_string();
    assert_eq!(
        error,
        "module `sums` has no port `s_axis_tdata`, but the interface in report.json says 16 bits"
    );
}

#[test]
fn a_missing_memory_image_is_an_error() {
    let directory = design(SUMS);
    fs::remove_file(directory.path().join("weights/bias.mem")).unwrap();
    let error = simulate(directory.path(), 3, &SimOptions::default()).unwrap_err().to_string();
    assert!(error.starts_with("the simulation model failed:\n  "), "{error}");
    assert!(error.contains("weights/bias.mem"), "{error}");
}

#[test]
fn bad_input_is_refused() {
    let directory = design(SUMS);
    let path = directory.path();
    let message = |error: SimError| error.to_string().replace(path.to_str().unwrap(), "DIR");
    let options = SimOptions { stall: 1.0, ..SimOptions::default() };
    assert_eq!(
        message(simulate(path, 3, &options).unwrap_err()),
        "a stall probability of 1 would never let a beat pass; from 0 to below 1 is wanted"
    );
    assert_eq!(
        message(simulate(path, 0, &SimOptions::default()).unwrap_err()),
        "no samples to simulate; at least one is wanted"
    );
    let mut simulation = Simulation::open(path).unwrap();
    assert_eq!(
        message(simulation.run(&[&[0; 8], &[0; 7]], &SimOptions::default(), &mut |_| {}).unwrap_err()),
        "sample 1 has 7 bytes, but the accelerator takes 8: 4 beats of 2 lanes"
    );
    fs::write(path.join("report.json"), "{}").unwrap();
    assert_eq!(
        message(Simulation::open(path).unwrap_err()),
        "DIR/report.json: missing field `interface` at line 1 column 2; \
         a directory that `atheena compile -o DIR` wrote is wanted"
    );
    fs::remove_file(path.join("report.json")).unwrap();
    assert_eq!(
        message(Simulation::open(path).unwrap_err()),
        "DIR/report.json: cannot be read: No such file or directory (os error 2)"
    );
}

#[test]
#[ignore = "run by `a_missing_verilator_is_an_error_with_the_cure` in a process without a search path"]
fn without_search_path() {
    let directory = design(SUMS);
    println!("[{}]", simulate(directory.path(), 3, &SimOptions::default()).unwrap_err());
}

#[test]
fn a_missing_verilator_is_an_error_with_the_cure() {
    let this = std::env::current_exe().unwrap();
    let arguments = ["--exact", "without_search_path", "--ignored", "--nocapture"];
    let output = Command::new(this).args(arguments).env("PATH", "/nonexistent").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let message = "[`verilator` is not installed; run `make setup`, or install Debian's packages `verilator`, `make` and `g++`]";
    assert!(text.contains(message), "{text}");
}
