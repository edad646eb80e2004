"""Uploads: a picture on its way to a service, and the coordinates on their way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeVar, cast

from PIL import Image

from .errors import ImageError, ServiceError
from .images import UNREADABLE, Picture, fetch, is_url, load_image, read_bytes, upright

if TYPE_CHECKING:
    from requests import Response

Result = TypeVar("Result")

LIMIT = 4 * 1024 * 1024
SIDE = 3200
"""The longest side, in pixels, that every operation of API v1.0 takes."""
_QUALITY = 90
_TAKEN = (b"\xff\xd8", b"\x89PNG", b"GIF8", b"BM")
"""What the files begin with that every operation takes: JPEG, PNG, GIF, BMP."""
_UNTAKEN = ("invalidimageurl", "failedtodownloadimage", "invalidimagesize")
"""What a service says that cannot fetch a picture's address, or not as it is."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A request's body, and how much larger than it the caller's picture is.

    Attributes:
        note: What was done to the picture that the caller may want to know, else empty.
    """

    body: dict[str, Any]
    size: tuple[int, int] | None = None
    factor: float = 1.0
    note: str = ""

    def enlarge(self, answer: Result) -> Result:
        """Return an answer with its coordinates in pixels of the caller's own picture."""
        return answer if self.size is None else cast(Result, self._enlarged(answer))

    def _enlarged(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._enlarged(item) for item in node]
        if not isinstance(node, dict):
            return node
        return {key: self._member(key, value) for key, value in node.items()}

    def _member(self, key: str, value: Any) -> Any:
        if key == "boundingBox" and isinstance(value, str):
            return ",".join(str(round(float(part) * self.factor)) for part in value.split(","))
        if key == "boundingBox" and isinstance(value, list):
            return [self._scaled(number) for number in value]
        if key == "faceRectangle":
            return {side: self._scaled(number) for side, number in value.items()}
        if key == "metadata" and self.size:
            return value | {"width": self.size[0], "height": self.size[1]}
        return self._enlarged(value)

    def _scaled(self, number: float) -> float:
        return round(number * self.factor) if isinstance(number, int) else number * self.factor


def upload(picture: Picture | Upload) -> Upload:
    """Make a picture ready to be sent: a URL as JSON, everything else as its bytes.

    Bytes that fit go as they are, and so does what is ready. A Pillow image, and a file of a kind
    that the API does not take, such as WebP, is encoded as PNG, or as JPEG where that is too
    large. A picture of 4 MB and more is scaled down, with a note.

    Raises:
        ImageError: The picture cannot be read, or is empty.
    """
    if isinstance(picture, Upload):
        return picture
    if is_url(picture):
        return Upload({"json": {"url": picture}})
    if isinstance(picture, Image.Image):
        if 0 in picture.size:
            raise ImageError(f"A picture of {picture.width} x {picture.height} pixels is empty")
        return _encoded(upright(picture), png=True)
    data = read_bytes(picture)
    foreign = _is_foreign(data)
    if foreign or len(data) >= LIMIT:
        return _encoded(load_image(data), png=foreign)
    return _bytes(data)


def delivered(
    picture: Picture | Upload, sent: Upload, send: Callable[..., Response]
) -> tuple[Response, Upload]:
    """Send a picture; its bytes where the service cannot take it from its address as it is.

    Raises:
        ServiceError: The service says no.
    """
    try:
        return send(**sent.body), sent
    except ServiceError as error:
        if (error.code or "").lower() not in _UNTAKEN or not is_url(picture):
            raise
        try:
            sent = upload(fetch(str(picture)))
        except ImageError:
            raise error from None
    return send(**sent.body), sent


def _is_foreign(data: bytes) -> bool:
    """Tell a picture that the API does not take; documents of several pages are not meant."""
    if data.startswith(_TAKEN):
        return False
    try:
        with Image.open(BytesIO(data)) as image:
            return image.format != "TIFF" or getattr(image, "n_frames", 1) == 1
    except UNREADABLE:
        return False


def _bytes(data: bytes) -> Upload:
    return Upload({"data": data, "headers": {"Content-Type": "application/octet-stream"}})


def _encoded(image: Image.Image, *, png: bool) -> Upload:
    data = _as_png(image) if png else b""
    if 0 < len(data) < LIMIT:
        return _bytes(data)
    smaller = image
    if max(image.size) > SIDE:
        smaller = image.copy()
        smaller.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    while len(data := _as_jpeg(smaller)) >= LIMIT:
        width, height = smaller.size
        smaller = smaller.resize((max(1, width * 3 // 4), max(1, height * 3 // 4)))
    if smaller is image:
        return _bytes(data)
    note = (
        f"The picture of {image.width} x {image.height} pixels is too large for the service and "
        f"was sent as {smaller.width} x {smaller.height}; coordinates are scaled back"
    )
    factor = max(image.size) / max(smaller.size)
    return Upload(_bytes(data).body, image.size, factor, note)


def _as_png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _as_jpeg(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
