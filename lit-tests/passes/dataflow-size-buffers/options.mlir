// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-size-buffers{slack-samples=0}))' | FileCheck %s --check-prefix=NONE
// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-size-buffers{slack-samples=3}))' | FileCheck %s --check-prefix=THREE
// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-size-buffers{queue-samples=0}))' | FileCheck %s --check-prefix=DIRECT
// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-size-buffers{queue-samples=8}))' | FileCheck %s --check-prefix=EIGHT
// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-size-buffers{most-queued=0.5}))' | FileCheck %s --check-prefix=HALF
// RUN: sed 's/reach = 0.25/reach = 0.9/' %s | atheena-opt --pass-pipeline='builtin.module(dataflow.graph(dataflow-size-buffers{max-loss=0.5}))' | FileCheck %s --check-prefix=LOSS

// Samples of 3 logits and of 8 elements; see basic.mlir for what the delays ask for.
// NONE: dataflow.gate "taken" {{.*}}depth = 5 : i64
// NONE: dataflow.gate "stay" {{.*}}depth = 18 : i64
// THREE: dataflow.gate "taken" {{.*}}depth = 14 : i64
// THREE: dataflow.gate "stay" {{.*}}depth = 42 : i64
// Without a queue the rest of the network takes samples straight from the gate.
// DIRECT: %[[STAY:.*]] = dataflow.gate "stay"
// DIRECT-NEXT: dataflow.matvec "late" %[[STAY]]
// DIRECT: dataflow.fifo "tag_stay_to_merge_fifo_3" {{.*}}depth = 4 : i64
// EIGHT: dataflow.fifo "stay_to_late_fifo_0" {{.*}}depth = 64 : i64
// EIGHT: dataflow.fifo "tag_stay_to_merge_fifo_3" {{.*}}depth = 12 : i64
// HALF: dataflow.fifo "stay_to_late_fifo_0" {{.*}}depth = 4 : i64
// Whoever lets half of the throughput go needs one place whatever the load.
// LOSS: dataflow.fifo "stay_to_late_fifo_0" {{.*}}depth = 8 : i64
dataflow.graph @net {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <2x2x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %tags:2 = dataflow.fork "tags" %tag {reach = 1.0 : f64} : <1xi16, lanes = 1> -> !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  %xs:2 = dataflow.fork "xs" %x {reach = 1.0 : f64} : <2x2x2xi8, lanes = 1> -> !dataflow.stream<2x2x2xi8, lanes = 1>, !dataflow.stream<2x2x2xi8, lanes = 1>
  %l = dataflow.matvec "early" %xs#0 {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<3x1x1x8xi8>} : <2x2x2xi8, lanes = 1> -> <1x1x3xi8, lanes = 1>
  %ls:2 = dataflow.fork "ls" %l {reach = 1.0 : f64} : <1x1x3xi8, lanes = 1> -> !dataflow.stream<1x1x3xi8, lanes = 1>, !dataflow.stream<1x1x3xi8, lanes = 1>
  %c = dataflow.decide "decide" %ls#0 {confidence = #ee.max_softmax<threshold = 0.9, table = [65536, 51039, 39750, 30957, 24109, 18776, 14623, 11388, 8869, 6907, 5380, 4190, 3263, 2541, 1979, 1541, 1200, 935, 728, 567, 442, 344, 268, 209, 162, 127, 99, 77, 60, 47, 36, 28, 22, 17, 13, 10, 8, 6, 5, 4, 3, 2, 2, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], limit = 72817>, reach = 1.0 : f64} : <1x1x3xi8, lanes = 1> -> <1xi1, lanes = 1>
  %cs:4 = dataflow.fork "cs" %c {reach = 1.0 : f64} : <1xi1, lanes = 1> -> !dataflow.stream<1xi1, lanes = 1>, !dataflow.stream<1xi1, lanes = 1>, !dataflow.stream<1xi1, lanes = 1>, !dataflow.stream<1xi1, lanes = 1>
  %taken = dataflow.gate "taken" %ls#1, %cs#0 {depth = 3 : i64, pass_when = true, reach = 1.0 : f64} : <1x1x3xi8, lanes = 1>, <1xi1, lanes = 1> -> <1x1x3xi8, lanes = 1>
  %tag_taken = dataflow.gate "tag_taken" %tags#0, %cs#1 {depth = 1 : i64, pass_when = true, reach = 1.0 : f64} : <1xi16, lanes = 1>, <1xi1, lanes = 1> -> <1xi16, lanes = 1>
  %tag_stay = dataflow.gate "tag_stay" %tags#1, %cs#2 {depth = 1 : i64, pass_when = false, reach = 1.0 : f64} : <1xi16, lanes = 1>, <1xi1, lanes = 1> -> <1xi16, lanes = 1>
  %stay = dataflow.gate "stay" %xs#1, %cs#3 {depth = 8 : i64, pass_when = false, reach = 1.0 : f64} : <2x2x2xi8, lanes = 1>, <1xi1, lanes = 1> -> <2x2x2xi8, lanes = 1>
  %late = dataflow.matvec "late" %stay {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 0.25 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<3x1x1x8xi8>} : <2x2x2xi8, lanes = 1> -> <1x1x3xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %taken, %late tags %tag_taken, %tag_stay {reach = 1.0 : f64} : !dataflow.stream<1x1x3xi8, lanes = 1>, !dataflow.stream<1x1x3xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi16, lanes = 1> -> <1x1x3xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <1x1x3xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
