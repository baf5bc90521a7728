// RUN: atheena-opt %s --verify-roundtrip | FileCheck %s

// Rows 1 to 3, columns 0 to 2, channels 2 and 3.
// CHECK-LABEL: dataflow.graph @slice
dataflow.graph @slice {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x6xi8, lanes = 2>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.slice "slice" %{{.*}} {start = array<i64: 1, 0, 2>} : <4x4x6xi8, lanes = 2> -> <3x3x2xi8, lanes = 2>
  %y = dataflow.slice "slice" %x {start = array<i64: 1, 0, 2>} : !dataflow.stream<4x4x6xi8, lanes = 2> -> !dataflow.stream<3x3x2xi8, lanes = 2>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<3x3x2xi8, lanes = 2> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<3x3x2xi8, lanes = 2>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<3x3x2xi8, lanes = 2>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}

// Four pixels a beat; the part begins within one.
// CHECK-LABEL: dataflow.graph @pixels
dataflow.graph @pixels {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x9x6xi8, lanes = 24>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.slice "slice" %{{.*}} {start = array<i64: 1, 1, 3>} : <4x9x6xi8, lanes = 24> -> <2x8x2xi8, lanes = 8>
  %y = dataflow.slice "slice" %x {start = array<i64: 1, 1, 3>} : !dataflow.stream<4x9x6xi8, lanes = 24> -> !dataflow.stream<2x8x2xi8, lanes = 8>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<2x8x2xi8, lanes = 8> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<2x8x2xi8, lanes = 8>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<2x8x2xi8, lanes = 8>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}
