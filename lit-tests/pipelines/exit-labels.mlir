// Options name exits, as in --thresholds first=0.9,second=0.8: labels that they can't name are refused.
// RUN: not atheena profile %s --data absent.npz 2>&1 | FileCheck %s
// CHECK: error: {{.*}}exit-labels.mlir:8:{{.*}}'ee.exit' op has the label "first,second", which options can't name
// CHECK: note: labels have no comma, space or equals sign: rename the exit
func.func @network(%image: tensor<1x1x1x4xf32>) -> tensor<1x4xf32> {
  %shape = tosa.const_shape {values = dense<[1, 4]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %row = tosa.reshape %image, %shape : (tensor<1x1x1x4xf32>, !tosa.shape<2>) -> tensor<1x4xf32>
  %r = ee.exit "first,second" on (%f = %row : tensor<1x4xf32>) when #ee.max_softmax<threshold = 0.5>
    classify {
      ee.yield %f : tensor<1x4xf32>
    } otherwise {
      %late = tosa.tanh %f : (tensor<1x4xf32>) -> tensor<1x4xf32>
      ee.yield %late : tensor<1x4xf32>
    } -> tensor<1x4xf32>
  return %r : tensor<1x4xf32>
}
