from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from visionhelpers import VisionClient
from visionhelpers.diagnostics import ELSEWHERE
from visionhelpers.service import LocalService

KEY = "0123456789abcdef0123456789abcdef"


def known(*hosts: str) -> Callable[..., list[Any]]:
    """Look up these names, and no others."""

    def look_up(host: str, *_: object, **__: object) -> list[Any]:
        if host not in hosts:
            raise socket.gaierror(f"{host} is not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9))]

    return look_up


def test_all_is_well_where_the_service_answers(service: LocalService) -> None:
    for version in ("v1.0", "v3.2"):
        said = VisionClient(service.url, service.key, version=version).check()
        assert said == f"All is well: 127.0.0.1 answers, with API {version}."


def test_a_wrong_key_is_told(service: LocalService) -> None:
    said = VisionClient(service.url, KEY).check()
    assert said == "The key is wrong, or belongs to another service than 127.0.0.1."


def test_a_wrong_path_is_told(service: LocalService) -> None:
    said = VisionClient(f"{service.url}/elsewhere", service.key).check()
    assert "no Computer Vision at this path" in said
    assert "/elsewhere/vision/v1.0/" in said


def test_nobody_at_the_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert (
        VisionClient(f"http://127.0.0.1:{port}", KEY, retries=0)
        .check()
        .startswith("127.0.0.1 does not answer")
    )


@pytest.mark.parametrize(
    ("host", "looked_up", "said"),
    [
        ("westmars.api.cognitive.microsoft.com", (), "no network"),
        ("westmars.api.cognitive.microsoft.com", (ELSEWHERE,), "no region 'westmars'"),
        ("mine.cognitiveservices.azure.com", (ELSEWHERE,), "no service 'mine.cognitive"),
    ],
)
def test_no_network_and_a_name_that_does_not_exist_are_told_apart(
    monkeypatch: pytest.MonkeyPatch, host: str, looked_up: tuple[str, ...], said: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", known(*looked_up))
    sentence = VisionClient(f"https://{host}", KEY, retries=0).check()
    assert said in sentence
    assert sentence.count(". ") == 0
    assert KEY not in sentence
