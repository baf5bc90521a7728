// What waits at exits is part of the costs. Without a margin the queue is as long as it may be, 32 samples of 512 elements: 16 KiB, which eight
// block RAMs hold at any number of lanes up to eight. The gate itself is of LUTs at eight lanes.
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-balance-pipeline{bram18=7 margin=0}))' 2>&1 | FileCheck %s --check-prefix=LONG
// LONG: does not fit its budget: at its smallest it needs 8 bram18 of 7
// With a margin of a quarter five places do; with a fifth of the throughput to lose some two (0.375 / 0.2, passes/src/bursts.rs).
// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-balance-pipeline{bram18=7 margin=0.25}))' | FileCheck %s --check-prefix=MARGIN
// MARGIN: dataflow.gate "gate" {{.*}}places = 5.{{.*}} : f64
// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-balance-pipeline{bram18=7 margin=0 max-loss=0.2}))' | FileCheck %s --check-prefix=LOSS
// LOSS: dataflow.gate "gate" {{.*}}places = 1.{{.*}} : f64
dataflow.graph @gate {
  %x, %tag = dataflow.source "source" : <8x8x8xi8, lanes = 1>, <1xi16, lanes = 1>
  %xs:2 = dataflow.fork "xs" %x : <8x8x8xi8, lanes = 1> -> !dataflow.stream<8x8x8xi8, lanes = 1>, !dataflow.stream<8x8x8xi8, lanes = 1>
  %c = dataflow.decide "decide" %xs#0 {confidence = #ee.max_softmax<threshold = 0.5>} : <8x8x8xi8, lanes = 1> -> <1xi1, lanes = 1>
  %g = dataflow.gate "gate" %xs#1, %c {depth = 512 : i64, pass_when = false} : <8x8x8xi8, lanes = 1>, <1xi1, lanes = 1> -> <8x8x8xi8, lanes = 1>
  %p = dataflow.fork "rest" %g {reach = 0.25 : f64} : <8x8x8xi8, lanes = 1> -> !dataflow.stream<8x8x8xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %p tags %tag : !dataflow.stream<8x8x8xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <8x8x8xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e : <8x8x8xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
