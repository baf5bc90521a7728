//! The text format of networks: what its page and example say holds, and what is said about texts that are no network.

use atheena_dialects::ee::Exit;
use atheena_dialects::ir::{Ctx, Op};
use atheena_runtime::dataset::DataSet;
use atheena_runtime::golden::Golden;
use melior::pass::PassManager;
use melior::utility::parse_pass_pipeline;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Imports a text; returns how many exits it has, or the message.
fn import(text: &str, file: &str) -> Result<usize, String> {
    let context = atheena_dialects::context();
    match atheena::eenet::import(Ctx::of(&context), text, file) {
        Ok(module) => Ok(Exit::all_in(Op::of_module(&module)).len()),
        Err(error) => Err(error.to_string()),
    }
}

/// The networks and parts of networks on the format's page.
fn examples(page: &str) -> Vec<String> {
    let mut blocks = vec![];
    let mut open: Option<String> = None;
    for line in page.lines() {
        match (&mut open, line) {
            (None, "```eenet") => open = Some(String::new()),
            (Some(_), "```") => blocks.extend(open.take()),
            (Some(block), _) => *block += &format!("{line}\n"),
            (None, _) => {}
        }
    }
    blocks
}

#[test]
fn the_examples_of_the_page_compile() {
    let page = std::fs::read_to_string(root().join("docs/eenet.md")).unwrap();
    let examples = examples(&page);
    assert!(examples.len() >= 6, "the page has examples");
    let header =
        examples.iter().find(|block| block.starts_with("network part")).expect("the page has a header");
    let mut exits = 0;
    for example in &examples {
        let text = match example {
            whole if whole.starts_with("network") && whole != header => whole.clone(),
            header if header.starts_with("network") => continue,
            part => format!("{header}{part}dense 10\n"),
        };
        exits += import(&text, "page.eenet").unwrap_or_else(|error| panic!("{error}"));
    }
    assert_eq!(exits, 5);
}

/// Every layer and option is on the page, and in one of its examples.
#[test]
fn the_page_has_every_word() {
    let page = std::fs::read_to_string(root().join("docs/eenet.md")).unwrap();
    let grammar = std::fs::read_to_string(root().join("compiler/src/eenet/grammar.pest")).unwrap();
    let examples = examples(&page).concat();
    let words: Vec<_> = (grammar.lines())
        .filter_map(|line| line.split_once("@{ \"")?.1.split_once("\" ~ !part"))
        .map(|(word, _)| word)
        .collect();
    assert!(words.len() > 25, "the grammar's words are found");
    for word in words {
        let has = |text: &str| text.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|w| w == word);
        assert!(has(&page), "docs/eenet.md does not tell of `{word}`");
        assert!(has(&examples), "no example of docs/eenet.md has `{word}`");
    }
}

/// The example's network goes through quantisation, and its samples leave at more than one exit.
#[test]
fn the_example_runs_as_integers() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data.npz");
    // Any images do: bits of a linear congruential generator.
    let mut state = 1u32;
    let mut pixel = || {
        state = state.wrapping_mul(1664525).wrapping_add(1013904223);
        (state >> 24) as u8
    };
    let images: Vec<u8> = (0..64 * 16 * 16).map(|_| pixel()).collect();
    let labels = (0..64).map(|i| i % 4).collect();
    DataSet::new([64, 16, 16, 1], images, Some(labels)).unwrap().write(&data).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_atheena"))
        .arg("profile")
        .arg(root().join("examples/three-exits.eenet"))
        .args([
            "--calibration".as_ref(),
            data.as_os_str(),
            "--data".as_ref(),
            data.as_os_str(),
            "--json".as_ref(),
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let counts = |key: &str| -> Vec<_> {
        report["exits"].as_array().unwrap().iter().map(|exit| exit[key].as_u64().unwrap()).collect()
    };
    let (taken, of) = (counts("taken"), counts("of"));
    assert_eq!(of[0], 64, "{report}");
    assert_eq!(of[1], 64 - taken[0], "{report}");
    assert!(0 < taken[0] && 0 < taken[1] && taken[1] < of[1], "samples leave at every exit: {report}");
}

/// Vectors, all on one line, lines that end as on Windows, no line end behind the last, classifiers without dense layers.
#[test]
fn texts_have_many_forms() {
    let dense = "network v.1; input 64; weights random seed 2; dense 8; relu\n\
        exit a when max_softmax > 0.5 { dense 3 from input }; exit b when max_softmax > 0 {dense 3}; dense 3";
    let pooled = "network v\r\ninput 8x8x3 # x\r\nweights random seed 2\r\n\r\n c = conv 5 kernel 3\r\n\
        exit g when max_softmax > 5e-1 {\r\n global_avg_pool }\r\nglobal_avg_pool from c # end";
    let context = atheena_dialects::context();
    let text = |text| {
        let module =
            atheena::eenet::import(Ctx::of(&context), text, "net.eenet").unwrap_or_else(|e| panic!("{e}"));
        Op::of_module(&module).to_string()
    };
    let (dense, pooled) = (text(dense), text(pooled));
    assert!(dense.contains("@v_1(%arg0: tensor<1x1x1x64xf32>) -> tensor<1x3xf32>"), "{dense}");
    // What an exit reads of before crosses into it.
    assert!(dense.contains(": tensor<1x64xf32>, %arg2 = "), "{dense}");
    assert_eq!(dense.matches("ee.exit").count(), 2);
    assert!(pooled.contains("@v(%arg0: tensor<1x8x8x3xf32>) -> tensor<1x5xf32>"), "{pooled}");
    assert_eq!(pooled.matches("ee.exit").count(), 1);
}

/// However a text is damaged, there is a message or a network, never a panic.
#[test]
fn damaged_texts_are_refused() {
    let text = std::fs::read_to_string(root().join("examples/three-exits.eenet")).unwrap();
    let words: Vec<_> = text.match_indices([' ', '\n']).map(|(at, _)| at).collect();
    let mut refused = 0;
    let mut damaged = |text: String| {
        let error = import(&text, "damaged.eenet").err();
        refused += usize::from(error.is_some_and(|message| message.starts_with("damaged.eenet:")));
    };
    for (&at, &next) in words.iter().zip(&words[1..]) {
        // Cut off, a word gone, a word replaced.
        damaged(text[..at].to_owned());
        damaged(format!("{}{}", &text[..at], &text[next..]));
        damaged(format!("{} 0{}", &text[..at], &text[next..]));
    }
    // Words of comments may go, and some options.
    assert!(refused > words.len(), "{refused} of {} texts are refused", 3 * words.len());
}

/// What importing these lines behind a header says.
fn message(lines: &str) -> String {
    whole(&format!("network net\ninput 8x8x2\nweights random seed 1\n{lines}"))
}

/// What importing a text says.
fn whole(text: &str) -> String {
    import(text, "net.eenet").expect_err("the network is imported")
}

macro_rules! snapshots {
    ($($name:ident: $message:expr;)*) => {
        $(
            #[test]
            fn $name() {
                insta::assert_snapshot!(stringify!($name), $message);
            }
        )*
    };
}

snapshots! {
    empty_file: whole("");
    no_input: whole("network net\nweights random seed 1\n");
    input_of_four_sizes: whole("network net\ninput 8x8x8x8\n");
    rows_of_a_sequence: whole("network net\ninput 8x2\nweights random seed 1\nconv 2 kernel 3x1\ndense 2\n");
    kernel_longer_than_the_sequence: whole("network net\ninput 8x2\nweights random seed 1\nmax_pool 9\ndense 2\n");
    weights_from_nowhere: whole("network net\ninput 8x8x1\nweights 1\n");
    seed_too_large: whole("network net\ninput 8x8x1\nweights random seed 18446744073709551616\ndense 2\n");
    no_layers: message("");
    unknown_layer: message("convolution 8 kernel 3\n");
    unknown_layer_with_name: message("x = convolution 8\n");
    unknown_option: message("conv 8 kernal 3\n");
    option_of_another_layer: message("dense 8 stride 2\n");
    no_number: message("dense relu\n");
    no_size: message("max_pool\n");
    no_kernel: message("conv 8\ndense 10\n");
    option_twice: message("conv 8 kernel 3 pad 1 kernel 5\n");
    zero_stride: message("conv 8 kernel 3 stride 0\n");
    huge_number: message("dense 99999999999999999999\n");
    huge_weights: message("dense 65536\ndense 65536\n");
    huge_tensor: message("conv 65536 kernel 1 pad 200\ndense 10\n");
    three_sides: message("conv 8 kernel 3 pad [1, 1, 1]\n");
    clamp_without_to: message("clamp 0 6\n");
    empty_range: message("clamp 6 to 0\n");
    huge_decimal: message("clamp 0 to 1e39\n");
    two_layers_on_a_line: message("relu dense 10\n");
    exit_without_threshold: message("exit early { dense 10 }\n");
    exit_of_another_kind: message("exit early when largest < 0.5 { dense 10 }\n");
    exit_without_classifier: message("exit early when max_softmax > 0.5 { }\n");
    exit_in_an_exit: message("exit a when max_softmax > 0.5 {\n  relu\n  exit b when max_softmax > 0.5 { dense 10 }\n}\n");
    exit_that_is_open: message("exit early when max_softmax > 0.5 {\n  dense 10\n");
    threshold_of_one: message("exit early when max_softmax > 1.0 { dense 10 }\ndense 10\n");
    threshold_below_zero: message("exit early when max_softmax > -0.5 { dense 10 }\ndense 10\n");
    label_twice: message("exit a when max_softmax > 0.5 { dense 10 }\nexit a when max_softmax > 0.5 { dense 10 }\ndense 10\n");
    unknown_name: message("relu\nconv 2 kernel 1\nadd reluu\ndense 10\n");
    name_inside_an_exit: message("exit a when max_softmax > 0.5 {\n  x = relu\n  dense 10\n}\nadd x\ndense 10\n");
    name_twice: message("x = relu\nx = relu\ndense 10\n");
    name_that_was_made: message("conv2 = conv 8 kernel 1\nconv 8 kernel 1\ndense 10\n");
    sum_of_two_shapes: message("x = relu\nconv 2 kernel 3\nadd x\ndense 10\n");
    product_of_two_shapes: message("x = relu\nconv 2 kernel 3\nmul x\ndense 10\n");
    product_with_other_channels: message("x = conv 3 kernel 1\nglobal_avg_pool\nconv 2 kernel 1\nmul x\ndense 10\n");
    kernel_larger_than_the_image: message("conv 8 kernel 9\ndense 10\n");
    padding_as_large_as_the_kernel: message("max_pool 2 pad 2\ndense 10\n");
    image_layer_on_a_vector: message("dense 16\nmax_pool 2\n");
    groups_that_do_not_divide: message("conv 8 kernel 1 groups 3\ndense 10\n");
    classes_that_differ: message("exit early when max_softmax > 0.5 { dense 10 }\ndense 5\n");
    classes_of_two_exits: message("exit a when max_softmax > 0.5 { dense 3 }\nexit b when max_softmax > 0.5 { dense 4 }\ndense 3\n");
    logits_that_are_an_image: message("conv 10 kernel 1\n");
    exit_with_an_image: message("exit early when max_softmax > 0.5 { relu }\ndense 5\n");
    nothing_behind_an_exit: message("relu\nexit early when max_softmax > 0.5 { dense 5 }\n");
    layer_that_nothing_reads: message("x = conv 2 kernel 1\ndense 10 from input\n");
    tabs_and_letters: message("\tdense 10 # \u{e4}\n\tx = d\u{e4}nse 5\n");
}

/// Every line of the format, whole.
const LINES: [&str; 27] = [
    "conv 8 kernel 3x5",
    "conv 8 kernel 3 stride 2",
    "conv 8 kernel 3 pad [0, 1, 0, 1]",
    "conv 8 kernel 3 pad same",
    "conv 8 kernel 3 dilation 2",
    "conv 8 kernel 3 groups 2",
    "conv 8 kernel 3 no_bias",
    "dense 8 no_bias",
    "max_pool 2 stride 1 ceil",
    "avg_pool 2 pad 1 count_pad",
    "global_avg_pool",
    "flatten",
    "relu",
    "leaky_relu 0.1",
    "sigmoid",
    "tanh",
    "hard_swish",
    "clamp 0 to 6",
    "batch_norm epsilon 0.001",
    "add first",
    "mul first",
    "concat first, second",
    "relu from first",
    "name = relu",
    "exit early when max_softmax > 0.9 { dense 10 }",
    "exit early when margin > 0.9 { dense 10 }",
    "exit early when entropy < 0.9 { dense 10 }",
];

/// What is said where a token of a line is missing, is another one, or is one too many, for every construct of the format:
/// line, column and what is expected there.
#[test]
fn every_malformed_construct() {
    let header = "network net\ninput 8x8x2\nweights random seed 1\n";
    let mut texts = vec![];
    // The header's tokens, one missing at a time; then each line's.
    let mut damage = |before: &str, line: &str| {
        let tokens: Vec<_> = line.split(' ').collect();
        for index in 0..tokens.len() {
            for other in [None, Some("?")] {
                let mut damaged = tokens.clone();
                damaged.splice(index..=index, other);
                texts.push(format!("{before}{}\n", damaged.join(" ")));
            }
        }
        texts.push(format!("{before}{line} ?\n"));
    };
    damage("", "network net");
    damage("network net\n", "input 8x8x2");
    damage("network net\ninput 8\n", "weights random seed 1");
    damage("network net\ninput 8\n", "weights \"net.npz\"");
    LINES.iter().for_each(|line| damage(header, line));
    let mut said = String::new();
    for text in texts {
        // Some damage leaves a network that lacks something else, which other tests are about.
        let message = import(&text, "net.eenet").map_or_else(|message| message, |_| "a network\n".into());
        if let Some(grammar) = message.split_once(": expected ") {
            let place = grammar.0.trim_start_matches("net.eenet:");
            let (expected, rest) = grammar.1.split_once('\n').unwrap_or_default();
            let line =
                rest.lines().next().and_then(|line| line.split_once("| ")).map_or("", |(_, line)| line);
            said += &format!("{line}\n  {place}: expected {expected}\n");
        }
    }
    insta::assert_snapshot!("every_malformed_construct", said);
    let grammar = std::fs::read_to_string(root().join("compiler/src/eenet/grammar.pest")).unwrap();
    let words = (grammar.lines())
        .filter_map(|line| line.split_once("@{ \"")?.1.split_once("\" ~ !part"))
        .map(|(word, _)| word);
    for word in words {
        let in_header = ["network", "input", "weights", "random", "seed"].contains(&word);
        assert!(
            in_header || LINES.iter().any(|line| line.split(' ').any(|w| w == word)),
            "no line has `{word}`"
        );
    }
}

/// What importing a network with weights from this file says.
fn with_weights(file: &str, lines: &str) -> String {
    let text = format!("network net\ninput 4x4x1\nweights \"{file}\"\n{lines}");
    import(&text, "tests/eenet/net.eenet").expect_err("the network is imported")
}

snapshots! {
    file_that_is_absent: with_weights("absent.npz", "dense 2\n");
    file_that_is_no_npz: with_weights("net.eenet", "dense 2\n");
    array_that_is_absent: with_weights("weights.npz", "classifier = dense 2\n");
    statistics_that_are_absent: with_weights("weights.npz", "relu\nfeatures.0 = batch_norm\ndense 2\n");
    bias_that_is_absent: with_weights("weights.npz", "plain = conv 2 kernel 3\ndense 2\n");
    array_of_another_shape: with_weights("weights.npz", "features.0 = conv 2 kernel 2\ndense 2\n");
    array_of_doubles: with_weights("weights.npz", "double = conv 2 kernel 3\ndense 2\n");
    array_in_fortran_order: with_weights("weights.npz", "fortran = conv 2 kernel 3\ndense 2\n");
    array_with_nan: with_weights("weights.npz", "nan = conv 2 kernel 3\ndense 2\n");
    variance_below_zero: with_weights("weights.npz", "bn.negative = batch_norm\ndense 2\n");
}

/// `tests/eenet/net.eenet` with weights of a file, against PyTorch's definitions (`tests/eenet/generate.py`).
#[test]
fn weights_of_a_file_mean_what_they_mean_in_pytorch() {
    atheena_passes::register_all();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/eenet");
    let file = folder.join("net.eenet");
    let text = std::fs::read_to_string(&file).unwrap();
    let context = atheena_dialects::context();
    let mut module = atheena::eenet::import(Ctx::of(&context), &text, file.to_str().unwrap()).unwrap();
    let manager = PassManager::new(&context);
    let pipeline = "builtin.module(func.func(convert-ee-to-scf{exit-index=true}))";
    parse_pass_pipeline(manager.as_operation_pass_manager(), pipeline).unwrap();
    manager.run(&mut module).unwrap();
    let golden = Golden::compile(&Op::of_module(&module).to_string(), "net").unwrap();
    let cases = std::fs::read(folder.join("expected.json")).unwrap();
    let cases: Vec<serde_json::Value> = serde_json::from_slice(&cases).unwrap();
    assert_eq!(cases.len(), 8);
    let floats = |value: &serde_json::Value| -> Vec<f64> {
        value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
    };
    for case in cases {
        let input: Vec<f32> = floats(&case["input"]).iter().map(|&v| v as f32).collect();
        let outputs = golden.run(input.as_slice()).unwrap();
        assert_eq!(outputs.exit_index(), case["exit"].as_u64().map(|exit| exit as usize));
        let wanted = floats(&case["output"]);
        for (found, wanted) in outputs.0[0].to_f64().iter().zip(&wanted) {
            assert!((found - wanted).abs() <= 1e-4 * wanted.abs().max(1.0), "{found}, not {wanted}");
        }
    }
}
