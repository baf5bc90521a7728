// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-raise-dense))' | FileCheck %s

// The weights [[1, 2, 3], [4, 5, 6]] of 2 -> 3 are rows of outputs: [1, 4], [2, 5], [3, 6].
// CHECK-LABEL: func.func @dense(
// CHECK-SAME:    %[[X:.*]]: tensor<1x1x2xf32>
// CHECK:         %[[ROW:.*]] = tosa.reshape %[[X]], {{.*}} -> tensor<1x1x1x2xf32>
// CHECK:         %[[W:.*]] = "tosa.const"() {{.*}}1.000000e+00, 4.000000e+00{{.*}}2.000000e+00, 5.000000e+00{{.*}}3.000000e+00, 6.000000e+00
// CHECK:         %[[Y:.*]] = tosa.conv2d %[[ROW]], %[[W]], {{.*}} -> tensor<1x1x1x3xf32>
// CHECK:         %[[R:.*]] = tosa.reshape %[[Y]], {{.*}} -> tensor<1x1x3xf32>
// CHECK-NEXT:    return %[[R]]
func.func @dense(%x: tensor<1x1x2xf32>) -> tensor<1x1x3xf32> {
  %w = "tosa.const"() <{values = dense<[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]> : tensor<1x2x3xf32>}> : () -> tensor<1x2x3xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %y = tosa.matmul %x, %w, %z, %z : (tensor<1x1x2xf32>, tensor<1x2x3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x3xf32>
  return %y : tensor<1x1x3xf32>
}
