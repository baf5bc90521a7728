// RUN: atheena-opt %s --convert-ee-to-dataflow --split-input-file --verify-diagnostics

func.func @net(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
  // expected-error @+2 {{'tosa.tanh' op has no actor that computes it}}
  // expected-note @+1 {{express it with what hardware has actors for: add, avg_pool2d, clamp, concat, const, const_shape, conv2d, depthwise_conv2d, identity, max_pool2d, mul, pad, rescale, reshape, slice, table, transpose}}
  %a = tosa.tanh %x : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  // expected-error @+2 {{'tosa.reverse' op has no actor that computes it}}
  // expected-note @+1 {{express it with}}
  %b = tosa.reverse %a {axis = 1 : i32} : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  return %b : tensor<1x4x4x2xi8>
}

// -----

func.func @net(%x: tensor<1x4x4x2xf32>) -> tensor<1x2x2x2xf32> {
  // expected-error @+2 {{'tosa.max_pool2d' op expected integers, as hardware has no floating point}}
  // expected-note @+1 {{make the network integer with ee-quantize}}
  %a = tosa.max_pool2d %x {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x2x2xf32>
  return %a : tensor<1x2x2x2xf32>
}

// -----

// expected-error @+2 {{'func.func' op expected an image tensor<1xHxWxCxi8>, but got tensor<2x4x4x2xi8>}}
// expected-note @+1 {{make the network integer with ee-quantize}}
func.func @net(%x: tensor<2x4x4x2xi8>) -> tensor<2x4x4x2xi8> {
  return %x : tensor<2x4x4x2xi8>
}

// -----

// expected-error @+1 {{'func.func' op expected one argument, the image}}
func.func @net(%x: tensor<1x4x4x2xi8>, %y: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
  return %x : tensor<1x4x4x2xi8>
}

// -----

// expected-error @+1 {{'func.func' op has no body, so there is nothing to make hardware of}}
func.func private @net(tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>

// -----

func.func @net(%x: tensor<1x4x4x2xi8>) -> (tensor<1x4x4x2xi8>, tensor<1x4x4x2xi8>) {
  // expected-error @+2 {{'func.return' op expected one result, the logits}}
  // expected-note @+1 {{return only the logits}}
  return %x, %x : tensor<1x4x4x2xi8>, tensor<1x4x4x2xi8>
}

// -----

func.func @net(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8> {
  %r = "tosa.const"() <{values = dense<1> : tensor<1x4x4x2xi8>}> : () -> tensor<1x4x4x2xi8>
  // expected-error @-1 {{'tosa.const' op is used as a feature map, but is none}}
  // expected-note @-2 {{constants may only be parameters}}
  %s = tosa.identity %r : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
  return %s : tensor<1x4x4x2xi8>
}

// -----

func.func @net(%x: tensor<1x4x4x2xi8>) -> tensor<1x2x4x4xi8> {
  // expected-error @+2 {{'tosa.transpose' op changes the order of elements, which a stream can't}}
  // expected-note @+1 {{fold it into the weights of the next layer with ee-fold-layout}}
  %t = tosa.transpose %x {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x4x4x2xi8>) -> tensor<1x2x4x4xi8>
  return %t : tensor<1x2x4x4xi8>
}

// -----

func.func @net(%x: tensor<1x4x4x2xi8>) -> tensor<1x1x4x2xi8> {
  %s = tosa.const_shape {values = dense<[1, 2, 8, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %r = tosa.reshape %x, %s : (tensor<1x4x4x2xi8>, !tosa.shape<4>) -> tensor<1x2x8x2xi8>
  // expected-error @+2 {{'tosa.max_pool2d' op expected its input as it comes, !dataflow.stream<4x4x2xi8, lanes = 1>, but it was reshaped}}
  // expected-note @+1 {{reshape only in front of dense layers, to [1, 1, 1, inputs]}}
  %p = tosa.max_pool2d %r {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x2x8x2xi8>) -> tensor<1x1x4x2xi8>
  return %p : tensor<1x1x4x2xi8>
}

// -----

func.func @net(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x3xi32> {
  %w = "tosa.const"() <{values = dense<1> : tensor<3x1x1x2xi8>}> : () -> tensor<3x1x1x2xi8>
  %b = "tosa.const"() <{values = dense<2147483647> : tensor<3xi32>}> : () -> tensor<3xi32>
  %zi = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zw = "tosa.const"() <{values = dense<3> : tensor<1xi8>}> : () -> tensor<1xi8>
  // expected-error @+2 {{'tosa.conv2d' op expected weights with zero point 0}}
  // expected-note @+1 {{quantise weights symmetrically}}
  %c = tosa.conv2d %x, %w, %b, %zi, %zw {acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x4x2xi8>, tensor<3x1x1x2xi8>, tensor<3xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x3xi32>
  return %c : tensor<1x4x4x3xi32>
}

// -----

func.func @net(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x3xi32> {
  %w = "tosa.const"() <{values = dense<1> : tensor<3x1x1x2xi8>}> : () -> tensor<3x1x1x2xi8>
  %b = "tosa.const"() <{values = dense<2147483647> : tensor<3xi32>}> : () -> tensor<3xi32>
  %zi = "tosa.const"() <{values = dense<-1> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zw = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  // expected-error @+1 {{'tosa.conv2d' op has a bias of channel 0 that i32 can't hold with its zero point}}
  %c = tosa.conv2d %x, %w, %b, %zi, %zw {acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x4x2xi8>, tensor<3x1x1x2xi8>, tensor<3xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x3xi32>
  return %c : tensor<1x4x4x3xi32>
}

// -----

func.func @net(%x: tensor<1x1x1x2xi8>) -> tensor<1x2xi8> {
  // expected-error @+2 {{'ee.exit' op expected a decision in integers}}
  // expected-note @+1 {{make the network integer with ee-quantize}}
  %l = ee.exit "exit1" on (%f = %x : tensor<1x1x1x2xi8>)
      when #ee.max_softmax<threshold = 0.9> profile <taken = 1, of = 2>
    classify {
      %s = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
      %a = tosa.reshape %f, %s : (tensor<1x1x1x2xi8>, !tosa.shape<2>) -> tensor<1x2xi8>
      ee.yield %a : tensor<1x2xi8>
    } otherwise {
      %s = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
      %a = tosa.reshape %f, %s : (tensor<1x1x1x2xi8>, !tosa.shape<2>) -> tensor<1x2xi8>
      ee.yield %a : tensor<1x2xi8>
    } -> tensor<1x2xi8>
  return %l : tensor<1x2xi8>
}

// -----

func.func @net(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi32> {
  %t = "tosa.const"() <{values = dense<1> : tensor<513xi16>}> : () -> tensor<513xi16>
  %m = "tosa.const"() <{values = dense<1073741824> : tensor<1xi32>}> : () -> tensor<1xi32>
  %s = "tosa.const"() <{values = dense<30> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zp = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zw = "tosa.const"() <{values = dense<0> : tensor<1xi16>}> : () -> tensor<1xi16>
  %r = tosa.rescale %x, %m, %s, %zp, %zw {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = #tosa.rounding_mode<SINGLE_ROUND>, scale32 = true} : (tensor<1x4x4x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi16>) -> tensor<1x4x4x2xi16>
  // expected-error @+2 {{'tosa.table' op expected i8 in and out, but got tensor<1x4x4x2xi16> and tensor<1x4x4x2xi32>}}
  // expected-note @+1 {{rescale to i8 in front of it}}
  %y = tosa.table %r, %t : (tensor<1x4x4x2xi16>, tensor<513xi16>) -> tensor<1x4x4x2xi32>
  return %y : tensor<1x4x4x2xi32>
}

// -----

func.func @net(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x8x2xi8> {
  %s = tosa.const_shape {values = dense<[1, 2, 8, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %r = tosa.reshape %x, %s : (tensor<1x4x4x2xi8>, !tosa.shape<4>) -> tensor<1x2x8x2xi8>
  // expected-error @+2 {{'tosa.concat' op expected its input as it comes, !dataflow.stream<4x4x2xi8, lanes = 1>, but it was reshaped}}
  // expected-note @+1 {{reshape only in front of dense layers, to [1, 1, 1, inputs]}}
  %c = tosa.concat %r, %r {axis = 1 : i32} : (tensor<1x2x8x2xi8>, tensor<1x2x8x2xi8>) -> tensor<1x4x8x2xi8>
  return %c : tensor<1x4x8x2xi8>
}

// -----

func.func @net(%x: tensor<1x1x1x2xi8>) -> tensor<1x2xi8> {
  // expected-error @+2 {{'ee.exit' op has results that go through further layers}}
  // expected-note @+1 {{move the layers behind the exit into its otherwise region, and into classify if they matter there}}
  %l = ee.exit "exit1" on (%f = %x : tensor<1x1x1x2xi8>)
      when #ee.max_softmax<threshold = 0.9, table = [65536, 51039, 39750, 30957, 24109, 18776, 14623, 11388, 8869, 6907, 5380, 4190, 3263, 2541, 1979, 1541, 1200, 935, 728, 567, 442, 344, 268, 209, 162, 127, 99, 77, 60, 47, 36, 28, 22, 17, 13, 10, 8, 6, 5, 4, 3, 2, 2, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], limit = 72817> profile <taken = 1, of = 2>
    classify {
      %s = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
      %a = tosa.reshape %f, %s : (tensor<1x1x1x2xi8>, !tosa.shape<2>) -> tensor<1x2xi8>
      ee.yield %a : tensor<1x2xi8>
    } otherwise {
      %s = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
      %a = tosa.reshape %f, %s : (tensor<1x1x1x2xi8>, !tosa.shape<2>) -> tensor<1x2xi8>
      ee.yield %a : tensor<1x2xi8>
    } -> tensor<1x2xi8>
  %c = tosa.clamp %l {min_val = 0 : i8, max_val = 9 : i8} : (tensor<1x2xi8>) -> tensor<1x2xi8>
  return %c : tensor<1x2xi8>
}

// -----

func.func @net(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi32> {
  %one = "tosa.const"() <{values = dense<1> : tensor<1xi8>}> : () -> tensor<1xi8>
  // expected-error @+2 {{'tosa.mul' op shifts its products}}
  // expected-note @+1 {{rescale behind a tosa.mul with shift 0}}
  %z = tosa.mul %x, %x, %one : (tensor<1x4x4x2xi8>, tensor<1x4x4x2xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi32>
  return %z : tensor<1x4x4x2xi32>
}

// -----

func.func @net(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi32> {
  %zero = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %from = tosa.const_shape {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
  %size = tosa.const_shape {values = dense<[1, 4, 4, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %s = tosa.slice %x, %from, %size : (tensor<1x4x4x2xi8>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<1x4x4x1xi8>
  // expected-error @+2 {{'tosa.mul' op expected operands of one shape, but got tensor<1x4x4x2xi8> and tensor<1x4x4x1xi8>}}
  // expected-note @+1 {{hardware spreads nothing but one pixel of all channels over a map}}
  %z = tosa.mul %s, %x, %zero : (tensor<1x4x4x1xi8>, tensor<1x4x4x2xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi32>
  return %z : tensor<1x4x4x2xi32>
}
