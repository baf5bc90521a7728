// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-remove-dead))' | FileCheck %s

// A channel that is constant but not zero adds to what is inside a padding alone; a value that is read twice keeps its channels.
// CHECK-LABEL: func.func @constant
// CHECK: tosa.conv2d {{.*}} -> tensor<1x4x4x2xf32>
// CHECK: tosa.conv2d {{.*}} -> tensor<1x4x4x1xf32>
func.func @constant(%x: tensor<1x4x4x1xf32>) -> tensor<1x4x4x1xf32> {
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %w = "tosa.const"() <{values = dense<[[[[1.0]]], [[[0.0]]]]> : tensor<2x1x1x1xf32>}> : () -> tensor<2x1x1x1xf32>
  %b = "tosa.const"() <{values = dense<[1.0, 2.0]> : tensor<2xf32>}> : () -> tensor<2xf32>
  %v = "tosa.const"() <{values = dense<1.0> : tensor<1x3x3x2xf32>}> : () -> tensor<1x3x3x2xf32>
  %a = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x4x4x1xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x2xf32>
  %y = tosa.conv2d %a, %v, %z, %z, %z {acc_type = f32, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x4x4x2xf32>, tensor<1x3x3x2xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x1xf32>
  return %y : tensor<1x4x4x1xf32>
}

// CHECK-LABEL: func.func @read_twice
// CHECK: tosa.conv2d {{.*}} -> tensor<1x4x4x2xf32>
func.func @read_twice(%x: tensor<1x4x4x1xf32>) -> (tensor<1x4x4x2xf32>, tensor<1x4x4x1xf32>) {
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %w = "tosa.const"() <{values = dense<[[[[1.0]]], [[[0.0]]]]> : tensor<2x1x1x1xf32>}> : () -> tensor<2x1x1x1xf32>
  %b = "tosa.const"() <{values = dense<0.0> : tensor<2xf32>}> : () -> tensor<2xf32>
  %v = "tosa.const"() <{values = dense<1.0> : tensor<1x1x1x2xf32>}> : () -> tensor<1x1x1x2xf32>
  %a = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x4x4x1xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x2xf32>
  %y = tosa.conv2d %a, %v, %z, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x4x4x2xf32>, tensor<1x1x1x2xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x1xf32>
  return %a, %y : tensor<1x4x4x2xf32>, tensor<1x4x4x1xf32>
}

// Clamps of integers that do something, and shapes that change.
// CHECK-LABEL: func.func @others
// CHECK: tosa.clamp
// CHECK: tosa.reshape
func.func @others(%x: tensor<1x4xi8>) -> tensor<4x1xi8> {
  %s = tosa.const_shape {values = dense<[4, 1]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %c = tosa.clamp %x {min_val = 0 : i8, max_val = 127 : i8} : (tensor<1x4xi8>) -> tensor<1x4xi8>
  %r = tosa.reshape %c, %s : (tensor<1x4xi8>, !tosa.shape<2>) -> tensor<4x1xi8>
  return %r : tensor<4x1xi8>
}
