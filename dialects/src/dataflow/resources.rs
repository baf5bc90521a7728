//! What hardware costs on a Xilinx 7-series FPGA, and what memories of it take.

use super::Rom;
use crate::ir::{Attr, Op};
use std::ops::{Add, AddAssign, Mul, Sub};

/// Resources of an FPGA.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Look-up tables, as logic or as memory.
    pub lut: i64,
    /// Flip-flops.
    pub ff: i64,
    /// DSP blocks.
    pub dsp: i64,
    /// Block RAMs of 18 kbit.
    pub bram18: i64,
}

impl Resources {
    /// LUTs and flip-flops only.
    pub const fn logic(lut: i64, ff: i64) -> Self {
        Self { lut, ff, dsp: 0, bram18: 0 }
    }

    /// The four kinds with their names in options and reports.
    pub fn kinds(self) -> [(&'static str, i64); 4] {
        [("lut", self.lut), ("ff", self.ff), ("dsp", self.dsp), ("bram18", self.bram18)]
    }

    /// Is there at most as much of each kind as in `budget`?
    pub fn within(self, budget: Self) -> bool {
        self.kinds().into_iter().zip(budget.kinds()).all(|((_, used), (_, most))| used <= most)
    }
}

impl Add for Resources {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            lut: self.lut + other.lut,
            ff: self.ff + other.ff,
            dsp: self.dsp + other.dsp,
            bram18: self.bram18 + other.bram18,
        }
    }
}

impl AddAssign for Resources {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Resources {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + other * -1
    }
}

impl Mul<i64> for Resources {
    type Output = Self;
    fn mul(self, times: i64) -> Self {
        Self {
            lut: self.lut * times,
            ff: self.ff * times,
            dsp: self.dsp * times,
            bram18: self.bram18 * times,
        }
    }
}

impl std::iter::Sum for Resources {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::default(), Self::add)
    }
}

/// Depth and width of the shapes that a block RAM of 18 kbit can take (UG473, table 1-4; the widest one only
/// with a read and a write port, which is all that is needed).
pub(super) const BLOCK_SHAPES: [(i64, i64); 6] =
    [(512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1)];

/// Where nobody chooses, a block RAM is worth so many LUTs. Devices of the 7 series have about 200 LUTs a block RAM.
const LUTS_OF_A_BLOCK: i64 = 128;

/// Block RAMs of 18 kbit for `depth` words of `width` bits, in the best of their shapes.
pub fn bram18(depth: i64, width: i64) -> i64 {
    block_rams(depth, width).0
}

/// Those block RAMs, and how many there are behind one another: of the shapes that take as few the deepest.
fn block_rams(depth: i64, width: i64) -> (i64, i64) {
    let of = |(d, w): (i64, i64)| (ceil_div(depth, d) * ceil_div(width, w), ceil_div(depth, d));
    BLOCK_SHAPES.into_iter().map(of).min().unwrap_or((0, 1))
}

/// Are so many LUTs worth that block RAMs are taken in their place?
pub(super) fn worth_blocks(lut: i64, blocks: i64) -> bool {
    lut > LUTS_OF_A_BLOCK * blocks
}

/// LUTs of a memory of `depth` words of `width` bits that is written: RAM32M holds 32 words of 6 bits in four LUTs, RAM64M 64
/// words of 3 bits (UG474, table 2-3), and several of them have a multiplexer.
fn lut_ram(depth: i64, width: i64) -> i64 {
    if depth <= 32 {
        return 4 * ceil_div(width, 6);
    }
    let banks = ceil_div(depth, 64);
    4 * ceil_div(width, 3) * banks + width * multiplexer_bit(banks)
}

/// Is a memory that is written made of LUTs, or of block RAMs?
pub fn ram_in_luts(depth: i64, width: i64) -> bool {
    depth <= 64 || !worth_blocks(lut_ram(depth, width), bram18(depth, width))
}

/// A memory of `depth` words of `width` bits with a write and a read port.
pub fn memory(depth: i64, width: i64) -> Resources {
    match depth {
        _ if depth < 1 || width < 1 => Resources::default(),
        1 => Resources::logic(0, width),
        _ if ram_in_luts(depth, width) => Resources::logic(lut_ram(depth, width), width),
        _ => {
            // With a multiplexer where one is not deep enough.
            let (bram18, banks) = block_rams(depth, width);
            Resources { bram18, lut: width * multiplexer_bit(banks), ..Resources::default() }
        }
    }
}

/// Up to this depth, words that come round are registers that shift. Of more, synthesis makes shift registers, a LUT a bit where a
/// memory takes two thirds of one.
pub const SHIFT_DEPTH: i64 = 2;

/// Words of `width` bits that come round, `depth` of them.
pub(super) fn history(depth: i64, width: i64) -> Resources {
    if depth <= SHIFT_DEPTH { Resources::logic(0, depth * width) } else { memory(depth, width) }
}

/// A read-only memory of `depth` words of `width` bits, where nobody chooses how it is made. One of one word is constants.
pub fn rom(depth: i64, width: i64) -> Resources {
    if depth <= 1 || width < 1 { Resources::default() } else { Rom::usual(depth, width).resources() }
}

/// Hundredths of a LUT for a bit of each of so many words that never change: a LUT is 64 of them, up to four have multiplexers of their
/// own behind them, and multiplexers of more take a quarter as many again.
pub(super) fn lut_rom_bit(words: i64) -> i64 {
    match words {
        0..=64 => 100,
        65..=128 => 200,
        129..=256 => 400,
        _ => ceil_div(125 * words, 64),
    }
}

/// Different ones among so many columns of random bits in so few words, as synthesis keeps one of equals: of n that there may be,
/// `n (1 - (1 - 1/n)^columns)` are expected.
pub(super) fn distinct_columns(words: i64, columns: i64) -> i64 {
    if words > 16 {
        return columns;
    }
    let possible = (1_i64 << words) as f64;
    let expected = possible * (1.0 - (1.0 - 1.0 / possible).powi(columns as i32));
    (expected.ceil() as i64).min(columns)
}

/// What the DSP blocks of a device are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DspKind {
    /// Of 25 by 18 bits, with an adder of 48 bits that takes another one's sum: DSP48E1 and DSP48E2.
    Wide,
    /// Multipliers of 18 by 18 bits: MULT18X18D.
    Square,
}

impl DspKind {
    /// What devices and the attribute `dsp` call them.
    pub const NAMES: [&str; 3] = ["DSP48E1", "DSP48E2", "MULT18X18D"];

    /// The attribute `dsp` of the graph that an actor is in; without one, wide.
    pub fn of(actor: Op<'_>) -> Self {
        let name = actor.parent_named("dataflow.graph").and_then(|graph| graph.attr("dsp"));
        match name.and_then(Attr::to_string_value).as_deref() {
            Some("MULT18X18D") => Self::Square,
            _ => Self::Wide,
        }
    }

    /// Numbers that one row of LUTs adds: the devices that have these blocks add three in a LUT of two outputs and its carry, or two.
    pub const fn adder_inputs(self) -> usize {
        match self {
            Self::Wide => 3,
            Self::Square => 2,
        }
    }

    /// Blocks of a product of two numbers in two's complement of so many bits: a longer operand is cut into parts of 17 bits, all but the
    /// last of which have no sign. Synthesis gives the longer one the wider port; where it takes fewer blocks to cut that one for the
    /// narrower port, the hardware does.
    pub(super) fn blocks_of_product(self, a: i64, b: i64) -> i64 {
        self.blocks_as_synthesis(a, b).min(self.blocks_with_wide_cut(a, b))
    }

    /// Does a product take fewer blocks if the wider operand is cut for the narrower port?
    pub fn is_worth_cutting(self, a: i64, b: i64) -> bool {
        self.blocks_with_wide_cut(a, b) < self.blocks_as_synthesis(a, b)
    }

    fn blocks_as_synthesis(self, a: i64, b: i64) -> i64 {
        parts(a.max(b), self.wider_port()) * parts(a.min(b), NARROW_PORT)
    }

    fn blocks_with_wide_cut(self, a: i64, b: i64) -> i64 {
        parts(a.max(b), NARROW_PORT) * parts(a.min(b), self.wider_port())
    }

    const fn wider_port(self) -> i64 {
        match self {
            Self::Wide => 25,
            Self::Square => NARROW_PORT,
        }
    }
}

/// Bits of the narrower port of a DSP block.
const NARROW_PORT: i64 = 18;

/// Bits of a part of an operand that is cut, without a sign.
pub const CUT_BITS: u32 = NARROW_PORT as u32 - 1;

/// Parts of an operand of so many bits, where a port has so many.
fn parts(bits: i64, port: i64) -> i64 {
    1 + ceil_div((bits - port).max(0), CUT_BITS.into())
}

/// LUTs a bit that choose one of so many words: four in one, eight in two with a multiplexer of their own behind them.
pub(super) fn multiplexer_bit(words: i64) -> i64 {
    match words {
        0..=1 => 0,
        2..=4 => 1,
        _ => 2 * ceil_div(words, 8) + multiplexer_bit(ceil_div(words, 16)),
    }
}

/// Bits of a number in `low..=high`: of two's complement if `low` is negative, else unsigned.
pub fn bits_of_range(low: i64, high: i64) -> i64 {
    let bits = |magnitude: i64| i64::from(64 - magnitude.leading_zeros());
    if low < 0 { bits(!low).max(bits(high.max(0))) + 1 } else { bits(high).max(1) }
}

/// `a / b` rounded up, of positive numbers.
pub fn ceil_div(a: i64, b: i64) -> i64 {
    (a + b - 1) / b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_rams_take_their_best_shape() {
        // 512 words of 36 bits fill one; one more word needs the next; 1024 x 36 is two of 1024 x 18.
        assert_eq!(bram18(512, 36), 1);
        assert_eq!(bram18(513, 36), 2);
        assert_eq!(bram18(1024, 36), 2);
        // 2048 x 8 fits one of 2048 x 9; 16384 x 8 is eight of 16384 x 1.
        assert_eq!(bram18(2048, 8), 1);
        assert_eq!(bram18(16384, 8), 8);
        // 100 words of 200 bits: six of 512 x 36 (216 bits).
        assert_eq!(bram18(100, 200), 6);
    }

    #[test]
    fn numbers_take_the_bits_of_their_range() {
        let ranges = [(0, 0), (0, 255), (0, 256), (-128, 127), (-129, 0), (-1, 128), (-1, 0)];
        assert_eq!(ranges.map(|(low, high)| bits_of_range(low, high)), [1, 8, 9, 8, 9, 9, 1]);
    }

    #[test]
    fn small_memories_are_luts() {
        // 32 words of 8 bits: two RAM32M.
        assert_eq!(memory(32, 8).lut, 8);
        assert_eq!(memory(32, 8).bram18, 0);
        assert_eq!(rom(64, 8).lut, 8);
        // 128 words of 3 bits: two RAM64M, and a multiplexer a bit.
        assert_eq!(memory(128, 3).lut, 8 + 3);
        assert_eq!(memory(1024, 8), Resources { bram18: 1, ..Resources::default() });
        // Of eight words there are 256 columns.
        assert_eq!(
            [distinct_columns(8, 100_000), distinct_columns(1, 1), distinct_columns(64, 900)],
            [256, 1, 900]
        );
        // 18 by 25; 32 bits are 25 and a part; 32 are 18 and a part where 22 are in the port of 25; 40 are 18 and two parts; 26 are two parts of both
        // ports.
        let products = [(18, 25), (19, 25), (32, 18), (22, 32), (22, 40), (26, 26)];
        assert_eq!(products.map(|(a, b)| DspKind::Wide.blocks_of_product(a, b)), [1, 2, 2, 2, 3, 4]);
        assert_eq!(products.map(|(a, b)| DspKind::Square.blocks_of_product(a, b)), [2, 4, 2, 4, 6, 4]);
        // One word is a register, or constants.
        assert_eq!(memory(1, 40), Resources::logic(0, 40));
        assert_eq!(rom(1, 40), Resources::default());
    }
}
