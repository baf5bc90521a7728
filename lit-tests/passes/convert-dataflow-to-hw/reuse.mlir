// RUN: atheena-opt %s --convert-dataflow-to-hw | FileCheck %s

// Two vectors use each word of weights, which comes in two parts: a memory of 8 x 2 words of one weight; the vectors, with room for the next ones, wait in
// a memory, and so do the outputs of both.

!image = !dataflow.stream<1x2x8xi8, lanes = 2>
!logits = !dataflow.stream<1x2x2xi8, lanes = 1>
!tag = !dataflow.stream<1xi16, lanes = 1>
!exit = !dataflow.stream<1xi8, lanes = 1>

dataflow.graph @net {
  %x, %t = dataflow.source "in" : !image, !tag
  %y = dataflow.matvec "fc" %x {weights = dense<[[[[1, 2, 3, 4, 5, 6, 7, 8]]], [[[-1, -2, -3, -4, -5, -6, -7, -8]]]]> : tensor<2x1x1x8xi8>,
    bias = dense<0> : tensor<2xi32>, channel_lanes = 2, multiplier = array<i32: 1>, shift = array<i32: 4>,
    output_zp = 0, min = -128, max = 127, products = "lut", reuse = 2} : !image -> !logits
  %d, %dt, %e = dataflow.merge "merge" %y tags %t : !logits tags !tag -> !logits, !tag, !exit
  dataflow.sink "out" %d, %dt, %e : !logits, !tag, !exit
}

// CHECK: sym_name = "net_fc_weights", words = dense<{{.}}[1], [2], [-1], [-2], [3], [4], [-3], [-4], [5], [6], [-5], [-6], [7], [8], [-7], [-8]]> : tensor<16x1xi8>
// CHECK: "sv.reg"() {name = "vectors", {{.*}}uarray<16xi16>
// CHECK: "sv.reg"() {name = "weights", {{.*}}uarray<16xi5>
// CHECK: "sv.reg"() {name = "sums", {{.*}}uarray<4xi14>
// CHECK: "sv.reg"() {name = "outputs", {{.*}}uarray<4xi8>
