// RUN: atheena-opt %s --verify-roundtrip | FileCheck %s

// A 2x2 convolution: all 3 outputs (PE) and 4 of 8 inputs (SIMD) a cycle, a multiplier and a shift for each output; weights and products in LUTs.
// CHECK-LABEL: dataflow.graph @matvec
dataflow.graph @matvec {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.matvec "conv" %{{.*}} {bias = dense<[1, -2, 3]> : tensor<3xi32>, blocks = 0 : i64, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64,
  // CHECK-SAME: multiplier = array<i32: 1073741824, 1073741824, 1073741824>, output_zp = 0 : i64, products = "lut", shift = array<i32: 35, 36, 37>, weights = dense<1> : tensor<3x2x2x2xi8>}
  // CHECK-SAME: : <2x2x8xi8, lanes = 4> -> <2x2x3xi8, lanes = 3>
  %w = dataflow.window "window" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, stride = array<i64: 2, 2>}
      : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<2x2x8xi8, lanes = 4>
  %y = dataflow.matvec "conv" %w {bias = dense<[1, -2, 3]> : tensor<3xi32>, blocks = 0 : i64, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64,
      multiplier = array<i32: 1073741824, 1073741824, 1073741824>, output_zp = 0 : i64, products = "lut", shift = array<i32: 35, 36, 37>, weights = dense<1> : tensor<3x2x2x2xi8>}
      : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 3>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<2x2x3xi8, lanes = 3> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<2x2x3xi8, lanes = 3>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<2x2x3xi8, lanes = 3>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}

// Three of four lanes have their products in DSP blocks.
// CHECK-LABEL: dataflow.graph @mixed
dataflow.graph @mixed {
  %x, %tag = dataflow.source "source" : !dataflow.stream<1x1x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.matvec "dense" %{{.*}} products = "dsp:3"
  %y = dataflow.matvec "dense" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 4 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>,
      output_zp = 0 : i64, products = "dsp:3", shift = array<i32: 7>, weights = dense<1> : tensor<3x1x1x8xi8>}
      : !dataflow.stream<1x1x8xi8, lanes = 4> -> !dataflow.stream<1x1x3xi8, lanes = 3>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<1x1x3xi8, lanes = 3> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<1x1x3xi8, lanes = 3>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<1x1x3xi8, lanes = 3>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}

// Whole vectors of which three elements a digit are in DSP blocks and two tables in block RAMs.
// CHECK-LABEL: dataflow.graph @serial_beside_blocks
dataflow.graph @serial_beside_blocks {
  %x, %tag = dataflow.source "source" : !dataflow.stream<1x1x32xi8, lanes = 32>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.matvec "dense" %{{.*}} products = "serial:2+dsp:3+bram:2"
  %y = dataflow.matvec "dense" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 8 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>,
      output_zp = 0 : i64, products = "serial:2+dsp:3+bram:2", shift = array<i32: 7>, weights = dense<1> : tensor<3x1x1x32xi8>}
      : !dataflow.stream<1x1x32xi8, lanes = 32> -> !dataflow.stream<1x1x3xi8, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<1x1x3xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<1x1x3xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<1x1x3xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}

// Whole vectors, two bits of each element a cycle, of one output after the other.
// CHECK-LABEL: dataflow.graph @serial {
dataflow.graph @serial {
  %x, %tag = dataflow.source "source" : !dataflow.stream<1x1x8xi8, lanes = 8>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.matvec "dense" %{{.*}} products = "serial:2"
  %y = dataflow.matvec "dense" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 8 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>,
      output_zp = 0 : i64, products = "serial:2", shift = array<i32: 7>, weights = dense<1> : tensor<3x1x1x8xi8>}
      : !dataflow.stream<1x1x8xi8, lanes = 8> -> !dataflow.stream<1x1x3xi8, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<1x1x3xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<1x1x3xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<1x1x3xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}

// Adders of all weights, four bits of each element a cycle.
// CHECK-LABEL: dataflow.graph @constants_in_digits {
dataflow.graph @constants_in_digits {
  %x, %tag = dataflow.source "source" : !dataflow.stream<1x1x8xi8, lanes = 8>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.matvec "dense" %{{.*}} products = "constants:4"
  %y = dataflow.matvec "dense" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 8 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>,
      output_zp = 0 : i64, products = "constants:4", shift = array<i32: 7>, weights = dense<1> : tensor<3x1x1x8xi8>}
      : !dataflow.stream<1x1x8xi8, lanes = 8> -> !dataflow.stream<1x1x3xi8, lanes = 3>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<1x1x3xi8, lanes = 3> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<1x1x3xi8, lanes = 3>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<1x1x3xi8, lanes = 3>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}

// The first three elements in adders, nine in a table of block RAMs for each bit of a digit, and four in two lanes of DSP blocks, one a digit.
// CHECK-LABEL: dataflow.graph @constants_beside_blocks {
dataflow.graph @constants_beside_blocks {
  %x, %tag = dataflow.source "source" : !dataflow.stream<1x1x16xi8, lanes = 16>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.matvec "dense" %{{.*}} products = "constants:4+dsp:2+bram:1"
  %y = dataflow.matvec "dense" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 16 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>,
      output_zp = 0 : i64, products = "constants:4+dsp:2+bram:1", shift = array<i32: 7>, weights = dense<1> : tensor<3x1x1x16xi8>}
      : !dataflow.stream<1x1x16xi8, lanes = 16> -> !dataflow.stream<1x1x3xi8, lanes = 3>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<1x1x3xi8, lanes = 3> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<1x1x3xi8, lanes = 3>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<1x1x3xi8, lanes = 3>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}

// Two vectors use each word of weights, which comes in two parts.
// CHECK-LABEL: dataflow.graph @reuse {
dataflow.graph @reuse {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x2x8xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.matvec "conv" %{{.*}} products = "lut", reuse = 2 : i64
  %y = dataflow.matvec "conv" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 4 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>,
      output_zp = 0 : i64, products = "lut", reuse = 2 : i64, shift = array<i32: 7>, weights = dense<1> : tensor<3x1x1x8xi8>}
      : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x3xi8, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<2x2x3xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<2x2x3xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<2x2x3xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}
