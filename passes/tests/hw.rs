//! The hardware of each actor, simulated under random stalls, against plain loops of TOSA's formulas: every bit. And its
//! initiation interval, against the formula of its generator.

#[path = "hw/builder.rs"]
mod builder;
#[path = "hw/harness.rs"]
mod harness;
#[path = "hw/networks.rs"]
mod networks;
#[path = "hw/pixels.rs"]
mod pixels;
#[path = "hw/products.rs"]
mod products;
#[path = "hw/reference.rs"]
mod reference;

use atheena_dialects::ee::Confidence;
use atheena_dialects::ir::Ctx;
use atheena_runtime::simulate::SimResult;
use harness::{BIT, Design, EXIT, Random, TAG, dense, for_blocks, line, stream, text};
use reference::{Geometry, Map, conv2d, rescale};

/// A convolution: window, resize, matvec.
struct Conv {
    shape: [usize; 3],
    unsigned: bool,
    lanes: usize,
    geometry: Geometry,
    outputs: usize,
    simd: usize,
    pe: usize,
    /// One, or one an output.
    multiplier: Vec<i64>,
    shift: Vec<i64>,
    clamp: [i64; 2],
    weights: [i64; 2],
    /// Further attributes of the matvec.
    made: &'static str,
}

impl Conv {
    /// A 3x3 convolution of i8 with requantisation by a power of two.
    fn new(shape: [usize; 3], outputs: usize, [lanes, simd, pe]: [usize; 3]) -> Self {
        Conv {
            shape,
            unsigned: false,
            lanes,
            geometry: Geometry { kernel: [3, 3], stride: [1, 1], pad: [0; 4], pad_value: 0 },
            outputs,
            simd,
            pe,
            multiplier: vec![1 << 30],
            shift: vec![38],
            clamp: [-128, 127],
            weights: [-128, 127],
            made: "",
        }
    }

    fn vector(&self) -> usize {
        self.geometry.kernel[0] * self.geometry.kernel[1] * self.shape[2]
    }

    /// Checks the hardware on three random samples. Returns cycles a sample, and what the matvec alone would take.
    fn check(&self, seed: u64) -> Option<(f64, usize)> {
        let mut random = Random(seed);
        let weights = random.numbers(self.outputs * self.vector(), self.weights[0], self.weights[1]);
        let bias = random.numbers(self.outputs, -20_000, 20_000);
        let element = if self.unsigned { "ui8" } else { "i8" };
        let [oh, ow] = self.geometry.output([self.shape[0], self.shape[1]]);
        let [kh, kw] = self.geometry.kernel;
        let groups = self.outputs.div_ceil(self.pe);
        // Of as many vectors as use weights together.
        let depth = groups * 4;
        let lanes = if self.outputs.is_multiple_of(self.pe) { self.pe } else { 1 };
        let (input, output) =
            (stream(&self.shape, element, self.lanes), stream(&[oh, ow, self.outputs], "i8", lanes));
        let sums = stream(&[oh, ow, self.outputs], "i8", self.pe).ty;
        let windows = stream(&[oh, ow, self.vector()], element, kh * kw * self.lanes);
        let vectors = stream(&[oh, ow, self.vector()], element, self.simd);
        let body = format!(
            r#"%w = dataflow.window "window" %x {{kernel = array<i64: {kh}, {kw}>, stride = array<i64: {}, {}>,
                 dilation = array<i64: 1, 1>, pad = array<i64: {}>, pad_value = {}}} : {} -> {}
               // While the window of a next sample fills, the matvec works on what the queue holds.
               %q = dataflow.fifo "queue" %w {{depth = 16}} : {} -> {}
               %v = dataflow.resize "resize" %q : {} -> {}
               %s = dataflow.matvec "matvec" %v {{weights = {}, bias = {},
                 channel_lanes = {}, multiplier = array<i32: {}>, shift = array<i32: {}>, output_zp = 0, min = {}, max = {}{}}}
                 : {} -> {sums}
               // The groups of a vector leave while the next one comes.
               %g = dataflow.fifo "sums" %s {{depth = {depth}}} : {sums} -> {sums}
               %y = dataflow.resize "outputs" %g : {sums} -> {}"#,
            self.geometry.stride[0],
            self.geometry.stride[1],
            text(&self.geometry.pad.map(|p| p as i64)),
            self.geometry.pad_value,
            input.ty,
            windows.ty,
            windows.ty,
            windows.ty,
            windows.ty,
            vectors.ty,
            dense(&format!("{}x{kh}x{kw}x{}", self.outputs, self.shape[2]), 8, &weights),
            dense(&format!("{}", self.outputs), 32, &bias),
            self.lanes,
            text(&self.multiplier),
            text(&self.shift),
            self.clamp[0],
            self.clamp[1],
            self.made,
            vectors.ty,
            output.ty,
        );
        let mut design = Design::new(&line(&input, &body, &output), &input, &output, 1)?;

        let range = if self.unsigned { (0, 255) } else { (-128, 127) };
        let size = self.shape.iter().product();
        let samples: Vec<_> = (0..3).map(|_| random.numbers(size, range.0, range.1)).collect();
        let expected: Vec<_> = (samples.iter())
            .map(|sample| {
                let map = Map { shape: self.shape, data: sample };
                let sums = conv2d(&map, &self.geometry, &weights, &bias);
                let at = |values: &[i64], channel: usize| values[channel % values.len()];
                let results = sums.iter().enumerate().map(|(i, &sum)| {
                    let channel = i % self.outputs;
                    rescale(sum, at(&self.multiplier, channel), at(&self.shift, channel), 0, self.clamp)
                });
                (results.collect(), 0)
            })
            .collect();
        let result = design.check(&samples, &expected);
        let ii = oh * ow * (self.vector() / self.simd) * groups;
        Some((result.cycles_per_sample.expect("there are enough samples"), ii))
    }
}

#[test]
fn folded_convolution() {
    let conv = Conv::new([6, 5, 4], 6, [2, 9, 3]);
    let Some((cycles, ii)) = conv.check(1) else { return };
    // 4 * 3 positions, 36 / 9 beats, 6 / 3 groups.
    assert_eq!(ii, 96);
    assert_eq!(cycles, 96.0);
}

#[test]
fn unfolded_convolution_with_padding_and_stride() {
    let mut conv = Conv::new([7, 6, 2], 3, [2, 18, 3]);
    conv.geometry = Geometry { kernel: [3, 3], stride: [2, 3], pad: [1, 2, 2, 1], pad_value: 5 };
    conv.unsigned = true;
    conv.multiplier = vec![1_234_567_891];
    conv.shift = vec![40];
    conv.clamp = [-50, 100];
    let Some((cycles, _)) = conv.check(2) else { return };
    // The window's: 7 rows; the last of three windows begins 6 columns behind the first one.
    assert_eq!(cycles, 49.0);
}

/// Tiles of a block RAM behind a multiplexer, and LUTs in the place of some of them.
#[test]
fn weights_in_several_memories() {
    // 2340 words of 8 bits: 2048 x 9 and the rest, both in block RAMs.
    let mut conv = Conv::new([3, 3, 20], 13, [1, 1, 1]);
    conv.made = ", blocks = 2";
    let Some((cycles, ii)) = conv.check(31) else { return };
    assert_eq!((cycles, ii), (2340.0, 2340));
    // 2340 words of 16 bits: 1024 x 18 twice and the rest, of which only the first one is a block RAM.
    let mut conv = Conv::new([3, 3, 20], 26, [2, 2, 1]);
    conv.made = ", blocks = 1";
    conv.check(32);
    // 90 words of 40 bits: 36 of them in a block RAM.
    let mut conv = Conv::new([3, 3, 10], 5, [5, 5, 1]);
    conv.made = ", blocks = 1";
    conv.check(33);
}

/// Two rows share DSP blocks, the third one has its own; chains of three, two and one.
#[test]
fn two_products_a_dsp_block() {
    let mut conv = Conv::new([4, 4, 8], 6, [8, 8, 3]);
    conv.weights = [-127, 127];
    conv.check(34);
    // Pixels leave room for two products in a chain.
    let mut conv = Conv::new([4, 4, 5], 4, [5, 5, 2]);
    (conv.weights, conv.unsigned) = ([-127, 127], true);
    conv.check(35);
}

/// The first five lanes in DSP blocks, two rows in one and the third one alone, chains of three and two; the others in LUTs.
#[test]
fn products_in_dsp_blocks_and_luts() {
    let mut conv = Conv::new([4, 4, 8], 6, [8, 8, 3]);
    conv.made = ", products = \"dsp:5\"";
    conv.weights = [-127, 127];
    conv.check(38);
    // -128 has no place in a pair; a single lane in LUTs.
    conv.weights = [-128, 127];
    (conv.unsigned, conv.made) = (true, ", products = \"dsp:7\"");
    conv.check(39);
}

/// Weights of eight bits have four digits, those of 0 to 7 two.
#[test]
fn products_in_luts() {
    let mut conv = Conv::new([4, 4, 4], 4, [4, 4, 2]);
    conv.made = ", products = \"lut\"";
    conv.check(36);
    (conv.weights, conv.unsigned) = ([0, 7], true);
    conv.check(37);
}

/// One bit of all elements a cycle: each of the 2 * 2 vectors takes as many cycles as elements have digits, for each group.
#[test]
fn products_bit_by_bit() {
    // Of a vector, channels 0 and 1 of all taps come first: not in the order of the weights.
    let mut conv = Conv::new([4, 4, 4], 4, [2, 36, 4]);
    conv.made = ", products = \"serial:1\"";
    let Some((cycles, _)) = conv.check(38) else { return };
    assert_eq!(cycles, 32.0);
    // Three groups, of which two bits tell; multipliers come in turn with them.
    let mut conv = Conv::new([4, 4, 3], 6, [3, 27, 2]);
    (conv.made, conv.unsigned) = (", products = \"serial:1\"", true);
    conv.multiplier = vec![1 << 30, 1_500_000_001, 77, 1 << 29, 1 << 30, 5];
    conv.shift = vec![37, 38, 14, 36, 35, 9];
    let Some((cycles, _)) = conv.check(39) else { return };
    assert_eq!(cycles, 96.0);
    // More elements than a chain of tables takes.
    let mut conv = Conv::new([4, 4, 10], 2, [10, 90, 2]);
    conv.made = ", products = \"serial:2\"";
    let Some((cycles, _)) = conv.check(40) else { return };
    assert_eq!(cycles, 16.0);
    // Three digits of three bits, of which the top one has two.
    let mut conv = Conv::new([4, 4, 4], 4, [4, 36, 2]);
    conv.made = ", products = \"serial:3\"";
    let Some((cycles, _)) = conv.check(45) else { return };
    assert_eq!(cycles, 24.0);
    // All outputs at once: the window's 16 steps are the slowest.
    (conv.unsigned, conv.pe) = (true, 4);
    let Some((cycles, _)) = conv.check(46) else { return };
    assert_eq!(cycles, 16.0);
    // Two digits.
    let mut conv = Conv::new([4, 4, 4], 4, [4, 36, 2]);
    conv.made = ", products = \"serial:4\"";
    let Some((cycles, _)) = conv.check(94) else { return };
    assert_eq!(cycles, 16.0);
    // Eight groups, and seven of which the last is smaller: tables of two elements.
    let mut conv = Conv::new([4, 4, 3], 8, [3, 27, 1]);
    (conv.made, conv.unsigned) = (", products = \"serial:1\"", true);
    let Some((cycles, _)) = conv.check(47) else { return };
    assert_eq!(cycles, 256.0);
    let mut conv = Conv::new([3, 3, 3], 13, [3, 27, 2]);
    conv.made = ", products = \"serial:2\"";
    let Some((cycles, _)) = conv.check(48) else { return };
    assert_eq!(cycles, 28.0);
}

/// With such products, of signed and of unsigned inputs, bits are right, and a sample takes as many cycles.
fn check_products(mut conv: Conv, products: &str, seed: u64, expected: f64) {
    conv.made = format!(", products = \"{products}\"").leak();
    for unsigned in [false, true] {
        conv.unsigned = unsigned;
        let Some((cycles, _)) = conv.check(seed + u64::from(unsigned)) else { return };
        assert_eq!(cycles, expected, "{products}");
    }
}

/// Adders of constant weights that take a digit of all elements a cycle: each vector takes as many cycles as its elements have digits.
#[test]
fn constants_in_digits() {
    let run = |shape, outputs, lanes, products, seed, expected| {
        check_products(Conv::new(shape, outputs, lanes), products, seed, expected);
    };
    // Four vectors; of the channels, 0 and 1 of all taps come first: not in the order of the weights.
    run([4, 4, 4], 4, [2, 36, 4], "constants:1", 140, 32.0);
    // 16 vectors of two digits, for which the window takes longer, and of three, of which the top one has two bits.
    run([6, 6, 4], 5, [4, 36, 5], "constants:4", 142, 36.0);
    run([6, 6, 4], 3, [4, 36, 3], "constants:3", 144, 48.0);
    run([6, 6, 2], 3, [2, 18, 3], "constants:5", 146, 36.0);
    run([6, 6, 2], 1, [2, 18, 1], "constants:2", 148, 64.0);
    // Beside them the last elements in DSP blocks, some from block RAMs, or both; adders are there before block RAMs, behind DSP blocks, and long before them.
    run([6, 6, 4], 5, [4, 36, 5], "constants:4+dsp:6", 154, 36.0);
    run([6, 6, 4], 4, [4, 36, 4], "constants:2+bram:2", 156, 64.0);
    run([6, 6, 4], 3, [4, 36, 3], "constants:3+dsp:6+bram:1", 158, 48.0);
    run([4, 4, 4], 4, [2, 36, 4], "constants:1+dsp:4", 160, 32.0);
    run([6, 6, 4], 1, [4, 36, 1], "constants:4+dsp:17", 162, 36.0);
    run([6, 6, 4], 2, [4, 36, 2], "constants:4+dsp:1+bram:3", 164, 36.0);
    // Two digits of 36 vectors, slower than their window.
    let mut conv = Conv::new([6, 6, 2], 3, [2, 18, 3]);
    conv.made = ", products = \"constants:4\"";
    conv.geometry.pad = [1; 4];
    let Some((cycles, _)) = conv.check(152) else { return };
    assert_eq!(cycles, 72.0);
    // Multipliers of their own, and weights that are all 0, so that biases are all there is.
    let mut conv = Conv::new([5, 5, 3], 4, [3, 27, 4]);
    conv.made = ", products = \"constants:4\"";
    conv.multiplier = vec![1 << 30, 1_500_000_001, 77, 1 << 29];
    conv.shift = vec![37, 38, 14, 36];
    conv.check(150);
    conv.weights = [0, 0];
    conv.check(151);
}

/// Some elements bit by bit, of which some come from tables in block RAMs, and the last ones in DSP blocks, one a digit in each lane.
#[test]
fn products_bit_by_bit_beside_dsp_blocks_and_block_rams() {
    let run = |shape, outputs, lanes, products, seed, expected| {
        let mut conv = Conv::new(shape, outputs, lanes);
        conv.weights = [-127, 127];
        check_products(conv, products, seed, expected);
    };
    // 16 elements each, a DSP block for both outputs: tables wait for the DSP blocks. Two groups.
    run([4, 4, 4], 4, [2, 36, 2], "serial:1+dsp:2", 110, 64.0);
    // One group of four. All but 4 elements in DSP blocks.
    run([4, 4, 4], 4, [4, 36, 4], "serial:1+dsp:4", 112, 32.0);
    // A long chain: the DSP blocks' sums wait, for more than the two cycles that a digit has. Tables of 80 elements, and one in DSP blocks.
    run([4, 4, 20], 3, [20, 180, 3], "serial:4+dsp:1", 114, 16.0);
    run([4, 4, 10], 6, [10, 90, 2], "serial:2+dsp:7", 116, 48.0);
    // The last group is smaller, and its outputs cannot be paired.
    run([3, 3, 3], 13, [3, 27, 3], "serial:3+dsp:4", 118, 15.0);
    // Tables of nine elements in block RAMs; of seven, as two bits tell the groups; of eight, beside DSP blocks, where tables in LUTs are shorter.
    run([4, 4, 4], 4, [4, 36, 4], "serial:1+bram:2", 120, 32.0);
    run([4, 4, 3], 6, [3, 27, 2], "serial:2+bram:2", 122, 48.0);
    run([3, 3, 4], 7, [4, 36, 4], "serial:4+dsp:2+bram:3", 124, 9.0);
}

/// Vectors that use each word of weights one after the other, which comes in as many parts.
#[test]
fn vectors_that_share_words_of_weights() {
    let run = |shape, outputs, lanes: [usize; 3], made: &str, seed: u64, expected: f64| {
        let mut conv = Conv::new(shape, outputs, lanes);
        (conv.made, conv.weights) = (format!(", {made}").leak(), [-127, 127]);
        if outputs > 6 {
            conv.multiplier = (0..outputs as i64).map(|output| (1 << 30) - 70_000_001 * output).collect();
            conv.shift = (0..outputs as i64).map(|output| 36 + output % 3).collect();
        }
        let Some((cycles, _)) = conv.check(seed) else { return };
        assert_eq!(cycles, expected, "{made}");
    };
    // 16 vectors of four beats, two groups; words of two parts, and of four.
    run([6, 6, 4], 4, [2, 9, 2], "reuse = 2", 130, 128.0);
    run([6, 6, 4], 4, [2, 9, 2], "reuse = 4, products = \"lut\"", 131, 128.0);
    // One group: outputs are in order.
    run([6, 6, 4], 4, [4, 9, 4], "reuse = 2, products = \"lut\"", 132, 64.0);
    // Nine vectors; a last group of one output, multipliers of their own, and words of 27 weights in parts of 14, some of them in block RAMs.
    run([5, 5, 4], 7, [4, 9, 3], "reuse = 3", 133, 108.0);
    run([6, 6, 4], 7, [4, 9, 3], "reuse = 2, products = \"dsp:3\", blocks = 3", 134, 192.0);
    // One product a cycle, and many beats.
    run([5, 5, 3], 8, [1, 1, 1], "reuse = 3, products = \"lut\"", 135, 1944.0);
    run([6, 6, 6], 16, [2, 6, 8], "reuse = 4", 136, 288.0);
}

/// The last group of outputs is smaller.
#[test]
fn outputs_at_once_that_do_not_divide_them() {
    // 7 outputs by 3 in 12 cycles: two DSP blocks for each element, one of them for two products.
    let mut conv = Conv::new([4, 4, 4], 7, [2, 9, 3]);
    conv.weights = [-127, 127];
    let Some((cycles, ii)) = conv.check(41) else { return };
    assert_eq!((cycles, ii), (48.0, 48));
    // By 4 in LUTs, with multipliers of their own; 5 groups by 2, whose sums are in a memory.
    conv.pe = 4;
    conv.made = ", products = \"lut\"";
    conv.multiplier = vec![1 << 30, 1_500_000_001, 77, 1 << 29, 1 << 30, 5, 3 << 28];
    conv.shift = vec![37, 38, 14, 36, 35, 9, 36];
    conv.check(42);
    conv = Conv::new([3, 3, 4], 9, [4, 4, 2]);
    conv.check(43);
    // Bit by bit: three groups by 3, 8 cycles each.
    conv = Conv::new([4, 4, 4], 7, [4, 36, 3]);
    conv.made = ", products = \"serial:1\"";
    let Some((cycles, _)) = conv.check(44) else { return };
    assert_eq!(cycles, 96.0);
}

#[test]
fn one_product_a_cycle_with_multipliers_by_channel() {
    let mut conv = Conv::new([4, 4, 1], 4, [1, 1, 1]);
    conv.geometry.kernel = [2, 2];
    conv.multiplier = vec![1 << 30, 1_500_000_001, 77, 1 << 29];
    conv.shift = vec![37, 38, 14, 36];
    let Some((cycles, ii)) = conv.check(3) else { return };
    assert_eq!((cycles, ii), (144.0, 144));
}

#[test]
fn many_groups_and_small_weights() {
    // 12 groups: accumulators and biases in memories. Left and right padding only.
    let mut conv = Conv::new([3, 9, 2], 12, [1, 3, 1]);
    conv.geometry.kernel = [1, 3];
    conv.geometry.pad = [0, 0, 1, 1];
    conv.weights = [-3, 2];
    conv.shift = vec![31];
    let Some((cycles, ii)) = conv.check(4) else { return };
    assert_eq!((cycles, ii), (648.0, 648));
}

#[test]
fn whole_vectors_a_beat_and_columns_only() {
    // One group, one beat: constant weights; top padding wider than the bottom's.
    let mut conv = Conv::new([5, 3, 3], 2, [3, 9, 2]);
    conv.geometry = Geometry { kernel: [3, 1], stride: [1, 1], pad: [2, 0, 0, 0], pad_value: -7 };
    conv.shift = vec![30];
    let Some((cycles, _)) = conv.check(5) else { return };
    // Padding takes no cycles: 5 * 3.
    assert_eq!(cycles, 15.0);
}

#[test]
fn one_beat_a_vector_and_several_groups() {
    let mut conv = Conv::new([3, 3, 4], 8, [4, 4, 4]);
    conv.geometry.kernel = [1, 1];
    conv.multiplier = vec![3 << 28];
    let Some((cycles, ii)) = conv.check(6) else { return };
    assert_eq!((cycles, ii), (18.0, 18));
}

/// Windows of `lanes` channels, pooled; the reference folds the taps.
fn pool(
    kind: &str,
    shape: [usize; 3],
    lanes: usize,
    geometry: Geometry,
    scale: [i64; 2],
    fold: impl Fn(&[i64]) -> i64,
) -> Option<SimResult> {
    let [oh, ow] = geometry.output([shape[0], shape[1]]);
    let [kh, kw] = geometry.kernel;
    let taps = kh * kw;
    let (input, output) = (stream(&shape, "i8", lanes), stream(&[oh, ow, shape[2]], "i8", lanes));
    let windows = stream(&[oh, ow, taps * shape[2]], "i8", taps * lanes);
    let body = format!(
        r#"%w = dataflow.window "window" %x {{kernel = array<i64: {kh}, {kw}>, stride = array<i64: {}, {}>,
             dilation = array<i64: 1, 1>, pad = array<i64: {}>, pad_value = {}}} : {} -> {}
           %y = dataflow.pool "pool" %w {{kind = "{kind}", kernel = array<i64: {kh}, {kw}>, multiplier = {} : i32,
             shift = {} : i32}} : {} -> {}"#,
        geometry.stride[0],
        geometry.stride[1],
        text(&geometry.pad.map(|p| p as i64)),
        geometry.pad_value,
        input.ty,
        windows.ty,
        scale[0],
        scale[1],
        windows.ty,
        output.ty
    );
    let mut design = Design::new(&line(&input, &body, &output), &input, &output, 1)?;
    let mut random = Random(7);
    let samples: Vec<_> = (0..4).map(|_| random.numbers(shape.iter().product(), -128, 127)).collect();
    let expected: Vec<_> = (samples.iter())
        .map(|data| {
            let windows = geometry.windows(&Map { shape, data });
            (windows.iter().map(|taps| fold(taps)).collect(), 0)
        })
        .collect();
    Some(design.check(&samples, &expected))
}

#[test]
fn max_pool_with_stride_leaves_the_rest() {
    // The last row and column of 7x9 are in no window.
    let geometry = Geometry { kernel: [2, 2], stride: [2, 2], pad: [0; 4], pad_value: -128 };
    let max = |taps: &[i64]| *taps.iter().max().unwrap();
    let Some(result) = pool("max", [7, 9, 6], 1, geometry, [1, 0], max) else { return };
    // A beat a cycle: 7 * 9 * 6.
    assert_eq!(result.cycles_per_sample, Some(378.0));
}

#[test]
fn average_pool_over_everything() {
    let geometry = Geometry { kernel: [3, 5], stride: [1, 1], pad: [0; 4], pad_value: 0 };
    let (multiplier, shift) = (1_145_324_613, 34);
    let average = |taps: &[i64]| rescale(taps.iter().sum(), multiplier, shift, 0, [-128, 127]);
    let Some(result) = pool("avg", [3, 5, 4], 2, geometry, [multiplier, shift], average) else { return };
    assert_eq!(result.cycles_per_sample, Some(30.0));
}

#[test]
fn max_pool_with_overlap_and_padding() {
    let geometry = Geometry { kernel: [3, 3], stride: [2, 2], pad: [1, 1, 0, 1], pad_value: -128 };
    let max = |taps: &[i64]| *taps.iter().max().unwrap();
    let Some(result) = pool("max", [6, 5, 5], 1, geometry, [1, 0], max) else { return };
    // Padding takes no cycles: 6 * 5 * 5.
    assert_eq!(result.cycles_per_sample, Some(150.0));
}

/// A concatenation or slices alone: the reference moves elements.
fn moved(
    body: &str,
    (shape, lanes): ([usize; 3], usize),
    (to, to_lanes): ([usize; 3], usize),
    index: impl Fn([usize; 3]) -> [usize; 3],
) -> Option<SimResult> {
    let (input, output) = (stream(&shape, "i8", lanes), stream(&to, "i8", to_lanes));
    let mut design = Design::new(&line(&input, body, &output), &input, &output, 1)?;
    let mut random = Random(12);
    let samples: Vec<_> = (0..4).map(|_| random.numbers(shape.iter().product(), -128, 127)).collect();
    let expected: Vec<_> = (samples.iter())
        .map(|sample| {
            let at = |i: usize| {
                let [y, x, c] = index([i / (to[1] * to[2]), i / to[2] % to[1], i % to[2]]);
                sample[(y * shape[1] + x) * shape[2] + c]
            };
            ((0..to.iter().product()).map(at).collect(), 0)
        })
        .collect();
    Some(design.check(&samples, &expected))
}

#[test]
fn a_slice_in_all_dimensions() {
    let [from, to] = [[5, 4, 6], [3, 2, 4]].map(|shape| stream(&shape, "i8", 2).ty);
    let body = format!(r#"%y = dataflow.slice "part" %x {{start = array<i64: 1, 2, 2>}} : {from} -> {to}"#);
    let Some(result) = moved(&body, ([5, 4, 6], 2), ([3, 2, 4], 2), |[y, x, c]| [y + 1, x + 2, c + 2]) else {
        return;
    };
    // Every beat of the input takes a cycle.
    assert_eq!(result.cycles_per_sample, Some(60.0));
}

#[test]
fn channels_and_rows_change_places() {
    // Channels 4 and 5 in front of 0 to 3; then the last row first.
    let [all, low, high, top, bottom] =
        [[3, 2, 6], [3, 2, 4], [3, 2, 2], [2, 2, 6], [1, 2, 6]].map(|shape| stream(&shape, "i8", 2).ty);
    let body = format!(
        r#"%a, %b = dataflow.fork "fork" %x : {all} -> {all}, {all}
           %low = dataflow.slice "low" %a {{start = array<i64: 0, 0, 0>}} : {all} -> {low}
           %high = dataflow.slice "high" %b {{start = array<i64: 0, 0, 4>}} : {all} -> {high}
           %wait = dataflow.fifo "wait" %low {{depth = 2}} : {low} -> {low}
           %z = dataflow.concat "channels" %high, %wait {{axis = 2}} : {high}, {low} -> {all}
           %v, %w = dataflow.fork "fork2" %z : {all} -> {all}, {all}
           %top = dataflow.slice "top" %v {{start = array<i64: 0, 0, 0>}} : {all} -> {top}
           %bottom = dataflow.slice "bottom" %w {{start = array<i64: 2, 0, 0>}} : {all} -> {bottom}
           %rest = dataflow.fifo "rest" %top {{depth = 12}} : {top} -> {top}
           %y = dataflow.concat "rows" %bottom, %rest {{axis = 0}} : {bottom}, {top} -> {all}"#
    );
    let moves = |[y, x, c]: [usize; 3]| [(y + 2) % 3, x, (c + 4) % 6];
    let Some(_) = moved(&body, ([3, 2, 6], 2), ([3, 2, 6], 2), moves) else { return };
}

#[test]
fn channels_and_rows_change_places_four_pixels_a_beat() {
    // The last beat of a row has two pixels.
    let [all, low, high, top, bottom] = [[3, 6, 6], [3, 6, 4], [3, 6, 2], [2, 6, 6], [1, 6, 6]]
        .map(|shape| stream(&shape, "i8", 4 * shape[2]).ty);
    let body = format!(
        r#"%a, %b = dataflow.fork "fork" %x : {all} -> {all}, {all}
           %low = dataflow.slice "low" %a {{start = array<i64: 0, 0, 0>}} : {all} -> {low}
           %high = dataflow.slice "high" %b {{start = array<i64: 0, 0, 4>}} : {all} -> {high}
           %z = dataflow.concat "channels" %high, %low {{axis = 2}} : {high}, {low} -> {all}
           %v, %w = dataflow.fork "fork2" %z : {all} -> {all}, {all}
           %top = dataflow.slice "top" %v {{start = array<i64: 0, 0, 0>}} : {all} -> {top}
           %bottom = dataflow.slice "bottom" %w {{start = array<i64: 2, 0, 0>}} : {all} -> {bottom}
           %rest = dataflow.fifo "rest" %top {{depth = 8}} : {top} -> {top}
           %y = dataflow.concat "rows" %bottom, %rest {{axis = 0}} : {bottom}, {top} -> {all}"#
    );
    let moves = |[y, x, c]: [usize; 3]| [(y + 2) % 3, x, (c + 4) % 6];
    let Some(result) = moved(&body, ([3, 6, 6], 24), ([3, 6, 6], 24), moves) else { return };
    // Three rows of two beats.
    assert_eq!(result.cycles_per_sample, Some(6.0));
}

#[test]
fn a_slice_begins_within_a_beat() {
    let [from, between, to] =
        [[5, 10, 3], [3, 8, 3], [3, 7, 2]].map(|shape| stream(&shape, "i8", 4 * shape[2]).ty);
    let body = format!(
        r#"%z = dataflow.slice "first" %x {{start = array<i64: 1, 1, 0>}} : {from} -> {between}
           %y = dataflow.slice "second" %z {{start = array<i64: 0, 1, 1>}} : {between} -> {to}"#
    );
    let moves = |[y, x, c]: [usize; 3]| [y + 1, x + 2, c + 1];
    let Some(result) = moved(&body, ([5, 10, 3], 12), ([3, 7, 2], 8), moves) else { return };
    // Five rows of three beats; the second one needs three cycles for rows of two beats too, but has fewer rows.
    assert_eq!(result.cycles_per_sample, Some(15.0));
}

/// One actor of maps of i8: what it gives, by the reference, and its cycles a sample.
fn alone(
    body: &str,
    input: ([usize; 3], usize),
    output: ([usize; 3], usize),
    reference: impl Fn(&Map) -> Vec<i64>,
) -> Option<f64> {
    alone_in_blocks("DSP48E1", body, input, output, reference)
}

/// The same on a device of these DSP blocks.
fn alone_in_blocks(
    dsp: &str,
    body: &str,
    (shape, lanes): ([usize; 3], usize),
    (to, to_lanes): ([usize; 3], usize),
    reference: impl Fn(&Map) -> Vec<i64>,
) -> Option<f64> {
    let (input, output) = (stream(&shape, "i8", lanes), stream(&to, "i8", to_lanes));
    let body = body.replace("IN", &input.ty).replace("OUT", &output.ty);
    let graph = for_blocks(dsp, &line(&input, &body, &output));
    let mut design = Design::new(&graph, &input, &output, 1)?;
    let mut random = Random(31);
    let samples: Vec<_> = (0..4).map(|_| random.numbers(shape.iter().product(), -128, 127)).collect();
    let expected: Vec<_> = samples.iter().map(|data| (reference(&Map { shape, data }), 0)).collect();
    design.check(&samples, &expected).cycles_per_sample
}

#[test]
fn a_depthwise_takes_a_beat_a_cycle() {
    depthwise("DSP48E1", 5000, (36, 40));
}

/// Of three groups of channels: the weights of each product have a counter of their own.
#[test]
fn a_depthwise_in_square_blocks_takes_a_beat_a_cycle() {
    depthwise("MULT18X18D", 5000, (36, 40));
}

/// Of sums of 20 bits and multipliers of 31.
#[test]
fn a_scale_is_cut_for_the_narrower_port() {
    depthwise("DSP48E1", 400_000, (41, 45));
}

/// A depthwise layer with biases and shifts of these sizes: what it gives, and its cycles.
fn depthwise(dsp: &str, most_bias: i64, (least_shift, most_shift): (i64, i64)) {
    let mut random = Random(32);
    // [KH, KW, C, M] = [1, 1, 6, 2].
    let weights = random.numbers(12, -127, 127);
    let bias = random.numbers(12, -most_bias, most_bias);
    let (multipliers, shifts) =
        (random.numbers(12, 1 << 30, (1 << 31) - 1), random.numbers(12, least_shift, most_shift));
    // Rounding as TFLite does, and by a number of each output.
    let roundings: Vec<_> = shifts.iter().map(|&shift| random.numbers(1, 0, 1 << shift)[0]).collect();
    for (how, rounding) in [("double_round", None), ("rounding = ", Some(&roundings))] {
        let how =
            rounding.map_or_else(|| how.to_owned(), |values| format!("{how}array<i64: {}>", text(values)));
        let body = format!(
            r#"%y = dataflow.depthwise "depthwise" %x {{weights = {}, bias = {}, multiplier = array<i32: {}>,
                 shift = array<i32: {}>, {how}, output_zp = -4, min = -100, max = 120}} : IN -> OUT"#,
            dense("1x1x6x2", 8, &weights),
            dense("12", 32, &bias),
            text(&multipliers),
            text(&shifts)
        );
        let reference = |map: &Map| {
            let output = |i: usize| {
                let channel = i % 12;
                let sum = map.data[i / 2] * weights[channel] + bias[channel];
                // TOSA's apply_scale_32 with double rounding.
                let twice = (1i128 << (shifts[channel] - 1)) + if sum >= 0 { 1 << 30 } else { -(1 << 30) };
                let round = rounding.map_or(twice, |values| values[channel].into());
                let scaled = (i128::from(sum) * i128::from(multipliers[channel]) + round) >> shifts[channel];
                (scaled as i64 - 4).clamp(-100, 120)
            };
            (0..map.data.len() * 2).map(output).collect()
        };
        // 4 * 3 pixels of 6 channels, two a beat.
        let done = alone_in_blocks(dsp, &body, ([4, 3, 6], 2), ([4, 3, 12], 4), reference);
        let Some(cycles) = done else { return };
        assert_eq!(cycles, 36.0);
    }
}

#[test]
fn a_global_average_takes_a_beat_a_cycle() {
    // 12 pixels; TOSA's reciprocal_scale: k = 4, ((2^30 + 1) * 16) / 12.
    let (multiplier, shift) = (((1i64 << 30) + 1) * 16 / 12, 34);
    let body = format!(
        r#"%y = dataflow.tile_pool "mean" %x {{kernel = array<i64: 3, 4>, kind = "avg", multiplier = {multiplier} : i32, shift = {shift} : i32,
             input_zp = 100, output_zp = 60}} : IN -> OUT"#
    );
    let reference = |map: &Map| {
        let mean = |channel: usize| {
            let sum: i64 = map.data.iter().skip(channel).step_by(6).map(|x| x - 100).sum();
            rescale(sum, multiplier, shift, 60, [-128, 127])
        };
        (0..6).map(mean).collect()
    };
    let Some(cycles) = alone(&body, ([3, 4, 6], 1), ([1, 1, 6], 1), reference) else { return };
    assert_eq!(cycles, 72.0);
}

#[test]
fn a_global_pool_takes_four_pixels_a_cycle() {
    // 15 pixels; TOSA's reciprocal_scale: k = 4, ((2^30 + 1) * 16) / 15.
    let scale = (((1i64 << 30) + 1) * 16 / 15, 34);
    for (kind, (multiplier, shift), zero) in [("avg", scale, -100), ("max", (1, 0), 0)] {
        let body = format!(
            r#"%y = dataflow.tile_pool "pool" %x {{kernel = array<i64: 3, 5>, kind = "{kind}", multiplier = {multiplier} : i32, shift = {shift} : i32,
                 input_zp = {zero}, output_zp = {zero}}} : IN -> OUT"#
        );
        let reference = |map: &Map| {
            let pooled = |channel: usize| {
                let values = map.data.iter().skip(channel).step_by(2).copied();
                match kind {
                    "max" => values.max().unwrap(),
                    _ => rescale(values.map(|x| x - zero).sum(), multiplier, shift, zero, [-128, 127]),
                }
            };
            (0..2).map(pooled).collect()
        };
        // Three rows of two beats, of which the second one has one pixel.
        let Some(cycles) = alone(&body, ([3, 5, 2], 8), ([1, 1, 2], 2), reference) else { return };
        assert_eq!(cycles, 6.0, "{kind}");
    }
}

#[test]
fn tiles_are_pooled_a_beat_a_cycle() {
    // Tiles of 3x4, of 4x4 and of 2x2. Parts of a pixel, one and several groups of outputs, pixels, half of a tile's row, a tile and two of them, and
    // three tiles of which the second beat has one.
    for (kernel, shape, lanes) in [
        ([3, 4], [6, 8, 6], 2),
        ([3, 4], [6, 8, 6], 3),
        ([3, 4], [6, 12, 6], 6),
        ([3, 4], [6, 8, 2], 4),
        ([4, 4], [4, 8, 3], 12),
        ([4, 2], [8, 6, 2], 8),
        ([2, 1], [4, 5, 4], 8),
        ([1, 3], [3, 9, 2], 1),
        ([2, 2], [4, 2, 2], 2),
    ] {
        let [height, width, channels] = shape;
        let [rows, columns] = kernel;
        let taps: usize = rows * columns;
        // TOSA's reciprocal_scale.
        let bits = usize::BITS - (taps - 1).leading_zeros();
        let scale = ((((1i64 << 30) + 1) << bits) / taps as i64, 30 + i64::from(bits));
        for (kind, (multiplier, shift), zero) in [("avg", scale, -100), ("max", (1, 0), 0)] {
            let body = format!(
                r#"%y = dataflow.tile_pool "pool" %x {{kernel = array<i64: {rows}, {columns}>, kind = "{kind}", multiplier = {multiplier} : i32,
                     shift = {shift} : i32, input_zp = {zero}, output_zp = {zero}}} : IN -> OUT"#
            );
            let reference = |map: &Map| {
                let pooled = |i: usize| {
                    let [y, x, c] = [
                        i / (width / columns * channels) * rows,
                        i / channels % (width / columns) * columns,
                        i % channels,
                    ];
                    let at = |tap: usize| {
                        map.data[((y + tap / columns) * width + x + tap % columns) * channels + c]
                    };
                    let values = (0..taps).map(at);
                    match kind {
                        "max" => values.max().unwrap(),
                        _ => rescale(values.map(|x| x - zero).sum(), multiplier, shift, zero, [-128, 127]),
                    }
                };
                (0..height / rows * (width / columns) * channels).map(pooled).collect()
            };
            let pixels = (lanes / channels).max(1);
            let out = lanes.min((pixels / columns).max(1) * channels);
            let output = [height / rows, width / columns, channels];
            let Some(cycles) = alone(&body, (shape, lanes), (output, out), reference) else { return };
            let row = if lanes < channels { width * channels / lanes } else { width.div_ceil(pixels) };
            assert_eq!(cycles, (height * row) as f64, "{kind}, {kernel:?} of {shape:?}, {lanes} lanes");
        }
    }
}

#[test]
fn rows_side_by_side_and_padding_within_a_beat() {
    // Each row twice, and around that a row, three and two pixels, and a channel.
    let [row, both] = [[3, 4, 2], [3, 8, 2]].map(|shape| stream(&shape, "i8", 8).ty);
    let body = format!(
        r#"%a, %b = dataflow.fork "fork" %x : {row} -> {row}, {row}
           %wait = dataflow.fifo "wait" %b {{depth = 2}} : {row} -> {row}
           %z = dataflow.concat "rows" %a, %wait {{axis = 1}} : {row}, {row} -> {both}
           %y = dataflow.pad "pad" %z {{before = array<i64: 1, 3, 1>, after = array<i64: 0, 2, 0>, pad_value = 9}} : {both} -> OUT"#
    );
    let reference = |map: &Map| {
        let element = |i: usize| {
            let [y, x, c] = [i / 39, i / 3 % 13, i % 3];
            let inside = y >= 1 && (3..11).contains(&x) && c >= 1;
            if inside { map.data[((y - 1) * 4 + (x - 3) % 4) * 2 + c - 1] } else { 9 }
        };
        (0..4 * 13 * 3).map(element).collect()
    };
    let Some(cycles) = alone(&body, ([3, 4, 2], 8), ([4, 13, 3], 12), reference) else { return };
    // Four rows of four beats.
    assert_eq!(cycles, 16.0);
}

#[test]
fn a_table_and_padding_take_a_beat_a_cycle() {
    let mut random = Random(33);
    let values = random.numbers(256, -128, 127);
    let between = stream(&[3, 2, 4], "i8", 2).ty;
    let body = format!(
        r#"%z = dataflow.table "table" %x {{values = {}}} : {between} -> {between}
           %y = dataflow.pad "pad" %z {{before = array<i64: 1, 0, 2>, after = array<i64: 0, 3, 0>, pad_value = -77}}
             : {between} -> OUT"#,
        dense("256", 8, &values)
    );
    let reference = |map: &Map| {
        let element = |i: usize| {
            let [y, x, c] = [i / 30, i / 6 % 5, i % 6];
            let inside = y >= 1 && x < 2 && c >= 2;
            let at = |y: usize, c: usize| map.data[(y * 2 + x) * 4 + c];
            if inside { values[(at(y - 1, c - 2) + 128) as usize] } else { -77 }
        };
        (0..120).map(element).collect()
    };
    // 4 * 5 pixels of 6 channels, two a beat.
    let Some(cycles) = alone(&body, ([3, 2, 4], 2), ([4, 5, 6], 2), reference) else { return };
    assert_eq!(cycles, 60.0);
}

/// Each channel times the largest of its map, or plus it: of factors that come round in a memory and in registers, and of two pixels a beat
/// with a partial beat at the end of a row.
#[test]
fn a_pixel_is_spread_over_a_map() {
    for (op, lanes, zero_points) in
        [("mul", 1, [-128, 5]), ("mul", 3, [0, 0]), ("mul", 12, [7, -128]), ("add", 2, [0, 0])]
    {
        let [lhs_zp, rhs_zp] = zero_points;
        let attributes =
            if op == "mul" { format!("{{lhs_zp = {lhs_zp}, rhs_zp = {rhs_zp}}}") } else { String::new() };
        let shape = [3, 5, 6];
        let pixel = stream(&[1, 1, 6], "i8", lanes.min(6)).ty;
        let wide = stream(&shape, "i32", lanes).ty;
        let body = format!(
            r#"%a, %b = dataflow.fork "fork" %x : IN -> IN, IN
               %p = dataflow.tile_pool "max" %b {{kernel = array<i64: 3, 5>, kind = "max", multiplier = 1 : i32, shift = 0 : i32}} : IN -> {pixel}
               %m = dataflow.fifo "map" %a {{depth = 200}} : IN -> IN
               %w = dataflow.{op} "spread" %m, %p {attributes} : IN, {pixel} -> {wide}
               %y = dataflow.map "narrow" %w {{input_zp = 0, multiplier = 1 : i32, shift = 7 : i32, output_zp = 0,
                 min = -128, max = 127}} : {wide} -> OUT"#
        );
        let reference = |map: &Map| {
            let largest = |channel: usize| *map.data.iter().skip(channel).step_by(6).max().unwrap();
            let element = |(i, x): (usize, &i64)| {
                let factor = largest(i % 6);
                let wide = if op == "mul" { (x - lhs_zp) * (factor - rhs_zp) } else { x + factor };
                rescale(wide, 1, 7, 0, [-128, 127])
            };
            map.data.iter().enumerate().map(element).collect()
        };
        let Some(cycles) = alone(&body, (shape, lanes), (shape, lanes), reference) else { return };
        // Three rows of five pixels.
        assert_eq!(cycles, if lanes == 12 { 9.0 } else { 90.0 / lanes as f64 }, "{op}, {lanes} lanes");
    }
}

#[test]
fn fork_maps_add_resize_and_fifo() {
    let shape = [3, 4, 6];
    let (input, output) = (stream(&shape, "i8", 2), stream(&shape, "i16", 3));
    let [one, wide] = [1, 6].map(|lanes| stream(&shape, "i16", lanes).ty);
    let (byte, word) = (&input.ty, stream(&shape, "i16", 2).ty);
    let body = format!(
        r#"%a, %b = dataflow.fork "fork" %x : {byte} -> {byte}, {byte}
           %p = dataflow.map "double" %a {{input_zp = 3, multiplier = 1073741824 : i32, shift = 29 : i32, output_zp = -5,
             min = -200, max = 190}} : {byte} -> {word}
           %f = dataflow.fifo "fifo" %b {{depth = 5}} : {byte} -> {byte}
           %q = dataflow.map "scale" %f {{input_zp = 0, multiplier = 1717986918 : i32, shift = 33 : i32, output_zp = 7,
             min = -20, max = 100}} : {byte} -> {word}
           %s = dataflow.add "add" %p, %q : {word}, {word} -> {word}
           %r1 = dataflow.resize "to one" %s : {word} -> {one}
           %r6 = dataflow.resize "to six" %r1 : {one} -> {wide}
           %y = dataflow.resize "to/three" %r6 : {wide} -> {}"#,
        output.ty
    );
    let Some(mut design) = Design::new(&line(&input, &body, &output), &input, &output, 1) else { return };
    let mut random = Random(8);
    let samples: Vec<_> = (0..3).map(|_| random.numbers(72, -128, 127)).collect();
    let element = |&x: &i64| {
        rescale(x - 3, 1 << 30, 29, -5, [-200, 190]) + rescale(x, 1_717_986_918, 33, 7, [-20, 100])
    };
    let expected: Vec<_> = samples.iter().map(|s| (s.iter().map(element).collect(), 0)).collect();
    let result = design.check(&samples, &expected);
    // One lane a beat is the narrowest place.
    assert_eq!(result.cycles_per_sample, Some(72.0));
}

/// Samples leave at exit 0 whose sum of exponentials is at most a limit.
fn exits(classes: usize, lanes: usize, depth: usize, table: &[i64], limit: i64) -> Option<SimResult> {
    exits_in_dsps("DSP48E1", (classes, lanes, depth), table, limit)
}

/// The same on a device of these DSP blocks.
fn exits_in_dsps(
    dsp: &str,
    (classes, lanes, depth): (usize, usize, usize),
    table: &[i64],
    limit: i64,
) -> Option<SimResult> {
    let confidence = format!("#ee.max_softmax<threshold = 0.9, table = [{}], limit = {limit}>", text(table));
    let leaves = |x: &[i64]| {
        let max = x.iter().max().unwrap();
        x.iter().map(|x| table[(max - x) as usize]).sum::<i64>() <= limit
    };
    exits_by(&confidence, leaves, (classes, 8, lanes), (depth, dsp))
}

/// The same logits leave at exit 0 or, doubled, at exit 1.
fn exits_by(
    confidence: &str,
    leaves: impl Fn(&[i64]) -> bool,
    (classes, bits, lanes): (usize, u32, usize),
    (depth, dsp): (usize, &str),
) -> Option<SimResult> {
    let (low, high) = (-(1i64 << (bits - 1)), (1i64 << (bits - 1)) - 1);
    let logits = stream(&[classes], &format!("i{bits}"), lanes);
    let ty = &logits.ty;
    let gate = |name: &str, of: &str, when: bool, decision: &str, ty: &str, depth: usize| {
        format!(
            r#"%{name} = dataflow.gate "{name}" %{of}, %{decision} {{pass_when = {when}, depth = {depth}}} : {ty}, {BIT} -> {ty}"#
        )
    };
    let graph = format!(
        r#"dataflow.graph @net attributes {{dsp = "{dsp}"}} {{
          %x, %t = dataflow.source "in" : {ty}, {TAG}
          %x0, %x1, %x2 = dataflow.fork "fork" %x : {ty} -> {ty}, {ty}, {ty}
          %t0, %t1 = dataflow.fork "tags" %t : {TAG} -> {TAG}, {TAG}
          %d = dataflow.decide "decide" %x0 {{confidence = {confidence}}} : {ty} -> {BIT}
          %d0, %d1, %d2, %d3 = dataflow.fork "decisions" %d : {BIT} -> {BIT}, {BIT}, {BIT}, {BIT}
          {}
          {}
          {}
          {}
          %l = dataflow.map "late" %stay {{input_zp = 0, multiplier = 1073741824 : i32, shift = 29 : i32, output_zp = 0,
            min = {low}, max = {high}}} : {ty} -> {ty}
          // Tags wait here for the data that take longer.
          %late_tag = dataflow.fifo "late_tag" %stay_tag {{depth = 8}} : {TAG} -> {TAG}
          %r, %rt, %e = dataflow.merge "merge" %leave, %l tags %leave_tag, %late_tag : {ty}, {ty} tags {TAG}, {TAG}
            -> {ty}, {TAG}, {EXIT}
          dataflow.sink "out" %r, %rt, %e : {ty}, {TAG}, {EXIT}
        }}"#,
        gate("leave", "x1", true, "d0", ty, depth),
        gate("stay", "x2", false, "d1", ty, depth),
        gate("leave_tag", "t0", true, "d2", TAG, depth / logits.beats()),
        gate("stay_tag", "t1", false, "d3", TAG, depth / logits.beats()),
    );
    let mut design = Design::new(&graph, &logits, &logits, 2)?;
    let mut random = Random(9);
    let (near, far) = (low * 30 / 128, high * 30 / 127);
    let mut samples: Vec<_> = (0..40).map(|_| random.numbers(classes, near, far)).collect();
    samples.push(vec![low; classes]);
    samples.push((0..classes).map(|c| if c == 1 { high } else { low }).collect());
    let expected: Vec<_> = (samples.iter())
        .map(|x| {
            let doubled = x.iter().map(|x| (2 * x).clamp(low, high)).collect();
            if leaves(x) { (x.clone(), 0) } else { (doubled, 1) }
        })
        .collect();
    let leaving = expected.iter().filter(|(_, exit)| *exit == 0).count();
    assert!((5..37).contains(&leaving), "{leaving} of 42 leave: the test needs both kinds");
    Some(design.check(&samples, &expected))
}

/// `round(2^16 exp(-d / 8))` by Rust's `exp`.
fn table() -> Vec<i64> {
    (0..256).map(|d| (65536.0 * (-f64::from(d) / 8.0).exp()).round() as i64).collect()
}

#[test]
fn exits_with_the_smallest_gates() {
    // A gate of exactly one sample, one logit a beat.
    let Some(_) = exits(10, 1, 10, &table(), 85_000) else { return };
    // With a register more behind the gates.
    let Some(_) = exits_in_dsps("MULT18X18D", (10, 1, 10), &table(), 85_000) else { return };
}

#[test]
fn exits_with_room_take_a_beat_a_cycle() {
    for dsp in ["DSP48E1", "MULT18X18D"] {
        let Some(result) = exits_in_dsps(dsp, (10, 2, 160), &table(), 85_000) else { return };
        assert_eq!(result.cycles_per_sample, Some(5.0));
    }
}

#[test]
fn exits_with_all_logits_in_a_beat() {
    let Some(result) = exits(10, 10, 32, &table(), 85_000) else { return };
    // Samples of both exits meet at the merge, which then takes no more than comes in.
    assert!(result.cycles_per_sample < Some(1.1), "{:?}", result.cycles_per_sample);
}

/// Every kind of confidence, against its form in integers (`dialects/tests/confidence.rs` compares that with the definition).
fn exits_of(confidence: Confidence, (classes, bits, lanes): (usize, u32, usize)) -> Option<SimResult> {
    // Logits of up to 30 / 128 of their range are up to 7 apart.
    let scale = 0.125 * 2f64.powi(8 - bits as i32);
    let confidence = confidence.quantized(scale, bits, classes);
    let context = atheena_dialects::context();
    let attribute = confidence.to_attr(Ctx::of(&context)).to_string();
    let integer = confidence.integer.expect("it was quantised");
    let leaves = |x: &[i64]| integer.leaves(&x.iter().map(|&x| x as i32).collect::<Vec<_>>());
    exits_by(&attribute, leaves, (classes, bits, lanes), (16 * classes, "DSP48E1"))
}

#[test]
fn exits_by_margin() {
    let Some(_) = exits_of(Confidence::margin(0.4), (10, 8, 1)) else { return };
    let Some(result) = exits_of(Confidence::margin(0.4), (6, 16, 3)) else { return };
    assert_eq!(result.cycles_per_sample, Some(2.0));
}

#[test]
fn exits_by_entropy() {
    let Some(_) = exits_of(Confidence::entropy(1.2), (10, 8, 2)) else { return };
    let Some(result) = exits_of(Confidence::entropy(1.2), (6, 16, 3)) else { return };
    assert_eq!(result.cycles_per_sample, Some(2.0));
}

#[test]
fn exits_by_logits_of_16_bits() {
    let Some(result) = exits_of(Confidence::max_softmax(0.7), (10, 16, 5)) else { return };
    assert_eq!(result.cycles_per_sample, Some(2.0));
}
