"""Folders of pictures, one folder per name: kept safely, and each picture looked at once."""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import IO, Generic, TypeVar
from unicodedata import normalize

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from PIL import Image

from visionhelpers.images import to_upright_rgb

from ..imaging.probe import MAX_PIXELS, PILLOW_ERRORS, PILLOW_FORMATS

T = TypeVar("T")
log = logging.getLogger(__name__)

LONG_SIDE = 2000
"""Pixels: a larger picture says no more of a face or a place, and is kept scaled down."""
LARGEST_FILE = 4 * 1024 * 1024
SUFFIXES = {".jpg", ".jpeg", ".png", ".gif", ".bmp"}
LONGEST_NAME = 100
LONGEST_FOLDER = 240
"""Bytes: file systems take names of up to 255."""
FORBIDDEN = '/\\:*?"<>|'


class GalleryError(ValueError):
    """A name or a picture that the gallery does not take, and why."""


class ImageStore(Generic[T]):
    """Pictures of one kind of things, and what was made of each.

    Safe to use from many threads, and by several processes that share a folder.

    Args:
        own: The folder to which names are added, with one folder per name; it may be missing.
        given: Another such folder, which is only read.
        digest: What to make of a picture (height x width x 3, RGB); None if it is of no use.
    """

    def __init__(
        self, own: Path, given: Path, digest: Callable[[NDArray[np.uint8]], T | None]
    ) -> None:
        self._own = own
        self._given = given
        self._digest = digest
        self._digests: dict[tuple[Path, int, int], T | None] = {}
        self._lock = Lock()

    def entries(self) -> list[tuple[str, T]]:
        """Return each name with what is known of it, once for each of its pictures.

        A file that is new or has changed since the last call is read now; one that cannot be
        used is passed over, which the log says once.
        """
        with self._lock:
            keys = [(file, *_stamp(file)) for file in self._files()]
            old = self._digests
            self._digests = {key: old[key] if key in old else self._read(key[0]) for key in keys}
            found = [(_name(file), digest) for (file, *_), digest in self._digests.items()]
        return [(name, digest) for name, digest in found if digest is not None]

    def add(self, name: str, data: bytes) -> int:
        """Keep a picture under a name, whole or not at all; the same one twice is one picture.

        Returns:
            How many pictures there are of that name now.

        Raises:
            GalleryError: The name cannot be a folder's, or the bytes are no picture.
        """
        name = validate_name(name)
        data, suffix = _kept(data)
        file = self._own / name / f"{hashlib.sha256(data).hexdigest()[:16]}{suffix}"
        self._own.mkdir(parents=True, exist_ok=True)
        with self._changing():
            file.parent.mkdir(exist_ok=True)
            draft = file.with_name(f".{file.name}")
            draft.write_bytes(data)
            draft.replace(file)
            return sum(_name(other) == name for other in self._files())

    def forget(self, name: str) -> bool:
        """Remove the images that were added under a name; return False if there are none.

        Raises:
            GalleryError: The name is invalid, or comes with the service and was not added.
        """
        name = validate_name(name)
        folder = self._own / name
        if not folder.is_dir():
            if (self._given / name).is_dir():
                raise GalleryError(f"{name!r} comes with the service and cannot be removed.")
            return False
        with self._changing():
            if not folder.is_dir():
                return False
            shutil.rmtree(folder)
            return True

    def _changing(self) -> FileLock:
        """Keep every other process and thread from changing the folder."""
        return FileLock(self._own / ".lock")

    def _files(self) -> Iterator[Path]:
        for shelf in (self._given, self._own):
            for folder in _inside(shelf):
                for file in _inside(folder):
                    if file.suffix.lower() in SUFFIXES:
                        yield file

    def _read(self, file: Path) -> T | None:
        why = "there is nothing in it to know it by"
        try:
            with file.open("rb") as stream:
                digest = self._digest(np.asarray(load_image(stream)))
        except (OSError, GalleryError) as error:
            digest, why = None, str(error)
        if digest is None:
            log.warning("The gallery passes over %s/%s: %s", file.parent.name, file.name, why)
        return digest


def load_image(stream: IO[bytes]) -> Image.Image:
    """Return a picture RGB, upright, and at most LONG_SIDE pixels long.

    Raises:
        GalleryError: It is no picture, damaged, or too large to decode.
    """
    try:
        with Image.open(stream, formats=PILLOW_FORMATS) as image:
            size = image.size
            if size[0] * size[1] <= MAX_PIXELS:
                image.draft("RGB", (LONG_SIDE, LONG_SIDE))
                picture = to_upright_rgb(image)
                picture.thumbnail((LONG_SIDE, LONG_SIDE))
                return picture
    except (*PILLOW_ERRORS, Image.DecompressionBombError):
        raise GalleryError(
            "This is no picture that can be read: send a whole JPEG, PNG, GIF or BMP."
        ) from None
    raise GalleryError(
        f"A picture has at most {MAX_PIXELS} pixels, not {size[0]}x{size[1]}: scale it down."
    )


def validate_name(name: str) -> str:
    """Return a name as its folder is called.

    Raises:
        GalleryError: The name is empty or long, is hidden, or would lead elsewhere.
    """
    name = normalize("NFC", name.strip())
    if not name or len(name) > LONGEST_NAME or len(name.encode(errors="replace")) > LONGEST_FOLDER:
        raise GalleryError(
            f"A name has 1 to {LONGEST_NAME} characters, and {LONGEST_FOLDER} bytes at most, "
            f"unlike {name!r:.120}: choose another."
        )
    if name[0] == "." or name[-1] == "." or not name.isprintable() or set(name) & set(FORBIDDEN):
        raise GalleryError(
            f"A name begins and ends without a dot and has none of {FORBIDDEN} in it, "
            f"unlike {name!r:.120}."
        )
    return name


def _kept(data: bytes) -> tuple[bytes, str]:
    """Return the bytes to keep and their suffix; what is large, or an odd format, becomes JPEG."""
    picture = load_image(BytesIO(data))
    with Image.open(BytesIO(data), formats=PILLOW_FORMATS) as image:
        suffix = {"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png"}.get(str(image.format))
        if suffix and len(data) <= LARGEST_FILE and max(image.size) <= LONG_SIDE:
            return data, suffix
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=95)
    return buffer.getvalue(), ".jpg"


def _inside(folder: Path) -> list[Path]:
    """Return what is in a folder and not hidden; nothing once another process has removed it."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return []


def _name(file: Path) -> str:
    return normalize("NFC", file.parent.name)


def _stamp(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError:  # removed since it was listed: its reading fails too, and says so
        return 0, 0
    return status.st_mtime_ns, status.st_size
