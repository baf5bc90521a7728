// RUN: atheena-opt %s --verify-roundtrip | FileCheck %s

// Unsigned pixels become signed activations.
// CHECK-LABEL: dataflow.graph @map
dataflow.graph @map {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xui8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.map "pixels" %{{.*}} {input_zp = 128 : i64, max = 127 : i64, min = -128 : i64, multiplier = 1073741824 : i32, output_zp = 0 : i64, shift = 30 : i32}
  // CHECK-SAME: : <4x4x2xui8, lanes = 1> -> <4x4x2xi8, lanes = 1>
  %y = dataflow.map "pixels" %x {input_zp = 128 : i64, max = 127 : i64, min = -128 : i64, multiplier = 1073741824 : i32, output_zp = 0 : i64, shift = 30 : i32}
      : !dataflow.stream<4x4x2xui8, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<4x4x2xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}
