// RUN: atheena-opt %s --verify-roundtrip | FileCheck %s

// A 2x2 window of two channels, one a beat, with two outputs of each.
// CHECK-LABEL: dataflow.graph @depthwise
dataflow.graph @depthwise {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  %w = dataflow.window "window" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, stride = array<i64: 2, 2>}
      : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<2x2x8xi8, lanes = 4>
  // CHECK: dataflow.depthwise "depthwise" %{{.*}} {bias = dense<[1, -2, 3, 4]> : tensor<4xi32>, double_round, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1073741824>, output_zp = 0 : i64, shift = array<i32: 35, 36, 37, 38>, weights = dense<1> : tensor<2x2x2x2xi8>}
  // CHECK-SAME: : <2x2x8xi8, lanes = 4> -> <2x2x4xi8, lanes = 2>
  %y = dataflow.depthwise "depthwise" %w {bias = dense<[1, -2, 3, 4]> : tensor<4xi32>, double_round, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1073741824>, output_zp = 0 : i64, shift = array<i32: 35, 36, 37, 38>, weights = dense<1> : tensor<2x2x2x2xi8>}
      : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x4xi8, lanes = 2>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<2x2x4xi8, lanes = 2> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<2x2x4xi8, lanes = 2>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<2x2x4xi8, lanes = 2>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}
