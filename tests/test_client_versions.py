"""The client over v1.0 and over v3.2 of one service: the same answers, the same errors."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from PIL import Image

from tests.drawn import noise
from visionhelpers import (
    OperationFailedError,
    OperationTimeoutError,
    ServiceError,
    VisionClient,
    VisionWarning,
    sample,
)
from visionhelpers.service import LocalService
from visionhelpers.uploads import LIMIT

VERSIONS = ("v1.0", "v3.2")
ALL = ("ImageType", "Faces", "Adult", "Categories", "Color", "Tags", "Description")
NAMES = ("Celebrities", "Landmarks")
FACE, PAGE, NOTE = "grace_hopper.jpg", "printed_page.jpg", "handwritten_note.jpg"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISION_API_VERSION", raising=False)


def clients(service: LocalService, **options: Any) -> list[VisionClient]:
    return [VisionClient(service.url, service.key, version=each, **options) for each in VERSIONS]


@pytest.fixture(params=VERSIONS)
def vision(request: pytest.FixtureRequest, service: LocalService) -> VisionClient:
    return VisionClient(service.url, service.key, version=request.param)


def answered(
    client: VisionClient, ask: Callable[[VisionClient], dict[str, Any]]
) -> tuple[dict[str, Any], str | None]:
    """Return an answer without the id of its request, and the model version told with it."""
    answer = ask(client)
    answer.pop("requestId", None)
    assert client.last_response is not None
    return answer, client.last_response.model_version


# Answers


@pytest.mark.parametrize(
    "ask",
    [
        lambda vision: vision.analyze(sample(FACE), ALL, NAMES),
        lambda vision: vision.analyze(vision.sample_url("summer_palace.jpg"), (), NAMES),
        lambda vision: vision.describe(sample("coffee_cup.jpg"), 3),
        lambda vision: vision.tag(sample("chelsea_the_cat.jpg")),
        lambda vision: vision.landmarks(sample("summer_palace.jpg")),
        lambda vision: vision.celebrities(sample(FACE)),
        lambda vision: vision.ocr(sample("democritus.png")),
        lambda vision: vision.recognize_text(sample(NOTE)),
        lambda vision: vision.recognize_text(vision.sample_url(PAGE), handwriting=False),
    ],
)
def test_every_answer_is_the_same(
    service: LocalService, ask: Callable[[VisionClient], dict[str, Any]]
) -> None:
    (old, untold), (new, model) = (answered(client, ask) for client in clients(service))
    assert old == new
    assert "modelVersion" not in str(new)
    assert untold is None
    assert model is not None
    assert model.startswith("20")


def test_the_models_are_the_same(service: LocalService) -> None:
    old, new = (client.domain_models() for client in clients(service))
    assert old == new


def test_a_thumbnail_is_the_same(service: LocalService) -> None:
    old, new = (client.thumbnail(sample(FACE), 70, 50) for client in clients(service))
    assert old.size == (70, 50)
    assert old.tobytes() == new.tobytes()


def test_the_angle_of_print_comes_in_degrees(service: LocalService) -> None:
    old, new = (client.ocr(sample(PAGE)) for client in clients(service))
    assert 4 < old["textAngle"] < 6
    assert new["textAngle"] == pytest.approx(old["textAngle"], abs=0.01)
    assert new["regions"] == old["regions"] != []


def test_each_version_is_asked_in_its_own_words(service: LocalService) -> None:
    old, new = clients(service)
    assert (old.base_url, new.base_url) == tuple(f"{service.url}/vision/{v}/" for v in VERSIONS)


def test_a_picture_over_the_limit_is_scaled_down_for_both(vision: VisionClient) -> None:
    large = BytesIO()
    face = Image.open(sample(FACE)).convert("RGB")
    face.resize((1600, round(1600 * face.height / face.width))).save(large, "BMP")
    assert len(large.getvalue()) > LIMIT
    with warnings.catch_warnings():
        warnings.simplefilter("error", VisionWarning)  # a JPEG of the same size will do
        answer = vision.analyze(large.getvalue(), "Faces")
    assert answer["metadata"]["width"] == 1600
    assert answer["faces"][0]["faceRectangle"]["width"] > 300


# Errors


@pytest.mark.parametrize(
    ("ask", "status", "code"),
    [
        (lambda vision: vision.describe(b"ten bytes!"), 400, "InvalidImageFormat"),
        (lambda vision: vision.ocr(b"ten bytes!"), 400, "InvalidImageFormat"),
        (lambda vision: vision.recognize_text(b"ten bytes!"), 400, "InvalidImageFormat"),
        (lambda vision: vision.tag(Image.new("RGB", (20, 20))), 400, "InvalidImageSize"),
        (lambda vision: vision.analyze(b"x", "Smells"), 400, "NotSupportedVisualFeature"),
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
def test_refusals_become_the_same_error(
    service: LocalService, ask: Callable[[VisionClient], object], status: int, code: str
) -> None:
    said = []
    for client in clients(service):
        with pytest.raises(ServiceError) as caught:
            ask(client)
        assert (caught.value.status, caught.value.code) == (status, code)
        assert caught.value.request_id
        said.append(caught.value.message.partition(",")[0])  # each lists its own features
    assert said[0] == said[1]


def test_an_operation_that_fails_is_raised_over_both(tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path, fail_operations=True) as failing:
        for client in clients(failing):
            with pytest.raises(OperationFailedError, match="ended in Failed") as caught:
                client.recognize_text(sample(NOTE))
            assert caught.value.answer["status"].lower() == "failed"


def test_an_operation_that_takes_too_long_is_given_up_over_both(tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path, operation_delay=30) as slow:
        for client in clients(slow):
            began = time.monotonic()
            with pytest.raises(OperationTimeoutError, match=r"0\.4 seconds") as caught:
                client.recognize_text(sample(NOTE), timeout=0.4)
            assert time.monotonic() - began < 5
            assert caught.value.location.startswith(f"{client.base_url}")


# Rate limits


@pytest.mark.parametrize("version", VERSIONS)
def test_thirty_calls_finish_under_a_rate_limit(version: str, tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path, rate="20/3 seconds") as limited:
        client = VisionClient(limited.url, limited.key, version=version)
        began = time.monotonic()
        sizes = [client.analyze(sample(FACE), "ImageType")["metadata"] for _ in range(30)]
        assert len(sizes) == 30
        assert time.monotonic() - began >= 2, "the limit was felt"


@pytest.mark.parametrize("version", VERSIONS)
def test_operations_finish_whose_polls_count(version: str, tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path, rate="3/2 seconds", operation_delay=0.3) as limited:
        client = VisionClient(limited.url, limited.key, version=version)
        for _ in range(3):
            answer = client.recognize_text(sample(NOTE))
            assert answer["recognitionResult"]["lines"][0]["text"] == "Dear Ada,"


def test_the_time_of_a_rate_limit_is_not_the_operations(tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path, rate="2/3 seconds", operation_delay=0.2) as limited:
        client = VisionClient(limited.url, limited.key, version="v3.2")
        began = time.monotonic()
        answer = client.recognize_text(sample(NOTE), timeout=2)
        assert answer["status"] == "Succeeded"
        assert time.monotonic() - began > 2


# Pictures that the service cannot fetch


LARGE = BytesIO()
noise(1300, 1300).save(LARGE, "PNG")  # 5 MB


class Shelf(BaseHTTPRequestHandler):
    """Pictures at addresses of this machine."""

    def do_GET(self) -> None:
        data = LARGE.getvalue() if self.path == "/large.png" else sample(FACE).read_bytes()
        self.send_response(404 if self.path == "/nothing.jpg" else 200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def shelf() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """A service that others can reach, and that fetches nothing from a private network."""
    with LocalService(host="0.0.0.0", gallery=tmp_path_factory.mktemp("gallery")) as service:  # noqa: S104
        yield service


@pytest.mark.parametrize("version", VERSIONS)
def test_a_picture_that_only_this_machine_can_fetch_is_sent(
    version: str, public: LocalService, shelf: str
) -> None:
    client = VisionClient(public.url, public.key, version=version)
    face = client.analyze(f"{shelf}/face.jpg", "Faces")
    assert face["faces"] == client.analyze(sample(FACE), "Faces")["faces"] != []
    assert client.thumbnail(f"{shelf}/face.jpg", 60, 60).size == (60, 60)
    assert client.recognize_text(f"{shelf}/face.jpg")["status"] == "Succeeded"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_picture_too_large_at_its_address_is_made_to_fit(
    version: str, service: LocalService, shelf: str
) -> None:
    client = VisionClient(service.url, service.key, version=version)
    answer = client.tag(f"{shelf}/large.png")
    assert (answer["metadata"]["width"], answer["metadata"]["height"]) == (1300, 1300)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_picture_that_nobody_can_fetch_is_the_services_refusal(
    version: str, public: LocalService, shelf: str
) -> None:
    client = VisionClient(public.url, public.key, version=version)
    with pytest.raises(ServiceError, match="InvalidImageUrl") as caught:
        client.tag(f"{shelf}/nothing.jpg")
    assert caught.value.status == 400
