// RUN: atheena-opt %s --verify-roundtrip | FileCheck %s

// A queue of 16 beats.
// CHECK-LABEL: dataflow.graph @fifo
dataflow.graph @fifo {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.fifo "fifo" %{{.*}} {depth = 16 : i64} : <4x4x2xi8, lanes = 1> -> <4x4x2xi8, lanes = 1>
  %y = dataflow.fifo "fifo" %x {depth = 16 : i64} : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<4x4x2xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}
