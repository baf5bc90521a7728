// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-fold-dense))' -split-input-file -verify-diagnostics

func.func @overflow(%x: tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32> {
  %a = "tosa.const"() <{values = dense<[[[[1.0e38, 2.0e38]]], [[[3.0, 4.0]]], [[[5.0, 6.0]]]]> : tensor<3x1x1x2xf32>}> : () -> tensor<3x1x1x2xf32>
  %ab = "tosa.const"() <{values = dense<[1.0, 0.0, 2.0]> : tensor<3xf32>}> : () -> tensor<3xf32>
  %b = "tosa.const"() <{values = dense<[[[[9.0e9, 0.0, 2.0]]], [[[0.0, 1.0, 1.0]]]]> : tensor<2x1x1x3xf32>}> : () -> tensor<2x1x1x3xf32>
  %bb = "tosa.const"() <{values = dense<[10.0, 20.0]> : tensor<2xf32>}> : () -> tensor<2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %h = tosa.conv2d %x, %a, %ab, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x1x1x2xf32>, tensor<3x1x1x2xf32>, tensor<3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x3xf32>
  // expected-error @below {{'tosa.conv2d' op makes weights that are not finite when it is merged with the one before}}
  // expected-note @below {{look at the training: the layers' weights are huge or not finite}}
  %y = tosa.conv2d %h, %b, %bb, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x1x1x3xf32>, tensor<2x1x1x3xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32>
  return %y : tensor<1x1x1x2xf32>
}

// -----

func.func @weights_of_outside(%x: tensor<1x1x1x2xf32>, %a: tensor<3x1x1x2xf32>) -> tensor<1x1x1x2xf32> {
  %ab = "tosa.const"() <{values = dense<[1.0, 0.0, 2.0]> : tensor<3xf32>}> : () -> tensor<3xf32>
  %b = "tosa.const"() <{values = dense<[[[[1.0, 0.0, 2.0]]], [[[0.0, 1.0, 1.0]]]]> : tensor<2x1x1x3xf32>}> : () -> tensor<2x1x1x3xf32>
  %bb = "tosa.const"() <{values = dense<[10.0, 20.0]> : tensor<2xf32>}> : () -> tensor<2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  // expected-error @below {{'tosa.conv2d' op expected its weights to be a constant of the layer's type}}
  // expected-note @below {{export the network with its weights as initialisers}}
  %h = tosa.conv2d %x, %a, %ab, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x1x1x2xf32>, tensor<3x1x1x2xf32>, tensor<3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x3xf32>
  %y = tosa.conv2d %h, %b, %bb, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x1x1x3xf32>, tensor<2x1x1x3xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32>
  return %y : tensor<1x1x1x2xf32>
}
