//! The hardware of each actor, simulated under random stalls, against plain loops of TOSA's formulas: every bit. And its
//! initiation interval, against the formula of its generator.

#[path = "hw/harness.rs"]
mod harness;
#[path = "hw/reference.rs"]
mod reference;

use harness::{Design, Random, dense, line, stream, text};
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
        let (input, output) =
            (stream(&self.shape, element, self.lanes), stream(&[oh, ow, self.outputs], "i8", self.pe));
        let windows = stream(&[oh, ow, self.vector()], element, kh * kw * self.lanes);
        let vectors = stream(&[oh, ow, self.vector()], element, self.simd);
        let body = format!(
            r#"%w = dataflow.window "window" %x {{kernel = array<i64: {kh}, {kw}>, stride = array<i64: {}, {}>,
                 dilation = array<i64: 1, 1>, pad = array<i64: {}>, pad_value = {}}} : {} -> {}
               // While the window of a next sample fills, the matvec works on what the queue holds.
               %q = dataflow.fifo "queue" %w {{depth = 16}} : {} -> {}
               %v = dataflow.resize "resize" %q : {} -> {}
               %y = dataflow.matvec "matvec" %v {{weights = {}, bias = {},
                 channel_lanes = {}, multiplier = array<i32: {}>, shift = array<i32: {}>, output_zp = 0, min = {}, max = {}}}
                 : {} -> {}"#,
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
        let ii = oh * ow * (self.vector() / self.simd) * (self.outputs / self.pe);
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
    // The window's: 7 + 2 rows of 6 + 2 columns.
    assert_eq!(cycles, 72.0);
}
