//! The golden model: a network, compiled for this machine through MLIR's own lowerings, which says what the
//! generated hardware must compute, bit by bit.
//!
//! The network is a function of upstream dialects (TOSA, `scf`, …) with one tensor as argument, static shapes, and
//! tensors as results. A compiled network holds no state: one serves any number of threads.

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use thiserror::Error;

use crate::dataset::DataSet;
use convolution::Machine;
use engine::Engine;
pub use evaluation::Evaluation;
pub use tensor::{Element, Outputs, Tensor, TensorType};

mod compile;
mod convolution;
mod engine;
mod evaluation;
mod memory;
mod outline;
mod tensor;
mod widen;

/// A network, ready to run.
pub struct Golden {
    engine: Engine,
    input: TensorType,
    results: Vec<TensorType>,
    /// Working memory of calls that have ended, for the next ones.
    scratch: Mutex<Vec<Scratch>>,
    scratch_bytes: usize,
}

/// Working memory of a call, in words of 64 bytes for alignment.
type Scratch = Vec<Line>;

/// A cache line.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct Line([u8; 64]);

/// Why a network cannot be compiled or run.
#[derive(Debug, Error)]
pub enum GoldenError {
    /// MLIR does not accept the module, or cannot lower it.
    #[error("the golden model failed to {step}:{}", list(diagnostics))]
    Rejected {
        /// What it was doing, e.g. `parse the network`.
        step: &'static str,
        /// What MLIR said.
        diagnostics: Vec<String>,
    },
    /// The module has no function of that name.
    #[error("the module has no function `{name}`; it has {found}")]
    NoFunction {
        /// The name looked for.
        name: String,
        /// The names that are there.
        found: String,
    },
    /// The function cannot be called with an image.
    #[error(
        "the function `{name}` has the type {found}, but the golden model runs functions of one tensor (i8 or \
         f32) to tensors (i8, i16, i32 or f32), all of static shape"
    )]
    Signature {
        /// The function.
        name: String,
        /// Its type.
        found: String,
    },
    /// An input has another size than the network's argument.
    #[error("an input has {found}, but the network takes {wanted}")]
    Input {
        /// What was passed.
        found: String,
        /// The network's argument.
        wanted: TensorType,
    },
}

fn list(diagnostics: &[String]) -> String {
    diagnostics.iter().map(|diagnostic| format!("\n  {diagnostic}")).collect()
}

/// An input: pixels, which a float network sees as `pixel / 255`, or floats as they are.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// Pixels, row-major `[H, W, C]`.
    Pixels(&'a [u8]),
    /// The elements of a float network's argument.
    Floats(&'a [f32]),
}

impl<'a> From<&'a [u8]> for Input<'a> {
    fn from(pixels: &'a [u8]) -> Self {
        Self::Pixels(pixels)
    }
}

impl<'a> From<&'a [f32]> for Input<'a> {
    fn from(floats: &'a [f32]) -> Self {
        Self::Floats(floats)
    }
}

impl Golden {
    /// Compiles a function of a module. The text holds upstream dialects only: exits are converted before.
    pub fn compile(module_text: &str, function: &str) -> Result<Golden, GoldenError> {
        Self::compile_for(module_text, function, Machine::here())
    }

    fn compile_for(module_text: &str, function: &str, machine: Machine) -> Result<Golden, GoldenError> {
        let compiled = compile::compile(module_text, function, machine)?;
        Ok(Golden {
            engine: compiled.engine,
            input: compiled.input,
            results: compiled.results,
            scratch: Mutex::new(vec![]),
            scratch_bytes: compiled.scratch_bytes,
        })
    }

    /// The type of the argument.
    pub fn input(&self) -> &TensorType {
        &self.input
    }

    /// The types of the results.
    pub fn results(&self) -> &[TensorType] {
        &self.results
    }

    /// Runs one sample.
    pub fn run<'a>(&self, input: impl Into<Input<'a>>) -> Result<Outputs, GoldenError> {
        let input = input.into();
        let wrong = |found| GoldenError::Input { found, wanted: self.input.clone() };
        let scaled;
        let data: *const u8 = match (input, self.input.element) {
            (Input::Pixels(pixels), _) if pixels.len() != self.input.len() => {
                return Err(wrong(format!("{} pixels", pixels.len())));
            }
            (Input::Floats(floats), _) if floats.len() != self.input.len() => {
                return Err(wrong(format!("{} floats", floats.len())));
            }
            (Input::Pixels(pixels), Element::I8) => pixels.as_ptr(),
            (Input::Pixels(pixels), Element::F32) => {
                // One division in f32, as numpy and PyTorch do.
                scaled = pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect::<Vec<_>>();
                scaled.as_ptr().cast()
            }
            (Input::Floats(floats), Element::F32) => floats.as_ptr().cast(),
            (Input::Floats(_), _) => return Err(wrong("floats as elements".to_owned())),
            (Input::Pixels(_), _) => return Err(wrong("pixels as elements".to_owned())),
        };
        let mut tensors: Vec<_> = self.results.iter().map(Tensor::zero).collect();
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let memory = scratch
            .get_or_insert_with(|| vec![Line([0; 64]); self.scratch_bytes.div_ceil(size_of::<Line>())]);
        let results: Vec<_> = tensors.iter_mut().map(Tensor::data).collect();
        // SAFETY: the sizes of the input and of the results are those of the types that the engine was made
        // with, and the scratch memory is as large as it asked for, and used by this call alone.
        unsafe { self.engine.call(data, &results, memory.as_mut_ptr().cast()) };
        self.scratch.lock().unwrap_or_else(PoisonError::into_inner).extend(scratch);
        Ok(Outputs(tensors))
    }

    /// Runs samples of a data set on some threads. `each` gets a sample's index and results, as they come: in any
    /// order, and from several threads.
    pub fn run_each(
        &self,
        data: &DataSet,
        samples: Range<usize>,
        threads: usize,
        each: impl Fn(usize, Outputs) + Sync,
    ) -> Result<(), GoldenError> {
        /// Samples that a thread takes at once.
        const BATCH: usize = 16;
        let next = AtomicUsize::new(samples.start);
        let failed = AtomicBool::new(false);
        let work = || -> Result<(), GoldenError> {
            while !failed.load(Ordering::Relaxed) {
                let start = next.fetch_add(BATCH, Ordering::Relaxed);
                if start >= samples.end {
                    break;
                }
                for index in start..samples.end.min(start + BATCH) {
                    each(index, self.run(data.image(index))?);
                }
            }
            Ok(())
        };
        let work = || work().inspect_err(|_| failed.store(true, Ordering::Relaxed));
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let own = work();
            let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            others.into_iter().map(join).fold(own, Result::and)
        })
    }

    /// Runs samples of a data set on some threads; the results are in the samples' order. `progress` gets the
    /// number of samples done, now and then, from several threads.
    pub fn run_all(
        &self,
        data: &DataSet,
        samples: Range<usize>,
        threads: usize,
        progress: impl Fn(usize) + Sync,
    ) -> Result<Vec<Outputs>, GoldenError> {
        let all = Mutex::new(vec![Outputs(vec![]); samples.len()]);
        let done = AtomicUsize::new(0);
        let start = samples.start;
        self.run_each(data, samples, threads, |index, outputs| {
            all.lock().unwrap_or_else(PoisonError::into_inner)[index - start] = outputs;
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        })?;
        Ok(all.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Golden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Golden").field("input", &self.input).field("results", &self.results).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Convolutions of odd sizes, as each machine runs them that this one is, against MLIR's own loops.
    #[test]
    fn machines_agree() {
        let mut seed = 1u64;
        let mut random = |count: usize, limit: i64| {
            let mut next = || {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ((seed >> 40) as i64 % (2 * limit + 1) - limit) as i32
            };
            (0..count).map(|_| next()).collect::<Vec<_>>()
        };
        // [size, C, OC, KH, KW, stride, dilation, padding, zero point of the input, of the weights]
        for [size, c, oc, kh, kw, stride, dilation, pad, input_zp, weight_zp] in [
            [12, 1, 5, 5, 5, 1, 1, 0, -128, 0],
            [12, 3, 17, 3, 2, 1, 1, 0, 7, 0],
            [12, 5, 24, 2, 3, 2, 1, 0, 0, 0],
            [12, 4, 9, 1, 1, 1, 1, 0, 0, 3],
            [12, 7, 40, 3, 3, 1, 1, 0, 127, -2],
            // Several groups of channels, of which the last one differs or moves back.
            [12, 33, 131, 3, 3, 1, 1, 1, -128, 0],
            [12, 64, 150, 3, 3, 2, 1, 1, -3, 0],
            [12, 130, 77, 2, 1, 1, 3, 0, 5, 0],
            [12, 70, 66, 1, 1, 3, 1, 0, 0, -1],
            [12, 67, 130, 3, 3, 1, 2, 2, 9, 0],
            // Tiles of pixels that move back in both directions; weights of more than 8 bits without their zero point.
            [19, 40, 24, 3, 3, 1, 1, 0, 1, 0],
            [19, 11, 8, 3, 3, 1, 1, 1, 6, 0],
            [35, 32, 35, 1, 1, 2, 1, 0, 77, 0],
            [9, 48, 64, 3, 3, 1, 1, 1, -128, 90],
            // Dilated along rows.
            [12, 5, 20, 2, 3, 2, 3, 1, 4, 0],
        ] {
            let taps = kh * kw * c * oc;
            let span = |k: i64| (k - 1) * dilation + 1;
            let [oh, ow] = [kh, kw].map(|k| (size + 2 * pad - span(k)) / stride + 1);
            // TOSA wants an exact fit: the rest is sliced off.
            let [h, w] = [(oh, kh), (ow, kw)].map(|(out, k)| (out - 1) * stride + span(k) - 2 * pad);
            let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
            let weights = hex(random(taps as usize, 120).iter().map(|w| *w as u8).collect());
            let bias = hex(random(oc as usize, 5000).iter().flat_map(|b| b.to_le_bytes()).collect());
            let text = format!(
                r#"func.func @network(%image: tensor<1x{size}x{size}x{c}xi8>) -> tensor<1x{oh}x{ow}x{oc}xi32> {{
                  %start = tosa.const_shape {{values = dense<0> : tensor<4xindex>}} : () -> !tosa.shape<4>
                  %size = tosa.const_shape {{values = dense<[1, {h}, {w}, {c}]> : tensor<4xindex>}} : () -> !tosa.shape<4>
                  %x = tosa.slice %image, %start, %size : (tensor<1x{size}x{size}x{c}xi8>, !tosa.shape<4>,
                    !tosa.shape<4>) -> tensor<1x{h}x{w}x{c}xi8>
                  %w = "tosa.const"() <{{values = dense<"0x{weights}"> : tensor<{oc}x{kh}x{kw}x{c}xi8>}}>
                    : () -> tensor<{oc}x{kh}x{kw}x{c}xi8>
                  %b = "tosa.const"() <{{values = dense<"0x{bias}"> : tensor<{oc}xi32>}}> : () -> tensor<{oc}xi32>
                  %zx = "tosa.const"() <{{values = dense<{input_zp}> : tensor<1xi8>}}> : () -> tensor<1xi8>
                  %zw = "tosa.const"() <{{values = dense<{weight_zp}> : tensor<1xi8>}}> : () -> tensor<1xi8>
                  %y = tosa.conv2d %x, %w, %b, %zx, %zw {{acc_type = i32, pad = array<i64: {pad}, {pad}, {pad}, {pad}>,
                    stride = array<i64: {stride}, {stride}>, dilation = array<i64: {dilation}, {dilation}>}} :
                    (tensor<1x{h}x{w}x{c}xi8>, tensor<{oc}x{kh}x{kw}x{c}xi8>, tensor<{oc}xi32>, tensor<1xi8>,
                    tensor<1xi8>) -> tensor<1x{oh}x{ow}x{oc}xi32>
                  return %y : tensor<1x{oh}x{ow}x{oc}xi32>
                }}"#
            );
            let image: Vec<u8> = random((size * size * c) as usize, 127).iter().map(|p| *p as u8).collect();
            let run = |machine| {
                let golden = Golden::compile_for(&text, "network", machine).unwrap_or_else(|e| panic!("{e}"));
                golden.run(&image[..]).expect("the image fits")
            };
            let expected = run(Machine::Other);
            for machine in Machine::ALL.into_iter().filter(|machine| machine.is_here()) {
                assert_eq!(run(machine), expected, "{machine:?}, {c} to {oc} channels");
            }
        }
    }

    /// Convolutions of inputs of 16 bits, against the definition: those whose sums fit 32 bits, row by row, or not even that.
    #[test]
    fn sums_of_16_bits_are_exact() {
        // [C, OC, KH, KW, weights of +-127?]
        for [c, oc, kh, kw, extreme] in
            [[3, 17, 3, 3, 0], [5, 4, 2, 3, 1], [80, 5, 3, 3, 1], [600, 3, 1, 1, 1], [300, 9, 2, 4, 1]]
        {
            let [h, w, row] = [kh + 1, kw + 2, kw * c];
            let taps = kh * row;
            let mut seed = 7u64;
            let mut next = || {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (seed >> 40) as i64
            };
            let weight = |random: i64| {
                if extreme == 1 { 127 - 254 * i64::from(random % 16 == 0) } else { random % 128 }
            };
            let weights: Vec<i64> = (0..taps * oc).map(|_| weight(next())).collect();
            let hex: String = weights.iter().map(|&w| format!("{:02X}", w as i8)).collect();
            let text = format!(
                r#"func.func @network(%image: tensor<1x{h}x{w}x{c}xi8>) -> tensor<1x2x3x{oc}xi32> {{
                  %m = "tosa.const"() <{{values = dense<1082130432> : tensor<1xi32>}}> : () -> tensor<1xi32>
                  %s = "tosa.const"() <{{values = dense<22> : tensor<1xi8>}}> : () -> tensor<1xi8>
                  %z8 = "tosa.const"() <{{values = dense<0> : tensor<1xi8>}}> : () -> tensor<1xi8>
                  %z16 = "tosa.const"() <{{values = dense<0> : tensor<1xi16>}}> : () -> tensor<1xi16>
                  %z32 = "tosa.const"() <{{values = dense<0> : tensor<1xi32>}}> : () -> tensor<1xi32>
                  %z48 = "tosa.const"() <{{values = dense<0> : tensor<1xi48>}}> : () -> tensor<1xi48>
                  %x = tosa.rescale %image, %m, %s, %z8, %z16 {{scale32 = true, rounding_mode = SINGLE_ROUND,
                    per_channel = false, input_unsigned = false, output_unsigned = false}} :
                    (tensor<1x{h}x{w}x{c}xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi16>)
                    -> tensor<1x{h}x{w}x{c}xi16>
                  %w = "tosa.const"() <{{values = dense<"0x{hex}"> : tensor<{oc}x{kh}x{kw}x{c}xi8>}}>
                    : () -> tensor<{oc}x{kh}x{kw}x{c}xi8>
                  %b = "tosa.const"() <{{values = dense<-12345> : tensor<{oc}xi48>}}> : () -> tensor<{oc}xi48>
                  %y = tosa.conv2d %x, %w, %b, %z16, %z8 {{acc_type = i48, pad = array<i64: 0, 0, 0, 0>,
                    stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}} : (tensor<1x{h}x{w}x{c}xi16>,
                    tensor<{oc}x{kh}x{kw}x{c}xi8>, tensor<{oc}xi48>, tensor<1xi16>, tensor<1xi8>)
                    -> tensor<1x2x3x{oc}xi48>
                  %part = "tosa.const"() <{{values = dense<16384> : tensor<1xi16>}}> : () -> tensor<1xi16>
                  %by = "tosa.const"() <{{values = dense<18> : tensor<1xi8>}}> : () -> tensor<1xi8>
                  %r = tosa.rescale %y, %part, %by, %z48, %z32 {{scale32 = false, rounding_mode = SINGLE_ROUND,
                    per_channel = false, input_unsigned = false, output_unsigned = false}} :
                    (tensor<1x2x3x{oc}xi48>, tensor<1xi16>, tensor<1xi8>, tensor<1xi48>, tensor<1xi32>)
                    -> tensor<1x2x3x{oc}xi32>
                  return %r : tensor<1x2x3x{oc}xi32>
                }}"#
            );
            let mixed: Vec<u8> = (0..h * w * c).map(|_| next() as u8).collect();
            let images = [mixed, vec![128; (h * w * c) as usize], vec![127; (h * w * c) as usize]];
            for machine in Machine::ALL.into_iter().filter(|machine| machine.is_here()) {
                let golden = Golden::compile_for(&text, "network", machine).unwrap_or_else(|e| panic!("{e}"));
                for image in &images {
                    let pixel = |at: i64| (i64::from(image[at as usize] as i8) * 258).clamp(-32768, 32767);
                    let expected = (0..6 * oc).map(|at| {
                        let (place, channel) = (at / oc, at % oc);
                        let tap = |tap: i64| {
                            let from = ((place / 3 + tap / row) * w + place % 3) * c + tap % row;
                            pixel(from) * weights[(channel * taps + tap) as usize]
                        };
                        // A sixteenth, rounded half up.
                        ((-12345 + (0..taps).map(tap).sum::<i64>() + 8) >> 4) as i32
                    });
                    let expected = Tensor::I32(expected.collect());
                    let outputs = golden.run(&image[..]).expect("the image fits");
                    assert_eq!(outputs.0, [expected], "{machine:?}, {c} to {oc} channels");
                }
            }
        }
    }

    /// Nothing behind a result is written, also where the last vector of a row has one number.
    #[test]
    fn results_are_not_overrun() {
        for (size, to) in [1, 7, 9, 10, 17].into_iter().flat_map(|size| [(size, "i8"), (size, "i16")]) {
            let ty = |element: &str| format!("tensor<1x1x2x{size}x{element}>");
            let (from, narrow) = (ty("i8"), ty(to));
            let text = format!(
                r#"func.func @network(%image: {from}) -> {narrow} {{
                  %m = "tosa.const"() <{{values = dense<1500000000> : tensor<1xi32>}}> : () -> tensor<1xi32>
                  %s = "tosa.const"() <{{values = dense<31> : tensor<1xi8>}}> : () -> tensor<1xi8>
                  %zx = "tosa.const"() <{{values = dense<0> : tensor<1xi8>}}> : () -> tensor<1xi8>
                  %zy = "tosa.const"() <{{values = dense<0> : tensor<1x{to}>}}> : () -> tensor<1x{to}>
                  %y = tosa.rescale %image, %m, %s, %zx, %zy {{scale32 = true, rounding_mode = SINGLE_ROUND,
                    per_channel = false, input_unsigned = false, output_unsigned = false}} :
                    ({from}, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1x{to}>) -> {narrow}
                  return %y : {narrow}
                }}"#
            );
            let golden = Golden::compile(&text, "network").unwrap_or_else(|e| panic!("{e}"));
            let pixels: Vec<u8> = (1..=2 * size as u8).collect();
            let (bytes, spare) = (2 * size * if to == "i8" { 1 } else { 2 }, 64);
            let mut result = vec![0xa5; bytes + spare];
            let mut scratch = vec![Line([0; 64]); golden.scratch_bytes.div_ceil(64)];
            // SAFETY: the pixels are as many as the argument has, and the result and the scratch memory are large enough.
            unsafe {
                golden.engine.call(pixels.as_ptr(), &[result.as_mut_ptr()], scratch.as_mut_ptr().cast())
            };
            assert_eq!(result[bytes..], vec![0xa5; spare], "{size} numbers of {to}");
            // By the definition of TOSA: 1500000000 / 2^31 of each, rounded half up.
            let scaled = |&pixel: &u8| ((u64::from(pixel) * 1_500_000_000 + (1 << 30)) >> 31) as u8;
            let width = bytes / pixels.len();
            let first = pixels.iter().flat_map(|pixel| [scaled(pixel), 0].into_iter().take(width));
            assert!(first.eq(result[..bytes].iter().copied()), "{size} numbers of {to}");
        }
    }
}
