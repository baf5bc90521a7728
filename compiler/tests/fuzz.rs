//! Random networks, and those that once showed a defect: hardware equals the golden model in every bit.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn fuzz(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atheena"));
    command.current_dir(folder).arg("fuzz").args(arguments).output().expect("atheena runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn random_networks_are_exact() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = fuzz(folder.path(), &["--count", "8", "--seed", "4", "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let count = |key: &str| summary[key].as_u64().unwrap_or_default();
    assert_eq!([count("networks"), count("mismatches"), count("skipped")], [8, 0, 0], "{summary}");
    // The networks are random, the test must not be empty.
    assert!(count("samples") >= 48 && count("early") > 0 && count("early") < count("samples"), "{summary}");
}

/// Networks that once showed a defect (`fuzz/`), and one for each operator and form of exit (`networks/`).
fn replayed(folder: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let entries = std::fs::read_dir(&folder).expect("the folder is in the repository");
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{}", folder.display());
    for file in files {
        let output = fuzz(Path::new("."), &["--replay", &file.display().to_string()]);
        assert!(output.status.success(), "{}: {}", file.display(), text(&output.stderr));
    }
}

#[test]
fn kept_networks_are_exact() {
    replayed("fuzz");
}

#[test]
fn networks_of_every_operator_are_exact() {
    replayed("networks");
}

/// A case that can't run says why, and settings that are none are found where they stand.
#[test]
fn wrong_cases_say_why() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let network = "# compile: --device spartan\nnetwork n\ninput 2\nweights random seed 1\ndense 2\n";
    std::fs::write(folder.path().join("case.eenet"), network).expect("writable");
    let output = fuzz(folder.path(), &["--replay", "case.eenet"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("spartan"), "{}", text(&output.stderr));
    let wrong = "# run: speed=3\nnetwork n\ninput 2\nweights random seed 1\ndense 2\n";
    std::fs::write(folder.path().join("wrong.eenet"), wrong).expect("writable");
    let output = fuzz(folder.path(), &["--replay", "wrong.eenet"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("error: wrong.eenet:1:1: `speed=3` is no setting of a run"));
}
