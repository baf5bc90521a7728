//! The passes before quantisation keep what a network computes: random networks run on the golden model before and behind each.

use atheena::{model, session::Session};
use atheena_dialects::{
    ir::{Builder, Op},
    tosa::{self, Convolution},
};
use atheena_passes::golden::golden_of;
use atheena_runtime::{dataset::DataSet, golden::Outputs, random::SplitMix64};
use melior::ir::Module;
use std::{fs, path::Path};

const SEEDS: u64 = 4;
const SAMPLES: usize = 16;

/// A network of convolutions, dense layers, rectifiers and poolings in any order, with an exit, as `.eenet` text, and images.
fn draw(seed: u64) -> (String, DataSet) {
    let mut random = SplitMix64::named(seed, "equality");
    let (mut side, channels) = (random.within(6, 10), random.within(1, 3));
    let mut text = format!("network n{seed}\ninput {side}x{side}x{channels}\nweights random seed {seed}\n");
    let images = (0..SAMPLES as i64 * side * side * channels).map(|_| random.below(256) as u8).collect();
    let shape = [SAMPLES, side as usize, side as usize, channels as usize];
    let layers = random.within(5, 8);
    text += "conv 5 kernel 3 pad 1\n";
    for layer in 0..layers {
        let channels = random.within(2, 9);
        let drawn = match random.below(8) {
            0 | 1 => {
                format!("conv {channels} kernel 1 stride {}", if side > 6 { random.within(1, 2) } else { 1 })
            }
            2 => format!("conv {channels} kernel 3 pad 1"),
            3 => "clamp 0 to 2".into(),
            4 => "batch_norm".into(),
            5 if side > 4 => "relu\nmax_pool 3 stride 2 pad 1".into(),
            _ if side > 3 => format!("relu\nmax_pool 2\nconv {channels} kernel 1\nconv 3 kernel 1"),
            _ => "relu".into(),
        };
        side = match () {
            () if drawn.contains("stride 2") => (side + 1) / 2,
            () if drawn.contains("max_pool 2") => side / 2,
            () => side,
        };
        text += &drawn;
        text.push('\n');
        if layer == layers / 2 {
            // Of random weights: the first lets all leave, the second none.
            let threshold = [0.3, 0.95, 0.5, 0.7][seed as usize % 4];
            text += &format!("exit early when max_softmax > {threshold} {{\n  dense 12\n  dense 4\n}}\n");
        }
    }
    text += "dense 9\ndense 20\ndense 4\n";
    (text, DataSet::new(shape, images, None).expect("pixels of that shape"))
}

/// Makes parts of a network dead: channels that are zero, channels that are not read, operations that do nothing.
fn deaden(function: Op<'_>, seed: u64) {
    let mut random = SplitMix64::named(seed, "dead");
    for layer in Convolution::all_in(function) {
        let mut weights = layer.weights::<f32>().expect("float weights");
        let mut bias = layer.bias::<f32>().expect("a float bias");
        let [outputs, .., inputs] = layer.weight_shape();
        let (made, read) = (random.below(outputs as u64) as usize, random.below(inputs as u64) as usize);
        if layer.is_depthwise() || random.chance(0.3) {
            continue;
        }
        for (index, weight) in weights.iter_mut().enumerate() {
            let (output, input) = layer.channels_of(index);
            if output == made || (inputs > 1 && input == read) {
                *weight = 0.0;
            }
        }
        bias[made] = if random.chance(0.5) { 0.0 } else { -bias[made].abs() };
        layer.set_weights(&weights);
        layer.set_bias(&bias);
        let (output, users) = (layer.output(), layer.output().uses());
        let same = tosa::simple(Builder::after(layer.0), "tosa.identity", &[output], output.ty());
        users.into_iter().for_each(|(user, operand)| user.set_operand(operand, same));
    }
}

fn run(module: &Module<'_>, data: &DataSet) -> Vec<Outputs> {
    let golden = golden_of(model::function(module), true).expect("the network compiles");
    golden.run_all(data, 0..data.len(), 1, |_| ()).expect("the images fit")
}

/// Runs random networks before and behind some passes: the largest difference of their logits, in parts of the largest logit.
/// At least half of the networks must change.
fn difference(pipeline: &str, dead: bool) -> f64 {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut largest, mut changed, mut early) = (0.0f64, 0, 0);
    for seed in 0..SEEDS {
        let (text, data) = draw(seed);
        let path = folder.path().join("network.eenet");
        fs::write(&path, text).expect("the folder is writable");
        let session = Session::new();
        let mut module = load(&session, &path);
        if dead {
            deaden(model::function(&module), seed);
        }
        let (before, text) = (run(&module, &data), Op::of_module(&module).to_string());
        session.run(&mut module, &format!("builtin.module(func.func({pipeline}))")).expect("the pass runs");
        if Op::of_module(&module).to_string() == text {
            continue;
        }
        changed += 1;
        for (before, after) in before.iter().zip(run(&module, &data)) {
            assert_eq!(before.exit_index(), after.exit_index(), "{pipeline}, seed {seed}");
            early += usize::from(before.exit_index() == Some(0));
            let (before, after) = (before.0[0].to_f64(), after.0[0].to_f64());
            let size = before.iter().fold(0.0f64, |size, x| size.max(x.abs()));
            for (x, y) in before.iter().zip(&after) {
                largest = largest.max((x - y).abs() / size);
            }
        }
    }
    assert!(changed >= SEEDS / 2, "{pipeline} changes {changed} networks");
    assert!(early > 0 && early < changed as usize * SAMPLES, "{pipeline}: {early} leave early");
    largest
}

fn load<'c>(session: &'c Session, path: &Path) -> Module<'c> {
    model::load(session, path).unwrap_or_else(|error| panic!("{error}"))
}

/// Maxima of the same numbers.
#[test]
fn commuted_pools_are_equal() {
    assert_eq!(difference("ee-commute-pool", false), 0.0);
}

/// The same layers of the same numbers, in another place.
#[test]
fn recomputed_layers_are_equal() {
    assert_eq!(difference("ee-recompute-layers{least-shrink=1 most-work=1}", false), 0.0);
}

/// Sums that lack terms of zero; loops of another size may fuse others of their products and additions, in 24 bits.
#[test]
fn without_dead_parts_networks_are_equal() {
    let found = difference("ee-remove-dead", true);
    assert!(found < 2e-6, "{found}");
}

/// Sums in another order, and weights rounded once more, both to 24 bits, in at most twenty layers of a hundred terms.
#[test]
fn folded_networks_are_equal_but_for_rounding() {
    for pipeline in ["ee-fold-batch-norm", "ee-fold-layout", "ee-fold-batch-norm,ee-fold-dense"] {
        let found = difference(pipeline, false);
        assert!(found < 2e-5, "{pipeline}: {found}");
    }
}

/// Sums of pixels less their zero point, and what `ee-raise-layers` makes of them: integers.
#[test]
fn sums_of_pixels_are_equal() {
    let text = r#"
func.func @main(%x: tensor<1x6x5x3xi8>) -> tensor<1x3xi32> {
  %by_one = "tosa.const"() <{values = dense<1073741824> : tensor<1xi32>}> : () -> tensor<1xi32>
  %shift = "tosa.const"() <{values = dense<30> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zp = "tosa.const"() <{values = dense<-5> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zero = "tosa.const"() <{values = dense<0> : tensor<1xi32>}> : () -> tensor<1xi32>
  %row = tosa.const_shape {values = dense<[1, 3]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %0 = tosa.rescale %x, %by_one, %shift, %zp, %zero {scale32 = true, rounding_mode = SINGLE_ROUND, per_channel = false,
      input_unsigned = false, output_unsigned = false}
      : (tensor<1x6x5x3xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<1x6x5x3xi32>
  %1 = tosa.reduce_sum %0 {axis = 1 : i32} : (tensor<1x6x5x3xi32>) -> tensor<1x1x5x3xi32>
  %2 = tosa.reduce_sum %1 {axis = 2 : i32} : (tensor<1x1x5x3xi32>) -> tensor<1x1x1x3xi32>
  %3 = tosa.reshape %2, %row : (tensor<1x1x1x3xi32>, !tosa.shape<2>) -> tensor<1x3xi32>
  return %3 : tensor<1x3xi32>
}"#;
    let session = Session::new();
    let mut module = session.parse(text, "sums").unwrap();
    let mut random = SplitMix64::named(1, "sums");
    let pixels = (0..SAMPLES * 90).map(|_| random.below(256) as u8).collect();
    let data = DataSet::new([SAMPLES, 6, 5, 3], pixels, None).unwrap();
    let before = run(&module, &data);
    session.run(&mut module, "builtin.module(func.func(ee-raise-layers))").expect("the pass runs");
    assert!(Op::of_module(&module).walk_named("tosa.reduce_sum").is_empty());
    assert!(before == run(&module, &data));
}
