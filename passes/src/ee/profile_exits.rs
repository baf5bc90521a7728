//! `ee-profile-exits`: runs a data set through the golden model, and counts who leaves at each exit.
//!
//! Requires: a network that `convert-ee-to-scf` can convert, with nested exits; images of its argument's shape.
//! Ensures: each exit has a profile of all samples that were run.
//!
//!     ee.exit "exit1" on … when #ee.max_softmax<…>
//! becomes
//!     ee.exit "exit1" on … when #ee.max_softmax<…> profile <taken = 7500, of = 10000>
//!
//! Of an exit behind another one, `of` counts the samples that the other one did not take.

use crate::golden;
use atheena_dialects::{
    ee::{Exit, Profile},
    ir::{Failure, Op},
    pass::Pass,
};
use atheena_runtime::dataset::DataSet;

/// The pass.
pub struct ProfileExits;

atheena_dialects::pass_options! {
    /// Options of `ee-profile-exits`.
    pub struct Options {
        /// The data set: an npz file with `images`, uint8 [N, H, W, C].
        pub data: String = String::new(),
        /// Counts in place of data, of samples that left of those that came: exit1=7500/10000,exit2=40/2500.
        pub counts: String = String::new(),
        /// How many of its samples to run, from the first on; 0 for all.
        pub samples: i64 = 0,
        /// How many threads run samples.
        pub threads: i64 = 2,
    }
}

impl Pass for ProfileExits {
    const FLAG: &'static str = "ee-profile-exits";
    const SUMMARY: &'static str = "Count the samples of a data set that leave at each exit";
    const ANCHOR: &'static str = "func.func";
    type Options = Options;

    fn run(function: Op<'_>, options: &Options) -> Result<(), Failure> {
        if !options.counts.is_empty() {
            let exits = Exit::all_in(function);
            let profiles = parse(&options.counts, &exits).map_err(|problem| {
                let cure = "count all exits, in their order: exit1=7500/10000,exit2=40/2500";
                function.error(format_args!("cannot take counts: {problem}"), &[cure])
            })?;
            exits.iter().zip(profiles).for_each(|(exit, profile)| exit.set_profile(profile));
            exits.into_iter().for_each(warn_if_useless);
            return Ok(());
        }
        if options.data.is_empty() {
            let cure = "name an npz file: ee-profile-exits{data=images.npz}";
            return Err(function.error("cannot be profiled without data", &[cure]));
        }
        let data = DataSet::read_images(&options.data).map_err(|error| function.error(error, &[]))?;
        let samples = samples(options.samples, &data).map_err(|problem| function.error(problem, &[]))?;
        let threads = usize::try_from(options.threads).unwrap_or(0).max(1);
        golden::profile_exits(function, &data, 0..samples, threads, |_| ())?;
        Exit::all_in(function).into_iter().for_each(warn_if_useless);
        Ok(())
    }
}

/// How many samples to run.
fn samples(wanted: i64, data: &DataSet) -> Result<usize, String> {
    match usize::try_from(wanted) {
        Ok(0) => Ok(data.len()),
        Ok(wanted) if wanted <= data.len() => Ok(wanted),
        _ => Err(format!("cannot be profiled with {wanted} samples: the data set has {}", data.len())),
    }
}

/// Warns of an exit that no sample takes, or every sample that comes to it.
fn warn_if_useless(exit: Exit<'_>) {
    let Some(Profile { taken, of }) = exit.profile() else { return };
    let (what, cure) = match taken {
        _ if of == 0 => {
            ("no sample comes to it", "the exits before it take every sample: make them stricter")
        }
        0 => ("no sample leaves there", "make it less strict, or compile the network without it"),
        _ if taken == of => {
            ("every sample that comes leaves there", "make it stricter, or leave out the layers behind it")
        }
        _ => return,
    };
    let threshold = exit.confidence().threshold;
    let message = format!("exit {:?} is useless with its threshold {threshold}: {what}", exit.label());
    exit.0
        .loc()
        .warning(message, &[cure, "ee-set-thresholds sets thresholds, ee-tune-thresholds finds some"]);
}

/// The profiles of all exits, from the option.
fn parse(text: &str, exits: &[Exit<'_>]) -> Result<Vec<Profile>, String> {
    let parts: Vec<_> = text.split(',').collect();
    if parts.len() != exits.len() {
        return Err(format!("{} exits are counted, and there are {}", parts.len(), exits.len()));
    }
    let mut before: Option<Profile> = None;
    let mut profiles = vec![];
    for (part, exit) in parts.into_iter().zip(exits) {
        let wrong = || format!("`{part}` is no count of the exit `{}`", exit.label());
        let (taken, of) = part
            .rsplit_once('=')
            .filter(|(name, _)| *name == exit.label())
            .and_then(|(_, counts)| counts.split_once('/'))
            .ok_or_else(wrong)?;
        let (Ok(taken), Ok(of)) = (taken.parse::<i64>(), of.parse::<i64>()) else { return Err(wrong()) };
        let come = before.is_none_or(|before| before.of - before.taken == of);
        if !(0 <= taken && taken <= of && come) {
            return Err(format!("`{part}` does not add up"));
        }
        before = Some(Profile { taken, of });
        profiles.extend(before);
    }
    Ok(profiles)
}
