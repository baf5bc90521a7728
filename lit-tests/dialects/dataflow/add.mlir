// RUN: atheena-opt %s --verify-roundtrip | FileCheck %s

// The sum may be wider than what is added.
// CHECK-LABEL: dataflow.graph @add
dataflow.graph @add {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.add "add" %{{.*}}, %{{.*}} : <4x4x2xi8, lanes = 1>, <4x4x2xi8, lanes = 1> -> <4x4x2xi16, lanes = 1>
  %a, %b = dataflow.fork "fork" %x : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<4x4x2xi8, lanes = 1>
  %y = dataflow.add "add" %a, %b : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi16, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<4x4x2xi16, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4x4x2xi16, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<4x4x2xi16, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}
