"""images.py FILE.npz: six images of four pixels, for the network of basic.mlir."""

import sys

import numpy

images = [[9, 10, 3, 0], [127, 126, 1, 0], [9, 10, 9, 0], [127, 127, 1, 0], [7, 7, 7, 1], [127, 0, 0, 0]]
numpy.savez(sys.argv[1], images=numpy.array(images, numpy.uint8).reshape(6, 1, 2, 2))
