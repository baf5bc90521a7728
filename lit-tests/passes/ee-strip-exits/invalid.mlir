// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-strip-exits))' -verify-diagnostics

// The pass takes exits as they are: what is wrong with one is found before it runs, even where the pass would drop it.
func.func @early_logits_of_rank_3(%x: tensor<1x10xf32>, %e: tensor<1x10x1xf32>) -> tensor<1x10xf32> {
  // expected-error @below {{'ee.exit' op expected a rank-2 [1, classes] result from its classify region, but got 'tensor<1x10x1xf32>'}}
  %y = ee.exit "exit1" on (%f = %x : tensor<1x10xf32>, %g = %e : tensor<1x10x1xf32>)
      when #ee.max_softmax<threshold = 0.9>
    classify {
      // expected-note @below {{reshape the classifier's output, e.g. with tosa.reshape}}
      ee.yield %g : tensor<1x10x1xf32>
    } otherwise {
      ee.yield %f : tensor<1x10xf32>
    } -> tensor<1x10xf32>
  return %y : tensor<1x10xf32>
}
