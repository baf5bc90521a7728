//! What the products of a `dataflow.matvec` are made of.

use super::super::DspKind;
use std::fmt;

/// What multiplies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Products {
    /// DSP blocks, two products in each where that is exact.
    Dsp,
    /// LUTs.
    Lut,
    /// DSP blocks for so many of the input's lanes, the first ones, and LUTs for the others.
    Mixed(i64),
    /// Tables of the weights ([`super::Serial`]).
    Serial {
        /// Bits of each input a cycle.
        bits: i64,
        /// Elements a cycle, the last ones of a vector, that DSP blocks multiply instead.
        lanes: i64,
        /// Tables in block RAMs, for each of those bits.
        blocks: i64,
    },
    /// Nothing: weights that never change are adders.
    Constants,
    /// Such adders, of a digit of each input a cycle ([`super::Serial`]).
    Digits {
        /// Bits of each input a cycle.
        bits: i64,
        /// As of serial products.
        lanes: i64,
        /// As of serial products.
        blocks: i64,
    },
}

/// Of so many DSP blocks and more, half of the lanes may have theirs. Exploring takes time with each choice.
const WORTH_MIXING: i64 = 256;

impl Products {
    /// What a layer with a memory of weights may choose from.
    pub(super) fn choices(dsp_use: DspUse, simd: i64, pe: i64) -> Vec<Self> {
        // Whole cascades.
        let whole = |lanes: i64| if lanes > dsp_use.chain { lanes - lanes % dsp_use.chain } else { lanes };
        let half =
            (dsp_use.blocks(pe, simd) >= WORTH_MIXING && simd > 1).then(|| Self::Mixed(whole(simd / 2)));
        [Self::Dsp, Self::Lut].into_iter().chain(half).collect()
    }

    /// Elements a cycle, of so many lanes of the input, whose products are in DSP blocks.
    pub fn lanes_in_dsps(self, simd: i64) -> i64 {
        match self {
            Self::Dsp => simd,
            Self::Mixed(lanes) => lanes.min(simd),
            Self::Serial { lanes, .. } | Self::Digits { lanes, .. } => lanes.min(simd),
            Self::Lut | Self::Constants => 0,
        }
    }

    /// Bits of each input a cycle, where that is not all of them.
    pub const fn digit_bits(self) -> Option<i64> {
        match self {
            Self::Serial { bits, .. } | Self::Digits { bits, .. } => Some(bits),
            Self::Dsp | Self::Lut | Self::Mixed(_) | Self::Constants => None,
        }
    }

    /// What the attribute `products` says: `dsp`, `lut`, as `dsp:4` how many lanes are in DSP blocks, as `serial:2` how many bits come at
    /// once, and as `serial:2+dsp:4+bram:3` how many elements a cycle are in DSP blocks and how many tables in block RAMs beside them; as
    /// `constants:4`, with the same parts, how many bits come at once to adders.
    pub fn of_name(name: &str) -> Option<Self> {
        match name {
            "dsp" => Some(Self::Dsp),
            "lut" => Some(Self::Lut),
            _ => match name.split_once(':')? {
                ("dsp", lanes) => lanes.parse().ok().map(Self::Mixed),
                (kind, made) => {
                    let (made, blocks) = made.split_once("+bram:").unwrap_or((made, "0"));
                    let (bits, lanes) = made.split_once("+dsp:").unwrap_or((made, "0"));
                    let [bits, lanes, blocks] =
                        [bits.parse().ok()?, lanes.parse().ok()?, blocks.parse().ok()?];
                    match kind {
                        "serial" => Some(Self::Serial { bits, lanes, blocks }),
                        "constants" => Some(Self::Digits { bits, lanes, blocks }),
                        _ => None,
                    }
                }
            },
        }
    }
}

impl fmt::Display for Products {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dsp => f.write_str("dsp"),
            Self::Lut => f.write_str("lut"),
            Self::Mixed(lanes) => write!(f, "dsp:{lanes}"),
            Self::Serial { bits, lanes, blocks } | Self::Digits { bits, lanes, blocks } => {
                let kind = if matches!(self, Self::Serial { .. }) { "serial" } else { "constants" };
                write!(f, "{kind}:{bits}")?;
                if *lanes > 0 {
                    write!(f, "+dsp:{lanes}")?;
                }
                if *blocks > 0 { write!(f, "+bram:{blocks}") } else { Ok(()) }
            }
            Self::Constants => f.write_str("constants"),
        }
    }
}

/// Pairs of a weight's bits whose choices a product in LUTs adds in its first cycle. All of eight bits in one are too long a path for 125 MHz where
/// a LUT has four inputs (docs/timing.md).
pub const PLACES_A_STAGE: u32 = 2;

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
    /// Of weights and inputs in these ranges, for `rows` outputs at once. Square blocks hold one product, and what adds them is behind a
    /// register of each.
    pub fn new(kind: DspKind, weights: (i64, i64), input: (i64, i64), rows: i64) -> Self {
        if kind == DspKind::Square {
            return Self { paired: false, chain: 1 };
        }
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
    fn names_are_read_back() {
        let names = [
            ("lut", Products::Lut),
            ("dsp:4", Products::Mixed(4)),
            ("serial:2+dsp:4+bram:3", Products::Serial { bits: 2, lanes: 4, blocks: 3 }),
            ("constants:4", Products::Digits { bits: 4, lanes: 0, blocks: 0 }),
            ("constants:4+dsp:6", Products::Digits { bits: 4, lanes: 6, blocks: 0 }),
        ];
        for (name, products) in names {
            assert_eq!((Products::of_name(name), products.to_string().as_str()), (Some(products), name));
        }
        // Weights that are adders of whole inputs say so by their lanes.
        assert_eq!([Products::of_name("constants"), Products::of_name("constants:x")], [None, None]);
    }

    #[test]
    fn mixtures_are_whole_cascades_of_large_layers() {
        let dsp_use = DspUse { paired: true, chain: 3 };
        let mixed = |simd, pe| Products::choices(dsp_use, simd, pe)[2..].to_vec();
        // 288 blocks: half of 9 lanes is 4, of which 3 make a cascade. 256 of two lanes, 144, and 256 of a single one.
        assert_eq!(mixed(9, 64), [Products::Mixed(3)]);
        assert_eq!(mixed(2, 256), [Products::Mixed(1)]);
        assert_eq!([mixed(9, 32), mixed(1, 512)], [vec![], vec![]]);
    }

    #[test]
    fn pairs_need_room() {
        let i8 = (-128, 127);
        // 3 * 127 * 128 = 48 768 is less than 2^16; 3 * 127 * 255 = 97 155 is not, twice is.
        assert_eq!(DspUse::new(DspKind::Wide, (-127, 127), i8, 2), DspUse { paired: true, chain: 3 });
        assert_eq!(DspUse::new(DspKind::Wide, (-127, 127), (0, 255), 2), DspUse { paired: true, chain: 2 });
        // -128 does not fit beside a negative one, and inputs of 16 bits leave no room.
        assert!(!DspUse::new(DspKind::Wide, i8, i8, 2).paired);
        assert!(!DspUse::new(DspKind::Wide, (-127, 127), (-32768, 32767), 2).paired);
        assert!(!DspUse::new(DspKind::Wide, (-127, 127), i8, 1).paired);
        assert_eq!(DspUse::new(DspKind::Wide, (-127, 127), i8, 5).blocks(5, 9), 27);
        // Nor does a block of 18 by 18 bits.
        assert_eq!(DspUse::new(DspKind::Square, (-127, 127), i8, 5).blocks(5, 9), 45);
    }
}
