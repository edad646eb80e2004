"""The client over v1.0 and over v3.2 of one service: the same results, the same errors."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

import visionhelpers as vh
from tests.support.images import noise
from tests.support.scripted_server import scripted_server
from visionhelpers.results import lines
from visionservice import LocalService

VERSIONS = ("v1.0", "v3.2")
ALL = ("ImageType", "Faces", "Adult", "Categories", "Color", "Tags", "Description")
NAMES = ("Celebrities", "Landmarks")
FACE, PAGE, NOTE, PALACE = map(
    vh.sample_path,
    ("grace_hopper.jpg", "printed_page.jpg", "handwritten_note.jpg", "summer_palace.jpg"),
)
WORD_AT = (150, 120)


def clients(service: LocalService) -> list[vh.VisionClient]:
    return [vh.VisionClient(service.url, service.key, version=version) for version in VERSIONS]


# Results


@pytest.mark.parametrize(
    "call",
    [
        lambda vision: vision.analyze(FACE, features=ALL, details=NAMES),
        lambda vision: vision.analyze(vision.sample_url(PALACE.name), features=(), details=NAMES),
        lambda vision: vision.describe(vh.sample_path("coffee_cup.jpg"), max_candidates=3),
        lambda vision: vision.tag(vh.sample_path("chelsea_the_cat.jpg")),
        lambda vision: vision.landmarks(PALACE),
        lambda vision: vision.celebrities(FACE),
        lambda vision: vision.ocr(vh.sample_path("democritus.png")),
        lambda vision: vision.recognize_text(NOTE),
        lambda vision: vision.recognize_text(vision.sample_url(PAGE.name), handwriting=False),
    ],
)
def test_every_result_is_the_same(
    service: LocalService, call: Callable[[vh.VisionClient], dict[str, Any]]
) -> None:
    results, models = [], []
    for client in clients(service):
        results.append({name: value for name, value in call(client).items() if name != "requestId"})
        assert client.last_response is not None
        models.append(client.last_response.model_version)
    assert results[0] == results[1]
    assert "modelVersion" not in str(results)
    assert models[0] is None
    assert models[1] is not None
    assert models[1].startswith("20")


def test_the_domain_models_and_a_thumbnail_are_the_same(service: LocalService) -> None:
    old, new = clients(service)
    assert old.domain_models() == new.domain_models()
    first, second = (client.thumbnail(FACE, width=70, height=50) for client in (old, new))
    assert first.size == (70, 50)
    assert first.tobytes() == second.tobytes()


def test_the_angle_of_print_is_in_degrees(service: LocalService) -> None:
    old, new = (client.ocr(PAGE) for client in clients(service))
    assert 4 < old["textAngle"] < 6
    assert new["textAngle"] == pytest.approx(old["textAngle"], abs=0.01)
    assert new["regions"] == old["regions"] != []


def page_of(*texts: str) -> Image.Image:
    """Draw lines of text, the first at WORD_AT."""
    page, font = Image.new("RGB", (850, 1100), "white"), ImageFont.load_default(70)
    ImageDraw.Draw(page).text(WORD_AT, "\n".join(texts), "black", font, spacing=60)
    return page


@pytest.mark.parametrize(
    ("kind", "options", "unit", "scale"),
    [
        pytest.param("PDF", {"resolution": 100}, "inch", 100, id="a PDF in inches"),
        pytest.param("TIFF", {"compression": "tiff_lzw"}, "pixel", 1, id="a TIFF in pixels"),
    ],
)
def test_read_keeps_the_pages_of_a_document_and_its_unit(
    service: LocalService, kind: str, options: dict[str, Any], unit: str, scale: int
) -> None:
    file = BytesIO()
    more = [page_of("TOTAL")]
    page_of("INVOICE", "NUMBER").save(file, kind, save_all=True, append_images=more, **options)
    result = clients(service)[1].recognize_text(file)
    recognized = result["recognitionResult"]
    texts = [(line["text"], line["page"]) for line in recognized["lines"]]
    assert texts == [("INVOICE", 1), ("NUMBER", 1), ("TOTAL", 2)]
    pages = [(page["page"], page["unit"], page["width"]) for page in recognized["pages"]]
    assert pages == [(n, unit, pytest.approx(850 / scale, abs=0.01)) for n in (1, 2)]
    for width, per_pixel in ((None, scale), (850, 1)):
        assert [line.text for line in lines(result, width, page=2)] == ["TOTAL"]
        (left, top), *_ = lines(result, width)[0].corners
        assert left == pytest.approx(WORD_AT[0] / per_pixel, abs=30 / per_pixel)
        assert top == pytest.approx(WORD_AT[1] / per_pixel, abs=60 / per_pixel)


# Errors


@pytest.mark.parametrize(
    ("call", "status", "code"),
    [
        (lambda vision: vision.recognize_text(b"ten bytes!"), 400, "InvalidImageFormat"),
        (lambda vision: vision.tag(Image.new("RGB", (20, 20))), 400, "InvalidImageSize"),
        (lambda vision: vision.analyze(b"x", features="Smells"), 400, "NotSupportedVisualFeature"),
        (lambda vision: vision.describe("http://127.0.0.1:9/a.jpg"), 400, "InvalidImageUrl"),
        (lambda vision: vision.recognize_text("http://127.0.0.1:9/a"), 400, "InvalidImageUrl"),
        (lambda vision: vh.VisionClient(vision.base_url, "wrong").domain_models(), 401, "401"),
    ],
)
def test_error_responses_become_the_same_error(
    service: LocalService, call: Callable[[vh.VisionClient], object], status: int, code: str
) -> None:
    messages = set()
    for client in clients(service):
        with pytest.raises(vh.ServiceError) as caught:
            call(client)
        assert (caught.value.status, caught.value.code) == (status, code)
        assert caught.value.request_id
        messages.add(caught.value.message.partition(",")[0])  # each lists its own features
    assert len(messages) == 1


def test_a_failed_operation_is_raised_over_both(tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path, fail_operations=True) as failing:
        for client in clients(failing):
            with pytest.raises(vh.OperationFailedError, match="status Failed") as caught:
                client.recognize_text(NOTE)
            assert caught.value.result["status"].lower() == "failed"


@pytest.mark.usefixtures("rate_clock")
def test_operations_succeed_whose_polls_count(tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path, rate="3/minute") as limited:
        client = vh.VisionClient(limited.url, limited.key, version="v3.2")
        for _ in range(2):  # a day of polls takes seconds, in which the service reads the note
            result = client.recognize_text(NOTE, timeout=86_400)
            assert result["recognitionResult"]["lines"][0]["text"] == "Dear Ada,"


# Images whose URL the service cannot download


def test_an_image_that_only_this_machine_can_download_is_sent(tmp_path: Path) -> None:
    public = LocalService(host="0.0.0.0", gallery=tmp_path)  # noqa: S104  downloads no private URL
    with scripted_server() as server, public:
        for client in clients(public):
            server.steps = [(200, {}, FACE.read_bytes())]
            url = f"{server.url}/face.png"
            face = client.analyze(url, features="Faces")
            assert face["faces"] == client.analyze(FACE, features="Faces")["faces"] != []
            assert client.thumbnail(url, width=60, height=60).size == (60, 60)
            assert client.recognize_text(url)["status"] == "Succeeded"
            server.steps = [(404, {}, b"")]
            with pytest.raises(vh.ServiceError, match="InvalidImageUrl"):
                client.tag(url)


def test_an_image_at_a_url_that_is_too_large_is_encoded_again(service: LocalService) -> None:
    large = BytesIO()
    noise(1300, 1300).save(large, "PNG")  # 5 MB
    with scripted_server() as server:
        server.steps = [(200, {}, large.getvalue())]
        for client in clients(service):
            size = client.analyze(f"{server.url}/large.png", features="Color")["metadata"]
            assert (size["width"], size["height"]) == (1300, 1300)
