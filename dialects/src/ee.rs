//! The `ee` dialect in Rust: typed operations and attributes.

use crate::{
    ffi,
    ir::{Attr, Block, Builder, Ctx, Op, Region, Type, Value},
};

/// `ee.exit`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exit<'c>(pub Op<'c>);

impl<'c> Exit<'c> {
    /// The name of the operation.
    pub const NAME: &'static str = "ee.exit";

    /// This operation as an exit.
    pub fn cast(op: Op<'c>) -> Option<Self> {
        op.is(Self::NAME).then_some(Self(op))
    }

    /// All exits inside an operation, outer before inner: an exit's index is its place in this list, and
    /// the final classifier's is the list's length.
    pub fn all_in(op: Op<'c>) -> Vec<Self> {
        op.walk().into_iter().filter_map(Self::cast).collect()
    }

    /// Makes an exit; the regions have one argument for each input.
    pub fn build(
        builder: Builder<'c>,
        label: &str,
        inputs: &[Value<'c>],
        confidence: Attr<'c>,
        results: &[Type<'c>],
        (classify, otherwise): (Block<'c>, Block<'c>),
    ) -> Self {
        let ctx = builder.ctx();
        Self(
            builder
                .op(Self::NAME)
                .operands(inputs)
                .results(results)
                .attr("label", Attr::string(ctx, label))
                .attr("confidence", confidence)
                .region(Region::with_block(classify))
                .region(Region::with_block(otherwise))
                .build(),
        )
    }

    /// The exit's name.
    pub fn label(self) -> String {
        self.0.attr("label").and_then(Attr::to_string_value).unwrap_or_default()
    }

    /// The condition under which a sample leaves.
    pub fn confidence(self) -> Confidence {
        let attr = self.0.attr("confidence").expect("the verifier wants a confidence");
        Confidence::of(attr).expect("the verifier wants a known confidence")
    }

    /// Sets the condition.
    pub fn set_confidence(self, confidence: &Confidence) {
        self.0.set_attr("confidence", confidence.to_attr(self.0.ctx()));
    }

    /// How many samples left, of how many that came.
    pub fn profile(self) -> Option<Profile> {
        Profile::of(self.0.attr("profile")?)
    }

    /// Sets the profile.
    pub fn set_profile(self, profile: Profile) {
        self.0.set_attr("profile", profile.to_attr(self.0.ctx()));
    }

    /// What every sample runs.
    pub fn classify(self) -> Block<'c> {
        self.0.region(0).entry().expect("a region of an exit has a block")
    }

    /// What the samples run that stay.
    pub fn otherwise(self) -> Block<'c> {
        self.0.region(1).entry().expect("a region of an exit has a block")
    }

    /// The values that a region (see [`Self::classify`], [`Self::otherwise`]) yields.
    pub fn yielded(region: Block<'c>) -> Vec<Value<'c>> {
        region.last().map(Op::operands).unwrap_or_default()
    }

    /// The classifier's logits inside `classify`.
    pub fn logits(self) -> Value<'c> {
        *Self::yielded(self.classify()).first().expect("the verifier wants logits")
    }
}

/// Makes `ee.yield`.
pub fn build_yield<'c>(builder: Builder<'c>, values: &[Value<'c>]) -> Op<'c> {
    builder.op("ee.yield").operands(values).build()
}

/// The condition of an exit: `#ee.max_softmax`, the only one so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Confidence {
    /// The sample leaves if the largest softmax probability is above this, in [0, 1).
    pub threshold: f64,
    /// The form that hardware computes; None before quantisation.
    pub integer: Option<IntegerConfidence>,
}

/// A condition in integers: the sample leaves if `sum_i table[max x - x_i] <= limit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegerConfidence {
    /// `round(exp(-d * scale) * 2^16)` for d in 0..256.
    pub table: Vec<i32>,
    /// The largest sum of a sample that leaves.
    pub limit: i64,
}

impl IntegerConfidence {
    /// The fixed-point one of the table.
    pub const ONE: f64 = 65536.0;

    /// The integer form of `max softmax > threshold` for logits that are multiples of `scale`.
    ///
    /// `1 / sum exp(-d_i scale) > threshold` is `sum exp(-d_i scale) < 1 / threshold`; with the sum S in
    /// units of 2^-16, that is `S <= ceil(2^16 / threshold) - 1`.
    pub fn max_softmax(threshold: f64, scale: f64) -> Self {
        let table = (0..256).map(|d| (Self::ONE * (-f64::from(d) * scale).exp()).round() as i32).collect();
        // With threshold 0 everything leaves: no sum is above the float's largest cast.
        let limit = ((Self::ONE / threshold).ceil() - 1.0).min(f64::from(i32::MAX)) as i64;
        Self { table, limit }
    }

    /// Does a sample with these logits leave?
    pub fn leaves(&self, logits: &[i8]) -> bool {
        let max = logits.iter().copied().max().unwrap_or_default();
        let sum: i64 =
            logits.iter().map(|&x| i64::from(self.table[(i16::from(max) - i16::from(x)) as usize])).sum();
        sum <= self.limit
    }
}

impl Confidence {
    /// `#ee.max_softmax<threshold = …>`.
    pub fn max_softmax(threshold: f64) -> Self {
        Self { threshold, integer: None }
    }

    /// Reads the attribute.
    pub fn of(attr: Attr<'_>) -> Option<Self> {
        // SAFETY: the accessors follow the check of the kind; the table lives as long as its context.
        unsafe {
            if !ffi::atheenaMaxSoftmaxIsA(attr.to_raw()) {
                return None;
            }
            let mut data = std::ptr::null();
            let size = ffi::atheenaMaxSoftmaxTable(attr.to_raw(), &mut data);
            let integer = (size > 0).then(|| IntegerConfidence {
                table: std::slice::from_raw_parts(data, size).to_vec(),
                limit: ffi::atheenaMaxSoftmaxLimit(attr.to_raw()),
            });
            Some(Self { threshold: ffi::atheenaMaxSoftmaxThreshold(attr.to_raw()), integer })
        }
    }

    /// Checks a threshold before an attribute is made of it; the error is for people.
    pub fn check_threshold(threshold: f64) -> Result<(), String> {
        if (0.0..1.0).contains(&threshold) {
            Ok(())
        } else {
            Err(format!("the threshold of a max-softmax exit must be in [0, 1), but is {threshold}"))
        }
    }

    /// Makes the attribute. The threshold must be in range.
    pub fn to_attr<'c>(&self, ctx: Ctx<'c>) -> Attr<'c> {
        let empty = IntegerConfidence { table: vec![], limit: 0 };
        let integer = self.integer.as_ref().unwrap_or(&empty);
        // SAFETY: MLIR copies the table; a threshold in range makes a non-null attribute.
        unsafe {
            let raw = ffi::atheenaMaxSoftmaxGet(
                ctx.to_raw(),
                self.threshold,
                integer.table.as_ptr(),
                integer.table.len(),
                integer.limit,
            );
            assert!(!raw.ptr.is_null(), "the threshold and the table are in range");
            Attr::from_raw(raw)
        }
    }
}

/// How many samples left at an exit, of how many that reached it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Profile {
    /// Samples that left.
    pub taken: i64,
    /// Samples that came.
    pub of: i64,
}

impl Profile {
    /// Reads the attribute.
    pub fn of(attr: Attr<'_>) -> Option<Self> {
        let mut counts = Self::default();
        // SAFETY: both places are writable.
        unsafe { ffi::atheenaProfileCounts(attr.to_raw(), &mut counts.taken, &mut counts.of) }
            .then_some(counts)
    }

    /// Makes the attribute; 0 <= taken <= of.
    pub fn to_attr<'c>(self, ctx: Ctx<'c>) -> Attr<'c> {
        assert!(0 <= self.taken && self.taken <= self.of, "counts are in order");
        // SAFETY: counts in order make a non-null attribute.
        unsafe { Attr::from_raw(ffi::atheenaProfileGet(ctx.to_raw(), self.taken, self.of)) }
    }

    /// The part that goes on, in 0..=1; 1 if no sample came.
    pub fn stay_rate(self) -> f64 {
        if self.of == 0 { 1.0 } else { (self.of - self.taken) as f64 / self.of as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the definition in floating point, for two classes, where the sum has one free term.
    #[test]
    fn integer_confidence_agrees_with_softmax() {
        let scale = 0.125;
        let integer = IntegerConfidence::max_softmax(0.9, scale);
        for d in 0..=127i8 {
            let p = 1.0 / (1.0 + (-f64::from(d) * scale).exp());
            // Rounding of one table entry may only matter within 2^-17 of the threshold.
            if (p - 0.9).abs() > 1e-5 {
                assert_eq!(integer.leaves(&[d, 0]), p > 0.9, "distance {d}");
            }
        }
    }
}
