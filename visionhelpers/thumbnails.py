"""Where the command puts thumbnails: in a file, a folder, or standard output."""

from __future__ import annotations

import os
import sys
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from PIL import Image

from .errors import VisionError
from .images import is_url
from .sources import Source

_ENDINGS = (".jpg", ".jpeg")
"""Thumbnails are JPEG; whatever ends otherwise has its name lengthened, so that none is lost."""


class Thumbnails:
    """The files of thumbnails: whole or not there at all, and not made twice.

    Args:
        out: A file or, for several pictures, a folder; None for standard output.
        named: What was named on the command line; below its folders, paths are kept.
        several: Whether there are several pictures.
        size: Width and height in pixels.
    """

    def __init__(
        self, out: str | None, named: Sequence[str], several: bool, size: tuple[int, int]
    ) -> None:
        self._out = None if out is None else Path(out).expanduser()
        folders = (Path(name).expanduser() for name in named)
        self._roots = [folder for folder in folders if folder.is_dir()]
        self._in_folder = several or (self._out is not None and self._out.is_dir())
        self._size = size
        self._owners: dict[Path, str] = {}

    def has(self, picture: Source) -> bool:
        """Tell whether a picture needs no thumbnail: it is one, or has one of this size.

        Raises:
            VisionError: Its thumbnail would have the name of another picture's.
        """
        if isinstance(picture, bytes) or not self._in_folder or self._out is None:
            return False
        name = str(picture)
        if not is_url(name) and Path(name).absolute().is_relative_to(self._out.absolute()):
            return True
        place = self._place(name)
        if self._owners.setdefault(place, name) != name:
            raise VisionError(f"{self._owners[place]} and {name} would both become {place}")
        return _is_of(place, self._size) and not _is_older(place, name)

    def keep(self, picture: str, thumbnail: dict[str, Any]) -> dict[str, Any]:
        """Write a thumbnail; return where it is and its size, nothing for standard output.

        Raises:
            VisionError: It cannot be written.
        """
        data = b64decode(thumbnail["data"])
        if self._out is None:
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
            return {}
        place = self._place(picture)
        draft = place.with_name(f".{place.name}.{os.getpid()}")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(data)
            draft.replace(place)
        except OSError as error:
            raise VisionError(f"Cannot write {place}: {error.strerror}") from error
        finally:
            draft.unlink(missing_ok=True)
        return {"file": str(place), "width": thumbnail["width"], "height": thumbnail["height"]}

    def _place(self, picture: str) -> Path:
        out = self._out or Path()
        if not self._in_folder:
            return out
        path = Path(unquote(urlsplit(picture).path) if is_url(picture) else picture)
        root = next((root for root in self._roots if path.is_relative_to(root)), path.parent)
        name = str(path.relative_to(root)).replace(":", "-") if path.name else "picture"
        return out / (name if name.lower().endswith(_ENDINGS) else f"{name}.jpg")


def _is_of(place: Path, size: tuple[int, int]) -> bool:
    try:
        with Image.open(place) as image:
            return image.size == size
    except OSError:
        return False


def _is_older(place: Path, picture: str) -> bool:
    try:
        return place.stat().st_mtime < Path(picture).stat().st_mtime
    except OSError:  # an address
        return False
