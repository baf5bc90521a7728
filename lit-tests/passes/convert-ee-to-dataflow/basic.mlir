// RUN: atheena-opt %s --convert-ee-to-dataflow | FileCheck %s

// A convolution of the image with a zero point of its own, a pool behind a crop, an exit and a residual link behind it.
// The table is round(2^16 exp(-d / 4)).

// CHECK: dataflow.graph @net {
// CHECK:   %[[IMAGE:.*]], %[[TAG:.*]] = dataflow.source "source" {reach = 1.000000e+00 : f64} : <5x5x1xui8, lanes = 1>, <1xi16, lanes = 1>
// CHECK:   %[[TAGS:.*]]:2 = dataflow.fork "tag_fork" %[[TAG]]
// The image's rescale subtracts 128 and the convolution's zero point is -128: pixels pad with 0, and the bias stays.
// CHECK:   %[[V:.*]] = dataflow.window "Conv_0_window" %[[IMAGE]] {dilation = array<i64: 1, 1>, kernel = array<i64: 3, 3>, pad = array<i64: 1, 1, 1, 1>, pad_value = 0 : i64, {{.*}}} : <5x5x1xui8, lanes = 1> -> <5x5x9xui8, lanes = 9>
// CHECK:   %[[C:.*]] = dataflow.matvec "Conv_0_matvec" %[[V]] {bias = dense<[10, -20]> : tensor<2xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.000000e+00 : f64, shift = array<i32: 7>, {{.*}}} : <5x5x9xui8, lanes = 9> -> <5x5x2xi8, lanes = 1>
// The crop to 4x4 is what stride 2 floors away.
// CHECK:   %[[W:.*]] = dataflow.window "MaxPool_1_window" %[[C]] {{.*}}pad_value = -128 : i64, {{.*}}stride = array<i64: 2, 2>} : <5x5x2xi8, lanes = 1> -> <2x2x8xi8, lanes = 4>
// CHECK:   %[[P:.*]] = dataflow.pool "MaxPool_1_pool" %[[W]] {kernel = array<i64: 2, 2>, kind = "max", {{.*}}} : <2x2x8xi8, lanes = 4> -> <2x2x2xi8, lanes = 1>
// CHECK:   %[[PS:.*]]:2 = dataflow.fork "MaxPool_1_pool_fork" %[[P]] {reach = 1.000000e+00 : f64}
// A dense layer takes the map as it is.
// CHECK:   %[[L:.*]] = dataflow.matvec "Gemm_2_matvec" %[[PS]]#0 {{.*}} : <2x2x2xi8, lanes = 1> -> <1x1x3xi8, lanes = 1>
// CHECK:   %[[LS:.*]]:2 = dataflow.fork "Gemm_2_matvec_fork" %[[L]]
// CHECK:   %[[D:.*]] = dataflow.decide "exit1_decide" %[[LS]]#0 {confidence = #ee.max_softmax<threshold = 0.9,
// CHECK:   %[[DS:.*]]:4 = dataflow.fork "exit1_decide_fork" %[[D]]
// CHECK:   %[[EARLY:.*]] = dataflow.gate "exit1_taken" %[[LS]]#1, %[[DS]]#0 {depth = 3 : i64, pass_when = true, reach = 1.000000e+00 : f64}
// CHECK:   %[[EARLYTAG:.*]] = dataflow.gate "exit1_tag_taken" %[[TAGS]]#0, %[[DS]]#1 {depth = 1 : i64, pass_when = true
// CHECK:   %[[LATETAG:.*]] = dataflow.gate "exit1_tag_stay" %[[TAGS]]#1, %[[DS]]#2 {depth = 1 : i64, pass_when = false
// CHECK:   %[[G:.*]] = dataflow.gate "exit1_stay" %[[PS]]#1, %[[DS]]#3 {depth = 8 : i64, pass_when = false, reach = 1.000000e+00 : f64} : <2x2x2xi8, lanes = 1>
// Behind the gate 1000 of 4000 samples are left.
// CHECK:   %[[GS:.*]]:2 = dataflow.fork "exit1_stay_fork" %[[G]] {reach = 2.500000e-01 : f64}
// CHECK:   %[[A:.*]] = dataflow.map "Add_3_map" %[[GS]]#0 {input_zp = 0 : i64, max = 2147483647 : i64, min = -2147483648 : i64, multiplier = 1 : i32, output_zp = 0 : i64, reach = 2.500000e-01 : f64, shift = 0 : i32} : <2x2x2xi8, lanes = 1> -> <2x2x2xi32, lanes = 1>
// A 1x1 convolution has no window.
// CHECK:   %[[B:.*]] = dataflow.matvec "Conv_4_matvec" %[[GS]]#1 {{.*}} : <2x2x2xi8, lanes = 1> -> <2x2x2xi32, lanes = 1>
// CHECK:   %[[S:.*]] = dataflow.add "Add_3_add" %[[A]], %[[B]]
// CHECK:   %[[T:.*]] = dataflow.map "Add_3_map_2" %[[S]] {{.*}}max = 127 : i64, min = -128 : i64, multiplier = 1 : i32, {{.*}}shift = 1 : i32
// An average of everything has no window.
// CHECK:   %[[AP:.*]] = dataflow.tile_pool "AveragePool_5_pool" %[[T]] {kernel = array<i64: 2, 2>, kind = "avg", multiplier = 1073741825 : i32, reach = 2.500000e-01 : f64, shift = 32 : i32} : <2x2x2xi8, lanes = 1> -> <1x1x2xi8, lanes = 1>
// CHECK:   %[[LATE:.*]] = dataflow.matvec "Gemm_6_matvec" %[[AP]] {{.*}}output_zp = 5 : i64{{.*}} -> <1x1x3xi8, lanes = 1>
// CHECK:   %[[OUT:.*]], %[[OUTTAG:.*]], %[[EXIT:.*]] = dataflow.merge "merge" %[[EARLY]], %[[LATE]] tags %[[EARLYTAG]], %[[LATETAG]] {reach = 1.000000e+00 : f64}
// CHECK:   dataflow.sink "sink" %[[OUT]], %[[OUTTAG]], %[[EXIT]]
// CHECK-NOT: func.func
func.func @net(%image: tensor<1x5x5x1xi8>) -> tensor<1x3xi8> {
  %one = "tosa.const"() <{values = dense<1073741824> : tensor<1xi32>}> : () -> tensor<1xi32>
  %s30 = "tosa.const"() <{values = dense<30> : tensor<1xi8>}> : () -> tensor<1xi8>
  %s37 = "tosa.const"() <{values = dense<37> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zp128 = "tosa.const"() <{values = dense<-128> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zp0 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zp0_i32 = "tosa.const"() <{values = dense<0> : tensor<1xi32>}> : () -> tensor<1xi32>
  %x = tosa.rescale %image, %one, %s30, %zp128, %zp0 {input_unsigned = true, output_unsigned = false, per_channel = false, rounding_mode = #tosa.rounding_mode<SINGLE_ROUND>, scale32 = true} : (tensor<1x5x5x1xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x5x5x1xi8>
  %w = "tosa.const"() <{values = dense<[[[[1], [2], [3]], [[4], [5], [6]], [[7], [8], [9]]], [[[-1], [-2], [-3]], [[-4], [-5], [-6]], [[-7], [-8], [-9]]]]> : tensor<2x3x3x1xi8>}> : () -> tensor<2x3x3x1xi8>
  %b = "tosa.const"() <{values = dense<[10, -20]> : tensor<2xi32>}> : () -> tensor<2xi32>
  %c = tosa.conv2d %x, %w, %b, %zp128, %zp0 {acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>} : (tensor<1x5x5x1xi8>, tensor<2x3x3x1xi8>, tensor<2xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x5x5x2xi32> loc("Conv_0")
  %r = tosa.rescale %c, %one, %s37, %zp0_i32, %zp0 {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = #tosa.rounding_mode<SINGLE_ROUND>, scale32 = true} : (tensor<1x5x5x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x5x5x2xi8> loc("Conv_0")
  %relu = tosa.clamp %r {min_val = 0 : i8, max_val = 127 : i8} : (tensor<1x5x5x2xi8>) -> tensor<1x5x5x2xi8> loc("Relu_0")
  %from = tosa.const_shape {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
  %size = tosa.const_shape {values = dense<[1, 4, 4, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %cut = tosa.slice %relu, %from, %size : (tensor<1x5x5x2xi8>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<1x4x4x2xi8> loc("MaxPool_1")
  %pool = tosa.max_pool2d %cut {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x4x4x2xi8>) -> tensor<1x2x2x2xi8> loc("MaxPool_1")
  %logits = ee.exit "exit1" on (%f = %pool : tensor<1x2x2x2xi8>)
      when #ee.max_softmax<threshold = 0.9, table = [65536, 51039, 39750, 30957, 24109, 18776, 14623, 11388, 8869, 6907, 5380, 4190, 3263, 2541, 1979, 1541, 1200, 935, 728, 567, 442, 344, 268, 209, 162, 127, 99, 77, 60, 47, 36, 28, 22, 17, 13, 10, 8, 6, 5, 4, 3, 2, 2, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], limit = 72817> profile <taken = 3000, of = 4000>
    classify {
      %one_1 = "tosa.const"() <{values = dense<1073741824> : tensor<1xi32>}> : () -> tensor<1xi32>
      %s33 = "tosa.const"() <{values = dense<33> : tensor<1xi8>}> : () -> tensor<1xi8>
      %zp = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
      %zp_i32 = "tosa.const"() <{values = dense<0> : tensor<1xi32>}> : () -> tensor<1xi32>
      %to_vector = tosa.const_shape {values = dense<[1, 1, 1, 8]> : tensor<4xindex>} : () -> !tosa.shape<4>
      %to_logits = tosa.const_shape {values = dense<[1, 3]> : tensor<2xindex>} : () -> !tosa.shape<2>
      %w_1 = "tosa.const"() <{values = dense<1> : tensor<3x1x1x8xi8>}> : () -> tensor<3x1x1x8xi8>
      %b_1 = "tosa.const"() <{values = dense<[1, 2, 3]> : tensor<3xi32>}> : () -> tensor<3xi32>
      %v = tosa.reshape %f, %to_vector : (tensor<1x2x2x2xi8>, !tosa.shape<4>) -> tensor<1x1x1x8xi8>
      %d = tosa.conv2d %v, %w_1, %b_1, %zp, %zp {acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x8xi8>, tensor<3x1x1x8xi8>, tensor<3xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x1x1x3xi32> loc("/Gemm_2")
      %q = tosa.rescale %d, %one_1, %s33, %zp_i32, %zp {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = #tosa.rounding_mode<SINGLE_ROUND>, scale32 = true} : (tensor<1x1x1x3xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x1x1x3xi8>
      %early = tosa.reshape %q, %to_logits : (tensor<1x1x1x3xi8>, !tosa.shape<2>) -> tensor<1x3xi8>
      ee.yield %early : tensor<1x3xi8>
    } otherwise {
      %one_2 = "tosa.const"() <{values = dense<1073741824> : tensor<1xi32>}> : () -> tensor<1xi32>
      %s30_2 = "tosa.const"() <{values = dense<30> : tensor<1xi8>}> : () -> tensor<1xi8>
      %s31 = "tosa.const"() <{values = dense<31> : tensor<1xi8>}> : () -> tensor<1xi8>
      %zp = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
      %zp5 = "tosa.const"() <{values = dense<5> : tensor<1xi8>}> : () -> tensor<1xi8>
      %zp_i32 = "tosa.const"() <{values = dense<0> : tensor<1xi32>}> : () -> tensor<1xi32>
      %w_4 = "tosa.const"() <{values = dense<1> : tensor<2x1x1x2xi8>}> : () -> tensor<2x1x1x2xi8>
      %b_4 = "tosa.const"() <{values = dense<0> : tensor<1xi32>}> : () -> tensor<1xi32>
      %w_6 = "tosa.const"() <{values = dense<1> : tensor<3x1x1x2xi8>}> : () -> tensor<3x1x1x2xi8>
      %b_6 = "tosa.const"() <{values = dense<0> : tensor<3xi32>}> : () -> tensor<3xi32>
      %to_logits = tosa.const_shape {values = dense<[1, 3]> : tensor<2xindex>} : () -> !tosa.shape<2>
      %left = tosa.rescale %f, %one_2, %s30_2, %zp, %zp_i32 {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = #tosa.rounding_mode<SINGLE_ROUND>, scale32 = true} : (tensor<1x2x2x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<1x2x2x2xi32> loc("Add_3")
      %right = tosa.conv2d %f, %w_4, %b_4, %zp, %zp {acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x2x2x2xi8>, tensor<2x1x1x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x2x2x2xi32> loc("Conv_4")
      %sum = tosa.add %left, %right : (tensor<1x2x2x2xi32>, tensor<1x2x2x2xi32>) -> tensor<1x2x2x2xi32> loc("Add_3")
      %half = tosa.rescale %sum, %one_2, %s31, %zp_i32, %zp {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = #tosa.rounding_mode<SINGLE_ROUND>, scale32 = true} : (tensor<1x2x2x2xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x2x2x2xi8> loc("Add_3")
      %mean = tosa.avg_pool2d %half, %zp, %zp {acc_type = i32, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x2x2x2xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x1x1x2xi8> loc("AveragePool_5")
      %d = tosa.conv2d %mean, %w_6, %b_6, %zp, %zp {acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x2xi8>, tensor<3x1x1x2xi8>, tensor<3xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x1x1x3xi32> loc("Gemm_6")
      %q = tosa.rescale %d, %one_2, %s31, %zp_i32, %zp5 {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = #tosa.rounding_mode<SINGLE_ROUND>, scale32 = true} : (tensor<1x1x1x3xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x1x1x3xi8>
      %late = tosa.reshape %q, %to_logits : (tensor<1x1x1x3xi8>, !tosa.shape<2>) -> tensor<1x3xi8>
      ee.yield %late : tensor<1x3xi8>
    } -> tensor<1x3xi8>
  return %logits : tensor<1x3xi8>
}
