// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-pair-rows))' | FileCheck %s

// Left alone: an odd number of rows, a stride, a pool of tiles of odd rows, no pool at all, and an image that goes elsewhere, too.
// CHECK-NOT: rows = 2
// CHECK: dataflow.graph @end
dataflow.graph @odd_rows {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <5x4x1xi8, lanes = 1>, <1xi16, lanes = 1>
  %cw = dataflow.window "cw" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 1>, pad = array<i64: 0, 0, 0, 0>, pad_value = 3 : i64, reach = 1.0 : f64, stride = array<i64: 1, 1>} : <5x4x1xi8, lanes = 1> -> <4x4x2xi8, lanes = 2>
  %c = dataflow.matvec "c" %cw {bias = dense<0> : tensor<1xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, shift = array<i32: 4>, output_zp = 0 : i64, reach = 1.0 : f64, weights = dense<1> : tensor<1x2x1x1xi8>} : <4x4x2xi8, lanes = 2> -> <4x4x1xi8, lanes = 1>
  %p = dataflow.tile_pool "p" %c {kernel = array<i64: 2, 2>, kind = "max", multiplier = 1 : i32, shift = 0 : i32, reach = 1.0 : f64} : <4x4x1xi8, lanes = 1> -> <2x2x1xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %p tags %tag {reach = 1.0 : f64} : !dataflow.stream<2x2x1xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <2x2x1xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <2x2x1xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
dataflow.graph @stride {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <8x4x1xi8, lanes = 1>, <1xi16, lanes = 1>
  %cw = dataflow.window "cw" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 1>, pad = array<i64: 0, 0, 0, 0>, pad_value = 3 : i64, reach = 1.0 : f64, stride = array<i64: 2, 1>} : <8x4x1xi8, lanes = 1> -> <4x4x2xi8, lanes = 2>
  %c = dataflow.matvec "c" %cw {bias = dense<0> : tensor<1xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, shift = array<i32: 4>, output_zp = 0 : i64, reach = 1.0 : f64, weights = dense<1> : tensor<1x2x1x1xi8>} : <4x4x2xi8, lanes = 2> -> <4x4x1xi8, lanes = 1>
  %p = dataflow.tile_pool "p" %c {kernel = array<i64: 2, 2>, kind = "max", multiplier = 1 : i32, shift = 0 : i32, reach = 1.0 : f64} : <4x4x1xi8, lanes = 1> -> <2x2x1xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %p tags %tag {reach = 1.0 : f64} : !dataflow.stream<2x2x1xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <2x2x1xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <2x2x1xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
dataflow.graph @odd_tiles {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <6x4x1xi8, lanes = 1>, <1xi16, lanes = 1>
  %cw = dataflow.window "cw" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 3, 1>, pad = array<i64: 1, 1, 0, 0>, pad_value = 3 : i64, reach = 1.0 : f64, stride = array<i64: 1, 1>} : <6x4x1xi8, lanes = 1> -> <6x4x3xi8, lanes = 3>
  %c = dataflow.matvec "c" %cw {bias = dense<0> : tensor<1xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, shift = array<i32: 4>, output_zp = 0 : i64, reach = 1.0 : f64, weights = dense<1> : tensor<1x3x1x1xi8>} : <6x4x3xi8, lanes = 3> -> <6x4x1xi8, lanes = 1>
  %p = dataflow.tile_pool "p" %c {kernel = array<i64: 3, 2>, kind = "max", multiplier = 1 : i32, shift = 0 : i32, reach = 1.0 : f64} : <6x4x1xi8, lanes = 1> -> <2x2x1xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %p tags %tag {reach = 1.0 : f64} : !dataflow.stream<2x2x1xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <2x2x1xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <2x2x1xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
dataflow.graph @no_layer {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <4x4x1xi8, lanes = 1>, <1xi16, lanes = 1>
  %p = dataflow.tile_pool "p" %x {kernel = array<i64: 2, 2>, kind = "max", multiplier = 1 : i32, shift = 0 : i32, reach = 1.0 : f64} : <4x4x1xi8, lanes = 1> -> <2x2x1xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %p tags %tag {reach = 1.0 : f64} : !dataflow.stream<2x2x1xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <2x2x1xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <2x2x1xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
dataflow.graph @no_pool {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <4x4x1xi8, lanes = 1>, <1xi16, lanes = 1>
  %cw = dataflow.window "cw" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 3, 1>, pad = array<i64: 1, 1, 0, 0>, pad_value = 3 : i64, reach = 1.0 : f64, stride = array<i64: 1, 1>} : <4x4x1xi8, lanes = 1> -> <4x4x3xi8, lanes = 3>
  %c = dataflow.matvec "c" %cw {bias = dense<0> : tensor<1xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, shift = array<i32: 4>, output_zp = 0 : i64, reach = 1.0 : f64, weights = dense<1> : tensor<1x3x1x1xi8>} : <4x4x3xi8, lanes = 3> -> <4x4x1xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %c tags %tag {reach = 1.0 : f64} : !dataflow.stream<4x4x1xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <4x4x1xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <4x4x1xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
dataflow.graph @elsewhere {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <4x4x1xi8, lanes = 1>, <1xi16, lanes = 1>
  %a, %b = dataflow.fork "fork" %x {reach = 1.0 : f64} : <4x4x1xi8, lanes = 1> -> !dataflow.stream<4x4x1xi8, lanes = 1>, !dataflow.stream<4x4x1xi8, lanes = 1>
  %cw = dataflow.window "cw" %a {dilation = array<i64: 1, 1>, kernel = array<i64: 3, 1>, pad = array<i64: 1, 1, 0, 0>, pad_value = 3 : i64, reach = 1.0 : f64, stride = array<i64: 1, 1>} : <4x4x1xi8, lanes = 1> -> <4x4x3xi8, lanes = 3>
  %c = dataflow.matvec "c" %cw {bias = dense<0> : tensor<1xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, shift = array<i32: 4>, output_zp = 0 : i64, reach = 1.0 : f64, weights = dense<1> : tensor<1x3x1x1xi8>} : <4x4x3xi8, lanes = 3> -> <4x4x1xi8, lanes = 1>
  %s = dataflow.add "s" %c, %b {lhs_multiplier = 1 : i64, max = 127 : i64, min = -128 : i64} : <4x4x1xi8, lanes = 1>, <4x4x1xi8, lanes = 1> -> <4x4x1xi8, lanes = 1>
  %p = dataflow.tile_pool "p" %s {kernel = array<i64: 2, 2>, kind = "max", multiplier = 1 : i32, shift = 0 : i32, reach = 1.0 : f64} : <4x4x1xi8, lanes = 1> -> <2x2x1xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %p tags %tag {reach = 1.0 : f64} : !dataflow.stream<2x2x1xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <2x2x1xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <2x2x1xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
dataflow.graph @end {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <4x4x1xi8, lanes = 1>, <1xi16, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %x tags %tag {reach = 1.0 : f64} : !dataflow.stream<4x4x1xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <4x4x1xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <4x4x1xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
