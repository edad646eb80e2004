"""The images of a batch: folders, glob patterns and lists, and what identifies an image."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from glob import glob, has_magic
from hashlib import sha256
from pathlib import Path

from PIL import Image

from ..errors import ImageError
from ..images import ImageInput, is_url, read_bytes, to_upright_rgb

ENDINGS = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp")
"""File name endings of the images in a folder."""
Images = ImageInput | Iterable[ImageInput]
Snapshot = str | bytes | Image.Image


def expand(images: Images, *, documents: bool) -> tuple[Iterable[ImageInput], Counter[str]]:
    """Return the images of a folder and below it, of a glob pattern, or of an iterable as it is.

    The second value is the number of a folder's other files by their ending. PDF files are among
    them unless the operation reads `documents`.

    Raises:
        ImageError: There is no image in the folder, or no file matches the pattern.
        TypeError: The argument is none of these.
    """
    single = isinstance(images, bytes | bytearray | memoryview | Image.Image)
    if single or is_url(images) or hasattr(images, "read"):
        return [images], Counter()  # type: ignore[list-item]
    if not isinstance(images, str | os.PathLike):
        if not isinstance(images, Iterable):
            raise TypeError(f"Invalid images {images!r:.80}: use a folder, a pattern or a list.")
        return images, Counter()  # type: ignore[return-value]
    path, skipped = os.path.expanduser(os.fspath(images)), Counter[str]()  # noqa: PTH111
    found = [path]
    if Path(path).is_dir():
        found, skipped = _walk(path, (*ENDINGS, ".pdf") if documents else ENDINGS)
    elif has_magic(path) and not Path(path).exists():
        found = sorted(glob(path, recursive=True))  # noqa: PTH207  (pathlib: no absolute patterns)
    if not found:
        others = f", only files of other types: {', '.join(sorted(skipped))}" if skipped else ""
        raise ImageError(f"There is no image at {path!r}{others}")
    return found, skipped


def snapshot(image: ImageInput) -> tuple[Snapshot, str, str]:
    """Return a picklable copy of an image, its name, and its fingerprint.

    The fingerprint of a file is its size and modification time. The name of bytes and of a Pillow
    image is a hash of the content. They and URLs have the fingerprint "".

    Raises:
        ImageError: The file cannot be read.
        TypeError: It is not an image.
    """
    if isinstance(image, str | os.PathLike):
        name = os.fsdecode(image)
        try:
            status = os.stat(os.path.expanduser(name))  # noqa: PTH111, PTH116  (Path drops ./)
        except (OSError, ValueError):  # a URL, or an error of the operation
            return name, name, ""
        return name, name, f"{status.st_size}-{status.st_mtime_ns}"
    if isinstance(image, Image.Image):
        copy = to_upright_rgb(image)
        return copy, _hash(f"{copy.size}".encode() + copy.tobytes()), ""
    data = read_bytes(image)
    return data, _hash(data), ""


def _hash(content: bytes) -> str:
    return f"sha256:{sha256(content).hexdigest()[:16]}"


def _walk(folder: str, endings: tuple[str, ...]) -> tuple[list[str], Counter[str]]:
    found: list[str] = []  # strings take a fifth of the memory of paths
    skipped = Counter[str]()
    for place, _, names in os.walk(folder):
        for name in names:
            ending = Path(name).suffix.lower()
            if ending in endings:
                found.append(os.path.join(place, name))  # noqa: PTH118
            elif not name.startswith("."):
                skipped[ending or "no ending"] += 1
    return sorted(found), skipped
