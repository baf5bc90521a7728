//! What `atheena profile` counts: a file of whole numbers, so that those of parts of a data set add up to those of
//! the whole, byte for byte.

use crate::output::{OutputError, write_file};
use atheena_dialects::{ee::Exit, ir::Op};
use atheena_passes::classifiers::Verdict;
use atheena_runtime::dataset::DataSet;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

/// Counts of a data set or of parts of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// The network.
    pub network: Identity,
    /// The data set.
    pub data: Identity,
    /// Samples of the whole data set.
    pub data_samples: usize,
    /// The samples that were run, as ranges `[from, to)` of the data set: sorted, apart from one another.
    pub ranges: Vec<[usize; 2]>,
    /// How many samples that is.
    pub samples: usize,
    /// Samples that the network with its exits classifies as their labels say.
    pub correct: usize,
    /// The exits, in order.
    pub exits: Vec<ExitCounts>,
    /// The last classifier.
    pub last: ClassifierCounts,
}

/// What tells that two files are of the same network or data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The network's name; a data set has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// SHA-256 of the network's IR, without its profiles and places, or of shape, images and labels.
    pub sha256: String,
}

/// A classifier.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassifierCounts {
    /// Samples that left here.
    pub taken: usize,
    /// Samples that came.
    pub of: usize,
    /// Samples that left here and were right.
    pub correct: usize,
    /// Samples that this classifier has right, of all, wherever they leave.
    pub correct_of_all: usize,
}

/// An exit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ExitCounts {
    /// The exit's name.
    pub name: String,
    /// The threshold of its confidence.
    pub threshold: f64,
    /// Its classifier.
    #[serde(flatten)]
    pub classifier: ClassifierCounts,
    /// Its classifier against the last one.
    pub against_last: Confusion,
}

/// The samples that left at an exit, by whether they are right there and whether they would be at the last classifier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confusion {
    /// Right at both.
    pub both_right: usize,
    /// Right at the exit, wrong at the last.
    pub exit_right: usize,
    /// Wrong at the exit, right at the last.
    pub last_right: usize,
    /// Wrong at both.
    pub both_wrong: usize,
}

/// Why files of counts can't be read or added.
#[derive(Debug, thiserror::Error)]
pub enum CountsError {
    /// The file can't be read.
    #[error("cannot read {0}: {1}\n  note: write it with `atheena profile … -o {0}`")]
    Read(PathBuf, String),
    /// The counts contradict one another.
    #[error("{0}: its counts do not add up: {1}\n  note: write it with `atheena profile … -o {0}`")]
    Inconsistent(PathBuf, &'static str),
    /// Two files count different things.
    #[error(
        "{0} and {1} can't be added: {2}\n  note: run all parts with the same network, options and data, and another --shard each"
    )]
    Different(PathBuf, PathBuf, String),
    /// The counts are of another network.
    #[error(
        "{0} is no profile of this network: {1}\n  note: profile the network with the options that it is compiled with"
    )]
    OtherNetwork(PathBuf, String),
}

impl Counts {
    /// Counts the verdicts on samples of a data set.
    pub fn of(function: Op<'_>, data: &DataSet, samples: Range<usize>, verdicts: &[Verdict]) -> Self {
        let exits = Exit::all_in(function).into_iter().map(|exit| ExitCounts {
            name: exit.label(),
            threshold: exit.confidence().threshold,
            ..Default::default()
        });
        let mut counts = Self {
            network: Identity { name: function.symbol().unwrap_or_default(), sha256: digest_of(function) },
            data: Identity { name: String::new(), sha256: digest_of_data(data) },
            data_samples: data.len(),
            ranges: if samples.is_empty() { vec![] } else { vec![[samples.start, samples.end]] },
            samples: samples.len(),
            correct: 0,
            exits: exits.collect(),
            last: ClassifierCounts::default(),
        };
        for (sample, verdict) in samples.zip(verdicts) {
            let right: Vec<_> = verdict.predictions.iter().map(|&p| data.label(sample) == Some(p)).collect();
            counts.add_sample(verdict.exit(), &right);
        }
        counts
    }

    /// Counts a sample that leaves at classifier `exit`; `right` says which classifiers are.
    fn add_sample(&mut self, exit: usize, right: &[bool]) {
        self.correct += usize::from(right[exit]);
        let last = right[self.exits.len()];
        if let Some(taken) = self.exits.get_mut(exit) {
            let cell = match (right[exit], last) {
                (true, true) => &mut taken.against_last.both_right,
                (true, false) => &mut taken.against_last.exit_right,
                (false, true) => &mut taken.against_last.last_right,
                (false, false) => &mut taken.against_last.both_wrong,
            };
            *cell += 1;
        }
        let classifiers = self.exits.iter_mut().map(|exit| &mut exit.classifier).chain([&mut self.last]);
        for ((index, classifier), &right) in classifiers.enumerate().zip(right) {
            classifier.of += usize::from(index <= exit);
            classifier.taken += usize::from(index == exit);
            classifier.correct += usize::from(index == exit && right);
            classifier.correct_of_all += usize::from(right);
        }
    }

    /// Adds the counts of parts, in any order.
    pub fn merge(parts: Vec<(PathBuf, Self)>) -> Result<Self, CountsError> {
        for (index, (path, part)) in parts.iter().enumerate() {
            for (before, other) in &parts[..index] {
                let different = |what| CountsError::Different(before.clone(), path.clone(), what);
                other.same_as(part).and_then(|()| other.apart_from(part)).map_err(different)?;
            }
        }
        let mut parts = parts.into_iter().map(|(_, part)| part);
        let mut total = parts.next().expect("the command line wants at least one file");
        parts.for_each(|part| total.add(&part));
        Ok(total)
    }

    /// Fails with the difference unless two counts are of the same network and data.
    fn same_as(&self, other: &Self) -> Result<(), String> {
        if self.network.name != other.network.name {
            return Err(format!("the networks are `{}` and `{}`", self.network.name, other.network.name));
        }
        let names = |counts: &Self| {
            let names: Vec<_> = counts.exits.iter().map(|exit| exit.name.clone()).collect();
            if names.is_empty() { "none".into() } else { names.join(", ") }
        };
        if names(self) != names(other) {
            return Err(format!("the exits are {} and {}", names(self), names(other)));
        }
        if let Some((a, b)) = self.exits.iter().zip(&other.exits).find(|(a, b)| a.threshold != b.threshold) {
            return Err(format!("the thresholds of `{}` are {} and {}", a.name, a.threshold, b.threshold));
        }
        if self.network != other.network {
            return Err("the networks have different layers, weights or scales".into());
        }
        if self.data != other.data || self.data_samples != other.data_samples {
            return Err("the data sets differ".into());
        }
        Ok(())
    }

    /// Fails with the samples that both have counted, if there are any.
    fn apart_from(&self, other: &Self) -> Result<(), String> {
        let pairs = self.ranges.iter().flat_map(|a| other.ranges.iter().map(move |b| (a, b)));
        let common = pairs.map(|(a, b)| (a[0].max(b[0]), a[1].min(b[1]))).find(|(from, to)| from < to);
        common.map_or(Ok(()), |(from, to)| Err(format!("both have counted the samples {from} to {}", to - 1)))
    }

    /// Adds the counts of other samples.
    fn add(&mut self, part: &Self) {
        self.ranges.extend(&part.ranges);
        self.ranges.sort();
        let mut joined: Vec<[usize; 2]> = vec![];
        for &[from, to] in &self.ranges {
            match joined.last_mut() {
                Some(before) if before[1] == from => before[1] = to,
                _ => joined.push([from, to]),
            }
        }
        self.ranges = joined;
        self.samples += part.samples;
        self.correct += part.correct;
        self.last.add(&part.last);
        for (exit, part) in self.exits.iter_mut().zip(&part.exits) {
            exit.classifier.add(&part.classifier);
            let (all, part) = (&mut exit.against_last, part.against_last);
            all.both_right += part.both_right;
            all.exit_right += part.exit_right;
            all.last_right += part.last_right;
            all.both_wrong += part.both_wrong;
        }
    }

    /// Reads a file that [`Self::write`] wrote.
    pub fn read(path: &Path) -> Result<Self, CountsError> {
        let unreadable = |reason: String| CountsError::Read(path.into(), reason);
        let bytes = fs::read(path).map_err(|error| unreadable(error.to_string()))?;
        let counts: Self = serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?;
        counts.check().map_err(|what| CountsError::Inconsistent(path.into(), what))?;
        Ok(counts)
    }

    /// Fails where counts can't be those of a run.
    fn check(&self) -> Result<(), &'static str> {
        let mut end = 0;
        for (index, &[from, to]) in self.ranges.iter().enumerate() {
            if from >= to || to > self.data_samples || (index > 0 && from <= end) {
                return Err("the ranges are no parts of the data set in order");
            }
            end = to;
        }
        if self.ranges.iter().map(|[from, to]| to - from).sum::<usize>() != self.samples {
            return Err("the ranges do not hold as many samples");
        }
        let classifiers = self.exits.iter().map(|exit| &exit.classifier).chain([&self.last]);
        let mut of = self.samples;
        let mut correct = 0usize;
        for classifier in classifiers {
            if classifier.of != of || classifier.taken > of || classifier.correct > classifier.taken {
                return Err("more samples leave than come");
            }
            if !(classifier.correct..=self.samples).contains(&classifier.correct_of_all) {
                return Err("a classifier is right more or less often than it can be");
            }
            of -= classifier.taken;
            correct += classifier.correct;
        }
        let confused = |exit: &ExitCounts| {
            let c = exit.against_last;
            let cells = [c.exit_right, c.last_right, c.both_wrong];
            cells.iter().try_fold(c.both_right, |sum, &cell| sum.checked_add(cell))
                != Some(exit.classifier.taken)
        };
        if of != 0 || correct != self.correct || self.exits.iter().any(confused) {
            return Err("the exits' counts are not those of all samples");
        }
        Ok(())
    }

    /// The text of the file: the same counts give the same bytes.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("counts hold nothing that JSON can't") + "\n"
    }

    /// Writes a file.
    pub fn write(&self, path: &Path) -> Result<(), OutputError> {
        write_file(path, self.to_json())
    }

    /// The counts of each exit as the option of `ee-profile-exits`: exit1=7500/10000,exit2=40/2500.
    pub fn text(&self) -> String {
        let exit =
            |exit: &ExitCounts| format!("{}={}/{}", exit.name, exit.classifier.taken, exit.classifier.of);
        self.exits.iter().map(exit).collect::<Vec<_>>().join(",")
    }

    /// Fails unless a network has the exits and the thresholds that were counted. Its layers may differ: the rates of
    /// a float network serve the integer one as well.
    pub fn check_network(&self, function: Op<'_>, path: &Path) -> Result<(), CountsError> {
        let other = |what| Err(CountsError::OtherNetwork(path.into(), what));
        let exits = Exit::all_in(function);
        let names = |mut names: Vec<String>| {
            names.sort();
            if names.is_empty() { "none".into() } else { names.join(", ") }
        };
        let here = names(exits.iter().map(|exit| exit.label()).collect());
        let counted = names(self.exits.iter().map(|exit| exit.name.clone()).collect());
        if here != counted {
            return other(format!("its exits are {counted}, and the network's {here}"));
        }
        for (exit, counted) in exits.into_iter().zip(&self.exits) {
            let threshold = exit.confidence().threshold;
            if threshold != counted.threshold {
                let (name, counted) = (&counted.name, counted.threshold);
                return other(format!(
                    "it counts `{name}` with the threshold {counted}, and the network has {threshold}"
                ));
            }
        }
        Ok(())
    }

    /// What is worth a warning: exits that are of no use.
    pub fn warnings(&self) -> Vec<String> {
        self.exits.iter().filter_map(useless).collect()
    }
}

/// Says why an exit is of no use, if it is.
fn useless(exit: &ExitCounts) -> Option<String> {
    let ExitCounts { name, threshold, classifier, .. } = exit;
    let of = classifier.of;
    let (what, cure) = match classifier.taken {
        _ if of == 0 => {
            ("no sample comes to it".to_owned(), "the exits before it take every sample: make them stricter")
        }
        0 => (
            format!("none of the {of} samples that come leaves"),
            "make it less strict, or compile without it",
        ),
        taken if taken == of => (
            format!("all {of} samples that come leave"),
            "make it stricter, or leave out the layers behind it",
        ),
        _ => return None,
    };
    Some(format!(
        "exit `{name}` is useless with its threshold {threshold}: {what}\n  note: {cure}; --thresholds {name}=… sets it, --tune finds one"
    ))
}

impl ClassifierCounts {
    fn add(&mut self, part: &Self) {
        self.taken += part.taken;
        self.of += part.of;
        self.correct += part.correct;
        self.correct_of_all += part.correct_of_all;
    }
}

/// A probability with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The part of the samples.
    pub value: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The interval's method, as reports name it.
pub const INTERVAL: &str = "Wilson score interval, 95 %";

impl Estimate {
    /// The probability of which `part` of `whole` independent samples show the rate, with its 95 % interval: Wilson's
    /// score interval, E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927), as
    /// in Brown, Cai and DasGupta, "Interval estimation for a binomial proportion" (2001), eq. 4.
    ///
    /// With p = part / n: (p + z^2 / 2n ± z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n).
    pub fn wilson(part: usize, whole: usize) -> Self {
        /// The 0.975 quantile of the normal distribution.
        const Z: f64 = 1.959_963_984_540_054;
        if whole == 0 {
            return Self { value: 0.0, low: 0.0, high: 1.0 };
        }
        let n = whole as f64;
        let p = part as f64 / n;
        let centre = p + Z * Z / (2.0 * n);
        let margin = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + Z * Z / n;
        // Rounding must not push an end that is exactly 0 or 1 beyond it.
        let low = if part == 0 { 0.0 } else { (centre - margin) / scale };
        let high = if part == whole { 1.0 } else { (centre + margin) / scale };
        Self { value: p, low, high }
    }

    /// What is so of every sample, by construction.
    pub fn certain() -> Self {
        Self { value: 1.0, low: 1.0, high: 1.0 }
    }
}

/// The digest of a network: its IR without places in files and without profiles, which are no part of what it computes.
pub fn digest_of(function: Op<'_>) -> String {
    let copy = function.duplicate();
    for exit in Exit::all_in(copy) {
        exit.0.remove_attr("profile");
    }
    let text = copy.to_generic();
    copy.erase();
    hex(Sha256::digest(text))
}

fn digest_of_data(data: &DataSet) -> String {
    let mut hash = Sha256::new();
    data.shape().iter().for_each(|&size| hash.update((size as u64).to_le_bytes()));
    for sample in 0..data.len() {
        hash.update(data.image(sample));
        hash.update(data.label(sample).map_or(u64::MAX, |label| label as u64).to_le_bytes());
    }
    hex(hash.finalize())
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(estimate: Estimate, low: f64, high: f64) {
        assert!((estimate.low - low).abs() < 5e-5 && (estimate.high - high).abs() < 5e-5, "{estimate:?}");
    }

    /// Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3.
    #[test]
    fn intervals_are_those_of_the_literature() {
        close(Estimate::wilson(81, 263), 0.2553, 0.3662);
        close(Estimate::wilson(15, 148), 0.0624, 0.1605);
        close(Estimate::wilson(0, 20), 0.0, 0.1611);
        close(Estimate::wilson(1, 29), 0.0061, 0.1718);
        assert_eq!(Estimate::wilson(20, 20).high, 1.0);
    }

    fn counts(verdicts: &[(usize, [bool; 3])], from: usize) -> Counts {
        let exit = |name: &str| ExitCounts { name: name.into(), threshold: 0.5, ..Default::default() };
        let identity = Identity { name: "net".into(), sha256: "0".into() };
        let mut counts = Counts {
            network: identity.clone(),
            data: identity,
            data_samples: 6,
            ranges: vec![[from, from + verdicts.len()]],
            samples: verdicts.len(),
            correct: 0,
            exits: vec![exit("a"), exit("b")],
            last: ClassifierCounts::default(),
        };
        verdicts.iter().for_each(|(exit, right)| counts.add_sample(*exit, right));
        counts
    }

    const SAMPLES: [(usize, [bool; 3]); 6] = [
        (0, [true, true, true]),
        (0, [true, true, false]),
        (0, [false, true, true]),
        (1, [true, false, false]),
        (2, [true, false, true]),
        (2, [false, true, false]),
    ];

    /// Counted by hand.
    #[test]
    fn samples_are_counted() {
        let all = counts(&SAMPLES, 0);
        assert_eq!((all.samples, all.correct), (6, 3));
        let [a, b] = &all.exits[..] else { panic!("two exits") };
        assert_eq!(a.classifier, ClassifierCounts { taken: 3, of: 6, correct: 2, correct_of_all: 4 });
        assert_eq!(a.against_last, Confusion { both_right: 1, exit_right: 1, last_right: 1, both_wrong: 0 });
        assert_eq!(b.classifier, ClassifierCounts { taken: 1, of: 3, correct: 0, correct_of_all: 4 });
        assert_eq!(b.against_last, Confusion { both_wrong: 1, ..Confusion::default() });
        assert_eq!(all.last, ClassifierCounts { taken: 2, of: 2, correct: 1, correct_of_all: 3 });
        assert_eq!(all.check(), Ok(()));
    }

    #[test]
    fn parts_add_up_in_any_order() {
        let part = |range: Range<usize>| ("part".into(), counts(&SAMPLES[range.clone()], range.start));
        let whole = counts(&SAMPLES, 0).to_json();
        for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
            let parts = order.map(|i| part([0..1, 1..4, 4..6][i].clone()));
            assert_eq!(Counts::merge(parts.into()).unwrap().to_json(), whole);
        }
        let twice = Counts::merge(vec![part(0..4), part(2..6)]).unwrap_err().to_string();
        assert!(twice.contains("both have counted the samples 2 to 3"), "{twice}");
    }
}
