//! What `dataflow-size-buffers` promises, by the simulation of tokens: at the depths nothing deadlocks, whatever comes when, and
//! with one of them reduced by a beat something does, or throughput falls.

use atheena_dialects::dataflow::{Fifo, Gate, Graph, Stream};
use atheena_dialects::ir::Op;
use atheena_dialects::pass::Pass;
use atheena_passes::dataflow::size_buffers::{Options, SizeBuffers};
use atheena_runtime::tokens::least::{Buffer, LEAST_WORDS, Trial, Verdict};
use atheena_runtime::tokens::{TokenModel, Traffic, draw_exits};
use melior::ir::Module;

/// An exit: 24 cycles a sample in front of it, `10 * 8 = 80` behind it for a quarter of them.
const EXIT: &str = r#"dataflow.graph @net {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <2x2x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %tags:2 = dataflow.fork "tags" %tag {reach = 1.0 : f64} : <1xi16, lanes = 1> -> !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  %xs:2 = dataflow.fork "xs" %x {reach = 1.0 : f64} : <2x2x2xi8, lanes = 1> -> !dataflow.stream<2x2x2xi8, lanes = 1>, !dataflow.stream<2x2x2xi8, lanes = 1>
  %l = dataflow.matvec "early" %xs#0 {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<3x1x1x8xi8>} : <2x2x2xi8, lanes = 1> -> <1x1x3xi8, lanes = 1>
  %ls:2 = dataflow.fork "ls" %l {reach = 1.0 : f64} : <1x1x3xi8, lanes = 1> -> !dataflow.stream<1x1x3xi8, lanes = 1>, !dataflow.stream<1x1x3xi8, lanes = 1>
  %c = dataflow.decide "decide" %ls#0 {confidence = #ee.max_softmax<threshold = 0.9>, reach = 1.0 : f64} : <1x1x3xi8, lanes = 1> -> <1xi1, lanes = 1>
  %cs:4 = dataflow.fork "cs" %c {reach = 1.0 : f64} : <1xi1, lanes = 1> -> !dataflow.stream<1xi1, lanes = 1>, !dataflow.stream<1xi1, lanes = 1>, !dataflow.stream<1xi1, lanes = 1>, !dataflow.stream<1xi1, lanes = 1>
  %taken = dataflow.gate "taken" %ls#1, %cs#0 {depth = 3 : i64, pass_when = true, reach = 1.0 : f64} : <1x1x3xi8, lanes = 1>, <1xi1, lanes = 1> -> <1x1x3xi8, lanes = 1>
  %tag_taken = dataflow.gate "tag_taken" %tags#0, %cs#1 {depth = 1 : i64, pass_when = true, reach = 1.0 : f64} : <1xi16, lanes = 1>, <1xi1, lanes = 1> -> <1xi16, lanes = 1>
  %tag_stay = dataflow.gate "tag_stay" %tags#1, %cs#2 {depth = 1 : i64, pass_when = false, reach = 1.0 : f64} : <1xi16, lanes = 1>, <1xi1, lanes = 1> -> <1xi16, lanes = 1>
  %stay = dataflow.gate "stay" %xs#1, %cs#3 {depth = 8 : i64, pass_when = false, reach = 1.0 : f64} : <2x2x2xi8, lanes = 1>, <1xi1, lanes = 1> -> <2x2x2xi8, lanes = 1>
  %h = dataflow.matvec "hidden" %stay {bias = dense<0> : tensor<10xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 0.25 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<10x1x1x8xi8>} : <2x2x2xi8, lanes = 1> -> <1x1x10xi8, lanes = 1>
  %late = dataflow.matvec "late" %h {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 0.25 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<3x1x1x10xi8>} : <1x1x10xi8, lanes = 1> -> <1x1x3xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %taken, %late tags %tag_taken, %tag_stay {reach = 1.0 : f64} : !dataflow.stream<1x1x3xi8, lanes = 1>, !dataflow.stream<1x1x3xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi16, lanes = 1> -> <1x1x3xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <1x1x3xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}"#;

/// A residual link around a product that needs all of a sample.
const BRANCHES: &str = r#"dataflow.graph @net {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <2x2x8xi8, lanes = 1>, <1xi16, lanes = 1>
  %xs:2 = dataflow.fork "xs" %x {reach = 1.0 : f64} : <2x2x8xi8, lanes = 1> -> !dataflow.stream<2x2x8xi8, lanes = 1>, !dataflow.stream<2x2x8xi8, lanes = 1>
  %v = dataflow.matvec "slow" %xs#1 {bias = dense<0> : tensor<8xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<8x1x1x8xi8>} : <2x2x8xi8, lanes = 1> -> <2x2x8xi8, lanes = 1>
  %s = dataflow.add "sum" %xs#0, %v {reach = 1.0 : f64} : <2x2x8xi8, lanes = 1>, <2x2x8xi8, lanes = 1> -> <2x2x8xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %s tags %tag {reach = 1.0 : f64} : !dataflow.stream<2x2x8xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <2x2x8xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <2x2x8xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}"#;

/// Each channel of a map times what comes of the map behind windows of 5x5 on 6x6 pixels, which hold back 14 of 36 steps.
const SPREAD: &str = r#"dataflow.graph @net {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <6x6x2xi8, lanes = 2>, <1xi16, lanes = 1>
  %xs:2 = dataflow.fork "xs" %x {reach = 1.0 : f64} : <6x6x2xi8, lanes = 2> -> !dataflow.stream<6x6x2xi8, lanes = 2>, !dataflow.stream<6x6x2xi8, lanes = 2>
  %w = dataflow.window "windows" %xs#1 {dilation = array<i64: 1, 1>, kernel = array<i64: 5, 5>, pad = array<i64: 2, 2, 2, 2>, pad_value = 0 : i64, reach = 1.0 : f64, stride = array<i64: 1, 1>} : <6x6x2xi8, lanes = 2> -> <6x6x50xi8, lanes = 50>
  %m = dataflow.pool "maxima" %w {kernel = array<i64: 5, 5>, kind = "max", multiplier = 1 : i32, reach = 1.0 : f64, shift = 0 : i32} : <6x6x50xi8, lanes = 50> -> <6x6x2xi8, lanes = 2>
  %p = dataflow.tile_pool "pool" %m {kernel = array<i64: 6, 6>, kind = "max", multiplier = 1 : i32, reach = 1.0 : f64, shift = 0 : i32} : <6x6x2xi8, lanes = 2> -> <1x1x2xi8, lanes = 2>
  %s = dataflow.mul "product" %xs#0, %p {reach = 1.0 : f64} : <6x6x2xi8, lanes = 2>, <1x1x2xi8, lanes = 2> -> <6x6x2xi8, lanes = 2>
  %d, %t, %e = dataflow.merge "merge" %s tags %tag {reach = 1.0 : f64} : !dataflow.stream<6x6x2xi8, lanes = 2> tags !dataflow.stream<1xi16, lanes = 1> -> <6x6x2xi8, lanes = 2>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <6x6x2xi8, lanes = 2>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}"#;

/// An exit behind three windows of 5x5 on maps of 6x6, which hold back 14 of 36 steps each.
fn windows() -> String {
    let map = "6x6x2xi8, lanes = 2";
    let mut text = EXIT.replace("2x2x2xi8, lanes = 1", map);
    let mut before = "%xs#0".to_owned();
    let mut layers = String::new();
    for index in 0..3 {
        layers += &format!(
            r#"%w{index} = dataflow.window "window{index}" {before} {{dilation = array<i64: 1, 1>, kernel = array<i64: 5, 5>, pad = array<i64: 2, 2, 2, 2>, pad_value = 0 : i64, reach = 1.0 : f64, stride = array<i64: 1, 1>}} : <{map}> -> <6x6x50xi8, lanes = 50>
  %m{index} = dataflow.matvec "layer{index}" %w{index} {{bias = dense<0> : tensor<2xi32>, channel_lanes = 2 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<2x5x5x2xi8>}} : <6x6x50xi8, lanes = 50> -> <{map}>
  "#
        );
        before = format!("%m{index}");
    }
    text = text.replace(
        "  %l = dataflow.matvec \"early\" %xs#0",
        &format!("  {layers}%l = dataflow.matvec \"early\" {before}"),
    );
    // The layers that take all of a map.
    text.replace("tensor<3x1x1x8xi8>} : <6x6", "tensor<3x1x1x72xi8>} : <6x6")
        .replace("tensor<10x1x1x8xi8>} : <6x6", "tensor<10x1x1x72xi8>} : <6x6")
        .replace("\"stay\" %xs#1, %cs#3 {depth = 8", "\"stay\" %xs#1, %cs#3 {depth = 36")
}

/// Two layers of 3x3 on 4x4 pixels of 64 elements, one a beat; both take `16 * 64 * 64 = 65 536` cycles a sample, and read each
/// pixel's 64 beats of windows at once, for one output after the other.
fn layers_of_many_channels() -> String {
    let layer = |index: usize, input: &str| {
        format!(
            r#"  %w{index} = dataflow.window "window{index}" {input} {{dilation = array<i64: 1, 1>, kernel = array<i64: 3, 3>, pad = array<i64: 1, 1, 1, 1>, pad_value = 0 : i64, reach = 1.0 : f64, stride = array<i64: 1, 1>}} : <4x4x64xi8, lanes = 1> -> <4x4x576xi8, lanes = 9>
  %m{index} = dataflow.matvec "layer{index}" %w{index} {{bias = dense<0> : tensor<64xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<64x3x3x64xi8>}} : <4x4x576xi8, lanes = 9> -> <4x4x64xi8, lanes = 1>
"#
        )
    };
    format!(
        r#"dataflow.graph @net {{
  %x, %tag = dataflow.source "source" {{reach = 1.0 : f64}} : <4x4x64xi8, lanes = 1>, <1xi16, lanes = 1>
{}{}  %d, %t, %e = dataflow.merge "merge" %m1 tags %tag {{reach = 1.0 : f64}} : !dataflow.stream<4x4x64xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <4x4x64xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {{reach = 1.0 : f64}} : <4x4x64xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}}"#,
        layer(0, "%x"),
        layer(1, "%m0")
    )
}

/// The model of a graph with buffers, and the depths of its gates and queues, in beats.
fn sized(graph: &str, options: &Options) -> (TokenModel, Vec<(String, i64)>) {
    let context = atheena_dialects::context();
    let module = Module::parse(&context, graph).expect("the graph is well-formed");
    let op = Op::of_module(&module).walk_named(Graph::NAME)[0];
    SizeBuffers::run(op, options).expect("buffers have sizes");
    let depth = |op: Op<'_>| {
        let of_gate = Gate::cast(op).map(Gate::depth);
        of_gate.or(Fifo::cast(op).map(Fifo::depth))
    };
    let label = |op: Op<'_>| op.attr("label").and_then(|label| label.to_string_value());
    let depths = op.body().ops().into_iter().filter_map(|op| Some((label(op)?, depth(op)?))).collect();
    (TokenModel::of(Graph(op)).expect("the graph is an accelerator"), depths)
}

/// Orders of exits: all that stay, runs, alternation, and random ones.
fn orders(exits: usize) -> Vec<Vec<usize>> {
    let last = exits - 1;
    let mut orders = vec![vec![last; 24], vec![0; 24]];
    orders.push([vec![last; 12], vec![0; 12]].concat());
    orders.push([vec![0; 12], vec![last; 12]].concat());
    orders.push((0..24).map(|sample| if sample % 2 == 0 { 0 } else { last }).collect());
    orders.extend((0..10).map(|seed| draw_exits(&[1.0, 0.5][..exits.min(2)], 24, seed)));
    orders
}

/// Does any order, under any of some patterns of stalls, end in a deadlock?
fn deadlocks(model: &TokenModel) -> bool {
    let patterns = (0..8).map(|seed| Traffic {
        stall: [0.0, 0.2, 0.5, 0.8][seed as usize % 4],
        seed,
        burst_cycles: if seed > 4 { 200 } else { 0 },
        arrivals: vec![],
    });
    let orders = orders(model.exits());
    patterns.into_iter().any(|traffic| orders.iter().any(|order| model.run(order, &traffic).deadlock))
}

#[test]
fn nothing_deadlocks_at_the_depths_of_the_pass() {
    for graph in [EXIT, BRANCHES, SPREAD, &windows()] {
        for options in
            [Options::default(), Options { slack_samples: 0.0, queue_samples: 0.0, ..Options::default() }]
        {
            assert!(!deadlocks(&sized(graph, &options).0));
        }
    }
}

/// A gate holds a sample: 8 elements, or 3 logits. With a beat less, one that is dropped is never there.
#[test]
fn gates_of_a_beat_less_than_a_sample_deadlock() {
    let (model, _) = sized(EXIT, &Options::default());
    for (gate, beats) in [("stay", 8), ("taken", 3)] {
        let mut least = model.clone();
        assert!(least.set_room(gate, 0, beats));
        assert!(!deadlocks(&least), "{gate}");
        assert!(least.set_room(gate, 0, beats - 1));
        assert!(deadlocks(&least), "{gate}");
    }
}

/// The product takes 8 elements before it gives one, so as many pass it by; the registers of the fork and those in front of the sum
/// hold four of them, and the queue the rest.
#[test]
fn queues_of_a_beat_less_than_their_branch_holds_back_deadlock() {
    let (mut model, depths) = sized(BRANCHES, &Options::default());
    let (queue, depth) = depths.iter().find(|(label, _)| label.contains("sum")).expect("there is a queue");
    let least = (2..=*depth as u64).find(|&beats| {
        model.set_room(queue, 0, beats);
        !deadlocks(&model)
    });
    let least = least.expect("the pass's depth is enough");
    assert!(least <= 8, "{least}");
    if least > 2 {
        model.set_room(queue, 0, least - 1);
        assert!(deadlocks(&model));
    }
}

/// The windows on the way to the decision wait for 14 of the next sample's 36 pixels each, and a place of a window is one of its
/// layer's. So a sample alone in the gate never leaves it, and one with what the windows wait for does.
#[test]
fn a_gate_in_front_of_windows_holds_what_they_wait_for() {
    let (model, depths) =
        sized(&windows(), &Options { slack_samples: 0.0, queue_samples: 0.0, ..Options::default() });
    let (_, depth) = depths.iter().find(|(label, _)| label == "stay").expect("there is a gate");
    let lag = 3 * 14;
    assert!(*depth >= 36 + lag, "{depth}");
    let mut least = model.clone();
    least.set_room("stay", 0, 36 + lag as u64);
    assert!(!deadlocks(&least));
    least.set_room("stay", 0, 36 + 2);
    assert!(deadlocks(&least), "a sample and the slack of the pass are not enough");
}

/// A sum of two products, of which one takes sixteen vectors before it gives the first of them, in less time than it takes the other one to give its
/// fifteen pixels, 32 beats each: those wait, as the latency of the slow one says.
#[test]
fn vectors_that_use_weights_together_hold_back_pixels() {
    let (fast, wide, narrow) = ("8x8x8xi8, lanes = 4", "8x8x32xi8, lanes = 32", "8x8x32xi8, lanes = 1");
    let layer = |name: &str, input: usize, more: &str| {
        format!(
            r#"  %{name} = dataflow.matvec "{name}" %xs#{input} {{bias = dense<0> : tensor<32xi32>, channel_lanes = 4 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, {more}shift = array<i32: 4>, weights = dense<1> : tensor<32x1x1x8xi8>}} : <{fast}> -> <{wide}>
  %{name}_beats = dataflow.resize "{name}_beats" %{name} {{reach = 1.0 : f64}} : <{wide}> -> <{narrow}>
"#
        )
    };
    let slow = BRANCHES.lines().find(|line| line.contains("\"slow\"")).expect("there is a product");
    let layers = layer("quick", 0, "") + &layer("together", 1, "reuse = 16 : i64, ");
    let graph =
        BRANCHES.replace(slow, &layers).replace("\"sum\" %xs#0, %v", "\"sum\" %quick_beats, %together_beats");
    let is_of_input = |line: &&str| line.contains("\"source\"") || line.contains("\"xs\"");
    let of_line = |line: &str| match is_of_input(&line) {
        true => line.replace("2x2x8xi8, lanes = 1", fast) + "\n",
        false => line.replace("2x2x8xi8, lanes = 1", narrow) + "\n",
    };
    let graph: String = graph.lines().map(of_line).collect();
    let (mut model, depths) = sized(&graph, &Options::default());
    assert!(!deadlocks(&model));
    let (queue, depth) = depths.iter().find(|(label, _)| label.contains("sum_fifo_0")).expect("a queue");
    assert!(*depth >= 15 * 32, "{depth}");
    // Two pixels, and what comes in the time of sixteen vectors of two beats.
    model.set_room(queue, 0, 2 * 32 + 16 * 2);
    assert!(deadlocks(&model));
}

/// The pixel comes of all 36 pixels of the map, and the windows on its way wait for 14 of the next one: all those pass it by.
#[test]
fn a_map_that_waits_for_a_pixel_holds_all_of_itself() {
    let (mut model, depths) = sized(SPREAD, &Options::default());
    let find = |part: &str| depths.iter().find(|(label, _)| label.contains(part)).expect("there is a queue");
    let (queue, depth) = find("product_fifo_0");
    assert!(*depth >= 36 + 14, "{depth}");
    let least = (2..=*depth as u64).find(|&beats| {
        model.set_room(queue, 0, beats);
        !deadlocks(&model)
    });
    let least = least.expect("the pass's depth is enough");
    assert!(36 < least && least <= 36 + 14, "{least}");
}

/// At the least depths that calm traffic asks for nothing is slower than at those of the pass, nor stops under stalls; with a beat less of any one something is.
#[test]
fn a_beat_less_than_the_least_stops_or_slows() {
    let mut told = String::new();
    for (name, graph) in [("exit", EXIT), ("branches", BRANCHES), ("spread", SPREAD), ("windows", &windows())]
    {
        let (mut model, depths) = sized(graph, &Options::default());
        let buffers =
            depths.iter().map(|(label, beats)| Buffer { label: label.clone(), beats: *beats as u64 });
        let buffers: Vec<Buffer> = buffers.collect();
        let calm =
            orders(model.exits()).into_iter().map(|exits| Trial { exits, traffic: Traffic::default() });
        let trials: Vec<Trial> = calm.collect();
        let cycles = |model: &TokenModel| trials.iter().map(|trial| model.try_out(trial)).collect::<Vec<_>>();
        let before = cycles(&model);
        let least = model.shrink(&buffers, &trials);
        let at_least = cycles(&model);
        for (now, before) in at_least.iter().zip(&before) {
            let (Verdict::Through(now), Verdict::Through(before)) = (now, before) else { panic!("deadlock") };
            assert!(now <= before);
        }
        assert!(!deadlocks(&model), "{name}: the least depths deadlock under stalls");
        for (Buffer { label, beats }, Buffer { beats: by_pass, .. }) in least.iter().zip(&buffers) {
            assert!(beats <= by_pass);
            if *beats <= LEAST_WORDS {
                told += &format!("{name}: {label}: {by_pass} by the pass, the smallest memory is enough\n");
                continue;
            }
            let mut less = model.clone();
            less.set_room(label, 0, beats - 1);
            let worse = |verdict: &Verdict, at_least: &Verdict| match (verdict, at_least) {
                (Verdict::Deadlock, _) => Some("stops"),
                (Verdict::Through(now), Verdict::Through(before)) if now > before => Some("is slower"),
                _ => None,
            };
            let verdicts = cycles(&less);
            let found: Vec<&str> =
                verdicts.iter().zip(&before).filter_map(|(verdict, before)| worse(verdict, before)).collect();
            assert!(!found.is_empty(), "{name}: {label} with {beats} beats could be smaller");
            let what = if found.contains(&"stops") { "stops" } else { "is slower" };
            told += &format!(
                "{name}: {label}: {by_pass} by the pass, {beats} at least: with a beat less it {what}\n"
            );
        }
    }
    println!("{told}");
}

/// Bursts cost at most what is allowed, and with a place less they cost more.
#[test]
fn queues_at_exits_keep_the_loss_below_the_bound() {
    let sample =
        Stream { shape: vec![2, 2, 2], element: atheena_dialects::dataflow::Element::signed(8), lanes: 1 };
    let order = draw_exits(&[1.0, 0.25], 4096, 3);
    let cycles = |model: &TokenModel| {
        let outcome = model.run(&order, &Traffic::default());
        outcome.cycles_per_sample.expect("there are many samples")
    };
    let (mut model, depths) = sized(EXIT, &Options { max_loss: 0.02, ..Options::default() });
    let (queue, depth) = depths.iter().find(|(label, _)| label.contains("hidden")).expect("there is a queue");
    let at_the_depth = cycles(&model) / 24.0 - 1.0;
    assert!(at_the_depth < 0.02, "{at_the_depth}");
    model.set_room(queue, 0, (*depth - 2 * sample.beats()) as u64);
    let below = cycles(&model) / 24.0 - 1.0;
    assert!(below > 0.02, "{below} with two samples less than {depth} beats, {at_the_depth} with them");
}

/// A layer that reads a pixel several times takes all of it at once and then nothing for as long as it works; meanwhile the layer in front of
/// it, which is as fast, goes on. With a beat less than a pixel in the queue between them neither is as fast as it can be.
#[test]
fn a_pixel_fits_between_layers() {
    let cycles = |model: &TokenModel| {
        let outcome = model.run(&[0; 24], &Traffic::default());
        outcome.cycles_per_sample.expect("there are many samples")
    };
    let (mut model, _) = sized(&layers_of_many_channels(), &Options::default());
    assert_eq!(cycles(&model), 65_536.0);
    model.set_room("layer0_to_window1_fifo_0", 0, 32);
    assert!(cycles(&model) > 70_000.0, "{} with half a pixel", cycles(&model));
}

/// Half of the samples go on, to what takes 80 cycles: 40 a sample, and the queue in front of it is full in the long run. So few samples
/// would not fill it; those that come first do.
#[test]
fn few_samples_are_as_slow_as_many() {
    let graph = EXIT.replace("reach = 0.25", "reach = 0.5");
    let (model, _) = sized(&graph, &Options { queue_samples: 30.0, ..Options::default() });
    let exits = draw_exits(model.reach(), 16, 1);
    let cycles = model.run_steady(&exits, &Traffic::default()).cycles_per_sample;
    assert_eq!(cycles, Some(40.0));
    let alone = model.run(&exits, &Traffic::default()).cycles_per_sample;
    assert!(alone.is_some_and(|alone| !(39.0..=41.0).contains(&alone)), "{alone:?}");
}
