// RUN: atheena-opt %s --convert-dataflow-to-hw | FileCheck %s
// RUN: sed -e 's/@net/@net attributes {dsp = "MULT18X18D"}/' %s | atheena-opt --convert-dataflow-to-hw | FileCheck %s --check-prefix=TWO

// Constants: x + y - z is one adder where the device has such, of a module that comes along once.

!image = !dataflow.stream<1x1x3xui8, lanes = 3>
!logits = !dataflow.stream<1x1x1xi16, lanes = 1>
!tag = !dataflow.stream<1xi16, lanes = 1>
!exit = !dataflow.stream<1xi8, lanes = 1>

dataflow.graph @net {
  %x, %t = dataflow.source "in" : !image, !tag
  %y = dataflow.matvec "fc" %x {weights = dense<[[[[1, 1, -1]]]]> : tensor<1x1x1x3xi8>,
    bias = dense<0> : tensor<1xi32>, channel_lanes = 3, multiplier = array<i32: 1>, shift = array<i32: 0>,
    output_zp = 0, min = -32768, max = 32767} : !image -> !logits
  %d, %dt, %e = dataflow.merge "merge" %y tags %t : !logits tags !tag -> !logits, !tag, !exit
  dataflow.sink "out" %d, %dt, %e : !logits, !tag, !exit
}

// CHECK: "hw.instance"({{.*}}moduleName = @atheena_add3, parameters = [#hw.param.decl<"WIDTH": i32 = 10>, #hw.param.decl<"INVERTED": i32 = 1>, #hw.param.decl<"ALONE": i32 = 9>]
// CHECK: "sv.verbatim"() {format_string = "{{.*}}module atheena_add3{{.*}}output_file = #hw.output_file<"atheena_add3.sv">
// CHECK: "hw.module.extern"() ({
// CHECK-NEXT: }) {module_type = {{.*}} sym_name = "atheena_add3"}
// CHECK-NOT: atheena_add3

// TWO-NOT: atheena_add3
