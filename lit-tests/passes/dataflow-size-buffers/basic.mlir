// RUN: atheena-opt %s --pass-pipeline='builtin.module(dataflow.graph(dataflow-size-buffers))' | FileCheck %s

// The slowest actor is the early classifier: 8 * 3 = 24 cycles a sample. From the source (1) and the fork (1) the logits come
// after 24 + 7 cycles, at 33, the fork's copy at 34, the decision after 3 + 3 + 7 cycles, at 47, its copies at 48.
// CHECK-LABEL: dataflow.graph @net
// 48 - 34 cycles are less than a sample; one is the least, a quarter is slack: 3.75 logits, and two beats more.
// CHECK: dataflow.gate "taken" {{.*}}depth = 6 : i64
// 48 - 2 cycles are 1.92 samples; with the slack, three, and two beats more.
// CHECK: dataflow.gate "tag_taken" {{.*}}depth = 5 : i64
// CHECK: %[[TAG:.*]] = dataflow.gate "tag_stay" {{.*}}depth = 5 : i64
// CHECK: %[[STAY:.*]] = dataflow.gate "stay" {{.*}}depth = 20 : i64
// Behind it a sample takes no longer than the next one needs to come, so one place is enough.
// CHECK: %[[QUEUE:.*]] = dataflow.fifo "stay_to_late_fifo_0" %[[STAY]] {depth = 8 : i64
// CHECK: dataflow.matvec "late" %[[QUEUE]]
// The tag comes at 44 + 3, the late logits at 44 + 10 + 30: 1.54 samples, the slack, the one in the queue, and two beats.
// CHECK: %[[FIFO:.*]] = dataflow.fifo "tag_stay_to_merge_fifo_3" %[[TAG]] {depth = 5 : i64
// CHECK: dataflow.merge "merge" {{.*}}, %[[FIFO]] {
dataflow.graph @net {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <2x2x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %tags:2 = dataflow.fork "tags" %tag {reach = 1.0 : f64} : <1xi16, lanes = 1> -> !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  %xs:2 = dataflow.fork "xs" %x {reach = 1.0 : f64} : <2x2x2xi8, lanes = 1> -> !dataflow.stream<2x2x2xi8, lanes = 1>, !dataflow.stream<2x2x2xi8, lanes = 1>
  %l = dataflow.matvec "early" %xs#0 {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<3x1x1x8xi8>} : <2x2x2xi8, lanes = 1> -> <1x1x3xi8, lanes = 1>
  %ls:2 = dataflow.fork "ls" %l {reach = 1.0 : f64} : <1x1x3xi8, lanes = 1> -> !dataflow.stream<1x1x3xi8, lanes = 1>, !dataflow.stream<1x1x3xi8, lanes = 1>
  %c = dataflow.decide "decide" %ls#0 {confidence = #ee.max_softmax<threshold = 0.9, table = [65536, 51039, 39750, 30957, 24109, 18776, 14623, 11388, 8869, 6907, 5380, 4190, 3263, 2541, 1979, 1541, 1200, 935, 728, 567, 442, 344, 268, 209, 162, 127, 99, 77, 60, 47, 36, 28, 22, 17, 13, 10, 8, 6, 5, 4, 3, 2, 2, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], limit = 72817>, reach = 1.0 : f64} : <1x1x3xi8, lanes = 1> -> <1xi1, lanes = 1>
  %cs:4 = dataflow.fork "cs" %c {reach = 1.0 : f64} : <1xi1, lanes = 1> -> !dataflow.stream<1xi1, lanes = 1>, !dataflow.stream<1xi1, lanes = 1>, !dataflow.stream<1xi1, lanes = 1>, !dataflow.stream<1xi1, lanes = 1>
  %taken = dataflow.gate "taken" %ls#1, %cs#0 {depth = 3 : i64, pass_when = true, reach = 1.0 : f64} : <1x1x3xi8, lanes = 1>, <1xi1, lanes = 1> -> <1x1x3xi8, lanes = 1>
  %tag_taken = dataflow.gate "tag_taken" %tags#0, %cs#1 {depth = 1 : i64, pass_when = true, reach = 1.0 : f64} : <1xi16, lanes = 1>, <1xi1, lanes = 1> -> <1xi16, lanes = 1>
  %tag_stay = dataflow.gate "tag_stay" %tags#1, %cs#2 {depth = 1 : i64, pass_when = false, reach = 1.0 : f64} : <1xi16, lanes = 1>, <1xi1, lanes = 1> -> <1xi16, lanes = 1>
  %stay = dataflow.gate "stay" %xs#1, %cs#3 {depth = 8 : i64, pass_when = false, reach = 1.0 : f64} : <2x2x2xi8, lanes = 1>, <1xi1, lanes = 1> -> <2x2x2xi8, lanes = 1>
  %late = dataflow.matvec "late" %stay {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 0.25 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<3x1x1x8xi8>} : <2x2x2xi8, lanes = 1> -> <1x1x3xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %taken, %late tags %tag_taken, %tag_stay {reach = 1.0 : f64} : !dataflow.stream<1x1x3xi8, lanes = 1>, !dataflow.stream<1x1x3xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi16, lanes = 1> -> <1x1x3xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <1x1x3xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// The product needs two elements before it gives one, so what goes past it has a queue of a sample; the other way nothing waits.
// CHECK-LABEL: dataflow.graph @branch
// CHECK: %[[QUICK:.*]] = dataflow.map "quick"
// CHECK: %[[SLOW:.*]] = dataflow.matvec "slow"
// CHECK: %[[FIFO:.*]] = dataflow.fifo "quick_to_sum_fifo_0" %[[QUICK]] {depth = 8 : i64
// CHECK-NEXT: dataflow.add "sum" %[[FIFO]], %[[SLOW]]
dataflow.graph @branch {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <2x2x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %xs:2 = dataflow.fork "xs" %x {reach = 1.0 : f64} : <2x2x2xi8, lanes = 1> -> !dataflow.stream<2x2x2xi8, lanes = 1>, !dataflow.stream<2x2x2xi8, lanes = 1>
  %m = dataflow.map "quick" %xs#0 {input_zp = 0 : i64, max = 127 : i64, min = -128 : i64, multiplier = 1 : i32, output_zp = 0 : i64, reach = 1.0 : f64, shift = 0 : i32} : <2x2x2xi8, lanes = 1> -> <2x2x2xi8, lanes = 1>
  %v = dataflow.matvec "slow" %xs#1 {bias = dense<0> : tensor<2xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<2x1x1x2xi8>} : <2x2x2xi8, lanes = 1> -> <2x2x2xi8, lanes = 1>
  %s = dataflow.add "sum" %m, %v {reach = 1.0 : f64} : <2x2x2xi8, lanes = 1>, <2x2x2xi8, lanes = 1> -> <2x2x2xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %s tags %tag {reach = 1.0 : f64} : !dataflow.stream<2x2x2xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <2x2x2xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <2x2x2xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// A pool gives a row of 4 * 2 elements out of every two: the window behind it has a queue of a row. The layer takes 9 * 2 * 4
// = 72 cycles a sample and its window needs a row and a column, 4 + 1 positions of 2 elements, and 2 cycles more before a
// sample's first window; both must be done in the pool's 8 * 8 * 2 = 128 cycles, so no windows of the sample before wait.
// CHECK-LABEL: dataflow.graph @rows
// CHECK: %[[POOL:.*]] = dataflow.pool "pool"
// CHECK: %[[ROW:.*]] = dataflow.fifo "pool_to_windows_fifo_0" %[[POOL]] {depth = 8 : i64
// CHECK: %[[WINDOWS:.*]] = dataflow.window "windows" %[[ROW]]
// CHECK: dataflow.matvec "layer" %[[WINDOWS]]
dataflow.graph @rows {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <8x8x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %p = dataflow.window "pool_window" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, reach = 1.0 : f64, stride = array<i64: 2, 2>} : <8x8x2xi8, lanes = 1> -> <4x4x8xi8, lanes = 4>
  %q = dataflow.pool "pool" %p {kernel = array<i64: 2, 2>, kind = "max", multiplier = 1 : i32, reach = 1.0 : f64, shift = 0 : i32} : <4x4x8xi8, lanes = 4> -> <4x4x2xi8, lanes = 1>
  %w = dataflow.window "windows" %q {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, reach = 1.0 : f64, stride = array<i64: 1, 1>} : <4x4x2xi8, lanes = 1> -> <3x3x8xi8, lanes = 4>
  %y = dataflow.matvec "layer" %w {bias = dense<0> : tensor<4xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<4x2x2x2xi8>} : <3x3x8xi8, lanes = 4> -> <3x3x4xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %y tags %tag {reach = 1.0 : f64} : !dataflow.stream<3x3x4xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <3x3x4xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <3x3x4xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// The pool's row of 4 beats becomes narrower behind its queue: in front of it, the pool would take no other row for 8 cycles. These are 32
// cycles a sample; with the 64 - 16 steps that give none they are 8 late in 72, four beats, and one more. The layer takes those 72 cycles, and is
// late by 12 of the 14 steps in which its window gives none, at four cycles each three beats, and one more. If samples come evenly, its first window comes
// behind 12 of 32 steps, 27 cycles: by the 15 that the beats do not cover, 7 of a sample's 32 beats wait in front, beside the usual row of 8.
// CHECK-LABEL: dataflow.graph @narrow_rows
// CHECK: %[[POOL:.*]] = dataflow.pool "pool"
// CHECK: %[[ROW:.*]] = dataflow.fifo "pool_to_narrow_fifo_0" %[[POOL]] {depth = 5 : i64
// CHECK: %[[NARROW:.*]] = dataflow.resize "narrow" %[[ROW]]
// CHECK: %[[EVEN:.*]] = dataflow.fifo "narrow_to_windows_fifo_0" %[[NARROW]] {depth = 15 : i64
// CHECK: %[[WINDOWS:.*]] = dataflow.window "windows" %[[EVEN]]
// CHECK: %[[QUEUE:.*]] = dataflow.fifo "windows_to_layer_fifo_0" %[[WINDOWS]] {depth = 4 : i64
// CHECK: dataflow.matvec "layer" %[[QUEUE]]
dataflow.graph @narrow_rows {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <8x8x2xi8, lanes = 2>, <1xi16, lanes = 1>
  %p = dataflow.window "pool_window" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, reach = 1.0 : f64, stride = array<i64: 2, 2>} : <8x8x2xi8, lanes = 2> -> <4x4x8xi8, lanes = 8>
  %o = dataflow.pool "pool" %p {kernel = array<i64: 2, 2>, kind = "max", multiplier = 1 : i32, reach = 1.0 : f64, shift = 0 : i32} : <4x4x8xi8, lanes = 8> -> <4x4x2xi8, lanes = 2>
  %q = dataflow.resize "narrow" %o {reach = 1.0 : f64} : <4x4x2xi8, lanes = 2> -> <4x4x2xi8, lanes = 1>
  %w = dataflow.window "windows" %q {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, reach = 1.0 : f64, stride = array<i64: 1, 1>} : <4x4x2xi8, lanes = 1> -> <3x3x8xi8, lanes = 4>
  %y = dataflow.matvec "layer" %w {bias = dense<0> : tensor<4xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<4x2x2x2xi8>} : <3x3x8xi8, lanes = 4> -> <3x3x4xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %y tags %tag {reach = 1.0 : f64} : !dataflow.stream<3x3x4xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <3x3x4xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <3x3x4xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// The layer takes 9 * 2 * 8 = 144 cycles, which is the accelerator's time, and its window 12 of its 32 steps before the first beat. What
// comes from outside waits there: at 8 cycles each, two beats of the sample before cover the 12, and one more.
// CHECK-LABEL: dataflow.graph @fill
// CHECK: %[[WINDOWS:.*]] = dataflow.window "windows" %data
// CHECK: %[[QUEUE:.*]] = dataflow.fifo "windows_to_layer_fifo_0" %[[WINDOWS]] {depth = 3 : i64
// CHECK: dataflow.matvec "layer" %[[QUEUE]]
dataflow.graph @fill {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <4x4x2xi8, lanes = 1>, <1xi16, lanes = 1>
  %w = dataflow.window "windows" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, reach = 1.0 : f64, stride = array<i64: 1, 1>} : <4x4x2xi8, lanes = 1> -> <3x3x8xi8, lanes = 4>
  %y = dataflow.matvec "layer" %w {bias = dense<0> : tensor<8xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<8x2x2x2xi8>} : <3x3x8xi8, lanes = 4> -> <3x3x8xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %y tags %tag {reach = 1.0 : f64} : !dataflow.stream<3x3x8xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <3x3x8xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <3x3x8xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// The two beats of the layer's eight outputs come one after the other and leave in four cycles each; the vector of 32 elements
// of the dense layer stays for all of its outputs.
// CHECK-LABEL: dataflow.graph @vectors
// CHECK: %[[LAYER:.*]] = dataflow.matvec "layer"
// CHECK: %[[OUTPUTS:.*]] = dataflow.fifo "layer_to_narrow_fifo_0" %[[LAYER]] {depth = 2 : i64
// CHECK: %[[NARROW:.*]] = dataflow.resize "narrow" %[[OUTPUTS]]
// CHECK: %[[VECTOR:.*]] = dataflow.fifo "narrow_to_dense_fifo_0" %[[NARROW]] {depth = 32 : i64
// CHECK: dataflow.matvec "dense" %[[VECTOR]]
dataflow.graph @vectors {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <2x2x8xi8, lanes = 1>, <1xi16, lanes = 1>
  %y = dataflow.matvec "layer" %x {bias = dense<0> : tensor<8xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<8x1x1x8xi8>} : <2x2x8xi8, lanes = 1> -> <2x2x8xi8, lanes = 4>
  %n = dataflow.resize "narrow" %y {reach = 1.0 : f64} : <2x2x8xi8, lanes = 4> -> <2x2x8xi8, lanes = 1>
  %z = dataflow.matvec "dense" %n {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<3x2x2x8xi8>} : <2x2x8xi8, lanes = 1> -> <1x1x3xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %z tags %tag {reach = 1.0 : f64} : !dataflow.stream<1x1x3xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1> -> <1x1x3xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <1x1x3xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// Five numbers of seven bits are a word of 35 bits: the gate, a sample of 4 000 numbers and a quarter and two beats, takes two block RAMs in place of three.
// CHECK-LABEL: dataflow.graph @words
// CHECK: %[[PACKED:.*]] = dataflow.pack "stay_pack" %{{.*}} : <10x10x40xi8, lanes = 1> -> <4000xui7, lanes = 5>
// CHECK: %[[STAY:.*]] = dataflow.gate "stay" %[[PACKED]], {{.*}}depth = 1002 : i64
// CHECK: %[[QUEUE:.*]] = dataflow.fifo "stay_to_late_fifo_0" %[[STAY]] {depth = 800 : i64
// CHECK: %[[BEATS:.*]] = dataflow.pack "stay_unpack" %[[QUEUE]] {{.*}} : <4000xui7, lanes = 5> -> <10x10x40xi8, lanes = 1>
// CHECK: dataflow.matvec "late" %[[BEATS]]
dataflow.graph @words {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <10x10x40xi8, lanes = 1>, <1xi16, lanes = 1>
  %tags:2 = dataflow.fork "tags" %tag {reach = 1.0 : f64} : <1xi16, lanes = 1> -> !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  %relu = dataflow.map "relu" %x {input_zp = 0 : i64, max = 127 : i64, min = 0 : i64, multiplier = 1 : i32, output_zp = 0 : i64, reach = 1.0 : f64, shift = 0 : i32} : <10x10x40xi8, lanes = 1> -> <10x10x40xi8, lanes = 1>
  %xs:2 = dataflow.fork "xs" %relu {reach = 1.0 : f64} : <10x10x40xi8, lanes = 1> -> !dataflow.stream<10x10x40xi8, lanes = 1>, !dataflow.stream<10x10x40xi8, lanes = 1>
  %l = dataflow.matvec "early" %xs#0 {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<3x10x10x40xi8>} : <10x10x40xi8, lanes = 1> -> <1x1x3xi8, lanes = 1>
  %ls:2 = dataflow.fork "ls" %l {reach = 1.0 : f64} : <1x1x3xi8, lanes = 1> -> !dataflow.stream<1x1x3xi8, lanes = 1>, !dataflow.stream<1x1x3xi8, lanes = 1>
  %c = dataflow.decide "decide" %ls#0 {confidence = #ee.max_softmax<threshold = 0.9, table = [65536, 51039, 39750, 30957, 24109, 18776, 14623, 11388, 8869, 6907, 5380, 4190, 3263, 2541, 1979, 1541, 1200, 935, 728, 567, 442, 344, 268, 209, 162, 127, 99, 77, 60, 47, 36, 28, 22, 17, 13, 10, 8, 6, 5, 4, 3, 2, 2, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], limit = 72817>, reach = 1.0 : f64} : <1x1x3xi8, lanes = 1> -> <1xi1, lanes = 1>
  %cs:4 = dataflow.fork "cs" %c {reach = 1.0 : f64} : <1xi1, lanes = 1> -> !dataflow.stream<1xi1, lanes = 1>, !dataflow.stream<1xi1, lanes = 1>, !dataflow.stream<1xi1, lanes = 1>, !dataflow.stream<1xi1, lanes = 1>
  %taken = dataflow.gate "taken" %ls#1, %cs#0 {depth = 3 : i64, pass_when = true, reach = 1.0 : f64} : <1x1x3xi8, lanes = 1>, <1xi1, lanes = 1> -> <1x1x3xi8, lanes = 1>
  %tag_taken = dataflow.gate "tag_taken" %tags#0, %cs#1 {depth = 1 : i64, pass_when = true, reach = 1.0 : f64} : <1xi16, lanes = 1>, <1xi1, lanes = 1> -> <1xi16, lanes = 1>
  %tag_stay = dataflow.gate "tag_stay" %tags#1, %cs#2 {depth = 1 : i64, pass_when = false, reach = 1.0 : f64} : <1xi16, lanes = 1>, <1xi1, lanes = 1> -> <1xi16, lanes = 1>
  %stay = dataflow.gate "stay" %xs#1, %cs#3 {depth = 4000 : i64, pass_when = false, reach = 1.0 : f64} : <10x10x40xi8, lanes = 1>, <1xi1, lanes = 1> -> <10x10x40xi8, lanes = 1>
  %late = dataflow.matvec "late" %stay {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 0.25 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<3x10x10x40xi8>} : <10x10x40xi8, lanes = 1> -> <1x1x3xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %taken, %late tags %tag_taken, %tag_stay {reach = 1.0 : f64} : !dataflow.stream<1x1x3xi8, lanes = 1>, !dataflow.stream<1x1x3xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi16, lanes = 1> -> <1x1x3xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <1x1x3xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}

// The pool's row of 8 beats becomes narrower in front of the gate, and has a queue there too: else the fork, and with it the pool, would wait.
// CHECK-LABEL: dataflow.graph @row_before_gate
// CHECK: %[[COPY:.*]]:2 = dataflow.fork "xs"
// CHECK: %[[ROW:.*]] = dataflow.fifo "xs_to_narrow_fifo_0" %[[COPY]]#1 {depth = 8 : i64
// CHECK: dataflow.resize "narrow" %[[ROW]]
dataflow.graph @row_before_gate {
  %x, %tag = dataflow.source "source" {reach = 1.0 : f64} : <8x8x4xi8, lanes = 2>, <1xi16, lanes = 1>
  %tags:2 = dataflow.fork "tags" %tag {reach = 1.0 : f64} : <1xi16, lanes = 1> -> !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi16, lanes = 1>
  %w = dataflow.window "pool_window" %x {dilation = array<i64: 1, 1>, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, pad_value = 0 : i64, reach = 1.0 : f64, stride = array<i64: 2, 2>} : <8x8x4xi8, lanes = 2> -> <4x4x16xi8, lanes = 8>
  %q = dataflow.pool "pool" %w {kernel = array<i64: 2, 2>, kind = "max", multiplier = 1 : i32, reach = 1.0 : f64, shift = 0 : i32} : <4x4x16xi8, lanes = 8> -> <4x4x4xi8, lanes = 2>
  %xs:2 = dataflow.fork "xs" %q {reach = 1.0 : f64} : <4x4x4xi8, lanes = 2> -> !dataflow.stream<4x4x4xi8, lanes = 2>, !dataflow.stream<4x4x4xi8, lanes = 2>
  %r = dataflow.resize "narrow" %xs#1 {reach = 1.0 : f64} : <4x4x4xi8, lanes = 2> -> <4x4x4xi8, lanes = 1>
  %l = dataflow.matvec "early" %xs#0 {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 1.0 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<3x1x1x64xi8>} : <4x4x4xi8, lanes = 2> -> <1x1x3xi8, lanes = 1>
  %ls:2 = dataflow.fork "ls" %l {reach = 1.0 : f64} : <1x1x3xi8, lanes = 1> -> !dataflow.stream<1x1x3xi8, lanes = 1>, !dataflow.stream<1x1x3xi8, lanes = 1>
  %c = dataflow.decide "decide" %ls#0 {confidence = #ee.max_softmax<threshold = 0.9, table = [65536, 51039, 39750, 30957, 24109, 18776, 14623, 11388, 8869, 6907, 5380, 4190, 3263, 2541, 1979, 1541, 1200, 935, 728, 567, 442, 344, 268, 209, 162, 127, 99, 77, 60, 47, 36, 28, 22, 17, 13, 10, 8, 6, 5, 4, 3, 2, 2, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], limit = 72817>, reach = 1.0 : f64} : <1x1x3xi8, lanes = 1> -> <1xi1, lanes = 1>
  %cs:4 = dataflow.fork "cs" %c {reach = 1.0 : f64} : <1xi1, lanes = 1> -> !dataflow.stream<1xi1, lanes = 1>, !dataflow.stream<1xi1, lanes = 1>, !dataflow.stream<1xi1, lanes = 1>, !dataflow.stream<1xi1, lanes = 1>
  %taken = dataflow.gate "taken" %ls#1, %cs#0 {depth = 3 : i64, pass_when = true, reach = 1.0 : f64} : <1x1x3xi8, lanes = 1>, <1xi1, lanes = 1> -> <1x1x3xi8, lanes = 1>
  %tag_taken = dataflow.gate "tag_taken" %tags#0, %cs#1 {depth = 1 : i64, pass_when = true, reach = 1.0 : f64} : <1xi16, lanes = 1>, <1xi1, lanes = 1> -> <1xi16, lanes = 1>
  %tag_stay = dataflow.gate "tag_stay" %tags#1, %cs#2 {depth = 1 : i64, pass_when = false, reach = 1.0 : f64} : <1xi16, lanes = 1>, <1xi1, lanes = 1> -> <1xi16, lanes = 1>
  %stay = dataflow.gate "stay" %r, %cs#3 {depth = 64 : i64, pass_when = false, reach = 1.0 : f64} : <4x4x4xi8, lanes = 1>, <1xi1, lanes = 1> -> <4x4x4xi8, lanes = 1>
  %late = dataflow.matvec "late" %stay {bias = dense<0> : tensor<3xi32>, channel_lanes = 1 : i64, max = 127 : i64, min = -128 : i64, multiplier = array<i32: 1>, output_zp = 0 : i64, reach = 0.25 : f64, shift = array<i32: 4>, weights = dense<1> : tensor<3x1x1x64xi8>} : <4x4x4xi8, lanes = 1> -> <1x1x3xi8, lanes = 1>
  %d, %t, %e = dataflow.merge "merge" %taken, %late tags %tag_taken, %tag_stay {reach = 1.0 : f64} : !dataflow.stream<1x1x3xi8, lanes = 1>, !dataflow.stream<1x1x3xi8, lanes = 1> tags !dataflow.stream<1xi16, lanes = 1>, !dataflow.stream<1xi16, lanes = 1> -> <1x1x3xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
  dataflow.sink "sink" %d, %t, %e {reach = 1.0 : f64} : <1x1x3xi8, lanes = 1>, <1xi16, lanes = 1>, <1xi8, lanes = 1>
}
