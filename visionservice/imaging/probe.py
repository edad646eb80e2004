"""Format and size of an image file, read without decoding it and checked against limits."""

import math
import re
import struct
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO

from PIL import ExifTags, Image

from ..errors import invalid_image_format, invalid_image_size, too_many_bytes
from . import MAX_PIXELS, PILLOW_ERRORS
from .document_process import DocumentProcess

PHOTO_FORMATS = ("Jpeg", "Png", "Gif", "Bmp")
"""The formats of all versions of the API; another one gets an error that names it."""
MAX_JPEG_SCANS = 100  # a progressive JPEG has about ten; thousands would take hours to decode
MAX_JPEG_SEGMENTS = 20_000  # a file of 50 MB has about 1,000

_ICO, _PNG = b"\0\0\1\0", b"\x89PNG\r\n\x1a\n"
_IMAGES = (b"\xff\xd8\xff", _PNG, b"GIF8", b"BM", b"RIFF", _ICO, b"II*\0", b"MM\0*")
"""The first bytes of images in the formats of API 4.0."""
_SEGMENT = re.compile(rb"\xff[\xc0-\xcf\xd9-\xfe]")
"""The markers of JPEG that a segment follows, and that of its end; not those of restarts."""
_ROTATIONS = {2: (True, 0), 3: (False, 2), 4: (True, 2), 5: (True, 1), 6: (False, 3),
              7: (True, 3), 8: (False, 1)}  # fmt: skip
"""By EXIF orientation, whether to mirror, and the quarter turns to the left after that."""


@dataclass(frozen=True, slots=True)
class InputLimits:
    """The images that an operation accepts; the formats by the names of `ImageInfo.format`."""

    shortest: int  # pixels of a side
    longest: int
    formats: tuple[str, ...]
    bytes: int
    media: str = "application/octet-stream"  # or a prefix: a further content type of the body


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """The format of a file and its size in pixels; of a PDF, that of its largest page."""

    format: str
    width: int  # of the upright image for a JPEG, of the stored one for other formats
    height: int
    bytes: int
    pages: int = 1  # those of a TIFF are not counted yet

    @property
    def weight(self) -> int:
        """The weight in a queue: the number of pixels or of bytes, whichever is greater."""
        return max(self.width * self.height, self.bytes)

    @property
    def is_document(self) -> bool:
        """Whether the file may have more than one page."""
        return self.format in ("Pdf", "Tiff")


def is_pdf(data: bytes) -> bool:
    """Return True if data begins like a PDF, also after a mail header, and not like an image."""
    return b"%PDF-" in data[:1024] and not data.startswith(_IMAGES)


def probe(data: bytes, limits: InputLimits) -> ImageInfo:
    """Return the format and size of an image without decoding it; raise ApiError beyond limits."""
    if len(data) > limits.bytes:
        raise too_many_bytes(limits.bytes, f"The image has {len(data)} bytes.")
    if "Pdf" in limits.formats and is_pdf(data):
        with closing(DocumentProcess(data, "Pdf")) as process:
            pages, width, height = process.measure()
        return ImageInfo("Pdf", width, height, len(data), pages)
    try:
        if "Ico" in limits.formats and data.startswith(_ICO):
            info = ImageInfo("Ico", *_icon_size(data), len(data))
        else:
            readers = {name.upper() for name in (*PHOTO_FORMATS, *limits.formats)} - {"PDF"}
            with Image.open(BytesIO(data), formats=[*readers]) as image:
                name = "Jpeg" if image.format == "MPO" else str(image.format).capitalize()
                width, height = image.size
                if name == "Jpeg" and rotation(image)[1] % 2:
                    width, height = height, width
                info = ImageInfo(name, width, height, len(data))
    except Image.DecompressionBombError:
        raise invalid_image_size(f"The image has more than {MAX_PIXELS} pixels.") from None
    except (*PILLOW_ERRORS, struct.error):
        raise invalid_image_format() from None
    if info.format == "Jpeg" and _count_scans(data) > MAX_JPEG_SCANS:
        raise invalid_image_format(f"The JPEG has more than {MAX_JPEG_SCANS} scans.")
    _check(info, limits)
    return info


def rotation(image: Image.Image) -> tuple[bool, int]:
    """Return whether to mirror an image, and then the quarter turns to the left, by its EXIF."""
    return _ROTATIONS.get(image.getexif().get(ExifTags.Base.Orientation, 1), (False, 0))


def _icon_size(data: bytes) -> tuple[int, int]:
    """Return the size of the largest image in an ICO, which Pillow would decode to measure it."""
    sizes = [struct.unpack(">II", size) for size in re.findall(rb"(?s)IHDR(?=(.{8}))", data)]
    directory = data[6 : 6 + 16 * int.from_bytes(data[4:6], "little")]
    for (start,) in struct.iter_unpack("<12xI", directory):
        if not data.startswith(_PNG, start):  # a bitmap whose height includes its mask
            width, height = struct.unpack_from("<II", data, start + 4)
            sizes.append((width, height // 2))
    width, height = max(sizes, key=math.prod)
    return width, height


def _count_scans(data: bytes) -> int:
    """Return the number of scans of a JPEG up to its end; a motion photo has a video after it."""
    scans = position = 0
    for _ in range(MAX_JPEG_SEGMENTS):
        marker = _SEGMENT.search(data, position)
        if marker is None or marker[0] == b"\xff\xd9":
            return scans
        scans += marker[0] == b"\xff\xda"
        length = int.from_bytes(data[marker.end() : marker.end() + 2], "big")
        position = marker.end() + max(2, length)
    return MAX_JPEG_SCANS + 1


def _check(info: ImageInfo, limits: InputLimits) -> None:
    if info.format not in limits.formats:
        formats = ", ".join(limits.formats)
        raise invalid_image_format(f"This operation reads {formats}, not {info.format}.")
    size, limit = (info.width, info.height), ""
    if min(size) < limits.shortest:
        limit = f"at least {limits.shortest} pixels in width and height"
    elif max(size) > limits.longest:
        limit = f"at most {limits.longest} pixels in width and height"
    elif math.prod(size) > MAX_PIXELS:
        limit = f"at most {MAX_PIXELS} pixels"
    if limit:
        hint = f"The image has {info.width}x{info.height} pixels."
        raise invalid_image_size(f"Image must be {limit}.", hint)
