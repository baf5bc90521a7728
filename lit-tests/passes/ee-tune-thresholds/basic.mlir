// RUN: %python %S/inputs/images.py %t.npz
// RUN: atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-tune-thresholds{data=%t.npz max-accuracy-drop=0 holdout=0 drop-confidence=0.5}))" 2> %t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t.remarks
// RUN: sed 's/max_softmax<threshold = 0.5>/margin<threshold = 0.5>/' %s | atheena-opt --pass-pipeline="builtin.module(func.func(ee-tune-thresholds{data=%t.npz max-accuracy-drop=0 holdout=0 drop-confidence=0.5}))" 2> /dev/null \
// RUN:   | FileCheck %s --check-prefix=MARGIN
// RUN: sed 's/max_softmax<threshold = 0.5>/entropy<threshold = 0.5>/' %s | atheena-opt --pass-pipeline="builtin.module(func.func(ee-tune-thresholds{data=%t.npz max-accuracy-drop=0 holdout=0 drop-confidence=0.5}))" 2> /dev/null \
// RUN:   | FileCheck %s --check-prefix=ENTROPY

// By hand: the logits of three images differ by 3, their softmax is 0.9526, and they may leave; those of the wrong ones
// by 1, 0.7311. A tenth of the gap is kept on both sides, and 0.8 is the shortest decimal in 0.7533..0.9304. The margins
// are 0.9051 and 0.4621: 0.6 in 0.5064..0.8608 (0.5 is not in). The entropies are 0.1908 and 0.5823: 0.3 in 0.2300..0.5431.
// CHECK-LABEL: func.func @network
// CHECK:         ee.exit "a"
// CHECK-NEXT:        when #ee.max_softmax<threshold = 0.8>
// CHECK-NOT:         profile
// MARGIN:            when #ee.margin<threshold = 0.6>
// ENTROPY:           when #ee.entropy<threshold = 0.3>

// Three run the classifier's 8 products, three 8 more.
// REMARK: remark: thresholds a=0.8: on samples seen 100.00 % right and 12 products a sample, without exits 100.00 % and 8; the frontier is proved
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
