// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-channels-last))' | FileCheck %s

// The argument is turned; a constant a channel ([1, 2, 1, 1]) lies along the last dimension; transpositions cancel.
// CHECK-LABEL: func.func @layers(
// CHECK-SAME:    %[[X:.*]]: tensor<1x4x4x3xf32>) -> tensor<1x2x4x4xf32>
// CHECK:         %[[W:.*]] = "tosa.const"() {{.*}}: tensor<2x1x1x3xf32>
// CHECK:         %[[Y:.*]] = tosa.conv2d %[[X]], %[[W]]
// CHECK:         %[[S:.*]] = "tosa.const"() {{.*}}1.000000e+00, 2.000000e+00{{.*}}: tensor<1x1x1x2xf32>
// CHECK:         %[[A:.*]] = tosa.add %[[Y]], %[[S]]
// CHECK:         %[[C:.*]] = tosa.clamp %[[A]]
// CHECK:         %[[P:.*]] = tosa.max_pool2d %[[C]]
// CHECK:         %[[R:.*]] = tosa.transpose %[[P]] {perms = array<i32: 0, 3, 1, 2>}
// CHECK:         return %[[R]]
func.func @layers(%x: tensor<1x3x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<2x3x1x1xf32>}> : () -> tensor<2x3x1x1xf32>
  %s = "tosa.const"() <{values = dense<[[[[1.0]], [[2.0]]]]> : tensor<1x2x1x1xf32>}> : () -> tensor<1x2x1x1xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %v = tosa.transpose %w {perms = array<i32: 0, 2, 3, 1>} : (tensor<2x3x1x1xf32>) -> tensor<2x1x1x3xf32>
  %a = tosa.transpose %x {perms = array<i32: 0, 2, 3, 1>} : (tensor<1x3x4x4xf32>) -> tensor<1x4x4x3xf32>
  %y = tosa.conv2d %a, %v, %z, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x4x4x3xf32>, tensor<2x1x1x3xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x2xf32>
  %b = tosa.transpose %y {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x4x4xf32>
  %c = tosa.add %b, %s : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %d = tosa.clamp %c {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %e = tosa.transpose %d {perms = array<i32: 0, 2, 3, 1>} : (tensor<1x2x4x4xf32>) -> tensor<1x4x4x2xf32>
  %p = tosa.max_pool2d %e {kernel = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %r = tosa.transpose %p {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x4x4xf32>
  return %r : tensor<1x2x4x4xf32>
}

// A pixel that comes in another layout by a reshape, whose elements keep their order, goes back for nothing.
// CHECK-LABEL: func.func @pixel(
// CHECK-SAME:    %[[X:.*]]: tensor<1x4x5x3xf32>)
// CHECK:         %[[M:.*]] = tosa.max_pool2d %[[X]]
// CHECK:         %[[R:.*]] = tosa.reshape %[[M]]
// CHECK:         %[[T:.*]] = tosa.tanh %[[R]]
// CHECK:         %[[B:.*]] = tosa.transpose %[[T]] {perms = array<i32: 0, 2, 3, 1>} : (tensor<1x3x1x1xf32>) -> tensor<1x1x1x3xf32>
// CHECK:         %[[Y:.*]] = tosa.mul %[[X]], %[[B]], %{{.*}} : (tensor<1x4x5x3xf32>, tensor<1x1x1x3xf32>, tensor<1xi8>) -> tensor<1x4x5x3xf32>
// CHECK:         return %[[Y]]
func.func @pixel(%x: tensor<1x3x4x5xf32>) -> tensor<1x4x5x3xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %s = tosa.const_shape {values = dense<[1, 3, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %a = tosa.transpose %x {perms = array<i32: 0, 2, 3, 1>} : (tensor<1x3x4x5xf32>) -> tensor<1x4x5x3xf32>
  %m = tosa.max_pool2d %a {kernel = array<i64: 4, 5>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x5x3xf32>) -> tensor<1x1x1x3xf32>
  %r = tosa.reshape %m, %s : (tensor<1x1x1x3xf32>, !tosa.shape<4>) -> tensor<1x3x1x1xf32>
  %t = tosa.tanh %r : (tensor<1x3x1x1xf32>) -> tensor<1x3x1x1xf32>
  %p = tosa.mul %x, %t, %shift : (tensor<1x3x4x5xf32>, tensor<1x3x1x1xf32>, tensor<1xi8>) -> tensor<1x3x4x5xf32>
  %y = tosa.transpose %p {perms = array<i32: 0, 2, 3, 1>} : (tensor<1x3x4x5xf32>) -> tensor<1x4x5x3xf32>
  return %y : tensor<1x4x5x3xf32>
}

// A concatenation goes along the channels, wherever they are.
// CHECK-LABEL: func.func @concat(
// CHECK-SAME:    %[[X:.*]]: tensor<1x4x4x3xf32>) -> tensor<1x4x4x6xf32>
// CHECK-NEXT:    %[[A:.*]] = tosa.tanh %[[X]]
// CHECK-NEXT:    %[[C:.*]] = tosa.concat %[[X]], %[[A]] {axis = 3 : i32}
// CHECK-NEXT:    return %[[C]]
func.func @concat(%x: tensor<1x3x4x4xf32>) -> tensor<1x4x4x6xf32> {
  %last = tosa.transpose %x {perms = array<i32: 0, 2, 3, 1>} : (tensor<1x3x4x4xf32>) -> tensor<1x4x4x3xf32>
  %a = tosa.tanh %last : (tensor<1x4x4x3xf32>) -> tensor<1x4x4x3xf32>
  %first = tosa.transpose %a {perms = array<i32: 0, 3, 1, 2>} : (tensor<1x4x4x3xf32>) -> tensor<1x3x4x4xf32>
  %c = tosa.concat %x, %first {axis = 1 : i32} : (tensor<1x3x4x4xf32>, tensor<1x3x4x4xf32>) -> tensor<1x6x4x4xf32>
  %r = tosa.transpose %c {perms = array<i32: 0, 2, 3, 1>} : (tensor<1x6x4x4xf32>) -> tensor<1x4x4x6xf32>
  return %r : tensor<1x4x4x6xf32>
}

// One channel: the flow writes a reshape. A matrix of a resource is transposed: [[1, 2], [3, 4]] to [[1, 3], [2, 4]].
// CHECK-LABEL: func.func @one_channel(
// CHECK-SAME:    %[[X:.*]]: tensor<1x4x5x1xf32>)
// CHECK:         %[[M:.*]] = "tosa.const"() {{.*}}1.000000e+00, 3.000000e+00], [2.000000e+00, 4.000000e+00
// CHECK:         %[[Y:.*]] = tosa.tanh %[[X]]
// CHECK:         return %[[Y]], %[[M]]
func.func @one_channel(%x: tensor<1x1x4x5xf32>) -> (tensor<1x4x5x1xf32>, tensor<2x2xf32>) {
  %m = "tosa.const"() <{values = dense_resource<matrix> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %s = tosa.const_shape {values = dense<[1, 4, 5, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %t = tosa.transpose %m {perms = array<i32: 1, 0>} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %a = tosa.reshape %x, %s : (tensor<1x1x4x5xf32>, !tosa.shape<4>) -> tensor<1x4x5x1xf32>
  %y = tosa.tanh %a : (tensor<1x4x5x1xf32>) -> tensor<1x4x5x1xf32>
  return %y, %t : tensor<1x4x5x1xf32>, tensor<2x2xf32>
}

// A vector is one pixel.
// CHECK-LABEL: func.func @vector(
// CHECK-SAME:    %[[X:.*]]: tensor<1x1x1x6xf32>) -> tensor<1x6xf32>
// CHECK:         %[[R:.*]] = tosa.reshape %[[X]], %{{.*}} -> tensor<1x6xf32>
// CHECK:         tosa.tanh %[[R]]
func.func @vector(%x: tensor<1x6xf32>) -> tensor<1x6xf32> {
  %y = tosa.tanh %x : (tensor<1x6xf32>) -> tensor<1x6xf32>
  return %y : tensor<1x6xf32>
}

{-#
  dialect_resources: { builtin: { matrix: "0x040000000000803F000000400000404000008040" } }
#-}

// A sequence is an image of height 1, also where it goes into an exit.
// CHECK-LABEL: func.func @sequence(
// CHECK-SAME:    %[[X:.*]]: tensor<1x1x8x2xf32>
// CHECK:         %[[SUM:.*]] = tosa.add %[[X]], %{{.*}} : (tensor<1x1x8x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x1x8x2xf32>
// CHECK:         %[[CUT:.*]] = tosa.clamp %[[SUM]] {{.*}} : (tensor<1x1x8x2xf32>) -> tensor<1x1x8x2xf32>
// CHECK:         ee.exit "exit1" on (%[[Y:.*]] = %[[CUT]] : tensor<1x1x8x2xf32>)
// CHECK:           tosa.max_pool2d %[[Y]]
// CHECK:           tosa.max_pool2d %[[Y]]
func.func @sequence(%x: tensor<1x2x8xf32>) -> tensor<1x2xf32> {
  %bias = "tosa.const"() <{values = dense<[[[1.0], [2.0]]]> : tensor<1x2x1xf32>}> : () -> tensor<1x2x1xf32>
  %0 = tosa.add %x, %bias : (tensor<1x2x8xf32>, tensor<1x2x1xf32>) -> tensor<1x2x8xf32>
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x2x8xf32>) -> tensor<1x2x8xf32>
  %2 = ee.exit "exit1" on (%y = %1 : tensor<1x2x8xf32>) when #ee.max_softmax<threshold = 0.9> classify {
    %image = tosa.const_shape {values = dense<[1, 2, 1, 8]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %row = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
    %3 = tosa.reshape %y, %image : (tensor<1x2x8xf32>, !tosa.shape<4>) -> tensor<1x2x1x8xf32>
    %4 = tosa.transpose %3 {perms = array<i32: 0, 2, 3, 1>} : (tensor<1x2x1x8xf32>) -> tensor<1x1x8x2xf32>
    %5 = tosa.max_pool2d %4 {kernel = array<i64: 1, 8>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x8x2xf32>) -> tensor<1x1x1x2xf32>
    %6 = tosa.reshape %5, %row : (tensor<1x1x1x2xf32>, !tosa.shape<2>) -> tensor<1x2xf32>
    ee.yield %6 : tensor<1x2xf32>
  } otherwise {
    %image = tosa.const_shape {values = dense<[1, 2, 1, 8]> : tensor<4xindex>} : () -> !tosa.shape<4>
    %row = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
    %3 = tosa.reshape %y, %image : (tensor<1x2x8xf32>, !tosa.shape<4>) -> tensor<1x2x1x8xf32>
    %4 = tosa.transpose %3 {perms = array<i32: 0, 2, 3, 1>} : (tensor<1x2x1x8xf32>) -> tensor<1x1x8x2xf32>
    %5 = tosa.max_pool2d %4 {kernel = array<i64: 1, 8>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x8x2xf32>) -> tensor<1x1x1x2xf32>
    %6 = tosa.reshape %5, %row : (tensor<1x1x1x2xf32>, !tosa.shape<2>) -> tensor<1x2xf32>
    ee.yield %6 : tensor<1x2xf32>
  } -> tensor<1x2xf32>
  return %2 : tensor<1x2xf32>
}
