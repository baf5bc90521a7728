//! Networks that today's exporters and quantisers write (`../shared/models/exports`), against ONNX Runtime (`exports/generate.py`).

use atheena_dialects::ir::{Attr, Ctx, Op};
use atheena_passes::golden::golden_of;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// `$ATHEENA_SHARED`, else `../shared` beside the repository.
fn folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let path = std::env::var_os("ATHEENA_SHARED").map_or_else(beside, PathBuf::from);
    Some(path.join("models/exports")).filter(|path| path.is_dir())
}

/// What ONNX Runtime says, by file; null for files that it does not load.
fn answers() -> serde_json::Map<String, Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/answers.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The image of a sample; the script makes the same.
fn image(size: usize, sample: u64) -> Vec<u8> {
    let pixel = |i: u64| ((i.wrapping_mul(2_654_435_761) & 0xffff_ffff) ^ i.wrapping_mul(40503)) >> 9;
    (0..size as u64).map(|i| pixel(i + 1_000_003 * sample) as u8).collect()
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn largest(values: &[f64]) -> usize {
    (0..values.len()).rev().max_by(|&a, &b| values[a].total_cmp(&values[b])).unwrap()
}

#[test]
fn exported_networks_compute_what_onnx_runtime_computes() {
    let Some(folder) = folder() else {
        println!("skipped: no shared models");
        return;
    };
    let (mut float, mut integer) = (0, 0);
    for (name, cases) in answers() {
        let context = atheena_dialects::context();
        let bytes = std::fs::read(folder.join(&name)).unwrap();
        let imported = atheena::onnx::import(Ctx::of(&context), &bytes, &name);
        let Some(cases) = cases.as_array() else {
            let error = imported.err().unwrap_or_else(|| panic!("{name} is imported")).to_string();
            assert!(error.contains("the file is invalid"), "{name}: {error}");
            continue;
        };
        let module = imported.unwrap_or_else(|error| panic!("{error}"));
        let function = Op::of_module(&module).walk_named("func.func")[0];
        let golden = golden_of(function, true).unwrap();
        let scale = function.attr("ee.logits_scale").and_then(Attr::to_f64);
        // Of QDQ networks: all logits, those that are equal, samples of one class, and the largest distance in steps.
        let (mut all, mut equal, mut classes, mut furthest) = (0, 0, 0, 0f64);
        for (sample, case) in cases.iter().enumerate() {
            let outputs = golden.run(image(golden.input().len(), sample as u64).as_slice()).unwrap();
            let (found, wanted) = (outputs.0[0].to_f64(), floats(case));
            assert_eq!(found.len(), wanted.len(), "{name}");
            let Some(scale) = scale else {
                for (found, wanted) in found.iter().zip(&wanted) {
                    assert!((found - wanted).abs() < 1e-5, "{name}, sample {sample}: {found}, not {wanted}");
                }
                continue;
            };
            // The zero point moves all logits alike: compare with the first one as 0.
            let steps = |values: &[f64], scale: f64| -> Vec<f64> {
                values.iter().map(|v| ((v - values[0]) / scale).round()).collect()
            };
            for (found, wanted) in steps(&found, 1.0).iter().zip(steps(&wanted, scale)) {
                let distance = (found - wanted).abs();
                all += 1;
                equal += usize::from(distance == 0.0);
                furthest = furthest.max(distance);
            }
            classes += usize::from(largest(&found) == largest(&wanted));
        }
        if scale.is_none() {
            float += 1;
            continue;
        }
        println!(
            "{name}: {equal} of {all} logits equal, {furthest} steps at most, {classes} classes of {}",
            cases.len()
        );
        integer += 1;
        assert!(
            equal * 100 >= all * 98 && furthest <= 1.0,
            "{name}: {equal} of {all} equal, {furthest} at most"
        );
        assert_eq!(classes, cases.len(), "{name}");
    }
    assert_eq!((float, integer), (10, 3), "the networks are there");
}

/// The page lists what the sources know, in their order.
#[test]
fn documented_operators() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/onnx.md");
    let page = std::fs::read_to_string(page).unwrap();
    let wanted: Vec<_> = atheena::onnx::operators::OPERATORS
        .iter()
        .map(|op| format!("| {} | {} |", op.name, op.forms))
        .collect();
    let found: Vec<_> =
        page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| operator")).collect();
    assert_eq!(found, wanted);
}
