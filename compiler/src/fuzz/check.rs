//! Runs a case: compiles its network, runs golden model and hardware, compares every bit.

use super::{case::Case, shrink::remove_option};
use crate::{
    cli::{Cli, Command},
    commands::{compile, simulate::agree},
    error::Error,
    evaluate::Evaluator,
    report::Report,
    session::Session,
};
use atheena_dialects::{ee::Exit, ir::Op};
use atheena_runtime::simulate::{SimError, SimOptions, Simulation};
use clap::Parser;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, path::Path};

/// What a case showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Golden model and hardware agree in every bit.
    Passed(Counts),
    /// The compiler refuses the network for a reason that its documents state.
    Skipped(String),
    /// A defect.
    Failed(Failure),
}

/// What ran.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Samples.
    pub samples: usize,
    /// Exits by the kind of their confidence.
    pub exits: BTreeMap<String, usize>,
    /// Samples that left at an exit that is not the last classifier.
    pub early: usize,
    /// Exits at which some samples left and some went on.
    pub both_ways: usize,
}

/// A defect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind.
    pub kind: Kind,
    /// What was seen.
    pub message: String,
}

/// The kinds of defects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Hardware and golden model differ.
    Mismatch,
    /// The hardware stands still, or breaks its protocol.
    Hardware,
    /// The compiler or a tool refuses a network that it should take.
    Error,
    /// The compiler dies.
    Crash,
    /// The compiler or the simulation does not end.
    Timeout,
}

impl Failure {
    /// Do two failures look like one defect? Names and numbers may differ.
    pub fn resembles(&self, other: &Failure) -> bool {
        self.kind == other.kind
            && (!matches!(self.kind, Kind::Error | Kind::Crash)
                || words(&self.message) == words(&other.message))
    }
}

/// The words of a message's first line that are not names of layers, places or numbers.
fn words(message: &str) -> Vec<&str> {
    let line = message.lines().next().unwrap_or_default();
    let plain = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || "',.".contains(c));
    line.split_whitespace().filter(plain).collect()
}

/// What messages of documented limitations say.
const LIMITATIONS: [&str; 1] = ["is zero everywhere for all calibration samples"];

/// What messages say of options that a network does not fit, and these options.
const BLIND: [(&str, &str); 2] =
    [("does not fit its budget", "--budget"), ("--row-pairs always: ", "--row-pairs")];

/// Runs a case in a directory of its own.
pub fn run(case: &Case, directory: &Path) -> Outcome {
    match attempt(case, directory) {
        Ok(counts) => Outcome::Passed(counts),
        Err(Error::Mismatch { mismatches, samples, first }) => Outcome::Failed(Failure {
            kind: Kind::Mismatch,
            message: format!("{mismatches} of {samples} samples differ; {first}"),
        }),
        Err(Error::Simulate(error @ (SimError::Deadlock { .. } | SimError::Violation { .. }))) => {
            Outcome::Failed(Failure { kind: Kind::Hardware, message: error.to_string() })
        }
        Err(error) => {
            let message = error.to_string();
            match LIMITATIONS.iter().any(|known| message.contains(known)) {
                true => Outcome::Skipped(message),
                false => Outcome::Failed(Failure { kind: Kind::Error, message }),
            }
        }
    }
}

fn attempt(case: &Case, directory: &Path) -> Result<Counts, Error> {
    let write = |name: &str, text: String| {
        let path = directory.join(name);
        fs::write(&path, text).map_err(|source| Error::Read { path: path.clone(), source }).map(|()| path)
    };
    let model = write("network.eenet", case.network.to_string())?;
    let [calibration, data] = case.data();
    let samples = directory.join("calibration.npz");
    calibration.write(&samples)?;
    let output = directory.join("out");
    let compile = |options: &[String]| {
        let mut words = vec!["atheena".into(), "compile".into(), model.clone().into_os_string()];
        words.extend(["--calibration".into(), samples.clone().into()]);
        words.extend(["-o".into(), output.clone().into()]);
        words.extend(options.iter().map(Into::into));
        let parsed = Cli::try_parse_from(words).map_err(|error| Error::Usage(error.to_string()))?;
        match parsed.command {
            Command::Compile(args) => compile::compile(&args).map(drop),
            _ => Err(Error::Internal("compile was parsed as another command")),
        }
    };
    // Some options are drawn without a look at the network.
    let mut options = case.settings.compile.clone();
    while let Err(error) = compile(&options) {
        let message = error.to_string();
        let blind =
            BLIND.iter().find(|(text, option)| message.contains(text) && options.iter().any(|o| o == option));
        let Some((_, option)) = blind else { return Err(error) };
        remove_option(&mut options, option);
    }

    let report = Report::read(&output)?;
    let session = Session::new();
    let golden = output.join(&report.golden);
    let text = fs::read_to_string(&golden).map_err(|source| Error::Read { path: golden.clone(), source })?;
    let module = session.parse(&text, &golden.to_string_lossy())?;
    let function = Session::function(&module).ok_or_else(|| Error::NoFunction(golden.clone(), 0))?;
    let answers = Evaluator::new(&session, function)?.run(&data, 0..data.len(), &|_| ())?;

    let mut simulation = Simulation::open(&output)?;
    let images: Vec<_> = (0..data.len()).map(|i| data.image(i)).collect();
    // As fast as it goes, and with all that makes it stumble.
    for options in [SimOptions::default(), case.rough()] {
        let result = simulation.run(&images, &options, &mut |_| ())?;
        let outputs = result.by_sample();
        let mut differences = outputs.iter().zip(&answers).filter(|(output, answer)| !agree(output, answer));
        if let Some((output, answer)) = differences.next() {
            return Err(Error::Mismatch {
                mismatches: 1 + differences.count(),
                samples: outputs.len(),
                first: format!(
                    "sample {} gave {:?} at exit {}, expected {:?} at exit {}",
                    output.sample, output.logits, output.exit, answer.logits, answer.exit
                ),
            });
        }
    }

    let mut counts = Counts { samples: answers.len(), ..Counts::default() };
    let mut of = answers.len();
    for (index, exit) in Exit::all_in(Op::of_module(&module)).into_iter().enumerate() {
        *counts.exits.entry(exit.confidence().kind.name().to_owned()).or_default() += 1;
        let taken = answers.iter().filter(|answer| answer.exit == index).count();
        counts.early += taken;
        counts.both_ways += usize::from(0 < taken && taken < of);
        of -= taken;
    }
    Ok(counts)
}
