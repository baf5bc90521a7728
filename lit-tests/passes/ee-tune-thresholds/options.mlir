// RUN: %python %S/inputs/images.py %t.npz
// RUN: atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-tune-thresholds{data=%t.npz max-accuracy-drop=34 holdout=0 drop-confidence=0.5 frontier=%t.json threads=1}))" 2> %t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t.remarks
// RUN: FileCheck %s --check-prefix=JSON < %t.json
// RUN: atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-tune-thresholds{data=%t.npz max-accuracy-drop=100 holdout=0.5}))" 2>&1 > /dev/null | FileCheck %s --check-prefix=HELD

// Two of six may be wrong: all leave.
// CHECK:       ee.exit "a"
// CHECK-NEXT:      when #ee.max_softmax<threshold = 0.0>
// REMARK: remark: thresholds a=0: on samples seen 66.67 % right and 8 products a sample
// HELD:   remark: thresholds a={{.*}}: on samples held out

// JSON:      "exits": [
// JSON-NEXT:   "a"
// JSON:      "max_accuracy_drop": 34.0,
// JSON-NEXT: "drop_confidence": 0.5,
// JSON-NEXT: "samples": [
// JSON-NEXT:   6,
// JSON-NEXT:   0
// JSON:      "classifiers": [
// JSON-NEXT:   8
// JSON:      "frontier": [
// JSON:        "accuracy": 0.6666666666666666
// JSON:        "products": 8.0
// JSON:        "accuracy": 1.0
// JSON:        "products": 12.0
// JSON:        "products_bound": 12.0
// JSON:      "gap": 0.0
func.func @network(%image: tensor<1x1x1x4xf32>) -> tensor<1x2xf32> {
  %r = ee.exit "a" on (%f = %image : tensor<1x1x1x4xf32>) when #ee.max_softmax<threshold = 0.5> profile <taken = 1, of = 2>
    classify {
      %w = "tosa.const"() <{values = dense<[[[[25.5, 0.0, 0.0, 0.0]]], [[[0.0, 25.5, 0.0, 0.0]]]]> : tensor<2x1x1x4xf32>}> : () -> tensor<2x1x1x4xf32>
      %b = "tosa.const"() <{values = dense<0.0> : tensor<2xf32>}> : () -> tensor<2xf32>
      %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
      %flat = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
      %y = tosa.conv2d %f, %w, %b, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
        : (tensor<1x1x1x4xf32>, tensor<2x1x1x4xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32>
      %l = tosa.reshape %y, %flat : (tensor<1x1x1x2xf32>, !tosa.shape<2>) -> tensor<1x2xf32>
      ee.yield %l : tensor<1x2xf32>
    } otherwise {
      %w = "tosa.const"() <{values = dense<[[[[0.0, 0.0, 25.5, 0.0]]], [[[0.0, 0.0, 0.0, 25.5]]]]> : tensor<2x1x1x4xf32>}> : () -> tensor<2x1x1x4xf32>
      %b = "tosa.const"() <{values = dense<0.0> : tensor<2xf32>}> : () -> tensor<2xf32>
      %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
      %flat = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
      %y = tosa.conv2d %f, %w, %b, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}
        : (tensor<1x1x1x4xf32>, tensor<2x1x1x4xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32>
      %l = tosa.reshape %y, %flat : (tensor<1x1x1x2xf32>, !tosa.shape<2>) -> tensor<1x2xf32>
      ee.yield %l : tensor<1x2xf32>
    } -> tensor<1x2xf32>
  return %r : tensor<1x2xf32>
}
