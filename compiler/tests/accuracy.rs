//! Quantisation keeps what a network can, on whole test sets: `atheena profile`, with exits in integers.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The folder of networks and data that are too large for the repository.
fn shared() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let shared = std::env::var_os("ATHEENA_SHARED").map_or_else(beside, PathBuf::from);
    shared.join("models").is_dir().then_some(shared)
}

/// The accuracy, and the fraction that leaves at the first exit, of a network quantised for int8.
fn profile(shared: &Path, model: &str, data: &str) -> (f64, f64) {
    let output = Command::new(env!("CARGO_BIN_EXE_atheena"))
        .arg("profile")
        .arg(shared.join("models").join(model))
        .arg("--calibration")
        .arg(shared.join(format!("data/{data}_calib.npz")))
        .arg("--data")
        .arg(shared.join(format!("data/{data}_test.npz")))
        .arg("--json")
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("stdout is JSON");
    let exit = &report["exits"][0];
    let count = |key: &str| exit[key].as_f64().unwrap_or_else(|| panic!("no {key} in {report}"));
    (
        report["accuracy"].as_f64().unwrap_or_else(|| panic!("no accuracy in {report}")),
        count("taken") / count("of"),
    )
}

/// Float accuracies with exits as ONNX Runtime computes them (the networks' README); at most 0.1 point may go.
fn keeps(model: &str, data: &str, float_accuracy: f64, leave: std::ops::RangeInclusive<f64>) {
    let Some(shared) = shared() else {
        println!("skipped: ../shared with {model} is absent");
        return;
    };
    let (accuracy, left) = profile(&shared, model, data);
    assert!(accuracy >= float_accuracy - 0.001, "accuracy {accuracy}, as floats {float_accuracy}");
    // Of rounding alone nothing becomes much better.
    assert!(accuracy <= float_accuracy + 0.003, "accuracy {accuracy}, as floats {float_accuracy}");
    assert!(leave.contains(&left), "{left} leave at the first exit, not {leave:?}");
}

/// 84.09 % leave of the float network.
#[test]
fn branchy_lenet() {
    keeps("stock/branchy_lenet_20220902.onnx", "mnist", 0.9888, 0.82..=0.86);
}

/// 98.81 % leave of the float network.
#[test]
fn triple_wins() {
    keeps("retrained/TripleWins_SmallCNN_230103.retrained.onnx", "mnist", 0.9846, 0.98..=0.995);
}

/// 64.13 % leave of the float network.
#[test]
fn branchy_alexnet() {
    keeps("retrained/branchy-alexnet_230109.retrained.onnx", "cifar10", 0.7551, 0.62..=0.66);
}
