//! Rounding of weights such that what a layer's sums lose is least, not what its weights lose.
//!
//! Each weight is rounded in turn, and those that are still to come make up for what that did to the sums, as the calibration samples show
//! them; the bias, which is hardly rounded at all, comes last. With the second moments H = E[x x'] of the inputs, H = L L' with L
//! lower triangular, the error of a row of weights e is
//!
//!     e H e' = sum over k of L[k][k]^2 (e[k] + sum over j > k of e[j] L[j][k] / L[k][k])^2,
//!
//! so that weight k, from the last one on, is best rounded together with what the sum in brackets holds of those before it.
//!
//! Frantar et al., "GPTQ" (2023), in the form of Chee et al., "QuIP" (2023), which shows both to be the same.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use atheena_dialects::{
    ir::{Failure, Op, Value},
    tosa::{Convolution, Geometry},
};
use atheena_runtime::golden::{Outputs, Tensor};
use nalgebra::{DMatrix, DVector};

use super::{
    groups::{Groups, image, outside},
    observe::Observed,
    scales::Format,
};

/// Calibration samples whose inputs of layers are looked at, at most.
const SAMPLES: usize = 1024;
/// Vectors of inputs of a layer that are looked at.
const VECTORS: usize = 4096;
/// The most products of a sum for which this is done: time grows as its cube, memory as its square.
const MOST_PRODUCTS: usize = 2048;
/// What is added to the second moments of each input, as a part of their mean: so that few samples do not decide all.
const DAMPING: f64 = 0.01;

/// What the inputs of layers are like.
pub struct LayerInputs<'c>(HashMap<Value<'c>, Inputs>);

impl<'c> LayerInputs<'c> {
    /// Nothing is known: weights are rounded one by one.
    pub fn none() -> Self {
        Self(HashMap::new())
    }

    /// Looks at the inputs of all layers but depthwise ones, whose sums are of few products, and such of very many.
    pub fn of(
        function: Op<'c>,
        groups: &Groups<'c>,
        formats: &[Format],
        observed: &Observed<'c>,
    ) -> Result<Self, Failure> {
        let Observed { golden, data, values, .. } = observed;
        let argument = image(function)?;
        let (layers, windows): (Vec<Value>, Vec<Windows>) = (Convolution::all_in(function).into_iter())
            .filter_map(|layer| {
                let input = outside(layer.input());
                let place = values.iter().position(|&value| value == input);
                let source = match place {
                    Some(place) => Source::Observed(place),
                    None if input == argument => Source::Image,
                    None => return None,
                };
                let format = formats[groups.group_of(input)?];
                Some((layer.output(), Windows::of(layer, source, format)?))
            })
            .unzip();
        let samples = data.len().min(SAMPLES);
        let rows: Vec<_> = windows.iter().map(|_| Mutex::new(vec![])).collect();
        let look = |sample: usize, outputs: Outputs| {
            let pixels: Vec<f32> = data.image(sample).iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
            for (windows, rows) in windows.iter().zip(&rows) {
                let found = match windows.source {
                    Source::Image => windows.rows(&pixels, sample, samples),
                    Source::Observed(place) => match &outputs.0[place] {
                        Tensor::F32(values) => windows.rows(values, sample, samples),
                        _ => continue,
                    },
                };
                rows.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
        let failed =
            |error| function.error(format_args!("cannot be run on calibration samples: {error}"), &[]);
        golden.run_each(data, 0..samples, threads, look).map_err(failed)?;
        let inputs: Vec<_> = windows.iter().map(|_| Mutex::new(None)).collect();
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    loop {
                        let layer = next.fetch_add(1, Ordering::Relaxed);
                        let Some(rows) = rows.get(layer) else { break };
                        let rows = std::mem::take(&mut *rows.lock().unwrap_or_else(PoisonError::into_inner));
                        let found = Inputs::of(&rows, windows[layer].vector());
                        *inputs[layer].lock().unwrap_or_else(PoisonError::into_inner) = found;
                    }
                });
            }
        });
        let inputs =
            inputs.into_iter().map(|inputs| inputs.into_inner().unwrap_or_else(PoisonError::into_inner));
        let known = layers.into_iter().zip(inputs).filter_map(|(layer, inputs)| Some((layer, inputs?)));
        Ok(Self(known.collect()))
    }

    /// The inputs of a layer, by its output; none where they were not looked at.
    pub fn of_layer(&self, output: Value<'c>) -> Option<&Inputs> {
        self.0.get(&output)
    }
}

/// Where a layer's input is.
enum Source {
    Image,
    /// Among the observed values.
    Observed(usize),
}

/// The windows of a layer's input.
struct Windows {
    source: Source,
    format: Format,
    geometry: Geometry,
    /// Height, width and channels of the input.
    input: [usize; 3],
    /// Height and width of the output.
    output: [usize; 2],
}

impl Windows {
    fn of(layer: Convolution<'_>, source: Source, format: Format) -> Option<Self> {
        let shape = |value: Value<'_>| -> Option<[usize; 3]> {
            let shape = value.ty().shape()?;
            let known: Vec<usize> = shape[1..].iter().map(|&n| n.max(0) as usize).collect();
            known.try_into().ok()
        };
        let geometry = Geometry::of(layer.0)?;
        let [height, width, _] = shape(layer.output())?;
        let windows =
            Self { source, format, geometry, input: shape(layer.input())?, output: [height, width] };
        (!layer.is_depthwise() && windows.vector() <= MOST_PRODUCTS).then_some(windows)
    }

    /// How many numbers are in a window.
    fn vector(&self) -> usize {
        let [height, width] = self.geometry.kernel.map(|n| n as usize);
        height * width * self.input[2]
    }

    /// Some windows of one of so many samples, one behind the other, in steps of the input's scale.
    fn rows(&self, input: &[f32], sample: usize, samples: usize) -> Vec<i16> {
        let zero = i16::from(self.format.zero_point);
        let [height, width] = self.output;
        let pixels = height * width;
        let count = VECTORS.div_ceil(samples).min(pixels);
        let mut rows = Vec::with_capacity(count * self.vector());
        for window in 0..count {
            // Other ones in each sample.
            let pixel = (window * pixels / count + sample * 7) % pixels;
            let at = [pixel / width, pixel % width];
            let [kernel_height, kernel_width] = self.geometry.kernel;
            for tap in 0..kernel_height * kernel_width {
                let tap = [tap / kernel_width, tap % kernel_width];
                let place = [0, 1].map(|i| {
                    at[i] as i64 * self.geometry.stride[i] + tap[i] * self.geometry.dilation[i]
                        - self.geometry.pad[2 * i]
                });
                let inside = (0..2).all(|i| place[i] >= 0 && place[i] < self.input[i] as i64);
                let channels = self.input[2];
                if inside {
                    let start = (place[0] as usize * self.input[1] + place[1] as usize) * channels;
                    let steps = |&x: &f32| self.format.nearest(f64::from(x)) - zero;
                    rows.extend(input[start..start + channels].iter().map(steps));
                } else {
                    rows.extend(std::iter::repeat_n(0, channels));
                }
            }
        }
        rows
    }
}

/// What the inputs of a layer are like.
pub struct Inputs {
    /// L, whose first row is of a 1 that the bias multiplies.
    factor: DMatrix<f64>,
    /// Which number of the window each row behind the first is of: those of little energy first, to be rounded last.
    order: Vec<usize>,
}

/// Rounded weights of a layer.
pub struct Rounded {
    /// The weights, in steps, in row-major order.
    pub integers: Vec<i8>,
    /// What the bias of each row makes up for, in steps of its weights times steps of the input.
    pub bias: Vec<f64>,
    /// The mean square of what is left of the error of each row's sum, in the same steps.
    pub noise: Vec<f64>,
}

impl Inputs {
    /// Of windows of so many numbers, which are integers, so that sums are exact in any order; none if there are none, or they are all alike.
    fn of(rows: &[i16], vector: usize) -> Option<Self> {
        let count = rows.len() / vector.max(1);
        if count == 0 {
            return None;
        }
        let mut energy = vec![0.0; vector];
        for (place, &step) in rows.iter().enumerate() {
            energy[place % vector] += f64::from(step).powi(2);
        }
        let mut order: Vec<usize> = (0..vector).collect();
        order.sort_by(|&a, &b| energy[a].total_cmp(&energy[b]).then(a.cmp(&b)));
        let ordered = DMatrix::from_fn(vector + 1, count, |row, column| match row {
            0 => 1.0,
            _ => f64::from(rows[column * vector + order[row - 1]]),
        });
        let mut moments = &ordered * ordered.transpose();
        let mean = energy.iter().sum::<f64>() / vector as f64;
        for k in 1..=vector {
            moments[(k, k)] += DAMPING * mean;
        }
        moments /= count as f64;
        let factor = moments.cholesky()?.unpack();
        Some(Self { factor, order })
    }

    /// Rounds weights in row-major order, in steps, to integers in `-most..=most`.
    pub fn round(&self, weights: &[f64], most: f64) -> Rounded {
        let vector = self.order.len();
        let rows = weights.len() / vector;
        let mut errors = DMatrix::zeros(rows, vector + 1);
        let mut rounded =
            Rounded { integers: vec![0; weights.len()], bias: vec![0.0; rows], noise: vec![0.0; rows] };
        for k in (0..=vector).rev() {
            let column = self.factor.column(k);
            let mut made: DVector<f64> = errors.columns(k + 1, vector - k) * column.rows(k + 1, vector - k);
            made /= column[k];
            if k == 0 {
                rounded.bias.copy_from_slice(made.as_slice());
                break;
            }
            for (row, made) in made.iter().enumerate() {
                let place = row * vector + self.order[k - 1];
                let integer = (weights[place] + made).round().clamp(-most, most);
                let error = weights[place] - integer;
                errors[(row, k)] = error;
                rounded.noise[row] += (column[k] * (error + made)).powi(2);
                rounded.integers[place] = integer as i8;
            }
        }
        rounded
    }

    /// The mean square of each row's sum but for its mean, of weights in row-major order.
    pub fn signal(&self, weights: &[f64]) -> Vec<f64> {
        let vector = self.order.len();
        let rows = weights.len() / vector;
        let ordered = DMatrix::from_fn(rows, vector, |row, k| weights[row * vector + self.order[k]]);
        let sums = ordered * self.factor.view((1, 1), (vector, vector));
        sums.row_iter().map(|row| row.norm_squared()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What comes twice is as good as one input of both weights: 0.4 and 0.4 are 0.8, which is 1 and 0 rather than 0 and 0. The bias, of the
    /// mean of 2, makes up for the fifth that is left.
    #[test]
    fn weights_make_up_for_one_another() {
        let rows: Vec<i16> = [0, 1, 3, 4].iter().flat_map(|&x| [x, x]).collect();
        let inputs = Inputs::of(&rows, 2).expect("there are windows");
        let rounded = inputs.round(&[0.4, 0.4, 1.0, -2.0], 127.0);
        assert_eq!(rounded.integers[2..], [1, -2]);
        assert_eq!(rounded.integers[..2].iter().sum::<i8>(), 1);
        assert!((rounded.bias[0] + 0.4).abs() < 0.01, "{}", rounded.bias[0]);
        // The variance of what comes is 2.5; a hundredth of its mean square, 6.5, counts for each weight.
        let noise = 0.04 * 2.5 + 0.01 * 6.5 * (0.6 * 0.6 + 0.4 * 0.4);
        assert!((rounded.noise[0] - noise).abs() < 0.001, "{}", rounded.noise[0]);
        assert!((inputs.signal(&[0.4, 0.4, 1.0, -2.0])[0] - 0.64 * 2.5).abs() < 0.05);
        assert_eq!(rounded.noise[1], 0.0);
    }

    /// Nothing is known of a layer whose inputs were not seen.
    #[test]
    fn no_windows() {
        assert!(Inputs::of(&[], 3).is_none());
    }

    proptest! {
        /// The noise is the mean square error of the sums, with the bias as it is made up, and what damping adds to it.
        #[test]
        fn noise_is_the_error_of_sums(
            rows in prop::collection::vec(-100i16..100, 5 * 7),
            weights in prop::collection::vec(-6.0f64..6.0, 5),
        ) {
            let Some(inputs) = Inputs::of(&rows, 5) else { return Ok(()) };
            let rows: Vec<f64> = rows.into_iter().map(f64::from).collect();
            let rounded = inputs.round(&weights, 7.0);
            let errors: Vec<f64> = weights.iter().zip(&rounded.integers).map(|(w, &q)| w - f64::from(q)).collect();
            let sum = |row: &[f64]| row.iter().zip(&errors).map(|(x, e)| x * e).sum::<f64>() - rounded.bias[0];
            let square = rows.chunks(5).map(|row| sum(row).powi(2)).sum::<f64>() / 7.0;
            let energy = rows.iter().map(|x| x * x).sum::<f64>() / 5.0;
            let damping = DAMPING * energy / 7.0 * errors.iter().map(|e| e * e).sum::<f64>();
            prop_assert!((square + damping - rounded.noise[0]).abs() < 1e-6 * (1.0 + rounded.noise[0]));
        }
    }
}
