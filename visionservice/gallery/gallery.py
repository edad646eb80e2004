"""The gallery: recognizes known people and landmarks.

Their images are in `FOLDER/celebrities/NAME/` and `FOLDER/landmarks/NAME/`; those that are put
there by hand count from the next request on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest
from pathlib import Path

import numpy as np

from visionhelpers.images import SAMPLES

from ..engines import landmarks
from ..engines.base import Face, RGBImage
from ..engines.geometry import Box
from ..engines.registry import Engines, default
from .image_store import Features, ImageStore, validate_name
from .image_store import GalleryError as GalleryError

BUILT_IN = SAMPLES / "gallery"
MAX_FACE_DISTANCE = 0.55
"""Two faces with a greater distance are two people. Images of one person are 0.34 to 0.44 apart,
those of strangers 0.64 and more, of relatives sometimes 0.43 (`benchmarks/naming.py`)."""
MIN_INLIERS = 20
"""Features that must agree on a landmark: 43 and more do in images of the right one, cropped,
rotated, scaled or compressed (19 if overexposed), under 8 in any other (6,700 pairs)."""
MAX_NAMED_GALLERIES = 100
"""Named galleries whose features are kept in memory."""
MAX_COMPARED = 12
"""Images of landmarks that are compared in full; of more, the ones with the best quick score."""


@dataclass(frozen=True, slots=True)
class Celebrity:
    """A recognized face; the confidence is 0.5 at the maximum distance, 0.9 at 0.44."""

    name: str
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class Landmark:
    """A recognized landmark; the confidence is 0.5 at the minimum of features, 0.97 at 100."""

    name: str
    confidence: float


class Gallery:
    """Images of known people and landmarks; safe to use from several threads.

    Args:
        folder: The folder of the images; it is made when the first one is added.
        built_in: Whether to add the people and landmarks of the sample images.
        engines: None for the built-in ones.
    """

    def __init__(
        self, folder: Path, *, built_in: bool = True, engines: Engines | None = None
    ) -> None:
        self._engines = engines or default()
        self._named = lru_cache(MAX_NAMED_GALLERIES)(
            lambda name: Gallery(folder / "galleries" / name, built_in=built_in, engines=engines)
        )
        version = f"{self._engines.faces.name}-{self._engines.embeddings.name}"
        self._faces, self._landmarks = (
            ImageStore(folder / kind, extract, name, BUILT_IN / kind if built_in else None)
            for kind, extract, name in (
                ("celebrities", self._embed_largest_face, version),
                ("landmarks", _landmark_features, "rootsift"),
            )
        )

    def named(self, name: str) -> Gallery:
        """Return the separate gallery with this name, for the clients that choose it."""
        return self._named(validate_name(name))

    def identify_faces(self, image: RGBImage, faces: Sequence[Face]) -> tuple[Celebrity, ...]:
        """Return the faces that are recognized, each name once, the most confident first.

        Args:
            image: Height x width x 3, RGB, upright.
            faces: The faces in it.
        """
        known = self._faces.features() if faces else []
        embed = self._engines.embeddings.embed
        vectors = [embed(image, face) for face in faces] if known else []
        pairs = sorted(
            (float(np.linalg.norm(vector - features["vector"])), name, index)
            for index, vector in enumerate(vectors)
            for name, features in known
        )
        found: dict[int, Celebrity] = {}
        for distance, name, index in pairs:
            if distance > MAX_FACE_DISTANCE:
                break
            if index not in found and all(name != other.name for other in found.values()):
                confidence = 1 / (1 + math.exp(20 * (distance - MAX_FACE_DISTANCE)))
                found[index] = Celebrity(name, round(confidence, 4), faces[index].box)
        return tuple(found.values())

    def identify_landmarks(self, image: RGBImage) -> tuple[Landmark, ...]:
        """Return the landmarks that are recognized, the most confident first."""
        known = [(name, _from_arrays(features)) for name, features in self._landmarks.features()]
        if not known:
            return ()
        seen = landmarks.describe(image)
        if len(known) > MAX_COMPARED:
            known = nlargest(
                MAX_COMPARED, known, key=lambda entry: landmarks.quick_score(seen, entry[1])
            )
        most: dict[str, int] = {}
        for name, features in known:
            most[name] = max(most.get(name, 0), landmarks.inliers(seen, features))
        ranked = sorted(most.items(), key=lambda item: (-item[1], item[0]))
        return tuple(
            Landmark(name, round(1 - 0.5 ** (count / MIN_INLIERS), 4))
            for name, count in ranked
            if count >= MIN_INLIERS
        )

    def list_faces(self) -> dict[str, int]:
        """Return the number of images of each person."""
        return self._faces.names()

    def list_landmarks(self) -> dict[str, int]:
        """Return the number of images of each landmark."""
        return self._landmarks.names()

    def add_face(self, name: str, data: bytes) -> int:
        """Store an image of one person, and return the number of images of that name.

        Raises:
            GalleryError: The name is invalid, or the image does not show exactly one face.
        """

        def extract(image: RGBImage) -> Features:
            faces = self._engines.faces.detect(image)
            if len(faces) != 1:
                remedy = "crop it to one" if faces else "choose one that looks at the camera"
                raise GalleryError(
                    f"Invalid image of {name!r}: it shows {len(faces)} faces, not one; {remedy}."
                )
            return {"vector": self._engines.embeddings.embed(image, faces[0])}

        return self._faces.add(name, data, extract)

    def add_landmark(self, name: str, data: bytes) -> int:
        """Store an image of one landmark, and return the number of images of that name.

        Raises:
            GalleryError: The name is invalid, or the image has too little detail.
        """
        return self._landmarks.add(name, data)

    def remove_face(self, name: str) -> bool:
        """Remove a person, also a built-in one; return False if the name is unknown."""
        return self._faces.remove(name)

    def remove_landmark(self, name: str) -> bool:
        """Remove a landmark, like `remove_face`."""
        return self._landmarks.remove(name)

    def _embed_largest_face(self, image: RGBImage) -> Features:
        faces = self._engines.faces.detect(image)
        return {"vector": self._engines.embeddings.embed(image, faces[0])} if faces else {}


def _landmark_features(image: RGBImage) -> Features:
    found = landmarks.describe(image)
    if len(found.points) < 2 * MIN_INLIERS:
        return {}
    size = np.array([found.width, found.height])
    return {"points": found.points, "descriptors": found.descriptors, "size": size}


def _from_arrays(features: Features) -> landmarks.Features:
    width, height = map(int, features["size"])
    return landmarks.Features(features["points"], features["descriptors"], width, height)
