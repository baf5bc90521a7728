//! Throughput against the share of a device: the picture of curves.

use super::short;
use crate::error::Error;
use plotters::{
    coord::{
        CoordTranslate,
        ranged1d::{AsRangedCoord, Ranged, ValueFormatter},
    },
    drawing::DrawingAreaErrorKind,
    prelude::*,
};

/// A curve.
pub struct Series {
    /// What it is, for the legend.
    pub name: String,
    /// Share, and samples a second; ascending.
    pub points: Vec<(f64, f64)>,
}

/// A picture, and where its points are.
pub struct Chart {
    /// The drawing.
    pub svg: String,
    /// Of each curve.
    pub places: Vec<Vec<(i32, i32)>>,
}

/// The size of pictures.
pub const SIZE: (u32, u32) = (940, 520);

/// How throughput is scaled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// From 0 on.
    Linear,
    /// Each tenfold as high.
    Logarithmic,
}

/// Of the colour-blind safe palette of Okabe and Ito; page.css has others for the dark.
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];
const DESIGN: RGBColor = RGBColor(200, 30, 60);

/// Draws curves, and a design if there is one.
pub fn chart(series: &[Series], design: Option<(f64, f64)>, scale: Scale) -> Result<Chart, Error> {
    let all = series.iter().flat_map(|series| &series.points).chain(design.iter());
    let (mut right, mut low, mut high) = (0.0f64, f64::INFINITY, 1.0f64);
    for &(share, rate) in all {
        (right, low, high) = (right.max(share), low.min(rate), high.max(rate));
    }
    let x = 0.0..(right * 1.04).max(0.01);
    let drawn = match scale {
        Scale::Linear => draw(series, design, x, 0.0..high * 1.06),
        Scale::Logarithmic => {
            let (low, high) = (low.min(high) * 0.8, high * 1.3);
            draw(series, design, x, (low..high).log_scale().with_key_points(ticks(low, high)))
        }
    };
    drawn.map_err(|_| Error::Internal("a chart can't be drawn"))
}

/// 1, 2 and 5 times each power of ten between two numbers; of wide ranges the powers alone.
fn ticks(low: f64, high: f64) -> Vec<f64> {
    let powers = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let digits: &[f64] = if high / low > 2e3 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let all = powers.flat_map(|power| digits.iter().map(move |digit| digit * 10f64.powi(power)));
    all.filter(|tick| (low..=high).contains(tick)).collect()
}

/// The legend of a picture, in its lower right corner.
pub fn legend<'a, B: DrawingBackend + 'a, C: CoordTranslate>(
    chart: &mut ChartContext<'a, B, C>,
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.9))
        .border_style(RGBColor(200, 200, 200))
        .label_font(("sans-serif", 14))
        .margin(12)
        .draw()
}

fn draw<Y>(
    series: &[Series],
    design: Option<(f64, f64)>,
    x: std::ops::Range<f64>,
    y: Y,
) -> Result<Chart, Box<dyn std::error::Error>>
where
    Y: AsRangedCoord<Value = f64>,
    Y::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let mut svg = String::new();
    let mut places = vec![];
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&root)
            .margin(14)
            .x_label_area_size(46)
            .y_label_area_size(66)
            .build_cartesian_2d(x, y)?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .bold_line_style(RGBColor(228, 228, 228))
            .x_labels(10)
            .y_labels(8)
            .x_label_formatter(&|share| format!("{:.0} %", 100.0 * share))
            .y_label_formatter(&|rate| short(*rate))
            .x_desc("largest share of a kind of resources")
            .y_desc("samples a second")
            .label_style(("sans-serif", 14))
            .axis_desc_style(("sans-serif", 15))
            .draw()?;
        for (index, Series { name, points }) in series.iter().enumerate() {
            let colour = COLOURS[index % COLOURS.len()];
            // Between two points nothing is faster than the smaller one.
            let steps = points.windows(2).flat_map(|pair| [pair[0], (pair[1].0, pair[0].1)]);
            let line: Vec<_> = steps.chain(points.last().copied()).collect();
            chart
                .draw_series(LineSeries::new(line, colour.stroke_width(2)))?
                .label(name.clone())
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
            chart.draw_series(points.iter().map(|&point| Circle::new(point, 3, colour.filled())))?;
            places.push(points.iter().map(|point| chart.backend_coord(point)).collect());
        }
        if let Some(point) = design {
            let marks = [9, 4].map(|size| {
                let style = if size == 4 { DESIGN.filled() } else { DESIGN.stroke_width(2) };
                Circle::new(point, size, style)
            });
            let legend = |(x, y)| Circle::new((x + 9, y), 4, DESIGN.filled());
            chart.draw_series(marks)?.label("this design").legend(legend);
        }
        legend(&mut chart)?;
        root.present()?;
    }
    Ok(Chart { svg, places })
}
