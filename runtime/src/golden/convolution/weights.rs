//! Weights and bias of a convolution, in the order in which its loops read them.

use atheena_dialects::ir::Attr;

use super::machine::Machine;
use super::tiles::Tiles;

/// Output channels that are computed in one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The first one.
    pub start: i64,
    /// Elements of the vector.
    pub lanes: i64,
    /// How many of them are channels; the rest has weights of zero.
    pub valid: i64,
}

/// Weights, `[OC, KH, KW, C]`, and bias, `[OC]`.
pub struct Bank {
    values: Values,
    shape: [i64; 4],
}

enum Values {
    /// Without their zero point; and the input's zero point.
    Integer {
        weights: Vec<i16>,
        bias: Vec<i32>,
        input_zp: i64,
    },
    /// Of an input of 16 bits, whose sums are of 64.
    Wide {
        weights: Vec<i16>,
        bias: Vec<i64>,
    },
    Float {
        weights: Vec<f32>,
        bias: Vec<f32>,
    },
}

/// What the loops read: weights `[groups][KH][steps][blocks][lanes]`, of integers with the elements of a step beside one another
/// in each lane, and bias `[groups][blocks][lanes]`.
pub enum Packed {
    /// Four products a step, of `x + 128`, which is unsigned; the bias makes up for that and for the zero point.
    Bytes { weights: Vec<i8>, bias: Vec<i32> },
    /// Two products a step, of `x - input_zp`.
    Words { weights: Vec<i16>, bias: Vec<i32>, input_zp: i64 },
    /// Two products a step, of `x`; sums of 32 bits, which do not overflow within a span, add up in 64.
    Wide { weights: Vec<i16>, bias: Vec<i64>, span: Span },
    /// One product a step.
    Floats { weights: Vec<f32>, bias: Vec<f32> },
}

/// What is summed in 32 bits, whatever the input of 16 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The whole kernel.
    Kernel,
    /// So many steps of a kernel's row.
    Steps(i64),
}

impl Packed {
    /// Elements of a step of the reduction.
    pub fn step(&self) -> i64 {
        match self {
            Self::Bytes { .. } => 4,
            Self::Words { .. } | Self::Wide { .. } => 2,
            Self::Floats { .. } => 1,
        }
    }

    /// What is summed in 32 bits and then added in 64; none where all sums are of one width.
    pub fn span(&self) -> Option<Span> {
        if let Self::Wide { span, .. } = self { Some(*span) } else { None }
    }
}

impl Bank {
    /// Reads dense attributes; None if their types are not those of an integer layer with weights of 8 bits, or of a float layer.
    pub fn of(weights: Attr<'_>, bias: Attr<'_>, shape: [i64; 4], zero_points: (i64, i64)) -> Option<Self> {
        let values = if let Some(weights) = weights.to_dense::<f32>() {
            Values::Float { weights, bias: bias.to_dense()? }
        } else {
            let (input_zp, weight_zp) = zero_points;
            let weights = weights.to_dense::<i8>()?;
            let weights = weights.into_iter().map(|w| i16::from(w) - weight_zp as i16).collect();
            match (bias.to_dense(), bias.to_dense()) {
                (Some(bias), _) => Values::Integer { weights, bias, input_zp },
                // An input of 16 bits has no zero point.
                (None, Some(bias)) if input_zp == 0 => Values::Wide { weights, bias },
                _ => return None,
            }
        };
        Some(Self { values, shape })
    }

    /// The vectors of the output channels, as long as the machine's, the last one perhaps shorter.
    pub fn blocks(&self, longest: i64) -> Vec<Block> {
        let channels = self.shape[0];
        let block = |start: i64| {
            let valid = (channels - start).min(longest);
            let lanes = match valid {
                0..=4 => 4,
                5..=8 => 8,
                _ => 16,
            };
            Block { start, lanes, valid }
        };
        (0..channels).step_by(longest as usize).map(block).collect()
    }

    /// Puts the values in the loops' order, for groups of blocks.
    pub fn pack(&self, machine: Machine, groups: &[Vec<Block>]) -> Packed {
        match &self.values {
            Values::Integer { weights, bias, input_zp } => {
                match narrow(weights).filter(|_| machine.multiplies_bytes()) {
                    Some(narrow) => Packed::Bytes {
                        bias: self.spread(&self.without_excess(bias, &narrow, 128 + input_zp), groups),
                        weights: self.order(&narrow, 4, self.steps(4), groups),
                    },
                    None => Packed::Words {
                        weights: self.order(weights, 2, self.steps(2), groups),
                        bias: self.spread(bias, groups),
                        input_zp: *input_zp,
                    },
                }
            }
            Values::Wide { weights, bias } => Packed::Wide {
                weights: self.order(weights, 2, self.steps(2), groups),
                bias: self.spread(bias, groups),
                span: self.span(weights),
            },
            Values::Float { weights, bias } => Packed::Floats {
                weights: self.order(weights, 1, self.steps(1), groups),
                bias: self.spread(bias, groups),
            },
        }
    }

    /// Weights `[groups][KH][steps][blocks][lanes][4]` and bias `[groups][blocks][lanes]` of tiles, whose inputs keep their zero point; None
    /// if the input or the weights are not of 8 bits.
    pub fn pack_tiles(&self, tiles: &Tiles) -> Option<(Vec<i8>, Vec<i32>)> {
        let Values::Integer { weights, bias, input_zp } = &self.values else { return None };
        let (weights, groups) = (narrow(weights)?, tiles.groups());
        let bias = self.without_excess(bias, &weights, *input_zp);
        Some((self.order(&weights, 4, tiles.steps() as usize, &groups), self.spread(&bias, &groups)))
    }

    /// The bias that makes up for inputs that are too large by `excess`.
    fn without_excess(&self, bias: &[i32], weights: &[i8], excess: i64) -> Vec<i32> {
        let taps = self.shape[1..].iter().product::<i64>() as usize;
        let sums = weights.chunks(taps).map(|weights| weights.iter().map(|&w| i32::from(w)).sum::<i32>());
        bias.iter().zip(sums).map(|(b, sum)| b.wrapping_sub((excess as i32).wrapping_mul(sum))).collect()
    }

    /// Steps of a row of the kernel.
    fn steps(&self, step: usize) -> usize {
        let [_, _, kw, c] = self.shape.map(|size| size as usize);
        (kw * c).div_ceil(step)
    }

    /// The longest span of which no sum leaves 32 bits: an input is 2^15 at most, so weights add up to less than 2^16.
    fn span(&self, weights: &[i16]) -> Span {
        let fits =
            |weights: &[i16]| weights.iter().map(|w| u64::from(w.unsigned_abs())).sum::<u64>() < 1 << 16;
        let [_, kh, kw, c] = self.shape.map(|size| size as usize);
        let row = kw * c;
        if weights.chunks(kh * row).all(fits) {
            return Span::Kernel;
        }
        let steps = row.div_ceil(2);
        let parts = (1..steps).find(|parts| {
            let span = 2 * steps.div_ceil(*parts);
            weights.chunks(row).all(|row| row.chunks(span).all(fits))
        });
        Span::Steps(steps.div_ceil(parts.unwrap_or(steps)) as i64)
    }

    /// One value a channel, zero for the lanes too many.
    fn spread<T: Copy + Default>(&self, values: &[T], groups: &[Vec<Block>]) -> Vec<T> {
        let lanes = groups.iter().flat_map(|group| lanes(group));
        lanes.map(|lane| lane.map_or(T::default(), |channel| values[channel])).collect()
    }

    /// Weights in the order `[groups][KH][steps][blocks][lanes][step]`, zero for those too many.
    fn order<T: Copy + Default>(
        &self,
        weights: &[T],
        step: usize,
        steps: usize,
        groups: &[Vec<Block>],
    ) -> Vec<T> {
        let [_, kh, kw, c] = self.shape.map(|size| size as usize);
        let row = kw * c;
        let mut out = vec![];
        for group in groups {
            for y in 0..kh {
                for first in (0..steps).map(|index| index * step) {
                    for lane in lanes(group) {
                        for r in first..first + step {
                            let weight =
                                lane.filter(|_| r < row).map(|channel| weights[(channel * kh + y) * row + r]);
                            out.push(weight.unwrap_or_default());
                        }
                    }
                }
            }
        }
        out
    }
}

/// Weights in 8 bits, if they fit.
fn narrow(weights: &[i16]) -> Option<Vec<i8>> {
    weights.iter().map(|&w| i8::try_from(w).ok()).collect()
}

/// The channel of each lane of some blocks, None of a lane too many.
fn lanes(blocks: &[Block]) -> impl Iterator<Item = Option<usize>> {
    let lane = |block: &Block| {
        let Block { start, lanes, valid } = *block;
        (0..lanes).map(move |lane| (lane < valid).then_some((start + lane) as usize))
    };
    blocks.iter().flat_map(lane)
}
