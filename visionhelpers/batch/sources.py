"""Where many pictures come from: a folder, a pattern, a list; and how each is told from others."""

from __future__ import annotations

import os
from collections.abc import Iterable
from glob import glob, has_magic
from hashlib import sha256
from pathlib import Path

from ..errors import ImageError, VisionError
from ..images import is_url

Source = str | os.PathLike[str] | bytes
"""A path, an address or the bytes of a file: what can travel to another process."""
ENDINGS = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp")
"""What pictures in a folder are called."""


def listed(pictures: Source | Iterable[Source]) -> Iterable[Source]:
    """Return the pictures in a folder and below it, of a pattern, or of a list as it is.

    Raises:
        VisionError: There are none, or it is none of these.
    """
    if isinstance(pictures, bytes) or (isinstance(pictures, str) and is_url(pictures)):
        return [pictures]
    if not isinstance(pictures, str | os.PathLike):
        if not isinstance(pictures, Iterable):
            raise VisionError(f"pictures is a folder, a pattern or a list, not {pictures!r:.80}")
        return pictures
    path = os.path.expanduser(os.fspath(pictures))  # noqa: PTH111  (a Path would eat ./ and //)
    if Path(path).is_dir():
        found = _below(path)
    elif has_magic(path) and not Path(path).exists():
        found = sorted(glob(path, recursive=True))  # noqa: PTH207  (Path.glob takes no absolute one)
    else:
        found = [path]
    if not found:
        raise VisionError(f"There are no pictures at {path!r}")
    return found


def identity(picture: Source) -> tuple[str, str]:
    """Return what a picture is called, and what changes when its file does.

    Raises:
        ImageError: It is none that can travel.
    """
    if isinstance(picture, bytes):
        return f"sha256:{sha256(picture).hexdigest()[:16]}", ""
    if not isinstance(picture, str | os.PathLike):
        raise ImageError(f"One of many is a path, an address or bytes, not {picture!r:.80}")
    name = os.fsdecode(picture)
    try:
        status = os.stat(os.path.expanduser(name))  # noqa: PTH111, PTH116  (a Path fails at ~x.png)
    except (OSError, ValueError):  # an address, or nothing: the operation will say so
        return name, ""
    return name, f"{status.st_size}-{status.st_mtime_ns}"


def _below(folder: str) -> list[str]:
    """List as strings, which take a fifth of the memory of paths."""
    return sorted(
        os.path.join(place, name)  # noqa: PTH118
        for place, _, names in os.walk(folder)
        for name in names
        if name.lower().endswith(ENDINGS)
    )
