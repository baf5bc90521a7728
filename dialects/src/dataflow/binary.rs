//! `dataflow.add` and `dataflow.mul`: two streams, element by element.

use super::actor::{lanes_of, stream_foldings};
use super::resources::{DspKind, history};
use super::timing::{Needs, SKID, Step};
use super::{Actor, Element, Folding, Lag, Lanes, Named, Resources, Stream, Timing, start};
use crate::ir::{Attr, Builder, Op, Value};

/// `dataflow.add` or `dataflow.mul`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Binary<'c>(pub Op<'c>);

/// What becomes of two elements.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BinaryKind {
    /// The sum.
    Add,
    /// The product of what they are above these zero points.
    Mul([i64; 2]),
}

impl BinaryKind {
    /// The name of the operation behind that of its dialect.
    pub fn mnemonic(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Mul(_) => "mul",
        }
    }

    /// The same with operands that have changed places.
    pub fn swapped(self) -> Self {
        match self {
            Self::Add => self,
            Self::Mul([lhs_zp, rhs_zp]) => Self::Mul([rhs_zp, lhs_zp]),
        }
    }

    /// The range of results of operands in these ranges.
    pub fn range(self, lhs: (i128, i128), rhs: (i128, i128)) -> (i128, i128) {
        match self {
            Self::Add => (lhs.0 + rhs.0, lhs.1 + rhs.1),
            Self::Mul([lhs_zp, rhs_zp]) => {
                let above =
                    |(low, high), zero_point| [low - i128::from(zero_point), high - i128::from(zero_point)];
                let ends = above(lhs, lhs_zp).map(|a| above(rhs, rhs_zp).map(|b| a * b)).concat();
                ends.iter().fold((ends[0], ends[0]), |(low, high), &end| (low.min(end), high.max(end)))
            }
        }
    }
}

impl<'c> Binary<'c> {
    /// This operation as one of these.
    pub fn cast(op: Op<'c>) -> Option<Self> {
        (op.is("dataflow.add") || op.is("dataflow.mul")).then_some(Self(op))
    }

    /// Combines a stream with one of the same shape and lanes, or with a single pixel that is spread over it, to elements of type
    /// `element`.
    pub fn build(
        builder: Builder<'c>,
        named: Named<'_>,
        kind: BinaryKind,
        (lhs, rhs): (Value<'c>, Value<'c>),
        element: Element,
    ) -> Self {
        let ctx = builder.ctx();
        let output = Stream { element, ..Stream::of_value(lhs) };
        let name = format!("dataflow.{}", kind.mnemonic());
        let mut op = start(builder, &name, named).operands(&[lhs, rhs]).result(output.ty(ctx));
        if let BinaryKind::Mul(zero_points) = kind {
            for (name, zero_point) in ["lhs_zp", "rhs_zp"].into_iter().zip(zero_points) {
                if zero_point != 0 {
                    op = op.attr(name, Attr::i64(ctx, zero_point));
                }
            }
        }
        Self(op.build())
    }

    /// What it computes.
    pub fn kind(self) -> BinaryKind {
        let zero_point = |name| self.0.attr(name).and_then(Attr::to_i64).unwrap_or(0);
        if self.0.is("dataflow.add") {
            BinaryKind::Add
        } else {
            BinaryKind::Mul(["lhs_zp", "rhs_zp"].map(zero_point))
        }
    }

    /// Is the second operand one pixel, that goes with each of the first one?
    pub fn spreads(self) -> bool {
        let [lhs, rhs] = self.operands();
        lhs.shape != rhs.shape
    }

    fn operands(self) -> [Stream; 2] {
        self.inputs().try_into().expect("ODS: there are two operands")
    }
}

impl<'c> Actor<'c> for Binary<'c> {
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
        let of_pixel = if self.spreads() { lanes.min(self.outputs()[0].channels()) } else { lanes };
        Lanes { inputs: vec![lanes, of_pixel], outputs: vec![lanes] }
    }

    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        self.outputs()[0].with_lanes(lanes_of(folding)).beats()
    }

    fn latency_cycles_at(&self, _: Folding) -> i64 {
        2 + self.stages() as i64
    }

    /// The pixel that is spread comes with the first one of the map.
    fn timing(&self) -> Timing {
        let [map, pixel] = self.operands().map(|stream| stream.beats() as usize);
        let both = Step { needs: Needs::All, ..Step::PASS };
        let mut steps = vec![both];
        if self.spreads() {
            steps.resize(pixel, both);
            steps.resize(map, Step::PASS);
        }
        Timing { rooms: vec![SKID; 2], ..Timing::steps(steps, self.stages()) }
    }

    /// Both inputs are buffered. A product takes a DSP block and a register; a pixel that is spread comes round.
    fn resources_at(&self, folding: Folding) -> Resources {
        let lanes = lanes_of(folding);
        let [lhs, rhs] = self.operands();
        let result = i64::from(self.outputs()[0].element.bits);
        let [a, b] = [lhs.element, rhs.element].map(|element| i64::from(element.bits));
        let function = match self.kind() {
            BinaryKind::Add => Resources::logic(4 * lanes * result + 9, 6 * lanes * result + 6),
            BinaryKind::Mul([lhs_zp, rhs_zp]) => {
                let (centred_a, centred_b) = (a + i64::from(lhs_zp != 0), b + i64::from(rhs_zp != 0));
                let product = result.min(centred_a + centred_b);
                let each = Resources {
                    dsp: DspKind::of(self.0).blocks_of_product(centred_a, centred_b),
                    ..Resources::logic(a + b + 2 * product, 2 * (a + b) + 3 * product)
                };
                each * lanes + Resources::logic(10, 7)
            }
        };
        if !self.spreads() {
            return function;
        }
        let of_pixel = lanes.min(rhs.channels());
        let stage = Resources::logic(of_pixel * b + 12, lanes * a + of_pixel * b + 12);
        function + stage + history(rhs.channels() / of_pixel, of_pixel * b)
    }

    fn is_beatwise(&self) -> bool {
        true
    }

    /// Of a pixel that is spread nothing says when it comes: it may be made of the whole map.
    fn lag(&self) -> Lag {
        if self.spreads() { Lag::Sample } else { Lag::Beat }
    }
}

impl Binary<'_> {
    /// Registers between the buffers of the inputs and that of the output: the product's, and that where the pixel is read.
    fn stages(self) -> u64 {
        u64::from(self.spreads()) + u64::from(self.kind() != BinaryKind::Add)
    }
}
