// RUN: atheena-opt %s --convert-ee-to-dataflow --split-input-file | FileCheck %s

// Two outputs a channel; the input's zero point 3 leaves through the biases: 10 - 3 * (1 + 1 + 1 + 1) = -2.
// CHECK-LABEL: dataflow.graph @depthwise
// CHECK: %[[W:.*]] = dataflow.window "dw_window" %{{.*}} {{.*}}pad_value = 3 : i64
// CHECK: %[[Y:.*]] = dataflow.depthwise "dw_depthwise" %[[W]] {bias = dense<-2> : tensor<4xi32>, double_round, {{.*}}multiplier = array<i32: 1073741824>, output_zp = 5 : i64, {{.*}}shift = array<i32: 35>, weights = dense<1> : tensor<2x2x2x2xi8>} : <3x3x8xi8, lanes = 4> -> <3x3x4xi8, lanes = 2>
// CHECK: dataflow.resize "dw_lanes" %[[Y]] {{.*}} : <3x3x4xi8, lanes = 2> -> <3x3x4xi8, lanes = 1>
func.func @depthwise(%x: tensor<1x4x4x2xi8>) -> tensor<1x3x3x4xi8> {
  %w = "tosa.const"() <{values = dense<1> : tensor<2x2x2x2xi8>}> : () -> tensor<2x2x2x2xi8>
  %b = "tosa.const"() <{values = dense<10> : tensor<4xi32>}> : () -> tensor<4xi32>
  %z3 = "tosa.const"() <{values = dense<3> : tensor<1xi8>}> : () -> tensor<1xi8>
  %z0 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %z5 = "tosa.const"() <{values = dense<5> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zi = "tosa.const"() <{values = dense<0> : tensor<1xi32>}> : () -> tensor<1xi32>
  %m = "tosa.const"() <{values = dense<1073741824> : tensor<1xi32>}> : () -> tensor<1xi32>
  %s = "tosa.const"() <{values = dense<35> : tensor<1xi8>}> : () -> tensor<1xi8>
  %c = tosa.depthwise_conv2d %x, %w, %b, %z3, %z0 {acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x4x2xi8>, tensor<2x2x2x2xi8>, tensor<4xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x3x3x4xi32> loc("dw")
  %y = tosa.rescale %c, %m, %s, %zi, %z5 {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = #tosa.rounding_mode<DOUBLE_ROUND>, scale32 = true} : (tensor<1x3x3x4xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x3x3x4xi8>
  return %y : tensor<1x3x3x4xi8>
}

// -----

// Padding by a convolution's zero point is in its windows; other padding is an actor.
// CHECK-LABEL: dataflow.graph @padding
// CHECK: %[[P:.*]] = dataflow.pad "nine_pad" %{{.*}} {after = array<i64: 1, 0, 0>, before = array<i64: 0, 0, 0>, pad_value = 9 : i64
// CHECK: dataflow.window "conv_window" %[[P]] {{.*}}pad = array<i64: 1, 0, 1, 1>, pad_value = 0
func.func @padding(%x: tensor<1x4x4x1xi8>) -> tensor<1x5x5x1xi32> {
  %w = "tosa.const"() <{values = dense<1> : tensor<1x2x2x1xi8>}> : () -> tensor<1x2x2x1xi8>
  %b = "tosa.const"() <{values = dense<10> : tensor<1xi32>}> : () -> tensor<1xi32>
  %z0 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %n = "tosa.const"() <{values = dense<9> : tensor<1xi8>}> : () -> tensor<1xi8>
  %row = tosa.const_shape {values = dense<[0, 0, 0, 1, 0, 0, 0, 0]> : tensor<8xindex>} : () -> !tosa.shape<8>
  %around = tosa.const_shape {values = dense<[0, 0, 1, 0, 1, 1, 0, 0]> : tensor<8xindex>} : () -> !tosa.shape<8>
  %p = tosa.pad %x, %row, %n : (tensor<1x4x4x1xi8>, !tosa.shape<8>, tensor<1xi8>) -> tensor<1x5x4x1xi8> loc("nine")
  %q = tosa.pad %p, %around, %z0 : (tensor<1x5x4x1xi8>, !tosa.shape<8>, tensor<1xi8>) -> tensor<1x6x6x1xi8> loc("zero")
  %c = tosa.conv2d %q, %w, %b, %z0, %z0 {acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x6x6x1xi8>, tensor<1x2x2x1xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x5x5x1xi32> loc("conv")
  return %c : tensor<1x5x5x1xi32>
}

// -----

// The average at the corner is of four pixels, at the edges of six.
// CHECK-LABEL: dataflow.graph @borders
// CHECK: dataflow.window "mean_window" %{{.*}} {{.*}}pad_value = -4 : i64
// CHECK: dataflow.pool "mean_pool" %{{.*}} {column_taps = array<i64: 2, 3>, input_zp = -4 : i64, {{.*}}output_zp = 6 : i64, {{.*}}row_taps = array<i64: 2, 3>
// CHECK: dataflow.table "table_table" %{{.*}} {{{.*}}values = dense<3> : tensor<256xi8>}
// A multiplier a channel is a product by one and a bias that takes the zero point away.
// CHECK: dataflow.depthwise "rescale_map" %{{.*}} {bias = dense<-2> : tensor<2xi32>, {{.*}}multiplier = array<i32: 3, 1>, {{.*}}shift = array<i32: 4, 5>, weights = dense<1> : tensor<1x1x2x1xi8>}
func.func @borders(%x: tensor<1x4x4x2xi8>) -> tensor<1x2x2x2xi8> {
  %z4 = "tosa.const"() <{values = dense<-4> : tensor<1xi8>}> : () -> tensor<1xi8>
  %z6 = "tosa.const"() <{values = dense<6> : tensor<1xi8>}> : () -> tensor<1xi8>
  %z2 = "tosa.const"() <{values = dense<2> : tensor<1xi8>}> : () -> tensor<1xi8>
  %m = "tosa.const"() <{values = dense<[3, 2]> : tensor<2xi32>}> : () -> tensor<2xi32>
  %s = "tosa.const"() <{values = dense<[4, 6]> : tensor<2xi8>}> : () -> tensor<2xi8>
  %v = "tosa.const"() <{values = dense<3> : tensor<256xi8>}> : () -> tensor<256xi8>
  %p = tosa.avg_pool2d %x, %z4, %z6 {acc_type = i32, kernel = array<i64: 3, 3>, pad = array<i64: 1, 0, 1, 0>, stride = array<i64: 2, 2>} : (tensor<1x4x4x2xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x2x2x2xi8> loc("mean")
  %t = tosa.table %p, %v : (tensor<1x2x2x2xi8>, tensor<256xi8>) -> tensor<1x2x2x2xi8>
  %y = tosa.rescale %t, %m, %s, %z2, %z2 {input_unsigned = false, output_unsigned = false, per_channel = true, rounding_mode = #tosa.rounding_mode<SINGLE_ROUND>, scale32 = true} : (tensor<1x2x2x2xi8>, tensor<2xi32>, tensor<2xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x2x2x2xi8>
  return %y : tensor<1x2x2x2xi8>
}
