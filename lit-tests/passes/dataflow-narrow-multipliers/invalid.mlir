// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-narrow-multipliers))' | FileCheck %s

// Left alone: shifts, multipliers of 0 or less, weights that are not there, DOUBLE_ROUND on both sides of 0, and averages of fewer elements at borders.
// CHECK-LABEL: dataflow.graph @alone
// CHECK: dataflow.map "shift" %{{.*}}multiplier = 1073741824 : i32, {{.*}}shift = 32 : i32
// CHECK: dataflow.map "zero" %{{.*}}multiplier = 0 : i32, {{.*}}shift = 9 : i32
// CHECK: dataflow.map "negative" %{{.*}}multiplier = -3 : i32, {{.*}}shift = 1 : i32
// CHECK: dataflow.map "twice" %{{.*}} {double_round, {{.*}}multiplier = 1234567891 : i32, {{.*}}shift = 36 : i32
// CHECK: dataflow.pool "borders" %{{.*}}multiplier = 1073741825 : i32, {{.*}}shift = 32 : i32
// CHECK: dataflow.matvec "elsewhere" %{{.*}}multiplier = array<i32: 1500000001>, {{.*}}shift = array<i32: 36>
dataflow.graph @alone {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %a = dataflow.map "shift" %x {input_zp = 0 : i64, max = 127 : i64, min = -128 : i64, multiplier = 1073741824 : i32, output_zp = 0 : i64, shift = 32 : i32, reach = 1.0 : f64} : <4x4x2xi8, lanes = 1> -> <4x4x2xi8, lanes = 1>
  %b = dataflow.map "zero" %a {input_zp = 0 : i64, max = 127 : i64, min = -128 : i64, multiplier = 0 : i32, output_zp = 0 : i64, shift = 9 : i32, reach = 1.0 : f64} : <4x4x2xi8, lanes = 1> -> <4x4x2xi8, lanes = 1>
  %c = dataflow.map "negative" %b {input_zp = 0 : i64, max = 127 : i64, min = -128 : i64, multiplier = -3 : i32, output_zp = 0 : i64, shift = 1 : i32, reach = 1.0 : f64} : <4x4x2xi8, lanes = 1> -> <4x4x2xi8, lanes = 1>
  %d = dataflow.map "twice" %c {input_zp = 0 : i64, double_round, max = 127 : i64, min = -128 : i64, multiplier = 1234567891 : i32, output_zp = 0 : i64, shift = 36 : i32, reach = 1.0 : f64} : <4x4x2xi8, lanes = 1> -> <4x4x2xi8, lanes = 1>
  %w = dataflow.window "w" %d {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 1, 1, 1, 1>, pad_value = 0 : i64, reach = 1.0 : f64, stride = array<i64: 2, 2>} : <4x4x2xi8, lanes = 1> -> <3x3x8xi8, lanes = 4>
  %e = dataflow.pool "borders" %w {kind = "avg", kernel = array<i64: 2, 2>, multiplier = 1073741825 : i32, shift = 32 : i32, row_taps = array<i64: 1, 2, 1>, column_taps = array<i64: 1, 2, 1>, reach = 1.0 : f64} : <3x3x8xi8, lanes = 4> -> <3x3x2xi8, lanes = 1>
  %m = dataflow.matvec "elsewhere" %e {bias = dense<1> : tensor<2xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1500000001>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 36>, weights = dense_resource<w> : tensor<2x1x1x2xi8>} : <3x3x2xi8, lanes = 1> -> <3x3x2xi8, lanes = 1>
  %o, %t, %q = dataflow.merge "merge" %m tags %tag {reach = 1.0 : f64} : !dataflow.stream<3x3x2xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <3x3x2xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %o, %t, %q {reach = 1.0 : f64} : <3x3x2xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
