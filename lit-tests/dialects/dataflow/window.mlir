// RUN: atheena-opt %s --verify-roundtrip | FileCheck %s

// A 3x3 window with padding: 9 taps of one channel a beat.
// CHECK-LABEL: dataflow.graph @window
dataflow.graph @window {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.window "window" %{{.*}} {dilation = array<i64: 1, 1>, kernel = array<i64: 3, 3>,
  // CHECK-SAME: pad = array<i64: 1, 1, 1, 1>, pad_value = -128 : i64, reach = 5.000000e-01 : f64, stride = array<i64: 1, 1>}
  // CHECK-SAME: : <4x4x2xi8, lanes = 1> -> <4x4x18xi8, lanes = 9>
  %y = dataflow.window "window" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 3, 3>, pad = array<i64: 1, 1, 1, 1>, pad_value = -128 : i64, reach = 5.000000e-01, stride = array<i64: 1, 1>}
      : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x18xi8, lanes = 9>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<4x4x18xi8, lanes = 9> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4x4x18xi8, lanes = 9>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<4x4x18xi8, lanes = 9>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}
