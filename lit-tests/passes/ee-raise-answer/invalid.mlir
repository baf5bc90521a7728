// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-raise-answer))' -verify-diagnostics -split-input-file

// expected-error @below {{'func.func' op returns tensor<1x4x6x6xf32>, not the logits of one sample, [1, classes]}}
// expected-note @below {{end the network with a classifier, e.g. the mean of all pixels and a dense layer}}
func.func @map(%x: tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32> {
  return %x : tensor<1x4x6x6xf32>
}
