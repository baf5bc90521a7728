//! `atheena explore`, `compile --point` and `report` on the built-in example.

use serde_json::Value;
use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn digits() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits")
}

fn run(folder: &Path, arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atheena"));
    command.current_dir(folder).args(arguments.split_whitespace()).output().expect("atheena runs")
}

fn json(folder: &Path, arguments: &str) -> Value {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

/// A folder with the example in it.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for file in ["digits.onnx", "digits_calib.npz"] {
        fs::copy(digits().join(file), folder.path().join(file)).expect("the example");
    }
    folder
}

const EXPLORE: &str = "explore digits.onnx --calibration digits_calib.npz --late-fraction 0.25 --json";
const COMPILE: &str = "compile digits.onnx --calibration digits_calib.npz --emit dataflow --json";

fn points(explored: &Value, exits: bool) -> Vec<&Value> {
    let all = explored["points"].as_array().expect("points").iter();
    all.filter(|point| point["exits"] == exits).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// Tags that would load something from elsewhere, or run what is not in the page.
fn loads_nothing(page: &str) -> bool {
    let page = page.to_lowercase();
    let loads = ["src=", "href=", "@import", "url(http", "fetch(", "xmlhttprequest"];
    !loads.iter().any(|text| page.contains(text))
}

/// The fewest cycles within a part of the device that `dataflow-balance-pipeline` itself finds.
fn balanced(folder: &Path, exits: bool, budget: f64) -> f64 {
    let exits = if exits { "--late-fraction 0.25" } else { "--no-exits" };
    json(folder, &format!("{COMPILE} {exits} -o out"));
    let files =
        fs::read_dir(folder.join("out/ir")).expect("readable").map(|entry| entry.expect("readable").path());
    let graph = |path: &PathBuf| path.to_string_lossy().contains("dataflow-narrow-multipliers");
    let graph = files.into_iter().find(graph).expect("the IR behind each pass is kept");
    let [lut, ff, dsp, bram18] =
        [218_600.0, 437_200.0, 900.0, 1090.0].map(|all: f64| (all * budget + 1e-6) as i64);
    let pass = format!("dataflow-balance-pipeline{{lut={lut} ff={ff} dsp={dsp} bram18={bram18}}}");
    let opt = Path::new(env!("CARGO_BIN_EXE_atheena")).with_file_name("atheena-opt");
    let output = Command::new(opt)
        .arg(graph)
        .arg(format!("--pass-pipeline=builtin.module(dataflow.graph({pass}))"))
        .output();
    let text = String::from_utf8(output.expect("atheena-opt is built").stdout).expect("text");
    let cycles = text.split("balance = {cycles = ").nth(1).and_then(|rest| rest.split(" : ").next());
    cycles.and_then(|cycles| cycles.parse().ok()).expect("the graph says how it is balanced")
}

#[test]
fn curves_are_proved_and_agree_with_the_balancer() {
    let folder = folder();
    let explored = json(folder.path(), &format!("{EXPLORE} -o x"));
    assert!(number(&explored["seconds"]) > 0.0);
    for exits in [true, false] {
        let points = points(&explored, exits);
        assert!(points.len() > 3);
        for pair in points.windows(2) {
            assert!(number(&pair[1]["cycles"]) < number(&pair[0]["cycles"]), "faster");
            assert!(number(&pair[1]["share"]) > number(&pair[0]["share"]), "and larger");
        }
        // What is not proved has gates and queues of tags that depend on several actors, of which the least was counted.
        let proved = points.iter().filter(|point| number(&point["gap"]) == 0.0).count();
        let least = if exits { points.len() * 2 / 3 } else { points.len() };
        assert!(proved >= least, "{proved} of {}", points.len());
        for point in &points {
            assert!(number(&point["gap"]) <= 0.01 * number(&point["share"]), "{point}");
            assert!(number(&point["bound"]) <= number(&point["share"]), "{point}");
            let kinds = [("lut", 218_600.0), ("ff", 437_200.0), ("dsp", 900.0), ("bram18", 1090.0)];
            let share = kinds
                .map(|(kind, all)| number(&point["resources"][kind]) / all)
                .into_iter()
                .fold(0.0, f64::max);
            assert!((share - number(&point["share"])).abs() < 1e-9, "{point}");
        }
        // The pass searches for the fewest cycles of one budget, by another way. It looks at those too at which queues alone change, and what
        // the curve counts of gates is the least: nothing that it proves impossible is on the curve, but where the gates' memories decide, and what it finds is near.
        for budget in [0.02, 0.03, 0.06] {
            let fit = points.iter().filter(|point| number(&point["share"]) <= 0.98 * budget);
            let Some(explored) = fit.map(|point| number(&point["cycles"])).reduce(f64::min) else { continue };
            let fewest = balanced(folder.path(), exits, budget);
            let near = points.iter().filter(|point| number(&point["bound"]) <= budget);
            let nearest = near.map(|point| number(&point["cycles"])).reduce(f64::min).expect("more are near");
            assert!(fewest <= explored && fewest >= 0.97 * nearest, "{fewest} and {explored} at {budget}");
        }
    }

    let files: HashSet<String> = (fs::read_dir(folder.path().join("x")).expect("readable"))
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(files, ["explore.json", "explore.csv", "explore.html"].map(str::to_owned).into());
    let read = |name: &str| fs::read_to_string(folder.path().join("x").join(name)).expect("readable");
    let all = explored["points"].as_array().expect("points");
    assert_eq!(read("explore.csv").lines().count(), 1 + all.len());
    let page = read("explore.html");
    assert!(loads_nothing(&page) && page.contains("<svg"));
    for point in all {
        let id = point["id"].as_str().expect("an id");
        assert!(page.contains(&format!("<tr id=\"{id}\">")) && page.contains(&format!("\"id\":\"{id}\"")));
    }

    json(folder.path(), &format!("{EXPLORE} -o y"));
    for name in files {
        let other = fs::read_to_string(folder.path().join("y").join(&name)).expect("readable");
        assert!(read(&name) == other, "{name} differs from run to run");
    }
}

#[test]
fn a_point_is_compiled_by_its_id() {
    let folder = folder();
    let explored = json(folder.path(), &format!("{EXPLORE} -o x"));
    let last = |exits| points(&explored, exits).len() - 1;
    for (exits, place) in [(true, 2), (true, last(true)), (false, 1), (false, last(false))] {
        let point = points(&explored, exits)[place];
        let id = point["id"].as_str().expect("an id");
        let compiled = json(folder.path(), &format!("{COMPILE} --point x/explore.json#{id} -o out"));
        assert_eq!(compiled["exits"].as_array().expect("exits").is_empty(), !exits);
        let balance = &compiled["balance"];
        assert_eq!(balance["cycles"], point["cycles"]);
        // It is as fast as explored, and takes what the point says, to the last LUT.
        assert!(number(&compiled["throughput_samples_per_s"]) >= 0.99 * number(&point["samples_per_s"]));
        assert_eq!(compiled["budget"], explored["budget"]);
        assert_eq!(compiled["resources"], point["resources"]);
        for actor in compiled["actors"].as_array().expect("actors") {
            let name = actor["name"].as_str().expect("a name");
            if let Some(folding) = point["foldings"].get(name) {
                assert_eq!(actor["folding"], *folding);
            }
        }
    }
    // Layers of another network are not those that were explored.
    let other =
        format!("{} --point x/explore.json#n1 -o other", COMPILE.replace("digits.onnx", "deep.eenet"));
    fs::write(
        folder.path().join("deep.eenet"),
        "network deep\ninput 8x8x1\nweights random seed 1\n\nconv 4 kernel 3\nrelu\ndense 10\n",
    )
    .expect("writable");
    let output = run(folder.path(), &other);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("explored for a network with other layers"), "{told}");
}

/// At low rates a sample waits for nobody, and a design is good whose own latency is short; at rates that nothing holds, the highest one is
/// named.
#[test]
fn designs_of_low_latency() {
    let folder = folder();
    let compile = |options: &str| {
        let arguments = format!("{COMPILE} --late-fraction 0.25 --budget 0.1 {options}");
        run(folder.path(), &arguments)
    };
    let simulated = |directory: &str, rate: f64| {
        let arguments = format!("simulate {directory} --token --arrival-rate {rate} --samples 1024 --json");
        number(&json(folder.path(), &arguments)["latency_cycles"]["p99"])
    };
    let output = compile("-o fast");
    assert!(output.status.success());
    let fast: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let rate = 0.5 * number(&fast["throughput_samples_per_s"]);
    let output = compile(&format!("--objective latency --arrival-rate {rate} -o soon"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(simulated("soon", rate) <= simulated("fast", rate));
    let output = compile("--objective latency --arrival-rate 1e9 -o out");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("can't reach 1000000000 images/s: the highest within the budget is"), "{told}");
    let output = compile("--objective latency -o out");
    assert_eq!(output.status.code(), Some(2), "a rate is missing");
}

#[test]
fn thresholds_are_explored_too() {
    let folder = folder();
    let arguments = "explore digits.onnx --calibration digits_calib.npz --tune --choices 2 --max-accuracy-drop 5 --json -o x";
    let explored = json(folder.path(), arguments);
    let curves = explored["curves"].as_array().expect("curves");
    // The thresholds as they are, two choices, and none.
    assert_eq!(
        curves.iter().map(|curve| curve["name"].as_str().expect("a name")).collect::<Vec<_>>(),
        ["e", "t1-", "t2-", "n"]
    );
    for curve in curves {
        assert!((0.8..=1.0).contains(&number(&curve["accuracy"])), "{curve}");
    }
    // From few products, of which fewer samples come to the end, to many.
    assert!(number(&curves[1]["reach_last"]) < number(&curves[2]["reach_last"]));
    let compiled = json(folder.path(), &format!("{COMPILE} --point x/explore.json#t2-1 -o out"));
    let thresholds = curves[2]["thresholds"].as_str().expect("thresholds");
    assert_eq!(format!("exit1={}", compiled["exits"][0]["threshold"]), thresholds);
    let reach = compiled["actors"].as_array().expect("actors").iter().map(|actor| number(&actor["reach"]));
    assert_eq!(reach.fold(1.0, f64::min), number(&curves[2]["reach_last"]));
}

#[test]
fn the_report_is_a_page_that_names_every_actor() {
    let folder = folder();
    let compiled = json(folder.path(), &format!("{COMPILE} --late-fraction 0.25 --budget 0.1 -o out"));
    let path = folder.path().join("out/report.html");
    let page = fs::read_to_string(&path).expect("compile writes it");
    assert!(loads_nothing(&page));
    for actor in compiled["actors"].as_array().expect("actors") {
        let name = actor["name"].as_str().expect("a name");
        let drawn = page.contains(&format!("<g data-actor=\"{name}\">"));
        assert!(drawn != (actor["carries_tags"] == true), "{name} is drawn, or named as one for tags");
        assert!(page.contains(name), "{name}");
    }
    // What is not a line or a box is not seen.
    let count = |text: &str| page.matches(text).count();
    assert!(count("<svg") == 2 && count("<rect class=\"card") > 5 && count("marker-end") > 5);
    assert_eq!(count("class=\"load slow\""), 1, "one actor is the slowest");
    assert!(page.contains("Wilson"));

    fs::remove_file(&path).expect("removable");
    assert!(run(folder.path(), "report out").status.success());
    assert!(page == fs::read_to_string(&path).expect("report writes it"), "report draws what compile drew");
    // Predicted latencies are shown.
    let latency = &compiled["latency_cycles"]["p99"];
    assert!(
        latency.is_number() && page.contains(&format!("p99</td><td class=\"n\">{latency}</td>")),
        "{latency}"
    );
}

/// What the user sees.
#[test]
fn wrong_explorations() {
    let folder = folder();
    json(folder.path(), &format!("{EXPLORE} -o x"));
    let messages: Vec<_> = [
        "explore digits.onnx -o out",
        "explore digits.onnx --calibration digits_calib.npz --within lut=100 -o out",
        "explore digits.onnx --calibration digits_calib.npz --within lut=100 --budget 0.5 -o out",
        "explore digits.onnx --calibration digits_calib.npz --late-fraction 1.5 -o out",
        "explore digits.onnx --calibration digits_calib.npz --tune --late-fraction 0.5 -o out",
        "compile digits.onnx --calibration digits_calib.npz -o out --point x/explore.json",
        "compile digits.onnx --calibration digits_calib.npz -o out --point nothing.json#e1",
        "compile digits.onnx --calibration digits_calib.npz -o out --point x/explore.json#e999",
        "compile digits.onnx --calibration digits_calib.npz -o out --point x/explore.json#e1 --device u250",
        "compile digits.onnx --calibration digits_calib.npz -o out --point x/explore.json#e1 --weights-bits 4",
        "compile digits.onnx --calibration digits_calib.npz -o x",
        "compile digits.onnx --calibration digits_calib.npz --throughput 1e12 -o out",
        "compile digits.onnx --calibration digits_calib.npz --throughput 9e6 --budget 0.05 -o out",
        "report nowhere",
        "report x",
    ]
    .map(|arguments| {
        let output = run(folder.path(), arguments);
        let code = output.status.code().unwrap_or(-1);
        assert!(!folder.path().join("out").exists(), "{arguments} leaves something behind");
        format!("$ atheena {arguments}\nexit code {code}\n{}", String::from_utf8_lossy(&output.stderr))
    })
    .into();
    insta::assert_snapshot!(messages.join("\n"));
}
