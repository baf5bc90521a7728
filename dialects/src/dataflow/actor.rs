//! What every actor can say of itself: how fast it is, what it costs and how it may be folded.

use super::{Matvec, Products, Resources, Stream, Timing};
use crate::ir::{Attr, Op};

/// How much of an actor's work is done at once. The more, the faster and the larger it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Folding {
    /// Channels a beat, or those of several pixels, of an actor that does the same with each.
    Lanes(i64),
    /// Of a `matvec`: inputs and outputs a cycle.
    Matvec {
        /// Lanes of the input.
        simd: i64,
        /// Lanes of the output.
        pe: i64,
        /// Block RAMs that its weights may take; what they do not hold is in LUTs.
        blocks: i64,
        /// What multiplies.
        products: Products,
        /// Vectors, one after the other, that use each word of weights.
        reuse: i64,
    },
}

impl Folding {
    /// The folding that is recorded as attributes (`lanes`, or `simd` and `pe`; how a `matvec` is made is attributes of its
    /// own).
    pub fn recorded(op: Op<'_>) -> Option<Self> {
        let get = |name| op.attr(name).and_then(Attr::to_i64);
        match (get("lanes"), get("simd"), get("pe")) {
            (Some(lanes), None, None) => Some(Self::Lanes(lanes)),
            (None, Some(simd), Some(pe)) => Matvec::cast(op).map(|matvec| matvec.made_at(simd, pe)),
            _ => None,
        }
    }

    /// Records the folding as attributes.
    pub fn record(self, op: Op<'_>) {
        let set = |name, value| op.set_attr(name, Attr::i64(op.ctx(), value));
        Self::remove_record(op);
        match self {
            Self::Lanes(lanes) => set("lanes", lanes),
            Self::Matvec { simd, pe, blocks, products, reuse } => {
                set("simd", simd);
                set("pe", pe);
                for name in ["blocks", "products", "reuse"] {
                    op.remove_attr(name);
                }
                if reuse > 1 {
                    set("reuse", reuse);
                }
                if products != Products::Constants {
                    set("blocks", blocks);
                    op.set_attr("products", Attr::string(op.ctx(), &products.to_string()));
                }
            }
        }
    }

    /// Has the other one the same lanes, however it is made?
    pub fn has_lanes_of(self, other: Self) -> bool {
        match (self, other) {
            (Self::Matvec { simd, pe, .. }, Self::Matvec { simd: other_simd, pe: other_pe, .. }) => {
                (simd, pe) == (other_simd, other_pe)
            }
            _ => self == other,
        }
    }

    /// The lanes, as attributes record them.
    pub fn lanes_in_words(self) -> String {
        match self {
            Self::Lanes(lanes) => format!("lanes = {lanes}"),
            Self::Matvec { simd, pe, .. } => format!("simd = {simd}, pe = {pe}"),
        }
    }

    /// Removes the recorded lanes.
    pub fn remove_record(op: Op<'_>) {
        for name in ["lanes", "simd", "pe"] {
            op.remove_attr(name);
        }
    }
}

impl std::fmt::Display for Folding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.lanes_in_words())?;
        match self {
            Self::Lanes(_) => Ok(()),
            Self::Matvec { products: Products::Constants, .. } => Ok(()),
            Self::Matvec { blocks, products, reuse, .. } => {
                write!(f, ", blocks = {blocks}, products = {products}")?;
                if *reuse > 1 { write!(f, ", reuse = {reuse}") } else { Ok(()) }
            }
        }
    }
}

/// How much of a sample an actor may take in before it gives what comes of the first of it. Branches that meet again need
/// queues for as much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lag {
    /// The beat.
    Beat,
    /// All channels of the pixel.
    Pixel,
    /// All of the sample.
    Sample,
}

/// The lanes of an actor's streams.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lanes {
    /// Of each operand.
    pub inputs: Vec<i64>,
    /// Of each result.
    pub outputs: Vec<i64>,
}

/// An operation of the dialect as hardware.
///
/// Cycles and costs are functions of the folding, so that foldings are compared without rewriting IR. Costs
/// are a model: `*_at` of a folding that is not one of [`Actor::foldings`] has no meaning.
pub trait Actor<'c> {
    /// The operation.
    fn op(&self) -> Op<'c>;

    /// The legal foldings, at least one, smallest first.
    fn foldings(&self) -> Vec<Folding>;

    /// The folding that the types of the streams say.
    fn folding(&self) -> Folding;

    /// The lanes of the streams at a folding.
    fn lanes_at(&self, folding: Folding) -> Lanes;

    /// Initiation interval: cycles a sample if nothing around the actor stalls it.
    fn ii_cycles_at(&self, folding: Folding) -> i64;

    /// Cycles from the first beat of a sample that comes to the first that goes, if nothing stalls.
    fn latency_cycles_at(&self, folding: Folding) -> i64;

    /// When it takes and gives beats, with the lanes that the streams have.
    fn timing(&self) -> Timing;

    /// What it costs.
    fn resources_at(&self, folding: Folding) -> Resources;

    /// What it costs with the queue behind it, if it holds samples until something is decided: room for so many of them.
    fn resources_holding_at(&self, folding: Folding, _samples: i64) -> Resources {
        self.resources_at(folding)
    }

    /// The legal foldings, and what it costs at each, as [`Actor::resources_holding_at`].
    fn costs(&self, samples: i64) -> Vec<(Folding, Resources)> {
        let cost = |folding| (folding, self.resources_holding_at(folding, samples));
        self.foldings().into_iter().map(cost).collect()
    }

    /// Can each beat go before a later one comes, so that nothing around it must buffer for it?
    fn is_beatwise(&self) -> bool {
        false
    }

    /// What may have to come in before the first of it can go.
    fn lag(&self) -> Lag {
        if self.is_beatwise() { Lag::Beat } else { Lag::Sample }
    }

    /// Must its inputs come with the lanes that their producer gives? So where the lanes tell in which order the elements
    /// of a window come, and a `dataflow.resize` in front would mix up channels and taps.
    fn needs_producers_lanes(&self) -> bool {
        false
    }

    /// Sets attributes that depend on lanes, after the types of the streams were set. `before` is the
    /// folding that the types said until then.
    fn folding_changed(&self, _before: Folding) {}

    /// The name of its module.
    fn label(&self) -> String {
        self.op().attr("label").and_then(Attr::to_string_value).unwrap_or_default()
    }

    /// The probability that a sample reaches it; 1 where nothing else is known.
    fn reach(&self) -> f64 {
        self.op().attr("reach").and_then(Attr::to_f64).unwrap_or(1.0)
    }

    /// The types of its operands.
    fn inputs(&self) -> Vec<Stream> {
        self.op().operands().into_iter().map(Stream::of_value).collect()
    }

    /// The types of its results.
    fn outputs(&self) -> Vec<Stream> {
        self.op().results().into_iter().map(Stream::of_value).collect()
    }

    /// Beats a sample of its busiest stream.
    fn beats(&self) -> i64 {
        self.inputs().iter().chain(&self.outputs()).map(Stream::beats).max().unwrap_or(0)
    }

    /// Initiation interval as it is, in cycles a sample that reaches it.
    fn ii_cycles(&self) -> i64 {
        self.ii_cycles_at(self.folding())
    }

    /// Latency as it is, in cycles from first beat to first beat.
    fn latency_cycles(&self) -> i64 {
        self.latency_cycles_at(self.folding())
    }

    /// Costs as it is.
    fn resources(&self) -> Resources {
        self.resources_at(self.folding())
    }
}

/// The lanes of a folding of an actor that has only lanes.
pub(super) fn lanes_of(folding: Folding) -> i64 {
    match folding {
        Folding::Lanes(lanes) => lanes,
        Folding::Matvec { simd, .. } => simd,
    }
}

/// Each legal number of lanes of a stream as a folding.
pub(super) fn stream_foldings(stream: &Stream) -> Vec<Folding> {
    stream.lane_choices().into_iter().map(Folding::Lanes).collect()
}

/// Each divisor of `common`, channels that all streams have, and whole pixels: of `channels` channels each, 1, 2, 4, ... as long as a row of
/// so many is not shorter than half a beat, where `legal`.
pub(super) fn pixel_foldings(
    common: i64,
    channels: i64,
    row_pixels: i64,
    legal: impl Fn(i64) -> bool,
) -> Vec<Folding> {
    let mut lanes = super::divisors(common);
    lanes.retain(|lanes| *lanes < channels);
    let several = super::stream::pixel_choices(row_pixels, channels).filter(|&pixels| legal(pixels));
    lanes.extend(std::iter::once(1).chain(several).map(|pixels| pixels * channels));
    lanes.into_iter().map(Folding::Lanes).collect()
}

/// Each divisor of `channels` as a folding.
pub(super) fn lane_foldings(channels: i64) -> Vec<Folding> {
    super::divisors(channels).into_iter().map(Folding::Lanes).collect()
}

/// Flip-flops of an output that is a single register.
pub(super) fn output_register(bits: i64) -> Resources {
    Resources::logic(2, bits + 1)
}

/// Flip-flops of a registered output with its skid buffer, and the LUTs that choose between them.
pub(super) fn output_registers(bits: i64) -> Resources {
    Resources::logic(bits / 2 + 4, 2 * bits + 4)
}
