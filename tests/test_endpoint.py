from __future__ import annotations

import pytest

from visionhelpers.endpoint import parse_endpoint
from visionhelpers.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "base_url"),
    [
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000/vision/v1.0/"),
        ("http://127.0.0.1:5000/", "http://127.0.0.1:5000/vision/v1.0/"),
        (" localhost:5000 ", "http://localhost:5000/vision/v1.0/"),
        ("localhost", "http://localhost/vision/v1.0/"),
        ("[::1]:5000", "http://[::1]:5000/vision/v1.0/"),
        ("http://localhost:5000/vision", "http://localhost:5000/vision/v1.0/"),
        ("http://localhost:5000//vision//v1.0//", "http://localhost:5000/vision/v1.0/"),
        ("HTTP://localhost:5000/Vision/V1.0", "http://localhost:5000/vision/v1.0/"),
        ("vision.example.org/vision/v1.0", "https://vision.example.org/vision/v1.0/"),
        ("http://gate.example.org/lab/vision/v1.0", "http://gate.example.org/lab/vision/v1.0/"),
    ],
)
def test_every_form_of_an_endpoint_is_understood(text: str, base_url: str) -> None:
    endpoint = parse_endpoint(text)
    assert (endpoint.base_url, endpoint.version) == (base_url, "v1.0")


@pytest.mark.parametrize("version", ["v1.0", "1.0", "V1.0"])
def test_a_version_is_given_where_the_endpoint_has_none(version: str) -> None:
    assert parse_endpoint("http://box.example.org:5000", version).version == "v1.0"


def test_the_endpoints_own_version_comes_first() -> None:
    assert parse_endpoint("http://localhost/vision/v1.0", "v3.2").version == "v1.0"


@pytest.mark.parametrize("version", ["v2.0", "v3.1", "4.0"])
def test_a_version_not_spoken_is_refused_by_name(version: str) -> None:
    named = f"v{version.removeprefix('v')}"
    for text, given in [(f"http://localhost/vision/{version}", None), ("localhost", version)]:
        with pytest.raises(ConfigurationError, match=rf"means API {named}.*speaks v1\.0 and v3\.2"):
            parse_endpoint(text, given)


def test_a_remote_service_speaks_the_newest_version_unless_it_names_another() -> None:
    assert parse_endpoint("http://box.example.org:5000").version == "v3.2"
    assert parse_endpoint("http://box.example.org:5000/vision/v1.0").version == "v1.0"


AZURE = pytest.mark.parametrize(
    "host",
    [
        "my-vision.cognitiveservices.azure.com",
        "westcentralus.api.cognitive.microsoft.com",
        "WestUS.API.cognitive.microsoft.com.",
        "gov.cognitiveservices.azure.us",
        "virginia.api.cognitive.microsoft.us",
        "china.api.cognitive.azure.cn",
        "my.cognitiveservices.azure.cn",
    ],
)


@AZURE
def test_azure_speaks_v3_2(host: str) -> None:
    for text in (host, f"https://{host}/", f"https://{host}/vision/v3.2"):
        endpoint = parse_endpoint(text)
        assert endpoint.base_url == f"https://{host}/vision/v3.2/"


@AZURE
def test_what_azure_switched_off_is_refused_by_name(host: str) -> None:
    for text, given in ((f"https://{host}/vision/v1.0/", None), (host, "v2.1")):
        with pytest.raises(ConfigurationError, match=r"switched off in September 2026.*v3\.2"):
            parse_endpoint(text, given)


def test_a_host_that_only_looks_like_azure_is_not_refused() -> None:
    text = "https://cognitiveservices.azure.com.example.org/vision/v1.0"
    assert parse_endpoint(text).base_url == f"{text}/"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "http://",
        "ftp://localhost",
        "http://localhost:port",
        "http://[::1",
        "///",
        "http://a b/",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="no endpoint"):
        parse_endpoint(text)


def test_an_address_that_goes_on_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="goes on after the version"):
        parse_endpoint("http://localhost/vision/v1.0/analyze")


@pytest.mark.parametrize(
    "text", ["http://me:secret@localhost", "localhost?subscription-key=secret", "localhost#secret"]
)
def test_an_address_with_more_than_a_path_is_refused_unquoted(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_endpoint(text)
    assert "secret" not in str(caught.value)


def test_an_address_is_at_an_endpoint_by_scheme_host_and_port() -> None:
    endpoint = parse_endpoint("http://localhost/vision/v1.0")
    assert endpoint.is_at("http://LOCALHOST:80/vision/v1.0/textOperations/1")
    for other in (
        "https://localhost/",
        "http://localhost:81/",
        "http://example.org/",
        "http://localhost.example.org/",
        "http://localhost@example.org/",
        "/vision/v1.0/",
        "",
        "http://localhost:none/",
    ):
        assert not endpoint.is_at(other)


def test_only_this_machine_is_loopback() -> None:
    assert parse_endpoint("127.1.2.3", "v1.0").is_loopback
    assert parse_endpoint("vision.localhost", "v1.0").is_loopback
    assert not parse_endpoint("192.168.1.2", "v1.0").is_loopback
    assert not parse_endpoint("localhost.example.org", "v1.0").is_loopback
