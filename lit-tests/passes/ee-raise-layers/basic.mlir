// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-raise-layers))' | FileCheck %s

// CHECK-LABEL: func.func @mean(
// CHECK-SAME:    %[[X:.*]]: tensor<1x7x7x8xf32>
// CHECK-NOT:     tosa.reduce_sum
// CHECK:         tosa.avg_pool2d %[[X]], {{.*}}kernel = array<i64: 7, 7>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>{{.*}} -> tensor<1x1x1x8xf32>
func.func @mean(%x: tensor<1x7x7x8xf32>) -> tensor<1x1x1x8xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %part = "tosa.const"() <{values = dense<0.0204081628> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %0 = tosa.reduce_sum %x {axis = 2 : i32} : (tensor<1x7x7x8xf32>) -> tensor<1x7x1x8xf32>
  %1 = tosa.reduce_sum %0 {axis = 1 : i32} : (tensor<1x7x1x8xf32>) -> tensor<1x1x1x8xf32>
  %2 = tosa.mul %1, %part, %shift : (tensor<1x1x1x8xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<1x1x1x8xf32>
  return %2 : tensor<1x1x1x8xf32>
}

// The same without the dimensions of one pixel, as PyTorch's mean makes it.
// CHECK-LABEL: func.func @mean_of_channels(
// CHECK-SAME:    %[[X:.*]]: tensor<1x7x7x8xf32>
// CHECK-NOT:     tosa.reduce_sum
// CHECK:         %[[M:.*]] = tosa.avg_pool2d %[[X]], {{.*}} -> tensor<1x1x1x8xf32>
// CHECK:         %[[R:.*]] = tosa.reshape %[[M]], %{{.*}} -> tensor<1x8xf32>
// CHECK:         return %[[R]]
func.func @mean_of_channels(%x: tensor<1x7x7x8xf32>) -> tensor<1x8xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %part = "tosa.const"() <{values = dense<0.0204081628> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %row = tosa.const_shape {values = dense<[1, 8]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %0 = tosa.reduce_sum %x {axis = 2 : i32} : (tensor<1x7x7x8xf32>) -> tensor<1x7x1x8xf32>
  %1 = tosa.reduce_sum %0 {axis = 1 : i32} : (tensor<1x7x1x8xf32>) -> tensor<1x1x1x8xf32>
  %2 = tosa.reshape %1, %row : (tensor<1x1x1x8xf32>, !tosa.shape<2>) -> tensor<1x8xf32>
  %3 = tosa.mul %2, %part, %shift : (tensor<1x8xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x8xf32>
  return %3 : tensor<1x8xf32>
}

// CHECK-LABEL: func.func @clamp(
// CHECK-SAME:    %[[X:.*]]: tensor<1x4xf32>
// CHECK-NEXT:    %[[LOW:.*]] = tosa.clamp %[[X]] {max_val = 3.40282347E+38 : f32, min_val = 0.000000e+00 : f32}
// CHECK-NEXT:    %[[HIGH:.*]] = tosa.clamp %[[LOW]] {max_val = 6.000000e+00 : f32, min_val = -3.40282347E+38 : f32}
// CHECK-NEXT:    return %[[HIGH]]
func.func @clamp(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %zero = "tosa.const"() <{values = dense<0.0> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %six = "tosa.const"() <{values = dense<6.0> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %0 = tosa.maximum %x, %zero : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %1 = tosa.minimum %six, %0 : (tensor<1x1xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  return %1 : tensor<1x4xf32>
}

// Sums of pixels less their zero point, as TFLite's mean has them.
// CHECK-LABEL: func.func @sum(
// CHECK-SAME:    %[[X:.*]]: tensor<1x7x7x8xi8>
// CHECK-DAG:     %[[ONES:.*]] = "tosa.const"() <{values = dense<1> : tensor<7x7x8x1xi8>}>
// CHECK-DAG:     %[[NONE:.*]] = "tosa.const"() <{values = dense<0> : tensor<8xi32>}>
// CHECK-DAG:     %[[ZP:.*]] = "tosa.const"() <{values = dense<-3> : tensor<1xi8>}>
// CHECK-NOT:     tosa.reduce_sum
// CHECK:         %[[SUM:.*]] = tosa.depthwise_conv2d %[[X]], %[[ONES]], %[[NONE]], %[[ZP]], {{.*}} -> tensor<1x1x1x8xi32>
// CHECK:         return %[[SUM]]
func.func @sum(%x: tensor<1x7x7x8xi8>) -> tensor<1x1x1x8xi32> {
  %multiplier = "tosa.const"() <{values = dense<1073741824> : tensor<1xi32>}> : () -> tensor<1xi32>
  %shift = "tosa.const"() <{values = dense<30> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zp = "tosa.const"() <{values = dense<-3> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zero = "tosa.const"() <{values = dense<0> : tensor<1xi32>}> : () -> tensor<1xi32>
  %0 = tosa.rescale %x, %multiplier, %shift, %zp, %zero {scale32 = true, rounding_mode = SINGLE_ROUND, per_channel = false, input_unsigned = false, output_unsigned = false} : (tensor<1x7x7x8xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<1x7x7x8xi32>
  %1 = tosa.reduce_sum %0 {axis = 1 : i32} : (tensor<1x7x7x8xi32>) -> tensor<1x1x7x8xi32>
  %2 = tosa.reduce_sum %1 {axis = 2 : i32} : (tensor<1x1x7x8xi32>) -> tensor<1x1x1x8xi32>
  return %2 : tensor<1x1x1x8xi32>
}

// What is not by one stays.
// CHECK-LABEL: func.func @sum_of_halves(
// CHECK-COUNT-2: tosa.reduce_sum
func.func @sum_of_halves(%x: tensor<1x7x7x8xi8>) -> tensor<1x1x1x8xi32> {
  %multiplier = "tosa.const"() <{values = dense<1073741824> : tensor<1xi32>}> : () -> tensor<1xi32>
  %shift = "tosa.const"() <{values = dense<31> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zp = "tosa.const"() <{values = dense<-3> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zero = "tosa.const"() <{values = dense<0> : tensor<1xi32>}> : () -> tensor<1xi32>
  %0 = tosa.rescale %x, %multiplier, %shift, %zp, %zero {scale32 = true, rounding_mode = SINGLE_ROUND, per_channel = false, input_unsigned = false, output_unsigned = false} : (tensor<1x7x7x8xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<1x7x7x8xi32>
  %1 = tosa.reduce_sum %0 {axis = 1 : i32} : (tensor<1x7x7x8xi32>) -> tensor<1x1x7x8xi32>
  %2 = tosa.reduce_sum %1 {axis = 2 : i32} : (tensor<1x1x7x8xi32>) -> tensor<1x1x1x8xi32>
  return %2 : tensor<1x1x1x8xi32>
}
