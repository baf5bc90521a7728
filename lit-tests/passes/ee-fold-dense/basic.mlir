// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-fold-dense))' | FileCheck %s

// B (A x + a) + b, by hand: B A = [1 0 2; 0 1 1] [1 2; 3 4; 5 6] = [11 14; 8 10], B a + b = [5 2] + [10 20].
// CHECK-LABEL: func.func @two
// CHECK-SAME: (%[[X:.*]]: tensor<1x1x1x2xf32>)
// CHECK-DAG: %[[W:.*]] = "tosa.const"() <{{{values = dense<}}{{\[\[\[\[}}1.100000e+01, 1.400000e+01]]], {{\[\[\[}}8.000000e+00, 1.000000e+01]]]]>
// CHECK-DAG: %[[B:.*]] = "tosa.const"() <{{{values = dense<}}[1.500000e+01, 2.200000e+01]>
// CHECK: %[[Y:.*]] = tosa.conv2d %[[X]], %[[W]], %[[B]]
// CHECK-NEXT: return %[[Y]]
func.func @two(%x: tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32> {
  %a = "tosa.const"() <{values = dense<[[[[1.0, 2.0]]], [[[3.0, 4.0]]], [[[5.0, 6.0]]]]> : tensor<3x1x1x2xf32>}> : () -> tensor<3x1x1x2xf32>
  %ab = "tosa.const"() <{values = dense<[1.0, 0.0, 2.0]> : tensor<3xf32>}> : () -> tensor<3xf32>
  %b = "tosa.const"() <{values = dense<[[[[1.0, 0.0, 2.0]]], [[[0.0, 1.0, 1.0]]]]> : tensor<2x1x1x3xf32>}> : () -> tensor<2x1x1x3xf32>
  %bb = "tosa.const"() <{values = dense<[10.0, 20.0]> : tensor<2xf32>}> : () -> tensor<2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %flat = tosa.const_shape {values = dense<[1, 3]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %back = tosa.const_shape {values = dense<[1, 1, 1, 3]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %h = tosa.conv2d %x, %a, %ab, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x1x1x2xf32>, tensor<3x1x1x2xf32>, tensor<3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x3xf32>
  %r = tosa.reshape %h, %flat : (tensor<1x1x1x3xf32>, !tosa.shape<2>) -> tensor<1x3xf32>
  %s = tosa.reshape %r, %back : (tensor<1x3xf32>, !tosa.shape<4>) -> tensor<1x1x1x3xf32>
  %y = tosa.conv2d %s, %b, %bb, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x1x1x3xf32>, tensor<2x1x1x3xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32>
  return %y : tensor<1x1x1x2xf32>
}

// Three become one.
// CHECK-LABEL: func.func @three
// CHECK-COUNT-1: tosa.conv2d
// CHECK-NOT: tosa.conv2d
func.func @three(%x: tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32> {
  %a = "tosa.const"() <{values = dense<[[[[1.0, 2.0]]], [[[3.0, 4.0]]], [[[5.0, 6.0]]]]> : tensor<3x1x1x2xf32>}> : () -> tensor<3x1x1x2xf32>
  %ab = "tosa.const"() <{values = dense<[1.0, 0.0, 2.0]> : tensor<3xf32>}> : () -> tensor<3xf32>
  %b = "tosa.const"() <{values = dense<[[[[1.0, 0.0, 2.0]]], [[[0.0, 1.0, 1.0]]]]> : tensor<2x1x1x3xf32>}> : () -> tensor<2x1x1x3xf32>
  %bb = "tosa.const"() <{values = dense<[10.0, 20.0]> : tensor<2xf32>}> : () -> tensor<2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %c = "tosa.const"() <{values = dense<[[[[1.0, 0.0]]], [[[0.0, 1.0]]]]> : tensor<2x1x1x2xf32>}> : () -> tensor<2x1x1x2xf32>
  %h = tosa.conv2d %x, %a, %ab, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x1x1x2xf32>, tensor<3x1x1x2xf32>, tensor<3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x3xf32>
  %g = tosa.conv2d %h, %b, %bb, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x1x1x3xf32>, tensor<2x1x1x3xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32>
  %y = tosa.conv2d %g, %c, %bb, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x1x1x2xf32>, tensor<2x1x1x2xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32>
  return %y : tensor<1x1x1x2xf32>
}

// Something between, or another reader: no.
// CHECK-LABEL: func.func @apart
// CHECK-COUNT-3: tosa.conv2d
func.func @apart(%x: tensor<1x1x1x2xf32>) -> (tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>) {
  %a = "tosa.const"() <{values = dense<[[[[1.0, 2.0]]], [[[3.0, 4.0]]], [[[5.0, 6.0]]]]> : tensor<3x1x1x2xf32>}> : () -> tensor<3x1x1x2xf32>
  %ab = "tosa.const"() <{values = dense<[1.0, 0.0, 2.0]> : tensor<3xf32>}> : () -> tensor<3xf32>
  %b = "tosa.const"() <{values = dense<[[[[1.0, 0.0, 2.0]]], [[[0.0, 1.0, 1.0]]]]> : tensor<2x1x1x3xf32>}> : () -> tensor<2x1x1x3xf32>
  %bb = "tosa.const"() <{values = dense<[10.0, 20.0]> : tensor<2xf32>}> : () -> tensor<2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %h = tosa.conv2d %x, %a, %ab, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x1x1x2xf32>, tensor<3x1x1x2xf32>, tensor<3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x3xf32>
  %c = tosa.clamp %h {min_val = 0.0 : f32, max_val = 6.0 : f32} : (tensor<1x1x1x3xf32>) -> tensor<1x1x1x3xf32>
  %y = tosa.conv2d %c, %b, %bb, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x1x1x3xf32>, tensor<2x1x1x3xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32>
  %u = tosa.conv2d %h, %b, %bb, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x1x1x3xf32>, tensor<2x1x1x3xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32>
  return %y, %u : tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>
}

// Of a map as well, whose strides multiply: 25 pixels of 2 * 3 products and 9 of 3 * 2 become 9 of 2 * 2.
// CHECK-LABEL: func.func @pixels
// CHECK-SAME: (%[[X:.*]]: tensor<1x9x9x2xf32>)
// CHECK-DAG: %[[W:.*]] = "tosa.const"() <{{{values = dense<}}{{\[\[\[\[}}1.100000e+01, 1.400000e+01]]], {{\[\[\[}}8.000000e+00, 1.000000e+01]]]]>
// CHECK: %[[Y:.*]] = tosa.conv2d %[[X]], %[[W]], {{.*}}stride = array<i64: 4, 4>
// CHECK-NEXT: return %[[Y]]
func.func @pixels(%x: tensor<1x9x9x2xf32>) -> tensor<1x3x3x2xf32> {
  %a = "tosa.const"() <{values = dense<[[[[1.0, 2.0]]], [[[3.0, 4.0]]], [[[5.0, 6.0]]]]> : tensor<3x1x1x2xf32>}> : () -> tensor<3x1x1x2xf32>
  %ab = "tosa.const"() <{values = dense<[1.0, 0.0, 2.0]> : tensor<3xf32>}> : () -> tensor<3xf32>
  %b = "tosa.const"() <{values = dense<[[[[1.0, 0.0, 2.0]]], [[[0.0, 1.0, 1.0]]]]> : tensor<2x1x1x3xf32>}> : () -> tensor<2x1x1x3xf32>
  %bb = "tosa.const"() <{values = dense<[10.0, 20.0]> : tensor<2xf32>}> : () -> tensor<2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %h = tosa.conv2d %x, %a, %ab, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>, dilation = array<i64: 1, 1>}
    : (tensor<1x9x9x2xf32>, tensor<3x1x1x2xf32>, tensor<3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x5x5x3xf32>
  %y = tosa.conv2d %h, %b, %bb, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>, dilation = array<i64: 1, 1>}
    : (tensor<1x5x5x3xf32>, tensor<2x1x1x3xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x3x3x2xf32>
  return %y : tensor<1x3x3x2xf32>
}
