// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-strip-exits))' | FileCheck %s

// The inner exit's late region is all that is left, on the outer exit's input; both early classifiers are gone.
// CHECK-LABEL: func.func @nested
// CHECK-SAME: (%[[X:.*]]: tensor<1x10xf32>)
// CHECK-NEXT: %[[ABS:.*]] = tosa.abs %[[X]]
// CHECK-NEXT: %[[FLOOR:.*]] = tosa.floor %[[ABS]]
// CHECK-NEXT: %[[CEIL:.*]] = tosa.ceil %[[FLOOR]]
// CHECK-NEXT: return %[[CEIL]]
func.func @nested(%x: tensor<1x10xf32>) -> tensor<1x10xf32> {
  %a = tosa.abs %x : (tensor<1x10xf32>) -> tensor<1x10xf32>
  %only_early = tosa.exp %x : (tensor<1x10xf32>) -> tensor<1x10xf32>
  %y = ee.exit "exit1" on (%f = %a : tensor<1x10xf32>, %g = %only_early : tensor<1x10xf32>)
      when #ee.max_softmax<threshold = 0.9>
    classify {
      %e = tosa.tanh %g : (tensor<1x10xf32>) -> tensor<1x10xf32>
      ee.yield %e : tensor<1x10xf32>
    } otherwise {
      %h = tosa.floor %f : (tensor<1x10xf32>) -> tensor<1x10xf32>
      %z = ee.exit "exit2" on (%i = %h : tensor<1x10xf32>) when #ee.max_softmax<threshold = 0.9>
        classify {
          %e = tosa.sigmoid %i : (tensor<1x10xf32>) -> tensor<1x10xf32>
          ee.yield %e : tensor<1x10xf32>
        } otherwise {
          %l = tosa.ceil %i : (tensor<1x10xf32>) -> tensor<1x10xf32>
          ee.yield %l : tensor<1x10xf32>
        } -> tensor<1x10xf32>
      ee.yield %z : tensor<1x10xf32>
    } -> tensor<1x10xf32>
  return %y : tensor<1x10xf32>
}

// The late region may yield what came in.
// CHECK-LABEL: func.func @empty_late
// CHECK-NEXT: return %arg0
func.func @empty_late(%x: tensor<1x10xf32>) -> tensor<1x10xf32> {
  %y = ee.exit "exit1" on (%f = %x : tensor<1x10xf32>) when #ee.max_softmax<threshold = 0.9>
    classify {
      %e = tosa.tanh %f : (tensor<1x10xf32>) -> tensor<1x10xf32>
      ee.yield %e : tensor<1x10xf32>
    } otherwise {
      ee.yield %f : tensor<1x10xf32>
    } -> tensor<1x10xf32>
  return %y : tensor<1x10xf32>
}
