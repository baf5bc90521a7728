// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz weights-bits=8 logits-bits=8}))' -split-input-file -verify-diagnostics

func.func @unknown_nodes(%image: tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32> {
  // expected-error @below {{'tosa.reverse' op has no integer form}}
  // expected-note @below {{integer networks have conv2d, depthwise_conv2d, add, mul, concat, max_pool2d, avg_pool2d, clamp, reshape, transpose, slice, pad, and functions of one tensor element by element: replace the node before the export}}
  %s = tosa.reverse %image {axis = 1 : i32} : (tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32>
  // expected-error @below {{'tosa.sub' op has no integer form}}
  // expected-note @below {{a factor or summand must be one number, or one a channel, which ee-fold-batch-norm makes a part of a convolution; differences of two tensors have no integer form here}}
  %y = tosa.sub %s, %image : (tensor<1x8x8x1xf32>, tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32>
  return %y : tensor<1x8x8x1xf32>
}

// -----

// expected-error-re @below {{'func.func' op takes images of [H, W, C] = [28, 28, 3], but those of {{.*}}digits_calib.npz are [8, 8, 1]}}
// expected-note @below {{calibrate with samples like those the network was trained on}}
func.func @other_images(%image: tensor<1x28x28x3xf32>) -> tensor<1x28x28x3xf32> {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<3x1x1x3xf32>}> : () -> tensor<3x1x1x3xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %y = tosa.conv2d %image, %w, %z, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x28x28x3xf32>, tensor<3x1x1x3xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x28x28x3xf32>
  return %y : tensor<1x28x28x3xf32>
}

// -----

func.func @not_finite(%image: tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32> {
  %w = "tosa.const"() <{values = dense<0x7FC00000> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  // expected-error @below {{'tosa.conv2d' op is not finite for some calibration samples}}
  // expected-note @below {{look for infinite or huge weights, or a calibration file of other data}}
  %y = tosa.conv2d %image, %w, %z, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x8x8x1xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x8x8x1xf32>
  return %y : tensor<1x8x8x1xf32>
}

// -----

func.func @dead(%image: tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32> {
  %w = "tosa.const"() <{values = dense<-1.0> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %c = tosa.conv2d %image, %w, %z, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x8x8x1xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x8x8x1xf32>
  // expected-error @below {{'tosa.clamp' op is zero everywhere for all calibration samples}}
  // expected-note @below {{the layer is dead, or the calibration samples are all black: train the network, or calibrate with the data it was trained for}}
  %y = tosa.clamp %c {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32>
  return %y : tensor<1x8x8x1xf32>
}

// -----

// Products at 2^-9 / 255 (the coarsest that a rescale takes to outputs at 2^23), so the bias is 1e9 * 2^9.
func.func @huge_bias(%image: tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32> {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %big = "tosa.const"() <{values = dense<1.0e9> : tensor<1xf32>}> : () -> tensor<1xf32>
  // expected-error @below {{'tosa.conv2d' op may sum up to 512000000510, which 32 bits can't hold and rescale}}
  // expected-note @below {{its bias is far larger than its products, or cancels them: retrain the layer}}
  %y = tosa.conv2d %image, %w, %big, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x8x8x1xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x8x8x1xf32>
  return %y : tensor<1x8x8x1xf32>
}

// -----

// expected-error @below {{'func.func' op expected one float image [1, H, W, C] as argument, but got (tensor<1x8x8x1xf32>, tensor<1x8x8x1xf32>)}}
// expected-note @below {{a network is quantised once, from its float form}}
func.func @two_images(%a: tensor<1x8x8x1xf32>, %b: tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32> {
  %y = tosa.add %a, %b : (tensor<1x8x8x1xf32>, tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32>
  return %y : tensor<1x8x8x1xf32>
}

// -----

// expected-error @below {{'func.func' op expected one float image [1, H, W, C] as argument, but got (tensor<1x8x8x1xi8>)}}
// expected-note @below {{a network is quantised once, from its float form}}
func.func @integer_already(%a: tensor<1x8x8x1xi8>) -> tensor<1x8x8x1xi8> {
  return %a : tensor<1x8x8x1xi8>
}

// -----

func.func @behind_the_exit(%image: tensor<1x1x1x8xf32>) -> tensor<1x8xf32> {
  %classes = tosa.const_shape {values = dense<[1, 8]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %x = tosa.reshape %image, %classes : (tensor<1x1x1x8xf32>, !tosa.shape<2>) -> tensor<1x8xf32>
  %logits = ee.exit "exit1" on (%f = %x : tensor<1x8xf32>) when #ee.max_softmax<threshold = 0.9>
    classify {
      ee.yield %f : tensor<1x8xf32>
    } otherwise {
      ee.yield %f : tensor<1x8xf32>
    } -> tensor<1x8xf32>
  // expected-error @below {{'tosa.clamp' op computes on the result of an exit, whose scale depends on where a sample left}}
  // expected-note @below {{end the network with its exits: move the layers behind them into their regions}}
  %y = tosa.clamp %logits {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x8xf32>) -> tensor<1x8xf32>
  return %y : tensor<1x8xf32>
}

// -----

func.func @two_results(%image: tensor<1x1x1x8xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>) {
  %classes = tosa.const_shape {values = dense<[1, 8]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %x = tosa.reshape %image, %classes : (tensor<1x1x1x8xf32>, !tosa.shape<2>) -> tensor<1x8xf32>
  // expected-error @below {{'ee.exit' op has several results, and only logits have a scale}}
  // expected-note @below {{let the network return its logits only}}
  %logits:2 = ee.exit "exit1" on (%f = %x : tensor<1x8xf32>) when #ee.max_softmax<threshold = 0.9>
    classify {
      ee.yield %f, %f : tensor<1x8xf32>, tensor<1x8xf32>
    } otherwise {
      ee.yield %f, %f : tensor<1x8xf32>, tensor<1x8xf32>
    } -> (tensor<1x8xf32>, tensor<1x8xf32>)
  return %logits#0, %logits#1 : tensor<1x8xf32>, tensor<1x8xf32>
}
