// RUN: %python %S/inputs/images.py %t.npz
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-profile-exits))" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=NONE
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-profile-exits{data=absent.npz}))" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=ABSENT
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-profile-exits{data=%t.npz samples=7}))" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=MANY
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-profile-exits{data=%t.npz}))" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=SHAPE

// NONE:   error: 'func.func' op cannot be profiled without data
// NONE:   note: name an npz file: ee-profile-exits{data=images.npz}
// ABSENT: error: 'func.func' op absent.npz: cannot be read: No such file or directory
// MANY:   error: 'func.func' op cannot be profiled with 7 samples: the data set has 6
// SHAPE:  error: 'func.func' op has an argument of type tensor<1x5xf32>, but the data set's images have the shape [1, 2, 2]
func.func @network(%image: tensor<1x5xf32>) -> tensor<1x5xf32> {
  %r = ee.exit "a" on (%f = %image : tensor<1x5xf32>) when #ee.max_softmax<threshold = 0.5>
    classify {
      ee.yield %f : tensor<1x5xf32>
    } otherwise {
      ee.yield %f : tensor<1x5xf32>
    } -> tensor<1x5xf32>
  return %r : tensor<1x5xf32>
}
