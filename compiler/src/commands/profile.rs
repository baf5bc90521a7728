//! `atheena profile`: accuracy, and how many samples leave at each exit.

use super::{percent, print_json};
use crate::{
    cli::ProfileArgs,
    error::Error,
    evaluate::Evaluator,
    model,
    output::write_file,
    pipeline::{self, Way},
    progress,
    session::Session,
};
use atheena_dialects::ee::Exit;
use atheena_runtime::dataset::DataSet;
use serde::Serialize;
use std::time::Instant;

/// Counts of a data set or of a part of it: all of them add up.
#[derive(Debug, Serialize)]
struct Counts {
    samples: usize,
    correct: usize,
    exits: Vec<ExitCounts>,
}

#[derive(Debug, Serialize)]
struct ExitCounts {
    name: String,
    threshold: Option<f64>,
    taken: usize,
    of: usize,
    /// Of those that left here.
    correct: usize,
}

#[derive(Debug, Serialize)]
struct Outcome<'a> {
    accuracy: f64,
    #[serde(flatten)]
    counts: &'a Counts,
    samples_per_s: f64,
    seconds: f64,
}

/// Runs a network on a data set.
pub fn run(args: &ProfileArgs) -> Result<(), Error> {
    let session = Session::new();
    let mut module = model::load(&session, &args.model)?;
    let data = DataSet::read(&args.data)?;
    if !data.has_labels() {
        return Err(Error::NoLabels(args.data.clone()));
    }
    model::check_images(model::function(&module), &data, &args.data)?;
    let spinner = progress::steps();
    let way = Way { no_exits: false, calibration: args.calibration.as_deref(), hardware: None };
    for step in pipeline::steps(&way).into_iter().filter(|step| step.pass != "ee-profile-exits") {
        spinner.set_message(step.pass);
        session.run(&mut module, &step.pipeline)?;
    }
    spinner.finish_and_clear();

    let function = model::function(&module);
    let evaluator = Evaluator::new(&session, function)?;
    let (i, n) = args.shard.unwrap_or((1, 1));
    // Parts that differ by at most one sample, and together are all.
    let range = data.len() * (i - 1) / n..data.len() * i / n;
    let bar = progress::samples(range.len(), "images");
    let started = Instant::now();
    let answers = evaluator.run(&data, range.clone(), &|done| bar.set_position(done as u64))?;
    let seconds = started.elapsed().as_secs_f64();
    bar.finish_and_clear();

    let exits = Exit::all_in(function);
    let mut counts = Counts { samples: answers.len(), correct: 0, exits: vec![] };
    let mut of = answers.len();
    for index in 0..=exits.len() {
        let here = || answers.iter().zip(range.clone()).filter(|(a, _)| a.exit == index);
        let taken = here().count();
        let correct = here().filter(|(a, i)| data.label(*i) == Some(a.prediction)).count();
        counts.correct += correct;
        // Everything that comes to the last classifier leaves there: it is no exit.
        if let Some(exit) = exits.get(index) {
            let (name, threshold) = (exit.label(), Some(exit.confidence().threshold));
            counts.exits.push(ExitCounts { name, threshold, taken, of, correct });
        }
        of -= taken;
    }
    if let Some(path) = &args.output {
        let text = serde_json::to_string_pretty(&counts).expect("counts hold nothing that JSON can't");
        write_file(path, text + "\n")?;
    }
    if args.json {
        let accuracy = counts.correct as f64 / counts.samples.max(1) as f64;
        let samples_per_s = counts.samples as f64 / seconds.max(1e-9);
        print_json(&Outcome { accuracy, counts: &counts, samples_per_s, seconds });
        return Ok(());
    }
    println!("images               {}", counts.samples);
    println!("accuracy             {}", percent(counts.correct, counts.samples));
    for exit in &counts.exits {
        let (part, right) = (percent(exit.taken, exit.of), percent(exit.correct, exit.taken));
        println!("left at {:<12} {} of {} ({part}), {right} of them right", exit.name, exit.taken, exit.of);
    }
    println!("golden model         {:.0} images/s", counts.samples as f64 / seconds.max(1e-9));
    Ok(())
}
