"""Where the command puts thumbnails: in a file, a folder, or standard output."""

from __future__ import annotations

import os
import sys
from base64 import b64decode
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from PIL import Image

from ..errors import VisionError
from ..images import is_url
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
        self._in_folder = self._out is not None and (
            several or bool(self._roots) or self._out.is_dir()
        )
        self._size = size
        self._owners: dict[Path, str] = {}

    def missing(self, pictures: Sequence[Source]) -> list[Source]:
        """Return the pictures that need a thumbnail: that are none, and have none of this size.

        Raises:
            VisionError: Two would have the same name, or all lie where the thumbnails are to go.
        """
        outside = [each for each in pictures if not self._is_inside(each)]
        if pictures and not outside:
            raise VisionError(f"{self._out} is where the pictures are: name another folder")
        return [each for each in outside if not self._has(each)]

    def _is_inside(self, picture: Source) -> bool:
        """Tell whether a picture is in the folder of thumbnails, and taken to be one."""
        if isinstance(picture, bytes) or not self._in_folder:
            return False
        name, out = str(picture), self._out or Path()
        return not is_url(name) and Path(name).resolve().is_relative_to(out.resolve())

    def _has(self, picture: Source) -> bool:
        if isinstance(picture, bytes) or not self._in_folder:
            return False
        name = str(picture)
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
            with suppress(OSError):  # its folder may be none
                draft.unlink()
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
