"""Input limits of the operations: bytes, pixels, file formats and pages of each API version."""

from __future__ import annotations

from ..imaging.probe import InputLimits

MEGABYTE = 1024 * 1024
TEXT_FORMATS = ("Jpeg", "Png", "Bmp")
DOCUMENT_FORMATS = (*TEXT_FORMATS, "Tiff", "Pdf")

IMAGE = InputLimits()
"""All operations of v1.0 to v3.2 on images, except those below."""
OCR_V1 = InputLimits(shortest=40, longest=3200)
OCR_V2 = InputLimits(longest=4200)
TEXT_V1 = InputLimits(shortest=40, longest=3200, formats=TEXT_FORMATS)
TEXT_V2 = InputLimits(longest=4200, formats=TEXT_FORMATS)
READ_V2 = InputLimits(longest=4200, formats=DOCUMENT_FORMATS, bytes=20 * MEGABYTE)
READ_V3 = InputLimits(longest=10_000, formats=DOCUMENT_FORMATS, bytes=50 * MEGABYTE)
IMAGE_V4 = InputLimits(
    formats=("Jpeg", "Png", "Gif", "Bmp", "Webp", "Ico", "Tiff"),
    bytes=20 * MEGABYTE,
    media="image/",
)

MAX_PAGES_V2 = 200
MAX_PAGES_V3 = 2000
