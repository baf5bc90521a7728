//! Products: in DSP blocks, two of one factor in one of them, and in LUTs.

use super::{Int, Module, Signal};
use atheena_dialects::dataflow::{PAIR_PLACES, PLACES_A_STAGE};
use atheena_dialects::ir::{Attr, Block, Builder, Region, Type};

/// What the sum of pairs starts from, so that its low part is never negative: the high part needs no correction then.
const PAIR_SEED: i64 = 1 << (PAIR_PLACES - 1);

impl<'c> Module<'c> {
    /// The sum of the products of `terms`, each two numbers of two's complement, and of `seed`, in `width` bits, one cycle later,
    /// where cycles count while `enable` is set.
    ///
    /// It is one expression of signed numbers behind a register, of which synthesis makes a cascade of DSP blocks: with the seed at
    /// its beginning and the register in the last one.
    fn multiply_add(
        &self,
        terms: &[(Signal<'c>, Signal<'c>)],
        seed: i64,
        width: u32,
        enable: Signal<'c>,
    ) -> Signal<'c> {
        let product = |k: usize| format!("$signed({{{{{}}}}}) * $signed({{{{{}}}}})", 2 * k, 2 * k + 1);
        let start = if seed == 0 { product(0) } else { format!("{} + {width}'sd{seed}", product(0)) };
        let sum = (1..terms.len()).fold(start, |sum, k| format!("{} + ({sum})", product(k)));
        let operands: Vec<_> = terms.iter().flat_map(|(a, b)| [a.value(), b.value()]).collect();

        let builder = self.builder();
        let (ctx, loc) = (builder.ctx(), builder.loc());
        let ty = Type::integer(ctx, width);
        let inout =
            Type::parse(ctx, &format!("!hw.inout<i{width}>")).expect("types of other dialects are opaque");
        let register = builder.op("sv.reg").attr("name", Attr::string(ctx, "products")).result(inout).build();
        let block = |build: &dyn Fn(Builder<'c>)| {
            let block = Block::new(&[], loc);
            build(Builder::end(block, loc));
            Region::with_block(block)
        };
        let assign = block(&|b| {
            let value = b.op("sv.verbatim.expr").operands(&operands).result(ty);
            let value = value.attr("format_string", Attr::string(ctx, &sum)).build().result(0);
            b.op("sv.passign").operand(register.result(0)).operand(value).build();
        });
        let guarded = block(&|b| {
            b.op("sv.if").operand(enable.value()).region(assign).region(Region::empty()).build();
        });
        (builder.op("sv.alwaysff").operand(self.clock_bit()))
            .attr("clockEdge", Attr::i32(ctx, 0))
            .attr("resetStyle", Attr::i32(ctx, 0))
            .region(guarded)
            .region(Region::empty())
            .build();
        let value = builder.op("sv.read_inout").operand(register.result(0)).result(ty).build().result(0);
        Signal::new(value, width, builder)
    }

    /// The sum of products, one cycle later; a DSP block a product.
    pub fn sum_of_products(&self, terms: &[(Int<'c>, Int<'c>)], enable: Signal<'c>) -> Int<'c> {
        let (low, high) = sum_range(terms.iter().map(|(a, b)| product_range(a.range(), b.range())));
        let signed: Vec<_> = terms.iter().map(|&(a, b)| (a.to_signed(), b.to_signed())).collect();
        let width = Int::width_of(low.min(-1), high);
        Int::new(self.multiply_add(&signed, 0, width, enable), low, high)
    }

    /// The sums of two rows of products with the same factors, one cycle later; a DSP block two products.
    ///
    /// A term is the two rows' elements and the factor. The first row's element comes as [`PAIR_PLACES`] bits take it: less one where
    /// the second one is negative (`atheena_dialects::dataflow::DspUse` says where this is exact, and why); `first` is the range of
    /// what it stands for.
    pub fn sums_of_pairs(
        &self,
        terms: &[(Int<'c>, Int<'c>, Int<'c>)],
        first: (i128, i128),
        enable: Signal<'c>,
    ) -> (Int<'c>, Int<'c>) {
        let pairs: Vec<_> = (terms.iter())
            .map(|&(a, b, x)| {
                (Signal::pack(&[b.to_signed().sign_extend(PAIR_PLACES), a.to_signed()]), x.to_signed())
            })
            .collect();
        let high = sum_range(terms.iter().map(|(_, _, x)| product_range(first, x.range())));
        let low = sum_range(terms.iter().map(|(_, b, x)| product_range(b.range(), x.range())));
        let width = PAIR_PLACES + Int::width_of(high.0.min(-1), high.1);
        let sum = self.multiply_add(&pairs, PAIR_SEED, width, enable);
        let top = PAIR_PLACES - 1;
        let low_part = Signal::pack(&[sum.bits(0, top), !sum.bit(top)]);
        (
            Int::new(sum.bits(PAIR_PLACES, width - PAIR_PLACES), high.0, high.1),
            Int::new(low_part, low.0.min(-1), low.1).within(low.0, low.1),
        )
    }
}

fn product_range(a: (i128, i128), b: (i128, i128)) -> (i128, i128) {
    let corners = [a.0 * b.0, a.0 * b.1, a.1 * b.0, a.1 * b.1];
    corners.iter().fold((corners[0], corners[0]), |(low, high), &c| (low.min(c), high.max(c)))
}

fn sum_range(ranges: impl Iterator<Item = (i128, i128)>) -> (i128, i128) {
    ranges.fold((0, 0), |sum, range| (sum.0 + range.0, sum.1 + range.1))
}

/// A number and those of its multiples that products in LUTs are put together from.
#[derive(Clone, Copy)]
pub struct Multiples<'c> {
    one: Int<'c>,
    three: Int<'c>,
    minus: Int<'c>,
}

impl<'c> Multiples<'c> {
    /// The multiples of a number, one cycle later, where cycles count while `enable` is set.
    pub fn new(x: Int<'c>, m: &Module<'c>, enable: Signal<'c>) -> Self {
        let registered = |multiple: Int<'c>| multiple.delay(m, enable);
        let three = x.plus_shifted(x, 1);
        Self { one: registered(x), three: registered(three), minus: registered(x.times(-1)) }
    }

    /// The same, one cycle later.
    pub fn delay(&self, m: &Module<'c>, enable: Signal<'c>) -> Self {
        let [one, three, minus] =
            [self.one, self.three, self.minus].map(|multiple| multiple.delay(m, enable));
        Self { one, three, minus }
    }

    /// The first places of the product with a number: each two bits of it choose 0, x, 2x or 3x, the top ones of a signed one 0, x, -2x or
    /// -x, and an adder puts each choice on top of those below.
    ///
    /// A bit of a choice depends on five others, so it and the adder's half sum are one LUT of six inputs in front of the carry.
    pub fn times(&self, factor: Int<'c>) -> Partial<'c> {
        let range = factor.range();
        let places = factor_places(range);
        let bits = factor.to_bits(2 * places);
        let is_signed = range.0 < 0;
        let upper = self.choice(bits.bits(0, 2), is_signed && places == 1);
        let product = product_range(self.one.range(), range);
        let partial = Partial { upper, lower: vec![], bits, place: 1, is_signed, product };
        partial.up_to(self, places.min(PLACES_A_STAGE))
    }

    /// What two bits choose.
    fn choice(&self, bits: Signal<'c>, is_top: bool) -> Int<'c> {
        let (low, high, zero) = (bits.bit(0), bits.bit(1), Int::constant(0, bits.builder()));
        let (two, three) = match is_top {
            true => (self.minus.shift_left(1), self.minus),
            false => (self.one.shift_left(1), self.three),
        };
        Int::select(high, Int::select(low, three, two), Int::select(low, self.one, zero))
    }
}

/// Places of a factor: two bits each.
fn factor_places((low, high): (i128, i128)) -> u32 {
    Int::width_of(low, high).div_ceil(2)
}

/// A product of which some places of the factor are done.
pub struct Partial<'c> {
    /// The sum of their choices, less its low bits, which are final.
    upper: Int<'c>,
    lower: Vec<Signal<'c>>,
    /// Of the factor.
    bits: Signal<'c>,
    /// The next place.
    place: u32,
    is_signed: bool,
    /// The range of the whole product.
    product: (i128, i128),
}

impl<'c> Partial<'c> {
    /// The same, one cycle later.
    pub fn delay(self, m: &Module<'c>, enable: Signal<'c>) -> Self {
        let rest = self.bits.width() - 2 * self.place;
        let bits = match rest {
            0 => self.bits,
            _ => {
                let kept = m.delay(self.bits.bits(2 * self.place, rest), enable);
                // In the same places; those below are done.
                Signal::pack(&[m.constant(2 * self.place, 0), kept])
            }
        };
        let lower = match self.lower.is_empty() {
            true => vec![],
            false => vec![m.delay(Signal::pack(&self.lower), enable)],
        };
        Self { upper: self.upper.delay(m, enable), lower, bits, ..self }
    }

    /// With the places below this one.
    fn up_to(mut self, multiples: &Multiples<'c>, end: u32) -> Self {
        let places = self.bits.width() / 2;
        for place in self.place..end {
            self.lower.push(self.upper.to_bits(2));
            let choice =
                multiples.choice(self.bits.bits(2 * place, 2), self.is_signed && place + 1 == places);
            self.upper = sum_of_narrow_and_wide(self.upper.shift_right(2), choice);
        }
        self.place = end;
        self
    }

    /// The product.
    pub fn finish(self, multiples: &Multiples<'c>) -> Int<'c> {
        let places = self.bits.width() / 2;
        let Self { upper, mut lower, product: (low, high), .. } = self.up_to(multiples, places);
        lower.push(upper.to_bits(upper.width()));
        Int::new(Signal::pack(&lower), low, high)
    }
}

/// The sum of a number and one of more bits, which may be 0.
///
/// An adder's operand that is the carry's data as well can't be in the LUT in front of it. Yosys takes the one of fewer bits as such, for
/// which it drops copies of a sign where operands are signed.
fn sum_of_narrow_and_wide<'c>(narrow: Int<'c>, wide: Int<'c>) -> Int<'c> {
    if narrow.range().0 >= 0 {
        return narrow + wide;
    }
    let (low, high) = sum_range([narrow.range(), wide.range()].into_iter());
    let width = Int::width_of(low, high);
    let (a, b) = (narrow.to_bits(width), wide.to_bits(width));
    let builder = a.builder();
    let sum = (builder.op("sv.verbatim.expr").operands(&[a.value(), b.value()]))
        .result(Type::integer(builder.ctx(), width))
        .attr("format_string", Attr::string(builder.ctx(), "$unsigned($signed({{0}}) + $signed({{1}}))"))
        .build();
    Int::new(Signal::new(sum.result(0), width, builder), low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a DSP block computes, over all operands: both products come out, but where the packed factor has no 25 bits.
    #[test]
    fn pairs_are_exact() {
        let mut too_wide = 0;
        for a in -128i64..128 {
            for b in -128i64..128 {
                let packed = (a << PAIR_PLACES) + b;
                if !(-(1 << 24)..1 << 24).contains(&packed) {
                    assert!(a == -128 && b < 0);
                    too_wide += 1;
                    continue;
                }
                // The bits: those of b, its sign up to place 17, and then a, less one where b is negative.
                let low_bits = b & ((1 << PAIR_PLACES) - 1);
                assert_eq!(packed, ((a - i64::from(b < 0)) << PAIR_PLACES) + low_bits);
                for x in -128i64..128 {
                    let sum = packed * x + PAIR_SEED;
                    let low = (sum & (PAIR_SEED - 1)) - if sum & PAIR_SEED == 0 { PAIR_SEED } else { 0 };
                    assert!(sum >> PAIR_PLACES == a * x && low == b * x, "{a} {b} {x}");
                }
            }
        }
        assert_eq!(too_wide, 128);
    }
}
