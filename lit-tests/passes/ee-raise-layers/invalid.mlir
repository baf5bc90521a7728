// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-raise-layers))' | FileCheck %s

// Of two maps, of one that one number is not the reciprocal of the count of, and of rows alone: no layers.
// CHECK-LABEL: func.func @others(
// CHECK:         tosa.maximum
// CHECK:         tosa.reduce_sum
// CHECK:         tosa.reduce_sum
// CHECK:         tosa.mul
// CHECK:         tosa.reduce_sum
// CHECK:         tosa.mul
func.func @others(%x: tensor<1x2x2x8xf32>) -> (tensor<1x1x1x8xf32>, tensor<1x2x1x8xf32>) {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %half = "tosa.const"() <{values = dense<0.5> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %y = tosa.tanh %x : (tensor<1x2x2x8xf32>) -> tensor<1x2x2x8xf32>
  %z = tosa.maximum %x, %y : (tensor<1x2x2x8xf32>, tensor<1x2x2x8xf32>) -> tensor<1x2x2x8xf32>
  %0 = tosa.reduce_sum %z {axis = 2 : i32} : (tensor<1x2x2x8xf32>) -> tensor<1x2x1x8xf32>
  %1 = tosa.reduce_sum %0 {axis = 1 : i32} : (tensor<1x2x1x8xf32>) -> tensor<1x1x1x8xf32>
  %2 = tosa.mul %1, %half, %shift : (tensor<1x1x1x8xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<1x1x1x8xf32>
  %3 = tosa.reduce_sum %x {axis = 2 : i32} : (tensor<1x2x2x8xf32>) -> tensor<1x2x1x8xf32>
  %4 = tosa.mul %3, %half, %shift : (tensor<1x2x1x8xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<1x2x1x8xf32>
  return %2, %4 : tensor<1x1x1x8xf32>, tensor<1x2x1x8xf32>
}
