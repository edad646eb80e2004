from __future__ import annotations

import re
from typing import Any

import pytest

import visionhelpers as vh
from visionhelpers.endpoint import API_VERSIONS, parse_endpoint, parse_key

V1, V3 = API_VERSIONS.values()
SECRET = "0123456789abcdef"
LIKE_AZURE = "https://cognitiveservices.azure.com.example.org/vision/v1.0"

# Endpoints and keys


@pytest.mark.parametrize(
    ("text", "version", "base_url"),
    [
        ("http://127.0.0.1:5000", None, "http://127.0.0.1:5000/vision/v1.0/"),
        (" localhost ", None, "http://localhost/vision/v1.0/"),
        ("[::1]:5000", None, "http://[::1]:5000/vision/v1.0/"),
        ("http://localhost:5000/vision", None, "http://localhost:5000/vision/v1.0/"),
        ("HTTP://localhost//Vision//V1.0//", None, "http://localhost/vision/v1.0/"),
        ("box.example.org/vision/v1.0", None, "https://box.example.org/vision/v1.0/"),
        ("http://example.org/lab/vision/v1.0", None, "http://example.org/lab/vision/v1.0/"),
        ("http://box.example.org:5000", None, "http://box.example.org:5000/vision/v3.2/"),
        ("http://box.example.org", "1.0", "http://box.example.org/vision/v1.0/"),
        ("http://box.example.org", "V1.0", "http://box.example.org/vision/v1.0/"),
        ("http://localhost/vision/v1.0", "v3.2", "http://localhost/vision/v1.0/"),
        (LIKE_AZURE, None, f"{LIKE_AZURE}/"),
    ],
)
def test_an_endpoint_is_parsed_in_every_form(text: str, version: str | None, base_url: str) -> None:
    assert parse_endpoint(text, version).base_url == base_url


@pytest.mark.parametrize("version", ["v2.0", "v3.1", "4.0"])
def test_an_unsupported_version_is_named(version: str) -> None:
    message = rf"means API v{version.removeprefix('v')}, .*supports v1\.0 and v3\.2"
    for text, given in [(f"http://localhost/vision/{version}", None), ("localhost", version)]:
        with pytest.raises(vh.ConfigurationError, match=message):
            parse_endpoint(text, given)


@pytest.mark.parametrize(
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
def test_the_version_of_azure_is_v3_2_and_one_that_it_switched_off_is_named(host: str) -> None:
    for text in (host, f"https://{host}/", f"https://{host}/vision/v3.2"):
        assert parse_endpoint(text).base_url == f"https://{host}/vision/v3.2/"
    for text, given in ((f"https://{host}/vision/v1.0/", None), (host, "v2.1")):
        with pytest.raises(vh.ConfigurationError, match=r"switched off in September 2026.*v3\.2"):
            parse_endpoint(text, given)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *[
            (text, re.escape(f"Invalid endpoint {text!r}: use for example http://host:port"))
            for text in (" ", "http://", "ftp://a", "http://a:port", "http://[::1", "http://a b")
        ],
        ("http://localhost/vision/v1.0/analyze", r"end it after the version, /v1\.0/"),
        (f"http://user:{SECRET}@localhost", "remove user names"),
        (f"htps://localhost?subscription-key={SECRET}", r"remove user names, \?"),
        (f"localhost#{SECRET}", "and #"),
        (SECRET * 2, "looks like a key"),
    ],
)
def test_an_invalid_endpoint_is_named_without_a_key(text: str, message: str) -> None:
    with pytest.raises(vh.ConfigurationError, match=message) as caught:
        parse_endpoint(text)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost/",
        "http://localhost:81/",
        "http://localhost.example.org/",
        "http://localhost@example.org/",
        "/vision/v1.0/",
        "http://localhost:none/",
    ],
)
def test_the_same_origin_is_scheme_host_and_port(url: str) -> None:
    endpoint = parse_endpoint("http://localhost/vision/v1.0")
    assert endpoint.same_origin("http://LOCALHOST:80/vision/v1.0/textOperations/1")
    assert not endpoint.same_origin(url)


def test_only_this_machine_is_loopback() -> None:
    hosts = ("127.1.2.3", "vision.localhost", "192.168.1.2", "localhost.example.org")
    assert [parse_endpoint(host).is_loopback for host in hosts] == [True, True, False, False]


@pytest.mark.parametrize("key", ["", "  ", "two\nlines", "schlüssel", "nul\0"])
def test_a_key_that_no_header_can_contain_is_refused_without_quoting_it(key: str) -> None:
    with pytest.raises(vh.ConfigurationError, match="copy it again") as caught:
        parse_key(key)
    assert not key.strip() or key not in str(caught.value)
    assert parse_key(f" {SECRET}\n") == SECRET


# Versions


def page(number: int, *lines: str, unit: str = "pixel") -> dict[str, Any]:
    words = [{"boundingBox": [1.4, 2.6] * 4, "text": line, "confidence": 0.9} for line in lines]
    box = [0.5, 1.5, 2.5, 3, 4, 5, 6, 7.49123]
    found = [{"boundingBox": box, "text": word["text"], "words": [word]} for word in words]
    return {"page": number, "angle": 0, "width": 9, "height": 9, "unit": unit, "lines": found}


def read(*pages: dict[str, Any]) -> dict[str, Any]:
    return V3.convert_read({"status": "succeeded", "analyzeResult": {"readResults": list(pages)}})


def test_each_version_reads_text_with_its_own_path_and_parameters() -> None:
    assert list(API_VERSIONS) == ["v1.0", "v3.2"]
    assert [each.path("recognize_text") for each in (V1, V3)] == ["recognizeText", "read/analyze"]
    assert V1.read_params(True) == {"handwriting": "true"}
    assert V1.read_params(False) == {"handwriting": "false"}
    assert V3.read_params(True) == V3.read_params(False) == {"readingOrder": "natural"}


def test_only_v3_2_has_angles_in_radians() -> None:
    result = {"textAngle": -0.0872665, "regions": []}
    assert V1.convert_ocr(result) == V1.convert_read(result) == result
    assert V3.convert_ocr(result) == {"textAngle": pytest.approx(-5, abs=1e-4), "regions": []}
    assert V3.convert_ocr({"regions": []}) == {"regions": []}


def test_the_lines_of_an_image_get_whole_pixels() -> None:
    result = read(page(1, "one", "two"))
    box, words = [0, 2, 2, 3, 4, 5, 6, 7], [{"boundingBox": [1, 3] * 4, "text": "one"}]
    first, second = result["recognitionResult"].pop("lines")
    assert first == {"boundingBox": box, "text": "one", "words": words}
    assert all(isinstance(number, int) for number in first["boundingBox"])
    assert second["text"] == "two"
    assert result == {"status": "Succeeded", "recognitionResult": {}}


def test_the_lines_of_a_document_keep_their_page() -> None:
    recognized = read(page(1, "one", "two"), page(2), page(3, "three"))["recognitionResult"]
    lines = [(line["text"], line["page"]) for line in recognized["lines"]]
    assert lines == [("one", 1), ("two", 1), ("three", 3)]
    size = {"width": 9, "height": 9, "unit": "pixel"}
    assert recognized["pages"] == [{"page": number, **size} for number in (1, 2, 3)]
    assert recognized["lines"][0]["boundingBox"] == [0, 2, 2, 3, 4, 5, 6, 7]


def test_boxes_in_inches_keep_four_digits_and_their_unit() -> None:
    recognized = read(page(1, "one", unit="inch"))["recognitionResult"]
    (line,) = recognized["lines"]
    assert line["boundingBox"] == [0.5, 1.5, 2.5, 3, 4, 5, 6, 7.4912]
    assert line["words"][0]["boundingBox"] == [1.4, 2.6] * 4
    assert line["page"] == 1
    assert recognized["pages"] == [{"page": 1, "width": 9, "height": 9, "unit": "inch"}]


@pytest.mark.parametrize("result", [None, {}, {"readResults": [{}]}, {"readResults": [None]}])
def test_an_incomplete_result_of_read_is_an_error(result: dict[str, Any] | None) -> None:
    with pytest.raises(vh.ServiceError, match="incomplete"):
        V3.convert_read({"status": "succeeded", "analyzeResult": result})
