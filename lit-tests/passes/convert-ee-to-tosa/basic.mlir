// RUN: atheena-opt %s --pass-pipeline="builtin.module(func.func(convert-ee-to-tosa))" | FileCheck %s

// exp(-d / 4) * 2^16; a probability of 1/2 is a sum of 2^17.
#int = #ee.max_softmax<threshold = 0.5, table = [65536, 51039, 39750, 30957, 24109, 18776, 14623, 11388, 8869, 6907, 5380, 4190, 3263, 2541, 1979, 1541,
  1200, 935, 728, 567, 442, 344, 268, 209, 162, 127, 99, 77, 60, 47, 36, 28, 22, 17, 13, 10, 8, 6, 5, 4, 3, 2,
  2, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], limit = 131071>

// A branch sees what the operands give it, in blocks of its own.
// CHECK-LABEL: func.func @nested
// CHECK-SAME:    (%[[IMAGE:.*]]: tensor<1x4xi8>) -> tensor<1x4xi8>
// CHECK:         %[[EARLY:.*]] = tosa.clamp %[[IMAGE]]
// CHECK:         %[[MAX:.*]] = tosa.reduce_max %[[EARLY]] {axis = 1 : i32} : (tensor<1x4xi8>) -> tensor<1x1xi8>
// CHECK:         %[[WIDEMAX:.*]] = tosa.cast %[[MAX]] : (tensor<1x1xi8>) -> tensor<1x1xi32>
// CHECK:         %[[WIDE:.*]] = tosa.cast %[[EARLY]] : (tensor<1x4xi8>) -> tensor<1x4xi32>
// CHECK:         %[[D:.*]] = tosa.sub %[[WIDEMAX]], %[[WIDE]]
// CHECK:         %[[TABLE:.*]] = "tosa.const"() <{values = dense<{{.*}}> : tensor<1x256x1xi32>}>
// CHECK:         %[[E:.*]] = tosa.gather %[[TABLE]], %[[D]]
// CHECK:         %[[SUM:.*]] = tosa.reduce_sum %[[E]] {axis = 1 : i32}
// CHECK:         %[[LIMIT:.*]] = "tosa.const"() <{values = dense<131071> : tensor<1x1x1xi32>}>
// CHECK:         %[[GE:.*]] = tosa.greater_equal %[[LIMIT]], %[[SUM]]
// CHECK:         %[[LEAVES:.*]] = tosa.reshape %[[GE]], {{.*}} -> tensor<i1>
// CHECK:         %[[RESULT:.*]] = tosa.cond_if %[[LEAVES]] (%{{.*}} = %[[IMAGE]], %{{.*}} = %[[EARLY]]) : tensor<i1>
// CHECK-NEXT:    ^bb0(%{{.*}}: tensor<1x4xi8>, %[[EARLY_IN:.*]]: tensor<1x4xi8>):
// CHECK-NEXT:      tosa.yield %[[EARLY_IN]]
// CHECK-NEXT:    } else {
// CHECK-NEXT:    ^bb0(%[[IMAGE_IN:.*]]: tensor<1x4xi8>, %{{.*}}: tensor<1x4xi8>):
// CHECK:           tosa.reduce_max %[[IMAGE_IN]]
// CHECK:           %[[INNER:.*]] = tosa.cond_if {{.*}} (%{{.*}} = %[[IMAGE_IN]], %{{.*}} = %[[IMAGE_IN]])
// CHECK:             %[[LATE:.*]] = tosa.reverse
// CHECK-NEXT:        tosa.yield %[[LATE]]
// CHECK:           tosa.yield %[[INNER]]
// CHECK:         return %[[RESULT]] : tensor<1x4xi8>
// CHECK-NOT:     ee.
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

// 1 / sum exp(x - max) > threshold.
// CHECK-LABEL: func.func @float
// CHECK:         %[[MAX:.*]] = tosa.reduce_max %[[X:.*]] {axis = 1 : i32}
// CHECK:         %[[D:.*]] = tosa.sub %[[X]], %[[MAX]]
// CHECK:         %[[E:.*]] = tosa.exp %[[D]]
// CHECK:         %[[SUM:.*]] = tosa.reduce_sum %[[E]] {axis = 1 : i32}
// CHECK:         %[[P:.*]] = tosa.reciprocal %[[SUM]] : (tensor<1x1xf32>) -> tensor<1x1xf32>
// CHECK:         %[[T:.*]] = "tosa.const"() <{values = dense<7.500000e-01> : tensor<1x1xf32>}>
// CHECK:         %[[GT:.*]] = tosa.greater %[[P]], %[[T]]
// CHECK:         %[[LEAVES:.*]] = tosa.reshape %[[GT]], {{.*}} -> tensor<i1>
// CHECK:         tosa.cond_if %[[LEAVES]]
func.func @float(%image: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %r = ee.exit "a" on (%f = %image : tensor<1x4xf32>) when #ee.max_softmax<threshold = 0.75>
    classify {
      ee.yield %f : tensor<1x4xf32>
    } otherwise {
      %s = tosa.exp %f : (tensor<1x4xf32>) -> tensor<1x4xf32>
      ee.yield %s : tensor<1x4xf32>
    } -> tensor<1x4xf32>
  return %r : tensor<1x4xf32>
}
