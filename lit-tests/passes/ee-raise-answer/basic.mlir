// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-raise-answer))' -verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @softmax(
// CHECK-SAME:    %[[X:.*]]: tensor<1x4xf32>
// CHECK-NEXT:    return %[[X]]
// expected-remark @below {{answers with its logits: the softmax behind them, which keeps their order, is left out}}
func.func @softmax(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %max = tosa.reduce_max %x {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %sub = tosa.sub %x, %max : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %exp = tosa.exp %sub : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %sum = tosa.reduce_sum %exp {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %rec = tosa.reciprocal %sum : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %prob = tosa.mul %exp, %rec, %shift : (tensor<1x4xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  return %prob : tensor<1x4xf32>
}

// The channels of one pixel.
// CHECK-LABEL: func.func @pixel(
// CHECK-SAME:    -> tensor<1x4xf32>
// CHECK:         %[[ROW:.*]] = tosa.reshape
// CHECK-NEXT:    return %[[ROW]] : tensor<1x4xf32>
func.func @pixel(%x: tensor<1x4x1x1xf32>) -> tensor<1x4x1x1xf32> {
  return %x : tensor<1x4x1x1xf32>
}
