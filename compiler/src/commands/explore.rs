//! `atheena explore`: the best design for every throughput, with exits, with others of their thresholds, and without exits.

use super::print_json;
use crate::{
    cli::{ExploreArgs, Target},
    counts::Counts,
    error::Error,
    evaluate,
    exploration::{Curve, Exploration, Point},
    model,
    output::{EXPLORATION, Output},
    page,
    pipeline::{self, Hardware, PAIR_ROWS, Profiled, Way},
    plan::{self, Plan, Variant},
    progress,
    report::ResourceCounts,
    session::Session,
};
use atheena_dialects::{dataflow::Resources, ee::Exit, ir::Op};
use atheena_passes::{
    dataflow::balance_pipeline::designs::Design,
    ee::tune_thresholds::tuning::{self, Goal, Tuning},
};
use atheena_runtime::dataset::DataSet;
use melior::ir::Module;
use serde::Serialize;
use std::{
    path::Path,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// What `--json` prints: the exploration, and the time that the search for designs took.
#[derive(Serialize)]
struct Outcome<'a> {
    #[serde(flatten)]
    exploration: &'a Exploration,
    /// Of the search alone, without reading, quantising and profiling the network.
    seconds: f64,
}

/// Explores a network, and writes what came out into a directory.
pub fn run(args: &ExploreArgs) -> Result<(), Error> {
    let (exploration, took) = explore(args)?;
    let seconds = took.as_secs_f64();
    if args.json {
        print_json(&Outcome { exploration: &exploration, seconds });
    } else {
        print_table(args, &exploration, seconds);
    }
    Ok(())
}

/// A network of which all designs are looked at.
struct Candidate<'s> {
    curve: Curve,
    variants: Vec<Variant<'s>>,
}

fn explore(args: &ExploreArgs) -> Result<(Exploration, Duration), Error> {
    let Target { device, budget, clock_mhz } = args.target.find()?;
    let dsp_kind = device.dsp_kind.clone();
    let output = Output::create(&args.output, EXPLORATION)?;
    let spinner = progress::steps();
    let session = Session::new();

    let imported = model::load(&session, &args.model)?;
    check(args, &imported)?;
    let text = Op::of_module(&imported).to_text_with_locations();
    let network = |no_exits| -> Result<Module<'_>, Error> {
        let mut module = session.parse(&text, &args.model.to_string_lossy())?;
        let way = way(args, no_exits, model::is_float(model::function(&imported)));
        for step in pipeline::steps(&way) {
            spinner.set_message(step.pass);
            session.run(&mut module, &step.pipeline)?;
        }
        Ok(module)
    };

    let mut candidates = vec![];
    let mut accuracy_no_exits = None;
    let with_exits = network(false)?;
    if !Exit::all_in(model::function(&with_exits)).is_empty() {
        let name = |index: usize| if index == 0 { "e".to_owned() } else { format!("t{index}-") };
        let mut choices =
            vec![Tuned { late_fraction: args.target.late_fraction.clone(), ..Tuned::default() }];
        if let Some(data) = args.data.as_ref().or(args.calibration.as_ref()).filter(|_| args.tune) {
            spinner.set_message("choosing thresholds");
            let (tuning, tuned) = tuned(args, &session, &with_exits, data)?;
            accuracy_no_exits = tuning.no_exits.held_out.as_ref().map(|figures| figures.accuracy);
            choices = tuned;
        }
        let text = Op::of_module(&with_exits).to_text_with_locations();
        for (index, choice) in choices.into_iter().enumerate() {
            let mut module = session.parse(&text, EXPLORATION)?;
            choice.apply(args, &dsp_kind, &session, &mut module)?;
            let late_fraction = choice.late_fraction.clone();
            let curve = Curve {
                name: name(index),
                exits: true,
                thresholds: choice.thresholds,
                late_fraction,
                accuracy: choice.accuracy,
                reach_last: 1.0,
                complete: true,
            };
            candidates.push(candidate(&session, module, args, &dsp_kind, curve)?);
        }
    }
    let without = network(true)?;
    let curve = Curve {
        name: "n".into(),
        exits: false,
        thresholds: None,
        late_fraction: None,
        accuracy: accuracy_no_exits,
        reach_last: 1.0,
        complete: true,
    };
    candidates.push(candidate(&session, without, args, &dsp_kind, curve)?);

    spinner.set_message("looking at all designs");
    let started = Instant::now();
    let found = search(&candidates, budget)?;
    let took = started.elapsed();
    if found.iter().all(Vec::is_empty) {
        let smallest = candidates.last().ok_or(Error::Internal("there is no network to explore"))?;
        return Err(plan::does_not_fit(&session, &smallest.variants[0].module, budget)?);
    }

    let quantization =
        args.quantize.options().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let mut exploration = Exploration {
        network: name_of(&with_exits),
        device: device.name,
        clock_mhz,
        budget: budget.into(),
        quantization,
        curves: vec![],
        points: vec![],
    };
    for (Candidate { curve, .. }, designs) in candidates.into_iter().zip(found) {
        let points = designs.into_iter().enumerate();
        exploration.points.extend(points.map(|(index, built)| point(&curve, index + 1, built, clock_mhz)));
        exploration.curves.push(curve);
    }
    output.write(EXPLORATION, exploration.to_json())?;
    output.write("explore.csv", exploration.to_csv())?;
    output.write("explore.html", page::exploration(&exploration)?)?;
    output.finish()?;
    spinner.finish_and_clear();
    Ok((exploration, took))
}

/// Fails where the samples don't fit the network.
fn check(args: &ExploreArgs, module: &Module<'_>) -> Result<(), Error> {
    let function = model::function(module);
    match &args.calibration {
        Some(path) => model::check_images(function, &DataSet::read_images(path)?, path),
        None if model::is_float(function) => Err(Error::NoCalibration(args.model.clone())),
        None if args.tune && args.data.is_none() => {
            Err(Error::Usage("--tune needs labelled samples\n  note: give them with --data X.npz".into()))
        }
        None => Ok(()),
    }
}

/// The way to an integer network.
fn way(args: &ExploreArgs, no_exits: bool, float: bool) -> Way<'_> {
    Way {
        no_exits,
        calibration: args.calibration.as_deref().filter(|_| float),
        thresholds: args.thresholds.clone().filter(|_| !no_exits),
        quantize: args.quantize.clone(),
        ..Way::default()
    }
}

/// Thresholds, and how many samples go on with them.
#[derive(Default)]
struct Tuned {
    thresholds: Option<String>,
    late_fraction: Option<String>,
    accuracy: Option<f64>,
}

impl Tuned {
    /// Gives an integer network the thresholds and its exits a profile.
    fn apply(
        &self,
        args: &ExploreArgs,
        dsp_kind: &str,
        session: &Session,
        module: &mut Module<'_>,
    ) -> Result<(), Error> {
        let profile = match (&args.profile, &args.calibration) {
            (Some(path), _) => {
                let counts = Counts::read(path)?;
                counts.check_network(model::function(module), path)?;
                Profiled::Counts(counts.text())
            }
            // One fraction for all exits is spread over them as they are profiled; chosen thresholds have been counted.
            (None, Some(calibration)) if self.thresholds.is_none() => Profiled::Data(calibration),
            _ => Profiled::No,
        };
        let late_fraction = self.late_fraction.clone();
        let hardware = Some(Hardware { late_fraction, dsp_kind: dsp_kind.to_owned(), ..Hardware::default() });
        let way = Way { thresholds: self.thresholds.clone(), profile, hardware, ..Way::default() };
        let steps = pipeline::steps(&way);
        for step in steps.iter().take_while(|step| step.pass != PAIR_ROWS) {
            // The layers are folded already.
            if !step.pass.starts_with("ee-fold") {
                session.run(module, &step.pipeline)?;
            }
        }
        Ok(())
    }
}

/// Some thresholds from those of few products to those of high accuracy.
fn tuned(
    args: &ExploreArgs,
    session: &Session,
    module: &Module<'_>,
    data: &Path,
) -> Result<(Tuning, Vec<Tuned>), Error> {
    let function = model::function(module);
    let samples = DataSet::read(data)?;
    model::check_images(function, &samples, data)?;
    model::check_labels(function, &samples, data)?;
    let mut verdicts = evaluate::verdicts(session, function, &samples, 0..samples.len(), &|_| ())?;
    let decisions = evaluate::decisions(session, function)?;
    let goal = Goal { max_accuracy_drop: args.max_accuracy_drop, drop_confidence: 0.5, holdout: 0.5 };
    let tuning = tuning::tune(function, &decisions, &samples, &verdicts, goal)
        .map_err(|problem| Error::Tune(args.model.clone(), problem))?;
    let least = tuning.no_exits.tuning.accuracy - args.max_accuracy_drop / 100.0 - 1e-9;
    let good: Vec<_> = tuning.frontier.iter().filter(|point| point.tuning.accuracy >= least).collect();
    let choices = usize::from(args.choices);
    // The first and the last, and others evenly between.
    let mut places: Vec<usize> =
        (0..choices).map(|i| i * good.len().saturating_sub(1) / (choices - 1).max(1)).collect();
    places.dedup();
    let mut variants = vec![];
    for point in
        [&tuning.given].into_iter().chain(places.iter().filter_map(|&place| good.get(place).copied()))
    {
        tuning::decide(&decisions, &point.thresholds, &mut verdicts);
        let counts = Counts::of(function, &samples, 0..samples.len(), &verdicts);
        let each = tuning.exits.iter().zip(&point.thresholds);
        let thresholds = each.map(|(exit, threshold)| format!("{exit}={threshold}")).collect::<Vec<_>>();
        let goes_on = counts.exits.iter().map(|exit| {
            let (taken, of) = (exit.classifier.taken, exit.classifier.of);
            format!("{}={}", exit.name, (of - taken) as f64 / of.max(1) as f64)
        });
        variants.push(Tuned {
            thresholds: Some(thresholds.join(",")),
            late_fraction: Some(goes_on.collect::<Vec<_>>().join(",")),
            accuracy: point.held_out.as_ref().map(|figures| figures.accuracy),
        });
    }
    Ok((tuning, variants))
}

/// The designs of a network; one that is no graph of actors yet becomes one.
fn candidate<'s>(
    session: &'s Session,
    mut module: Module<'s>,
    args: &ExploreArgs,
    dsp_kind: &str,
    curve: Curve,
) -> Result<Candidate<'s>, Error> {
    if plan::graph(&module).is_err() {
        let convert = format!("convert-ee-to-dataflow{{dsp={dsp_kind}}}");
        let pipeline = format!("builtin.module({convert},dataflow.graph(dataflow-narrow-multipliers))");
        session.run(&mut module, &pipeline)?;
    }
    let graph = plan::graph(&module)?;
    let reach = graph.actors().iter().map(|actor| actor.reach()).fold(1.0, f64::min);
    let variants = plan::variants(session, &module, args.row_pairs)?;
    let complete = variants.iter().all(|variant| variant.designs.is_whole());
    Ok(Candidate { curve: Curve { reach_last: reach, complete, ..curve }, variants })
}

/// The designs on the curves of all candidates, which are looked for at once; those of a curve that is there are built meanwhile.
fn search(candidates: &[Candidate<'_>], budget: Resources) -> Result<Vec<Vec<Built>>, Error> {
    // Of each candidate, by variant: curves come in any order.
    let each = |candidate: &Candidate<'_>| candidate.variants.iter().map(|_| vec![]).collect();
    let mut found: Vec<Vec<Vec<Built>>> = candidates.iter().map(each).collect();
    thread::scope(|scope| {
        let (sender, curves) = mpsc::channel();
        for (index, candidate) in candidates.iter().enumerate() {
            for (variant, Variant { designs, most_cycles, .. }) in candidate.variants.iter().enumerate() {
                let sender = sender.clone();
                let curve = move || designs.curve(budget, plan::USUAL, *most_cycles);
                // Nobody receives it where another curve can't be built.
                scope.spawn(move || sender.send(((index, variant), curve())).ok());
            }
        }
        drop(sender);
        for ((index, variant), designs) in curves {
            found[index][variant] = built(&candidates[index].variants[variant], designs, budget)?;
        }
        Ok(found.into_iter().map(best).collect())
    })
}

/// A design with all of its buffers.
struct Built {
    row_pairs: bool,
    design: Design,
    resources: Resources,
    /// The largest share of a kind.
    share: f64,
}

/// The designs with their buffers: those that fit a budget, the slowest first.
fn built(variant: &Variant<'_>, designs: Vec<Design>, budget: Resources) -> Result<Vec<Built>, Error> {
    let graph = plan::graph(&variant.module)?;
    let build = |design| {
        let plan = Plan::of(variant.row_pairs, design);
        let resources =
            plan.resources(graph).ok_or(Error::Internal("a design that was found can't be built"))?;
        let share = plan::largest_share(resources, budget);
        Ok(Built { row_pairs: variant.row_pairs, design: plan.design, resources, share })
    };
    let mut built = designs.into_iter().map(build).collect::<Result<Vec<_>, Error>>()?;
    built.retain(|built| built.resources.within(budget));
    Ok(built)
}

/// Of the designs on the curves of a network's variants those of which none is as fast with a smaller share, the slowest first. What was proved of each curve
/// bounds all of them.
fn best(curves: Vec<Vec<Built>>) -> Vec<Built> {
    let bounds: Vec<Vec<(f64, f64)>> = curves
        .iter()
        .map(|curve| curve.iter().map(|built| (built.design.cycles, built.design.bound)).collect())
        .collect();
    let mut all = plan::pareto(curves.into_iter().flatten().collect(), |built: &Built| {
        (built.design.cycles, built.share)
    });
    for Built { design: Design { cycles, bound, .. }, .. } in &mut all {
        // The slowest point of a curve that is as fast.
        let as_fast = |curve: &Vec<(f64, f64)>| curve.iter().find(|point| point.0 <= *cycles).map(|p| p.1);
        *bound = bounds.iter().filter_map(as_fast).fold(*bound, f64::min);
    }
    all
}

fn point(curve: &Curve, number: usize, built: Built, clock_mhz: f64) -> Point {
    let Built { row_pairs, design, resources, share } = built;
    let Design { foldings, cycles, bound, bottleneck, .. } = design;
    // Below this it is rounding.
    let gap = if share - bound < 1e-8 { 0.0 } else { share - bound };
    Point {
        id: format!("{}{number}", curve.name),
        curve: curve.name.clone(),
        exits: curve.exits,
        cycles,
        samples_per_s: clock_mhz * 1e6 / cycles,
        share,
        bound: if gap == 0.0 { share } else { bound },
        gap,
        resources: resources.into(),
        bottleneck,
        margin: plan::USUAL.margin,
        row_pairs,
        foldings: foldings.into_iter().map(|(actor, folding)| (actor, folding.to_string())).collect(),
    }
}

fn name_of(module: &Module<'_>) -> String {
    model::function(module).symbol().unwrap_or_default()
}

fn print_table(args: &ExploreArgs, exploration: &Exploration, seconds: f64) {
    out!(
        "{:<8}{:>12}{:>12}{:>8}{:>9}{:>9}{:>6}{:>8}  slowest",
        "point",
        "samples/s",
        "cycles",
        "share",
        "LUT",
        "FF",
        "DSP",
        "BRAM18"
    );
    for curve in &exploration.curves {
        let thresholds =
            curve.thresholds.as_ref().map_or_else(String::new, |text| format!(", thresholds {text}"));
        let accuracy =
            curve.accuracy.map_or_else(String::new, |part| format!(", accuracy {:.2} %", 100.0 * part));
        let exits = match curve.exits {
            true => format!("with exits, {:.1} % to the end", 100.0 * curve.reach_last),
            false => "without exits".to_owned(),
        };
        out!("{exits}{thresholds}{accuracy}");
        for point in exploration.points_of(curve) {
            let ResourceCounts { lut, ff, dsp, bram18 } = point.resources;
            out!(
                "{:<8}{:>12.0}{:>12.1}{:>7.1}%{lut:>9}{ff:>9}{dsp:>6}{bram18:>8}  {}",
                point.id,
                point.samples_per_s,
                point.cycles,
                100.0 * point.share,
                point.bottleneck
            );
        }
    }
    let open = exploration.points.iter().filter(|point| point.gap > 0.0).count();
    let proved = if open == 0 { "all proved optimal".into() } else { format!("{open} without a proof") };
    out!("{} designs, {proved}, in {seconds:.2} s", exploration.points.len());
    out!("files                {}", args.output.display());
    out!("compile one of them  --point {}/{EXPLORATION}#ID", args.output.display());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(row_pairs: bool, (cycles, share, bound): (f64, f64, f64)) -> Built {
        let design = Design {
            foldings: vec![],
            places: vec![],
            room: plan::USUAL,
            cycles_each: vec![],
            cycles,
            cycles_bound: cycles,
            share,
            bound,
            resources: Resources::default(),
            bottleneck: String::new(),
        };
        Built { row_pairs, design, resources: Resources::default(), share }
    }

    /// The best of both, of equal ones the first curve's; a bound is that of the other curve's slowest design that is as fast, where that is lower.
    #[test]
    fn curves_of_variants_become_one() {
        let rows = [(100.0, 0.1, 0.1), (50.0, 0.3, 0.3), (20.0, 0.5, 0.5)].map(|point| built(false, point));
        let pairs = [(60.0, 0.2, 0.18), (50.0, 0.3, 0.25), (10.0, 0.7, 0.7)].map(|point| built(true, point));
        let both = best(vec![rows.into(), pairs.into()]);
        let points: Vec<_> =
            both.iter().map(|built| (built.design.cycles, built.row_pairs, built.design.bound)).collect();
        assert_eq!(
            points,
            [
                (100.0, false, 0.1),
                (60.0, true, 0.18),
                (50.0, false, 0.25),
                (20.0, false, 0.5),
                (10.0, true, 0.7)
            ]
        );
    }
}
