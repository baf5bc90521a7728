// RUN: not atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz logits-bits=16}))' 2>&1 | FileCheck %s --check-prefix=WIDE
// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz}))' | FileCheck %s
// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-quantize{calibration=%example/digits_calib.npz activation-bits=16}))' | FileCheck %s

// What a table makes or reads has 8 bits: the result here is one of both kinds.
// WIDE: error: 'tosa.tanh' op cannot make logits of 16 bits, as 8 bits are read or made of them
// WIDE: note: leave logits-bits at auto, or let the network return what the classifier computes
// CHECK-LABEL: func.func @network
// CHECK-SAME: -> tensor<1x8x8x1xi8>
func.func @network(%image: tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32> {
  %y = tosa.tanh %image : (tensor<1x8x8x1xf32>) -> tensor<1x8x8x1xf32>
  return %y : tensor<1x8x8x1xf32>
}
