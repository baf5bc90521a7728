//! The loops of a convolution over tiles of matrices (AMX).
//!
//! A tile of the input is some pixels of a row, each with up to 64 bytes of its window that are behind one another; times a tile of weights,
//! that is a tile of sums: these pixels and up to 16 channels. All tiles of a layer have one shape, since the machine is set up once a
//! function: the last ones move back until they fit, and compute some sums twice.

use atheena_dialects::ir::{Attr, Type, Value};

use super::emit::Emit;
use super::kernel::Size;
use super::weights::Block;

/// Rows of a tile at most, and lanes of 32 bits in a row.
const SIDE: i64 = 16;
/// Bytes of the input that a lane takes at once.
const STEP: i64 = 4;
/// Tiles of sums at once along each side; of the machine's eight registers, the others hold input and weights.
const SUMS: i64 = 2;

/// How a convolution is cut into tiles.
pub struct Tiles {
    size: Size,
    /// Pixels of a tile.
    pixels: i64,
    /// Rows of pixels at once, a tile each.
    rows: i64,
    /// Channels of a tile.
    channels: i64,
    /// Tiles of channels at once.
    blocks: i64,
    /// Tiles that a row of the kernel takes.
    parts: i64,
    /// Steps of a tile.
    depth: i64,
}

impl Tiles {
    /// None for layers that are too small to fill tiles.
    pub fn of(size: Size) -> Option<Self> {
        let [oh, ow, oc] = size.out;
        let row = size.kernel[1] * size.channels;
        let parts = how_many(SIDE * STEP, row);
        let tiles = Self {
            size,
            pixels: how_many(how_many(SIDE, ow), ow),
            rows: oh.min(SUMS),
            channels: oc.min(SIDE),
            blocks: how_many(SIDE, oc).min(SUMS),
            parts,
            depth: how_many(parts * STEP, row),
        };
        (tiles.pixels * tiles.rows >= SIDE / 2 && 2 * tiles.channels >= SIDE && 2 * tiles.depth >= SIDE)
            .then_some(tiles)
    }

    /// Channels at once.
    fn at_once(&self) -> i64 {
        self.size.out[2].min(self.blocks * SIDE)
    }

    /// The channels of the tiles that are computed at once, group by group.
    pub fn groups(&self) -> Vec<Vec<Block>> {
        let (oc, at_once, lanes) = (self.size.out[2], self.at_once(), self.channels);
        let block = |start| Block { start, lanes, valid: lanes };
        let group = |first: i64| {
            let first = first.min(oc - at_once);
            (0..self.blocks).map(|index| block(first + self.block(index))).collect()
        };
        (0..oc).step_by(at_once as usize).map(group).collect()
    }

    /// The first channel of a tile among those at once.
    fn block(&self, index: i64) -> i64 {
        (index * SIDE).min(self.at_once() - self.channels)
    }

    /// Steps of four bytes of a row of the kernel, those that fill the last tile among them.
    pub fn steps(&self) -> i64 {
        self.parts * self.depth
    }

    /// Do tiles end where rows of the kernel do? Else they read on, times weights of zero.
    pub fn are_exact(&self) -> bool {
        self.steps() * STEP == self.size.kernel[1] * self.size.channels
    }

    /// Makes the loops, from all elements of the input behind one another, weights `[groups][KH][steps][blocks][channels][4]` and bias
    /// `[groups][blocks][channels]` to the output `[1, OH, OW, OC]`.
    pub fn emit<'c>(&self, emit: &Emit<'c>, operands: [Value<'c>; 4]) {
        let [oh, ow, oc] = self.size.out;
        let each = |emit: &Emit<'c>, size: i64, step: i64, body: &dyn Fn(&Emit<'c>, Value<'c>, Value<'c>)| {
            emit.repeat(size, step, &[], |emit, at, _| {
                let last = emit.index(size - step);
                body(emit, at, emit.simple("arith.minui", &[at, last], at.ty()));
                vec![]
            });
        };
        each(emit, oc, self.at_once(), &|emit, group, channel| {
            each(emit, oh, self.rows, &|emit, _, y| {
                each(emit, ow, self.pixels, &|emit, _, x| {
                    self.tile(emit, operands, Place { group, channel, y, x });
                });
            });
        });
    }

    /// The sums of some rows of pixels and some tiles of channels.
    fn tile<'c>(&self, emit: &Emit<'c>, operands: [Value<'c>; 4], place: Place<'c>) {
        let Size { width, channels, stride, kernel: [kh, _], out: [_, _, oc], .. } = self.size;
        let [input, weights, bias, output] = operands;
        let Place { group, channel, y, x } = place;
        let lanes = self.blocks * self.channels;
        let ctx = emit.ctx();
        let tile = |rows: i64, columns: i64, bits: u32| {
            let ty = format!("!amx.tile<{rows}x{columns}x{}>", Type::integer(ctx, bits));
            Type::parse(ctx, &ty).expect("the type is well-formed")
        };
        let pixels = tile(self.pixels, self.depth * STEP, 8);
        let filters = tile(self.depth, self.channels * STEP, 8);
        let products = tile(self.pixels, self.channels, 32);

        // A group's weights and bias: `group` counts in channels.
        let groups_before = emit.simple("arith.divui", &[group, emit.index(self.at_once())], group.ty());
        let bias_at = emit.times(groups_before, lanes);
        let mut sums = vec![];
        for block in 0..self.blocks {
            let at = emit.add(bias_at, emit.index(block * self.channels));
            sums.extend((0..self.rows).map(|_| load(emit, products, bias, at, 0)));
        }
        let group_weights = emit.times(groups_before, kh * self.steps() * lanes * STEP);
        let window = self.size.window(emit, y, x);
        let sums = emit.repeat(kh, 1, &sums, |emit, ky, sums| {
            let row = emit.add(window, self.size.row(emit, ky));
            let row_weights = emit.add(group_weights, emit.times(ky, self.steps() * lanes * STEP));
            emit.repeat(self.parts, 1, sums, |emit, part, sums| {
                let from = emit.add(row, emit.times(part, self.depth * STEP));
                let weights_from = emit.add(row_weights, emit.times(part, self.depth * lanes * STEP));
                let inputs: Vec<_> = (0..self.rows)
                    .map(|index| {
                        let at = emit.add(from, emit.index(index * stride[0] * width * channels));
                        load(emit, pixels, input, at, stride[1] * channels)
                    })
                    .collect();
                let mut next = vec![];
                for (block, sums) in (0..self.blocks).zip(sums.chunks(self.rows as usize)) {
                    let at = emit.add(weights_from, emit.index(block * self.channels * STEP));
                    let filters = load(emit, filters, weights, at, lanes * STEP);
                    let add = |(&input, &sum)| emit.simple("amx.tile_muli", &[input, filters, sum], products);
                    next.extend(inputs.iter().zip(sums).map(add));
                }
                next
            })
        });
        for (block, sums) in (0..self.blocks).zip(sums.chunks(self.rows as usize)) {
            let channel = emit.add(channel, emit.index(self.block(block)));
            for (row, &sum) in (0..self.rows).zip(sums) {
                let y = emit.add(y, emit.index(row));
                emit.builder
                    .op("amx.tile_store")
                    .operands(&[output, emit.index(0), y, x, channel, sum, emit.index(oc)])
                    .attr("operandSegmentSizes", Attr::i32s(ctx, &[1, 4, 1, 1]))
                    .build();
            }
        }
    }
}

/// How many of that size hold all, the last one perhaps in part.
fn how_many(size: i64, all: i64) -> i64 {
    (all + size - 1) / size
}

/// Where tiles of sums are.
#[derive(Clone, Copy)]
struct Place<'c> {
    /// The first channel as the groups count, which is that of the weights.
    group: Value<'c>,
    /// The first channel.
    channel: Value<'c>,
    y: Value<'c>,
    x: Value<'c>,
}

/// A tile from an array, `stride` elements from row to row.
fn load<'c>(emit: &Emit<'c>, ty: Type<'c>, from: Value<'c>, at: Value<'c>, stride: i64) -> Value<'c> {
    let op = emit.builder.op("amx.tile_load").operands(&[from, at, emit.index(stride)]).result(ty);
    op.attr("operandSegmentSizes", Attr::i32s(emit.ctx(), &[1, 1, 1])).build().result(0)
}
