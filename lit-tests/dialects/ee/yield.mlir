// RUN: atheena-opt %s | atheena-opt | FileCheck %s

// CHECK-LABEL: func.func @two_values(
func.func @two_values(%a: tensor<1x4xi8>, %b: tensor<3xf32>) -> (tensor<1x4xi8>, tensor<3xf32>) {
  %r:2 = ee.exit "exit" on (%x = %a : tensor<1x4xi8>, %y = %b : tensor<3xf32>)
      when #ee.max_softmax<threshold = 0.5>
    classify {
      // CHECK: ee.yield %[[X:.*]], %[[Y:.*]] {note = "kept"} : tensor<1x4xi8>, tensor<3xf32>
      ee.yield %x, %y {note = "kept"} : tensor<1x4xi8>, tensor<3xf32>
    } otherwise {
      // CHECK: ee.yield %[[X]], %[[Y]] : tensor<1x4xi8>, tensor<3xf32>
      ee.yield %x, %y : tensor<1x4xi8>, tensor<3xf32>
    } -> (tensor<1x4xi8>, tensor<3xf32>)
  return %r#0, %r#1 : tensor<1x4xi8>, tensor<3xf32>
}
