// RUN: atheena-opt %s --verify-roundtrip | FileCheck %s

// A graph is a symbol. It may be empty.
// CHECK-LABEL: dataflow.graph @empty {
// CHECK-NEXT: }
dataflow.graph @empty {
}

// CHECK-LABEL: dataflow.graph @square attributes {dsp = "MULT18X18D"} {
dataflow.graph @square attributes {dsp = "MULT18X18D"} {
}

// It keeps attributes that it does not know.
// CHECK-LABEL: dataflow.graph @net attributes {note = "kept"} {
dataflow.graph @net attributes {note = "kept"} {
}
