// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-fold-constants))' | FileCheck %s

// 1 / sqrt(3.75 + 0.25) and 1 / sqrt(0.0 + 0.25); 3 - 2 * 0.5; what depends on the argument stays.
// CHECK-LABEL: func.func @normalisation(
// CHECK-SAME:    %[[X:.*]]: tensor<1x2xf32>
// CHECK-DAG:     %[[R:.*]] = "tosa.const"() <{values = dense<{{\[\[}}5.000000e-01, 2.000000e+00]]>
// CHECK-DAG:     %[[N:.*]] = "tosa.const"() <{values = dense<2.000000e+00> : tensor<1x1xf32>}>
// CHECK:         %[[Y:.*]] = tosa.mul %[[X]], %[[R]]
// CHECK-NEXT:    %[[Z:.*]] = tosa.add %[[Y]], %[[N]]
// CHECK-NEXT:    return %[[Z]]
func.func @normalisation(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %variance = "tosa.const"() <{values = dense<[[3.75, 0.0]]> : tensor<1x2xf32>}> : () -> tensor<1x2xf32>
  %epsilon = "tosa.const"() <{values = dense<0.25> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %three = "tosa.const"() <{values = dense<3.0> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %two = "tosa.const"() <{values = dense<2.0> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %half = tosa.reciprocal %two : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %one = tosa.mul %two, %half, %shift : (tensor<1x1xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x1xf32>
  %0 = tosa.add %variance, %epsilon : (tensor<1x2xf32>, tensor<1x1xf32>) -> tensor<1x2xf32>
  %1 = tosa.rsqrt %0 : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %2 = tosa.sub %three, %one : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  %3 = tosa.mul %x, %1, %shift : (tensor<1x2xf32>, tensor<1x2xf32>, tensor<1xi8>) -> tensor<1x2xf32>
  %4 = tosa.add %3, %2 : (tensor<1x2xf32>, tensor<1x1xf32>) -> tensor<1x2xf32>
  return %4 : tensor<1x2xf32>
}

// CHECK-LABEL: func.func @resource(
// CHECK:         "tosa.const"() <{values = dense<{{\[\[}}1.000000e+00, 2.000000e+00], [3.000000e+00, 4.000000e+00]]>
func.func @resource() -> tensor<2x2xf32> {
  %m = "tosa.const"() <{values = dense_resource<matrix> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  return %m : tensor<2x2xf32>
}

{-#
  dialect_resources: { builtin: { matrix: "0x040000000000803F000000400000404000008040" } }
#-}
