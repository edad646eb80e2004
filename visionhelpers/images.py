"""Read images from any source, encode them for upload, and find the sample images."""

from __future__ import annotations

import json
import os
import re
import time
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypeAlias
from urllib.parse import unquote, urlsplit

import requests
from PIL import Image, ImageOps
from urllib3.exceptions import HTTPError, ReadTimeoutError

from .errors import ImageError

if TYPE_CHECKING:
    from .endpoint import ImageLimits

ImageInput: TypeAlias = (
    str | PathLike | bytes | bytearray | memoryview | BinaryIO | Image.Image  # type: ignore[type-arg]
)
"""An http(s) URL, a path, the bytes of a file, an open binary file, or a Pillow image."""

USER_AGENT = "visionhelpers/0.1.0 (+https://github.com/visionhelpers/visionhelpers)"
SAMPLES = Path(__file__).parent / "samples"
MAX_DOWNLOAD_BYTES, DOWNLOAD_SECONDS = 20 * 1024 * 1024, 20.0
MAX_SIDE, JPEG_QUALITY = 3200, 90
"""Longest side in pixels and quality of an image whose file is too large."""
UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)
"""Exceptions that Pillow raises for invalid or truncated images."""
_OTHER_SCHEME = re.compile(r"[a-z][a-z+.-]+://|data:|www\.", re.IGNORECASE)
"""Prefixes of a mistyped URL, for a clearer error message."""


class SampleCredit(NamedTuple):
    """Author, licence and source of a sample image."""

    file: str
    title: str
    author: str
    licence: str
    source: str


class Upload(NamedTuple):
    """The body of a request, as keyword arguments of requests.

    If the image was resized, `size` is width and height in pixels of the original, `scale` the
    factor from coordinates of the upload to the original, and `note` a sentence without full stop.
    """

    body: dict[str, Any]
    size: tuple[int, int] | None = None
    scale: float = 1.0
    note: str = ""


def load_image(image: ImageInput) -> Image.Image:
    """Return an image as an upright RGB Pillow image.

    Raises:
        ImageError: The file is missing, cannot be downloaded, or is not an image.
    """
    try:
        if isinstance(image, Image.Image):
            return to_upright_rgb(image)
        data = download(str(image)) if is_url(image) else read_bytes(image)
        if not data:
            raise ImageError(f"{_describe(image)} is empty")
        return to_upright_rgb(Image.open(BytesIO(data)))
    except UNREADABLE as error:
        raise ImageError(f"{_describe(image)} is not an image that Pillow can read") from error


def to_upright_rgb(image: Image.Image) -> Image.Image:
    """Return an image in RGB, turned by its EXIF orientation, on a white background."""
    image = _apply_exif_orientation(image)
    if image.mode.startswith("I;16"):
        image = image.convert("I").point(lambda value: value / 256).convert("L")  # "L" clips at 255
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return image.convert("RGB")


def _apply_exif_orientation(image: Image.Image) -> Image.Image:
    """Apply the EXIF orientation without writing the EXIF block, which fails for invalid values."""
    image.getexif()
    exif = image.info.pop("exif", None)
    try:
        return ImageOps.exif_transpose(image)
    finally:
        if exif is not None:
            image.info["exif"] = exif


def is_url(image: object) -> bool:
    """Return True if the input is an http or https URL."""
    return isinstance(image, str) and image.lower().startswith(("http://", "https://"))


def read_bytes(image: ImageInput) -> bytes:
    """Return the bytes of a path, a bytes object, or an open binary file from its start.

    Raises:
        ImageError: The file cannot be read.
        TypeError: The argument is none of these.
    """
    if isinstance(image, (bytes, bytearray, memoryview)):
        return bytes(image)
    if isinstance(image, (str, PathLike)):
        try:
            return Path(os.path.expanduser(image)).read_bytes()  # noqa: PTH111  (for ./~x.png)
        except (OSError, ValueError) as error:  # a null character in the name is a ValueError
            reason = getattr(error, "strerror", error)
            if _OTHER_SCHEME.match(str(image)):
                reason = "a URL begins with http:// or https://"
            raise ImageError(f"Cannot read {str(image)!r}: {reason}") from error
    if not isinstance(image, Image.Image) and hasattr(image, "read"):
        if image.seekable():
            image.seek(0)
        data = image.read()
        if isinstance(data, bytes):
            return data
    raise TypeError(
        f"Invalid image {image!r:.80}: use a URL, a path, bytes, a binary file or a Pillow image."
    )


def download(url: str, seconds: float = DOWNLOAD_SECONDS) -> bytes:
    """Download an image of at most 20 MB within 20 seconds, or fewer.

    The URL of a sample image at a local service that has ended gives the installed file.

    Raises:
        ImageError: The URL cannot be downloaded within these limits.
    """
    seconds = max(0.001, min(seconds, DOWNLOAD_SECONDS))
    until, data, headers = time.monotonic() + seconds, bytearray(), {"User-Agent": USER_AGENT}
    try:
        with requests.get(url, headers=headers, timeout=seconds, stream=True) as response:
            response.raise_for_status()
            while chunk := response.raw.read1(1 << 16, decode_content=True):
                data += chunk
                if len(data) > MAX_DOWNLOAD_BYTES:
                    raise ImageError(f"{url} is larger than {MAX_DOWNLOAD_BYTES >> 20} MB")
                if time.monotonic() > until:
                    raise TimeoutError
        return bytes(data)
    except (requests.RequestException, HTTPError, TimeoutError) as error:
        if sample := _installed_sample(url):
            return sample.read_bytes()
        reason = "the server cannot be reached; check the URL and the network"
        if isinstance(error, requests.HTTPError):
            reason = f"the server returns {error.response.status_code}"
        elif isinstance(error, requests.Timeout | ReadTimeoutError | TimeoutError):
            reason = f"it takes longer than {seconds:.3g} seconds"
        elif isinstance(error, HTTPError):
            reason = "the connection was cut off"
        raise ImageError(f"Cannot download {url}: {reason}") from error


def _installed_sample(url: str) -> Path | None:
    parts = urlsplit(url)
    name = unquote(parts.path.removeprefix("/samples/"))
    local = parts.hostname == "127.0.0.1" and parts.path.startswith("/samples/")
    return SAMPLES / name if local and name in sample_credits() else None


def encode_image(image: ImageInput, limits: ImageLimits) -> Upload:
    """Return the body of a request: a URL as JSON, any other image as bytes.

    Bytes within the limits are sent unchanged. An image in another format, and a Pillow image, is
    encoded as PNG, or as JPEG where PNG is too large. An image with too many bytes or pixels is
    resized, with a note. Bytes that Pillow cannot read are sent unchanged.

    Raises:
        ImageError: The file cannot be read, or is a document and the operation takes none.
    """
    if is_url(image):
        return Upload({"json": {"url": image}})
    if isinstance(image, Image.Image):
        if 0 in image.size:
            raise ImageError(f"An image of {image.width} x {image.height} pixels is empty")
        return _encode(load_image(image), limits, png=True)
    data = read_bytes(image)
    if data.startswith(b"%PDF"):
        return _encode_document(data, "a PDF", limits)
    try:
        with Image.open(BytesIO(data)) as opened:
            size, form = opened.size, "JPEG" if opened.format == "MPO" else str(opened.format)
            frames = getattr(opened, "n_frames", 1) if form == "TIFF" else 1
    except UNREADABLE:
        return _bytes_body(data)
    if frames > 1:
        return _encode_document(data, f"a TIFF of {frames} pages", limits)
    known = form in limits.formats
    if known and len(data) <= limits.max_bytes and limits.reduction(size) == 1:
        return _bytes_body(data)
    return _encode(load_image(data), limits, png=not known or form == "PNG")


def _encode_document(data: bytes, kind: str, limits: ImageLimits) -> Upload:
    if not limits.documents:
        advice = "send its pages one by one, or use recognize_text with API v3.2"
        raise ImageError(f"This operation takes one image, not {kind}: {advice}")
    if len(data) > limits.max_bytes:
        size = f"{len(data) / 2**20:.1f} MB, and at most {limits.max_bytes / 2**20:.0f} MB are read"
        raise ImageError(f"The document has {size}: split it")
    return _bytes_body(data)


def _encode(image: Image.Image, limits: ImageLimits, *, png: bool) -> Upload:
    smaller = _resize(image, limits.reduction(image.size))
    data = _to_file(smaller, "PNG", compress_level=1) if png else b""
    if not 0 < len(data) <= limits.max_bytes:
        while len(data := _to_file(smaller, "JPEG", quality=JPEG_QUALITY)) > limits.max_bytes:
            smaller = _resize(smaller, min(0.75, MAX_SIDE / max(smaller.size)))
    if smaller.size == image.size:
        return _bytes_body(data)
    note = (
        f"The image of {image.width} x {image.height} pixels is too large for the operation and "
        f"was sent as {smaller.width} x {smaller.height}; coordinates are scaled back"
    )
    scale = max(image.size) / max(smaller.size)
    return Upload(_bytes_body(data).body, image.size, scale, note)


def _resize(image: Image.Image, factor: float) -> Image.Image:
    if factor == 1:
        return image
    width, height = (max(1, int(side * factor)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _to_file(image: Image.Image, form: str, **options: int) -> bytes:
    buffer = BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def _bytes_body(data: bytes) -> Upload:
    return Upload({"data": data, "headers": {"Content-Type": "application/octet-stream"}})


def sample_credits() -> dict[str, SampleCredit]:
    """Return the credits of the sample images by file name."""
    entries = json.loads((SAMPLES / "credits.json").read_text(encoding="utf-8"))
    return {entry["file"]: SampleCredit(**entry) for entry in entries}


def sample_path(name: str) -> Path:
    """Return the path of a sample image.

    Raises:
        ImageError: There is no sample image of this name.
    """
    if name not in (known := sample_credits()):
        raise ImageError(f"There is no sample image {name!r}: use one of {', '.join(known)}")
    return SAMPLES / name


def _describe(image: object) -> str:
    return repr(str(image)) if isinstance(image, (str, PathLike)) else "The image"
