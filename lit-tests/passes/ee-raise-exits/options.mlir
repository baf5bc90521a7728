// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-raise-exits{keep-others=true}))' | FileCheck %s

// A conditional that is no exit stays, and the exit behind it is raised all the same.
// CHECK-LABEL: func.func @both(
// CHECK:         %[[F:.*]] = scf.if
// CHECK:         ee.exit "exit1" on (%{{.*}} = %[[F]] : tensor<1x4xf32>)
func.func @both(%x: tensor<1x4xf32>, %known: i1) -> tensor<1x4xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %t = "tosa.const"() <{values = dense<0.9> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %f = scf.if %known -> (tensor<1x4xf32>) {
    %a = tosa.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
    scf.yield %a : tensor<1x4xf32>
  } else {
    scf.yield %x : tensor<1x4xf32>
  }
  %max = tosa.reduce_max %f {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %sub = tosa.sub %f, %max : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %exp = tosa.exp %sub : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %sum = tosa.reduce_sum %exp {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %rec = tosa.reciprocal %sum : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %prob = tosa.mul %exp, %rec, %shift : (tensor<1x4xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  %top = tosa.reduce_max %prob {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %g = tosa.greater %top, %t : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xi1>
  %zero = arith.constant 0 : index
  %c = tensor.extract %g[%zero, %zero] : tensor<1x1xi1>
  %r = scf.if %c -> (tensor<1x4xf32>) {
    scf.yield %f : tensor<1x4xf32>
  } else {
    %late = tosa.tanh %f : (tensor<1x4xf32>) -> tensor<1x4xf32>
    scf.yield %late : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}
