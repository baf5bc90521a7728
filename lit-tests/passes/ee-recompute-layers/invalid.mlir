// RUN: not atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-recompute-layers{least-shrink=0.5}))' 2>&1 | FileCheck %s --check-prefix=SHRINK
// RUN: not atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-recompute-layers{most-work=1.5}))' 2>&1 | FileCheck %s --check-prefix=WORK
// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-recompute-layers{least-shrink=1 most-work=1}))' | FileCheck %s

// SHRINK: error: 'func.func' op cannot have least-shrink 0.5 and most-work 0.05
// SHRINK: note: give a number from 1 on, and a part in 0..1
// WORK: error: 'func.func' op cannot have least-shrink 4 and most-work 1.5

// A sum of two values is not computed again, nor is what no layer makes.
// CHECK-LABEL: func.func @network
// CHECK: ee.exit "exit1" on (%{{.*}} = %{{.*}} : tensor<1x4xf32>, %{{.*}} = %arg0 : tensor<1x4xf32>)
// CHECK-NEXT: when
func.func @network(%x: tensor<1x4xf32>, %y: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %s = tosa.add %x, %y : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %r = ee.exit "exit1" on (%f = %s : tensor<1x4xf32>, %g = %x : tensor<1x4xf32>) when #ee.max_softmax<threshold = 0.5>
    classify {
      ee.yield %f : tensor<1x4xf32>
    } otherwise {
      %t = tosa.add %f, %g : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
      ee.yield %t : tensor<1x4xf32>
    } -> tensor<1x4xf32>
  return %r : tensor<1x4xf32>
}
