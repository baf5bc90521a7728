// RUN: atheena-opt %s --convert-ee-to-dataflow --split-input-file | FileCheck %s

// Halves of the channels, the other way round.
// CHECK-LABEL: dataflow.graph @swapped
// CHECK: %[[X:.*]]:2 = dataflow.fork "source_fork"
// CHECK: %[[LOW:.*]] = dataflow.slice "low_slice" %[[X]]#{{.}} {reach = 1.000000e+00 : f64, start = array<i64: 0, 0, 0>} : <4x4x6xi8, lanes = 1> -> <4x4x4xi8, lanes = 1>
// CHECK: dataflow.concat "both_concat" %{{.*}}, %[[LOW]] {axis = 2 : i64, reach = 1.000000e+00 : f64} : !dataflow.stream<4x4x2xi8, lanes = 1>, !dataflow.stream<4x4x4xi8, lanes = 1> -> <4x4x6xi8, lanes = 1>
func.func @swapped(%x: tensor<1x4x4x6xi8>) -> tensor<1x4x4x6xi8> {
  %zero = tosa.const_shape {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
  %four = tosa.const_shape {values = dense<[0, 0, 0, 4]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %low_size = tosa.const_shape {values = dense<[1, 4, 4, 4]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %high_size = tosa.const_shape {values = dense<[1, 4, 4, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %high = tosa.slice %x, %four, %high_size : (tensor<1x4x4x6xi8>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<1x4x4x2xi8> loc("high")
  %low = tosa.slice %x, %zero, %low_size : (tensor<1x4x4x6xi8>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<1x4x4x4xi8> loc("low")
  %y = tosa.concat %high, %low {axis = 3 : i32} : (tensor<1x4x4x2xi8>, tensor<1x4x4x4xi8>) -> tensor<1x4x4x6xi8> loc("both")
  return %y : tensor<1x4x4x6xi8>
}

// -----

// A crop that stride 2 does not floor away is an actor.
// CHECK-LABEL: dataflow.graph @cropped
// CHECK: %[[CROP:.*]] = dataflow.slice "slice_slice" %{{.*}} {{.*}}start = array<i64: 0, 0, 0>} : <4x4x2xi8, lanes = 1> -> <2x4x2xi8, lanes = 1>
// CHECK: dataflow.tile_pool "max_pool2d_pool" %[[CROP]]
func.func @cropped(%x: tensor<1x4x4x2xi8>) -> tensor<1x1x2x2xi8> {
  %from = tosa.const_shape {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
  %size = tosa.const_shape {values = dense<[1, 2, 4, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %s = tosa.slice %x, %from, %size : (tensor<1x4x4x2xi8>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<1x2x4x2xi8>
  %p = tosa.max_pool2d %s {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x2x4x2xi8>) -> tensor<1x1x2x2xi8>
  return %p : tensor<1x1x2x2xi8>
}

// -----

// One pixel times a map: the pixel stands second. What only subtracts a zero point, in more bits, is a part of the product.
// CHECK-LABEL: dataflow.graph @squeeze
// CHECK: %[[X:.*]]:2 = dataflow.fork "source_fork"
// CHECK: %[[MEAN:.*]] = dataflow.tile_pool "mean_pool" %[[X]]#{{.}} {{.*}} -> <1x1x2xi8, lanes = 1>
// CHECK-NOT: dataflow.map
// CHECK: dataflow.mul "gate_mul" %[[X]]#{{.}}, %[[MEAN]] {lhs_zp = 7 : i64, reach = 1.000000e+00 : f64, rhs_zp = -128 : i64} : <4x4x2xi8, lanes = 1>, <1x1x2xi8, lanes = 1> -> <4x4x2xi32, lanes = 1>
func.func @squeeze(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi32> {
  %one = "tosa.const"() <{values = dense<1073741824> : tensor<1xi32>}> : () -> tensor<1xi32>
  %s30 = "tosa.const"() <{values = dense<30> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zero = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zero_i16 = "tosa.const"() <{values = dense<0> : tensor<1xi16>}> : () -> tensor<1xi16>
  %low = "tosa.const"() <{values = dense<-128> : tensor<1xi8>}> : () -> tensor<1xi8>
  %seven = "tosa.const"() <{values = dense<7> : tensor<1xi8>}> : () -> tensor<1xi8>
  %mean = tosa.avg_pool2d %x, %zero, %zero {acc_type = i32, kernel = array<i64: 4, 4>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x4x2xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x1x1x2xi8> loc("mean")
  %a = tosa.rescale %mean, %one, %s30, %low, %zero_i16 {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = #tosa.rounding_mode<SINGLE_ROUND>, scale32 = true} : (tensor<1x1x1x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi16>) -> tensor<1x1x1x2xi16>
  %b = tosa.rescale %x, %one, %s30, %seven, %zero_i16 {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = #tosa.rounding_mode<SINGLE_ROUND>, scale32 = true} : (tensor<1x4x4x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi16>) -> tensor<1x4x4x2xi16>
  %y = tosa.mul %a, %b, %zero : (tensor<1x1x1x2xi16>, tensor<1x4x4x2xi16>, tensor<1xi8>) -> tensor<1x4x4x2xi32> loc("gate")
  return %y : tensor<1x4x4x2xi32>
}

// -----

// In as many bits it saturates, and stays.
// CHECK-LABEL: dataflow.graph @saturates
// CHECK: %[[X:.*]]:2 = dataflow.fork "source_fork"
// CHECK: %[[A:.*]] = dataflow.map "rescale_map" %[[X]]#{{.}} {input_zp = 7 : i64
// CHECK: dataflow.mul "mul_mul" %[[A]], %[[X]]#{{.}} {reach = 1.000000e+00 : f64} : <4x4x2xi8, lanes = 1>, <4x4x2xi8, lanes = 1> -> <4x4x2xi32, lanes = 1>
func.func @saturates(%x: tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi32> {
  %one = "tosa.const"() <{values = dense<1073741824> : tensor<1xi32>}> : () -> tensor<1xi32>
  %s30 = "tosa.const"() <{values = dense<30> : tensor<1xi8>}> : () -> tensor<1xi8>
  %zero = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %seven = "tosa.const"() <{values = dense<7> : tensor<1xi8>}> : () -> tensor<1xi8>
  %a = tosa.rescale %x, %one, %s30, %seven, %zero {input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = #tosa.rounding_mode<SINGLE_ROUND>, scale32 = true} : (tensor<1x4x4x2xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
  %y = tosa.mul %a, %x, %zero : (tensor<1x4x4x2xi8>, tensor<1x4x4x2xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi32>
  return %y : tensor<1x4x4x2xi32>
}
