//! `atheena profile`: what it counts, parts that add up, and its messages.

use atheena::{counts::Counts, model, session::Session};
use atheena_dialects::ee::Exit;
use atheena_passes::{classifiers::Classifiers, golden};
use atheena_runtime::dataset::DataSet;
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A folder with the built-in example.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for file in ["digits.onnx", "digits_calib.npz", "digits_test.npz"] {
        fs::copy(root().join("examples/digits").join(file), folder.path().join(file)).expect("the example");
    }
    fs::copy(root().join("examples/three-exits.eenet"), folder.path().join("three.eenet"))
        .expect("the example");
    folder
}

fn atheena(folder: &Path, arguments: &str) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atheena"));
    command.current_dir(folder).args(arguments.split_whitespace()).output().expect("atheena runs")
}

fn succeeds(folder: &Path, arguments: &str) -> String {
    let output = atheena(folder, arguments);
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn fails(folder: &Path, arguments: &str) -> String {
    let output = atheena(folder, arguments);
    assert!(output.stdout.is_empty(), "a failure prints nothing on stdout");
    let code = output.status.code().unwrap_or(-1);
    format!("$ atheena {arguments}\nexit code {code}\n{}", String::from_utf8_lossy(&output.stderr))
}

/// Images that differ in all pixels, with labels of `classes` classes.
fn noise(path: &Path, [n, h, w, c]: [usize; 4], classes: u32) -> DataSet {
    let mut seed = 7u64;
    let mut random = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 40) as u32
    };
    let pixels = (0..n * h * w * c).map(|_| (random() % 256) as u8).collect();
    let labels = (0..n).map(|_| random() % classes).collect();
    let data = DataSet::new([n, h, w, c], pixels, Some(labels)).expect("sizes agree");
    data.write(path).expect("writable");
    data
}

/// Running all layers on every sample finds the exits that the golden model takes, and its classes.
#[test]
fn all_classifiers_agree_with_the_golden_model() {
    let folder = folder();
    let data = noise(&folder.path().join("noise.npz"), [64, 16, 16, 1], 4);
    let session = Session::new();
    let mut module = model::load(&session, &folder.path().join("three.eenet")).expect("the example loads");
    for quantised in [false, true] {
        if quantised {
            let npz = folder.path().join("noise.npz");
            let quantise = format!(
                "builtin.module(func.func(ee-fold-batch-norm,ee-quantize{{calibration={}}}))",
                npz.display()
            );
            session.run(&mut module, &quantise).expect("the example quantises");
        }
        let function = model::function(&module);
        let classifiers = Classifiers::of(function).expect("it compiles");
        let verdicts = classifiers.run(&data, 0..64, 2, |_| ()).expect("it runs");
        let golden = golden::golden_of(function, true).expect("it compiles");
        let expected = golden.evaluate(&data, 0..64, 2, |_| ()).expect("it runs");
        let exits: Vec<_> = verdicts.iter().map(|v| v.exit()).collect();
        assert_eq!(exits, expected.exits, "quantised: {quantised}");
        assert_eq!(verdicts.iter().map(|v| v.prediction()).collect::<Vec<_>>(), expected.predictions);
        let left: Vec<_> = (0..3).map(|exit| expected.taken(exit)).collect();
        assert!(left.iter().all(|&count| count > 0), "the samples say something of every exit: {left:?}");
        assert_eq!(Exit::all_in(function).len(), 2, "the function is as it was");
    }
}

#[test]
fn parts_add_up_to_the_whole_byte_for_byte() {
    let folder = folder();
    let folder = folder.path();
    let run = "profile digits.onnx --calibration digits_calib.npz --data digits_test.npz";
    succeeds(folder, &format!("{run} -o whole.json"));
    for i in 1..=3 {
        succeeds(folder, &format!("{run} --shard {i}/3 -o {i}.json"));
    }
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("it was written");
    succeeds(folder, "profile --merge 2.json 3.json 1.json -o all.json");
    assert_eq!(read("all.json"), read("whole.json"));
    // By way of a part of the parts.
    succeeds(folder, "profile --merge 3.json 1.json -o some.json");
    assert_ne!(read("some.json"), read("whole.json"));
    let printed = succeeds(folder, "profile --merge some.json 2.json -o all.json --json");
    assert_eq!(read("all.json"), read("whole.json"));
    let whole = Counts::read(&folder.join("whole.json")).expect("it was written");
    let printed: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(printed["correct"], whole.correct);
    assert_eq!(printed["exits"][0]["taken"], whole.exits[0].classifier.taken);
}

#[test]
fn counts_that_do_not_add_up() {
    let folder = folder();
    let folder = folder.path();
    noise(&folder.join("noise.npz"), [64, 8, 8, 1], 10);
    noise(&folder.join("large.npz"), [16, 16, 16, 1], 4);
    let run = "profile digits.onnx --data digits_test.npz";
    succeeds(folder, &format!("{run} --shard 1/2 -o 1.json"));
    succeeds(folder, &format!("{run} --shard 2/3 -o 2.json"));
    succeeds(folder, &format!("{run} --calibration digits_calib.npz --shard 2/2 -o integer.json"));
    succeeds(folder, "profile digits.onnx --data noise.npz --shard 2/2 -o noise.json");
    succeeds(folder, "profile three.eenet --data large.npz -o three.json");
    let text = fs::read_to_string(folder.join("1.json")).expect("it was written");
    let edit = |name: &str, from: &str, to: &str| {
        assert!(text.contains(from), "{from} is in {text}");
        fs::write(folder.join(name), text.replace(from, to)).expect("writable");
    };
    edit("other.json", "0.95", "0.9");
    edit("edited.json", "\"samples\": 298", "\"samples\": 299");
    edit("key.json", "\"samples\": 298", "\"sample\": 298");
    let messages: Vec<_> = [
        "profile --merge 1.json 1.json -o out.json",
        "profile --merge 1.json 2.json",
        "profile --merge 1.json integer.json",
        "profile --merge 1.json noise.json",
        "profile --merge 1.json three.json",
        "profile --merge 1.json other.json",
        "profile --merge edited.json",
        "profile --merge key.json",
        "profile --merge nothing.json",
        "profile --merge digits.onnx",
        "profile --merge",
        "profile --merge 1.json --shard 1/2",
        "profile digits.onnx",
        "profile",
    ]
    .map(|arguments| fails(folder, arguments))
    .into();
    insta::assert_snapshot!(messages.join("\n"));
    assert!(!folder.join("out.json").exists());
}

/// Two of the example's exits, tuned together: thresholds that are given afterwards count the same.
#[test]
fn thresholds_that_were_tuned_do_what_was_said() {
    let folder = folder();
    let folder = folder.path();
    noise(&folder.join("large.npz"), [256, 16, 16, 1], 4);
    for (run, drop, confidence) in [
        ("profile three.eenet --data large.npz", 10, 0.95),
        ("profile three.eenet --data large.npz --calibration large.npz", 1, 0.5),
        ("profile digits.onnx --data digits_test.npz --calibration digits_calib.npz", 2, 0.95),
    ] {
        let goal = format!("--tune --max-accuracy-drop {drop} --drop-confidence {confidence}");
        let tune = format!("{run} {goal} --json -o tuned.json");
        let files = "--frontier frontier.json --frontier frontier.svg";
        let printed: serde_json::Value =
            serde_json::from_str(&succeeds(folder, &format!("{tune} {files}"))).expect("JSON");
        let tuning = &printed["tuning"];
        let [seen, held_out] = [0, 1].map(|i| tuning["samples"][i].as_u64().expect("a count"));
        assert!(seen - held_out <= 1 && Some(seen + held_out) == printed["samples"].as_u64());
        let lost = |part: &str| {
            let accuracy = |point: &str| tuning[point][part]["accuracy"].as_f64().expect("a number");
            accuracy("no_exits") - accuracy("chosen")
        };
        assert!(lost("tuning") <= f64::from(drop) / 100.0 + 1e-9, "{tuning}");
        let thresholds: Vec<_> = printed["exits"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|exit| format!("{}={}", exit["name"].as_str().expect("a name"), exit["threshold"]))
            .collect();
        succeeds(folder, &format!("{run} --thresholds {} -o given.json", thresholds.join(",")));
        let read = |name: &str| fs::read_to_string(folder.join(name)).expect("it was written");
        assert_eq!(read("tuned.json"), read("given.json"));
        // The same run writes the same bytes.
        let (json, svg) = (read("frontier.json"), read("frontier.svg"));
        assert!(svg.starts_with("<svg") && svg.contains("accuracy in %"));
        succeeds(folder, &format!("{tune} {files}"));
        assert_eq!((read("frontier.json"), read("frontier.svg")), (json, svg));
    }
}

/// What was counted decides the hardware in place of the calibration samples.
#[test]
fn counts_and_thresholds_reach_the_hardware() {
    let folder = folder();
    let folder = folder.path();
    let calibration = "--calibration digits_calib.npz";
    let exit = |arguments: &str| {
        let compile = format!("compile digits.onnx {calibration} {arguments} --emit dataflow -o out --json");
        let report: serde_json::Value = serde_json::from_str(&succeeds(folder, &compile)).expect("JSON");
        report["exits"][0].clone()
    };
    let run = format!("profile digits.onnx {calibration} --data digits_test.npz");
    succeeds(folder, &format!("{run} --thresholds 0.9 -o counts.json"));
    let counts = Counts::read(&folder.join("counts.json")).expect("it was written");
    let counted = exit("--profile counts.json --thresholds exit1=0.9");
    assert_eq!(counted["taken"], counts.exits[0].classifier.taken);
    assert_eq!(counted["of"], 597);
    assert_eq!(counted["threshold"], 0.9);
    let tuned = exit("--max-accuracy-drop 0.5 --drop-confidence 0.5");
    assert_ne!(tuned["threshold"], 0.95);
    assert!(folder.join("out/frontier.svg").exists() && folder.join("out/frontier.json").exists());

    noise(&folder.join("large.npz"), [16, 16, 16, 1], 4);
    succeeds(folder, "profile three.eenet --data large.npz -o three.json --thresholds 0.5");
    let compile = format!("compile digits.onnx {calibration} -o new");
    let messages: Vec<_> = [
        format!("{compile} --profile counts.json"),
        format!("{compile} --profile three.json"),
        format!("{compile} --profile digits.onnx"),
        format!("{compile} --profile counts.json --no-exits"),
        format!("{compile} --thresholds exit7=0.5"),
        format!("{compile} --thresholds 1"),
        format!("{compile} --max-accuracy-drop many"),
        "compile digits.onnx --max-accuracy-drop 1 -o new".into(),
        format!("{run} --frontier f.svg"),
        format!("{run} --tune --frontier f.png"),
        format!("{run} --tune --shard 1/2"),
        format!("{run} --tune --holdout 1"),
        format!("{run} --tune --drop-confidence 1"),
        format!("{run} --tune"),
        format!("{run} --tune --max-accuracy-drop 0"),
    ]
    .map(|arguments| fails(folder, &arguments))
    .into();
    insta::assert_snapshot!(messages.join("\n"));
    assert!(!folder.join("new").exists());
}

/// Writes arrays as numpy would: name, type, shape, data.
fn npz(path: &Path, arrays: &[(&str, &str, &str, &[u8])]) {
    let mut archive = zip::ZipWriter::new(fs::File::create(path).expect("writable"));
    for (name, dtype, shape, data) in arrays {
        let header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}");
        let length = u16::try_from(header.len()).expect("a short header").to_le_bytes();
        archive
            .start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default())
            .expect("writable");
        for part in [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data] {
            archive.write_all(part).expect("writable");
        }
    }
    archive.finish().expect("writable");
}

#[test]
fn data_that_does_not_fit() {
    let folder = folder();
    let folder = folder.path();
    let pixels = [128; 2 * 8 * 8 * 3 * 4];
    let images = |shape: &'static str, n: usize| ("images", "|u1", shape, &pixels[..n]);
    let labels = ("labels", "<i4", "(2,)", &[1, 0, 0, 0, 9, 0, 0, 0][..]);
    let grey = images("(2, 8, 8, 1)", 128);
    let write = |name: &str, arrays: &[(&str, &str, &str, &[u8])]| npz(&folder.join(name), arrays);
    write("channels.npz", &[images("(2, 8, 8, 3)", 384), labels]);
    write("size.npz", &[images("(2, 8, 16, 1)", 256), labels]);
    write("vectors.npz", &[images("(2, 64)", 128), labels]);
    write("floats.npz", &[("images", "<f4", "(2, 8, 8, 1)", &pixels[..512]), labels]);
    write("none.npz", &[images("(0, 8, 8, 1)", 0), ("labels", "<i4", "(0,)", &[])]);
    write("unlabelled.npz", &[grey]);
    write("fewer.npz", &[grey, ("labels", "|u1", "(1,)", &[1])]);
    write("large.npz", &[grey, ("labels", "|u1", "(2,)", &[9, 10])]);
    write("negative.npz", &[grey, ("labels", "|i1", "(2,)", &[9, 255])]);
    write("one-hot.npz", &[grey, ("labels", "|u1", "(2, 10)", &pixels[..20])]);
    write("whole.npz", &[images("(2, 8, 8)", 128), labels]);
    let whole = fs::read(folder.join("whole.npz")).expect("it was written");
    fs::write(folder.join("truncated.npz"), &whole[..whole.len() - 30]).expect("writable");
    let names = [
        "channels",
        "size",
        "vectors",
        "floats",
        "none",
        "unlabelled",
        "fewer",
        "large",
        "negative",
        "one-hot",
        "truncated",
    ];
    let mut messages: Vec<_> =
        names.map(|name| fails(folder, &format!("profile digits.onnx --data {name}.npz"))).into();
    let compile = "compile digits.onnx -o new --calibration";
    messages.push(fails(folder, &format!("{compile} channels.npz")));
    messages.push(fails(folder, &format!("{compile} unlabelled.npz --max-accuracy-drop 1")));
    insta::assert_snapshot!(messages.join("\n"));
    // Grey images may lack their channel.
    succeeds(folder, "profile digits.onnx --data whole.npz --calibration whole.npz");
}

/// The commands of the documentation print what it says; `…` stands for the rest of a line, or for lines.
#[test]
fn the_page_tells_the_truth() {
    let folder = folder();
    let page = fs::read_to_string(root().join("docs/profiling.md")).expect("the page");
    let blocks = page.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut commands = 0;
    for block in blocks {
        for part in block.split("$ atheena ").skip(1) {
            let (command, expected) = part.split_once('\n').expect("a command and what it prints");
            let printed = succeeds(folder.path(), command);
            commands += 1;
            if expected.trim() == "…" {
                continue;
            }
            let mut lines = printed.lines();
            for line in expected.trim_end().lines() {
                let found = lines.next().unwrap_or_default().trim_end();
                match line.strip_suffix('…') {
                    Some(start) => assert!(found.starts_with(start), "{command}: {found}"),
                    None => assert_eq!(found, line, "{command}"),
                }
            }
            assert_eq!(lines.next(), None, "{command}");
        }
    }
    assert_eq!(commands, 6);
    let read = |name: &str| fs::read(folder.path().join(name)).expect("it was written");
    assert_eq!(read("all.json"), read("counts.json"));
}

/// The figures of a quantisation on the calibration samples, which the pass makes, are those of a profile of the same samples;
/// wider layers lose less.
#[test]
fn quantisation_says_what_it_costs() {
    let folder = folder();
    let profile = |options: &str| -> serde_json::Value {
        let command = "profile digits.onnx --data digits_calib.npz --calibration digits_calib.npz --against-float --json";
        let json = succeeds(folder.path(), &format!("{command} --thresholds 0.7 {options}"));
        serde_json::from_str(&json).expect("it is JSON")
    };
    let found = profile("--weights-bits 4");
    let (quantization, against) = (&found["quantization"], &found["against_float"]);
    let count = |value: &serde_json::Value| value.as_u64().expect("a count");
    let samples = count(&quantization["samples"]);
    assert_eq!(samples, count(&found["samples"]));
    assert_eq!(count(&quantization["exits_changed"]), samples - count(&against["same_exit"]));
    assert_eq!(count(&quantization["classes_changed"]), samples - count(&against["same_prediction"]));
    assert_eq!(quantization["right"], found["correct"]);
    let float_accuracy = against["float_accuracy"].as_f64().expect("a number");
    assert_eq!(count(&quantization["float_right"]) as f64 / samples as f64, float_accuracy);
    assert!(count(&quantization["exits_changed"]) > 0, "four bits change something");

    let layers =
        |found: &serde_json::Value| found["quantization"]["layers"].as_array().cloned().expect("layers");
    let names: Vec<_> = layers(&found).iter().map(|layer| layer["name"].clone()).collect();
    assert_eq!(names, ["conv1", "exit1_dense", "conv2", "conv3", "exit2_dense"]);
    let narrow = layers(&profile("--scales arbitrary"));
    let wide = layers(&profile("--scales arbitrary --activation-bits 16"));
    for ((four, narrow), wide) in layers(&found).iter().zip(&narrow).zip(&wide) {
        let [four, narrow, wide] =
            [four, narrow, wide].map(|layer| layer["sqnr_db"].as_f64().expect("noise"));
        assert!(four + 6.0 < narrow && narrow < wide && wide < 70.0, "{four} {narrow} {wide}");
    }
}

#[test]
fn exits_that_are_useless_are_named() {
    let folder = folder();
    let text = fs::read_to_string(folder.path().join("three.eenet")).expect("the example");
    noise(&folder.path().join("large.npz"), [16, 16, 16, 1], 4);
    let mut messages = vec![];
    for [first, second] in [["0.99", "0.99"], ["0.0", "0.6"], ["0.99", "0.0"]] {
        let network = text.replace("> 0.47", &format!("> {first}")).replace("> 0.6", &format!("> {second}"));
        fs::write(folder.path().join("net.eenet"), network).expect("writable");
        let output = atheena(folder.path(), "profile net.eenet --data large.npz --json");
        assert!(output.status.success());
        messages.push(format!("{first} {second}\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    insta::assert_snapshot!(messages.join("\n"));
}
