"""PDF: its pages drawn as pictures, by PDFium.

Each question is asked of a process of its own (`pdfium`), which is ended when it takes too long or
too much memory: no file can hang the service or bring it down.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import ApiError, invalid_image_format, invalid_image_size

DPI = 200
"""Dots an inch at which pages are drawn: print of 6 points is 17 pixels high."""
LARGEST_INCHES = 17.0
SECONDS = 20.0
"""The time after which a PDF, or a page of it, is given up."""
_POINTS = 72  # an inch
_TOO_LARGE = 4
_PROGRAM = Path(__file__).with_name("pdf_worker.py")


def is_pdf(data: bytes) -> bool:
    """Tell whether these bytes begin like a PDF, after what a mailer may have put before it."""
    return b"%PDF-" in data[:1024]


def measure(data: bytes) -> tuple[int, int, int]:
    """Return how many pages there are, and the pixels across and down that the largest has.

    Raises:
        ApiError: It cannot be read, has no pages, or a page is wider or higher than 17 inches.
    """
    pages, width, height = map(float, _ask(data, "size").split())
    longest = max(width, height) / _POINTS
    if longest > LARGEST_INCHES:
        raise _too_large(f"one of {longest:.1f}")
    return int(pages), round(width / _POINTS * DPI), round(height / _POINTS * DPI)


def draw(data: bytes, number: int) -> NDArray[np.uint8]:
    """Return a page, counted from 1, as height x width x 3, RGB, at DPI dots an inch.

    Raises:
        ApiError: The page is damaged, too large, or takes too long to draw.
    """
    size, _, pixels = _ask(data, "draw", str(number), str(DPI)).partition(b"\n")
    width, height = map(int, size.split())
    return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)


def _too_large(what: str) -> ApiError:
    return invalid_image_size(f"A page has at most {LARGEST_INCHES:g} inches; the PDF has {what}.")


def _ask(data: bytes, *question: str) -> bytes:
    command = [sys.executable, "-P", str(_PROGRAM), *question]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=SECONDS)  # noqa: S603
    except subprocess.TimeoutExpired:
        message = f"The PDF, or a page of it, takes longer than {SECONDS:.0f} seconds to read."
        raise invalid_image_format(message) from None
    if done.returncode == _TOO_LARGE:
        raise _too_large("a larger one")
    if done.returncode:
        message = "The PDF cannot be read: it has no pages, is damaged or locked with a password."
        raise invalid_image_format(message)
    return done.stdout
