// What passes leave out is told with --verbose alone, with the file's name.
// RUN: %python -c "import numpy; r = numpy.random.default_rng(1); numpy.savez('%t.npz', images=r.integers(0, 256, (8, 1, 1, 4), numpy.uint8), labels=r.integers(0, 4, 8)); numpy.savez('%t-2.npz', images=r.integers(0, 256, (8, 6, 6, 2), numpy.uint8), labels=r.integers(0, 4, 8))"
// RUN: atheena profile %s --data %t.npz --verbose 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: atheena profile %s --data %t.npz 2>&1 | FileCheck %s --check-prefix=QUIET
// REMARK: remark: {{.*}}remarks.mlir:{{[0-9]+}}:{{.*}}answers with its logits: the softmax behind them
// QUIET-NOT: remark

// A network that is integer already keeps its scales, and says so.
// RUN: atheena profile %root/compiler/tests/quantized/qdq_add.onnx --data %t-2.npz --calibration %t-2.npz 2>&1 | FileCheck %s --check-prefix=SCALES
// SCALES: warning: the network is integer already and keeps its scales: the samples of {{.*}} are not used
// RUN: rm -rf %t.out && atheena compile %root/compiler/tests/quantized/qdq_add.onnx --calibration %t-2.npz --emit ee -o %t.out 2>&1 | FileCheck %s --check-prefix=COUNT
// COUNT: warning: the network is integer already and keeps its scales: the samples of {{.*}} only count how many samples leave at each exit
func.func @softmax(%x: tensor<1x1x1x4xf32>) -> tensor<1x4xf32> {
  %shape = tosa.const_shape {values = dense<[1, 4]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %row = tosa.reshape %x, %shape : (tensor<1x1x1x4xf32>, !tosa.shape<2>) -> tensor<1x4xf32>
  %tanh = tosa.tanh %row : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %max = tosa.reduce_max %tanh {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %sub = tosa.sub %tanh, %max : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %exp = tosa.exp %sub : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %sum = tosa.reduce_sum %exp {axis = 1 : i32} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %rec = tosa.reciprocal %sum : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %prob = tosa.mul %exp, %rec, %shift : (tensor<1x4xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  return %prob : tensor<1x4xf32>
}
