//! The frontier of accuracy and products that thresholds were chosen from: as numbers, and as a picture.

use crate::{error::Error, output::write_file, page::chart::legend};
use atheena_passes::ee::tune_thresholds::tuning::{Figures, Point, Tuning};
use plotters::prelude::*;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Why a frontier can't be written or read.
#[derive(Debug, thiserror::Error)]
pub enum FrontierError {
    /// The name says no form.
    #[error("--frontier {0}: unknown kind of file\n  note: give a name that ends with .svg or .json")]
    Kind(PathBuf),
    /// A file that a pass has written is damaged.
    #[error("cannot read {0}: {1}\n  note: compile again, on a disk with space")]
    Read(PathBuf, String),
    /// The picture can't be drawn.
    #[error(
        "cannot draw the frontier: {0}\n  note: this is a defect of the compiler; please report it with the network"
    )]
    Draw(String),
}

/// Fails unless the file's name says what to write.
pub fn check_name(path: &Path) -> Result<(), FrontierError> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("svg" | "json") => Ok(()),
        _ => Err(FrontierError::Kind(path.into())),
    }
}

/// Writes a frontier, in the form that the file's name says.
pub fn write(tuning: &Tuning, path: &Path) -> Result<(), Error> {
    let svg = path.extension().is_some_and(|extension| extension == "svg");
    let text = if svg { picture(tuning)? } else { to_json(tuning) };
    Ok(write_file(path, text)?)
}

/// The numbers.
pub fn to_json(tuning: &Tuning) -> String {
    serde_json::to_string_pretty(tuning).expect("figures hold nothing that JSON can't") + "\n"
}

/// Reads what `ee-tune-thresholds` has written.
pub fn read(path: &Path) -> Result<Tuning, FrontierError> {
    let unreadable = |reason: String| FrontierError::Read(path.into(), reason);
    let bytes = fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))
}

/// Of the colour-blind safe palette of Okabe and Ito.
const SEEN: RGBColor = RGBColor(0, 114, 178);
const HELD_OUT: RGBColor = RGBColor(213, 94, 0);
const GIVEN: RGBColor = RGBColor(0, 158, 115);
const GREY: RGBColor = RGBColor(110, 110, 110);

/// Accuracy in per cent against millions of products.
fn place(figures: &Figures) -> (f64, f64) {
    (figures.products / 1e6, 100.0 * figures.accuracy)
}

/// The picture: SVG, the same bytes for the same figures.
pub fn picture(tuning: &Tuning) -> Result<String, FrontierError> {
    let mut svg = String::new();
    draw(tuning, &mut svg).map_err(|error| FrontierError::Draw(error.to_string()))?;
    Ok(svg)
}

fn draw(tuning: &Tuning, svg: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(svg, (860, 560)).into_drawing_area();
    root.fill(&WHITE)?;
    let bound = 100.0 * tuning.no_exits.tuning.accuracy - tuning.max_accuracy_drop;
    let ([x_min, x_max], [y_min, y_max]) = limits(tuning, bound);
    let mut chart = ChartBuilder::on(&root)
        .caption("Accuracy against work, thresholds of all exits together", ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(46)
        .y_label_area_size(64)
        .build_cartesian_2d(x_min..x_max, y_min..y_max)?;
    let decimals = |span: f64| (1.5 - span.log10()).ceil().clamp(0.0, 6.0) as usize;
    let (x_digits, y_digits) = (decimals(x_max - x_min), decimals(y_max - y_min));
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(228, 228, 228))
        .x_labels(8)
        .y_labels(8)
        .x_label_formatter(&|x| format!("{x:.x_digits$}"))
        .y_label_formatter(&|y| format!("{y:.y_digits$}"))
        .x_desc("million products (multiply-accumulates) a sample")
        .y_desc("accuracy in %")
        .label_style(("sans-serif", 14))
        .axis_desc_style(("sans-serif", 15))
        .draw()?;

    let dashed = DashedLineSeries::new([(x_min, bound), (x_max, bound)], 6, 4, GREY.stroke_width(1));
    let label = format!("{:.2} points below no exits", tuning.max_accuracy_drop);
    chart
        .draw_series(dashed)?
        .label(label)
        .legend(|(x, y)| PathElement::new([(x, y), (x + 7, y)], GREY.stroke_width(1)));
    let held_out = |point: &Point| point.held_out.clone();
    let mut line = |name: &str, colour: RGBColor, width, places: Vec<(f64, f64)>| {
        chart.draw_series(LineSeries::new(places, colour.stroke_width(width))).map(|series| {
            series
                .label(name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(width)));
        })
    };
    let [seen, others] = tuning.samples;
    let frontier = tuning.frontier.iter();
    line(
        &format!("frontier, on the {seen} samples that chose it"),
        SEEN,
        2,
        frontier.clone().map(|p| place(&p.tuning)).collect(),
    )?;
    if others > 0 {
        let places = frontier.filter_map(held_out).map(|figures| place(&figures)).collect();
        line(&format!("the same thresholds on the {others} held out"), HELD_OUT, 2, places)?;
    }
    let mut marks = |name: &str, point: &Point, colour: RGBColor, size: i32| {
        let places = [Some((place(&point.tuning), false)), point.held_out.as_ref().map(|f| (place(f), true))];
        let style = move |filled: bool| if filled { colour.filled() } else { colour.stroke_width(2) };
        let marks = places.into_iter().flatten().map(|(at, filled)| Circle::new(at, size, style(filled)));
        chart.draw_series(marks).map(|series| {
            series.label(name).legend(move |(x, y)| Circle::new((x + 9, y), size, colour.filled()));
        })
    };
    marks("no exits", &tuning.no_exits, BLACK, 5)?;
    marks("thresholds as given", &tuning.given, GIVEN, 5)?;
    marks("chosen (circles: on the samples seen)", &tuning.chosen, RGBColor(204, 121, 167), 6)?;
    legend(&mut chart)?;
    root.present()?;
    Ok(())
}

/// The ends of the axes: products from 0 on, and the accuracies that matter.
fn limits(tuning: &Tuning, bound: f64) -> ([f64; 2], [f64; 2]) {
    let marks = [&tuning.no_exits, &tuning.given, &tuning.chosen];
    let points: Vec<&Point> = marks.into_iter().chain(&tuning.frontier).collect();
    let figures = points.iter().flat_map(|p| [Some(&p.tuning), p.held_out.as_ref()]).flatten().map(place);
    let (xs, ys): (Vec<f64>, Vec<f64>) = figures.unzip();
    let most = |values: &[f64]| values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = ys.iter().copied().fold(bound, f64::min);
    let (top, right) = (most(&ys).max(bound), most(&xs).max(1e-6));
    let room = ((top - least) * 0.06).max(0.05);
    ([0.0, right * 1.05], [least - room, top + room])
}
