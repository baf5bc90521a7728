// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-fold-constants))' | FileCheck %s

// Integers are no constants of floats: they stay.
// CHECK-LABEL: func.func @integers(
// CHECK:         tosa.add
func.func @integers() -> tensor<1xi32> {
  %a = "tosa.const"() <{values = dense<1> : tensor<1xi32>}> : () -> tensor<1xi32>
  %b = tosa.add %a, %a : (tensor<1xi32>, tensor<1xi32>) -> tensor<1xi32>
  return %b : tensor<1xi32>
}
