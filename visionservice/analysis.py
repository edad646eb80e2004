"""Analysis of one image: the results of the engines, each computed at its first use.

The engines are imported then too, so that the service starts fast, and a missing package affects
only the results that need it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

import numpy as np

from .cache import Results
from .engines.adult import MIN_ADULT_SCORE
from .engines.evidence.evidence import Evidence
from .engines.labels import MIN_CONFIDENCE
from .engines.registry import Engines, default
from .engines.tags.categories import categories
from .imaging.document_process import DPI

if TYPE_CHECKING:
    from .engines import base
    from .engines.geometry import Box, Size
    from .gallery.gallery import Celebrity, Gallery, Landmark

T = TypeVar("T")

MIN_PART_SIDE = 50
"""The shorter side, in pixels, of the smallest object that has its own caption."""


class ImageAnalysis:
    """A decoded image (height x width x 3, uint8, RGB, upright) and the results of the engines.

    Each engine runs at most once. `format` is that of the file, as "Jpeg"; `results` are those of
    an earlier analysis of the same pixels.
    """

    def __init__(
        self,
        image: base.RGBImage,
        format: str,  # noqa: A002
        gallery: Gallery,
        engines: Engines | None = None,
        results: Results | None = None,
    ) -> None:
        self.image = image
        self.format = format
        self.gallery = gallery
        self.engines = engines or default()
        self.results = Results() if results is None else results
        self.height, self.width = image.shape[:2]
        self._engine_names = tuple(self.engines.names.values())

    def _get(self, kind: str, compute: Callable[[], T], *options: object) -> T:
        """Return a result of the pixels; its key contains the names of the engines."""
        key = (kind, options, self._engine_names)
        if key not in self.results:
            self.results[key] = compute()
        result: T = self.results[key]
        return result

    @property
    def objects(self) -> tuple[base.Object, ...]:
        """The objects with a confidence of 0.3 and more, the most confident first."""
        return self._get("objects", lambda: tuple(self.engines.objects.detect(self.image)))

    @property
    def scene(self) -> base.Scene:
        """The scene."""
        return self._get("scenes", lambda: self.engines.scenes.classify(self.image, self.objects))

    @property
    def face_boxes(self) -> tuple[base.FaceBox, ...]:
        """The detected faces, the largest first."""
        return self._get("faces", lambda: tuple(self.engines.faces.detect(self.image)))

    @property
    def faces(self) -> tuple[base.Face, ...]:
        """The detected faces with their ages and genders, the largest first."""
        estimate = partial(self.engines.ages.estimate, self.image)
        return self._get("ages", lambda: tuple(map(estimate, self.face_boxes)))

    @property
    def text(self) -> base.OcrResult:
        """The text, in whatever orientation."""
        return self.ocr(detect_orientation=True)

    def ocr(self, *, detect_orientation: bool) -> base.OcrResult:
        """Return the text; without `detect_orientation` the image counts as upright."""
        read = partial(self.engines.text.read, self.image, detect_orientation=detect_orientation)
        return self._get("text", read, detect_orientation)

    @property
    def colors(self) -> base.Colors:
        """The dominant colors and the accent color."""
        from .engines.colors import analyze

        return self._get("colors", lambda: analyze(self.image))

    @property
    def image_type(self) -> base.ImageType:
        """Whether the image is clip art or a line drawing."""
        from .engines.image_type import classify

        return self._get(
            "image_type", lambda: classify(self.image, lambda: self.evidence.word_count)
        )

    @property
    def adult_score(self) -> float:
        """The probability that the image is adult content."""
        return self._get("adult", lambda: self.engines.adult.score(self.image))

    @property
    def is_adult(self) -> bool:
        """Whether the adult score reaches the engine's threshold."""
        return self.adult_score >= MIN_ADULT_SCORE

    @cached_property
    def celebrities(self) -> tuple[Celebrity, ...]:
        """The faces that the gallery recognizes."""
        return self.gallery.identify_faces(self.image, self.face_boxes)

    @property
    def landmarks(self) -> tuple[Landmark, ...]:
        """The places that the gallery recognizes."""
        return self.gallery.identify_landmarks(self.image)

    @property
    def names(self) -> tuple[str, ...]:
        """The recognized people, from left to right."""
        people = sorted(self.celebrities, key=lambda person: person.box.left)
        return tuple(person.name for person in people)

    @property
    def evidence(self) -> Evidence:
        """The results that tags, categories and captions are made from."""
        return Evidence(self)

    @property
    def tags(self) -> tuple[base.Tag, ...]:
        """The tags, the most confident first."""
        return self._get("tags", lambda: tuple(self.engines.tags.tag(self.evidence)))

    @property
    def categories(self) -> tuple[base.Category, ...]:
        """The categories, the most confident first."""
        return self._get("categories", lambda: categories(self.evidence))

    @property
    def confident_objects(self) -> tuple[base.Object, ...]:
        """The objects that are more likely there than not."""
        return tuple(o for o in self.objects if o.confidence >= MIN_CONFIDENCE)

    def captions(
        self, limit: int, *, names: bool = True, gender_neutral: bool = False
    ) -> tuple[base.Caption, ...]:
        """Return at most `limit` captions, the most confident first, and at least one.

        `names` permits names of people. `gender_neutral` asks for person in place of man and
        woman, and omits names.
        """
        names = names and not gender_neutral
        known: dict[tuple[str, ...] | None, tuple[base.Caption, ...]] = self._get(
            "captions", dict, limit, gender_neutral, names
        )
        for read, captions in known.items():  # by the names that they were made from, if any
            if read is None or read == self.names:
                return captions
        captions = ()
        for engine in (self.engines.captions, default().captions):
            found = engine.caption(self.evidence, limit, gender_neutral=gender_neutral, names=names)
            if captions := tuple(found)[:limit]:
                break
        known[self.names if "celebrities" in vars(self) else None] = captions
        return captions

    def parts(self, limit: int) -> Iterator[tuple[ImageAnalysis, Box]]:
        """Yield at most `limit` objects as images, each with its box in this one."""
        boxes = [o.box for o in self.confident_objects]
        large = [box for box in boxes if min(box.width, box.height) >= MIN_PART_SIDE]
        for box in large[:limit]:
            pixels = np.ascontiguousarray(self.image[box.top : box.bottom, box.left : box.right])
            results = self._get("part", Results, box)
            yield ImageAnalysis(pixels, self.format, self.gallery, self.engines, results), box

    @property
    def area_of_interest(self) -> Box:
        """The area around the faces and objects."""
        from .engines.smart_crop import area_of_interest

        boxes = [face.box for face in self.face_boxes] + [o.box for o in self.confident_objects]
        return self._get("area", lambda: area_of_interest(self.image, boxes))

    def smart_crop(self, ratio: float | None) -> Box:
        """Return the best crop of a width by height ratio; None chooses a ratio that fits."""
        if ratio is None:
            area = self.area_of_interest
            ratio = min(2.0, max(0.5, area.width / max(1, area.height)))
        return self._best_window((round(1000 * ratio), 1000))

    def thumbnail(self, width: int, height: int, *, smart: bool) -> base.RGBImage:
        """Return a crop scaled to exactly this size in pixels, around its subjects when smart."""
        from .engines.smart_crop import crop

        size = width, height
        return crop(self.image, size, self._best_window(size) if smart else None)

    def _best_window(self, shape: Size) -> Box:
        from .engines.smart_crop import best_window, saliency

        faces = [face.box for face in self.face_boxes]
        salient = self._get("saliency", lambda: saliency(self.image))
        return best_window((self.width, self.height), shape, faces, self.objects, salient)


class PageAnalysis(NamedTuple):
    """One page of a document, counted from 1, and the unit of its lengths."""

    number: int
    image: ImageAnalysis
    unit: Literal["pixel", "inch"]

    def to_unit(self, pixels: float) -> float:
        """Return a length of the image in the page's unit: whole pixels, or inches."""
        return round(pixels) if self.unit == "pixel" else round(pixels / DPI, 4)
