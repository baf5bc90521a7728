//! Where samples come in and results go out: `dataflow.source`, `dataflow.merge`, `dataflow.sink`.

use super::actor::{lanes_of, output_registers, stream_foldings};
use super::timing::SKID;
use super::{Actor, Behaviour, Folding, Lanes, Named, Resources, Stream, Timing, operation, start};
use crate::ir::{Attr, Builder, Op, Value};

operation! {
    /// `dataflow.source`.
    Source, "dataflow.source"
}
operation! {
    /// `dataflow.merge`.
    Merge, "dataflow.merge"
}
operation! {
    /// `dataflow.sink`.
    Sink, "dataflow.sink"
}

impl<'c> Source<'c> {
    /// Makes the source of samples of a type.
    pub fn build(builder: Builder<'c>, named: Named<'_>, data: &Stream) -> Self {
        let ctx = builder.ctx();
        let types = [data.ty(ctx), Stream::tag().ty(ctx)];
        Self(start(builder, Self::NAME, named).results(&types).build())
    }

    /// The samples.
    pub fn data(self) -> Value<'c> {
        self.0.result(0)
    }

    /// Rows that come side by side.
    pub fn rows(self) -> i64 {
        self.0.attr("rows").and_then(Attr::to_i64).unwrap_or(1)
    }

    /// Their tags.
    pub fn tag(self) -> Value<'c> {
        self.0.result(1)
    }
}

impl<'c> Actor<'c> for Source<'c> {
    fn op(&self) -> Op<'c> {
        self.0
    }

    fn foldings(&self) -> Vec<Folding> {
        stream_foldings(&self.outputs()[0])
    }

    fn folding(&self) -> Folding {
        Folding::Lanes(self.outputs()[0].lanes)
    }

    fn lanes_at(&self, folding: Folding) -> Lanes {
        Lanes { inputs: vec![], outputs: vec![lanes_of(folding), 1] }
    }

    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        self.outputs()[0].with_lanes(lanes_of(folding)).beats()
    }

    fn latency_cycles_at(&self, _: Folding) -> i64 {
        1
    }

    fn timing(&self) -> Timing {
        Timing::of(vec![], Behaviour::Source { beats: self.outputs()[0].beats() as u64 })
    }

    fn resources_at(&self, folding: Folding) -> Resources {
        let bits = self.outputs()[0].with_lanes(lanes_of(folding)).bits();
        Resources::logic(20, 20) + output_registers(bits) + output_registers(16)
    }
}

impl<'c> Merge<'c> {
    /// Merges the results of all exits in their order, each with its tags; types are those of the first.
    pub fn build(builder: Builder<'c>, named: Named<'_>, exits: &[(Value<'c>, Value<'c>)]) -> Self {
        let ctx = builder.ctx();
        let data: Vec<_> = exits.iter().map(|exit| exit.0).collect();
        let tags: Vec<_> = exits.iter().map(|exit| exit.1).collect();
        let ty = data.first().expect("a network has a classifier").ty();
        let sizes = [data.len() as i32, tags.len() as i32];
        Self(
            start(builder, Self::NAME, named)
                .operands(&data)
                .operands(&tags)
                .results(&[ty, Stream::tag().ty(ctx), Stream::exit().ty(ctx)])
                .attr("operandSegmentSizes", Attr::i32s(ctx, &sizes))
                .build(),
        )
    }

    /// Number of exits, with the final classifier.
    pub fn exits(self) -> usize {
        self.0.operands().len() / 2
    }

    /// The results of exit `index`.
    pub fn data_of(self, index: usize) -> Value<'c> {
        self.0.operands()[index]
    }

    /// The tags of exit `index`.
    pub fn tag_of(self, index: usize) -> Value<'c> {
        self.0.operands()[self.exits() + index]
    }
}

impl<'c> Actor<'c> for Merge<'c> {
    fn op(&self) -> Op<'c> {
        self.0
    }

    fn foldings(&self) -> Vec<Folding> {
        stream_foldings(&self.outputs()[0])
    }

    fn folding(&self) -> Folding {
        Folding::Lanes(self.outputs()[0].lanes)
    }

    fn lanes_at(&self, folding: Folding) -> Lanes {
        let lanes = lanes_of(folding);
        let mut inputs = vec![lanes; self.exits()];
        inputs.resize(2 * self.exits(), 1);
        Lanes { inputs, outputs: vec![lanes, 1, 1] }
    }

    /// The beats of a result: samples follow one another without a gap.
    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        self.outputs()[0].with_lanes(lanes_of(folding)).beats()
    }

    fn latency_cycles_at(&self, _: Folding) -> i64 {
        2
    }

    fn timing(&self) -> Timing {
        let beats = self.outputs()[0].beats() as u64;
        Timing::of(vec![SKID; 2 * self.exits()], Behaviour::Merge { beats })
    }

    fn resources_at(&self, folding: Folding) -> Resources {
        let bits = self.outputs()[0].with_lanes(lanes_of(folding)).bits();
        // The inputs with their tags, and the result with its tag and exit.
        let registers = self.exits() as i64 * (bits + 16) + bits + 24;
        Resources::logic(registers + 30, 2 * registers + 17)
    }
}

impl<'c> Sink<'c> {
    /// Makes the sink of results.
    pub fn build(builder: Builder<'c>, named: Named<'_>, [data, tag, exit]: [Value<'c>; 3]) -> Self {
        Self(start(builder, Self::NAME, named).operands(&[data, tag, exit]).build())
    }
}

impl<'c> Actor<'c> for Sink<'c> {
    fn op(&self) -> Op<'c> {
        self.0
    }

    fn foldings(&self) -> Vec<Folding> {
        stream_foldings(&self.inputs()[0])
    }

    fn folding(&self) -> Folding {
        Folding::Lanes(self.inputs()[0].lanes)
    }

    fn lanes_at(&self, folding: Folding) -> Lanes {
        Lanes { inputs: vec![lanes_of(folding), 1, 1], outputs: vec![] }
    }

    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        self.inputs()[0].with_lanes(lanes_of(folding)).beats()
    }

    fn latency_cycles_at(&self, _: Folding) -> i64 {
        1
    }

    fn timing(&self) -> Timing {
        Timing::of(vec![SKID; 3], Behaviour::Sink { beats: self.inputs()[0].beats() as u64 })
    }

    fn resources_at(&self, folding: Folding) -> Resources {
        // What comes in, and what goes out with `tlast`.
        let registers = 2 * (self.inputs()[0].with_lanes(lanes_of(folding)).bits() + 24) + 1;
        Resources::logic(registers + 15, 2 * registers + 10)
    }
}
