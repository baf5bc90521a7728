// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-balance-pipeline{cycles=16}))' | FileCheck %s

// In 16 cycles a sample, a layer of 64 products that every sample takes needs four of them a cycle: two of eight bits of all eight inputs, for
// two of the outputs. One that a quarter of them take may need 64 cycles, less the margin for bursts: one output at a time, which
// eight groups of tables tell apart.
// Nothing is cheaper: what was reached is what was proved to be the bound.
// CHECK: balance = {cycles = 1.600000e+01 : f64, cycles_bound = 1.600000e+01 : f64, even = true, margin = 2.000000e-01 : f64, share = [[SHARE:[0-9.]+]] : f64, share_bound = [[SHARE]] : f64}
// CHECK: dataflow.source "source" {lanes = 1 : i64
// CHECK: dataflow.matvec "all" {{.*}}blocks = 0 : i64, {{.*}} pe = 2 : i64, products = "serial:2", reach = 1.000000e+00 : f64, shift = array<i32: 4>, simd = 8 : i64
// CHECK: dataflow.matvec "some" {{.*}} pe = 1 : i64, products = "serial:2", reach = 2.500000e-01 : f64, shift = array<i32: 4>, simd = 8 : i64
// CHECK: dataflow.merge "merge" {{.*}}lanes = 1 : i64
// CHECK: dataflow.sink "sink" {{.*}}lanes = 1 : i64

dataflow.graph @net {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <1x1x8xi8, lanes = 1>, <1xi16, lanes = 1>
  %a = dataflow.matvec "all" %x {bias = dense<0> : tensor<8xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<85> : tensor<8x1x1x8xi8>} : <1x1x8xi8, lanes = 1> -> <1x1x8xi8, lanes = 1>
  %b = dataflow.matvec "some" %a {bias = dense<0> : tensor<8xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 0.25 : f64, shift = array<i32: 4>, weights = dense<85> : tensor<8x1x1x8xi8>} : <1x1x8xi8, lanes = 1> -> <1x1x8xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %b tags %tag {reach = 1.0 : f64} : !dataflow.stream<1x1x8xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <1x1x8xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <1x1x8xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
