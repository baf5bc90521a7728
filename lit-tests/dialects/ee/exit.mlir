// RUN: atheena-opt %s | atheena-opt | FileCheck %s
// The stock tool reads and prints the same with the plugin:
// RUN: mlir-opt-22 %plugin %s | FileCheck %s
// And the generic form reads back:
// RUN: atheena-opt %s -mlir-print-op-generic | atheena-opt | FileCheck %s

// CHECK-LABEL: func.func @one_exit(
// CHECK-SAME: %[[IMAGE:.*]]: tensor<1x4xi8>
func.func @one_exit(%image: tensor<1x4xi8>) -> tensor<1x4xi8> {
  // CHECK: ee.exit "exit1" on (%[[F:.*]] = %[[IMAGE]] : tensor<1x4xi8>)
  // CHECK-NEXT: when #ee.max_softmax<threshold = 0.996> profile <taken = 7500, of = 10000>
  // CHECK-NEXT: classify {
  // CHECK-NEXT: ee.yield %[[F]] : tensor<1x4xi8>
  // CHECK-NEXT: } otherwise {
  // CHECK-NEXT: ee.yield %[[F]] : tensor<1x4xi8>
  // CHECK-NEXT: } -> tensor<1x4xi8>
  %logits = ee.exit "exit1" on (%f = %image : tensor<1x4xi8>)
      when #ee.max_softmax<threshold = 0.996> profile <taken = 7500, of = 10000>
    classify {
      ee.yield %f : tensor<1x4xi8>
    } otherwise {
      ee.yield %f : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return %logits : tensor<1x4xi8>
}

// Exits nest; several values may cross an exit, and several leave it.
// CHECK-LABEL: func.func @nested(
func.func @nested(%a: tensor<1x4xi8>, %b: tensor<1x2x2x1xi8>) -> (tensor<1x4xi8>, tensor<1xi32>) {
  %index = "tosa.const"() {values = dense<0> : tensor<1xi32>} : () -> tensor<1xi32>
  // CHECK: ee.exit "outer" on (%[[X:.*]] = %{{.*}} : tensor<1x4xi8>, %[[Y:.*]] = %{{.*}} : tensor<1x2x2x1xi8>, %[[I:.*]] = %{{.*}} : tensor<1xi32>)
  // CHECK: ee.exit "inner" on (%[[Z:.*]] = %[[X]] : tensor<1x4xi8>)
  // CHECK-NEXT: when #ee.max_softmax<threshold = 0.5>
  // CHECK: ee.yield %{{.*}}, %[[I]] : tensor<1x4xi8>, tensor<1xi32>
  // CHECK: -> (tensor<1x4xi8>, tensor<1xi32>)
  %r:2 = ee.exit "outer" on (%x = %a : tensor<1x4xi8>, %y = %b : tensor<1x2x2x1xi8>, %i = %index : tensor<1xi32>)
      when #ee.max_softmax<threshold = 0.0>
    classify {
      ee.yield %x, %i : tensor<1x4xi8>, tensor<1xi32>
    } otherwise {
      %inner = ee.exit "inner" on (%z = %x : tensor<1x4xi8>) when #ee.max_softmax<threshold = 0.5>
        classify {
          ee.yield %z : tensor<1x4xi8>
        } otherwise {
          ee.yield %z : tensor<1x4xi8>
        } -> tensor<1x4xi8>
      ee.yield %inner, %i : tensor<1x4xi8>, tensor<1xi32>
    } -> (tensor<1x4xi8>, tensor<1xi32>)
  return %r#0, %r#1 : tensor<1x4xi8>, tensor<1xi32>
}

// An exit without operands, and discardable attributes.
// CHECK-LABEL: func.func @no_operands(
func.func @no_operands() -> tensor<1x2xi8> {
  // CHECK: ee.exit "constant" on ()
  // CHECK-NEXT: when #ee.max_softmax<threshold = 1.0e-05> attributes {note = "kept"}
  %r = ee.exit "constant" on () when #ee.max_softmax<threshold = 1.0e-5> attributes {note = "kept"}
    classify {
      %c = "tosa.const"() {values = dense<0> : tensor<1x2xi8>} : () -> tensor<1x2xi8>
      ee.yield %c : tensor<1x2xi8>
    } otherwise {
      %c = "tosa.const"() {values = dense<1> : tensor<1x2xi8>} : () -> tensor<1x2xi8>
      ee.yield %c : tensor<1x2xi8>
    } -> tensor<1x2xi8>
  return %r : tensor<1x2xi8>
}

// The other kinds of confidence, and thresholds of an entropy above 1.
// CHECK-LABEL: func.func @kinds(
func.func @kinds(%a: tensor<1x2xf32>) -> tensor<1x2xf32> {
  // CHECK: when #ee.margin<threshold = 0.0>
  %r = ee.exit "margin" on (%x = %a : tensor<1x2xf32>) when #ee.margin<threshold = 0.0>
    classify {
      ee.yield %x : tensor<1x2xf32>
    } otherwise {
      // CHECK: when #ee.entropy<threshold = 1.5>
      %q = ee.exit "entropy" on (%y = %x : tensor<1x2xf32>) when #ee.entropy<threshold = 1.5>
        classify {
          ee.yield %y : tensor<1x2xf32>
        } otherwise {
          ee.yield %y : tensor<1x2xf32>
        } -> tensor<1x2xf32>
      ee.yield %q : tensor<1x2xf32>
    } -> tensor<1x2xf32>
  return %r : tensor<1x2xf32>
}
