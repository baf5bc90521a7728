"""reference.py NETWORK.mlir IMAGES.npz SAMPLES OUT: runs a TOSA network on the TOSA reference model.

The first SAMPLES images go in as the bits of their uint8 pixels. OUT gets, sample by sample, the bytes of all results
as they are. NETWORK.mlir holds one function of the dialects builtin, func and tosa.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy
import tosa_reference_model

network, images, samples, out = sys.argv[1:]
serialiser = pathlib.Path(tosa_reference_model.__file__).parent.parent / "bin" / "tosa-opt"
with tempfile.TemporaryDirectory() as folder:
    flatbuffer = pathlib.Path(folder, "network.tosa")
    command = [serialiser, "--tosa-serialize", f"--tosa-flatbuffer-filename={flatbuffer}", network]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    model = flatbuffer.read_bytes()

with open(out, "wb") as file:
    for image in numpy.load(images)["images"][: int(samples)]:
        results, status = tosa_reference_model.run(model, [image[None].view(numpy.int8)])
        if status != tosa_reference_model.GraphStatus.TOSA_VALID:
            sys.exit(f"the reference model says {status}")
        for result in results:
            file.write(result.tobytes())
