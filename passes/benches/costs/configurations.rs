//! The designed set of configurations: a few factors of each kind of actor, each at several values.

use crate::harness::{self, Random, dense, line, stream};
use atheena_dialects::ee::Confidence;
use atheena_dialects::ir::Ctx;

/// A graph of which actors are measured.
pub struct Configuration {
    pub name: String,
    pub graph: String,
    /// The label of the only one; else all of them.
    pub only: Option<&'static str>,
    /// Does it judge the models, rather than fit them?
    pub held_out: bool,
}

/// All configurations; of each kind every other one is held out.
pub fn configurations() -> Vec<Configuration> {
    let kinds = [
        matvecs(),
        constant_matvecs(),
        windows(),
        pools(),
        tile_pools(),
        fifos(),
        resizes(),
        maps(),
        depthwises(),
        others(),
        exits(),
    ];
    let alternating = |kind: Vec<Configuration>| {
        let numbered = kind.into_iter().enumerate();
        numbered.map(|(number, configuration)| Configuration { held_out: number % 2 == 1, ..configuration })
    };
    kinds.into_iter().flat_map(alternating).collect()
}

/// A layer whose weights are in a memory.
struct Layer {
    inputs: usize,
    outputs: usize,
    simd: usize,
    pe: usize,
    blocks: i64,
    /// Type of the inputs, and what limits them.
    element: &'static str,
    limits: (i64, i64),
    /// The largest weight.
    weight: i64,
    multiplier: i64,
    /// Vectors that use each word of weights.
    reuse: usize,
}

/// Of ordinary inputs and weights.
const ORDINARY: Layer = Layer {
    inputs: 72,
    outputs: 32,
    simd: 9,
    pe: 2,
    blocks: 0,
    element: "i8",
    limits: (-128, 127),
    weight: 127,
    multiplier: 1,
    reuse: 1,
};

fn matvecs() -> Vec<Configuration> {
    let rectified = Layer { limits: (0, 127), ..ORDINARY };
    let layers = [
        Layer { inputs: 64, simd: 1, pe: 1, ..ORDINARY },
        Layer { inputs: 64, simd: 1, pe: 1, blocks: 1, ..ORDINARY },
        Layer { inputs: 300, outputs: 20, simd: 1, pe: 1, blocks: 2, ..rectified },
        Layer { inputs: 300, outputs: 20, simd: 1, pe: 2, blocks: 2, ..rectified },
        Layer { blocks: 4, ..ORDINARY },
        Layer { blocks: 4, ..rectified },
        Layer { pe: 1, element: "ui8", limits: (0, 255), ..ORDINARY },
        Layer { simd: 18, pe: 2, multiplier: 3 << 29, ..rectified },
        Layer { simd: 18, pe: 4, ..ORDINARY },
        Layer { simd: 36, pe: 2, weight: 100, ..rectified },
        Layer { simd: 6, pe: 8, blocks: 11, weight: 60, ..ORDINARY },
        Layer { simd: 3, pe: 16, blocks: 5, ..rectified },
        Layer { simd: 9, pe: 32, ..ORDINARY },
        Layer { simd: 72, pe: 2, ..rectified },
        Layer { outputs: 15, simd: 9, pe: 3, blocks: 2, ..ORDINARY },
        Layer { outputs: 15, simd: 8, pe: 5, ..rectified },
        Layer { pe: 4, element: "i16", limits: (-32768, 32767), ..ORDINARY },
        Layer { simd: 4, pe: 2, element: "i16", limits: (0, 32767), ..ORDINARY },
        Layer { simd: 8, pe: 4, weight: 7, ..rectified },
        Layer { simd: 8, pe: 4, weight: 7, blocks: 4, ..ORDINARY },
        Layer { simd: 4, pe: 4, multiplier: 1_500_000_001, ..rectified },
        Layer { simd: 4, pe: 4, multiplier: 1_234_567_891, ..ORDINARY },
    ];
    let made = |layer: &Layer| {
        // Of many products in LUTs synthesis takes minutes.
        let is_small = (2..=36).contains(&(layer.simd * layer.pe));
        let products = if is_small { &["dsp", "lut"][..] } else { &["dsp"] };
        products.iter().map(|products| layer.configuration(products)).collect::<Vec<_>>()
    };
    // Both ways to multiply are in both halves.
    let (mut in_dsps, mut in_luts) = (vec![], vec![]);
    for mut configurations in layers.iter().map(made) {
        in_luts.extend(configurations.drain(1..));
        in_dsps.append(&mut configurations);
    }
    let serial = [
        (Layer { simd: 72, pe: 32, ..rectified }, "serial:1"),
        (Layer { simd: 72, pe: 16, ..ORDINARY }, "serial:1"),
        (Layer { simd: 72, pe: 8, ..rectified }, "serial:1"),
        (Layer { simd: 72, pe: 8, ..ORDINARY }, "serial:2"),
        (Layer { inputs: 300, outputs: 20, simd: 300, pe: 10, ..rectified }, "serial:1"),
        (Layer { simd: 72, pe: 16, weight: 7, ..rectified }, "serial:2"),
        (Layer { simd: 72, pe: 16, ..rectified }, "serial:3"),
        (Layer { simd: 72, pe: 32, ..rectified }, "serial:4"),
        (Layer { simd: 72, pe: 4, ..ORDINARY }, "serial:1"),
        (Layer { simd: 72, pe: 32, ..rectified }, "serial:1+dsp:3"),
        (Layer { simd: 72, pe: 8, ..ORDINARY }, "serial:1+bram:4"),
        (Layer { inputs: 300, outputs: 20, simd: 300, pe: 10, ..rectified }, "serial:2+dsp:15+bram:10"),
        (Layer { simd: 72, pe: 16, ..ORDINARY }, "serial:3+dsp:6+bram:4"),
    ];
    let in_digits = [
        (Layer { simd: 72, outputs: 10, pe: 10, weight: 60, ..rectified }, "constants:4"),
        (Layer { simd: 72, outputs: 10, pe: 10, weight: 20, ..ORDINARY }, "constants:3"),
        (Layer { inputs: 45, simd: 45, outputs: 10, pe: 10, weight: 90, ..rectified }, "constants:3"),
        (Layer { inputs: 25, simd: 25, outputs: 5, pe: 5, weight: 90, ..ORDINARY }, "constants:4"),
        (Layer { simd: 72, outputs: 10, pe: 10, weight: 7, ..rectified }, "constants:2"),
        (Layer { inputs: 45, simd: 45, outputs: 10, pe: 10, weight: 90, ..ORDINARY }, "constants:1"),
        (Layer { simd: 72, outputs: 10, pe: 10, weight: 60, ..rectified }, "constants:4+dsp:9"),
        (Layer { inputs: 45, simd: 45, outputs: 10, pe: 10, weight: 90, ..ORDINARY }, "constants:3+bram:2"),
        (Layer { simd: 72, outputs: 10, pe: 10, weight: 20, ..ORDINARY }, "constants:2+dsp:6+bram:3"),
    ];
    let large = Layer { inputs: 288, outputs: 48, ..rectified };
    let reused = [
        (Layer { simd: 18, pe: 4, blocks: 8, reuse: 2, ..large }, "dsp"),
        (Layer { simd: 36, pe: 4, blocks: 8, reuse: 4, ..large }, "lut"),
        (Layer { simd: 9, pe: 8, blocks: 5, reuse: 3, ..large }, "lut"),
        (Layer { simd: 18, pe: 4, reuse: 2, ..ORDINARY }, "lut"),
        (Layer { simd: 36, pe: 6, blocks: 12, reuse: 4, ..large }, "dsp"),
    ];
    let others =
        serial.iter().chain(&reused).chain(&in_digits).map(|(layer, products)| layer.configuration(products));
    in_dsps.into_iter().chain(in_luts).chain(others).collect()
}

impl Layer {
    fn configuration(&self, products: &str) -> Configuration {
        let Self { inputs, outputs, simd, pe, blocks, element, weight, multiplier, reuse, .. } = *self;
        let (low, high) = self.limits;
        let shift = if multiplier == 1 { 10 } else { 40 };
        let scale = format!("multiplier = array<i32: {multiplier}>, shift = array<i32: {shift}>");
        let made = format!("{scale}, blocks = {blocks}, products = \"{products}\", reuse = {reuse}");
        let (x, y) = (stream(&[1, reuse, inputs], element, simd), stream(&[1, reuse, outputs], "i8", pe));
        let body = matvec(&[inputs, outputs, simd], weight, (&x.ty, &y.ty), &made, (low, high));
        let name = format!(
            "{inputs} to {outputs}, SIMD {simd}, PE {pe}, inputs {low} to {high}, weights to {weight}, multiplier {multiplier}, {blocks} blocks, {products}{}",
            if reuse > 1 { format!(", reuse {reuse}") } else { String::new() }
        );
        of_line(name, &x, &body, &y)
    }
}

/// Random weights and biases; in front of it a map that limits the inputs.
fn matvec(
    &[inputs, outputs, simd]: &[usize; 3],
    weight: i64,
    (x, y): (&str, &str),
    made: &str,
    (low, high): (i64, i64),
) -> String {
    let mut random = Random(7);
    let weights = random.numbers(inputs * outputs, -weight, weight);
    let bias = random.numbers(outputs, -5000, 5000);
    format!(
        r#"%l = dataflow.map "limit" %x {{input_zp = 0, multiplier = 1 : i32, shift = 0 : i32, output_zp = 0, min = {low}, max = {high}}} : {x} -> {x}
           %y = dataflow.matvec "y" %l {{weights = {}, bias = {}, channel_lanes = {simd}, output_zp = 0, min = -128, max = 127, {made}}} : {x} -> {y}"#,
        dense(&format!("{outputs}x1x1x{inputs}"), 8, &weights),
        dense(&format!("{outputs}"), 32, &bias),
    )
}

/// Layers that are unrolled, of one position a beat or of several.
fn constant_matvecs() -> Vec<Configuration> {
    let of = |(inputs, outputs, positions, weight): (usize, usize, usize, i64)| {
        let shape = |channels: usize| [1, 4, channels];
        let x = stream(&shape(inputs), "i8", inputs * positions);
        let y = stream(&shape(outputs), "i8", outputs * positions);
        let made = "multiplier = array<i32: 1>, shift = array<i32: 10>";
        let body = matvec(&[inputs, outputs, inputs], weight, (&x.ty, &y.ty), made, (0, 127));
        let name = format!("{inputs} to {outputs}, constants to {weight}, {positions} positions");
        of_line(name, &x, &body, &y)
    };
    let layers =
        [(9, 4, 1, 90), (16, 8, 1, 127), (25, 5, 1, 90), (25, 5, 2, 127), (36, 8, 1, 60), (45, 10, 1, 90)];
    layers.into_iter().map(of).collect()
}

fn windows() -> Vec<Configuration> {
    let of = |([height, width, channels], lanes, kernel, stride, pad): (
        [usize; 3],
        usize,
        usize,
        usize,
        usize,
    )| {
        let size = |size: usize| (size + 2 * pad - kernel) / stride + 1;
        let shape = [size(height), size(width), kernel * kernel * channels];
        let positions = if lanes > channels { lanes / stride } else { lanes };
        let (x, y) = (
            stream(&[height, width, channels], "i8", lanes),
            stream(&shape, "i8", positions * kernel * kernel),
        );
        let body = format!(
            r#"%y = dataflow.window "y" %x {{kernel = array<i64: {kernel}, {kernel}>, stride = array<i64: {stride}, {stride}>,
                 dilation = array<i64: 1, 1>, pad = array<i64: {pad}, {pad}, {pad}, {pad}>, pad_value = 0}} : {} -> {}"#,
            x.ty, y.ty
        );
        let name = format!(
            "{height}x{width}x{channels}, {lanes} lanes, kernel {kernel}, stride {stride}, pad {pad}"
        );
        of_line(name, &x, &body, &y)
    };
    let windows = [
        ([12, 12, 4], 1, 3, 1, 0),
        ([12, 12, 4], 2, 3, 1, 1),
        ([28, 28, 1], 1, 5, 1, 4),
        ([28, 28, 1], 4, 5, 1, 4),
        ([16, 16, 8], 8, 3, 1, 1),
        ([16, 16, 8], 4, 2, 2, 0),
        ([16, 16, 16], 4, 5, 1, 2),
        ([32, 32, 3], 3, 3, 1, 1),
        ([32, 32, 8], 1, 2, 2, 0),
        ([24, 24, 2], 8, 2, 2, 0),
    ];
    windows.into_iter().map(of).collect()
}

fn pools() -> Vec<Configuration> {
    let pools = [("max", 2, 1), ("max", 2, 8), ("max", 3, 4), ("max", 4, 2), ("avg", 2, 4), ("avg", 4, 2)];
    pools.into_iter().map(|(kind, kernel, lanes)| pool(kind, kernel, lanes)).collect()
}

/// Pools of tiles of three rows, by parts of a pixel, pixels, and several tiles a beat.
fn tile_pools() -> Vec<Configuration> {
    let pools = [("max", 2, 1), ("max", 4, 4), ("max", 2, 8), ("max", 2, 16), ("avg", 2, 2), ("avg", 2, 16)];
    let pool = |(kind, width, lanes): (&str, usize, usize)| {
        let average = kind == "avg";
        let out = if lanes > 8 { lanes / width } else { lanes };
        let (x, y) = (stream(&[6, 16, 8], "i8", lanes), stream(&[2, 16 / width, 8], "i8", out));
        let body = format!(
            r#"%y = dataflow.tile_pool "y" %x {{kernel = array<i64: 3, {width}>, kind = "{kind}", multiplier = {} : i32, shift = {} : i32}} : {} -> {}"#,
            if average { 43 } else { 1 },
            if average { 8 } else { 0 },
            x.ty,
            y.ty
        );
        of_line(format!("{kind} of 3x{width} tiles, {lanes} lanes"), &x, &body, &y)
    };
    pools.into_iter().map(pool).collect()
}

fn fifos() -> Vec<Configuration> {
    let sizes = [(4, 1), (16, 9), (64, 4), (64, 1), (100, 2), (512, 1), (2048, 1), (600, 8)];
    sizes.into_iter().map(|(depth, lanes)| fifo(depth, lanes)).collect()
}

fn resizes() -> Vec<Configuration> {
    [(1, 8), (8, 1), (9, 72), (72, 9), (4, 2), (2, 4)]
        .into_iter()
        .map(|(from, to)| resize(from, to))
        .collect()
}

fn maps() -> Vec<Configuration> {
    [(1, 1), (1, 1_234_567), (4, 1_234_567), (4, 1)].into_iter().map(|(lanes, by)| map(lanes, by)).collect()
}

fn depthwises() -> Vec<Configuration> {
    [1, 2, 4, 8].into_iter().map(depthwise).collect()
}

fn exits() -> Vec<Configuration> {
    [(10, 1), (10, 5), (4, 4), (20, 2)].into_iter().map(|(classes, lanes)| exit(classes, lanes)).collect()
}

/// Actors with few factors.
fn others() -> Vec<Configuration> {
    let mut all = vec![];
    for lanes in [1, 4] {
        let [x, y] = [[4, 4, 8], [1, 1, 8]].map(|shape| stream(&shape, "i8", lanes));
        let name = |what: &str| format!("{what} of {lanes} lanes");
        let body = format!(
            r#"%y = dataflow.tile_pool "y" %x {{kernel = array<i64: 4, 4>, kind = "avg", multiplier = 1 : i32, shift = 4 : i32, input_zp = 0, output_zp = 0}} : {} -> {}"#,
            x.ty, y.ty
        );
        all.push(of_line(name("mean"), &x, &body, &y));
        let values: Vec<i64> = (-128..128).rev().collect();
        let body = format!(
            r#"%y = dataflow.table "y" %x {{values = {}}} : {} -> {}"#,
            dense("256", 8, &values),
            x.ty,
            x.ty
        );
        all.push(of_line(name("table"), &x, &body, &x));
    }
    for lanes in [1, 4] {
        let [x, padded] = [[4, 4, 8], [5, 7, 8]].map(|shape| stream(&shape, "i8", lanes));
        let name = |what: &str| format!("{what} of {lanes} lanes");
        let body = format!(
            r#"%y = dataflow.pad "y" %x {{before = array<i64: 1, 0, 0>, after = array<i64: 0, 3, 0>, pad_value = -77}} : {} -> {}"#,
            x.ty, padded.ty
        );
        all.push(of_line(name("pad"), &x, &body, &padded));
        let body = format!(
            r#"%y = dataflow.slice "y" %x {{start = array<i64: 1, 3, 0>}} : {} -> {}"#,
            padded.ty, x.ty
        );
        all.push(of_line(name("slice"), &padded, &body, &x));
    }
    for lanes in [1, 4] {
        let [x, both] = [[4, 4, 8], [4, 4, 16]].map(|shape| stream(&shape, "i8", lanes));
        let name = |what: &str| format!("{what} of {lanes} lanes");
        let copies = format!(r#"%a, %b = dataflow.fork "copies" %x : {0} -> {0}, {0}"#, x.ty);
        let body = format!("{copies}\n%y = dataflow.add \"y\" %a, %b : {0}, {0} -> {0}", x.ty);
        all.push(of_line(name("add"), &x, &body, &x));
        let wide = stream(&[4, 4, 8], "i32", lanes);
        let body = format!("{copies}\n%y = dataflow.mul \"y\" %a, %b : {0}, {0} -> {1}", x.ty, wide.ty);
        all.push(of_line(name("mul"), &x, &body, &wide));
        let pixel = stream(&[1, 1, 8], "i8", lanes);
        let body = format!(
            r#"{copies}
               %p = dataflow.tile_pool "pool" %b {{kernel = array<i64: 4, 4>, kind = "max", multiplier = 1 : i32, shift = 0 : i32}} : {0} -> {1}
               %y = dataflow.mul "y" %a, %p {{rhs_zp = -128}} : {0}, {1} -> {2}"#,
            x.ty, pixel.ty, wide.ty
        );
        all.push(of_line(name("mul by a pixel"), &x, &body, &wide));
        let body = format!(
            "{copies}\n%y = dataflow.concat \"y\" %a, %b {{axis = 2}} : {0}, {0} -> {1}",
            x.ty, both.ty
        );
        all.push(of_line(name("concat"), &x, &body, &both));
    }
    all
}

fn of_line(name: String, input: &harness::Stream, body: &str, output: &harness::Stream) -> Configuration {
    Configuration { name, graph: line(input, body, output), only: Some("y"), held_out: false }
}

fn pool(kind: &str, kernel: usize, lanes: usize) -> Configuration {
    let taps = kernel * kernel;
    let (x, y) = (stream(&[4, 4, 8 * taps], "i8", taps * lanes), stream(&[4, 4, 8], "i8", lanes));
    let shift = if kind == "avg" { taps.ilog2() } else { 0 };
    let body = format!(
        "%y = dataflow.pool \"y\" %x {{kind = \"{kind}\", kernel = array<i64: {kernel}, {kernel}>, multiplier = 1 : i32, shift = {shift} : i32}} : {} -> {}",
        x.ty, y.ty
    );
    of_line(format!("pool {kind} {kernel}x{kernel}, {lanes} lanes"), &x, &body, &y)
}

fn fifo(depth: usize, lanes: usize) -> Configuration {
    let x = stream(&[4, 4, 72], "i8", lanes);
    let body = format!("%y = dataflow.fifo \"y\" %x {{depth = {depth}}} : {} -> {}", x.ty, x.ty);
    of_line(format!("fifo of {depth}, {lanes} lanes"), &x, &body, &x)
}

fn resize(from: usize, to: usize) -> Configuration {
    let (x, y) = (stream(&[4, 4, 72], "i8", from), stream(&[4, 4, 72], "i8", to));
    let body = format!("%y = dataflow.resize \"y\" %x : {} -> {}", x.ty, y.ty);
    of_line(format!("resize {from} to {to}"), &x, &body, &y)
}

fn map(lanes: usize, multiplier: i64) -> Configuration {
    let x = stream(&[4, 4, 8], "i8", lanes);
    let shift = if multiplier == 1 { 0 } else { 20 };
    let body = format!(
        "%y = dataflow.map \"y\" %x {{input_zp = 0, multiplier = {multiplier} : i32, shift = {shift} : i32, output_zp = 0, min = 0, max = 127}} : {} -> {}",
        x.ty, x.ty
    );
    of_line(format!("map of {lanes} lanes by {multiplier}"), &x, &body, &x)
}

fn depthwise(lanes: usize) -> Configuration {
    let mut random = Random(8);
    let (x, y) = (stream(&[4, 4, 72], "i8", 9 * lanes), stream(&[4, 4, 8], "i8", lanes));
    let body = format!(
        "%y = dataflow.depthwise \"y\" %x {{weights = {}, bias = {}, multiplier = array<i32: 1>, shift = array<i32: 8>, output_zp = 0, min = -128, max = 127}} : {} -> {}",
        dense("3x3x8x1", 8, &random.numbers(72, -127, 127)),
        dense("8", 32, &random.numbers(8, -2000, 2000)),
        x.ty,
        y.ty
    );
    of_line(format!("depthwise of {lanes} lanes"), &x, &body, &y)
}

/// An exit that decides, and the samples that take it, before those that go on.
fn exit(classes: usize, lanes: usize) -> Configuration {
    let x = stream(&[1, 1, classes], "i8", lanes).ty;
    let context = atheena_dialects::context();
    let confidence = Confidence::max_softmax(0.9).quantized(0.0625, 8, classes).to_attr(Ctx::of(&context));
    let (tag, bit, index) = (harness::TAG, harness::BIT, harness::EXIT);
    let graph = format!(
        r#"dataflow.graph @net {{
          %x, %t = dataflow.source "in" : {x}, {tag}
          %xs:3 = dataflow.fork "copies" %x : {x} -> {x}, {x}, {x}
          %ts:2 = dataflow.fork "tags" %t : {tag} -> {tag}, {tag}
          %d = dataflow.decide "decide" %xs#0 {{confidence = {confidence}}} : {x} -> {bit}
          %ds:4 = dataflow.fork "decisions" %d : {bit} -> {bit}, {bit}, {bit}, {bit}
          %a = dataflow.gate "taken" %xs#1, %ds#0 {{depth = 40, pass_when = true}} : {x}, {bit} -> {x}
          %at = dataflow.gate "taken_tags" %ts#0, %ds#1 {{depth = 16, pass_when = true}} : {tag}, {bit} -> {tag}
          %b = dataflow.gate "stay" %xs#2, %ds#2 {{depth = 4000, pass_when = false}} : {x}, {bit} -> {x}
          %bt = dataflow.gate "stay_tags" %ts#1, %ds#3 {{depth = 16, pass_when = false}} : {tag}, {bit} -> {tag}
          %o, %ot, %e = dataflow.merge "results" %a, %b tags %at, %bt : {x}, {x} tags {tag}, {tag} -> {x}, {tag}, {index}
          dataflow.sink "out" %o, %ot, %e : {x}, {tag}, {index}
        }}"#
    );
    Configuration {
        name: format!("exit of {classes} classes, {lanes} lanes"),
        graph,
        only: None,
        held_out: false,
    }
}
