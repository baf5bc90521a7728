// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz}))' | FileCheck %s

// A function of one tensor is one table, of as many operations as it is: 1 where x + 0.25 >= 0.75, else 0. Pixels below 128
// stand for less than 0.5; 1.0 is 64 at 2^-6, the finest scale that it fits in.
// CHECK-LABEL: func.func @step
// CHECK: %[[X:.*]] = tosa.rescale
// CHECK: %[[TABLE:.*]] = "tosa.const"() <{values = dense<"0x00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000004040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040"> : tensor<256xi8>}>
// CHECK-NEXT: %[[Y:.*]] = tosa.table %[[X]], %[[TABLE]] : (tensor<1x8x8x1xi8>, tensor<256xi8>) -> tensor<1x8x8x1xi8>
// CHECK-NEXT: return %[[Y]]
func.func @step(%image: tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32> {
  %quarter = "tosa.const"() <{values = dense<0.25> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %limit = "tosa.const"() <{values = dense<0.75> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %one = "tosa.const"() <{values = dense<1.0> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %zero = "tosa.const"() <{values = dense<0.0> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %x = tosa.add %image, %quarter : (tensor<1x8x8x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x8x8x1xf32>
  %large = tosa.greater_equal %x, %limit : (tensor<1x8x8x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x8x8x1xi1>
  %y = tosa.select %large, %one, %zero : (tensor<1x8x8x1xi1>, tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x8x8x1xf32>
  return %y : tensor<1x8x8x1xf32>
}

// What is read in between has a table of its own, of the same source.
// CHECK-LABEL: func.func @two_tables
// CHECK: %[[X:.*]] = tosa.rescale
// CHECK-DAG: %[[A:.*]] = tosa.table %[[X]]
// CHECK-DAG: %[[B:.*]] = tosa.table %[[X]]
// CHECK: return %[[A]], %[[B]]
func.func @two_tables(%image: tensor<1x8x8x1xf32>) -> (tensor<1x8x8x1xf32>, tensor<1x8x8x1xf32>) {
  %a = tosa.tanh %image : (tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32>
  %b = tosa.sigmoid %a : (tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32>
  return %a, %b : tensor<1x8x8x1xf32>, tensor<1x8x8x1xf32>
}

// The operand that only the concatenation reads has its scale, 2^-5, in which 3.0 is 96; pixels are rescaled to it:
// 32 / 255 is 1077952576 * 2^-33.
// CHECK-LABEL: func.func @concat
// CHECK: %[[X:.*]] = tosa.rescale
// CHECK: %[[SUMS:.*]] = tosa.conv2d %[[X]]
// CHECK: %[[C:.*]] = tosa.rescale %[[SUMS]]
// CHECK-DAG: dense<1077952576> : tensor<1xi32>
// CHECK-DAG: dense<33> : tensor<1xi8>
// CHECK: %[[P:.*]] = tosa.rescale %[[X]],
// CHECK: tosa.concat %[[P]], %[[C]] {axis = 3 : i32} : (tensor<1x8x8x1xi8>, tensor<1x8x8x1xi8>) -> tensor<1x8x8x2xi8>
func.func @concat(%image: tensor<1x8x8x1xf32>) -> tensor<1x8x8x2xf32> {
  %w = "tosa.const"() <{values = dense<3.0> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %c = tosa.conv2d %image, %w, %z, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x8x8x1xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x8x8x1xf32>
  %y = tosa.concat %image, %c {axis = 3 : i32} : (tensor<1x8x8x1xf32>, tensor<1x8x8x1xf32>) -> tensor<1x8x8x2xf32>
  return %y : tensor<1x8x8x2xf32>
}

// Pixels are 128 above their zero point, so both operands have 16 bits. Values of the table from 0 up to 0.73 are steps of 2^-8, those of
// the result, which has 16 bits, of 2^-15. So a product's step 2^-8 / 255 is 128 / 255 of one, to 16 bits 32897 * 2^15 * 2^-31.
// CHECK-LABEL: func.func @product
// CHECK: %[[X:.*]] = tosa.rescale
// CHECK: %[[GATE:.*]] = tosa.table
// CHECK-DAG: %[[A:.*]] = tosa.rescale %[[X]]{{.*}}(tensor<1x8x8x1xi8>, {{.*}} -> tensor<1x8x8x1xi16>
// CHECK-DAG: %[[B:.*]] = tosa.rescale %[[GATE]]{{.*}}(tensor<1x8x8x1xi8>, {{.*}} -> tensor<1x8x8x1xi16>
// CHECK: %[[P:.*]] = tosa.mul %[[A]], %[[B]], %{{.*}} : (tensor<1x8x8x1xi16>, tensor<1x8x8x1xi16>, tensor<1xi8>) -> tensor<1x8x8x1xi32>
// CHECK-DAG: dense<1077968896> : tensor<1xi32>
// CHECK-DAG: dense<31> : tensor<1xi8>
// CHECK: tosa.rescale %[[P]], {{.*}} -> tensor<1x8x8x1xi16>
func.func @product(%image: tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %pooled = tosa.max_pool2d %image {kernel = array<i64: 3, 3>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>} : (tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32>
  %gate = tosa.sigmoid %pooled : (tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32>
  %y = tosa.mul %image, %gate, %shift : (tensor<1x8x8x1xf32>, tensor<1x8x8x1xf32>, tensor<1xi8>) -> tensor<1x8x8x1xf32>
  %end = tosa.max_pool2d %y {kernel = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32>
  return %end : tensor<1x8x8x1xf32>
}

// SiLU, x / (1 + e^-x), of -4 to 12: it reaches from -0.28 to 12, for which 2^-4 is the finest scale of 256 steps; -0.28 is 4 steps below zero, and so zero is
// 4 integers above -128.
// CHECK-LABEL: func.func @silu
// CHECK: %[[Y:.*]] = tosa.table
// CHECK: %[[ZERO:.*]] = "tosa.const"() <{values = dense<-124> : tensor<1xi8>}>
// CHECK: tosa.conv2d %[[Y]], {{.*}}, {{.*}}, %[[ZERO]],
func.func @silu(%image: tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32> {
  %w = "tosa.const"() <{values = dense<16.0> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %b = "tosa.const"() <{values = dense<-4.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %x = tosa.conv2d %image, %w, %b, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x8x8x1xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x8x8x1xf32>
  %s = tosa.sigmoid %x : (tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32>
  %y = tosa.mul %x, %s, %shift : (tensor<1x8x8x1xf32>, tensor<1x8x8x1xf32>, tensor<1xi8>) -> tensor<1x8x8x1xf32>
  %r = tosa.conv2d %y, %w, %b, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x8x8x1xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x8x8x1xf32>
  return %r : tensor<1x8x8x1xf32>
}

// A channel of a depthwise layer has a power of two of its own: 1/255 and a sixteenth of it are 64 steps of 2^-14 and of 2^-18. To 8 bits at
// 2^-7 these are shifts by 7 and by 11, and 30 more for the multiplier.
// CHECK-LABEL: func.func @depthwise
// CHECK: dense<64> : tensor<1x1x1x2xi8>
// CHECK: tosa.depthwise_conv2d
// CHECK: dense<1073741824> : tensor<2xi32>
// CHECK: dense<[37, 41]> : tensor<2xi8>
func.func @depthwise(%image: tensor<1x8x8x1xf32>) -> tensor<1x8x8x2xf32> {
  %w = "tosa.const"() <{values = dense<[[[[1.0, 0.0625]]]]> : tensor<1x1x1x2xf32>}> : () -> tensor<1x1x1x2xf32>
  %b = "tosa.const"() <{values = dense<0.0> : tensor<2xf32>}> : () -> tensor<2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %y = tosa.depthwise_conv2d %image, %w, %b, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x8x8x1xf32>, tensor<1x1x1x2xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x8x8x2xf32>
  %m = tosa.max_pool2d %y {kernel = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x8x8x2xf32>) -> tensor<1x8x8x2xf32>
  %t = tosa.add %m, %m : (tensor<1x8x8x2xf32>, tensor<1x8x8x2xf32>) -> tensor<1x8x8x2xf32>
  return %t : tensor<1x8x8x2xf32>
}
