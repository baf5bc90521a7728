// RUN: atheena-opt %s --verify-roundtrip | FileCheck %s

// Each of two consumers gets every beat.
// CHECK-LABEL: dataflow.graph @fork
dataflow.graph @fork {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: %[[BOTH:.*]]:2 = dataflow.fork "fork" %{{.*}} : <4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<4x4x2xi8, lanes = 1>
  // CHECK: dataflow.add "add" %[[BOTH]]#0, %[[BOTH]]#1
  %a, %b = dataflow.fork "fork" %x : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<4x4x2xi8, lanes = 1>
  %y = dataflow.add "add" %a, %b : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<4x4x2xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}
