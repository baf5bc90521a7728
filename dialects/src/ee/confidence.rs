//! The condition of an exit, and the attributes that hold it.

use super::{IntegerConfidence, Limit};
use crate::{
    ffi,
    ir::{Attr, Ctx},
};
use std::fmt;

/// What is compared with the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConfidenceKind {
    /// `#ee.max_softmax`: leaves if the largest softmax probability is above the threshold, in [0, 1).
    MaxSoftmax,
    /// `#ee.margin`: leaves if the largest softmax probability less the second largest is above the threshold, in [0, 1).
    Margin,
    /// `#ee.entropy`: leaves if `-sum p ln p` of the softmax probabilities, in nats, is below the threshold, in (0, inf).
    Entropy,
}

impl ConfidenceKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::MaxSoftmax, Self::Margin, Self::Entropy];

    /// The attribute's mnemonic, which texts for people use as well.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MaxSoftmax => "max_softmax",
            Self::Margin => "margin",
            Self::Entropy => "entropy",
        }
    }

    /// The kind of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Does a sample leave above the threshold (else below it)?
    pub const fn leaves_above(self) -> bool {
        !matches!(self, Self::Entropy)
    }

    /// Checks a threshold before an attribute is made of it; the error is for people.
    pub fn check_threshold(self, threshold: f64) -> Result<(), String> {
        let (right, range) = match self {
            Self::MaxSoftmax | Self::Margin => ((0.0..1.0).contains(&threshold), "in [0, 1)"),
            Self::Entropy => (threshold > 0.0 && threshold.is_finite(), "above 0 nats and finite"),
        };
        if right {
            Ok(())
        } else {
            let name = self.name().replace('_', "-");
            let article = if self == Self::Entropy { "an" } else { "a" };
            Err(format!("the threshold of {article} {name} exit must be {range}, but is {threshold}"))
        }
    }

    /// What is compared with the threshold, of logits as real numbers: the definition.
    pub fn of_logits(self, logits: &[f64]) -> f64 {
        let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let exponentials = logits.iter().map(|x| (x - max).exp());
        let sum: f64 = exponentials.clone().sum();
        match self {
            Self::MaxSoftmax => 1.0 / sum,
            Self::Margin => {
                // The first of the largest is the sample's class; any other one may be the second.
                let first = logits.iter().position(|&x| x == max);
                let others = exponentials.enumerate().filter(|(class, _)| Some(*class) != first);
                (1.0 - others.map(|(_, e)| e).fold(0.0, f64::max)) / sum
            }
            Self::Entropy => sum.ln() + logits.iter().map(|x| (max - x) * (x - max).exp()).sum::<f64>() / sum,
        }
    }
}

impl fmt::Display for ConfidenceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The condition of an exit.
#[derive(Clone, Debug, PartialEq)]
pub struct Confidence {
    /// What is compared.
    pub kind: ConfidenceKind,
    /// With what; its range is the kind's.
    pub threshold: f64,
    /// The form that hardware computes; None before quantisation.
    pub integer: Option<IntegerConfidence>,
}

impl Confidence {
    /// A condition on real logits.
    pub fn new(kind: ConfidenceKind, threshold: f64) -> Self {
        Self { kind, threshold, integer: None }
    }

    /// `#ee.max_softmax<threshold = …>`.
    pub fn max_softmax(threshold: f64) -> Self {
        Self::new(ConfidenceKind::MaxSoftmax, threshold)
    }

    /// `#ee.margin<threshold = …>`.
    pub fn margin(threshold: f64) -> Self {
        Self::new(ConfidenceKind::Margin, threshold)
    }

    /// `#ee.entropy<threshold = …>`.
    pub fn entropy(threshold: f64) -> Self {
        Self::new(ConfidenceKind::Entropy, threshold)
    }

    /// The same condition with its integer form, for `classes` logits of `bits` bits that are multiples of `scale`.
    pub fn quantized(self, scale: f64, bits: u32, classes: usize) -> Self {
        let integer = Some(IntegerConfidence::new(self.kind, self.threshold, scale, bits, classes));
        Self { integer, ..self }
    }

    /// The condition with another threshold, in its integer form (see [`Self::quantized`]).
    pub fn with_threshold(&self, threshold: f64, scale: f64, bits: u32, classes: usize) -> Self {
        Self::new(self.kind, threshold).quantized(scale, bits, classes)
    }

    /// [`ConfidenceKind::check_threshold`] of max-softmax.
    pub fn check_threshold(threshold: f64) -> Result<(), String> {
        ConfidenceKind::MaxSoftmax.check_threshold(threshold)
    }

    /// Reads the attribute.
    pub fn of(attr: Attr<'_>) -> Option<Self> {
        // SAFETY: all bits zero are pointers and numbers.
        let mut raw: ffi::Confidence = unsafe { std::mem::zeroed() };
        // SAFETY: the place is writable.
        if !unsafe { ffi::atheenaConfidenceOf(attr.to_raw(), &mut raw) } {
            return None;
        }
        let list = |data: *const i32, size: usize| {
            if size == 0 {
                return vec![];
            }
            // SAFETY: the list lives as long as its context, which outlives the attribute.
            unsafe { std::slice::from_raw_parts(data, size) }.to_vec()
        };
        let kind = ConfidenceKind::ALL[raw.kind as usize];
        let table = list(raw.table, raw.table_size);
        let limits = list(raw.limits, raw.limits_size);
        let limit = match kind {
            ConfidenceKind::MaxSoftmax => Limit::Fixed(limits.first().copied().unwrap_or_default()),
            ConfidenceKind::Margin => Limit::OfSecond(limits),
            ConfidenceKind::Entropy => Limit::OfTerms {
                terms: list(raw.terms, raw.terms_size),
                limits,
                shift: raw.limit_shift as u32,
            },
        };
        let integer =
            (!table.is_empty()).then_some(IntegerConfidence { shift: raw.shift as u32, table, limit });
        Some(Self { kind, threshold: raw.threshold, integer })
    }

    /// The attribute as text.
    pub fn text(&self) -> String {
        let context = crate::context();
        self.to_attr(Ctx::of(&context)).to_string()
    }

    /// Makes the attribute. The threshold must be in range, and the integer form of the kind.
    pub fn to_attr<'c>(&self, ctx: Ctx<'c>) -> Attr<'c> {
        let (mut shift, mut limit_shift) = (0, 0);
        let (mut table, mut terms, mut limits): (&[i32], &[i32], &[i32]) = (&[], &[], &[]);
        if let Some(integer) = &self.integer {
            (shift, table) = (integer.shift, &integer.table);
            match &integer.limit {
                Limit::Fixed(limit) => limits = std::slice::from_ref(limit),
                Limit::OfSecond(of_second) => limits = of_second,
                Limit::OfTerms { terms: of, limits: of_sum, shift } => {
                    (terms, limits, limit_shift) = (of, of_sum, *shift);
                }
            }
        }
        let raw = ffi::Confidence {
            kind: self.kind as u32,
            threshold: self.threshold,
            shift: shift.into(),
            table: table.as_ptr(),
            table_size: table.len(),
            terms: terms.as_ptr(),
            terms_size: terms.len(),
            limits: limits.as_ptr(),
            limits_size: limits.len(),
            limit_shift: limit_shift.into(),
        };
        // SAFETY: MLIR copies the lists; a threshold in range makes a non-null attribute.
        unsafe {
            let raw = ffi::atheenaConfidenceGet(ctx.to_raw(), &raw);
            assert!(!raw.ptr.is_null(), "the threshold and the tables are in range");
            Attr::from_raw(raw)
        }
    }
}
