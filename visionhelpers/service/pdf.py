"""PDF: its pages drawn as pictures, by PDFium.

PDFium serves one thread at a time. It is imported when the first PDF comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .errors import invalid_image_format, invalid_image_size

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

DPI = 200
"""Dots an inch at which pages are drawn: print of 6 points is 17 pixels high."""
LARGEST_INCHES = 17.0
_POINTS = 72  # an inch

_lock = Lock()


def is_pdf(data: bytes) -> bool:
    """Tell whether these bytes begin like a PDF, after what a mailer may have put before it."""
    return b"%PDF-" in data[:1024]


def largest_page(data: bytes) -> tuple[int, int]:
    """Return the width and height, in pixels, that the largest page is drawn with.

    Raises:
        ApiError: It cannot be read, has no pages, or a page is wider or higher than 17 inches.
    """
    with _opened(data) as document:
        sizes = [document.get_page_size(number) for number in range(len(document))]
    if not sizes:
        raise invalid_image_format("The PDF has no pages.")
    longest = max(max(size) for size in sizes) / _POINTS
    if longest > LARGEST_INCHES:
        message = f"A page has at most {LARGEST_INCHES:g} inches; the PDF has one of {longest:.1f}."
        raise invalid_image_size(message)
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return round(width / _POINTS * DPI), round(height / _POINTS * DPI)


def pages(data: bytes) -> int:
    """Return how many pages there are."""
    with _opened(data) as document:
        return len(document)


def draw(data: bytes, number: int) -> NDArray[np.uint8]:
    """Return a page, counted from 1, as height x width x 3, RGB, at DPI dots an inch."""
    with _opened(data) as document:
        drawn = document[number - 1].render(scale=DPI / _POINTS, rev_byteorder=True)
        return np.ascontiguousarray(drawn.to_numpy()[..., :3])


@contextmanager
def _opened(data: bytes) -> Iterator[PdfDocument]:
    import pypdfium2

    with _lock:
        try:
            document: Any = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError:
            message = "The PDF cannot be read: it is damaged, or locked with a password."
            raise invalid_image_format(message) from None
        try:
            yield document
        finally:
            document.close()
