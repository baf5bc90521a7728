// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-narrow-multipliers))' | FileCheck %s

// An average of four takes sums of -2 to -1: 2^30 + 1 of 2^32 as well as 513 of 2^11 do.
// CHECK-LABEL: dataflow.graph @kinds
// CHECK: dataflow.pool "a" %{{.*}}multiplier = 513 : i32, reach = 1.000000e+00 : f64, shift = 11 : i32
// Thirds of x + 5.
// CHECK: dataflow.map "b" %{{.*}}multiplier = 85 : i32, {{.*}}rounding = 129 : i64, shift = 8 : i32
// Results of numbers below 0 are clamped, so that rounding away from 0 is rounding up.
// CHECK: dataflow.map "c" %{{.*}} {input_zp = 0 : i64, {{.*}}multiplier = 9 : i32, {{.*}}rounding = 277 : i64, shift = 9 : i32
// Each output by its own sums; the second one was a shift.
// CHECK: dataflow.matvec "m" %{{.*}}multiplier = array<i32: 1431, 1>, {{.*}}shift = array<i32: 16, 5>
// CHECK: dataflow.tile_pool "g" %{{.*}}multiplier = 513 : i32, {{.*}}shift = 11 : i32
dataflow.graph @kinds {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %w = dataflow.window "w" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, reach = 1.0 : f64, stride = array<i64: 2, 2>} : <4x4x2xi8, lanes = 1> -> <2x2x8xi8, lanes = 4>
  %a = dataflow.pool "a" %w {kind = "avg", kernel = array<i64: 2, 2>, multiplier = 1073741825 : i32, shift = 32 : i32, reach = 1.0 : f64} : <2x2x8xi8, lanes = 4> -> <2x2x2xi8, lanes = 1>
  %b = dataflow.map "b" %a {input_zp = -5 : i64, max = 127 : i64, min = -128 : i64, multiplier = 1431655766 : i32, output_zp = 3 : i64, shift = 32 : i32, reach = 1.0 : f64} : <2x2x2xi8, lanes = 1> -> <2x2x2xi8, lanes = 1>
  %c = dataflow.map "c" %b {input_zp = 0 : i64, max = 127 : i64, min = 0 : i64, double_round, multiplier = 1234567891 : i32, output_zp = 0 : i64, shift = 36 : i32, reach = 1.0 : f64} : <2x2x2xi8, lanes = 1> -> <2x2x2xi8, lanes = 1>
  %m = dataflow.matvec "m" %c {bias = dense<[1, -20]> : tensor<2xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1500000001, 1073741824>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 36, 35>, weights = dense<[[[[3, -2]]], [[[1, 1]]]]> : tensor<2x1x1x2xi8>} : <2x2x2xi8, lanes = 1> -> <2x2x2xi8, lanes = 1>
  %g = dataflow.tile_pool "g" %m {kernel = array<i64: 2, 2>, kind = "avg", multiplier = 1073741825 : i32, shift = 32 : i32, reach = 1.0 : f64} : <2x2x2xi8, lanes = 1> -> <1x1x2xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %g tags %tag {reach = 1.0 : f64} : !dataflow.stream<1x1x2xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <1x1x2xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <1x1x2xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
