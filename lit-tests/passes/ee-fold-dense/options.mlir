// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-fold-dense))' | FileCheck %s
// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-fold-dense{always=true}))' | FileCheck %s --check-prefix=ALWAYS

// A bottleneck of 4 + 4 products; merged they are 16.
// CHECK-LABEL: func.func @bottleneck
// CHECK-COUNT-2: tosa.conv2d
// ALWAYS-LABEL: func.func @bottleneck
// ALWAYS-NOT: tosa.conv2d
// ALWAYS: tosa.conv2d %arg0, {{.*}} tensor<4x1x1x4xf32>
// ALWAYS-NOT: tosa.conv2d
func.func @bottleneck(%x: tensor<1x1x1x4xf32>) -> tensor<1x1x1x4xf32> {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<1x1x1x4xf32>}> : () -> tensor<1x1x1x4xf32>
  %v = "tosa.const"() <{values = dense<2.0> : tensor<4x1x1x1xf32>}> : () -> tensor<4x1x1x1xf32>
  %wb = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %vb = "tosa.const"() <{values = dense<0.0> : tensor<4xf32>}> : () -> tensor<4xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %h = tosa.conv2d %x, %w, %wb, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x1x1x4xf32>, tensor<1x1x1x4xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x1xf32>
  %y = tosa.conv2d %h, %v, %vb, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
    : (tensor<1x1x1x1xf32>, tensor<4x1x1x1xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x4xf32>
  return %y : tensor<1x1x1x4xf32>
}
