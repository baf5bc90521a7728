// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-fold-layout))' -split-input-file -verify-diagnostics

// No dense layer behind it.
func.func @transposed_map(%x: tensor<1x4x4x2xf32>) -> tensor<1x2x4x4xf32> {
  // expected-error @below {{'tosa.transpose' op can't be folded into the weights of a dense layer}}
  // expected-note @below {{hardware streams a feature map in [H, W, C] order and does not reorder it: transpose only to flatten in front of dense layers}}
  %t = tosa.transpose %x {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x4x4xf32>
  return %t : tensor<1x2x4x4xf32>
}

// -----

func.func @weights_of_outside(%x: tensor<1x1x2x2xf32>, %w: tensor<1x1x1x4xf32>) -> tensor<1x1x1x1xf32> {
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %dense = tosa.const_shape {values = dense<[1, 1, 1, 4]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %t = tosa.transpose %x {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x1x2x2xf32>) -> tensor<1x2x1x2xf32>
  %s = tosa.reshape %t, %dense : (tensor<1x2x1x2xf32>, !tosa.shape<4>) -> tensor<1x1x1x4xf32>
  // expected-error @below {{'tosa.conv2d' op expected its weights to be a constant of the layer's type}}
  // expected-note @below {{export the network with its weights as initialisers}}
  %y = tosa.conv2d %s, %w, %z, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x1x1x4xf32>, tensor<1x1x1x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}
