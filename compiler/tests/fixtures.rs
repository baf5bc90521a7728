//! Networks as people export and quantise them today (`fixtures/make.py`), against ONNX Runtime.

use atheena_dialects::ee::Exit;
use atheena_dialects::ir::{Attr, Ctx, Op};
use atheena_passes::golden::golden_of;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// What the script recorded, by network.
fn answers() -> serde_json::Map<String, Value> {
    serde_json::from_slice(&std::fs::read(folder().join("answers.json")).unwrap()).unwrap()
}

/// The pixels of a sample, the channels of one behind one another; the script makes the same.
fn image(size: u64, channels: u64, sample: u64) -> Vec<u8> {
    let byte = |i: u64| ((i * 2_654_435_761) & 0xffff_ffff) >> 24;
    let colour = |i: u64| byte(131 * sample + i % channels * 17 + i * 4 / size * 7);
    (0..size).map(|i| ((colour(i) * 3 + byte(i + 1_000_003 * sample)) >> 2) as u8).collect()
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// Less the first one: a zero point moves all logits alike.
fn from_first(values: &[f64], scale: f64) -> Vec<f64> {
    values.iter().map(|v| (v - values[0]) * scale).collect()
}

#[test]
fn exported_networks_compute_what_onnx_runtime_computes() {
    let (mut float, mut integer) = (0, 0);
    for (name, recorded) in answers() {
        let context = atheena_dialects::context();
        let bytes = std::fs::read(folder().join(format!("{name}.onnx"))).unwrap();
        let module =
            atheena::onnx::import(Ctx::of(&context), &bytes, &name).unwrap_or_else(|e| panic!("{e}"));
        let function = Op::of_module(&module).walk_named("func.func")[0];
        let golden = golden_of(function, true).unwrap();
        // What a step of each classifier's logits stands for, in integer networks.
        let scale = |op: Op<'_>| op.attr("ee.logits_scale").and_then(Attr::to_f64);
        let mut scales: Vec<_> = Exit::all_in(function).into_iter().map(|exit| scale(exit.0)).collect();
        scales.push(scale(function));
        let exits: Vec<_> =
            recorded["exits"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect();
        let channels = recorded["shape"][1].as_u64().unwrap();
        let (mut same_exits, mut all, mut close, mut furthest) = (0, 0, 0, 0f64);
        for (sample, wanted) in recorded["logits"].as_array().unwrap().iter().enumerate() {
            let pixels = image(golden.input().len() as u64, channels, sample as u64);
            let outputs = golden.run(pixels.as_slice()).unwrap();
            let (found, wanted) = (outputs.0[0].to_f64(), floats(wanted));
            assert_eq!(found.len(), wanted.len(), "{name}");
            let exit = outputs.exit_index().unwrap();
            let Some(scale) = scales[exit] else {
                assert_eq!(exit, exits[sample], "{name}, sample {sample}");
                for (found, wanted) in found.iter().zip(&wanted) {
                    assert!(
                        (found - wanted).abs() < 1e-4 * wanted.abs().max(1.0),
                        "{name}, sample {sample}: {found}, not {wanted}"
                    );
                }
                continue;
            };
            same_exits += usize::from(exit == exits[sample]);
            if exit == exits[sample] {
                let steps = from_first(&found, 1.0).into_iter().zip(from_first(&wanted, 1.0 / scale));
                for (found, wanted) in steps {
                    all += 1;
                    close += usize::from((found - wanted).abs() < 1.5);
                    furthest = furthest.max((found - wanted).abs());
                }
            }
        }
        if scales[0].is_none() {
            float += 1;
            continue;
        }
        integer += 1;
        println!(
            "{name}: {close} of {all} logits a step off at most, {furthest} at most, {same_exits} of {} exits",
            exits.len()
        );
        // A step more or less of a feature, by rounding, is up to three of a logit where its weight is large.
        assert!(close * 100 >= all * 95 && furthest < 3.5, "{name}: {close} of {all}, {furthest} at most");
        assert_eq!(same_exits, exits.len(), "{name}");
    }
    assert_eq!((float, integer), (10, 7), "the networks are there");
}
