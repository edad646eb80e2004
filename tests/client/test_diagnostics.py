from __future__ import annotations

import socket
from typing import Any

import pytest
import requests

from tests.support.scripted_server import ScriptedServer, Step
from visionhelpers import VisionClient
from visionhelpers.diagnostics import INTERNET_HOST
from visionservice import LocalService

KEY = "0123456789abcdef0123456789abcdef"
REFUSED: Step = (401, {}, {"error": {"code": "401", "message": "Access denied."}})
REGION = "westus.api.cognitive.microsoft.com"
RESOURCE = "mine.cognitiveservices.azure.com"


def check(url: str, key: str | None = KEY, **options: Any) -> str:
    sentence = VisionClient(url, key, retries=0, **options).check()
    assert not key or key not in sentence
    assert sentence.endswith(".")
    assert ". " not in sentence
    return sentence


@pytest.mark.parametrize("version", ["v1.0", "v3.2"])
def test_a_service_that_responds_is_ok(service: LocalService, version: str) -> None:
    sentence = check(service.url, service.key, version=version)
    assert sentence == f"OK: 127.0.0.1 responds with API {version}."


def test_a_wrong_key_and_a_wrong_path_are_diagnosed(service: LocalService) -> None:
    wrong_key = "The key is wrong, or belongs to another service than 127.0.0.1."
    assert check(service.url) == wrong_key
    url = f"{service.url}/elsewhere/vision/v1.0/"
    wrong_path = f"127.0.0.1 responds, but has no Computer Vision at this path: {url}."
    assert check(url, service.key) == wrong_path


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (KEY, "The key is refused: it is wrong, or of another region than westus."),
        ("K" * 84, "The key is refused: it is wrong, or of another region than westus."),
        ("-", "The key is wrong: Azure's have 32 hexadecimal digits, or 84 letters and digits."),
        (None, f"{REGION} refuses the credential: check its role and tenant."),
    ],
)
def test_a_key_or_a_credential_that_azure_refuses_is_diagnosed(
    server: ScriptedServer, session: requests.Session, credential: Any, key: str, expected: str
) -> None:
    server.steps, session.proxies = [REFUSED], {"http": server.url}
    options = {"session": session, "credential": None if key else credential}
    assert check(f"http://{REGION}", key, **options) == expected


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (
            (500, {}, {"code": "InternalServerError", "message": "Out of order."}),
            "127.0.0.1 responds with an error: InternalServerError (500): Out of order.",
        ),
        ((200, {}, {"status": "ok"}), "127.0.0.1 responds, but has no Computer Vision at "),
        (
            (200, {"Content-Type": "text/html"}, b"<html>Log in</html>"),
            "127.0.0.1 responds with an error: 200: The response (text/html) is not a JSON object.",
        ),
    ],
)
def test_another_response_is_diagnosed(server: ScriptedServer, step: Step, expected: str) -> None:
    server.steps = [step]
    assert check(server.url).startswith(expected)


def test_a_connection_that_fails_is_diagnosed(unused_port: int) -> None:
    sentence = check(f"http://127.0.0.1:{unused_port}")
    assert sentence.startswith("127.0.0.1 does not respond: No response from http://127.0.0.1:")
    assert "the connection was refused" in sentence


@pytest.mark.parametrize(
    ("host", "known", "expected"),
    [
        (REGION, [], "There is no network"),
        (REGION, [INTERNET_HOST], "There is no region 'westus'"),
        (RESOURCE, [INTERNET_HOST], f"There is no service '{RESOURCE}'"),
    ],
)
def test_a_missing_network_and_an_unknown_name_are_told_apart(
    monkeypatch: pytest.MonkeyPatch, host: str, known: list[str], expected: str
) -> None:
    def getaddrinfo(name: str, *_: object, **__: object) -> list[str]:
        if name not in known:
            raise socket.gaierror(socket.EAI_NONAME, f"{name} is not known")
        return known

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setenv("NO_PROXY", "*")
    assert check(f"https://{host}").startswith(expected)
