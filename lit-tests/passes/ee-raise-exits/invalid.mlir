// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-raise-exits))' -split-input-file -verify-diagnostics

// No softmax, so that the largest element has no meaning as a probability.
func.func @no_softmax(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %t = "tosa.const"() <{values = dense<0.9> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %s = tosa.sigmoid %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %top = tosa.reduce_max %s {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %g = tosa.greater %top, %t : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xi1>
  %zero = arith.constant 0 : index
  %c = tensor.extract %g[%zero, %zero] : tensor<1x1xi1>
  // expected-error-re @below {{'scf.if' op is no exit that is known: its confidence is the largest element of what 'tosa.sigmoid' at {{.*}} makes, not the largest softmax probability of a classifier}}
  // expected-note @below {{an exit is written as: logits -> softmax -> reduce_max -> greater(threshold) -> if, where the branch of confident samples returns the logits and the other one the rest of the network}}
  %r = scf.if %c -> (tensor<1x4xf32>) {
    scf.yield %x : tensor<1x4xf32>
  } else {
    scf.yield %s : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}

// -----

func.func @no_comparison(%x: tensor<1x4xf32>, %g: tensor<1x1xi1>) -> tensor<1x4xf32> {
  %zero = arith.constant 0 : index
  %c = tensor.extract %g[%zero, %zero] : tensor<1x1xi1>
  // expected-error @below {{'scf.if' op is no exit that is known: its condition is an argument}}
  // expected-note @below {{an exit is written as: logits -> softmax -> reduce_max -> greater(threshold) -> if, where the branch of confident samples returns the logits and the other one the rest of the network}}
  %r = scf.if %c -> (tensor<1x4xf32>) {
    scf.yield %x : tensor<1x4xf32>
  } else {
    scf.yield %x : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}

// -----

func.func @threshold_of_outside(%x: tensor<1x4xf32>, %t: tensor<1x1xf32>) -> tensor<1x4xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
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
  // expected-error-re @below {{'scf.if' op is no exit that is known: 'tosa.greater' at {{.*}} does not compare with one constant threshold}}
  // expected-note @below {{an exit is written as: logits -> softmax -> reduce_max -> greater(threshold) -> if, where the branch of confident samples returns the logits and the other one the rest of the network}}
  %r = scf.if %c -> (tensor<1x4xf32>) {
    scf.yield %x : tensor<1x4xf32>
  } else {
    scf.yield %x : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}

// -----

// The maximum of other logits than those of the sum.
func.func @two_classifiers(%x: tensor<1x4xf32>, %y: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %t = "tosa.const"() <{values = dense<0.9> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %max = tosa.reduce_max %x {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %sub = tosa.sub %x, %max : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %exp = tosa.exp %sub : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %sum = tosa.reduce_sum %exp {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %rec = tosa.reciprocal %sum : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %prob = tosa.mul %exp, %rec, %shift : (tensor<1x4xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  %ymax = tosa.reduce_max %y {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %ysub = tosa.sub %y, %ymax : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %yexp = tosa.exp %ysub : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %ysum = tosa.reduce_sum %yexp {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %yrec = tosa.reciprocal %ysum : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %yprob = tosa.mul %yexp, %yrec, %shift : (tensor<1x4xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  %mixed = tosa.mul %exp, %yrec, %shift : (tensor<1x4xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  %top = tosa.reduce_max %mixed {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %g = tosa.greater %top, %t : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xi1>
  %zero = arith.constant 0 : index
  %c = tensor.extract %g[%zero, %zero] : tensor<1x1xi1>
  // expected-error-re @below {{'scf.if' op is no exit that is known: its confidence is the largest element of what 'tosa.mul' at {{.*}} makes}}
  // expected-note @below {{an exit is written as: logits -> softmax -> reduce_max -> greater(threshold) -> if, where the branch of confident samples returns the logits and the other one the rest of the network}}
  %r = scf.if %c -> (tensor<1x4xf32>) {
    scf.yield %x : tensor<1x4xf32>
  } else {
    scf.yield %y : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}

// -----

func.func @something_else(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %t = "tosa.const"() <{values = dense<0.9> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %f = tosa.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
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
  // expected-error-re @below {{'scf.if' op is no exit that is known: confident samples get the result of 'tosa.tanh' at {{.*}}, not the logits that decide}}
  // expected-note @below {{an exit is written as: logits -> softmax -> reduce_max -> greater(threshold) -> if, where the branch of confident samples returns the logits and the other one the rest of the network}}
  %r = scf.if %c -> (tensor<1x4xf32>) {
    scf.yield %f : tensor<1x4xf32>
  } else {
    scf.yield %f : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}

// -----

func.func @unsure_samples_leave(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %t = "tosa.const"() <{values = dense<0.9> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %f = tosa.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
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
  // expected-error @below {{'scf.if' op is no exit that is known: the logits that decide are the result of samples that are not confident; confident ones go on}}
  // expected-note @below {{swap the branches, or turn the comparison round}}
  %r = scf.if %c -> (tensor<1x4xf32>) {
    scf.yield %f : tensor<1x4xf32>
  } else {
    scf.yield %x : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}

// -----

func.func @probabilities_and_logits(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %t = "tosa.const"() <{values = dense<0.9> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
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
  // expected-error @below {{'scf.if' op is no exit that is known: confident samples get probabilities, the others do not}}
  // expected-note @below {{return the logits of all classifiers, from before the softmax}}
  %r = scf.if %c -> (tensor<1x4xf32>) {
    scf.yield %prob : tensor<1x4xf32>
  } else {
    %f = tosa.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
    scf.yield %f : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}

// -----

func.func @threshold_of_one(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %t = "tosa.const"() <{values = dense<1.0> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
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
  // expected-error @below {{'scf.if' op is no exit that is known: the threshold of a max-softmax exit must be in [0, 1), but is 1}}
  // expected-note @below {{an exit is written as: logits -> softmax -> reduce_max -> greater(threshold) -> if, where the branch of confident samples returns the logits and the other one the rest of the network}}
  %r = scf.if %c -> (tensor<1x4xf32>) {
    scf.yield %x : tensor<1x4xf32>
  } else {
    %f = tosa.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
    scf.yield %f : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}

// -----

// Two samples have two probabilities.
func.func @batch(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %t = "tosa.const"() <{values = dense<0.9> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %max = tosa.reduce_max %x {axis = 1 : i32} : (tensor<2x4xf32>) -> tensor<2x1xf32>
  %g = tosa.greater %max, %t : (tensor<2x1xf32>, tensor<1x1xf32>) -> tensor<2x1xi1>
  %zero = arith.constant 0 : index
  %c = tensor.extract %g[%zero, %zero] : tensor<2x1xi1>
  // expected-error-re @below {{'scf.if' op is no exit that is known: 'tosa.greater' at {{.*}} compares tensor<2x1xf32>, not one number of one sample}}
  // expected-note @below {{an exit is written as: logits -> softmax -> reduce_max -> greater(threshold) -> if, where the branch of confident samples returns the logits and the other one the rest of the network}}
  %r = scf.if %c -> (tensor<2x4xf32>) {
    scf.yield %x : tensor<2x4xf32>
  } else {
    scf.yield %x : tensor<2x4xf32>
  }
  return %r : tensor<2x4xf32>
}

// -----

// The selection keeps the largest probability alone.
func.func @wrong_side(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
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
  %others = tosa.select %is_first, %p, %none : (tensor<1x4xi1>, tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %second = tosa.reduce_max %others {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %margin = tosa.sub %first, %second : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  %g = tosa.greater %margin, %t : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xi1>
  %zero = arith.constant 0 : index
  %c = tensor.extract %g[%zero, %zero] : tensor<1x1xi1>
  // expected-error-re @below {{'scf.if' op is no exit that is known: its confidence is made by 'tosa.sub' at {{.*}}, not the largest softmax probability of a classifier, nor the margin or the entropy of its softmax}}
  // expected-note @below {{an exit is written as: logits -> softmax -> reduce_max -> greater(threshold) -> if, where the branch of confident samples returns the logits and the other one the rest of the network}}
  %r = scf.if %c -> (tensor<1x4xf32>) {
    scf.yield %x : tensor<1x4xf32>
  } else {
    %late = tosa.tanh %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
    scf.yield %late : tensor<1x4xf32>
  }
  return %r : tensor<1x4xf32>
}

// -----

func.func @linalg(%x: tensor<4xf32>) -> tensor<4xf32> {
  %empty = tensor.empty() : tensor<4xf32>
  // expected-error @below {{'linalg.exp' op is a layer that has been lowered to linalg}}
  // expected-note @below {{export the network at the level of TOSA: torch-mlir's output type "tosa", or stop its pipeline there}}
  %y = linalg.exp ins(%x : tensor<4xf32>) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
