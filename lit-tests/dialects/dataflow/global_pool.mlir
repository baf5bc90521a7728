// RUN: atheena-opt %s --verify-roundtrip | FileCheck %s

// The average of 16 pixels, each less 3, plus 5.
// CHECK-LABEL: dataflow.graph @global_pool
dataflow.graph @global_pool {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.global_pool "mean" %{{.*}} {input_zp = 3 : i64, kind = "avg", multiplier = 1073741825 : i32, output_zp = 5 : i64, shift = 34 : i32} : <4x4x2xi8, lanes = 1> -> <1x1x2xi8, lanes = 1>
  %y = dataflow.global_pool "mean" %x {input_zp = 3 : i64, kind = "avg", multiplier = 1073741825 : i32, output_zp = 5 : i64, shift = 34 : i32} : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<1x1x2xi8, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<1x1x2xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<1x1x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<1x1x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}

// Four pixels a beat: all channels of the result at once.
// CHECK-LABEL: dataflow.graph @pixels
dataflow.graph @pixels {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x5x2xi8, lanes = 8>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.global_pool "pool" %{{.*}} {kind = "max", multiplier = 1 : i32, shift = 0 : i32} : <4x5x2xi8, lanes = 8> -> <1x1x2xi8, lanes = 2>
  %y = dataflow.global_pool "pool" %x {kind = "max", multiplier = 1 : i32, shift = 0 : i32} : !dataflow.stream<4x5x2xi8, lanes = 8> -> !dataflow.stream<1x1x2xi8, lanes = 2>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<1x1x2xi8, lanes = 2> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<1x1x2xi8, lanes = 2>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<1x1x2xi8, lanes = 2>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}
