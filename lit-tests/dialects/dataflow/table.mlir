// RUN: atheena-opt %s --verify-roundtrip | FileCheck %s

// Every element gets 7.
// CHECK-LABEL: dataflow.graph @table
dataflow.graph @table {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.table "table" %{{.*}} {values = dense<7> : tensor<256xi8>} : <4x4x2xi8, lanes = 1> -> <4x4x2xi8, lanes = 1>
  %y = dataflow.table "table" %x {values = dense<7> : tensor<256xi8>} : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<4x4x2xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}
