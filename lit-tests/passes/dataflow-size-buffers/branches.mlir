// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-size-buffers))' | FileCheck %s

// Both halves come by the same windows: each waits for its turn in a queue of two pixels, and the pool's for what the layer
// takes longer: 11 cycles against 3.
// CHECK-LABEL: dataflow.graph @same
// CHECK: dataflow.fifo "a_to_concat_fifo_0" %{{.*}} {depth = 12 : i64
// CHECK: dataflow.fifo "b_to_concat_fifo_1" %{{.*}} {depth = 4 : i64
dataflow.graph @same {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %xs:2 = dataflow.fork "xs" %x {reach = 1.0 : f64} : <4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<4x4x2xi8, lanes = 1>
  %v = dataflow.window "v" %xs#0 {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 1, 0, 1, 0>, pad_value = -128 : i64, reach = 1.0 : f64, stride = array<i64: 1, 1>} : <4x4x2xi8, lanes = 1> -> <4x4x8xi8, lanes = 4>
  %a = dataflow.pool "a" %v {kernel = array<i64: 2, 2>, kind = "max", multiplier = 1 : i32, reach = 1.0 : f64, shift = 0 : i32} : <4x4x8xi8, lanes = 4> -> <4x4x2xi8, lanes = 1>
  %w = dataflow.window "w" %xs#1 {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 1, 0, 1, 0>, pad_value = 0 : i64, reach = 1.0 : f64, stride = array<i64: 1, 1>} : <4x4x2xi8, lanes = 1> -> <4x4x8xi8, lanes = 4>
  %b = dataflow.matvec "b" %w {bias = dense<0> : tensor<2xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<2x2x2x2xi8>} : <4x4x8xi8, lanes = 4> -> <4x4x2xi8, lanes = 1>
  %y = dataflow.concat "concat" %a, %b {axis = 2 : i64, reach = 1.0 : f64} : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<4x4x2xi8, lanes = 1> -> <4x4x4xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %y tags %tag {reach = 1.0 : f64} : !dataflow.stream<4x4x4xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <4x4x4xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <4x4x4xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// The window waits for a row that the other branch has at once: that waits as a whole sample, the window's windows as two pixels.
// CHECK-LABEL: dataflow.graph @other
// CHECK: dataflow.fifo "a_to_concat_fifo_0" %{{.*}} {depth = 4 : i64
// CHECK: dataflow.fifo "xs_to_concat_fifo_1" %{{.*}} {depth = 32 : i64
dataflow.graph @other {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %xs:2 = dataflow.fork "xs" %x {reach = 1.0 : f64} : <4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<4x4x2xi8, lanes = 1>
  %v = dataflow.window "v" %xs#0 {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 1, 0, 1>, pad_value = -128 : i64, reach = 1.0 : f64, stride = array<i64: 1, 1>} : <4x4x2xi8, lanes = 1> -> <4x4x8xi8, lanes = 4>
  %a = dataflow.pool "a" %v {kernel = array<i64: 2, 2>, kind = "max", multiplier = 1 : i32, reach = 1.0 : f64, shift = 0 : i32} : <4x4x8xi8, lanes = 4> -> <4x4x2xi8, lanes = 1>
  %y = dataflow.concat "concat" %a, %xs#1 {axis = 2 : i64, reach = 1.0 : f64} : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<4x4x2xi8, lanes = 1> -> <4x4x4xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %y tags %tag {reach = 1.0 : f64} : !dataflow.stream<4x4x4xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <4x4x4xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <4x4x4xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// A pixel comes of the whole map, which waits for it: from the fork's 1 the pool takes 33 cycles, of 32 a sample; so 33 elements, and two
// beats more. The pixel waits until the one before is not needed any more.
// CHECK-LABEL: dataflow.graph @spread
// CHECK: %[[POOL:.*]] = dataflow.tile_pool "pool"
// CHECK: %[[MAP:.*]] = dataflow.fifo "xs_to_mul_fifo_0" %{{.*}} {depth = 35 : i64
// CHECK: %[[PIXEL:.*]] = dataflow.fifo "pool_to_mul_fifo_1" %[[POOL]] {depth = 4 : i64
// CHECK: dataflow.mul "mul" %[[MAP]], %[[PIXEL]] {
dataflow.graph @spread {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %xs:2 = dataflow.fork "xs" %x {reach = 1.0 : f64} : <4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<4x4x2xi8, lanes = 1>
  %p = dataflow.tile_pool "pool" %xs#0 {kernel = array<i64: 4, 4>, kind = "max", multiplier = 1 : i32, reach = 1.0 : f64, shift = 0 : i32} : <4x4x2xi8, lanes = 1> -> <1x1x2xi8, lanes = 1>
  %y = dataflow.mul "mul" %xs#1, %p {reach = 1.0 : f64} : <4x4x2xi8, lanes = 1>, <1x1x2xi8, lanes = 1> -> <4x4x2xi32, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %y tags %tag {reach = 1.0 : f64} : !dataflow.stream<4x4x2xi32, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <4x4x2xi32, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <4x4x2xi32, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
