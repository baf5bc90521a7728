//! `ee-set-thresholds`: gives exits other thresholds.
//!
//! Requires: behind `ee-quantize`, its `ee.logits_scale` on each exit.
//! Ensures: the exits that are named have the thresholds that are given, and the integer form of their conditions is those
//! thresholds'; their profiles, which were counted with the old ones, are gone.
//!
//!     ee.exit "exit1" on … when #ee.max_softmax<threshold = 0.5>
//! becomes, with exit1=0.9,
//!     ee.exit "exit1" on … when #ee.max_softmax<threshold = 0.9>

use atheena_dialects::{
    ee::Exit,
    ir::{Failure, Op},
    pass::Pass,
};

/// The pass.
pub struct SetThresholds;

atheena_dialects::pass_options! {
    /// Options of `ee-set-thresholds`.
    pub struct Options {
        /// One threshold for all exits, or one for each that is named: exit1=0.9,exit2=0.8.
        pub thresholds: String = String::new(),
    }
}

impl Pass for SetThresholds {
    const FLAG: &'static str = "ee-set-thresholds";
    const SUMMARY: &'static str = "Give exits other thresholds";
    const ANCHOR: &'static str = "func.func";
    type Options = Options;

    fn run(function: Op<'_>, options: &Options) -> Result<(), Failure> {
        let exits = Exit::all_in(function);
        let labels: Vec<_> = exits.iter().map(|exit| exit.label()).collect();
        let given = parse(&options.thresholds, &labels).map_err(|problem| {
            let cure = "write one number for all exits, or exit1=0.9,exit2=0.8";
            function.error(format_args!("can't get thresholds: {problem}"), &[cure])
        })?;
        for (exit, threshold) in exits.into_iter().zip(given) {
            if let Some(threshold) = threshold {
                exit.set_threshold(threshold)?;
            }
            // Another exit's threshold changes who comes to this one.
            exit.0.remove_attr("profile");
        }
        Ok(())
    }
}

/// The threshold of each exit that has one.
fn parse(text: &str, labels: &[String]) -> Result<Vec<Option<f64>>, String> {
    let known = if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
    let number = |text: &str| {
        let value = text.trim().parse::<f64>().ok().filter(|value| value.is_finite());
        value.ok_or_else(|| format!("`{}` is no number", text.trim()))
    };
    if !text.contains('=') {
        let threshold = number(text)?;
        return if labels.is_empty() {
            Err("there are no exits".into())
        } else {
            Ok(vec![Some(threshold); labels.len()])
        };
    }
    let mut given = vec![None; labels.len()];
    for part in text.split(',') {
        let (name, value) = part.split_once('=').ok_or_else(|| format!("`{part}` has no `=`"))?;
        let Some(index) = labels.iter().position(|label| label == name.trim()) else {
            return Err(format!("there is no exit `{}`; the exits are: {known}", name.trim()));
        };
        if given[index].replace(number(value)?).is_some() {
            return Err(format!("`{}` has two", name.trim()));
        }
    }
    Ok(given)
}
