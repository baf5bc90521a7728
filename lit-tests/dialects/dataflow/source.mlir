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

// Eight pixels a beat: the last beat of a row of 28 has four of them.
// CHECK-LABEL: dataflow.graph @pixels
dataflow.graph @pixels {
  // CHECK: dataflow.source "source" : <28x28x1xui8, lanes = 8>, <1xi16, lanes = 1>
  %x, %tag = dataflow.source "source" : <28x28x1xui8, lanes = 8>, <1xi16, lanes = 1>
  // CHECK: dataflow.window {{.*}} : <28x28x1xui8, lanes = 8> -> <14x14x4xui8, lanes = 16>
  %w = dataflow.window "window" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, stride = array<i64: 2, 2>} : <28x28x1xui8, lanes = 8> -> <14x14x4xui8, lanes = 16>
  // CHECK: dataflow.matvec {{.*}} : <14x14x4xui8, lanes = 16> -> <14x14x3xi8, lanes = 12>
  %y = dataflow.matvec "matvec" %w {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 8>, weights = dense<1> : tensor<3x2x2x1xi8>} : <14x14x4xui8, lanes = 16> -> <14x14x3xi8, lanes = 12>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<14x14x3xi8, lanes = 12> tags !dataflow.stream<1xi16, lanes = 1> -> <14x14x3xi8, lanes = 12>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : <14x14x3xi8, lanes = 12>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
