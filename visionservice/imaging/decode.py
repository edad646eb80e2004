"""Decoding of an image file into an array of RGB pixels."""

from __future__ import annotations

from contextlib import closing
from io import BytesIO
from threading import BoundedSemaphore

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from visionhelpers.images import to_upright_rgb

from ..errors import invalid_image_format
from . import PILLOW_ERRORS
from .document_process import DocumentProcess
from .probe import ImageInfo

RGBImage = NDArray[np.uint8]

MAX_DECODING = 2
"""Images that are decoded at once; each needs up to 7 bytes per pixel, in all 450 MB."""
STRIP_PIXELS = 1_000_000
_slots = BoundedSemaphore(MAX_DECODING)
_ROTATIONS = {2: (True, 0), 3: (False, 2), 4: (True, 2), 5: (True, 1), 6: (False, 3),
              7: (True, 3), 8: (False, 1)}  # fmt: skip
"""By EXIF orientation, whether to mirror, and the quarter turns to the left after that."""


def decode(data: bytes, info: ImageInfo) -> RGBImage:
    """Return the pixels of an image, upright, on a white background; raise ApiError if damaged."""
    if info.format == "Tiff":
        with closing(DocumentProcess(data, "Tiff")) as process:
            return process.draw(1)
    try:
        with _slots, Image.open(BytesIO(data), formats=[info.format.upper()]) as image:
            return to_array(image)
    except PILLOW_ERRORS:
        raise invalid_image_format("The image is truncated or damaged.") from None


def to_array(image: Image.Image) -> RGBImage:
    """Return the pixels of a Pillow image, converted in strips: conversions need several copies."""
    image.load()  # a PNG may have its EXIF data after its pixels
    mirror, turns = _ROTATIONS.get(image.getexif().get(ExifTags.Base.Orientation, 1), (False, 0))
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    rows = max(1, STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        strip.info = {key: strip.info[key] for key in ("transparency",) if key in strip.info}
        pixels[top : top + rows] = np.asarray(to_upright_rgb(strip))
    return np.ascontiguousarray(np.rot90(pixels[:, ::-1] if mirror else pixels, turns))
