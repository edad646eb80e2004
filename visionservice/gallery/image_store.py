"""Labeled images on disk: a folder per name, and the features of each image beside it."""

import logging
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any
from unicodedata import normalize

import numpy as np
from filelock import FileLock
from PIL import Image

from ..errors import ApiError
from ..imaging.decode import MAX_DECODING, RGBImage, decode
from ..imaging.probe import PHOTO_FORMATS, InputLimits, probe

Features = Mapping[str, Any]  # arrays and numbers by name; empty if nothing is recognizable
Extractor = Callable[[RGBImage, str | None], Features]
"""Returns the features of an image; raises GalleryError for an unsuitable one added by name."""

log = logging.getLogger(__name__)

MAX_STORED_SIDE, MAX_STORED_BYTES = 2000, 4 * 1024 * 1024
"""Larger images are scaled down, larger files stored as JPEG: more is not easier to recognize."""
SUFFIXES = {".jpg", ".jpeg", ".png", ".gif", ".bmp"}
MAX_NAME_LENGTH, MAX_NAME_BYTES = 100, 240  # characters, UTF-8 bytes; file systems allow 255
LOCK_SECONDS = 30.0
_extractors = ThreadPoolExecutor(MAX_DECODING, "gallery")
_NAME = re.compile(
    r"(?i)(?!(con|prn|aux|nul|con(in|out)\$|(com|lpt)[0-9¹²³]) *(\.|$))"  # devices of Windows
    r"(?!\.)[^/\\:*?\"<>|]+(?<!\.)"
)
_ANY_SIZE = InputLimits(1, 1 << 30, PHOTO_FORMATS, 1 << 30)


class GalleryError(ValueError):
    """An invalid name or an unsuitable image."""


class ImageStore:
    """Images in a folder for each name; safe to use from several threads and processes."""

    def __init__(self, folder: Path, extract: Extractor, version: str, built_in: Path | None):
        self._folder, self._built_in = folder, built_in  # which is only read
        self._extract, self._version = extract, version  # features of another one are not used
        self._futures: dict[tuple[str, Path, int, int], Future[Features]] = {}
        self._lock = Lock()

    def names(self) -> dict[str, int]:
        """Return the number of images of each name."""
        return dict(sorted(Counter(name for name, _ in self._files()).items()))

    def features(self) -> list[tuple[str, Features]]:
        """Return the name and the features of each image; threads share their extraction."""
        keys = []
        for name, file in self._files():
            with suppress(OSError):  # another process has removed it
                keys.append((name, file, file.stat().st_mtime_ns, file.stat().st_size))
        with self._lock:
            old = {k: f for k, f in self._futures.items() if not (f.done() and f.exception())}
            self._futures = futures = {
                key: old.get(key) or _extractors.submit(self._load, key[1]) for key in keys
            }
        found = [(name, future.result()) for (name, *_), future in futures.items()]
        return [(name, features) for name, features in found if features]

    def add(self, name: str, data: bytes) -> int:
        """Store an image under a name, and return the number of its images.

        Raise GalleryError if the name is invalid, or the image is invalid or unsuitable. It is
        stored as a JPEG, unless it is a small JPEG or PNG.
        """
        name, image = validate_name(name), load_image(data)
        features = self._extract(image, name)
        if not features:
            raise GalleryError(f"Invalid image of {name!r}: use one with more detail.")
        info = probe(data, _ANY_SIZE)
        suffix = {"Jpeg": ".jpg", "Png": ".png"}.get(info.format)
        large = len(data) > MAX_STORED_BYTES or max(info.width, info.height) > MAX_STORED_SIDE
        if large or not suffix:
            buffer, suffix = BytesIO(), ".jpg"
            Image.fromarray(image).save(buffer, "JPEG", quality=95)
            data = buffer.getvalue()
        file = self._folder / name / f"{sha256(data).hexdigest()[:16]}{suffix}"
        with self._locked():
            file.parent.mkdir(mode=0o700, exist_ok=True)
            _write_features(self._features_file(file, data), features)
            _write(file, data)
            found = (n for n, f in self._files() if f.name == file.name and f.samefile(file))
            return self.names()[next(found)]  # another spelling if the file system ignores case

    def remove(self, name: str) -> bool:
        """Remove a name, and hide a built-in one; return False if it has no images."""
        name = validate_name(name)
        if known := name in self.names():
            with self._locked():
                for folder in _visible(self._folder):
                    if normalize("NFC", folder.name) == name:
                        folder.unlink() if folder.is_symlink() else shutil.rmtree(folder)
                if name in self.names():
                    (self._folder / f".removed {name}").touch(0o600)
        return known

    def _locked(self) -> FileLock:
        """Return the lock that keeps other threads and processes from changing the folder."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return FileLock(self._folder / ".lock", LOCK_SECONDS)

    def _files(self) -> Iterator[tuple[str, Path]]:
        """Yield the name and the file of each image, the built-in ones first."""
        built_in = _visible(self._built_in) if self._built_in else []
        shown = [f for f in built_in if not (self._folder / f".removed {f.name}").exists()]
        for folder in (*shown, *_visible(self._folder)):
            name = normalize("NFC", folder.name).encode(errors="replace").decode()
            files = [file for file in _visible(folder) if file.suffix.lower() in SUFFIXES]
            yield from ((name, file) for file in files)

    def _load(self, file: Path) -> Features:
        """Return the stored features of a file, or extract them; log a file without features."""
        try:
            data = file.read_bytes()
            stored = self._features_file(file, data)
            with suppress(Exception), np.load(stored) as arrays:  # a missing or damaged file
                return dict(arrays)
            if features := self._extract(load_image(data), None):
                if file.is_relative_to(self._folder):
                    with suppress(OSError), self._locked():  # the folder may be read-only
                        _write_features(stored, features)
                return features
            reason = "no face, or too little detail"
        except (OSError, GalleryError) as error:
            reason = str(error)
        log.warning("The gallery ignores %s/%s: %s", file.parent.name, file.name, reason)
        return {}

    def _features_file(self, file: Path, data: bytes) -> Path:
        digest = sha256(self._version.encode() + b"\0" + data).hexdigest()
        return file.with_name(f".{digest[:16]}.npz")


def load_image(data: bytes) -> RGBImage:
    """Return the pixels of an image, scaled down to MAX_STORED_SIDE, or raise GalleryError."""
    try:
        image = Image.fromarray(decode(data, probe(data, _ANY_SIZE)))
    except ApiError as error:
        raise GalleryError(f"{error.message} {error.hint}".strip()) from None
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
