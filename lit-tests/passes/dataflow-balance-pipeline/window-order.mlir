// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-balance-pipeline{cycles=128}))' | FileCheck %s

// A pool takes its windows in the order that their lanes make, so it has the lanes of its window: 8 * 8 * 4 / 2 beats of the
// window are 128 cycles, though 4 * 4 * 4 elements out of the pool would be slow enough in one lane.
// CHECK: dataflow.graph @pool
// CHECK: dataflow.window "w" {{.*}}lanes = 2 : i64
// CHECK: dataflow.pool "p" {{.*}}lanes = 2 : i64
dataflow.graph @pool {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <8x8x4xi8, lanes = 1>, <1xi16, lanes = 1>
  %w = dataflow.window "w" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, reach = 1.0 : f64, stride = array<i64: 2, 2>} : <8x8x4xi8, lanes = 1> -> <4x4x16xi8, lanes = 4>
  %p = dataflow.pool "p" %w {kernel = array<i64: 2, 2>, kind = "max", multiplier = 1 : i32, reach = 1.0 : f64, shift = 0 : i32} : <4x4x16xi8, lanes = 4> -> <4x4x4xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %p tags %tag {reach = 1.0 : f64} : !dataflow.stream<4x4x4xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <4x4x4xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <4x4x4xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
