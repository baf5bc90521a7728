//! `atheena compile`: from a network to SystemVerilog, in one function that reads top to bottom.

use super::print_json;
use crate::{
    cli::{CompileArgs, Goal, Level, Target},
    counts::Counts,
    design,
    error::Error,
    exploration::{Design, Exploration, Point},
    frontier, model,
    output::{Output, PAGE, REPORT},
    page,
    pipeline::{self, BALANCE, Explored, Hardware, Objective, PAIR_ROWS, Profiled, Step, Tune, Way},
    plan::{self, Plan, Variant},
    progress, quantization,
    report::{CurvePoint, Report},
    session::Session,
};
use atheena_dialects::{dataflow::Resources, ir::Op};
use atheena_passes::dataflow::balance_pipeline::designs;
use atheena_runtime::{circt::Circt, dataset::DataSet};
use melior::ir::Module;
use serde::Serialize;
use std::{
    path::Path,
    thread::{self, JoinHandle},
    time::Instant,
};

/// What `--json` prints: the report, and the time it took.
#[derive(Serialize)]
struct Outcome<'a> {
    #[serde(flatten)]
    report: Option<&'a Report>,
    seconds: f64,
}

/// Compiles a network into an output directory, and says what came out.
pub fn run(args: &CompileArgs) -> Result<(), Error> {
    let started = Instant::now();
    let report = compile(args)?;
    let seconds = started.elapsed().as_secs_f64();
    if args.json {
        print_json(&Outcome { report: report.as_ref(), seconds });
    } else {
        print_table(args, report.as_ref(), seconds);
    }
    Ok(())
}

/// Compiles a network into an output directory; returns the report, if the compiler got as far as the foldings.
pub fn compile(args: &CompileArgs) -> Result<Option<Report>, Error> {
    let wanted = Wanted::of(args)?;
    let Target { device, budget, clock_mhz } = wanted.target;
    let level = args.emit.iter().copied().max().unwrap_or(Level::Sv);
    // What is missing shows now, not after the work.
    let circt = if level == Level::Sv { Some(Circt::find()?) } else { None };
    let output = Output::create(&args.output, REPORT)?;

    let session = Session::new();
    let mut module = model::load(&session, &args.model)?;
    let float = model::is_float(model::function(&module));
    if let Some(path) = &args.calibration {
        model::check_images(model::function(&module), &DataSet::read_images(path)?, path)?;
    } else if float {
        return Err(Error::NoCalibration(args.model.clone()));
    }
    if let (Some(path), false) = (&args.calibration, float) {
        warn_of_integers(path, "only count how many samples leave at each exit");
    }
    if let (Some(_), Some(path)) = (args.max_accuracy_drop, &args.calibration) {
        model::check_labels(model::function(&module), &DataSet::read(path)?, path)?;
    }
    let counts = args.profile.as_deref().map(Counts::read).transpose()?;
    let mut stages = Stages { output: &output, written: 0 };
    let imported = stages.write("import", &module)?;

    let way = Way {
        no_exits: wanted.no_exits,
        calibration: args.calibration.as_deref().filter(|_| float),
        thresholds: wanted.thresholds,
        tune: tune(args, &output),
        profile: match (&counts, &args.calibration) {
            (Some(counts), _) => Profiled::Counts(counts.text()),
            (None, Some(calibration)) => Profiled::Data(calibration),
            (None, None) => Profiled::No,
        },
        quantize: args.quantize.clone(),
        quantization_report: Some(output.path().join(QUANTIZATION)),
        hardware: Some(Hardware {
            budget,
            clock_mhz,
            objective: wanted.objective,
            explored: wanted.explored,
            late_fraction: wanted.late_fraction,
            dsp_kind: device.dsp_kind.clone(),
            row_pairs: args.row_pairs,
        }),
    };
    let spinner = progress::steps();
    let mut golden = imported.clone();
    let mut exits = vec![];
    let mut report = None;
    let mut curves = vec![];
    let describe = |module: &Module<'_>, exits, golden: &str| {
        let made = design::report(module, &device.name, clock_mhz, budget, exits, golden)?;
        let device_resources = Some(device.resources().into());
        let quantization = quantization::take_report(&output.path().join(QUANTIZATION))?;
        let float = float.then(|| imported.clone());
        Ok::<_, Error>(Report { float, device_resources, quantization, ..made })
    };
    let mut dataflow = None;
    let mut plan: Option<Plan> = None;
    for Step { pass, pipeline, level: reached } in pipeline::steps(&way) {
        if reached > level {
            break;
        }
        spinner.set_message(pass);
        if reached == Level::Hw {
            // The last moment at which the design is a graph.
            report = Some(describe(&module, exits.clone(), &golden)?);
        }
        if let (Some(counts), "ee-profile-exits", Some(path)) = (&counts, pass, &args.profile) {
            counts.check_network(model::function(&module), path)?;
        }
        if let (Some(hardware), PAIR_ROWS) = (&way.hardware, pass) {
            spinner.set_message(BALANCE);
            let variants = plan::variants(&session, &module, hardware.row_pairs)?;
            curves = sketch(&variants, device.resources());
            let best = plan::plan(&session, &variants, hardware)?;
            let row_pairs = best.row_pairs;
            plan = Some(best);
            if !row_pairs {
                continue;
            }
        }
        if let (Some(plan), BALANCE) = (&plan, pass) {
            if let Some(warning) = plan.warning(&module, budget)? {
                spinner.suspend(|| eprintln!("warning: {warning}"));
            }
            plan.record(&module)?;
        } else {
            let told = session.run(&mut module, &pipeline)?;
            for line in told.iter().filter_map(|told| told.shown(args.verbose)) {
                spinner.suspend(|| eprintln!("{line}"));
            }
        }
        let file = stages.write(pass, &module)?;
        match reached {
            Level::Ee => {
                golden = file;
                exits = design::exits(&module);
            }
            Level::Dataflow => dataflow = Some(file),
            _ => {}
        }
    }
    if args.max_accuracy_drop.is_some() {
        let tuning = frontier::read(&output.path().join(FRONTIER))?;
        output.write("frontier.svg", frontier::picture(&tuning)?)?;
    }
    if args.emit.contains(&Level::Tosa) {
        write_tosa(&session, &output, &golden)?;
    }
    if let Some(circt) = &circt {
        spinner.set_message("exporting SystemVerilog with CIRCT");
        atheena_runtime::design::write_design(Op::of_module(&module), circt, output.path())?;
    }
    let report = match report {
        Some(report) => Some(report),
        None if level == Level::Dataflow => Some(describe(&module, exits, &golden)?),
        None => None,
    };
    let report = report.map(|report| Report { dataflow, curve: joined(curves, clock_mhz), ..report });
    output.write(REPORT, report.as_ref().map_or_else(|| "{}\n".to_owned(), Report::to_json))?;
    if let Some(report) = &report {
        output.write(PAGE, page::report(report, &report.to_json(), None)?)?;
    }
    output.finish()?;
    spinner.finish_and_clear();
    Ok(report)
}

/// What design is wanted: as options say, or a point of an exploration.
struct Wanted {
    target: Target,
    objective: Objective,
    explored: Option<Explored>,
    no_exits: bool,
    thresholds: Option<String>,
    late_fraction: Option<String>,
}

impl Wanted {
    fn of(args: &CompileArgs) -> Result<Self, Error> {
        let target = args.target.find()?;
        if let Some(named) = &args.point {
            let Design { point, curve, clock_mhz, budget } =
                Exploration::design(named, &target.device.name, &args.quantize.options())?;
            let Point { row_pairs, foldings, cycles, margin, share, bound, .. } = point;
            return Ok(Self {
                target: Target { budget, clock_mhz, ..target },
                objective: Objective::Throughput,
                explored: Some(Explored { row_pairs, foldings, cycles, margin, share, bound }),
                no_exits: !curve.exits,
                thresholds: curve.thresholds,
                late_fraction: curve.late_fraction,
            });
        }
        let every = |rate: f64| target.clock_mhz * 1e6 / rate;
        let objective = match (args.objective, args.throughput, args.arrival_rate) {
            (Goal::Latency, _, Some(rate)) => Objective::Latency { arrival_cycles: every(rate) },
            (_, Some(rate), _) => Objective::Resources { cycles: every(rate) },
            _ => Objective::Throughput,
        };
        Ok(Self {
            target,
            objective,
            explored: None,
            no_exits: args.no_exits,
            thresholds: args.thresholds.clone(),
            late_fraction: args.target.late_fraction.clone(),
        })
    }
}

/// The curves of a graph's variants on a whole device, in the making while the compiler goes on.
fn sketch(variants: &[Variant<'_>], device: Resources) -> Vec<JoinHandle<Vec<designs::Design>>> {
    let of = |variant: &Variant<'_>| {
        let (designs, most_cycles) = (variant.designs.clone(), variant.most_cycles);
        thread::spawn(move || designs.sketch(device, plan::USUAL, most_cycles))
    };
    variants.iter().map(of).collect()
}

/// The best points of the curves, when they are there, the slowest first.
fn joined(curves: Vec<JoinHandle<Vec<designs::Design>>>, clock_mhz: f64) -> Vec<CurvePoint> {
    let join = |curve: JoinHandle<Vec<designs::Design>>| curve.join().expect("the search does not panic");
    let points =
        plan::pareto(curves.into_iter().flat_map(join).collect(), |point| (point.cycles, point.share));
    let point = |point: &designs::Design| CurvePoint {
        samples_per_s: clock_mhz * 1e6 / point.cycles,
        share: point.share,
    };
    points.iter().map(point).collect()
}

/// What quantisation cost, until it is in the report.
const QUANTIZATION: &str = "quantization.json";

/// Says that a network is integer already, and what the samples of a file do instead of choosing scales.
pub fn warn_of_integers(samples: &Path, what: &str) {
    eprintln!(
        "warning: the network is integer already and keeps its scales: the samples of {} {what}",
        samples.display()
    );
}

/// What the thresholds were chosen from.
const FRONTIER: &str = "frontier.json";

/// What thresholds are chosen for, if they are.
fn tune<'a>(args: &'a CompileArgs, output: &Output) -> Option<Tune<'a>> {
    let (max_accuracy_drop, data) = (args.max_accuracy_drop?, args.calibration.as_deref()?);
    let drop_confidence = args.drop_confidence;
    Some(Tune { data, max_accuracy_drop, drop_confidence, frontier: output.path().join(FRONTIER) })
}

/// Writes the IR behind each pass, numbered.
struct Stages<'a> {
    output: &'a Output,
    written: usize,
}

impl Stages<'_> {
    /// Returns the file's name in the output directory.
    fn write(&mut self, pass: &str, module: &Module<'_>) -> Result<String, Error> {
        let name = format!("ir/{:02}-{pass}.mlir", self.written);
        self.written += 1;
        self.output.write(&name, Op::of_module(module).to_text_with_locations())?;
        Ok(name)
    }
}

/// The integer network as TOSA alone, for other consumers of TOSA.
fn write_tosa(session: &Session, output: &Output, golden: &str) -> Result<(), Error> {
    let path = output.path().join(golden);
    let text = std::fs::read_to_string(&path).map_err(|source| Error::Read { path, source })?;
    let mut module = session.parse(&text, golden)?;
    session.run(&mut module, "builtin.module(func.func(convert-ee-to-tosa))")?;
    Ok(output.write("ir/tosa.mlir", Op::of_module(&module).to_text_with_locations())?)
}

fn print_table(args: &CompileArgs, report: Option<&Report>, seconds: f64) {
    if let Some(report) = report {
        for exit in &report.exits {
            out!(
                "exit {:<15} threshold {}, {} of {} calibration samples leave",
                exit.name,
                exit.threshold,
                exit.taken,
                exit.of
            );
        }
        out!(
            "predicted            {:.0} images/s at {} MHz, {:.1} cycles an image; {} is the slowest",
            report.throughput_samples_per_s,
            report.clock_mhz,
            report.cycles_per_sample,
            report.bottleneck
        );
        out!("{:<20} {:>9} {:>9} {:>6} {:>7}", "", "LUT", "FF", "DSP", "BRAM18");
        for (name, r) in [("predicted", report.resources), ("budget", report.budget)] {
            out!("{name:<20} {:>9} {:>9} {:>6} {:>7}", r.lut, r.ff, r.dsp, r.bram18);
        }
    }
    if let Some(rows) = report.and_then(|report| report.interface.input.rows) {
        let order = "of each column a pixel of each row (--row-pairs never: row by row)";
        out!("input                {} rows side by side, {order}", rows.count);
    }
    out!("files                {} ({seconds:.1} s)", args.output.display());
}
