// RUN: atheena-opt %s --verify-roundtrip | FileCheck %s

// Samples come in, each with its tag.
// CHECK-LABEL: dataflow.graph @source
dataflow.graph @source {
  // CHECK: %{{.*}}, %{{.*}} = dataflow.source "source" : <4xi8, lanes = 1>, <1xi16, lanes = 1>
  %x, %tag = dataflow.source "source" : !dataflow.stream<4xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  %x0, %x1, %x2 = dataflow.fork "samples" %x : !dataflow.stream<4xi8, lanes = 1> -> !dataflow.stream<4xi8, lanes = 1>, !dataflow.stream<4xi8, lanes = 1>, !dataflow.stream<4xi8, lanes = 1>
  %tag0, %tag1 = dataflow.fork "tags" %tag : !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  %leaves = dataflow.decide "decide" %x0 {confidence = #ee.max_softmax<threshold = 5.000000e-01>} : !dataflow.stream<4xi8, lanes = 1> -> !dataflow.stream<1xi1, lanes = 1>
  %d0, %d1, %d2, %d3 = dataflow.fork "decisions" %leaves : !dataflow.stream<1xi1, lanes = 1> -> !dataflow.stream<1xi1, lanes = 1>, !dataflow.stream<1xi1, lanes = 1>, !dataflow.stream<1xi1, lanes = 1>, !dataflow.stream<1xi1, lanes = 1>
  %early = dataflow.gate "early" %x1, %d0 {depth = 8 : i64, pass_when = true} : !dataflow.stream<4xi8, lanes = 1>, !dataflow.stream<1xi1, lanes = 1> -> !dataflow.stream<4xi8, lanes = 1>
  %early_tag = dataflow.gate "early_tag" %tag0, %d1 {depth = 2 : i64, pass_when = true} : !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi1, lanes = 1> -> !dataflow.stream<1xi16, lanes = 1>
  %late = dataflow.gate "late" %x2, %d2 {depth = 8 : i64, pass_when = false} : !dataflow.stream<4xi8, lanes = 1>, !dataflow.stream<1xi1, lanes = 1> -> !dataflow.stream<4xi8, lanes = 1>
  %late_tag = dataflow.gate "late_tag" %tag1, %d3 {depth = 2 : i64, pass_when = false} : !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi1, lanes = 1> -> !dataflow.stream<1xi16, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %early, %late tags %early_tag, %late_tag : !dataflow.stream<4xi8, lanes = 1>, !dataflow.stream<4xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<4xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}
