//! What hardware costs on a Xilinx 7-series FPGA, and what memories of it take.

use std::ops::{Add, AddAssign, Mul};

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
const BRAM18_SHAPES: [(i64, i64); 6] = [(16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36)];

/// Memories of at most this many bits, or words, are made of LUTs: a block RAM would be mostly empty.
const LUT_MEMORY_BITS: i64 = 2048;
const LUT_MEMORY_WORDS: i64 = 64;

/// Block RAMs of 18 kbit for `depth` words of `width` bits, in the best of their shapes.
pub fn bram18(depth: i64, width: i64) -> i64 {
    let of = |(d, w): (i64, i64)| ceil_div(depth, d) * ceil_div(width, w);
    BRAM18_SHAPES.into_iter().map(of).min().unwrap_or(0)
}

fn in_luts(depth: i64, width: i64) -> bool {
    depth <= LUT_MEMORY_WORDS || depth * width <= LUT_MEMORY_BITS
}

/// A memory of `depth` words of `width` bits with a write and a read port.
pub fn memory(depth: i64, width: i64) -> Resources {
    if depth < 1 || width < 1 {
        return Resources::default();
    }
    if depth == 1 {
        return Resources::logic(0, width);
    }
    if !in_luts(depth, width) {
        return Resources { bram18: bram18(depth, width), ..Resources::default() };
    }
    // RAM32M holds 32 words of 6 bits in four LUTs, RAM64M 64 words of 3 bits (UG474, table 2-3).
    let lut = if depth <= 32 { 4 * ceil_div(width, 6) } else { 4 * ceil_div(width, 3) * ceil_div(depth, 64) };
    Resources::logic(lut, width)
}

/// A read-only memory of `depth` words of `width` bits. One of one word is constants.
pub fn rom(depth: i64, width: i64) -> Resources {
    if depth <= 1 || width < 1 {
        return Resources::default();
    }
    if !in_luts(depth, width) {
        return Resources { bram18: bram18(depth, width), ..Resources::default() };
    }
    // A LUT is 64 words of one bit.
    Resources::logic(width * ceil_div(depth, 64), width)
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
    fn small_memories_are_luts() {
        // 32 words of 8 bits: two RAM32M.
        assert_eq!(memory(32, 8).lut, 8);
        assert_eq!(memory(32, 8).bram18, 0);
        assert_eq!(rom(64, 8).lut, 8);
        assert_eq!(memory(1024, 8), Resources { bram18: 1, ..Resources::default() });
        // One word is a register, or constants.
        assert_eq!(memory(1, 40), Resources::logic(0, 40));
        assert_eq!(rom(1, 40), Resources::default());
    }
}
