"""Engine protocols, result dataclasses, and the error for a missing model.

An engine is an object with a `name`, a `load()` and one method; `docs/engines.md` shows one. All
images are arrays of height x width x 3, uint8, RGB, upright. All coordinates are pixels of the
image, with the origin at the top left, x to the right, y down. All confidences are from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from .geometry import Box, Polygon
from .labels import MIN_CONFIDENCE, MIN_PLACE_SCORE, object_class

if TYPE_CHECKING:
    from .evidence.evidence import Evidence

RGBImage = NDArray[np.uint8]
Gender = Literal["Male", "Female"]
QuarterTurn = Literal[0, 90, 180, 270]
Orientation = Literal["Up", "Down", "Left", "Right", "NotDetected"]

MIN_SKY, MIN_GRASS, MIN_GREEN, MIN_SNOW = 0.10, 0.30, 0.20, 0.04
"""The least shares of the image (of its lower third for grass)."""
MIN_WATER = 0.25
"""The least score of the classes of water: 10 of 10 photographs of water reach it."""

BLACK_AND_WHITE_PRECISION = 107 / 110
"""The share of right results on as many prints in one ink as photographs in color."""
DRAWING_PRECISION = {(3, 0): 529 / 536, (2, 0): 129 / 141, (2, 1): 78 / 79}
"""The share of right results by clip art and line drawing, on the images of `image_type`."""


class EngineUnavailable(RuntimeError):  # noqa: N818
    """The error for a missing model or package; the message names it and the remedy."""


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
class Face:
    """A face: a square from the eyebrows to the chin, cut off at the edges of the image.

    Attributes:
        box: The square.
        age: The age in years.
        gender: The more likely gender.
        confidence: The confidence that it is a face.
        turn: The degrees clockwise by which to rotate the image for an upright face.
        gender_confidence: From 0.5 to 1.
    """

    box: Box
    age: int
    gender: Gender
    confidence: float
    turn: QuarterTurn = 0
    gender_confidence: float = 1.0


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


@dataclass(frozen=True, slots=True)
class Region:
    """A column or paragraph: lines from top to bottom."""

    lines: tuple[Line, ...]


CLOCKWISE = {"Up": 0.0, "Right": 90.0, "Down": 180.0, "Left": 270.0, "NotDetected": 0.0}
"""The degrees clockwise from upright of text whose top faces this way."""


@dataclass(frozen=True, slots=True)
class OcrResult:
    """All text of an image.

    Attributes:
        lines: In reading order.
        regions: The same lines by column or paragraph, in reading order.
        orientation: Where the top of the text faces once the image is rotated by `angle`.
        angle: Degrees, above -45 and at most 45; rotating the image clockwise about its center by
            this makes the text horizontal or vertical.
        language: A language code of the OCR operation; "unk" without text.
        rows: The same lines from top to bottom, those of one row from left to right.
    """

    lines: tuple[Line, ...]
    regions: tuple[Region, ...]
    orientation: Orientation
    angle: float
    language: str
    rows: tuple[Line, ...] = ()

    @property
    def clockwise(self) -> float:
        """The degrees clockwise from upright of the text, above -135 and below 315."""
        return CLOCKWISE[self.orientation] - self.angle


@dataclass(frozen=True, slots=True)
class LabelScore:
    """A label of the scene classifier, or a more general word, with its probability."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class LowLevelFeatures:
    """Measurements of colors and gradients, as shares of the image from 0 to 1.

    Attributes:
        sky: Smooth brightness or blue from the top down.
        grass: Green with texture, as a share of the lower third.
        green: Green pixels.
        dark: Whether the image is dim nearly everywhere, and not because of leaves.
        plain: Whether it has no edge.
        texture: The evenness of its roughness, as of bricks or gravel; 0 without one.
        blue: Smooth blue from the top down.
        white: White pixels, as a share of all but the upper quarter.
    """

    sky: float
    grass: float
    green: float
    dark: bool
    plain: bool
    texture: float
    blue: float = 0.0
    white: float = 0.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A classification of the whole image; the most likely labels come first.

    Attributes:
        labels: Classes of ImageNet.
        words: The labels and the more general words for them.
        categories: The API's categories of the labels.
        place_labels: Words for places, from the image with its objects painted out.
        outdoor: The score for outdoors.
        indoor: The score for indoors.
        low_level: The low-level features.
        water: The score for water.
    """

    labels: tuple[LabelScore, ...]
    words: tuple[LabelScore, ...]
    categories: tuple[LabelScore, ...]
    place_labels: tuple[LabelScore, ...]
    outdoor: float
    indoor: float
    low_level: LowLevelFeatures
    water: float = 0.0

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
        """Whether it is dark outdoors."""
        return self.outdoors and self.low_level.dark

    @property
    def sky(self) -> bool:
        """Whether there is sky; only blue sky counts behind an animal or a plant."""
        close_up = max(self.probability("animal"), self.probability("plant")) >= MIN_CONFIDENCE
        sky = self.low_level.blue if close_up else self.low_level.sky
        return self.outdoors and sky >= MIN_SKY

    @property
    def grass(self) -> bool:
        """Whether there is grass."""
        return self.outdoors and self.low_level.grass >= MIN_GRASS

    @property
    def green(self) -> bool:
        """Whether there are plants."""
        return self.outdoors and self.low_level.green >= MIN_GREEN

    @property
    def has_snow(self) -> bool:
        """Whether there may be snow."""
        return self.outdoors and self.low_level.white >= MIN_SNOW

    @property
    def has_water(self) -> bool:
        """Whether there is water."""
        return self.outdoors and self.water >= MIN_WATER

    def probability(self, word: str) -> float:
        """Return the probability of a label or word, 0 if it is not among them."""
        return max((w.confidence for w in self.words if w.name == word), default=0.0)


@dataclass(frozen=True, slots=True)
class Colors:
    """The colors of an image by the API's twelve names.

    Attributes:
        foreground: The most frequent name in the middle.
        background: The most frequent name at the edges.
        dominant: The most frequent names, at most three.
        accent: Six upper-case hexadecimal digits.
        covered: The share of the image in the colors of the foreground and the background.
        black_and_white: Whether one ink could print the image.
    """

    foreground: str
    background: str
    dominant: tuple[str, ...]
    accent: str
    covered: float
    black_and_white: bool

    @property
    def gray(self) -> float:
        """The confidence that the image is black and white; 0 if it is not."""
        return BLACK_AND_WHITE_PRECISION * self.black_and_white


@dataclass(frozen=True, slots=True)
class ImageType:
    """Whether an image is drawn, in the API's numbers.

    Attributes:
        clip_art: 0 (no) to 3 (good clip art).
        line_drawing: 0 or 1.
    """

    clip_art: int
    line_drawing: int

    @property
    def confidence(self) -> float:
        """The confidence that the image is drawn; 0 if it is not."""
        return DRAWING_PRECISION.get((self.clip_art, self.line_drawing), 0.0)


@dataclass(frozen=True, slots=True)
class Caption:
    """A sentence in lower case without a full stop."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Tag:
    """A word for something in the image."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Category:
    """One of the API's 86 categories."""

    name: str
    score: float


class Engine(Protocol):
    """The members of every engine.

    Attributes:
        name: A short name; part of the keys of cached results, and listed by `/health`.
        thread_safe: False if the service must call the engine from one thread at a time.
    """

    name: str
    thread_safe: bool

    def load(self) -> None:
        """Load the model, once, before the first use; raise EngineUnavailable if it is missing."""


class Captioner(Engine, Protocol):
    """Describes an image in sentences: the kind `captions`."""

    def caption(
        self, evidence: Evidence, limit: int, *, gender_neutral: bool, names: bool
    ) -> Sequence[Caption]:
        """Return at most `limit` captions, the most confident first.

        Without captions the service returns those of the built-in captioner.

        Args:
            evidence: The image.
            limit: The maximum number of captions.
            gender_neutral: Whether to say person in place of man, woman, boy and girl.
            names: Whether captions may contain names of people.
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

    def detect(self, image: RGBImage) -> Sequence[Face]:
        """Return the faces, the largest first."""


class FaceEmbedder(Engine, Protocol):
    """Computes vectors of faces: the kind `embeddings`."""

    def embed(self, image: RGBImage, face: Face) -> NDArray[np.float64]:
        """Return a vector; the Euclidean distance of two of one person is below 0.55."""


class TextReader(Engine, Protocol):
    """Reads text: the kind `text`."""

    def read(self, image: RGBImage, *, detect_orientation: bool) -> OcrResult:
        """Return the text; without `detect_orientation` the image counts as upright."""


class SceneClassifier(Engine, Protocol):
    """Classifies the whole image: the kind `scenes`."""

    def classify(self, image: RGBImage, objects: Sequence[Object]) -> Scene:
        """Return the scene; the objects are those of the object detector."""


class AdultClassifier(Engine, Protocol):
    """Scores adult content: the kind `adult`."""

    def score(self, image: RGBImage) -> float:
        """Return the probability that the image is adult content."""
