// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz weights-bits=8 logits-bits=8}))' | FileCheck %s

// Pixels p stand for p / 255. The weights 1 and -0.5 become 64 and -32 at 2^-14 / 255 (1 / 255 * 2^14 = 64.3; at 2^15 it is above
// 127). The largest activation is 1 + 0.25, so that 2^-6 is the finest scale without saturation; many are above 127/128,
// so that saturation at 2^-7 costs more. The bias is 0.25 * 2^14, and sums at 2^-14 become activations at 2^-6 by a shift of 8.
// CHECK-LABEL: func.func @network
// CHECK-SAME: (%[[PIXELS:.*]]: tensor<1x8x8x1xi8>) -> tensor<1x3xi8>
// CHECK-SAME: ee.logits_scale = 2.500000e-01 : f64
// CHECK: %[[IN:.*]] = tosa.rescale %[[PIXELS]], {{.*}}input_unsigned = true, {{.*}}rounding_mode = SINGLE_ROUND{{.*}} -> tensor<1x8x8x1xi8>
// CHECK-DAG: dense<{{\[\[\[\[}}64]]], {{\[\[\[}}-32]]]]> : tensor<2x1x1x1xi8>
// CHECK-DAG: dense<[4096, 0]> : tensor<2xi32>
// CHECK-DAG: dense<-128> : tensor<1xi8>
// CHECK: %[[SUMS:.*]] = tosa.conv2d %[[IN]], {{.*}}acc_type = i32{{.*}} -> tensor<1x8x8x2xi32>
// CHECK-DAG: dense<1073741824> : tensor<1xi32>
// CHECK-DAG: dense<38> : tensor<1xi8>
// CHECK: %[[NARROW:.*]] = tosa.rescale %[[SUMS]], {{.*}} -> tensor<1x8x8x2xi8>
// CHECK: %[[RELU:.*]] = tosa.clamp %[[NARROW]] {max_val = 127 : i8, min_val = 0 : i8}
// CHECK: %[[POOL:.*]] = tosa.max_pool2d %[[RELU]] {{.*}} -> tensor<1x2x2x2xi8>
// CHECK: ee.exit "exit1" on (%[[F:.*]] = %[[POOL]] : tensor<1x2x2x2xi8>)
// CHECK-NEXT: when #ee.max_softmax<threshold = 0.9, table = [65536, {{.*}}, limit = 72817> attributes {ee.logits_scale = {{.*}} : f64}
// CHECK: tosa.conv2d {{.*}} -> tensor<1x1x1x3xi32>
// CHECK: tosa.rescale {{.*}} -> tensor<1x1x1x3xi8>
// CHECK: ee.yield {{.*}} : tensor<1x3xi8>
// CHECK: otherwise
// CHECK: tosa.avg_pool2d {{.*}}acc_type = i32{{.*}} -> tensor<1x1x1x2xi8>
// CHECK: tosa.conv2d {{.*}} -> tensor<1x1x1x3xi32>
// CHECK: ee.yield {{.*}} : tensor<1x3xi8>
// CHECK-NOT: f32
func.func @network(%image: tensor<1x8x8x1xf32>) -> tensor<1x3xf32> {
  %w = "tosa.const"() <{values = dense<[[[[1.0]]], [[[-0.5]]]]> : tensor<2x1x1x1xf32>}> : () -> tensor<2x1x1x1xf32>
  %b = "tosa.const"() <{values = dense<[0.25, 0.0]> : tensor<2xf32>}> : () -> tensor<2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %c = tosa.conv2d %image, %w, %b, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x8x8x1xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x8x8x2xf32>
  %r = tosa.clamp %c {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (tensor<1x8x8x2xf32>) -> tensor<1x8x8x2xf32>
  %p = tosa.max_pool2d %r {kernel = array<i64: 4, 4>, stride = array<i64: 4, 4>, pad = array<i64: 0, 0, 0, 0>}
    : (tensor<1x8x8x2xf32>) -> tensor<1x2x2x2xf32>
  %logits = ee.exit "exit1" on (%f = %p : tensor<1x2x2x2xf32>) when #ee.max_softmax<threshold = 0.9>
    classify {
      %wd = "tosa.const"() <{values = dense<0.5> : tensor<3x1x1x8xf32>}> : () -> tensor<3x1x1x8xf32>
      %bd = "tosa.const"() <{values = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>}> : () -> tensor<3xf32>
      %zd = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
      %flat = tosa.const_shape {values = dense<[1, 1, 1, 8]> : tensor<4xindex>} : () -> !tosa.shape<4>
      %classes = tosa.const_shape {values = dense<[1, 3]> : tensor<2xindex>} : () -> !tosa.shape<2>
      %d = tosa.reshape %f, %flat : (tensor<1x2x2x2xf32>, !tosa.shape<4>) -> tensor<1x1x1x8xf32>
      %y = tosa.conv2d %d, %wd, %bd, %zd, %zd {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
        : (tensor<1x1x1x8xf32>, tensor<3x1x1x8xf32>, tensor<3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x3xf32>
      %l = tosa.reshape %y, %classes : (tensor<1x1x1x3xf32>, !tosa.shape<2>) -> tensor<1x3xf32>
      ee.yield %l : tensor<1x3xf32>
    } otherwise {
      %wd = "tosa.const"() <{values = dense<0.5> : tensor<3x1x1x2xf32>}> : () -> tensor<3x1x1x2xf32>
      // Logits of 23, 24 and 25 and a little more: 2^-2 is the finest scale for which they are at most 127.
      %bd = "tosa.const"() <{values = dense<[23.0, 24.0, 25.0]> : tensor<3xf32>}> : () -> tensor<3xf32>
      %zd = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
      %classes = tosa.const_shape {values = dense<[1, 3]> : tensor<2xindex>} : () -> !tosa.shape<2>
      %a = tosa.avg_pool2d %f, %zd, %zd {acc_type = f32, kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>}
        : (tensor<1x2x2x2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32>
      %y = tosa.conv2d %a, %wd, %bd, %zd, %zd {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
        : (tensor<1x1x1x2xf32>, tensor<3x1x1x2xf32>, tensor<3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x3xf32>
      %l = tosa.reshape %y, %classes : (tensor<1x1x1x3xf32>, !tosa.shape<2>) -> tensor<1x3xf32>
      ee.yield %l : tensor<1x3xf32>
    } -> tensor<1x3xf32>
  return %logits : tensor<1x3xf32>
}
