// What gates will hold is part of the costs: 64 samples of 512 elements are 32 KiB, which 15 block RAMs of 36 bits a word hold
// at 64 elements a beat (one more is for the decision), and 4 are small.
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-balance-pipeline{bram18=8 held-samples=64}))' 2>&1 | FileCheck %s --check-prefix=HELD
// HELD: needs 16 bram18 of 8
// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-balance-pipeline{bram18=8 held-samples=4}))' | FileCheck %s --check-prefix=FEW
// FEW: dataflow.graph @gate
dataflow.graph @gate {
  %x, %tag = dataflow.source "source" : <8x8x8xi8, lanes = 1>, <1xi16, lanes = 1>
  %xs:2 = dataflow.fork "xs" %x : <8x8x8xi8, lanes = 1> -> !dataflow.stream<8x8x8xi8, lanes = 1>, !dataflow.stream<8x8x8xi8, lanes = 1>
  %c = dataflow.decide "decide" %xs#0 {confidence = #ee.max_softmax<threshold = 0.5>} : <8x8x8xi8, lanes = 1> -> <1xi1, lanes = 1>
  %g = dataflow.gate "gate" %xs#1, %c {depth = 512 : i64, pass_when = true} : <8x8x8xi8, lanes = 1>, <1xi1, lanes = 1> -> <8x8x8xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %g tags %tag : !dataflow.stream<8x8x8xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <8x8x8xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e : <8x8x8xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
