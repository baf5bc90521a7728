//! `dataflow.table`: any function of each element.

use super::actor::{lanes_of, output_registers, stream_foldings};
use super::{Actor, Folding, Lanes, Named, Resources, Timing, operation, rom, start};
use crate::ir::{Attr, Builder, Op, Value};

operation! {
    /// `dataflow.table`.
    Table, "dataflow.table"
}

impl<'c> Table<'c> {
    /// Looks up each element of `input`, of i8; `values` is `dense<…> : tensor<256xi8>`, that of -128 first.
    pub fn build(builder: Builder<'c>, named: Named<'_>, input: Value<'c>, values: Attr<'c>) -> Self {
        let op = start(builder, Self::NAME, named).operand(input).result(input.ty());
        Self(op.attr("values", values).build())
    }
}

impl<'c> Actor<'c> for Table<'c> {
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
        Lanes { inputs: vec![lanes_of(folding)], outputs: vec![lanes_of(folding)] }
    }

    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        self.outputs()[0].with_lanes(lanes_of(folding)).beats()
    }

    fn latency_cycles_at(&self, _: Folding) -> i64 {
        2
    }

    fn timing(&self) -> Timing {
        Timing::pass(1)
    }

    /// A memory of 256 bytes a lane.
    fn resources_at(&self, folding: Folding) -> Resources {
        let lanes = lanes_of(folding);
        rom(256, 8) * lanes + output_registers(lanes * 8)
    }

    fn is_beatwise(&self) -> bool {
        true
    }
}
