"""The people and places that the service can name: folders of pictures, one folder per name.

`FOLDER/celebrities/<Name>/*.jpg` and `FOLDER/landmarks/<Name>/*.jpg`, beside the few that come
with the sample pictures. What is put into a folder is known at the next request.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visionhelpers.images import SAMPLES

from ..engines import landmarks
from ..engines.base import Face
from ..engines.geometry import Box
from ..engines.registry import Engines, default
from .image_store import GalleryError, ImageStore, load_image, validate_name

__all__ = ["Celebrity", "Gallery", "GalleryError", "Landmark"]

BUILT_IN = SAMPLES / "gallery"
MAX_FACE_DISTANCE = 0.55
"""Two faces farther apart are two people. One person's photographs are 0.34 to 0.44 apart,
strangers 0.64 and more, relatives sometimes 0.43; `benchmarks/naming.py` prints the distances."""
MIN_INLIERS = 20
"""Features that must agree on a place: 43 and more do on the right one however it is cropped,
turned, scaled or pressed (19 where the light blew it out), under 8 on any other (6,700 pairs)."""
MOST_NAMED = 100
"""Named galleries whose images are kept in memory."""
MOST_COMPARED = 12
"""Pictures of places that are compared in full; of more, those that look likeliest."""


@dataclass(frozen=True, slots=True)
class Celebrity:
    """A face with a name, and where it is.

    The confidence is 1 / (1 + exp(20 (distance - 0.55))): 0.5 at the farthest distance that
    counts, 0.9 at 0.44, 0.99 at 0.32.
    """

    name: str
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class Landmark:
    """A place with a name.

    The confidence is 1 - 0.5 ** (features / 20): 0.5 at the fewest that count, 0.97 at a hundred.
    """

    name: str
    confidence: float


class Gallery:
    """Pictures of known people and places; safe to use from several threads.

    Args:
        folder: The user's own, where new names are kept; made when the first one is added.
        engines: None for the built-in ones.
    """

    def __init__(self, folder: Path, *, engines: Engines | None = None) -> None:
        self._engines = engines or default()
        self._named = lru_cache(MOST_NAMED)(
            lambda name: Gallery(folder / "galleries" / name, engines=engines)
        )
        largest = self._embed_largest_face
        self._people = ImageStore(folder / "celebrities", BUILT_IN / "celebrities", largest)
        self._places = ImageStore(folder / "landmarks", BUILT_IN / "landmarks", _place)

    def named(self, name: str) -> Gallery:
        """Return the gallery of a name, apart from this one, for the clients that choose it.

        Raises:
            GalleryError: The name cannot be a folder's.
        """
        return self._named(validate_name(name))

    def identify_faces(
        self, image: NDArray[np.uint8], found: tuple[Face, ...]
    ) -> tuple[Celebrity, ...]:
        """Name the faces found in a picture, each name once, the most certain first.

        Args:
            image: Height x width x 3, RGB, upright.
            found: Its faces, as the engine detects them.

        Raises:
            Unavailable: A package that recognises faces is not installed.
        """
        known = self._people.entries() if found else []
        embed = self._engines.embeddings.embed
        numbers = [embed(image, face) for face in found] if known else []
        pairs = sorted(
            (float(np.linalg.norm(mine - theirs)), name, place)
            for place, mine in enumerate(numbers)
            for name, theirs in known
        )
        named: dict[int, Celebrity] = {}
        for distance, name, place in pairs:
            if distance > MAX_FACE_DISTANCE:
                break
            if place not in named and all(name != other.name for other in named.values()):
                confidence = 1 / (1 + math.exp(20 * (distance - MAX_FACE_DISTANCE)))
                named[place] = Celebrity(name, round(confidence, 4), found[place].box)
        return tuple(named.values())

    def identify_landmarks(self, image: NDArray[np.uint8]) -> tuple[Landmark, ...]:
        """Name the places in a picture (height x width x 3, RGB), the most certain first.

        Raises:
            Unavailable: A package that recognises places is not installed.
        """
        known = self._places.entries()
        if not known:
            return ()
        features = landmarks.describe(image)
        if len(known) > MOST_COMPARED:
            known = nlargest(
                MOST_COMPARED, known, key=lambda entry: landmarks.quick_score(features, entry[1])
            )
        most: dict[str, int] = {}
        for name, place in known:
            most[name] = max(most.get(name, 0), landmarks.inliers(features, place))
        ranked = sorted(most.items(), key=lambda item: (-item[1], item[0]))
        return tuple(
            Landmark(name, round(1 - 0.5 ** (count / MIN_INLIERS), 4))
            for name, count in ranked
            if count >= MIN_INLIERS
        )

    def add_face(self, name: str, data: bytes) -> int:
        """Keep a picture of one person, and return how many there are of that name.

        Raises:
            GalleryError: The name cannot be a folder's, or the picture does not show one face.
            Unavailable: A package that finds faces is not installed.
        """
        name = validate_name(name)
        count = len(self._engines.faces.detect(np.asarray(load_image(BytesIO(data)))))
        if count != 1:
            remedy = "crop it to one" if count else "choose one that looks at the camera"
            raise GalleryError(
                f"A picture of {name!r} must show one face; this one shows {count}: {remedy}."
            )
        return self._people.add(name, data)

    def add_landmark(self, name: str, data: bytes) -> int:
        """Keep a picture of one place, and return how many there are of that name.

        Raises:
            GalleryError: The name cannot be a folder's, or the picture shows too little to match.
            Unavailable: A package that recognises places is not installed.
        """
        name = validate_name(name)
        if _place(np.asarray(load_image(BytesIO(data)))) is None:
            raise GalleryError(f"A picture of {name!r} needs more detail than this: add another.")
        return self._places.add(name, data)

    def forget_face(self, name: str) -> bool:
        """Remove a person that was added, and tell whether there was one of that name."""
        return self._people.forget(name)

    def forget_landmark(self, name: str) -> bool:
        """Remove a place that was added, and tell whether there was one of that name."""
        return self._places.forget(name)

    def _embed_largest_face(self, image: NDArray[np.uint8]) -> NDArray[np.float64] | None:
        faces = self._engines.faces.detect(image)
        return self._engines.embeddings.embed(image, faces[0]) if faces else None


def _place(image: NDArray[np.uint8]) -> landmarks.Features | None:
    features = landmarks.describe(image)
    return features if len(features.points) >= 2 * MIN_INLIERS else None
