//! Networks that are quantised already, against ONNX's own definition of what they compute (`quantized/generate.py`).

use atheena_dialects::ir::{Attr, Ctx, Op};
use atheena_passes::golden::golden_of;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/quantized")
}

fn integers(value: &Value) -> Vec<i64> {
    value.as_array().unwrap().iter().map(|v| v.as_i64().unwrap()).collect()
}

/// A logit is a step off at most, where floats round the other way (see docs/onnx.md), and nearly all are equal.
#[test]
fn quantised_networks_compute_what_onnx_defines() {
    let mut files: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "onnx"));
    files.sort();
    assert!(files.len() >= 5, "the networks are there");
    let mut left = [0; 2];
    for path in files {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let context = atheena_dialects::context();
        let bytes = std::fs::read(&path).unwrap();
        let module =
            atheena::onnx::import(Ctx::of(&context), &bytes, &name).unwrap_or_else(|e| panic!("{e}"));
        let function = Op::of_module(&module).walk_named("func.func")[0];
        let golden = golden_of(function, true).unwrap();
        let text = std::fs::read(path.with_extension("json")).unwrap();
        let wanted: Value = serde_json::from_slice(&text).unwrap();
        let scale = function.attr("ee.logits_scale").and_then(Attr::to_f64).unwrap();
        assert!((scale - wanted["scale"].as_f64().unwrap()).abs() < 1e-6 * scale, "{name}: {scale}");
        let (mut all, mut equal) = (0, 0);
        for case in wanted["cases"].as_array().unwrap() {
            let pixels: Vec<u8> = integers(&case["pixels"]).into_iter().map(|v| v as u8).collect();
            let outputs = golden.run(pixels.as_slice()).unwrap();
            let found: Vec<_> = outputs.0[0].to_f64().into_iter().map(|v| v as i64).collect();
            let steps = integers(&case["steps"]);
            assert_eq!(found.len(), steps.len(), "{name}");
            // The zero point moves all logits alike.
            for (found, wanted) in found.iter().map(|v| v - found[0]).zip(steps.iter().map(|v| v - steps[0]))
            {
                assert!((found - wanted).abs() <= 1, "{name}: {found}, not {wanted}");
                all += 1;
                equal += usize::from(found == wanted);
            }
            if let Some(exit) = case["exit"].as_u64() {
                assert_eq!(outputs.exit_index(), Some(exit as usize), "{name}");
                left[exit as usize] += 1;
            }
        }
        println!("{name}: {equal} of {all} logits equal");
        assert!(equal * 100 >= all * 98, "{name}: {equal} of {all} logits equal");
    }
    assert!(left.iter().all(|&count| count > 3), "samples leave at both: {left:?}");
}
