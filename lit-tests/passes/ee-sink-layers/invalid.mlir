// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-sink-layers))' | FileCheck %s

// A conditional that depends on another one's result stays, and the layer between.
// CHECK-LABEL: func.func @two(
// CHECK:         scf.if
// CHECK:         tosa.tanh
// CHECK:         scf.if
func.func @two(%x: tensor<1x4xf32>, %c: i1, %d: i1) -> tensor<1x4xf32> {
  %first = scf.if %c -> (tensor<1x4xf32>) {
    scf.yield %x : tensor<1x4xf32>
  } else {
    %a = tosa.abs %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
    scf.yield %a : tensor<1x4xf32>
  }
  %t = tosa.tanh %first : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %second = scf.if %d -> (tensor<1x4xf32>) {
    scf.yield %t : tensor<1x4xf32>
  } else {
    scf.yield %first : tensor<1x4xf32>
  }
  return %second : tensor<1x4xf32>
}
