// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-sink-layers))' | FileCheck %s
// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-sink-layers,ee-raise-exits{keep-others=true}))' | FileCheck %s --check-prefix=EXIT

// A classifier that both branches share stands in both, and what its weights are stays outside.
// CHECK-LABEL: func.func @shared_classifier(
// CHECK:         %[[W:.*]] = "tosa.const"() <{values = dense<2.000000e+00>
// CHECK:         %[[EARLY:.*]] = tosa.tanh %{{.*}}
// CHECK:         %[[R:.*]] = scf.if %{{.*}} -> (tensor<1x4xf32>) {
// CHECK-NEXT:      %[[A:.*]] = tosa.add %[[EARLY]], %[[W]]
// CHECK-NEXT:      scf.yield %[[A]]
// CHECK-NEXT:    } else {
// CHECK-NEXT:      %[[LATE:.*]] = tosa.sigmoid %[[EARLY]]
// CHECK-NEXT:      %[[B:.*]] = tosa.add %[[LATE]], %[[W]]
// CHECK-NEXT:      scf.yield %[[B]]
// CHECK-NEXT:    }
// CHECK-NEXT:    return %[[R]]

// The confident branch returns the logits that decide then: an exit.
// EXIT-LABEL: func.func @shared_classifier(
// EXIT:         ee.exit "exit1"
// EXIT:           classify {
// EXIT:             tosa.add
// EXIT:           } otherwise {
// EXIT:             tosa.sigmoid
// EXIT:             tosa.add
func.func @shared_classifier(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %w = "tosa.const"() <{values = dense<2.0> : tensor<1x4xf32>}> : () -> tensor<1x4xf32>
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %t = "tosa.const"() <{values = dense<0.3> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %f = tosa.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %l = tosa.add %f, %w : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %max = tosa.reduce_max %l {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %sub = tosa.sub %l, %max : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %exp = tosa.exp %sub : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %sum = tosa.reduce_sum %exp {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %rec = tosa.reciprocal %sum : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %prob = tosa.mul %exp, %rec, %shift : (tensor<1x4xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  %top = tosa.reduce_max %prob {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %g = tosa.greater %top, %t : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xi1>
  %zero = arith.constant 0 : index
  %c = tensor.extract %g[%zero, %zero] : tensor<1x1xi1>
  %features = scf.if %c -> (tensor<1x4xf32>) {
    scf.yield %f : tensor<1x4xf32>
  } else {
    %late = tosa.sigmoid %f : (tensor<1x4xf32>) -> tensor<1x4xf32>
    scf.yield %late : tensor<1x4xf32>
  }
  %r = tosa.add %features, %w : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  return %r : tensor<1x4xf32>
}

// Layers behind the outer one pass the inner one too. What does not depend on them stays.
// CHECK-LABEL: func.func @nested(
// CHECK:         scf.if
// CHECK:           tosa.tanh
// CHECK:         else
// CHECK:           scf.if
// CHECK:             tosa.tanh
// CHECK:           else
// CHECK:             tosa.tanh
// CHECK:         tosa.exp
// CHECK-NEXT:    return
func.func @nested(%x: tensor<1x4xf32>, %c: i1, %d: i1) -> (tensor<1x4xf32>, tensor<1x4xf32>) {
  %outer = scf.if %c -> (tensor<1x4xf32>) {
    scf.yield %x : tensor<1x4xf32>
  } else {
    %inner = scf.if %d -> (tensor<1x4xf32>) {
      %a = tosa.abs %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
      scf.yield %a : tensor<1x4xf32>
    } else {
      %b = tosa.floor %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
      scf.yield %b : tensor<1x4xf32>
    }
    scf.yield %inner : tensor<1x4xf32>
  }
  %other = tosa.exp %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %r = tosa.tanh %outer : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return %r, %other : tensor<1x4xf32>, tensor<1x4xf32>
}
