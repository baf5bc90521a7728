// RUN: atheena-opt %s --verify-roundtrip | FileCheck %s

// One lane becomes two.
// CHECK-LABEL: dataflow.graph @resize
dataflow.graph @resize {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.resize "resize" %{{.*}} : <4x4x2xi8, lanes = 1> -> <4x4x2xi8, lanes = 2>
  %y = dataflow.resize "resize" %x : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 2>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<4x4x2xi8, lanes = 2> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 2>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<4x4x2xi8, lanes = 2>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}

// Four of six outputs at once: the second beat of each pixel has two.
// CHECK-LABEL: dataflow.graph @parts
dataflow.graph @parts {
  %x, %tag = dataflow.source "source" : !dataflow.stream<2x4xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.matvec "m" {{.*}} : <2x4xi8, lanes = 1> -> <2x6xi8, lanes = 4>
  %y = dataflow.matvec "m" %x {bias = dense<0> : tensor<6xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 7>, weights = dense<1> : tensor<6x1x1x4xi8>}
      : !dataflow.stream<2x4xi8, lanes = 1> -> !dataflow.stream<2x6xi8, lanes = 4>
  // CHECK: dataflow.fifo "queue" {{.*}} : <2x6xi8, lanes = 4> -> <2x6xi8, lanes = 4>
  %q = dataflow.fifo "queue" %y {depth = 2 : i64} : !dataflow.stream<2x6xi8, lanes = 4> -> !dataflow.stream<2x6xi8, lanes = 4>
  // CHECK: dataflow.resize "resize" %{{.*}} : <2x6xi8, lanes = 4> -> <2x6xi8, lanes = 2>
  %z = dataflow.resize "resize" %q : !dataflow.stream<2x6xi8, lanes = 4> -> !dataflow.stream<2x6xi8, lanes = 2>
  %r, %t, %e = dataflow.merge "merge" %z tags %tag : !dataflow.stream<2x6xi8, lanes = 2> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<2x6xi8, lanes = 2>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<2x6xi8, lanes = 2>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}
