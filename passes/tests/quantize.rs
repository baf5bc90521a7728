//! A quantised network computes what its float network computed, but for rounding: both run on the golden model.

use atheena_dialects::{
    context,
    ee::Exit,
    ir::{Attr, Op},
    pass::{NoOptions, Pass},
};
use atheena_passes::{
    ee::{fold_batch_norm::FoldBatchNorm, quantize},
    golden::golden_of,
};
use atheena_runtime::{
    dataset::DataSet,
    golden::{Golden, Outputs},
};
use melior::ir::Module;

/// Numbers in -1..1 that look random, the same in each run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}

/// Writes layers as TOSA text.
struct Text {
    text: String,
    numbers: Numbers,
    values: usize,
}

impl Text {
    fn value(&mut self, text: &str) -> String {
        self.values += 1;
        self.text += &format!("  %v{} = {text}\n", self.values);
        format!("%v{}", self.values)
    }

    fn constant(&mut self, shape: &str, size: f32) -> String {
        let count = shape.split('x').map(|n| n.parse::<usize>().expect("sizes are numbers")).product();
        let values: Vec<_> = (0..count).map(|_| (self.numbers.next() * size).to_bits()).collect();
        let hex: String = values.iter().flat_map(|v| v.to_le_bytes()).map(|b| format!("{b:02X}")).collect();
        let dense =
            if count == 1 { format!("{:?}", f32::from_bits(values[0])) } else { format!("\"0x{hex}\"") };
        let ty = format!("tensor<{shape}xf32>");
        self.value(&format!("\"tosa.const\"() <{{values = dense<{dense}> : {ty}}}> : () -> {ty}"))
    }

    fn zero(&mut self) -> String {
        self.constant("1", 0.0)
    }

    fn shape(&mut self, sizes: &[usize]) -> String {
        let rank = sizes.len();
        self.value(&format!(
            "tosa.const_shape {{values = dense<{sizes:?}> : tensor<{rank}xindex>}} : () -> !tosa.shape<{rank}>"
        ))
    }

    /// A convolution (`conv2d`, `depthwise_conv2d`) with weights of the size that keeps numbers near 1.
    fn convolution(
        &mut self,
        op: &str,
        (x, from, to): (&str, &str, &str),
        weights: &str,
        stride: usize,
        pad: usize,
    ) -> String {
        let sizes: Vec<usize> = weights.split('x').map(|n| n.parse().expect("sizes are numbers")).collect();
        let inputs: usize = if op == "conv2d" { sizes[1..].iter().product() } else { sizes[0] * sizes[1] };
        let outputs = to.rsplit('x').next().expect("a shape has sizes").to_owned();
        let w = self.constant(weights, (6.0 / inputs as f32).sqrt());
        let b = self.constant(&outputs, 0.5);
        let z = self.zero();
        self.value(&format!(
            "tosa.{op} {x}, {w}, {b}, {z}, {z} {{acc_type = f32, pad = array<i64: {pad}, {pad}, {pad}, {pad}>, \
             stride = array<i64: {stride}, {stride}>, dilation = array<i64: 1, 1>}} : (tensor<{from}xf32>, \
             tensor<{weights}xf32>, tensor<{outputs}xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<{to}xf32>"
        ))
    }

    fn clamp(&mut self, x: &str, shape: &str, max: &str) -> String {
        let ty = format!("tensor<{shape}xf32>");
        self.value(&format!("tosa.clamp {x} {{min_val = 0.0 : f32, max_val = {max} : f32}} : ({ty}) -> {ty}"))
    }

    fn add(&mut self, x: &str, y: &str, shape: &str) -> String {
        let ty = format!("tensor<{shape}xf32>");
        self.value(&format!("tosa.add {x}, {y} : ({ty}, {ty}) -> {ty}"))
    }

    /// A dense layer to three classes of a value with `inputs` elements, flattened.
    fn logits(&mut self, x: &str, from: &str, inputs: usize) -> String {
        let dense = self.shape(&[1, 1, 1, inputs]);
        let classes = self.shape(&[1, 3]);
        let flat = format!("1x1x1x{inputs}");
        let flattened = self.value(&format!(
            "tosa.reshape {x}, {dense} : (tensor<{from}xf32>, !tosa.shape<4>) -> tensor<{flat}xf32>"
        ));
        let y = self.convolution("conv2d", (&flattened, &flat, "1x1x1x3"), &format!("3x1x1x{inputs}"), 1, 0);
        self.value(&format!(
            "tosa.reshape {y}, {classes} : (tensor<1x1x1x3xf32>, !tosa.shape<2>) -> tensor<1x3xf32>"
        ))
    }

    fn line(&mut self, line: &str) {
        self.text += line;
        self.text.push('\n');
    }
}

const MAP: &str = "1x4x4x4";

/// Every layer that can be quantised: padding, strides, a rectifier with a bound, a depthwise layer, a sum of layers,
/// a sum with the image, two nested exits with several inputs, pooling of both kinds, a slice.
fn network() -> String {
    let mut t = Text { text: String::new(), numbers: Numbers(1), values: 0 };
    t.line("func.func @network(%image: tensor<1x8x8x4xf32>) -> tensor<1x3xf32> {");
    let border = t.shape(&[0, 0, 0, 1, 0, 1, 0, 0]);
    let zero = t.zero();
    let padded = t.value(&format!(
        "tosa.pad %image, {border}, {zero} : (tensor<1x8x8x4xf32>, !tosa.shape<8>, tensor<1xf32>) -> \
         tensor<1x9x9x4xf32>"
    ));
    let a = t.convolution("conv2d", (&padded, "1x9x9x4", MAP), "4x3x3x4", 2, 0);
    let a = t.clamp(&a, MAP, "1.5");
    let b = t.convolution("depthwise_conv2d", (&a, MAP, MAP), "3x3x4x1", 1, 1);
    let sum = t.add(&a, &b, MAP);
    let small = t.value(
        "tosa.max_pool2d %image {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, \
         pad = array<i64: 0, 0, 0, 0>} : (tensor<1x8x8x4xf32>) -> tensor<1x4x4x4xf32>",
    );
    let sum = t.add(&sum, &small, MAP);
    let trunk = t.clamp(&sum, MAP, "3.40282347E+38");
    t.line(&format!(
        "%y = ee.exit \"exit1\" on (%f = {trunk} : tensor<{MAP}xf32>, %g = {a} : tensor<{MAP}xf32>) \
         when #ee.max_softmax<threshold = 0.55> classify {{"
    ));
    let z = t.zero();
    let mean = t.value(&format!(
        "tosa.avg_pool2d %f, {z}, {z} {{acc_type = f32, kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, \
         pad = array<i64: 0, 0, 0, 0>}} : (tensor<1x4x4x4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2x4xf32>"
    ));
    let logits = t.logits(&mean, "1x2x2x4", 16);
    t.line(&format!("ee.yield {logits} : tensor<1x3xf32> }} otherwise {{"));
    let c = t.convolution("conv2d", ("%f", MAP, MAP), "4x3x3x4", 1, 1);
    let c = t.add(&c, "%g", MAP);
    let (start, size) = (t.shape(&[0, 1, 0, 0]), t.shape(&[1, 3, 4, 4]));
    let c = t.value(&format!(
        "tosa.slice {c}, {start}, {size} : (tensor<{MAP}xf32>, !tosa.shape<4>, !tosa.shape<4>) -> \
         tensor<1x3x4x4xf32>"
    ));
    t.line(&format!(
        "%z = ee.exit \"exit2\" on (%h = {c} : tensor<1x3x4x4xf32>) when #ee.max_softmax<threshold = 0.5> classify {{"
    ));
    let logits = t.logits("%h", "1x3x4x4", 48);
    t.line(&format!("ee.yield {logits} : tensor<1x3xf32> }} otherwise {{"));
    let d = t.convolution("conv2d", ("%h", "1x3x4x4", "1x3x4x8"), "8x1x1x4", 1, 0);
    let d = t.clamp(&d, "1x3x4x8", "3.40282347E+38");
    let logits = t.logits(&d, "1x3x4x8", 96);
    t.line(&format!("ee.yield {logits} : tensor<1x3xf32> }} -> tensor<1x3xf32>"));
    t.line("ee.yield %z : tensor<1x3xf32> } -> tensor<1x3xf32>\n return %y : tensor<1x3xf32> }");
    t.text
}

/// Slices and concatenations of channels, functions of one tensor, and factors and summands a channel that no convolution
/// takes. The rectifier that leaks, hardswish, GELU and the logistic function, each as exporters write it.
fn network_of_functions() -> String {
    let mut t = Text { text: String::new(), numbers: Numbers(3), values: 0 };
    t.line("func.func @network(%image: tensor<1x8x8x4xf32>) -> tensor<1x3xf32> {");
    let shift = t.value("\"tosa.const\"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>");
    let (whole, half) = ("1x8x8x4", "1x8x8x2");
    let unary = |t: &mut Text, op: &str, x: &str, shape: &str| {
        t.value(&format!("tosa.{op} {x} : (tensor<{shape}xf32>) -> tensor<{shape}xf32>"))
    };
    let binary = |t: &mut Text, op: &str, (x, a): (&str, &str), (y, b): (&str, &str)| {
        let shift = if op == "mul" { (format!(", {shift}"), ", tensor<1xi8>") } else { Default::default() };
        let (value, ty) = shift;
        t.value(&format!(
            "tosa.{op} {x}, {y}{value} : (tensor<{a}xf32>, tensor<{b}xf32>{ty}) -> tensor<{a}xf32>"
        ))
    };
    let number = |t: &mut Text, value: &str| {
        let ty = "tensor<1x1x1x1xf32>";
        t.value(&format!("\"tosa.const\"() <{{values = dense<{value}> : {ty}}}> : () -> {ty}"))
    };
    let one = "1x1x1x1";
    // Batch normalisation first, in front of convolutions with padding.
    let factors = t.constant("1x1x1x4", 2.0);
    let summands = t.constant("1x1x1x4", 1.0);
    let x = binary(&mut t, "mul", ("%image", whole), (&factors, "1x1x1x4"));
    let x = binary(&mut t, "add", (&x, whole), (&summands, "1x1x1x4"));
    // A convolution in two groups.
    let mut groups = vec![];
    for first in [0, 2] {
        let (start, size) = (t.shape(&[0, 0, 0, first]), t.shape(&[1, 8, 8, 2]));
        let part = t.value(&format!(
            "tosa.slice {x}, {start}, {size} : (tensor<{whole}xf32>, !tosa.shape<4>, !tosa.shape<4>) -> \
             tensor<{half}xf32>"
        ));
        groups.push(t.convolution("conv2d", (&part, half, half), "2x3x3x2", 1, 1));
    }
    let concat = |t: &mut Text, parts: &[String], part: &str, to: &str| {
        let types = vec![format!("tensor<{part}xf32>"); parts.len()].join(", ");
        t.value(&format!(
            "tosa.concat {} {{axis = 3 : i32}} : ({types}) -> tensor<{to}xf32>",
            parts.join(", ")
        ))
    };
    let x = concat(&mut t, &groups, half, whole);
    let slope = number(&mut t, "0.125");
    let small = binary(&mut t, "mul", (&x, whole), (&slope, one));
    let leaky = binary(&mut t, "maximum", (&x, whole), (&small, whole));
    // Hardswish: x * min(max(x + 3, 0), 6) / 6.
    let y = t.convolution("conv2d", (&leaky, whole, whole), "4x1x1x4", 1, 0);
    let three = number(&mut t, "3.0");
    let moved = binary(&mut t, "add", (&y, whole), (&three, one));
    let gate = t.clamp(&moved, whole, "6.0");
    let y = binary(&mut t, "mul", (&y, whole), (&gate, whole));
    let sixth = number(&mut t, "0.16666667");
    let swish = binary(&mut t, "mul", (&y, whole), (&sixth, one));
    // GELU: x / 2 * (1 + erf(x / sqrt 2)).
    let z = t.convolution("conv2d", (&leaky, whole, whole), "4x1x1x4", 1, 0);
    let root = number(&mut t, "0.70710678");
    let e = binary(&mut t, "mul", (&z, whole), (&root, one));
    let e = unary(&mut t, "erf", &e, whole);
    let unit = number(&mut t, "1.0");
    let e = binary(&mut t, "add", (&e, whole), (&unit, one));
    let half_of = number(&mut t, "0.5");
    let z = binary(&mut t, "mul", (&z, whole), (&half_of, one));
    let gelu = binary(&mut t, "mul", (&z, whole), (&e, whole));
    let logistic = unary(&mut t, "sigmoid", &leaky, whole);
    // Parts of other scales each, one of which is read elsewhere too.
    let all = concat(&mut t, &[swish.clone(), gelu, logistic, "%image".into()], whole, "1x8x8x16");
    let d = t.convolution("depthwise_conv2d", (&all, "1x8x8x16", "1x4x4x16"), "2x2x16x1", 2, 0);
    let mean = |t: &mut Text, x: &str| {
        let z = t.zero();
        t.value(&format!(
            "tosa.avg_pool2d {x}, {z}, {z} {{acc_type = f32, kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, \
             pad = array<i64: 0, 0, 0, 0>}} : (tensor<{whole}xf32>, tensor<1xf32>, tensor<1xf32>) -> \
             tensor<1x4x4x4xf32>"
        ))
    };
    let swish = mean(&mut t, &swish);
    let d = t.convolution("conv2d", (&d, "1x4x4x16", MAP), "4x1x1x16", 1, 0);
    let sum = t.add(&d, &swish, MAP);
    // Behind a sum no convolution takes them.
    let factors = t.constant("1x1x1x4", 2.0);
    let normal = binary(&mut t, "mul", (&sum, MAP), (&factors, "1x1x1x4"));
    let normal = t.clamp(&normal, MAP, "3.40282347E+38");
    let logits = t.logits(&normal, MAP, 64);
    t.line(&format!("return {logits} : tensor<1x3xf32> }}"));
    t.text
}

fn images(count: usize) -> DataSet {
    let mut numbers = Numbers(7);
    let mut images = vec![];
    for _ in 0..count {
        // Some images are darker, so that samples differ in how sure the network is of them.
        let light = numbers.next().abs();
        images.extend((0..8 * 8 * 4).map(|_| (numbers.next().abs() * light * 255.0) as u8));
    }
    DataSet::new([count, 8, 8, 4], images, None).expect("the shape is that of the pixels")
}

fn outputs(golden: &Golden, data: &DataSet) -> Vec<Outputs> {
    golden.run_all(data, 0..data.len(), 1, |_| ()).expect("the network takes the images")
}

#[test]
fn integers_stand_for_what_floats_were() {
    check(quantize::Options::default(), 0.05, "i16");
}

/// A scale for each channel, and all 256 integers for what is never negative.
#[test]
fn scales_of_channels_lose_less() {
    let narrow = quantize::Options {
        scales: "arbitrary".into(),
        weights_bits: "7".into(),
        logits_bits: "8".into(),
        ..Default::default()
    };
    check(narrow, 0.035, "i8");
    let options = quantize::Options {
        scales: "arbitrary".into(),
        weights_bits: "7".into(),
        calibrate: "percentile".into(),
        logits_bits: "16".into(),
        ..Default::default()
    };
    check(options, 0.035, "i16");
}

/// Fifteen steps instead of 255 for weights: sixteen times the error at most, and hardly less than that of eight bits.
#[test]
fn small_weights_and_wide_logits() {
    let wide =
        quantize::Options { logits_bits: "16".into(), calibrate: "min-max".into(), ..Default::default() };
    check(wide, 0.06, "i16");
    check(
        quantize::Options { weights_bits: "4".into(), scales: "arbitrary".into(), ..Default::default() },
        0.2,
        "i16",
    );
}

/// With each of four bits rounded by itself the error is 0.24.
#[test]
fn weights_that_make_up_for_one_another() {
    for (bits, bound) in [("4", 0.16), ("6", 0.06), ("least", 0.07)] {
        check(quantize::Options { weights_bits: bits.into(), ..Default::default() }, bound, "i16");
    }
}

/// What is left is the rounding of weights: by a third of a step in the mean, of 127 up to the largest of evenly spread ones,
/// is 0.4 % a layer, and 1 % on the way through seven.
#[test]
fn wide_layers() {
    let options = quantize::Options { activation_bits: 16, scales: "arbitrary".into(), ..Default::default() };
    check(options, 0.015, "i16");
}

/// Quantises the network; the relative error of the logits must be below a bound.
fn check(options: quantize::Options, bound: f64, logits: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("calibration.npz");
    let data = images(200);
    data.write(&file).expect("the folder is writable");

    let context = context();
    let module = Module::parse(&context, &network()).expect("the network is well-formed");
    let function = Op::of_module(&module).walk_named("func.func")[0];
    let float = outputs(&golden_of(function, true).expect("the float network compiles"), &data);
    let options = quantize::Options { calibration: file.to_string_lossy().into_owned(), ..options };
    quantize::Quantize::run(function, &options).expect("the network can be quantised");
    assert!(Op::of_module(&module).verify());
    assert!(function.to_string().contains(&format!("-> tensor<1x3x{logits}> attributes")));
    assert!(!function.to_string().contains("f32"), "a float is left");
    let integer = outputs(&golden_of(function, true).expect("the integer network compiles"), &data);

    let scale = |op: Op<'_>| op.attr("ee.logits_scale").and_then(Attr::to_f64).expect("there is a scale");
    let mut scales: Vec<_> = Exit::all_in(function).into_iter().map(|exit| scale(exit.0)).collect();
    scales.push(scale(function));
    let mut taken = [0; 3];
    let (mut error, mut size) = (0.0, 0.0);
    for (float, integer) in float.iter().zip(&integer) {
        let exit = integer.exit_index().expect("the last result is the exit");
        if float.exit_index() != Some(exit) {
            continue;
        }
        taken[exit] += 1;
        for (f, i) in float.0[0].to_f64().into_iter().zip(integer.0[0].to_f64()) {
            error += (f - i * scales[exit]).powi(2);
            size += f * f;
        }
    }
    // Near a threshold rounding may decide; each exit has its samples, or this shows nothing.
    let most = if bound < 0.1 { 180 } else { 120 };
    assert!(taken.iter().sum::<usize>() >= most && taken.iter().all(|&n| n >= 10), "{taken:?}");
    // Each of seven layers on the way rounds to one in a hundred or so; a layer that computes something else is off by its size.
    assert!(error / size < bound.powi(2), "relative error {}", (error / size).sqrt());
}

/// The integer form of a network without exits, and the relative error of its logits against the float network before its
/// normalisations were folded.
fn relative_error(network: &str, options: quantize::Options) -> (String, f64) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("calibration.npz");
    let data = images(100);
    data.write(&file).expect("the folder is writable");
    let context = context();
    let module = Module::parse(&context, network).expect("the network is well-formed");
    let function = Op::of_module(&module).walk_named("func.func")[0];
    let float = outputs(&golden_of(function, true).expect("the float network compiles"), &data);
    FoldBatchNorm::run(function, &NoOptions).expect("normalisations can be folded");
    let options = quantize::Options { calibration: file.to_string_lossy().into_owned(), ..options };
    quantize::Quantize::run(function, &options).expect("the network can be quantised");
    assert!(Op::of_module(&module).verify());
    let text = function.to_string();
    assert!(!text.contains("f32"), "a float is left");
    let integer = outputs(&golden_of(function, true).expect("the integer network compiles"), &data);
    let scale = function.attr("ee.logits_scale").and_then(Attr::to_f64).expect("there is a scale");
    let (mut error, mut size) = (0.0, 0.0);
    for (float, integer) in float.iter().zip(&integer) {
        for (f, i) in float.0[0].to_f64().into_iter().zip(integer.0[0].to_f64()) {
            error += (f - i * scale).powi(2);
            size += f * f;
        }
    }
    (text, (error / size).sqrt())
}

#[test]
fn functions_become_tables() {
    let (text, error) = relative_error(&network_of_functions(), Default::default());
    // Leaky, hardswish, GELU and logistic.
    assert_eq!(text.matches("tosa.table").count(), 4);
    // Ten roundings on the way; a function that is another one is off by a good part of its size.
    assert!(error < 0.06, "relative error {error}");
}

/// Channels times what comes of their means, and a map times another one.
fn network_of_products() -> String {
    let mut t = Text { text: String::new(), numbers: Numbers(5), values: 0 };
    t.line("func.func @network(%image: tensor<1x8x8x4xf32>) -> tensor<1x3xf32> {");
    let shift = t.value("\"tosa.const\"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>");
    let pixel = "1x1x1x4";
    let x = t.convolution("conv2d", ("%image", "1x8x8x4", MAP), "4x2x2x4", 2, 0);
    let x = t.clamp(&x, MAP, "3.40282347E+38");
    let z = t.zero();
    let mean = t.value(&format!(
        "tosa.avg_pool2d {x}, {z}, {z} {{acc_type = f32, kernel = array<i64: 4, 4>, stride = array<i64: 1, 1>, \
         pad = array<i64: 0, 0, 0, 0>}} : (tensor<{MAP}xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<{pixel}xf32>"
    ));
    let gate = t.convolution("conv2d", (&mean, pixel, pixel), "4x1x1x4", 1, 0);
    let gate = t.value(&format!("tosa.sigmoid {gate} : (tensor<{pixel}xf32>) -> tensor<{pixel}xf32>"));
    let product = |t: &mut Text, x: &str, (y, of): (&str, &str)| {
        t.value(&format!(
            "tosa.mul {x}, {y}, {shift} : (tensor<{MAP}xf32>, tensor<{of}xf32>, tensor<1xi8>) -> tensor<{MAP}xf32>"
        ))
    };
    let scaled = product(&mut t, &x, (&gate, pixel));
    let other = t.convolution("conv2d", (&scaled, MAP, MAP), "4x3x3x4", 1, 1);
    let both = product(&mut t, &other, (&scaled, MAP));
    let logits = t.logits(&both, MAP, 64);
    t.line(&format!("return {logits} : tensor<1x3xf32> }}"));
    t.text
}

/// Of operands with and without zero points, of 8 and of 16 bits.
#[test]
fn products_of_two_tensors() {
    let arbitrary = quantize::Options { scales: "arbitrary".into(), ..Default::default() };
    let wide = quantize::Options { activation_bits: 16, ..arbitrary.clone() };
    // Logits are sums of 64 products, whose roundings cancel; a factor at a wrong scale or zero point is off by a good part of its size.
    for (options, bound) in [(Default::default(), 0.01), (arbitrary, 0.006), (wide, 0.002)] {
        let (text, error) = relative_error(&network_of_products(), options);
        assert_eq!(text.matches("tosa.mul").count(), 2);
        assert!(error < bound, "relative error {error}, at most {bound}");
    }
}
