// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-explore-foldings))' | FileCheck %s
// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-explore-foldings,dataflow-balance-pipeline,dataflow-apply-foldings))' | FileCheck %s --check-prefix=APPLIED

// A layer of 2 inputs and 2 outputs: one product a cycle takes 4 cycles, two of them 2, in one DSP where they have the same
// input, all four 1 and then no DSP. Each has lanes of
// its own, so none stands for another one.
// CHECK: dataflow.source "source" {foldings = [{{.*}}inputs = array<i64>, lanes = 1 : i64,{{.*}}outputs = array<i64: 1, 1>
// CHECK: dataflow.matvec "layer" {{.*}}foldings = [
// CHECK-SAME: bram18 = 0 : i64, cycles = 4 : i64, dsp = 1 : i64, {{[^}]*}}inputs = array<i64: 1>, {{[^}]*}}outputs = array<i64: 1>, pe = 1 : i64, products = "dsp", simd = 1 : i64}
// CHECK-SAME: bram18 = 0 : i64, cycles = 2 : i64, dsp = 2 : i64, {{[^}]*}}inputs = array<i64: 2>, {{[^}]*}}outputs = array<i64: 1>, pe = 1 : i64, products = "dsp", simd = 2 : i64}
// CHECK-SAME: bram18 = 0 : i64, cycles = 2 : i64, dsp = 1 : i64, {{[^}]*}}inputs = array<i64: 1>, {{[^}]*}}outputs = array<i64: 2>, pe = 2 : i64, products = "dsp", simd = 1 : i64}
// CHECK-SAME: bram18 = 0 : i64, cycles = 1 : i64, dsp = 0 : i64, {{[^}]*}}inputs = array<i64: 2>, {{[^}]*}}outputs = array<i64: 2>, pe = 2 : i64, simd = 2 : i64}
// Of an element of eight bits one a cycle.
// CHECK-SAME: bram18 = 0 : i64, cycles = 8 : i64, dsp = 0 : i64, {{[^}]*}}inputs = array<i64: 2>, {{[^}]*}}outputs = array<i64: 2>, pe = 2 : i64, products = "serial:1", simd = 2 : i64}
// Changes of lanes are not the actors' choice.
// CHECK: dataflow.resize "wider"
// CHECK-NOT: foldings
// CHECK-SAME: : <1x1x2xi8
// APPLIED-NOT: foldings
dataflow.graph @net {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <1x1x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %a = dataflow.matvec "layer" %x {bias = dense<0> : tensor<2xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<85> : tensor<2x1x1x2xi8>} : <1x1x2xi8, lanes = 1> -> <1x1x2xi8, lanes = 1>
  %w = dataflow.resize "wider" %a : <1x1x2xi8, lanes = 1> -> <1x1x2xi8, lanes = 2>
  %d, %t, %e = dataflow.merge "merge" %w tags %tag {reach = 1.0 : f64} : !dataflow.stream<1x1x2xi8, lanes = 2> tags !dataflow.stream<1xi16, lanes = 1> -> <1x1x2xi8, lanes = 2>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <1x1x2xi8, lanes = 2>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
