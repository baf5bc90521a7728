// RUN: %python %S/inputs/images.py %t.npz
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-tune-thresholds))" 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-tune-thresholds{data=absent.npz}))" 2>&1 | FileCheck %s --check-prefix=ABSENT
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-tune-thresholds{data=%t.npz holdout=1}))" 2>&1 | FileCheck %s --check-prefix=HOLDOUT
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-tune-thresholds{data=%t.npz max-accuracy-drop=-1}))" 2>&1 | FileCheck %s --check-prefix=DROP
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-tune-thresholds{data=%t.npz holdout=0.1}))" 2>&1 | FileCheck %s --check-prefix=FEW
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-tune-thresholds{data=%t.npz frontier=/nowhere/f.json holdout=0 drop-confidence=0.5}))" 2>&1 | FileCheck %s --check-prefix=FILE
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-tune-thresholds{data=%t.npz drop-confidence=1}))" 2>&1 | FileCheck %s --check-prefix=SURE
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-tune-thresholds{data=%t.npz holdout=0}))" 2>&1 | FileCheck %s --check-prefix=SHOWN

// NONE:    error: 'func.func' op cannot be tuned without data
// NONE:    note: name an npz file: ee-tune-thresholds{data=images.npz}
// ABSENT:  error: 'func.func' op absent.npz: cannot be read: No such file or directory
// HOLDOUT: error: 'func.func' op cannot be tuned with max-accuracy-drop 0.2 and holdout 1
// HOLDOUT: note: give percentage points from 0 on, and a part in 0..1
// DROP:    error: 'func.func' op cannot be tuned with max-accuracy-drop -1 and holdout 0.5
// FEW:     error: 'func.func' op can't be tuned with 6 samples, of which 0 are held out
// FILE:    error: 'func.func' op cannot write /nowhere/f.json: No such file or directory
// FILE:    note: name a file that you may write
// SURE:    error: 'func.func' op cannot be tuned with drop-confidence 1
// SURE:    note: give a probability from 0.5 on and below 1
// Without a difference between the classifiers it takes 1.645^2 * 0.998 / 0.002 samples.
// SHOWN:   error: 'func.func' op has no thresholds of which {{[0-9]+}} samples show, with 95 % confidence, that they cost at most 0.2 points of accuracy; it takes 1351 at least
// SHOWN:   note: allow more accuracy to go, ask for less confidence, give more samples, or remove the exits with ee-strip-exits
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
