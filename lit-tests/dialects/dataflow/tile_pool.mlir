// RUN: atheena-opt %s --verify-roundtrip | FileCheck %s

// The average of 16 pixels, each less 3, plus 5.
// CHECK-LABEL: dataflow.graph @whole_map
dataflow.graph @whole_map {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.tile_pool "mean" %{{.*}} {input_zp = 3 : i64, kernel = array<i64: 4, 4>, kind = "avg", multiplier = 1073741825 : i32, output_zp = 5 : i64, shift = 34 : i32} : <4x4x2xi8, lanes = 1> -> <1x1x2xi8, lanes = 1>
  %y = dataflow.tile_pool "mean" %x {input_zp = 3 : i64, kernel = array<i64: 4, 4>, kind = "avg", multiplier = 1073741825 : i32, output_zp = 5 : i64, shift = 34 : i32} : !dataflow.stream<4x4x2xi8, lanes = 1> -> !dataflow.stream<1x1x2xi8, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<1x1x2xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<1x1x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<1x1x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}

// Four pixels a beat: all channels of the result at once.
// CHECK-LABEL: dataflow.graph @pixels
dataflow.graph @pixels {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x5x2xi8, lanes = 8>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.tile_pool "pool" %{{.*}} {kernel = array<i64: 4, 5>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : <4x5x2xi8, lanes = 8> -> <1x1x2xi8, lanes = 2>
  %y = dataflow.tile_pool "pool" %x {kernel = array<i64: 4, 5>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : !dataflow.stream<4x5x2xi8, lanes = 8> -> !dataflow.stream<1x1x2xi8, lanes = 2>
  %r, %t, %e = dataflow.merge "merge" %y tags %tag : !dataflow.stream<1x1x2xi8, lanes = 2> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<1x1x2xi8, lanes = 2>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<1x1x2xi8, lanes = 2>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}

// Two tiles a beat; a third of the row of a tile a beat; parts of a pixel.
// CHECK-LABEL: dataflow.graph @tiles
dataflow.graph @tiles {
  %x, %tag = dataflow.source "source" : !dataflow.stream<4x12x2xi8, lanes = 8>, !dataflow.stream<1xi16, lanes = 1>
  // CHECK: dataflow.tile_pool "pairs" %{{.*}} {kernel = array<i64: 2, 2>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : <4x12x2xi8, lanes = 8> -> <2x6x2xi8, lanes = 4>
  %y = dataflow.tile_pool "pairs" %x {kernel = array<i64: 2, 2>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : <4x12x2xi8, lanes = 8> -> <2x6x2xi8, lanes = 4>
  // CHECK: dataflow.tile_pool "row" %{{.*}} {kernel = array<i64: 1, 6>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : <2x6x2xi8, lanes = 4> -> <2x1x2xi8, lanes = 2>
  %z = dataflow.tile_pool "row" %y {kernel = array<i64: 1, 6>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : <2x6x2xi8, lanes = 4> -> <2x1x2xi8, lanes = 2>
  %n = dataflow.resize "narrow" %z : <2x1x2xi8, lanes = 2> -> <2x1x2xi8, lanes = 1>
  // CHECK: dataflow.tile_pool "part" %{{.*}} {kernel = array<i64: 2, 1>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : <2x1x2xi8, lanes = 1> -> <1x1x2xi8, lanes = 1>
  %p = dataflow.tile_pool "part" %n {kernel = array<i64: 2, 1>, kind = "max", multiplier = 1 : i32, shift = 0 : i32} : <2x1x2xi8, lanes = 1> -> <1x1x2xi8, lanes = 1>
  %r, %t, %e = dataflow.merge "merge" %p tags %tag : !dataflow.stream<1x1x2xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> !dataflow.stream<1x1x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
  dataflow.sink "sink" %r, %t, %e : !dataflow.stream<1x1x2xi8, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi8, lanes = 1>
}
