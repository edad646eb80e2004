"""The gallery: recognition of known people and landmarks."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from heapq import nlargest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visionhelpers.images import SAMPLES

from ..engines import landmarks
from ..engines.base import FaceBox, LabelScore, RGBImage
from ..engines.geometry import Box
from ..engines.labels import highest
from ..engines.registry import Engines, default
from .image_store import Features, GalleryError, ImageStore, validate_name

Embed = Callable[[FaceBox], NDArray[np.float64]]  # returns the vector of a face
BUILT_IN = SAMPLES / "gallery"
MAX_FACE_DISTANCE = 0.55
"""Two faces with a greater distance are two people. Images of one person are 0.34 to 0.44 apart,
those of strangers 0.64 and more, of relatives sometimes 0.43 (`benchmarks/naming.py`)."""
MIN_INLIERS = 20
"""Features that must agree on a landmark: 43 and more do in images of the right one, cropped,
rotated, scaled or compressed (19 if overexposed), under 8 in any other (6,700 pairs)."""
MAX_NAMED_GALLERIES = 100  # with their features in memory
MAX_COMPARED = 12  # landmark images compared in full; of more, those with the best quick score


@dataclass(frozen=True, slots=True)
class Celebrity:
    """A recognized face; the confidence is 0.5 at the maximum distance, 0.9 at 0.44."""

    name: str
    confidence: float
    box: Box


class Gallery:
    """Images of known people and landmarks; safe to use from several threads.

    `folder` has the images in `celebrities/NAME/` and `landmarks/NAME/`, also those that were put
    there by hand; it is made when the first one is added. `built_in` adds the people and landmarks
    of the sample images. An image that is added to `faces` shows exactly one face. `named(name)` is
    the separate gallery with that name, for the clients that choose it.
    """

    def __init__(self, folder: Path, built_in: bool = True, engines: Engines | None = None) -> None:
        self._engines = engines or default()
        named = folder / "galleries"
        self.named: Callable[[str], Gallery] = lru_cache(MAX_NAMED_GALLERIES)(
            lambda name: Gallery(named / validate_name(name), built_in=built_in, engines=engines)
        )
        version = f"{self._engines.faces.name}-{self._engines.embeddings.name}-root-sift"
        self.faces, self.landmarks = (
            ImageStore(folder / kind, extract, version, BUILT_IN / kind if built_in else None)
            for kind, extract in (("celebrities", self._embed_face), ("landmarks", _embed_landmark))
        )

    def identify_faces(self, faces: Sequence[FaceBox], embed: Embed) -> tuple[Celebrity, ...]:
        """Return the faces that are recognized, each name once, the most confident first."""
        known = self.faces.features() if faces else []
        if not known:  # nothing is embedded if the gallery contains nobody
            return ()
        vectors = np.stack([features["vector"] for _, features in known])
        distances = [np.linalg.norm(vectors - embed(face), axis=1) for face in faces]
        near = np.argwhere(np.array(distances) <= MAX_FACE_DISTANCE).tolist()
        pairs = sorted((float(distances[face][i]), known[i][0], face) for face, i in near)
        found: dict[int, Celebrity] = {}
        for distance, name, index in pairs:
            if index not in found and all(name != other.name for other in found.values()):
                confidence = 1 / (1 + math.exp(20 * (distance - MAX_FACE_DISTANCE)))
                found[index] = Celebrity(name, round(confidence, 4), faces[index].box)
        return tuple(found.values())

    def identify_landmarks(self, seen: landmarks.Features) -> tuple[LabelScore, ...]:
        """Return the landmarks that are recognized by an image's features, the best first.

        The confidence is 0.5 at the minimum of matching features, 0.97 at 100.
        """
        known = [(name, landmarks.Features(**found)) for name, found in self.landmarks.features()]
        if len(known) > MAX_COMPARED:
            known = nlargest(MAX_COMPARED, known, lambda pair: landmarks.quick_score(seen, pair[1]))
        most = highest((name, landmarks.inliers(seen, features)) for name, features in known)
        return tuple(
            LabelScore(name, round(1 - 0.5 ** (count / MIN_INLIERS), 4))
            for name, count in sorted(most.items(), key=lambda item: (-item[1], item[0]))
            if count >= MIN_INLIERS
        )

    def _embed_face(self, image: RGBImage, name: str | None) -> Features:
        """Return the embedding of the largest face; of an image that is added, of its only one."""
        faces = self._engines.faces.detect(image)
        if name and len(faces) != 1:
            remedy = "crop it to one" if faces else "choose one that looks at the camera"
            problem = f"it shows {len(faces)} faces, not one"
            raise GalleryError(f"Invalid image of {name!r}: {problem}; {remedy}.")
        return {"vector": self._engines.embeddings.embed(image, faces[0])} if faces else {}


def _embed_landmark(image: RGBImage, _name: str | None) -> Features:
    """Return the local features of an image if they are enough to recognize it."""
    found = landmarks.describe(image)
    return asdict(found) if len(found.points) >= 2 * MIN_INLIERS else {}
