// RUN: atheena-opt %s --convert-ee-to-dataflow | FileCheck %s --check-prefixes=CHECK,PROFILE
// RUN: atheena-opt %s --convert-ee-to-dataflow=late-fraction=0.0225 | FileCheck %s --check-prefixes=CHECK,LAST
// RUN: atheena-opt %s --convert-ee-to-dataflow=late-fraction=exit1=0.5 | FileCheck %s --check-prefixes=CHECK,ONE
// RUN: atheena-opt %s --convert-ee-to-dataflow=late-fraction=exit1=0.5,exit2=0.25 | FileCheck %s --check-prefixes=CHECK,EACH
// RUN: not atheena-opt %s --convert-ee-to-dataflow=late-fraction=exit3=0.5 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not atheena-opt %s --convert-ee-to-dataflow=late-fraction=2 2>&1 | FileCheck %s --check-prefix=RANGE
// RUN: atheena-opt %s --convert-ee-to-dataflow=dsp=MULT18X18D | FileCheck %s --check-prefix=SQUARE
// RUN: not atheena-opt %s --convert-ee-to-dataflow=dsp=DSP49 2>&1 | FileCheck %s --check-prefix=KIND

// SQUARE: dataflow.graph @net attributes {dsp = "MULT18X18D"}
// KIND: error: 'builtin.module' op can't be converted for DSP blocks of kind "DSP49"
// KIND: note: known kinds are DSP48E1, DSP48E2, MULT18X18D
// UNKNOWN: error: 'func.func' op can't use late-fraction: there is no exit `exit3`; the exits are: exit1, exit2
// RANGE: error: 'func.func' op can't use late-fraction: `2` is no number in 0..=1

// Half of the samples go on at the first exit, 0.3 of those that come at the second.
// PROFILE: dataflow.decide "exit1_decide" {{.*}}reach = 1.000000e+00
// PROFILE: dataflow.map "Clip_1_map" {{.*}}reach = 5.000000e-01
// PROFILE: dataflow.decide "exit2_decide" {{.*}}reach = 5.000000e-01
// PROFILE: dataflow.map "Clip_2_map" {{.*}}reach = 1.500000e-01
// The square of 0.15, so the square of each.
// LAST: dataflow.map "Clip_1_map" {{.*}}reach = {{2.5000000*e-01|0.25000000[0-9]*}}
// LAST: dataflow.map "Clip_2_map" {{.*}}reach = {{2.2[45][0-9]*e-02|0.022[45][0-9]*}}
// ONE: dataflow.map "Clip_1_map" {{.*}}reach = 5.000000e-01
// ONE: dataflow.map "Clip_2_map" {{.*}}reach = 1.500000e-01
// EACH: dataflow.map "Clip_1_map" {{.*}}reach = 5.000000e-01
// EACH: dataflow.map "Clip_2_map" {{.*}}reach = 1.250000e-01
// Results come in the order of the exits, each with its own tags.
// CHECK: dataflow.merge "merge" %{{.*}}, %{{.*}}, %{{.*}} tags %{{.*}}, %{{.*}}, %{{.*}} {reach = 1.000000e+00
func.func @net(%x: tensor<1x1x1x2xi8>) -> tensor<1x2xi8> {
  %l = ee.exit "exit1" on (%f = %x : tensor<1x1x1x2xi8>)
      when #ee.max_softmax<threshold = 0.9, table = [65536, 51039, 39750, 30957, 24109, 18776, 14623, 11388, 8869, 6907, 5380, 4190, 3263, 2541, 1979, 1541, 1200, 935, 728, 567, 442, 344, 268, 209, 162, 127, 99, 77, 60, 47, 36, 28, 22, 17, 13, 10, 8, 6, 5, 4, 3, 2, 2, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], limit = 72817> profile <taken = 100, of = 200>
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
