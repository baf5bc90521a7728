//! A case: a network and the settings of its run, as one text.

use crate::eenet::{
    Problem, network,
    syntax::{self, File},
};
use crate::random::SplitMix64;
use atheena_runtime::{dataset::DataSet, simulate::SimOptions};
use std::fmt::{self, Display, Formatter};

/// A network and the settings of its run.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The settings.
    pub settings: Settings,
    /// The network, with random weights.
    pub network: File,
}

/// What is random about a run, but for the network.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The seed of images, gaps and stalls.
    pub seed: u64,
    /// How many samples run.
    pub samples: usize,
    /// How many other samples choose scales.
    pub calibration: usize,
    /// The probability of a gap and of a stall in each cycle.
    pub stall: f64,
    /// The length of bursts in which the input starves or the output blocks, in cycles; 0 for none.
    pub burst_cycles: u64,
    /// The cycle of a second reset; 0 for none.
    pub reset_cycle: u64,
    /// Options of `atheena compile`.
    pub compile: Vec<String>,
}

/// The comments that settings stand in.
const RUN: &str = "# run:";
const COMPILE: &str = "# compile:";

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            samples: 8,
            calibration: 16,
            stall: 0.0,
            burst_cycles: 0,
            reset_cycle: 0,
            compile: vec![],
        }
    }
}

impl Case {
    /// Reads a case. Settings that are absent have their defaults, so that any `.eenet` text is a case.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let network = syntax::parse(text)?;
        let mut settings = Settings::default();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let span = start..start + line.trim_end().len();
            start += line.len();
            if let Some(rest) = line.strip_prefix(RUN) {
                for word in rest.split_whitespace() {
                    settings.set(word).ok_or_else(|| {
                        let cure = "write `# run: seed=1 samples=8 calibration=16 stall=0 burst=0 reset=0`";
                        Problem::new(&span, format!("`{word}` is no setting of a run"), cure)
                    })?;
                }
            } else if let Some(rest) = line.strip_prefix(COMPILE) {
                settings.compile = rest.split_whitespace().map(str::to_owned).collect();
            }
        }
        Ok(Self { settings, network })
    }

    /// Is the network one?
    pub fn is_valid(&self) -> bool {
        network::resolve(&self.network, "", "").is_ok()
    }

    /// `[H, W, C]` of the images.
    fn image_shape(&self) -> [usize; 3] {
        match *self.network.input.value.as_slice() {
            [height, width, channels] => [height, width, channels].map(|side| side as usize),
            [length, channels] => [1, length as usize, channels as usize],
            ref sides => [1, 1, sides.iter().product::<i64>() as usize],
        }
    }

    /// The samples that choose scales, and those that run.
    pub fn data(&self) -> [DataSet; 2] {
        let Settings { seed, samples, calibration, .. } = self.settings;
        [("calibration", calibration), ("samples", samples)].map(|(purpose, count)| {
            let mut random = SplitMix64::named(seed, purpose);
            let [height, width, channels] = self.image_shape();
            let mut pixels = Vec::with_capacity(count * height * width * channels);
            for _ in 0..count {
                // From even grey to strong noise on a slope, so that samples differ in how sure classifiers are.
                let (level, noise) = (256.0 * random.unit(), 200.0 * random.unit());
                let slope = [0, 1].map(|_| 60.0 * (random.unit() - 0.5));
                let tint: Vec<_> = (0..channels).map(|_| 120.0 * (random.unit() - 0.5)).collect();
                for (row, column) in (0..height).flat_map(|row| (0..width).map(move |column| (row, column))) {
                    for tint in &tint {
                        let base = level + tint + slope[0] * row as f64 + slope[1] * column as f64;
                        pixels.push((base + noise * (random.unit() - 0.5)) as u8);
                    }
                }
            }
            let labels = (0..count).map(|_| random.below(2) as u32).collect();
            DataSet::new([count, height, width, channels], pixels, Some(labels)).expect("a case has pixels")
        })
    }

    /// How the hardware is simulated the hard way.
    pub fn rough(&self) -> SimOptions {
        let Settings { seed, stall, burst_cycles, reset_cycle, .. } = self.settings;
        SimOptions { stall, seed, burst_cycles, reset_cycle, ..SimOptions::default() }
    }
}

impl Settings {
    /// Takes `KEY=VALUE`.
    fn set(&mut self, word: &str) -> Option<()> {
        let (key, value) = word.split_once('=')?;
        match key {
            "seed" => self.seed = value.parse().ok()?,
            "samples" => self.samples = value.parse().ok().filter(|&n| n > 0)?,
            "calibration" => self.calibration = value.parse().ok().filter(|&n| n > 0)?,
            "stall" => self.stall = value.parse().ok().filter(|p| (0.0..1.0).contains(p))?,
            "burst" => self.burst_cycles = value.parse().ok()?,
            "reset" => self.reset_cycle = value.parse().ok()?,
            _ => return None,
        }
        Some(())
    }
}

impl Display for Case {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Settings { seed, samples, calibration, stall, burst_cycles, reset_cycle, compile } =
            &self.settings;
        writeln!(
            f,
            "{RUN} seed={seed} samples={samples} calibration={calibration} stall={stall} burst={burst_cycles} reset={reset_cycle}"
        )?;
        if !compile.is_empty() {
            writeln!(f, "{COMPILE} {}", compile.join(" "))?;
        }
        write!(f, "{}", self.network)
    }
}
