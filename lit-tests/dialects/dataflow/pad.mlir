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

// Two pixels a beat; padding ends within one.
// CHECK-LABEL: dataflow.graph @pixels
dataflow.graph @pixels {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.pad "pad" %{{.*}} {after = array<i64: 0, 0, 1>, before = array<i64: 0, 1, 0>, pad_value = -3 : i64} : <4x4x2xi8, lanes = 4> -> <4x5x3xi8, lanes = 6>
  %y = dataflow.pad "pad" %x {before = array<i64: 0, 1, 0>, after = array<i64: 0, 0, 1>, pad_value = -3 : i64} : !dataflow.stream<4x4x2xi8, lanes = 4> -> !dataflow.stream<4x5x3xi8, lanes = 6>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<4x5x3xi8, lanes = 6> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4x5x3xi8, lanes = 6>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<4x5x3xi8, lanes = 6>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}
