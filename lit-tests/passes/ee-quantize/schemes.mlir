// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz weights-bits=8 scales=arbitrary calibrate=min-max logits-bits=8}))' | FileCheck %s --check-prefix=ANY
// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz weights-bits=4 calibrate=percentile percentile=100}))' | FileCheck %s --check-prefix=FOUR
// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz weights-bits=7}))' | FileCheck %s --check-prefix=SEVEN
// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz}))' | FileCheck %s --check-prefix=THREE
// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz weights-bits=least}))' | FileCheck %s --check-prefix=THREE
// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz weights-bits=60dB}))' | FileCheck %s --check-prefix=EIGHT
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz scales=log}))' 2>&1 | FileCheck %s --check-prefix=SCALES
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz calibrate=max}))' 2>&1 | FileCheck %s --check-prefix=RANGE
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz calibrate=percentile percentile=0}))' 2>&1 | FileCheck %s --check-prefix=PART
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz weights-bits=9}))' 2>&1 | FileCheck %s --check-prefix=WEIGHTS
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz weights-bits=200dB}))' 2>&1 | FileCheck %s --check-prefix=RATIO
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz logits-bits=32}))' 2>&1 | FileCheck %s --check-prefix=LOGITS
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz activation-bits=12}))' 2>&1 | FileCheck %s --check-prefix=ACTIVATIONS

// Pixels are in 0..1, the outputs in 0..2 and 0..3: none negative, so -128 stands for zero and a step is 3 / 255 (the histogram
// tells the middle of a bin, 2^-11 off at most). Each channel's weights fill -127..=127: 2 / 127 and 3 / 127 a step. The
// factors are 2 / 127 / 255 / (3 / 255) = 0.00525 and 3 / 127 / 3 = 0.00787, that is 0.672 * 2^-7 and 0.504 * 2^-6.
// ANY-LABEL: func.func @network
// ANY-SAME: ee.logits_scale = 0.0117{{[0-9]*}} : f64
// ANY-DAG: dense<127> : tensor<2x1x1x1xi8>
// ANY: tosa.conv2d
// ANY-DAG: dense<[38, 37]> : tensor<2xi8>
// ANY-DAG: dense<-128> : tensor<1xi8>
// ANY: tosa.rescale {{.*}}per_channel = true{{.*}} -> tensor<1x8x8x2xi8>

// Weights in -7..=7: 2 / 255 and 3 / 255 are 4 and 6 at 2^-9. 3.0 fits into 16 bits at 2^-13.
// FOUR-LABEL: func.func @network
// FOUR-SAME: -> tensor<1x8x8x2xi16>
// FOUR-SAME: ee.logits_scale = 1.220703{{.*}}E-4 : f64
// FOUR-DAG: dense<{{\[\[\[\[}}4]]], {{\[\[\[}}6]]]]> : tensor<2x1x1x1xi8>
// FOUR: tosa.rescale {{.*}}per_channel = false{{.*}} -> tensor<1x8x8x2xi16>

// Weights in -63..=63: 2 / 255 and 3 / 255 are 32.1 and 48.2 at 2^-12. Four times coarser they are 8.03 and 12.05, 8 and 12, and 16 times, 2.008 and 3.01:
// of three bits these have 48 dB, while of two nothing is near both. More than that no number of bits has here, so eight are left.
// SEVEN: dense<{{\[\[\[\[}}32]]], {{\[\[\[}}48]]]]> : tensor<2x1x1x1xi8>
// THREE: dense<{{\[\[\[\[}}2]]], {{\[\[\[}}3]]]]> : tensor<2x1x1x1xi8>
// EIGHT: dense<{{\[\[\[\[}}64]]], {{\[\[\[}}96]]]]> : tensor<2x1x1x1xi8>

// SCALES: error: 'func.func' op cannot be quantised with scales=log
// SCALES: note: scales is power-of-two or arbitrary
// RANGE: error: 'func.func' op cannot be quantised with calibrate=max
// RANGE: note: calibrate is mse, min-max or percentile
// PART: error: 'func.func' op cannot be quantised with percentile=0
// PART: note: percentile is above 0 and at most 100
// WEIGHTS: error: 'func.func' op cannot be quantised with weights-bits=9
// WEIGHTS: note: weights-bits is auto, least, from 2 to 8, or a signal to noise ratio such as 28dB
// RATIO: error: 'func.func' op cannot be quantised with weights-bits=200dB
// RATIO: note: weights-bits is auto
// LOGITS: error: 'func.func' op cannot be quantised with logits-bits=32
// LOGITS: note: logits-bits is auto, 8 or 16
// ACTIVATIONS: error: 'func.func' op cannot be quantised with activation-bits=12
// ACTIVATIONS: note: activation-bits is 8 or 16
func.func @network(%image: tensor<1x8x8x1xf32>) -> tensor<1x8x8x2xf32> {
  %w = "tosa.const"() <{values = dense<[[[[2.0]]], [[[3.0]]]]> : tensor<2x1x1x1xf32>}> : () -> tensor<2x1x1x1xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %y = tosa.conv2d %image, %w, %z, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x8x8x1xf32>, tensor<2x1x1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x8x8x2xf32>
  return %y : tensor<1x8x8x2xf32>
}
