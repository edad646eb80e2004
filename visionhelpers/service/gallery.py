"""The people and places that the service can name: folders of pictures, one folder per name.

`FOLDER/celebrities/<Name>/*.jpg` and `FOLDER/landmarks/<Name>/*.jpg`, beside the few that come
with the sample pictures. What is put into a folder is known at the next request. The engines are
imported when they are first asked, so that the service starts at once.
"""

from __future__ import annotations

import hashlib
import logging
import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..images import SAMPLES, upright

if TYPE_CHECKING:
    from .engines.boxes import Box
    from .engines.faces import Face
    from .engines.landmarks import Features

T = TypeVar("T")
log = logging.getLogger(__name__)

BUILT_IN = SAMPLES / "gallery"
FARTHEST = 0.55  # one person: 0.09 to 0.44 apart; strangers: 0.64 and more, relatives 0.43
FEWEST = 20  # features that agree on a place: 140 and more on the right one, 4 on any other
_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif")
_BROKEN = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)


class GalleryError(ValueError):
    """A name or a picture that the gallery does not take, and why."""


@dataclass(frozen=True, slots=True)
class Celebrity:
    """A face with a name; confidence 0.5 at the farthest distance that counts, 1 at none."""

    name: str
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class Landmark:
    """A place with a name; confidence 0.5 at the fewest features that count, 0.97 at a hundred."""

    name: str
    confidence: float


class Gallery:
    """Pictures of known people and places; safe to use from several threads.

    Args:
        folder: The user's own, where new names are kept; made when the first one is added.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._people = _Shelf("celebrities", folder, _embedding)
        self._places = _Shelf("landmarks", folder, _features)

    def name_faces(
        self, image: NDArray[np.uint8], found: tuple[Face, ...]
    ) -> tuple[Celebrity, ...]:
        """Name the faces found in a picture, each name once, the nearest face first."""
        from .engines import faces

        known = self._people.entries() if found else []
        numbers = [faces.embed(image, face.box) for face in found] if known else []
        pairs = sorted(
            (float(np.linalg.norm(mine - theirs)), name, place)
            for place, mine in enumerate(numbers)
            for name, theirs in known
        )
        named: dict[int, Celebrity] = {}
        for distance, name, place in pairs:
            if distance > FARTHEST:
                break
            if place not in named and all(name != other.name for other in named.values()):
                certainty = 1 / (1 + math.exp(20 * (distance - FARTHEST)))
                named[place] = Celebrity(name, round(certainty, 4), found[place].box)
        return tuple(named.values())

    def name_places(self, image: NDArray[np.uint8]) -> tuple[Landmark, ...]:
        """Name the places in a picture, the most certain first."""
        from .engines import landmarks

        known = self._places.entries()
        if not known:
            return ()
        features = landmarks.describe(image)
        most: dict[str, int] = {}
        for name, place in known:
            most[name] = max(most.get(name, 0), landmarks.inliers(features, place))
        ranked = sorted(most.items(), key=lambda item: (-item[1], item[0]))
        return tuple(
            Landmark(name, round(1 - 0.5 ** (count / FEWEST), 4))
            for name, count in ranked
            if count >= FEWEST
        )

    def add_face(self, name: str, data: bytes) -> int:
        """Keep a picture of one person, and return how many there are of that name.

        Raises:
            GalleryError: The name cannot be a folder's, or the picture does not show one face.
        """
        from .engines import faces

        count = len(faces.detect(_pixels(BytesIO(data))))
        if count != 1:
            raise GalleryError(f"A picture of {name!r} must show one face; this one shows {count}.")
        return self._people.add(name, data)

    def add_landmark(self, name: str, data: bytes) -> int:
        """Keep a picture of one place, and return how many there are of that name.

        Raises:
            GalleryError: The name cannot be a folder's, or the picture shows too little to match.
        """
        count = len(_features(_pixels(BytesIO(data))).points)
        if count < 2 * FEWEST:
            message = f"A picture of {name!r} needs more detail: it has {count} features to match."
            raise GalleryError(message)
        return self._places.add(name, data)

    def forget_face(self, name: str) -> bool:
        """Remove a person that was added, and tell whether there was one of that name."""
        return self._people.forget(name)

    def forget_landmark(self, name: str) -> bool:
        """Remove a place that was added, and tell whether there was one of that name."""
        return self._places.forget(name)


class _Shelf(Generic[T]):
    """The pictures of one kind, and what an engine made of each, worked out once per file."""

    def __init__(
        self, kind: str, folder: Path, digest: Callable[[NDArray[np.uint8]], T | None]
    ) -> None:
        self._own = folder / kind
        self._folders = (BUILT_IN / kind, self._own)
        self._digest = digest
        self._digests: dict[tuple[Path, int, int], T | None] = {}
        self._lock = Lock()

    def entries(self) -> list[tuple[str, T]]:
        """Return each name with what is known of it, once for each of its pictures."""
        with self._lock:
            current = {(file, *_stamp(file)): file.parent.name for file in self._files()}
            self._digests = {
                key: self._digests[key] if key in self._digests else self._read(key[0])
                for key in current
            }
            found = [(current[key], digest) for key, digest in self._digests.items()]
        return [(name, digest) for name, digest in found if digest is not None]

    def add(self, name: str, data: bytes) -> int:
        """Write a picture under a name, whole or not at all; the same one twice is one picture."""
        folder = self._own / _checked(name)
        data, suffix = _stored(data)
        file = folder / f"{hashlib.sha256(data).hexdigest()[:16]}{suffix}"
        with self._lock:
            folder.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=folder, prefix=".", delete=False) as draft:
                draft.write(data)
            Path(draft.name).replace(file)
            return sum(other.parent.name == folder.name for other in self._files())

    def forget(self, name: str) -> bool:
        """Remove a name's folder, never one that comes with the package."""
        folder = self._own / _checked(name)
        with self._lock:
            if not folder.is_dir():
                return False
            shutil.rmtree(folder)
            return True

    def _files(self) -> Iterator[Path]:
        for folder in self._folders:
            for file in sorted(folder.glob("*/*")):
                if file.suffix.lower() in _SUFFIXES and not file.name.startswith("."):
                    yield file

    def _read(self, file: Path) -> T | None:
        try:
            with file.open("rb") as stream:
                digest = self._digest(_pixels(stream))
        except _BROKEN as error:
            log.warning("%s in the gallery is passed over: %s", file.name, error)
            return None
        if digest is None:
            log.warning("%s in the gallery is passed over: it shows no face", file.name)
        return digest


def _embedding(image: NDArray[np.uint8]) -> NDArray[np.float64] | None:
    from .engines import faces

    found = faces.detect(image)
    return faces.embed(image, found[0].box) if found else None


def _features(image: NDArray[np.uint8]) -> Features:
    from .engines import landmarks

    return landmarks.describe(image)


def _pixels(stream: object) -> NDArray[np.uint8]:
    try:
        return np.asarray(upright(Image.open(stream)))  # type: ignore[arg-type]
    except _BROKEN as error:
        raise GalleryError(f"This is no picture that can be read: {error}.") from None


def _stored(data: bytes) -> tuple[bytes, str]:
    """Return the bytes to keep and their suffix; what is neither JPEG nor PNG becomes JPEG."""
    with Image.open(BytesIO(data)) as image:
        if image.format in ("JPEG", "MPO"):
            return data, ".jpg"
        if image.format == "PNG":
            return data, ".png"
        buffer = BytesIO()
        upright(image).save(buffer, "JPEG", quality=95)
        return buffer.getvalue(), ".jpg"


def _checked(name: str) -> str:
    """Return a name that is safe as the name of a folder on every system."""
    name = name.strip()
    if not name or len(name) > 100 or name[0] == "." or name[-1] == ".":
        raise GalleryError(
            f"A name has 1 to 100 characters and no dot at its ends, not {name!r:.60}."
        )
    if not name.isprintable() or set(name) & set('/\\:*?"<>|'):
        raise GalleryError(f'A name has none of / \\ : * ? " < > | in it, unlike {name!r}.')
    return name


def _stamp(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError:  # removed since it was listed: its reading fails too, and says so
        return 0, 0
    return status.st_mtime_ns, status.st_size
