//! What the command line says, whole messages as the user sees them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A folder with the built-in example and with files that are wrong in different ways.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for file in ["digits.onnx", "digits_calib.npz", "digits_test.npz"] {
        fs::copy(root().join("examples/digits").join(file), folder.path().join(file)).expect("the example");
    }
    let onnx = fs::read(folder.path().join("digits.onnx")).expect("the example");
    fs::write(folder.path().join("truncated.onnx"), &onnx[..onnx.len() / 2]).expect("writable");
    fs::write(folder.path().join("text.onnx"), "this is no protobuf").expect("writable");
    fs::write(folder.path().join("wrong.mlir"), "func.func @f( {").expect("writable");
    fs::write(folder.path().join("two.mlir"), "func.func @f() { return }\nfunc.func @g() { return }")
        .expect("writable");
    fs::write(folder.path().join("binary.mlir"), [0xff, 0xfe, 0x00]).expect("writable");
    fs::write(folder.path().join("text.npz"), "this is no zip").expect("writable");
    fs::write(folder.path().join("network.h5"), "").expect("writable");
    fs::create_dir(folder.path().join("mine")).expect("writable");
    fs::write(folder.path().join("mine/thesis.tex"), "do not lose").expect("writable");
    fs::create_dir(folder.path().join("broken")).expect("writable");
    fs::write(folder.path().join("broken/report.json"), "{").expect("writable");
    folder
}

fn atheena(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atheena"));
    command.current_dir(folder).args(arguments.split_whitespace());
    command
}

/// Exit code and stderr, and whether the command left anything behind.
fn shown(folder: &Path, before: &[String], output: &Output) -> String {
    let mut text = format!(
        "exit code {}\n{}",
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.stdout.is_empty(), "a failure prints nothing on stdout");
    if names(folder) != before {
        text += "left something behind\n";
    }
    text
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("readable")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn fails(arguments: &str) -> String {
    let folder = folder();
    let before = names(folder.path());
    let output = atheena(folder.path(), arguments).output().expect("atheena runs");
    format!("$ atheena {arguments}\n{}", shown(folder.path(), &before, &output))
}

#[test]
fn wrong_networks() {
    let messages: Vec<_> = [
        "compile nothing.onnx -o out",
        "compile network.h5 -o out",
        "compile truncated.onnx --calibration digits_calib.npz -o out",
        "compile text.onnx --calibration digits_calib.npz -o out",
        "compile wrong.mlir -o out",
        "compile two.mlir -o out",
        "compile binary.mlir -o out",
    ]
    .map(fails)
    .into();
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn wrong_data() {
    let messages: Vec<_> = [
        "compile digits.onnx -o out",
        "compile digits.onnx --calibration nothing.npz -o out",
        "compile digits.onnx --calibration text.npz -o out",
        "profile digits.onnx --data text.npz",
        "profile digits.onnx --data nothing.npz",
    ]
    .map(fails)
    .into();
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn wrong_places() {
    let messages: Vec<_> = [
        "compile digits.onnx --calibration digits_calib.npz -o mine",
        "compile digits.onnx --calibration digits_calib.npz -o digits.onnx",
        "compile digits.onnx --calibration digits_calib.npz -o digits.onnx/out",
        "simulate nowhere --data digits_test.npz",
        "simulate broken --data digits_test.npz",
        "synth nowhere",
    ]
    .map(fails)
    .into();
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn wrong_options() {
    let messages: Vec<_> = [
        "compile digits.onnx --calibration digits_calib.npz --device spartan -o out",
        "compile digits.onnx --calibration digits_calib.npz --within lut=many -o out",
        "compile digits.onnx --calibration digits_calib.npz --within gates=3 -o out",
        "compile digits.onnx --calibration digits_calib.npz --late-fraction 1.5 -o out",
        "compile digits.onnx --calibration digits_calib.npz --late-fraction exit7=0.5 -o out",
        "compile digits.onnx --calibration digits_calib.npz --late-fraction -0.1 -o out",
        "compile digits.onnx --calibration digits_calib.npz --budget 0.001 -o out",
        "compile digits.onnx --calibration digits_calib.npz --budget 0.1 --throughput 1e9 -o out",
    ]
    .map(fails)
    .into();
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn wrong_usage() {
    let messages: Vec<_> = [
        "",
        "compile",
        "compile digits.onnx -o out --budget 2",
        "compile digits.onnx -o out --budget 0.5 --within lut=3",
        "profile digits.onnx --data digits_test.npz --shard 5/4",
        "simulate out --data digits_test.npz --stall many",
        "simulate out",
        "simulate out --data digits_test.npz --late-fraction -0.5",
        "simulate out --data digits_test.npz --arrival-rate 1000",
        "simulate out --token --arrival-rate 0",
    ]
    .map(fails)
    .into();
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn missing_tools() {
    let folder = folder();
    let before = names(folder.path());
    let compile = "compile digits.onnx --calibration digits_calib.npz -o out";
    let output =
        atheena(folder.path(), compile).env("ATHEENA_CIRCT", "nowhere/circt.so").output().expect("runs");
    insta::assert_snapshot!("missing_circt", shown(folder.path(), &before, &output));

    let compiled = atheena(folder.path(), compile).output().expect("runs");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let before = names(folder.path());
    for (name, command) in
        [("missing_verilator", "simulate out --data digits_test.npz"), ("missing_yosys", "synth out")]
    {
        let output = atheena(folder.path(), command).env("PATH", "/nowhere").output().expect("runs");
        insta::assert_snapshot!(name, shown(folder.path(), &before, &output));
    }
}

/// The same input gives the same bytes, wherever it is written.
#[test]
fn outputs_are_deterministic() {
    let folder = folder();
    for out in ["first", "second"] {
        let arguments = format!("compile digits.onnx --calibration digits_calib.npz -o {out}");
        assert!(atheena(folder.path(), &arguments).output().expect("runs").status.success());
    }
    let (first, second) = (files(&folder.path().join("first")), files(&folder.path().join("second")));
    assert!(first.iter().any(|(name, _)| name.ends_with(".sv")), "there is SystemVerilog to compare");
    assert_eq!(first.len(), second.len());
    for (a, b) in first.iter().zip(&second) {
        assert_eq!(a.0, b.0);
        assert!(a.1 == b.1, "{} differs", a.0);
    }
}

/// All files below a folder, by name, with their bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = vec![];
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
                found.push((name, fs::read(path).expect("readable")));
            }
        }
    }
    found.sort();
    found
}

/// A full disk is an error, a reader who stops reading is none.
#[test]
fn output_that_nobody_takes() {
    let digits = root().join("examples/digits");
    let profile = |stdout: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_atheena"));
        command
            .arg("profile")
            .arg(digits.join("digits.onnx"))
            .arg("--data")
            .arg(digits.join("digits_test.npz"));
        command.stdout(stdout).stderr(Stdio::piped()).spawn().expect("atheena runs")
    };
    let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
    let output = profile(full.into()).wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: can't write to the standard output"));
    let mut closed = profile(Stdio::piped());
    drop(closed.stdout.take());
    let output = closed.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), output.stderr), (Some(0), vec![]));
}
