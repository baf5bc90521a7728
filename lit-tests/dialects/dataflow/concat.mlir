// RUN: atheena-opt %s --verify-roundtrip | FileCheck %s

// The channels of a map, then those of a part of it, pixel by pixel.
// CHECK-LABEL: dataflow.graph @concat
dataflow.graph @concat {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x6xi8, lanes = 2>, !dataflow.stream<1xi16, lanes = 1>
  %x0, %x1 = dataflow.fork "fork" %x : !dataflow.stream<4x4x6xi8, lanes = 2> -> !dataflow.stream<4x4x6xi8, lanes = 2>, !dataflow.stream<4x4x6xi8, lanes = 2>
  %s = dataflow.slice "slice" %x1 {start = array<i64: 0, 0, 2>} : !dataflow.stream<4x4x6xi8, lanes = 2> -> !dataflow.stream<4x4x2xi8, lanes = 2>
  // CHECK: dataflow.concat "concat" %{{.*}}, %{{.*}} {axis = 2 : i64} : !dataflow.stream<4x4x6xi8, lanes = 2>, !dataflow.stream<4x4x2xi8, lanes = 2> -> <4x4x8xi8, lanes = 2>
  %y = dataflow.concat "concat" %x0, %s {axis = 2 : i64} : !dataflow.stream<4x4x6xi8, lanes = 2>, !dataflow.stream<4x4x2xi8, lanes = 2> -> !dataflow.stream<4x4x8xi8, lanes = 2>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<4x4x8xi8, lanes = 2> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4x4x8xi8, lanes = 2>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<4x4x8xi8, lanes = 2>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}

// Two pixels a beat, of each input its channels.
// CHECK-LABEL: dataflow.graph @pixels
dataflow.graph @pixels {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x5x6xi8, lanes = 12>, !dataflow.stream<1xi16, lanes = 1>
  %x0, %x1 = dataflow.fork "fork" %x : !dataflow.stream<4x5x6xi8, lanes = 12> -> !dataflow.stream<4x5x6xi8, lanes = 12>, !dataflow.stream<4x5x6xi8, lanes = 12>
  %s = dataflow.slice "slice" %x1 {start = array<i64: 0, 0, 1>} : !dataflow.stream<4x5x6xi8, lanes = 12> -> !dataflow.stream<4x5x3xi8, lanes = 6>
  // CHECK: dataflow.concat "concat" %{{.*}}, %{{.*}} {axis = 2 : i64} : !dataflow.stream<4x5x6xi8, lanes = 12>, !dataflow.stream<4x5x3xi8, lanes = 6> -> <4x5x9xi8, lanes = 18>
  %y = dataflow.concat "concat" %x0, %s {axis = 2 : i64} : !dataflow.stream<4x5x6xi8, lanes = 12>, !dataflow.stream<4x5x3xi8, lanes = 6> -> !dataflow.stream<4x5x9xi8, lanes = 18>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<4x5x9xi8, lanes = 18> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4x5x9xi8, lanes = 18>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<4x5x9xi8, lanes = 18>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}
