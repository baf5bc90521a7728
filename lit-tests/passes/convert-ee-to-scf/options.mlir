// RUN: atheena-opt %s --pass-pipeline="builtin.module(func.func(convert-ee-to-scf{exit-index=true}))" | FileCheck %s

// exp(-d / 4) * 2^16; a probability of 1/2 is a sum of 2^17.
#int = #ee.max_softmax<threshold = 0.5, table = [65536, 51039, 39750, 30957, 24109, 18776, 14623, 11388, 8869, 6907, 5380, 4190, 3263, 2541, 1979, 1541,
  1200, 935, 728, 567, 442, 344, 268, 209, 162, 127, 99, 77, 60, 47, 36, 28, 22, 17, 13, 10, 8, 6, 5, 4, 3, 2,
  2, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], limit = 131071>

// CHECK-LABEL: func.func @nested
// CHECK-SAME:    -> (tensor<1x4xi8>, tensor<1xi32>)
// CHECK:         dense<0> : tensor<1xi32>
// CHECK:         %[[RESULT:.*]]:2 = scf.if
// CHECK:           %[[ONE:.*]] = "tosa.const"() <{values = dense<1> : tensor<1xi32>}>
// CHECK:           %[[INNER:.*]]:2 = scf.if
// CHECK-NEXT:        scf.yield %{{.*}}, %[[ONE]] : tensor<1x4xi8>, tensor<1xi32>
// CHECK:             %[[TWO:.*]] = "tosa.const"() <{values = dense<2> : tensor<1xi32>}>
// CHECK-NEXT:        scf.yield %{{.*}}, %[[TWO]] : tensor<1x4xi8>, tensor<1xi32>
// CHECK:           scf.yield %[[INNER]]#0, %[[INNER]]#1
// CHECK:         return %[[RESULT]]#0, %[[RESULT]]#1
func.func @nested(%image: tensor<1x4xi8>) -> tensor<1x4xi8> {
  %r = ee.exit "a" on (%f = %image : tensor<1x4xi8>) when #int
    classify {
      %n = tosa.clamp %f {min_val = 0 : i8, max_val = 127 : i8} : (tensor<1x4xi8>) -> tensor<1x4xi8>
      ee.yield %n : tensor<1x4xi8>
    } otherwise {
      %q = ee.exit "b" on (%g = %f : tensor<1x4xi8>) when #int
        classify {
          ee.yield %g : tensor<1x4xi8>
        } otherwise {
          %s = tosa.reverse %g {axis = 1 : i32} : (tensor<1x4xi8>) -> tensor<1x4xi8>
          ee.yield %s : tensor<1x4xi8>
        } -> tensor<1x4xi8>
      ee.yield %q : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return %r : tensor<1x4xi8>
}

// Without exits every sample takes the only classifier, number 0.
// CHECK-LABEL: func.func @plain
// CHECK-SAME:    -> (tensor<1x4xi8>, tensor<1xi32>)
// CHECK:         %[[INDEX:.*]] = "tosa.const"() <{values = dense<0> : tensor<1xi32>}>
// CHECK:         return %{{.*}}, %[[INDEX]]
func.func @plain(%image: tensor<1x4xi8>) -> tensor<1x4xi8> {
  return %image : tensor<1x4xi8>
}
