from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest
import requests

from visionservice import LocalService
from visionservice.middleware import IdleTimer, normalize_path, parse_host


@pytest.mark.parametrize(
    ("path", "spelling"),
    [
        ("/vision/v1.0/RecognizeText", "/vision/v1.0/recognizetext"),
        ("//Vision//V1.0///models/", "/vision/v1.0/models"),
        ("/samples/A b/C.jpg", "/samples/A b/C.jpg"),
        ("/", "/"),
    ],
)
def test_a_path_has_one_spelling(path: str, spelling: str) -> None:
    assert normalize_path(path) == spelling


@pytest.mark.parametrize(
    ("netloc", "host"),
    [
        ("LocalHost:80", "localhost"),
        ("[::1]:8000", "::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1", ""),
        ("", ""),
        ("evil.example:1@127.0.0.1", ""),
        ("127.0.0.1/path", ""),
        ("[::1]evil.example", ""),
        ("localhost:80:80", ""),
        ("localhost:http", ""),
    ],
)
def test_a_host_is_read_without_its_port(netloc: str, host: str) -> None:
    assert parse_host(netloc) == host


def asked(service: LocalService, host: str | None) -> int:
    """Ask for the health with this Host header; return the status."""
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=10)
    connection.putrequest("GET", "/health", skip_host=True)
    if host is not None:
        connection.putheader("Host", host)
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:1", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("localhost@evil.example", 400),
        ("[::1].evil.example", 400),
        ("localhost:80:80", 400),
        ("", 400),
        (None, 400),
    ],
)
def test_only_this_machines_names_are_answered_to(
    service: LocalService, host: str | None, status: int
) -> None:
    assert asked(service, host) == status


@pytest.mark.parametrize(
    "path",
    [
        "/vision/v1.0/models",
        "/vision/v1.0/analyze",
        "/gallery/celebrities/Somebody",
        "/",
        "/healthy",
        "/vision/v1.0/../../health",
    ],
)
def test_nothing_but_health_and_samples_is_open_without_the_key(
    service: LocalService, path: str
) -> None:
    connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=10)
    connection.request("GET", path)
    assert connection.getresponse().status == 401
    connection.close()
    assert requests.get(f"{service.url}/health", timeout=10).status_code == 200


@pytest.mark.parametrize("name", ["subscription-key", "Subscription-Key", "SUBSCRIPTION-KEY"])
def test_the_key_may_stand_in_the_query(service: LocalService, name: str) -> None:
    url = f"{service.url}/vision/v1.0/models"
    assert requests.get(url, params={name: service.key}, timeout=10).status_code == 200
    assert requests.get(url, params={name: "wrong"}, timeout=10).status_code == 401


def test_no_origin_is_let_in_from_a_browser(service: LocalService) -> None:
    url = f"{service.url}/health"
    asked = requests.get(url, headers={"Origin": "https://evil.example"}, timeout=10)
    assert not [name for name in asked.headers if name.lower().startswith("access-control")]


def test_activity_knows_whether_somebody_is_being_answered() -> None:
    activity = IdleTimer()
    with activity:
        assert activity.idle == 0.0
    assert activity.idle > 0.0
