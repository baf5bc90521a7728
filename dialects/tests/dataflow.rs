//! What actors say of their speed and cost, against numbers worked out by hand for layers like those of B-LeNet.

use atheena_dialects::dataflow::{
    Actor, Folding, Graph, Lanes, Matvec, Products, Resources, actor, bottleneck, value_range,
};
use atheena_dialects::ir::Op;
use melior::ir::Module;

/// The first convolution (5x5, padding 4, five outputs), a pool, and a classifier behind an exit.
const LAYERS: &str = r#"
dataflow.graph @net {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <28x28x1xui8, lanes = 1>, <1xi16, lanes = 1>
  %w = dataflow.window "window" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 5, 5>, pad = array<i64: 4, 4, 4, 4>,
      pad_value = 0 : i64, reach = 1.0 : f64, stride = array<i64: 1, 1>} : <28x28x1xui8, lanes = 1> -> <32x32x25xui8, lanes = 25>
  %c = dataflow.matvec "conv" %w {bias = dense<0> : tensor<5xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64,
      multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 11>,
      weights = dense<-100> : tensor<5x5x5x1xi8>} : <32x32x25xui8, lanes = 25> -> <32x32x5xi8, lanes = 1>
  %v = dataflow.window "pool_window" %c {dilation = array<i64: 1, 1>, kernel = array<i64: 4, 4>, pad = array<i64: 0, 0, 0, 0>,
      pad_value = -128 : i64, reach = 1.0 : f64, stride = array<i64: 4, 4>} : <32x32x5xi8, lanes = 1> -> <8x8x80xi8, lanes = 16>
  %p = dataflow.pool "pool" %v {kernel = array<i64: 4, 4>, kind = "max", multiplier = 1 : i32, reach = 0.5 : f64, shift = 0 : i32}
      : <8x8x80xi8, lanes = 16> -> <8x8x5xi8, lanes = 1>
  %d = dataflow.matvec "dense" %p {bias = dense<0> : tensor<10xi32>, channel_lanes = 5 : i64, max = 127 : i64, min = -128 : i64,
      multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 0.5 : f64, shift = array<i32: 8>,
      weights = dense<-100> : tensor<10x8x8x5xi8>} : <8x8x5xi8, lanes = 1> -> <1x1x10xi8, lanes = 1>
  %l:2 = dataflow.fork "copies" %d {reach = 0.5 : f64}
      : <1x1x10xi8, lanes = 1> -> !dataflow.stream<1x1x10xi8, lanes = 1>, !dataflow.stream<1x1x10xi8, lanes = 1>
  %t = dataflow.decide "decide" %l#0 {confidence = #ee.max_softmax<threshold = 0.9>, reach = 0.5 : f64}
      : <1x1x10xi8, lanes = 1> -> <1xi1, lanes = 1>
  %g = dataflow.gate "gate" %l#1, %t {depth = 20 : i64, pass_when = true, reach = 0.5 : f64}
      : <1x1x10xi8, lanes = 1>, <1xi1, lanes = 1> -> <1x1x10xi8, lanes = 1>
  %o, %ot, %e = dataflow.merge "merge" %g tags %tag {reach = 1.0 : f64} : !dataflow.stream<1x1x10xi8, lanes = 1>
      tags !dataflow.stream<1xi16, lanes = 1> -> <1x1x10xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %o, %ot, %e {reach = 1.0 : f64} : <1x1x10xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
"#;

/// Runs a check on the graph.
fn with_graph(check: impl Fn(Graph<'_>)) {
    with_graph_of(LAYERS, check);
}

fn with_graph_of(text: &str, check: impl Fn(Graph<'_>)) {
    let context = atheena_dialects::context();
    let module = Module::parse(&context, text).expect("the graph is valid");
    check(Graph(Op::of_module(&module).walk_named(Graph::NAME)[0]));
}

fn find<'c>(graph: Graph<'c>, label: &str) -> Box<dyn Actor<'c> + 'c> {
    graph.actors().into_iter().find(|actor| actor.label() == label).expect("there is such an actor")
}

/// A folding of a matvec whose weights are in as many block RAMs as they like.
fn made(simd: i64, pe: i64) -> Folding {
    Folding::Matvec { simd, pe, blocks: i64::MAX, products: Products::Dsp, reuse: 1 }
}

/// Inputs and outputs a cycle of the foldings of a matvec.
fn lanes_of(foldings: &[Folding]) -> Vec<(i64, i64)> {
    let mut lanes: Vec<_> = (foldings.iter())
        .map(|folding| match folding {
            Folding::Matvec { simd, pe, .. } => (*simd, *pe),
            Folding::Lanes(lanes) => (*lanes, 0),
        })
        .collect();
    lanes.dedup();
    lanes
}

#[test]
fn initiation_intervals_at_folding_one() {
    with_graph(|graph| {
        let ii = |label| find(graph, label).ii_cycles();
        assert_eq!(ii("source"), 784);
        // 28 + 4 rows of as many columns: the padding behind a row is that before the next one.
        assert_eq!(ii("window"), 32 * 32);
        // 1024 positions; 25 inputs at once; five outputs one after the other.
        assert_eq!(ii("conv"), 1024 * 5);
        assert_eq!(ii("pool_window"), 32 * 32 * 5);
        assert_eq!(ii("pool"), 64 * 5);
        assert_eq!(ii("dense"), 320 * 10);
        assert_eq!(ii("decide"), 10);
        assert_eq!(ii("gate"), 10);
        assert_eq!(ii("merge"), 10);
        assert_eq!(ii("sink"), 10);
    });
}

#[test]
fn initiation_intervals_shrink_with_folding() {
    with_graph(|graph| {
        let at = |label, folding| find(graph, label).ii_cycles_at(folding);
        assert_eq!(at("pool_window", Folding::Lanes(5)), 32 * 32);
        assert_eq!(at("conv", made(25, 5)), 1024);
        assert_eq!(at("conv", made(5, 1)), 1024 * 5 * 5);
        assert_eq!(at("dense", made(5, 2)), 64 * 5);
        assert_eq!(at("decide", Folding::Lanes(5)), 2);
    });
}

#[test]
fn latencies_are_to_the_first_beat() {
    with_graph(|graph| {
        let latency = |label| find(graph, label).latency_cycles();
        // All of the first window but its last element is padding; two registers.
        assert_eq!(latency("window"), 2);
        // Three rows of 32 and three columns, of five channels, come before the first window's last column.
        assert_eq!(latency("pool_window"), (3 * 32 + 3) * 5 + 2);
        // A vector is one beat, used for five cycles; seven stages.
        assert_eq!(latency("conv"), 5 + 7);
        assert_eq!(latency("dense"), 3200 + 7);
    });
}

#[test]
fn foldings_divide() {
    with_graph(|graph| {
        let lanes = |label| find(graph, label).foldings();
        // Channels, or with a stride of 4 one window of 4 pixels, two of 8, three and so on up to a row of 32 pixels of five channels.
        assert_eq!(lanes("pool_window"), [1, 5, 20, 40, 60, 80, 160].map(Folding::Lanes));
        assert_eq!(lanes("decide"), [1, 2, 5, 10].map(Folding::Lanes));
        // SIMD divides the 25 elements of a window, PE the five outputs, or is two in three groups; or all of them of 2, 3, 4, 6, ... 32 windows.
        let conv = lanes_of(&find(graph, "conv").foldings());
        let of_one = [(1, 1), (1, 2), (5, 1), (1, 5), (5, 2), (25, 1), (5, 5), (25, 2), (25, 5)];
        let of_several = [2, 3, 4, 6, 8, 12, 16, 32].map(|windows| (25 * windows, 5 * windows));
        assert_eq!(conv, [&of_one[..], &of_several].concat());
        // A vector that is a whole map of 8x8x5 comes by 1 or 5 channels, or by 2, 3, 4 or 8 pixels, of three with a beat of two at the end of each row; of ten outputs there are 1, 2, 3, 5 or 10 at once.
        let dense = lanes_of(&find(graph, "dense").foldings());
        assert_eq!(dense.len(), 6 * 5);
        assert_eq!(dense[0], (1, 1));
        let window = find(graph, "window");
        assert_eq!(window.lanes_at(Folding::Lanes(1)), Lanes { inputs: vec![1], outputs: vec![25] });
    });
}

#[test]
fn weights_and_tables_take_memory() {
    with_graph(|graph| {
        // One weight of a byte a cycle: 3200 bytes are two block RAMs of 2048 x 9.
        let dense = find(graph, "dense");
        assert_eq!(dense.resources().bram18, 2);
        assert_eq!(dense.resources().dsp, 1);
        // Ten weights a cycle: 320 words of 80 bits are three of 512 x 36.
        assert_eq!(dense.resources_at(made(5, 2)).bram18, 3);
        // Two outputs a cycle share the inputs: two products a DSP.
        assert_eq!(dense.resources_at(made(5, 2)).dsp, 5);
        // All products at once: the weights are constants.
        let conv = find(graph, "conv").resources_at(made(25, 5));
        assert_eq!((conv.dsp, conv.bram18), (0, 0));
        // A table of 256 entries of 17 bits is four LUTs a bit.
        assert_eq!(find(graph, "decide").resources(), Resources::logic(87 + 68, 140 + 17));
        // Four samples of ten logits of eight bits fit into LUTs, 512 do not: 5120 bytes are three of 2048 x 9.
        let gate = find(graph, "gate");
        assert_eq!(gate.resources_holding_at(gate.folding(), 4).bram18, 0);
        assert_eq!(gate.resources_holding_at(gate.folding(), 512).bram18, 3);
        let sum: Resources = graph.actors().iter().map(|actor| actor.resources()).sum();
        assert_eq!(graph.resources(), sum);
    });
}

#[test]
fn the_bottleneck_counts_only_samples_that_come() {
    with_graph(|graph| {
        // The convolution takes 5120 cycles of every sample; so does the pool's window, which stands behind it.
        let most = bottleneck(graph).expect("the graph has actors");
        assert_eq!((most.label.as_str(), most.cycles_per_sample), ("conv", 5120.0));
        // The dense layer's 3200 count half.
        let dense = find(graph, "dense");
        assert_eq!(dense.ii_cycles() as f64 * dense.reach(), 1600.0);
    });
}

#[test]
fn vectors_are_in_the_order_of_the_window() {
    let context = atheena_dialects::context();
    // Weights [1, 1, 2, 4] of a window of 1x2 with two lanes: taps of channels 0 and 1, then of 2 and 3. So 10, 11, 20, 21, 12, 13, 22, 23.
    let text = r#"dataflow.graph @net {
      %x, %tag = dataflow.source "source" : <1x1x8xi8, lanes = 4>, <1xi16, lanes = 1>
      %m = dataflow.matvec "m" %x {bias = dense<0> : tensor<1xi32>, channel_lanes = 2 : i64, max = 127 : i64, min = -128 : i64,
          multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 0>,
          weights = dense<[[[[10, 11, 12, 13], [20, 21, 22, 23]]]]> : tensor<1x1x2x4xi8>} : <1x1x8xi8, lanes = 4> -> <1x1x1xi8, lanes = 1>
      %o, %ot, %e = dataflow.merge "merge" %m tags %tag : !dataflow.stream<1x1x1xi8, lanes = 1>
          tags !dataflow.stream<1xi16, lanes = 1> -> <1x1x1xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
      dataflow.sink "sink" %o, %ot, %e : <1x1x1xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
    }"#;
    let module = Module::parse(&context, text).expect("the graph is valid");
    let op = Op::of_module(&module).walk_named(Matvec::NAME)[0];
    let matvec = Matvec::cast(op).expect("the operation is a matvec");
    assert_eq!(matvec.places(), [0, 1, 4, 5, 2, 3, 6, 7]);
    assert!(actor(op).is_some_and(|actor| actor.beats() == 2));
}

/// Of windows next to each other, elements of the same column are in one place, and others are not.
#[test]
fn vectors_share_places() {
    let context = atheena_dialects::context();
    let places = |stride: i64, windows: i64| {
        let text = format!(
            r#"dataflow.graph @net {{
              %x, %tag = dataflow.source "source" : <2x8x2xi8, lanes = {lanes}>, <1xi16, lanes = 1>
              %w = dataflow.window "w" %x {{kernel = array<i64: 1, 3>, stride = array<i64: 1, {stride}>, dilation = array<i64: 1, 1>,
                  pad = array<i64: 0, 0, 1, 1>, pad_value = 0 : i64}} : <2x8x2xi8, lanes = {lanes}> -> <2x{columns}x6xi8, lanes = {beat}>
              %m = dataflow.matvec "m" %w {{bias = dense<0> : tensor<1xi32>, channel_lanes = 2 : i64, max = 127 : i64, min = -128 : i64,
                  multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 0>,
                  weights = dense<1> : tensor<1x1x3x2xi8>}} : <2x{columns}x6xi8, lanes = {beat}> -> <2x{columns}x1xi8, lanes = {windows}>
              %o, %ot, %e = dataflow.merge "merge" %m tags %tag : !dataflow.stream<2x{columns}x1xi8, lanes = {windows}>
                  tags !dataflow.stream<1xi16, lanes = 1> -> <2x{columns}x1xi8, lanes = {windows}>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
              dataflow.sink "sink" %o, %ot, %e : <2x{columns}x1xi8, lanes = {windows}>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
            }}"#,
            lanes = 2 * stride * windows,
            columns = 8 / stride,
            beat = 6 * windows,
        );
        let module = Module::parse(&context, &text).expect("the graph is valid");
        let op = Op::of_module(&module).walk_named(Matvec::NAME)[0];
        Matvec::cast(op).expect("the operation is a matvec").places_of_vectors()
    };
    assert_eq!(places(1, 1), [0, 1, 2, 3, 4, 5]);
    assert_eq!(places(1, 2), [0, 1, 2, 3, 4, 5, 2, 3, 4, 5, 6, 7]);
    assert_eq!(places(2, 2), [0, 1, 2, 3, 4, 5, 4, 5, 6, 7, 8, 9]);
}

/// Adders of constant weights take inputs of eight bits at once, or in two to four digits, where all outputs of one whole vector are there at once.
#[test]
fn constants_come_in_digits_too() {
    with_graph(|graph| {
        let conv = find(graph, "conv");
        let bits = |simd: i64, pe: i64| {
            let foldings = conv.foldings().into_iter();
            let digits = foldings.filter_map(|folding| match folding {
                Folding::Matvec { products: Products::Digits { bits, .. }, .. } => {
                    Some((conv.lanes_at(folding), bits, conv.ii_cycles_at(folding)))
                }
                _ => None,
            });
            let lanes = Lanes { inputs: vec![simd], outputs: vec![pe] };
            digits.filter(|of| of.0 == lanes).map(|of| (of.1, of.2)).collect::<Vec<_>>()
        };
        // 32 * 32 windows; tables of one bit take less.
        assert_eq!(bits(25, 5), [(4, 2048), (3, 3072), (2, 4096)]);
        assert_eq!([bits(25, 2), bits(5, 5), bits(50, 10)], [vec![], vec![], vec![]]);
        // Fewer bits are fewer LUTs.
        let luts = |products: Products| {
            conv.resources_at(Folding::Matvec { simd: 25, pe: 5, blocks: 0, products, reuse: 1 }).lut
        };
        let of_digits = [4, 3, 2, 1].map(|bits| luts(Products::Digits { bits, lanes: 0, blocks: 0 }));
        assert!(luts(Products::Constants) > of_digits[0] && of_digits.is_sorted_by(|a, b| a > b));
        // Of a long vector the last elements may be in DSP blocks, and others in block RAMs: two digits of 320, of which an eighth is 20 lanes, whole cascades.
        let dense = find(graph, "dense");
        let cost = |lanes, blocks| {
            let products = Products::Digits { bits: 4, lanes, blocks };
            dense.resources_at(Folding::Matvec { simd: 320, pe: 10, blocks: 0, products, reuse: 1 })
        };
        let [alone, in_dsps, in_blocks] = [cost(0, 0), cost(18, 0), cost(0, 4)];
        assert!(in_dsps.lut < alone.lut && in_blocks.lut < alone.lut);
        // Two outputs a DSP block; four tables of ten numbers of 11 bits, for each of four bits, in block RAMs of 36 bits.
        assert_eq!(
            [alone, in_dsps, in_blocks].map(|cost| (cost.dsp, cost.bram18)),
            [(0, 0), (90, 0), (0, 64)]
        );
    });
}

/// Behind a ReLU, padding is in windows only where there is some, and in their maxima not at all, if each has an element that is real.
#[test]
fn maxima_are_of_what_is_no_padding() {
    let padded = LAYERS.replace(
        "kernel = array<i64: 4, 4>, pad = array<i64: 0, 0, 0, 0>",
        "kernel = array<i64: 4, 4>, pad = array<i64: 1, 1, 1, 1>",
    );
    let least_is_no_padding = padded.replace("pad_value = -128", "pad_value = -5");
    let expected = [
        (LAYERS, (0, 127), (0, 127)),
        (&padded, (-128, 127), (0, 127)),
        (&least_is_no_padding, (-5, 127), (-5, 127)),
    ];
    for (text, windows, maxima) in expected {
        with_graph_of(text, |graph| {
            let range = |label| value_range(find(graph, label).op().result(0));
            assert_eq!((range("pool_window"), range("pool")), (windows, maxima));
        });
    }
}
