from __future__ import annotations

import inspect
import json
import logging
import pickle
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import requests
from PIL import Image

from tests.support.clock import FakeClock
from tests.support.images import blank_png, noise
from tests.support.scripted_server import (
    BAD_URL,
    CERTIFICATE,
    DRIP,
    HANG,
    KEY,
    SUCCEEDED,
    TAGS,
    ScriptedServer,
    scripted_server,
)
from visionhelpers import (
    ConfigurationError,
    ImageError,
    ServiceError,
    VisionClient,
    VisionError,
    VisionWarning,
    sample_path,
)
from visionhelpers.images import Upload
from visionservice import LocalService

FACE, STRANGER, PRINT = "grace_hopper.jpg", "eileen_collins_portrait.jpg", "democritus.png"
SCOPE = "https://cognitiveservices.azure.com/.default"
Call = Callable[[VisionClient], Any]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


@pytest.fixture
def image_server() -> Iterator[ScriptedServer]:
    """Serve an image that the service cannot download."""
    with scripted_server() as server:
        server.steps = [(200, {}, sample_path(FACE).read_bytes())]
        yield server


# Requests


def test_a_url_is_sent_as_json(server: ScriptedServer) -> None:
    server.client(TAGS).tag("https://example.org/a.jpg")
    (request,) = server.requests
    assert request.headers["Content-Type"] == "application/json"
    assert json.loads(request.body) == {"url": "https://example.org/a.jpg"}
    assert request.headers["Ocp-Apim-Subscription-Key"] == KEY


def test_a_path_bytes_and_a_file_are_sent_unchanged(server: ScriptedServer, tmp_path: Path) -> None:
    path = tmp_path / "any.jpg"
    path.write_bytes(b"these very bytes")
    client = server.client(TAGS)
    with path.open("rb") as file:
        file.read(5)
        for image in (path, str(path), path.read_bytes(), file):
            client.tag(image)
    assert {request.body for request in server.requests} == {b"these very bytes"}
    types = {request.headers["Content-Type"] for request in server.requests}
    assert types == {"application/octet-stream"}


def test_a_missing_file_is_named_and_nothing_is_sent(server: ScriptedServer) -> None:
    with pytest.raises(ImageError, match=r"no/such\.jpg"):
        server.client(TAGS).tag("no/such.jpg")
    assert server.requests == []


@pytest.mark.parametrize(
    ("call", "path"),
    [
        (
            lambda client: client.analyze(b"x"),
            "analyze?visualFeatures=Categories%2CDescription%2CColor&language=en",
        ),
        (
            lambda client: client.analyze(b"x", features="Faces", details=["Celebrities", "X"]),
            "analyze?visualFeatures=Faces&details=Celebrities%2CX&language=en",
        ),
        (
            lambda client: client.describe(b"x", max_candidates=3),
            "describe?maxCandidates=3&language=en",
        ),
        (lambda client: client.tag(b"x", language="ja"), "tag?language=ja"),
        (lambda client: client.celebrities(b"x"), "models/celebrities/analyze?language=en"),
        (lambda client: client.landmarks(b"x"), "models/landmarks/analyze?language=en"),
        (
            lambda client: client.ocr(b"x", language="en", detect_orientation=False),
            "ocr?language=en&detectOrientation=false",
        ),
        (lambda client: client.domain_models(), "models"),
        (lambda client: client.analyze(b"x", features=(), details="Landmarks"), "analyze?details="),
    ],
)
def test_each_method_requests_its_operation(server: ScriptedServer, call: Call, path: str) -> None:
    assert call(server.client((200, {}, {"a": "result"}))) == {"a": "result"}
    assert server.requests[0].path.startswith(f"/vision/v1.0/{path}")


def test_a_thumbnail_is_requested_with_its_size(server: ScriptedServer) -> None:
    jpeg = BytesIO()
    Image.new("RGB", (50, 40)).save(jpeg, "JPEG")
    client = server.client((200, {}, jpeg.getvalue()))
    assert client.thumbnail(b"x", width=50, height=40).size == (50, 40)
    assert client.thumbnail_bytes(b"x", width=50, height=40, smart=False) == jpeg.getvalue()
    paths = [request.path.removeprefix("/vision/v1.0/") for request in server.requests]
    assert paths == [
        "generateThumbnail?width=50&height=40&smartCropping=true",
        "generateThumbnail?width=50&height=40&smartCropping=false",
    ]


def test_a_thumbnail_that_is_not_an_image_is_an_error(server: ScriptedServer) -> None:
    with pytest.raises(ServiceError, match="not an image"):
        server.client((200, {}, b"GIF89a and no more")).thumbnail(b"x", width=50, height=50)


METHODS = [
    name
    for name, method in inspect.getmembers(VisionClient, inspect.isfunction)
    if "image" in inspect.signature(method).parameters
]


@pytest.mark.parametrize("name", METHODS)
def test_everything_after_the_image_is_keyword_only(name: str) -> None:
    assert len(METHODS) >= 12
    parameters = list(inspect.signature(getattr(VisionClient, name)).parameters.values())
    after = parameters[[each.name for each in parameters].index("image") + 1 :]
    if not name.startswith("_"):
        assert all(each.kind is inspect.Parameter.KEYWORD_ONLY for each in after)


def test_an_option_without_its_name_is_a_type_error(server: ScriptedServer) -> None:
    with pytest.raises(TypeError, match="positional"):
        server.client(TAGS).analyze(b"x", ["Categories"])  # type: ignore[misc]
    assert server.requests == []


# Arguments


@pytest.mark.parametrize("name", ["timeout", "deadline", "retry", "endpoint", "version"])
def test_an_attribute_that_does_not_exist_cannot_be_set(server: ScriptedServer, name: str) -> None:
    client = server.client(TAGS)
    with pytest.raises(AttributeError):
        setattr(client, name, 3)


def test_the_rate_can_be_set_and_is_checked(server: ScriptedServer) -> None:
    client = server.client(TAGS, rate="20/minute")
    assert client.rate == "20/minute"
    client.rate = None
    assert client.rate is None
    for rate in (20, "fast", ""):
        with pytest.raises(ValueError, match=f"Invalid rate {rate!r}: use for example 20/minute"):
            client.rate = rate  # type: ignore[assignment]
        with pytest.raises(ValueError, match=f"Invalid rate {rate!r}:"):
            server.client(rate=rate)
    assert client.rate is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("timeout", value) for value in (-1, 0, "x", None, True, float("nan"))],
        *[("deadline", value) for value in (-1, 0, "x", None)],
        *[("retries", value) for value in (-1, "x", 1.5, None, True)],
    ],
)
def test_an_invalid_number_is_named(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"Invalid {name} {value!r}:"):
        VisionClient("http://127.0.0.1:9", KEY, **{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["", "  ", "two\nlines", "schlüssel"])
def test_a_key_that_no_header_can_contain_is_refused_without_quoting_it(key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        VisionClient("http://127.0.0.1:9", key)
    assert not key.strip() or key not in str(caught.value)


@pytest.mark.parametrize(
    ("endpoint", "service"),
    [
        ("http://127.0.0.1:5000", "local/v1.0"),
        ("http://127.0.0.1:5001/vision/v1.0", "local/v1.0"),
        ("http://localhost:5000/vision/v3.2", "local/v3.2"),
        ("https://name.cognitiveservices.azure.com", "name.cognitiveservices.azure.com/v3.2"),
        ("https://box.example.org:8443", "box.example.org/v3.2"),
    ],
)
def test_the_identity_of_a_service_contains_no_port(endpoint: str, service: str) -> None:
    assert VisionClient(endpoint, KEY).service == service


# Uploads


def test_an_image_that_is_resized_gives_a_warning_at_the_callers_line(
    server: ScriptedServer,
) -> None:
    box = {"boundingBox": "1,2,30,40", "words": []}
    result = {"regions": [{"lines": [box]}], "language": "en", "orientation": "Up"}
    client = server.client((200, {}, result))
    with pytest.warns(VisionWarning, match="4800 x 2400") as caught:
        scaled = client.ocr(blank_png(4800, 2400))
    assert [warning.filename for warning in caught] == [__file__]
    sent = Image.open(BytesIO(server.requests[0].body))
    factor = 4800 / sent.width
    assert sent.width <= 3200
    assert scaled["regions"][0]["lines"][0]["boundingBox"] == ",".join(
        str(round(number * factor)) for number in (1, 2, 30, 40)
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda client, data: client.analyze(data),
        lambda client, data: client.describe(data),
        lambda client, data: client.tag(data),
        lambda client, data: client.celebrities(data),
        lambda client, data: client.landmarks(data),
        lambda client, data: client.thumbnail(data, width=50, height=50),
        lambda client, data: client.thumbnail_bytes(data, width=50, height=50),
        lambda client, data: client.ocr(data),
        lambda client, data: client.recognize_text(data),
        lambda client, data: client.add_face("Ada", data),
        lambda client, data: client.add_landmark("Tower", data),
    ],
)
def test_the_warning_of_each_method_names_the_line_of_its_caller(
    server: ScriptedServer, call: Callable[[VisionClient, bytes], object]
) -> None:
    result = {"status": "Succeeded", "faces": []}
    client = server.client((200, server.operation()[1], result))
    with (
        pytest.warns(VisionWarning, match="16100 x 60") as caught,
        suppress(ServiceError),  # a thumbnail is no JSON
    ):
        call(client, blank_png(16_100, 60))
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize(
    ("operation", "version", "size", "longest"),
    [
        ("ocr", "v1.0", (3201, 400), 3200),
        ("recognize_text", "v1.0", (400, 3300), 3200),
        ("ocr", "v3.2", (4200, 400), 4199),
        ("recognize_text", "v3.2", (10_001, 300), 10_000),
        ("describe", "v1.0", (16_100, 60), 15_999),
        ("ocr", "v1.0", (3200, 3200), 3162),
    ],
)
def test_an_image_is_resized_to_the_pixels_of_its_operation(
    server: ScriptedServer, operation: str, version: str, size: tuple[int, int], longest: int
) -> None:
    client = server.client(version=version)
    upload = client.prepare(operation, blank_png(*size))
    sent = Image.open(BytesIO(upload.body["data"]))
    assert longest - 1 <= max(sent.size) <= longest
    assert upload.size == size
    assert "resized" in upload.note or "was sent as" in upload.note


@pytest.mark.parametrize(
    ("operation", "version", "size"),
    [
        ("ocr", "v1.0", (3200, 400)),
        ("ocr", "v3.2", (4199, 400)),
        ("recognize_text", "v3.2", (9000, 300)),
        ("describe", "v1.0", (4032, 3024)),
    ],
)
def test_an_image_within_the_limits_of_its_operation_is_sent_unchanged(
    server: ScriptedServer, operation: str, version: str, size: tuple[int, int]
) -> None:
    data = blank_png(*size)
    assert server.client(version=version).prepare(operation, data).body["data"] == data


@pytest.mark.parametrize("version", ["v1.0", "v3.2"])
def test_a_gif_is_converted_for_recognize_text(server: ScriptedServer, version: str) -> None:
    gif = BytesIO()
    noise(60, 50).save(gif, "GIF")
    client = server.client(version=version)
    body = client.prepare("recognize_text", gif).body["data"]
    assert Image.open(BytesIO(body)).format == "PNG"
    assert client.prepare("tag", gif).body["data"] == gif.getvalue()


def tiff(pages: int, size: tuple[int, int] = (60, 50)) -> bytes:
    buffer = BytesIO()
    more = [noise(*size)] * (pages - 1)
    noise(*size).save(buffer, "TIFF", save_all=True, append_images=more)
    return buffer.getvalue()


@pytest.mark.parametrize("size", [(60, 50), (1600, 1100)])
def test_read_sends_every_page_of_a_tiff(server: ScriptedServer, size: tuple[int, int]) -> None:
    data = tiff(3, size)
    pages = {"readResults": [{"page": 1, "unit": "pixel", "lines": []}]}
    done = (200, {}, {"status": "succeeded", "analyzeResult": pages})
    server.client(server.operation(), done, version="v3.2").recognize_text(data)
    assert server.requests[0].body == data


@pytest.mark.parametrize(
    "call",
    [
        lambda client, data: client.analyze(data),
        lambda client, data: client.describe(data),
        lambda client, data: client.tag(data),
        lambda client, data: client.celebrities(data),
        lambda client, data: client.landmarks(data),
        lambda client, data: client.thumbnail(data, width=50, height=50),
        lambda client, data: client.ocr(data),
        lambda client, data: client.recognize_text(data),
        lambda client, data: client.add_face("Ada", data),
    ],
)
@pytest.mark.parametrize(("data", "kind"), [(tiff(2), "a TIFF of 2 pages"), (b"%PDF-", "a PDF")])
def test_a_document_that_the_operation_cannot_take_is_refused_and_nothing_is_sent(
    server: ScriptedServer, data: bytes, kind: str, call: Callable[[VisionClient, bytes], object]
) -> None:
    with pytest.raises(ImageError, match=kind):
        call(server.client(TAGS), data)
    assert server.requests == []


def test_the_limits_of_an_operation_tell_documents_from_images(server: ScriptedServer) -> None:
    first, last = server.client(version="v1.0"), server.client(version="v3.2")
    assert last.limits("recognize_text").documents
    assert not first.limits("recognize_text").documents
    assert not last.limits("ocr").documents


def test_an_upload_is_sent_as_it_was_prepared_without_a_warning(server: ScriptedServer) -> None:
    client = server.client(TAGS)
    upload = client.prepare("tag", blank_png(16_100, 60))
    assert isinstance(upload, Upload)
    assert upload.note
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            client.tag(upload)
    assert [request.body for request in server.requests] == [upload.body["data"]] * 2
    assert client.prepare("tag", upload) is upload


@pytest.mark.parametrize("prepared", [False, True])
def test_an_image_whose_url_the_service_cannot_use_is_sent_as_bytes(
    server: ScriptedServer, image_server: ScriptedServer, prepared: bool
) -> None:
    client = server.client(BAD_URL, TAGS)
    url = f"{image_server.url}/face.jpg"
    assert client.tag(client.prepare("tag", url) if prepared else url) == {"tags": []}
    assert server.requests[1].body == sample_path(FACE).read_bytes()


def test_an_image_that_nobody_can_download_is_an_error_of_the_service(
    server: ScriptedServer, image_server: ScriptedServer
) -> None:
    image_server.steps = [(404, {}, {})]
    with pytest.raises(ServiceError, match="InvalidImageUrl"):
        server.client(BAD_URL, TAGS).tag(f"{image_server.url}/a.jpg")
    assert len(server.requests) == 1


def test_the_download_of_an_image_for_the_service_ends_at_the_deadline(
    server: ScriptedServer, image_server: ScriptedServer
) -> None:
    image_server.steps = [DRIP]  # 50 seconds
    began = time.monotonic()
    with pytest.raises(ServiceError, match="The URL is not accessible"):
        server.client(BAD_URL, TAGS, deadline=1).tag(f"{image_server.url}/face.jpg")
    assert time.monotonic() - began < 5
    assert len(server.requests) == 1


# The gallery


def test_a_service_without_a_gallery_is_named(server: ScriptedServer) -> None:
    client = server.client((404, {}, {"error": {"code": "404", "message": "Not found"}}))
    for add in (client.add_face, client.add_landmark):
        with pytest.raises(ConfigurationError, match="Only a local service has a gallery"):
            add("Ada Lovelace", b"x")
    for remove in (client.remove_face, client.remove_landmark):
        with pytest.raises(ConfigurationError, match="Only a local service has a gallery"):
            remove("Ada Lovelace")
    assert server.requests[0].path == "/gallery/celebrities/Ada%20Lovelace"


def test_a_name_with_slashes_stays_one_part_of_the_path(server: ScriptedServer) -> None:
    server.client((204, {}, b"")).remove_face("../landmarks/Summer Palace")
    (request,) = server.requests
    assert request.path == "/gallery/celebrities/..%2Flandmarks%2FSummer%20Palace"


def test_a_face_that_is_resized_gives_a_warning(server: ScriptedServer) -> None:
    with pytest.warns(VisionWarning, match="16100 x 60") as caught:
        server.client((201, {}, {"images": 1})).add_face("Ada", blank_png(16_100, 60))
    assert caught[0].filename == __file__


def test_a_face_whose_url_the_service_cannot_use_is_sent_as_bytes(
    server: ScriptedServer, image_server: ScriptedServer
) -> None:
    client = server.client(BAD_URL, (201, {}, {"images": 1}))
    client.add_face("Ada", f"{image_server.url}/face.jpg")
    assert [request.path for request in server.requests] == ["/gallery/celebrities/Ada"] * 2
    assert server.requests[1].body == sample_path(FACE).read_bytes()


# Connections


def isolated_session() -> requests.Session:
    """Return a session that ignores the proxies and certificates of the environment."""
    session = requests.Session()
    session.trust_env = False
    return session


def test_a_closed_client_closes_its_connections(server: ScriptedServer) -> None:
    with server.client(TAGS) as client:
        assert isinstance(client, VisionClient)
        client.tag(b"x")
        client.tag(b"x")
    client.close()
    client.tag(b"x")  # as with requests, a closed client opens another connection
    first, second, third = (request.port for request in server.requests)
    assert first == second != third


def test_a_session_gives_proxies_and_headers(server: ScriptedServer) -> None:
    session = isolated_session()
    session.proxies = {"http": server.url}
    session.headers["X-Lab"] = "seven"
    client = VisionClient("http://vision.example.org", KEY, session=session)
    client.tag(b"x")
    assert server.requests[0].path == "http://vision.example.org/vision/v3.2/tag?language=en"
    assert server.requests[0].headers["X-Lab"] == "seven"
    assert server.requests[0].headers["Ocp-Apim-Subscription-Key"] == KEY
    assert "Ocp-Apim-Subscription-Key" not in session.headers


def test_a_session_gives_the_certificates() -> None:
    session = isolated_session()
    with scripted_server(tls=True) as server:
        for verify in (str(CERTIFICATE), False):
            session.verify = verify
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # urllib3 warns of verify=False
                assert server.client(TAGS, session=session).tag(b"x") == {"tags": []}


def test_a_session_of_the_caller_is_not_closed(server: ScriptedServer) -> None:
    session = isolated_session()
    with server.client(TAGS, session=session) as client:
        client.tag(b"x")
    client.close()
    session.get(server.url, timeout=5)
    assert len({request.port for request in server.requests}) == 1


# Credentials


class Token(NamedTuple):
    token: str
    expires_on: int


class Credential:
    """A credential with the method of azure-identity.

    Attributes:
        scopes: The arguments of each call.
    """

    def __init__(self, *lifetimes: float) -> None:
        self.lifetimes = list(lifetimes)
        self.scopes: list[tuple[str, ...]] = []

    def get_token(self, *scopes: str, **_: object) -> Token:
        self.scopes.append(scopes)
        lifetime = self.lifetimes.pop(0) if len(self.lifetimes) > 1 else self.lifetimes[0]
        return Token(f"token-number-{len(self.scopes)}-of-the-credential", time.time() + lifetime)  # type: ignore[arg-type]


def bearers(server: ScriptedServer) -> list[str]:
    return [request.headers["Authorization"] for request in server.requests]


def test_the_token_of_a_credential_is_sent_in_place_of_a_key(server: ScriptedServer) -> None:
    credential = Credential(3600)
    client = server.client(TAGS, credential=credential)
    client.tag(b"x")
    client.tag(b"x")
    assert credential.scopes == [(SCOPE,)]
    assert bearers(server) == ["Bearer token-number-1-of-the-credential"] * 2
    assert all("Ocp-Apim-Subscription-Key" not in each.headers for each in server.requests)
    assert dict(client.headers) == {"Authorization": "Bearer token-number-1-of-the-credential"}


def test_a_token_is_refreshed_before_it_expires(server: ScriptedServer) -> None:
    credential = Credential(60, 3600)
    client = server.client(TAGS, credential=credential)
    for _ in range(3):
        client.tag(b"x")
    assert len(credential.scopes) == 2
    assert bearers(server)[1:] == ["Bearer token-number-2-of-the-credential"] * 2


def test_threads_share_a_token(server: ScriptedServer) -> None:
    credential = Credential(3600)
    client = server.client(TAGS, credential=credential)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(client.tag, [b"x"] * 8))
    assert len(credential.scopes) == 1


def test_polls_of_an_operation_send_the_token(server: ScriptedServer) -> None:
    client = server.client(server.operation(), SUCCEEDED, credential=Credential(3600))
    client.recognize_text(b"x")
    assert set(bearers(server)) == {"Bearer token-number-1-of-the-credential"}


def test_a_token_is_not_replaced_by_a_password_of_netrc(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("default login somebody password something\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", server.url)
    VisionClient("http://vision.example.org", credential=Credential(3600)).tag(b"x")
    assert bearers(server) == ["Bearer token-number-1-of-the-credential"]


@pytest.mark.parametrize("options", [{}, {"key": KEY, "credential": Credential(3600)}])
def test_a_client_takes_a_key_or_a_credential(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="a key or a credential"):
        VisionClient("http://127.0.0.1:9", **options)


def test_a_credential_that_fails_is_a_configuration_error(server: ScriptedServer) -> None:
    class Failing:
        def get_token(self, *_: str, **__: object) -> Token:
            raise RuntimeError("not logged in")

    client = server.client(TAGS, credential=Failing())
    with pytest.raises(ConfigurationError, match="not logged in") as caught:
        client.tag(b"x")
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert server.requests == []


def test_a_token_is_printed_nowhere(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "token-number-1-of-the-credential"
    body = {"message": f"No such token as {secret}", "code": secret}
    client = server.client(
        (503, {}, {}), (401, {"X-Token": secret}, body), credential=Credential(3600)
    )
    with pytest.raises(ServiceError) as caught:
        client.tag(b"x")
    printed = [repr(client), repr(client.headers), repr(client.last_response)]
    printed += [repr(vars(record)) for record in caplog.records]
    printed += [repr(caught.value), repr(vars(caught.value)), client.check()]
    printed += traceback.format_exception(caught.value)
    assert len(caplog.records) > 3
    assert secret not in "".join(printed)


# Pickles


def copy_of(client: VisionClient) -> VisionClient:
    copy = pickle.loads(pickle.dumps(client))  # noqa: S301
    assert type(copy) is type(client)
    return copy  # type: ignore[no-any-return]


def test_a_pickled_client_keeps_its_arguments(server: ScriptedServer, clock: FakeClock) -> None:
    client = server.client(
        (503, {}, {}), version="v3.2", rate="20/minute", timeout=5, deadline=10, retries=7
    )
    copy = copy_of(client)
    assert (copy.base_url, copy.key, copy.version, copy.rate, copy.service) == (
        client.base_url,
        KEY,
        "v3.2",
        "20/minute",
        "local/v3.2",
    )
    with pytest.raises(VisionError):
        copy.tag(b"x")
    assert clock.sleeps == [0.25, 0.5, 1, 2, 4]
    slow = copy_of(server.client(HANG, timeout=0.3))
    with pytest.raises(VisionError, match=r"0\.3 seconds"):
        slow.tag(b"x")


def test_a_pickled_client_counts_its_own_requests(server: ScriptedServer) -> None:
    client = server.client(TAGS)
    client.tag(b"x")
    copy = copy_of(client)
    assert copy.last_response is None
    assert copy.tag(b"x") == {"tags": []}
    assert [request.headers["Ocp-Apim-Subscription-Key"] for request in server.requests] == [
        KEY
    ] * 2


def test_a_pickled_client_keeps_its_credential_and_session(server: ScriptedServer) -> None:
    session = isolated_session()
    session.headers["X-Lab"] = "seven"
    copy = copy_of(server.client(TAGS, credential=Credential(3600), session=session))
    copy.tag(b"x")
    assert server.requests[0].headers["X-Lab"] == "seven"
    assert bearers(server) == ["Bearer token-number-1-of-the-credential"]


# The local service


@pytest.fixture
def vision(service: LocalService) -> VisionClient:
    return VisionClient(service.url, service.key)


def test_the_endpoint_may_have_any_form(service: LocalService) -> None:
    bare = service.url.removeprefix("http://")
    forms = ["", "/", "/vision", "/vision/v1.0", "/vision/v1.0/", "//vision//v1.0//"]
    for endpoint in [service.url + form for form in forms] + [bare, f"{bare}/vision/v1.0"]:
        models = VisionClient(endpoint, service.key).domain_models()["models"]
        assert {model["name"] for model in models} == {"celebrities", "landmarks"}


def test_a_wrong_key_is_refused_by_the_service(service: LocalService) -> None:
    with pytest.raises(ServiceError, match="Check the key") as caught:
        VisionClient(service.url, "wrong").domain_models()
    assert caught.value.status == 401


def test_a_url_and_its_bytes_have_the_same_result(vision: VisionClient) -> None:
    by_url = vision.analyze(vision.sample_url(FACE), features=["Faces", "Color"])
    by_bytes = vision.analyze(sample_path(FACE), features="Faces,Color")
    assert by_url["faces"] == by_bytes["faces"] != []
    assert by_url["color"] == by_bytes["color"]


def test_a_thumbnail_has_the_requested_size(vision: VisionClient) -> None:
    assert vision.thumbnail(sample_path(FACE), width=60, height=90).size == (60, 90)


def test_both_operations_read_the_words(vision: VisionClient) -> None:
    ocr = vision.ocr(sample_path(PRINT))
    words = [
        word["text"] for area in ocr["regions"] for line in area["lines"] for word in line["words"]
    ]
    assert {"NOTHING", "ATOMS", "SPACE."} <= set(words)
    read = vision.recognize_text(sample_path(PRINT), handwriting=False)
    assert "ATOMS" in " ".join(line["text"] for line in read["recognitionResult"]["lines"])


def test_bytes_that_are_not_an_image_get_the_code_of_the_api(vision: VisionClient) -> None:
    with pytest.raises(ServiceError) as caught:
        vision.describe(b"ten bytes!")
    assert (caught.value.status, caught.value.code) == (400, "InvalidImageFormat")


def test_coordinates_of_a_resized_image_are_scaled_back(vision: VisionClient) -> None:
    image = Image.open(sample_path(FACE)).convert("RGB")
    pixels = np.random.default_rng(2).integers(-60, 60, (3000, 3000, 3))
    large = np.asarray(image.resize((3000, 3000))).astype(int) + pixels
    bmp = BytesIO()
    Image.fromarray(large.clip(0, 255).astype(np.uint8)).save(bmp, "BMP")
    with pytest.warns(VisionWarning, match="3000 x 3000") as caught:
        result = vision.analyze(bmp.getvalue(), features="Faces")
    assert caught[0].filename == __file__
    small = vision.analyze(image.resize((800, 800)), features="Faces")
    assert (result["metadata"]["width"], result["metadata"]["height"]) == (3000, 3000)
    for side, expected in small["faces"][0]["faceRectangle"].items():
        rectangle = result["faces"][0]["faceRectangle"]
        assert rectangle[side] == pytest.approx(expected * 3.75, abs=110)  # type: ignore[literal-required]


def test_a_name_is_added_to_the_gallery_and_removed(vision: VisionClient) -> None:
    name = "Somebody New"
    assert vision.remove_face(name) is False
    assert vision.add_face(name, sample_path(STRANGER))["images"] == 1
    people = vision.celebrities(sample_path(STRANGER))["result"]["celebrities"]
    assert [person["name"] for person in people] == [name]
    assert vision.remove_face(name) is True
    assert vision.celebrities(sample_path(STRANGER))["result"]["celebrities"] == []


def test_a_sample_has_a_url_at_a_local_service_and_a_path_for_another(vision: VisionClient) -> None:
    root = vision.base_url.partition("vision/")[0]
    assert vision.sample_url("coffee_cup.jpg") == f"{root}samples/coffee_cup.jpg"
    azure = VisionClient("https://name.cognitiveservices.azure.com", KEY)
    assert Path(azure.sample_url("coffee_cup.jpg")) == sample_path("coffee_cup.jpg")
    with pytest.raises(ImageError, match=r"no\.jpg"):
        vision.sample_url("no.jpg")
