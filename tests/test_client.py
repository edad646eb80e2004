from __future__ import annotations

import json
import logging
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from PIL import Image

from visionhelpers import (
    ConfigurationError,
    ImageError,
    OperationFailedError,
    OperationTimeoutError,
    ServiceError,
    TransportError,
    VisionClient,
    VisionWarning,
    sample,
)
from visionhelpers.service import LocalService

FACE, STRANGER, PRINT = "grace_hopper.jpg", "eileen_collins_portrait.jpg", "democritus.png"
KEY = "0123456789abcdef-the-secret"
Step = tuple[int, dict[str, str], Any]
CUT, CUT_SHORT, HANG = (-1, {}, ""), (-2, {}, ""), (-3, {}, "")


class Script(ThreadingHTTPServer):
    """A server that answers with the steps it is given, the last of them for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Actor)
        self.steps: list[Step] = []
        self.seen: list[dict[str, Any]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def client(self, *steps: Step, **options: Any) -> VisionClient:
        self.steps = list(steps)
        return VisionClient(self.url, KEY, **options)

    def operation(self) -> Step:
        return 202, {"Operation-Location": f"{self.url}/vision/v1.0/textOperations/1"}, ""


class Actor(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Script

    def _act(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = {"method": self.command, "path": self.path, "headers": self.headers, "body": body}
        self.server.seen.append(seen | {"port": self.client_address[1], "at": time.monotonic()})
        steps = self.server.steps
        status, headers, answer = steps.pop(0) if len(steps) > 1 else steps[0]
        if status == HANG[0]:
            time.sleep(5)
        if status in (HANG[0], CUT[0]):
            self.close_connection = True
            return
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(200 if status == CUT_SHORT[0] else status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data) + (100 if status == CUT_SHORT[0] else 0)))
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = status == CUT_SHORT[0]

    do_GET = do_POST = do_DELETE = _act  # noqa: N815

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def script() -> Iterator[Script]:
    yield from _served()


@pytest.fixture
def stranger() -> Iterator[Script]:
    yield from _served()


def _served() -> Iterator[Script]:
    server = Script()
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    server.steps = [(200, {}, {})]
    yield server
    server.shutdown()
    server.server_close()


TAGS: Step = (200, {}, {"tags": []})


# Requests


def test_a_url_is_sent_as_json(script: Script) -> None:
    script.client(TAGS).tag("https://example.org/a.jpg")
    (request,) = script.seen
    assert request["headers"]["Content-Type"] == "application/json"
    assert json.loads(request["body"]) == {"url": "https://example.org/a.jpg"}
    assert request["headers"]["Ocp-Apim-Subscription-Key"] == KEY


def test_a_path_bytes_and_a_file_are_sent_as_they_are(script: Script, tmp_path: Path) -> None:
    path = tmp_path / "any.jpg"
    path.write_bytes(b"these very bytes")
    client = script.client(TAGS)
    with path.open("rb") as file:
        file.read(5)
        for picture in (path, str(path), path.read_bytes(), file):
            client.tag(picture)
    assert {request["body"] for request in script.seen} == {b"these very bytes"}
    types = {request["headers"]["Content-Type"] for request in script.seen}
    assert types == {"application/octet-stream"}


def test_a_pillow_image_is_sent_without_loss(script: Script) -> None:
    image = Image.fromarray(np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8))
    script.client(TAGS).tag(image)
    sent = Image.open(BytesIO(script.seen[0]["body"]))
    assert np.array_equal(np.asarray(sent), np.asarray(image))


def test_a_missing_file_is_named_and_nothing_sent(script: Script) -> None:
    with pytest.raises(ImageError, match=r"no/such\.jpg"):
        script.client(TAGS).tag("no/such.jpg")
    assert script.seen == []


@pytest.mark.parametrize(
    ("call", "path"),
    [
        (lambda vision: vision.analyze(b"x"), "analyze?visualFeatures=Categories%2CDescription"),
        (lambda vision: vision.analyze(b"x", "Faces", ["Celebrities", "Landmarks"]), "Landmarks"),
        (lambda vision: vision.describe(b"x", 3), "describe?maxCandidates=3"),
        (lambda vision: vision.domain_models(), "models"),
        (lambda vision: vision.landmarks(b"x"), "models/landmarks/analyze"),
        (lambda vision: vision.celebrities(b"x"), "models/celebrities/analyze"),
        (lambda vision: vision.ocr(b"x", "en", False), "ocr?language=en&detectOrientation=false"),
    ],
)
def test_each_method_asks_for_its_operation(script: Script, call: Any, path: str) -> None:
    assert call(script.client((200, {}, {"an": "answer"}))) == {"an": "answer"}
    assert script.seen[0]["path"].startswith("/vision/v1.0/")
    assert path in script.seen[0]["path"]


def test_the_connection_is_kept(script: Script) -> None:
    client = script.client(TAGS)
    for _ in range(3):
        client.tag(b"x")
    assert len({request["port"] for request in script.seen}) == 1


def test_the_last_response_has_status_headers_and_seconds(script: Script) -> None:
    client = script.client((200, {"apim-request-id": "7"}, {"tags": []}))
    assert client.last_response is None
    client.tag(b"x")
    assert client.last_response is not None
    assert client.last_response.status == 200
    assert client.last_response.headers["APIM-Request-Id"] == "7"
    assert 0 < client.last_response.seconds < 5


# Answers that say no


@pytest.mark.parametrize("failure", [(503, {}, {}), (429, {}, {}), (500, {}, {}), CUT, CUT_SHORT])
def test_a_passing_failure_is_asked_again_with_the_same_body(script: Script, failure: Step) -> None:
    assert script.client(failure, TAGS).tag(b"picture") == {"tags": []}
    assert [request["body"] for request in script.seen] == [b"picture", b"picture"]


def test_retry_after_is_honoured(script: Script) -> None:
    script.client((429, {"Retry-After": "1"}, {}), TAGS).tag(b"x")
    first, second = (request["at"] for request in script.seen)
    assert second - first >= 1


def test_threads_of_a_client_wait_together_for_a_limit_that_one_of_them_met(script: Script) -> None:
    client = script.client((429, {"Retry-After": "1"}, {}), TAGS)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(client.tag, b"first")
        time.sleep(0.3)
        others = [pool.submit(client.tag, b"x") for _ in range(3)]
        assert all(future.result() == {"tags": []} for future in [first, *others])
    at = [request["at"] for request in script.seen]
    assert len(at) == 5
    assert all(moment - at[0] >= 0.95 for moment in at[1:])


def test_a_client_keeps_to_its_rate_over_operations_and_polls(script: Script) -> None:
    done = (200, {}, {"status": "Succeeded"})
    client = script.client(script.operation(), done, script.operation(), done)
    client.rate = "3/second"
    client.recognize_text(b"x")
    client.recognize_text(b"y")
    at = [request["at"] for request in script.seen]
    assert len(at) == 4
    assert at[3] - at[0] >= 0.95


def test_a_retry_after_without_sense_is_passed_over(script: Script) -> None:
    assert script.client((429, {"Retry-After": "soon"}, {}), TAGS).tag(b"x") == {"tags": []}


def test_after_its_retries_the_last_refusal_is_raised(script: Script) -> None:
    refusal = {"error": {"code": "429", "message": "Out of calls."}}
    with pytest.raises(ServiceError, match="429: Out of calls") as caught:
        script.client((429, {}, refusal), retries=2).tag(b"x")
    assert caught.value.status == 429
    assert len(script.seen) == 3


def test_a_refusal_is_raised_with_its_evidence(script: Script) -> None:
    refusal = {"code": "InvalidImageSize", "message": "Too large.", "requestId": "id-1"}
    with pytest.raises(ServiceError, match=r"InvalidImageSize \(400\): Too large") as caught:
        script.client((400, {}, refusal)).tag(b"x")
    error = caught.value
    assert (error.status, error.code, error.message) == (400, "InvalidImageSize", "Too large.")
    assert error.request_id == "id-1"
    assert len(script.seen) == 1


def test_a_refused_key_says_what_to_check(script: Script) -> None:
    with pytest.raises(ServiceError, match="Check the key, and that it belongs to this endpoint"):
        script.client((401, {}, {"error": {"code": "401", "message": "Access denied."}})).tag(b"x")


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"[1, 2]", b"\xff\xfe"])
def test_an_answer_that_is_not_a_json_object_is_a_bad_one(script: Script, body: bytes) -> None:
    with pytest.raises(ServiceError, match="not a JSON object"):
        script.client((200, {"Content-Type": "text/html"}, body)).tag(b"x")


def test_a_thumbnail_that_is_no_picture_is_a_bad_answer(script: Script) -> None:
    with pytest.raises(ServiceError, match="no picture"):
        script.client((200, {}, b"GIF89a but no more")).thumbnail(b"x", 50, 50)


def test_a_redirect_is_not_followed_with_the_key(script: Script, stranger: Script) -> None:
    with pytest.raises(ServiceError, match="redirects"):
        script.client((307, {"Location": stranger.url}, {})).tag(b"x")
    assert stranger.seen == []


def test_a_service_that_is_late_gives_no_answer_and_is_not_asked_again(script: Script) -> None:
    began = time.monotonic()
    with pytest.raises(TransportError, match=r"none in 0\.3 seconds"):
        script.client(HANG, timeout=0.3).tag(b"x")
    assert time.monotonic() - began < 5
    assert len(script.seen) == 1


def test_a_service_that_is_not_there_gives_no_answer() -> None:
    with pytest.raises(TransportError, match="nobody listens"):
        VisionClient("http://127.0.0.1:9", KEY).tag(b"x")


# Long-running operations


def test_an_operation_is_polled_until_it_has_ended(script: Script) -> None:
    running, done = {"status": "Running"}, {"status": "Succeeded", "recognitionResult": {}}
    client = script.client(script.operation(), *[(200, {}, running)] * 3, (200, {}, done))
    assert client.recognize_text(b"x", handwriting=False) == done
    paths = [request["path"] for request in script.seen]
    assert (
        paths
        == ["/vision/v1.0/recognizeText?handwriting=false"] + ["/vision/v1.0/textOperations/1"] * 4
    )


def test_polling_is_quick_at_first_and_slows_down(script: Script) -> None:
    client = script.client(script.operation(), (200, {}, {"status": "Running"}))
    with pytest.raises(OperationTimeoutError):
        client.recognize_text(b"x", timeout=2)
    at = [request["at"] for request in script.seen]
    assert at[1] - at[0] < 0.5
    assert at[-2] - at[-3] > 2 * (at[2] - at[1])


def test_a_failed_operation_is_raised_with_its_answer(script: Script) -> None:
    client = script.client(script.operation(), (200, {}, {"status": "Failed", "why": "?"}))
    with pytest.raises(OperationFailedError, match="Failed") as caught:
        client.recognize_text(b"x")
    assert caught.value.answer == {"status": "Failed", "why": "?"}


@pytest.mark.parametrize("poll", [(200, {}, {"status": "Running"}), HANG, (429, {}, {})])
def test_an_operation_that_does_not_end_times_out(script: Script, poll: Step) -> None:
    client = script.client(script.operation(), poll)
    began = time.monotonic()
    with pytest.raises(OperationTimeoutError) as caught:
        client.recognize_text(b"x", timeout=0.5)
    assert time.monotonic() - began < 5
    assert caught.value.seconds == 0.5
    assert caught.value.location.endswith("/textOperations/1")


def test_polls_wait_as_long_as_they_are_asked_to(script: Script) -> None:
    client = script.client(
        script.operation(),
        (429, {"Retry-After": "1"}, {}),
        (200, {"Retry-After": "1"}, {"status": "Running"}),
        (200, {}, {"status": "Succeeded"}),
    )
    client.recognize_text(b"x")
    at = [request["at"] for request in script.seen]
    assert at[2] - at[1] >= 1
    assert at[3] - at[2] >= 1


def test_polls_are_a_second_apart_once_a_rate_limit_was_met(script: Script) -> None:
    done = (200, {}, {"status": "Succeeded"})
    client = script.client((429, {}, {}), TAGS, script.operation(), done)
    client.tag(b"x")
    client.recognize_text(b"x")
    at = [request["at"] for request in script.seen]
    assert len(at) == 4
    assert at[3] - at[2] >= 1


def test_polls_survive_a_cut_connection(script: Script) -> None:
    client = script.client(script.operation(), CUT, (200, {}, {"status": "Succeeded"}))
    assert client.recognize_text(b"x") == {"status": "Succeeded"}


def test_a_poll_that_is_refused_ends_the_waiting(script: Script) -> None:
    client = script.client(script.operation(), (404, {}, {"message": "Unknown operation."}))
    with pytest.raises(ServiceError, match="Unknown operation"):
        client.recognize_text(b"x")


def test_an_operation_at_another_host_is_not_followed(script: Script, stranger: Script) -> None:
    elsewhere = {"Operation-Location": f"{stranger.url}/vision/v1.0/textOperations/1"}
    for headers in (elsewhere, {}):
        with pytest.raises(ServiceError, match="Operation-Location"):
            script.client((202, headers, "")).recognize_text(b"x")
    assert stranger.seen == []


# The key


def test_the_key_is_printed_nowhere(script: Script, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = script.client((400, {}, {"message": f"No such key as {KEY}"}), timeout=0.3)
    said = [repr(client), str(client), repr(client.headers), str(client.headers)]
    gone = VisionClient("http://127.0.0.1:9", KEY)
    for call in (lambda: client.tag(b"x"), lambda: gone.tag(b"x"), lambda: _hang(script)):
        with pytest.raises((ServiceError, TransportError)) as caught:
            call()
        said += [repr(caught.value), "".join(traceback.format_exception(caught.value))]
        assert caught.value.__context__ is None
    said += [record.getMessage() for record in caplog.records] + [repr(client.last_response)]
    assert all(said)
    assert KEY not in "".join(said)


def test_a_service_that_repeats_the_key_is_not_quoted(script: Script) -> None:
    refusal = {"code": KEY, "message": f"No such key as {KEY}", "requestId": KEY}
    astray = 202, {"Operation-Location": f"http://elsewhere/?{KEY}", "X-Key": KEY}, ""
    for step in ((401, {"apim-request-id": KEY}, refusal), (400, {}, {"code": 3}), astray):
        client = script.client(step)
        with pytest.raises(ServiceError) as caught:
            client.recognize_text(b"x")
        evidence = caught.value.args, vars(caught.value), client.last_response
        assert KEY not in repr(evidence)
    assert client.last_response is not None
    assert client.last_response.headers["x-key"] == "(the key)"


def _hang(script: Script) -> None:
    script.client(HANG, timeout=0.2).tag(b"x")


def test_the_headers_carry_the_key(script: Script) -> None:
    assert dict(script.client(TAGS).headers) == {"Ocp-Apim-Subscription-Key": KEY}


@pytest.mark.parametrize("key", ["", "  ", "two\nlines", "schlüssel"])
def test_a_key_that_no_header_can_carry_is_refused_unprinted(key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        VisionClient("http://127.0.0.1:9", key)
    assert not key.strip() or key not in str(caught.value)


# Teaching


def test_a_service_without_a_gallery_cannot_be_taught(script: Script) -> None:
    client = script.client((404, {}, {"error": {"code": "404", "message": "Not found"}}))
    for call in (client.add_face, client.add_landmark):
        with pytest.raises(ConfigurationError, match="cannot be taught"):
            call("Ada Lovelace", b"x")
    for forget in (client.forget_face, client.forget_landmark):
        with pytest.raises(ConfigurationError, match="cannot be taught"):
            forget("Ada Lovelace")
    assert script.seen[0]["path"] == "/gallery/celebrities/Ada%20Lovelace"


# The local service


@pytest.fixture
def vision(service: LocalService) -> VisionClient:
    return VisionClient(service.url, service.key)


def test_the_service_is_understood_in_any_form_of_its_address(service: LocalService) -> None:
    bare = service.url.removeprefix("http://")
    forms = ["", "/", "/vision", "/vision/v1.0", "/vision/v1.0/", "//vision//v1.0//"]
    for endpoint in [service.url + form for form in forms] + [bare, f"{bare}/vision/v1.0"]:
        models = VisionClient(endpoint, service.key).domain_models()["models"]
        assert {model["name"] for model in models} == {"celebrities", "landmarks"}


def test_a_wrong_key_is_refused_by_the_service(service: LocalService) -> None:
    with pytest.raises(ServiceError, match="Check the key") as caught:
        VisionClient(service.url, "wrong").domain_models()
    assert caught.value.status == 401


def test_a_url_and_the_same_bytes_are_seen_alike(vision: VisionClient) -> None:
    by_url = vision.analyze(vision.sample_url(FACE), features=["Faces", "Color"])
    by_bytes = vision.analyze(sample(FACE), features="Faces,Color")
    assert by_url["faces"] == by_bytes["faces"] != []
    assert by_url["color"] == by_bytes["color"]


def test_a_thumbnail_has_the_size_asked_for(vision: VisionClient) -> None:
    assert vision.thumbnail(sample(FACE), 60, 90).size == (60, 90)


def test_both_ways_of_reading_find_the_words(vision: VisionClient) -> None:
    ocr = vision.ocr(sample(PRINT))
    words = [
        word["text"] for area in ocr["regions"] for line in area["lines"] for word in line["words"]
    ]
    assert {"NOTHING", "ATOMS", "SPACE."} <= set(words)
    lines = vision.recognize_text(sample(PRINT), handwriting=False)["recognitionResult"]["lines"]
    assert "ATOMS" in " ".join(line["text"] for line in lines)


def test_what_is_no_picture_gets_the_codes_of_the_api(vision: VisionClient) -> None:
    with pytest.raises(ServiceError) as caught:
        vision.describe(b"ten bytes!")
    assert (caught.value.status, caught.value.code) == (400, "InvalidImageFormat")


def test_coordinates_of_a_picture_scaled_down_are_scaled_up_again(vision: VisionClient) -> None:
    image = Image.open(sample(FACE)).convert("RGB")
    noise = np.random.default_rng(2).integers(-14, 14, (4000, 4000, 3))
    large = np.asarray(image.resize((4000, 4000))).astype(int) + noise
    bmp = BytesIO()
    Image.fromarray(large.clip(0, 255).astype(np.uint8)).save(bmp, "BMP")
    with pytest.warns(VisionWarning, match="4000 x 4000") as warned:
        answer = vision.analyze(bmp.getvalue(), features="Faces")
    assert warned[0].filename == __file__
    small = vision.analyze(image.resize((800, 800)), features="Faces")
    assert (answer["metadata"]["width"], answer["metadata"]["height"]) == (4000, 4000)
    for side, pixels in small["faces"][0]["faceRectangle"].items():
        assert answer["faces"][0]["faceRectangle"][side] == pytest.approx(pixels * 5, abs=150)


def test_a_name_is_taught_and_forgotten(vision: VisionClient) -> None:
    name = "Somebody New"
    assert vision.forget_face(name) is False
    assert vision.add_face(name, sample(STRANGER))["pictures"] == 1
    named = vision.celebrities(sample(STRANGER))["result"]["celebrities"]
    assert [celebrity["name"] for celebrity in named] == [name]
    assert vision.forget_face(name) is True
    assert vision.celebrities(sample(STRANGER))["result"]["celebrities"] == []
