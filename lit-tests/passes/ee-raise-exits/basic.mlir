// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-raise-exits))' | FileCheck %s

// As torch-mlir writes PyTorch's `cond`: scalars of 64 bits, layers in front, the weights of both branches at the top. What
// only the classifier uses moves into its region, a constant of both is in both, and 0.3 as a float is 0.3 again.
// CHECK-LABEL: func.func @torch(
// CHECK-SAME:    %[[X:.*]]: tensor<1x4xf32>
// CHECK-NEXT:    %[[F:.*]] = tosa.tanh %[[X]]
// CHECK-NEXT:    %[[R:.*]] = ee.exit "exit1" on (%[[IN:.*]] = %[[F]] : tensor<1x4xf32>)
// CHECK-NEXT:        when #ee.max_softmax<threshold = 0.3>
// CHECK-NEXT:      classify {
// CHECK-NEXT:        %[[B:.*]] = "tosa.const"()
// CHECK-NEXT:        %[[L:.*]] = tosa.add %[[IN]], %[[B]]
// CHECK-NEXT:        ee.yield %[[L]] : tensor<1x4xf32>
// CHECK-NEXT:      } otherwise {
// CHECK-DAG:         %[[B2:.*]] = "tosa.const"() <{{.*}}dense<1.000000e+00>
// CHECK-DAG:         %[[S:.*]] = "tosa.const"() <{{.*}}: tensor<1xi8>
// CHECK-DAG:         %[[HALF:.*]] = tosa.mul %[[IN]], %[[B2]], %[[S]]
// CHECK:             %[[LATE:.*]] = tosa.add %[[HALF]], %[[B2]]
// CHECK-NEXT:        ee.yield %[[LATE]] : tensor<1x4xf32>
// CHECK-NEXT:      } -> tensor<1x4xf32>
// CHECK-NEXT:    return %[[R]]
func.func @torch(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %bias = "tosa.const"() <{values = dense<1.0> : tensor<1x4xf32>}> : () -> tensor<1x4xf32>
  %scalar = tosa.const_shape {values = dense<> : tensor<0xindex>} : () -> !tosa.shape<0>
  %t = "tosa.const"() <{values = dense<0.30000001192092896> : tensor<f64>}> : () -> tensor<f64>
  %f = tosa.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %only_late = tosa.mul %f, %bias, %shift : (tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  %l = tosa.add %f, %bias : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %max = tosa.reduce_max %l {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %sub = tosa.sub %l, %max : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %exp = tosa.exp %sub : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %sum = tosa.reduce_sum %exp {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %rec = tosa.reciprocal %sum : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %prob = tosa.mul %exp, %rec, %shift : (tensor<1x4xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  %top = tosa.reduce_max %prob {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %number = tosa.reshape %top, %scalar : (tensor<1x1xf32>, !tosa.shape<0>) -> tensor<f32>
  %wide = tosa.cast %number : (tensor<f32>) -> tensor<f64>
  %sure = tosa.greater %wide, %t : (tensor<f64>, tensor<f64>) -> tensor<i1>
  %c = tensor.extract %sure[] : tensor<i1>
  %r = scf.if %c -> (tensor<1x4xf32>) {
    scf.yield %l : tensor<1x4xf32>
  } else {
    %late = tosa.add %only_late, %bias : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
    scf.yield %late : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}

// tosa.cond_if, whose branches get what they use as operands; nested; the decision as TOSA's consumers get it from
// convert-ee-to-tosa, 1 / sum exp(x - max x) > t.
// CHECK-LABEL: func.func @nested(
// CHECK-SAME:    %[[X:.*]]: tensor<1x4xf32>, %[[Y:.*]]: tensor<1x4xf32>
// CHECK-NEXT:    ee.exit "exit1" on (%[[A:.*]] = %[[X]] : tensor<1x4xf32>, %[[B:.*]] = %[[Y]] : tensor<1x4xf32>)
// CHECK-NEXT:        when #ee.max_softmax<threshold = 0.9>
// CHECK-NEXT:      classify {
// CHECK-NEXT:        ee.yield %[[A]]
// CHECK-NEXT:      } otherwise {
// CHECK-NEXT:        %[[F:.*]] = tosa.tanh %[[B]]
// CHECK-NEXT:        %[[R:.*]] = ee.exit "exit2" on (%[[G:.*]] = %[[F]] : tensor<1x4xf32>)
// CHECK-NEXT:            when #ee.max_softmax<threshold = 0.75>
// CHECK-NEXT:          classify {
// CHECK-NEXT:            ee.yield %[[G]]
// CHECK-NEXT:          } otherwise {
// CHECK-NEXT:            %[[E:.*]] = tosa.sigmoid %[[G]]
// CHECK-NEXT:            ee.yield %[[E]]
// CHECK:             ee.yield %[[R]]
func.func @nested(%x: tensor<1x4xf32>, %y: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %t = "tosa.const"() <{values = dense<0.9> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %u = "tosa.const"() <{values = dense<0.75> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %scalar = tosa.const_shape {values = dense<> : tensor<0xindex>} : () -> !tosa.shape<0>
  %max = tosa.reduce_max %x {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %sub = tosa.sub %x, %max : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %exp = tosa.exp %sub : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %sum = tosa.reduce_sum %exp {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %p = tosa.reciprocal %sum : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %g = tosa.greater %p, %t : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xi1>
  %c = tosa.reshape %g, %scalar : (tensor<1x1xi1>, !tosa.shape<0>) -> tensor<i1>
  %r = tosa.cond_if %c (%a = %x, %b = %y) : tensor<i1> (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32> {
  ^bb0(%a0: tensor<1x4xf32>, %b0: tensor<1x4xf32>):
    tosa.yield %a0 : tensor<1x4xf32>
  } else {
  ^bb0(%a1: tensor<1x4xf32>, %b1: tensor<1x4xf32>):
    %f = tosa.tanh %b1 : (tensor<1x4xf32>) -> tensor<1x4xf32>
    %max2 = tosa.reduce_max %f {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
    %sub2 = tosa.sub %f, %max2 : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
    %exp2 = tosa.exp %sub2 : (tensor<1x4xf32>) -> tensor<1x4xf32>
    %sum2 = tosa.reduce_sum %exp2 {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
    %p2 = tosa.reciprocal %sum2 : (tensor<1x1xf32>) -> tensor<1x1xf32>
    %g2 = tosa.greater %p2, %u : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xi1>
    %c2 = tosa.reshape %g2, %scalar : (tensor<1x1xi1>, !tosa.shape<0>) -> tensor<i1>
    %s = tosa.cond_if %c2 (%d = %f) : tensor<i1> (tensor<1x4xf32>) -> tensor<1x4xf32> {
    ^bb0(%d0: tensor<1x4xf32>):
      tosa.yield %d0 : tensor<1x4xf32>
    } else {
    ^bb0(%d1: tensor<1x4xf32>):
      %e = tosa.sigmoid %d1 : (tensor<1x4xf32>) -> tensor<1x4xf32>
      tosa.yield %e : tensor<1x4xf32>
    }
    tosa.yield %s : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}

// The condition holds of the samples that stay: not (p > t) by `t >= p`, whose equality is on their side.
// CHECK-LABEL: func.func @samples_that_stay(
// CHECK:         when #ee.max_softmax<threshold = 0.5>
// CHECK-NEXT:      classify {
// CHECK-NEXT:        ee.yield
// CHECK-NEXT:      } otherwise {
// CHECK-NEXT:        tosa.tanh
func.func @samples_that_stay(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %t = "tosa.const"() <{values = dense<0.5> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %max = tosa.reduce_max %x {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %sub = tosa.sub %x, %max : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %exp = tosa.exp %sub : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %sum = tosa.reduce_sum %exp {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %rec = tosa.reciprocal %sum : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %prob = tosa.mul %exp, %rec, %shift : (tensor<1x4xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  %top = tosa.reduce_max %prob {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %g = tosa.greater_equal %t, %top : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xi1>
  %zero = arith.constant 0 : index
  %c = tensor.extract %g[%zero, %zero] : tensor<1x1xi1>
  %r = scf.if %c -> (tensor<1x4xf32>) {
    %late = tosa.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
    scf.yield %late : tensor<1x4xf32>
  } else {
    scf.yield %x : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}

// `p >= 0.5` is `p > 0.49999997`, the float below; here as not (not (p >= 0.5)), and of numbers instead of tensors.
// CHECK-LABEL: func.func @equality(
// CHECK:         when #ee.max_softmax<threshold = 0.49999997>
func.func @equality(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %t = arith.constant 0.5 : f32
  %true = arith.constant true
  %max = tosa.reduce_max %x {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %sub = tosa.sub %x, %max : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %exp = tosa.exp %sub : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %sum = tosa.reduce_sum %exp {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %rec = tosa.reciprocal %sum : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %prob = tosa.mul %exp, %rec, %shift : (tensor<1x4xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  %top = tosa.reduce_max %prob {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %zero = arith.constant 0 : index
  %p = tensor.extract %top[%zero, %zero] : tensor<1x1xf32>
  %g = arith.cmpf oge, %p, %t : f32
  %n = arith.xori %g, %true : i1
  %c = arith.xori %n, %true : i1
  %r = scf.if %c -> (tensor<1x4xf32>) {
    scf.yield %x : tensor<1x4xf32>
  } else {
    %late = tosa.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
    scf.yield %late : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}

// Both classifiers return probabilities: softmax goes behind the exit. The logits are the second result, become the first
// one, and cross as they are read by both.
// CHECK-LABEL: func.func @probabilities(
// CHECK-SAME:    %[[X:.*]]: tensor<1x4xf32>
// CHECK:         %[[R:.*]]:2 = ee.exit "exit1" on (%[[IN:.*]] = %[[X]] : tensor<1x4xf32>)
// CHECK:           classify {
// CHECK:             %[[ONE:.*]] = "tosa.const"() <{{.*}}dense<1>
// CHECK:             ee.yield %[[IN]], %[[ONE]]
// CHECK:           } otherwise {
// CHECK:             %[[LATE:.*]] = tosa.tanh %[[IN]]
// CHECK:             ee.yield %[[LATE]], %
// CHECK:         tosa.exp
// CHECK:         %[[P:.*]] = tosa.mul
// CHECK:         return %[[R]]#1, %[[P]]
func.func @probabilities(%x: tensor<1x4xf32>) -> (tensor<1xi32>, tensor<1x4xf32>) {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %t = "tosa.const"() <{values = dense<0.9> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %one = "tosa.const"() <{values = dense<1> : tensor<1xi32>}> : () -> tensor<1xi32>
  %two = "tosa.const"() <{values = dense<2> : tensor<1xi32>}> : () -> tensor<1xi32>
  %max = tosa.reduce_max %x {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %sub = tosa.sub %x, %max : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %exp = tosa.exp %sub : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %sum = tosa.reduce_sum %exp {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %rec = tosa.reciprocal %sum : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %prob = tosa.mul %exp, %rec, %shift : (tensor<1x4xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  %top = tosa.reduce_max %prob {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %g = tosa.greater %top, %t : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xi1>
  %zero = arith.constant 0 : index
  %c = tensor.extract %g[%zero, %zero] : tensor<1x1xi1>
  %r:2 = scf.if %c -> (tensor<1xi32>, tensor<1x4xf32>) {
    scf.yield %one, %prob : tensor<1xi32>, tensor<1x4xf32>
  } else {
    %late = tosa.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
    %lmax = tosa.reduce_max %late {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
    %lsub = tosa.sub %late, %lmax : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
    %lexp = tosa.exp %lsub : (tensor<1x4xf32>) -> tensor<1x4xf32>
    %lsum = tosa.reduce_sum %lexp {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
    %lrec = tosa.reciprocal %lsum : (tensor<1x1xf32>) -> tensor<1x1xf32>
    %lprob = tosa.mul %lexp, %lrec, %shift : (tensor<1x4xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x4xf32>
    scf.yield %two, %lprob : tensor<1xi32>, tensor<1x4xf32>
  }
  return %r#0, %r#1 : tensor<1xi32>, tensor<1x4xf32>
}
