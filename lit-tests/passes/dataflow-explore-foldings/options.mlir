// What gates will hold is part of their costs: 64 samples of 512 elements are 32 KiB, which 16 block RAMs of 2048 x 8 hold, and 4 are one.
// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-explore-foldings{held-samples=64}))' | FileCheck %s --check-prefix=MANY
// MANY: dataflow.gate "gate" {{.*}}foldings = [{bram18 = 16 : i64, cycles = 512 : i64
// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-explore-foldings{held-samples=4}))' | FileCheck %s --check-prefix=FEW
// FEW: dataflow.gate "gate" {{.*}}foldings = [{bram18 = 1 : i64, cycles = 512 : i64
dataflow.graph @gate {
  %x, %tag = dataflow.source "source" : <8x8x8xi8, lanes = 1>, <1xi16, lanes = 1>
  %xs:2 = dataflow.fork "xs" %x : <8x8x8xi8, lanes = 1> -> !dataflow.stream<8x8x8xi8, lanes = 1>, !dataflow.stream<8x8x8xi8, lanes = 1>
  %c = dataflow.decide "decide" %xs#0 {confidence = #ee.max_softmax<threshold = 0.5>} : <8x8x8xi8, lanes = 1> -> <1xi1, lanes = 1>
  %g = dataflow.gate "gate" %xs#1, %c {depth = 512 : i64, pass_when = true} : <8x8x8xi8, lanes = 1>, <1xi1, lanes = 1> -> <8x8x8xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %g tags %tag : !dataflow.stream<8x8x8xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <8x8x8xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e : <8x8x8xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
