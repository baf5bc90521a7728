//! Counting resources with Yosys on a design whose resources can be counted by hand.

use std::fs;
use std::path::Path;
use std::process::Command;

use atheena_runtime::synth::{Resources, SynthOptions, synthesize};
use tempfile::TempDir;

fn design(source: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for folder in ["rtl", "weights"] {
        fs::create_dir(directory.path().join(folder)).unwrap();
    }
    fs::write(directory.path().join("rtl/parts.sv"), source).unwrap();
    fs::write(directory.path().join("rtl/filelist.f"), "parts.sv\n").unwrap();
    // Words without a pattern that Yosys could turn into logic: multiples of the golden ratio.
    let words: String =
        (1..=1024u64).map(|i| format!("{:09x}\n", (i * 0x9e37_79b9_7f4a) >> 12 & 0xf_ffff_ffff)).collect();
    fs::write(directory.path().join("weights/rom.mem"), words).unwrap();
    directory
}

fn refusal(directory: &Path, top: &str) -> String {
    let error = synthesize(directory, top, &SynthOptions::default()).unwrap_err();
    error.to_string().replace(directory.to_str().unwrap(), "DIR")
}

#[test]
fn resources_are_counted_for_each_module_and_in_total() {
    let directory = design(include_str!("rtl/parts.sv"));
    let result = synthesize(directory.path(), "parts", &SynthOptions::default()).unwrap();
    // The module's comments say what each part takes.
    let gates = Resources { lut: 4, ff: 4, dsp: 0, bram18: 0, lutram: 0 };
    let own = Resources { lut: 5, ff: 0, dsp: 1, bram18: 2, lutram: 5 };
    let total = Resources { lut: 13, ff: 8, dsp: 1, bram18: 2, lutram: 5 };
    assert_eq!(result.resources, total);
    let modules: Vec<_> = result
        .modules
        .iter()
        .map(|module| (module.name.as_str(), module.instances, module.own, module.total))
        .collect();
    assert_eq!(modules, [("gates", 2, gates, gates), ("parts", 1, own, total)]);
    assert!(result.uncounted.is_empty(), "{:?}", result.uncounted);

    let flat = synthesize(directory.path(), "parts", &SynthOptions { flatten: true }).unwrap();
    // Both copies compute the same a ^ b, which is shared now.
    assert_eq!(flat.resources, Resources { lut: 9, ff: 4, ..total });
    assert_eq!(flat.modules.len(), 1);
}

#[test]
fn what_yosys_refuses_is_an_error_with_its_words() {
    let directory = design("module parts(input clk, output q); assign q = nothing(clk); endmodule");
    let message = refusal(directory.path(), "parts");
    assert!(message.starts_with("`yosys` cannot synthesise the design:\n  "), "{message}");
    assert!(message.contains("nothing"), "{message}");
    let message = refusal(directory.path(), "par ts");
    assert_eq!(
        message,
        "`par ts` in rtl/filelist.f holds a space, a quote or a semicolon, which Yosys' scripts cannot name; rename it"
    );
    let directory = design(include_str!("rtl/parts.sv"));
    let message = refusal(directory.path(), "absent");
    assert!(message.contains("absent"), "{message}");
    fs::remove_file(directory.path().join("weights/rom.mem")).unwrap();
    let message = refusal(directory.path(), "parts");
    assert!(message.contains("weights/rom.mem"), "{message}");
    fs::remove_file(directory.path().join("rtl/filelist.f")).unwrap();
    assert_eq!(
        refusal(directory.path(), "parts"),
        "DIR/rtl/filelist.f: cannot be read: No such file or directory (os error 2)"
    );
}

#[test]
#[ignore = "run by `a_missing_yosys_is_an_error_with_the_cure` in a process without a search path"]
fn without_search_path() {
    let directory = design(include_str!("rtl/parts.sv"));
    println!("[{}]", refusal(directory.path(), "parts"));
}

#[test]
fn a_missing_yosys_is_an_error_with_the_cure() {
    let this = std::env::current_exe().unwrap();
    let arguments = ["--exact", "without_search_path", "--ignored", "--nocapture"];
    let output = Command::new(this).args(arguments).env("PATH", "/nonexistent").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("[`yosys` is not installed; run `make setup`, or install Debian's package `yosys`]"),
        "{text}"
    );
}
