// RUN: atheena-opt %s --convert-dataflow-to-hw | FileCheck %s

// Two outputs of two inputs, one product a cycle: a memory of weights, biases that hold the rounding 2^(5-1), less
// one a beat, four cycles a vector. Labels become names of modules.

!image = !dataflow.stream<1x1x2xui8, lanes = 1>
!logits = !dataflow.stream<1x1x2xi8, lanes = 1>
!tag = !dataflow.stream<1xi16, lanes = 1>
!exit = !dataflow.stream<1xi8, lanes = 1>

dataflow.graph @net {
  %x, %t = dataflow.source "in" : !image, !tag
  %y = dataflow.matvec "fc/1" %x {weights = dense<[[[[1, -2]]], [[[3, -4]]]]> : tensor<2x1x1x2xi8>,
    bias = dense<[5, -6]> : tensor<2xi32>, channel_lanes = 1, multiplier = array<i32: 1>, shift = array<i32: 5>,
    output_zp = 0, min = -128, max = 127} : !image -> !logits
  %d, %dt, %e = dataflow.merge "fc.1" %y tags %t : !logits tags !tag -> !logits, !tag, !exit
  dataflow.sink "out" %d, %dt, %e : !logits, !tag, !exit
}

// CHECK-NOT: dataflow

// CHECK: }) {module_type = !hw.modty<input clk : !seq.clock, input rst : i1,
// CHECK-SAME: input s_axis_tdata : i8, input s_axis_tvalid : i1, output s_axis_tready : i1,
// CHECK-SAME: sym_name = "net_in"

// Word by word: beat 0 for outputs 0 and 1, then beat 1; 3 bits hold -4 to 3.
// CHECK: "atheena.memory"() {element_width = 3 : i64, sym_name = "net_fc_1_weights", words = dense<
// CHECK-SAME{LITERAL}: [[1], [3], [-2], [-4]]> : tensor<4x1xi8>
// CHECK: "atheena.memory"() {element_width = 5 : i64, sym_name = "net_fc_1_bias", words = dense<
// CHECK-SAME{LITERAL}: [[19], [8]]> : tensor<2x1xi8>
// CHECK: "sv.readmem"
// CHECK-SAME: filename = "weights/net_fc_1_weights.mem"
// One product, in a form of which synthesis makes a DSP block.
// CHECK: "sv.verbatim.expr"({{.*}}format_string = "$signed({{[{][{]0[}][}]}}) * $signed({{[{][{]1[}][}]}})"
// CHECK: }) {module_type = !hw.modty<input clk : !seq.clock, input rst : i1,
// CHECK-SAME: input i0_data : i8, input i0_valid : i1, output i0_ready : i1,
// CHECK-SAME: output o0_data : i8, output o0_valid : i1, input o0_ready : i1>
// CHECK-SAME: sym_name = "net_fc_1"

// Another label that makes the same name.
// CHECK: sym_name = "net_fc_1_2"

// CHECK: output m_axis_tdata : i8, output m_axis_tvalid : i1, output m_axis_tlast : i1, output m_axis_tid : i16, output m_axis_tuser : i8>
// CHECK-SAME: sym_name = "net_out"

// CHECK: "hw.instance"({{.*}}moduleName = @net_in,
// CHECK: "hw.instance"({{.*}}moduleName = @net_fc_1,
// CHECK: }) {module_type = !hw.modty<input clk : !seq.clock, input rst : i1,
// CHECK-SAME: input s_axis_tdata : i8,
// CHECK-SAME: input m_axis_tready : i1, output m_axis_tdata : i8,
// CHECK-SAME: sym_name = "net"}
