// RUN: atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-profile-exits{counts='a=3/6,b=0/3'}))" 2> %t.warnings | FileCheck %s
// RUN: FileCheck %s --check-prefix=WARNING < %t.warnings
// RUN: atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-profile-exits{counts='a=6/6,b=0/0'}))" 2>&1 > /dev/null | FileCheck %s --check-prefix=ALL
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-profile-exits{counts='a=3/6'}))" 2>&1 | FileCheck %s --check-prefix=FEW
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-profile-exits{counts='b=3/6,a=0/3'}))" 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-profile-exits{counts='a=3/6,b=0/2'}))" 2>&1 | FileCheck %s --check-prefix=SUM
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-profile-exits{counts='a=7/6,b=0/0'}))" 2>&1 | FileCheck %s --check-prefix=MORE
// RUN: not atheena-opt %s --pass-pipeline="builtin.module(func.func(ee-profile-exits{counts='a=3/six,b=0/3'}))" 2>&1 | FileCheck %s --check-prefix=TEXT

// Counts that were made before take the place of data.
// CHECK:         ee.exit "a"
// CHECK-NEXT:        when {{.*}} profile <taken = 3, of = 6>
// CHECK:           ee.exit "b"
// CHECK-NEXT:          when {{.*}} profile <taken = 0, of = 3>
// WARNING: warning: exit "b" is useless with its threshold 0.75: no sample leaves there
// WARNING: note: make it less strict, or compile the network without it
// ALL:     warning: exit "a" is useless with its threshold 0.5: every sample that comes leaves there
// ALL:     warning: exit "b" is useless with its threshold 0.75: no sample comes to it

// FEW:  error: 'func.func' op cannot take counts: 1 exits are counted, and there are 2
// NAME: error: 'func.func' op cannot take counts: `b=3/6` is no count of the exit `a`
// NAME: note: count all exits, in their order: exit1=7500/10000,exit2=40/2500
// SUM:  error: 'func.func' op cannot take counts: `b=0/2` does not add up
// MORE: error: 'func.func' op cannot take counts: `a=7/6` does not add up
// TEXT: error: 'func.func' op cannot take counts: `a=3/six` is no count of the exit `a`
func.func @network(%image: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %r = ee.exit "a" on (%f = %image : tensor<1x4xf32>) when #ee.max_softmax<threshold = 0.5> profile <taken = 3, of = 6>
    classify {
      ee.yield %f : tensor<1x4xf32>
    } otherwise {
      %q = ee.exit "b" on (%g = %f : tensor<1x4xf32>) when #ee.entropy<threshold = 0.75> profile <taken = 1, of = 3>
        classify {
          ee.yield %g : tensor<1x4xf32>
        } otherwise {
          ee.yield %g : tensor<1x4xf32>
        } -> tensor<1x4xf32>
      ee.yield %q : tensor<1x4xf32>
    } -> tensor<1x4xf32>
  return %r : tensor<1x4xf32>
}
