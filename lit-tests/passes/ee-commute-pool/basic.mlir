// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-commute-pool))' | FileCheck %s

// A clamp goes behind all the pools that follow, and crops between them.
// CHECK-LABEL: func.func @chain
// CHECK-SAME: (%[[X:.*]]: tensor<1x9x9x2xf32>)
// CHECK: %[[S:.*]] = tosa.slice %[[X]]
// CHECK: %[[P:.*]] = tosa.max_pool2d %[[S]]
// CHECK: %[[Q:.*]] = tosa.max_pool2d %[[P]]
// CHECK: %[[C:.*]] = tosa.clamp %[[Q]] {max_val = 6.000000e+00 : f32, min_val = 0.000000e+00 : f32} : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
// CHECK: return %[[C]]
func.func @chain(%x: tensor<1x9x9x2xf32>) -> tensor<1x2x2x2xf32> {
  %c = tosa.clamp %x {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x9x9x2xf32>) -> tensor<1x9x9x2xf32>
  %start = tosa.const_shape {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
  %size = tosa.const_shape {values = dense<[1, 8, 8, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %s = tosa.slice %c, %start, %size : (tensor<1x9x9x2xf32>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<1x8x8x2xf32>
  %p = tosa.max_pool2d %s {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x8x8x2xf32>) -> tensor<1x4x4x2xf32>
  %q = tosa.max_pool2d %p {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x2x2xf32>
  return %q : tensor<1x2x2x2xf32>
}

// Of integers as well; of two clamps both.
// CHECK-LABEL: func.func @integers
// CHECK: %[[P:.*]] = tosa.max_pool2d %arg0
// CHECK: %[[A:.*]] = tosa.clamp %[[P]] {max_val = 100 : i8, min_val = -5 : i8}
// CHECK: %[[B:.*]] = tosa.clamp %[[A]] {max_val = 50 : i8, min_val = 0 : i8}
// CHECK: return %[[B]]
func.func @integers(%x: tensor<1x4x4x2xi8>) -> tensor<1x2x2x2xi8> {
  %a = tosa.clamp %x {min_val = -5 : i8, max_val = 100 : i8} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  %b = tosa.clamp %a {min_val = 0 : i8, max_val = 50 : i8} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  %p = tosa.max_pool2d %b {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x4x4x2xi8>) -> tensor<1x2x2x2xi8>
  return %p : tensor<1x2x2x2xi8>
}
