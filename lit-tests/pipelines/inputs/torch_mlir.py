"""torch_mlir.py NETWORK.mlir THRESHOLD OUT.mlir OUT.npz: the early-exit network of torch-mlir, evaluated with numpy.

OUT.mlir is the network with another threshold, OUT.npz has images and, as their labels, the classes that the network says.
Prints how many images leave early.
"""

import re
import sys

import numpy

network, threshold, changed, data = sys.argv[1:]
with open(network) as file:
    text = file.read()
resources = dict(re.findall(r'(\S+): "0x([0-9A-F]+)"', text))


def weights(name, *shape):
    # Four bytes say how the elements are aligned.
    return numpy.frombuffer(bytes.fromhex(resources[name])[4:], "<f4").reshape(shape)


def layer(image, kernel, bias):
    """A rectified 3x3 convolution of [H, W, C] with kernels [OC, KH, KW, C], padded by one."""
    height, width, _ = image.shape
    padded = numpy.pad(image, ((1, 1), (1, 1), (0, 0)))
    taps = [(i, j) for i in range(3) for j in range(3)]
    parts = [numpy.tensordot(padded[i : i + height, j : j + width], kernel[:, i, j], ([2], [1])) for i, j in taps]
    return numpy.maximum(sum(parts) + bias, 0)


def dense(features, matrix, bias):
    return matrix @ features.transpose(2, 0, 1).ravel() + bias


def answer(image):
    first = layer(image, weights("torch_tensor_4_1_3_3_torch.float32", 4, 3, 3, 1), weights("torch_tensor_4_torch.float32", 4))
    pooled = first.reshape(4, 2, 4, 2, 4).max((1, 3))
    logits = dense(pooled, weights("torch_tensor_10_64_torch.float32", 10, 64), weights("torch_tensor_10_torch.float32", 10))
    exponentials = numpy.exp(logits - logits.max())
    if exponentials.max() / exponentials.sum() > float(threshold):
        return logits.argmax(), True
    kernel = weights("torch_tensor_8_4_3_3_torch.float32", 8, 4, 3, 3).transpose(0, 2, 3, 1)
    second = layer(pooled, kernel, weights("torch_tensor_8_torch.float32", 8))
    late = dense(second, weights("torch_tensor_10_128_torch.float32", 10, 128), weights("torch_tensor_10_torch.float32_1", 10))
    return late.argmax(), False


random = numpy.random.default_rng(3)
brightness = random.choice([0.2, 1.0], (400, 1, 1, 1))
images = (random.integers(0, 256, (400, 8, 8, 1)) * brightness).astype(numpy.uint8)
images[:200, :, :4] = 0
answers = [answer(image) for image in images.astype(numpy.float32) / 255]
numpy.savez(data, images=images, labels=numpy.array([label for label, _ in answers]))
with open(changed, "w") as file:
    file.write(text.replace("dense<0.30000001192092896>", f"dense<{threshold}>"))
print("left early:", sum(early for _, early in answers))
