// RUN: atheena-opt %s --convert-dataflow-to-hw -split-input-file -verify-diagnostics

!image = !dataflow.stream<5x5x1xi8, lanes = 1>
!windows = !dataflow.stream<7x7x1xi8, lanes = 1>
!tag = !dataflow.stream<1xi16, lanes = 1>
!exit = !dataflow.stream<1xi8, lanes = 1>

dataflow.graph @only_padding {
  %x, %t = dataflow.source "in" : !image, !tag
  // expected-error @below {{'dataflow.window' op has windows that hold nothing but padding}}
  // expected-note @below {{pad with dataflow.pad in front}}
  %w = dataflow.window "window" %x {kernel = array<i64: 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>,
    pad = array<i64: 1, 1, 1, 1>, pad_value = 0} : !image -> !windows
  %d, %dt, %e = dataflow.merge "merge" %w tags %t : !windows tags !tag -> !windows, !tag, !exit
  dataflow.sink "out" %d, %dt, %e : !windows, !tag, !exit
}

// -----

!logits = !dataflow.stream<10xi8, lanes = 1>
!bit = !dataflow.stream<1xi1, lanes = 1>
!tag = !dataflow.stream<1xi16, lanes = 1>
!exit = !dataflow.stream<1xi8, lanes = 1>

dataflow.graph @float_decision {
  %x, %t = dataflow.source "in" : !logits, !tag
  %a, %b = dataflow.fork "fork" %x : !logits -> !logits, !logits
  // expected-error @below {{'dataflow.decide' op expected a confidence in its integer form, with a table and a limit}}
  // expected-note @below {{run ee-quantize first}}
  %c = dataflow.decide "decide" %a {confidence = #ee.max_softmax<threshold = 0.9>} : !logits -> !bit
  %g = dataflow.gate "gate" %b, %c {pass_when = true, depth = 10} : !logits, !bit -> !logits
  %d, %dt, %e = dataflow.merge "merge" %g tags %t : !logits tags !tag -> !logits, !tag, !exit
  dataflow.sink "out" %d, %dt, %e : !logits, !tag, !exit
}

// -----

!vector = !dataflow.stream<1x1x8xi8, lanes = 4>
!result = !dataflow.stream<1x1x3xi8, lanes = 3>
!tag = !dataflow.stream<1xi16, lanes = 1>
!exit = !dataflow.stream<1xi8, lanes = 1>

dataflow.graph @half_a_vector {
  %x, %t = dataflow.source "in" : !vector, !tag
  // expected-error @below {{'dataflow.matvec' op expected whole vectors of at least two 1-bit digits, one at a time, some elements for LUTs, and at most 8 groups of outputs, for serial products}}
  // expected-note @below {{choose other lanes, or products = "lut"}}
  %y = dataflow.matvec "dense" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 4 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>,
    output_zp = 0 : i64, products = "serial:1", shift = array<i32: 7>, weights = dense<1> : tensor<3x1x1x8xi8>} : !vector -> !result
  %d, %dt, %e = dataflow.merge "merge" %y tags %t : !result tags !tag -> !result, !tag, !exit
  dataflow.sink "out" %d, %dt, %e : !result, !tag, !exit
}

// -----

!vector = !dataflow.stream<1x1x8xi8, lanes = 8>
!result = !dataflow.stream<1x1x3xi8, lanes = 1>
!tag = !dataflow.stream<1xi16, lanes = 1>
!exit = !dataflow.stream<1xi8, lanes = 1>

dataflow.graph @some_outputs {
  %x, %t = dataflow.source "in" : !vector, !tag
  // expected-error @below {{'dataflow.matvec' op expected whole vectors of at least two 4-bit digits, one at a time, some elements for LUTs, and all outputs at once, for constants in digits}}
  // expected-note @below {{choose other lanes, or no products}}
  %y = dataflow.matvec "dense" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 8 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>,
    output_zp = 0 : i64, products = "constants:4", shift = array<i32: 7>, weights = dense<1> : tensor<3x1x1x8xi8>} : !vector -> !result
  %d, %dt, %e = dataflow.merge "merge" %y tags %t : !result tags !tag -> !result, !tag, !exit
  dataflow.sink "out" %d, %dt, %e : !result, !tag, !exit
}

// -----

!vector = !dataflow.stream<1x1x8xi8, lanes = 8>
!result = !dataflow.stream<1x1x3xi8, lanes = 3>
!tag = !dataflow.stream<1xi16, lanes = 1>
!exit = !dataflow.stream<1xi8, lanes = 1>

dataflow.graph @one_digit {
  %x, %t = dataflow.source "in" : !vector, !tag
  // expected-error @below {{'dataflow.matvec' op expected whole vectors of at least two 8-bit digits, one at a time, some elements for LUTs, and all outputs at once, for constants in digits}}
  // expected-note @below {{choose other lanes, or no products}}
  %y = dataflow.matvec "dense" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 8 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>,
    output_zp = 0 : i64, products = "constants:8", shift = array<i32: 7>, weights = dense<1> : tensor<3x1x1x8xi8>} : !vector -> !result
  %d, %dt, %e = dataflow.merge "merge" %y tags %t : !result tags !tag -> !result, !tag, !exit
  dataflow.sink "out" %d, %dt, %e : !result, !tag, !exit
}

// -----

!vector = !dataflow.stream<1x1x8xi8, lanes = 8>
!result = !dataflow.stream<1x1x3xi8, lanes = 3>
!tag = !dataflow.stream<1xi16, lanes = 1>
!exit = !dataflow.stream<1xi8, lanes = 1>

dataflow.graph @nothing_for_luts {
  %x, %t = dataflow.source "in" : !vector, !tag
  // expected-error @below {{'dataflow.matvec' op expected whole vectors of at least two 4-bit digits, one at a time, some elements for LUTs, and all outputs at once, for constants in digits}}
  // expected-note @below {{choose other lanes, or no products}}
  %y = dataflow.matvec "dense" %x {bias = dense<0> : tensor<3xi32>, channel_lanes = 8 : i64, max = 127 : i64, min = 0 : i64, multiplier = array<i32: 1>,
    output_zp = 0 : i64, products = "constants:4+dsp:4", shift = array<i32: 7>, weights = dense<1> : tensor<3x1x1x8xi8>} : !vector -> !result
  %d, %dt, %e = dataflow.merge "merge" %y tags %t : !result tags !tag -> !result, !tag, !exit
  dataflow.sink "out" %d, %dt, %e : !result, !tag, !exit
}
