//! Whole integer networks: the hardware against the golden model, every bit, under random stalls.

use super::builder::{Narrow, Net, T, Windows, image};
use super::harness::{Design, Random, Stream, stream};
use atheena_dialects::dataflow;
use atheena_dialects::ir::Op;
use atheena_dialects::pass::{NoOptions, Pass};
use atheena_passes::dataflow::{
    apply_foldings, balance_pipeline, convert_ee_to_dataflow, narrow_multipliers, pair_rows, size_buffers,
};
use atheena_passes::golden::golden_of;
use atheena_runtime::golden::Tensor;
use melior::ir::Module;

/// Converts a network to actors that take at most about `cycles` a sample, with rows in pairs or not. Returns the graph, and the streams at its ends.
fn graph(
    text: &str,
    cycles: f64,
    buffers: &size_buffers::Options,
    row_pairs: bool,
) -> (String, Stream, Stream, usize) {
    let context = atheena_dialects::context();
    let module = Module::parse(&context, text).unwrap_or_else(|| panic!("the network is valid:\n{text}"));
    let module = Op::of_module(&module);
    let options = convert_ee_to_dataflow::Options { late_fraction: "0.5".to_owned(), ..Default::default() };
    convert_ee_to_dataflow::ConvertEeToDataflow::run(module, &options).expect("there are actors");
    assert!(module.verify(), "{module}");
    let graph = module.walk_named("dataflow.graph")[0];
    narrow_multipliers::NarrowMultipliers::run(graph, &NoOptions)
        .expect("all that is no scale is left alone");
    assert!(
        !row_pairs || pair_rows::pair(dataflow::Graph(graph)).is_some(),
        "rows can't be paired: {module}"
    );
    assert!(module.verify(), "{module}");
    // The smallest foldings that are fast enough; where nothing is, the smallest that are as fast as can be.
    let fastest = dataflow::Graph(graph).actors();
    let fastest =
        fastest.iter().map(|a| a.foldings().into_iter().map(|f| a.ii_cycles_at(f)).min().unwrap_or(0));
    let cycles = cycles.max(fastest.max().unwrap_or(0) as f64);
    let options = balance_pipeline::Options { cycles, ..Default::default() };
    balance_pipeline::BalancePipeline::run(graph, &options).expect("no budget");
    apply_foldings::ApplyFoldings::run(graph, &NoOptions).expect("foldings are legal");
    size_buffers::SizeBuffers::run(graph, buffers).expect("buffers have sizes");
    assert!(module.verify(), "{module}");
    let end = |name: &str, operand: bool| {
        let op = graph.walk_named(name)[0];
        let ty = dataflow::Stream::of_value(if operand { op.operands()[0] } else { op.result(0) });
        let shape: Vec<_> = ty.shape.iter().map(|&size| size as usize).collect();
        let sign = if ty.element.unsigned { "u" } else { "" };
        stream(&shape, &format!("{sign}i{}", ty.element.bits), ty.lanes as usize)
    };
    let exits = graph.walk_named("dataflow.merge")[0].operands().len() / 2;
    let mut input = end("dataflow.source", false);
    if row_pairs {
        input.come_side_by_side(2);
    }
    (graph.to_string(), input, end("dataflow.sink", true), exits)
}

/// What the golden model says of a sample.
fn golden(text: &str, samples: &[Vec<i64>]) -> Vec<(Vec<i64>, usize)> {
    let context = atheena_dialects::context();
    let module = Module::parse(&context, text).expect("the network is valid");
    let golden = golden_of(Op::of_module(&module).walk_named("func.func")[0], true).expect("it compiles");
    let run = |sample: &Vec<i64>| {
        let pixels: Vec<u8> = sample.iter().map(|&x| x as u8).collect();
        let outputs = golden.run(&pixels[..]).expect("the sample has the image's size");
        let logits = match &outputs.0[0] {
            Tensor::I8(logits) => logits.iter().map(|&x| x.into()).collect(),
            Tensor::I16(logits) => logits.iter().map(|&x| x.into()).collect(),
            other => panic!("{other:?} are no logits"),
        };
        (logits, outputs.exit_index().expect("the function returns the exit"))
    };
    samples.iter().map(run).collect()
}

/// Compares both on `count` random samples; every exit must be taken.
pub fn check(text: &str, shape: [usize; 3], cycles: f64, count: usize) {
    check_with(text, shape, cycles, count, &Default::default());
}

/// The same, with buffers of these options.
pub fn check_with(text: &str, shape: [usize; 3], cycles: f64, count: usize, buffers: &size_buffers::Options) {
    check_rows(text, shape, cycles, count, buffers, false);
}

fn check_rows(
    text: &str,
    shape: [usize; 3],
    cycles: f64,
    count: usize,
    buffers: &size_buffers::Options,
    row_pairs: bool,
) {
    let samples: Vec<_> = {
        let mut random = Random(5);
        (0..count).map(|_| random.numbers(shape.iter().product(), -128, 127)).collect()
    };
    let expected = golden(text, &samples);
    let (graph, input, output, exits) = graph(text, cycles, buffers, row_pairs);
    for exit in 0..exits {
        assert!(
            expected.iter().any(|(_, taken)| *taken == exit),
            "nothing leaves at exit {exit}: {expected:?}"
        );
    }
    let distinct: std::collections::HashSet<_> = expected.iter().flat_map(|(logits, _)| logits).collect();
    assert!(distinct.len() > 5, "logits that tell nothing: {expected:?}");
    let Some(mut design) = Design::new(&graph, &input, &output, exits) else { return };
    if buffers.slack_samples == 0.0 {
        // Each sample waits for the decision before it, and so pays anew for a stage of adders that tokens do not know of.
        design.tokens = None;
    }
    design.check(&samples, &expected);
}

/// Runs a network of layers that `build` adds, with a dense layer of ten classes behind them, at two foldings.
fn network(shape: [usize; 3], cycles: f64, build: impl Fn(&mut Net, &T) -> T) {
    let mut net = Net::new(17);
    let image = image(shape);
    let last = build(&mut net, &image);
    let last = net.dense(&last, 10);
    let logits = net.logits(&last);
    check(&net.finish(&image, &logits, (10, last.bits)), shape, cycles, 6);
}

/// Rows in pairs, of kernels of one pixel and others, odd and even, with padding above and below that is odd, even and none, at a part of a pixel a beat and at several pixels.
#[test]
fn rows_in_pairs() {
    let windows = |kernel: [usize; 2], pad: [usize; 4]| Windows { kernel, pad, ..Windows::of(1, 0) };
    let pool = |kernel: [usize; 2]| Windows { kernel, stride: kernel, ..Windows::of(1, 0) };
    let cases = [
        (windows([5, 3], [4, 4, 1, 1]), windows([1, 1], [0; 4]), pool([2, 2]), 40.0),
        (windows([3, 3], [1, 1, 1, 1]), windows([3, 1], [0; 4]), pool([2, 5]), 2000.0),
        (windows([2, 2], [1, 0, 0, 1]), windows([4, 3], [1, 2, 2, 0]), pool([4, 5]), 200.0),
        (windows([3, 1], [0; 4]), windows([5, 2], [2, 2, 0, 1]), pool([6, 2]), 20.0),
    ];
    for (first, second, tiles, cycles) in cases {
        let mut net = Net::new(29);
        let image = image([8, 10, 2]);
        let x = net.conv(&image, 3, first, 0);
        let x = net.rescale(&x, 8, Narrow::by(9));
        let x = net.conv(&x, 4, second, 0);
        let x = net.rescale(&x, 8, Narrow::by(9));
        let x = net.table(&x);
        let x = net.max_pool(&x, tiles);
        let x = net.dense(&x, 10);
        let logits = net.logits(&x);
        check_rows(&net.finish(&image, &logits, (10, 8)), [8, 10, 2], cycles, 6, &Default::default(), true);
    }
}

#[test]
fn a_grouped_convolution() {
    network([6, 6, 3], 400.0, |net, x| {
        let x = net.layer(x, 10, 1);
        let groups: Vec<_> = (0..5)
            .map(|group| {
                let part = net.slice(&x, [0, 0, 2 * group], [6, 6, 2]);
                net.layer(&part, 2, 3)
            })
            .collect();
        net.concat(&groups.iter().collect::<Vec<_>>(), 3)
    });
}

/// Foldings are picked as well for many branches as for few: a layer of a group takes 36 * 4 cycles and more.
#[test]
fn many_groups_are_balanced() {
    let mut net = Net::new(17);
    let image = image([6, 6, 3]);
    let x = net.layer(&image, 64, 1);
    let groups: Vec<_> = (0..16)
        .map(|group| {
            let part = net.slice(&x, [0, 0, 4 * group], [6, 6, 4]);
            net.layer(&part, 4, 3)
        })
        .collect();
    let x = net.concat(&groups.iter().collect::<Vec<_>>(), 3);
    let x = net.dense(&x, 10);
    let logits = net.logits(&x);
    let (graph, ..) = graph(&net.finish(&image, &logits, (10, 8)), 600.0, &Default::default(), false);
    // No branch holds a sample of its 144 elements.
    let number = |line: &str, before: &str| -> i64 {
        let rest = line.split(before).last().unwrap_or_default();
        rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
    };
    let held = |line: &str| number(line, "depth = ") * number(line, "lanes = ");
    // Queues are named `<from>_to_<to>_fifo_<operand>`.
    let into_concat = |line: &&str| {
        let to = line.split("_to_").nth(1).and_then(|to| to.split("_fifo_").next());
        line.contains("dataflow.fifo") && to.is_some_and(|to| to.contains("concat"))
    };
    let queues: Vec<_> = graph.lines().filter(into_concat).map(held).collect();
    assert!(queues.len() >= 16 && queues.iter().all(|&elements| elements < 144), "{queues:?}");
}

#[test]
fn branches_of_an_inception_block() {
    network([6, 6, 2], 600.0, |net, x| {
        let a = net.layer(x, 4, 1);
        let b = net.layer(x, 2, 3);
        let c = net.layer(x, 2, 1);
        let c = net.layer(&c, 2, 5);
        let d = net.max_pool(x, Windows::of(3, 1));
        net.concat(&[&a, &b, &c, &d, x], 3)
    });
}

#[test]
fn dense_blocks_and_crops() {
    network([6, 7, 2], 10_000.0, |net, x| {
        let a = net.layer(x, 2, 3);
        let b = net.concat(&[x, &a], 3);
        let c = net.layer(&b, 2, 3);
        let d = net.concat(&[&b, &c], 3);
        // Halves swapped, and rows from both ends.
        let [low, high] = [0, 3].map(|first| net.slice(&d, [0, 0, first], [6, 7, 3]));
        let swapped = net.concat(&[&high, &low], 3);
        let sum = net.add(&swapped, &d);
        let [top, bottom] = [0, 4].map(|first| net.slice(&sum, [first, 1, 0], [2, 5, 6]));
        net.concat(&[&bottom, &top], 1)
    });
}

#[test]
fn products_of_branches() {
    network([6, 6, 2], 400.0, |net, x| {
        let a = net.layer(x, 4, 3);
        let b = net.layer(x, 4, 1);
        let b = net.table(&b);
        let product = net.mul(&a, &b, [0, 0]);
        // An odd row of whole pixels.
        let cropped = net.slice(&product, [0, 0, 0], [6, 5, 4]);
        let other = net.table(&cropped);
        net.mul(&cropped, &other, [-128, 3])
    });
}

/// Each channel times what comes of the whole map, at few and at many channels a beat, the factors in front and behind.
#[test]
fn squeeze_and_excitation() {
    for cycles in [1200.0, 100.0] {
        network([6, 5, 3], cycles, |net, x| {
            let x = net.layer(x, 6, 3);
            let whole = Windows { kernel: [6, 5], ..Windows::of(1, 0) };
            let mean = net.avg_pool(&x, whole, 0);
            let few = net.layer(&mean, 2, 1);
            let factors = net.layer(&few, 6, 1);
            let factors = net.table(&factors);
            let y = net.mul(&x, &factors, [0, -128]);
            // A pixel of the map itself, the last one.
            let last = net.slice(&y, [5, 4, 0], [1, 1, 6]);
            net.mul(&last, &y, [0, 0])
        });
    }
}

#[test]
fn depthwise_with_multipliers_by_channel() {
    network([6, 5, 2], 200.0, |net, x| {
        let x = net.layer(x, 4, 1);
        let windows = Windows { stride: [1, 2], pad: [1, 1, 0, 0], ..Windows::of(3, 0) };
        let sums = net.depthwise(&x, 2, windows, 3);
        let narrow = Narrow { per_channel: true, output_zp: -7, ..Narrow::by(8) };
        let x = net.rescale(&sums, 8, narrow);
        let x = net.table(&x);
        // 1x1, and a channel that is the only one.
        let sums = net.depthwise(&x, 1, Windows::of(1, 0), 0);
        let x = net.rescale(&sums, 8, Narrow::by(6));
        let one = net.slice(&x, [0, 0, 3], [6, 2, 1]);
        let sums = net.depthwise(&one, 3, Windows { dilation: [2, 1], ..Windows::of(2, 0) }, 0);
        net.rescale(&sums, 8, Narrow::by(7))
    });
}

#[test]
fn roundings_as_in_tflite() {
    network([5, 5, 3], 150.0, |net, x| {
        let twice = Narrow { double_round: true, per_channel: true, output_zp: 11, ..Narrow::by(9) };
        let sums = net.conv(x, 4, Windows::of(3, 1), -128);
        let x = net.rescale(&sums, 8, twice);
        let sums = net.depthwise(&x, 1, Windows::of(3, 1), 11);
        let x = net.rescale(&sums, 8, Narrow { shift: 8, ..twice });
        // Without a layer in front: one multiplier, and one a channel.
        let x = net.rescale(&x, 8, Narrow { input_zp: 11, per_channel: false, shift: 1, ..twice });
        net.rescale(&x, 8, Narrow { input_zp: 11, output_zp: -3, shift: 1, ..twice })
    });
}

#[test]
fn averages_at_borders_and_of_everything() {
    network([7, 6, 2], 300.0, |net, x| {
        let x = net.layer(x, 3, 1);
        let a = net.avg_pool(&x, Windows { stride: [2, 1], pad: [1, 1, 1, 1], ..Windows::of(3, 0) }, 0);
        let b = net.avg_pool(&a, Windows { kernel: [2, 3], pad: [1, 0, 0, 2], ..Windows::of(1, 0) }, -9);
        // Padding that counts: as part of the windows, and, of another value, as itself.
        let padded = net.pad(&b, [[1, 0], [1, 1], [0, 0]], 5);
        let c = net.avg_pool(&padded, Windows::of(2, 0), 5);
        let padded = net.pad(&c, [[0, 1], [2, 0], [1, 2]], 100);
        let d = net.max_pool(&padded, Windows::of(2, 1));
        let whole = Windows { kernel: [d.shape[0], d.shape[1]], ..Windows::of(1, 0) };
        let e = net.avg_pool(&d, whole, 3);
        let f = net.max_pool(&d, whole);
        net.concat(&[&e, &f], 3)
    });
}

#[test]
fn dilations_and_padding_in_branches() {
    network([8, 7, 2], 500.0, |net, x| {
        let sums = net.conv(x, 3, Windows { dilation: [2, 3], pad: [2, 2, 3, 3], ..Windows::of(3, 0) }, 0);
        let a = net.rescale(&sums, 8, Narrow::by(9));
        let inner = net.slice(&a, [1, 1, 0], [6, 5, 3]);
        let b = net.pad(&inner, [[1, 1], [1, 1], [0, 0]], 77);
        let sum = net.add(&a, &b);
        // More padding than the kernel reaches.
        let sums = net.conv(&sum, 2, Windows { pad: [2, 0, 1, 3], ..Windows::of(2, 0) }, 1);
        net.rescale(&sums, 8, Narrow::by(8))
    });
}

#[test]
fn activations_of_16_bits() {
    network([5, 4, 2], 150.0, |net, x| {
        let sums = net.conv(x, 3, Windows::of(3, 1), 0);
        let x = net.rescale(&sums, 16, Narrow::by(2));
        let sums = net.conv(&x, 4, Windows::of(3, 1), 0);
        let y = net.rescale(&sums, 16, Narrow { per_channel: true, ..Narrow::by(9) });
        let y = net.clamp(&y, 0, 32767);
        let y = net.max_pool(&y, Windows::of(2, 0));
        let sums = net.depthwise(&y, 1, Windows::of(2, 1), 0);
        let y = net.rescale(&sums, 16, Narrow::by(8));
        net.slice(&y, [0, 0, 1], [5, 4, 3])
    });
}

/// A network with exits, that `build` adds; five classes.
fn with_exits(shape: [usize; 3], cycles: f64, build: impl Fn(&mut Net, &T) -> String) {
    let mut net = Net::new(23);
    let image = image(shape);
    let logits = build(&mut net, &image);
    check(&net.finish(&image, &logits, (5, 8)), shape, cycles, 30);
}

/// Logits of some feature map.
fn classify(net: &mut Net, x: &T) -> T {
    net.dense(x, 5)
}

#[test]
fn values_across_several_exits() {
    with_exits([5, 5, 2], 200.0, |net, x| {
        let a = net.layer(x, 2, 3);
        net.exit(
            "shallow",
            &[&a, x],
            0.6,
            |net, v| classify(net, &v[0]),
            |net, v| {
                let b = net.layer(&v[0], 2, 3);
                // The image and the first layer's result cross two exits more; the second classifier is deeper.
                net.exit(
                    "deep",
                    &[&b, &v[0], &v[1]],
                    0.35,
                    |net, v| {
                        let sum = net.add(&v[0], &v[2]);
                        let pooled = net.max_pool(&sum, Windows { stride: [2; 2], ..Windows::of(3, 0) });
                        let layer = net.layer(&pooled, 3, 1);
                        classify(net, &layer)
                    },
                    |net, v| {
                        let c = net.concat(&[&v[0], &v[2]], 3);
                        net.exit(
                            "last",
                            &[&c, &v[1], &v[2]],
                            0.6,
                            |net, v| classify(net, &v[1]),
                            |net, v| {
                                let d = net.layer(&v[0], 2, 3);
                                let sum = net.add(&v[1], &v[2]);
                                let sum = net.add(&sum, &d);
                                let last = classify(net, &sum);
                                net.logits(&last)
                            },
                        )
                    },
                )
            },
        )
    });
}

#[test]
fn streams_of_different_sources_behind_one_gate() {
    with_exits([6, 6, 1], 300.0, |net, x| {
        let a = net.layer(x, 2, 3);
        let b = net.layer(&a, 2, 3);
        let c = net.max_pool(&b, Windows { stride: [2; 2], ..Windows::of(2, 0) });
        net.exit(
            "exit",
            &[&c, &a, &b],
            0.3,
            |net, v| classify(net, &v[0]),
            |net, v| {
                let table = net.table(&v[1]);
                let sum = net.add(&table, &v[2]);
                let low = net.max_pool(&sum, Windows { stride: [2; 2], ..Windows::of(2, 0) });
                let both = net.concat(&[&low, &v[0]], 3);
                let padded = net.pad(&both, [[1, 0], [0, 1], [0, 0]], 3);
                let layer = net.layer(&padded, 2, 1);
                let last = classify(net, &layer);
                net.logits(&last)
            },
        )
    });
}
