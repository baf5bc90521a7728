// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-raise-exits))' | FileCheck %s

// -(p * log p).sum() < 0.5, as PyTorch writes it.
// CHECK-LABEL: func.func @entropy(
// CHECK:         ee.exit "exit1"
// CHECK-NEXT:        when #ee.entropy<threshold = 0.5>
// CHECK-NEXT:      classify {
// CHECK-NEXT:        ee.yield
func.func @entropy(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %t = "tosa.const"() <{values = dense<0.5> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %max = tosa.reduce_max %x {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %sub = tosa.sub %x, %max : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %exp = tosa.exp %sub : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %sum = tosa.reduce_sum %exp {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %rec = tosa.reciprocal %sum : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %p = tosa.mul %exp, %rec, %shift : (tensor<1x4xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  %log = tosa.log %p : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %product = tosa.mul %p, %log, %shift : (tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  %total = tosa.reduce_sum %product {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %entropy = tosa.negate %total, %z, %z : (tensor<1x1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1xf32>
  %g = tosa.greater %t, %entropy : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xi1>
  %zero = arith.constant 0 : index
  %c = tensor.extract %g[%zero, %zero] : tensor<1x1xi1>
  %r = scf.if %c -> (tensor<1x4xf32>) {
    scf.yield %x : tensor<1x4xf32>
  } else {
    %late = tosa.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
    scf.yield %late : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}

// (p * log_softmax).sum() > -0.5, which is the same without the negation.
// CHECK-LABEL: func.func @negative_entropy(
// CHECK:         ee.exit "exit1"
// CHECK-NEXT:        when #ee.entropy<threshold = 0.5>
func.func @negative_entropy(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %t = "tosa.const"() <{values = dense<-0.5> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %max = tosa.reduce_max %x {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %sub = tosa.sub %x, %max : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %exp = tosa.exp %sub : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %sum = tosa.reduce_sum %exp {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %rec = tosa.reciprocal %sum : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %p = tosa.mul %exp, %rec, %shift : (tensor<1x4xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  %logsum = tosa.log %sum : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %log = tosa.sub %sub, %logsum : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %product = tosa.mul %log, %p, %shift : (tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  %total = tosa.reduce_sum %product {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %g = tosa.greater %total, %t : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xi1>
  %zero = arith.constant 0 : index
  %c = tensor.extract %g[%zero, %zero] : tensor<1x1xi1>
  %r = scf.if %c -> (tensor<1x4xf32>) {
    scf.yield %x : tensor<1x4xf32>
  } else {
    %late = tosa.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
    scf.yield %late : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}

// The largest probability less the largest of those that are not equal to it.
// CHECK-LABEL: func.func @margin(
// CHECK:         ee.exit "exit1"
// CHECK-NEXT:        when #ee.margin<threshold = 0.25>
func.func @margin(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %t = "tosa.const"() <{values = dense<0.25> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %none = "tosa.const"() <{values = dense<0.0> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %max = tosa.reduce_max %x {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %sub = tosa.sub %x, %max : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %exp = tosa.exp %sub : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %sum = tosa.reduce_sum %exp {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %rec = tosa.reciprocal %sum : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %p = tosa.mul %exp, %rec, %shift : (tensor<1x4xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  %first = tosa.reduce_max %p {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %is_first = tosa.equal %p, %first : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xi1>
  %others = tosa.select %is_first, %none, %p : (tensor<1x4xi1>, tensor<1x1xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %second = tosa.reduce_max %others {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %margin = tosa.sub %first, %second : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  %g = tosa.greater %margin, %t : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xi1>
  %zero = arith.constant 0 : index
  %c = tensor.extract %g[%zero, %zero] : tensor<1x1xi1>
  %r = scf.if %c -> (tensor<1x4xf32>) {
    scf.yield %x : tensor<1x4xf32>
  } else {
    %late = tosa.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
    scf.yield %late : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}

// 1 - p.max() < 0.25.
// CHECK-LABEL: func.func @doubt(
// CHECK:         ee.exit "exit1"
// CHECK-NEXT:        when #ee.max_softmax<threshold = 0.75>
func.func @doubt(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %t = "tosa.const"() <{values = dense<0.25> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %one = "tosa.const"() <{values = dense<1.0> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %max = tosa.reduce_max %x {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %sub = tosa.sub %x, %max : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %exp = tosa.exp %sub : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %sum = tosa.reduce_sum %exp {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %rec = tosa.reciprocal %sum : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %p = tosa.mul %exp, %rec, %shift : (tensor<1x4xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  %largest = tosa.reduce_max %p {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %doubt = tosa.sub %one, %largest : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  %g = tosa.greater %t, %doubt : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xi1>
  %zero = arith.constant 0 : index
  %c = tensor.extract %g[%zero, %zero] : tensor<1x1xi1>
  %r = scf.if %c -> (tensor<1x4xf32>) {
    scf.yield %x : tensor<1x4xf32>
  } else {
    %late = tosa.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
    scf.yield %late : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}

// Half of the entropy, of logarithms that an epsilon keeps finite: -(p * (p + 1e-8).log()).sum() * 0.5 < 0.25, and with a limit in its place.
// CHECK-LABEL: func.func @share_of_entropy(
// CHECK:         ee.exit "exit1"
// CHECK-NEXT:        when #ee.entropy<threshold = 0.5>
// CHECK:         ee.exit "exit2"
// CHECK-NEXT:        when #ee.entropy<threshold = 0.5>
func.func @share_of_entropy(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %t = "tosa.const"() <{values = dense<0.25> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %epsilon = "tosa.const"() <{values = dense<1.0e-8> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %half = "tosa.const"() <{values = dense<0.5> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %max = tosa.reduce_max %x {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %sub = tosa.sub %x, %max : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %exp = tosa.exp %sub : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %sum = tosa.reduce_sum %exp {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %rec = tosa.reciprocal %sum : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %p = tosa.mul %exp, %rec, %shift : (tensor<1x4xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  %above = tosa.add %p, %epsilon : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %log = tosa.log %above : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %product = tosa.mul %p, %log, %shift : (tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  %total = tosa.reduce_sum %product {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %entropy = tosa.negate %total, %z, %z : (tensor<1x1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1xf32>
  %share = tosa.mul %entropy, %half, %shift : (tensor<1x1xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x1xf32>
  %g = tosa.greater %t, %share : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xi1>
  %zero = arith.constant 0 : index
  %c = tensor.extract %g[%zero, %zero] : tensor<1x1xi1>
  %r = scf.if %c -> (tensor<1x4xf32>) {
    scf.yield %x : tensor<1x4xf32>
  } else {
    %limited = tosa.clamp %p {min_val = 1.0e-12 : f32, max_val = 3.40282347E+38 : f32} : (tensor<1x4xf32>) -> tensor<1x4xf32>
    %log2 = tosa.log %limited : (tensor<1x4xf32>) -> tensor<1x4xf32>
    %product2 = tosa.mul %p, %log2, %shift : (tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi8>) -> tensor<1x4xf32>
    %total2 = tosa.reduce_sum %product2 {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
    %entropy2 = tosa.negate %total2, %z, %z : (tensor<1x1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1xf32>
    %share2 = tosa.mul %entropy2, %half, %shift : (tensor<1x1xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x1xf32>
    %g2 = tosa.greater %t, %share2 : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xi1>
    %c2 = tensor.extract %g2[%zero, %zero] : tensor<1x1xi1>
    %r2 = scf.if %c2 -> (tensor<1x4xf32>) {
      scf.yield %x : tensor<1x4xf32>
    } else {
      %late = tosa.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
      scf.yield %late : tensor<1x4xf32>
    }
    scf.yield %r2 : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}
