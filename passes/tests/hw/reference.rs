//! TOSA's formulas as plain loops.

/// A feature map, `[H, W, C]`.
pub struct Map<'a> {
    pub shape: [usize; 3],
    pub data: &'a [i64],
}

/// Kernel size, stride, padding (top, bottom, left, right) and its value.
#[derive(Clone, Copy)]
pub struct Geometry {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub pad: [usize; 4],
    pub pad_value: i64,
}

impl Geometry {
    /// Rows and columns of the output for an input of `[H, W]`, TOSA's formula rounded down.
    pub fn output(&self, [h, w]: [usize; 2]) -> [usize; 2] {
        [
            (h + self.pad[0] + self.pad[1] - self.kernel[0]) / self.stride[0] + 1,
            (w + self.pad[2] + self.pad[3] - self.kernel[1]) / self.stride[1] + 1,
        ]
    }

    /// The element of the input that tap (ky, kx) of output (oy, ox) sees.
    pub fn tap(&self, map: &Map, [oy, ox]: [usize; 2], [ky, kx]: [usize; 2], channel: usize) -> i64 {
        let y = (oy * self.stride[0] + ky).checked_sub(self.pad[0]).filter(|&y| y < map.shape[0]);
        let x = (ox * self.stride[1] + kx).checked_sub(self.pad[2]).filter(|&x| x < map.shape[1]);
        match (y, x) {
            (Some(y), Some(x)) => map.data[(y * map.shape[1] + x) * map.shape[2] + channel],
            _ => self.pad_value,
        }
    }

    /// For each output position and channel, all taps.
    pub fn windows(&self, map: &Map) -> Vec<Vec<i64>> {
        let [oh, ow] = self.output([map.shape[0], map.shape[1]]);
        let mut all = vec![];
        for oy in 0..oh {
            for ox in 0..ow {
                for channel in 0..map.shape[2] {
                    let mut taps = vec![];
                    for ky in 0..self.kernel[0] {
                        for kx in 0..self.kernel[1] {
                            taps.push(self.tap(map, [oy, ox], [ky, kx], channel));
                        }
                    }
                    all.push(taps);
                }
            }
        }
        all
    }
}

/// TOSA's `apply_scale_32` with SINGLE_ROUND, the zero point, and `clamp`.
pub fn rescale(value: i64, multiplier: i64, shift: i64, zero_point: i64, [min, max]: [i64; 2]) -> i64 {
    let round = if shift == 0 { 0 } else { 1i128 << (shift - 1) };
    let scaled = (i128::from(value) * i128::from(multiplier) + round) >> shift;
    (scaled as i64 + zero_point).clamp(min, max)
}

/// `conv2d` with weights `[OC, KH, KW, C]`: the sums with bias, `[OH, OW, OC]`.
pub fn conv2d(map: &Map, geometry: &Geometry, weights: &[i64], bias: &[i64]) -> Vec<i64> {
    let [oh, ow] = geometry.output([map.shape[0], map.shape[1]]);
    let [kh, kw] = geometry.kernel;
    let channels = map.shape[2];
    let mut output = vec![];
    for oy in 0..oh {
        for ox in 0..ow {
            for (oc, bias) in bias.iter().enumerate() {
                let mut sum = *bias;
                for ky in 0..kh {
                    for kx in 0..kw {
                        for c in 0..channels {
                            let weight = weights[((oc * kh + ky) * kw + kx) * channels + c];
                            sum += weight * geometry.tap(map, [oy, ox], [ky, kx], c);
                        }
                    }
                }
                output.push(sum);
            }
        }
    }
    output
}
