"""Engine protocols, result dataclasses, and the error for a missing model.

An engine is an object with a `name`, a `load()` and one method; `docs/engines.md` shows one. All
images are arrays of height x width x 3, uint8, RGB, upright. All coordinates are pixels of the
image, with the origin at the top left, x to the right, y down. All confidences are from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from .geometry import Box, Point, Polygon, Size
from .labels import MIN_CONFIDENCE, MIN_PLACE_SCORE, object_class

if TYPE_CHECKING:
    from .evidence.evidence import Evidence

RGBImage = NDArray[np.uint8]
Gender = Literal["Male", "Female"]
QuarterTurn = Literal[0, 90, 180, 270]
Orientation = Literal["Up", "Down", "Left", "Right", "NotDetected"]

MIN_SKY, MIN_GRASS, MIN_GREEN, MIN_SNOW, MIN_WATER = 0.10, 0.30, 0.20, 0.04, 0.25
"""Shares of the image (of its lower third for grass), and the least score for water."""
BLACK_AND_WHITE_PRECISION = 107 / 110  # half of the images in color, half prints in one ink
DRAWING_PRECISION = {(3, 0): 529 / 536, (2, 0): 129 / 141, (2, 1): 78 / 79}
"""The share of right results by clip art and line drawing, on the images of `image_type`."""


class EngineUnavailable(RuntimeError):  # noqa: N818
    """The error for a missing model or package; the message names it and the remedy."""


class EngineUnreachable(EngineUnavailable):
    """The error for an engine whose server is not accessible, fails or takes too long."""


@dataclass(frozen=True, slots=True)
class Object:
    """An object of one of the 80 COCO classes."""

    name: str
    confidence: float
    box: Box

    @property
    def words(self) -> tuple[str, ...]:
        """The more general words for the class: for a dog, mammal and animal."""
        return object_class(self.name).words


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A detected face: a square from the eyebrows to the chin, cut off at the image's edges."""

    box: Box
    confidence: float  # that it is a face
    turn: QuarterTurn = 0  # the degrees clockwise by which to rotate the image for an upright face
    frontal: bool = True  # whether the nose is between the eyes: the face looks at the camera


@dataclass(frozen=True, slots=True, kw_only=True)
class Face(FaceBox):
    """A detected face with its age in years and its gender."""

    age: int
    gender: Gender
    gender_confidence: float = 1.0  # from 0.5 to 1


@dataclass(frozen=True, slots=True)
class Pose:
    """What the joints of a person show; nothing where they are covered."""

    posture: Literal["", "sitting", "standing"] = ""
    raised_arms: bool = False  # both wrists above the shoulders


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a line of text, and its four corners."""

    text: str
    polygon: Polygon
    confidence: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text: its words, joined by spaces."""

    text: str
    polygon: Polygon
    words: tuple[Word, ...]
    confidence: float

    @property
    def area(self) -> float:
        """The area in pixels."""
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = self.polygon
        return abs((cx - ax) * (dy - by) - (dx - bx) * (cy - ay)) / 2


@dataclass(frozen=True, slots=True)
class OcrResult:
    """All text of an image: the same lines in three orders.

    Rotating the image clockwise about its center by `angle` degrees makes the text horizontal or
    vertical; then its top faces in the direction of `orientation`.
    """

    lines: tuple[Line, ...]  # in reading order
    regions: tuple[tuple[Line, ...], ...]  # columns or paragraphs, in reading order
    orientation: Orientation
    angle: float  # at least -45 and below 45
    language: str  # a code of the OCR operation; "unk" without text
    rows: tuple[Line, ...] = ()  # from top to bottom, those of one row from left to right
    coverage: float = 0.0  # the share of the image, 0 to 1, of all lines; a page has 0.09

    @property
    def clockwise(self) -> float:
        """The degrees clockwise from upright of the text, above -45 and at most 315."""
        return {"Right": 90, "Down": 180, "Left": 270}.get(self.orientation, 0) - self.angle

    def crop(self, size: Size, box: Box, scale: Point = (1.0, 1.0)) -> OcrResult:
        """Return the lines inside a box of an image of this size, in pixels of the scaled part."""

        def moved(polygon: Polygon) -> Polygon:
            a, b, c, d = (np.subtract(polygon, (box.left, box.top)) * scale).tolist()
            return tuple(a), tuple(b), tuple(c), tuple(d)

        inside = [line for line in self.lines if box.contains(np.mean(line.polygon, axis=0))]
        share = sum(line.area for line in inside) / max(1, sum(line.area for line in self.lines))
        coverage = min(1.0, self.coverage * share * size[0] * size[1] / box.area)
        lines = []
        for line in inside:
            words = tuple(replace(word, polygon=moved(word.polygon)) for word in line.words)
            lines.append(replace(line, polygon=moved(line.polygon), words=words))
        return replace(self, lines=tuple(lines), regions=(), rows=(), coverage=coverage)


@dataclass(frozen=True, slots=True)
class LabelScore:
    """A label of the scene classifier, a more general word or a category, with its probability."""

    name: str
    confidence: float


Tag = LabelScore  # a word for something in the image, and its confidence


@dataclass(frozen=True, slots=True)
class LowLevelFeatures:
    """Measurements of colors and gradients; the numbers are shares of the image."""

    sky: float  # smooth brightness or blue from the top down
    grass: float  # green with texture, as a share of the lower third
    green: float
    dark: bool  # dim nearly everywhere, and not because of leaves
    plain: bool  # without an edge
    texture: float  # how even its roughness is, as of bricks or gravel; 0 if it is not
    blue: float = 0.0  # smooth blue from the top down
    white: float = 0.0  # as a share of all but the upper quarter


@dataclass(frozen=True, slots=True)
class Scene:
    """A classification of the whole image; the most likely labels come first."""

    labels: tuple[LabelScore, ...]  # classes of ImageNet
    words: tuple[LabelScore, ...]  # the labels and the more general words for them
    categories: tuple[LabelScore, ...]  # the API's categories of the labels
    place_labels: tuple[LabelScore, ...]  # from the image with its objects painted out
    outdoor: float
    indoor: float
    low_level: LowLevelFeatures
    water: float = 0.0
    object_words: tuple[tuple[LabelScore, ...], ...] = ()
    """The words for each object, from its box alone; none for one that was not examined."""

    @property
    def outdoors(self) -> bool:
        """Whether the image was taken outdoors."""
        return self.outdoor >= MIN_PLACE_SCORE and self.outdoor > self.indoor

    @property
    def indoors(self) -> bool:
        """Whether the image was taken indoors."""
        return self.indoor >= MIN_PLACE_SCORE and self.indoor > self.outdoor

    @property
    def night(self) -> bool:
        """Whether it is dark outdoors, and not because of an animal in the shade."""
        shade = self.probability("animal") >= MIN_CONFIDENCE
        return self.outdoors and self.low_level.dark and not shade

    def shows(self, surface: Literal["sky", "grass", "plant", "snow", "water"]) -> bool:
        """Return True if a surface covers enough of an image from outdoors."""
        shares = self.low_level
        close_up = max(self.probability("animal"), self.probability("plant")) >= MIN_CONFIDENCE
        share, minimum = {
            "sky": (shares.blue if close_up else shares.sky, MIN_SKY),
            "grass": (shares.grass, MIN_GRASS),
            "plant": (shares.green, MIN_GREEN),
            "snow": (shares.white, MIN_SNOW),
            "water": (self.water, MIN_WATER),
        }[surface]
        return self.outdoors and share >= minimum

    def probability(self, word: str) -> float:
        """Return the probability of a label or word, 0 if it is not among them."""
        return max((w.confidence for w in self.words if w.name == word), default=0.0)


@dataclass(frozen=True, slots=True)
class Colors:
    """The colors of an image by the API's twelve names."""

    foreground: str  # the most frequent name in the middle
    background: str  # the most frequent name at the edges
    dominant: tuple[str, ...]  # the most frequent names, at most three
    accent: str  # six upper-case hexadecimal digits
    covered: float  # the share of the image in the colors of foreground and background
    black_and_white: bool  # whether one ink could print the image

    @property
    def gray(self) -> float:
        """The confidence that the image is black and white; 0 if it is not."""
        return BLACK_AND_WHITE_PRECISION * self.black_and_white


@dataclass(frozen=True, slots=True)
class ImageType:
    """Whether an image is drawn, in the API's numbers."""

    clip_art: int  # 0 (no) to 3 (good clip art)
    line_drawing: int  # 0 or 1

    @property
    def confidence(self) -> float:
        """The confidence that the image is drawn; 0 if it is not."""
        return DRAWING_PRECISION.get((self.clip_art, self.line_drawing), 0.0)


@dataclass(frozen=True, slots=True)
class Caption:
    """A sentence in lower case without a full stop."""

    text: str
    confidence: float


class Engine(Protocol):
    """The members of every engine."""

    name: str  # part of the keys of cached results, and listed by /health
    thread_safe: bool  # False if the service must call the engine from one thread at a time

    def load(self) -> None:
        """Load the model, once, before the first use; raise EngineUnavailable if it is missing."""


class Captioner(Engine, Protocol):
    """Describes an image in sentences: the kind `captions`."""

    def caption(
        self, evidence: Evidence, limit: int, *, gender_neutral: bool, names: bool
    ) -> Sequence[Caption]:
        """Return at most `limit` captions, the most confident first.

        The service uses the built-in captioner if the sequence is empty.
        `gender_neutral` asks for person in place of man, woman, boy and girl; `names` permits
        names of people.
        """


class Tagger(Engine, Protocol):
    """Tags an image: the kind `tags`."""

    def tag(self, evidence: Evidence) -> Sequence[Tag]:
        """Return the tags, the most confident first."""


class ObjectDetector(Engine, Protocol):
    """Finds objects: the kind `objects`."""

    def detect(self, image: RGBImage) -> Sequence[Object]:
        """Return the objects with a confidence of 0.3 and more, the most confident first."""


class FaceDetector(Engine, Protocol):
    """Finds faces: the kind `faces`."""

    def detect(
        self, image: RGBImage, *, rotated: Callable[[], bool] = lambda: True
    ) -> Sequence[FaceBox]:
        """Return the faces, the largest first.

        If none is upright, `rotated` is asked whether to search the rotated image too.
        """


class AgeEstimator(Engine, Protocol):
    """Estimates age and gender: the kind `ages`."""

    def estimate(self, image: RGBImage, face: FaceBox) -> Face:
        """Return a detected face with its age and gender."""


class FaceEmbedder(Engine, Protocol):
    """Computes vectors of faces: the kind `embeddings`."""

    def embed(self, image: RGBImage, face: FaceBox) -> NDArray[np.float64]:
        """Return a vector; those of one person have a Euclidean distance below 0.55."""


class TextReader(Engine, Protocol):
    """Reads text: the kind `text`."""

    def read(
        self, image: RGBImage, *, detect_orientation: bool = True, max_words: int | None = None
    ) -> OcrResult:
        """Return the text; without `detect_orientation` the image counts as upright.

        With `max_words` the first lines, up to about this number of words, are enough: captions
        and tags need no more. `coverage` is that of all lines nevertheless.
        """


class SceneClassifier(Engine, Protocol):
    """Classifies the whole image: the kind `scenes`."""

    def classify(self, image: RGBImage, objects: Sequence[Object]) -> Scene:
        """Return the scene; the objects are those of the object detector."""


class AdultClassifier(Engine, Protocol):
    """Scores adult content: the kind `adult`."""

    def score(self, image: RGBImage) -> float:
        """Return the probability that the image is adult content."""
