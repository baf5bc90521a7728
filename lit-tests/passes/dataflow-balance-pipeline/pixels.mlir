// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-balance-pipeline{cycles=16}))' | FileCheck %s
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-balance-pipeline{cycles=7}))' 2>&1 | FileCheck %s --check-prefix=ROWS

// 64 pixels in 16 cycles are four a beat, from end to end: 36 elements of four windows, and their eight outputs.
// CHECK: dataflow.source "source" {lanes = 4 : i64
// CHECK: dataflow.window "window" {{.*}} lanes = 4 : i64
// CHECK: dataflow.matvec "matvec" {{.*}} pe = 8 : i64, {{.*}} simd = 36 : i64
// CHECK: dataflow.merge "merge" {{.*}} {lanes = 8 : i64
// CHECK: dataflow.sink "sink" {{.*}} {lanes = 8 : i64
// No beat spans two of the eight rows.
// ROWS: can't take a sample every 7 cycles: "source" takes 8 at its fastest
dataflow.graph @pixels {
  %x, %tag = dataflow.source "source" : <8x8x1xui8, lanes = 1>, <1xi16, lanes = 1>
  %w = dataflow.window "window" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 3, 3>, pad = array<i64: 1, 1, 1, 1>, pad_value = 0 : i64, stride = array<i64: 1, 1>} : <8x8x1xui8, lanes = 1> -> <8x8x9xui8, lanes = 9>
  %y = dataflow.matvec "matvec" %w {bias = dense<0> : tensor<2xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, shift = array<i32: 8>, weights = dense<3> : tensor<2x3x3x1xi8>} : <8x8x9xui8, lanes = 9> -> <8x8x2xi8, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<8x8x2xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <8x8x2xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : <8x8x2xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
