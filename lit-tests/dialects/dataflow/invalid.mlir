// RUN: atheena-opt %s -split-input-file -verify-diagnostics

// Two of three channels a beat leave a part of each pixel, which a fork does not take.
dataflow.graph @ragged {
  %x, %tag = dataflow.source "source" : !dataflow.stream<1x4xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  %y = dataflow.matvec "m" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 7>, weights = dense<1> : tensor<3x1x1x4xi8>}
      : !dataflow.stream<1x4xi8, lanes = 1> -> !dataflow.stream<1x3xi8, lanes = 2>
  // expected-error @+1 {{operand #0 must be stream with lanes that divide its innermost dimension, or of whole pixels, but got '!dataflow.stream<1x3xi8, lanes = 2>'}}
  %a, %b = dataflow.fork "fork" %y : !dataflow.stream<1x3xi8, lanes = 2> -> !dataflow.stream<1x3xi8, lanes = 2>, !dataflow.stream<1x3xi8, lanes = 2>
}

// -----

dataflow.graph @widened {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x4xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  %y = dataflow.matvec "m" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 7>, weights = dense<1> : tensor<3x1x1x4xi8>}
      : !dataflow.stream<2x4xi8, lanes = 1> -> !dataflow.stream<2x3xi8, lanes = 2>
  // expected-error @+1 {{expected fewer lanes than 2, which don't divide the innermost dimension 3, but got 6}}
  %z = dataflow.resize "resize" %y : !dataflow.stream<2x3xi8, lanes = 2> -> !dataflow.stream<2x3xi8, lanes = 6>
}

// -----

// expected-error @+1 {{the lanes of a stream are at most its innermost dimension 3, or that of several pixels of a row of 4, but got 7}}
func.func private @pixels(!dataflow.stream<4x3xi8, lanes = 7>)

// -----

// Seven pixels hold a row of four, but eight are two rows.
func.func private @most_pixels(!dataflow.stream<4x3xi8, lanes = 21>)
// expected-error @+1 {{the lanes of a stream are at most its innermost dimension 3, or that of several pixels of a row of 4, but got 24}}
func.func private @two_rows(!dataflow.stream<4x3xi8, lanes = 24>)

// -----

// expected-error @+1 {{the lanes of a stream are at most its innermost dimension 3, or that of several pixels of a row of 1, but got 6}}
func.func private @vector(!dataflow.stream<3xi8, lanes = 6>)

// -----

// expected-error @+1 {{a stream's elements are integers, but got 'f32'}}
func.func private @floats(!dataflow.stream<4xf32, lanes = 1>)

// -----

// expected-error @+1 {{a stream's shape needs at least one dimension, and positive sizes}}
func.func private @empty(!dataflow.stream<0xi8, lanes = 1>)

// -----

func.func @outside(%x: !dataflow.stream<4x4x2xi8, lanes = 1>) -> !dataflow.stream<4x4x2xi8, lanes = 1> {
  // expected-error @+1 {{'dataflow.fifo' op expects parent op 'dataflow.graph'}}
  %y = dataflow.fifo "fifo" %x {depth = 1 : i64} : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>
  return %y : !dataflow.stream<4x4x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  // expected-error @+1 {{'arith.constant' op is not an actor: a dataflow.graph holds only those}}
  %c = arith.constant 0 : i8
}

// -----

dataflow.graph @g {
  // expected-error @+2 {{expected each stream to have one consumer, but result #0 has 0}}
  // expected-note @+1 {{copy a stream with dataflow.fork}}
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %x tags %tag : !dataflow.stream<4x4x2xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  // expected-error @+1 {{'dataflow.sink' op has the label "source" of another actor of its graph}}
  dataflow.sink "source" %r, %t, %e : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %x tags %tag : !dataflow.stream<4x4x2xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  // expected-error @+1 {{'dataflow.source' op is the second of its kind in its graph}}
  %x2, %tag2 = dataflow.source "source2" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected one i16 a sample as tag, but got}}
  dataflow.sink "sink" %x, %x, %x : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<4x4x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected one i8 a sample as exit index, but got}}
  dataflow.sink "sink" %x, %tag, %tag : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected kernel, stride and dilation to be two positive numbers}}
  %w = dataflow.window "window" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, stride = array<i64: 0, 2>} : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<2x2x8xi8, lanes = 4>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected pad to be four numbers, none negative: top, bottom, left, right}}
  %w = dataflow.window "window" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0>, pad_value = 0 : i64, stride = array<i64: 2, 2>} : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<2x2x8xi8, lanes = 4>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<16xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected streams of rank 3, [H, W, C]}}
  %w = dataflow.window "window" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, stride = array<i64: 2, 2>} : !dataflow.stream<16xi8, lanes = 1> -> !dataflow.stream<2x2x8xi8, lanes = 4>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{has a kernel larger than the padded input}}
  %w = dataflow.window "window" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 5, 5>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, stride = array<i64: 2, 2>} : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<2x2x8xi8, lanes = 4>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected a result of type '!dataflow.stream<2x2x8xi8, lanes = 4>', but got}}
  %w = dataflow.window "window" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, stride = array<i64: 2, 2>} : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<2x2x8xi8, lanes = 8>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected integer weights [OC, KH, KW, C], but got}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x8xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected integer weights [OC, KH, KW, C], but got}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x0x2x2xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected an i32 or i64 bias for each of the 3 outputs, but got}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<2xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x2x2x2xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected an input of vectors of 12 elements, but got}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x2x2x3xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 8>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected SIMD (the input's lanes) to divide the 4 inputs, but got 8}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x1x1x4xi8>} : !dataflow.stream<2x2x8xi8, lanes = 8> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected 4 vectors of 3 elements as result, but got}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x2x2x2xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x4xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected channel_lanes to divide the 2 channels, but got 3}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 3 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x2x2x2xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{attribute 'blocks' failed to satisfy constraint}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, blocks = -1 : i64, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x2x2x2xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

// Vectors that use weights together are a part of a sample.
dataflow.graph @reuse {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected reuse to divide the 4 vectors, each of two beats at least, of products that are neither serial nor constants, but got 3}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, reuse = 3, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x1x1x8xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

// They wait for one another.
dataflow.graph @reuse {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 8>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected reuse to divide the 4 vectors, each of two beats at least, of products that are neither serial nor constants, but got 2}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, reuse = 2, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x1x1x8xi8>} : !dataflow.stream<2x2x8xi8, lanes = 8> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

// Serial products have no words of weights.
dataflow.graph @reuse {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected reuse to divide the 4 vectors, each of two beats at least, of products that are neither serial nor constants, but got 2}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, products = "serial:1", reuse = 2, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x1x1x8xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

// Nor have constants.
dataflow.graph @reuse {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected reuse to divide the 4 vectors, each of two beats at least, of products that are neither serial nor constants, but got 2}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, products = "constants:4", reuse = 2, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x1x1x8xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected products to be dsp, lut, serial:1 to serial:4, constants:N with N from 1 to 31 bits, dsp:N, or serial:1+dsp:N+bram:N or constants:1+dsp:N+bram:N with N below the 4 lanes, but got bram}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, products = "bram", channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x2x2x2xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected products to be dsp, lut, serial:1 to serial:4, constants:N with N from 1 to 31 bits, dsp:N, or serial:1+dsp:N+bram:N or constants:1+dsp:N+bram:N with N below the 4 lanes, but got serial:1+dsp:0}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, products = "serial:1+dsp:0", channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x2x2x2xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected products to be dsp, lut, serial:1 to serial:4, constants:N with N from 1 to 31 bits, dsp:N, or serial:1+dsp:N+bram:N or constants:1+dsp:N+bram:N with N below the 4 lanes, but got serial:1+bram:4}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, products = "serial:1+bram:4", channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x2x2x2xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected products to be dsp, lut, serial:1 to serial:4, constants:N with N from 1 to 31 bits, dsp:N, or serial:1+dsp:N+bram:N or constants:1+dsp:N+bram:N with N below the 4 lanes, but got serial:1+bram:1+dsp:1}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, products = "serial:1+bram:1+dsp:1", channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x2x2x2xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected products to be dsp, lut, serial:1 to serial:4, constants:N with N from 1 to 31 bits, dsp:N, or serial:1+dsp:N+bram:N or constants:1+dsp:N+bram:N with N below the 4 lanes, but got dsp:4}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, products = "dsp:4", channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x2x2x2xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected products to be dsp, lut, serial:1 to serial:4, constants:N with N from 1 to 31 bits, dsp:N, or serial:1+dsp:N+bram:N or constants:1+dsp:N+bram:N with N below the 4 lanes, but got constants:0}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, products = "constants:0", channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x2x2x2xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected products to be dsp, lut, serial:1 to serial:4, constants:N with N from 1 to 31 bits, dsp:N, or serial:1+dsp:N+bram:N or constants:1+dsp:N+bram:N with N below the 4 lanes, but got constants:4+dsp:4}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, products = "constants:4+dsp:4", channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x2x2x2xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

dataflow.graph @too_much_rounding {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected a rounding of at most 1152921504606846975, but got 4611686018427387904}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, rounding = array<i64: 4611686018427387904, 0, 0>, shift = array<i32: 30, 33, 30>, weights = dense<1> : tensor<3x2x2x2xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected one multiplier, shift and rounding, or one an output}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1, 2>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x2x2x2xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected shifts in 0..62}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 63>, weights = dense<1> : tensor<3x2x2x2xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected min <= max}}
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 0 : i64, min = 1 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 30>, weights = dense<1> : tensor<3x2x2x2xi8>} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected kind "max" or "avg", but got "min"}}
  %y = dataflow.pool "pool" %x {kernel = array<i64: 2, 2>, kind = "min", multiplier = 1 : i32, shift = 0 : i32} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected kernel to be two positive numbers}}
  %y = dataflow.pool "pool" %x {kernel = array<i64: 2>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected an input of windows of 9 taps, but got}}
  %y = dataflow.pool "pool" %x {kernel = array<i64: 3, 3>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected a result of type '!dataflow.stream<2x2x2xi8, lanes = 1>', but got}}
  %y = dataflow.pool "pool" %x {kernel = array<i64: 2, 2>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x2xi8, lanes = 2>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected shift in 0..62}}
  %y = dataflow.pool "pool" %x {kernel = array<i64: 2, 2>, kind = "max", multiplier = 1 : i32, shift = 63 : i32} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected a result with the input's shape and lanes, but got}}
  %y = dataflow.map "map" %x {input_zp = 0 : i64, max = 1 : i64, min = 0 : i64, multiplier = 1 : i32, output_zp = 0 : i64, shift = 0 : i32} : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 2>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected shift in 0..62}}
  %y = dataflow.map "map" %x {input_zp = 0 : i64, max = 1 : i64, min = 0 : i64, multiplier = 1 : i32, output_zp = 0 : i64, shift = -1 : i32} : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected min <= max}}
  %y = dataflow.map "map" %x {input_zp = 0 : i64, max = 1 : i64, min = 2 : i64, multiplier = 1 : i32, output_zp = 0 : i64, shift = 0 : i32} : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected operands with the result's shape and lanes, or a second one of one pixel, but got}}
  %y = dataflow.add "add" %x, %tag : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>
}

// -----

// A pixel of half of the channels a beat, for a map of all of them.
dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 2>, !dataflow.stream<1xi16, lanes = 1>
  %a, %b = dataflow.fork "fork" %x : !dataflow.stream<4x4x2xi8, lanes = 2> -> !dataflow.stream<4x4x2xi8, lanes = 2>, !dataflow.stream<4x4x2xi8, lanes = 2>
  %p = dataflow.tile_pool "pool" %b {kernel = array<i64: 4, 4>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : !dataflow.stream<4x4x2xi8, lanes = 2> -> !dataflow.stream<1x1x2xi8, lanes = 2>
  %n = dataflow.resize "narrow" %p : !dataflow.stream<1x1x2xi8, lanes = 2> -> !dataflow.stream<1x1x2xi8, lanes = 1>
  // expected-error @+1 {{expected operands with the result's shape and lanes, or a second one of one pixel, but got}}
  %y = dataflow.mul "mul" %a, %n : !dataflow.stream<4x4x2xi8, lanes = 2>, !dataflow.stream<1x1x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi32, lanes = 2>
}

// -----

// The pixel stands second.
dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 2>, !dataflow.stream<1xi16, lanes = 1>
  %a, %b = dataflow.fork "fork" %x : !dataflow.stream<4x4x2xi8, lanes = 2> -> !dataflow.stream<4x4x2xi8, lanes = 2>, !dataflow.stream<4x4x2xi8, lanes = 2>
  %p = dataflow.tile_pool "pool" %b {kernel = array<i64: 4, 4>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : !dataflow.stream<4x4x2xi8, lanes = 2> -> !dataflow.stream<1x1x2xi8, lanes = 2>
  // expected-error @+1 {{expected operands with the result's shape and lanes, or a second one of one pixel, but got}}
  %y = dataflow.mul "mul" %p, %a : !dataflow.stream<1x1x2xi8, lanes = 2>, !dataflow.stream<4x4x2xi8, lanes = 2> -> !dataflow.stream<4x4x2xi32, lanes = 2>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected results of the input's type}}
  %a, %b = dataflow.fork "fork" %x : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected a result of the input's type}}
  %y = dataflow.fifo "fifo" %x {depth = 1 : i64} : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<1xi16, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected a depth of at least one beat}}
  %y = dataflow.fifo "fifo" %x {depth = 0 : i64} : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected the same tensor on both sides, but got}}
  %y = dataflow.resize "resize" %x : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<1xi16, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<6xi8, lanes = 2>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected one number of lanes to divide the other, but got 2 and 3}}
  %y = dataflow.resize "resize" %x : !dataflow.stream<6xi8, lanes = 2> -> !dataflow.stream<6xi8, lanes = 3>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected a confidence attribute of the ee dialect}}
  %y = dataflow.decide "decide" %x {confidence = 1 : i64} : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<1xi1, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xui8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected i8 or i16 logits, but got}}
  %y = dataflow.decide "decide" %x {confidence = #ee.max_softmax<threshold = 5.000000e-01>} : !dataflow.stream<4x4x2xui8, lanes = 1> -> !dataflow.stream<1xi1, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected one i1 a sample as decision, but got}}
  %y = dataflow.decide "decide" %x {confidence = #ee.max_softmax<threshold = 5.000000e-01>} : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<1xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected a result of the input's type}}
  %y = dataflow.gate "gate" %x, %tag {depth = 32 : i64, pass_when = true} : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<1xi16, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected a depth of at least one sample, 32 beats, but got 31}}
  %y = dataflow.gate "gate" %x, %tag {depth = 31 : i64, pass_when = true} : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected one i1 a sample as decision, but got}}
  %y = dataflow.gate "gate" %x, %tag {depth = 32 : i64, pass_when = true} : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected one tag stream for each input, but got 2 inputs and 1 tags}}
  %r, %t, %e = dataflow.merge "merge" %x, %x tags %tag : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<4x4x2xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected inputs of the result's type}}
  %r, %t, %e = dataflow.merge "merge" %x tags %tag : !dataflow.stream<4x4x2xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected one i16 a sample as tag, but got}}
  %r, %t, %e = dataflow.merge "merge" %x tags %x : !dataflow.stream<4x4x2xi8, lanes = 1> tags !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected one i8 a sample as exit index, but got}}
  %r, %t, %e = dataflow.merge "merge" %x tags %tag : !dataflow.stream<4x4x2xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4xi8, lanes = 1>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.pool' op expected shift in 0..62}}
  %p = dataflow.pool "p" %x {kernel = array<i64: 1, 1>, kind = "max", multiplier = 1 : i32, shift = -1 : i32} : <4xi8, lanes = 1> -> <4xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4xi8, lanes = 1>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.map' op expected shift in 0..62}}
  %m = dataflow.map "m" %x {input_zp = 0 : i64, max = 127 : i64, min = -128 : i64, multiplier = 1 : i32, output_zp = 0 : i64, shift = 63 : i32} : <4xi8, lanes = 1> -> <4xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4xi8, lanes = 1>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.map' op expected min <= max}}
  %m = dataflow.map "m" %x {input_zp = 0 : i64, max = 4 : i64, min = 5 : i64, multiplier = 1 : i32, output_zp = 0 : i64, shift = 0 : i32} : <4xi8, lanes = 1> -> <4xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4xi8, lanes = 1>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.fifo' op expected a result of the input's type}}
  %f = dataflow.fifo "f" %x {depth = 1 : i64} : <4xi8, lanes = 1> -> <4xi8, lanes = 2>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4xi8, lanes = 1>, <1xi16, lanes = 1>
  %c = dataflow.decide "c" %x {confidence = #ee.max_softmax<threshold = 0.5>} : <4xi8, lanes = 1> -> <1xi1, lanes = 1>
  // expected-error @+1 {{'dataflow.gate' op expected a result of the input's type}}
  %g = dataflow.gate "g" %x, %c {depth = 4 : i64, pass_when = true} : <4xi8, lanes = 1>, <1xi1, lanes = 1> -> <4xi8, lanes = 2>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <2x8xi8, lanes = 8>, <1xi16, lanes = 1>
  %r = dataflow.resize "r" %x : <2x8xi8, lanes = 8> -> <2x8xi8, lanes = 4>
  // expected-error @+1 {{'dataflow.pool' op expected windows in the order of dataflow.window, but a resize tears them apart}}
  %p = dataflow.pool "p" %r {kernel = array<i64: 2, 2>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : <2x8xi8, lanes = 4> -> <2x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x6xi8, lanes = 2>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.concat' op expected inputs, and an axis in 0..2, but got 3}}
  %y = dataflow.concat "y" %x {axis = 3 : i64} : !dataflow.stream<4x4x6xi8, lanes = 2> -> <4x4x6xi8, lanes = 2>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x6xi8, lanes = 2>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.concat' op expected inputs of the result's rank, but got}}
  %y = dataflow.concat "y" %x {axis = 1 : i64} : !dataflow.stream<4x4x6xi8, lanes = 2> -> <16x6xi8, lanes = 2>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x6xi8, lanes = 2>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.concat' op expected inputs that differ from the result along the axis alone, but got}}
  %y = dataflow.concat "y" %x {axis = 2 : i64} : !dataflow.stream<4x4x6xi8, lanes = 2> -> <4x3x6xi8, lanes = 2>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x6xi8, lanes = 2>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.concat' op expected a result of 6 along the axis, but got}}
  %y = dataflow.concat "y" %x {axis = 2 : i64} : !dataflow.stream<4x4x6xi8, lanes = 2> -> <4x4x8xi8, lanes = 2>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x6xi8, lanes = 2>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.slice' op expected a start in each dimension, and a result of the input's rank, elements and lanes, but got}}
  %y = dataflow.slice "y" %x {start = array<i64: 0, 0>} : <4x4x6xi8, lanes = 2> -> <4x4x2xi8, lanes = 2>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x6xi8, lanes = 2>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.slice' op expected a part of the input}}
  %y = dataflow.slice "y" %x {start = array<i64: 0, 2, 0>} : <4x4x6xi8, lanes = 2> -> <4x3x6xi8, lanes = 2>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x6xi8, lanes = 2>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.slice' op expected whole pixels a beat, or lanes that divide the first channel 1, but got 2}}
  %y = dataflow.slice "y" %x {start = array<i64: 0, 0, 1>} : <4x4x6xi8, lanes = 2> -> <4x4x4xi8, lanes = 2>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %w = dataflow.window "w" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, stride = array<i64: 2, 2>} : <4x4x2xi8, lanes = 1> -> <2x2x8xi8, lanes = 4>
  // expected-error @+1 {{'dataflow.depthwise' op expected integer weights [KH, KW, C, M], but got}}
  %y = dataflow.depthwise "y" %w {bias = dense<0> : tensor<2xi32>, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 0>, weights = dense<1> : tensor<2x2x2xi8>} : <2x2x8xi8, lanes = 4> -> <2x2x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %w = dataflow.window "w" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, stride = array<i64: 2, 2>} : <4x4x2xi8, lanes = 1> -> <2x2x8xi8, lanes = 4>
  // expected-error @+1 {{'dataflow.depthwise' op expected windows of 4 taps and 3 channels, but got}}
  %y = dataflow.depthwise "y" %w {bias = dense<0> : tensor<2xi32>, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 0>, weights = dense<1> : tensor<2x2x3x1xi8>} : <2x2x8xi8, lanes = 4> -> <2x2x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %w = dataflow.window "w" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, stride = array<i64: 2, 2>} : <4x4x2xi8, lanes = 1> -> <2x2x8xi8, lanes = 4>
  // expected-error @+1 {{'dataflow.depthwise' op expected a result of type '!dataflow.stream<2x2x2xi8, lanes = 1>'}}
  %y = dataflow.depthwise "y" %w {bias = dense<0> : tensor<2xi32>, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 0>, weights = dense<1> : tensor<2x2x2x1xi8>} : <2x2x8xi8, lanes = 4> -> <2x2x2xi8, lanes = 2>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %w = dataflow.window "w" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, stride = array<i64: 2, 2>} : <4x4x2xi8, lanes = 1> -> <2x2x8xi8, lanes = 4>
  // expected-error @+1 {{'dataflow.depthwise' op expected an i32 or i64 bias for each of the 2 outputs, but got}}
  %y = dataflow.depthwise "y" %w {bias = dense<0> : tensor<2xi8>, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 0>, weights = dense<1> : tensor<2x2x2x1xi8>} : <2x2x8xi8, lanes = 4> -> <2x2x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %w = dataflow.window "w" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, stride = array<i64: 2, 2>} : <4x4x2xi8, lanes = 1> -> <2x2x8xi8, lanes = 4>
  // expected-error @+1 {{'dataflow.depthwise' op expected one multiplier, shift and rounding, or one an output}}
  %y = dataflow.depthwise "y" %w {bias = dense<0> : tensor<2xi32>, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1, 2, 3>, output_zp = 0 : i64, shift = array<i32: 0>, weights = dense<1> : tensor<2x2x2x1xi8>} : <2x2x8xi8, lanes = 4> -> <2x2x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %w = dataflow.window "w" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, stride = array<i64: 2, 2>} : <4x4x2xi8, lanes = 1> -> <2x2x8xi8, lanes = 4>
  %r = dataflow.resize "r" %w : <2x2x8xi8, lanes = 4> -> <2x2x8xi8, lanes = 8>
  // expected-error @+1 {{'dataflow.depthwise' op expected windows in the order of dataflow.window, but a resize tears them apart}}
  %y = dataflow.depthwise "y" %r {bias = dense<0> : tensor<2xi32>, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 0>, weights = dense<1> : tensor<2x2x2x1xi8>} : <2x2x8xi8, lanes = 8> -> <2x2x2xi8, lanes = 2>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %w = dataflow.window "w" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, stride = array<i64: 2, 2>} : <4x4x2xi8, lanes = 1> -> <2x2x8xi8, lanes = 4>
  // expected-error @+1 {{'dataflow.pool' op expected row_taps and column_taps, or none: of each output row and column, from 1 to the kernel's size}}
  %y = dataflow.pool "y" %w {column_taps = array<i64: 2, 2>, kernel = array<i64: 2, 2>, kind = "avg", multiplier = 1 : i32, row_taps = array<i64: 2, 3>, shift = 0 : i32} : <2x2x8xi8, lanes = 4> -> <2x2x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.tile_pool' op expected kind "max" or "avg", but got "mean"}}
  %y = dataflow.tile_pool "y" %x {kernel = array<i64: 4, 4>, kind = "mean", multiplier = 1 : i32, shift = 0 : i32} : <4x4x2xi8, lanes = 1> -> <1x1x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.tile_pool' op expected a result of type '!dataflow.stream<1x1x2xi8, lanes = 1>'}}
  %y = dataflow.tile_pool "y" %x {kernel = array<i64: 4, 4>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : <4x4x2xi8, lanes = 1> -> <1x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.tile_pool' op expected kernel to be two positive numbers}}
  %y = dataflow.tile_pool "y" %x {kernel = array<i64: 2, 0>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : <4x4x2xi8, lanes = 1> -> <2x2x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.tile_pool' op expected a map [H, W, C] that tiles of 2x3 cover, but got}}
  %y = dataflow.tile_pool "y" %x {kernel = array<i64: 2, 3>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : <4x4x2xi8, lanes = 1> -> <2x1x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x6x2xi8, lanes = 4>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.tile_pool' op expected beats to be parts of the row of a tile, or several of them, but one of 2 pixels is neither}}
  %y = dataflow.tile_pool "y" %x {kernel = array<i64: 2, 3>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : <4x6x2xi8, lanes = 4> -> <2x2x2xi8, lanes = 2>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x2xi8, lanes = 8>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.tile_pool' op expected a result of type '!dataflow.stream<2x2x2xi8, lanes = 4>'}}
  %y = dataflow.tile_pool "y" %x {kernel = array<i64: 2, 2>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : <4x4x2xi8, lanes = 8> -> <2x2x2xi8, lanes = 2>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.table' op expected 256 values of i8, but got 'tensor<255xi8>'}}
  %y = dataflow.table "y" %x {values = dense<0> : tensor<255xi8>} : <4x4x2xi8, lanes = 1> -> <4x4x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.table' op expected i8 and a result of the input's type, but got}}
  %y = dataflow.table "y" %x {values = dense<0> : tensor<256xi8>} : <4x4x2xi8, lanes = 1> -> <4x4x2xi16, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.pad' op expected before and after in each dimension, none negative}}
  %y = dataflow.pad "y" %x {after = array<i64: 0, -1, 0>, before = array<i64: 0, 0, 0>, pad_value = 0 : i64} : <4x4x2xi8, lanes = 1> -> <4x3x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.pad' op expected a result of the input's elements and lanes, and of shape 4, 5, 2, but got}}
  %y = dataflow.pad "y" %x {after = array<i64: 0, 1, 0>, before = array<i64: 0, 0, 0>, pad_value = 0 : i64} : <4x4x2xi8, lanes = 1> -> <4x6x2xi8, lanes = 1>
}

// -----

dataflow.graph @g {
  %x, %t = dataflow.source "source" : <4x4x2xi8, lanes = 2>, <1xi16, lanes = 1>
  // expected-error @+1 {{'dataflow.pad' op expected whole pixels a beat, or lanes that divide the first channel 1, but got 2}}
  %y = dataflow.pad "y" %x {after = array<i64: 0, 0, 1>, before = array<i64: 0, 0, 1>, pad_value = 0 : i64} : <4x4x2xi8, lanes = 2> -> <4x4x4xi8, lanes = 2>
}

// -----

dataflow.graph @window_beats {
  %x, %tag = dataflow.source "source" : <2x8x1xi8, lanes = 4>, <1xi16, lanes = 1>
  // expected-error @+1 {{expected pixels a beat that are a multiple of the horizontal stride 3, but got 4}}
  %y = dataflow.window "window" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, stride = array<i64: 1, 3>} : <2x8x1xi8, lanes = 4> -> <2x3x1xi8, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<2x3x1xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <2x3x1xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : <2x3x1xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// -----

dataflow.graph @window_rows {
  %x, %tag = dataflow.source "source" : <2x7x1xi8, lanes = 8>, <1xi16, lanes = 1>
  // expected-error @+1 {{expected fewer windows a beat than two rows of 1, but got 8}}
  %y = dataflow.window "window" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 1, 7>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, stride = array<i64: 1, 1>} : <2x7x1xi8, lanes = 8> -> <2x1x7xi8, lanes = 7>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<2x1x7xi8, lanes = 7> tags !dataflow.stream<1xi16, lanes = 1> -> <2x1x7xi8, lanes = 7>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : <2x1x7xi8, lanes = 7>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// -----

dataflow.graph @matvec_vectors {
  %x, %tag = dataflow.source "source" : <2x8x2xi8, lanes = 4>, <1xi16, lanes = 1>
  // expected-error @+1 {{expected a result of 2 vectors a beat, as the input has, but got}}
  %y = dataflow.matvec "matvec" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 8>, weights = dense<1> : tensor<3x1x1x2xi8>} : <2x8x2xi8, lanes = 4> -> <2x8x3xi8, lanes = 3>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<2x8x3xi8, lanes = 3> tags !dataflow.stream<1xi16, lanes = 1> -> <2x8x3xi8, lanes = 3>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : <2x8x3xi8, lanes = 3>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// -----

dataflow.graph @matvec_partial {
  %x, %tag = dataflow.source "source" : <4x3x2xi8, lanes = 4>, <1xi16, lanes = 1>
  // expected-error @+1 {{expected a vector of whole beats, but got}}
  %y = dataflow.matvec "matvec" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 2 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 8>, weights = dense<1> : tensor<3x2x3x2xi8>} : <4x3x2xi8, lanes = 4> -> <2x1x3xi8, lanes = 3>
}

// -----

dataflow.graph @slice_pixels {
  %x, %tag = dataflow.source "source" : <2x4x2xi8, lanes = 4>, <1xi16, lanes = 1>
  // expected-error @+1 {{expected a start in each dimension, and a result of the input's rank, elements and lanes, but got}}
  %y = dataflow.slice "slice" %x {start = array<i64: 0, 0, 0>} : <2x4x2xi8, lanes = 4> -> <2x4x1xi8, lanes = 4>
}

// -----

dataflow.graph @concat_rows {
  %x, %tag = dataflow.source "source" : <2x3x2xi8, lanes = 4>, <1xi16, lanes = 1>
  %a, %b = dataflow.fork "fork" %x : !dataflow.stream<2x3x2xi8, lanes = 4> -> !dataflow.stream<2x3x2xi8, lanes = 4>, !dataflow.stream<2x3x2xi8, lanes = 4>
  // expected-error @+1 {{expected rows of whole beats in front of others, but got}}
  %y = dataflow.concat "concat" %a, %b {axis = 1 : i64} : !dataflow.stream<2x3x2xi8, lanes = 4>, !dataflow.stream<2x3x2xi8, lanes = 4> -> <2x6x2xi8, lanes = 4>
}

// -----

dataflow.graph @pool_borders {
  %x, %tag = dataflow.source "source" : <2x4x2xi8, lanes = 4>, <1xi16, lanes = 1>
  // expected-error @+1 {{expected one window a beat where averages at borders are of fewer elements}}
  %y = dataflow.pool "pool" %x {kernel = array<i64: 1, 1>, kind = "avg", multiplier = 1 : i32, shift = 0 : i32, row_taps = array<i64: 1, 1>, column_taps = array<i64: 1, 1, 1, 1>} : <2x4x2xi8, lanes = 4> -> <2x4x2xi8, lanes = 4>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<2x4x2xi8, lanes = 4> tags !dataflow.stream<1xi16, lanes = 1> -> <2x4x2xi8, lanes = 4>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : <2x4x2xi8, lanes = 4>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// -----

dataflow.graph @words_of_two_dimensions {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x4xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected words of 8 elements in one dimension, of at most 8 bits, but got '!dataflow.stream<2x4xi8, lanes = 2>'}}
  %w = dataflow.pack "pack" %x : !dataflow.stream<2x4xi8, lanes = 1> -> !dataflow.stream<2x4xi8, lanes = 2>
}

// -----

dataflow.graph @wider_words {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x4xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected words of 8 elements in one dimension, of at most 8 bits, but got '!dataflow.stream<8xi9, lanes = 2>'}}
  %w = dataflow.pack "pack" %x : !dataflow.stream<2x4xi8, lanes = 1> -> !dataflow.stream<8xi9, lanes = 2>
}

// -----

dataflow.graph @words_of_one_beat_and_a_half {
  %x, %tag = dataflow.source "source" : !dataflow.stream<3x4xi8, lanes = 2>, !dataflow.stream<1xi16, lanes = 1>
  // expected-error @+1 {{expected words of several beats of 2 elements, all of them full, but got '!dataflow.stream<12xi8, lanes = 3>'}}
  %w = dataflow.pack "pack" %x : !dataflow.stream<3x4xi8, lanes = 2> -> !dataflow.stream<12xi8, lanes = 3>
}

// -----

// expected-error @+1 {{expected dsp to be DSP48E1, DSP48E2 or MULT18X18D, but got "DSP49"}}
dataflow.graph @unknown_blocks attributes {dsp = "DSP49"} {
}

// -----

dataflow.graph @source_rows {
  // expected-error @+1 {{expected 2 rows side by side, [H/2, W, 2*C], but got}}
  %x, %tag = dataflow.source "source" {rows = 2 : i64} : <2x2x3xi8, lanes = 1>, <1xi16, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %x tags %tag : !dataflow.stream<2x2x3xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <2x2x3xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : <2x2x3xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// -----

// Three of the six outputs of a vector, where a pixel has two.
dataflow.graph @matvec_part_of_pixels {
  %x, %tag = dataflow.source "source" : <2x2x2xi8, lanes = 2>, <1xi16, lanes = 1>
  // expected-error @+1 {{expected a result of 1 vectors a beat, as the input has, but got}}
  %y = dataflow.matvec "matvec" %x {bias = dense<0> : tensor<8xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 8>, weights = dense<1> : tensor<8x1x1x2xi8>} : <2x2x2xi8, lanes = 2> -> <2x4x4xi8, lanes = 3>
}

// -----

dataflow.graph @matvec_rows {
  %x, %tag = dataflow.source "source" : <2x4x2xi8, lanes = 4>, <1xi16, lanes = 1>
  // expected-error @+1 {{expected the rows of its input}}
  %y = dataflow.matvec "matvec" %x {bias = dense<0> : tensor<4xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 8>, weights = dense<1> : tensor<4x1x1x2xi8>} : <2x4x2xi8, lanes = 4> -> <4x4x2xi8, lanes = 8>
}
