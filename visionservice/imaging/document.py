"""A file with one or more pages: an image, a TIFF or a PDF."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from threading import Lock
from typing import Literal

from ..errors import ApiError
from .decode import RGBImage, decode
from .document_process import DocumentProcess
from .probe import ImageInfo

DOCUMENTS = ("Jpeg", "Png", "Bmp", "Tiff", "Pdf")
"""The formats that can be read page by page."""
MAX_PROCESSES = 4
"""The number of processes above which none waits for the next page of its document."""


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """A page, counted from 1: its pixels, and the unit of its measures in a result."""

    number: int
    image: RGBImage
    unit: Literal["pixel", "inch"]


class Document:
    """The pages of a file; safe to use from several threads.

    Attributes:
        pages: The number of pages; of a TIFF, at most 2,000.
    """

    def __init__(self, data: bytes, info: ImageInfo) -> None:
        self._data, self._info = data, info
        self._decoded: RGBImage | None = None
        self._process: DocumentProcess | None = None
        self._lock = Lock()
        self.pages = info.pages

    @classmethod
    def open(cls, data: bytes, info: ImageInfo) -> Document:
        """Open a file that `probe` accepted, and check that it is complete.

        Raises:
            ApiError: An image is damaged, or a page of a TIFF is too large.
        """
        document = cls(data, info)
        if info.format == "Tiff":
            with closing(DocumentProcess(data, "Tiff")) as process:
                document.pages, _, _ = process.measure()
        elif info.format != "Pdf":
            document._decoded = decode(data, info)
        return document

    def page(self, number: int) -> DocumentPage:
        """Return a page, counted from 1, or raise ApiError if it cannot be read."""
        with self._lock:
            if self._info.is_document:
                image = self._draw(number)
            elif self._decoded is None:
                image = decode(self._data, self._info)
            else:  # an image is decoded once, and not kept for longer
                image, self._decoded = self._decoded, None
        return DocumentPage(number, image, "inch" if self._info.format == "Pdf" else "pixel")

    def close(self) -> None:
        """End the process that draws the pages, and drop decoded pixels; `page` restores both."""
        self._decoded = None
        if self._process is not None:
            self._process.close()
            self._process = None

    def _draw(self, number: int) -> RGBImage:
        """Draw a page; the process waits for the next one, unless too many processes wait."""
        self._process = self._process or DocumentProcess(self._data, self._info.format)
        try:
            image = self._process.draw(number)
        except ApiError:
            self.close()
            raise
        if len(DocumentProcess.running) > MAX_PROCESSES:
            self.close()
        return image
