// RUN: atheena-opt %s -split-input-file --pass-pipeline='builtin.module(dataflow.graph(dataflow-size-buffers))' | FileCheck %s

// DSP blocks and block RAMs that would take more elements than there are: the pass goes on, convert-dataflow-to-hw says what is wrong.
// CHECK: products = "serial:4+dsp:4"
!vector = !dataflow.stream<1x1x8xi8, lanes = 8>
!result = !dataflow.stream<1x1x3xi8, lanes = 3>
!tag = !dataflow.stream<1xi16, lanes = 1>
!exit = !dataflow.stream<1xi8, lanes = 1>
dataflow.graph @few {
  %x, %t = dataflow.source "in" : !vector, !tag
  %y = dataflow.matvec "dense" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 8 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>,
    output_zp = 0 : i64, products = "serial:4+dsp:4", shift = array<i32: 7>, weights = dense<1> : tensor<3x1x1x8xi8>} : !vector -> !result
  %d, %dt, %e = dataflow.merge "merge" %y tags %t : !result tags !tag -> !result, !tag, !exit
  dataflow.sink "out" %d, %dt, %e : !result, !tag, !exit
}

// -----

// CHECK: products = "serial:4+dsp:5"
!vector = !dataflow.stream<1x1x8xi8, lanes = 8>
!result = !dataflow.stream<1x1x3xi8, lanes = 3>
!tag = !dataflow.stream<1xi16, lanes = 1>
!exit = !dataflow.stream<1xi8, lanes = 1>
dataflow.graph @few {
  %x, %t = dataflow.source "in" : !vector, !tag
  %y = dataflow.matvec "dense" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 8 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>,
    output_zp = 0 : i64, products = "serial:4+dsp:5", shift = array<i32: 7>, weights = dense<1> : tensor<3x1x1x8xi8>} : !vector -> !result
  %d, %dt, %e = dataflow.merge "merge" %y tags %t : !result tags !tag -> !result, !tag, !exit
  dataflow.sink "out" %d, %dt, %e : !result, !tag, !exit
}

// -----

// CHECK: products = "serial:4+bram:3"
!vector = !dataflow.stream<1x1x8xi8, lanes = 8>
!result = !dataflow.stream<1x1x3xi8, lanes = 3>
!tag = !dataflow.stream<1xi16, lanes = 1>
!exit = !dataflow.stream<1xi8, lanes = 1>
dataflow.graph @few {
  %x, %t = dataflow.source "in" : !vector, !tag
  %y = dataflow.matvec "dense" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 8 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>,
    output_zp = 0 : i64, products = "serial:4+bram:3", shift = array<i32: 7>, weights = dense<1> : tensor<3x1x1x8xi8>} : !vector -> !result
  %d, %dt, %e = dataflow.merge "merge" %y tags %t : !result tags !tag -> !result, !tag, !exit
  dataflow.sink "out" %d, %dt, %e : !result, !tag, !exit
}

// -----

// CHECK: products = "constants:4+dsp:5"
!vector = !dataflow.stream<1x1x8xi8, lanes = 8>
!result = !dataflow.stream<1x1x3xi8, lanes = 3>
!tag = !dataflow.stream<1xi16, lanes = 1>
!exit = !dataflow.stream<1xi8, lanes = 1>
dataflow.graph @few {
  %x, %t = dataflow.source "in" : !vector, !tag
  %y = dataflow.matvec "dense" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 8 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>,
    output_zp = 0 : i64, products = "constants:4+dsp:5", shift = array<i32: 7>, weights = dense<1> : tensor<3x1x1x8xi8>} : !vector -> !result
  %d, %dt, %e = dataflow.merge "merge" %y tags %t : !result tags !tag -> !result, !tag, !exit
  dataflow.sink "out" %d, %dt, %e : !result, !tag, !exit
}

// -----

// CHECK: products = "constants:4+bram:1"
!vector = !dataflow.stream<1x1x8xi8, lanes = 8>
!result = !dataflow.stream<1x1x3xi8, lanes = 3>
!tag = !dataflow.stream<1xi16, lanes = 1>
!exit = !dataflow.stream<1xi8, lanes = 1>
dataflow.graph @few {
  %x, %t = dataflow.source "in" : !vector, !tag
  %y = dataflow.matvec "dense" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 8 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>,
    output_zp = 0 : i64, products = "constants:4+bram:1", shift = array<i32: 7>, weights = dense<1> : tensor<3x1x1x8xi8>} : !vector -> !result
  %d, %dt, %e = dataflow.merge "merge" %y tags %t : !result tags !tag -> !result, !tag, !exit
  dataflow.sink "out" %d, %dt, %e : !result, !tag, !exit
}
