//! `report.html`: what a design is and does.

use super::chart::{self, Scale, Series};
use super::{drawing, escaped, exploration, grouped, page};
use crate::{
    counts::{Estimate, INTERVAL},
    error::Error,
    exploration::Exploration,
    report::{ExitReport, Report, ResourceCounts},
};
use serde_json::Value;
use std::fmt::Write;

/// The page of a report; `text` is the report with what later commands have added to it.
pub fn report(report: &Report, text: &str, explored: Option<&Exploration>) -> Result<String, Error> {
    let Report { network, device, clock_mhz, .. } = report;
    let added: Value = serde_json::from_str(text).unwrap_or(Value::Null);
    let mut body = format!(
        "<h1>{}</h1>\n<p class=\"soft\">on {} at {clock_mhz} MHz; {} is the slowest actor</p>\n",
        escaped(network),
        escaped(device),
        escaped(&report.bottleneck)
    );
    body += &figures(report, &added);
    body += "<h2>Resources</h2>\n";
    body += &resources(report);
    if !report.exits.is_empty() {
        body += "<h2>Exits</h2>\n";
        body += &exits(&report.exits);
    }
    for (key, title) in [("latency_cycles", "Latency in cycles"), ("stalls", "Stalls")] {
        if let Some(value) = added.get(key).filter(|value| !value.is_null()) {
            let _ = writeln!(body, "<h2>{title}</h2>\n{}", values(value));
        }
    }
    if let Some(curve) = curve(report, explored)? {
        body += "<h2>Throughput against resources</h2>\n<p class=\"soft\">The highest throughput for every share of the device, with \
                 the margin for bursts behind exits. This design's buffers are counted as they were sized in the end.</p>\n";
        let _ = writeln!(body, "<div class=\"chart\">{curve}</div>");
    }
    body += "<h2>Pipeline</h2>\n<p class=\"soft\">A card a layer, a line an actor: its name, how busy it is, and how much it does at \
             once. What not all samples reach is tinted, and says how many do. The slowest actor is red. Point at an actor for its \
             cycles and resources.</p>\n";
    body += &drawing::pipeline(report);
    let tags: Vec<String> =
        report.actors.iter().filter(|actor| actor.carries_tags).map(|actor| escaped(&actor.name)).collect();
    if !tags.is_empty() {
        let _ = writeln!(body, "<p class=\"soft\">Tags travel beside the data, by {}.</p>", tags.join(", "));
    }
    Ok(page(&format!("{network} on {device}"), &body, ""))
}

/// What matters most.
fn figures(report: &Report, added: &Value) -> String {
    let share = share(report.resources, report.device_resources.unwrap_or(report.budget));
    let mut figures = vec![
        (grouped(report.throughput_samples_per_s), "samples a second"),
        (format!("{:.1}", report.cycles_per_sample), "cycles a sample"),
        (format!("{:.1} %", 100.0 * share), "largest share of the device"),
    ];
    if let Some(last) =
        report.actors.iter().map(|actor| actor.reach).reduce(f64::min).filter(|&last| last < 1.0)
    {
        figures.push((format!("{:.1} %", 100.0 * last), "of the samples to the end"));
    }
    if let Some(rows) = report.interface.input.rows {
        figures.push((rows.count.to_string(), "rows side by side at the input"));
    }
    if let Some(accuracy) = added.get("accuracy").and_then(Value::as_f64) {
        figures.push((format!("{:.2} %", 100.0 * accuracy), "classified right"));
    }
    let figure = |(value, what): (String, &str)| format!("<div><b>{value}</b><span>{what}</span></div>\n");
    format!("<div class=\"figures\">\n{}</div>\n", figures.into_iter().map(figure).collect::<String>())
}

/// The largest share of a kind.
fn share(used: ResourceCounts, all: ResourceCounts) -> f64 {
    let kinds = used.kinds().into_iter().zip(all.kinds());
    kinds.map(|((_, used), (_, all))| used as f64 / all.max(1) as f64).fold(0.0, f64::max)
}

/// A bar a kind: what is used of the device, with a line at the budget.
fn resources(report: &Report) -> String {
    let all = report.device_resources.unwrap_or(report.budget);
    let mut text = String::from(
        "<table><thead><tr><th></th><th></th><th class=\"n\">used</th><th class=\"n\">budget</th><th class=\"n\">device</th></tr></thead><tbody>\n",
    );
    let kinds = report.resources.kinds().into_iter().zip(report.budget.kinds()).zip(all.kinds());
    for (((kind, used), (_, budget)), (_, device)) in kinds {
        let part = |count: u64| 100.0 * count as f64 / device.max(1) as f64;
        let over = if used > budget { " class=\"over\"" } else { "" };
        let line = if budget < device {
            format!("<u style=\"left:{:.2}%\" title=\"budget\"></u>", part(budget))
        } else {
            String::new()
        };
        let _ = writeln!(
            text,
            "<tr><td>{kind}</td><td style=\"width:50%\"><div class=\"bar\"><i{over} style=\"width:{:.2}%\"></i>{line}</div></td>\
             <td class=\"n\">{} <span class=\"soft\">({:.1} %)</span></td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            part(used).min(100.0),
            grouped(used as f64),
            part(used),
            grouped(budget as f64),
            grouped(device as f64)
        );
    }
    text += "</tbody></table>\n";
    text
}

/// How many samples leave at each exit, with intervals.
fn exits(exits: &[ExitReport]) -> String {
    let mut text = String::from(
        "<table><thead><tr><th>exit</th><th class=\"n\">threshold</th><th class=\"n\">leave</th><th></th>\
         <th class=\"n\">of those that come</th></tr></thead><tbody>\n",
    );
    for exit in exits {
        let count = |count: i64| usize::try_from(count).unwrap_or(0);
        let Estimate { value, low, high } = Estimate::wilson(count(exit.taken), count(exit.of));
        let shown = if exit.of > 0 {
            format!("{:.1} % ({:.1} to {:.1} %)", 100.0 * value, 100.0 * low, 100.0 * high)
        } else {
            "not profiled".into()
        };
        let bar = if exit.of > 0 {
            format!(
                "<div class=\"bar\"><i class=\"range\" style=\"left:{:.2}%;width:{:.2}%\"></i><i class=\"value\" style=\"left:{:.2}%\"></i></div>",
                100.0 * low,
                100.0 * (high - low),
                100.0 * value
            )
        } else {
            String::new()
        };
        let _ = writeln!(
            text,
            "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{} of {}</td><td style=\"width:35%\">{bar}</td><td class=\"n\">{shown}</td></tr>",
            escaped(&exit.name),
            exit.threshold,
            exit.taken,
            exit.of
        );
    }
    let _ = writeln!(text, "</tbody></table>\n<p class=\"soft\">On the calibration samples; {INTERVAL}.</p>");
    text
}

/// Values by their names, nested ones with a dot between.
fn values(value: &Value) -> String {
    fn flat(name: &str, value: &Value, rows: &mut String) {
        let within = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| flat(&within(key), value, rows)),
            Value::Array(list) => {
                let named = |item: &Value| Some(item.get("name")?.as_str()?.to_owned());
                for (index, item) in list.iter().enumerate() {
                    flat(&within(&named(item).unwrap_or(index.to_string())), item, rows);
                }
            }
            Value::String(_) if name.ends_with(".name") => {}
            other => {
                let text = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
                let _ = writeln!(
                    rows,
                    "<tr><td>{}</td><td class=\"n\">{}</td></tr>",
                    escaped(name),
                    escaped(&text)
                );
            }
        }
    }
    let mut rows = String::new();
    flat("", value, &mut rows);
    format!("<table><tbody>\n{rows}</tbody></table>")
}

/// The curves that are known, with the design on them.
fn curve(report: &Report, explored: Option<&Exploration>) -> Result<Option<String>, Error> {
    let series = match explored {
        Some(explored) => exploration::series(explored),
        None => {
            let points = report.curve.iter().map(|point| (point.share, point.samples_per_s)).collect();
            vec![Series { name: "highest throughput".into(), points }]
        }
    };
    if series.iter().all(|series| series.points.is_empty()) {
        return Ok(None);
    }
    let all = report.device_resources.unwrap_or(report.budget);
    // The curve's throughputs are those that are kept up in bursts.
    let cycles = report.balance.map_or(report.cycles_per_sample, |balance| balance.cycles);
    let design = (share(report.resources, all), report.clock_mhz * 1e6 / cycles);
    Ok(Some(chart::chart(&series, Some(design), Scale::Logarithmic)?.svg))
}
