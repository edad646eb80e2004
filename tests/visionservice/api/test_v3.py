from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.visionservice.api.test_v2 import KEY, ask, read
from visionservice import LocalService
from visionservice.api import V3_2
from visionservice.api.v3 import page_numbers
from visionservice.errors import ApiError, access_denied, bad_argument, internal_error


@pytest.mark.parametrize(
    ("version", "schema"), [("v3.0", "3.0.0"), ("v3.1", "3.1.0"), ("v3.2", "3.2.0")]
)
def test_read_gives_pages_of_lines_with_numbers(
    service: LocalService, version: str, schema: str
) -> None:
    answer = read(service, f"{version}/read/analyze", "handwritten_note.jpg")
    assert answer["status"] == "succeeded"
    assert answer["createdDateTime"] <= answer["lastUpdatedDateTime"]
    begun = datetime.strptime(answer["createdDateTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert abs(begun - datetime.now(UTC)) < timedelta(minutes=2)
    result = answer["analyzeResult"]
    assert (result["version"], "modelVersion" in result) == (schema, version == "v3.2")
    (page,) = result["readResults"]
    assert page["lines"][0]["text"] == "Dear Ada,"
    assert page["lines"][0]["words"][0]["confidence"] > 0.8
    assert (page["page"], page["unit"]) == (1, "pixel")
    assert page["angle"] == pytest.approx(-2.2, abs=1)  # it slopes upwards


def test_the_natural_order_goes_down_the_columns_and_the_basic_one_across(
    service: LocalService,
) -> None:
    texts = {}
    for order in ("basic", "natural"):
        answer = read(service, "v3.2/read/analyze", "printed_page.jpg", readingOrder=order)
        (page,) = answer["analyzeResult"]["readResults"]
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
def test_read_refuses_by_name_and_flat(
    service: LocalService, query: dict[str, str], code: str
) -> None:
    answer = ask(service, "v3.2/read/analyze", "coffee_cup.jpg", **query)
    assert answer.status_code == 400
    assert answer.json()["code"] == code


@pytest.mark.parametrize(
    ("pages", "among"),
    [
        ("2-3", [2, 3]),
        ("1,3-4", [1, 3, 4]),
        ("4-", [4, 5]),
        ("-2", [1, 2]),
        ("5", [5]),
        ("6", []),
        ("4,2-3,1-3,4", [1, 2, 3, 4]),
    ],
)
def test_pages_are_numbers_and_ranges(pages: str, among: list[int]) -> None:
    assert page_numbers(tuple(pages.split(",")))(5) == among


def test_all_pages_are_meant_where_none_is_named_but_no_more_than_are_read() -> None:
    assert page_numbers(())(3) == [1, 2, 3]
    assert page_numbers(("1",) * 30_000 + ("1-",))(1_000_000) == list(range(1, 2001))


def test_errors_are_in_an_envelope_but_reads_are_flat(service: LocalService) -> None:
    error = ask(service, "v3.2/analyze", "coffee_cup.jpg", visualFeatures="Mood").json()["error"]
    assert (error["code"], error["innererror"]["code"]) == (
        "InvalidRequest",
        "NotSupportedVisualFeature",
    )
    assert "Mood" in error["message"]
    flat = ask(service, "v3.1/analyze", "coffee_cup.jpg", visualFeatures="Mood").json()
    assert flat["code"] == "NotSupportedVisualFeature"


def test_the_outer_code_tells_whose_fault_it_is() -> None:
    def outer(error: ApiError) -> Any:
        return V3_2.error_body(error, "id", "/vision/v3.2/tag").content["error"]["code"]

    assert outer(bad_argument("no")) == "InvalidRequest"
    assert outer(internal_error()) == "InternalServerError"
    assert outer(access_denied()) == "401"


def test_what_v3_took_away_is_not_found(service: LocalService) -> None:
    for path in ("recognizeText", "read/core/asyncBatchAnalyze"):
        answer = ask(service, f"v3.2/{path}", "coffee_cup.jpg")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "404")
    key = {KEY: service.key}
    url = f"{service.url}/vision/v3.3/models"
    assert requests.get(url, headers=key, timeout=10).status_code == 404
