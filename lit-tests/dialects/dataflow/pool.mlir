// RUN: atheena-opt %s --verify-roundtrip | FileCheck %s

// The maximum of each channel of a 2x2 window.
// CHECK-LABEL: dataflow.graph @pool
dataflow.graph @pool {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.pool "pool" %{{.*}} {kernel = array<i64: 2, 2>, kind = "max", multiplier = 1 : i32, shift = 0 : i32}
  // CHECK-SAME: : <2x2x8xi8, lanes = 4> -> <2x2x2xi8, lanes = 1>
  %w = dataflow.window "window" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, stride = array<i64: 2, 2>}
      : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<2x2x8xi8, lanes = 4>
  %y = dataflow.pool "pool" %w {kernel = array<i64: 2, 2>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : !dataflow.stream<2x2x8xi8, lanes = 4> -> !dataflow.stream<2x2x2xi8, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<2x2x2xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<2x2x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<2x2x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}
