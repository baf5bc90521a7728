// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-channels-last))' -split-input-file -verify-diagnostics

// expected-error @below {{'func.func' op takes batches, tensor<2x3x4x4xf32>}}
// expected-note @below {{hardware takes one sample at a time: export the network with a batch of one}}
func.func @batch(%x: tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32> {
  return %x : tensor<2x3x4x4xf32>
}

// -----

// expected-error @below {{'func.func' op expected one argument, the image, but got 2}}
// expected-note @below {{make weights constants of the network when you export it}}
func.func @weights(%x: tensor<1x4xf32>, %w: tensor<1x4xf32>) -> tensor<1x4xf32> {
  return %x : tensor<1x4xf32>
}
