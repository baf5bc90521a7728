//! The TOSA operations that networks are made of: reading and making them.

use crate::ir::{Attr, Builder, DenseElement, Failure, I48, Op, OpBuilder, Type, Value};

mod convolution;

pub use convolution::Convolution;

/// The elements of the constant that makes a value, if it is one of `tosa.const` (or `arith.constant`).
pub fn constant<'c>(value: Value<'c>) -> Option<Attr<'c>> {
    let op = value.producer()?;
    if op.is("tosa.const") || op.is("tosa.const_shape") {
        op.attr("values")
    } else if op.is("arith.constant") {
        op.attr("value")
    } else {
        None
    }
}

/// The constant operand `index` of `op` as elements of type T, or an error that names what is not constant.
pub fn constant_operand<T: DenseElement>(op: Op<'_>, index: usize, what: &str) -> Result<Vec<T>, Failure> {
    op.operand(index)
        .and_then(constant)
        .and_then(Attr::to_dense)
        .ok_or_else(|| op.error(format_args!("expected its {what} to be a constant"), &[]))
}

/// The constant integer operand `index` of `op`, of any width.
pub fn constant_ints(op: Op<'_>, index: usize, what: &str) -> Result<Vec<i64>, Failure> {
    op.operand(index)
        .and_then(constant)
        .and_then(Attr::to_dense_ints)
        .ok_or_else(|| op.error(format_args!("expected its {what} to be a constant"), &[]))
}

/// Erases every operation inside `root` that computes something nobody uses.
pub fn erase_unused(root: Op<'_>) {
    // Users come behind producers: one pass from the end is enough.
    for op in root.walk().into_iter().rev() {
        let name = op.name();
        let pure = ["tosa.", "arith.", "tensor."].iter().any(|dialect| name.starts_with(dialect));
        let results = op.results();
        if pure && op.regions().is_empty() && !results.is_empty() && results.into_iter().all(Value::is_unused)
        {
            op.erase();
        }
    }
}

/// The operations that work element by element on one operand.
pub const UNARY: [&str; 15] = [
    "tosa.clamp",
    "tosa.sigmoid",
    "tosa.tanh",
    "tosa.erf",
    "tosa.exp",
    "tosa.log",
    "tosa.abs",
    "tosa.reciprocal",
    "tosa.rsqrt",
    "tosa.floor",
    "tosa.ceil",
    "tosa.cast",
    "tosa.identity",
    "tosa.table",
    "tosa.negate",
];

/// Arithmetic that works element by element on two.
pub const BINARY: [&str; 5] = ["tosa.add", "tosa.sub", "tosa.mul", "tosa.maximum", "tosa.minimum"];

/// How `tosa.rescale` rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// `(value * multiplier + 2^(shift-1)) >> shift`.
    Single,
    /// As TFLite does: away from zero by an extra half where shift is above 31.
    Double,
}

/// The parts of a `tosa.rescale` with constant operands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rescale {
    /// One, or one a channel.
    pub multiplier: Vec<i32>,
    /// One, or one a channel.
    pub shift: Vec<i32>,
    /// Zero point that is subtracted before.
    pub input_zp: i64,
    /// Zero point that is added after.
    pub output_zp: i64,
    /// Rounding.
    pub rounding: Rounding,
    /// Are the input's bits unsigned?
    pub input_unsigned: bool,
    /// Are the output's bits unsigned?
    pub output_unsigned: bool,
}

impl Rescale {
    /// Multiplies by 2^-shift, rounding half up; shift in -30..=32. `input_zp` and `output_zp` are 0.
    pub fn power_of_two(shift: i32) -> Self {
        Self {
            multiplier: vec![1 << 30],
            shift: vec![30 + shift],
            input_zp: 0,
            output_zp: 0,
            rounding: Rounding::Single,
            input_unsigned: false,
            output_unsigned: false,
        }
    }

    /// Does it multiply by nothing but one?
    pub fn is_identity(&self) -> bool {
        self.multiplier.iter().zip(&self.shift).all(|(&m, &s)| (0..31).contains(&s) && m == 1 << s)
    }

    /// One rescale out of those of each channel, which are alike but for multiplier and shift.
    pub fn of_channels(channels: Vec<Self>) -> Self {
        let each = |part: fn(&Self) -> &Vec<i32>| channels.iter().flat_map(|c| part(c).clone()).collect();
        let (multiplier, shift) = (each(|c| &c.multiplier), each(|c| &c.shift));
        let first = channels.into_iter().next().unwrap_or_else(|| Self::power_of_two(0));
        Self { multiplier, shift, ..first }
    }

    /// Reads a `tosa.rescale`.
    pub fn of(op: Op<'_>) -> Result<Self, Failure> {
        let flag = |name| op.attr(name).and_then(Attr::to_bool).unwrap_or(false);
        let unsigned = |name, ints: Vec<i64>| {
            // An unsigned zero point is stored in the bits of a signed element.
            let zp = ints.first().copied().unwrap_or(0);
            if flag(name) && zp < 0 { zp + 256 } else { zp }
        };
        let narrow = |ints: Vec<i64>| ints.into_iter().map(|v| v as i32).collect();
        Ok(Self {
            multiplier: narrow(constant_ints(op, 1, "multiplier")?),
            shift: narrow(constant_ints(op, 2, "shift")?),
            input_zp: unsigned("input_unsigned", constant_ints(op, 3, "input zero point")?),
            output_zp: unsigned("output_unsigned", constant_ints(op, 4, "output zero point")?),
            rounding: match op.attr("rounding_mode").map(|a| a.to_string()) {
                Some(text) if text.contains("DOUBLE_ROUND") => Rounding::Double,
                _ => Rounding::Single,
            },
            input_unsigned: flag("input_unsigned"),
            output_unsigned: flag("output_unsigned"),
        })
    }

    /// Makes a `tosa.rescale` of `input` to elements of type `element`. Multipliers of i48 must fit i16.
    pub fn build<'c>(&self, builder: Builder<'c>, input: Value<'c>, element: Type<'c>) -> Value<'c> {
        let ctx = builder.ctx();
        let input_element = input.ty().element().expect("a tensor has elements");
        let shape = input.ty().shape().expect("a tensor has a shape");
        let zero_point = |value: i64, element: Type<'c>| match element.int_width() {
            Some(8) => const_dense(builder, &[1], &[value as i8]),
            Some(16) => const_dense(builder, &[1], &[value as i16]),
            Some(48) => const_dense(builder, &[1], &[I48::new(value).expect("a zero point is small")]),
            _ => const_dense(builder, &[1], &[value as i32]),
        };
        let n = self.multiplier.len() as i64;
        let shifts: Vec<i8> = self.shift.iter().map(|&s| s as i8).collect();
        // Of 48 bits, TOSA multiplies by 16.
        let scale32 = input_element.int_width() != Some(48);
        let multiplier = if scale32 {
            const_dense(builder, &[n], &self.multiplier)
        } else {
            const_dense(builder, &[n], &self.multiplier.iter().map(|&m| m as i16).collect::<Vec<_>>())
        };
        let operands = [
            input,
            multiplier,
            const_dense(builder, &[n], &shifts),
            zero_point(self.input_zp, input_element),
            zero_point(self.output_zp, element),
        ];
        let rounding = match self.rounding {
            Rounding::Single => "#tosa.rounding_mode<SINGLE_ROUND>",
            Rounding::Double => "#tosa.rounding_mode<DOUBLE_ROUND>",
        };
        builder
            .op("tosa.rescale")
            .operands(&operands)
            .result(Type::tensor(&shape, element))
            .attr("scale32", Attr::bool(ctx, scale32))
            .attr("rounding_mode", Attr::parse(ctx, rounding).expect("TOSA's rounding modes parse"))
            .attr("per_channel", Attr::bool(ctx, n > 1))
            .attr("input_unsigned", Attr::bool(ctx, self.input_unsigned))
            .attr("output_unsigned", Attr::bool(ctx, self.output_unsigned))
            .build()
            .result(0)
    }
}

/// Makes a `tosa.const`.
pub fn const_dense<'c, T: DenseElement>(builder: Builder<'c>, shape: &[i64], values: &[T]) -> Value<'c> {
    const_attr(builder, Attr::dense(builder.ctx(), shape, values))
}

/// Makes a `tosa.const` of a dense attribute.
pub fn const_attr<'c>(builder: Builder<'c>, values: Attr<'c>) -> Value<'c> {
    let ty = values.attr_type().expect("a dense attribute has a type");
    builder.op("tosa.const").attr("values", values).result(ty).build().result(0)
}

/// Makes a `tosa.const_shape`.
pub fn const_shape<'c>(builder: Builder<'c>, shape: &[i64]) -> Value<'c> {
    let ctx = builder.ctx();
    let ty = Type::parse(ctx, &format!("!tosa.shape<{}>", shape.len())).expect("TOSA's shape type parses");
    let values = Attr::dense_index(ctx, shape);
    builder.op("tosa.const_shape").attr("values", values).result(ty).build().result(0)
}

/// Makes a `tosa.reshape`.
pub fn reshape<'c>(builder: Builder<'c>, input: Value<'c>, shape: &[i64]) -> Value<'c> {
    let element = input.ty().element().expect("a tensor has elements");
    let shape_value = const_shape(builder, shape);
    builder
        .op("tosa.reshape")
        .operands(&[input, shape_value])
        .result(Type::tensor(shape, element))
        .build()
        .result(0)
}

/// Makes a `tosa.transpose`: result dimension i is the input's `perms[i]`.
pub fn transpose<'c>(builder: Builder<'c>, input: Value<'c>, perms: &[i32]) -> Value<'c> {
    let ty = input.ty();
    let shape = ty.shape().expect("a tensor has a shape");
    let permuted: Vec<i64> = perms.iter().map(|&p| shape[p as usize]).collect();
    builder
        .op("tosa.transpose")
        .operand(input)
        .attr("perms", Attr::i32s(builder.ctx(), perms))
        .result(Type::tensor(&permuted, ty.element().expect("a tensor has elements")))
        .build()
        .result(0)
}

/// Makes an operation with operands and one result of the given type, and no attributes.
pub fn simple<'c>(builder: Builder<'c>, name: &str, operands: &[Value<'c>], result: Type<'c>) -> Value<'c> {
    builder.op(name).operands(operands).result(result).build().result(0)
}

/// Makes a `tosa.clamp`; the bounds are attributes of the element's type.
pub fn clamp<'c>(builder: Builder<'c>, input: Value<'c>, min: Attr<'c>, max: Attr<'c>) -> Value<'c> {
    let op = builder.op("tosa.clamp").operand(input).result(input.ty());
    op.attr("min_val", min).attr("max_val", max).build().result(0)
}

/// Geometry of a convolution or a pooling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Height and width of the kernel.
    pub kernel: [i64; 2],
    /// Vertical and horizontal stride.
    pub stride: [i64; 2],
    /// Vertical and horizontal dilation.
    pub dilation: [i64; 2],
    /// Top, bottom, left, right.
    pub pad: [i64; 4],
}

impl Geometry {
    /// A window of one pixel.
    pub fn pointwise() -> Self {
        Self { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], pad: [0; 4] }
    }

    /// Rows and columns over which a window reaches.
    pub fn reach(&self) -> [i64; 2] {
        [0, 1].map(|i| (self.kernel[i] - 1) * self.dilation[i] + 1)
    }

    /// Height and width of the output for an input of height and width `input`; None if the kernel does not
    /// fit. Rounds down, as ONNX and PyTorch do (TOSA itself wants an exact fit).
    pub fn output(&self, input: [i64; 2]) -> Option<[i64; 2]> {
        let size = |i: usize| {
            let room = input[i] + self.pad[2 * i] + self.pad[2 * i + 1]
                - self.dilation[i] * (self.kernel[i] - 1)
                - 1;
            (room >= 0).then(|| room / self.stride[i] + 1)
        };
        Some([size(0)?, size(1)?])
    }

    /// The geometry of a `tosa.conv2d`, `tosa.depthwise_conv2d`, `tosa.max_pool2d` or `tosa.avg_pool2d`.
    pub fn of(op: Op<'_>) -> Option<Self> {
        let ints = |name: &str| op.attr(name).and_then(Attr::to_i64s);
        let pair = |name: &str| <[i64; 2]>::try_from(ints(name)?).ok();
        let kernel = match op.name().as_str() {
            // Weights are [OC, KH, KW, C], of depthwise convolutions [KH, KW, C, M].
            "tosa.conv2d" => op.operand(1)?.ty().shape()?.get(1..3)?.try_into().ok()?,
            "tosa.depthwise_conv2d" => op.operand(1)?.ty().shape()?.get(0..2)?.try_into().ok()?,
            _ => pair("kernel")?,
        };
        Some(Self {
            kernel,
            stride: pair("stride")?,
            dilation: pair("dilation").unwrap_or([1, 1]),
            pad: ints("pad")?.try_into().ok()?,
        })
    }
}

/// Makes a `tosa.conv2d` with constant or other operands. `weights` is `[OC, KH, KW, C]`, `bias` `[OC]`;
/// `zps` are the zero points of input and weights; `acc` the accumulator's type.
pub fn conv2d<'c>(
    builder: Builder<'c>,
    operands: (Value<'c>, Value<'c>, Value<'c>),
    zps: (Value<'c>, Value<'c>),
    geometry: &Geometry,
    result: Type<'c>,
    acc: Type<'c>,
) -> Value<'c> {
    convolution(builder.op("tosa.conv2d"), operands, zps, geometry, result, acc)
}

/// Makes a `tosa.depthwise_conv2d`. `weights` is `[KH, KW, C, M]`, `bias` `[C * M]`; `zps` are the zero points
/// of input and weights; `acc` the accumulator's type.
pub fn depthwise_conv2d<'c>(
    builder: Builder<'c>,
    operands: (Value<'c>, Value<'c>, Value<'c>),
    zps: (Value<'c>, Value<'c>),
    geometry: &Geometry,
    result: Type<'c>,
    acc: Type<'c>,
) -> Value<'c> {
    convolution(builder.op("tosa.depthwise_conv2d"), operands, zps, geometry, result, acc)
}

fn convolution<'c>(
    op: OpBuilder<'c>,
    (input, weights, bias): (Value<'c>, Value<'c>, Value<'c>),
    zps: (Value<'c>, Value<'c>),
    geometry: &Geometry,
    result: Type<'c>,
    acc: Type<'c>,
) -> Value<'c> {
    let ctx = result.ctx();
    op.operands(&[input, weights, bias, zps.0, zps.1])
        .result(result)
        .attr("pad", Attr::i64s(ctx, &geometry.pad))
        .attr("stride", Attr::i64s(ctx, &geometry.stride))
        .attr("dilation", Attr::i64s(ctx, &geometry.dilation))
        .attr("acc_type", Attr::ty(acc))
        .build()
        .result(0)
}

/// Makes a `tosa.max_pool2d`, which never sees its padding.
pub fn max_pool2d<'c>(
    builder: Builder<'c>,
    input: Value<'c>,
    geometry: &Geometry,
    result: Type<'c>,
) -> Value<'c> {
    let ctx = builder.ctx();
    builder
        .op("tosa.max_pool2d")
        .operand(input)
        .result(result)
        .attr("kernel", Attr::i64s(ctx, &geometry.kernel))
        .attr("stride", Attr::i64s(ctx, &geometry.stride))
        .attr("pad", Attr::i64s(ctx, &geometry.pad))
        .build()
        .result(0)
}

/// Makes a `tosa.avg_pool2d`, whose divisor does not count padding; `zps` are the zero points of input and
/// output, `acc` the accumulator's type.
pub fn avg_pool2d<'c>(
    builder: Builder<'c>,
    input: Value<'c>,
    zps: (Value<'c>, Value<'c>),
    geometry: &Geometry,
    result: Type<'c>,
    acc: Type<'c>,
) -> Value<'c> {
    let ctx = builder.ctx();
    builder
        .op("tosa.avg_pool2d")
        .operands(&[input, zps.0, zps.1])
        .result(result)
        .attr("kernel", Attr::i64s(ctx, &geometry.kernel))
        .attr("stride", Attr::i64s(ctx, &geometry.stride))
        .attr("pad", Attr::i64s(ctx, &geometry.pad))
        .attr("acc_type", Attr::ty(acc))
        .build()
        .result(0)
}

/// Makes a `tosa.slice`: of each dimension `size` elements from `start` on.
pub fn slice<'c>(builder: Builder<'c>, input: Value<'c>, start: &[i64], size: &[i64]) -> Value<'c> {
    let element = input.ty().element().expect("a tensor has elements");
    let operands = [input, const_shape(builder, start), const_shape(builder, size)];
    simple(builder, "tosa.slice", &operands, Type::tensor(size, element))
}

/// Makes a `tosa.pad` of a feature map `[N, H, W, C]` with top, bottom, left and right rows and columns of
/// `value`, a tensor of one element.
pub fn pad<'c>(builder: Builder<'c>, input: Value<'c>, pad: [i64; 4], value: Value<'c>) -> Value<'c> {
    let ty = input.ty();
    let mut shape = ty.shape().expect("a tensor has a shape");
    let [top, bottom, left, right] = pad;
    shape[1] += top + bottom;
    shape[2] += left + right;
    let operands = [input, const_shape(builder, &[0, 0, top, bottom, left, right, 0, 0]), value];
    let result = Type::tensor(&shape, ty.element().expect("a tensor has elements"));
    simple(builder, "tosa.pad", &operands, result)
}

/// What integers of up to 8 bits are above a zero point, in 16 bits.
pub fn above_zero_point<'c>(builder: Builder<'c>, input: Value<'c>, zero_point: i64) -> Value<'c> {
    let rescale = Rescale { input_zp: zero_point, ..Rescale::power_of_two(0) };
    rescale.build(builder, input, Type::integer(builder.ctx(), 16))
}

/// Makes a `tosa.mul` that shifts nothing; dimensions of size 1 are spread.
pub fn mul<'c>(builder: Builder<'c>, a: Value<'c>, b: Value<'c>, result: Type<'c>) -> Value<'c> {
    let shift = const_dense(builder, &[1], &[0i8]);
    simple(builder, "tosa.mul", &[a, b, shift], result)
}

/// TOSA's `apply_scale_32` without double rounding: `(value * multiplier + 2^(shift-1)) >> shift`.
pub fn apply_scale(value: i64, multiplier: i64, shift: i32) -> i64 {
    if shift == 0 {
        return value * multiplier;
    }
    ((i128::from(value) * i128::from(multiplier) + (1i128 << (shift - 1))) >> shift) as i64
}

/// TOSA's `reciprocal_scale`: multiplier and shift of the division by `count` in `avg_pool2d`.
pub fn reciprocal_scale(count: u32) -> (i32, i32) {
    // TOSA 1.0, section "Scaling helper functions".
    let k = 32 - (count - 1).leading_zeros();
    let numerator = ((1u64 << 30) + 1) << k;
    ((numerator / u64::from(count)) as i32, (30 + k) as i32)
}
