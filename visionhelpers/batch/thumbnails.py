"""Thumbnail files of the command line: one file, or a folder."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from PIL import Image

from ..errors import VisionError
from ..images import is_url


class ThumbnailWriter:
    """Writes thumbnails to a file, or to a folder for `several` images or a name with a slash.

    Below the folders in `named`, the arguments of the command line, images keep their path. `size`
    is width and height in pixels. Methods raise VisionError.
    """

    def __init__(self, out: str, named: list[str], several: bool, size: tuple[int, int]) -> None:
        self._out, self._size = Path(out).expanduser(), size
        self._roots = [folder for name in named if (folder := Path(name).expanduser()).is_dir()]
        self._is_folder = several or out[-1] in "/\\" or bool(self._roots) or self._out.is_dir()
        self._owners: dict[Path, str] = {}

    def pending(self, images: list[str | bytes]) -> list[str | bytes]:
        """Return the images without a current thumbnail; thumbnails themselves are left out.

        No thumbnail replaces an image, or that of another image.
        """
        if not self._is_folder:
            return images
        found = [
            image for image in images if isinstance(image, bytes) or not self._is_inside(image)
        ]
        if images and not found:
            raise VisionError(f"{self._out} contains the images: name another folder")
        return [image for image in found if isinstance(image, bytes) or not self._is_current(image)]

    def write(self, image: str, thumbnail: dict[str, Any]) -> dict[str, Any]:
        """Write a thumbnail, complete or not at all; return its file and size."""
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

    def _is_inside(self, image: str) -> bool:
        return not is_url(image) and Path(image).resolve().is_relative_to(self._out.resolve())

    def _is_current(self, image: str) -> bool:
        target = self._target(image)
        if self._owners.setdefault(target, image) != image:
            raise VisionError(f"{self._owners[target]} and {image} would both become {target}")
        with suppress(OSError), Image.open(target) as thumbnail:
            changed = 0 if is_url(image) else Path(image).stat().st_mtime
            return thumbnail.size == self._size and target.stat().st_mtime >= changed
        return False

    def _target(self, image: str) -> Path:
        if not self._is_folder:
            return self._out
        path = Path(unquote(urlsplit(image).path) if is_url(image) else image)
        root = next((root for root in self._roots if path.is_relative_to(root)), path.parent)
        name = str(path.relative_to(root)).replace(":", "-") if path.name else "image"
        return self._out / (name if name.lower().endswith((".jpg", ".jpeg")) else f"{name}.jpg")
