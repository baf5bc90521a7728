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
// CHECK: dataflow.window "max_pool2d_window" %[[CROP]]
func.func @cropped(%x: tensor<1x4x4x2xi8>) -> tensor<1x1x2x2xi8> {
  %from = tosa.const_shape {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
  %size = tosa.const_shape {values = dense<[1, 2, 4, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %s = tosa.slice %x, %from, %size : (tensor<1x4x4x2xi8>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<1x2x4x2xi8>
  %p = tosa.max_pool2d %s {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x2x4x2xi8>) -> tensor<1x1x2x2xi8>
  return %p : tensor<1x1x2x2xi8>
}
