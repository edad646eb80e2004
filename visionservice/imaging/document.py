"""A file with one or more pages: an image, a TIFF or a PDF."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Literal

from ..errors import ApiError
from .decode import RGBImage, decode
from .document_process import DocumentProcess
from .probe import ImageInfo

Unit = Literal["pixel", "inch"]
DOCUMENTS = ("Jpeg", "Png", "Bmp", "Tiff", "Pdf")
"""The formats that can be read page by page."""
MAX_PROCESSES = 4
"""The number of processes above which none waits for the next page of its document."""


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """A page, counted from 1: its pixels, and the unit of its measures in a result."""

    number: int
    image: RGBImage
    unit: Unit = "pixel"


class Document:
    """The pages of a file, for one thread at a time; `close` may be called by any thread.

    Attributes:
        pages: The number of pages; of a TIFF, at most 2,000.
    """

    def __init__(self, data: bytes, info: ImageInfo) -> None:
        self._data, self._info = data, info
        self._decoded: RGBImage | None = None
        self._process: DocumentProcess | None = None
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
        if self._info.is_document:
            unit: Unit = "inch" if self._info.format == "Pdf" else "pixel"
            return DocumentPage(number, self._draw(number), unit)
        image, self._decoded = self._decoded, None  # it was decoded to be checked
        return DocumentPage(number, decode(self._data, self._info) if image is None else image)

    def close(self) -> None:
        """End the process that draws the pages, and drop decoded pixels; `page` restores both."""
        process, self._process, self._decoded = self._process, None, None
        if process is not None:
            process.close()

    def _draw(self, number: int) -> RGBImage:
        """Draw a page; the process waits for the next one, unless too many processes wait."""
        process = self._process = self._process or DocumentProcess(self._data, self._info.format)
        try:
            image = process.draw(number)
        except ApiError:
            self.close()
            raise
        if len(DocumentProcess.running) > MAX_PROCESSES:
            self.close()
        return image
