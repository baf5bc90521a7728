// RUN: %python %S/inputs/images.py %t.npz
// RUN: atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-profile-exits{data=%t.npz samples=3 threads=1}))" \
// RUN:   | FileCheck %s

// A sum counts equals of the maximum twice and what is one below it once, in units of 32768: exit a wants less than 4
// of them, exit b at most 4.
#a = #ee.max_softmax<threshold = 0.5, table = [65536, 32768, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0], limit = 131071>
#b = #ee.max_softmax<threshold = 0.5, table = [65536, 32768, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0], limit = 131072>

// The first three images only: two leave at a, the third at b.
// CHECK:         ee.exit "a"
// CHECK-NEXT:        when {{.*}} profile <taken = 2, of = 3>
// CHECK:           ee.exit "b"
// CHECK-NEXT:          when {{.*}} profile <taken = 1, of = 1>
func.func @network(%image: tensor<1x1x2x2xi8>) -> tensor<1x4xi8> {
  %shape = tosa.const_shape {values = dense<[1, 4]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %x = tosa.reshape %image, %shape : (tensor<1x1x2x2xi8>, !tosa.shape<2>) -> tensor<1x4xi8>
  %r = ee.exit "a" on (%f = %x : tensor<1x4xi8>) when #a
    classify {
      ee.yield %f : tensor<1x4xi8>
    } otherwise {
      %q = ee.exit "b" on (%g = %f : tensor<1x4xi8>) when #b profile <taken = 1, of = 2>
        classify {
          ee.yield %g : tensor<1x4xi8>
        } otherwise {
          ee.yield %g : tensor<1x4xi8>
        } -> tensor<1x4xi8>
      ee.yield %q : tensor<1x4xi8>
    } -> tensor<1x4xi8>
  return %r : tensor<1x4xi8>
}
