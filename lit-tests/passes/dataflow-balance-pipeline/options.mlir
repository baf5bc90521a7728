// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-balance-pipeline))' | FileCheck %s --check-prefix=MOST
// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-balance-pipeline{dsp=2 lut=600}))' | FileCheck %s --check-prefix=DSP
// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-balance-pipeline{cycles=32}))' | FileCheck %s --check-prefix=CYCLES
// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-balance-pipeline{lut=1000 ff=740}))' | FileCheck %s --check-prefix=LUT
// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-balance-pipeline{cycles=16 dsp=0}))' | FileCheck %s --check-prefix=ZERO
// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-balance-pipeline{cycles=16 margin=0}))' | FileCheck %s --check-prefix=NONE

// Without a budget all eight elements go in a cycle.
// MOST: source "source" {lanes = 8 : i64
// MOST: matvec "all" {{.*}} pe = 8 : i64, {{.*}} simd = 8 : i64
// Tables do two bits of eight products a cycle for two outputs, and two DSP blocks the layer of the quarter.
// DSP: matvec "all" {{.*}} pe = 2 : i64, products = "serial:2", {{.*}} simd = 8 : i64
// DSP: matvec "some" {{.*}} pe = 1 : i64, products = "dsp", {{.*}} simd = 2 : i64
// In 32 cycles a sample two products a cycle are enough: a bit of eight for two outputs.
// CYCLES: matvec "all" {{.*}} pe = 2 : i64, products = "serial:1", {{.*}} simd = 8 : i64
// Few LUTs and flip-flops: the smallest there is.
// LUT: matvec "all" {{.*}} pe = 1 : i64
// Without DSPs all products are in LUTs, as tables.
// ZERO: matvec "all" {{.*}} products = "serial:2"
// ZERO: matvec "some" {{.*}} products = "serial:2"
// The layer of the quarter may take 64 cycles without a margin, and less with the usual one.
// NONE: matvec "some" {{.*}} pe = 1 : i64, products = "serial:1"
dataflow.graph @net {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <1x1x8xi8, lanes = 1>, <1xi16, lanes = 1>
  %a = dataflow.matvec "all" %x {bias = dense<0> : tensor<8xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<-100> : tensor<8x1x1x8xi8>} : <1x1x8xi8, lanes = 1> -> <1x1x8xi8, lanes = 1>
  %b = dataflow.matvec "some" %a {bias = dense<0> : tensor<8xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 0.25 : f64, shift = array<i32: 4>, weights = dense<-100> : tensor<8x1x1x8xi8>} : <1x1x8xi8, lanes = 1> -> <1x1x8xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %b tags %tag {reach = 1.0 : f64} : !dataflow.stream<1x1x8xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <1x1x8xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <1x1x8xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
