"""images.py FILE.npz: six images of four pixels and their labels, for the network of basic.mlir.

The exit's logits are a tenth of the first two pixels, the last classifier's of the others; class 0 is right.
"""

import sys

import numpy

# Sure and right, three times; less sure and wrong, twice; still less sure and right. The last classifier is right.
early = [[40, 10], [40, 10], [50, 20], [10, 20], [15, 25], [25, 20]]
images = numpy.array([pair + [9, 3] for pair in early], numpy.uint8).reshape(6, 1, 1, 4)
numpy.savez(sys.argv[1], images=images, labels=numpy.zeros(6, numpy.int64))
