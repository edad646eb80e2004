from __future__ import annotations

from math import nan
from pathlib import Path
from time import monotonic

import pytest
import requests

from tests.support.api import finished
from tests.support.clock import FakeClock
from tests.support.http_client import KEY, post_sample
from visionservice import LocalService
from visionservice.errors import too_many_requests
from visionservice.settings import ServiceSettings, parse_rate


def get(service: LocalService, path: str, key: str = "") -> requests.Response:
    return requests.get(f"{service.url}/{path}", headers={KEY: key or service.key}, timeout=60)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("20/minute", (20, 60)),
        (" 10/Second ", (10, 1)),
        ("5/hours", (5, 3600)),
        ("20/3 seconds", (20, 3)),
    ],
)
def test_a_rate_is_parsed(text: str, rate: tuple[int, float]) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text", ["", "20", "0/minute", "20/day", "-1/second", "20/0 seconds", "٣/minute"]
)
def test_an_invalid_rate_is_not_parsed(text: str) -> None:
    assert parse_rate(text) is None


@pytest.mark.parametrize(
    ("setting", "value", "kind", "message"),
    [
        ("rate", 20, TypeError, "rate 20: use for example 20/minute or 20/3 seconds."),
        ("rate", "", ValueError, "rate '': use for example 20/minute or 20/3 seconds."),
        ("port", 70000, ValueError, "port 70000: use 0 to 65535, where 0 is any free port."),
        ("latency", None, TypeError, "latency None: use 0 to 86400 seconds."),
        ("latency", -1.0, ValueError, "latency -1.0: use 0 to 86400 seconds."),
        ("operation_delay", nan, ValueError, "operation_delay nan: use 0 to 86400 seconds."),
        ("operation_delay", 86_401, ValueError, "operation_delay 86401: use 0 to 86400 seconds."),
        ("fail_operations", "no", TypeError, "fail_operations 'no': use True or False."),
        ("idle", 0, ValueError, "idle 0: use a number of seconds above 0."),
        ("idle", nan, ValueError, "idle nan: use a number of seconds above 0."),
        ("cache_size", True, TypeError, "cache_size True: use 0 to 100000 images."),
        ("cache_size", -1, ValueError, "cache_size -1: use 0 to 100000 images."),
        ("host", 127, TypeError, "host 127: use for example '127.0.0.1'."),
        ("key", "", ValueError, "key: use ASCII letters, digits and signs without spaces."),
        ("key", "m\nine", ValueError, "key: use ASCII letters, digits and signs without spaces."),
        ("key", "clé", ValueError, "key: use ASCII letters, digits and signs without spaces."),
        ("allow_hosts", "lab", TypeError, "allow_hosts 'lab': use a list of names."),
        ("allow_hosts", [1], ValueError, "allow_hosts (1,): use a list of names."),
        ("gallery", 5, TypeError, "gallery 5: use the path of a folder."),
        ("images", "/nowhere", ValueError, "images '/nowhere': use a folder that exists."),
        ("images", "~nosuch/x", ValueError, "path '~nosuch/x': use a path without ~."),
        ("engines", None, TypeError, "engines None: use a dictionary."),
        ("engine_options", ["a=b"], TypeError, "engine_options ['a=b']: use a dictionary."),
    ],
)
def test_an_invalid_setting_is_named_when_a_service_is_made(
    setting: str, value: object, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as error:
        LocalService(**{setting: value})
    assert str(error.value) == f"Invalid {message}"


def test_folders_can_be_strings() -> None:
    settings = ServiceSettings(images=".", gallery="~/people")
    assert (settings.images, settings.gallery) == (Path(), Path.home() / "people")


def test_settings_are_shown_without_secrets() -> None:
    settings = ServiceSettings(key="secret", engine_options={"captions.key": "secret"})
    assert "secret" not in repr(settings)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1"])
def test_a_service_at_a_loopback_address_is_not_public(host: str) -> None:
    assert not ServiceSettings(host=host).public
    assert ServiceSettings(host=host, allow_hosts=("lab.example",)).public


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "127.0.0.1.example"])  # noqa: S104
def test_a_service_at_another_address_is_public(host: str) -> None:
    assert ServiceSettings(host=host).public


def test_requests_above_the_rate_get_429_until_retry_after(rate_clock: FakeClock) -> None:
    with LocalService(rate="3/minute") as service:
        for _ in range(3):
            assert get(service, "health").ok
            assert get(service, "samples/dahlia.jpg").ok
            assert get(service, "vision/v3.2/models", key="wrong").status_code == 401
        assert [get(service, "vision/v3.2/models").status_code for _ in range(3)] == [200] * 3
        rate_clock.advance(20)
        response = get(service, "vision/v3.2/models")
        assert (response.status_code, response.headers["Retry-After"]) == (429, "40")
        assert response.json()["error"] == {
            "code": "429",
            "message": "Requests to the Computer Vision API (v3.2) have exceeded the rate limit of "
            "this service. Please retry after 40 seconds.",
        }
        rate_clock.advance(40)
        assert get(service, "vision/v3.2/models").ok


def test_one_second_is_singular() -> None:
    assert str(too_many_requests(1, "Enough")) == "Enough. Please retry after 1 second."


def test_the_latency_delays_responses_of_the_api_only() -> None:
    with LocalService(latency=60) as service:
        assert get(service, "health").ok
        assert get(service, "samples/coffee_cup.jpg").ok
    with LocalService(latency=0.3) as service:
        began = monotonic()
        assert get(service, "vision/v1.0/models").ok
        assert monotonic() - began >= 0.3


def test_an_operation_takes_at_least_the_operation_delay_and_fails_on_request() -> None:
    with LocalService(operation_delay=1.0, fail_operations=True) as service:
        began = monotonic()
        path = "v2.0/recognizeText"
        accepted = post_sample(service, path, "coffee_cup.jpg", mode="Printed")
        ended = finished(accepted.headers["Operation-Location"], {KEY: service.key})
        assert monotonic() - began >= 1
        assert ended.json() == {"status": "Failed"}


def test_every_response_has_the_header_server() -> None:
    with LocalService() as service:
        for path in ("health", "vision/v1.0/models", "nowhere"):
            server = get(service, path, key="wrong").headers["Server"]
            assert server.startswith("visionhelpers/")
            assert server.endswith("(local)")
