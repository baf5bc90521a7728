// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-pair-rows))' | FileCheck %s

// A kernel of two rows, 1 and 2: the upper output row of a pair is of rows 1 and 2 of three pairs' six (the padding's lower one, and the map's upper one), the lower one of the
// two after. Each output's bias and scale stands for both rows.
// CHECK-LABEL: dataflow.graph @odd_padding
// CHECK: dataflow.source "source" {reach = 1.000000e+00 : f64, rows = 2 : i64} : <2x3x2xui8, lanes = 1>, <1xi16, lanes = 1>
// CHECK: dataflow.window "cw" %{{.*}}kernel = array<i64: 2, 1>, pad = array<i64: 1, 0, 0, 0>, {{.*}} : <2x3x2xui8, lanes = 1> -> <2x3x4xui8, lanes = 2>
// CHECK: dataflow.matvec "c" %{{.*}}bias = dense<[7, 8, 7, 8]> : tensor<4xi32>, {{.*}}multiplier = array<i32: 1, 3, 1, 3>, {{.*}}rounding = array<i64: 5, 6, 5, 6>, shift = array<i32: 4>, weights = dense<
// CHECK-SAME{LITERAL}: [[[[0, 1]], [[2, 0]]], [[[0, 3]], [[4, 0]]], [[[0, 0]], [[1, 2]]], [[[0, 0]], [[3, 4]]]]
// CHECK-SAME: > : tensor<4x2x1x2xi8>} : <2x3x4xui8, lanes = 2> -> <2x6x2xi8, lanes = 1>
// CHECK: dataflow.tile_pool "p" %{{.*}} {kernel = array<i64: 1, 6>, {{.*}} : <2x6x2xi8, lanes = 1> -> <2x1x2xi8, lanes = 1>
dataflow.graph @odd_padding {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <4x3x1xui8, lanes = 1>, <1xi16, lanes = 1>
  %cw = dataflow.window "cw" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 1>, pad = array<i64: 1, 0, 0, 0>, pad_value = 3 : i64, reach = 1.0 : f64, stride = array<i64: 1, 1>} : <4x3x1xui8, lanes = 1> -> <4x3x2xui8, lanes = 2>
  %c = dataflow.matvec "c" %cw {bias = dense<[7, 8]> : tensor<2xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1, 3>, rounding = array<i64: 5, 6>, shift = array<i32: 4>, output_zp = 0 : i64, reach = 1.0 : f64, weights = dense<[[[[1]], [[2]]], [[[3]], [[4]]]]> : tensor<2x2x1x1xi8>} : <4x3x2xui8, lanes = 2> -> <4x3x2xi8, lanes = 1>
  %p = dataflow.tile_pool "p" %c {kernel = array<i64: 2, 3>, kind = "max", multiplier = 1 : i32, shift = 0 : i32, reach = 1.0 : f64} : <4x3x2xi8, lanes = 1> -> <2x1x2xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %p tags %tag {reach = 1.0 : f64} : !dataflow.stream<2x1x2xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <2x1x2xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <2x1x2xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// Two convolutions, without and with padding, and a pool of four rows.
// CHECK-LABEL: dataflow.graph @two
// CHECK: dataflow.window "cw" %{{.*}}kernel = array<i64: 2, 3>, pad = array<i64: 0, 0, 0, 0>, {{.*}} : <3x6x4xi8, lanes = 1> -> <2x4x24xi8, lanes = 6>
// CHECK: dataflow.matvec "c" %{{.*}} : tensor<6x2x3x4xi8>} : <2x4x24xi8, lanes = 6> -> <2x4x6xi8, lanes = 1>
// CHECK: dataflow.window "dw" %{{.*}}kernel = array<i64: 3, 3>, pad = array<i64: 1, 1, 1, 1>, {{.*}} : <2x4x6xi8, lanes = 1> -> <2x4x54xi8, lanes = 9>
// CHECK: dataflow.matvec "d" %{{.*}} : tensor<2x3x3x6xi8>} : <2x4x54xi8, lanes = 9> -> <2x8x1xi8, lanes = 1>
// CHECK: dataflow.tile_pool "p" %{{.*}} {kernel = array<i64: 2, 4>, kind = "avg", {{.*}} : <2x8x1xi8, lanes = 1> -> <1x2x1xi8, lanes = 1>
dataflow.graph @two {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <6x6x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %cw = dataflow.window "cw" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 3, 3>, pad = array<i64: 0, 0, 0, 0>, pad_value = 3 : i64, reach = 1.0 : f64, stride = array<i64: 1, 1>} : <6x6x2xi8, lanes = 1> -> <4x4x18xi8, lanes = 9>
  %c = dataflow.matvec "c" %cw {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, shift = array<i32: 4>, output_zp = 0 : i64, reach = 1.0 : f64, weights = dense<1> : tensor<3x3x3x2xi8>} : <4x4x18xi8, lanes = 9> -> <4x4x3xi8, lanes = 1>
  %dw = dataflow.window "dw" %c {dilation = array<i64: 1, 1>, kernel = array<i64: 3, 3>, pad = array<i64: 1, 1, 1, 1>, pad_value = 3 : i64, reach = 1.0 : f64, stride = array<i64: 1, 1>} : <4x4x3xi8, lanes = 1> -> <4x4x27xi8, lanes = 9>
  %y = dataflow.matvec "d" %dw {bias = dense<0> : tensor<1xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, shift = array<i32: 4>, output_zp = 0 : i64, reach = 1.0 : f64, weights = dense<1> : tensor<1x3x3x3xi8>} : <4x4x27xi8, lanes = 9> -> <4x4x1xi8, lanes = 1>
  %p = dataflow.tile_pool "p" %y {kernel = array<i64: 4, 2>, kind = "avg", multiplier = 1073741825 : i32, shift = 33 : i32, reach = 1.0 : f64} : <4x4x1xi8, lanes = 1> -> <1x2x1xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %p tags %tag {reach = 1.0 : f64} : !dataflow.stream<1x2x1xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <1x2x1xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <1x2x1xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
