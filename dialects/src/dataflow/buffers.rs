//! What moves beats and changes none: `dataflow.fork`, `dataflow.fifo`, `dataflow.resize`, `dataflow.pack`, `dataflow.gate`.

use super::actor::{lanes_of, output_register, output_registers, stream_foldings};
use super::timing::{SKID, Step};
use super::{
    Actor, Behaviour, DspKind, Folding, Lag, Lanes, Named, Resources, Stream, Timing, ceil_div, int, memory,
    operation, start,
};
use crate::ir::{Attr, Builder, Op, Value};

operation! {
    /// `dataflow.fork`.
    Fork, "dataflow.fork"
}
operation! {
    /// `dataflow.fifo`.
    Fifo, "dataflow.fifo"
}
operation! {
    /// `dataflow.resize`.
    Resize, "dataflow.resize"
}
operation! {
    /// `dataflow.pack`.
    Pack, "dataflow.pack"
}
operation! {
    /// `dataflow.gate`: the conditional buffer.
    Gate, "dataflow.gate"
}

/// Foldings of an actor that passes one stream on: its lanes.
macro_rules! lanes_of_a_stream {
    () => {
        fn op(&self) -> Op<'c> {
            self.0
        }

        fn foldings(&self) -> Vec<Folding> {
            stream_foldings(&self.inputs()[0])
        }

        fn folding(&self) -> Folding {
            Folding::Lanes(self.inputs()[0].lanes)
        }

        fn ii_cycles_at(&self, folding: Folding) -> i64 {
            self.inputs()[0].with_lanes(lanes_of(folding)).beats()
        }

        fn is_beatwise(&self) -> bool {
            true
        }
    };
}

/// Foldings of an actor between two numbers of lanes, which are its neighbours': there is one.
macro_rules! lanes_of_neighbours {
    () => {
        fn op(&self) -> Op<'c> {
            self.0
        }

        fn foldings(&self) -> Vec<Folding> {
            vec![self.folding()]
        }

        fn folding(&self) -> Folding {
            Folding::Lanes(self.inputs()[0].lanes)
        }

        fn lanes_at(&self, _: Folding) -> Lanes {
            Lanes { inputs: vec![self.inputs()[0].lanes], outputs: vec![self.outputs()[0].lanes] }
        }

        fn ii_cycles_at(&self, _: Folding) -> i64 {
            self.beats()
        }

        fn latency_cycles_at(&self, _: Folding) -> i64 {
            ceil_div(self.outputs()[0].lanes, self.inputs()[0].lanes) + 1
        }
    };
}

impl<'c> Fork<'c> {
    /// Copies a stream.
    pub fn build(builder: Builder<'c>, named: Named<'_>, input: Value<'c>, copies: usize) -> Self {
        let op = start(builder, Self::NAME, named).operand(input);
        Self(op.results(&vec![input.ty(); copies]).build())
    }
}

impl<'c> Actor<'c> for Fork<'c> {
    lanes_of_a_stream!();

    fn lanes_at(&self, folding: Folding) -> Lanes {
        let lanes = lanes_of(folding);
        Lanes { inputs: vec![lanes], outputs: vec![lanes; self.0.results().len()] }
    }

    fn latency_cycles_at(&self, _: Folding) -> i64 {
        1
    }

    fn timing(&self) -> Timing {
        Timing::of(vec![0], Behaviour::Fork).with_single_outputs()
    }

    fn resources_at(&self, folding: Folding) -> Resources {
        let bits = self.inputs()[0].with_lanes(lanes_of(folding)).bits();
        (output_register(bits) + Resources::logic(2, 1)) * self.0.results().len() as i64
    }
}

impl<'c> Fifo<'c> {
    /// Queues up to `depth` beats.
    pub fn build(builder: Builder<'c>, named: Named<'_>, input: Value<'c>, depth: i64) -> Self {
        let op = start(builder, Self::NAME, named).operand(input).result(input.ty());
        Self(op.attr("depth", Attr::i64(builder.ctx(), depth)).build())
    }

    /// In beats.
    pub fn depth(self) -> i64 {
        int(self.0, "depth")
    }

    /// Sets the depth in beats.
    pub fn set_depth(self, depth: i64) {
        self.0.set_attr("depth", Attr::i64(self.0.ctx(), depth));
    }

    /// What queueing up to `depth` beats of `stream` costs.
    pub fn cost(stream: &Stream, depth: i64) -> Resources {
        memory(depth, stream.bits()) + Resources::logic(18, 24) + output_register(stream.bits())
    }
}

/// Beats that a memory for `depth` of them holds: it has two words at least.
fn words(depth: i64) -> u64 {
    depth.max(2) as u64
}

/// The depth that holds as much of samples after a change of the lanes.
fn depth_at(stream: &Stream, depth: i64, before: Folding, now: Folding) -> i64 {
    let beats = |folding| stream.with_lanes(lanes_of(folding)).beats();
    ceil_div(depth * beats(now), beats(before))
}

impl<'c> Actor<'c> for Fifo<'c> {
    lanes_of_a_stream!();

    fn lanes_at(&self, folding: Folding) -> Lanes {
        let lanes = lanes_of(folding);
        Lanes { inputs: vec![lanes], outputs: vec![lanes] }
    }

    fn latency_cycles_at(&self, _: Folding) -> i64 {
        2
    }

    /// Out of the memory into a register.
    fn timing(&self) -> Timing {
        Timing { rooms: vec![words(self.depth())], ..Timing::pass(1) }.with_single_outputs()
    }

    fn resources_at(&self, folding: Folding) -> Resources {
        let input = self.inputs().swap_remove(0);
        let depth = depth_at(&input, self.depth(), self.folding(), folding);
        Self::cost(&input.with_lanes(lanes_of(folding)), depth)
    }

    fn folding_changed(&self, before: Folding) {
        self.set_depth(depth_at(&self.inputs()[0], self.depth(), before, self.folding()));
    }
}

impl<'c> Resize<'c> {
    /// Changes the lanes; one number divides the other.
    pub fn build(builder: Builder<'c>, named: Named<'_>, input: Value<'c>, lanes: i64) -> Self {
        let output = Stream::of_value(input).with_lanes(lanes);
        Self(start(builder, Self::NAME, named).operand(input).result(output.ty(builder.ctx())).build())
    }

    /// The narrow and the wide beats of what no beat goes beyond: a pixel if wide beats are parts of one, else a row.
    pub fn beats_within(narrow: &Stream, wide: &Stream) -> (i64, i64) {
        match wide.lanes < wide.channels() {
            true => (narrow.row_beats() / narrow.row_pixels(), wide.row_beats() / wide.row_pixels()),
            false => (narrow.row_beats(), wide.row_beats()),
        }
    }

    /// What changing `stream` to `lanes` costs.
    pub fn cost(stream: &Stream, lanes: i64) -> Resources {
        let output = stream.with_lanes(lanes);
        let (from, to) = (stream.bits(), output.bits());
        // A part is chosen of up to four by a LUT; the last one of several goes straight to the output, and so does that of a partial beat.
        let choice = match Self::beats_within(stream, &output) {
            _ if from > to => to * ceil_div(from / to - 1, 3),
            (narrow, wide) if narrow * from < wide * to => from,
            _ => 0,
        };
        Resources::logic(choice + 8, (to - from).max(0) + 8) + output_register(to)
    }
}

impl<'c> Actor<'c> for Resize<'c> {
    lanes_of_neighbours!();

    fn timing(&self) -> Timing {
        let (from, to) = (self.inputs().swap_remove(0), self.outputs().swap_remove(0));
        let widens = from.lanes < to.lanes;
        let (narrow, wide) = if widens { (&from, &to) } else { (&to, &from) };
        let ratio = wide.lanes / narrow.lanes;
        let (parts, beats) = Self::beats_within(narrow, wide);
        // The last wide beat may have fewer parts.
        let parts_of = |beat: i64| ratio.min(parts - beat * ratio) as usize;
        let beat = |beat: i64| {
            let others = parts_of(beat) - 1;
            let other = if widens { Step::TAKE } else { Step::COPY };
            [vec![other; others], vec![Step::PASS]].concat()
        };
        Timing::steps((0..beats).flat_map(beat).collect(), 0).with_single_outputs()
    }

    fn resources_at(&self, _: Folding) -> Resources {
        Self::cost(&self.inputs()[0], self.outputs()[0].lanes)
    }

    fn is_beatwise(&self) -> bool {
        true
    }

    /// What makes beats wider collects narrow ones, all of one pixel or of one row.
    fn lag(&self) -> Lag {
        let (input, output) = (self.inputs().swap_remove(0), self.outputs().swap_remove(0));
        match () {
            () if input.lanes >= output.lanes => Lag::Beat,
            () if output.pixels() == 1 => Lag::Pixel,
            () => Lag::Sample,
        }
    }
}

impl<'c> Pack<'c> {
    /// The same numbers as another stream.
    pub fn build(builder: Builder<'c>, named: Named<'_>, input: Value<'c>, output: &Stream) -> Self {
        Self(start(builder, Self::NAME, named).operand(input).result(output.ty(builder.ctx())).build())
    }

    /// What changing `from` to `to` costs.
    pub fn cost(from: &Stream, to: &Stream) -> Resources {
        // Bits that words leave out are none.
        let element = if from.element.bits < to.element.bits { from.element } else { to.element };
        Resize::cost(&Stream { element, ..from.clone() }, to.lanes)
    }
}

impl<'c> Actor<'c> for Pack<'c> {
    lanes_of_neighbours!();

    fn timing(&self) -> Timing {
        let (from, to) = (self.inputs()[0].lanes, self.outputs()[0].lanes);
        let other = if from < to { Step::TAKE } else { Step::COPY };
        let others = vec![other; (from.max(to) / from.min(to)) as usize - 1];
        Timing::steps([others, vec![Step::PASS]].concat(), 0).with_single_outputs()
    }

    fn resources_at(&self, _: Folding) -> Resources {
        Self::cost(&self.inputs()[0], &self.outputs()[0])
    }

    /// What makes words collects beats.
    fn lag(&self) -> Lag {
        if self.inputs()[0].lanes >= self.outputs()[0].lanes { Lag::Beat } else { Lag::Sample }
    }
}

impl<'c> Gate<'c> {
    /// Holds up to `depth` beats of `input`; passes the samples whose decision is `pass_when`.
    pub fn build(
        builder: Builder<'c>,
        named: Named<'_>,
        (input, decision): (Value<'c>, Value<'c>),
        pass_when: bool,
        depth: i64,
    ) -> Self {
        let ctx = builder.ctx();
        Self(
            start(builder, Self::NAME, named)
                .operands(&[input, decision])
                .result(input.ty())
                .attr("pass_when", Attr::bool(ctx, pass_when))
                .attr("depth", Attr::i64(ctx, depth))
                .build(),
        )
    }

    /// The decision of the samples that pass.
    pub fn pass_when(self) -> bool {
        self.0.attr("pass_when").and_then(Attr::to_bool).unwrap_or(false)
    }

    /// In beats.
    pub fn depth(self) -> i64 {
        int(self.0, "depth")
    }

    /// Does it hold what the rest of the network works on, and not what leaves, or tags?
    pub fn holds_data(self) -> bool {
        !self.pass_when() && Stream::of_value(self.0.operands()[0]) != Stream::tag()
    }

    /// Registers between the memory and the output: the block RAMs of devices with square DSP blocks take long.
    pub fn registers(self) -> u32 {
        if DspKind::of(self.0) == DspKind::Square { 2 } else { 1 }
    }

    /// Sets the depth in beats, of which a sample is the least.
    pub fn set_depth(self, depth: i64) {
        self.0.set_attr("depth", Attr::i64(self.0.ctx(), depth));
    }

    /// What holding up to `depth` beats of `stream` costs.
    pub fn cost(stream: &Stream, depth: i64) -> Resources {
        // Addresses and counts, for each of their bits.
        let control = 12 * i64::from(64 - words(depth).leading_zeros()) - 20;
        memory(depth, stream.bits()) + Resources::logic(control, 30) + output_registers(stream.bits())
    }
}

impl<'c> Actor<'c> for Gate<'c> {
    fn op(&self) -> Op<'c> {
        self.0
    }

    /// Of what leaves, a classifier's few results, one element a beat or all.
    fn foldings(&self) -> Vec<Folding> {
        let input = self.inputs().swap_remove(0);
        match self.pass_when() && input.positions() == 1 {
            true if input.channels() > 1 => vec![Folding::Lanes(1), Folding::Lanes(input.channels())],
            _ => stream_foldings(&input),
        }
    }

    fn folding(&self) -> Folding {
        Folding::Lanes(self.inputs()[0].lanes)
    }

    fn ii_cycles_at(&self, folding: Folding) -> i64 {
        self.inputs()[0].with_lanes(lanes_of(folding)).beats()
    }

    fn is_beatwise(&self) -> bool {
        true
    }

    fn lanes_at(&self, folding: Folding) -> Lanes {
        let lanes = lanes_of(folding);
        Lanes { inputs: vec![lanes, 1], outputs: vec![lanes] }
    }

    /// The decision needs the whole sample.
    fn latency_cycles_at(&self, folding: Folding) -> i64 {
        self.ii_cycles_at(folding) + 2
    }

    fn timing(&self) -> Timing {
        let beats = self.inputs()[0].beats() as u64;
        let rooms = vec![words(self.depth()), SKID];
        let (pass_when, registers) = (self.pass_when(), self.registers());
        Timing::of(rooms, Behaviour::Gate { beats, pass_when, registers })
    }

    fn resources_at(&self, folding: Folding) -> Resources {
        let input = self.inputs().swap_remove(0);
        let depth = depth_at(&input, self.depth(), self.folding(), folding);
        let stream = input.with_lanes(lanes_of(folding));
        let more = i64::from(self.registers() - 1) * stream.bits();
        Self::cost(&stream, depth) + Resources::logic(0, more)
    }

    fn resources_holding_at(&self, folding: Folding, samples: i64) -> Resources {
        let stream = self.inputs()[0].with_lanes(lanes_of(folding));
        let logic = Resources::logic(90, 90) + output_registers(stream.bits());
        memory(samples.max(1) * stream.beats(), stream.bits()) + logic
    }

    fn folding_changed(&self, before: Folding) {
        let input = self.inputs().swap_remove(0);
        let depth = depth_at(&input, self.depth(), before, self.folding());
        self.set_depth(depth.max(input.beats()));
    }
}
