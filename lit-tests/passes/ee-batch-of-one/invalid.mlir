// RUN: atheena-opt %s --pass-pipeline='builtin.module(func.func(ee-batch-of-one))' -verify-diagnostics -split-input-file

func.func @sum(%x: tensor<2x5xf32>) -> tensor<1x5xf32> {
  // expected-error @below {{'tosa.reduce_sum' op may mix the samples of a batch: it reduces or joins along the batch}}
  // expected-note @below {{hardware takes one sample at a time: export the network with a batch of one}}
  %0 = tosa.reduce_sum %x {axis = 0 : i32} : (tensor<2x5xf32>) -> tensor<1x5xf32>
  return %0 : tensor<1x5xf32>
}

// -----

func.func @numbers_of_samples(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %c = "tosa.const"() <{values = dense<[[1.0], [2.0]]> : tensor<2x1xf32>}> : () -> tensor<2x1xf32>
  // expected-error @below {{'tosa.add' op may mix the samples of a batch: an operand has numbers for each of 2 samples}}
  // expected-note @below {{hardware takes one sample at a time: export the network with a batch of one}}
  %0 = tosa.add %x, %c : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

func.func @joined(%x: tensor<2x3xf32>) -> tensor<1x6xf32> {
  %shape = tosa.const_shape {values = dense<[1, 6]> : tensor<2xindex>} : () -> !tosa.shape<2>
  // expected-error @below {{'tosa.reshape' op may mix the samples of a batch: it joins the batch with another dimension}}
  // expected-note @below {{hardware takes one sample at a time: export the network with a batch of one}}
  %0 = tosa.reshape %x, %shape : (tensor<2x3xf32>, !tosa.shape<2>) -> tensor<1x6xf32>
  return %0 : tensor<1x6xf32>
}

// -----

func.func @some_samples(%x: tensor<2x3xf32>) -> tensor<1x3xf32> {
  %start = tosa.const_shape {values = dense<[1, 0]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %size = tosa.const_shape {values = dense<[1, 3]> : tensor<2xindex>} : () -> !tosa.shape<2>
  // expected-error @below {{'tosa.slice' op may mix the samples of a batch: it takes some of the samples}}
  // expected-note @below {{hardware takes one sample at a time: export the network with a batch of one}}
  %0 = tosa.slice %x, %start, %size : (tensor<2x3xf32>, !tosa.shape<2>, !tosa.shape<2>) -> tensor<1x3xf32>
  return %0 : tensor<1x3xf32>
}
