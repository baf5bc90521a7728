// RUN: not atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-size-buffers{slack-samples=-1}))' 2>&1 | FileCheck %s
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-size-buffers{queue-samples=-2}))' 2>&1 | FileCheck %s
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-size-buffers{max-loss=0}))' 2>&1 | FileCheck %s
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-size-buffers{most-queued=0}))' 2>&1 | FileCheck %s

// CHECK: error: 'dataflow.graph' op can't have buffers of slack-samples or queue-samples below 0, or a max-loss or most-queued that is not above 0
dataflow.graph @net {
}
