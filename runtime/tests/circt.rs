//! CIRCT by its shared object: verification, export, and what users and developers see when it fails.

use std::fs;
use std::path::Path;
use std::process::Command;

use atheena_runtime::circt::{Circt, CirctError};

/// A counter with an enable, and a wrapper around it.
const COUNTER: &str = r#"
hw.module @counter(in %clk : !seq.clock, in %rst : i1, in %enable : i1, out count : i8) {
  %zero = hw.constant 0 : i8
  %one = hw.constant 1 : i8
  %next = comb.add %count, %one : i8
  %held = comb.mux %enable, %next, %count : i8
  %count = seq.compreg %held, %clk reset %rst, %zero : i8
  hw.output %count : i8
}
hw.module @a_top(in %clk : !seq.clock, in %rst : i1, out count : i8) {
  %true = hw.constant true
  %count = hw.instance "counter" @counter(clk: %clk: !seq.clock, rst: %rst: i1, enable: %true: i1) -> (count: i8)
  hw.output %count : i8
}
"#;

/// `None`, and a word on why, on a machine that has not been set up.
fn circt() -> Option<Circt> {
    match Circt::find() {
        Ok(circt) => Some(circt),
        Err(error @ CirctError::NotFound { .. }) if std::env::var_os("CI").is_none() => {
            println!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_module_becomes_files_that_verilator_accepts() {
    let Some(circt) = circt() else { return };
    let directory = tempfile::tempdir().unwrap();
    let rtl = directory.path().join("out/rtl");
    assert_eq!(circt.export(COUNTER, &rtl).unwrap(), ["a_top.sv", "counter.sv"]);
    assert_eq!(fs::read_to_string(rtl.join("filelist.f")).unwrap(), "a_top.sv\ncounter.sv\n");
    let counter = fs::read_to_string(rtl.join("counter.sv")).unwrap();
    assert!(counter.contains("always_ff @(posedge clk)"), "{counter}");
    match Command::new("verilator")
        .args(["--lint-only", "-Wall", "--top-module", "a_top", "-F"])
        .arg(rtl.join("filelist.f"))
        .output()
    {
        Ok(lint) => assert!(lint.status.success(), "{}", String::from_utf8_lossy(&lint.stderr)),
        Err(error) => println!("skipped: verilator absent ({error})"),
    }
}

#[test]
fn exporting_again_replaces_the_directory_and_gives_the_same_bytes() {
    let Some(circt) = circt() else { return };
    let directory = tempfile::tempdir().unwrap();
    let rtl = directory.path().join("rtl");
    circt.export(COUNTER, &rtl).unwrap();
    let first = fs::read_to_string(rtl.join("counter.sv")).unwrap();
    fs::write(rtl.join("stale.sv"), "").unwrap();
    circt.export(COUNTER, &rtl).unwrap();
    assert_eq!(fs::read_to_string(rtl.join("counter.sv")).unwrap(), first);
    assert!(!rtl.join("stale.sv").exists());
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing but rtl is left");
}

#[test]
fn a_failed_export_leaves_the_old_files() {
    let Some(circt) = circt() else { return };
    let directory = tempfile::tempdir().unwrap();
    let rtl = directory.path().join("rtl");
    circt.export(COUNTER, &rtl).unwrap();
    let unknown = format!("module attributes {{circt.loweringOptions = \"noSuchOption\"}} {{{COUNTER}}}");
    let error = circt.export(&unknown, &rtl).unwrap_err().to_string();
    assert!(error.contains("noSuchOption"), "{error}");
    assert!(rtl.join("counter.sv").exists());
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing but rtl is left");
}

#[test]
fn diagnostics_keep_their_locations() {
    let Some(circt) = circt() else { return };
    let wrong = r#"hw.module @m(in %a : i8, in %b : i9, out c : i8) {
        %0 = "comb.add"(%a, %b) : (i8, i9) -> i8 loc("conv1")
        hw.output %0 : i8
    }"#;
    let error = circt.verify(wrong).unwrap_err().to_string();
    assert_eq!(
        error,
        "CIRCT failed to parse and verify the module:\n  \
         \"conv1\": error: 'comb.add' op requires all operands to have the same type\n  \
         \"conv1\": note: see current operation: %0 = \"comb.add\"(%arg0, %arg1) : (i8, i9) -> i8"
    );
}

#[test]
fn the_generic_form_shows_attributes() {
    let Some(circt) = circt() else { return };
    let generic = circt.to_generic(COUNTER).unwrap();
    assert!(generic.contains("\"seq.compreg\""), "{generic}");
    assert!(generic.contains("operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>"), "{generic}");
    circt.verify(&generic).unwrap();
}

#[test]
fn several_threads_may_use_it_at_once() {
    if circt().is_none() {
        return;
    }
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| Circt::find().unwrap().verify(COUNTER).unwrap());
        }
    });
}

#[test]
fn a_missing_or_foreign_library_is_an_error_with_the_cure() {
    let Err(error) = Circt::open(Path::new("/nowhere/libcirct.so")) else { panic!("it was opened") };
    assert_eq!(
        error.to_string(),
        "CIRCT is not at /nowhere/libcirct.so; run `make setup`, or set ATHEENA_CIRCT to the path of \
         libCIRCTBindingsPythonCAPI.so of circt 1.139.0"
    );
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.so");
    fs::write(&path, "no library").unwrap();
    let Err(error) = Circt::open(&path) else { panic!("it was opened") };
    let error = error.to_string();
    assert!(error.contains("x.so cannot be loaded"), "{error}");
    assert!(error.ends_with("; run `make setup` to get CIRCT 1.139.0 again"), "{error}");
}
