// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-size-buffers))' | FileCheck %s

// A row of four tiles, which comes as fast as every second row of pixels, becomes narrower; tiles of one row come two cycles after one another, and one may wait while the next one is made.
// CHECK-LABEL: dataflow.graph @narrower
// CHECK: %[[ROW:.*]] = dataflow.fifo "tiles_to_narrow_fifo_0" %{{.*}} {depth = 4 : i64
// CHECK: dataflow.resize "narrow" %[[ROW]]
// CHECK: %[[PAIR:.*]] = dataflow.fifo "pairs_to_narrower_fifo_0" %{{.*}} {depth = 2 : i64
// CHECK: dataflow.resize "narrower" %[[PAIR]]
dataflow.graph @narrower {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <4x8x4xi8, lanes = 4>, <1xi16, lanes = 1>
  %p = dataflow.tile_pool "tiles" %x {kernel = array<i64: 2, 2>, kind = "max", multiplier = 1 : i32, reach = 1.0 : f64, shift = 0 : i32} : <4x8x4xi8, lanes = 4> -> <2x4x4xi8, lanes = 4>
  %n = dataflow.resize "narrow" %p {reach = 1.0 : f64} : <2x4x4xi8, lanes = 4> -> <2x4x4xi8, lanes = 2>
  %q = dataflow.tile_pool "pairs" %n {kernel = array<i64: 1, 2>, kind = "max", multiplier = 1 : i32, reach = 1.0 : f64, shift = 0 : i32} : <2x4x4xi8, lanes = 2> -> <2x2x4xi8, lanes = 2>
  %y = dataflow.resize "narrower" %q {reach = 1.0 : f64} : <2x2x4xi8, lanes = 2> -> <2x2x4xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %y tags %tag {reach = 1.0 : f64} : !dataflow.stream<2x2x4xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <2x2x4xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <2x2x4xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// 128 beats come in rows of 8; the window goes through 20 rows of 10 steps and takes beats in 16 rows and 8 steps of each: 128 + 8 - 16.8 * 128 / 20 wait.
// CHECK-LABEL: dataflow.graph @pauses
// CHECK: dataflow.fifo "tiles_to_window_fifo_0" %{{.*}} {depth = 29 : i64
dataflow.graph @pauses {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <32x32x1xi8, lanes = 4>, <1xi16, lanes = 1>
  %p = dataflow.tile_pool "tiles" %x {kernel = array<i64: 2, 2>, kind = "max", multiplier = 1 : i32, reach = 1.0 : f64, shift = 0 : i32} : <32x32x1xi8, lanes = 4> -> <16x16x1xi8, lanes = 2>
  %w = dataflow.window "window" %p {dilation = array<i64: 1, 1>, kernel = array<i64: 5, 5>, pad = array<i64: 4, 4, 4, 4>, pad_value = -128 : i64, reach = 1.0 : f64, stride = array<i64: 1, 1>} : <16x16x1xi8, lanes = 2> -> <20x20x25xi8, lanes = 50>
  %y = dataflow.pool "pool" %w {kernel = array<i64: 5, 5>, kind = "max", multiplier = 1 : i32, reach = 1.0 : f64, shift = 0 : i32} : <20x20x25xi8, lanes = 50> -> <20x20x1xi8, lanes = 2>
  %d, %t, %e = dataflow.merge "merge" %y tags %tag {reach = 1.0 : f64} : !dataflow.stream<20x20x1xi8, lanes = 2> tags !dataflow.stream<1xi16, lanes = 1> -> <20x20x1xi8, lanes = 2>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <20x20x1xi8, lanes = 2>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// The two beats of a vector queue in front of the change of lanes, behind what looks at them one by one.
// CHECK-LABEL: dataflow.graph @behind_a_map
// CHECK: %[[MAP:.*]] = dataflow.map "map"
// CHECK: %[[QUEUE:.*]] = dataflow.fifo "map_to_narrow_fifo_0" %[[MAP]] {depth = 2 : i64
// CHECK: dataflow.resize "narrow" %[[QUEUE]]
dataflow.graph @behind_a_map {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <1x4x2xi8, lanes = 2>, <1xi16, lanes = 1>
  %c = dataflow.matvec "layer" %x {bias = dense<0> : tensor<4xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 0>, weights = dense<1> : tensor<4x1x1x2xi8>} : <1x4x2xi8, lanes = 2> -> <1x4x4xi8, lanes = 2>
  %m = dataflow.map "map" %c {input_zp = 0 : i64, max = 127 : i64, min = 0 : i64, multiplier = 1 : i32, output_zp = 0 : i64, reach = 1.0 : f64, shift = 0 : i32} : <1x4x4xi8, lanes = 2> -> <1x4x4xi8, lanes = 2>
  %y = dataflow.resize "narrow" %m {reach = 1.0 : f64} : <1x4x4xi8, lanes = 2> -> <1x4x4xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %y tags %tag {reach = 1.0 : f64} : !dataflow.stream<1x4x4xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <1x4x4xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <1x4x4xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
