// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-fold-layout))' | FileCheck %s

// Pixels of two channels, [1, H = 1, W = 3, C = 2], flattened channel by channel: the weights are for
// (c0 w0) (c0 w1) (c0 w2) (c1 w0) (c1 w1) (c1 w2); in [H, W, C] order, (w0 c0) (w0 c1) (w1 c0) (w1 c1) (w2 c0) (w2 c1),
// that is the weights 0 3 1 4 2 5.
// CHECK-LABEL: func.func @flatten
// CHECK-SAME: (%[[X:.*]]: tensor<1x1x3x2xf32>)
// CHECK-DAG: %[[W:.*]] = "tosa.const"() <{values = dense<{{\[\[\[\[}}1.000000e+00, 4.000000e+00, 2.000000e+00, 5.000000e+00, 3.000000e+00, 6.000000e+00]]], {{\[\[\[}}1.000000e+01, 4.000000e+01, 2.000000e+01, 5.000000e+01, 3.000000e+01, 6.000000e+01]]]]>
// CHECK-NOT: tosa.transpose
// CHECK: %[[R:.*]] = tosa.reshape %[[X]], {{.*}} -> tensor<1x1x1x6xf32>
// CHECK: %[[Y:.*]] = tosa.conv2d %[[R]], %[[W]]
// CHECK-NOT: tosa.clamp
// CHECK: return %[[Y]]
func.func @flatten(%x: tensor<1x1x3x2xf32>) -> tensor<1x1x1x2xf32> {
  %w = "tosa.const"() <{values = dense<[[[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]], [[[10.0, 20.0, 30.0, 40.0, 50.0, 60.0]]]]> : tensor<2x1x1x6xf32>}> : () -> tensor<2x1x1x6xf32>
  %b = "tosa.const"() <{values = dense<0.0> : tensor<2xf32>}> : () -> tensor<2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %flat = tosa.const_shape {values = dense<[1, 6]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %dense = tosa.const_shape {values = dense<[1, 1, 1, 6]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %t = tosa.transpose %x {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x1x3x2xf32>) -> tensor<1x2x1x3xf32>
  %r = tosa.reshape %t, %flat : (tensor<1x2x1x3xf32>, !tosa.shape<2>) -> tensor<1x6xf32>
  %s = tosa.reshape %r, %dense : (tensor<1x6xf32>, !tosa.shape<4>) -> tensor<1x1x1x6xf32>
  %y = tosa.conv2d %s, %w, %b, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x1x1x6xf32>, tensor<2x1x1x6xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32>
  return %y : tensor<1x1x1x2xf32>
}

// Integers, a rectifier behind the flattening, and a value that is used elsewhere too.
// CHECK-LABEL: func.func @rectified
// CHECK-SAME: (%[[X:.*]]: tensor<1x1x2x2xi8>)
// CHECK: %[[C:.*]] = tosa.clamp %[[X]] {max_val = 127 : i8, min_val = 0 : i8}
// CHECK: %[[W:.*]] = "tosa.const"() <{values = dense<{{\[\[\[\[}}1, 3, 2, 4]]]]>
// CHECK: %[[R:.*]] = tosa.reshape %[[C]], {{.*}} -> tensor<1x1x1x4xi8>
// CHECK: tosa.conv2d %[[R]], %[[W]]
func.func @rectified(%x: tensor<1x1x2x2xi8>) -> tensor<1x1x1x1xi32> {
  %w = "tosa.const"() <{values = dense<[[[[1, 2, 3, 4]]]]> : tensor<1x1x1x4xi8>}> : () -> tensor<1x1x1x4xi8>
  %b = "tosa.const"() <{values = dense<0> : tensor<1xi32>}> : () -> tensor<1xi32>
  %z = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %dense = tosa.const_shape {values = dense<[1, 1, 1, 4]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %t = tosa.transpose %x {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x1x2x2xi8>) -> tensor<1x2x1x2xi8>
  %s = tosa.reshape %t, %dense : (tensor<1x2x1x2xi8>, !tosa.shape<4>) -> tensor<1x1x1x4xi8>
  %c = tosa.clamp %s {max_val = 127 : i8, min_val = 0 : i8} : (tensor<1x1x1x4xi8>) -> tensor<1x1x1x4xi8>
  %y = tosa.conv2d %c, %w, %b, %z, %z {acc_type = i32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x1x1x4xi8>, tensor<1x1x1x4xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x1x1x1xi32>
  return %y : tensor<1x1x1x1xi32>
}

// What is flattened before an exit crosses it as it was, once, and is flattened behind.
// CHECK-LABEL: func.func @across_exit
// CHECK-SAME: (%[[X:.*]]: tensor<1x1x2x2xf32>)
// CHECK-NEXT: ee.exit "exit1" on (%[[F:.*]] = %[[X]] : tensor<1x1x2x2xf32>)
// CHECK: classify
// CHECK: %[[W:.*]] = "tosa.const"() <{values = dense<{{\[\[\[\[}}1.000000e+00, 3.000000e+00, 2.000000e+00, 4.000000e+00]]]]>
// CHECK: %[[R:.*]] = tosa.reshape %[[F]], {{.*}} -> tensor<1x1x1x4xf32>
// CHECK: tosa.conv2d %[[R]], %[[W]]
// CHECK: otherwise
// CHECK: tosa.reduce_sum %[[F]]
func.func @across_exit(%x: tensor<1x1x2x2xf32>) -> tensor<1x1xf32> {
  %flat = tosa.const_shape {values = dense<[1, 4]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %t = tosa.transpose %x {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x1x2x2xf32>) -> tensor<1x2x1x2xf32>
  %s = tosa.reshape %t, %flat : (tensor<1x2x1x2xf32>, !tosa.shape<2>) -> tensor<1x4xf32>
  %logits = ee.exit "exit1" on (%f = %s : tensor<1x4xf32>, %g = %x : tensor<1x1x2x2xf32>)
      when #ee.max_softmax<threshold = 0.9>
    classify {
      %w = "tosa.const"() <{values = dense<[[[[1.0, 2.0, 3.0, 4.0]]]]> : tensor<1x1x1x4xf32>}> : () -> tensor<1x1x1x4xf32>
      %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
      %dense = tosa.const_shape {values = dense<[1, 1, 1, 4]> : tensor<4xindex>} : () -> !tosa.shape<4>
      %one = tosa.const_shape {values = dense<[1, 1]> : tensor<2xindex>} : () -> !tosa.shape<2>
      %r = tosa.reshape %f, %dense : (tensor<1x4xf32>, !tosa.shape<4>) -> tensor<1x1x1x4xf32>
      %y = tosa.conv2d %r, %w, %z, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
        : (tensor<1x1x1x4xf32>, tensor<1x1x1x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x1xf32>
      %l = tosa.reshape %y, %one : (tensor<1x1x1x1xf32>, !tosa.shape<2>) -> tensor<1x1xf32>
      ee.yield %l : tensor<1x1xf32>
    } otherwise {
      %one = tosa.const_shape {values = dense<[1, 1]> : tensor<2xindex>} : () -> !tosa.shape<2>
      %a = tosa.reduce_sum %g {axis = 2 : i32} : (tensor<1x1x2x2xf32>) -> tensor<1x1x1x2xf32>
      %b = tosa.reduce_sum %a {axis = 3 : i32} : (tensor<1x1x1x2xf32>) -> tensor<1x1x1x1xf32>
      %l = tosa.reshape %b, %one : (tensor<1x1x1x1xf32>, !tosa.shape<2>) -> tensor<1x1xf32>
      ee.yield %l : tensor<1x1xf32>
    } -> tensor<1x1xf32>
  return %logits : tensor<1x1xf32>
}

// A transposition that moves no element is a reshape; a reshape of a reshape is one; one to the same shape is none.
// CHECK-LABEL: func.func @idle
// CHECK-SAME: (%[[X:.*]]: tensor<1x3x1x1xf32>)
// CHECK: %[[R:.*]] = tosa.reshape %[[X]], {{.*}} -> tensor<1x3xf32>
// CHECK-NEXT: return %[[R]], %[[X]]
func.func @idle(%x: tensor<1x3x1x1xf32>) -> (tensor<1x3xf32>, tensor<1x3x1x1xf32>) {
  %flat = tosa.const_shape {values = dense<[1, 3]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %map = tosa.const_shape {values = dense<[1, 3, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %t = tosa.transpose %x {perms = array<i32: 0, 2, 3, 1>} : (tensor<1x3x1x1xf32>) -> tensor<1x1x1x3xf32>
  %r = tosa.reshape %t, %flat : (tensor<1x1x1x3xf32>, !tosa.shape<2>) -> tensor<1x3xf32>
  %s = tosa.reshape %r, %map : (tensor<1x3xf32>, !tosa.shape<4>) -> tensor<1x3x1x1xf32>
  return %r, %s : tensor<1x3xf32>, tensor<1x3x1x1xf32>
}
