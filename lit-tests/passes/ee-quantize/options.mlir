// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz samples=1 logits-bits=8}))' | FileCheck %s
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize))' 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz samples=0}))' 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=absent.npz}))' 2>&1 | FileCheck %s --check-prefix=ABSENT
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%s}))' 2>&1 | FileCheck %s --check-prefix=NO-ZIP

// The brightest pixel of any of the samples is 255, that is 1.0: 2^-6 is the finest scale without saturation. One sample is enough.
// CHECK-LABEL: func.func @network
// CHECK-SAME: ee.logits_scale = 1.562500e-02 : f64

// NONE: error: 'func.func' op needs calibration samples to be quantised
// NONE: note: give ee-quantize{calibration=X.npz}, with `images`, uint8 [N, H, W, C], like those of the training set
// ZERO: error: 'func.func' op needs at least one calibration sample, but samples is 0
// ZERO: note: a few hundred do
// ABSENT: error: 'func.func' op has no calibration samples: absent.npz: cannot be read: No such file or directory
// NO-ZIP: error: 'func.func' op has no calibration samples: {{.*}}options.mlir: is not a whole npz file
func.func @network(%image: tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32> {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %y = tosa.conv2d %image, %w, %z, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x8x8x1xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x8x8x1xf32>
  return %y : tensor<1x8x8x1xf32>
}
