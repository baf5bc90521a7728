//! Networks as people export and quantise them today, against what the script that made them recorded: `fixtures/make.py`, with the answers
//! of ONNX Runtime, and `fixtures/torch_flow.py` and `fixtures/tflite_flow.py`, with those of PyTorch and of TFLite.

use atheena::{model, session::Session};
use atheena_dialects::ee::Exit;
use atheena_dialects::ir::{Attr, Ctx, Op};
use atheena_passes::golden::golden_of;
use atheena_runtime::dataset::DataSet;
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// What a script recorded, by network.
fn answers(file: &str) -> serde_json::Map<String, Value> {
    serde_json::from_slice(&std::fs::read(folder().join(file)).unwrap()).unwrap()
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

/// Compares a network with what was recorded of it; is it an integer network?
fn compare(function: Op<'_>, name: &str, channels: &Value, recorded: &Value) -> bool {
    let golden = golden_of(function, true).unwrap();
    let float = model::is_float(function);
    // What a step of each classifier's logits stands for, in integer networks; TFLite's answers are integers.
    let scale = |op: Op<'_>| op.attr("ee.logits_scale").and_then(Attr::to_f64).unwrap_or(1.0);
    let mut scales: Vec<_> = Exit::all_in(function).into_iter().map(|exit| scale(exit.0)).collect();
    scales.push(scale(function));
    let exits: Vec<_> =
        recorded["exits"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect();
    let channels = channels.as_u64().unwrap();
    let (mut same_exits, mut all, mut close, mut furthest) = (0, 0, 0, 0f64);
    for (sample, wanted) in recorded["logits"].as_array().unwrap().iter().enumerate() {
        let pixels = image(golden.input().len() as u64, channels, sample as u64);
        let outputs = golden.run(pixels.as_slice()).unwrap();
        let (found, wanted) = (outputs.0[0].to_f64(), floats(wanted));
        assert_eq!(found.len(), wanted.len(), "{name}");
        let exit = outputs.exit_index().unwrap_or_default();
        if float {
            assert_eq!(exit, exits[sample], "{name}, sample {sample}");
            for (found, wanted) in found.iter().zip(&wanted) {
                assert!(
                    (found - wanted).abs() < 1e-4 * wanted.abs().max(1.0),
                    "{name}, sample {sample}: {found}, not {wanted}"
                );
            }
            continue;
        }
        same_exits += usize::from(exit == exits[sample]);
        if exit == exits[sample] {
            let steps = from_first(&found, 1.0).into_iter().zip(from_first(&wanted, 1.0 / scales[exit]));
            for (found, wanted) in steps {
                all += 1;
                close += usize::from((found - wanted).abs() < 1.5);
                furthest = furthest.max((found - wanted).abs());
            }
        }
    }
    if !float {
        println!(
            "{name}: {close} of {all} logits a step off at most, {furthest} at most, {same_exits} of {} exits",
            exits.len()
        );
        // A step more or less of a feature, by rounding, is up to three of a logit where its weight is large.
        assert!(close * 100 >= all * 95 && furthest < 3.5, "{name}: {close} of {all}, {furthest} at most");
        assert_eq!(same_exits, exits.len(), "{name}");
    }
    !float
}

#[test]
fn exported_networks_compute_what_onnx_runtime_computes() {
    let mut integer = vec![];
    for (name, recorded) in answers("answers.json") {
        let context = atheena_dialects::context();
        let bytes = std::fs::read(folder().join(format!("{name}.onnx"))).unwrap();
        let module =
            atheena::onnx::import(Ctx::of(&context), &bytes, &name).unwrap_or_else(|e| panic!("{e}"));
        let function = Op::of_module(&module).walk_named("func.func")[0];
        integer.push(compare(function, &name, &recorded["shape"][1], &recorded));
    }
    let count = |kind| integer.iter().filter(|&&integer| integer == kind).count();
    assert_eq!((count(false), count(true)), (10, 7), "the networks are there");
}

/// Networks of torch-mlir and of TFLite's converter, which become hardware's IR too.
#[test]
fn networks_of_other_flows_compute_what_their_makers_compute() {
    let mut integer = vec![];
    let out = tempfile::tempdir().unwrap();
    for (name, recorded) in answers("flows.json") {
        let file = folder().join(format!("{name}.mlir"));
        let session = Session::new();
        let module = model::load(&session, &file).unwrap_or_else(|error| panic!("{error}"));
        let function = model::function(&module);
        integer.push(compare(function, &name, &recorded["channels"], &recorded));

        let [h, w, c] = match model::image_shape(function)[..] {
            [h, w, c] => [h, w, c],
            [w, c] => [1, w, c],
            [c] => [1, 1, c],
            _ => panic!("{name} takes an image"),
        };
        let channels = recorded["channels"].as_u64().unwrap();
        let pixels = (0..24).flat_map(|sample| image((h * w * c) as u64, channels, sample)).collect();
        let calibration = out.path().join(format!("{name}.npz"));
        DataSet::new([24, h, w, c], pixels, None).unwrap().write(&calibration).unwrap();
        let compiled = Command::new(env!("CARGO_BIN_EXE_atheena"))
            .args(["compile", "--device", "zc706", "--emit", "dataflow", "--calibration"])
            .args([&calibration, &file, Path::new("-o"), &out.path().join(&name)])
            .output()
            .unwrap();
        assert!(compiled.status.success(), "{name}: {}", String::from_utf8_lossy(&compiled.stderr));
    }
    let count = |kind| integer.iter().filter(|&&integer| integer == kind).count();
    assert_eq!((count(false), count(true)), (9, 3), "the networks are there");
}
