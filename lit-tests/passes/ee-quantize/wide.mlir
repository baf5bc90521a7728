// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz weights-bits=8 activation-bits=16}))' | FileCheck %s
// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz weights-bits=8}))' | FileCheck %s --check-prefix=AUTO
// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz weights-bits=8 logits-bits=8 activation-bits=16}))' | FileCheck %s --check-prefix=NARROW
// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz weights-bits=8 logits-bits=16}))' | FileCheck %s --check-prefix=AUTO

// 2.0 fits into 16 bits at 2^-13, 1.0 at 2^-14, and 0.5 is 64 at 2^-7. So sums are at 2^-20, of 48 bits, and TOSA rescales
// those with a multiplier of 15: 2^-6 is 2^14 * 2^-20.
// CHECK-LABEL: func.func @network
// CHECK-SAME: tensor<1x8x8x1xi8>
// CHECK-SAME: -> tensor<1x8x8x1xi16>
// CHECK-SAME: ee.logits_scale = 6.103515625E-5 : f64
// CHECK: tosa.conv2d {{.*}}acc_type = i32{{.*}} -> tensor<1x8x8x1xi32>
// CHECK: tosa.rescale {{.*}}scale32 = true{{.*}} -> tensor<1x8x8x1xi16>
// CHECK-DAG: dense<64> : tensor<1x1x1x1xi8>
// CHECK-DAG: dense<0> : tensor<1xi48>
// CHECK: tosa.conv2d {{.*}}acc_type = i48{{.*}} -> tensor<1x8x8x1xi48>
// CHECK-DAG: dense<16384> : tensor<1xi16>
// CHECK-DAG: dense<20> : tensor<1xi8>
// CHECK: tosa.rescale {{.*}}scale32 = false{{.*}} -> tensor<1x8x8x1xi16>

// AUTO-LABEL: func.func @network
// AUTO-SAME: -> tensor<1x8x8x1xi16>
// AUTO: tosa.rescale {{.*}} -> tensor<1x8x8x1xi8>
// AUTO: tosa.rescale {{.*}} -> tensor<1x8x8x1xi16>

// NARROW-LABEL: func.func @network
// NARROW-SAME: -> tensor<1x8x8x1xi8>
// NARROW: tosa.rescale {{.*}} -> tensor<1x8x8x1xi16>
// NARROW: tosa.rescale {{.*}} -> tensor<1x8x8x1xi8>
func.func @network(%image: tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32> {
  %v = "tosa.const"() <{values = dense<2.0> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %w = "tosa.const"() <{values = dense<0.5> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %x = tosa.conv2d %image, %v, %z, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x8x8x1xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x8x8x1xf32>
  %y = tosa.conv2d %x, %w, %z, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x8x8x1xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x8x8x1xf32>
  return %y : tensor<1x8x8x1xf32>
}
