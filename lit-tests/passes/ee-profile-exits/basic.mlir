// RUN: %python %S/inputs/images.py %t.npz
// RUN: atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-profile-exits{data=%t.npz}))" | FileCheck %s

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

// Six images: [9, 10, 3, 0], [127, 126, 1, 0] and [127, 0, 0, 0] leave at a with 3, 3 and 2; [9, 10, 9, 0] and
// [127, 127, 1, 0] at b with 4; [7, 7, 7, 1] with 6 at neither. An old profile is replaced.
// CHECK-LABEL: func.func @network
// CHECK:         ee.exit "a"
// CHECK-NEXT:        when {{.*}} profile <taken = 3, of = 6>
// CHECK:           ee.exit "b"
// CHECK-NEXT:          when {{.*}} profile <taken = 2, of = 3>
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

// Without exits there is nothing to count.
// CHECK-LABEL: func.func @plain
func.func @plain(%image: tensor<1x1x2x2xi8>) -> tensor<1x1x2x2xi8> {
  return %image : tensor<1x1x2x2xi8>
}
