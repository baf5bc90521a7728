// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-shift-pixels))' | FileCheck %s

// CHECK-LABEL: func.func @signed(
// CHECK-SAME:    %[[X:.*]]: tensor<1x2x2x1xi8>
// CHECK:         %[[ZP:.*]] = "tosa.const"() <{values = dense<-128> : tensor<1xi8>}>
// CHECK:         %[[S:.*]] = tosa.rescale %[[X]], %{{.*}}, %{{.*}}, %[[ZP]], {{.*}}input_unsigned = true, output_unsigned = false
// CHECK:         tosa.clamp %[[S]]
func.func @signed(%x: tensor<1x2x2x1xi8>) -> tensor<1x2x2x1xi8> {
  %y = tosa.clamp %x {min_val = 0 : i8, max_val = 127 : i8} : (tensor<1x2x2x1xi8>) -> tensor<1x2x2x1xi8>
  return %y : tensor<1x2x2x1xi8>
}

// Floats are scaled by whoever runs the network.
// CHECK-LABEL: func.func @float(
// CHECK-NOT:     tosa.rescale
// CHECK:         return
func.func @float(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  return %x : tensor<1x4xf32>
}
