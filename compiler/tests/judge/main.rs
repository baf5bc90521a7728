//! The golden model against the TOSA reference model, an independent program: whole integer networks with their exits,
//! every bit of the logits and every exit.
//!
//! Both get the network from one lowering of the exits' decisions, as `scf.if` and as `tosa.cond_if`; all else (layers,
//! arithmetic, control flow, memory, machine code) is theirs alone.

mod networks;
mod reference;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use atheena::{
    cli::{Cli, Command},
    fuzz::Case,
    model, pipeline,
    session::Session,
};
use atheena_dialects::ir::Op;
use atheena_dialects::pass::Pass;
use atheena_passes::ee::convert_ee_to_tosa::{self, ConvertEeToTosa};
use atheena_passes::golden::golden_of;
use atheena_runtime::dataset::DataSet;
use atheena_runtime::golden::{Outputs, Tensor};
use clap::Parser;
use melior::ir::Module;
use reference::Reference;

/// Compares the two on a network's images; returns how many samples took each exit.
fn judge(module: &Module<'_>, images: &Path, samples: usize, reference: &Reference) -> Vec<usize> {
    let module = Op::of_module(module);
    let function = module.walk_named("func.func")[0];
    let golden = golden_of(function, true).expect("the golden model takes the network");
    let data = DataSet::read_images(images).expect("the images are there");
    let outputs = golden.run_all(&data, 0..samples, 2, |_| ()).expect("the images fit the network");
    let options = convert_ee_to_tosa::Options { exit_index: true };
    ConvertEeToTosa::run(function, &options).expect("the exits convert to TOSA");
    let expected = reference.run(&module.to_string(), images, samples);
    let size = expected.len() / samples;
    for (sample, (outputs, expected)) in outputs.iter().zip(expected.chunks(size)).enumerate() {
        assert_eq!(bytes(outputs), expected, "sample {sample} of the network\n{module}");
    }
    let exits: Vec<_> = outputs.iter().map(|o| o.exit_index().expect("the network returns it")).collect();
    (0..=exits.iter().copied().max().unwrap_or(0))
        .map(|exit| exits.iter().filter(|e| **e == exit).count())
        .collect()
}

fn bytes(outputs: &Outputs) -> Vec<u8> {
    let tensor = |tensor: &Tensor| match tensor {
        Tensor::I8(v) => v.iter().map(|x| *x as u8).collect(),
        Tensor::I16(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Tensor::I32(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
        Tensor::F32(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>(),
    };
    outputs.0.iter().flat_map(tensor).collect()
}

#[test]
fn random_networks() {
    let Some(reference) = Reference::find() else { return };
    let folder = tempfile::tempdir().expect("there is a place for files");
    let images = folder.path().join("images.npz");
    let mut exits = vec![0; 3];
    for seed in 0..10 {
        let network = networks::random(seed);
        network.images.write(&images).expect("the images are written");
        let context = atheena_dialects::context();
        let module = Module::parse(&context, &network.text).expect("the network is well-formed");
        for (exit, count) in judge(&module, &images, network.images.len(), &reference).into_iter().enumerate()
        {
            exits[exit] += count;
        }
    }
    // The networks are random, the test must not be empty: each exit is taken often.
    assert!(exits.iter().all(|&count| count >= 10), "{exits:?}");
}

/// `$ATHEENA_SHARED`, else `../shared` beside the repository.
fn shared() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let path = std::env::var_os("ATHEENA_SHARED").map_or_else(beside, PathBuf::from);
    path.join("models").is_dir().then_some(path)
}

/// Quantises a network as `atheena compile` does, and judges it on the first images of `DATA_test.npz`; `early` says how many
/// leave at the first exit.
fn judge_onnx(network: &Path, data: &str, samples: usize, early: RangeInclusive<usize>) {
    let Some(reference) = Reference::find() else { return };
    let session = Session::new();
    let mut module = model::load(&session, network).unwrap_or_else(|error| panic!("{error}"));
    let calibration = PathBuf::from(format!("{data}_calib.npz"));
    let way = pipeline::Way { calibration: Some(&calibration), ..Default::default() };
    for step in pipeline::steps(&way) {
        session.run(&mut module, &step.pipeline).unwrap_or_else(|error| panic!("{error}"));
    }
    let exits = judge(&module, &PathBuf::from(format!("{data}_test.npz")), samples, &reference);
    assert!(early.contains(&exits[0]), "{exits:?}");
}

/// The same for a network of `../shared`.
fn judge_shared(network: &str, data: &str, samples: usize, early: RangeInclusive<usize>) {
    match shared() {
        Some(shared) => {
            let data = shared.join("data").join(data).display().to_string();
            judge_onnx(&shared.join("models").join(network), &data, samples, early);
        }
        None => println!("skipped: {network} absent"),
    }
}

/// 75.9 % leave early.
#[test]
fn digits() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits");
    let data = folder.join("digits").display().to_string();
    judge_onnx(&folder.join("digits.onnx"), &data, 200, 135..=170);
}

#[test]
fn branchy_lenet() {
    // 84 % leave early.
    judge_shared("stock/branchy_lenet_20220902.onnx", "mnist", 300, 220..=280);
}

#[test]
fn triple_wins() {
    // 98.8 % leave early.
    judge_shared("retrained/TripleWins_SmallCNN_230103.retrained.onnx", "mnist", 100, 90..=99);
}

#[test]
fn branchy_alexnet() {
    // 64 % leave early.
    judge_shared("retrained/branchy-alexnet_230109.retrained.onnx", "cifar10", 50, 20..=45);
}

/// One network for each operator and form of exit (`networks/`), in the scheme of quantisation that it names: margin and
/// entropy, decisions on logits of 8 and of 16 bits, sums of 48.
#[test]
fn networks_of_every_operator() {
    let Some(reference) = Reference::find() else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/networks");
    let entries = std::fs::read_dir(folder).expect("the folder is in the repository");
    let mut networks: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    networks.sort();
    assert!(networks.len() > 12, "{networks:?}");
    let (mut early, mut late) = (0, 0);
    for network in networks {
        let text = std::fs::read_to_string(&network).expect("the network is there");
        let case = Case::parse(&text).unwrap_or_else(|_| panic!("{} is no case", network.display()));
        let folder = tempfile::tempdir().expect("there is a place for files");
        let files = ["calibration.npz", "images.npz"].map(|name| folder.path().join(name));
        for (data, file) in case.data().iter().zip(&files) {
            data.write(file).expect("the images are written");
        }
        let command = ["atheena", "compile", "network", "-o", "out"].map(str::to_owned);
        let cli = Cli::try_parse_from(command.into_iter().chain(case.settings.compile));
        let Command::Compile(arguments) = cli.expect("options of compile").command else {
            panic!("compile is a command");
        };
        let session = Session::new();
        let mut module = model::load(&session, &network).unwrap_or_else(|error| panic!("{error}"));
        let quantize = arguments.quantize;
        let way = pipeline::Way { calibration: Some(&files[0]), quantize, ..Default::default() };
        for step in pipeline::steps(&way) {
            session.run(&mut module, &step.pipeline).unwrap_or_else(|error| panic!("{error}"));
        }
        let exits = judge(&module, &files[1], case.settings.samples, &reference);
        early += exits[..exits.len() - 1].iter().sum::<usize>();
        late += exits[exits.len() - 1];
    }
    assert!(early > 0 && late > 0, "the networks' samples leave everywhere: {early} {late}");
}

/// A network of TFLite's, as it comes from `tosa-converter-for-tflite`, against the reference model on the original file,
/// which takes `pixel - 128` in [N, C, H, W].
#[test]
fn tflite() {
    let (Some(reference), Some(shared)) = (Reference::find(), shared()) else {
        println!("skipped: the TFLite network or the reference model is absent");
        return;
    };
    let file = shared.join("models/exports/tflite_cnn_int8.tosa.mlir");
    let session = Session::new();
    let module = model::load(&session, &file).unwrap_or_else(|error| panic!("{error}"));
    let golden = golden_of(model::function(&module), false).expect("the golden model takes the network");
    let samples = 40;
    let pixels: Vec<u8> = (0..samples * 256).map(|i: usize| (i * i / 7 + i * 31) as u8).collect();
    let shifted = pixels.iter().map(|pixel| pixel ^ 0x80).collect();
    let folder = tempfile::tempdir().expect("there is a place for files");
    let images = folder.path().join("images.npz");
    let original = DataSet::new([samples, 1, 16, 16], shifted, None).expect("pixels of that shape");
    original.write(&images).expect("the images are written");
    let text = std::fs::read_to_string(&file).expect("the network is there");
    let expected = reference.run(&text, &images, samples);
    let found: Vec<u8> =
        pixels.chunks(256).flat_map(|image| bytes(&golden.run(image).expect("the image fits"))).collect();
    assert_eq!(found, expected);
    assert!(expected.chunks(10).any(|logits| logits != &expected[..10]), "the images differ in their logits");
}
