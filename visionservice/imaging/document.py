"""A file with one or more pages: an image, a TIFF or a PDF."""

from contextlib import closing
from typing import Literal

from .decode import LazyImage
from .document_process import DocumentProcess
from .probe import ImageInfo

MAX_PROCESSES = 4  # with more, each ends after one page and does not wait for the next one


class Document:
    """The pages of a file, to be read by one thread at a time; any thread may close it."""

    def __init__(self, data: bytes, info: ImageInfo, *, checked: bool = False) -> None:
        """Open a file, or raise ApiError if it is damaged; a `checked` image is decoded later."""
        self._data, self._info, self.pages = data, info, info.pages
        self.unit: Literal["pixel", "inch"] = "inch" if info.format == "Pdf" else "pixel"
        self._process: DocumentProcess | None = None
        self._image: LazyImage | None = None
        if not (info.is_document or checked):
            self._image = LazyImage.from_file(data, info)
            _ = self._image.full
        if info.format == "Tiff":
            with closing(DocumentProcess(data, "Tiff")) as process:
                self.pages, _, _ = process.measure()

    def page(self, number: int) -> LazyImage:
        """Return a page, counted from 1, or raise ApiError."""
        if not self._info.is_document:
            image, self._image = self._image, None
            return image or LazyImage.from_file(self._data, self._info)
        process = self._process = self._process or DocumentProcess(self._data, self._info.format)
        pixels = process.draw(number)
        if len(DocumentProcess.running) > MAX_PROCESSES:
            self.close()
        return LazyImage(lambda: pixels)

    def close(self) -> None:
        """End the process that draws the pages, and drop decoded pixels; `page` restores both."""
        process, self._process, self._image = self._process, None, None
        if process:
            process.close()
