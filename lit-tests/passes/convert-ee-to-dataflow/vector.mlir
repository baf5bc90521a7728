// The image of a network that reads a vector is unsigned through a change of its shape.
// RUN: atheena-opt %s --convert-ee-to-dataflow | FileCheck %s

// CHECK: %[[IMAGE:.*]], %{{.*}} = dataflow.source {{.*}}<1x1x4xui8, lanes = 1>
// CHECK: dataflow.map {{.*}} %[[IMAGE]] {{.*}}<1x1x4xui8, lanes = 1>
func.func @net(%image: tensor<1x1x1x4xi8>) -> tensor<1x4xi8> {
  %one = "tosa.const"() <{values = dense<1073741824> : tensor<1xi32>}> : () -> tensor<1xi32>
  %s30 = "tosa.const"() <{values = dense<30> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zp128 = "tosa.const"() <{values = dense<-128> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zp0 = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %shape = tosa.const_shape {values = dense<[1, 4]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %x = tosa.reshape %image, %shape : (tensor<1x1x1x4xi8>, !tosa.shape<2>) -> tensor<1x4xi8>
  %y = tosa.rescale %x, %one, %s30, %zp128, %zp0 {input_unsigned = true, output_unsigned = false, per_channel = false, rounding_mode = #tosa.rounding_mode<SINGLE_ROUND>, scale32 = true} : (tensor<1x4xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4xi8>
  return %y : tensor<1x4xi8>
}
