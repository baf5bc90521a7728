//! Convolutions and dense layers as loops over vectors.
//!
//! MLIR's own vectoriser reaches a few percent of what the machine can do, since it keeps sums in memory. So a
//! convolution whose weights are constants becomes loops that keep a tile of sums in registers: some pixels of a row
//! times some blocks of output channels. What lies behind one another in memory, the `kw * C` elements of a kernel's
//! row, is one reduction. Integers are multiplied in fours (`vpdpbusd`, of `x + 128`, which is unsigned) or widened to 16
//! bits without their zero point and multiplied in pairs (`pmaddwd`), both exact; floats use fused multiply-adds.
//!
//! Other convolutions are left to the schedule of [`super::compile`].

use atheena_dialects::ir::{Attr, Block, Builder, DenseElement, Op, Region, Type, Value};

use weights::{Bank, Packed};

mod weights;

/// Sums in registers at once, in vectors; AVX-512 has 32 registers.
const TILE_VECTORS: usize = 24;
/// Pixels of a tile at most.
const TILE_PIXELS: i64 = 8;
/// Elements that a kernel may read behind its input, all of them times a weight of zero.
const SLACK: i64 = 64;

/// Replaces the convolutions of a function on buffers that fit this scheme.
pub fn vectorise(function: Op<'_>) {
    if !machine_has_vectors() {
        return;
    }
    for op in function.walk() {
        if (op.is("linalg.conv_2d_nhwc_hwcf") || op.is("linalg.conv_2d_nhwc_hwcf_q"))
            && let Some(convolution) = Convolution::of(op)
        {
            convolution.replace();
        }
    }
    erase_unread(function);
}

/// Vectors of 32 registers of 512 bits, with 16-bit products; other machines take the general way.
fn machine_has_vectors() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx512bw");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

/// Products of bytes, four at once.
fn machine_has_byte_products() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx512vnni")
        && std::arch::is_x86_feature_detected!("avx512vl");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
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

/// Sizes of a convolution.
#[derive(Clone, Copy)]
struct Size {
    width: i64,
    channels: i64,
    stride: [i64; 2],
    dilation: i64,
    kernel: [i64; 2],
    out: [i64; 3],
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
        // A kernel's row must be contiguous.
        if (dilation_x != 1 && kw != 1) || !is_row_major(output) {
            return None;
        }
        let (input_zp, weight_zp) = match operands.len() {
            5 => (constant_int(operands[2])?, constant_int(operands[3])?),
            _ => (0, 0),
        };
        let (fill, bias) = fill_of(op, output)?;
        let constant = transposed(op, weights)?;
        let bank = Bank::of(constant, bias, [oc, kh, kw, channels], (input_zp, weight_zp))?;
        let size = Size {
            width,

            channels,
            stride: [stride_y, stride_x],
            dilation: dilation_y,
            kernel: [kh, kw],
            out: [oh, ow, oc],
        };
        Some(Self { op, input, output, fill, size, bank })
    }

    fn replace(self) {
        let packed = self.bank.pack(machine_has_byte_products());
        let emit = Emit { builder: Builder::before(self.op) };
        let dense = if is_row_major(self.input) { self.input } else { emit.row_major(self.input) };
        let (input, weights, bias) = match &packed {
            Packed::Bytes { weights, bias } => {
                (emit.offset(dense, 8, -128), emit.global(self.op, weights), emit.global(self.op, bias))
            }
            Packed::Words { weights, bias, input_zp } => {
                (emit.offset(dense, 16, *input_zp), emit.global(self.op, weights), emit.global(self.op, bias))
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
            blocks: self.bank.blocks(),
            step: packed.step(),
        };
        kernel.emit(&emit);
        self.op.erase();
        self.fill.erase();
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

/// The last operation before `op` that uses a buffer, itself or inside, but for what reads it as weights.
fn last_user<'c>(op: Op<'c>, buffer: Value<'c>) -> Option<Op<'c>> {
    buffer.producer().filter(|op| op.is("memref.alloc"))?;
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

/// The loops of a convolution.
struct Kernel<'c> {
    size: Size,
    /// `[1, OH, OW, OC]`.
    output: Value<'c>,
    /// All elements behind one another.
    input: Value<'c>,
    /// `[KH][reduction steps][blocks][lanes]`, see [`Bank::pack`].
    weights: Value<'c>,
    /// `[blocks][lanes]`.
    bias: Value<'c>,
    blocks: Vec<weights::Block>,
    /// Elements of a step of the reduction: four bytes, two 16-bit integers, or a float.
    step: i64,
}

impl<'c> Kernel<'c> {
    fn emit(&self, emit: &Emit<'c>) {
        let [oh, ow, _] = self.size.out;
        // A tile of pixels that leaves the least over; a single pixel takes more blocks instead.
        let pixels = (1..=TILE_PIXELS.min(ow))
            .rev()
            .min_by_key(|p| (ow + p - 1) / p * 4 + i64::from(ow % p != 0) * 4)
            .unwrap_or(1);
        let at_once = (TILE_VECTORS / pixels as usize).clamp(1, 8);
        // As many tiles as that takes, but even ones.
        let at_once = self.blocks.len().div_ceil(self.blocks.len().div_ceil(at_once));
        emit.repeat(oh, 1, &[], |emit, y, _| {
            for blocks in self.blocks.chunks(at_once) {
                let whole = ow / pixels * pixels;
                emit.repeat(whole, pixels, &[], |emit, x, _| {
                    self.tile(emit, y, x, pixels, blocks);
                    vec![]
                });
                if whole < ow {
                    let x = emit.index(whole);
                    self.tile(emit, y, x, ow - whole, blocks);
                }
            }
            vec![]
        });
    }

    /// The sums of some pixels from (y, x) on and some blocks of channels.
    fn tile(&self, emit: &Emit<'c>, y: Value<'c>, x: Value<'c>, pixels: i64, blocks: &[weights::Block]) {
        let Size { width, channels, stride, dilation, kernel: [kh, kw], .. } = self.size;
        let element = if self.step == 1 { Type::f32(emit.ctx()) } else { Type::integer(emit.ctx(), 32) };
        let vector = |lanes| emit.vector(lanes, element);
        let mut sums = vec![];
        for block in blocks {
            let at = emit.index(block.start);
            let bias = emit.load(self.bias, &[at], vector(block.lanes));
            sums.extend(vec![bias; pixels as usize]);
        }
        let step = self.step;
        let steps = (kw * channels + step - 1) / step;
        let row_lanes: i64 = self.blocks.iter().map(|b| b.lanes).sum::<i64>() * step;
        // First element of the first pixel's window.
        let first =
            emit.add(emit.times(y, stride[0] * width * channels), emit.times(x, stride[1] * channels));
        let sums = emit.repeat(kh, 1, &sums, |emit, ky, sums| {
            let row = emit.add(first, emit.times(ky, dilation * width * channels));
            let row_weights = emit.times(ky, steps * row_lanes);
            emit.repeat(steps, 1, sums, |emit, r, sums| {
                let weights = emit.add(row_weights, emit.times(r, row_lanes));
                let at = emit.add(row, emit.times(r, step));
                let inputs: Vec<_> = (0..pixels)
                    .map(|p| {
                        let at = emit.add(at, emit.index(p * stride[1] * channels));
                        self.element(emit, at)
                    })
                    .collect();
                let mut next = Vec::with_capacity(sums.len());
                for (block, sums) in blocks.iter().zip(sums.chunks(pixels as usize)) {
                    let at = emit.add(weights, emit.index(block.start * step));
                    let weights = self.load_weights(emit, at, block.lanes);
                    next.extend(
                        sums.iter()
                            .zip(&inputs)
                            .map(|(&s, &x)| self.multiply_add(emit, s, x, weights, block.lanes)),
                    );
                }
                next
            })
        });
        for (block, sums) in blocks.iter().zip(sums.chunks(pixels as usize)) {
            for (p, &sum) in sums.iter().enumerate() {
                let sum = emit.first_lanes(sum, block.valid, element);
                let at = [emit.index(0), y, emit.add(x, emit.index(p as i64)), emit.index(block.start)];
                emit.store(sum, self.output, &at);
            }
        }
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
        let i32 = Type::integer(ctx, 32);
        let all = emit.load(self.input, &[at], emit.vector(self.step, self.factor(emit)));
        let all = emit.simple("vector.bitcast", &[all], emit.vector(1, i32));
        let op = emit.builder.op("vector.extract").operand(all).result(i32);
        op.attr("static_position", Attr::i64s(ctx, &[0])).build().result(0)
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

/// Makes operations.
struct Emit<'c> {
    builder: Builder<'c>,
}

impl<'c> Emit<'c> {
    fn ctx(&self) -> atheena_dialects::ir::Ctx<'c> {
        self.builder.ctx()
    }

    fn simple(&self, name: &str, operands: &[Value<'c>], result: Type<'c>) -> Value<'c> {
        self.builder.op(name).operands(operands).result(result).build().result(0)
    }

    /// A call of an instruction of the machine.
    fn intrinsic(&self, name: &str, operands: &[Value<'c>], result: Type<'c>) -> Value<'c> {
        let ctx = self.ctx();
        (self.builder.op("llvm.call_intrinsic"))
            .operands(operands)
            .attr("intrin", Attr::string(ctx, name))
            .attr("op_bundle_sizes", Attr::i32s(ctx, &[]))
            .attr("operandSegmentSizes", Attr::i32s(ctx, &[operands.len() as i32, 0]))
            .result(result)
            .build()
            .result(0)
    }

    fn vector(&self, lanes: i64, element: Type<'c>) -> Type<'c> {
        Type::parse(self.ctx(), &format!("vector<{lanes}x{element}>")).expect("the type is well-formed")
    }

    fn index(&self, value: i64) -> Value<'c> {
        let ty = Type::index(self.ctx());
        self.builder.op("arith.constant").attr("value", Attr::int(ty, value)).result(ty).build().result(0)
    }

    fn add(&self, a: Value<'c>, b: Value<'c>) -> Value<'c> {
        self.simple("arith.addi", &[a, b], a.ty())
    }

    fn times(&self, a: Value<'c>, factor: i64) -> Value<'c> {
        self.simple("arith.muli", &[a, self.index(factor)], a.ty())
    }

    fn load(&self, memref: Value<'c>, at: &[Value<'c>], ty: Type<'c>) -> Value<'c> {
        self.simple("vector.load", &[&[memref], at].concat(), ty)
    }

    fn store(&self, value: Value<'c>, memref: Value<'c>, at: &[Value<'c>]) {
        self.builder.op("vector.store").operands(&[&[value, memref], at].concat()).build();
    }

    /// The first lanes of a vector.
    fn first_lanes(&self, vector: Value<'c>, lanes: i64, element: Type<'c>) -> Value<'c> {
        let (ctx, ty) = (self.ctx(), self.vector(lanes, element));
        if vector.ty() == ty {
            return vector;
        }
        let ints = |value: i64| Attr::array(ctx, &[Attr::i64(ctx, value)]);
        let op = self.builder.op("vector.extract_strided_slice").operand(vector).result(ty);
        op.attr("offsets", ints(0)).attr("sizes", ints(lanes)).attr("strides", ints(1)).build().result(0)
    }

    /// A loop from 0 to `to` that carries values; the body alone if it runs once.
    fn repeat(
        &self,
        to: i64,
        step: i64,
        init: &[Value<'c>],
        body: impl FnOnce(&Emit<'c>, Value<'c>, &[Value<'c>]) -> Vec<Value<'c>>,
    ) -> Vec<Value<'c>> {
        if to <= 0 {
            return init.to_vec();
        }
        if to <= step {
            return body(self, self.index(0), init);
        }
        let types: Vec<_> = init.iter().map(|v| v.ty()).collect();
        let loc = self.builder.loc();
        let block = Block::new(&[&[Type::index(self.ctx())], &types[..]].concat(), loc);
        let bounds = [self.index(0), self.index(to), self.index(step)];
        let region = Region::with_block(block);
        let each = (self.builder.op("scf.for"))
            .operands(&bounds)
            .operands(init)
            .results(&types)
            .region(region)
            .build();
        let arguments = block.arguments();
        let inside = Emit { builder: Builder::end(block, loc) };
        let results = body(&inside, arguments[0], &arguments[1..]);
        inside.builder.op("scf.yield").operands(&results).build();
        each.results()
    }

    /// All elements of a row-major memref behind one another.
    fn flat(&self, memref: Value<'c>) -> Value<'c> {
        let ctx = self.ctx();
        let shape = memref.ty().shape().unwrap_or_default();
        let dimensions: Vec<_> = (0..shape.len()).map(|i| Attr::i64(ctx, i as i64)).collect();
        let all = Attr::array(ctx, &[Attr::array(ctx, &dimensions)]);
        let element = memref.ty().element().expect("a memref has elements");
        let ty = self.memref(shape.iter().product(), element);
        self.builder
            .op("memref.collapse_shape")
            .operand(memref)
            .attr("reassociation", all)
            .result(ty)
            .build()
            .result(0)
    }

    fn memref(&self, size: i64, element: Type<'c>) -> Type<'c> {
        Type::parse(self.ctx(), &format!("memref<{size}x{element}>")).expect("the type is well-formed")
    }

    /// An array of working memory.
    fn alloc(&self, ty: Type<'c>) -> Value<'c> {
        let sizes = Attr::i32s(self.ctx(), &[0, 0]);
        self.builder.op("memref.alloc").attr("operandSegmentSizes", sizes).result(ty).build().result(0)
    }

    /// A copy of a slice with its elements behind one another.
    fn row_major(&self, slice: Value<'c>) -> Value<'c> {
        let shape = slice.ty().shape().unwrap_or_default();
        let shape: String = shape.iter().map(|size| format!("{size}x")).collect();
        let element = slice.ty().element().expect("a memref has elements");
        let ty =
            Type::parse(self.ctx(), &format!("memref<{shape}{element}>")).expect("the type is well-formed");
        let copy = self.alloc(ty);
        self.builder.op("memref.copy").operands(&[slice, copy]).build();
        copy
    }

    /// A copy of an i8 memref in 8 or 16 bits, minus a zero point, behind one another.
    fn offset(&self, input: Value<'c>, bits: u32, zero_point: i64) -> Value<'c> {
        /// Elements at once.
        const LANES: i64 = 32;
        let ctx = self.ctx();
        let (i8, wide) = (Type::integer(ctx, 8), Type::integer(ctx, bits));
        let size: i64 = input.ty().shape().unwrap_or_default().iter().product();
        let from = self.flat(input);
        let into = self.alloc(self.memref(size + SLACK, wide));
        let zero = |lanes| {
            let ty = self.vector(lanes, wide);
            let value =
                Attr::parse(ctx, &format!("dense<{zero_point}> : {ty}")).expect("a splat is well-formed");
            self.builder.op("arith.constant").attr("value", value).result(ty).build().result(0)
        };
        let whole = size / LANES * LANES;
        for (start, end, lanes) in [(0, whole, LANES), (whole, size, 1)] {
            let zero = zero(lanes);
            self.repeat(end - start, lanes, &[], |emit, at, _| {
                let at = emit.add(at, emit.index(start));
                let mut values = emit.load(from, &[at], emit.vector(lanes, i8));
                if values.ty() != zero.ty() {
                    values = emit.simple("arith.extsi", &[values], zero.ty());
                }
                values = emit.simple("arith.subi", &[values, zero], zero.ty());
                emit.store(values, into, &[at]);
                vec![]
            });
        }
        into
    }

    /// A constant array, shared by nobody.
    fn global<T: DenseElement>(&self, user: Op<'c>, values: &[T]) -> Value<'c> {
        let ctx = self.ctx();
        let module = user.parent_named("builtin.module").expect("a function is in a module");
        let body = module.body();
        let name = format!("__golden_{}", body.ops().len());
        let size = values.len() as i64;
        let ty = self.memref(size, T::ty(ctx));
        Builder::start(body, user.loc())
            .op("memref.global")
            .attr("sym_name", Attr::string(ctx, &name))
            .attr("sym_visibility", Attr::string(ctx, "private"))
            .attr("type", Attr::ty(ty))
            .attr("initial_value", Attr::dense(ctx, &[size], values))
            .attr("constant", Attr::unit(ctx))
            .attr("alignment", Attr::i64(ctx, 64))
            .build();
        let get = self.builder.op("memref.get_global").attr("name", Attr::symbol(ctx, &name));
        get.result(ty).build().result(0)
    }
}
