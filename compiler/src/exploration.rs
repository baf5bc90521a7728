//! `explore.json`: the whole curves of a network on a device, whose points `compile --point` makes.

use crate::{output::EXPLORATION, report::ResourceCounts};
use atheena_dialects::dataflow::Resources;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

/// What was explored, and what came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exploration {
    /// The network's name.
    pub network: String,
    /// The device's name.
    pub device: String,
    /// The clock.
    pub clock_mhz: f64,
    /// What may be used, of which shares are parts.
    pub budget: ResourceCounts,
    /// Options of the quantisation that are not the defaults.
    pub quantization: Vec<(String, String)>,
    /// The curves: with exits, with other thresholds, without exits.
    pub curves: Vec<Curve>,
    /// The points of all curves, of each from the slowest on.
    pub points: Vec<Point>,
}

/// What the points of a curve have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The name, with which the ids of its points start.
    pub name: String,
    /// With exits?
    pub exits: bool,
    /// Thresholds that were chosen, as `--thresholds` takes them; none if they are the network's own.
    pub thresholds: Option<String>,
    /// The part of the samples that goes on at each exit, as `--late-fraction` takes it; none if it is profiled.
    pub late_fraction: Option<String>,
    /// The part of labelled samples that is classified right, if thresholds were tuned: on samples that chose none of them.
    pub accuracy: Option<f64>,
    /// The probability that a sample goes on beyond all exits.
    pub reach_last: f64,
    /// Were all designs looked at? Otherwise what bounds say is so of a part of them.
    pub complete: bool,
}

/// A design: the one of the smallest share of the budget for its throughput.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// What `compile --point` knows it by.
    pub id: String,
    /// The name of its curve.
    pub curve: String,
    /// With exits?
    pub exits: bool,
    /// Cycles a sample that every actor keeps up with, and those behind exits with their margin.
    pub cycles: f64,
    /// At the clock.
    pub samples_per_s: f64,
    /// The largest share of a kind of the budget's resources.
    pub share: f64,
    /// What was proved that no design of at most as many cycles is below.
    pub bound: f64,
    /// How much of the share is above the bound; 0 of a design that is proved optimal.
    pub gap: f64,
    /// Predicted, buffers included.
    pub resources: ResourceCounts,
    /// An actor that takes as many cycles.
    pub bottleneck: String,
    /// The margin by which actors behind exits are faster than on average they must be.
    pub margin: f64,
    /// Do the first layers compute rows in pairs?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub row_pairs: bool,
    /// How each actor is folded, by its name.
    pub foldings: BTreeMap<String, String>,
}

/// Why a point can't be compiled.
#[derive(Debug, thiserror::Error)]
pub enum PointError {
    /// Not the form FILE#ID.
    #[error("--point {0}: expected a file and an id\n  note: write it as DIR/{EXPLORATION}#e3")]
    Form(String),
    /// The file can't be read.
    #[error("--point: cannot read {path}: {reason}\n  note: make it with `atheena explore … -o DIR`")]
    Read {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// No such point.
    #[error("--point: {path} has no point {id:?}\n  note: its points are {known}")]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What was asked for.
        id: String,
        /// The first and the last of each curve.
        known: String,
    },
    /// Explored for something else.
    #[error("--point: {path} was explored {expected}\n  note: {cure}")]
    Other {
        /// The file.
        path: PathBuf,
        /// For what.
        expected: String,
        /// What to do.
        cure: String,
    },
}

/// A design to compile: a point with what its curve says.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// The point.
    pub point: Point,
    /// Its curve.
    pub curve: Curve,
    /// The clock.
    pub clock_mhz: f64,
    /// What was explored within.
    pub budget: Resources,
}

impl Exploration {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, PointError> {
        let unreadable = |reason: String| PointError::Read { path: path.into(), reason };
        let text = fs::read(path).map_err(|error| unreadable(error.to_string()))?;
        serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string()))
    }

    /// The design that FILE#ID names, for a device and a way to quantise.
    pub fn design(
        named: &str,
        device: &str,
        quantization: &[(&'static str, String)],
    ) -> Result<Design, PointError> {
        let form = || PointError::Form(named.to_owned());
        let (path, id) = named.rsplit_once('#').filter(|(_, id)| !id.is_empty()).ok_or_else(form)?;
        let path = PathBuf::from(path);
        let explored = Self::read(&path)?;
        let Some(point) = explored.points.iter().find(|point| point.id == id).cloned() else {
            return Err(PointError::Unknown { known: explored.ids(), path, id: id.to_owned() });
        };
        if explored.device != device {
            let (expected, cure) =
                (format!("for {}", explored.device), format!("--device {}", explored.device));
            return Err(PointError::Other { path, expected, cure });
        }
        let options: Vec<_> =
            quantization.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        if options != explored.quantization {
            let text = |options: &[(String, String)]| match options {
                [] => "the default scheme of quantisation".to_owned(),
                _ => options
                    .iter()
                    .map(|(key, value)| format!("--{key} {value}"))
                    .collect::<Vec<_>>()
                    .join(" "),
            };
            let (expected, cure) =
                (format!("with {}", text(&explored.quantization)), "compile with the same".to_owned());
            return Err(PointError::Other { path, expected, cure });
        }
        let Some(curve) = explored.curves.iter().find(|curve| curve.name == point.curve).cloned() else {
            let reason = format!("it has no curve {:?}", point.curve);
            return Err(PointError::Read { path, reason });
        };
        let ResourceCounts { lut, ff, dsp, bram18 } = explored.budget;
        let budget = Resources { lut: lut as i64, ff: ff as i64, dsp: dsp as i64, bram18: bram18 as i64 };
        Ok(Design { point, curve, clock_mhz: explored.clock_mhz, budget })
    }

    /// The first and the last id of each curve.
    fn ids(&self) -> String {
        let of = |curve: &Curve| {
            let mut points = self.points.iter().filter(|point| point.curve == curve.name);
            let first = points.next()?;
            Some(points.next_back().map_or(first.id.clone(), |last| format!("{} to {}", first.id, last.id)))
        };
        self.curves.iter().filter_map(of).collect::<Vec<_>>().join(", ")
    }

    /// The points of a curve.
    pub fn points_of<'a>(&'a self, curve: &'a Curve) -> impl Iterator<Item = &'a Point> {
        self.points.iter().filter(|point| point.curve == curve.name)
    }

    /// The text of the file.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("an exploration holds nothing that JSON can't") + "\n"
    }

    /// A line a point.
    pub fn to_csv(&self) -> String {
        let mut text = String::from(
            "id,curve,exits,accuracy,cycles,samples_per_s,share,bound,gap,lut,ff,dsp,bram18,bottleneck\n",
        );
        for curve in &self.curves {
            let accuracy = curve.accuracy.map_or_else(String::new, |accuracy| accuracy.to_string());
            for point in self.points_of(curve) {
                let Point { id, exits, cycles, samples_per_s, share, bound, gap, bottleneck, .. } = point;
                let ResourceCounts { lut, ff, dsp, bram18 } = point.resources;
                let numbers =
                    format!("{cycles},{samples_per_s},{share},{bound},{gap},{lut},{ff},{dsp},{bram18}");
                let _ = writeln!(text, "{id},{},{exits},{accuracy},{numbers},{bottleneck}", curve.name);
            }
        }
        text
    }
}
