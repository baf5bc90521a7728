//! The smallest foldings that keep up with a target.

use std::collections::HashMap;

use atheena_dialects::dataflow::{Actor, Bottleneck, Folding, Resize, Resources, Stream, gcd};
use atheena_dialects::ir::Value;

/// A folding for each actor, and what all cost together.
pub struct Choice {
    pub foldings: Vec<Folding>,
    pub resources: Resources,
}

/// One way to fold an actor.
struct Way {
    folding: Folding,
    cycles: f64,
    inputs: Vec<i64>,
    outputs: Vec<i64>,
    resources: Resources,
}

/// The ways to fold all actors of a graph.
pub struct Search<'a, 'c> {
    actors: &'a [Box<dyn Actor<'c> + 'c>],
    ways: Vec<Vec<Way>>,
    /// Of each operand, which result of which actor it is.
    producers: HashMap<Value<'c>, (usize, usize)>,
    pub budget: Resources,
    margin: f64,
}

/// Samples that an actor must be able to take for each that enters.
fn rate(actor: &dyn Actor<'_>, margin: f64) -> f64 {
    (actor.reach() * (1.0 + margin)).min(1.0)
}

/// What shares are of where the budget sets no limit: a ZC706.
const USUAL: Resources = Resources { lut: 218_600, ff: 437_200, dsp: 900, bram18: 1090 };

impl<'a, 'c> Search<'a, 'c> {
    pub fn new(
        actors: &'a [Box<dyn Actor<'c> + 'c>],
        budget: Resources,
        margin: f64,
        held_samples: i64,
    ) -> Self {
        let ways = |actor: &dyn Actor<'c>| {
            let way = |folding| {
                let lanes = actor.lanes_at(folding);
                Way {
                    folding,
                    cycles: actor.ii_cycles_at(folding) as f64 * rate(actor, margin),
                    inputs: lanes.inputs,
                    outputs: lanes.outputs,
                    resources: actor.resources_holding_at(folding, held_samples),
                }
            };
            actor.foldings().into_iter().map(way).collect()
        };
        let results = actors.iter().enumerate().flat_map(|(index, actor)| {
            actor.op().results().into_iter().enumerate().map(move |(result, value)| (value, (index, result)))
        });
        Self {
            actors,
            ways: actors.iter().map(|actor| ways(actor.as_ref())).collect(),
            producers: results.collect(),
            budget,
            margin,
        }
    }

    /// The cycles a sample at which the choice of some actor changes, ascending, none below what is possible.
    pub fn targets(&self) -> Vec<f64> {
        let fastest = |ways: &Vec<Way>| ways.iter().map(|way| way.cycles).fold(f64::INFINITY, f64::min);
        let least = self.ways.iter().map(fastest).fold(0.0, f64::max);
        let mut targets: Vec<f64> = self.ways.iter().flatten().map(|way| way.cycles).collect();
        targets.retain(|&cycles| cycles >= least);
        targets.sort_by(f64::total_cmp);
        targets.dedup();
        targets
    }

    /// For each actor, in order, the cheapest folding that takes at most `cycles` a sample, or the actor that
    /// can't.
    pub fn smallest(&self, cycles: f64) -> Result<Choice, Bottleneck> {
        let mut taken: Vec<&Way> = vec![];
        let mut total = Resources::default();
        for (actor, ways) in self.actors.iter().zip(&self.ways) {
            let cost = |way: &Way| {
                let resizes = self.resizes(actor.as_ref(), way, &taken, cycles)?;
                Some(way.resources + resizes)
            };
            let possible = ways.iter().filter(|way| way.cycles <= cycles);
            let costs = possible.filter_map(|way| Some((way, cost(way)?)));
            // Of equals the first, which is the smallest folding.
            let best =
                costs.reduce(|best, next| if self.share(next.1) < self.share(best.1) { next } else { best });
            let Some((way, resources)) = best else {
                let fastest = ways.iter().map(|way| way.cycles).fold(f64::INFINITY, f64::min);
                return Err(Bottleneck { label: actor.label(), cycles_per_sample: fastest });
            };
            total += resources;
            taken.push(way);
        }
        Ok(Choice { foldings: taken.iter().map(|way| way.folding).collect(), resources: total })
    }

    /// What the changes of lanes in front of an actor cost; None if one of them is too slow or may not be.
    fn resizes(&self, actor: &dyn Actor<'c>, way: &Way, taken: &[&Way], cycles: f64) -> Option<Resources> {
        let mut sum = Resources::default();
        for (value, &lanes) in actor.op().operands().into_iter().zip(&way.inputs) {
            // Actors stand behind those that feed them, so the producer's folding is known.
            let Some(&(at, result)) = self.producers.get(&value) else { continue };
            let Some(producer) = taken.get(at) else { continue };
            let from = producer.outputs[result];
            if from == lanes {
                continue;
            }
            if actor.needs_producers_lanes() {
                return None;
            }
            let stream = Stream::of_value(value).with_lanes(from);
            let between = gcd(from, lanes);
            let most = rate(actor, self.margin).min(rate(self.actors[at].as_ref(), self.margin));
            if (stream.elements() / between) as f64 * most > cycles {
                return None;
            }
            sum += Resize::cost(&stream, between);
            if between != from && between != lanes {
                sum += Resize::cost(&stream.with_lanes(between), lanes);
            }
        }
        Some(sum)
    }

    fn share(&self, used: Resources) -> f64 {
        let kinds = used.kinds().into_iter().zip(self.budget.kinds()).zip(USUAL.kinds());
        kinds
            .map(|(((_, used), (_, most)), (_, usual))| {
                used as f64 / if most == i64::MAX { usual } else { most } as f64
            })
            .sum()
    }
}
