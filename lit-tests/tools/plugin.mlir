// The stock mlir-opt loads the dialects and the passes.

// RUN: mlir-opt %plugin %s | mlir-opt %plugin | FileCheck %s
// RUN: mlir-opt %plugin %s --pass-pipeline='builtin.module(func.func(ee-strip-exits))' | FileCheck %s --check-prefix=PASS

// CHECK-LABEL: func.func @exit
// CHECK: ee.exit "early"
func.func @exit(%image: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %logits = ee.exit "early" on (%f = %image : tensor<1x4xf32>)
      when #ee.max_softmax<threshold = 0.9>
    classify {
      ee.yield %f : tensor<1x4xf32>
    } otherwise {
      ee.yield %f : tensor<1x4xf32>
    } -> tensor<1x4xf32>
  return %logits : tensor<1x4xf32>
}

// PASS-LABEL: func.func @exit
// PASS-NOT: ee.exit
// PASS: return %{{.*}} : tensor<1x4xf32>
