"""Labeled images on disk: a folder per name, and the features of each image beside it."""

from __future__ import annotations

import logging
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any
from unicodedata import normalize

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from PIL import Image

from ..errors import ApiError
from ..imaging.decode import RGBImage, decode
from ..imaging.probe import InputLimits, probe

Features = Mapping[str, NDArray[Any]]
"""What makes an image recognizable, as named arrays; empty if there is nothing."""
Extractor = Callable[[RGBImage], Features]

log = logging.getLogger(__name__)

MAX_STORED_SIDE = 2000
"""Pixels: more do not make a face or place easier to recognize; larger images are scaled down."""
MAX_STORED_BYTES = 4 * 1024 * 1024
"""A larger file is stored as a JPEG."""
SUFFIXES = {".jpg", ".jpeg", ".png", ".gif", ".bmp"}
MAX_NAME_LENGTH, MAX_NAME_BYTES = 100, 240
"""Characters, and bytes in UTF-8: file systems limit names to 255 bytes."""
HIDDEN_NAMES = ".removed"
"""A file with the names of the built-in images that were removed, one per line."""
LOCK_SECONDS = 30.0
_NAME = re.compile(
    r"(?i)(?!(con|prn|aux|nul|con(in|out)\$|(com|lpt)[0-9¹²³]) *(\.|$))"
    r"(?!\.)[^/\\:*?\"<>|]+(?<!\.)"
)
"""Names that are valid on every system, and that Windows does not reserve for a device."""
_ANY_SIZE = InputLimits(shortest=1, longest=1 << 30, bytes=1 << 30)


class GalleryError(ValueError):
    """An invalid name or an unsuitable image."""


class ImageStore:
    """Images by name and their features; safe to use from several threads and processes.

    Args:
        folder: Contains a folder for each name; it is made when the first image is added.
        extract: Returns the features of an image.
        version: Names the extractor: the features of another one are not used.
        built_in: Another such folder, which is only read.
    """

    def __init__(
        self, folder: Path, extract: Extractor, version: str, built_in: Path | None = None
    ) -> None:
        self._folder, self._built_in = folder, built_in
        self._extract, self._version = extract, version
        self._futures: dict[tuple[Path, int, int], Future[Features]] = {}
        self._lock = Lock()

    def names(self) -> dict[str, int]:
        """Return the number of images of each name."""
        return dict(sorted(Counter(map(_name, self._files())).items()))

    def features(self) -> list[tuple[str, Features]]:
        """Return the name and the features of each image; threads share their extraction."""
        keys = []
        for file in self._files():
            with suppress(OSError):  # another process has removed it
                keys.append((file, file.stat().st_mtime_ns, file.stat().st_size))
        with self._lock:
            self._futures = {key: self._futures[key] for key in keys if key in self._futures}
        found = [(_name(key[0]), self._future(key)) for key in keys]
        return [(name, future.result()) for name, future in found if future.result()]

    def add(self, name: str, data: bytes, extract: Extractor | None = None) -> int:
        """Store an image under a name, and return the number of its images.

        Another extractor may raise an error for unsuitable images.

        Raises:
            GalleryError: The name is invalid, or the image is invalid or has no features.
        """
        name = validate_name(name)
        image = load_image(data)
        features = (extract or self._extract)(image)
        if not features:
            raise GalleryError(f"Invalid image of {name!r}: use one with more detail.")
        data, suffix = _normalize_file(data, image)
        file = self._folder / name / f"{sha256(data).hexdigest()[:16]}{suffix}"
        with self._locked():
            file.parent.mkdir(mode=0o700, exist_ok=True)
            _write_features(self._features_file(file, data), features)
            _write(file, data)
            return self.names()[name]

    def remove(self, name: str) -> bool:
        """Remove a name and hide a built-in one; return False if it has no images."""
        name = validate_name(name)
        if name not in self.names():
            return False
        with self._locked():
            for folder in _visible(self._folder):
                if normalize("NFC", folder.name) == name:
                    folder.unlink() if folder.is_symlink() else shutil.rmtree(folder)
            if name in self.names():
                hidden = "\n".join(sorted({name, *self._hidden()}))
                _write(self._folder / HIDDEN_NAMES, hidden.encode())
            return True

    def _locked(self) -> FileLock:
        """Return the lock that keeps other threads and processes from changing the folder."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return FileLock(self._folder / ".lock", LOCK_SECONDS)

    def _hidden(self) -> list[str]:
        file = self._folder / HIDDEN_NAMES
        return file.read_text("utf-8").splitlines() if file.exists() else []

    def _files(self) -> Iterator[Path]:
        hidden = self._hidden()
        built_in = _visible(self._built_in) if self._built_in else []
        shown = [folder for folder in built_in if folder.name not in hidden]
        for folder in (*shown, *_visible(self._folder)):
            yield from (file for file in _visible(folder) if file.suffix.lower() in SUFFIXES)

    def _future(self, key: tuple[Path, int, int]) -> Future[Features]:
        """Return the future features of a file; extract them unless another thread does."""
        with self._lock:
            if future := self._futures.get(key):
                return future
            future = self._futures[key] = Future()
        try:
            future.set_result(self._load(key[0]))
        except BaseException as error:
            with self._lock:
                self._futures.pop(key, None)
            future.set_exception(error)
            raise
        return future

    def _load(self, file: Path) -> Features:
        """Return the stored features of a file, or extract them."""
        features, reason = {}, "no face, or too little detail"
        try:
            data = file.read_bytes()
            try:
                with np.load(self._features_file(file, data)) as stored:
                    features = dict(stored)
            except Exception:  # there are none, or they are damaged
                features = dict(self._extract(load_image(data)))
                if file.is_relative_to(self._folder):
                    with suppress(OSError), self._locked():  # the folder may be read-only
                        if file.exists():
                            _write_features(self._features_file(file, data), features)
        except (OSError, GalleryError) as error:
            reason = str(error)
        if not features:
            log.warning("The gallery ignores %s/%s: %s", file.parent.name, file.name, reason)
        return features

    def _features_file(self, file: Path, data: bytes) -> Path:
        digest = sha256(self._version.encode() + b"\0" + data).hexdigest()
        return file.with_name(f".{digest[:16]}.npz")


def load_image(data: bytes) -> RGBImage:
    """Return the pixels of an image, scaled down to MAX_STORED_SIDE, or raise GalleryError."""
    try:
        pixels = decode(data, probe(data, _ANY_SIZE))
    except ApiError as error:
        raise GalleryError(f"{error.message} {error.hint}".strip()) from None
    if max(pixels.shape) <= MAX_STORED_SIDE:
        return pixels
    image = Image.fromarray(pixels)
    image.thumbnail((MAX_STORED_SIDE, MAX_STORED_SIDE))
    return np.asarray(image)


def validate_name(name: str) -> str:
    """Return the name of a folder, or raise GalleryError if some system cannot have it."""
    name = normalize("NFC", name.strip())
    too_long = len(name) > MAX_NAME_LENGTH or len(name.encode(errors="replace")) > MAX_NAME_BYTES
    if too_long or not name.isprintable() or not _NAME.fullmatch(name):
        raise GalleryError(
            f"Invalid name {name!r:.120}: use 1 to {MAX_NAME_LENGTH} characters, no dot at the "
            f'start or end, none of /\\:*?"<>| and no device name of Windows.'
        )
    return name


def _normalize_file(data: bytes, image: RGBImage) -> tuple[bytes, str]:
    """Return the bytes to store and their suffix: a JPEG, unless it is a small JPEG or PNG."""
    info = probe(data, _ANY_SIZE)
    suffix = {"Jpeg": ".jpg", "Png": ".png"}.get(info.format)
    if suffix and len(data) <= MAX_STORED_BYTES and max(info.width, info.height) <= MAX_STORED_SIDE:
        return data, suffix
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=95)
    return buffer.getvalue(), ".jpg"


def _write_features(file: Path, features: Features) -> None:
    buffer = BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **features)
    _write(file, buffer.getvalue())


def _write(file: Path, data: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = file.with_name(f".{file.name}.tmp")
    draft.touch(mode=0o600)
    draft.write_bytes(data)
    draft.replace(file)


def _visible(folder: Path) -> list[Path]:
    """Return the files and folders in a folder; none if another process has removed it."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return []


def _name(file: Path) -> str:
    return normalize("NFC", file.parent.name).encode(errors="replace").decode()
