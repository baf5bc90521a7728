//! The ways to fold an actor that are worth a choice: its exact Pareto set.
//!
//! A way is worth nothing where another one with the same lanes on both sides takes at most as many cycles and at most as much of every
//! kind of resources: whatever is around the actor, the other one can be put in its place. Ways with other lanes are not
//! compared, since a change of lanes costs something, and what it costs depends on the neighbours.

use atheena_dialects::dataflow::{Actor, Folding, Lanes, Resources};
use indexmap::IndexMap;

/// One way to fold an actor.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// How.
    pub folding: Folding,
    /// Cycles for a sample that reaches it.
    pub ii_cycles: i64,
    /// Cycles from its first beat in to its first beat out.
    pub latency_cycles: i64,
    /// The lanes of its streams.
    pub lanes: Lanes,
    /// What it costs.
    pub resources: Resources,
}

impl Way {
    /// Is another way with the same lanes at most as slow and as large?
    fn is_dominated_by(&self, other: &Self) -> bool {
        other.ii_cycles <= self.ii_cycles && other.resources.within(self.resources)
    }
}

/// The ways to fold an actor, in the order of its foldings; gates hold so many samples.
pub fn ways<'c>(actor: &dyn Actor<'c>, held_samples: i64) -> Vec<Way> {
    let way = |(folding, resources)| Way {
        folding,
        ii_cycles: actor.ii_cycles_at(folding),
        latency_cycles: actor.latency_cycles_at(folding),
        lanes: actor.lanes_at(folding),
        resources,
    };
    pareto(actor.costs(held_samples).into_iter().map(way))
}

/// Of ways with the same lanes those that no other one dominates, of equals the first.
fn pareto(all: impl Iterator<Item = Way>) -> Vec<Way> {
    type Numbered = Vec<(usize, Way)>;
    let mut kept: IndexMap<(Vec<i64>, Vec<i64>), Numbered> = IndexMap::new();
    for (number, way) in all.enumerate() {
        let same = kept.entry((way.lanes.inputs.clone(), way.lanes.outputs.clone())).or_default();
        if !same.iter().any(|(_, other)| way.is_dominated_by(other)) {
            same.retain(|(_, other)| !other.is_dominated_by(&way));
            same.push((number, way));
        }
    }
    let mut kept: Numbered = kept.into_values().flatten().collect();
    kept.sort_by_key(|(number, _)| *number);
    kept.into_iter().map(|(_, way)| way).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(number: i64, ii_cycles: i64, output: i64, (lut, dsp): (i64, i64)) -> Way {
        Way {
            folding: Folding::Lanes(number),
            ii_cycles,
            latency_cycles: ii_cycles,
            lanes: Lanes { inputs: vec![1], outputs: vec![output] },
            resources: Resources { lut, dsp, ..Resources::default() },
        }
    }

    #[test]
    fn only_what_nothing_is_better_than_stays() {
        let all = [
            way(0, 8, 1, (10, 2)),
            way(1, 8, 1, (10, 1)), // better than the first
            way(2, 8, 1, (10, 1)), // equal
            way(3, 4, 1, (11, 1)), // faster
            way(4, 9, 1, (5, 9)),  // fewer LUTs
            way(5, 9, 1, (11, 1)), // slower and larger
            way(6, 9, 2, (11, 1)), // the same with other lanes
        ];
        let kept: Vec<Folding> = pareto(all.into_iter()).into_iter().map(|way| way.folding).collect();
        assert_eq!(kept, [1, 3, 4, 6].map(Folding::Lanes));
    }
}
