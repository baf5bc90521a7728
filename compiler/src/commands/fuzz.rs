//! `atheena fuzz`: random networks from text to simulated hardware, against the golden model.

use super::print_json;
use crate::{
    cli::FuzzArgs,
    eenet,
    error::Error,
    fuzz::{
        Case,
        check::{self, Counts, Failure, Outcome},
        draw, shrink, worker,
    },
    output::write_file,
    progress,
    random::SplitMix64,
};
use serde::Serialize;
use std::{fs, path::Path, path::PathBuf, time::Instant};

/// What all cases showed.
#[derive(Debug, Default, Serialize)]
struct Summary {
    networks: usize,
    skipped: usize,
    failures: Vec<Kept>,
    #[serde(flatten)]
    counts: Counts,
    mismatches: usize,
    seconds: f64,
}

/// A failure that was made small.
#[derive(Debug, Serialize)]
struct Kept {
    #[serde(flatten)]
    failure: Failure,
    file: PathBuf,
    command: String,
}

/// Draws cases and runs them, or runs the case of a file.
pub fn run(args: &FuzzArgs) -> Result<(), Error> {
    match &args.replay {
        Some(file) => replay(file, args),
        None => search(args),
    }
}

/// Runs the case of a file, in this process.
fn replay(file: &Path, args: &FuzzArgs) -> Result<(), Error> {
    let text = fs::read_to_string(file).map_err(|source| Error::Read { path: file.into(), source })?;
    let case =
        Case::parse(&text).map_err(|problem| eenet::Error::new(&file.to_string_lossy(), &text, problem))?;
    let folder = tempfile::tempdir().map_err(|source| Error::Read { path: std::env::temp_dir(), source })?;
    let outcome = check::run(&case, folder.path());
    if args.json {
        print_json(&outcome);
    }
    match outcome {
        Outcome::Failed(_) if args.json => Err(Error::Fuzz("the network fails".into())),
        Outcome::Failed(failure) => Err(Error::Fuzz(failure.message)),
        Outcome::Skipped(why) if !args.json => {
            out!("skipped: {why}");
            Ok(())
        }
        Outcome::Passed(counts) if !args.json => {
            out!("{} samples agree, {} of them at early exits", counts.samples, counts.early);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Draws cases and runs them; makes failures small.
fn search(args: &FuzzArgs) -> Result<(), Error> {
    let started = Instant::now();
    let bar = progress::networks(args.count);
    let mut seeds = SplitMix64::new(args.seed);
    let cases: Vec<_> = (0..args.count).map(|_| draw::case(seeds.next())).collect();
    let outcomes = worker::parallel(cases.len(), |index| {
        let outcome = worker::run(&cases[index]);
        bar.inc(1);
        outcome
    });
    bar.finish_and_clear();

    let mut summary = Summary { networks: cases.len(), ..Summary::default() };
    for (index, outcome) in outcomes.into_iter().enumerate() {
        match outcome? {
            Outcome::Passed(counts) => summary.counts.add(&counts),
            Outcome::Skipped(why) => {
                summary.skipped += 1;
                eprintln!("network {index} skipped: {why}");
            }
            Outcome::Failed(failure) => {
                summary.mismatches += usize::from(failure.kind == check::Kind::Mismatch);
                eprintln!("network {index} fails, and is made small: {}", failure.message);
                summary.failures.push(keep(args, index, &cases[index], &failure)?);
            }
        }
    }
    summary.seconds = started.elapsed().as_secs_f64();
    if args.json {
        print_json(&summary);
    } else {
        out!("{}", summary.line());
    }
    match summary.failures.first() {
        None => Ok(()),
        Some(first) => Err(Error::Fuzz(format!(
            "{} of {} networks fail; the first: {}; run it again with: {}",
            summary.failures.len(),
            summary.networks,
            first.failure.message.lines().next().unwrap_or_default(),
            first.command
        ))),
    }
}

/// Makes a failing case small and writes it.
fn keep(args: &FuzzArgs, index: usize, case: &Case, failure: &Failure) -> Result<Kept, Error> {
    let same = |case: &Case| match worker::run(case) {
        Ok(Outcome::Failed(found)) => found.resembles(failure),
        _ => false,
    };
    let small = shrink::shrink(case.clone(), |cases| worker::parallel(cases.len(), |i| same(&cases[i])));
    let failure = match worker::run(&small)? {
        Outcome::Failed(failure) => failure,
        _ => failure.clone(),
    };
    let file = args.output.join(format!("seed{}-network{index}.eenet", args.seed));
    fs::create_dir_all(&args.output).map_err(|source| Error::Read { path: args.output.clone(), source })?;
    write_file(&file, small.to_string())?;
    Ok(Kept { command: worker::command(&file), file, failure })
}

impl Counts {
    fn add(&mut self, other: &Counts) {
        self.samples += other.samples;
        self.early += other.early;
        self.both_ways += other.both_ways;
        for (kind, count) in &other.exits {
            *self.exits.entry(kind.clone()).or_default() += count;
        }
    }
}

impl Summary {
    fn line(&self) -> String {
        let kinds: Vec<_> = self.counts.exits.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        format!(
            "{} networks, {} samples ({} left early), exits: {} ({} taken both ways), {} skipped, {} failures, {} mismatches",
            self.networks,
            self.counts.samples,
            self.counts.early,
            if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") },
            self.counts.both_ways,
            self.skipped,
            self.failures.len(),
            self.mismatches
        )
    }
}
