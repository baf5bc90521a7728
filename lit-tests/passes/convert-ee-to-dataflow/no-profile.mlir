// RUN: atheena-opt %s --convert-ee-to-dataflow --verify-diagnostics

func.func @net(%x: tensor<1x1x1x2xi8>) -> tensor<1x2xi8> {
  // expected-warning @+2 {{exit "exit1" has no profile: every sample is taken to go on}}
  // expected-note @+1 {{run ee-profile-exits, or give the option late-fraction}}
  %l = ee.exit "exit1" on (%f = %x : tensor<1x1x1x2xi8>)
      when #ee.max_softmax<threshold = 0.9, table = [65536, 51039, 39750, 30957, 24109, 18776, 14623, 11388, 8869, 6907, 5380, 4190, 3263, 2541, 1979, 1541, 1200, 935, 728, 567, 442, 344, 268, 209, 162, 127, 99, 77, 60, 47, 36, 28, 22, 17, 13, 10, 8, 6, 5, 4, 3, 2, 2, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], limit = 72817>
    classify {
      %as = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
      %a = tosa.reshape %f, %as : (tensor<1x1x1x2xi8>, !tosa.shape<2>) -> tensor<1x2xi8>
      ee.yield %a : tensor<1x2xi8>
    } otherwise {
      %c = tosa.clamp %f {min_val = 0 : i8, max_val = 9 : i8} : (tensor<1x1x1x2xi8>) -> tensor<1x1x1x2xi8> loc("Clip_1")
      %m = ee.exit "exit2" on (%g = %c : tensor<1x1x1x2xi8>)
          when #ee.max_softmax<threshold = 0.9, table = [65536, 51039, 39750, 30957, 24109, 18776, 14623, 11388, 8869, 6907, 5380, 4190, 3263, 2541, 1979, 1541, 1200, 935, 728, 567, 442, 344, 268, 209, 162, 127, 99, 77, 60, 47, 36, 28, 22, 17, 13, 10, 8, 6, 5, 4, 3, 2, 2, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], limit = 72817> profile <taken = 70, of = 100>
        classify {
      %bs = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
      %b = tosa.reshape %g, %bs : (tensor<1x1x1x2xi8>, !tosa.shape<2>) -> tensor<1x2xi8>
      ee.yield %b : tensor<1x2xi8>
        } otherwise {
      %d = tosa.clamp %g {min_val = 0 : i8, max_val = 5 : i8} : (tensor<1x1x1x2xi8>) -> tensor<1x1x1x2xi8> loc("Clip_2")
      %es = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
      %e = tosa.reshape %d, %es : (tensor<1x1x1x2xi8>, !tosa.shape<2>) -> tensor<1x2xi8>
      ee.yield %e : tensor<1x2xi8>
        } -> tensor<1x2xi8>
      ee.yield %m : tensor<1x2xi8>
    } -> tensor<1x2xi8>
  return %l : tensor<1x2xi8>
}
