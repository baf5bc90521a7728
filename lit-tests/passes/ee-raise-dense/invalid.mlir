// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-raise-dense))' -split-input-file -verify-diagnostics

func.func @weights_of_outside(%x: tensor<1x1x2xf32>, %w: tensor<1x2x3xf32>) -> tensor<1x1x3xf32> {
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  // expected-error @below {{'tosa.matmul' op expected its second operand to be a constant of floats}}
  // expected-note @below {{make weights constants of the network when you export it, and fold what computes them}}
  %y = tosa.matmul %x, %w, %z, %z : (tensor<1x1x2xf32>, tensor<1x2x3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x3xf32>
  return %y : tensor<1x1x3xf32>
}

// -----

func.func @two_rows(%x: tensor<1x2x2xf32>) -> tensor<1x2x3xf32> {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<1x2x3xf32>}> : () -> tensor<1x2x3xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  // expected-error @below {{'tosa.matmul' op is no dense layer: it expects one row and one matrix}}
  // expected-note @below {{hardware takes one sample at a time: export the network with a batch of one}}
  %y = tosa.matmul %x, %w, %z, %z : (tensor<1x2x2xf32>, tensor<1x2x3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x3xf32>
  return %y : tensor<1x2x3xf32>
}
