// RUN: atheena-opt %s --pass-pipeline="builtin.module(func.func(convert-ee-to-scf{exit-index=true}))" -split-input-file -verify-diagnostics

func.func @not_quantised(%image: tensor<1x4xi8>) -> tensor<1x4xi8> {
  // expected-error @+2 {{'ee.exit' op has a confidence without a table, which needs float logits, but they are tensor<1x4xi8>}}
  // expected-note @+1 {{ee-quantize makes the integer form of a confidence}}
  %r = ee.exit "a" on (%f = %image : tensor<1x4xi8>) when #ee.max_softmax<threshold = 0.5>
    classify {
      ee.yield %f : tensor<1x4xi8>
    } otherwise {
      ee.yield %f : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return %r : tensor<1x4xi8>
}

// -----

// exp(-d / 4) * 2^16; a probability of 1/2 is a sum of 2^17.
#int = #ee.max_softmax<threshold = 0.5, table = [65536, 51039, 39750, 30957, 24109, 18776, 14623, 11388, 8869, 6907, 5380, 4190, 3263, 2541, 1979, 1541,
  1200, 935, 728, 567, 442, 344, 268, 209, 162, 127, 99, 77, 60, 47, 36, 28, 22, 17, 13, 10, 8, 6, 5, 4, 3, 2,
  2, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], limit = 131071>

func.func @half_quantised(%image: tensor<1x4xf32>) -> tensor<1x4xf32> {
  // expected-error @+2 {{'ee.exit' op has an integer confidence, which needs int8 or int16 logits, but they are tensor<1x4xf32>}}
  // expected-note @+1 {{only ee-quantize makes an integer confidence}}
  %r = ee.exit "a" on (%f = %image : tensor<1x4xf32>) when #int
    classify {
      ee.yield %f : tensor<1x4xf32>
    } otherwise {
      ee.yield %f : tensor<1x4xf32>
    } -> tensor<1x4xf32>
  return %r : tensor<1x4xf32>
}

// -----

func.func @siblings(%image: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %r = ee.exit "a" on (%f = %image : tensor<1x4xf32>) when #ee.max_softmax<threshold = 0.5>
    classify {
      ee.yield %f : tensor<1x4xf32>
    } otherwise {
      ee.yield %f : tensor<1x4xf32>
    } -> tensor<1x4xf32>
  // expected-error @+2 {{'ee.exit' op cannot be numbered: another exit comes before it in its block}}
  // expected-note @+1 {{only exits that nest have an order}}
  %s = ee.exit "b" on (%f = %r : tensor<1x4xf32>) when #ee.max_softmax<threshold = 0.5>
    classify {
      ee.yield %f : tensor<1x4xf32>
    } otherwise {
      ee.yield %f : tensor<1x4xf32>
    } -> tensor<1x4xf32>
  return %s : tensor<1x4xf32>
}
