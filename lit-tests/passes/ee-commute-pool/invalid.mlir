// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-commute-pool))' | FileCheck %s

// As many outputs as inputs: nothing is saved.
// CHECK-LABEL: func.func @no_smaller
// CHECK: tosa.clamp %arg0
// CHECK: tosa.max_pool2d
func.func @no_smaller(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> {
  %c = tosa.clamp %x {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %p = tosa.max_pool2d %c {kernel = array<i64: 3, 3>, stride = array<i64: 1, 1>, pad = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  return %p : tensor<1x4x4x2xf32>
}

// The clamped numbers are read elsewhere.
// CHECK-LABEL: func.func @read_twice
// CHECK: tosa.clamp %arg0
// CHECK: tosa.max_pool2d
func.func @read_twice(%x: tensor<1x4x4x2xf32>) -> (tensor<1x4x4x2xf32>, tensor<1x2x2x2xf32>) {
  %c = tosa.clamp %x {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %p = tosa.max_pool2d %c {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x2x2xf32>
  return %c, %p : tensor<1x4x4x2xf32>, tensor<1x2x2x2xf32>
}
