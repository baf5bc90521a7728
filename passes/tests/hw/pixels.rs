//! Several pixels a beat, and windows whose padding takes no cycles.

use super::builder::{Net, Windows, image};
use super::harness::{Design, Random, dense, line, stream, text};
use super::networks::{check, check_with};
use super::reference::{Geometry, Map, conv2d, rescale};
use atheena_passes::dataflow::size_buffers;

/// Windows alone.
struct Sliding {
    shape: [usize; 3],
    lanes: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    /// Top, bottom, left, right.
    pad: [usize; 4],
    pad_value: i64,
}

impl Sliding {
    fn new(shape: [usize; 3], lanes: usize, kernel: [usize; 2], pad: [usize; 4]) -> Self {
        Self { shape, lanes, kernel, stride: [1, 1], dilation: [1, 1], pad, pad_value: -7 }
    }

    /// Rows and columns of the output, TOSA's formula.
    fn output(&self) -> [usize; 2] {
        [0, 1].map(|i| {
            let padded = self.shape[i] + self.pad[2 * i] + self.pad[2 * i + 1];
            (padded - self.dilation[i] * (self.kernel[i] - 1) - 1) / self.stride[i] + 1
        })
    }

    /// The elements in the order in which they come, `[OH, OW, C/L, KH, KW, L]`, L channels a chunk.
    fn reference(&self, sample: &[i64]) -> Vec<i64> {
        let ([oh, ow], [h, w, c]) = (self.output(), self.shape);
        let chunk = self.lanes.min(c);
        let mut all = vec![];
        for place in 0..oh * ow * (c / chunk) * self.kernel[0] * self.kernel[1] * chunk {
            let (rest, lane) = (place / chunk, place % chunk);
            let (rest, kx) = (rest / self.kernel[1], rest % self.kernel[1]);
            let (rest, ky) = (rest / self.kernel[0], rest % self.kernel[0]);
            let (rest, first) = (rest / (c / chunk), rest % (c / chunk));
            let (oy, ox) = (rest / ow, rest % ow);
            let at = |axis: usize, o: usize, k: usize| {
                (o * self.stride[axis] + k * self.dilation[axis]) as i64 - self.pad[2 * axis] as i64
            };
            let (y, x) = (at(0, oy, ky), at(1, ox, kx));
            let inside = (0..h as i64).contains(&y) && (0..w as i64).contains(&x);
            let index = (y * w as i64 + x) * c as i64 + (first * chunk + lane) as i64;
            all.push(if inside { sample[index as usize] } else { self.pad_value });
        }
        all
    }

    /// Checks every element. Returns cycles a sample.
    fn cycles(&self) -> Option<f64> {
        let ([oh, ow], [_, _, c], [kh, kw]) = (self.output(), self.shape, self.kernel);
        let lanes = if self.lanes > c { self.lanes / self.stride[1] } else { self.lanes } * kh * kw;
        let (input, output) =
            (stream(&self.shape, "i8", self.lanes), stream(&[oh, ow, kh * kw * c], "i8", lanes));
        let list = |values: &[usize]| text(&values.iter().map(|&v| v as i64).collect::<Vec<_>>());
        let body = format!(
            r#"%y = dataflow.window "window" %x {{kernel = array<i64: {}>, stride = array<i64: {}>,
                 dilation = array<i64: {}>, pad = array<i64: {}>, pad_value = {}}} : {} -> {}"#,
            list(&self.kernel),
            list(&self.stride),
            list(&self.dilation),
            list(&self.pad),
            self.pad_value,
            input.ty,
            output.ty
        );
        let mut design = Design::new(&line(&input, &body, &output), &input, &output, 1)?;
        let mut random = Random(41);
        let samples: Vec<_> =
            (0..4).map(|_| random.numbers(self.shape.iter().product(), -128, 127)).collect();
        let expected: Vec<_> = samples.iter().map(|sample| (self.reference(sample), 0)).collect();
        design.check(&samples, &expected).cycles_per_sample
    }
}

#[test]
fn two_pixels_and_a_partial_beat() {
    let window = Sliding::new([6, 7, 2], 4, [3, 3], [1, 1, 1, 1]);
    // 6 rows of 4 beats.
    let Some(cycles) = window.cycles() else { return };
    assert_eq!(cycles, 24.0);
}

#[test]
fn more_windows_than_pixels() {
    let window = Sliding::new([5, 10, 1], 4, [5, 5], [4, 4, 4, 4]);
    // 9 rows of outputs, 14 windows in 4 beats.
    let Some(cycles) = window.cycles() else { return };
    assert_eq!(cycles, 36.0);
}

#[test]
fn beats_of_three_and_of_six_pixels() {
    // 7 pixels: three, three and one; 32 windows of 28 pixels, twelve a beat.
    let windows = [
        Sliding::new([6, 7, 2], 6, [3, 3], [1, 1, 1, 1]),
        Sliding::new([4, 28, 1], 12, [5, 5], [4, 4, 4, 4]),
    ];
    // Windows of every second pixel, three a beat.
    let strided = Sliding { stride: [2, 2], ..Sliding::new([5, 16, 1], 6, [3, 3], [1, 1, 1, 1]) };
    for (window, expected) in windows.into_iter().chain([strided]).zip([18.0, 24.0, 15.0]) {
        let Some(cycles) = window.cycles() else { return };
        assert_eq!(cycles, expected);
    }
}

#[test]
fn two_windows_a_beat_with_stride() {
    let window = Sliding { stride: [2, 2], ..Sliding::new([7, 9, 1], 4, [3, 3], [1, 1, 0, 1]) };
    // 7 rows of 3 beats; 4 windows a row.
    let Some(cycles) = window.cycles() else { return };
    assert_eq!(cycles, 21.0);
}

#[test]
fn dilations_across_beats() {
    let window = Sliding { dilation: [2, 3], ..Sliding::new([8, 11, 1], 8, [2, 3], [1, 0, 2, 3]) };
    // 8 rows of 2 beats.
    let Some(cycles) = window.cycles() else { return };
    assert_eq!(cycles, 16.0);
}

#[test]
fn a_row_a_beat() {
    let window = Sliding::new([4, 9, 1], 16, [3, 3], [1, 1, 1, 1]);
    let Some(cycles) = window.cycles() else { return };
    assert_eq!(cycles, 4.0);
}

#[test]
fn a_window_that_is_the_map() {
    let window = Sliding { stride: [2, 2], ..Sliding::new([2, 2, 1], 2, [2, 2], [0; 4]) };
    // 2 rows of a beat.
    let Some(cycles) = window.cycles() else { return };
    assert_eq!(cycles, 2.0);
}

#[test]
fn pixels_that_no_window_sees() {
    let window = Sliding { stride: [2, 2], ..Sliding::new([5, 6, 3], 6, [1, 1], [0; 4]) };
    // 5 rows of 3 beats, and one cycle that was found and not derived: with a single register what is behind holds it up once a sample.
    let Some(cycles) = window.cycles() else { return };
    assert_eq!(cycles, 16.0);
}

#[test]
fn strides_of_three_and_channels_in_turn() {
    let window =
        Sliding { stride: [3, 3], dilation: [1, 2], ..Sliding::new([4, 5, 4], 2, [3, 3], [2, 1, 1, 2]) };
    // 4 rows of 5 pixels of two beats; the second output is 3 rows and 3 columns behind the first one.
    let Some(cycles) = window.cycles() else { return };
    assert_eq!(cycles, 40.0);
}

#[test]
fn padding_on_one_side_only() {
    // The window is wider than the map, and only its padding behind makes it fit.
    let window = Sliding::new([3, 2, 1], 1, [2, 5], [0, 1, 0, 4]);
    // 3 rows of 2 pixels.
    let Some(cycles) = window.cycles() else { return };
    assert_eq!(cycles, 6.0);
}

/// Changes of lanes one after the other: nothing but lanes changes.
fn resizes(shape: [usize; 3], lanes: &[usize]) -> Option<f64> {
    let streams: Vec<_> = lanes.iter().map(|&lanes| stream(&shape, "i8", lanes)).collect();
    let (input, output) = (&streams[0], &streams[lanes.len() - 1]);
    let mut body = String::new();
    for (number, pair) in streams.windows(2).enumerate() {
        let (from, to) = if number == 0 { ("x".to_owned(), 0) } else { (format!("v{number}"), number) };
        let name = if to + 2 == lanes.len() { "y".to_owned() } else { format!("v{}", to + 1) };
        body += &format!(
            "%{name} = dataflow.resize \"resize{number}\" %{from} : {} -> {}\n",
            pair[0].ty, pair[1].ty
        );
    }
    let mut design = Design::new(&line(input, &body, output), input, output, 1)?;
    let mut random = Random(43);
    let samples: Vec<_> = (0..4).map(|_| random.numbers(shape.iter().product(), -128, 127)).collect();
    let expected: Vec<_> = samples.iter().map(|sample| (sample.clone(), 0)).collect();
    design.check(&samples, &expected).cycles_per_sample
}

#[test]
fn partial_beats_are_made_and_taken_apart() {
    // Rows of 7 pixels: 4 beats of two pixels, 2 of four, 1 of eight. The slowest has 14 beats a row.
    let Some(cycles) = resizes([3, 7, 2], &[1, 4, 16, 8, 2, 8, 1]) else { return };
    assert_eq!(cycles, 42.0);
}

#[test]
fn six_pixels_become_three_and_one() {
    // 16 pixels: two beats of six and one of four; five of three and one of one. From three to four pixels one at a time.
    let Some(cycles) = resizes([3, 16, 2], &[12, 6, 12]) else { return };
    assert_eq!(cycles, 18.0);
    let Some(cycles) = resizes([3, 16, 2], &[6, 2, 8, 2, 12]) else { return };
    assert_eq!(cycles, 48.0);
}

#[test]
fn eight_pixels_become_three() {
    // Six beats of three pixels a row, and one in which the second beat of twelve waits for the first.
    let Some(cycles) = resizes([3, 16, 2], &[16, 8, 24, 6]) else { return };
    assert_eq!(cycles, 21.0);
}

#[test]
fn a_row_becomes_pixels() {
    // 7 pixels a row out of one beat, and back.
    let Some(cycles) = resizes([4, 7, 2], &[16, 2, 16]) else { return };
    assert_eq!(cycles, 28.0);
}

#[test]
fn parts_of_pixels_that_are_not_equal() {
    // Pixels of 7: three, three and one; then one after the other.
    let Some(cycles) = resizes([2, 2, 7], &[7, 1, 7]) else { return };
    assert_eq!(cycles, 28.0);
}

/// Rectified numbers as words of five in a queue, and back.
#[test]
fn words_of_a_memory() {
    for (word, low, high) in [("<30xui7, lanes = 5>", 0, 127), ("<30xi3, lanes = 5>", -4, 3)] {
        let shape = [2, 3, 5];
        let one = stream(&shape, "i8", 1);
        let word = format!("!dataflow.stream{word}");
        let ty = &one.ty;
        let body = format!(
            r#"%m = dataflow.map "clamp" %x {{input_zp = 0, multiplier = 1 : i32, shift = 0 : i32, output_zp = 0,
                 min = {low}, max = {high}}} : {ty} -> {ty}
               %p = dataflow.pack "pack" %m : {ty} -> {word}
               %q = dataflow.fifo "queue" %p {{depth = 9}} : {word} -> {word}
               %y = dataflow.pack "unpack" %q : {word} -> {ty}"#
        );
        let Some(mut design) = Design::new(&line(&one, &body, &one), &one, &one, 1) else { return };
        let mut random = Random(59);
        let samples: Vec<_> = (0..4).map(|_| random.numbers(30, -128, 127)).collect();
        let clamp = |sample: &Vec<i64>| sample.iter().map(|&x| x.clamp(low, high)).collect();
        let expected: Vec<_> = samples.iter().map(|sample| (clamp(sample), 0)).collect();
        assert_eq!(design.check(&samples, &expected).cycles_per_sample, Some(30.0));
    }
}

/// A convolution with all of its products at once, of several windows a beat.
fn convolution(shape: [usize; 3], pixels: usize, stride: usize) -> Option<f64> {
    let outputs = 3;
    let geometry = Geometry { kernel: [3, 3], stride: [1, stride], pad: [1, 1, 1, 1], pad_value: 4 };
    let ([oh, ow], [_, _, c]) = (geometry.output([shape[0], shape[1]]), shape);
    let windows_a_beat = pixels / stride;
    let (input, output) =
        (stream(&shape, "i8", pixels * c), stream(&[oh, ow, outputs], "i8", windows_a_beat * outputs));
    let windows = stream(&[oh, ow, 9 * c], "i8", windows_a_beat * 9 * c);
    let mut random = Random(47);
    let weights = random.numbers(outputs * 9 * c, -128, 127);
    let bias = random.numbers(outputs, -20_000, 20_000);
    let (multipliers, shifts) = ([1_500_000_001, 1 << 30, 77], [39, 38, 14]);
    let body = format!(
        r#"%w = dataflow.window "window" %x {{kernel = array<i64: 3, 3>, stride = array<i64: 1, {stride}>,
             dilation = array<i64: 1, 1>, pad = array<i64: 1, 1, 1, 1>, pad_value = 4}} : {} -> {}
           %y = dataflow.matvec "matvec" %w {{weights = {}, bias = {}, channel_lanes = {c}, multiplier = array<i32: {}>,
             shift = array<i32: {}>, output_zp = 3, min = -100, max = 120}} : {} -> {}"#,
        input.ty,
        windows.ty,
        dense(&format!("{outputs}x3x3x{c}"), 8, &weights),
        dense(&format!("{outputs}"), 32, &bias),
        text(&multipliers),
        text(&shifts),
        windows.ty,
        output.ty
    );
    let mut design = Design::new(&line(&input, &body, &output), &input, &output, 1)?;
    let samples: Vec<_> = (0..3).map(|_| random.numbers(shape.iter().product(), -128, 127)).collect();
    let expected: Vec<_> = (samples.iter())
        .map(|data| {
            let sums = conv2d(&Map { shape, data }, &geometry, &weights, &bias);
            let scaled = sums.iter().enumerate().map(|(i, &sum)| {
                let channel = i % outputs;
                rescale(sum, multipliers[channel], shifts[channel], 3, [-100, 120])
            });
            (scaled.collect(), 0)
        })
        .collect();
    design.check(&samples, &expected).cycles_per_sample
}

/// A dense layer of a map in beats of some pixels, of which those that end rows may be partial, PE of 5 outputs at once.
fn dense_layer(shape: [usize; 3], pixels: usize, pe: usize, products: &str) -> Option<f64> {
    let (outputs, [h, w, c]) = (5, shape);
    let (input, output) = (stream(&shape, "i8", pixels * c), stream(&[1, 1, outputs], "i8", pe));
    let mut random = Random(53);
    let weights = random.numbers(outputs * h * w * c, -128, 127);
    let bias = random.numbers(outputs, -20_000, 20_000);
    let body = format!(
        r#"%y = dataflow.matvec "matvec" %x {{weights = {}, bias = {}, channel_lanes = {c}, products = "{products}",
             multiplier = array<i32: 77>, shift = array<i32: 14>, output_zp = 3, min = -100, max = 120}} : {} -> {}"#,
        dense(&format!("{outputs}x{h}x{w}x{c}"), 8, &weights),
        dense(&format!("{outputs}"), 32, &bias),
        input.ty,
        output.ty
    );
    let mut design = Design::new(&line(&input, &body, &output), &input, &output, 1)?;
    let samples: Vec<_> = (0..4).map(|_| random.numbers(h * w * c, -128, 127)).collect();
    let answer = |sample: &Vec<i64>| {
        let rows = weights.chunks(h * w * c).zip(&bias);
        let sums = rows.map(|(row, bias)| bias + row.iter().zip(sample).map(|(w, x)| w * x).sum::<i64>());
        (sums.map(|sum| rescale(sum, 77, 14, 3, [-100, 120])).collect(), 0)
    };
    let expected: Vec<_> = samples.iter().map(answer).collect();
    design.check(&samples, &expected).cycles_per_sample
}

/// Weights of what is behind the end of a row are 0: two beats a row for each group of outputs, whatever multiplies.
#[test]
fn dense_layers_of_partial_beats() {
    for (shape, pixels, pe, products, expected) in [
        ([3, 5, 2], 3, 5, "dsp", 6.0),
        ([3, 5, 2], 3, 1, "lut", 30.0),
        ([2, 3, 1], 2, 5, "dsp:1", 4.0),
        ([4, 3, 3], 4, 5, "dsp", 4.0),
    ] {
        let Some(cycles) = dense_layer(shape, pixels, pe, products) else { return };
        assert_eq!(cycles, expected, "{shape:?} {pixels} {pe} {products}");
    }
}

#[test]
fn products_of_two_windows_a_beat() {
    // 5 rows of 5 beats of two pixels.
    let Some(cycles) = convolution([5, 9, 2], 2, 1) else { return };
    assert_eq!(cycles, 25.0);
}

/// Neighbours share adders of columns that both see, whatever a beat holds behind a row's end: here one window and two that are none.
#[test]
fn products_of_windows_of_a_partial_beat() {
    // 4 rows of 3 beats.
    let Some(cycles) = convolution([4, 7, 3], 3, 1) else { return };
    assert_eq!(cycles, 12.0);
}

#[test]
fn products_of_two_windows_with_stride() {
    // 4 rows of 3 beats of four pixels, two windows.
    let Some(cycles) = convolution([4, 10, 1], 4, 2) else { return };
    assert_eq!(cycles, 12.0);
}

/// A convolution, a pool, a depthwise convolution and two dense layers, in about `cycles` a sample.
fn small_network(cycles: f64) {
    let mut net = Net::new(53);
    let shape = [8, 12, 1];
    let x = image(shape);
    let a = net.layer(&x, 3, 3);
    let b = net.max_pool(&a, Windows { stride: [2; 2], ..Windows::of(2, 0) });
    let sums = net.depthwise(&b, 2, Windows::of(3, 1), 0);
    let c = net.rescale(&sums, 8, super::builder::Narrow::by(6));
    let d = net.avg_pool(&c, Windows { stride: [2; 2], ..Windows::of(2, 0) }, 0);
    let last = net.dense(&d, 10);
    let logits = net.logits(&last);
    check(&net.finish(&x, &logits, (10, 8)), shape, cycles, 6);
}

#[test]
fn a_network_at_a_pixel_a_cycle() {
    small_network(96.0);
}

#[test]
fn a_network_at_four_pixels_a_cycle() {
    small_network(24.0);
}

#[test]
fn a_network_at_a_row_a_cycle() {
    small_network(8.0);
}

/// The last windows of a sample leave when the next one begins: three windows one behind the other hold more than a sample back, for
/// which the smallest gate must have room.
#[test]
fn the_smallest_gate_in_front_of_several_windows() {
    let mut net = Net::new(59);
    let shape = [6, 6, 2];
    let x = image(shape);
    let logits = net.exit(
        "exit",
        &[&x],
        0.35,
        |net, v| {
            let a = net.layer(&v[0], 2, 5);
            let b = net.layer(&a, 2, 5);
            let c = net.layer(&b, 2, 5);
            net.dense(&c, 5)
        },
        |net, v| {
            let late = net.layer(&v[0], 3, 1);
            let last = net.dense(&late, 5);
            net.logits(&last)
        },
    );
    let buffers =
        size_buffers::Options { slack_samples: 0.0, queue_samples: 0.0, ..size_buffers::Options::default() };
    check_with(&net.finish(&x, &logits, (5, 8)), shape, 18.0, 20, &buffers);
}
