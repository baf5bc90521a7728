// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-recompute-layers{least-shrink=40 most-work=0.6}))' | FileCheck %s --check-prefix=LARGE
// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-recompute-layers{most-work=0.5}))' | FileCheck %s --check-prefix=LITTLE

// The image has an eleventh of the bits of what the first layer makes of it: 16 channels for one, with 20 736 products where there are
// 36 864 behind.
// No image is so small, or no layer so cheap.
// LARGE: ee.exit "exit1" on (%{{.*}} = %{{.*}} : tensor<1x12x12x16xi8>)
// LITTLE: ee.exit "exit1" on (%{{.*}} = %{{.*}} : tensor<1x12x12x16xi8>)
func.func @network(%x: tensor<1x14x14x1xi8>) -> tensor<1x16xi8> {
  %w = "tosa.const"() {values = dense<1> : tensor<16x3x3x1xi8>} : () -> tensor<16x3x3x1xi8>
  %b = "tosa.const"() {values = dense<0> : tensor<16xi32>} : () -> tensor<16xi32>
  %z = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
  %zw = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  %m = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
  %s = "tosa.const"() {values = dense<34> : tensor<1xi8>} : () -> tensor<1xi8>
  %c = tosa.conv2d %x, %w, %b, %z, %z {acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x14x14x1xi8>, tensor<16x3x3x1xi8>, tensor<16xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x12x12x16xi32>
  %r = tosa.rescale %c, %m, %s, %zw, %z {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = SINGLE_ROUND, scale32 = true} : (tensor<1x12x12x16xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x12x12x16xi8>
  %y = ee.exit "exit1" on (%f = %r : tensor<1x12x12x16xi8>) when #ee.max_softmax<threshold = 0.5>
    classify {
      %p = tosa.max_pool2d %f {kernel = array<i64: 12, 12>, stride = array<i64: 12, 12>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x12x12x16xi8>) -> tensor<1x1x1x16xi8>
      %n = tosa.const_shape {values = dense<[1, 16]> : tensor<2xindex>} : () -> !tosa.shape<2>
      %q = tosa.reshape %p, %n : (tensor<1x1x1x16xi8>, !tosa.shape<2>) -> tensor<1x16xi8>
      ee.yield %q : tensor<1x16xi8>
    } otherwise {
      %w2 = "tosa.const"() {values = dense<1> : tensor<16x12x12x16xi8>} : () -> tensor<16x12x12x16xi8>
      %b2 = "tosa.const"() {values = dense<0> : tensor<16xi32>} : () -> tensor<16xi32>
      %z2 = "tosa.const"() {values = dense<0> : tensor<1xi8>} : () -> tensor<1xi8>
      %zw2 = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
      %m2 = "tosa.const"() {values = dense<1073741824> : tensor<1xi32>} : () -> tensor<1xi32>
      %s2 = "tosa.const"() {values = dense<40> : tensor<1xi8>} : () -> tensor<1xi8>
      %d = tosa.conv2d %f, %w2, %b2, %z2, %z2 {acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x12x12x16xi8>, tensor<16x12x12x16xi8>, tensor<16xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x1x1x16xi32>
      %e = tosa.rescale %d, %m2, %s2, %zw2, %z2 {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = SINGLE_ROUND, scale32 = true} : (tensor<1x1x1x16xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x1x1x16xi8>
      %n = tosa.const_shape {values = dense<[1, 16]> : tensor<2xindex>} : () -> !tosa.shape<2>
      %q = tosa.reshape %e, %n : (tensor<1x1x1x16xi8>, !tosa.shape<2>) -> tensor<1x16xi8>
      ee.yield %q : tensor<1x16xi8>
    } -> tensor<1x16xi8>
  return %y : tensor<1x16xi8>
}
