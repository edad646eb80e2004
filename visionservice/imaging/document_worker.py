"""The program that reads one PDF or TIFF: PDFium and libtiff may crash or hang on a crafted file.

    python -m visionservice.imaging.document_worker Pdf|Tiff LENGTH

Standard input is the file, of LENGTH bytes, then a line per question:

    size      "ok PAGES WIDTH HEIGHT": the width and height of the largest page in pixels
    draw N    "ok N WIDTH HEIGHT", then the pixels of page N, counted from 1, as RGB bytes

The reply is "format MESSAGE" for what cannot be read, "size MESSAGE" for what is too large.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from io import BytesIO
from itertools import islice
from typing import Any

from . import MAX_PIXELS

DPI = 200
"""Dots per inch at which PDF pages are drawn: print of 6 points is 17 pixels high."""
MAX_PAGES = 2000
"""The API reads no more pages; further ones are not measured, and those of a TIFF not counted."""
MAX_PAGE_INCHES = 17.0
MAX_MEMORY_BYTES = 2_000_000_000
MAX_CPU_SECONDS = 30
"""The limit for each question; the service, if it still runs, ends the process sooner."""


class _TooLargeError(Exception):
    pass


class _Pdf:
    unreadable = "The PDF has no pages, is damaged or needs a password."

    def __init__(self, data: bytes) -> None:
        import pypdfium2

        self._document: Any = pypdfium2.PdfDocument(data)

    def measure(self) -> tuple[int, int, int]:
        pages = len(self._document)
        sizes = [self._document.get_page_size(n) for n in range(min(pages, MAX_PAGES))]
        self._check(max(map(max, sizes)))
        width, height = max(sizes, key=math.prod)
        return pages, round(width / 72 * DPI), round(height / 72 * DPI)

    def draw(self, number: int) -> tuple[int, int, Iterable[memoryview]]:
        page = self._document[number - 1]
        self._check(max(page.get_size()))
        drawn = page.render(scale=DPI / 72, rev_byteorder=True)
        pixels, stride, length = memoryview(drawn.buffer).cast("B"), drawn.stride, drawn.width * 3
        starts = range(0, drawn.height * stride, stride)
        return drawn.width, drawn.height, (pixels[start : start + length] for start in starts)

    def _check(self, points: float) -> None:
        if points > MAX_PAGE_INCHES * 72:
            limit = f"A page must be at most {MAX_PAGE_INCHES:g} inches wide and high"
            raise _TooLargeError(f"{limit}; the PDF has one of {points / 72:.1f}.")


class _Tiff:
    unreadable = "The TIFF is truncated or damaged."

    def __init__(self, data: bytes) -> None:
        from PIL import Image

        Image.MAX_IMAGE_PIXELS = None  # _check is stricter
        self._image = Image.open(BytesIO(data), formats=["TIFF"])

    def measure(self) -> tuple[int, int, int]:
        from PIL import ImageSequence

        pages = islice(ImageSequence.Iterator(self._image), MAX_PAGES)
        sizes = [page.size for page in pages]
        width, height = max(sizes, key=math.prod)
        self._check(width * height)
        return len(sizes), width, height

    def draw(self, number: int) -> tuple[int, int, Iterable[memoryview]]:
        from .decode import to_array

        self._image.seek(number - 1)
        self._check(self._image.width * self._image.height)
        pixels = to_array(self._image)
        return pixels.shape[1], pixels.shape[0], [pixels.data]

    def _check(self, pixels: int) -> None:
        if pixels > MAX_PIXELS:
            raise _TooLargeError(f"A page must have at most {MAX_PIXELS} pixels.")


def main() -> None:
    """Reply to the questions of the service until it closes standard input."""
    kind: type[_Pdf | _Tiff] = _Pdf if sys.argv[1] == "Pdf" else _Tiff
    data = sys.stdin.buffer.read(int(sys.argv[2]))
    document: _Pdf | _Tiff | None = None
    for question in sys.stdin.buffer:
        _limit_resources()
        pixels: Iterable[memoryview] = ()
        try:
            document = document or kind(data)
            if question.startswith(b"draw"):
                number = int(question.split()[1])
                width, height, pixels = document.draw(number)
                reply = f"ok {number} {width} {height}"
            else:
                reply = "ok {} {} {}".format(*document.measure())
        except _TooLargeError as error:
            reply = f"size {error}"
        except Exception:
            reply = f"format {kind.unreadable}"
        sys.stdout.buffer.writelines([reply.encode(), b"\n", *pixels])
        sys.stdout.buffer.flush()


def _limit_resources() -> None:
    with suppress(ImportError, ValueError, OSError):  # Windows; macOS has no limit of memory
        import resource

        seconds = int(time.process_time()) + MAX_CPU_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


if __name__ == "__main__":
    main()
