//! `dataflow.window`: the sliding windows of a feature map.

use super::actor::{lane_foldings, lanes_of, output_registers};
use super::{Actor, Folding, Lanes, Named, Resources, Stream, int, ints, memory, operation, pair, start};
use crate::ir::{Attr, Builder, Op, Value};
use crate::tosa::Geometry;

operation! {
    /// `dataflow.window`.
    Window, "dataflow.window"
}

impl<'c> Window<'c> {
    /// Makes windows of the stream `input`, `[H, W, C]`; None, with a diagnostic, if the kernel does not fit.
    pub fn build(
        builder: Builder<'c>,
        named: Named<'_>,
        input: Value<'c>,
        geometry: &Geometry,
        pad_value: i64,
    ) -> Option<Self> {
        let ctx = builder.ctx();
        let output = Self::output_type(&Stream::of_value(input), geometry)?;
        let op = start(builder, Self::NAME, named)
            .operand(input)
            .result(output.ty(ctx))
            .attr("kernel", Attr::i64s(ctx, &geometry.kernel))
            .attr("stride", Attr::i64s(ctx, &geometry.stride))
            .attr("dilation", Attr::i64s(ctx, &geometry.dilation))
            .attr("pad", Attr::i64s(ctx, &geometry.pad))
            .attr("pad_value", Attr::i64(ctx, pad_value));
        Some(Self(op.build()))
    }

    /// The stream of windows of a stream `[H, W, C]`; None if the rank is another or the kernel does not fit.
    pub fn output_type(input: &Stream, geometry: &Geometry) -> Option<Stream> {
        let &[h, w, c] = &input.shape[..] else { return None };
        let [oh, ow] = geometry.output([h, w])?;
        let taps = geometry.kernel[0] * geometry.kernel[1];
        Some(Stream { shape: vec![oh, ow, taps * c], element: input.element, lanes: taps * input.lanes })
    }

    /// Kernel, stride, dilation and padding.
    pub fn geometry(self) -> Geometry {
        Geometry {
            kernel: pair(self.0, "kernel"),
            stride: pair(self.0, "stride"),
            dilation: pair(self.0, "dilation"),
            pad: ints(self.0, "pad").try_into().expect("the verifier wants four numbers"),
        }
    }

    /// What the padding holds.
    pub fn pad_value(self) -> i64 {
        int(self.0, "pad_value")
    }

    /// Height, width and channels of the input.
    pub fn input_shape(self) -> [i64; 3] {
        let input = self.inputs().swap_remove(0);
        input.shape.try_into().expect("the verifier wants a stream of rank 3")
    }

    fn taps(self) -> i64 {
        self.geometry().kernel.iter().product()
    }

    /// Height and width with the padding: that behind a row or a map is that before the next one.
    fn padded(self) -> [i64; 2] {
        let ([h, w, _], [top, bottom, left, right]) = (self.input_shape(), self.geometry().pad);
        [h + top.max(bottom), w + left.max(right)]
    }

    /// Cycles from the first element of a sample to the end of its first window; in none of them a window ends.
    fn fill_cycles(self, folding: Folding) -> i64 {
        let Geometry { kernel: [kh, kw], dilation: [dh, dw], pad: [top, _, left, _], .. } = self.geometry();
        let (rows, columns) = ((kh - 1) * dh - top, (kw - 1) * dw - left);
        (rows * self.padded()[1] + columns).max(0) * (self.input_shape()[2] / lanes_of(folding))
    }
}

impl<'c> Actor<'c> for Window<'c> {
    fn op(&self) -> Op<'c> {
        self.0
    }

    fn foldings(&self) -> Vec<Folding> {
        lane_foldings(self.input_shape()[2])
    }

    fn folding(&self) -> Folding {
        Folding::Lanes(self.inputs()[0].lanes)
    }

    fn lanes_at(&self, folding: Folding) -> Lanes {
        let lanes = lanes_of(folding);
        Lanes { inputs: vec![lanes], outputs: vec![self.taps() * lanes] }
    }

    /// Every padded position takes a beat a group of channels; the outputs go along with them.
    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        let [h, w] = self.padded();
        let [_, _, c] = self.input_shape();
        h * w * (c / lanes_of(folding))
    }

    fn latency_cycles_at(&self, folding: Folding) -> i64 {
        self.fill_cycles(folding) + 2
    }

    /// A line buffer whose word is a column of the window (RECIPES D: 125 LUT and 96 LUTs as memory for 5x5 of
    /// 5 channels), and the registers of the window.
    fn resources_at(&self, folding: Folding) -> Resources {
        let lanes = lanes_of(folding);
        let Geometry { kernel: [kh, kw], dilation: [dh, dw], .. } = self.geometry();
        let [_, _, c] = self.input_shape();
        let bits = i64::from(self.inputs()[0].element.bits);
        let groups = c / lanes;
        let lines = memory(self.padded()[1] * groups, (kh - 1) * dh * lanes * bits);
        // Behind each tap in a row: the columns between, one word a group of channels.
        let columns = memory(dw * groups, kh * lanes * bits) * (kw - 1);
        lines + columns + Resources::logic(110, 60) + output_registers(self.taps() * lanes * bits)
    }
}
