//! The loops of a convolution over vectors.

use atheena_dialects::ir::{Type, Value};

use super::emit::Emit;
use super::weights::{Block as Lanes, Span};

/// Pixels of a tile at most.
const TILE_PIXELS: i64 = 8;

/// Sizes of a convolution.
#[derive(Clone, Copy)]
pub struct Size {
    pub width: i64,
    pub channels: i64,
    pub stride: [i64; 2],
    pub dilation: [i64; 2],
    /// Rows of `kernel` that are from one row of the input.
    pub columns: i64,
    /// Rows and how many pixels behind one another each takes.
    pub kernel: [i64; 2],
    pub out: [i64; 3],
}

impl Size {
    /// The first element of the window of the pixel at (y, x).
    pub fn window<'c>(&self, emit: &Emit<'c>, y: Value<'c>, x: Value<'c>) -> Value<'c> {
        let Self { width, channels, stride, .. } = self;
        emit.add(emit.times(y, stride[0] * width * channels), emit.times(x, stride[1] * channels))
    }

    /// Where a row of the kernel is in its window.
    pub fn row<'c>(&self, emit: &Emit<'c>, row: Value<'c>) -> Value<'c> {
        let Self { width, channels, dilation, .. } = self;
        let [down, right] = [dilation[0] * width * channels, dilation[1] * channels];
        if self.columns == 1 {
            return emit.times(row, down);
        }
        let columns = emit.index(self.columns);
        let y = emit.simple("arith.divui", &[row, columns], row.ty());
        let x = emit.simple("arith.remui", &[row, columns], row.ty());
        emit.add(emit.times(y, down), emit.times(x, right))
    }
}

/// The loops of a convolution.
pub struct Kernel<'c> {
    pub size: Size,
    /// `[1, OH, OW, OC]`.
    pub output: Value<'c>,
    /// All elements behind one another.
    pub input: Value<'c>,
    /// `[groups][KH][reduction steps][blocks][lanes]`, see [`super::weights::Packed`].
    pub weights: Value<'c>,
    /// `[blocks][lanes]`.
    pub bias: Value<'c>,
    pub tiling: Tiling,
    /// Elements of a step of the reduction: four bytes, two 16-bit integers, or a float.
    pub step: i64,
    /// What is summed in 32 bits and then added in 64, if anything is.
    pub span: Option<Span>,
}

/// How the output is cut into what is summed in registers at once.
pub struct Tiling {
    /// Pixels of a row.
    pixels: i64,
    /// Blocks of channels, group by group: all but the last group have the same ones.
    pub groups: Vec<Vec<Lanes>>,
}

impl Tiling {
    /// For an output `[1, OH, OW, OC]`, its channels in blocks, and so many sums in registers, in vectors.
    pub fn of(width: i64, blocks: &[Lanes], sums: usize) -> Self {
        // A tile of pixels that leaves the least over; a single pixel takes more blocks instead.
        let pixels = (1..=TILE_PIXELS.min(width))
            .rev()
            .min_by_key(|p| (width + p - 1) / p * 4 + i64::from(width % p != 0) * 4)
            .unwrap_or(1);
        let at_once = (sums / pixels as usize).clamp(1, 8);
        // As many groups as that takes, but even ones.
        let at_once = blocks.len().div_ceil(blocks.len().div_ceil(at_once));
        Self { pixels, groups: blocks.chunks(at_once).map(<[_]>::to_vec).collect() }
    }
}

/// Some blocks of channels.
#[derive(Clone, Copy)]
struct Group<'a, 'c> {
    /// As in the first group.
    blocks: &'a [Lanes],
    /// The first channel.
    channel: Value<'c>,
}

/// Some pixels behind one another and some blocks of channels.
#[derive(Clone, Copy)]
struct Tile<'a, 'c> {
    pixels: i64,
    group: Group<'a, 'c>,
    /// The first element of the first pixel's window.
    first: Value<'c>,
}

impl<'c> Kernel<'c> {
    /// Makes the loops: a group's weights are behind one another and stay in the cache while all pixels pass.
    pub fn emit(&self, emit: &Emit<'c>) {
        let groups = &self.tiling.groups;
        let channels = |group: &[Lanes]| group.iter().map(|block| block.valid).sum::<i64>();
        let first = channels(&groups[0]);
        let alike = groups.iter().take_while(|group| channels(group) == first).count();
        emit.repeat(alike as i64 * first, first, &[], |emit, channel, _| {
            self.group(emit, Group { blocks: &groups[0], channel });
            vec![]
        });
        if let Some(last) = groups.get(alike) {
            let start = last[0].start;
            let blocks: Vec<_> =
                last.iter().map(|block| Lanes { start: block.start - start, ..*block }).collect();
            self.group(emit, Group { blocks: &blocks, channel: emit.index(start) });
        }
    }

    /// The sums of all pixels and some blocks of channels.
    fn group(&self, emit: &Emit<'c>, group: Group<'_, 'c>) {
        let [oh, ow, _] = self.size.out;
        let pixels = self.tiling.pixels;
        let whole = ow / pixels * pixels;
        emit.repeat(oh, 1, &[], |emit, y, _| {
            emit.repeat(whole, pixels, &[], |emit, x, _| {
                self.tile(emit, y, x, pixels, group);
                vec![]
            });
            if whole < ow {
                self.tile(emit, y, emit.index(whole), ow - whole, group);
            }
            vec![]
        });
    }

    /// The sums of some pixels from (y, x) on and some blocks of channels.
    fn tile(&self, emit: &Emit<'c>, y: Value<'c>, x: Value<'c>, pixels: i64, group: Group<'_, 'c>) {
        let kh = self.size.kernel[0];
        let element = self.sum_type(emit);
        let mut sums = vec![];
        for block in group.blocks {
            let at = emit.add(group.channel, emit.index(block.start));
            let bias = emit.load(self.bias, &[at], emit.vector(block.lanes, element));
            sums.extend(vec![bias; pixels as usize]);
        }
        let first = self.size.window(emit, y, x);
        let tile = Tile { pixels, group, first };
        let steps = self.steps();
        let whole = |emit: &Emit<'c>, sums: &[Value<'c>]| {
            emit.repeat(kh, 1, sums, |emit, ky, sums| self.row(emit, tile, ky, (0, steps), sums))
        };
        let sums = match self.span {
            None => whole(emit, &sums),
            Some(Span::Kernel) => self.widened(emit, tile, &sums, |zeros| whole(emit, zeros)),
            Some(Span::Steps(span)) => emit.repeat(kh, 1, &sums, |emit, ky, sums| {
                (0..steps).step_by(span as usize).fold(sums.to_vec(), |sums, start| {
                    let steps = (start, span.min(steps - start));
                    let row = |zeros: &[_]| self.row(emit, tile, ky, steps, zeros);
                    self.widened(emit, tile, &sums, row)
                })
            }),
        };
        for (block, sums) in group.blocks.iter().zip(sums.chunks(pixels as usize)) {
            let channel = emit.add(group.channel, emit.index(block.start));
            for (p, &sum) in sums.iter().enumerate() {
                let sum = emit.first_lanes(sum, block.valid, element);
                let at = [emit.index(0), y, emit.add(x, emit.index(p as i64)), channel];
                emit.store(sum, self.output, &at);
            }
        }
    }

    /// Adds some steps, from `start` on, of a row of the kernel to the sums.
    fn row(
        &self,
        emit: &Emit<'c>,
        Tile { pixels, group, first }: Tile<'_, 'c>,
        ky: Value<'c>,
        (start, count): (i64, i64),
        sums: &[Value<'c>],
    ) -> Vec<Value<'c>> {
        let Size { channels, stride, kernel: [kh, _], .. } = self.size;
        let step = self.step;
        let row_lanes: i64 = group.blocks.iter().map(|b| b.lanes).sum::<i64>() * step;
        let row = emit.add(first, self.size.row(emit, ky));
        let row = emit.add(row, emit.index(start * step));
        let group_weights = emit.times(group.channel, kh * self.steps() * step);
        let row_weights = emit.add(group_weights, emit.times(ky, self.steps() * row_lanes));
        let row_weights = emit.add(row_weights, emit.index(start * row_lanes));
        emit.repeat(count, 1, sums, |emit, r, sums| {
            let weights = emit.add(row_weights, emit.times(r, row_lanes));
            let at = emit.add(row, emit.times(r, step));
            let inputs: Vec<_> = (0..pixels)
                .map(|p| {
                    let at = emit.add(at, emit.index(p * stride[1] * channels));
                    self.element(emit, at)
                })
                .collect();
            let mut next = Vec::with_capacity(sums.len());
            for (block, sums) in group.blocks.iter().zip(sums.chunks(pixels as usize)) {
                let at = emit.add(weights, emit.index(block.start * step));
                let weights = self.load_weights(emit, at, block.lanes);
                let add = |(&sum, &input)| self.multiply_add(emit, sum, input, weights, block.lanes);
                next.extend(sums.iter().zip(&inputs).map(add));
            }
            next
        })
    }

    /// Steps of a row of the kernel.
    fn steps(&self) -> i64 {
        let Size { channels, kernel: [_, kw], .. } = self.size;
        (kw * channels + self.step - 1) / self.step
    }

    /// The type of the sums.
    fn sum_type(&self, emit: &Emit<'c>) -> Type<'c> {
        match (self.step, self.span) {
            (1, _) => Type::f32(emit.ctx()),
            (_, None) => Type::integer(emit.ctx(), 32),
            (_, Some(_)) => Type::integer(emit.ctx(), 64),
        }
    }

    /// Sums of 64 bits and those of 32 that are computed from zeros.
    fn widened(
        &self,
        emit: &Emit<'c>,
        tile: Tile<'_, 'c>,
        sums: &[Value<'c>],
        narrow: impl FnOnce(&[Value<'c>]) -> Vec<Value<'c>>,
    ) -> Vec<Value<'c>> {
        let zero = |lanes| emit.splat(emit.vector(lanes, Type::integer(emit.ctx(), 32)), 0);
        let zeros: Vec<_> = tile
            .group
            .blocks
            .iter()
            .flat_map(|block| vec![zero(block.lanes); tile.pixels as usize])
            .collect();
        let add = |(&sum, narrow): (&Value<'c>, Value<'c>)| {
            emit.add(sum, emit.simple("arith.extsi", &[narrow], sum.ty()))
        };
        sums.iter().zip(narrow(&zeros)).map(add).collect()
    }

    /// The type of the input's and the weights' elements.
    fn factor(&self, emit: &Emit<'c>) -> Type<'c> {
        match self.step {
            4 => Type::integer(emit.ctx(), 8),
            2 => Type::integer(emit.ctx(), 16),
            _ => Type::f32(emit.ctx()),
        }
    }

    /// What a step of the reduction needs of a pixel: a float, or 32 bits of integers.
    fn element(&self, emit: &Emit<'c>, at: Value<'c>) -> Value<'c> {
        let ctx = emit.ctx();
        if self.step == 1 {
            return emit.simple("memref.load", &[self.input, at], Type::f32(ctx));
        }
        let all = emit.load(self.input, &[at], emit.vector(self.step, self.factor(emit)));
        let all = emit.simple("vector.bitcast", &[all], emit.vector(1, Type::integer(ctx, 32)));
        emit.only_lane(all)
    }

    fn load_weights(&self, emit: &Emit<'c>, at: Value<'c>, lanes: i64) -> Value<'c> {
        emit.load(self.weights, &[at], emit.vector(self.step * lanes, self.factor(emit)))
    }

    fn multiply_add(
        &self,
        emit: &Emit<'c>,
        sum: Value<'c>,
        input: Value<'c>,
        weights: Value<'c>,
        lanes: i64,
    ) -> Value<'c> {
        let spread = emit.simple("vector.broadcast", &[input], sum.ty());
        if self.step == 1 {
            return emit.simple("vector.fma", &[spread, weights, sum], sum.ty());
        }
        let spread = emit.simple("vector.bitcast", &[spread], weights.ty());
        if self.step == 4 {
            let name = format!("llvm.x86.avx512.vpdpbusd.{}", 32 * lanes);
            return emit.intrinsic(&name, &[sum, spread, weights], sum.ty());
        }
        let name = match lanes {
            16 => "llvm.x86.avx512.pmaddw.d.512",
            8 => "llvm.x86.avx2.pmadd.wd",
            _ => "llvm.x86.sse2.pmadd.wd",
        };
        let product = emit.intrinsic(name, &[spread, weights], sum.ty());
        emit.simple("arith.addi", &[sum, product], sum.ty())
    }
}
