from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from visionhelpers.images import load_image, sample_path
from visionservice.analysis import ImageAnalysis
from visionservice.api.limits import IMAGE
from visionservice.cache import Results
from visionservice.engines.base import Caption
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.registry import load
from visionservice.gallery.gallery import Gallery
from visionservice.imaging.decode import decode
from visionservice.imaging.probe import probe


def opened(data: bytes, folder: Path) -> ImageAnalysis:
    info = probe(data, IMAGE)
    return ImageAnalysis(decode(data, info), info.format, Gallery(folder))


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
    assert analysis.text is analysis.ocr(detect_orientation=True)
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
    return ImageAnalysis(image, "Jpeg", Gallery(folder), engines, results)


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
        analysis = ImageAnalysis(image, "Jpeg", Gallery(tmp_path), engines, results)
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
    assert len(ImageAnalysis(cut, "Jpeg", Gallery(tmp_path)).faces) == 1
