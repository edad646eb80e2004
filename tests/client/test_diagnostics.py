from __future__ import annotations

import socket
from collections.abc import Callable
from time import time
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from tests.support.scripted_server import CUT, HANG, TAGS, scripted_server
from visionhelpers import VisionClient
from visionhelpers.diagnostics import INTERNET_HOST
from visionservice import LocalService

KEY = "0123456789abcdef0123456789abcdef"


def resolve(*hosts: str) -> Callable[..., list[Any]]:
    """Return a resolver of these names only."""

    def getaddrinfo(host: str, *_: object, **__: object) -> list[Any]:
        if host not in hosts:
            raise socket.gaierror(socket.EAI_NONAME, f"{host} is not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9))]

    return getaddrinfo


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def check(url: str, **options: Any) -> str:
    """Return the diagnosis, without proxies of the environment."""
    session = requests.Session()
    session.trust_env = False
    session.proxies = options.pop("proxies", {})
    sentence = VisionClient(url, KEY, retries=0, session=session, **options).check()
    assert KEY not in sentence
    assert sentence.endswith(".")
    assert ". " not in sentence
    return sentence


@pytest.mark.parametrize("version", ["v1.0", "v3.2"])
def test_a_service_that_responds_is_ok(service: LocalService, version: str) -> None:
    sentence = VisionClient(service.url, service.key, version=version).check()
    assert sentence == f"OK: 127.0.0.1 responds with API {version}."


def test_a_wrong_key_is_diagnosed(service: LocalService) -> None:
    sentence = check(service.url)
    assert sentence == "The key is wrong, or belongs to another service than 127.0.0.1."


def test_a_wrong_path_is_diagnosed(service: LocalService) -> None:
    sentence = VisionClient(f"{service.url}/elsewhere", service.key).check()
    assert "no Computer Vision at this path" in sentence
    assert "/elsewhere/vision/v1.0/" in sentence


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (KEY, "it is wrong, or of another region than westus"),
        ("K" * 84, "it is wrong, or of another region than westus"),
        ("too short", "Azure's have 32 hexadecimal digits, or 84 letters and digits"),
    ],
)
def test_a_key_that_azure_refuses_is_diagnosed(key: str, expected: str) -> None:
    with scripted_server() as server:
        server.steps = [(401, {}, {"error": {"code": "401", "message": "Access denied."}})]
        session = requests.Session()
        session.trust_env = False
        session.proxies = {"http": server.url}
        url = "http://westus.api.cognitive.microsoft.com/vision/v3.2"
        assert expected in VisionClient(url, key, session=session).check()


def test_a_credential_that_azure_refuses_is_not_called_a_key() -> None:
    class Credential:
        def get_token(self, *_: str, **__: object) -> SimpleNamespace:
            return SimpleNamespace(token="a-token-of-azure", expires_on=time() + 3600)

    with scripted_server() as server:
        server.steps = [(401, {}, {"error": {"code": "401", "message": "Access denied."}})]
        session = requests.Session()
        session.trust_env = False
        session.proxies = {"http": server.url}
        url = "http://mine.cognitiveservices.azure.com"
        sentence = VisionClient(url, credential=Credential(), session=session).check()
    assert "credential" in sentence
    assert "key" not in sentence


def test_a_credential_that_fails_is_diagnosed() -> None:
    class Failing:
        def get_token(self, *_: str, **__: object) -> SimpleNamespace:
            raise RuntimeError("not logged in")

    url = "http://mine.cognitiveservices.azure.com"
    assert "not logged in" in VisionClient(url, credential=Failing()).check()


def test_an_error_of_the_service_is_diagnosed() -> None:
    with scripted_server() as server:
        server.steps = [(500, {}, {"code": "InternalServerError", "message": "Out of order."})]
        assert check(server.url) == (
            "127.0.0.1 responds with an error: InternalServerError (500): Out of order."
        )


def test_each_failure_of_the_connection_is_diagnosed(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = f"http://127.0.0.1:{unused_port()}"
    with scripted_server() as server, scripted_server(tls=True) as tls:
        server.steps = [CUT]
        sentences = {
            "refused": check(closed),
            "self-signed": check(tls.url),
            "https or http": check(server.url.replace("http:", "https:")),
            "HTTPS_PROXY": check("https://vision.example.org", proxies={"https": closed}),
            "cut off": check(server.url),
        }
        server.steps = [HANG]
        sentences["0.3 seconds"] = check(server.url, timeout=0.3)
        tls.steps = [TAGS]
    monkeypatch.setattr(socket, "getaddrinfo", resolve(INTERNET_HOST))
    sentences["no service 'vision.example.org'"] = check("http://vision.example.org")
    for words, sentence in sentences.items():
        assert words in sentence
    assert len(set(sentences.values())) == len(sentences)


@pytest.mark.parametrize(
    ("host", "known", "expected"),
    [
        ("westmars.api.cognitive.microsoft.com", (), "no network"),
        ("westmars.api.cognitive.microsoft.com", (INTERNET_HOST,), "no region 'westmars'"),
        ("mine.cognitiveservices.azure.com", (INTERNET_HOST,), "no service 'mine.cognitive"),
    ],
)
def test_a_missing_network_and_an_unknown_name_are_told_apart(
    monkeypatch: pytest.MonkeyPatch, host: str, known: tuple[str, ...], expected: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolve(*known))
    assert expected in check(f"https://{host}")


def test_a_web_server_that_is_no_vision_service_is_diagnosed() -> None:
    for body in ({"status": "ok"}, b"<html>Log in</html>"):
        with scripted_server() as server:
            diagnosis = server.client((200, {"Content-Type": "text/html"}, body)).check()
        assert not diagnosis.startswith("OK")
