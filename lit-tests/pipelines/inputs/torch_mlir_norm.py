"""torch_mlir_norm.py NETWORK.mlir OUT.npz: torch-mlir's network with a normalisation and a clamp, evaluated with numpy.

OUT.npz has images and, as their labels, the classes that the network says.
"""

import re
import sys

import numpy

network, data = sys.argv[1:]
with open(network) as file:
    text = file.read()
resources = dict(re.findall(r'(\S+): "0x([0-9A-F]+)"', text))
constants = dict(re.findall(r'(%\d+) = "tosa.const"\(\) <\{values = (.*?)\}>', text))


def floats(name, *shape):
    """A constant: a resource (four bytes say how its elements are aligned), hexadecimal bytes, or numbers."""
    value = constants[name]
    if match := re.match(r"dense_resource<(\S+)>", value):
        return numpy.frombuffer(bytes.fromhex(resources[match[1]])[4:], "<f4").reshape(shape)
    if match := re.match(r'dense<"0x([0-9A-F]+)">', value):
        return numpy.frombuffer(bytes.fromhex(match[1]), "<f4").reshape(shape)
    numbers = [float(number) for number in re.findall(r"[-+0-9.]+(?:[eE][-+]?\d+)?", value.split(">")[0])]
    return numpy.broadcast_to(numpy.float32(numbers), shape).copy() if len(numbers) == 1 else numpy.float32(numbers).reshape(shape)


kernel, matrix, bias = floats("%9", 8, 3, 3, 3), floats("%17", 8, 10), floats("%18", 10)
variance, mean, scale, shift = floats("%0", 8), floats("%11", 8), floats("%12", 8), floats("%13", 8)


def answer(image):
    # A convolution with stride 2 and one row and column of padding above and left, without a bias.
    padded = numpy.pad(image, ((1, 0), (1, 0), (0, 0)))
    taps = [(i, j) for i in range(3) for j in range(3)]
    sums = sum(numpy.tensordot(padded[i : i + 31 : 2, j : j + 31 : 2], kernel[:, i, j], ([2], [1])) for i, j in taps)
    normalised = (sums - mean) / numpy.sqrt(variance + numpy.float32(1e-5)) * scale + shift
    limited = numpy.clip(normalised, 0, 6)
    pooled = numpy.max([limited[i : i + 13 : 2, j : j + 13 : 2] for i, j in taps], axis=0)
    return (pooled.mean((0, 1)) @ matrix + bias).argmax()


random = numpy.random.default_rng(5)
tint = random.random((300, 1, 1, 3))
images = (random.integers(0, 256, (300, 32, 32, 3)) * tint).astype(numpy.uint8)
labels = numpy.array([answer(image) for image in images.astype(numpy.float32) / 255])
numpy.savez(data, images=images, labels=labels)
print("classes:", len(set(labels.tolist())))
