// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-remove-dead))' | FileCheck %s

// Channel 1 is the rectified -1, channel 2 is not read: channels 0 and 3 are left.
// CHECK-LABEL: func.func @channels
// CHECK-SAME: (%[[X:.*]]: tensor<1x4x4x1xf32>)
// CHECK-DAG: %[[W:.*]] = "tosa.const"() <{{{values = dense<}}{{\[\[\[\[}}1.000000e+00]]], {{\[\[\[}}4.000000e+00]]]]>
// CHECK-DAG: %[[B:.*]] = "tosa.const"() <{{{values = dense<}}[1.000000e+01, 4.000000e+01]>
// CHECK: %[[A:.*]] = tosa.conv2d %[[X]], %[[W]], %[[B]]
// CHECK: %[[C:.*]] = tosa.clamp %[[A]] {{.*}} -> tensor<1x4x4x2xf32>
// CHECK: %[[P:.*]] = tosa.max_pool2d %[[C]] {{.*}} -> tensor<1x2x2x2xf32>
// CHECK: %[[V:.*]] = "tosa.const"() <{{{values = dense<}}{{\[\[\[\[}}5.000000e+00, 8.000000e+00]]]]>
// CHECK: tosa.conv2d %[[P]], %[[V]]
func.func @channels(%x: tensor<1x4x4x1xf32>) -> tensor<1x2x2x1xf32> {
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %w = "tosa.const"() <{values = dense<[[[[1.0]]], [[[0.0]]], [[[3.0]]], [[[4.0]]]]> : tensor<4x1x1x1xf32>}> : () -> tensor<4x1x1x1xf32>
  %b = "tosa.const"() <{values = dense<[10.0, -1.0, 30.0, 40.0]> : tensor<4xf32>}> : () -> tensor<4xf32>
  %v = "tosa.const"() <{values = dense<[[[[5.0, 6.0, 0.0, 8.0]]]]> : tensor<1x1x1x4xf32>}> : () -> tensor<1x1x1x4xf32>
  %a = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x4x4x1xf32>, tensor<4x1x1x1xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x4xf32>
  %c = tosa.clamp %a {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  %p = tosa.max_pool2d %c {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x4x4x4xf32>) -> tensor<1x2x2x4xf32>
  %y = tosa.conv2d %p, %v, %z, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x2x2x4xf32>, tensor<1x1x1x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2x1xf32>
  return %y : tensor<1x2x2x1xf32>
}

// What hands its operand on, and what nobody reads.
// CHECK-LABEL: func.func @operations
// CHECK-SAME: (%[[X:.*]]: tensor<1x4x4x1xf32>)
// CHECK-NEXT: %[[T:.*]] = tosa.tanh %[[X]]
// CHECK-NEXT: return %[[T]]
func.func @operations(%x: tensor<1x4x4x1xf32>) -> tensor<1x4x4x1xf32> {
  %one = "tosa.const"() <{values = dense<1.0> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %none = "tosa.const"() <{values = dense<0.0> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %i = tosa.identity %x : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x1xf32>
  %m = tosa.mul %i, %one, %shift : (tensor<1x4x4x1xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<1x4x4x1xf32>
  %s = tosa.add %m, %none : (tensor<1x4x4x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x4x4x1xf32>
  %u = tosa.exp %s : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x1xf32>
  %t = tosa.tanh %s : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x1xf32>
  %c = tosa.clamp %t {min_val = -3.40282347E+38 : f32, max_val = 3.40282347E+38 : f32} : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x1xf32>
  %p = tosa.max_pool2d %c {kernel = array<i64: 1, 1>, stride = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x1xf32>
  return %p : tensor<1x4x4x1xf32>
}

// What neither region of an exit reads.
// CHECK-LABEL: func.func @operands
// CHECK: ee.exit "a" on (%{{.*}} = %arg0 : tensor<1x2xf32>)
// CHECK-NOT: tosa.tanh
func.func @operands(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %t = tosa.tanh %x : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %r = ee.exit "a" on (%f = %x : tensor<1x2xf32>, %g = %t : tensor<1x2xf32>) when #ee.max_softmax<threshold = 0.5> classify {
    ee.yield %f : tensor<1x2xf32>
  } otherwise {
    %e = tosa.exp %f : (tensor<1x2xf32>) -> tensor<1x2xf32>
    ee.yield %e : tensor<1x2xf32>
  } -> tensor<1x2xf32>
  return %r : tensor<1x2xf32>
}
