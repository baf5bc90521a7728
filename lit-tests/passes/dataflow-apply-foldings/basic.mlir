// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-apply-foldings))' | FileCheck %s
// Doing it again changes nothing.
// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-apply-foldings,dataflow-apply-foldings))' | FileCheck %s

// The source has no folding of its own, so it keeps one lane.
// CHECK: %[[X:.*]], %{{.*}} = dataflow.source "source" {reach = 1.000000e+00 : f64} : <4x4x6xi8, lanes = 1>
// CHECK: %[[W:.*]] = dataflow.resize "w_resize" %[[X]] {reach = 1.000000e+00 : f64} : <4x4x6xi8, lanes = 1> -> <4x4x6xi8, lanes = 2>
// CHECK: %[[V:.*]] = dataflow.window "w" %[[W]] {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = {{.*}}} : <4x4x6xi8, lanes = 2> -> <2x2x24xi8, lanes = 8>
// 8 and 12 have only 4 in common.
// CHECK: %[[N:.*]] = dataflow.resize "m_resize" %[[V]] {reach = 1.000000e+00 : f64} : <2x2x24xi8, lanes = 8> -> <2x2x24xi8, lanes = 4>
// CHECK: %[[O:.*]] = dataflow.resize "m_resize_2" %[[N]] {reach = 1.000000e+00 : f64} : <2x2x24xi8, lanes = 4> -> <2x2x24xi8, lanes = 12>
// The order of the vector is that of the window's two lanes.
// CHECK: %[[M:.*]] = dataflow.matvec "m" %[[O]] {bias = {{.*}}, channel_lanes = 2 : i64, max = 127 : i64, {{.*}} : <2x2x24xi8, lanes = 12> -> <2x2x6xi8, lanes = 3>
// Two lanes behind three; nine elements are five beats of two. The queue sees half of the samples.
// CHECK: %[[R:.*]] = dataflow.resize "q_resize" %[[M]] {reach = 5.000000e-01 : f64} : <2x2x6xi8, lanes = 3> -> <2x2x6xi8, lanes = 1>
// CHECK: %[[S:.*]] = dataflow.resize "q_resize_2" %[[R]] {reach = 5.000000e-01 : f64} : <2x2x6xi8, lanes = 1> -> <2x2x6xi8, lanes = 2>
// CHECK: %[[Q:.*]] = dataflow.fifo "q" %[[S]] {depth = 5 : i64, reach = 5.000000e-01 : f64}
// CHECK: dataflow.resize "merge_resize" %[[Q]] {reach = 5.000000e-01 : f64} : <2x2x6xi8, lanes = 2> -> <2x2x6xi8, lanes = 1>
dataflow.graph @net {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <4x4x6xi8, lanes = 1>, <1xi16, lanes = 1>
  %w = dataflow.window "w" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, lanes = 2 : i64, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, reach = 1.0 : f64, stride = array<i64: 2, 2>} : <4x4x6xi8, lanes = 1> -> <2x2x24xi8, lanes = 4>
  %m = dataflow.matvec "m" %w {bias = dense<0> : tensor<6xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, pe = 3 : i64, simd = 12 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<6x2x2x6xi8>} : <2x2x24xi8, lanes = 4> -> <2x2x6xi8, lanes = 1>
  %q = dataflow.fifo "q" %m {depth = 9 : i64, lanes = 2 : i64, reach = 0.5 : f64} : <2x2x6xi8, lanes = 1> -> <2x2x6xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %q tags %tag {reach = 1.0 : f64} : !dataflow.stream<2x2x6xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <2x2x6xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <2x2x6xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// Rows of five pixels: four a beat are two beats a row, so a sample of 15 beats is one of six, and two thirds of it are four.
// CHECK-LABEL: dataflow.graph @pixels
// CHECK: dataflow.resize "q_resize" %{{.*}} : <3x5x2xi8, lanes = 2> -> <3x5x2xi8, lanes = 8>
// CHECK: dataflow.fifo "q" %{{.*}} {depth = 4 : i64{{.*}}} : <3x5x2xi8, lanes = 8> -> <3x5x2xi8, lanes = 8>
dataflow.graph @pixels {
  %x, %tag = dataflow.source "source" : <3x5x2xi8, lanes = 2>, <1xi16, lanes = 1>
  %q = dataflow.fifo "q" %x {depth = 10 : i64, lanes = 8 : i64} : <3x5x2xi8, lanes = 2> -> <3x5x2xi8, lanes = 2>
  %d, %t, %e = dataflow.merge "merge" %q tags %tag : !dataflow.stream<3x5x2xi8, lanes = 2> tags !dataflow.stream<1xi16, lanes = 1> -> <3x5x2xi8, lanes = 2>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e : <3x5x2xi8, lanes = 2>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// Seven of twenty outputs at once, whose beats of seven, seven and six come apart before they are four.
// CHECK-LABEL: dataflow.graph @ragged
// CHECK: dataflow.matvec "m" {{.*}} : <2x2xi8, lanes = 1> -> <2x20xi8, lanes = 7>
// CHECK: dataflow.resize "q_resize" %{{.*}} : <2x20xi8, lanes = 7> -> <2x20xi8, lanes = 1>
// CHECK: dataflow.resize "q_resize_2" %{{.*}} : <2x20xi8, lanes = 1> -> <2x20xi8, lanes = 4>
dataflow.graph @ragged {
  %x, %tag = dataflow.source "source" : <2x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %m = dataflow.matvec "m" %x {bias = dense<0> : tensor<20xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, pe = 7 : i64, simd = 1 : i64, shift = array<i32: 4>, weights = dense<1> : tensor<20x1x1x2xi8>} : <2x2xi8, lanes = 1> -> <2x20xi8, lanes = 1>
  %q = dataflow.fifo "q" %m {depth = 30 : i64, lanes = 4 : i64} : <2x20xi8, lanes = 1> -> <2x20xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %q tags %tag : !dataflow.stream<2x20xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <2x20xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e : <2x20xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// Eight pixels of a row of sixteen become three, six beats a row: four, twice twelve at once, and three. Over single pixels it would be sixteen.
// CHECK-LABEL: dataflow.graph @threes
// CHECK: dataflow.resize "q_resize" %{{.*}} : <4x16x5xi8, lanes = 40> -> <4x16x5xi8, lanes = 20>
// CHECK: dataflow.resize "q_resize_2" %{{.*}} : <4x16x5xi8, lanes = 20> -> <4x16x5xi8, lanes = 60>
// CHECK: dataflow.resize "q_resize_3" %{{.*}} : <4x16x5xi8, lanes = 60> -> <4x16x5xi8, lanes = 15>
dataflow.graph @threes {
  %x, %tag = dataflow.source "source" : <4x16x5xi8, lanes = 40>, <1xi16, lanes = 1>
  %q = dataflow.fifo "q" %x {depth = 8 : i64, lanes = 15 : i64} : <4x16x5xi8, lanes = 40> -> <4x16x5xi8, lanes = 40>
  %d, %t, %e = dataflow.merge "merge" %q tags %tag : !dataflow.stream<4x16x5xi8, lanes = 40> tags !dataflow.stream<1xi16, lanes = 1> -> <4x16x5xi8, lanes = 40>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e : <4x16x5xi8, lanes = 40>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
