// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-apply-foldings))' --split-input-file --verify-diagnostics

dataflow.graph @net {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <4x4x6xi8, lanes = 1>, <1xi16, lanes = 1>
  // expected-error @+2 {{'dataflow.window' op can't be folded to lanes = 4}}
  // expected-note @+1 {{legal are (lanes = 1) (lanes = 2) (lanes = 3) (lanes = 6)}}
  %w = dataflow.window "w" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, lanes = 4 : i64, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, reach = 1.0 : f64, stride = array<i64: 2, 2>} : <4x4x6xi8, lanes = 1> -> <2x2x24xi8, lanes = 4>
  %m = dataflow.matvec "m" %w {bias = dense<0> : tensor<6xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, pe = 3 : i64, simd = 12 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<6x2x2x6xi8>} : <2x2x24xi8, lanes = 4> -> <2x2x6xi8, lanes = 1>
  %q = dataflow.fifo "q" %m {depth = 9 : i64, lanes = 2 : i64, reach = 0.5 : f64} : <2x2x6xi8, lanes = 1> -> <2x2x6xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %q tags %tag {reach = 1.0 : f64} : !dataflow.stream<2x2x6xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <2x2x6xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <2x2x6xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// -----

dataflow.graph @net {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <4x4x6xi8, lanes = 1>, <1xi16, lanes = 1>
  %w = dataflow.window "w" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, reach = 1.0 : f64, stride = array<i64: 2, 2>} : <4x4x6xi8, lanes = 1> -> <2x2x24xi8, lanes = 4>
  // expected-error @+2 {{'dataflow.matvec' op can't be folded to simd = 12, pe = 4}}
  // expected-note @+1 {{legal are (simd = 1, pe = 1) (simd = 2, pe = 1) (simd = 1, pe = 2)}}
  %m = dataflow.matvec "m" %w {bias = dense<0> : tensor<6xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, pe = 4 : i64, simd = 12 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<6x2x2x6xi8>} : <2x2x24xi8, lanes = 4> -> <2x2x6xi8, lanes = 1>
  %q = dataflow.fifo "q" %m {depth = 9 : i64, lanes = 2 : i64, reach = 0.5 : f64} : <2x2x6xi8, lanes = 1> -> <2x2x6xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %q tags %tag {reach = 1.0 : f64} : !dataflow.stream<2x2x6xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <2x2x6xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <2x2x6xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// -----

dataflow.graph @net {
  %x, %tag = dataflow.source "source" : <4x4x6xi8, lanes = 1>, <1xi16, lanes = 1>
  %w = dataflow.window "w" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, lanes = 6 : i64, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, stride = array<i64: 2, 2>} : <4x4x6xi8, lanes = 1> -> <2x2x24xi8, lanes = 4>
  // A beat of six channels for each of four taps is not three of two channels for each tap.
  // expected-error @+2 {{'dataflow.pool' op takes 8 lanes, but its producer gives 24 in an order of their own}}
  // expected-note @+1 {{give both the same folding}}
  %p = dataflow.pool "p" %w {kernel = array<i64: 2, 2>, kind = "max", lanes = 2 : i64, multiplier = 1 : i32, shift = 0 : i32} : <2x2x24xi8, lanes = 4> -> <2x2x6xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %p tags %tag : !dataflow.stream<2x2x6xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <2x2x6xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e : <2x2x6xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
