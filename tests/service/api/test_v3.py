from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.support.http_client import KEY, post_sample, read_sample
from visionservice import LocalService
from visionservice.api.v3 import page_numbers
from visionservice.api.version import V3_2
from visionservice.errors import ApiError, access_denied, bad_argument, internal_error


@pytest.mark.parametrize(
    ("version", "schema"), [("v3.0", "3.0.0"), ("v3.1", "3.1.0"), ("v3.2", "3.2.0")]
)
def test_read_returns_pages_of_lines_with_confidences(
    service: LocalService, version: str, schema: str
) -> None:
    response = read_sample(service, f"{version}/read/analyze", "handwritten_note.jpg")
    assert response["status"] == "succeeded"
    assert response["createdDateTime"] <= response["lastUpdatedDateTime"]
    begun = datetime.strptime(response["createdDateTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert abs(begun - datetime.now(UTC)) < timedelta(minutes=2)
    result = response["analyzeResult"]
    assert (result["version"], "modelVersion" in result) == (schema, version == "v3.2")
    (page,) = result["readResults"]
    assert page["lines"][0]["text"] == "Dear Ada,"
    assert page["lines"][0]["words"][0]["confidence"] > 0.8
    assert (page["page"], page["unit"]) == (1, "pixel")
    assert page["angle"] == pytest.approx(-2.2, abs=1)  # it slopes upwards


def test_both_reading_orders_return_the_same_lines(
    service: LocalService,
) -> None:
    texts = {}
    for order in ("basic", "natural"):
        response = read_sample(service, "v3.2/read/analyze", "printed_page.jpg", readingOrder=order)
        (page,) = response["analyzeResult"]["readResults"]
        texts[order] = [line["text"] for line in page["lines"]]
    assert sorted(texts["basic"]) == sorted(texts["natural"])


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"pages": "0"}, "InvalidPageRange"),
        ({"pages": "3-1"}, "InvalidPageRange"),
        ({"pages": "one"}, "InvalidPageRange"),
        ({"pages": "2-"}, "InvalidPageRange"),
        ({"readingOrder": "wild"}, "InvalidReadingOrder"),
        ({"language": "ko"}, "NotSupportedLanguage"),
        ({"language": "xx"}, "NotSupportedLanguage"),
        ({"model-version": "newest"}, "BadArgument"),
    ],
)
def test_read_errors_are_flat(service: LocalService, query: dict[str, str], code: str) -> None:
    response = post_sample(service, "v3.2/read/analyze", "coffee_cup.jpg", **query)
    assert response.status_code == 400
    assert response.json()["code"] == code


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ("2-3", [2, 3]),
        ("1,3-4", [1, 3, 4]),
        ("4-", [4, 5]),
        ("-2", [1, 2]),
        ("5", [5]),
        ("4,2-3,1-3,4", [1, 2, 3, 4]),
    ],
)
def test_page_numbers_parses_numbers_and_ranges(pages: str, expected: list[int]) -> None:
    assert page_numbers(tuple(pages.split(",")))(5) == expected


def test_pages_after_the_last_one_are_an_error() -> None:
    with pytest.raises(ApiError, match="the last page of the document is 5") as error:
        page_numbers(("6-",))(5)
    assert error.value.code == "InvalidPageRange"


def test_page_numbers_selects_all_pages_up_to_the_limit() -> None:
    assert page_numbers(())(3) == [1, 2, 3]
    assert page_numbers(("1",) * 30_000 + ("1-",))(1_000_000) == list(range(1, 2001))


def test_errors_are_nested_in_v3_2_and_flat_before(service: LocalService) -> None:
    error = post_sample(service, "v3.2/analyze", "coffee_cup.jpg", visualFeatures="Mood").json()[
        "error"
    ]
    assert (error["code"], error["innererror"]["code"]) == (
        "InvalidRequest",
        "NotSupportedVisualFeature",
    )
    assert error["message"].startswith("Invalid visualFeatures 'Mood': use ImageType, Faces,")
    flat = post_sample(service, "v3.1/analyze", "coffee_cup.jpg", visualFeatures="Mood").json()
    assert flat["code"] == "NotSupportedVisualFeature"


def test_the_outer_code_follows_the_status() -> None:
    def outer(error: ApiError) -> Any:
        return V3_2.error_body(error, "id", "/vision/v3.2/tag")[1]["error"]["code"]

    assert outer(bad_argument("no")) == "InvalidRequest"
    assert outer(internal_error()) == "InternalServerError"
    assert outer(access_denied("http://localhost")) == "401"


def test_removed_operations_return_404(service: LocalService) -> None:
    for path in ("recognizeText", "read/core/asyncBatchAnalyze"):
        response = post_sample(service, f"v3.2/{path}", "coffee_cup.jpg")
        assert (response.status_code, response.json()["error"]["code"]) == (404, "404")
    key = {KEY: service.key}
    url = f"{service.url}/vision/v3.3/models"
    assert requests.get(url, headers=key, timeout=10).status_code == 404
