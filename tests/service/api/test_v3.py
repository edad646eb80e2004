from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.http_client import read_sample
from visionservice import LocalService
from visionservice.api.v3 import page_numbers
from visionservice.errors import ApiError


@pytest.mark.parametrize(("version", "schema"), [("v3.0", "3.0.0"), ("v3.2", "3.2.0")])
def test_read_returns_pages_of_lines_with_confidences(
    service: LocalService, version: str, schema: str
) -> None:
    response = read_sample(service, f"{version}/read/analyze", "handwritten_note.jpg")
    assert response["status"] == "succeeded"
    assert response["createdDateTime"] <= response["lastUpdatedDateTime"]
    begun = datetime.strptime(response["createdDateTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert abs(begun - datetime.now(UTC)) < timedelta(minutes=2)
    assert response["analyzeResult"]["version"] == schema
    (page,) = response["analyzeResult"]["readResults"]
    assert page["lines"][0]["text"] == "Dear Ada,"
    assert page["lines"][0]["words"][0]["confidence"] > 0.8
    assert (page["page"], page["unit"]) == (1, "pixel")
    assert page["angle"] == pytest.approx(-2.2, abs=1)  # it slopes upwards


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


def test_page_numbers_selects_all_pages_up_to_the_limit() -> None:
    assert page_numbers(())(3) == [1, 2, 3]
    assert page_numbers(("1",) * 30_000 + ("1-",))(1_000_000) == list(range(1, 2001))


@pytest.mark.parametrize("pages", ["0", "3-1", "one", "-", "2--", "1-2-3", "6-"])
def test_pages_that_do_not_exist_are_an_error(pages: str) -> None:
    reason = "the last page of the document is 5" if pages == "6-" else f"Invalid pages '{pages}'"
    with pytest.raises(ApiError, match=reason) as error:
        page_numbers((pages,))(5)
    assert error.value.code == "InvalidPageRange"
