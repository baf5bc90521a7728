// RUN: atheena-opt %s --verify-roundtrip | FileCheck %s

// Numbers of 0 to 127, four of them a word of 28 bits.
// CHECK-LABEL: dataflow.graph @pack
dataflow.graph @pack {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.pack "pack" %{{.*}} : <4x4x2xi8, lanes = 1> -> <32xui7, lanes = 4>
  %w = dataflow.pack "pack" %x : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<32xui7, lanes = 4>
  // CHECK: dataflow.pack "unpack" %{{.*}} : <32xui7, lanes = 4> -> <4x4x2xi8, lanes = 1>
  %y = dataflow.pack "unpack" %w : !dataflow.stream<32xui7, lanes = 4> -> !dataflow.stream<4x4x2xi8, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<4x4x2xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}
