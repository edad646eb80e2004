"""Pictures: read from anywhere, turned upright, and the samples that come with the package."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import IO, TypeAlias

import requests
from PIL import Image, ImageOps
from urllib3.exceptions import HTTPError, ReadTimeoutError

from .errors import ImageError

Picture: TypeAlias = (
    "str | PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | Image.Image"
)
"""An http(s) URL, a path, the bytes of a file, an open binary file, or a Pillow image."""

SAMPLES = Path(__file__).parent / "samples"
DOWNLOAD_LIMIT = 20 * 1024 * 1024
DOWNLOAD_SECONDS = 20.0
_ADDRESS = re.compile(r"[a-z][a-z+.-]+://|data:|www\.", re.IGNORECASE)
"""What no path begins with that leads nowhere, as a rule."""
UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)
"""What Pillow raises on a file that is no picture, or not a whole one."""


@dataclass(frozen=True, slots=True)
class Credit:
    """Who made a sample picture, and under which licence it may be used."""

    file: str
    title: str
    author: str
    licence: str
    source: str


def upright(image: Image.Image) -> Image.Image:
    """Return the picture as a person sees it: turned as its EXIF data says, RGB, on white."""
    image = _turned(image)
    if image.mode.startswith("I;16"):
        image = image.point(lambda value: value / 256).convert("L")  # convert alone clips at 255
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return image.convert("RGB")


def _turned(image: Image.Image) -> Image.Image:
    """Turn a picture as its EXIF data says, without writing the data anew.

    Cameras give values other types than their tags have, which Pillow reads and cannot write.
    """
    image.getexif()
    exif = image.info.pop("exif", None)
    try:
        return ImageOps.exif_transpose(image)
    finally:
        if exif is not None:
            image.info["exif"] = exif


def is_url(picture: object) -> bool:
    """Tell whether the picture is named by an http or https address."""
    return isinstance(picture, str) and picture.lower().startswith(("http://", "https://"))


def load_image(picture: Picture) -> Image.Image:
    """Return any picture as an upright RGB Pillow image.

    Raises:
        ImageError: The file is missing, cannot be fetched, or is not an image.
    """
    if isinstance(picture, Image.Image):
        return upright(picture)
    data = fetch(str(picture)) if is_url(picture) else read_bytes(picture)
    if not data:
        raise ImageError(f"{_named(picture)} is empty")
    try:
        return upright(Image.open(BytesIO(data)))
    except UNREADABLE as error:
        raise ImageError(f"{_named(picture)} is not an image that Pillow can read") from error


def read_bytes(picture: Picture) -> bytes:
    """Return the bytes of a path, of bytes, or of an open binary file, read from its start.

    Raises:
        ImageError: There is no such file, or the argument is none of these.
    """
    if isinstance(picture, (bytes, bytearray, memoryview)):
        return bytes(picture)
    if isinstance(picture, (str, PathLike)):
        try:
            return Path(os.path.expanduser(picture)).read_bytes()  # noqa: PTH111  (for ./~x.png)
        except (OSError, ValueError) as error:  # a name with a null in it is a ValueError
            reason = getattr(error, "strerror", error)
            if _ADDRESS.match(str(picture)):
                reason = "an address begins with http:// or https://"
            raise ImageError(f"Cannot read {str(picture)!r}: {reason}") from error
    if not isinstance(picture, Image.Image) and hasattr(picture, "read"):
        if picture.seekable():
            picture.seek(0)
        data = picture.read()
        if isinstance(data, bytes):
            return data
    raise ImageError(
        f"A picture is a URL, a path, bytes, a binary file or a Pillow image, not {picture!r:.80}"
    )


def fetch(url: str) -> bytes:
    """Download a picture, at most 20 MB of it, in at most 20 seconds.

    Raises:
        ImageError: The address does not answer with a file of that size in that time.
    """
    deadline = time.monotonic() + DOWNLOAD_SECONDS
    headers = {"User-Agent": user_agent()}
    try:
        with requests.get(url, headers=headers, timeout=DOWNLOAD_SECONDS, stream=True) as response:
            response.raise_for_status()
            data = bytearray()
            while chunk := response.raw.read1(1 << 16, decode_content=True):
                data += chunk
                if len(data) > DOWNLOAD_LIMIT:
                    raise ImageError(f"{url} is larger than {DOWNLOAD_LIMIT >> 20} MB")
                if time.monotonic() > deadline:
                    raise ImageError(f"{url} takes longer than {DOWNLOAD_SECONDS:g} seconds")
            return bytes(data)
    except requests.HTTPError as error:
        status = error.response.status_code
        raise ImageError(f"Cannot fetch {url}: it answers {status}") from error
    except (requests.Timeout, ReadTimeoutError) as error:
        raise ImageError(f"{url} is silent for {DOWNLOAD_SECONDS:g} seconds") from error
    except HTTPError as error:
        raise ImageError(f"Cannot fetch {url}: it breaks off before its end") from error
    except requests.RequestException as error:
        raise ImageError(
            f"Cannot fetch {url}: nobody answers there; check the address and the network"
        ) from error


@cache
def user_agent() -> str:
    """Return the name that downloads go by, with an address to turn to, as hosts ask for."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        links = metadata("visionhelpers").get_all("Project-URL") or []
    except PackageNotFoundError:
        links = []
    return " ".join(["visionhelpers", *(f"({link.split()[-1]})" for link in links)])


@cache
def samples() -> dict[str, Credit]:
    """Return the credits of every sample picture, by file name."""
    entries = json.loads((SAMPLES / "credits.json").read_text(encoding="utf-8"))
    return {entry["file"]: Credit(**entry) for entry in entries}


def sample(name: str) -> Path:
    """Return the path of a sample picture.

    Raises:
        ImageError: No sample has this name.
    """
    if name not in samples():
        raise ImageError(f"No sample is called {name!r}; there are {', '.join(samples())}")
    return SAMPLES / name


def _named(picture: object) -> str:
    if isinstance(picture, (str, PathLike)):
        return repr(str(picture))
    return "The picture"
