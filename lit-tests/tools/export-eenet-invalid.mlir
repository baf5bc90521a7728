// What the format cannot say is an error at the operation.
// RUN: not atheena-translate --export-eenet --split-input-file %s 2>&1 | FileCheck %s

// CHECK: error: 'func.func' op cannot be written as .eenet: its argument is tensor<1x2x2x1xi8>
// CHECK: note: the format has float networks: export before ee-quantize
func.func @integers(%image: tensor<1x2x2x1xi8>) -> tensor<1x2x2x1xi8> {
  return %image : tensor<1x2x2x1xi8>
}

// -----

// CHECK: error: 'func.func' op cannot be written as .eenet: its argument is tensor<2x2x2x1xf32>, not [1, H, W, C]
func.func @batch(%image: tensor<2x2x2x1xf32>) -> tensor<2x2x2x1xf32> {
  return %image : tensor<2x2x2x1xf32>
}

// -----

// CHECK: error: 'tosa.exp' op cannot be written as .eenet: no layer of the format does this
// CHECK: note: docs/eenet.md lists the layers
func.func @function(%image: tensor<1x1x1x2xf32>) -> tensor<1x2xf32> {
  %0 = tosa.exp %image : (tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32>
  %shape = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %1 = tosa.reshape %0, %shape : (tensor<1x1x1x2xf32>, !tosa.shape<2>) -> tensor<1x2xf32>
  return %1 : tensor<1x2xf32>
}

// -----

// Rows and columns in another order than channel by channel.
// CHECK: error: 'tosa.reshape' op cannot be written as .eenet: it is no flattening of a feature map
func.func @layout(%image: tensor<1x2x2x2xf32>) -> tensor<1x8xf32> {
  %0 = tosa.sigmoid %image : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %shape = tosa.const_shape {values = dense<[1, 8]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %1 = tosa.reshape %0, %shape : (tensor<1x2x2x2xf32>, !tosa.shape<2>) -> tensor<1x8xf32>
  return %1 : tensor<1x8xf32>
}

// -----

// CHECK: error: 'tosa.concat' op cannot be written as .eenet: it does not join channels
func.func @rows(%image: tensor<1x1x1x2xf32>) -> tensor<1x2x1x2xf32> {
  %0 = tosa.concat %image, %image {axis = 1 : i32} : (tensor<1x1x1x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x2x1x2xf32>
  return %0 : tensor<1x2x1x2xf32>
}

// -----

// CHECK: error: 'ee.exit' op cannot be written as .eenet: its classifier has no layers
func.func @no_classifier(%image: tensor<1x1x1x2xf32>) -> tensor<1x2xf32> {
  %shape = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %row = tosa.reshape %image, %shape : (tensor<1x1x1x2xf32>, !tosa.shape<2>) -> tensor<1x2xf32>
  %0 = ee.exit "first" on (%x = %row : tensor<1x2xf32>) when #ee.max_softmax<threshold = 0.5>
    classify {
      ee.yield %x : tensor<1x2xf32>
    } otherwise {
      %late = tosa.tanh %x : (tensor<1x2xf32>) -> tensor<1x2xf32>
      ee.yield %late : tensor<1x2xf32>
    } -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}
