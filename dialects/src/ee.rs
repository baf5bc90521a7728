//! The `ee` dialect in Rust: typed operations and attributes.

mod confidence;
mod integer;

pub use confidence::{Confidence, ConfidenceKind};
pub use integer::{IntegerConfidence, Limit};

use crate::{
    ffi,
    ir::{Attr, Block, Builder, Ctx, Failure, Op, Region, Type, Value},
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

    /// Changes the threshold, and the integer form of the condition with it, where it has one.
    pub fn set_threshold(self, threshold: f64) -> Result<(), Failure> {
        let confidence = self.confidence();
        if let Err(why) = confidence.kind.check_threshold(threshold) {
            return Err(self.0.error(format_args!("can't get another threshold: {why}"), &[]));
        }
        let mut changed = Confidence::new(confidence.kind, threshold);
        if confidence.integer.is_some() {
            let ty = self.logits().ty();
            let scale = self.0.attr("ee.logits_scale").and_then(Attr::to_f64);
            let bits = ty.element().and_then(Type::int_width);
            let classes = ty.shape().and_then(|shape| usize::try_from(*shape.last()?).ok());
            let (Some(scale), Some(bits), Some(classes)) = (scale, bits, classes) else {
                let cure = "ee-quantize leaves ee.logits_scale on every exit: quantise with the threshold, or keep the attribute";
                return Err(self.0.error("can't get another threshold: its logits have no scale", &[cure]));
            };
            changed = changed.quantized(scale, bits, classes);
        }
        self.set_confidence(&changed);
        Ok(())
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
