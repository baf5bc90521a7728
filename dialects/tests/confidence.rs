//! The integer forms of confidence against their definitions in double precision: they decide alike wherever the real
//! confidence is farther from the threshold than the bound of `docs/confidence.md`.

use atheena_dialects::ee::{ConfidenceKind, IntegerConfidence, Limit};

/// The definition, by probabilities.
fn definition(kind: ConfidenceKind, logits: &[i32], scale: f64) -> f64 {
    let max = logits.iter().copied().max().unwrap();
    let weights: Vec<f64> = logits.iter().map(|x| (f64::from(x - max) * scale).exp()).collect();
    let sum: f64 = weights.iter().sum();
    let mut p: Vec<f64> = weights.iter().map(|w| w / sum).collect();
    p.sort_by(|a, b| b.total_cmp(a));
    match kind {
        ConfidenceKind::MaxSoftmax => p[0],
        ConfidenceKind::Margin => p[0] - p[1],
        ConfidenceKind::Entropy => p.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum(),
    }
}

/// The documented bound.
fn bound(kind: ConfidenceKind, form: &IntegerConfidence, t: f64, scale: f64, classes: usize) -> f64 {
    let half = 0.5f64.powi(17);
    let others = classes as f64 - 1.0;
    let e = others * half;
    let u = if form.shift == 0 { 0.0 } else { scale * f64::from(1 << form.shift) / 2.0 };
    let bound = match (kind, &form.limit) {
        (ConfidenceKind::MaxSoftmax, _) => u / 4.0 + e,
        (ConfidenceKind::Margin, _) => u / 2.0 + e,
        (ConfidenceKind::Entropy, Limit::OfTerms { shift, .. }) => {
            let w = (f64::from(1 << shift) - 1.0) * half;
            let slope = (t - 1.0).abs().max(1.0 + e + w);
            u * (1.0 + others.ln().powi(2) / 4.0).sqrt() + e + slope * (e + w)
        }
        _ => panic!("an entropy has terms"),
    };
    // What double precision itself may be off.
    bound + 1e-12
}

/// Compares the two on all of `samples`, for every kind and threshold; both answers must come up.
fn compare(scale: f64, bits: u32, classes: usize, samples: &[Vec<i32>]) {
    for kind in ConfidenceKind::ALL {
        let mut answers = [0, 0];
        for t in [0.1, 0.3, 0.6, 0.95] {
            let form = IntegerConfidence::new(kind, t, scale, bits, classes);
            let bound = bound(kind, &form, t, scale, classes);
            for logits in samples {
                let real = definition(kind, logits, scale);
                let leaves = form.leaves(logits);
                answers[usize::from(leaves)] += 1;
                if (real - t).abs() > bound {
                    let right = if kind == ConfidenceKind::Entropy { real < t } else { real > t };
                    assert_eq!(leaves, right, "{kind} {real} of {logits:?}, threshold {t}, scale {scale}");
                }
            }
        }
        assert!(answers.iter().all(|&count| count > 0), "{kind}: {answers:?} stay and leave");
    }
}

#[test]
fn two_classes_of_8_bits_at_every_distance() {
    let samples: Vec<_> = (0..256).map(|d| vec![127 - d, 127]).collect();
    for scale in [0.03, 0.125, 0.7] {
        compare(scale, 8, 2, &samples);
    }
}

#[test]
fn two_classes_of_16_bits_at_every_distance() {
    let samples: Vec<_> = (0..65536).map(|d| vec![32767, 32767 - d]).collect();
    for scale in [1e-4, 6e-4, 0.01] {
        compare(scale, 16, 2, &samples);
    }
}

#[test]
fn three_classes_of_8_bits_at_every_pair_of_distances() {
    let samples: Vec<_> = (0..256).flat_map(|a| (0..256).map(move |b| vec![127 - a, 127, 127 - b])).collect();
    for scale in [0.03, 0.125, 0.7] {
        compare(scale, 8, 3, &samples);
    }
}

#[test]
fn many_classes_at_random() {
    let mut state = 1u64;
    // A linear congruential generator (Knuth's MMIX constants).
    let mut below = |limit: i32| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as i32 % limit
    };
    for classes in [10, 100] {
        for (bits, scale) in [(8, 0.08), (16, 4e-4)] {
            let range = 1 << bits;
            let samples: Vec<Vec<i32>> = (0..2000)
                .map(|_| {
                    // One class is ahead of the others by more or less.
                    let spread = 1 + below(range / 4);
                    let mut logits: Vec<_> = (0..classes).map(|_| below(spread) - range / 2).collect();
                    logits[0] = below(range) - range / 2;
                    logits
                })
                .collect();
            compare(scale, bits, classes, &samples);
        }
    }
}
