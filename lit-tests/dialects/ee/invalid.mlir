// RUN: atheena-opt %s -split-input-file -verify-diagnostics

func.func @wrong_rank(%a: tensor<1x10x1x1xf32>) {
  // expected-error @+1 {{'ee.exit' op expected a rank-2 [1, classes] result from its classify region, but got 'tensor<1x10x1x1xf32>'}}
  %r = ee.exit "e" on (%x = %a : tensor<1x10x1x1xf32>) when #ee.max_softmax<threshold = 0.5>
    classify {
      // expected-note @+1 {{reshape the classifier's output, e.g. with tosa.reshape}}
      ee.yield %x : tensor<1x10x1x1xf32>
    } otherwise {
      ee.yield %x : tensor<1x10x1x1xf32>
    } -> tensor<1x10x1x1xf32>
  return
}

// -----

func.func @batch_of_two(%a: tensor<2x10xf32>) {
  // expected-error @+1 {{'ee.exit' op expected a rank-2 [1, classes] result from its classify region, but got 'tensor<2x10xf32>'}}
  %r = ee.exit "e" on (%x = %a : tensor<2x10xf32>) when #ee.max_softmax<threshold = 0.5>
    classify {
      // expected-note @+1 {{reshape the classifier's output}}
      ee.yield %x : tensor<2x10xf32>
    } otherwise {
      ee.yield %x : tensor<2x10xf32>
    } -> tensor<2x10xf32>
  return
}

// -----

func.func @class_counts(%a: tensor<1x4xi8>, %b: tensor<1x5xi8>) {
  // expected-error @+1 {{'ee.exit' op expected its otherwise region to yield its result types, but got 'tensor<1x5xi8>' instead of 'tensor<1x4xi8>'}}
  %r = ee.exit "e" on (%x = %a : tensor<1x4xi8>, %y = %b : tensor<1x5xi8>) when #ee.max_softmax<threshold = 0.5>
    classify {
      ee.yield %x : tensor<1x4xi8>
    } otherwise {
      // expected-note @+1 {{all classifiers of a network have the same classes and element type}}
      ee.yield %y : tensor<1x5xi8>
    } -> tensor<1x4xi8>
  return
}

// -----

func.func @no_yield(%a: tensor<1x4xi8>) {
  // expected-error @+1 {{'ee.exit' op expected its classify region to end with ee.yield}}
  "ee.exit"(%a) <{label = "e", confidence = #ee.max_softmax<threshold = 0.5>}> ({
    ^bb0(%x: tensor<1x4xi8>):
      llvm.unreachable
  }, {
    ^bb0(%x: tensor<1x4xi8>):
      ee.yield %x : tensor<1x4xi8>
  }) : (tensor<1x4xi8>) -> ()
  return
}

// -----

func.func @yields_nothing(%a: tensor<1x4xi8>) {
  // expected-error @+1 {{'ee.exit' op expected its classify region to yield its logits, but it yields nothing}}
  "ee.exit"(%a) <{label = "e", confidence = #ee.max_softmax<threshold = 0.5>}> ({
    ^bb0(%x: tensor<1x4xi8>):
      "ee.yield"() : () -> ()
  }, {
    ^bb0(%x: tensor<1x4xi8>):
      "ee.yield"() : () -> ()
  }) : (tensor<1x4xi8>) -> ()
  return
}

// -----

func.func @argument_types(%a: tensor<1x4xi8>) {
  // expected-error @+1 {{'ee.exit' op expected the arguments of its otherwise region to have its operands' types}}
  %r = "ee.exit"(%a) <{label = "e", confidence = #ee.max_softmax<threshold = 0.5>}> ({
    ^bb0(%x: tensor<1x4xi8>):
      ee.yield %x : tensor<1x4xi8>
  }, {
    ^bb0(%x: tensor<1x4xf32>):
      ee.yield %x : tensor<1x4xf32>
  }) : (tensor<1x4xi8>) -> tensor<1x4xi8>
  return
}

// -----

func.func @captured(%a: tensor<1x4xi8>) {
  // expected-note @+1 {{required by region isolation constraints}}
  %r = ee.exit "e" on (%x = %a : tensor<1x4xi8>) when #ee.max_softmax<threshold = 0.5>
    classify {
      // expected-error @+1 {{using value defined outside the region}}
      ee.yield %a : tensor<1x4xi8>
    } otherwise {
      ee.yield %x : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return
}

// -----

func.func @exit_in_classify(%a: tensor<1x4xi8>) {
  %r = ee.exit "e" on (%x = %a : tensor<1x4xi8>) when #ee.max_softmax<threshold = 0.5>
    classify {
      // expected-error @+1 {{'ee.exit' op must not be inside the classify region of another exit: exits nest in the otherwise region}}
      %i = ee.exit "i" on (%y = %x : tensor<1x4xi8>) when #ee.max_softmax<threshold = 0.5>
        classify {
          ee.yield %y : tensor<1x4xi8>
        } otherwise {
          ee.yield %y : tensor<1x4xi8>
        } -> tensor<1x4xi8>
      ee.yield %i : tensor<1x4xi8>
    } otherwise {
      ee.yield %x : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return
}

// -----

func.func @threshold_of_one(%a: tensor<1x4xi8>) {
  // expected-error @+1 {{threshold of #ee.max_softmax must be in [0, 1), but got 1.0}}
  %r = ee.exit "e" on (%x = %a : tensor<1x4xi8>) when #ee.max_softmax<threshold = 1.0>
    classify {
      ee.yield %x : tensor<1x4xi8>
    } otherwise {
      ee.yield %x : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return
}

// -----

func.func @negative_threshold(%a: tensor<1x4xi8>) {
  // expected-error @+1 {{threshold of #ee.max_softmax must be in [0, 1), but got -5.0}}
  %r = ee.exit "e" on (%x = %a : tensor<1x4xi8>) when #ee.max_softmax<threshold = -0.5>
    classify {
      ee.yield %x : tensor<1x4xi8>
    } otherwise {
      ee.yield %x : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return
}

// -----

func.func @no_confidence(%a: tensor<1x4xi8>) {
  // expected-error @+1 {{attribute 'confidence' failed to satisfy constraint: confidence attribute (#ee.max_softmax, #ee.margin, #ee.entropy)}}
  %r = ee.exit "e" on (%x = %a : tensor<1x4xi8>) when "often"
    classify {
      ee.yield %x : tensor<1x4xi8>
    } otherwise {
      ee.yield %x : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return
}

// -----

func.func @short_table(%a: tensor<1x4xi8>) {
  // expected-error @+1 {{table of #ee.max_softmax must have 256 or 2048 entries, but got 2}}
  %r = ee.exit "e" on (%x = %a : tensor<1x4xi8>) when #ee.max_softmax<threshold = 0.5, table = [1, 0], limit = 3>
    classify {
      ee.yield %x : tensor<1x4xi8>
    } otherwise {
      ee.yield %x : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return
}

// -----

func.func @margin_of_one(%a: tensor<1x4xi8>) {
  // expected-error @+1 {{threshold of #ee.margin must be in [0, 1), but got 1.0}}
  %r = ee.exit "e" on (%x = %a : tensor<1x4xi8>) when #ee.margin<threshold = 1.0>
    classify {
      ee.yield %x : tensor<1x4xi8>
    } otherwise {
      ee.yield %x : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return
}

// -----

func.func @no_entropy(%a: tensor<1x4xi8>) {
  // expected-error @+1 {{threshold of #ee.entropy must be positive, but got 0.0}}
  %r = ee.exit "e" on (%x = %a : tensor<1x4xi8>) when #ee.entropy<threshold = 0.0>
    classify {
      ee.yield %x : tensor<1x4xi8>
    } otherwise {
      ee.yield %x : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return
}

// -----

func.func @wide_shift(%a: tensor<1x4xi8>) {
  // expected-error @+1 {{shift of #ee.max_softmax must be in 0..15, but got 16}}
  %r = ee.exit "e" on (%x = %a : tensor<1x4xi8>) when #ee.max_softmax<threshold = 0.5, shift = 16, table = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], limit = 3>
    classify {
      ee.yield %x : tensor<1x4xi8>
    } otherwise {
      ee.yield %x : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return
}

// -----

func.func @few_limits(%a: tensor<1x4xi8>) {
  // expected-error @+1 {{limits of #ee.margin must be as many as its table's entries, 256, but got 2}}
  %r = ee.exit "e" on (%x = %a : tensor<1x4xi8>) when #ee.margin<threshold = 0.5, table = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], limits = [0, 1]>
    classify {
      ee.yield %x : tensor<1x4xi8>
    } otherwise {
      ee.yield %x : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return
}

// -----

func.func @low_limit(%a: tensor<1x4xi8>) {
  // expected-error @+1 {{limits of #ee.margin must be -1 or more, but entry 1 is -2}}
  %r = ee.exit "e" on (%x = %a : tensor<1x4xi8>) when #ee.margin<threshold = 0.5, table = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], limits = [0, -2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]>
    classify {
      ee.yield %x : tensor<1x4xi8>
    } otherwise {
      ee.yield %x : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return
}

// -----

func.func @few_terms(%a: tensor<1x4xi8>) {
  // expected-error @+1 {{terms of #ee.entropy must be as many as its table's entries, 256, but got 1}}
  %r = ee.exit "e" on (%x = %a : tensor<1x4xi8>) when #ee.entropy<threshold = 0.5, table = [65536, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], terms = [0], limits = [1]>
    classify {
      ee.yield %x : tensor<1x4xi8>
    } otherwise {
      ee.yield %x : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return
}

// -----

func.func @negative_term(%a: tensor<1x4xi8>) {
  // expected-error @+1 {{terms of #ee.entropy must not be negative, but entry 255 is -1}}
  %r = ee.exit "e" on (%x = %a : tensor<1x4xi8>) when #ee.entropy<threshold = 0.5, table = [65536, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], terms = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1], limits = [1]>
    classify {
      ee.yield %x : tensor<1x4xi8>
    } otherwise {
      ee.yield %x : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return
}

// -----

func.func @no_limits(%a: tensor<1x4xi8>) {
  // expected-error @+1 {{limits of #ee.entropy must be 1 to 2048, but got 0}}
  %r = ee.exit "e" on (%x = %a : tensor<1x4xi8>) when #ee.entropy<threshold = 0.5, table = [65536, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], terms = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], limits = []>
    classify {
      ee.yield %x : tensor<1x4xi8>
    } otherwise {
      ee.yield %x : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return
}

// -----

func.func @wide_limit_shift(%a: tensor<1x4xi8>) {
  // expected-error @+1 {{limit_shift of #ee.entropy must be in 0..30, but got 31}}
  %r = ee.exit "e" on (%x = %a : tensor<1x4xi8>) when #ee.entropy<threshold = 0.5, table = [65536, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], terms = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], limits = [1], limit_shift = 31>
    classify {
      ee.yield %x : tensor<1x4xi8>
    } otherwise {
      ee.yield %x : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return
}

// -----

func.func @starts_low(%a: tensor<1x4xi8>) {
  // expected-error @+1 {{table of #ee.entropy must start with 65536, but starts with 65535}}
  %r = ee.exit "e" on (%x = %a : tensor<1x4xi8>) when #ee.entropy<threshold = 0.5, table = [65535, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], terms = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], limits = [1]>
    classify {
      ee.yield %x : tensor<1x4xi8>
    } otherwise {
      ee.yield %x : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return
}

// -----

func.func @profile(%a: tensor<1x4xi8>) {
  // expected-error @+1 {{profile must have 0 <= taken <= of, but got taken = 3, of = 2}}
  %r = ee.exit "e" on (%x = %a : tensor<1x4xi8>) when #ee.max_softmax<threshold = 0.5> profile <taken = 3, of = 2>
    classify {
      ee.yield %x : tensor<1x4xi8>
    } otherwise {
      ee.yield %x : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return
}

// -----

func.func @yield_alone(%a: tensor<1x4xi8>) {
  scf.execute_region {
    // expected-error @+1 {{'ee.yield' op expects parent op 'ee.exit'}}
    ee.yield %a : tensor<1x4xi8>
  }
  return
}
