// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-set-thresholds))" 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-set-thresholds{thresholds='c=0.5'}))" 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-set-thresholds{thresholds='a=much'}))" 2>&1 | FileCheck %s --check-prefix=NUMBER
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-set-thresholds{thresholds='a=0.5,0.6'}))" 2>&1 | FileCheck %s --check-prefix=EQUALS
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-set-thresholds{thresholds='a=0.5,a=0.6'}))" 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-set-thresholds{thresholds='a=1'}))" 2>&1 | FileCheck %s --check-prefix=RANGE

// NONE:    error: 'func.func' op can't get thresholds: `` is no number
// NONE:    note: write one number for all exits, or exit1=0.9,exit2=0.8
// UNKNOWN: error: 'func.func' op can't get thresholds: there is no exit `c`; the exits are: a, b
// NUMBER:  error: 'func.func' op can't get thresholds: `much` is no number
// EQUALS:  error: 'func.func' op can't get thresholds: `0.6` has no `=`
// TWICE:   error: 'func.func' op can't get thresholds: `a` has two
// RANGE:   error: 'ee.exit' op can't get another threshold: the threshold of a max-softmax exit must be in [0, 1), but is 1
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
