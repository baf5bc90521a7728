//! `dataflow.graph`: the accelerator of one network, and what limits it.

use super::{Actor, Resources, actor, operation};
use crate::ir::{Attr, Block, Builder, Region};

operation! {
    /// `dataflow.graph`.
    Graph, "dataflow.graph"
}

impl<'c> Graph<'c> {
    /// Makes a graph without actors.
    pub fn build(builder: Builder<'c>, name: &str) -> Self {
        let body = Region::with_block(Block::new(&[], builder.loc()));
        let op = builder.op(Self::NAME).region(body);
        Self(op.attr("sym_name", Attr::string(builder.ctx(), name)).build())
    }

    /// The name.
    pub fn name(self) -> String {
        self.0.symbol().unwrap_or_default()
    }

    /// The actors, each behind those that feed it.
    pub fn actors(self) -> Vec<Box<dyn Actor<'c> + 'c>> {
        self.0.body().ops().into_iter().filter_map(actor).collect()
    }

    /// What all actors cost together.
    pub fn resources(self) -> Resources {
        self.actors().iter().map(|actor| actor.resources()).sum()
    }
}

/// The actor that limits the throughput.
#[derive(Clone, Debug, PartialEq)]
pub struct Bottleneck {
    /// Its name.
    pub label: String,
    /// Cycles that it takes for a sample, on average over those that come and those that do not.
    pub cycles_per_sample: f64,
    /// The probability that a sample gets to it.
    pub reach: f64,
}

/// The actor of the largest `II * reach`: of samples whose exits are as the profile says, and buffers that
/// hide bursts, its cycles a sample are the accelerator's.
pub fn bottleneck(graph: Graph<'_>) -> Option<Bottleneck> {
    let of = |actor: Box<dyn Actor<'_> + '_>| Bottleneck {
        label: actor.label(),
        cycles_per_sample: actor.ii_cycles() as f64 * actor.reach(),
        reach: actor.reach(),
    };
    // Of equals the first.
    graph
        .actors()
        .into_iter()
        .map(of)
        .reduce(|most, next| if next.cycles_per_sample > most.cycles_per_sample { next } else { most })
}
