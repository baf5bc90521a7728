//! Convolutions and dense layers as loops over vectors.
//!
//! MLIR's own vectoriser reaches a few percent of what the machine can do, since it keeps sums in memory. So a
//! convolution whose weights are constants becomes loops that keep a tile of sums in registers: some pixels of a row
//! times some blocks of output channels. What lies behind one another in memory, the `kw * C` elements of a kernel's
//! row, is one reduction. Integers are multiplied in tiles of matrices ([`tiles`]), in fours (`vpdpbusd`, of `x + 128`, which is unsigned) or widened to 16
//! bits without their zero point and multiplied in pairs (`pmaddwd`), both exact; floats use fused multiply-adds. Inputs of 16
//! bits, whose sums are of 64, are multiplied in pairs too and summed in 32 bits as far as the weights prove that it is exact.
//!
//! Other convolutions are left to the timing of [`super::compile`].

use atheena_dialects::ir::{Attr, Block, Builder, Op, Value};

use emit::Emit;
use kernel::{Kernel, Size, Tiling};
pub use machine::Machine;
use tiles::Tiles;
use weights::{Bank, Packed};

mod emit;
mod kernel;
mod machine;
mod tiles;
mod weights;

/// Gives each convolution of a function on tensors an initial output of its own. Those of equal biases, such as zeros, are one value
/// after merging, and on buffers all but one of them would be copies of it.
pub fn separate_outputs(function: Op<'_>) {
    for op in convolutions(function) {
        let last = op.operands().len() - 1;
        let shared = |fill: &Op<'_>| fill.is("linalg.generic") && fill.result(0).uses().len() > 1;
        if let Some(fill) = op.operands()[last].producer().filter(shared) {
            let own = fill.duplicate();
            Builder::before(op).insert(own);
            op.set_operand(last, own.result(0));
        }
    }
}

/// Replaces the convolutions of a function on buffers that fit this scheme.
pub fn vectorise(function: Op<'_>, machine: Machine) {
    if machine == Machine::Other {
        return;
    }
    for convolution in convolutions(function).into_iter().filter_map(Convolution::of) {
        convolution.replace(machine);
    }
    erase_unread(function);
}

fn convolutions(function: Op<'_>) -> Vec<Op<'_>> {
    let mut ops = function.walk();
    ops.retain(|op| op.is("linalg.conv_2d_nhwc_hwcf") || op.is("linalg.conv_2d_nhwc_hwcf_q"));
    ops
}

/// A convolution on buffers, `[1, H, W, C]` to `[1, OH, OW, OC]`.
struct Convolution<'c> {
    op: Op<'c>,
    input: Value<'c>,
    output: Value<'c>,
    /// What puts the bias into the output.
    fill: Op<'c>,
    size: Size,
    bank: Bank,
}

impl<'c> Convolution<'c> {
    fn of(op: Op<'c>) -> Option<Self> {
        let operands = op.operands();
        let (&input, &weights, &output) = (operands.first()?, operands.get(1)?, operands.last()?);
        let [1, _, width, channels] = input.ty().shape()?[..] else { return None };
        let [kh, kw, _, oc] = weights.ty().shape()?[..] else { return None };
        let [1, oh, ow, _] = output.ty().shape()?[..] else { return None };
        let [stride_y, stride_x] = pair(op, "strides")?;
        let [dilation_y, dilation_x] = pair(op, "dilations")?;
        if !is_row_major(output) {
            return None;
        }
        // What is dilated along a row is not contiguous: each of its columns is a row of its own.
        let columns = if dilation_x == 1 { 1 } else { kw };
        let kernel = [kh * columns, kw / columns];
        let (input_zp, weight_zp) = match operands.len() {
            5 => (constant_int(operands[2])?, constant_int(operands[3])?),
            _ => (0, 0),
        };
        let (fill, bias) = fill_of(op, output)?;
        let constant = transposed(op, weights)?;
        let bank = Bank::of(constant, bias, [oc, kernel[0], kernel[1], channels], (input_zp, weight_zp))?;
        let size = Size {
            width,
            channels,
            stride: [stride_y, stride_x],
            dilation: [dilation_y, dilation_x],
            columns,
            kernel,
            out: [oh, ow, oc],
        };
        Some(Self { op, input, output, fill, size, bank })
    }

    fn replace(self, machine: Machine) {
        let emit = Emit { builder: Builder::before(self.op) };
        let input = if is_row_major(self.input) { self.input } else { emit.row_major(self.input) };
        let tiles = Tiles::of(self.size).filter(|_| machine == Machine::Amx);
        let tiles = tiles.and_then(|tiles| self.bank.pack_tiles(&tiles).map(|packed| (tiles, packed)));
        match tiles {
            Some((tiles, (weights, bias))) => {
                let input = if tiles.are_exact() { emit.flat(input) } else { emit.offset(input, 8, 0) };
                let (weights, bias) = (emit.global(self.op, &weights), emit.global(self.op, &bias));
                tiles.emit(&emit, [input, weights, bias, self.output]);
            }
            None => self.multiply_vectors(&emit, input, machine),
        }
        self.op.erase();
        self.fill.erase();
    }

    fn multiply_vectors(&self, emit: &Emit<'c>, dense: Value<'c>, machine: Machine) {
        let tiling = Tiling::of(self.size.out[1], &self.bank.blocks(machine.lanes()), machine.sums());
        let packed = self.bank.pack(machine, &tiling.groups);
        let (input, weights, bias) = match &packed {
            Packed::Bytes { weights, bias } => {
                (emit.offset(dense, 8, -128), emit.global(self.op, weights), emit.global(self.op, bias))
            }
            Packed::Words { weights, bias, input_zp } => {
                (emit.offset(dense, 16, *input_zp), emit.global(self.op, weights), emit.global(self.op, bias))
            }
            Packed::Wide { weights, bias, .. } => {
                (emit.offset(dense, 16, 0), emit.global(self.op, weights), emit.global(self.op, bias))
            }
            Packed::Floats { weights, bias } => {
                (emit.flat(dense), emit.global(self.op, weights), emit.global(self.op, bias))
            }
        };
        let kernel = Kernel {
            size: self.size,
            output: self.output,
            input,
            weights,
            bias,
            tiling,
            step: packed.step(),
            span: packed.span(),
        };
        kernel.emit(emit);
    }
}

/// Are the elements of a buffer behind one another? Those of a slice are not.
fn is_row_major(memref: Value<'_>) -> bool {
    !memref.ty().to_string().contains("strided")
}

/// Two integers of a dense attribute.
fn pair(op: Op<'_>, name: &str) -> Option<[i64; 2]> {
    op.attr(name)?.to_dense_ints()?.try_into().ok()
}

/// The value of an `arith.constant`.
fn constant_int(value: Value<'_>) -> Option<i64> {
    value.producer().filter(|op| op.is("arith.constant"))?.attr("value")?.to_i64()
}

/// The initial value of the constant that a `memref.get_global` gets.
fn global(value: Value<'_>) -> Option<Attr<'_>> {
    let get = value.producer().filter(|op| op.is("memref.get_global"))?;
    let name = get.attr("name")?.to_string();
    let module = get.parent_named("builtin.module")?;
    let global = (module.body().ops().into_iter()).find(|op| {
        op.is("memref.global") && op.symbol().is_some_and(|symbol| name == format!("@{symbol}"))
    })?;
    global.attr("constant").and(global.attr("initial_value"))
}

/// The operations that ran before this one, the last one first: those of its block, then those of the blocks around.
fn before(op: Op<'_>) -> impl Iterator<Item = Op<'_>> {
    std::iter::successors(Some(op), |op| op.parent()).flat_map(|op| {
        let mut ops = op.block().map(Block::ops).unwrap_or_default();
        ops.truncate(ops.iter().position(|o| *o == op).unwrap_or(0));
        ops.into_iter().rev()
    })
}

/// The last operation before `op` that uses a whole buffer, itself or inside, but for what reads it as weights.
fn last_user<'c>(op: Op<'c>, buffer: Value<'c>) -> Option<Op<'c>> {
    let is_whole = buffer.producer().is_none_or(|op| op.is("memref.alloc"));
    if !is_whole {
        return None;
    }
    let reads = |user: Op<'_>, index| user.name().starts_with("linalg.conv_2d_nhwc_hwcf") && index == 1;
    let users: Vec<_> = buffer
        .uses()
        .into_iter()
        .filter(|&(user, index)| !reads(user, index))
        .map(|(user, _)| user)
        .collect();
    before(op).find(|op| users.iter().any(|user| user.is_inside(*op)))
}

/// What fills a convolution's output with its bias, and the bias.
fn fill_of<'c>(conv: Op<'c>, output: Value<'c>) -> Option<(Op<'c>, Attr<'c>)> {
    let fill = last_user(conv, output).filter(|op| op.is("linalg.generic"))?;
    let maps = fill.attr("indexing_maps")?.to_string();
    let same = "affine_map<(d0, d1, d2, d3) -> (d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>";
    let body = fill.body();
    let yields = body.last()?.operand(0)? == *body.arguments().first()?;
    let [bias, target] = fill.operands()[..] else { return None };
    (target == output && fill.block() == conv.block() && yields && maps == format!("[{same}]"))
        .then(|| Some((fill, global(bias)?)))?
}

/// The constant, `[OC, KH, KW, C]`, that is transposed to a convolution's weights.
fn transposed<'c>(conv: Op<'c>, weights: Value<'c>) -> Option<Attr<'c>> {
    let transpose = last_user(conv, weights).filter(|op| op.is("linalg.transpose"))?;
    let permutation = transpose.attr("permutation")?.to_i64s()?;
    (permutation == [1, 2, 3, 0] && transpose.operand(1) == Some(weights))
        .then(|| global(transpose.operand(0)?))?
}

/// Erases what transposes weights that nobody reads any more.
fn erase_unread(function: Op<'_>) {
    let transposes = function.walk_named("linalg.transpose");
    let unread = |op: &Op<'_>| {
        let target = op.operand(1).filter(|v| v.producer().is_some_and(|op| op.is("memref.alloc")));
        target
            .is_some_and(|v| v.uses().iter().all(|&(user, index)| user.is("linalg.transpose") && index == 1))
    };
    let (unread, _): (Vec<_>, Vec<_>) = transposes.into_iter().partition(unread);
    unread.into_iter().for_each(Op::erase);
}
