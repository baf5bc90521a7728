"""noise.py FILE.npz: 32 images of noise for examples/three-exits.eenet, with labels."""

import sys

import numpy

random = numpy.random.default_rng(1)
images = random.integers(0, 256, (32, 16, 16, 1), numpy.uint8)
numpy.savez(sys.argv[1], images=images, labels=random.integers(0, 4, 32))
