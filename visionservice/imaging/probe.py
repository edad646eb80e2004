"""A picture before it is decoded: its format and size, held against what an operation takes."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from ..errors import ApiError, invalid_image_format, invalid_image_size, too_many_bytes
from . import pdf

FORMATS = ("Jpeg", "Png", "Gif", "Bmp")
PILLOW_FORMATS = ("JPEG", "PNG", "GIF", "BMP")
MAX_FILE_BYTES = 4 * 1024 * 1024 - 1
MAX_PIXELS = 32_000_000
MAX_JPEG_SCANS = 100
"""A progressive JPEG has about ten; thousands of empty ones would take hours to decode."""

PILLOW_ERRORS = (
    OSError, SyntaxError, ValueError, EOFError, OverflowError, IndexError, KeyError, TypeError,
)  # fmt: skip
"""What Pillow raises when it reads a damaged file."""

_PILLOW = {
    "JPEG": "Jpeg",
    "MPO": "Jpeg",
    "PNG": "Png",
    "GIF": "Gif",
    "BMP": "Bmp",
    "WEBP": "Webp",
    "ICO": "Ico",
    "TIFF": "Tiff",
}


@dataclass(frozen=True, slots=True)
class InputLimits:
    """What an operation takes.

    Attributes:
        shortest: Of a picture's sides, in pixels.
        longest: Of a picture's sides, in pixels.
        formats: Of files, by the names that `_PILLOW` gives them.
        bytes: Of a file, at most.
        media: What further content types its body may have begins with.
    """

    shortest: int = 50
    longest: int = 16_000
    formats: tuple[str, ...] = FORMATS
    bytes: int = MAX_FILE_BYTES
    media: str = "application/octet-stream"

    @property
    def readers(self) -> tuple[str, ...]:
        """Pillow's readers for these formats, and for those of API v1.0 to call by name."""
        return tuple(
            dict.fromkeys((*PILLOW_FORMATS, *(n for f in self.formats for n in pillow_readers(f))))
        )


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What the first bytes of a picture say; width and height in pixels, as stored.

    A PDF's are those of its largest page as it is drawn, and it has a number of pages.
    """

    format: str
    width: int
    height: int
    bytes: int
    pages: int = 1

    @property
    def pixels(self) -> int:
        """How many pixels the picture takes once it is decoded."""
        return self.width * self.height

    @property
    def weight(self) -> int:
        """What it counts for while it waits: its pixels, or its bytes if those are more."""
        return max(self.pixels, self.bytes)

    @property
    def is_document(self) -> bool:
        """Whether it may have many pages."""
        return self.format in ("Pdf", "Tiff")


def pillow_readers(name: str) -> list[str]:
    """Return Pillow's readers for a format; that for JPEG knows an MPO when it sees one."""
    return [reader for reader, kind in _PILLOW.items() if kind == name and reader != "MPO"]


def probe(data: bytes, limits: InputLimits) -> ImageInfo:
    """Read the header of a picture without decoding it.

    Raises:
        ApiError: These bytes are not a picture, or one of a format or size that is not taken.
    """
    if len(data) > limits.bytes:
        raise too_large(limits.bytes, f"this one has {len(data)} bytes")
    if "Pdf" in limits.formats and pdf.is_pdf(data):
        pages, width, height = pdf.measure(data)
        return ImageInfo("Pdf", width, height, len(data), pages)
    try:
        with Image.open(BytesIO(data), formats=limits.readers) as image:
            header = ImageInfo(_PILLOW[str(image.format)], *image.size, bytes=len(data))
    except Image.DecompressionBombError:
        raise invalid_image_size(f"A picture has at most {MAX_PIXELS} pixels.") from None
    except PILLOW_ERRORS:
        raise invalid_image_format("Input data is not a valid image.") from None
    if header.format == "Jpeg" and data.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise invalid_image_format(f"A JPEG has at most {MAX_JPEG_SCANS} scans.")
    _check(header, limits)
    return header


def too_large(most: int, size: str) -> ApiError:
    """Refuse a file of more bytes than these."""
    return too_many_bytes(most, f"Invalid size: {size}.")


def _check(header: ImageInfo, limits: InputLimits) -> None:
    size = f"this one is {header.width}x{header.height}"
    if header.format not in limits.formats:
        kinds = ", ".join(limits.formats)
        raise invalid_image_format(f"This operation reads {kinds}, not {header.format}.")
    if min(header.width, header.height) < limits.shortest:
        least = f"Image must be at least {limits.shortest} pixels in width and height"
        raise invalid_image_size(f"{least}; {size}.")
    if max(header.width, header.height) > limits.longest:
        most = f"Image must be at most {limits.longest} pixels in width and height"
        raise invalid_image_size(f"{most}; {size}.")
    if header.pixels > MAX_PIXELS:
        raise invalid_image_size(f"A picture has at most {MAX_PIXELS} pixels; {size}.")
