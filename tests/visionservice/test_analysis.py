from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from visionhelpers.images import load_image, sample_path
from visionservice.analysis import ImageAnalysis
from visionservice.cache import CachedResults
from visionservice.engines.base import Caption
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.registry import load
from visionservice.errors import ApiError
from visionservice.gallery.gallery import Gallery
from visionservice.imaging.probe import InputLimits, probe


def opened(data: bytes, folder: Path) -> ImageAnalysis:
    return ImageAnalysis.decode(data, probe(data, InputLimits()), Gallery(folder))


def test_a_picture_is_rgb_rows_by_columns(tmp_path: Path) -> None:
    file = BytesIO()
    Image.new("L", (80, 60), 7).save(file, "PNG")
    picture = opened(file.getvalue(), tmp_path)
    assert picture.image.shape == (60, 80, 3)
    assert picture.image.dtype == np.uint8
    assert (picture.width, picture.height, picture.format) == (80, 60, "Png")
    assert (picture.image == 7).all()


def test_a_picture_stands_as_its_exif_data_says(tmp_path: Path) -> None:
    image = Image.new("RGB", (80, 60), "black")
    image.paste("white", (0, 0, 80, 30))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by 90 degrees
    file = BytesIO()
    image.save(file, "JPEG", exif=exif)
    picture = opened(file.getvalue(), tmp_path)
    assert (picture.width, picture.height) == (60, 80)
    assert picture.image[:, 45:].mean() > 200
    assert picture.image[:, :15].mean() < 50


@pytest.mark.parametrize(("tag", "type_"), [(0x010E, 5), (0x011A, 2), (0x0128, 2)])
def test_a_value_of_another_type_than_its_tag_does_not_stop_the_turning(
    tmp_path: Path, tag: int, type_: int
) -> None:
    """A description that is a fraction, a resolution and its unit that are text."""
    entries = struct.pack(">HHIHHHHI4s", tag, type_, 1, 0, 8, 0x0112, 3, 1, b"\0\6\0\0")
    if tag > 0x0112:
        entries = entries[12:] + entries[:12]
    exif = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 2) + entries + bytes(4)
    file = BytesIO()
    Image.new("RGB", (80, 60)).save(file, "JPEG", exif=exif)
    picture = opened(file.getvalue(), tmp_path)
    assert (picture.width, picture.height) == (60, 80)


def test_a_truncated_picture_is_refused(tmp_path: Path) -> None:
    data = sample_path("coffee_cup.jpg").read_bytes()
    with pytest.raises(ApiError, match="truncated") as refusal:
        opened(data[: len(data) // 2], tmp_path)
    assert refusal.value.code == "InvalidImageFormat"


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


def analyzed(captioner: Repeater, folder: Path, results: CachedResults) -> ImageAnalysis:
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
    (caption,) = analyzed(Repeater("a portrait"), tmp_path, CachedResults()).captions(1)
    assert caption.text == "a portrait"


def test_captions_are_cached_by_engine_options_and_names(tmp_path: Path) -> None:
    results, captioner = CachedResults(), Repeater("a portrait")
    for options in ({}, {}, {"names": False}, {"gender_neutral": True}):
        analyzed(captioner, tmp_path, results).captions(1, **options)
    assert captioner.calls == 3
    other = Repeater("a woman")
    other.name = "other"
    assert analyzed(other, tmp_path, results).captions(1)[0].text == "a woman"


def test_captions_that_contain_names_follow_the_gallery(tmp_path: Path) -> None:
    results, reader = CachedResults(), Repeater("somebody", reads="names")
    image = np.asarray(load_image(sample_path("eileen_collins.jpg")))
    engines = load({"captions": reader}, {})
    for texts in (["somebody"], ["somebody", "Eileen Collins"]):
        analysis = ImageAnalysis(image, "Jpeg", Gallery(tmp_path), engines, results)
        assert [caption.text for caption in analysis.captions(3)] == texts
        Gallery(tmp_path).add_face(
            "Eileen Collins", sample_path("eileen_collins_portrait.jpg").read_bytes()
        )


@pytest.mark.parametrize("texts", [(), ("one", "two", "three")])
def test_there_is_at_least_one_caption_and_not_more_than_the_limit(
    tmp_path: Path, texts: tuple[str, ...]
) -> None:
    captions = analyzed(Repeater(*texts), tmp_path, CachedResults()).captions(2, names=False)
    assert 1 <= len(captions) <= 2
    assert texts == () or [caption.text for caption in captions] == ["one", "two"]


def test_a_smart_thumbnail_keeps_a_face_that_the_middle_would_lose(tmp_path: Path) -> None:
    whole = opened(sample_path("eileen_collins_off_centre.jpg").read_bytes(), tmp_path)
    assert len(whole.faces) == 1
    cut = whole.thumbnail(200, 200, smart=True)
    assert cut.shape == (200, 200, 3)
    assert len(ImageAnalysis(cut, "Jpeg", Gallery(tmp_path)).faces) == 1
