"""Decoding of an image file into an array of RGB pixels, whole or at half its size."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial
from io import BytesIO
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visionhelpers.images import to_upright_rgb

from ..errors import invalid_image_format
from . import PILLOW_ERRORS
from .document_process import DocumentProcess
from .probe import ImageInfo, rotation

if TYPE_CHECKING:
    from ..engines.geometry import Box, Size

RGBImage = NDArray[np.uint8]
MAX_DECODING = 2  # images at once; each needs up to 7 bytes per pixel, in all 450 MB
MIN_HALVED_PIXELS = 4_000_000  # of a JPEG that is reduced: 12 million take 28 ms in place of 88
STRIP_PIXELS = 1_000_000
_slots = BoundedSemaphore(MAX_DECODING)


@dataclass(eq=False)
class LazyImage:
    """The pixels of an image (height x width x 3, uint8, RGB, upright), computed at first use."""

    get_full: Callable[[], RGBImage]  # may raise ApiError, as the next one
    get_reduced: Callable[[], RGBImage] | None = None  # half as many rows and columns
    known_size: Size | None = None  # None to measure all pixels

    @classmethod
    def from_file(cls, data: bytes, info: ImageInfo) -> LazyImage:
        """Return the image in a file, or its first page."""
        full, half = partial(decode, data, info), partial(decode, data, info, halve=True)
        if info.format == "Jpeg" and info.width * info.height >= MIN_HALVED_PIXELS:
            return cls(full, half, (info.width, info.height))
        return cls(full)

    @cached_property
    def full(self) -> RGBImage:
        """All pixels."""
        return self.get_full()

    @cached_property
    def reduced(self) -> RGBImage:
        """Half as many rows and columns of a large JPEG, of any other image all pixels."""
        return self.get_reduced() if self.get_reduced else self.full

    @property
    def size(self) -> Size:
        """The width and height of `full`."""
        return self.known_size or (self.full.shape[1], self.full.shape[0])

    def crop(self, box: Box) -> LazyImage:
        """Return a part of the image; the box is in pixels of `full`."""

        def cut(pixels: RGBImage) -> RGBImage:
            (width, height), (rows, columns) = self.size, pixels.shape[:2]
            part = box.scale(columns / width, rows / height)
            return np.ascontiguousarray(pixels[part.top : part.bottom, part.left : part.right])

        size = box.width, box.height
        return LazyImage(lambda: cut(self.full), lambda: cut(self.reduced), size)


def decode(data: bytes, info: ImageInfo, *, halve: bool = False) -> RGBImage:
    """Return the pixels of an image, upright, on a white background; raise ApiError if damaged.

    `halve` returns half as many rows and columns of a JPEG, without decoding the others.
    """
    if info.format == "Tiff":
        with closing(DocumentProcess(data, "Tiff")) as process:
            return process.draw(1)
    try:
        with _slots, Image.open(BytesIO(data), formats=[info.format.upper()]) as image:
            if halve:
                image.draft(None, (image.width // 2, image.height // 2))
            return to_array(image)
    except PILLOW_ERRORS:
        raise invalid_image_format("The image is truncated or damaged.") from None


def to_array(image: Image.Image) -> RGBImage:
    """Return the pixels of a Pillow image, converted in strips: conversions need several copies."""
    image.load()  # a PNG may have its EXIF data after its pixels
    mirror, turns = rotation(image)
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    rows = max(1, STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        strip.info = {key: strip.info[key] for key in ("transparency",) if key in strip.info}
        pixels[top : top + rows] = np.asarray(to_upright_rgb(strip))
    return np.ascontiguousarray(np.rot90(pixels[:, ::-1] if mirror else pixels, turns))
