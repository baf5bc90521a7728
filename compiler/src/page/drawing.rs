//! The pipeline as a picture: a card a layer, from the source down to the sink, each branch in a column of its own.
//!
//! A card holds the actors that follow one another with nothing beside them, up to the one that works: a matrix, a pool, a
//! decision. Its place is below all cards that feed it (the longest path, as in Sugiyama, Tagawa and Toda, "Methods for Visual
//! Understanding of Hierarchical System Structures", 1981), in the column of the one that it continues. Edges over several cards
//! run in the gap beside a column.

use super::{escaped, short};
use crate::report::{ActorReport, Report};
use std::collections::HashMap;
use std::fmt::Write;

/// In pixels.
const WIDTH: i64 = 430;
const ROW: i64 = 19;
const HEAD: i64 = 30;
const FOOT: i64 = 8;
const GAP: (i64, i64) = (64, 34);
const MARGIN: i64 = 26;

/// Actors that follow one another, drawn as one.
struct Card<'r> {
    actors: Vec<&'r ActorReport>,
    /// The cards that feed it.
    inputs: Vec<usize>,
    column: i64,
    top: i64,
}

impl Card<'_> {
    fn height(&self) -> i64 {
        HEAD + FOOT + ROW * self.actors.len() as i64
    }

    fn left(&self) -> i64 {
        MARGIN + self.column * (WIDTH + GAP.0)
    }

    fn bottom(&self) -> i64 {
        self.top + self.height()
    }

    fn centre(&self) -> i64 {
        self.left() + WIDTH / 2
    }

    /// The actor that the card is named after: the last that does more than pass beats on.
    fn main(&self) -> &ActorReport {
        let works = |actor: &&&ActorReport| !passes_on(actor);
        self.actors.iter().rfind(works).or(self.actors.last()).expect("a card has an actor")
    }
}

fn kind(actor: &ActorReport) -> &str {
    actor.kind.strip_prefix("dataflow.").unwrap_or(&actor.kind)
}

fn passes_on(actor: &ActorReport) -> bool {
    matches!(kind(actor), "fifo" | "resize" | "fork" | "window" | "pad" | "slice")
}

/// The picture of a report's actors. Those that carry tags only are left out.
pub fn pipeline(report: &Report) -> String {
    let mut cards = cards(&report.actors);
    place(&mut cards);
    let columns = cards.iter().map(|card| card.column).max().unwrap_or(0) + 1;
    let width = 2 * MARGIN + columns * WIDTH + (columns - 1) * GAP.0;
    let height = cards.iter().map(Card::bottom).max().unwrap_or(0) + MARGIN;
    let mut svg = format!(
        "<svg class=\"pipeline\" width=\"{width}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"pipeline\">\n\
         <defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
         <path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n"
    );
    edges(&cards, &mut svg);
    cards.iter().for_each(|card| draw(card, report, &mut svg));
    svg += "</svg>\n";
    svg
}

/// The actors in cards, each behind those that feed it.
fn cards(actors: &[ActorReport]) -> Vec<Card<'_>> {
    let drawn: Vec<&ActorReport> = actors.iter().filter(|actor| !actor.carries_tags).collect();
    let mut consumers: HashMap<&str, usize> = HashMap::new();
    for name in drawn.iter().flat_map(|actor| &actor.inputs) {
        *consumers.entry(name.as_str()).or_default() += 1;
    }
    let mut cards: Vec<Card<'_>> = vec![];
    let mut card_of: HashMap<&str, usize> = HashMap::new();
    for actor in drawn {
        let mut inputs: Vec<usize> =
            actor.inputs.iter().filter_map(|name| card_of.get(name.as_str()).copied()).collect();
        inputs.dedup();
        // It belongs to the card before if it is alone behind it, and the card does not work yet or it only hands results on.
        let goes_on = |card: &Card<'_>| {
            let last = card.actors.last().map_or("", |last| last.name.as_str());
            let alone = consumers.get(last) == Some(&1) && actor.inputs == [last];
            let works = card.actors.iter().any(|actor| !passes_on(actor) || kind(actor) == "fork");
            alone && (!works || matches!(kind(actor), "fifo" | "fork")) && kind(actor) != "sink"
        };
        let before = inputs.first().copied().filter(|&card| goes_on(&cards[card]));
        match before {
            Some(card) => cards[card].actors.push(actor),
            None => cards.push(Card { actors: vec![actor], inputs, column: 0, top: 0 }),
        }
        card_of.insert(&actor.name, before.unwrap_or(cards.len() - 1));
    }
    cards
}

/// Gives every card its column and its top.
fn place(cards: &mut [Card<'_>]) {
    // The lowest end of each column so far.
    let mut ends: Vec<i64> = vec![];
    for index in 0..cards.len() {
        let inputs = cards[index].inputs.clone();
        let top = inputs.iter().map(|&input| cards[input].bottom() + GAP.1).max().unwrap_or(MARGIN);
        // What several columns come to stands in the first of them.
        let wanted = inputs.iter().map(|&input| cards[input].column).min().unwrap_or(0);
        let is_free = |column: &i64| ends.get(*column as usize).is_none_or(|&end| end < top);
        let column = (wanted..).find(is_free).unwrap_or(wanted);
        (cards[index].column, cards[index].top) = (column, top);
        if ends.len() <= column as usize {
            ends.resize(column as usize + 1, i64::MIN);
        }
        ends[column as usize] = cards[index].bottom();
    }
}

fn edges(cards: &[Card<'_>], svg: &mut String) {
    // Edges that run beside a column, so that each gets a line of its own.
    let mut beside: HashMap<i64, i64> = HashMap::new();
    for card in cards {
        for &input in &card.inputs {
            let from = &cards[input];
            let (x0, y0, x1, y1) = (from.centre(), from.bottom(), card.centre(), card.top - 1);
            let crosses = |other: &Card<'_>, column: i64| {
                other.column == column && other.top > from.top && other.bottom() < card.bottom()
            };
            let is_long = |column: i64| {
                let mut others = cards.iter().filter(|other| !std::ptr::eq(*other, card));
                others.any(|other| crosses(other, column))
            };
            if !is_long(from.column) && !is_long(card.column) || y1 - y0 <= GAP.1 {
                let bend = ((y1 - y0) / 2).max(10);
                let _ = writeln!(
                    svg,
                    "<path d=\"M{x0} {y0}C{x0} {} {x1} {} {x1} {y1}\" marker-end=\"url(#head)\"/>",
                    y0 + bend,
                    y1 - bend
                );
                continue;
            }
            let column = from.column.min(card.column);
            let number = beside.entry(column).or_default();
            *number += 1;
            let right = MARGIN + column * (WIDTH + GAP.0) + WIDTH;
            let x = right + (10 + 8 * (*number - 1)).min(GAP.0 - 10);
            let (down, up) = (y0 + GAP.1 / 2, y1 - GAP.1 / 2);
            let _ = writeln!(
                svg,
                "<path class=\"long\" d=\"M{x0} {y0}V{down}H{x}V{up}H{x1}V{y1}\" marker-end=\"url(#head)\"/>"
            );
        }
    }
}

fn draw(card: &Card<'_>, report: &Report, svg: &mut String) {
    let (left, top, main) = (card.left(), card.top, card.main());
    let tint = match main.reach {
        reach if reach > 0.999 => "",
        reach if reach > 0.5 => " late",
        _ => " latest",
    };
    let slowest =
        if card.actors.iter().any(|actor| actor.name == report.bottleneck) { " slowest" } else { "" };
    let height = card.height();
    let _ = writeln!(
        svg,
        "<g><rect class=\"card{tint}{slowest}\" x=\"{left}\" y=\"{top}\" width=\"{WIDTH}\" height=\"{height}\" rx=\"7\"/>"
    );
    let work = match kind(main) {
        "matvec" => "matrix-vector",
        "decide" => "exit decision",
        "gate" => "conditional buffer",
        other => other,
    };
    let sum = |of: fn(&ActorReport) -> u64| card.actors.iter().map(|actor| of(actor)).sum::<u64>();
    let (lut, dsp, bram) = (sum(|a| a.resources.lut), sum(|a| a.resources.dsp), sum(|a| a.resources.bram18));
    let mut costs = vec![format!("{} LUT", short(lut as f64))];
    costs.extend((dsp > 0).then(|| format!("{dsp} DSP")));
    costs.extend((bram > 0).then(|| format!("{bram} BRAM")));
    let name = main.name.strip_suffix(&format!("_{}", kind(main))).unwrap_or(&main.name);
    let title = if main.name == kind(main) { String::new() } else { escaped(&cut(name, 24)) };
    let reach = if main.reach < 0.9995 { format!(" · {:.1} %", 100.0 * main.reach) } else { String::new() };
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\"><tspan class=\"name\">{title}</tspan> {work}<tspan class=\"name\">{reach}</tspan></text><text class=\"soft\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
        left + 10,
        top + 20,
        left + WIDTH - 10,
        top + 20,
        costs.join(", ")
    );
    for (index, actor) in card.actors.iter().enumerate() {
        row(actor, report, (left + 6, top + HEAD + ROW * index as i64), svg);
    }
    svg.push_str("</g>\n");
}

/// An actor in its card: how busy it is behind its name, its folding, and its cycles a sample.
fn row(actor: &ActorReport, report: &Report, (left, top): (i64, i64), svg: &mut String) {
    let width = WIDTH - 12;
    let cycles = actor.ii_cycles as f64 * actor.reach;
    let load = (cycles / report.cycles_per_sample.max(1.0)).clamp(0.0, 1.0);
    let slow = if actor.name == report.bottleneck { " slow" } else { "" };
    let mut details = actor.folding.clone();
    if let Some(depth) = actor.depth_beats {
        details = format!("{depth} beats, {}", actor.folding);
    }
    let tip = format!(
        "{} ({}): {details}; {} cycles a sample that comes, {:.0} % busy; {}",
        actor.name,
        kind(actor),
        actor.ii_cycles,
        100.0 * load,
        actor.resources.kinds().map(|(kind, count)| format!("{count} {kind}")).join(", ")
    );
    let name = cut(&actor.name, 58 - details.chars().count().min(30));
    let busy = (width as f64 * load).round();
    let opacity = if slow.is_empty() { "" } else { " opacity=\"0.3\"" };
    let _ = writeln!(
        svg,
        "<g data-actor=\"{0}\"><title>{1}</title><rect class=\"load{slow}\"{opacity} x=\"{left}\" y=\"{top}\" width=\"{busy}\" height=\"{2}\" rx=\"3\"/>\
         <text x=\"{3}\" y=\"{4}\">{5}</text><text class=\"chip\" x=\"{6}\" y=\"{4}\" text-anchor=\"end\">{7}</text></g>",
        escaped(&actor.name),
        escaped(&tip),
        ROW - 2,
        left + 5,
        top + 13,
        escaped(&name),
        left + width - 5,
        escaped(&details)
    );
}

/// The start of a text that is too long.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(name: &str, kind: &str, inputs: &[&str]) -> ActorReport {
        ActorReport {
            name: name.into(),
            kind: format!("dataflow.{kind}"),
            folding: "lanes = 1".into(),
            reach: 1.0,
            ii_cycles: 1,
            resources: Default::default(),
            stalls: Default::default(),
            inputs: inputs.iter().map(|&input| input.to_owned()).collect(),
            depth_beats: None,
            carries_tags: false,
        }
    }

    /// A fork whose branches are one layer and two, and meet.
    #[test]
    fn branches_stand_beside_each_other() {
        let actors = [
            actor("source", "source", &[]),
            actor("fork", "fork", &["source"]),
            actor("a_window", "window", &["fork"]),
            actor("a", "matvec", &["a_window"]),
            actor("a_fifo", "fifo", &["a"]),
            actor("b", "pool", &["fork"]),
            actor("c", "pool", &["b"]),
            actor("add", "add", &["a_fifo", "c"]),
        ];
        let mut cards = cards(&actors);
        place(&mut cards);
        let names =
            |card: &Card<'_>| card.actors.iter().map(|a| a.name.as_str()).collect::<Vec<_>>().join(" ");
        let found: Vec<_> = cards.iter().map(|card| (names(card), card.column)).collect();
        let expected = [("source fork", 0), ("a_window a a_fifo", 0), ("b", 1), ("c", 1), ("add", 0)];
        assert_eq!(found, expected.map(|(names, column)| (names.to_owned(), column)));
        // Each stands below all that feed it, and none on another.
        for card in &cards {
            assert!(card.inputs.iter().all(|&input| cards[input].bottom() < card.top));
            let beside = |other: &Card<'_>| {
                std::ptr::eq(card, other)
                    || card.column != other.column
                    || card.bottom() < other.top
                    || other.bottom() < card.top
            };
            assert!(cards.iter().all(beside));
        }
    }
}
