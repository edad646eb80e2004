"""Analysis of one image: the results of the engines, each computed at its first use.

The engines are imported then too, so that the service starts fast, and a missing package affects
only the results that need it.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from .cache import Results
from .engines import base, landmarks
from .engines.adult import MIN_ADULT_SCORE
from .engines.evidence.evidence import MAX_WORKING_PIXELS, MIN_PAGE_WORDS, Evidence
from .engines.geometry import Box, Size, shrink
from .engines.labels import MIN_CONFIDENCE
from .engines.registry import Engines, default
from .engines.tags.tagger import categories
from .gallery.gallery import Celebrity, Gallery
from .imaging.decode import LazyImage
from .imaging.document_process import DPI

T = TypeVar("T")
Captions = tuple[base.Caption, ...]
Found = TypeVar("Found", base.Object, base.FaceBox, base.Face)

MIN_PART_SIDE = 50  # the shorter side, in pixels, of an object that has its own caption
_helpers = ThreadPoolExecutor(1, "vision-helper")


@dataclass(eq=False)
class ImageAnalysis:
    """An upright image and its results, in pixels of the whole; each engine runs at most once."""

    pixels: LazyImage  # not decoded if all results are known
    format: str  # that of the file, as "Jpeg"
    gallery: Gallery
    engines: Engines = field(default_factory=default)
    results: Results = field(default_factory=Results)  # those of an earlier analysis of the pixels
    alone: bool = False  # a second thread finds the objects and the scene
    _second: Future[object] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._engine_names = tuple(self.engines.names.values())

    def _get(self, kind: str, compute: Callable[[], T], *options: object) -> T:
        """Return a result of the pixels; its key contains the names of the engines."""
        key = (kind, options, self._engine_names)
        if self._second and kind in ("objects", "scenes"):
            self._second.result()
        if key not in self.results:
            self.results[key] = compute()
        result: T = self.results[key]
        return result

    @property
    def image(self) -> base.RGBImage:
        """All pixels."""
        return self.pixels.full

    @cached_property
    def working(self) -> base.RGBImage:
        """At most `MAX_WORKING_PIXELS`, for all other engines but the complete reading."""
        return shrink(self.pixels.reduced, MAX_WORKING_PIXELS)

    @property
    def size(self) -> Size:
        """The width and height in pixels."""
        return self._get("size", lambda: self.pixels.size)

    @property
    def objects(self) -> tuple[base.Object, ...]:
        """The objects with a confidence of 0.3 and more, the most confident first."""
        detect = self.engines.objects.detect
        return self._get("objects", lambda: self._in_whole(detect(self.working), self.working))

    @property
    def scene(self) -> base.Scene:
        """The scene."""
        classify, inside = self.engines.scenes.classify, self._inside
        return self._get(
            "scenes", lambda: classify(self.working, inside(self.working, self.objects))
        )

    @property
    def face_boxes(self) -> tuple[base.FaceBox, ...]:
        """The detected faces, the largest first; in a rotated image, where a person may be."""

        def rotated() -> bool:
            return any(o.name == "person" for o in self.objects)

        detect = partial(self.engines.faces.detect, rotated=rotated)
        return self._get("faces", lambda: self._in_whole(detect(self.working), self.working))

    @property
    def faces(self) -> tuple[base.Face, ...]:
        """The detected faces with their ages and genders, the largest first."""

        def estimate() -> tuple[base.Face, ...]:
            image = self.pixels.reduced
            faces = self._inside(image, self.face_boxes)
            return self._in_whole([self.engines.ages.estimate(image, f) for f in faces], image)

        return self._get("ages", estimate)

    def _in_whole(self, found: Iterable[Found], image: base.RGBImage) -> tuple[Found, ...]:
        return _scale(found, _size(image), self.size)

    def _inside(self, image: base.RGBImage, found: Iterable[Found]) -> tuple[Found, ...]:
        return _scale(found, self.size, _size(image))

    def _embed(self, face: base.FaceBox) -> NDArray[np.float64]:
        def embed() -> NDArray[np.float64]:
            image = self.pixels.reduced
            return self.engines.embeddings.embed(image, *self._inside(image, [face]))

        return self._get("embeddings", embed, face)

    @property
    def text(self) -> base.OcrResult:
        """The first words of the text, as many as tags and captions need."""

        def read() -> base.OcrResult:
            found = self.engines.text.read(self.working, max_words=MIN_PAGE_WORDS)
            size = _size(self.working)
            return found.crop(size, Box(0, 0, *size), _ratio(size, self.size))

        return self._get("words", read)

    def ocr(self, *, detect_orientation: bool = True) -> base.OcrResult:
        """Return all text; without `detect_orientation` the image counts as upright."""
        read = partial(self.engines.text.read, detect_orientation=detect_orientation)
        return self._get("text", lambda: read(self.image), detect_orientation)

    @property
    def colors(self) -> base.Colors:
        """The dominant colors and the accent color."""
        from .engines.colors import analyze

        return self._get("colors", lambda: analyze(self.working))

    @property
    def image_type(self) -> base.ImageType:
        """Whether the image is clip art or a line drawing."""
        from .engines.image_type import classify

        return self._get(
            "image_type", lambda: classify(self.working, lambda: self.evidence.word_count)
        )

    @property
    def adult_score(self) -> float:
        """The probability that the image is adult content."""
        return self._get("adult", lambda: self.engines.adult.score(self.working))

    @property
    def is_adult(self) -> bool:
        """Whether the adult score reaches the engine's threshold."""
        return self.adult_score >= MIN_ADULT_SCORE

    def pose(self, box: Box) -> base.Pose:
        """Return the pose of the person in a box."""
        from .engines.pose import estimate

        ratio = _ratio(self.size, _size(self.working))
        return self._get("pose", lambda: estimate(self.working, box.scale(*ratio)), box)

    @cached_property
    def celebrities(self) -> tuple[Celebrity, ...]:
        """The faces that the gallery recognizes."""
        return self.gallery.identify_faces(self.face_boxes, self._embed)

    @property
    def landmarks(self) -> tuple[base.LabelScore, ...]:
        """The places that the gallery recognizes."""
        features = self._get("landmarks", lambda: landmarks.describe(self.working))
        return self.gallery.identify_landmarks(features)

    @property
    def names(self) -> tuple[str, ...]:
        """The recognized people, from left to right."""
        people = sorted(self.celebrities, key=lambda person: person.box.left)
        return tuple(person.name for person in people)

    @property
    def evidence(self) -> Evidence:
        """The results that tags, categories and captions are made from."""
        built_in = self.engines[:2] == default()[:2]  # captions and tags, which need the scene
        if self.alone and built_in and ("scenes", (), self._engine_names) not in self.results:
            self.alone, _ = False, (self.size, self.working)  # decoded in this thread, once
            second = copy(self)
            self._second = _helpers.submit(lambda: second.scene)
        return Evidence(self)

    @property
    def tags(self) -> tuple[base.Tag, ...]:
        """The tags, the most confident first."""
        return self._get("tags", lambda: tuple(self.engines.tags.tag(self.evidence)))

    @property
    def categories(self) -> tuple[base.LabelScore, ...]:
        """The categories, the most confident first."""
        return self._get("categories", lambda: categories(self.evidence))

    @property
    def confident_objects(self) -> tuple[base.Object, ...]:
        """The objects that are more likely there than not."""
        return tuple(o for o in self.objects if o.confidence >= MIN_CONFIDENCE)

    def captions(self, limit: int, *, names: bool = True, gender_neutral: bool = False) -> Captions:
        """Return at most `limit` captions, the most confident first, and at least one.

        `names` permits names of people. `gender_neutral` asks for person in place of man and
        woman, and omits names.
        """
        names = names and not gender_neutral
        options = limit, gender_neutral, names
        known: dict[tuple[str, ...] | None, Captions] = self._get("captions", dict, *options)
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

    def parts(self, limit: int) -> Iterator[tuple["ImageAnalysis", Box]]:
        """Yield at most `limit` objects as images, each with its box in this one."""
        boxes = [o.box for o in self.confident_objects]
        large = [box for box in boxes if min(box.width, box.height) >= MIN_PART_SIDE]
        yield from ((self._part(box), box) for box in large[:limit])

    def _part(self, box: Box) -> "ImageAnalysis":
        """Return a part of the image, with the faces and the text of the whole one."""

        def inside(faces: Iterable[Found]) -> tuple[Found, ...]:
            own = (face for face in faces if box.contains(face.box.center))
            return tuple(replace(face, box=face.box.inside(box)) for face in own)

        pixels, results = self.pixels.crop(box), self._get("part", Results, box)
        part = ImageAnalysis(pixels, self.format, self.gallery, self.engines, results)
        part._get("faces", lambda: inside(self.face_boxes))
        part._get("ages", lambda: inside(self.faces))
        part._get("words", lambda: self.text.crop(self.size, box))
        return part

    @property
    def area_of_interest(self) -> Box:
        """The area around the faces and objects."""
        from .engines.smart_crop import area_of_interest

        boxes = [face.box for face in self.face_boxes] + [o.box for o in self.confident_objects]
        return area_of_interest(self.size, boxes, lambda: self._saliency)

    def smart_crop(self, ratio: float | None) -> Box:
        """Return the best crop of a width by height ratio; None chooses a ratio that fits."""
        if ratio is None:
            area = self.area_of_interest
            ratio = min(2.0, max(0.5, area.width / max(1, area.height)))
        return self._best_window((round(1000 * ratio), 1000))

    def thumbnail(self, width: int, height: int, *, smart: bool) -> base.RGBImage:
        """Return a crop scaled to exactly this size in pixels, around its subjects when smart."""
        from .engines.smart_crop import crop, largest

        image, size = self.pixels.reduced, (width, height)
        if largest(_size(image), size)[0] < width:
            image = self.image  # the window in the reduced one has fewer pixels
        ratio = _ratio(self.size, _size(image))
        return crop(image, size, self._best_window(size).scale(*ratio) if smart else None)

    @property
    def _saliency(self) -> NDArray[np.float64]:
        from .engines.smart_crop import saliency

        return self._get("saliency", lambda: saliency(self.working))

    def _best_window(self, shape: Size) -> Box:
        from .engines.smart_crop import best_window

        faces = [face.box for face in self.face_boxes]
        objects = () if faces else self.objects  # which do not improve the windows with faces
        return best_window(self.size, shape, faces, objects, self._saliency)


def _scale(found: Iterable[Found], size: Size, other: Size) -> tuple[Found, ...]:
    """Return what was found in an image of one size, in pixels of one of another size."""
    ratio = _ratio(size, other)
    return tuple(replace(each, box=each.box.scale(*ratio)) for each in found)


def _ratio(size: Size, other: Size) -> tuple[float, float]:
    return other[0] / size[0], other[1] / size[1]


def _size(image: base.RGBImage) -> Size:
    return image.shape[1], image.shape[0]


class PageAnalysis(NamedTuple):
    """One page of a document, counted from 1, and the unit of its lengths."""

    number: int
    image: ImageAnalysis
    unit: Literal["pixel", "inch"]

    def to_unit(self, pixels: float) -> float:
        """Return a length of the image in the page's unit: whole pixels, or inches."""
        return round(pixels) if self.unit == "pixel" else round(pixels / DPI, 4)
