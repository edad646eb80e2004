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
        self._closed = False
        self.decoded: LazyImage | None = None  # for the first call of `page`
        if not (info.is_document or checked):
            self.decoded = LazyImage.from_file(data, info)
            _ = self.decoded.full
        if info.format == "Tiff":
            with closing(DocumentProcess(data, "Tiff")) as process:
                self.pages, _, _ = process.measure()

    def page(self, number: int) -> LazyImage:
        """Return a page, counted from 1, or raise ApiError."""
        if not self._info.is_document:
            image, self.decoded = self.decoded, None
            return image or LazyImage.from_file(self._data, self._info)
        process = self._process = self._process or DocumentProcess(self._data, self._info.format)
        if self._closed:  # while the process started
            process.close()
        pixels = process.draw(number)
        if len(DocumentProcess.running) > MAX_PROCESSES:
            self._process = None
            process.close()
        return LazyImage(lambda: pixels)

    def close(self) -> None:
        """End the process that draws the pages; `page` may still run, and fails."""
        self._closed, self.decoded = True, None
        if process := self._process:
            process.close()
