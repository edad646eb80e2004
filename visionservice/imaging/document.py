"""A file that may have many pages: a picture, a TIFF or a PDF."""

from __future__ import annotations

from functools import cached_property
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageSequence

from visionhelpers.images import to_upright_rgb

from ..analysis import ImageAnalysis, PageAnalysis
from ..cache import CachedResults
from ..errors import invalid_image_format, invalid_image_size
from . import pdf
from .probe import MAX_PIXELS, PILLOW_ERRORS, ImageInfo

if TYPE_CHECKING:
    from ..gallery.gallery import Gallery

MAX_TIFF_PAGES = 2000
"""Of a TIFF; Pillow takes seconds for each thousand, and the API reads no more."""
DOCUMENTS = ("Jpeg", "Png", "Bmp", "Tiff", "Pdf")
"""The formats that can be read page by page."""


class Document:
    """The pages of a file, decoded one by one as they are asked for.

    Attributes:
        known: What was found in a file that is one picture.
    """

    def __init__(self, data: bytes, header: ImageInfo, gallery: Gallery) -> None:
        self._data, self._header, self._gallery = data, header, gallery
        self.known = CachedResults()

    @classmethod
    def decode(cls, data: bytes, header: ImageInfo, gallery: Gallery) -> Document:
        """Open a file that `inspect` let through, and see that it is whole.

        Raises:
            ApiError: A picture is damaged, or a page of it too large.
        """
        document = cls(data, header, gallery)
        if header.format == "Tiff":
            document._check_sizes()
        elif header.format != "Pdf":
            document.page(1)
        return document

    @property
    def pages(self) -> int:
        """How many pages there are; of a TIFF, not counting those past MOST_FRAMES."""
        return len(self._sizes) if self._header.format == "Tiff" else self._header.pages

    def page(self, number: int) -> PageAnalysis:
        """Return a page, counted from 1.

        Raises:
            ApiError: It is damaged.
        """
        if self._header.format == "Pdf":
            drawn = pdf.draw(self._data, number)
            return PageAnalysis(number, ImageAnalysis(drawn, "Pdf", self._gallery), "inch")
        if self._header.format != "Tiff":
            picture = ImageAnalysis.decode(self._data, self._header, self._gallery)
            picture.results = self.known
            return PageAnalysis(number, picture, "pixel")
        try:
            with Image.open(BytesIO(self._data), formats=["TIFF"]) as image:
                image.seek(number - 1)
                pixels = np.asarray(to_upright_rgb(image))
        except PILLOW_ERRORS:
            raise invalid_image_format(f"Page {number} of the TIFF is damaged.") from None
        return PageAnalysis(number, ImageAnalysis(pixels, "Tiff", self._gallery), "pixel")

    @cached_property
    def _sizes(self) -> list[tuple[int, int]]:
        with Image.open(BytesIO(self._data), formats=["TIFF"]) as image:
            return [frame.size for frame in islice(ImageSequence.Iterator(image), MAX_TIFF_PAGES)]

    def _check_sizes(self) -> None:
        try:
            sizes = self._sizes
        except Image.DecompressionBombError:
            raise invalid_image_size(f"A page has at most {MAX_PIXELS} pixels.") from None
        except PILLOW_ERRORS:
            raise invalid_image_format("The TIFF is truncated or damaged.") from None
        if max(width * height for width, height in sizes) > MAX_PIXELS:
            raise invalid_image_size(f"A page has at most {MAX_PIXELS} pixels.")
