from __future__ import annotations

from typing import Any

import pytest

from visionhelpers import ServiceError
from visionhelpers.endpoint import API_VERSIONS, parse_endpoint, parse_key
from visionhelpers.errors import ConfigurationError

V1, V3 = API_VERSIONS["v1.0"], API_VERSIONS["v3.2"]

# Endpoints and keys


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
def test_an_endpoint_is_parsed_in_every_form(text: str, base_url: str) -> None:
    endpoint = parse_endpoint(text)
    assert (endpoint.base_url, endpoint.version) == (base_url, "v1.0")


@pytest.mark.parametrize("version", ["v1.0", "1.0", "V1.0"])
def test_the_version_is_used_if_the_endpoint_has_none(version: str) -> None:
    assert parse_endpoint("http://box.example.org:5000", version).version == "v1.0"


def test_the_version_in_the_endpoint_wins() -> None:
    assert parse_endpoint("http://localhost/vision/v1.0", "v3.2").version == "v1.0"


@pytest.mark.parametrize("version", ["v2.0", "v3.1", "4.0"])
def test_an_unsupported_version_is_named(version: str) -> None:
    name = f"v{version.removeprefix('v')}"
    for text, given in [(f"http://localhost/vision/{version}", None), ("localhost", version)]:
        with pytest.raises(
            ConfigurationError, match=rf"means API {name}.*supports v1\.0 and v3\.2"
        ):
            parse_endpoint(text, given)


def test_the_default_version_of_a_remote_service_is_the_newest() -> None:
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
def test_the_version_of_azure_is_v3_2(host: str) -> None:
    for text in (host, f"https://{host}/", f"https://{host}/vision/v3.2"):
        endpoint = parse_endpoint(text)
        assert endpoint.base_url == f"https://{host}/vision/v3.2/"


@AZURE
def test_a_version_that_azure_switched_off_is_named(host: str) -> None:
    for text, given in ((f"https://{host}/vision/v1.0/", None), (host, "v2.1")):
        with pytest.raises(ConfigurationError, match=r"switched off in September 2026.*v3\.2"):
            parse_endpoint(text, given)


def test_a_host_that_only_resembles_azure_may_have_any_version() -> None:
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
def test_an_invalid_endpoint_is_named(text: str) -> None:
    with pytest.raises(ConfigurationError, match="use for example http://host:port") as caught:
        parse_endpoint(text)
    assert str(caught.value).startswith(f"Invalid endpoint {text!r}:")


def test_an_endpoint_with_an_operation_is_invalid() -> None:
    with pytest.raises(ConfigurationError, match=r"end it after the version, /v1\.0/"):
        parse_endpoint("http://localhost/vision/v1.0/analyze")


@pytest.mark.parametrize(
    "text", ["http://me:secret@localhost", "localhost?subscription-key=secret", "localhost#secret"]
)
def test_an_endpoint_with_more_than_a_path_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_endpoint(text)
    assert "secret" not in str(caught.value)


def test_the_same_origin_is_scheme_host_and_port() -> None:
    endpoint = parse_endpoint("http://localhost/vision/v1.0")
    assert endpoint.same_origin("http://LOCALHOST:80/vision/v1.0/textOperations/1")
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
        assert not endpoint.same_origin(other)


def test_only_this_machine_is_loopback() -> None:
    assert parse_endpoint("127.1.2.3", "v1.0").is_loopback
    assert parse_endpoint("vision.localhost", "v1.0").is_loopback
    assert not parse_endpoint("192.168.1.2", "v1.0").is_loopback
    assert not parse_endpoint("localhost.example.org", "v1.0").is_loopback


def test_a_key_loses_the_white_space_around_it() -> None:
    assert parse_key(" 0123456789abcdef\n") == "0123456789abcdef"


@pytest.mark.parametrize("key", ["", "  ", "two\nlines", "schlüssel", "nul\0"])
def test_a_key_that_no_header_can_contain_is_refused_without_quoting_it(key: str) -> None:
    with pytest.raises(ConfigurationError, match="copy it again") as caught:
        parse_key(key)
    assert not key.strip() or key not in str(caught.value)


# Versions


def page(number: int, *lines: str, unit: str = "pixel") -> dict[str, object]:
    words = [{"boundingBox": [1.4, 2.6] * 4, "text": line, "confidence": 0.9} for line in lines]
    box = [0.5, 1.5, 2.5, 3, 4, 5, 6, 7.49]
    found = [{"boundingBox": box, "text": word["text"], "words": [word]} for word in words]
    return {"page": number, "angle": 0, "width": 9, "height": 9, "unit": unit, "lines": found}


def read(*pages: dict[str, object]) -> dict[str, Any]:
    return V3.convert_read({"status": "succeeded", "analyzeResult": {"readResults": list(pages)}})


def test_the_client_supports_the_first_and_the_last_version() -> None:
    assert list(API_VERSIONS) == ["v1.0", "v3.2"]


def test_the_operation_that_reads_handwriting_has_another_path_in_each_version() -> None:
    assert (V1.read_path, V3.read_path) == ("recognizeText", "read/analyze")


def test_only_v1_0_has_a_parameter_for_handwriting() -> None:
    assert [V1.read_params(handwriting) for handwriting in (True, False)] == [
        {"handwriting": "true"},
        {"handwriting": "false"},
    ]
    assert V3.read_params(True) == V3.read_params(False) == {"readingOrder": "natural"}


def test_results_of_v1_0_are_not_converted() -> None:
    result = {"textAngle": 5.5, "status": "Succeeded"}
    assert V1.convert_ocr(result) == V1.convert_read(result) == result


def test_the_lines_of_an_image_get_whole_pixels() -> None:
    result = read(page(1, "one", "two"))
    assert set(result) == {"status", "recognitionResult"}
    assert result["status"] == "Succeeded"
    assert set(result["recognitionResult"]) == {"lines"}
    lines = result["recognitionResult"]["lines"]
    assert [line["text"] for line in lines] == ["one", "two"]
    assert lines[0] == {
        "boundingBox": [0, 2, 2, 3, 4, 5, 6, 7],
        "text": "one",
        "words": [{"boundingBox": [1, 3] * 4, "text": "one"}],
    }
    assert all(isinstance(number, int) for number in lines[0]["boundingBox"])


def test_the_lines_of_a_document_keep_their_page() -> None:
    recognized = read(page(1, "one", "two"), page(2), page(3, "three"))["recognitionResult"]
    assert [(line["text"], line["page"]) for line in recognized["lines"]] == [
        ("one", 1),
        ("two", 1),
        ("three", 3),
    ]
    assert recognized["pages"] == [
        {"page": number, "width": 9, "height": 9, "unit": "pixel"} for number in (1, 2, 3)
    ]
    assert recognized["lines"][0]["boundingBox"] == [0, 2, 2, 3, 4, 5, 6, 7]


def test_boxes_in_inches_keep_four_digits_and_their_unit() -> None:
    document = page(1, "one", unit="inch")
    document["lines"][0]["boundingBox"] = [1.01019, 1.23456, 4, 1.2, 4, 1.5, 1.01, 1.5]  # type: ignore[index]
    recognized = read(document)["recognitionResult"]
    assert recognized["lines"][0]["boundingBox"] == [1.0102, 1.2346, 4, 1.2, 4, 1.5, 1.01, 1.5]
    assert recognized["lines"][0]["words"][0]["boundingBox"] == [1.4, 2.6] * 4
    assert recognized["lines"][0]["page"] == 1
    assert recognized["pages"] == [{"page": 1, "width": 9, "height": 9, "unit": "inch"}]


@pytest.mark.parametrize(
    "operation",
    [
        {"status": "succeeded"},
        {"status": "succeeded", "analyzeResult": None},
        {"status": "succeeded", "analyzeResult": {}},
        {"status": "succeeded", "analyzeResult": {"readResults": [{"page": 1}]}},
        {"status": "succeeded", "analyzeResult": {"readResults": [None]}},
    ],
)
def test_an_incomplete_result_of_read_is_an_error(operation: dict[str, Any]) -> None:
    with pytest.raises(ServiceError, match="incomplete"):
        V3.convert_read(operation)


def test_radians_become_degrees() -> None:
    result = V3.convert_ocr({"textAngle": -0.0872665, "orientation": "Up", "regions": []})
    assert result["textAngle"] == pytest.approx(-5, abs=1e-4)
    assert result["orientation"] == "Up"


def test_a_result_without_an_angle_gets_none() -> None:
    assert V3.convert_ocr({"regions": []}) == {"regions": []}


def test_each_operation_has_the_limits_of_its_version() -> None:
    photo = {"JPEG", "PNG", "GIF", "BMP"}
    for version in (V1, V3):
        for operation in ("analyze", "describe", "tag", "celebrities", "landmarks", "thumbnail"):
            limits = version.limits(operation)
            assert (limits.formats, limits.documents) == (photo, False)
            assert 3.9 < limits.max_bytes / 2**20 < 4
        assert version.limits("ocr").max_pixels == 10_000_000
        assert version.limits("recognize_text").formats >= {"JPEG", "PNG", "BMP"}
        assert "GIF" not in version.limits("recognize_text").formats
    assert V1.limits("ocr").max_side == V1.limits("recognize_text").max_side == 3200
    assert V3.limits("ocr").max_side < 4200
    assert V3.limits("recognize_text").documents
    assert V3.limits("recognize_text").max_bytes >= 50 * 2**20
    assert not V1.limits("recognize_text").documents


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://user:0123456789abcdef@example.org/",
        "htps://example.org/?subscription-key=0123456789abcdef",
        "0123456789abcdef0123456789abcdef",
    ],
)
def test_a_key_in_an_endpoint_is_not_quoted(endpoint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_endpoint(endpoint)
    assert "0123456789abcdef" not in str(caught.value)
