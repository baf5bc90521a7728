// RUN: not atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-explore-foldings{held-samples=-1}))' 2>&1 | FileCheck %s
// CHECK: error: 'dataflow.graph' op can't be explored: held-samples must not be negative
// CHECK: note: give the number of samples that gates are to hold, 7 as a rule
dataflow.graph @net {
  %x, %tag = dataflow.source "source" : <1x1x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %x tags %tag : !dataflow.stream<1x1x2xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <1x1x2xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e : <1x1x2xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
