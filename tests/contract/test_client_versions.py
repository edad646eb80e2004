"""The client over v1.0 and over v3.2 of one service: the same results, the same errors."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.support.clock import FakeClock
from tests.support.images import noise
from tests.support.scripted_server import scripted_server
from visionhelpers import (
    OperationFailedError,
    OperationTimeoutError,
    ServiceError,
    VisionClient,
    VisionError,
    VisionWarning,
    sample_path,
    text,
)
from visionhelpers.results import lines, words
from visionservice import LocalService

VERSIONS = ("v1.0", "v3.2")
ALL = ("ImageType", "Faces", "Adult", "Categories", "Color", "Tags", "Description")
NAMES = ("Celebrities", "Landmarks")
FACE, PAGE, NOTE = "grace_hopper.jpg", "printed_page.jpg", "handwritten_note.jpg"


def clients(service: LocalService, **options: Any) -> list[VisionClient]:
    return [VisionClient(service.url, service.key, version=each, **options) for each in VERSIONS]


@pytest.fixture(params=VERSIONS)
def vision(request: pytest.FixtureRequest, service: LocalService) -> VisionClient:
    return VisionClient(service.url, service.key, version=request.param)


def result_of(
    client: VisionClient, call: Callable[[VisionClient], Any]
) -> tuple[dict[str, Any], str | None]:
    """Return a result without its request id, and the version of the models."""
    result = call(client)
    result.pop("requestId", None)
    assert client.last_response is not None
    return result, client.last_response.model_version


# Results


@pytest.mark.parametrize(
    "call",
    [
        lambda vision: vision.analyze(sample_path(FACE), features=ALL, details=NAMES),
        lambda vision: vision.analyze(
            vision.sample_url("summer_palace.jpg"), features=(), details=NAMES
        ),
        lambda vision: vision.describe(sample_path("coffee_cup.jpg"), max_candidates=3),
        lambda vision: vision.tag(sample_path("chelsea_the_cat.jpg")),
        lambda vision: vision.landmarks(sample_path("summer_palace.jpg")),
        lambda vision: vision.celebrities(sample_path(FACE)),
        lambda vision: vision.ocr(sample_path("democritus.png")),
        lambda vision: vision.recognize_text(sample_path(NOTE)),
        lambda vision: vision.recognize_text(vision.sample_url(PAGE), handwriting=False),
    ],
)
def test_every_result_is_the_same(
    service: LocalService, call: Callable[[VisionClient], dict[str, Any]]
) -> None:
    (old, no_model), (new, model) = (result_of(client, call) for client in clients(service))
    assert old == new
    assert "modelVersion" not in str(new)
    assert no_model is None
    assert model is not None
    assert model.startswith("20")


def test_the_domain_models_are_the_same(service: LocalService) -> None:
    old, new = (client.domain_models() for client in clients(service))
    assert old == new


def test_a_thumbnail_is_the_same(service: LocalService) -> None:
    old, new = (
        client.thumbnail(sample_path(FACE), width=70, height=50) for client in clients(service)
    )
    assert old.size == (70, 50)
    assert old.tobytes() == new.tobytes()


def test_the_angle_of_print_is_in_degrees(service: LocalService) -> None:
    old, new = (client.ocr(sample_path(PAGE)) for client in clients(service))
    assert 4 < old["textAngle"] < 6
    assert new["textAngle"] == pytest.approx(old["textAngle"], abs=0.01)
    assert new["regions"] == old["regions"] != []


def test_each_version_has_its_own_url(service: LocalService) -> None:
    old, new = clients(service)
    assert (old.base_url, new.base_url) == tuple(f"{service.url}/vision/{v}/" for v in VERSIONS)


# Images and documents


def test_a_file_over_the_limit_is_encoded_again_at_its_size(vision: VisionClient) -> None:
    large = BytesIO()
    face = Image.open(sample_path(FACE)).convert("RGB")
    face.resize((1600, round(1600 * face.height / face.width))).save(large, "BMP")
    assert len(large.getvalue()) > vision.limits("analyze").max_bytes
    with warnings.catch_warnings():
        warnings.simplefilter("error", VisionWarning)  # as a JPEG it is small enough
        result = vision.analyze(large.getvalue(), features="Faces")
    assert result["metadata"]["width"] == 1600
    assert result["faces"][0]["faceRectangle"]["width"] > 300


WORD_AT = (150, 120)


def page_of(*lines: str, size: tuple[int, int] = (850, 1100)) -> Image.Image:
    """Draw lines of text, the first at WORD_AT."""
    page = Image.new("RGB", size, "white")
    font = ImageFont.load_default(70)
    ImageDraw.Draw(page).text(WORD_AT, "\n".join(lines), "black", font, spacing=60)
    return page


def test_a_scan_with_too_many_pixels_is_read_and_its_boxes_are_scaled_back(
    vision: VisionClient,
) -> None:
    buffer = BytesIO()
    page_of("INVOICE", "NUMBER", size=(4400, 500)).save(buffer, "PNG")
    assert len(buffer.getvalue()) < 500_000
    with pytest.warns(VisionWarning, match="4400 x 500"):
        result = vision.ocr(buffer)
    assert text(result) == "INVOICE\nNUMBER"
    (left, top), *_ = words(result, 4400, 500)[0][0].corners
    assert left == pytest.approx(WORD_AT[0], abs=30)
    assert top == pytest.approx(WORD_AT[1], abs=50)


def test_a_gif_is_read(vision: VisionClient) -> None:
    gif = BytesIO()
    page_of("INVOICE", size=(850, 400)).save(gif, "GIF")
    assert text(vision.recognize_text(gif, handwriting=False)) == "INVOICE"


@pytest.fixture(scope="module")
def document() -> dict[str, bytes]:
    """Draw two pages at 100 dots an inch, as a PDF and as a TIFF."""
    pages = [page_of("INVOICE", "NUMBER"), page_of("TOTAL")]
    data = {}
    for form in ("PDF", "TIFF"):
        buffer = BytesIO()
        options = {"resolution": 100} if form == "PDF" else {"compression": "tiff_lzw"}
        first, second = (page.copy() for page in pages)  # saving as PDF changes an image
        first.save(buffer, form, save_all=True, append_images=[second], **options)
        data[form] = buffer.getvalue()
    return data


def test_read_keeps_the_pages_of_a_pdf_and_its_boxes_in_inches(
    service: LocalService, document: dict[str, bytes]
) -> None:
    result = clients(service)[1].recognize_text(document["PDF"])
    recognized = result["recognitionResult"]
    assert [(line["text"], line["page"]) for line in recognized["lines"]] == [
        ("INVOICE", 1),
        ("NUMBER", 1),
        ("TOTAL", 2),
    ]
    assert [(page["page"], page["unit"]) for page in recognized["pages"]] == [
        (1, "inch"),
        (2, "inch"),
    ]
    assert recognized["pages"][0]["width"] == pytest.approx(8.5, abs=0.01)
    box = recognized["lines"][0]["boundingBox"]
    assert box == [round(number, 4) for number in box] != [round(number) for number in box]
    (left, top), *_ = lines(result)[0].corners
    assert left == pytest.approx(WORD_AT[0] / 100, abs=0.2)
    (left, top), *_ = lines(result, 850)[0].corners
    assert left == pytest.approx(WORD_AT[0], abs=30)
    assert top == pytest.approx(WORD_AT[1], abs=60)
    assert [line.text for line in lines(result, 850, page=2)] == ["TOTAL"]


def test_read_keeps_the_pages_of_a_tiff_and_its_boxes_in_pixels(
    service: LocalService, document: dict[str, bytes]
) -> None:
    result = clients(service)[1].recognize_text(document["TIFF"])
    recognized = result["recognitionResult"]
    assert [line["page"] for line in recognized["lines"]] == [1, 1, 2]
    assert {page["unit"] for page in recognized["pages"]} == {"pixel"}
    (left, top), *_ = lines(result, page=2)[0].corners
    assert left == pytest.approx(WORD_AT[0], abs=30)
    assert top == pytest.approx(WORD_AT[1], abs=60)


# Errors


@pytest.mark.parametrize(
    ("call", "status", "code"),
    [
        (lambda vision: vision.describe(b"ten bytes!"), 400, "InvalidImageFormat"),
        (lambda vision: vision.ocr(b"ten bytes!"), 400, "InvalidImageFormat"),
        (lambda vision: vision.recognize_text(b"ten bytes!"), 400, "InvalidImageFormat"),
        (lambda vision: vision.tag(Image.new("RGB", (20, 20))), 400, "InvalidImageSize"),
        (lambda vision: vision.analyze(b"x", features="Smells"), 400, "NotSupportedVisualFeature"),
        (lambda vision: vision.analyze(b"x", details="Smells"), 400, "InvalidDetails"),
        (lambda vision: vision.describe(b"x", language="xx"), 400, "NotSupportedLanguage"),
        (lambda vision: vision.describe("http://127.0.0.1:9/a.jpg"), 400, "InvalidImageUrl"),
        (lambda vision: vision.recognize_text("http://127.0.0.1:9/a"), 400, "InvalidImageUrl"),
        (
            lambda vision: VisionClient(vision.base_url, "wrong").domain_models(),
            401,
            "401",
        ),
    ],
)
def test_error_responses_become_the_same_error(
    service: LocalService, call: Callable[[VisionClient], object], status: int, code: str
) -> None:
    messages = []
    for client in clients(service):
        with pytest.raises(ServiceError) as caught:
            call(client)
        assert (caught.value.status, caught.value.code) == (status, code)
        assert caught.value.request_id
        messages.append(caught.value.message.partition(",")[0])  # each lists its own features
    assert messages[0] == messages[1]


def test_a_failed_operation_is_raised_over_both(tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path, fail_operations=True) as failing:
        for client in clients(failing):
            with pytest.raises(OperationFailedError, match="status Failed") as caught:
                client.recognize_text(sample_path(NOTE))
            assert caught.value.result["status"].lower() == "failed"


@pytest.mark.usefixtures("unread_results")
def test_an_operation_that_takes_too_long_times_out_over_both(
    tmp_path: Path, clock: FakeClock
) -> None:
    with LocalService(gallery=tmp_path, operation_delay=3600) as slow:
        for client in clients(slow):
            with pytest.raises(OperationTimeoutError, match=r"60 seconds") as caught:
                client.recognize_text(sample_path(NOTE), timeout=60)
            assert clock.monotonic() <= 120
            assert caught.value.location.startswith(f"{client.base_url}")


def test_a_result_of_v3_2_without_its_pages_is_an_error() -> None:
    with scripted_server() as server:
        for body in ({"status": "succeeded"}, {"status": "succeeded", "analyzeResult": None}):
            client = server.client(server.operation(), (200, {}, body), version="v3.2")
            with pytest.raises(VisionError, match="incomplete"):
                client.recognize_text(b"x")


# Rate limits


def test_calls_succeed_under_a_rate_limit_of_the_service(tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path, rate="5/second") as limited:
        client = VisionClient(limited.url, limited.key)
        began = time.monotonic()
        for _ in range(6):
            assert client.analyze(sample_path(FACE), features="ImageType")["metadata"]
        assert time.monotonic() - began >= 1, "the limit applied"


@pytest.mark.usefixtures("rate_clock")
def test_operations_succeed_whose_polls_count(tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path, rate="3/minute") as limited:
        client = VisionClient(limited.url, limited.key, version="v3.2")
        for _ in range(2):  # a day of polls takes seconds, in which the service reads the note
            result = client.recognize_text(sample_path(NOTE), timeout=86_400)
            assert result["recognitionResult"]["lines"][0]["text"] == "Dear Ada,"


# Images whose URL the service cannot download


@pytest.fixture(scope="module")
def url_of() -> Iterator[Callable[[bytes], str]]:
    """Serve images at URLs of this machine."""
    with scripted_server() as server:

        def serve(data: bytes) -> str:
            server.steps = [(200 if data else 404, {}, data)]
            return f"{server.url}/{len(data)}.png"

        yield serve


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """Run a service that others can reach, and that downloads nothing from a private network."""
    with LocalService(host="0.0.0.0", gallery=tmp_path_factory.mktemp("gallery")) as service:  # noqa: S104
        yield service


@pytest.mark.parametrize("version", VERSIONS)
def test_an_image_that_only_this_machine_can_download_is_sent(
    version: str, public: LocalService, url_of: Callable[[bytes], str]
) -> None:
    client = VisionClient(public.url, public.key, version=version)
    url = url_of(sample_path(FACE).read_bytes())
    face = client.analyze(url, features="Faces")
    assert face["faces"] == client.analyze(sample_path(FACE), features="Faces")["faces"] != []
    assert client.thumbnail(url, width=60, height=60).size == (60, 60)
    assert client.recognize_text(url)["status"] == "Succeeded"


@pytest.mark.parametrize("version", VERSIONS)
def test_an_image_at_a_url_that_is_too_large_is_encoded_again(
    version: str, service: LocalService, url_of: Callable[[bytes], str]
) -> None:
    large = BytesIO()
    noise(1300, 1300).save(large, "PNG")  # 5 MB
    client = VisionClient(service.url, service.key, version=version)
    result = client.analyze(url_of(large.getvalue()), features="Color")
    assert (result["metadata"]["width"], result["metadata"]["height"]) == (1300, 1300)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_image_that_nobody_can_download_is_an_error_of_the_service(
    version: str, public: LocalService, url_of: Callable[[bytes], str]
) -> None:
    client = VisionClient(public.url, public.key, version=version)
    with pytest.raises(ServiceError, match="InvalidImageUrl") as caught:
        client.tag(url_of(b""))
    assert caught.value.status == 400
