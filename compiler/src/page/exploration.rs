//! `explore.html`: curves whose points can be looked at and compiled.

use super::chart::{self, Chart, Scale, Series};
use super::{escaped, grouped, json, page};
use crate::{
    error::Error,
    exploration::{Curve, Exploration},
    output::EXPLORATION,
    report::ResourceCounts,
};
use serde_json::json as value;
use std::fmt::Write;

const SCRIPT: &str = include_str!("exploration.js");

/// What a curve is, in a few words.
pub(super) fn title(curve: &Curve) -> String {
    let mut text = match curve.exits {
        true => format!("with exits, {:.1} % of the samples to the end", 100.0 * curve.reach_last),
        false => "without exits".to_owned(),
    };
    if let Some(accuracy) = curve.accuracy {
        let _ = write!(text, ", {:.2} % right", 100.0 * accuracy);
    }
    text
}

/// The curves as a chart has them.
pub(super) fn series(exploration: &Exploration) -> Vec<Series> {
    let of = |curve: &Curve| Series {
        name: title(curve),
        points: exploration.points_of(curve).map(|point| (point.share, point.samples_per_s)).collect(),
    };
    exploration.curves.iter().map(of).collect()
}

/// The page of an exploration.
pub fn exploration(exploration: &Exploration) -> Result<String, Error> {
    let series = series(exploration);
    let logarithmic = chart::chart(&series, None, Scale::Logarithmic)?;
    let linear = chart::chart(&series, None, Scale::Linear)?;
    let (name, device) = (escaped(&exploration.network), escaped(&exploration.device));
    let ResourceCounts { lut, ff, dsp, bram18 } = exploration.budget;
    let mut body = format!(
        "<h1>{name}</h1>\n<p class=\"soft\">Every throughput that it can have on {device} at {} MHz, each by the design of the \
         smallest share of {lut} LUT, {ff} FF, {dsp} DSP and {bram18} BRAM18.</p>\n",
        exploration.clock_mhz
    );
    body += &figures(exploration);
    body += "<p><button id=\"log\" aria-pressed=\"true\">logarithmic</button> <button id=\"lin\" aria-pressed=\"false\">linear</button> \
             <span class=\"soft\">Point at the curve to see a design; a click copies how to compile it.</span></p>\n";
    body += "<div class=\"chart\" id=\"chart\">\n";
    for (id, chart) in [("log-chart", &logarithmic), ("lin-chart", &linear)] {
        let hidden = if id == "lin-chart" { " style=\"display:none\"" } else { "" };
        let _ = writeln!(body, "<div id=\"{id}\"{hidden}>{}</div>", with_ring(&chart.svg));
    }
    body += "<div id=\"tip\"></div></div>\n";
    for curve in &exploration.curves {
        body += &table(exploration, curve);
    }
    body += "<p class=\"soft\">Cycles are those that every actor keeps up with, the ones behind an exit with their margin for bursts. A \
             gap says how much of a share the design may be above the best one; without one it is proved that none takes a smaller \
             share.</p>\n";
    let data = value!({ "points": points(exploration, &logarithmic, &linear), "file": EXPLORATION });
    let script = format!("const data = {};\n{SCRIPT}", json(&data));
    Ok(page(&format!("{} on {}", exploration.network, exploration.device), &body, &script))
}

/// The highest throughputs, and what the exits are worth.
fn figures(exploration: &Exploration) -> String {
    let mut text = String::from("<div class=\"figures\">\n");
    let mut best = [0.0f64; 2];
    for curve in &exploration.curves {
        let rates = exploration.points_of(curve).map(|point| point.samples_per_s);
        let most = rates.fold(0.0, f64::max);
        let kind = &mut best[usize::from(curve.exits)];
        *kind = kind.max(most);
    }
    for (kind, what) in [(1, "samples a second with exits"), (0, "samples a second without")] {
        if best[kind] > 0.0 {
            let _ = writeln!(text, "<div><b>{}</b><span>{what}</span></div>", grouped(best[kind]));
        }
    }
    let gains: Vec<(f64, f64)> =
        SHARES.iter().filter_map(|&share| Some((share, gain(exploration, share)?))).collect();
    if !gains.is_empty() {
        let mean = (gains.iter().map(|(_, gain)| gain.ln()).sum::<f64>() / gains.len() as f64).exp();
        let shares: Vec<String> = gains.iter().map(|(share, _)| format!("{:.0}", 100.0 * share)).collect();
        let what = format!("by the exits, mean at {} %", shares.join(", "));
        let _ = writeln!(text, "<div><b>{mean:.2}×</b><span>{what}</span></div>");
    }
    let open = exploration.points.iter().filter(|point| point.gap > 0.0).count();
    let proved = exploration.points.len() - open;
    let _ = writeln!(
        text,
        "<div><b>{proved} of {}</b><span>designs proved optimal</span></div>\n</div>",
        exploration.points.len()
    );
    text
}

/// The parts of the budget at which gains are compared.
const SHARES: [f64; 4] = [0.05, 0.1, 0.2, 0.4];

/// How many times faster the network is with its exits, with a part of the budget in which both fit.
fn gain(exploration: &Exploration, share: f64) -> Option<f64> {
    let fastest = |exits: bool| {
        let points = exploration.points.iter().filter(|point| point.exits == exits && point.share <= share);
        points.map(|point| point.samples_per_s).reduce(f64::max)
    };
    Some(fastest(true)? / fastest(false)?)
}

fn table(exploration: &Exploration, curve: &Curve) -> String {
    let mut text = format!("<h2>{}</h2>\n", escaped(&title(curve)));
    if let Some(thresholds) = &curve.thresholds {
        let _ = writeln!(text, "<p class=\"soft\">thresholds <code>{}</code></p>", escaped(thresholds));
    }
    text += "<table><thead><tr><th>point</th><th class=\"n\">samples/s</th><th class=\"n\">cycles</th><th class=\"n\">share</th>\
             <th class=\"n\">gap</th><th class=\"n\">LUT</th><th class=\"n\">FF</th><th class=\"n\">DSP</th>\
             <th class=\"n\">BRAM18</th><th>slowest</th></tr></thead><tbody>\n";
    for point in exploration.points_of(curve) {
        let gap = if point.gap > 0.0 { format!("{:.2} %", 100.0 * point.gap) } else { "–".into() };
        let counts: String = point
            .resources
            .kinds()
            .iter()
            .map(|(_, count)| format!("<td class=\"n\">{count}</td>"))
            .collect();
        let _ = writeln!(
            text,
            "<tr id=\"{0}\"><td><code>{0}</code></td><td class=\"n\">{1}</td><td class=\"n\">{2:.1}</td><td class=\"n\">{3:.1} %</td>\
             <td class=\"n\">{gap}</td>{counts}<td>{4}</td></tr>",
            escaped(&point.id),
            grouped(point.samples_per_s),
            point.cycles,
            100.0 * point.share,
            escaped(&point.bottleneck)
        );
    }
    text += "</tbody></table>\n";
    text
}

/// What the script needs to know of each point, in the order of the curves.
fn points(exploration: &Exploration, logarithmic: &Chart, linear: &Chart) -> Vec<serde_json::Value> {
    let mut points = vec![];
    for (index, curve) in exploration.curves.iter().enumerate() {
        for (number, point) in exploration.points_of(curve).enumerate() {
            let resources = point.resources.kinds().map(|(kind, count)| format!("{count} {kind}")).join(", ");
            let text = format!(
                "{}  {}\n{} samples a second, {:.1} cycles\n{:.1} % of the budget: {resources}\n{} is the slowest",
                point.id,
                title(curve),
                grouped(point.samples_per_s),
                point.cycles,
                100.0 * point.share,
                point.bottleneck
            );
            points.push(value!({
                "id": point.id, "text": text,
                "at": [logarithmic.places[index][number], linear.places[index][number]],
            }));
        }
    }
    points
}

/// A drawing with a ring that the script moves.
fn with_ring(svg: &str) -> String {
    svg.replace("</svg>", "<circle class=\"ring\" r=\"7\"/></svg>")
}
