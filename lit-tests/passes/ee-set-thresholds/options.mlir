// RUN: atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-set-thresholds{thresholds='b=1.5'}))" | FileCheck %s --check-prefix=ONE
// RUN: atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-set-thresholds{thresholds='b=1.5, a=0'}))" | FileCheck %s --check-prefix=BOTH

// ONE:  when #ee.max_softmax<threshold = 0.5>
// ONE:  when #ee.entropy<threshold = 1.5>
// BOTH: when #ee.max_softmax<threshold = 0.0>
// BOTH: when #ee.entropy<threshold = 1.5>
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
