//! Bits and the logic on them.

use atheena_dialects::ir::{Attr, Builder, Type, Value};
use std::ops::{Add, BitAnd, BitOr, BitXor, Mul, Not, Sub};

/// Some bits of a module, low bit first. Signals of an operation have the same width.
#[derive(Clone, Copy, Debug)]
pub struct Signal<'c> {
    value: Value<'c>,
    width: u32,
    builder: Place<'c>,
}

/// Where operations on a signal go.
#[derive(Clone, Copy)]
struct Place<'c>(Builder<'c>);

impl std::fmt::Debug for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("_")
    }
}

/// A signal, or a number that takes the width of the other operand.
pub trait Operand<'c> {
    /// This as a signal of the width of `other`.
    fn like(self, other: Signal<'c>) -> Signal<'c>;
}

impl<'c> Operand<'c> for Signal<'c> {
    fn like(self, other: Signal<'c>) -> Signal<'c> {
        assert_eq!(self.width, other.width, "operands have one width");
        self
    }
}

impl<'c> Operand<'c> for i64 {
    fn like(self, other: Signal<'c>) -> Signal<'c> {
        other.lit(self)
    }
}

/// Predicates of `comb.icmp`.
#[derive(Clone, Copy)]
enum Compare {
    Eq = 0,
    Ne = 1,
    Slt = 2,
    Ult = 6,
    Uge = 9,
}

impl<'c> Signal<'c> {
    /// A value of the IR as a signal; operations on it go where `builder` says.
    pub fn new(value: Value<'c>, width: u32, builder: Builder<'c>) -> Self {
        Self { value, width, builder: Place(builder) }
    }

    /// A number in two's complement.
    pub fn constant(width: u32, value: i128, builder: Builder<'c>) -> Self {
        let ctx = builder.ctx();
        let attr = match i64::try_from(value) {
            Ok(value) if width <= 64 => Attr::int(Type::integer(ctx, width), value),
            _ => Attr::parse(ctx, &format!("{value} : i{width}")).expect("an integer is an attribute"),
        };
        let ty = Type::integer(ctx, width);
        let op = builder.op("hw.constant").attr("value", attr).result(ty).build();
        Self::new(op.result(0), width, builder)
    }

    /// The value in the IR.
    pub fn value(self) -> Value<'c> {
        self.value
    }

    /// The number of bits.
    pub fn width(self) -> u32 {
        self.width
    }

    /// Where operations on it go.
    pub fn builder(self) -> Builder<'c> {
        self.builder.0
    }

    /// A number of this signal's width.
    pub fn lit(self, value: i64) -> Self {
        Self::constant(self.width, value.into(), self.builder())
    }

    fn op(self, name: &str, operands: &[Signal<'c>], width: u32) -> Self {
        let builder = self.builder();
        let values: Vec<_> = operands.iter().map(|s| s.value).collect();
        let op = builder.op(name).operands(&values).result(Type::integer(builder.ctx(), width)).build();
        Self::new(op.result(0), width, builder)
    }

    fn binary(self, name: &str, other: impl Operand<'c>) -> Self {
        self.op(name, &[self, other.like(self)], self.width)
    }

    fn compare(self, predicate: Compare, other: impl Operand<'c>) -> Self {
        let builder = self.builder();
        let op = builder
            .op("comb.icmp")
            .operands(&[self.value, other.like(self).value])
            .attr("predicate", Attr::i64(builder.ctx(), predicate as i64))
            .result(Type::integer(builder.ctx(), 1))
            .build();
        Self::new(op.result(0), 1, builder)
    }

    /// Equal?
    pub fn is(self, other: impl Operand<'c>) -> Self {
        self.compare(Compare::Eq, other)
    }

    /// Different?
    pub fn is_not(self, other: impl Operand<'c>) -> Self {
        self.compare(Compare::Ne, other)
    }

    /// Smaller, both unsigned?
    pub fn below(self, other: impl Operand<'c>) -> Self {
        self.compare(Compare::Ult, other)
    }

    /// Greater or equal, both unsigned?
    pub fn at_least(self, other: impl Operand<'c>) -> Self {
        self.compare(Compare::Uge, other)
    }

    /// Smaller, both signed?
    pub fn signed_below(self, other: impl Operand<'c>) -> Self {
        self.compare(Compare::Slt, other)
    }

    /// `then` if this bit is set, else `otherwise`.
    pub fn mux(self, then: Signal<'c>, otherwise: impl Operand<'c>) -> Self {
        assert_eq!(self.width, 1, "a condition is a bit");
        self.op("comb.mux", &[self, then, otherwise.like(then)], then.width)
    }

    /// The product of two numbers in two's complement, of which synthesis drops copies of their signs.
    pub fn signed_times(self, other: Signal<'c>) -> Self {
        let builder = self.builder();
        let format = Attr::string(builder.ctx(), "$unsigned($signed({{0}}) * $signed({{1}}))");
        let op = (builder.op("sv.verbatim.expr").operands(&[self.value, other.like(self).value]))
            .attr("format_string", format)
            .result(Type::integer(builder.ctx(), self.width))
            .build();
        Self::new(op.result(0), self.width, builder)
    }

    /// `width` bits from bit `low` on.
    pub fn bits(self, low: u32, width: u32) -> Self {
        assert!(width > 0 && low + width <= self.width, "bits {low}+{width} of {}", self.width);
        if width == self.width {
            return self;
        }
        let builder = self.builder();
        let low = i32::try_from(low).expect("a signal has less than 2^31 bits");
        let op = builder
            .op("comb.extract")
            .operand(self.value)
            .attr("lowBit", Attr::i32(builder.ctx(), low))
            .result(Type::integer(builder.ctx(), width))
            .build();
        Self::new(op.result(0), width, builder)
    }

    /// Bit `index`.
    pub fn bit(self, index: u32) -> Self {
        self.bits(index, 1)
    }

    /// The highest bit, the sign of a signed number.
    pub fn top_bit(self) -> Self {
        self.bit(self.width - 1)
    }

    /// This signal `times` times, side by side.
    pub fn repeat(self, times: u32) -> Self {
        if times == 1 { self } else { self.op("comb.replicate", &[self], self.width * times) }
    }

    /// More bits, zeros above.
    pub fn zero_extend(self, width: u32) -> Self {
        assert!(width >= self.width, "{} bits extended to {width}", self.width);
        if width == self.width {
            return self;
        }
        Self::pack(&[self, Self::constant(width - self.width, 0, self.builder())])
    }

    /// More bits, copies of the top bit above.
    pub fn sign_extend(self, width: u32) -> Self {
        assert!(width >= self.width, "{} bits extended to {width}", self.width);
        if width == self.width {
            return self;
        }
        Self::pack(&[self, self.top_bit().repeat(width - self.width)])
    }

    /// Signals side by side, the first one in the low bits: lane 0 first.
    pub fn pack(lanes: &[Signal<'c>]) -> Self {
        if let [only] = lanes {
            return *only;
        }
        // `comb.concat` takes the high bits first.
        let high_first: Vec<_> = lanes.iter().rev().copied().collect();
        let width = lanes.iter().map(|s| s.width).sum();
        lanes[0].op("comb.concat", &high_first, width)
    }

    /// The lanes of a signal, the one in the low bits first.
    pub fn lanes(self, width: u32) -> Vec<Self> {
        assert_eq!(self.width % width, 0, "{} bits in lanes of {width}", self.width);
        (0..self.width / width).map(|lane| self.bits(lane * width, width)).collect()
    }

    /// All of these bits?
    pub fn all(bits: &[Signal<'c>]) -> Self {
        if let [only] = bits { *only } else { bits[0].op("comb.and", bits, bits[0].width) }
    }

    /// Any of these bits?
    pub fn any(bits: &[Signal<'c>]) -> Self {
        if let [only] = bits { *only } else { bits[0].op("comb.or", bits, bits[0].width) }
    }
}

impl<'c> Not for Signal<'c> {
    type Output = Self;
    fn not(self) -> Self {
        self.binary("comb.xor", -1)
    }
}

macro_rules! operator {
    ($($trait:ident, $method:ident, $name:literal;)*) => {
        $(impl<'c, R: Operand<'c>> $trait<R> for Signal<'c> {
            type Output = Self;
            fn $method(self, other: R) -> Self {
                self.binary($name, other)
            }
        })*
    };
}
operator! {
    Add, add, "comb.add";
    Sub, sub, "comb.sub";
    Mul, mul, "comb.mul";
    BitAnd, bitand, "comb.and";
    BitOr, bitor, "comb.or";
    BitXor, bitxor, "comb.xor";
}
