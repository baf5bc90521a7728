// RUN: atheena-opt %s --verify-roundtrip | FileCheck %s

// A row above, two columns to the right, and a channel behind.
// CHECK-LABEL: dataflow.graph @pad
dataflow.graph @pad {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.pad "pad" %{{.*}} {after = array<i64: 0, 2, 1>, before = array<i64: 1, 0, 0>, pad_value = -3 : i64} : <4x4x2xi8, lanes = 1> -> <5x6x3xi8, lanes = 1>
  %y = dataflow.pad "pad" %x {after = array<i64: 0, 2, 1>, before = array<i64: 1, 0, 0>, pad_value = -3 : i64} : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<5x6x3xi8, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<5x6x3xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<5x6x3xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<5x6x3xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}
