// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-batch-of-one))' | FileCheck %s

// Feature maps, a mean over pixels, and rows of a product with a constant, where the batch is the second dimension.
// CHECK-LABEL: func.func @layers(
// CHECK-SAME:    %{{.*}}: tensor<1x3x4x4xf32>) -> tensor<1x5xf32>
// CHECK:         tosa.transpose {{.*}} -> tensor<1x4x4x3xf32>
// CHECK:         tosa.max_pool2d {{.*}} -> tensor<1x2x2x3xf32>
// CHECK:         tosa.slice {{.*}} -> tensor<1x1x2x3xf32>
// CHECK:         tosa.mul {{.*}} -> tensor<1x1x2x3xf32>
// CHECK:         tosa.reduce_sum {{.*}} -> tensor<1x1x1x3xf32>
// CHECK:         %[[SHAPE:.*]] = tosa.const_shape {values = dense<[1, 1, 3]>
// CHECK:         %[[ROW:.*]] = tosa.reshape %{{.*}}, %[[SHAPE]] {{.*}} -> tensor<1x1x3xf32>
// CHECK:         tosa.matmul %[[ROW]], {{.*}} -> tensor<1x1x5xf32>
// CHECK:         tosa.reshape {{.*}} -> tensor<1x5xf32>
func.func @layers(%x: tensor<2x3x4x4xf32>) -> tensor<2x5xf32> {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<1x3x5xf32>}> : () -> tensor<1x3x5xf32>
  %half = "tosa.const"() <{values = dense<0.5> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %zero = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %start = tosa.const_shape {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
  %size = tosa.const_shape {values = dense<[2, 1, 2, 3]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %rows = tosa.const_shape {values = dense<[1, 2, 3]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %logits = tosa.const_shape {values = dense<[2, 5]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %0 = tosa.transpose %x {perms = array<i32: 0, 2, 3, 1>} : (tensor<2x3x4x4xf32>) -> tensor<2x4x4x3xf32>
  %1 = tosa.max_pool2d %0 {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<2x4x4x3xf32>) -> tensor<2x2x2x3xf32>
  %2 = tosa.slice %1, %start, %size : (tensor<2x2x2x3xf32>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<2x1x2x3xf32>
  %3 = tosa.mul %2, %half, %shift : (tensor<2x1x2x3xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<2x1x2x3xf32>
  %4 = tosa.reduce_sum %3 {axis = 2 : i32} : (tensor<2x1x2x3xf32>) -> tensor<2x1x1x3xf32>
  %5 = tosa.reshape %4, %rows : (tensor<2x1x1x3xf32>, !tosa.shape<3>) -> tensor<1x2x3xf32>
  %6 = tosa.matmul %5, %w, %zero, %zero : (tensor<1x2x3xf32>, tensor<1x3x5xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x5xf32>
  %7 = tosa.reshape %6, %logits : (tensor<1x2x5xf32>, !tosa.shape<2>) -> tensor<2x5xf32>
  return %7 : tensor<2x5xf32>
}

// A batch of one stays as it is.
// CHECK-LABEL: func.func @one(
// CHECK:         tosa.reduce_sum %{{.*}} {axis = 0 : i32} : (tensor<1x5xf32>) -> tensor<1x5xf32>
func.func @one(%x: tensor<1x5xf32>) -> tensor<1x5xf32> {
  %0 = tosa.reduce_sum %x {axis = 0 : i32} : (tensor<1x5xf32>) -> tensor<1x5xf32>
  return %0 : tensor<1x5xf32>
}
