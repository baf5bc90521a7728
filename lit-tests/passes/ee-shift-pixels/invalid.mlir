// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-shift-pixels))' -split-input-file -verify-diagnostics

// expected-error @below {{'func.func' op expected one argument, the image}}
// expected-note @below {{return and take nothing else}}
func.func @two(%x: tensor<1x4xi8>, %y: tensor<1x4xi8>) -> tensor<1x4xi8> {
  return %x : tensor<1x4xi8>
}
