//! What the products of a `dataflow.matvec` are made of.

use std::fmt;

/// What multiplies, where not all weights are used in each cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Products {
    /// DSP blocks, two products in each where that is exact.
    Dsp,
    /// LUTs.
    Lut,
    /// Tables of a bit of each input ([`super::Serial`]).
    Serial1,
    /// Tables of two bits of each input.
    Serial2,
}

impl Products {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Dsp, Self::Lut, Self::Serial1, Self::Serial2];

    /// The name in the attribute `products`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dsp => "dsp",
            Self::Lut => "lut",
            Self::Serial1 => "serial_1",
            Self::Serial2 => "serial_2",
        }
    }

    /// Bits of each input a cycle, where that is not all of them.
    pub const fn serial_bits(self) -> Option<i64> {
        match self {
            Self::Dsp | Self::Lut => None,
            Self::Serial1 => Some(1),
            Self::Serial2 => Some(2),
        }
    }

    /// The one of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|products| products.name() == name)
    }
}

impl fmt::Display for Products {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Places between the two factors in the wide operand of a DSP block.
pub const PAIR_PLACES: u32 = 17;

/// DSP blocks that add to one another within a cycle: so many meet 125 MHz.
const LONGEST_CHAIN: i64 = 3;

/// How products are put into DSP blocks.
///
/// A DSP48E1 multiplies 25 bits by 18 and adds 48. With `a * 2^17 + b` as the wide operand, the product with x is
/// `a x * 2^17 + b x`, and a sum of such products, started from `2^16`, has the sum of the `b x`, plus `2^16`, in its low 17 bits, as long
/// as that sum is from `-2^16` to `2^16 - 1`; all bits above are the sum of the `a x`. `a * 2^17 + b` has 25 bits unless a is -128
/// and b negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DspUse {
    /// Are two rows multiplied in one?
    pub paired: bool,
    /// Products that are added in the DSP blocks.
    pub chain: i64,
}

impl DspUse {
    /// Of weights and inputs in these ranges, for `rows` outputs at once.
    pub fn new(weights: (i64, i64), input: (i64, i64), rows: i64) -> Self {
        let magnitude = |(low, high): (i64, i64)| low.abs().max(high.abs());
        let most = magnitude(weights) * magnitude(input);
        let chain = LONGEST_CHAIN.min(((1 << (PAIR_PLACES - 1)) - 1) / most.max(1));
        let paired = rows > 1 && chain > 0 && weights.0 >= -127 && weights.1 <= 127;
        Self { paired, chain: if paired { chain } else { LONGEST_CHAIN } }
    }

    /// DSP blocks for `rows` outputs of `columns` inputs.
    pub fn blocks(self, rows: i64, columns: i64) -> i64 {
        columns * if self.paired { rows / 2 + rows % 2 } else { rows }
    }

    /// The range of weights as they are stored: the first one of a pair is less one where the second one is negative.
    pub fn stored(self, (low, high): (i64, i64)) -> (i64, i64) {
        if self.paired { (low - 1, high) } else { (low, high) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_need_room() {
        let i8 = (-128, 127);
        // 3 * 127 * 128 = 48 768 is less than 2^16; 3 * 127 * 255 = 97 155 is not, twice is.
        assert_eq!(DspUse::new((-127, 127), i8, 2), DspUse { paired: true, chain: 3 });
        assert_eq!(DspUse::new((-127, 127), (0, 255), 2), DspUse { paired: true, chain: 2 });
        // -128 does not fit beside a negative one, and inputs of 16 bits leave no room.
        assert!(!DspUse::new(i8, i8, 2).paired);
        assert!(!DspUse::new((-127, 127), (-32768, 32767), 2).paired);
        assert!(!DspUse::new((-127, 127), i8, 1).paired);
        assert_eq!(DspUse::new((-127, 127), i8, 5).blocks(5, 9), 27);
    }
}
