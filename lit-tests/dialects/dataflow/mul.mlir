// RUN: atheena-opt %s --verify-roundtrip | FileCheck %s

// Two maps.
// CHECK-LABEL: dataflow.graph @maps
dataflow.graph @maps {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  %a, %b = dataflow.fork "fork" %x : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<4x4x2xi8, lanes = 1>
  // CHECK: dataflow.mul "mul" %{{.*}}, %{{.*}} {lhs_zp = -128 : i64, rhs_zp = 3 : i64} : <4x4x2xi8, lanes = 1>, <4x4x2xi8, lanes = 1> -> <4x4x2xi32, lanes = 1>
  %y = dataflow.mul "mul" %a, %b {lhs_zp = -128 : i64, rhs_zp = 3 : i64} : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<4x4x2xi32, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<4x4x2xi32, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4x4x2xi32, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<4x4x2xi32, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}

// Each of two pixels a beat times one pixel.
// CHECK-LABEL: dataflow.graph @spread
dataflow.graph @spread {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>
  %a, %b = dataflow.fork "fork" %x : !dataflow.stream<4x4x2xi8, lanes = 4> -> !dataflow.stream<4x4x2xi8, lanes = 4>, !dataflow.stream<4x4x2xi8, lanes = 4>
  %p = dataflow.tile_pool "pool" %b {kernel = array<i64: 4, 4>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : !dataflow.stream<4x4x2xi8, lanes = 4> -> !dataflow.stream<1x1x2xi8, lanes = 2>
  // CHECK: dataflow.mul "mul" %{{.*}}, %{{.*}} : <4x4x2xi8, lanes = 4>, <1x1x2xi8, lanes = 2> -> <4x4x2xi32, lanes = 4>
  %y = dataflow.mul "mul" %a, %p : !dataflow.stream<4x4x2xi8, lanes = 4>, !dataflow.stream<1x1x2xi8, lanes = 2> -> !dataflow.stream<4x4x2xi32, lanes = 4>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<4x4x2xi32, lanes = 4> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<4x4x2xi32, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<4x4x2xi32, lanes = 4>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}
