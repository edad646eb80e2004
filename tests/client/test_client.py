from __future__ import annotations

import inspect
import json
import logging
import os
import pickle
import traceback
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from operator import methodcaller
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
import requests
from PIL import Image

import visionhelpers as vh
from tests.support.clock import FakeClock
from tests.support.images import blank_png, noise
from tests.support.scripted_server import (
    BAD_URL,
    CERTIFICATE,
    HANG,
    KEY,
    SUCCEEDED,
    TAGS,
    ScriptedServer,
    scripted_server,
)

FACE = vh.sample_path("grace_hopper.jpg")
READERS = ("analyze", "describe", "tag", "celebrities", "landmarks", "ocr", "recognize_text")
METHODS: dict[str, dict[str, Any]] = {
    **{method: {} for method in READERS},
    "thumbnail": {"width": 50, "height": 50},
    "thumbnail_bytes": {"width": 50, "height": 50},
    "add_face": {"name": "Ada"},
    "add_landmark": {"name": "Tower"},
}
"""The methods that send an image, and their other arguments."""


def encoded(form: str, **options: Any) -> bytes:
    buffer = BytesIO()
    noise(50, 40).save(buffer, form, **options)
    return buffer.getvalue()


JPEG, TIFF = encoded("JPEG"), encoded("TIFF", save_all=True, append_images=[noise(50, 40)])


def send(client: vh.VisionClient, method: str, image: bytes | str) -> object:
    return getattr(client, method)(image=image, **METHODS[method])


# Requests


def test_a_path_bytes_and_a_file_are_sent_unchanged(server: ScriptedServer, tmp_path: Path) -> None:
    path = tmp_path / "any.jpg"
    path.write_bytes(b"these very bytes")
    client = server.client()
    with path.open("rb") as file:
        file.read(5)
        for image in (path, str(path), path.read_bytes(), file):
            client.tag(image)
    assert {request.body for request in server.requests} == {b"these very bytes"}
    types = {request.headers["Content-Type"] for request in server.requests}
    assert types == {"application/octet-stream"}


@pytest.mark.parametrize(
    ("call", "path"),
    [
        (
            methodcaller("analyze", b"x"),
            "analyze?visualFeatures=Categories%2CDescription%2CColor&language=en",
        ),
        (
            methodcaller("analyze", b"x", features="Faces", details=["Celebrities", "X"]),
            "analyze?visualFeatures=Faces&details=Celebrities%2CX&language=en",
        ),
        (
            methodcaller("analyze", b"x", features=(), details="Landmarks", language="ja"),
            "analyze?details=Landmarks&language=ja",
        ),
        (methodcaller("describe", b"x", max_candidates=3), "describe?maxCandidates=3&language=en"),
        (methodcaller("tag", b"x", language="ja"), "tag?language=ja"),
        (methodcaller("celebrities", b"x"), "models/celebrities/analyze?language=en"),
        (methodcaller("landmarks", b"x"), "models/landmarks/analyze?language=en"),
        (
            methodcaller("ocr", b"x", language="en", detect_orientation=False),
            "ocr?language=en&detectOrientation=false",
        ),
        (methodcaller("domain_models"), "models"),
    ],
)
def test_each_method_requests_its_operation(
    server: ScriptedServer, call: Callable[[vh.VisionClient], object], path: str
) -> None:
    assert call(server.client((200, {}, {"a": "result"}))) == {"a": "result"}
    assert server.requests[0].path == f"/vision/v1.0/{path}"


def test_a_thumbnail_is_requested_with_its_size(server: ScriptedServer) -> None:
    client = server.client((200, {}, JPEG))
    assert client.thumbnail(b"x", width=50, height=40).size == (50, 40)
    assert client.thumbnail_bytes(b"x", width=50, height=40, smart=False) == JPEG
    paths = [request.path.removeprefix("/vision/v1.0/") for request in server.requests]
    size = "generateThumbnail?width=50&height=40"
    assert paths == [f"{size}&smartCropping=true", f"{size}&smartCropping=false"]
    server.steps = [(200, {}, b"GIF89a and no more")]
    with pytest.raises(vh.ServiceError, match="not an image"):
        client.thumbnail(b"x", width=50, height=50)


def test_everything_after_the_image_is_keyword_only() -> None:
    for name, method in inspect.getmembers(vh.VisionClient, inspect.isfunction):
        parameters = list(inspect.signature(method).parameters)
        if "image" in parameters and not name.startswith("_"):
            assert name in {*METHODS, "prepare"}
            after = parameters[parameters.index("image") + 1 :]
            assert set(after) == set(inspect.getfullargspec(method).kwonlyargs)


# Arguments


def test_an_attribute_that_does_not_exist_cannot_be_set(server: ScriptedServer) -> None:
    for name in ("timeout", "version"):
        with pytest.raises(AttributeError):
            setattr(server.client(), name, 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("timeout", value) for value in (-1, 0, "x", None, True, float("nan"))],
        ("deadline", 0),
        *[("retries", value) for value in (-1, 1.5, None, True)],
    ],
)
def test_an_invalid_number_is_named(server: ScriptedServer, name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"Invalid {name} {value!r}:"):
        server.client(**{name: value})


def test_a_client_takes_a_valid_key_or_a_credential(credential: Any) -> None:
    for options in ({}, {"key": KEY, "credential": credential}):
        with pytest.raises(vh.ConfigurationError, match="a key or a credential"):
            vh.VisionClient("http://127.0.0.1:9", **options)
    with pytest.raises(vh.ConfigurationError, match="copy it again"):
        vh.VisionClient("http://127.0.0.1:9", "two\nlines")


def test_the_identity_of_a_service_contains_no_port() -> None:
    for endpoint, service in (
        ("http://localhost:5000/vision/v3.2", "local/v3.2"),
        ("https://box.example.org:8443", "box.example.org/v3.2"),
    ):
        assert vh.VisionClient(endpoint, KEY).service == service


def test_a_sample_has_a_url_at_a_local_service_and_a_path_for_another() -> None:
    local = vh.VisionClient("http://127.0.0.1:5000", KEY)
    assert local.sample_url(FACE.name) == f"http://127.0.0.1:5000/samples/{FACE.name}"
    azure = vh.VisionClient("https://name.cognitiveservices.azure.com", KEY)
    assert azure.sample_url(FACE.name) == str(FACE)
    with pytest.raises(vh.ImageError, match=r"'no\.jpg': use one of .*grace_hopper\.jpg"):
        local.sample_url("no.jpg")


# Uploads


@pytest.mark.parametrize("method", METHODS)
def test_a_resized_image_gives_a_warning_at_the_line_of_the_caller(
    server: ScriptedServer, method: str
) -> None:
    result = JPEG if method.startswith("thumbnail") else {"status": "Succeeded"}
    client = server.client((200, server.operation()[1], result))
    with pytest.warns(vh.VisionWarning, match="16100 x 60") as caught:
        getattr(client, method)(image=blank_png(16_100, 60), **METHODS[method])
    assert [warning.filename for warning in caught] == [__file__]


def test_coordinates_of_a_resized_image_are_scaled_back(server: ScriptedServer) -> None:
    client = server.client((200, {}, {"regions": [{"boundingBox": "10,20,30,40"}]}))
    with pytest.warns(vh.VisionWarning, match="4800 x 2400"):
        scaled = client.ocr(blank_png(4800, 2400))
    assert Image.open(BytesIO(server.requests[0].body)).size == (3200, 1600)
    assert scaled == {"regions": [{"boundingBox": "15,30,45,60"}]}


@pytest.mark.parametrize(
    ("operation", "version", "size", "longest"),
    [
        ("ocr", "v1.0", (3200, 400), 3200),
        ("ocr", "v1.0", (3201, 400), 3200),
        ("recognize_text", "v1.0", (400, 3300), 3200),
        ("ocr", "v3.2", (4200, 400), 4199),
        ("ocr", "v3.2", (3200, 3200), 3162),
        ("recognize_text", "v3.2", (10_001, 300), 10_000),
        ("describe", "v1.0", (4032, 3024), 4032),
        ("describe", "v1.0", (16_100, 60), 15_999),
    ],
)
def test_an_image_is_resized_to_the_pixels_of_its_operation(
    server: ScriptedServer, operation: str, version: str, size: tuple[int, int], longest: int
) -> None:
    data = blank_png(*size)
    upload = server.client(version=version).prepare(operation, data)
    fits = longest == max(size)
    sent = Image.open(BytesIO(upload.body["data"]))
    assert longest - (not fits) <= max(sent.size) <= longest
    assert (upload.body["data"] == data) == fits
    assert upload.size == (None if fits else size)


@pytest.mark.parametrize("version", ["v1.0", "v3.2"])
def test_each_version_takes_different_formats(server: ScriptedServer, version: str) -> None:
    client = server.client(version=version)
    photo = {"JPEG", "PNG", "GIF", "BMP"}
    for operation in METHODS.keys() - {"recognize_text"}:
        limits = client.limits(operation)
        assert (limits.formats, limits.documents) == (photo, False)
        assert 3.9 < limits.max_bytes / 2**20 < 4
    read = client.limits("recognize_text")
    assert "GIF" not in read.formats
    assert read.formats >= photo - {"GIF"}
    assert (read.documents, read.max_bytes >= 50 * 2**20) == (version == "v3.2",) * 2
    if read.documents:
        assert client.prepare("recognize_text", TIFF).body["data"] == TIFF


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("image", "message"),
    [(TIFF, "a TIFF of 2 pages"), (b"%PDF-", "a PDF"), ("no/such.jpg", r"no/such\.jpg")],
)
def test_what_the_operation_cannot_take_is_refused_and_nothing_is_sent(
    server: ScriptedServer, image: bytes | str, message: str, method: str
) -> None:
    with pytest.raises(vh.ImageError, match=message):
        send(server.client(), method, image)
    assert server.requests == []


def test_an_upload_is_sent_as_it_was_prepared_without_a_warning(server: ScriptedServer) -> None:
    client = server.client()
    upload = client.prepare("tag", blank_png(16_100, 60))
    assert upload.note
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            client.tag(upload)
    assert [request.body for request in server.requests] == [upload.body["data"]] * 2


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda client, url: client.tag(url), id="a URL"),
        pytest.param(lambda client, url: client.tag(client.prepare("tag", url)), id="an upload"),
        pytest.param(lambda client, url: client.add_face("Ada", url), id="a face"),
    ],
)
def test_an_image_whose_url_the_service_cannot_use_is_sent_as_bytes_with_a_log_message(
    server: ScriptedServer,
    other_server: ScriptedServer,
    caplog: pytest.LogCaptureFixture,
    call: Callable[[vh.VisionClient, str], object],
) -> None:
    other_server.steps = [(200, {}, FACE.read_bytes())]
    url = f"{other_server.url}/face.jpg"
    assert call(server.client(BAD_URL, TAGS), url) == {"tags": []}
    first, second = server.requests
    assert first.headers["Content-Type"] == "application/json"
    assert json.loads(first.body) == {"url": url}
    assert (second.path, second.body) == (first.path, FACE.read_bytes())
    (record,) = [each for each in caplog.records if each.name == "visionhelpers"]
    assert record.levelname == "WARNING"
    assert url in record.getMessage()


def test_an_image_that_nobody_can_download_is_an_error_of_the_service(
    server: ScriptedServer, other_server: ScriptedServer
) -> None:
    other_server.steps = [(404, {}, {})]
    with pytest.raises(vh.ServiceError, match="InvalidImageUrl"):
        server.client(BAD_URL, TAGS).tag(f"{other_server.url}/a.jpg")
    assert len(server.requests) == 1


# The gallery


def test_a_service_without_a_gallery_is_named(server: ScriptedServer) -> None:
    client = server.client((404, {}, {"error": {"code": "404", "message": "Not found"}}))
    for kind, add, remove in (
        ("celebrities", client.add_face, client.remove_face),
        ("landmarks", client.add_landmark, client.remove_landmark),
    ):
        for call in (partial(add, image=b"x"), remove):
            with pytest.raises(vh.ConfigurationError, match="Only a local service has a gallery"):
                call(name="../Ada Lovelace")
            paths = [request.path for request in server.requests[-2:]]
            assert paths == [f"/gallery/{kind}/..%2FAda%20Lovelace", "/health"]


# Connections


def test_a_closed_client_closes_its_connections(server: ScriptedServer) -> None:
    with server.client() as client:
        client.tag(b"x")
        client.tag(b"x")
    client.tag(b"x")  # as with requests, a closed client opens another connection
    first, second, third = (request.port for request in server.requests)
    assert first == second != third
    assert server.requests[0].headers["X-Client-Id"] == str(os.getpid())


def test_a_session_of_the_caller_gives_proxies_and_headers_and_is_not_closed(
    server: ScriptedServer, session: requests.Session
) -> None:
    session.proxies = {"http": server.url}
    session.headers["X-Lab"] = "seven"
    for _ in range(2):
        with vh.VisionClient("http://vision.example.org", KEY, session=session) as client:
            client.tag(b"x")
    first, second = server.requests
    assert first.path == "http://vision.example.org/vision/v3.2/tag?language=en"
    assert first.headers["X-Lab"] == "seven"
    assert "X-Client-Id" not in first.headers  # which is for a service on this machine
    assert first.headers["Ocp-Apim-Subscription-Key"] == KEY
    assert "Ocp-Apim-Subscription-Key" not in session.headers
    assert first.port == second.port


def test_a_session_gives_the_certificates(session: requests.Session) -> None:
    session.verify = str(CERTIFICATE)
    with scripted_server(tls=True) as server:
        assert server.client(session=session).tag(b"x") == {"tags": []}


# Credentials

TOKEN = "token-number-{}-of-the-credential"


def bearers(server: ScriptedServer) -> list[str]:
    return [request.headers["Authorization"] for request in server.requests]


def test_a_token_is_sent_in_place_of_a_key(server: ScriptedServer, credential: Any) -> None:
    client = server.client(TAGS, server.operation(), SUCCEEDED, credential=credential)
    client.tag(b"x")
    client.recognize_text(b"x")
    assert credential.scopes == [("https://cognitiveservices.azure.com/.default",)]
    assert bearers(server) == [f"Bearer {TOKEN.format(1)}"] * 3
    assert all("Ocp-Apim-Subscription-Key" not in each.headers for each in server.requests)
    assert dict(client.headers) == {"Authorization": f"Bearer {TOKEN.format(1)}"}


def test_threads_share_a_token_until_it_expires(server: ScriptedServer, credential: Any) -> None:
    credential.lifetimes = [60, 3600]
    client = server.client(credential=credential)
    client.tag(b"x")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(client.tag, [b"x"] * 8))
    assert bearers(server) == [f"Bearer {TOKEN.format(number)}" for number in (1, *[2] * 8)]


def test_a_token_is_not_replaced_by_a_password_of_netrc(
    server: ScriptedServer, credential: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("default login somebody password something\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", server.url)
    vh.VisionClient("http://vision.example.org", credential=credential).tag(b"x")
    assert bearers(server) == [f"Bearer {TOKEN.format(1)}"]


def test_a_credential_that_fails_is_a_configuration_error(server: ScriptedServer) -> None:
    failing = SimpleNamespace(get_token=Mock(side_effect=RuntimeError("not logged in")))
    client = server.client(credential=failing)
    with pytest.raises(vh.ConfigurationError, match="not logged in") as caught:
        client.tag(b"x")
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert "not logged in" in client.check()
    assert server.requests == []


def test_a_token_is_printed_nowhere(
    server: ScriptedServer, credential: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = TOKEN.format(1)
    body = {"message": f"No such token as {secret}", "code": secret}
    client = server.client((503, {}, {}), (401, {"X-Token": secret}, body), credential=credential)
    with pytest.raises(vh.ServiceError) as caught:
        client.tag(b"x")
    printed = [repr(client), repr(client.headers), repr(client.last_response)]
    printed += [repr(vars(record)) for record in caplog.records]
    printed += [repr(caught.value), repr(vars(caught.value)), client.check()]
    printed += traceback.format_exception(caught.value)
    assert len(caplog.records) > 3
    assert secret not in "".join(printed)


# Pickles


def copy_of(client: vh.VisionClient) -> vh.VisionClient:
    copy = pickle.loads(pickle.dumps(client))  # noqa: S301
    assert type(copy) is type(client)
    return copy


def test_a_pickled_client_keeps_its_arguments(server: ScriptedServer, clock: FakeClock) -> None:
    options = {"version": "v3.2", "rate": "20/minute", "timeout": 5, "deadline": 10, "retries": 7}
    client = server.client((503, {}, {}), **options)
    copy = copy_of(client)
    for name in ("base_url", "key", "version", "rate", "service"):
        assert getattr(copy, name) == getattr(client, name)
    with pytest.raises(vh.VisionError):
        copy.tag(b"x")
    assert clock.sleeps == [0.25, 0.5, 1, 2, 4]
    with pytest.raises(vh.VisionError, match=r"0\.3 seconds"):
        copy_of(server.client(HANG, timeout=0.3)).tag(b"x")


def test_a_pickled_client_keeps_its_credential_and_session(
    server: ScriptedServer, session: requests.Session, credential: Any
) -> None:
    session.headers["X-Lab"] = "seven"
    copy_of(server.client(credential=credential, session=session)).tag(b"x")
    assert server.requests[0].headers["X-Lab"] == "seven"
    assert bearers(server) == [f"Bearer {TOKEN.format(1)}"]
