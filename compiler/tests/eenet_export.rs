//! Networks written as `.eenet` text: importing the text makes the same IR, and writing that the same text.

use atheena::eenet::{self, export};
use atheena_dialects::ir::{Ctx, Op};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Imports a text whose file stands in `folder`.
fn import<'c>(context: Ctx<'c>, text: &str, folder: &Path) -> melior::ir::Module<'c> {
    let file = folder.join("net.eenet");
    eenet::import(context, text, &file.to_string_lossy()).unwrap_or_else(|error| panic!("{error}"))
}

/// Writes a module as text, imports the text, and compares; returns the text.
fn round_trip(name: &str, module: &melior::ir::Module<'_>) -> String {
    let op = Op::of_module(module);
    let folder = tempfile::tempdir().unwrap();
    let first = export::export(op, "net.npz").unwrap_or_else(|_| panic!("{name} is not written"));
    atheena_runtime::arrays::write(&folder.path().join("net.npz"), &first.arrays).unwrap();
    let again = import(op.ctx(), &first.text, folder.path());
    let (found, wanted) = (Op::of_module(&again).to_string(), op.to_string());
    if found != wanted {
        let line = found.lines().zip(wanted.lines()).find(|(found, wanted)| found != wanted);
        let short = |text: &str| text.chars().take(300).collect::<String>();
        let (found, wanted) = line.map_or_else(Default::default, |(a, b)| (short(a), short(b)));
        panic!("{name}: the text\n{}\nmakes\n{found}\nnot\n{wanted}", first.text);
    }
    let second = export::export(Op::of_module(&again), "net.npz").unwrap();
    assert_eq!(first.text, second.text, "{name}");
    assert!(first.arrays == second.arrays, "{name}: other weights");
    first.text
}

fn texts(folder: &str) -> Vec<PathBuf> {
    let files = std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some_and(|e| e == "eenet")).collect();
    files.sort();
    files
}

#[test]
fn texts_of_texts_are_the_same_network() {
    let files = [texts("examples"), texts("compiler/tests/networks"), texts("compiler/tests/eenet")].concat();
    assert!(files.len() >= 14, "there are networks");
    for file in files {
        let context = atheena_dialects::context();
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.to_string_lossy().into_owned();
        let module = import(Ctx::of(&context), &text, file.parent().unwrap());
        round_trip(&name, &module);
    }
}

/// Networks with every layer of the format, in all of their forms.
#[test]
fn every_layer_is_written() {
    let networks = [
        "input 7x9x4\nweights random seed 1\n\
         a = conv 6 kernel 3x2 stride 2x1 pad [1, 0, 2, 1] dilation 1x2\nclamp -1.5 to 0.25\n\
         b = conv 6 kernel 3 pad same groups 2\nconv 12 kernel 3 pad 1 groups 6 no_bias\nrelu\n\
         leaky_relu 0.1\nleaky_relu 1.5\nleaky_relu -0.5\nsigmoid\ntanh\nhard_swish\nbatch_norm epsilon 0.5\n\
         c = conv 6 kernel 1\nd = relu from b\nf = add c from d\ne = add d from c\nconcat c, d, f\n\
         max_pool 2 stride 1 ceil\navg_pool 3 stride 2 pad 1 count_pad\nglobal_avg_pool\ndense 3\n",
        // Windows that leave rows out, that reach beyond the end, and both.
        "input 8x8x2\nweights random seed 1\nconv 4 kernel 3 stride 2\nmax_pool 2\nflatten\ndense 4 no_bias\nrelu\ndense 2\n",
        "input 8x8x2\nweights random seed 1\nmax_pool 3 stride 2 pad 1 ceil\navg_pool 3 ceil pad 1 count_pad\ndense 2\n",
        "input 9x9x2\nweights random seed 1\navg_pool 4 stride 3 ceil count_pad\nconv 2 kernel 1\nglobal_avg_pool\n",
        // One channel, one pixel, a flattening that two layers read.
        "input 5x5x1\nweights random seed 1\nbatch_norm\nconv 1 kernel 5\nbatch_norm\ndense 2\n",
        "input 5x5x2\nweights random seed 1\nflat = flatten\ndense 2\nexit e when margin > 0.5 { dense 3 from flat }\ndense 3\n",
        // Products of maps, of a map and a pixel, and of a pixel and a map.
        "input 6x6x2\nweights random seed 1\na = conv 4 kernel 3\nb = conv 4 kernel 3 from input\ne = mul a\n\
         c = global_avg_pool from a\nd = mul c from b\nmul b from c\nmul d\nmul e\ndense 2\n",
        // Vectors and sequences.
        "input 16\nweights random seed 1\nx = dense 4\ntanh\nbatch_norm\nadd x\nmul x\nconcat x, x\ndense 2\n",
        "input 30x2\nweights random seed 1\nconv 4 kernel 5 pad 2 dilation 1\nrelu\nmax_pool 2\n\
         conv 4 kernel 3 pad [0, 0, 1, 2] stride 2\navg_pool 3 stride 1 pad 1\nbatch_norm\n\
         exit e when entropy < 0.5 { global_avg_pool; dense 2 }\nconv 2 kernel 3\nglobal_avg_pool\n",
        // One row, of which something is said.
        "input 1x30x2\nweights random seed 1\nconv 4 kernel 3 pad 1\ndense 2\n",
        // Exits on values from before others.
        "input 6x6x1\nweights random seed 1\na = conv 2 kernel 3\nexit one when max_softmax > 0.123456789 { dense 2 }\n\
         b = conv 2 kernel 1\nexit two when margin > 0.25 { concat a; dense 2 }\nc = dense 2 from a\ndense 2 from b\nadd c\n",
    ];
    for network in networks {
        let text = format!("network net\n{network}");
        let context = atheena_dialects::context();
        let module = import(Ctx::of(&context), &text, Path::new(""));
        round_trip(&text, &module);
    }
}

/// The networks of the papers, whose exits are ONNX's `If`.
#[test]
fn onnx_networks_become_texts() {
    let beside = || root().join("../shared");
    let shared = std::env::var_os("ATHEENA_SHARED").map_or_else(beside, PathBuf::from);
    let folders = ["models/stock", "models/retrained", "models/exports"].map(|folder| shared.join(folder));
    let files = folders.iter().flat_map(std::fs::read_dir).flatten().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some_and(|e| e == "onnx")).collect();
    files.sort();
    if files.is_empty() {
        println!("skipped: no shared models");
        return;
    }
    let mut written = 0;
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let context = atheena_dialects::context();
        let bytes = std::fs::read(&file).unwrap();
        let Ok(module) = atheena::onnx::import(Ctx::of(&context), &bytes, &name) else { continue };
        if name.contains("qdq") {
            assert!(export::export(Op::of_module(&module), "net.npz").is_err(), "{name} is no float network");
            continue;
        }
        round_trip(&name, &module);
        written += 1;
    }
    assert!(written >= 18, "{written} networks are written");
}
