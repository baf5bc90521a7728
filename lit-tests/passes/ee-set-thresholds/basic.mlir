// RUN: atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-set-thresholds{thresholds=0.25}))" | FileCheck %s

// Profiles were counted with other thresholds.
// CHECK:         ee.exit "a"
// CHECK-NEXT:        when #ee.max_softmax<threshold = 0.25>
// CHECK-NOT:         profile
// CHECK:           ee.exit "b"
// CHECK-NEXT:          when #ee.entropy<threshold = 0.25>
// CHECK-NOT:           profile
func.func @network(%image: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %r = ee.exit "a" on (%f = %image : tensor<1x4xf32>) when #ee.max_softmax<threshold = 0.5> profile <taken = 3, of = 6>
    classify {
      ee.yield %f : tensor<1x4xf32>
    } otherwise {
      %q = ee.exit "b" on (%g = %f : tensor<1x4xf32>) when #ee.entropy<threshold = 0.75> profile <taken = 1, of = 3>
        classify {
          ee.yield %g : tensor<1x4xf32>
        } otherwise {
          ee.yield %g : tensor<1x4xf32>
        } -> tensor<1x4xf32>
      ee.yield %q : tensor<1x4xf32>
    } -> tensor<1x4xf32>
  return %r : tensor<1x4xf32>
}
