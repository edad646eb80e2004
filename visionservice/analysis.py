"""One request's picture: opened within bounds, decoded once, each engine asked at most once.

An engine is imported when it is first asked: the service starts at once, and an engine whose
package is not installed costs only the answers that need it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visionhelpers.images import to_upright_rgb

from .cache import CachedResults
from .errors import invalid_image_format
from .imaging.probe import PILLOW_ERRORS, ImageInfo, pillow_readers

if TYPE_CHECKING:
    from .engines.base import (
        Caption,
        Category,
        Colors,
        Face,
        ImageType,
        Object,
        OcrResult,
        Scene,
        Tag,
    )
    from .engines.evidence.evidence import Evidence
    from .engines.geometry import Box
    from .gallery.gallery import Celebrity, Gallery, Landmark

T = TypeVar("T")

SMALLEST_PART = 50
"""The shorter side, in pixels, that a part of a picture has to be looked at on its own."""

UNREAD_LANGUAGES = frozenset({"ar", "el", "ko", "ru", "sr-Cyrl"})
"""Languages of the API whose scripts the text model does not know."""


class once(Generic[T]):  # noqa: N801  (reads as the decorator it is)
    """A property worked out once for each picture, by the thread that holds it.

    `functools.cached_property` of Python 3.11 has one lock for all pictures: requests would queue.
    """

    def __init__(self, function: Callable[[Any], T]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    @overload
    def __get__(self, picture: None, owner: type) -> once[T]: ...
    @overload
    def __get__(self, picture: object, owner: type) -> T: ...
    def __get__(self, picture: object | None, owner: type) -> once[T] | T:
        if picture is None:
            return self
        value = vars(picture)[self._function.__name__] = self._value(picture)
        return value

    def _value(self, picture: Any) -> T:
        return self._function(picture)


class remembered(once[T]):  # noqa: N801
    """A property of the pixels alone, which the next picture with the same bytes has at once."""

    def _value(self, picture: Any) -> T:
        value: T = picture.known.get(self._function.__name__, partial(self._function, picture))
        return value


class ImageAnalysis:
    """A decoded picture and what can be said of it.

    Attributes:
        image: Height x width x 3, uint8, RGB, upright.
        format: "Jpeg", "Png", "Gif", "Bmp" and what else a version of the API takes.
        width: In pixels, upright.
        height: In pixels, upright.
        known: What was found in these pixels; to be replaced by what was found in them before.
    """

    def __init__(self, image: NDArray[np.uint8], format: str, gallery: Gallery) -> None:  # noqa: A002
        self.image = image
        self.format = format
        self.gallery = gallery
        self.height, self.width = image.shape[:2]
        self.known = CachedResults()

    @classmethod
    def decode(cls, data: bytes, header: ImageInfo, gallery: Gallery) -> ImageAnalysis:
        """Decode a picture that `inspect` let through, turned as its EXIF data says.

        Raises:
            ApiError: The picture is truncated or damaged.
        """
        try:
            image = to_upright_rgb(Image.open(BytesIO(data), formats=pillow_readers(header.format)))
        except PILLOW_ERRORS:
            message = "Input data is not a valid image: it is truncated or damaged."
            raise invalid_image_format(message) from None
        return cls(np.asarray(image), header.format, gallery)

    @remembered
    def objects(self) -> tuple[Object, ...]:
        """The things with a box."""
        from .engines.objects.ssd_mobilenet import detect

        return detect(self.image)

    @remembered
    def scene(self) -> Scene:
        """The kinds of things, and whether it is outdoors."""
        from .engines.scenes.classifier import analyze

        return analyze(self.image, self.objects)

    @remembered
    def faces(self) -> tuple[Face, ...]:
        """The faces, largest first."""
        from .engines.faces.detector import detect

        return detect(self.image)

    @property
    def text(self) -> OcrResult:
        """The text, whichever way up it is."""
        return self.ocr(detect_orientation=True)

    def ocr(self, *, detect_orientation: bool) -> OcrResult:
        """Return the text; without `detect_orientation` only what stands upright is sought."""
        from .engines.text.reader import read

        look = partial(read, self.image, detect_orientation=detect_orientation)
        return self.known.get(("ocr", detect_orientation), look)

    @remembered
    def colors(self) -> Colors:
        """The dominant colours and the accent."""
        from .engines.colors import analyze

        return analyze(self.image)

    @remembered
    def image_type(self) -> ImageType:
        """Whether it is clip art or a line drawing."""
        from .engines.image_type import classify

        kind = classify(self.image, words=0)
        if kind.clip_art == 0:  # words only ever take drawings back: no need to read
            return kind
        return classify(self.image, words=sum(len(line.words) for line in self.text.lines))

    @remembered
    def adult_score(self) -> float:
        """How surely it is adult content, 0 to 1."""
        from .engines.adult import score

        return score(self.image)

    @property
    def is_adult(self) -> bool:
        """Whether the adult score reaches the engine's threshold."""
        from .engines.adult import THRESHOLD

        return self.adult_score >= THRESHOLD

    @once
    def celebrities(self) -> tuple[Celebrity, ...]:
        """The faces that the gallery knows by name."""
        return self.gallery.identify_faces(self.image, self.faces)

    @once
    def landmarks(self) -> tuple[Landmark, ...]:
        """The places that the gallery knows by name."""
        return self.gallery.identify_landmarks(self.image)

    @once
    def evidence(self) -> Evidence:
        """Everything that tags, categories and captions are composed from."""
        from .engines.evidence.evidence import Evidence

        people = sorted(self.celebrities, key=lambda person: person.box.left)
        return Evidence(
            width=self.width,
            height=self.height,
            objects=self.objects,
            scene=self.scene,
            faces=self.faces,
            text=self.text,
            colors=self.colors,
            image_type=self.image_type,
            names=tuple(person.name for person in people),
        )

    @once
    def tags(self) -> tuple[Tag, ...]:
        """Words for what is in it, most certain first."""
        from .engines.tags.tagger import tags

        return tags(self.evidence)

    @once
    def categories(self) -> tuple[Category, ...]:
        """Those of the 86 categories that it falls under, most certain first."""
        from .engines.tags.categories import categories

        return categories(self.evidence)

    @property
    def confident_objects(self) -> tuple[Object, ...]:
        """The things with a box that are surely there."""
        from .engines.labels import MIN_CONFIDENCE

        return tuple(thing for thing in self.objects if thing.confidence >= MIN_CONFIDENCE)

    def captions(
        self, limit: int, *, names: bool = True, gender_neutral: bool = False
    ) -> tuple[Caption, ...]:
        """Return up to `limit` sentences about it, most certain first.

        Args:
            limit: How many at most.
            names: Whether people may be called by their names.
            gender_neutral: Whether to leave open who is a man and who a woman; names go with it.
        """
        from .engines.captions.template import captions

        known = self.evidence
        if not names or gender_neutral:
            known = replace(known, names=())
        return captions(replace(known, gender_neutral=gender_neutral), limit)

    def parts(self, most: int) -> Iterator[tuple[ImageAnalysis, Box]]:
        """Give the surest things as pictures of their own, each with its box in this one."""
        boxes = [
            t.box for t in self.confident_objects if min(t.box.width, t.box.height) >= SMALLEST_PART
        ]
        for box in boxes[:most]:
            cut = self.image[box.top : box.bottom, box.left : box.right]
            part = ImageAnalysis(np.ascontiguousarray(cut), self.format, self.gallery)
            part.known = self.known.get(box, CachedResults)
            yield part, box

    @remembered
    def area_of_interest(self) -> Box:
        """The area around what it is about."""
        from .engines.smart_crop import area

        boxes = [face.box for face in self.faces] + [thing.box for thing in self.confident_objects]
        return area(self.image, boxes)

    def smart_crop(self, shape: float | None) -> Box:
        """Return where to cut for a shape, its width by its height; None for one that fits."""
        from .engines.smart_crop import best_window, saliency

        if shape is None:
            area = self.area_of_interest
            shape = min(2.0, max(0.5, area.width / max(1, area.height)))
        faces = [face.box for face in self.faces]
        size, proportion = (self.width, self.height), (round(1000 * shape), 1000)
        seen = saliency(Image.fromarray(self.image))
        return best_window(size, proportion, faces, self.objects, seen)

    def thumbnail(self, width: int, height: int, *, smart: bool) -> NDArray[np.uint8]:
        """Return a cut-out scaled to exactly this many pixels, around its subjects when smart."""
        from .engines.smart_crop import crop

        if not smart:
            return crop(self.image, width, height, smart=False)
        faces = tuple(face.box for face in self.faces)
        return crop(self.image, width, height, smart=True, faces=faces, things=self.objects)
