"""Input limits of the operations: bytes, pixels and file formats in each API version."""

from dataclasses import replace

from ..imaging.probe import PHOTO_FORMATS, InputLimits

MEGABYTE = 1024 * 1024
TEXT_FORMATS = ("Jpeg", "Png", "Bmp")

IMAGE = InputLimits(shortest=50, longest=16_000, formats=PHOTO_FORMATS, bytes=4 * MEGABYTE - 1)
"""All operations of v1.0 to v3.2 on images, except those below."""
OCR_V1 = replace(IMAGE, shortest=40, longest=3200)
OCR_V2 = replace(IMAGE, longest=4200)
TEXT_V1 = replace(OCR_V1, formats=TEXT_FORMATS)
TEXT_V2 = replace(OCR_V2, formats=TEXT_FORMATS)
READ_V2 = replace(OCR_V2, formats=(*TEXT_FORMATS, "Tiff", "Pdf"), bytes=20 * MEGABYTE)
READ_V3 = replace(READ_V2, longest=10_000, bytes=50 * MEGABYTE)
FORMATS_V4 = (*PHOTO_FORMATS, "Webp", "Ico", "Tiff")
IMAGE_V4 = replace(IMAGE, formats=FORMATS_V4, bytes=20 * MEGABYTE, media="image/")
