"""Thumbnail files of the command line: a file, a folder, or standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from PIL import Image

from ..errors import VisionError
from ..images import ImageInput, is_url

_ENDINGS = (".jpg", ".jpeg")
"""Endings of the thumbnail files; .jpg is added to every other name."""


class ThumbnailWriter:
    """Writes thumbnails to files, each complete or not at all.

    Args:
        out: A file, or a folder for several images; None for standard output. A name that ends
            with a slash is a folder.
        named: The arguments of the command line. Paths below a folder among them are kept.
        several: Whether there are several images.
        size: Width and height in pixels.
    """

    def __init__(
        self, out: str | None, named: Sequence[str], several: bool, size: tuple[int, int]
    ) -> None:
        self._out = None if out is None else Path(out).expanduser()
        folders = (Path(name).expanduser() for name in named)
        self._roots = [folder for folder in folders if folder.is_dir()]
        is_folder = several or bool(self._roots) or (out or "").endswith(("/", os.sep))
        self._in_folder = self._out is not None and (is_folder or self._out.is_dir())
        self._size = size
        self._owners: dict[Path, str] = {}

    def pending(self, images: Sequence[ImageInput]) -> list[ImageInput]:
        """Return the images without a current thumbnail; thumbnails themselves are left out.

        Raises:
            VisionError: Two thumbnails would have one name, or would be among the images.
        """
        outside = [image for image in images if not self._is_inside(image)]
        if images and not outside:
            raise VisionError(f"{self._out} contains the images: name another folder")
        return [image for image in outside if not self._is_current(image)]

    def write(self, image: str, thumbnail: dict[str, Any]) -> dict[str, Any]:
        """Write a thumbnail; return its file and size, or nothing for standard output.

        Raises:
            VisionError: The file cannot be written.
        """
        if self._out is None:
            sys.stdout.buffer.write(thumbnail["data"])
            sys.stdout.flush()
            return {}
        target = self._target(image)
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(thumbnail["data"])
            draft.replace(target)
        except OSError as error:
            raise VisionError(f"Cannot write {target}: {error.strerror}") from error
        finally:
            with suppress(OSError):  # the folder may be a file
                draft.unlink()
        return {"file": str(target), "width": thumbnail["width"], "height": thumbnail["height"]}

    def _is_inside(self, image: ImageInput) -> bool:
        """Return True if the image is in the folder of the thumbnails."""
        if not self._in_folder or not isinstance(image, str | os.PathLike) or is_url(image):
            return False
        return Path(image).resolve().is_relative_to((self._out or Path()).resolve())

    def _is_current(self, image: ImageInput) -> bool:
        if not self._in_folder or not isinstance(image, str | os.PathLike):
            return False
        name = os.fspath(image)
        target = self._target(name)
        if self._owners.setdefault(target, name) != name:
            raise VisionError(f"{self._owners[target]} and {name} would both become {target}")
        try:
            with Image.open(target) as thumbnail:
                has_size = thumbnail.size == self._size
            return has_size and (
                is_url(name) or target.stat().st_mtime >= Path(name).stat().st_mtime
            )
        except OSError:
            return False

    def _target(self, image: str) -> Path:
        out = self._out or Path()
        if not self._in_folder:
            return out
        path = Path(unquote(urlsplit(image).path) if is_url(image) else image)
        root = next((root for root in self._roots if path.is_relative_to(root)), path.parent)
        name = str(path.relative_to(root)).replace(":", "-") if path.name else "image"
        return out / (name if name.lower().endswith(_ENDINGS) else f"{name}.jpg")
