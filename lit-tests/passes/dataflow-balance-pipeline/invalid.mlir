// RUN: not atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-balance-pipeline{lut=10 ff=10}))' 2>&1 | FileCheck %s --check-prefix=BUDGET
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-balance-pipeline{cycles=0.5}))' 2>&1 | FileCheck %s --check-prefix=FAST
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-balance-pipeline{cycles=16 lut=480}))' 2>&1 | FileCheck %s --check-prefix=BOTH
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-balance-pipeline{ff=-2}))' 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-balance-pipeline{margin=-1}))' 2>&1 | FileCheck %s --check-prefix=NEGATIVE

// BUDGET: error: 'dataflow.graph' op does not fit its budget: at its smallest it needs {{[0-9]+}} lut of 10, {{[0-9]+}} ff of 10
// BUDGET: note: the largest is "{{all|some|merge}}", with {{[0-9]+}} {{lut|ff}}
// BUDGET: note: raise the budget or take a larger device
// Every actor takes a cycle a sample at least.
// FAST: error: 'dataflow.graph' op can't take a sample every 0.5 cycles: "source" takes 1 at its fastest
// FAST: note: at its fastest the whole takes a sample every 1 cycles
// FAST: note: ask for a lower throughput
// Two products a cycle for the first layer fit, 32 cycles for its 64; four do not.
// BOTH: error: 'dataflow.graph' op needs {{[0-9]+}} lut of 480 to take a sample every 16 cycles
// BOTH: note: in its budget it takes a sample every 32.0 cycles at best
// BOTH: note: raise the budget or ask for a lower throughput
// NEGATIVE: error: 'dataflow.graph' op can't be balanced: budgets and cycles must not be negative, margin above -1 and max-loss above 0
dataflow.graph @net {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <1x1x8xi8, lanes = 1>, <1xi16, lanes = 1>
  %a = dataflow.matvec "all" %x {bias = dense<0> : tensor<8xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<-100> : tensor<8x1x1x8xi8>} : <1x1x8xi8, lanes = 1> -> <1x1x8xi8, lanes = 1>
  %b = dataflow.matvec "some" %a {bias = dense<0> : tensor<8xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 0.25 : f64, shift = array<i32: 4>, weights = dense<-100> : tensor<8x1x1x8xi8>} : <1x1x8xi8, lanes = 1> -> <1x1x8xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %b tags %tag {reach = 1.0 : f64} : !dataflow.stream<1x1x8xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <1x1x8xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <1x1x8xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
