from __future__ import annotations

import pytest

from visionservice.api.query import Query
from visionservice.errors import ApiError


def test_case_and_blanks_are_ignored() -> None:
    query = Query([("detectOrientation ", "FALSE"), ("LANGUAGE", " en "), ("details", "")])
    assert query.flag("DetectOrientation", default=True) is False
    assert query.text("language") == "en"
    assert query.names("details") == ()
    assert query.text("details", "none") == "none"


def test_the_first_of_repeated_parameters_counts() -> None:
    assert Query([("a", "1"), ("A", "2")]).text("a") == "1"


def test_lists_are_split_at_commas() -> None:
    assert Query([("f", " Tags,,Faces ,")]).names("f") == ("Tags", "Faces")


def test_a_flag_has_a_default() -> None:
    assert Query([("a", "True")]).flag("a", default=False) is True
    assert Query([]).flag("a", default=True) is True


@pytest.mark.parametrize("value", ["0", "11", "-1", "1.5", "ten", "", "9" * 5000, "\u0665"])
def test_an_invalid_number_raises(value: str) -> None:
    with pytest.raises(ApiError, match="from 1 to 10") as caught:
        Query([("n", value)]).number("n", 1, 10, code="InvalidThumbnailSize")
    assert caught.value.code == "InvalidThumbnailSize"


def test_the_bounds_are_valid_and_an_absent_number_has_its_default() -> None:
    assert Query([("n", "1")]).number("n", 1, 10) == 1
    assert Query([("n", "10")]).number("n", 1, 10) == 10
    assert Query([]).number("n", 1, 10, "3") == 3


def test_an_invalid_flag_raises() -> None:
    with pytest.raises(ApiError, match=r"^Invalid a 'maybe': use true or false.$"):
        Query([("a", "maybe")]).flag("a", default=True)


def test_a_choice_is_returned_as_it_is_spelled() -> None:
    assert Query([("a", "HIGH")]).choice("a", "Low", "High") == "High"
    assert Query([]).choice("a", "Low", "High", default="low") == "Low"
    with pytest.raises(ApiError, match=r"^Invalid a 'Mid': use Low or High.$") as caught:
        Query([("a", "Mid")]).choice("a", "Low", "High", code="Code")
    assert caught.value.code == "Code"
